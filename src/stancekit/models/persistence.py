"""Saved models: plain data with a manifest of SHA-256 sums. Nothing is unpickled or executed.

A model folder holds `manifest.json`, the model's files, and perhaps its card and scores. Every
class of a model writes its files with `save_files` and reads them with `load_files`; `MODEL_KINDS`
lists the classes, and nothing else is imported because a manifest names it.

A folder is written beside its place and then takes it, so that it is the old model or the new one,
whole, whenever the writer is killed. Of `stance`, `.stance.new` and `.stance.old` are leftovers of
a writer that was killed; the next start clears them away.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.fileio import make_folder, writing
from stancekit.models.classifier import FittedClassifier
from stancekit.models.folder import ModelFolder, ModelKinds
from stancekit.models.manifest import read_manifest, seal_manifest, warn_of_versions
from stancekit.models.verification import (
    beside,
    check_companions,
    check_replaceable,
    clear_leftovers,
    sum_companions,
    verify_model,
    writing_lock,
)
from stancekit.resources import named_path

__all__ = ["MODEL_KINDS", "check_companions", "load", "replacing_folder", "save"]
__all__ += ["seal_companions", "verify_model", "write_model"]

MODEL_KINDS = ModelKinds(
    {
        "majority": "stancekit.models.majority:Majority",
        "lexicon": "stancekit.models.lexicon:Lexicon",
        "linear": "stancekit.models.linear:Linear",
        "encoder": "stancekit.models.encoder.finetuned:Encoder",
        "embedding": "stancekit.models.encoder.embedding:Embedding",
        "fewshot": "stancekit.models.encoder.fewshot:FewShot",
        "nli": "stancekit.models.encoder.nli:NLI",
        "llm": "stancekit.models.llm.estimator:LLM",
        "ensemble": "stancekit.models.ensemble:Ensemble",
        "average": "stancekit.models.ensemble:Average",
        "crossfit": "stancekit.models.crossfit:CrossFit",
        "packed": "stancekit.models.encoder.reading:PackedHead",
    },
    written={"stancekit.models.encoder.packed:Packed": "packed"},
)


def save(
    fitted: FittedClassifier, folder: str | Path, *, trusted: Sequence[str] = (), **facts: Any
) -> Path:
    """Save a fitted model; what was there before, card and scores of another model included, is replaced.

    Parameters
    ----------
    trusted
        Names of types of your own that the model holds and that you trust, as `module.Class`. An
        estimator of your own class is saved by skops, as scikit-learn's are, and is read back
        where its module can be imported and `load` is given the same names. They are never taken
        from a file, so that loading someone else's model imports and makes nothing of theirs.
    facts
        What else the manifest says, such as the digest of the data.

    Raises
    ------
    KitError
        When something else than a saved model is there, or the model could not be read back.
    """
    with replacing_folder(folder) as fresh:
        write_model(fitted, fresh, trusted=trusted, **facts)
    return Path(folder)


def write_model(
    fitted: FittedClassifier, folder: Path, *, trusted: Sequence[str] = (), **facts: Any
) -> Path:
    """Write a model into an empty folder, as in the block of `replacing_folder`.

    Parameters
    ----------
    trusted, facts
        As for `save`.

    Raises
    ------
    KitError
        When it could not be read back.
    """
    ModelFolder(folder, MODEL_KINDS, trusted).write_fitted(fitted, **facts)
    return folder


@contextmanager
def replacing_folder(folder: str | Path) -> Iterator[Path]:
    """Yield an empty folder to write a model in; it takes the place of `folder` when the block ends well.

    The block may also write a card and scores (`README.md`, `scores.csv`), whose sums are added to
    the manifest. Other writers of the same folder wait.

    Raises
    ------
    KitError
        When something else than a saved model is there; card and scores alone may be.
    """
    # Through a link, its end is replaced and not the link.
    place = named_path(folder, "output").resolve()
    check_replaceable(place)
    fresh, old = (beside(place, end) for end in ("new", "old"))
    with writing_lock(place):
        with writing(place):
            clear_leftovers(place)
        check_replaceable(place)
        try:
            yield make_folder(fresh)
            seal_companions(fresh)
            with writing(place):
                if place.exists():
                    place.rename(old)
                fresh.rename(place)
        finally:
            with suppress(OSError):
                clear_leftovers(place)


def seal_companions(folder: Path) -> None:
    """Write down in a checked folder's manifest which card and scores are there."""
    manifest, present = verify_model(folder), sum_companions(folder)
    if present != manifest.get("companions", {}):
        seal_manifest(folder, manifest, present)


def load(folder: str | Path, *, trusted: Sequence[str] = ()) -> FittedClassifier:
    """Load a saved model after checking it.

    Parameters
    ----------
    trusted
        Names of types of your own that the model holds and that you trust, as for `save`.

    Raises
    ------
    KitError
        When a file was altered, or holds a type that is not trusted, or the model does not fit its
        codebook.
    """
    folder = Path(folder)
    manifest = verify_model(folder)
    fitted: FittedClassifier | None = None
    try:
        fitted = ModelFolder(folder, MODEL_KINDS, trusted).read_fitted()
    except FileNotFoundError:
        pass
    except KitError:
        # What does not fit together may be files of two models, one of which replaced the other.
        if read_manifest(folder) == manifest:
            raise
    if fitted is None or read_manifest(folder) != manifest:
        raise KitError(
            f"saved model {folder} was replaced while it was read; run the command again"
        )
    warn_of_versions(folder, manifest)
    return fitted
