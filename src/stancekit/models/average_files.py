"""Averages on disk: every member a saved model of its own, with its own manifest."""

import json
from pathlib import Path

from stancekit.errors import KitError
from stancekit.fileio import write_json
from stancekit.models.average import Average

AVERAGE_FILE = "average.json"


def write(model: Average, folder: Path) -> list[str]:
    """Write the members, and return the names of their files."""
    from stancekit.models import persistence

    places = [
        persistence.write_model(member, folder / f"member-{at}")
        for at, member in enumerate(model.members)
    ]
    write_json(folder / AVERAGE_FILE, {"members": [place.name for place in places]})
    files = (path for place in places for path in sorted(place.rglob("*")) if path.is_file())
    return [AVERAGE_FILE, *(path.relative_to(folder).as_posix() for path in files)]


def read(folder: Path) -> Average:
    """Read an average back: the members that were written, whatever else lies beside them.

    Raises
    ------
    KitError
        When there are none, or one is altered, or they are of several codebooks.
    """
    from stancekit.models import persistence

    try:
        names = json.loads((folder / AVERAGE_FILE).read_text(encoding="utf-8"))["members"]
        if not names or names != [f"member-{at}" for at in range(len(names))]:
            raise ValueError("no members that this version would write")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise KitError(
            f"saved model {folder} is refused: {AVERAGE_FILE} is not of this version ({error}); average the runs again"
        ) from None
    members = tuple(persistence.load(folder / name) for name in names)
    if any(one.codebook != members[0].codebook for one in members):
        raise KitError(
            f"saved model {folder} is refused: its members have several codebooks; average the runs again"
        )
    return Average(members)
