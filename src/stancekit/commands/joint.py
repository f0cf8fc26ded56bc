"""Training that serves several codebooks at once: done by the first run, read back by the others."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stancekit.codebook import load_codebook
from stancekit.corpus import Corpus, Splits
from stancekit.fileio import file_name, lock, write_json
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, calibrate
from stancekit.models.encoder.checkpoints import forget_checkpoints


def other_parts(
    model: Any, corpus: Corpus, split: Callable[..., Splits], *, random_state: int, known: Splits
) -> dict[str, Splits]:
    """Return the parts of every codebook that a joint model names, `known` among them."""
    own = known.train.codebook.name
    # In the same order whichever codebook asks, so that all of them mean the same fit.
    names = sorted({own, *model.codebooks})
    return {
        name: known
        if name == own
        else split(corpus.read(load_codebook(name)), random_state=random_state)
        for name in names
    }


def fit_joint(
    model: Any,
    parts: Mapping[str, Splits],
    folder: Path,
    *,
    own: str,
    name: str,
    priors: bool = False,
) -> tuple[FittedClassifier, dict[str, float]]:
    """Fit a joint model, or read back what another codebook's run has fitted.

    Parameters
    ----------
    folder
        Shared by the runs of all codebooks; keeps checkpoints and one saved model per codebook.
    own
        The codebook of this run.

    Returns
    -------
    Trained
        The model with the head of `own`.
    dict
        This codebook's share of the training time, `seconds`.
    """
    fitted: dict[str, FittedClassifier] = {}
    with lock(folder / ".lock", doing="the training that several codebooks share"):
        if not (folder / "done.json").exists():
            start = time.perf_counter()
            model.set_params(folder=str(folder))
            model.fit_heads(
                {key: one.train for key, one in parts.items()},
                {key: one.validation for key, one in parts.items()},
            )
            for key, one in parts.items():
                counts = list(one.train.counts.values()) if priors else ()
                fitted[key] = calibrate(model.head(key), one.validation, name=name, counts=counts)
                persistence.save(fitted[key], folder / file_name(key))
            write_json(
                folder / "done.json",
                {"seconds": time.perf_counter() - start, "curve": model.curve_},
            )
        forget_checkpoints(folder)
    done = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    trained = fitted.get(own) or persistence.load(folder / file_name(own))
    trained.model.curve_ = done["curve"]  # type: ignore[attr-defined]  # encoders keep one
    return trained, {"seconds": done["seconds"] / len(parts)}
