"""Training that serves several codebooks at once: done by the first run, read back by the others."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus import Corpus, Splits
from stancekit.fileio import file_name, lock, write_json
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, calibrate
from stancekit.models.encoder.checkpoints import forget_checkpoints

_DONE = "done.json"


def named_codebooks(model: Any) -> list[Codebook]:
    """Return the codebooks that a joint model names, as their files are now; none of another model."""
    return [load_codebook(name) for name in sorted(getattr(model, "codebooks", None) or ())]


def parts_by_codebook(
    model: Any, corpus: Corpus, split: Callable[..., Splits], *, random_state: int, known: Splits
) -> dict[str, Splits]:
    """Return the parts of every codebook that a joint model names, `known` among them."""
    codebook = known.train.codebook.name
    # In the same order for every codebook, so that all of them mean the same fit.
    names = sorted({codebook, *model.codebooks})
    return {
        name: known
        if name == codebook
        else split(corpus.read(load_codebook(name)), random_state=random_state)
        for name in names
    }


def fit_joint(
    model: Any,
    parts: Mapping[str, Splits],
    folder: Path,
    *,
    codebook: str,
    name: str,
    logit_adjustment: bool = False,
) -> tuple[FittedClassifier, float]:
    """Fit a joint model, or read back what the run of another codebook has fitted.

    Parameters
    ----------
    parts
        The parts of every codebook, by its name.
    folder
        Shared by the runs of all codebooks; keeps checkpoints and one saved model per codebook.
    codebook
        The codebook of this run.

    Returns
    -------
    FittedClassifier
        The model with the head of `codebook`.
    float
        This codebook's share of the training time, in seconds.
    """
    fitted: dict[str, FittedClassifier] = {}
    with lock(folder / ".lock", doing="the training that several codebooks share"):
        if not (folder / _DONE).exists():
            start = time.perf_counter()
            model.set_params(folder=str(folder))
            train = {key: splits.train for key, splits in parts.items()}
            validation = {key: splits.validation for key, splits in parts.items()}
            model.fit_heads(train, validation)
            for key, data in train.items():
                counts = list(data.counts.values()) if logit_adjustment else ()
                head = model.head(key)
                fitted[key] = calibrate(head, validation[key], name=name, counts=counts)
                persistence.save(fitted[key], folder / file_name(key))
            seconds = time.perf_counter() - start
            write_json(folder / _DONE, {"seconds": seconds, "curve": model.curve_})
        forget_checkpoints(folder)
    done = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    trained = fitted.get(codebook) or persistence.load(folder / file_name(codebook))
    trained.model.curve_ = done["curve"]  # type: ignore[attr-defined]  # encoders keep one
    return trained, done["seconds"] / len(parts)
