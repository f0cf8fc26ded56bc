"""Shares by adjusted counting: what counting said, corrected by how the model errs on judged rows.

Kept beside our estimates for comparison, since it is what the literature on quantification starts from. quapy has it
and much more, but for samples without known probabilities and for one code per row; hence these few lines.
"""

import numpy as np
from scipy.optimize import nnls

from stancekit.evaluation.shares import Array, Units


def adjusted_count(units: Units, mask: np.ndarray | None = None) -> Array:
    """Return adjusted counts of all codes among some units, shape (codes,); NaN where no judged row bears a code.

    With M the rate at which rows of each code are given each code, and q the counted shares, it solves Mp = q for
    shares p that are not negative and, where a unit bears exactly one code, add up to 1 (Forman 2008, "Quantifying
    counts and costs via classification", section 3). The rates come from all judged rows, weighted by the inverse of
    their probability: that they are the same in every cell is assumed, not known.

    Examples
    --------
    >>> gold = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)
    >>> said = gold.copy().astype(bool)
    >>> said[:15] = [False, True]
    >>> units = Units(said * 1.0, said, np.arange(100), np.ones(100, bool), gold, np.ones(100))
    >>> said.mean(axis=0).tolist(), adjusted_count(units).round(2).tolist()
    ([0.15, 0.85], [0.3, 0.7])
    """
    inside = np.ones(len(units.said), dtype=bool) if mask is None else mask
    counted = units.said[inside].mean(axis=0)
    rows = np.flatnonzero(units.drawn)
    weights, gold, said = 1 / units.probability[rows], units.gold[rows], units.said[rows].astype(float)
    borne, free = weights @ gold, weights @ (1 - gold)
    if not units.exclusive:
        hit = (weights @ (gold * said)) / np.where(borne > 0, borne, np.nan)
        slip = (weights @ ((1 - gold) * said)) / np.where(free > 0, free, np.nan)
        return np.asarray(np.clip((counted - slip) / np.where(hit > slip, hit - slip, np.nan), 0, 1))
    if (borne == 0).any():
        return np.full(len(counted), np.nan)
    rates = (said * weights[:, None]).T @ gold / borne
    found = nnls(rates, counted)[0]
    return np.asarray(found / found.sum()) if found.sum() > 0 else np.full(len(counted), np.nan)
