"""The models that `stancekit label` labels with: those of a folder, and what to do where it holds none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing
from stancekit.models import persistence

# The folders of the models that label stances and frames.
CODEBOOKS = ("stance", "diplomacy")
_BOTH = " and ".join(f"{name}/" for name in CODEBOOKS)
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A saved model, as its manifest describes it."""

    folder: Path
    name: str
    codebook: str

    def __str__(self) -> str:
        return f"{self.name} ({self.codebook}, {self.folder})"


def saved_models(saved: Path) -> tuple[SavedModel, SavedModel]:
    """Return the stance and the frame model of a folder; nothing else is ever labelled with.

    Raises
    ------
    KitError
        When one of them is missing, is damaged, or cannot label what its folder is for. The message
        says what lies there, and which folders would do.
    """
    if missing := [name for name in CODEBOOKS if not (saved / name / _MANIFEST).is_file()]:
        raise KitError(f"{_what_is_there(saved, missing)}. {_way_out(saved)}")
    stance, frames = ((saved / name, persistence.verify_model(saved / name)) for name in CODEBOOKS)
    _check_roles(*stance, *frames)
    first, second = (
        SavedModel(place, facts["name"], facts["codebook"]["name"])
        for place, facts in (stance, frames)
    )
    return first, second


def _what_is_there(saved: Path, missing: list[str]) -> str:
    if not saved.exists():
        return f"saved={saved}: there is no such folder"
    single = next((one for one in (saved, saved / "model") if (one / _MANIFEST).is_file()), None)
    if single is not None:
        what = "one model" if single == saved else "a run, with one model"
        return (
            f"saved={saved} is {what}, and label needs two; copy each into a folder of both: "
            f"cp -r {single} models/mine/{CODEBOOKS[0]} (of a frame scheme, models/mine/{CODEBOOKS[1]})"
        )
    found = [name for name in CODEBOOKS if name not in missing]
    if found:
        return f"saved={saved} has a model in {found[0]}/ and none in {missing[0]}/"
    return f"saved={saved} holds no saved model"


def _way_out(saved: Path) -> str:
    whole = sorted(
        {
            place.parent
            for top in (saved.parent, Path("models"))
            for place in top.glob(f"*/{CODEBOOKS[0]}")
            if all((place.parent / name / _MANIFEST).is_file() for name in CODEBOOKS)
        }
    )
    others = f"; such folders are: {listing(whole)}" if whole else ""
    return (
        f"Name a folder with a model in {_BOTH}{others}. "
        f"`stancekit train experiment=un_votes` (as in make run) trains both and keeps them in models/un_votes"
    )


def _check_roles(
    stance: Path, stance_facts: dict[str, Any], frames: Path, frame_facts: dict[str, Any]
) -> None:
    """See to it that stances are coded one per actor and target, and that frames are not stances too."""
    given, other = stance_facts["codebook"], frame_facts["codebook"]
    if given.get("multi_label") or given.get("unit") == "sentence":
        raise KitError(
            f"{stance} holds a model of codebook {given['name']!r}, which codes whole sentences or gives several "
            "codes; a stance is one code per sentence, actor and target. Put a model of such a codebook there"
        )
    if other.get("scale") or other["name"] == given["name"]:
        raise KitError(
            f"{frames} holds a model of codebook {other['name']!r}, which codes stances; put a model of a frame scheme "
            "there"
        )
