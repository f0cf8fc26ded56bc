"""The models that `stancekit label` labels with: found in the folders that were named, checked, and loaded."""

import csv
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.fileio import sha256
from stancekit.formatting import format_score
from stancekit.labelling.row_format import CLOSING, SCHEMA, SET_ASIDE, LabelledCodebook
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier
from stancekit.models.learned import read_learned
from stancekit.models.manifest import COMPANIONS
from stancekit.resources import BOX, shipped
from stancekit.types import Score

log = logging.getLogger(__name__)

BACKENDS = ("torch", "onnx")
_MANIFEST = "manifest.json"
# The record of a run, and the model in its folder.
_RECORD, _OF_RUN = "run.json", "model"
_, SCORES = COMPANIONS


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A saved model as its manifest describes it.

    Attributes
    ----------
    digest
        The SHA-256 of the manifest.
    learned
        Digests of the sentences that it has learned from.
    cross_fitted
        Whether a part of it has not learned from each of these.
    """

    folder: Path
    name: str
    codebook: Codebook
    digest: str
    learned: frozenset[str] = frozenset()
    cross_fitted: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.codebook.name}, {shown_folder(self.folder)})"

    @property
    def score(self) -> str:
        """Return what the model scores by the scores of it or its run, and on what; empty where there are none."""
        # Those of a run lie beside its model's folder; beside another folder they are of other models.
        run = self.folder.parent
        of_run = self.folder.name == _OF_RUN and (run / _RECORD).is_file()
        place = run if of_run else self.folder
        try:
            with (place / SCORES).open(encoding="utf-8", newline="") as file:
                rows = [
                    row
                    for row in csv.DictReader(file)
                    if (row["metric"], row["slice"]) == ("macro_f1", "all")
                ]
            row = rows[0]
            value, low, high = (float(row[key]) for key in ("value", "low", "high"))
            n = int(row["n"])
            shown = format_score(Score("macro_f1", "all", value, low, high, n))
            return (
                f"{self.name} for {self.codebook.name}: macro-F1 {shown} on {n:,} {row['part']} "
                f"examples of {row['corpus']}"
            )
        except (OSError, KeyError, IndexError, ValueError):
            return ""


def shown_folder(folder: Path) -> str:
    """Return how messages name a folder of models: those that come with the kit by `box` and the rest."""
    try:
        own = shipped("models", BOX).resolve()
        return str(Path(BOX) / folder.resolve().relative_to(own))
    except (FileNotFoundError, ValueError):
        return str(folder)


def find_models(folders: Iterable[str | Path]) -> tuple[SavedModel, ...]:
    """Return the models that folders hold, those that code examples first; nothing else is labelled with.

    Parameters
    ----------
    folders
        Each is the folder of a saved model, of a run, or one whose subfolders are saved models.

    Raises
    ------
    KitError
        When a folder holds no model, one is damaged, or two have the same codebook. The message
        says what the folder holds, and which would do.
    """
    named = [Path(folder) for folder in folders]
    if not named:
        raise KitError(f"no model is named; {_way_out(Path('models'))}")
    # A model may be named twice, by itself and within another folder.
    places: dict[Path, Path] = {}
    for folder in named:
        for place in _model_folders(folder):
            places.setdefault(place.resolve(), place)
    models = [_describe(place) for place in places.values()]
    _check_codebooks(models)
    return tuple(sorted(models, key=lambda model: model.codebook.unit == "sentence"))


def _model_folders(folder: Path) -> list[Path]:
    """Return the folders of the models that a folder holds."""
    if _is_model(folder):
        return [folder]
    if _is_model(folder / _OF_RUN):
        return [folder / _OF_RUN]
    if not folder.is_dir():
        raise KitError(f"models={folder}: there is no such folder. {_way_out(folder)}")
    inner = {path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}
    # A model that is being replaced has no folder for a moment, only its old one.
    inner |= {folder / path.name[1:-4] for path in folder.glob(".*.old")}
    places = sorted(path for path in inner if _is_model(path))
    if not places:
        raise KitError(f"models={folder} holds no saved model. {_way_out(folder)}")
    # To label with the others alone would leave out a codebook without a word.
    if cards := [path for path in inner.difference(places) if (path / "README.md").is_file()]:
        names = listing(sorted(path.name for path in cards))
        raise KitError(
            f"models={folder} has a card and no model in {names}. Train what is missing, "
            f"or name the others: models='[{', '.join(map(str, places))}]'"
        )
    return places


def _is_model(folder: Path) -> bool:
    """Say whether a folder is a saved model, also while it is being replaced."""
    old = folder.parent / f".{folder.name}.old"
    return (folder / _MANIFEST).is_file() or (old / _MANIFEST).is_file()


def _describe(folder: Path) -> SavedModel:
    manifest = persistence.verify_model(folder)
    codebook = Codebook.from_dict(manifest["codebook"])
    return SavedModel(
        folder,
        manifest["name"],
        codebook,
        sha256(folder / _MANIFEST),
        read_learned(manifest.get("learned")),
        manifest["kind"] == "crossfit",
    )


def _check_codebooks(models: Sequence[SavedModel]) -> None:
    names = [model.codebook.name for model in models]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        same = [str(model) for model in models if model.codebook.name in twice]
        raise KitError(
            f"there are several models of the codebook {listing(twice)}: {listing(same)}. "
            "Name one model per codebook"
        )


def _way_out(folder: Path) -> str:
    tops = {folder.parent, Path("models")}
    single = {place.parent for top in tops for place in top.glob(f"[!.]*/{_MANIFEST}")}
    whole = {place.parent.parent for top in tops for place in top.glob(f"[!.]*/[!.]*/{_MANIFEST}")}
    near = f"; there are: {listing(sorted(single | whole))}" if single | whole else ""
    return (
        "Name the folder of a saved model, of a run or an experiment with its models, or one whose "
        f"subfolders are saved models{near}. `stancekit train experiment=un_votes` (as in make run) "
        "trains models of stance and frames and keeps them in models/un_votes"
    )


def check_columns(codebooks: Iterable[Codebook], fields: Sequence[str]) -> None:
    """Refuse codebooks and kept fields that would take the same column of the labels.

    Raises
    ------
    KitError
        When a name is taken.
    """
    taken = {*SCHEMA, *CLOSING, SET_ASIDE}
    for codebook in codebooks:
        labelled = labelled_codebook(codebook)
        columns = {*labelled.columns, *labelled.held_out_columns}
        if both := sorted(columns & taken):
            raise KitError(
                f"codebook {codebook.name!r} needs the columns {', '.join(sorted(columns))}, and labels "
                f"have another {listing(both)}; train it under another name"
            )
        taken |= columns
    if both := sorted(taken.intersection(fields)):
        raise KitError(
            f"fields={both} are columns that labels have of their own; give these fields of the rows "
            "other names, or leave them out"
        )


def labelled_codebook(codebook: Codebook) -> LabelledCodebook:
    """Return what labels say of a codebook."""
    return LabelledCodebook(
        codebook.name,
        codebook.unit,
        codebook.multi_label,
        codebook.scale,
        codebook.towards,
        codebook.absent,
        codebook.votes,
    )


def load_models(
    models: Iterable[SavedModel], backend: str = "torch"
) -> dict[str, FittedClassifier]:
    """Load models by the name of their codebook.

    With `onnx`, fine-tuned encoders run in ONNX Runtime; what that changes is logged.

    Raises
    ------
    KitError
        When the backend is unknown or no model can use it, or a model was replaced since it was
        found.
    """
    check_backend(backend)
    found = list(models)
    loaded = {model.codebook.name: _load_model(model) for model in found}
    return loaded if backend == "torch" else _export(loaded, found)


def check_backend(backend: str) -> None:
    """Raise a `KitError` when there is no backend of that name."""
    if backend not in BACKENDS:
        raise KitError(
            f"unknown backend={backend!r}; there are {', '.join(BACKENDS)}. Set backend=torch"
        )


def _load_model(model: SavedModel) -> FittedClassifier:
    # What `labelling.json` and the last line name is what labels.
    loaded = persistence.load(model.folder)
    if sha256(model.folder / _MANIFEST) != model.digest:
        raise KitError(f"{model.folder} was replaced in the meantime; run the command again")
    return loaded


def _export(
    loaded: dict[str, FittedClassifier], models: Sequence[SavedModel]
) -> dict[str, FittedClassifier]:
    """Return models whose fine-tuned encoders run in ONNX Runtime; the others stay as they are."""
    from stancekit.models.encoder.onnx import export, exportable

    folders = {model.codebook.name: model.folder for model in models}
    encoders = [name for name, fitted in loaded.items() if exportable(fitted.model)]
    if not encoders:
        raise KitError(
            f"none of {listing(folders.values())} has a fine-tuned encoder; label without backend=onnx"
        )
    exported = {name: export(loaded[name], folders[name]) for name in encoders}
    for name, made in exported.items():
        log.warning("%s: %s", name, made.change)
    return loaded | {name: made.trained for name, made in exported.items()}
