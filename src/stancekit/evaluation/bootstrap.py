"""Hierarchical bootstrap over random states and clusters of examples.

Clusters (articles) and random states are drawn with replacement; examples of one article are not
independent, and a bootstrap over rows would make intervals too short (Cameron, Gelbach and Miller
2008, "Bootstrap-Based Improvements for Inference with Clustered Errors").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from stancekit.evaluation.metrics import Metric
from stancekit.types import FloatArray

# A value, and the ends of its interval.
Estimate = tuple[float, float, float]
REPLICATES = 2000
LEVEL = 0.95


@lru_cache(maxsize=8)
def draw_weights(units: int, replicates: int, random_state: int) -> FloatArray:
    """Return how often each unit is drawn in each replicate, shape (replicates, units)."""
    generator = np.random.default_rng([random_state, units])
    drawn = generator.multinomial(units, np.full(units, 1 / units), size=replicates).astype(float)
    drawn.flags.writeable = False
    return drawn


def bootstrap(
    counts: FloatArray, metric: Metric, *, replicates: int = REPLICATES, random_state: int = 0
) -> FloatArray:
    """Return replicates of the mean over random states of a metric.

    Two calls with as many clusters draw the same ones, so that differences of replicates are
    paired.

    Parameters
    ----------
    counts
        Shape (random states, clusters, codes, 4), from `count`.
    metric
        Maps counts (..., codes, 4) to values (...), or (..., codes).

    Returns
    -------
    array, shape (replicates, ...)

    Examples
    --------
    >>> from stancekit.evaluation.metrics import micro_f1
    >>> counts = np.array([[[[3.0, 1, 1, 3]], [[2, 0, 0, 4]], [[1, 2, 2, 1]]]])
    >>> bootstrap(counts, micro_f1, replicates=5).shape
    (5,)
    """
    states, clusters = counts.shape[:2]
    drawn = draw_weights(clusters, replicates, random_state)
    chosen = draw_weights(states, replicates, random_state + 1) / states
    flat = counts.reshape(states, clusters, -1)
    values = np.stack(
        [metric((drawn @ state).reshape(replicates, *counts.shape[2:])) for state in flat], axis=-1
    )
    return np.asarray(
        (values * chosen.reshape(replicates, *[1] * (values.ndim - 2), states)).sum(axis=-1)
    )


def by_state(counts: FloatArray, metric: Metric) -> FloatArray:
    """Return the metric on the whole test set for each random state, shape (random states, ...)."""
    return np.asarray(metric(counts.sum(axis=1)))


def effective_clusters(counts: FloatArray) -> float:
    """Return the effective number of clusters: fewer than there are where sizes differ (Kish 1965, section 5.4)."""
    sizes = counts[0].reshape(counts.shape[1], -1).sum(axis=1)
    return float(sizes.sum() ** 2 / max((sizes**2).sum(), 1e-12))


@dataclass(frozen=True, slots=True)
class SmallSampleCorrection:
    """How much wider than its replicates an interval must be, for few units.

    A bootstrap over n units has a variance that is too small by (n - 1) / n, and normal tails where
    Student's would be right: both matter for three random states and fifty articles. Hesterberg
    (2015, "What Teachers Should Know About the Bootstrap", section 5.3) corrects for both by
    quantiles further out; the quantiles of a mean over three random states end at the lowest of the
    three, so here the distance from the estimate is stretched instead. Of a single unit nothing can
    be said of how units vary: both fields are NaN then, and so is all that follows.
    """

    scale: float
    freedom: float

    @property
    def factor(self) -> float:
        """Return by how much the distance of an interval's ends from the estimate grows."""
        upper = (1 + LEVEL) / 2
        return float(self.scale * stdtrit(self.freedom, upper) / ndtri(upper))

    def p_value(self, draws: FloatArray) -> float:
        """Return the two-sided p of a difference of zero: the level at which the interval first touches it.

        Where no replicate lies beyond zero, their number would set a floor; then their mean in
        standard deviations says how far away it is.
        """
        below = ((draws < 0).sum() + (draws == 0).sum() / 2 + 0.5) / (len(draws) + 1)
        far = abs(float(ndtri(below)))
        if min((draws <= 0).sum(), (draws >= 0).sum()) == 0:
            far = max(far, abs(float(draws.mean())) / max(float(draws.std()), 1e-12))
        return float(2 * stdtr(self.freedom, -far / self.scale))


def small_sample_correction(
    draws: FloatArray, states: FloatArray, clusters: float
) -> SmallSampleCorrection:
    """Return the widening for replicates over articles and random states.

    With two sources of variance the degrees of freedom are Satterthwaite's (1946, "An Approximate
    Distribution of Estimates of Variance Components").

    Parameters
    ----------
    draws
        Replicates, shape (replicates,).
    states
        The value for each random state, shape (random states,).
    clusters
        The number of clusters, `effective` where sizes differ; of a single one there is no
        widening, but NaN.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(size=2000)
    >>> [round(small_sample_correction(draws, np.zeros(1), n).factor, 2) for n in (10, 1000)]
    [1.22, 1.0]
    """
    if clusters <= 1:
        return SmallSampleCorrection(float("nan"), float("nan"))
    n = len(states)
    total = float(draws.var())
    between = float(states.var(ddof=1)) / n if n > 1 else 0.0
    among = max(total - between * (n - 1) / n, 0.0)
    below = max(clusters - 1, 1.0)
    wide = among * (1 + 1 / below)
    if total <= 0 or wide + between <= 0:
        return SmallSampleCorrection(1.0, 1e9)
    freedom = (wide + between) ** 2 / (wide**2 / below + (between**2 / (n - 1) if n > 1 else 0.0))
    return SmallSampleCorrection(float(np.sqrt((wide + between) / total)), float(freedom))


def interval(
    values: FloatArray,
    *,
    level: float = LEVEL,
    at: float | None = None,
    stretch: float = 1.0,
) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates; it contains the estimate where that is given.

    Bias-corrected and accelerated intervals (Efron 1987) were tried: on simulated test sets they
    contain the truth as often and are as wide (experiments/interval_coverage).

    Parameters
    ----------
    values
        Replicates, shape (replicates,).
    at
        The estimate; by default the median of the replicates.
    stretch
        Of `SmallSampleCorrection`: how much further than the quantiles the ends lie from the
        estimate `at`; both ends are NaN where it is.

    Examples
    --------
    >>> low, high = interval(np.arange(101) / 100)
    >>> round(low, 3), round(high, 3)
    (0.025, 0.975)
    """
    if np.isnan(stretch):
        return float("nan"), float("nan")
    ends = np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = np.quantile(values, ends)
    centre = float(np.median(values)) if at is None else at
    # Where replicates lie to one side of the estimate, the nearer end is the estimate itself.
    return (
        float(min(low, centre, centre + stretch * (low - centre))),
        float(max(high, centre, centre + stretch * (high - centre))),
    )


def estimate_interval(
    counts: FloatArray, metric: Metric, *, replicates: int = REPLICATES
) -> list[Estimate]:
    """Return a metric with its interval.

    Parameters
    ----------
    counts
        Shape (random states, clusters, codes, 4).
    metric
        One that maps counts to values (..., k); all k are estimated from the same replicates.

    Returns
    -------
    list of (value, low, high)
        One for each of the k; the ends are NaN where there is only one cluster.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> counts = np.array([[[[3.0, 1, 1, 3]], [[2, 0, 0, 4]], [[1, 2, 2, 1]]]])
    >>> value, low, high = estimate_interval(counts, f1)[0]
    >>> low < value < high
    True
    """
    states, draws = by_state(counts, metric), bootstrap(counts, metric, replicates=replicates)
    value, clusters = states.mean(axis=0), effective_clusters(counts)
    found = []
    for k, at in enumerate(value.tolist()):
        own = draws[:, k]
        stretch = small_sample_correction(own, states[:, k], clusters).factor
        low, high = interval(own, at=at, stretch=stretch)
        # All that is estimated here lies between 0 and 1.
        found.append((at, float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))))
    return found


def estimate_unpaired(
    tables: Sequence[FloatArray], metrics: Sequence[Metric], *, replicates: int = REPLICATES
) -> list[Estimate]:
    """Return a metric with its interval where every random state has a test set of its own.

    Parameters
    ----------
    tables
        Per random state the counts of its test set, shape (clusters, codes, 4); the number of
        clusters may differ.
    metrics
        Per random state the metric: a macro average runs over the codes that the gold of its test
        set bears.

    Returns
    -------
    list of (value, low, high)
        One for each of the k; the ends are NaN where all test sets together are one cluster.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> one = np.array([[[3.0, 1, 1, 3]], [[2, 0, 0, 4]]])
    >>> round(estimate_unpaired([one, one], [f1, f1])[0][0], 2)
    0.83
    """
    states = unpaired_states(tables, metrics)
    draws = unpaired_draws(tables, metrics, replicates=replicates)
    value, clusters = states.mean(axis=0), sum(effective_clusters(table[None]) for table in tables)
    found = []
    for k, at in enumerate(value.tolist()):
        low, high = interval(
            draws[:, k],
            at=at,
            stretch=small_sample_correction(draws[:, k], states[:, k], clusters).factor,
        )
        found.append((at, float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))))
    return found


def unpaired_states(tables: Sequence[FloatArray], metrics: Sequence[Metric]) -> FloatArray:
    """Return the metric of each random state on its own test set, shape (random states, k)."""
    return np.stack(
        [by_state(table[None], metric)[0] for table, metric in zip(tables, metrics, strict=True)]
    )


def unpaired_draws(
    tables: Sequence[FloatArray],
    metrics: Sequence[Metric],
    *,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> FloatArray:
    """Return replicates of the mean over random states with test sets of their own, shape (replicates, k)."""
    chosen = draw_weights(len(tables), replicates, 1000 + random_state) / len(tables)
    each = [
        bootstrap(
            table[None], metric, replicates=replicates, random_state=2000 + 100 * random_state + at
        )
        for at, (table, metric) in enumerate(zip(tables, metrics, strict=True))
    ]
    return np.asarray((np.stack(each, axis=-1) * chosen[:, None, :]).sum(axis=-1))
