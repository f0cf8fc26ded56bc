"""Averages on disk: every member a saved model of its own, with its own manifest."""

from pathlib import Path

from stancekit.errors import KitError
from stancekit.models.average import Average


def write(model: Average, folder: Path) -> list[str]:
    """Write the members, and return the names of their files."""
    from stancekit.models import store

    places = [store.save(member, folder / f"member-{at}") for at, member in enumerate(model.members)]
    files = (path for place in places for path in sorted(place.rglob("*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in files]


def read(folder: Path) -> Average:
    """Read an average back.

    Raises
    ------
    KitError
        When there are no members, or one is altered.
    """
    from stancekit.models import store

    places = sorted(folder.glob("member-*"), key=lambda place: int(place.name.removeprefix("member-")))
    if not places:
        raise KitError(f"saved model {folder} is refused: it is an average without members; average the runs again")
    return Average(tuple(store.load(place) for place in places))
