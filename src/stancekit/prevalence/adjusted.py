"""Adjusted counts: the counted shares, corrected by the model's error rates where it was annotated."""

import numpy as np

from stancekit.prevalence.estimators import SampledUnits
from stancekit.types import BoolArray, FloatArray


def adjusted_count(units: SampledUnits, mask: BoolArray | None = None) -> FloatArray:
    """Return adjusted counts of all codes among some units, shape (codes,); NaN where no annotated row has a code.

    With M the rate at which rows of each code are given each code, and q the counted
    shares, it solves Mp = q for shares p that are not negative and, where a unit has
    exactly one code, add up to 1 (Forman 2008, "Quantifying counts and costs via
    classification", section 3). The rates come from all annotated rows, weighted by the
    inverse of their probability: that they are the same in every cell is assumed, not
    known.

    Examples
    --------
    >>> gold = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)
    >>> predicted = gold.copy().astype(bool)
    >>> predicted[:15] = [False, True]
    >>> units = SampledUnits(predicted * 1.0, predicted, np.arange(100), np.ones(100, bool), gold, np.ones(100))
    >>> predicted.mean(axis=0).tolist(), adjusted_count(units).round(2).tolist()
    ([0.15, 0.85], [0.3, 0.7])
    """
    from scipy.optimize import nnls

    inside = np.ones(len(units.predicted), dtype=bool) if mask is None else mask
    counted = units.predicted[inside].mean(axis=0)
    rows = np.flatnonzero(units.annotated)
    weights, gold = 1 / units.probability[rows], units.gold[rows]
    predicted = units.predicted[rows].astype(float)
    if not units.exclusive:
        return _adjust_each(counted, weights, gold, predicted)
    with_code = weights @ gold
    if (with_code == 0).any():
        return np.full(len(counted), np.nan)
    rates = (predicted * weights[:, None]).T @ gold / with_code
    shares = nnls(rates, counted)[0]
    return np.asarray(shares / shares.sum()) if shares.sum() > 0 else np.full(len(counted), np.nan)


def _adjust_each(
    counted: FloatArray, weights: FloatArray, gold: FloatArray, predicted: FloatArray
) -> FloatArray:
    """Adjust the count of every code by itself: (counted - FPR) / (TPR - FPR)."""
    with_code, without = weights @ gold, weights @ (1 - gold)
    true_rate = (weights @ (gold * predicted)) / np.where(with_code > 0, with_code, np.nan)
    false_rate = (weights @ ((1 - gold) * predicted)) / np.where(without > 0, without, np.nan)
    gap = np.where(true_rate > false_rate, true_rate - false_rate, np.nan)
    return np.asarray(np.clip((counted - false_rate) / gap, 0, 1))
