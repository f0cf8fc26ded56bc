"""Cross-fitting of a run: a model for each fold, trained on the others, saved as one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stancekit.corpus import AutoSplit, Splits
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.folds import FoldSplit
from stancekit.errors import KitError
from stancekit.models.classifier import FittedClassifier
from stancekit.models.crossfit import cross_fitted
from stancekit.runs.members import names_runs
from stancekit.runs.recording import macro_f1_on

FoldFit = Callable[[Splits, Path], tuple[FittedClassifier, float]]


def choose_folds(folds: int, split: Any, model: Any, search: Any) -> FoldSplit:
    """Return the split of a cross-fitting, after making sure that nothing else was asked for.

    Raises
    ------
    KitError
        When a split, a search or a model cannot go with folds.
    """
    if split is not None and not isinstance(split, AutoSplit):
        raise KitError(
            f"folds={folds} divides the data itself, and a split is named too; leave out one of them"
        )
    if search:
        raise KitError(
            "search= chooses settings on one validation part, and folds= has several; search without "
            "folds first, then set what was found"
        )
    if hasattr(model, "fit_heads") or names_runs(model):
        raise KitError(
            "a model of several codebooks, or of runs that are finished, is not trained again for each "
            "fold; choose another model with model=, or leave out folds="
        )
    return FoldSplit(folds)


def check_unmarked(whole: LabelledSet) -> None:
    """Raise a `KitError` where data says itself what is to be tested."""
    if any(whole.parts):
        raise KitError(
            f"corpus {whole.name!r} marks train, validation and test, and folds= learns from all rows; "
            "set corpus.columns.split=false, or leave out folds="
        )


def fit_folds(
    splits: Sequence[Splits], fit_one: FoldFit, folder: Path, *, name: str
) -> tuple[FittedClassifier, float, float]:
    """Fit a model for each fold, and return them as one, the seconds that took, and macro-F1 on validation.

    Parameters
    ----------
    splits
        Of each fold; its test part is what the others learn from.
    fit_one
        Fits the model of one split, with its checkpoints in a folder.
    folder
        That of the run.
    name
        What reports call the model.
    """
    members: list[FittedClassifier] = []
    scores: list[float] = []
    seconds = 0.0
    for fold, parts in enumerate(tqdm(splits, desc="folds", unit="fold", leave=False)):
        fitted, taken = fit_one(parts, folder / f"fold-{fold}")
        scores.append(macro_f1_on(fitted, parts.validation))
        members.append(fitted)
        seconds += taken
    held_out = [parts.test.examples for parts in splits]
    return cross_fitted(members, held_out, name=name), seconds, float(np.mean(scores))
