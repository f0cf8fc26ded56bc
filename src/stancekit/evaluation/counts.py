"""Gold and predicted codes as counts per cluster: all that metrics and bootstraps need."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.labelled import Labels, indicator

Array = NDArray[np.float64]
Cells = NDArray[np.bool_]


def numbered(values: Iterable[Hashable]) -> NDArray[np.intp]:
    """Return values as numbers from 0, in the order of their first appearance.

    Examples
    --------
    >>> numbered(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    order: dict[Hashable, int] = {}
    return np.array([order.setdefault(value, len(order)) for value in values], dtype=np.intp)


def summed(values: NDArray[np.generic], home: NDArray[np.intp]) -> Array:
    """Return the sums of rows by cluster, shape (rows, ...) to (clusters, ...).

    Parameters
    ----------
    home
        The number of each row's cluster, from `numbered`.
    """
    order = np.argsort(home, kind="stable")
    starts = np.flatnonzero(np.diff(home[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[order].astype(float), starts, axis=0))


def outcomes(gold: Labels, predicted: Labels, names: Sequence[str]) -> Cells:
    """Return per example and code whether it is a true positive, false positive, false negative or true negative.

    Returns
    -------
    array, shape (examples, codes, 4)
    """
    truth, guess = indicator(gold, names), indicator(predicted, names)
    return np.stack([truth & guess, ~truth & guess, truth & ~guess, ~truth & ~guess], axis=-1)


def count(
    gold: Labels,
    predicted: Labels,
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    mask: NDArray[np.bool_] | None = None,
) -> Array:
    """Count true and false positives and negatives per cluster and code; with a mask, of its examples only.

    Returns
    -------
    array, shape (clusters, codes, 4)
        In the last axis: true positives, false positives, false negatives, true negatives. Clusters
        are in the order of their first example.

    Examples
    --------
    >>> count([("a",), ("b",)], [("a",), ("a",)], ["a", "b"], ["x", "x"]).tolist()
    [[[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]]
    """
    cells = outcomes(gold, predicted, names)
    if mask is not None:
        cells = cells & mask[:, None, None]
    return summed(cells, numbered(clusters)) if len(cells) else np.zeros((0, len(names), 4))


def confusion(gold: Labels, predicted: Labels, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the confusion matrix of a single-label codebook, gold in rows.

    Examples
    --------
    >>> confusion([("a",), ("b",)], [("a",), ("a",)], ["a", "b"]).tolist()
    [[1, 0], [1, 0]]
    """
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    at = {name: index for index, name in enumerate(names)}
    for (seen,), (guess,) in zip(gold, predicted, strict=True):
        table[at[seen], at[guess]] += 1
    return table
