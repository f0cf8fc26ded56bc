"""Agreement between annotators: Krippendorff's alpha for nominal data."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import numbered
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    draw_weights,
    interval,
    small_sample_correction,
)
from stancekit.types import Score


def _coincidences(
    first: Sequence[Hashable], second: Sequence[Hashable], clusters: Sequence[str]
) -> NDArray[np.float64]:
    """Return coincidence matrices by cluster, shape (clusters, values, values)."""
    values = numbered([*first, *second])
    one, other, home = values[: len(first)], values[len(first) :], numbered(clusters)
    many = int(values.max(initial=-1)) + 1
    table = np.zeros((int(home.max(initial=-1)) + 1, many, many))
    np.add.at(table, (home, one, other), 1)
    np.add.at(table, (home, other, one), 1)
    return table


def _alpha(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return alpha of coincidence matrices, shape (..., values, values) to (...); NaN where values do not vary."""
    totals = table.sum(axis=-1)
    n = totals.sum(axis=-1)
    observed = n - np.trace(table, axis1=-2, axis2=-1)
    expected = (n**2 - (totals**2).sum(axis=-1)) / np.maximum(n - 1, 1)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def alpha(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[str] | None = None,
    *,
    name: str = "all",
    random_state: int = 0,
) -> Score:
    """Return Krippendorff's alpha of two annotators, with a 95 % interval over clusters.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section B: one minus observed
    over expected disagreement. Values are compared as wholes, so a set of codes is given as a
    frozenset. Where all values are the same, as of a code that neither annotator used, no
    disagreement is expected and alpha is not defined: it is NaN then, and replicates without
    variation are left out of the interval.

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
    >>> alpha(["a", "a"], ["a", "a"]).value
    nan
    """
    groups = clusters if clusters is not None else [str(at) for at in range(len(first))]
    table = _coincidences(first, second, groups)
    draws = _alpha(
        np.einsum("rc,cij->rij", draw_weights(len(table), REPLICATES, random_state), table)
    )
    value = float(_alpha(table.sum(axis=0)))
    if np.isnan(value):
        return Score("alpha", name, value, value, value, len(first))
    drawn = draws[~np.isnan(draws)]
    stretch = small_sample_correction(drawn, np.array([value]), len(table)).factor
    low, high = interval(drawn, at=value, stretch=stretch)
    return Score("alpha", name, value, low, float(np.minimum(high, 1)), len(first))
