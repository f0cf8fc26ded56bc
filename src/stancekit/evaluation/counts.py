"""Gold and predicted codes as counts per cluster: all that metrics and bootstraps need."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.labelled import Labels, indicator

Array = NDArray[np.float64]


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
    """
    truth, guess = indicator(gold, names), indicator(predicted, names)
    cells = np.stack([truth & guess, ~truth & guess, truth & ~guess, ~truth & ~guess], axis=-1)
    if mask is not None:
        cells &= mask[:, None, None]
    order = {cluster: at for at, cluster in enumerate(dict.fromkeys(clusters))}
    total = np.zeros((len(order), len(names), 4))
    np.add.at(total, [order[cluster] for cluster in clusters], cells)
    return total


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
