"""Ensembles on disk: a folder per member, each of its own kind, and what joins them."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np

from stancekit.errors import KitError
from stancekit.fileio import make_folder, write_json
from stancekit.models import skops_files
from stancekit.models.ensemble import Ensemble

SETTINGS, STACK = "ensemble.json", "stack.skops"


def write(model: Ensemble, folder: Path) -> list[str]:
    """Write a fitted ensemble, and return the names of its files."""
    from stancekit.models.persistence import MODEL_KINDS

    names, members = [], []
    for at, (name, member) in enumerate(model.members_.items()):
        place = make_folder(folder / f"member-{at}")
        kind = getattr(member, "kind", "skops")
        names += [
            f"{place.name}/{file}" for file in import_module(MODEL_KINDS[kind]).write(member, place)
        ]
        members.append({"name": name, "kind": kind})
    if model.model_ is not None:
        names += skops_files.write(model.model_, folder, file=STACK)
    settings = {
        "members": members,
        "how": model.how,
        "stacked": model.model_ is not None,
        "temperature": model.temperature_,
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
    }
    write_json(folder / SETTINGS, settings)
    return [SETTINGS, *names]


def read(folder: Path) -> Ensemble:
    """Read an ensemble back.

    Raises
    ------
    KitError
        When the file is not what this version wrote.
    """
    from stancekit.models.persistence import MODEL_KINDS

    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        kinds = [(str(one["name"]), MODEL_KINDS[one["kind"]]) for one in settings["members"]]
        model = Ensemble(how=settings["how"])
        model.temperature_, model.multi_label_ = (
            float(settings["temperature"]),
            bool(settings["multi_label"]),
        )
        model.classes_, stacked = np.array(settings["classes"]), settings["stacked"]
        if not 0 < model.temperature_ < np.inf or not kinds:
            raise ValueError("it has no members, or a temperature that is none")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise KitError(
            f"saved model {folder} is refused: {SETTINGS} is not of this version ({error})"
        ) from None
    places = [folder / f"member-{at}" for at in range(len(kinds))]
    model.members_ = {
        name: import_module(kind).read(place)
        for (name, kind), place in zip(kinds, places, strict=True)
    }
    model.model_ = skops_files.read(folder, file=STACK) if stacked else None
    return model
