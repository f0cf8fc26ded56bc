"""Saved models: plain data with a manifest of SHA-256 sums. Nothing is unpickled or executed.

A model folder holds `manifest.json`, the model's files, and perhaps its card and scores.
`MODEL_KINDS` says which module writes and reads a kind of model; that a manifest names a kind never
imports anything else.

A folder is written beside its place and then takes it, so that it is the old model or the new one,
whole, whenever the writer is killed. Of `stance`, `.stance.new` and `.stance.old` are leftovers of
a writer that was; the next start clears them away.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing
from stancekit.fileio import lock, make_folder, sha256, writing
from stancekit.models.classifier import FittedClassifier
from stancekit.models.manifest import (
    COMPANIONS,
    MANIFEST_FILE,
    Manifest,
    describe_model,
    read_manifest,
    seal_manifest,
    trained_of,
    warn_of_versions,
)

# Each has `write(model, folder) -> names of files` and `read(folder) -> model`.
MODEL_KINDS = {
    "skops": "stancekit.models.skops_files",
    "encoder": "stancekit.models.encoder.saving",
    "embedding": "stancekit.models.encoder.embedding_files",
    "fewshot": "stancekit.models.encoder.fewshot_files",
    "nli": "stancekit.models.encoder.nli_files",
    "ensemble": "stancekit.models.ensemble_files",
    "average": "stancekit.models.average_files",
}
# What systems leave in folders that someone looked into.
_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}


def save(trained: FittedClassifier, folder: str | Path, **facts: Any) -> Path:
    """Save a trained model; what was there before, card and scores of another model included, is replaced.

    Parameters
    ----------
    facts
        What the manifest is to say besides, such as the digest of the data.

    Raises
    ------
    KitError
        When something else than a saved model is there, or the model cannot be read back.
    """
    with replacing_folder(folder) as fresh:
        write_model(trained, fresh, **facts)
    return Path(folder)


def write_model(trained: FittedClassifier, folder: Path, **facts: Any) -> Path:
    """Write a model into an empty folder, as in the block of `replacing`; `facts` go into the manifest.

    Raises
    ------
    KitError
        When it is of a kind that cannot be read back.
    """
    make_folder(folder)
    kind = getattr(trained.model, "kind", "skops")
    if kind not in MODEL_KINDS:
        raise KitError(
            f"a model of kind {kind!r} cannot be saved; this version saves: {', '.join(MODEL_KINDS)}"
        )
    with writing(folder):
        names: list[str] = import_module(MODEL_KINDS[kind]).write(trained.model, folder)
    seal_manifest(
        folder,
        describe_model(trained, kind, {name: sha256(folder / name) for name in names}, facts),
        {},
    )
    return folder


@contextmanager
def replacing_folder(folder: str | Path) -> Iterator[Path]:
    """Give an empty folder to write a model in; it takes the place of `folder` when the block ends well.

    The block may also write a card and scores (`README.md`, `scores.csv`), whose sums are added to
    the manifest. Other writers of the same folder wait.

    Raises
    ------
    KitError
        When something else than a saved model is there; card and scores alone may be.
    """
    # Through a link, its end is replaced and not the link.
    place = Path(folder).resolve()
    _check_replaceable(place)
    fresh, old = (_beside(place, end) for end in ("new", "old"))
    with _locked(place):
        with writing(place):
            _heal(place)
        _check_replaceable(place)
        try:
            yield make_folder(fresh)
            seal_companions(fresh)
            with writing(place):
                if place.exists():
                    place.rename(old)
                fresh.rename(place)
        finally:
            with suppress(OSError):
                _heal(place)


def seal_companions(folder: Path) -> None:
    """Write down in a checked folder's manifest which card and scores are there."""
    manifest, found = verify_model(folder), _companions(folder)
    if found != manifest.get("companions", {}):
        seal_manifest(folder, manifest, found)


def _companions(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / name) for name in COMPANIONS if (folder / name).is_file()}


def _beside(place: Path, end: str) -> Path:
    return place.parent / f".{place.name}.{end}"


def _locked(place: Path) -> AbstractContextManager[None]:
    return lock(_beside(place, "lock"), f"work on the model {place}")


def _heal(place: Path) -> None:
    """Clear away what a writer left that was killed; between its two renames the old model lies aside."""
    fresh, old = (_beside(place, end) for end in ("new", "old"))
    if old.exists() and not place.exists():
        old.rename(place)
    for left in (fresh, old):
        if left.exists():
            shutil.rmtree(left)


def _check_replaceable(place: Path) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise KitError(f"{place} is a file and no folder of a saved model; name another folder")
    known = set(COMPANIONS)
    if (place / MANIFEST_FILE).exists():
        known |= {MANIFEST_FILE, *read_manifest(place)["files"]}
    foreign = [name for name in _files(place) if name not in known]
    if foreign:
        kind = (
            "files that are not its own"
            if MANIFEST_FILE in known
            else f"no saved model (no {MANIFEST_FILE}) but other files"
        )
        raise KitError(
            f"{place} is there and holds {kind}: {listing(foreign)}; move them away, or name a new folder"
        )


def verify_model(folder: str | Path) -> Manifest:
    """Check a model folder against its manifest, without loading the model, and return the manifest.

    Card and scores are not looked at, as no label depends on them: see `check_companions`.

    Raises
    ------
    KitError
        When the manifest is missing, foreign or altered, or a file is.
    """
    folder = Path(folder)
    if not os.path.exists(folder / MANIFEST_FILE) and os.path.exists(
        _beside(folder.resolve(), "old")
    ):  # long names
        # A writer is between two renames, or was killed there.
        with _locked(folder.resolve()), writing(folder):
            _heal(folder.resolve())
    manifest = read_manifest(folder)
    faults = _bad_files(folder, manifest["files"])
    if faults:
        raise KitError(
            f"saved model {folder} is refused: {listing(faults)}. Copy it again, or train it again"
        )
    return manifest


def _bad_files(folder: Path, sums: Mapping[str, str]) -> list[str]:
    faults = []
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif sha256(path) != expected:
            faults.append(f"{name} was altered")
    known = {*sums, *COMPANIONS, MANIFEST_FILE}
    faults += [f"{name} is a link" for name in _links(folder)]
    return faults + [
        f"{name} is not in the manifest" for name in _files(folder) if name not in known
    ]


def _files(folder: Path) -> list[str]:
    """Return the names of a folder's files, those in its folders too."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in _is_inside(folder)
        if not path.is_dir() and not path.is_symlink() and path.name not in _BY_SYSTEMS
    )


def _links(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in _is_inside(folder) if path.is_symlink()
    )


def _is_inside(folder: Path) -> Iterable[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *files))


def check_companions(folder: str | Path) -> list[str]:
    """Check that the card and the scores in a model folder are this model's, and return notes on them.

    A card is a text, which people edit: one that was edited is noted, as long as its heading still
    names the model.

    Raises
    ------
    KitError
        When a card names no or another model, or scores were altered or not written with this
        model.
    """
    folder = Path(folder)
    manifest, found = read_manifest(folder), _companions(folder)
    said = manifest.get("companions", {})
    heading = f"# {' '.join(manifest['name'].split())} for {manifest['codebook']['name']}"
    faults, notes = [], []
    for name in COMPANIONS:
        if found.get(name) == said.get(name):
            continue
        if name not in found:
            notes.append(f"{name} was removed")
        elif name.endswith(".md") and _file_names(folder / name, heading):
            notes.append(f"{name} was edited since it was written with the model")
        elif name in said:
            faults.append(
                f"{name} was altered"
                + (f" and has no heading {heading!r}" if name.endswith(".md") else "")
            )
        else:
            faults.append(f"{name} was not written with this model, {manifest['name']}")
    if faults:
        raise KitError(
            f"{folder}: {listing(faults)}. Remove what describes another model, or write the model with its card again"
        )
    return notes


def _file_names(path: Path, heading: str) -> bool:
    """Say whether a text in Markdown has a heading that begins with the given one."""
    lines = path.read_text(encoding="utf-8", errors="replace").replace("\\", "").split("\n")
    return any(line == heading or line.startswith(f"{heading},") for line in lines)


def load(folder: str | Path) -> FittedClassifier:
    """Load a saved model after checking it.

    Raises
    ------
    KitError
        When a file was altered, or holds a type that is not trusted, or the model does not fit its
        codebook.
    """
    folder = Path(folder)
    manifest = verify_model(folder)
    kind = manifest["kind"]
    if kind not in MODEL_KINDS:
        raise KitError(
            f"saved model {folder} is of kind {kind!r}; this version knows: {', '.join(MODEL_KINDS)}"
        )
    try:
        model = import_module(MODEL_KINDS[kind]).read(folder)
    except FileNotFoundError:
        model = None
    if model is None or read_manifest(folder) != manifest:
        raise KitError(
            f"saved model {folder} was replaced while it was read; run the command again"
        )
    trained = trained_of(manifest, model)
    _check_codes(folder, trained)
    warn_of_versions(folder, manifest)
    return trained


def _check_codes(folder: Path, trained: FittedClassifier) -> None:
    """Raise a `KitError` where a model's columns are not codes of its codebook."""
    names, classes = trained.codebook.names, [str(code) for code in trained.model.classes_]
    several = trained.codebook.multi_label
    if len(classes) != len(names) if several else not (classes and set(classes) <= set(names)):
        raise KitError(
            f"saved model {folder} is refused: it scores {listing(classes)}, its codebook has {listing(names)}. "
            "Train it again"
        )
