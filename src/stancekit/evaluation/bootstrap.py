"""Hierarchical bootstrap over random states and clusters of examples.

Clusters (articles) and random states are drawn with replacement. Examples of one article are
not independent, and a bootstrap over examples would give intervals that are too short
(Cameron, Gelbach and Miller 2008, "Bootstrap-Based Improvements for Inference with Clustered
Errors").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stancekit.evaluation.metrics import Metric
from stancekit.types import FloatArray

# A value, and the two ends of its interval.
Estimate = tuple[float, float, float]
# With 2,000 replicates, an end of a 95 % interval varies with the random state by some 2 %
# of the interval's width.
REPLICATES = 2000
LEVEL = 0.95
# Replaces a spread of zero, by which nothing can be divided.
_TINY = 1e-12
# More degrees of freedom than any test set has: Student's distribution is normal there.
_NORMAL_FREEDOM = 1e9


@lru_cache(maxsize=8)
def draw_weights(units: int, replicates: int, random_state: int) -> FloatArray:
    """Return how often each unit is drawn in each replicate, shape (replicates, units).

    The same arguments give the same draws, so that models are compared on the same
    replicates.
    """
    generator = np.random.default_rng([random_state, units])
    drawn = generator.multinomial(units, np.full(units, 1 / units), size=replicates).astype(float)
    drawn.flags.writeable = False
    return drawn


def bootstrap(
    counts: FloatArray, metric: Metric, *, replicates: int = REPLICATES, random_state: int = 0
) -> FloatArray:
    """Return bootstrap replicates of a metric, averaged over random states.

    Two calls with the same number of clusters draw the same ones, so that differences of
    replicates are paired.

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
    state_weights = draw_weights(states, replicates, random_state + 1) / states
    values = []
    for table in counts.reshape(states, clusters, -1):
        sums = (drawn @ table).reshape(replicates, *counts.shape[2:])
        values.append(metric(sums))
    stacked = np.stack(values, axis=-1)
    # One weight for each replicate and random state, whatever axes a metric has between.
    shape = (replicates, *[1] * (stacked.ndim - 2), states)
    return np.asarray((stacked * state_weights.reshape(shape)).sum(axis=-1))


def by_state(counts: FloatArray, metric: Metric) -> FloatArray:
    """Return the metric on the whole test set, shape (random states, ...).

    `counts` has the shape (random states, clusters, codes, 4).
    """
    return np.asarray(metric(counts.sum(axis=1)))


def effective_clusters(counts: FloatArray) -> float:
    """Return the effective number of clusters, which is lower where their sizes differ.

    Kish (1965), "Survey Sampling", section 5.4. `counts` has the shape (random states,
    clusters, codes, 4).
    """
    sizes = counts[0].reshape(counts.shape[1], -1).sum(axis=1)
    return float(sizes.sum() ** 2 / max((sizes**2).sum(), _TINY))


@dataclass(frozen=True, slots=True)
class SmallSampleCorrection:
    """How much wider than its replicates an interval must be when there are few units.

    A bootstrap over n units has a variance that is too small by (n - 1) / n, and normal
    tails where Student's are right. Both matter for three random states and fifty articles.
    Hesterberg (2015, "What Teachers Should Know About the Bootstrap", section 5.3) corrects
    for both by quantiles further out. The quantiles of a mean over three random states end
    at the lowest of the three, so here the distance from the estimate is multiplied instead.

    Attributes
    ----------
    scale
        The factor for the variance; NaN for a single unit, which does not show how units
        vary. Then all that is computed from it is NaN too.
    freedom
        The degrees of freedom of Student's distribution.
    """

    scale: float
    freedom: float

    @property
    def factor(self) -> float:
        """Return the factor for the distance of an interval's ends from the estimate."""
        from scipy.special import ndtri, stdtrit

        upper = (1 + LEVEL) / 2
        return float(self.scale * stdtrit(self.freedom, upper) / ndtri(upper))

    def p_value(self, draws: FloatArray) -> float:
        """Return the two-sided p value of a difference of zero.

        It is the level at which the interval first includes zero. Where no replicate is
        beyond zero, their number would set a lowest p; then the distance of their mean from
        zero in standard deviations is used, if it is larger.
        """
        from scipy.special import ndtri, stdtr

        below_zero = (draws < 0).sum() + (draws == 0).sum() / 2
        # Half a replicate is added, so that the share is never 0 or 1.
        distance = abs(float(ndtri((below_zero + 0.5) / (len(draws) + 1))))
        if min((draws <= 0).sum(), (draws >= 0).sum()) == 0:
            standardised = abs(float(draws.mean())) / max(float(draws.std()), _TINY)
            distance = max(distance, standardised)
        return float(2 * stdtr(self.freedom, -distance / self.scale))


def small_sample_correction(
    draws: FloatArray, states: FloatArray, clusters: float
) -> SmallSampleCorrection:
    """Return the correction for replicates over articles and random states.

    With two sources of variance the degrees of freedom are Satterthwaite's (1946, "An
    Approximate Distribution of Estimates of Variance Components").

    Parameters
    ----------
    draws
        Replicates, shape (replicates,).
    states
        The value for each random state, shape (random states,).
    clusters
        The number of clusters, `effective_clusters` where their sizes differ. For a single
        one the correction is NaN.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(size=2000)
    >>> [round(small_sample_correction(draws, np.zeros(1), n).factor, 2) for n in (10, 1000)]
    [1.22, 1.0]
    """
    if clusters <= 1:
        return SmallSampleCorrection(float("nan"), float("nan"))
    n_states, n_others = len(states), max(clusters - 1, 1.0)
    total = float(draws.var())
    # Of the replicates' variance, what random states explain and what is left for clusters.
    of_states = float(states.var(ddof=1)) / n_states if n_states > 1 else 0.0
    of_clusters = max(total - of_states * (n_states - 1) / n_states, 0.0)
    of_clusters *= 1 + 1 / n_others
    corrected = of_clusters + of_states
    if total <= 0 or corrected <= 0:
        return SmallSampleCorrection(1.0, _NORMAL_FREEDOM)
    terms = of_clusters**2 / n_others
    if n_states > 1:
        terms += of_states**2 / (n_states - 1)
    return SmallSampleCorrection(float(np.sqrt(corrected / total)), float(corrected**2 / terms))


def interval(
    values: FloatArray,
    *,
    level: float = LEVEL,
    estimate: float | None = None,
    factor: float = 1.0,
) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates.

    It always contains the estimate, if that is given. Bias-corrected and accelerated
    intervals (Efron 1987) were tried: on simulated test sets they contain the truth as often
    and are as wide (experiments/interval_coverage).

    Parameters
    ----------
    values
        Replicates, shape (replicates,).
    estimate
        By default the median of the replicates.
    factor
        Of `SmallSampleCorrection`: how much further than the quantiles the ends are from
        the estimate. Both ends are NaN where it is.

    Examples
    --------
    >>> low, high = interval(np.arange(101) / 100)
    >>> round(low, 3), round(high, 3)
    (0.025, 0.975)
    """
    if np.isnan(factor):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    centre = float(np.median(values)) if estimate is None else estimate
    # Where all replicates are on one side of the estimate, the nearer end is the estimate.
    return (
        float(min(low, centre, centre + factor * (low - centre))),
        float(max(high, centre, centre + factor * (high - centre))),
    )


def estimate_interval(
    counts: FloatArray, metric: Metric, *, replicates: int = REPLICATES, most: float = 1
) -> list[Estimate]:
    """Return a metric with its interval.

    Parameters
    ----------
    counts
        Shape (random states, clusters, codes, 4).
    metric
        Maps counts to values (..., k); all k are estimated from the same replicates.
    most
        The highest value that the metric can have.

    Returns
    -------
    list of (value, low, high)
        One for each of the k, between 0 and `most`; the ends are NaN where there is only one
        cluster.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> counts = np.array([[[[3.0, 1, 1, 3]], [[2, 0, 0, 4]], [[1, 2, 2, 1]]]])
    >>> value, low, high = estimate_interval(counts, f1)[0]
    >>> low < value < high
    True
    """
    states = by_state(counts, metric)
    draws = bootstrap(counts, metric, replicates=replicates)
    return _estimates(states, draws, effective_clusters(counts), most)


def _estimates(
    states: FloatArray, draws: FloatArray, clusters: float, most: float = 1
) -> list[Estimate]:
    """Return the estimates of k values from shapes (random states, k) and (replicates, k)."""
    estimates = []
    for column, value in enumerate(states.mean(axis=0).tolist()):
        replicates = draws[:, column]
        factor = small_sample_correction(replicates, states[:, column], clusters).factor
        low, high = interval(replicates, estimate=value, factor=factor)
        estimates.append((value, float(np.clip(low, 0, most)), float(np.clip(high, 0, most))))
    return estimates


def estimate_unpaired(
    tables: Sequence[FloatArray], metrics: Sequence[Metric], *, replicates: int = REPLICATES
) -> list[Estimate]:
    """Return a metric with its interval where each random state has its own test set.

    Parameters
    ----------
    tables
        For each random state the counts of its test set, shape (clusters, codes, 4); the
        number of clusters may differ.
    metrics
        For each random state the metric: a macro average runs over the codes in the gold
        labels of its test set.

    Returns
    -------
    list of (value, low, high)
        One for each of the k values of the metric; the ends are NaN where all test sets
        together are one cluster.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> table = np.array([[[3.0, 1, 1, 3]], [[2, 0, 0, 4]]])
    >>> round(estimate_unpaired([table, table], [f1, f1])[0][0], 2)
    0.83
    """
    states = unpaired_states(tables, metrics)
    draws = unpaired_draws(tables, metrics, replicates=replicates)
    clusters = sum(effective_clusters(table[None]) for table in tables)
    return _estimates(states, draws, clusters)


def unpaired_states(tables: Sequence[FloatArray], metrics: Sequence[Metric]) -> FloatArray:
    """Return the metric of each random state on its test set, shape (random states, k)."""
    values = [
        by_state(table[None], metric)[0] for table, metric in zip(tables, metrics, strict=True)
    ]
    return np.stack(values)


def unpaired_draws(
    tables: Sequence[FloatArray],
    metrics: Sequence[Metric],
    *,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> FloatArray:
    """Return replicates of the mean over random states that have their own test sets.

    Returns
    -------
    array, shape (replicates, k)
    """
    # Seeds away from those of `bootstrap`, and from each other: no test set shares its draws.
    seed = 1000 + random_state
    state_weights = draw_weights(len(tables), replicates, seed) / len(tables)
    values = []
    for index, (table, metric) in enumerate(zip(tables, metrics, strict=True)):
        seed = 2000 + 100 * random_state + index
        values.append(bootstrap(table[None], metric, replicates=replicates, random_state=seed))
    return np.asarray((np.stack(values, axis=-1) * state_weights[:, None, :]).sum(axis=-1))
