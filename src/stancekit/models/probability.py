"""Probabilities from logits. Without SciPy, whose import takes longer than labelling a short text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def expit(logits: NDArray[Any]) -> NDArray[Any]:
    """Return the logistic function, in the precision of the logits, rounded as SciPy rounds it.

    Examples
    --------
    >>> expit(np.array([0.0, np.log(3.0)])).round(2).tolist()
    [0.5, 0.75]
    """
    with np.errstate(over="ignore"):
        # In double precision first: NumPy's exponential of single precision is less exact.
        odds = np.exp(-logits.astype(np.float64)).astype(logits.dtype)
    return np.asarray(1 / (1 + odds))


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Return the softmax of each row, shape (examples, codes).

    Examples
    --------
    >>> softmax(np.log([[1.0, 3.0]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
