"""Calibration of scores: reliability, expected calibration error, Brier score, and risk."""

from collections.abc import Sequence

import numpy as np

from stancekit.corpus.dataset import numbered
from stancekit.evaluation.bootstrap import (
    LEVEL,
    REPLICATES,
    Estimate,
    bootstrap,
    by_state,
    draw_weights,
    effective_clusters,
    estimate_interval,
    interval,
    small_sample_correction,
)
from stancekit.types import BoolArray, FloatArray, Score

# Tenths, as most published calibration errors use.
BINS = 10


def take_claims(
    scores: FloatArray, truth: BoolArray, *, multi_label: bool
) -> tuple[FloatArray, BoolArray]:
    """Return what scores claim and whether it is right, each of shape (examples, claims).

    With one label per example the claim is the highest score, and it is right where that
    code is the gold code. With several, the score of every code is a claim that the code is
    a gold code.

    Parameters
    ----------
    scores, truth
        Shape (examples, codes).
    """
    if multi_label:
        return scores, truth
    best = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    return scores[rows, best][:, None], truth[rows, best][:, None]


def bin_claims(
    claims: FloatArray, right: BoolArray, clusters: Sequence[str], *, n_bins: int = BINS
) -> FloatArray:
    """Sum up claims by cluster and by bin of the claim.

    Parameters
    ----------
    claims, right
        Of `take_claims`, shape (examples, claims).
    clusters
        The article of each example.

    Returns
    -------
    array, shape (clusters, bins, 4)
        In the last axis: the number of claims, their sum, the number that are right, and
        the sum of squared errors.

    Examples
    --------
    >>> table = bin_claims(np.array([[0.95], [0.85]]), np.array([[True], [False]]), ["a", "a"])
    >>> table[0, -1].round(4).tolist()
    [1.0, 0.95, 1.0, 0.0025]
    """
    cluster = np.repeat(numbered(clusters), claims.shape[1])
    claim, truth = claims.ravel(), right.ravel().astype(float)
    # A claim of 1 belongs to the last bin.
    bin_index = np.minimum((claim * n_bins).astype(int), n_bins - 1)
    n_clusters = int(cluster.max(initial=-1)) + 1
    cell = cluster * n_bins + bin_index
    columns = (np.ones_like(claim), claim, truth, (claim - truth) ** 2)
    sums = [np.bincount(cell, weights=column, minlength=n_clusters * n_bins) for column in columns]
    return np.stack(sums, axis=-1).reshape(n_clusters, n_bins, 4).astype(float)


def gaps(table: FloatArray) -> FloatArray:
    """Return how far the claims of each bin are above what is right, as shares of all claims.

    Shape (..., bins, 4) to (..., bins).
    """
    n = table[..., 0].sum(axis=-1, keepdims=True)
    return np.asarray((table[..., 1] - table[..., 2]) / np.maximum(n, 1))


def ece(table: FloatArray) -> FloatArray:
    """Return the expected calibration error, shape (..., bins, 4) to (...).

    Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using
    Bayesian Binning", eq. 3.
    """
    return np.asarray(np.abs(gaps(table)).sum(axis=-1))


def estimate_ece(tables: FloatArray, *, replicates: int = REPLICATES) -> Estimate:
    """Return the expected calibration error with its interval.

    Gaps are absolute values, so that noise makes them larger, and those of replicates larger
    again. The interval is moved down by the difference between the replicates' mean and the
    estimate, and its lower end twice, since the estimate is as far above the truth (Efron
    and Tibshirani 1993, "An Introduction to the Bootstrap", section 10.2). It begins at 0
    where chance alone gives such an error in one case of twenty or more (Bröcker and Smith
    2007, "Increasing the Reliability of Reliability Diagrams").

    Parameters
    ----------
    tables
        Of `bin_claims`, shape (random states, clusters, bins, 4).

    Returns
    -------
    (value, low, high)
        The ends are NaN where there is only one cluster.

    Examples
    --------
    >>> claims, right = np.full((50, 1), 0.8), np.array([[True]] * 38 + [[False]] * 12)
    >>> table = bin_claims(claims, right, [str(row) for row in range(50)])
    >>> value, low, high = estimate_ece(table[None])
    >>> round(value, 2), low, high > 0.1
    (0.04, 0.0, True)
    """
    states, draws = by_state(tables, ece), bootstrap(tables, ece, replicates=replicates)
    value, clusters = float(states.mean()), effective_clusters(tables)
    if clusters <= 1:
        return value, float("nan"), float("nan")
    factor = small_sample_correction(draws, states, clusters).factor
    bias = draws.mean() - value
    low, high = interval(draws - bias, estimate=value, factor=factor)
    chance = _chance_error(tables, replicates)
    lower = 0.0 if value <= np.quantile(chance, LEVEL) else min(low - bias, value)
    return value, float(np.clip(lower, 0, 1)), float(np.clip(high, 0, 1))


def _chance_error(tables: FloatArray, replicates: int) -> FloatArray:
    """Return the errors that chance alone gives, shape (replicates,).

    They are the differences between the gaps of replicates and those of the whole test set.
    """
    drawn = draw_weights(tables.shape[1], replicates, 0)
    errors = []
    for table in tables:
        sums = drawn @ table.reshape(len(table), -1)
        differences = gaps(sums.reshape(replicates, *table.shape[1:])) - gaps(table.sum(axis=0))
        errors.append(np.abs(differences).sum(axis=-1))
    return np.asarray(np.mean(errors, axis=0))


def brier(table: FloatArray) -> FloatArray:
    """Return the mean squared error of the claims (Brier 1950), shape (..., bins, 4) to (...)."""
    return np.asarray(table[..., 3].sum(axis=-1) / np.maximum(table[..., 0].sum(axis=-1), 1))


def score_calibration(tables: FloatArray, *, replicates: int = REPLICATES) -> list[Score]:
    """Return the calibration scores of a model: `ece` and `brier`.

    Parameters
    ----------
    tables
        Of `bin_claims`, shape (random states, clusters, bins, 4).

    Examples
    --------
    >>> claims, right = np.full((50, 1), 0.8), np.array([[True]] * 40 + [[False]] * 10)
    >>> table = bin_claims(claims, right, [str(row) for row in range(50)])
    >>> [(score.metric, round(score.value, 2)) for score in score_calibration(table[None])]
    [('ece', 0.0), ('brier', 0.16)]
    """
    (squared,) = estimate_interval(
        tables, lambda table: brier(table)[..., None], replicates=replicates
    )
    n = int(tables[0, :, :, 0].sum())
    error = estimate_ece(tables, replicates=replicates)
    return [Score("ece", "all", *error, n), Score("brier", "all", *squared, n)]


def reliability(tables: FloatArray) -> FloatArray:
    """Return the number, the mean claim and the share that is right of each bin.

    Shape (random states, clusters, bins, 4) to (bins, 3).
    """
    total = tables.sum(axis=(0, 1))
    n = np.maximum(total[:, 0], 1)
    return np.stack([total[:, 0], total[:, 1] / n, total[:, 2] / n], axis=-1)


def risk_coverage(confidence: FloatArray, wrong: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return coverage, and the share of errors among the examples it covers.

    Examples are covered in order of decreasing confidence. El-Yaniv and Wiener (2010), "On
    the Foundations of Noise-free Selective Classification".

    Parameters
    ----------
    confidence, wrong
        Shape (examples,).

    Returns
    -------
    coverage, risk
        Each of shape (examples,).

    Examples
    --------
    >>> coverage, risk = risk_coverage(np.array([0.9, 0.5]), np.array([False, True]))
    >>> coverage.tolist(), risk.tolist()
    ([0.5, 1.0], [0.0, 0.5])
    """
    order = np.argsort(-confidence, kind="stable")
    n = np.arange(1, len(order) + 1)
    return n / len(order), np.cumsum(wrong[order]) / n
