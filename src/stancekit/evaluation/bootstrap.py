"""Hierarchical bootstrap over random states and clusters of examples.

Clusters (articles) and random states are drawn with replacement; examples of one article are not
independent, and a bootstrap over rows would make intervals too short (Cameron, Gelbach and Miller 2008,
"Bootstrap-Based Improvements for Inference with Clustered Errors").
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from stancekit.evaluation.metrics import Metric

Array = NDArray[np.float64]
Kind = Literal["percentile", "bca"]
REPLICATES = 2000


def _weights(units: int, replicates: int, generator: np.random.Generator) -> Array:
    return generator.multinomial(units, np.full(units, 1 / units), size=replicates).astype(float)


def bootstrap(counts: Array, metric: Metric, *, replicates: int = REPLICATES, random_state: int = 0) -> Array:
    """Return replicates of the mean over random states of a metric.

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
    generator = np.random.default_rng(random_state)
    drawn = _weights(clusters, replicates, generator)
    chosen = _weights(states, replicates, generator) / states
    flat = counts.reshape(states, clusters, -1)
    values = np.stack([metric((drawn @ state).reshape(replicates, *counts.shape[2:])) for state in flat], axis=-1)
    return np.asarray((values * chosen.reshape(replicates, *[1] * (values.ndim - 2), states)).sum(axis=-1))


def point(counts: Array, metric: Metric) -> Array:
    """Return the mean over random states of a metric on the whole test set."""
    return np.asarray(metric(counts.sum(axis=1)).mean(axis=0))


def interval(
    values: Array,
    *,
    level: float = 0.95,
    kind: Kind = "percentile",
    at: float | None = None,
    jackknife: Array | None = None,
) -> tuple[float, float]:
    """Return the interval of bootstrap replicates.

    Parameters
    ----------
    values
        Replicates, shape (replicates,).
    kind
        `percentile`, or `bca`: bias-corrected and accelerated (Efron 1987, equation 6.6), which
        needs the estimate `at` and the leave-one-cluster-out values `jackknife`.

    Examples
    --------
    >>> low, high = interval(np.arange(101) / 100)
    >>> round(low, 3), round(high, 3)
    (0.025, 0.975)
    """
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if kind == "bca":
        if at is None or jackknife is None:
            raise ValueError("a BCa interval needs the estimate and the jackknife values")
        below = np.clip((values < at).mean() + (values == at).mean() / 2, 1e-6, 1 - 1e-6)
        gaps = jackknife.mean() - jackknife
        spread = float((gaps**2).sum() ** 1.5)
        skew = float((gaps**3).sum()) / (6 * spread) if spread else 0.0
        bias, normal = norm.ppf(below), norm.ppf(tails)
        tails = norm.cdf(bias + (bias + normal) / (1 - skew * (bias + normal)))
    low, high = np.quantile(values, tails)
    return float(low), float(high)


def leave_one_out(counts: Array, metric: Metric) -> Array:
    """Return the metric without each cluster in turn, shape (clusters,), for BCa."""
    rest = counts.sum(axis=1, keepdims=True) - counts
    return np.asarray(metric(rest).mean(axis=0))
