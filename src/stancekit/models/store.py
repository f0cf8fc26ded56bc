"""Saved models: plain data with a manifest of SHA-256 sums. Nothing is unpickled or executed.

A model folder holds `manifest.json`, the model's files, and perhaps its card and scores. `KINDS` says which
module writes and reads a kind of model; that a manifest names a kind never imports anything else.
"""

import importlib.metadata
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.files import sha256, write_json
from stancekit.models.caution import Caution
from stancekit.models.trained import Trained

FORMAT = 1
COMPANIONS = {"manifest.json", "README.md", "scores.csv"}
# Each has `write(model, folder) -> names of files` and `read(folder) -> model`.
KINDS = {
    "skops": "stancekit.models.sklearn_files",
    "encoder": "stancekit.models.encoder.saving",
    "embedding": "stancekit.models.encoder.embedding_files",
    "fewshot": "stancekit.models.encoder.fewshot_files",
    "nli": "stancekit.models.encoder.nli_files",
    "ensemble": "stancekit.models.ensemble_files",
    "average": "stancekit.models.average_files",
}
PACKAGES = ("stancekit", "scikit-learn", "numpy", "torch", "transformers")


def save(trained: Trained, folder: Path, **facts: Any) -> Path:
    """Save a trained model; `facts` (data digest, scores) go into the manifest.

    The manifest is written last, so a folder with one is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    kind = getattr(trained.model, "kind", "skops")
    names: list[str] = import_module(KINDS[kind]).write(trained.model, folder)
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "name": trained.name,
        "codebook": trained.codebook.to_dict(),
        "thresholds": list(trained.thresholds),
        "temperature": trained.temperature,
        "offsets": list(trained.offsets),
        "caution": trained.caution.to_list(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "files": {name: sha256(folder / name) for name in names},
        **facts,
    }
    write_json(folder / "manifest.json", manifest)
    return folder


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a new folder to save a model in, which takes the place of `folder` when all went well.

    Raises
    ------
    KitError
        When something else than a saved model lies there.
    """
    if folder.exists() and not (folder / "manifest.json").is_file() and (folder.is_file() or any(folder.iterdir())):
        raise KitError(f"{folder} is there and holds no saved model (no manifest.json); name a folder that is new")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield fresh
        fresh.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def verify(folder: str | Path) -> dict[str, Any]:
    """Check a model folder against its manifest, without loading the model, and return the manifest.

    Raises
    ------
    KitError
        When the manifest is missing or foreign, or a file is missing, foreign or altered.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(
            f"{folder} holds no saved model (no manifest.json); train one with: stancekit train experiment=un_votes"
        ) from None
    except ValueError:
        raise KitError(f"{folder}/manifest.json is not JSON; the folder is damaged, train the model again") from None
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise KitError(
            f"{folder}/manifest.json is not a model manifest of format {FORMAT}; it was written by another "
            "program or version"
        )
    _check_files(folder, manifest["files"])
    return manifest


def _check_files(folder: Path, sums: dict[str, str]) -> None:
    root = folder.resolve()
    faults = []
    for name, expected in sums.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(root):
            faults.append(f"{name} lies outside the folder")
        elif not path.is_file():
            faults.append(f"{name} is missing")
        elif sha256(path) != expected:
            faults.append(f"{name} was altered")
    known = {*sums, *COMPANIONS}
    faults += [
        f"{name} is not in the manifest"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in known
    ]
    if faults:
        raise KitError(f"saved model {folder} is refused: {listing(faults)}. Copy it again, or train it again")


def load(folder: str | Path) -> Trained:
    """Load a saved model after checking it.

    Raises
    ------
    KitError
        When a file was altered, or holds a type that is not trusted.
    """
    manifest = verify(folder)
    kind = manifest.get("kind")
    if kind not in KINDS:
        raise KitError(f"saved model {folder} is of kind {kind!r}; this version knows: {', '.join(KINDS)}")
    model = import_module(KINDS[kind]).read(Path(folder))
    return Trained(
        model,
        Codebook.from_dict(manifest["codebook"]),
        tuple(manifest["thresholds"]),
        manifest["name"],
        manifest["temperature"],
        Caution.from_list(manifest["caution"]),
        tuple(manifest.get("offsets", ())),
    )
