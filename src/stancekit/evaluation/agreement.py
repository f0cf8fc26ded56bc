"""Agreement between annotators: Krippendorff's alpha for nominal data."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.bootstrap import REPLICATES, interval, reach, weights
from stancekit.types import Score


def _coincidences(
    first: Sequence[Hashable], second: Sequence[Hashable], clusters: Sequence[str]
) -> NDArray[np.float64]:
    """Return coincidence matrices by cluster, shape (clusters, values, values)."""
    values = {value: at for at, value in enumerate(dict.fromkeys([*first, *second]))}
    order = {cluster: at for at, cluster in enumerate(dict.fromkeys(clusters))}
    table = np.zeros((len(order), len(values), len(values)))
    for one, other, cluster in zip(first, second, clusters, strict=True):
        table[order[cluster], values[one], values[other]] += 1
        table[order[cluster], values[other], values[one]] += 1
    return table


def _alpha(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return alpha of coincidence matrices, shape (..., values, values) to (...)."""
    totals = table.sum(axis=-1)
    n = totals.sum(axis=-1)
    observed = n - np.trace(table, axis1=-2, axis2=-1)
    expected = (n**2 - (totals**2).sum(axis=-1)) / np.maximum(n - 1, 1)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), 1.0)


def alpha(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[str] | None = None,
    *,
    name: str = "all",
    random_state: int = 0,
) -> Score:
    """Return Krippendorff's alpha of two annotators, with a 95 % interval over clusters.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section B: one minus observed over
    expected disagreement. Values are compared as wholes, so a set of codes is given as a frozenset.

    Parameters
    ----------
    first, second
        What each annotator said of every unit.
    clusters
        The article of each unit; every unit on its own by default.
    name
        What the score is called in tables.

    Examples
    --------
    >>> score = alpha(["a", "b", "b", "a"], ["a", "b", "b", "b"])
    >>> round(score.value, 3), score.n
    (0.533, 4)
    """
    groups = clusters if clusters is not None else [str(at) for at in range(len(first))]
    table = _coincidences(first, second, groups)
    draws = _alpha(np.einsum("rc,cij->rij", weights(len(table), REPLICATES, random_state), table))
    value = float(_alpha(table.sum(axis=0)))
    low, high = interval(draws, at=value, stretch=reach(draws, np.array([value]), len(table)).stretch())
    return Score("alpha", name, value, low, min(high, 1.0), len(first))
