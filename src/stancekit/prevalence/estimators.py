"""Shares by adjusted counting: what counting said, corrected by how the model errs on judged rows.

Kept beside our estimates for comparison, since it is what the literature on quantification starts
from. quapy has it and much more, but for samples without known probabilities and for one code per
row; hence these few lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import t as student

from stancekit.evaluation.bootstrap import LEVEL
from stancekit.prevalence.sampling import Sample, join_samples
from stancekit.types import FloatArray

# Below so many gold labels, or effective units with one, a cell gets no number.
FEW, FEW_UNITS = 20, 8


@dataclass(frozen=True, slots=True)
class SampledUnits:
    """What there is to count: N units, of which some bear gold codes.

    Attributes
    ----------
    scores, said
        The model's score of each code and whether it gives the code, shape (N, codes).
    article
        The number of each unit's article, shape (N,).
    drawn
        Whether a unit has gold codes, shape (N,).
    gold
        Whether a drawn unit bears each code, shape (N, codes); what stands in other rows is not
        read.
    probability
        With what probability a unit was drawn, the inverse of its weight, shape (N,); read of drawn
        ones only.
    exclusive
        Whether a unit bears exactly one code, so that shares add up to 1.
    samples
        How units were drawn, where that took more than one draw or not all drawn units were
        annotated; by default one draw with `probability`.
    """

    scores: FloatArray
    said: NDArray[np.bool_]
    article: NDArray[np.int64]
    drawn: NDArray[np.bool_]
    gold: FloatArray
    probability: FloatArray
    exclusive: bool = True
    samples: Sequence[Sample] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    """The shares of every code in one cell of a corpus; arrays of shape (codes,).

    `naive` counts labels, `classical` uses the gold sample alone, `value` both. `influence` and
    `classical_influence` have shape (units of chance, codes): what each unit adds to the estimate,
    from which variances of differences follow. Of a claim about this corpus chance lies in which
    rows were drawn; of one beyond it, in the articles. `effective` is how many units bear gold
    labels, fewer than there are where they weigh differently; `weight` says how far the scores are
    trusted: 0 not at all, 1 fully. `certain` says that every row of the cell was annotated and the
    claim is about these very rows: then the share is known, however the rows were drawn.
    """

    n: int
    gold: int
    effective: float
    naive: FloatArray
    value: FloatArray
    classical: FloatArray
    weight: FloatArray
    influence: FloatArray
    classical_influence: FloatArray
    certain: bool = False

    @property
    def enough(self) -> bool:
        """Say whether there are gold labels enough for a number."""
        return self.certain or (self.gold >= FEW and self.effective >= FEW_UNITS)


def _scattered(home: NDArray[np.int64], values: FloatArray, units: int) -> FloatArray:
    found = np.zeros((units, values.shape[1]))
    np.add.at(found, home, values)
    return found


def estimate_domain(
    units: SampledUnits, mask: NDArray[np.bool_] | None = None, *, corpus: bool = True
) -> Domain:
    """Estimate the shares of all codes among some units.

    Parameters
    ----------
    mask
        Which units make up the cell, shape (N,); by default all.
    corpus
        Whether the claim is about this very corpus, where what was drawn is known for certain and
        articles are not a sample of anything (finite population correction), or about what such
        articles say beyond it.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> gold = random.random(4000) < 0.3
    >>> scores = np.where(gold, 0.7, 0.2)[:, None]
    >>> drawn = random.random(4000) < 0.1
    >>> units = SampledUnits(
    ...     scores, scores > 0.5, np.arange(4000) // 10, drawn, gold[:, None] * 1.0, np.full(4000, 0.1), exclusive=False
    ... )
    >>> found = estimate_domain(units)
    >>> low, high = share_interval(found)
    >>> bool(low[0] < gold.mean() < high[0])
    True
    """
    inside = np.ones(len(units.scores), dtype=bool) if mask is None else mask
    # The units of chance: rows that were drawn, or articles.
    number = np.cumsum(units.drawn) - 1 if corpus else units.article
    many, n = int(number.max()) + 1, int(inside.sum())
    codes = units.scores.shape[1]
    rows, inverse, left = _weighted(units, inside)
    scores = units.scores[inside]
    naive = units.said[inside].mean(axis=0) if n else np.full(codes, np.nan)
    if not len(rows):
        nothing, empty = np.full(codes, np.nan), np.zeros((many, codes))
        return Domain(n, 0, 0.0, naive, nothing, nothing, np.zeros(codes), empty, empty)
    weights = (inverse / inverse.sum())[:, None]
    gold, seen, own = units.gold[rows], units.scores[rows], number[rows]
    classical, of_seen, of_all = (
        (weights * gold).sum(axis=0),
        (weights * seen).sum(axis=0),
        scores.mean(axis=0),
    )
    # Of a unit that is drawn for certain nothing is left to chance.
    chance = np.sqrt(left)[:, None] if corpus else 1.0
    alone = _scattered(own, chance * weights * (gold - classical), many)
    control = -_scattered(own, chance * weights * (seen - of_seen), many)
    if not corpus:
        control += _scattered(number[inside], (scores - of_all) / n, many)
    trust, influence = _tuned(alone, control, together=units.exclusive)
    sizes = np.bincount(own, weights=weights[:, 0], minlength=many)
    return Domain(
        n,
        len(rows),
        float(1 / (sizes**2).sum()),
        naive,
        _valid(classical + trust * (of_all - of_seen), exclusive=units.exclusive),
        _valid(classical, exclusive=units.exclusive),
        trust,
        influence,
        alone,
        certain=corpus and len(rows) == n,
    )


def _weighted(
    units: SampledUnits, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return the annotated rows of a cell, their weights, and what part of each one's variance is left to chance."""
    rows = np.flatnonzero(inside & units.drawn)
    if len(rows) == inside.sum():
        # Where every row is annotated, how likely that was says nothing more about the share: all
        # count alike.
        return rows, np.ones(len(rows)), np.zeros(len(rows))
    if units.samples:
        return join_samples(units.samples, inside)
    return rows, 1 / units.probability[rows], 1 - units.probability[rows]


def _tuned(
    alone: FloatArray, control: FloatArray, *, together: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the weight of the scores that makes the variance least, per code, and each unit's influence."""
    cross, square = (alone * control).sum(axis=0), (control**2).sum(axis=0)
    if together:
        cross, square = (np.full_like(of, of.sum()) for of in (cross, square))
    trust = np.clip(-cross / np.maximum(square, 1e-300), 0, 1)
    return trust, alone + trust * control


def _valid(shares: FloatArray, *, exclusive: bool) -> FloatArray:
    """Return shares between 0 and 1, and of sum 1 where units bear exactly one code."""
    kept = np.clip(shares, 0, 1)
    # What adds up to 1 but for rounding stays as it is.
    return (
        kept / kept.sum() if exclusive and abs(kept.sum() - 1) > 1e-9 and kept.sum() > 0 else kept
    )


def _variance(influence: FloatArray, effective: float) -> FloatArray:
    return np.asarray((influence**2).sum(axis=0) * effective / max(effective - 1, 1))


def quantile(effective: float, level: float = LEVEL) -> float:
    """Return Student's quantile for an effective number of units with gold labels."""
    return float(student.ppf((1 + level) / 2, max(effective - 1, 1)))


def share_interval(
    found: Domain, *, classical: bool = False, level: float = LEVEL
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of every share's interval, between 0 and 1.

    Wilson's (1927) with the sample size that the variance amounts to, which holds near 0 and 1
    where the share plus and minus its error does not (Korn and Graubard 1998, for surveys).
    """
    share = found.classical if classical else found.value
    if found.certain:
        return share, share
    centre, half = _wilson(found, 1.0, 1.0, classical=classical, level=level)
    # Wilson's interval holds its share; rounding must not take a share of 0 or 1 out of it.
    return np.minimum(np.clip(centre - half, 0, 1), share), np.maximum(
        np.clip(centre + half, 0, 1), share
    )


def half_width(
    found: Domain, *, more: float = 1.0, left: float = 1.0, classical: bool = False
) -> FloatArray:
    """Return half of every interval, if there were `more` times the gold labels and `left` times the unjudged rest."""
    if found.certain or not left:
        return np.zeros_like(found.value)
    return _wilson(found, more, left, classical=classical, level=LEVEL)[1]


def _wilson(
    found: Domain, more: float, left: float, *, classical: bool, level: float
) -> tuple[FloatArray, FloatArray]:
    share, effective = found.classical if classical else found.value, found.effective * more
    influence = found.classical_influence if classical else found.influence
    variance = _variance(influence, found.effective) * left / more
    q = quantile(effective, level)
    # A code that was never seen has no variance: then the sample counts as one of as many units.
    size = np.where(variance > 1e-12, share * (1 - share) / np.maximum(variance, 1e-12), 0.0)
    size = np.maximum(size, min(found.gold * more, effective))
    centre = (share + q**2 / (2 * size)) / (1 + q**2 / size)
    half = q / (1 + q**2 / size) * np.sqrt(share * (1 - share) / size + q**2 / (4 * size**2))
    return centre, half


def contrast(
    cells: Sequence[Domain], by: Sequence[float], *, level: float = LEVEL
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a weighted sum of the shares of cells, as of a difference or a slope, and the ends of its interval.

    Articles that stand in several cells are taken into account. The ends lie within what shares
    between 0 and 1 allow.

    Examples
    --------
    >>> one = Domain(9, 9, 30.0, *[np.array([0.4])] * 4, np.full((30, 1), 0.01), np.full((30, 1), 0.01))
    >>> value, low, high = contrast([one, one], [1, -1])
    >>> float(value[0]), float(low[0]), float(high[0])
    (0.0, 0.0, 0.0)
    """
    value = np.sum([weight * one.value for weight, one in zip(by, cells, strict=True)], axis=0)
    influence = np.sum(
        [weight * one.influence for weight, one in zip(by, cells, strict=True)], axis=0
    )
    # Cells that are known for certain add no uncertainty, however few rows they have.
    least = min((one.effective for one in cells if not one.certain), default=np.inf)
    half = (
        quantile(least, level) * np.sqrt(_variance(influence, least))
        if np.isfinite(least)
        else np.zeros_like(value)
    )
    most = sum(weight for weight in by if weight > 0)
    fewest = sum(weight for weight in by if weight < 0)
    return value, np.maximum(value - half, min(fewest, 0.0)), np.minimum(value + half, most)


def adjusted_count(units: SampledUnits, mask: np.ndarray | None = None) -> FloatArray:
    """Return adjusted counts of all codes among some units, shape (codes,); NaN where no judged row bears a code.

    With M the rate at which rows of each code are given each code, and q the counted shares, it
    solves Mp = q for shares p that are not negative and, where a unit bears exactly one code, add
    up to 1 (Forman 2008, "Quantifying counts and costs via classification", section 3). The rates
    come from all judged rows, weighted by the inverse of their probability: that they are the same
    in every cell is assumed, not known.

    Examples
    --------
    >>> gold = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)
    >>> said = gold.copy().astype(bool)
    >>> said[:15] = [False, True]
    >>> units = SampledUnits(said * 1.0, said, np.arange(100), np.ones(100, bool), gold, np.ones(100))
    >>> said.mean(axis=0).tolist(), adjusted_count(units).round(2).tolist()
    ([0.15, 0.85], [0.3, 0.7])
    """
    inside = np.ones(len(units.said), dtype=bool) if mask is None else mask
    counted = units.said[inside].mean(axis=0)
    rows = np.flatnonzero(units.drawn)
    weights, gold, said = (
        1 / units.probability[rows],
        units.gold[rows],
        units.said[rows].astype(float),
    )
    borne, free = weights @ gold, weights @ (1 - gold)
    if not units.exclusive:
        hit = (weights @ (gold * said)) / np.where(borne > 0, borne, np.nan)
        slip = (weights @ ((1 - gold) * said)) / np.where(free > 0, free, np.nan)
        return np.asarray(
            np.clip((counted - slip) / np.where(hit > slip, hit - slip, np.nan), 0, 1)
        )
    if (borne == 0).any():
        return np.full(len(counted), np.nan)
    rates = (said * weights[:, None]).T @ gold / borne
    found = nnls(rates, counted)[0]
    return np.asarray(found / found.sum()) if found.sum() > 0 else np.full(len(counted), np.nan)
