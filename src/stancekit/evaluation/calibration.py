"""Do scores mean what they say: reliability, expected calibration error, Brier score, risk against coverage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
from stancekit.types import FloatArray, Score

BINS = 10


def take_claims(
    scores: FloatArray, truth: NDArray[np.bool_], *, multi_label: bool
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return what was claimed and what held, each of shape (examples, decisions).

    For one label per example the claim is the highest score, and it held where that code is gold;
    for several, every code's score is a claim that the code is gold.
    """
    if multi_label:
        return scores, truth
    best = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    return scores[rows, best][:, None], truth[rows, best][:, None]


def bin_claims(
    claimed: FloatArray, held: NDArray[np.bool_], clusters: Sequence[str], *, width: int = BINS
) -> FloatArray:
    """Sum up decisions by cluster and by tenth of the claim, shape (clusters, bins, 4).

    In the last axis: number, sum of claims, number that held, sum of squared errors.

    Examples
    --------
    >>> bin_claims(np.array([[0.95], [0.85]]), np.array([[True], [False]]), ["a", "a"])[0, -1].round(4).tolist()
    [1.0, 0.95, 1.0, 0.0025]
    """
    home = np.repeat(numbered(clusters), claimed.shape[1])
    flat, true = claimed.ravel(), held.ravel().astype(float)
    place = np.minimum((flat * width).astype(int), width - 1)
    cells = (np.ones_like(flat), flat, true, (flat - true) ** 2)
    many, at = int(home.max(initial=-1)) + 1, home * width + place
    total = [np.bincount(at, weights=column, minlength=many * width) for column in cells]
    return np.stack(total, axis=-1).reshape(many, width, 4).astype(float)


def gaps(table: FloatArray) -> FloatArray:
    """Return per bin how far claims lie above what held, as shares of all, shape (..., bins, 4) to (..., bins)."""
    n = table[..., 0].sum(axis=-1, keepdims=True)
    return np.asarray((table[..., 1] - table[..., 2]) / np.maximum(n, 1))


def ece(table: FloatArray) -> FloatArray:
    """Return the expected calibration error, shape (..., bins, 4) to (...).

    Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", eq. 3.
    """
    return np.asarray(np.abs(gaps(table)).sum(axis=-1))


def estimate_ece(tables: FloatArray, *, replicates: int = REPLICATES) -> Estimate:
    """Return the expected calibration error with its interval; its ends are NaN where there is only one cluster.

    Gaps are taken absolutely, so noise adds to them, and to those of replicates once more. The
    interval is moved down by how far the replicates' mean lies above the estimate, its lower end
    twice, since the estimate lies as far above the truth (Efron and Tibshirani 1993, "An
    Introduction to the Bootstrap", section 10.2). Where chance alone, the replicates' gaps about
    those found, would make as large an error in one case of twenty, it begins at 0 (Bröcker and
    Smith 2007, "Increasing the Reliability of Reliability Diagrams").

    Examples
    --------
    >>> claims, held = np.full((50, 1), 0.8), np.array([[True]] * 38 + [[False]] * 12)
    >>> value, low, high = estimate_ece(bin_claims(claims, held, [str(at) for at in range(50)])[None])
    >>> round(value, 2), low, high > 0.1
    (0.04, 0.0, True)
    """
    states, draws = by_state(tables, ece), bootstrap(tables, ece, replicates=replicates)
    found, value = gaps(tables.sum(axis=1)), float(states.mean())
    clusters = effective_clusters(tables)
    if clusters <= 1:
        return value, float("nan"), float("nan")
    stretch = small_sample_correction(draws, states, clusters).factor
    above = draws.mean() - value
    low, high = interval(draws - above, at=value, stretch=stretch)
    drawn = draw_weights(tables.shape[1], replicates, 0)
    again = [
        gaps((drawn @ one.reshape(len(one), -1)).reshape(replicates, *one.shape[1:])) - own
        for one, own in zip(tables, found, strict=True)
    ]
    chance = np.mean([np.abs(one).sum(axis=-1) for one in again], axis=0)
    begin = 0.0 if value <= np.quantile(chance, LEVEL) else low - above
    return value, float(np.clip(min(begin, value), 0, 1)), float(np.clip(high, 0, 1))


def brier(table: FloatArray) -> FloatArray:
    """Return the mean squared error of the claims (Brier 1950), shape (..., bins, 4) to (...)."""
    return np.asarray(table[..., 3].sum(axis=-1) / np.maximum(table[..., 0].sum(axis=-1), 1))


def score_calibration(tables: FloatArray, *, replicates: int = REPLICATES) -> list[Score]:
    """Score the calibration of a model.

    Parameters
    ----------
    tables
        Of `bins`, shape (random states, clusters, bins, 4).

    Examples
    --------
    >>> claims, held = np.full((50, 1), 0.8), np.array([[True]] * 40 + [[False]] * 10)
    >>> found = score_calibration(bin_claims(claims, held, [str(at) for at in range(50)])[None])
    >>> [(one.metric, round(one.value, 2)) for one in found]
    [('ece', 0.0), ('brier', 0.16)]
    """
    squared = estimate_interval(
        tables, lambda table: brier(table)[..., None], replicates=replicates
    )[0]
    n = int(tables[0, :, :, 0].sum())
    both = {"ece": estimate_ece(tables, replicates=replicates), "brier": squared}
    return [Score(name, "all", *of, n) for name, of in both.items()]


def reliability(tables: FloatArray) -> FloatArray:
    """Return per bin the number, the mean claim and the share that held, shape (bins, 3), over random states."""
    total = tables.sum(axis=(0, 1))
    n = np.maximum(total[:, 0], 1)
    return np.stack([total[:, 0], total[:, 1] / n, total[:, 2] / n], axis=-1)


def risk_coverage(sure: FloatArray, wrong: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return coverage and the share of errors among the surest examples, each of shape (examples,).

    El-Yaniv and Wiener (2010), "On the Foundations of Noise-free Selective Classification".

    Examples
    --------
    >>> coverage, risk = risk_coverage(np.array([0.9, 0.5]), np.array([False, True]))
    >>> coverage.tolist(), risk.tolist()
    ([0.5, 1.0], [0.0, 0.5])
    """
    order = np.argsort(-sure, kind="stable")
    n = np.arange(1, len(order) + 1)
    return n / len(order), np.cumsum(wrong[order]) / n
