"""Krippendorff's alpha of any number of annotators, with gaps, and its interval."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import numbered
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    draw_weights,
    interval,
    small_sample_correction,
)
from stancekit.types import FloatArray, Score

IntArray = NDArray[np.intp]


def alpha(
    *annotators: Sequence[Hashable | None],
    clusters: Sequence[str] | None = None,
    scale: Sequence[Hashable] = (),
    distance: Callable[[Any, Any], float] | None = None,
    name: str = "all",
    random_state: int = 0,
) -> Score:
    """Return Krippendorff's alpha of two annotators or more, with a 95 % interval.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": one minus observed
    over expected disagreement. The interval is a bootstrap over clusters.

    Parameters
    ----------
    annotators
        The values that each annotator gave to the units, in one order; `None` where there
        is none. Values are compared as wholes, so a set of codes is given as a frozenset.
    clusters
        The article of each unit; by default every unit is a cluster.
    scale
        All values in their order. Disagreement then grows with the distance on the scale
        (ordinal data), and values that are not on it are left out. By default any two
        values that differ disagree alike (nominal data).
    distance
        How much two values disagree, where that is neither: as `set_distance` of sets, which makes
        alpha that of Passonneau (2006).
    name
        The name of the score in tables.

    Returns
    -------
    Score
        `n` is the number of units with two values or more: the others say nothing about
        agreement. Where all values are the same, as for a code that no annotator used, no
        disagreement is expected and alpha is not defined: it is NaN. Replicates without
        variation are left out of the interval.

    Examples
    --------
    >>> score = alpha(["a", "b", "b", "a"], ["a", "b", "b", "b"])
    >>> round(score.value, 3), score.n
    (0.533, 4)
    >>> alpha(["a", "a"], ["a", "a"]).value
    nan
    >>> first, second, third = [1, 2, 3, 3], [1, 2, 3, None], [None, 3, 3, 3]
    >>> score = alpha(first, second, third, scale=[1, 2, 3])
    >>> round(score.value, 3), score.n
    (0.775, 4)
    """
    values, cluster, known = _pairable(annotators, clusters, scale)
    compute = (
        _ordinal_alpha(values, cluster)
        if scale
        else _metric_alpha(values, cluster, _distances(known, distance))
    )
    return _bootstrapped("alpha", name, compute, cluster, random_state=random_state)


def observed_agreement(
    *annotators: Sequence[Hashable | None],
    clusters: Sequence[str] | None = None,
    scale: Sequence[Hashable] = (),
    distance: Callable[[Any, Any], float] | None = None,
    name: str = "all",
    random_state: int = 0,
) -> Score:
    """Return the share of pairs of values that are the same, with a 95 % interval.

    Percent agreement, of any number of annotators with gaps: one minus the observed disagreement
    of `alpha`, whose parameters these are, so every unit counts as often as it has values. What
    agrees by chance counts too. With a `distance` it is one minus the mean distance; with a
    `scale`, values that are not on it are left out.

    Examples
    --------
    >>> score = observed_agreement(["a", "b", "b", "a"], ["a", "b", "b", "b"], [None, "b", "b", "b"])
    >>> round(score.value, 3), score.n
    (0.818, 4)
    """
    values, cluster, known = _pairable(annotators, clusters, scale)
    disagree = _distances(known, distance)
    sums = np.zeros((int(cluster.max(initial=-1)) + 1, 2))
    for units, first, second, weight in _pairs(values):
        np.add.at(sums, cluster[units], np.stack([weight * disagree[first, second], weight], 1))

    def compute(weights: FloatArray) -> FloatArray:
        differ, pairs = (weights @ sums).T
        return np.where(pairs > 0, 1 - differ / np.maximum(pairs, 1e-12), np.nan)

    return _bootstrapped("agree", name, compute, cluster, random_state=random_state)


def _pairable(
    annotators: Sequence[Sequence[Hashable | None]],
    clusters: Sequence[str] | None,
    scale: Sequence[Hashable],
) -> tuple[IntArray, IntArray, list[Hashable]]:
    """Return the numbered values of units with two or more, their clusters, and what each number is."""
    positions: dict[Hashable, int] = {value: index for index, value in enumerate(scale)}
    values = _number_values(annotators, positions, open_ended=not scale)
    pairable = (values >= 0).sum(axis=0) >= 2
    articles = list(clusters) if clusters is not None else list(map(str, range(len(pairable))))
    kept = [article for article, keep in zip(articles, pairable, strict=True) if keep]
    return values[:, pairable], numbered(kept), list(positions)


def _bootstrapped(
    metric: str, name: str, compute: "ByWeights", cluster: IntArray, *, random_state: int
) -> Score:
    """Return what a function of the weights of clusters is, with its interval."""
    n, n_clusters = len(cluster), int(cluster.max(initial=-1)) + 1
    value = float(compute(np.ones((1, n_clusters)))[0])
    if np.isnan(value):
        return Score(metric, name, value, value, value, n)
    replicates = compute(draw_weights(n_clusters, REPLICATES, random_state))
    varied = replicates[~np.isnan(replicates)]
    factor = small_sample_correction(varied, np.array([value]), n_clusters).factor
    low, high = interval(varied, estimate=value, factor=factor)
    return Score(metric, name, value, low, float(np.minimum(high, 1)), n)


def _number_values(
    annotators: Sequence[Sequence[Hashable | None]],
    positions: dict[Hashable, int],
    *,
    open_ended: bool,
) -> IntArray:
    """Return values as numbers, shape (annotators, units), -1 for none.

    Parameters
    ----------
    positions
        The number of each value; where they are `open_ended`, new values are added.
    """
    rows = []
    for values in annotators:
        row = []
        for value in values:
            if value is None:
                row.append(-1)
            elif open_ended:
                row.append(positions.setdefault(value, len(positions)))
            else:
                row.append(positions.get(value, -1))
        rows.append(row)
    return np.array(rows, dtype=int).reshape(len(annotators), -1)


def _distances(
    values: Sequence[Hashable], distance: Callable[[Any, Any], float] | None
) -> FloatArray:
    """Return how much any two values disagree, shape (values, values)."""
    if distance is None:
        return 1 - np.eye(len(values))
    return np.array([[distance(first, second) for second in values] for first in values])


ByWeights = Callable[[FloatArray], FloatArray]


def _pairs(values: IntArray) -> Iterator[tuple[IntArray, IntArray, IntArray, FloatArray]]:
    """Yield, for every ordered pair of annotators: units of both, their values, and weights.

    Every unit contributes all ordered pairs of its values, together as many as it has
    values: each pair counts 1 / (values - 1).
    """
    given = values >= 0
    weight = 1 / np.maximum(given.sum(axis=0) - 1, 1)
    for first in range(len(values)):
        for second in range(len(values)):
            if first != second:
                both = np.flatnonzero(given[first] & given[second])
                yield both, values[first, both], values[second, both], weight[both]


def _ordinal_alpha(values: IntArray, cluster: IntArray) -> ByWeights:
    """Return how alpha follows from the weights of clusters, for values on a scale.

    The distance of two values is the number of values between their mid-ranks, so it follows
    from the weights too.
    """
    size = int(values.max(initial=-1)) + 1
    table = np.zeros((int(cluster.max(initial=-1)) + 1, size, size))
    for units, first, second, weight in _pairs(values):
        np.add.at(table, (cluster[units], first, second), weight)

    def compute(weights: FloatArray) -> FloatArray:
        observed = np.einsum("rc,cij->rij", weights, table)
        totals = observed.sum(axis=-1)
        ranks = totals.cumsum(axis=-1) - totals / 2
        distance = (ranks[..., :, None] - ranks[..., None, :]) ** 2
        products = totals[..., :, None] * totals[..., None, :]
        return _one_minus_ratio(
            (observed * distance).sum(axis=(-2, -1)),
            (products * distance).sum(axis=(-2, -1)),
            totals.sum(axis=-1),
        )

    return compute


def _metric_alpha(values: IntArray, cluster: IntArray, distance: FloatArray) -> ByWeights:
    """Return how alpha follows from the weights of clusters, for fixed distances of values.

    Sums by cluster are enough, which stay small where sets of codes have hundreds of values.
    """
    n_clusters = int(cluster.max(initial=-1)) + 1
    observed = np.zeros(n_clusters)
    totals = np.zeros((n_clusters, len(distance)))
    for units, first, second, weight in _pairs(values):
        np.add.at(observed, cluster[units], weight * distance[first, second])
        np.add.at(totals, (cluster[units], first), weight)

    def compute(weights: FloatArray) -> FloatArray:
        sums = weights @ totals
        expected = ((sums @ distance) * sums).sum(axis=-1)
        return _one_minus_ratio(weights @ observed, expected, sums.sum(axis=-1))

    return compute


def _one_minus_ratio(observed: FloatArray, products: FloatArray, n: FloatArray) -> FloatArray:
    """Return one minus observed over expected disagreement, NaN where the values do not vary."""
    expected = products / np.maximum(n - 1, 1)
    # Sums of weights that cancel leave dust of about 1e-13 of the sum of products.
    varies = expected > 1e-12 * np.maximum(n, 1)
    return np.where(varies, 1 - observed / np.where(varies, expected, 1), np.nan)
