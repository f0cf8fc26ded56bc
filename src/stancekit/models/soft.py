"""Training on probabilities of codes, where gold is the most probable one (`corpus.gold=posterior`)."""

from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError

# Less probable codes are left out of training, where each would be one more example.
LEAST_PROBABLE = 0.01


def fit_on(model: Any, train: LabelledSet, y: NDArray[Any], **extra: Any) -> Any:
    """Fit a model on examples with their gold codes, or on the probabilities of codes where there are some.

    A model whose `fit` takes `soft` learns the probabilities themselves. One whose `fit` takes
    `sample_weight` learns each example once per code, weighted by its probability, which is the
    same for a loss that is a sum over examples (cross-entropy with soft labels).

    Parameters
    ----------
    y
        The gold codes, as `fit` takes them.
    extra
        Other arguments of `fit`.

    Raises
    ------
    KitError
        When there are probabilities, and the model learns from neither.
    """
    if not train.soft or not getattr(model, "needs_examples", True):
        return model.fit(train.examples, y, **extra)
    known = signature(model.fit).parameters
    if "soft" in known:
        return model.fit(train.examples, y, soft=code_probabilities(train, y), **extra)
    if "sample_weight" not in known or train.codebook.multi_label:
        several = " of a codebook with several codes per row" if train.codebook.multi_label else ""
        raise KitError(
            f"{type(model).__name__} does not learn from probabilities of codes{several} "
            "(corpus.gold=posterior): encoders do, and for one code per row linear models too; or "
            "set corpus.gold=majority"
        )
    rows, codes, weights = weighted_rows(train)
    examples = [train.examples[row] for row in rows]
    return model.fit(examples, codes, sample_weight=weights, **extra)


def code_probabilities(train: LabelledSet, y: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probabilities of the codes that a model learns, shape (examples, codes).

    Those of a codebook with several codes per row, or else of the codes that are the most probable of
    some example, in alphabetical order as in `classes_`; they sum to one.
    """
    soft = np.array(train.soft)
    if train.codebook.multi_label:
        return soft
    names = train.codebook.names
    columns = [names.index(str(code)) for code in np.unique(y)]
    kept = soft[:, columns]
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def check_one_source(soft: object, teacher: object) -> None:
    """Raise a `KitError` where both probabilities and a teacher are given to learn from."""
    if soft is not None and teacher:
        raise KitError(
            "probabilities of codes (corpus.gold=posterior) and a teacher's are two things to learn "
            "of one example; leave out model.teacher, or set corpus.gold=majority"
        )


def weighted_rows(
    train: LabelledSet,
) -> tuple[list[int], NDArray[Any], NDArray[np.float64]]:
    """Return rows, codes and weights: a row once for each of its codes, with the code's probability."""
    soft = np.array(train.soft)
    soft = np.where(soft >= LEAST_PROBABLE, soft, 0)
    soft /= soft.sum(axis=1, keepdims=True)
    rows, columns = np.nonzero(soft)
    names = np.array(train.codebook.names)
    return rows.tolist(), names[columns], soft[rows, columns]
