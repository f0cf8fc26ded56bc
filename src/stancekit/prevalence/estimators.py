"""Estimators of shares: a model's scores on every row, corrected by the rows that were annotated.

PPI++ (Angelopoulos, Duchi and Zrnic 2023); METHOD.md has the formulas.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.bootstrap import LEVEL
from stancekit.prevalence.doubt import CellRows, Doubt, DoubtedGold, join_doubts
from stancekit.prevalence.sampling import Sample, join_samples
from stancekit.types import BoolArray, FloatArray

# A cell with fewer annotated rows, or effective sampling units, gets no estimate: with 8 units
# Student's quantile is a fifth above the normal one, and with 20 rows none of which has a code, its
# share is below a fifth.
MIN_ANNOTATED, MIN_UNITS = 20, 8
# What tables call the estimate from annotated rows without the model.
ANNOTATION_ONLY = "annotation only"
SUM_ROUNDING, NO_VARIANCE = 1e-9, 1e-12  # what is smaller is rounding


@dataclass(frozen=True, slots=True)
class SampledUnits:
    """The N units of a corpus, of which some are annotated.

    Attributes
    ----------
    scores, predicted
        The model's score of each code and whether it gives the code, shape (N, codes).
    article
        The number of each unit's article, shape (N,).
    annotated
        Whether a unit has gold codes, shape (N,).
    gold
        Whether an annotated unit has each code, shape (N, codes); other rows are not
        read.
    probability
        With what probability a unit was drawn, the inverse of its weight, shape (N,);
        read of annotated ones only.
    exclusive
        Whether a unit has exactly one code, so that shares add up to 1.
    samples
        How units were drawn, where that took more than one draw or not all drawn units
        were annotated; by default one draw with `probability`.
    doubted
        How uncertain gold is, where several judged a row; `None` where it is the truth.
    """

    scores: FloatArray
    predicted: BoolArray
    article: NDArray[np.int64]
    annotated: BoolArray
    gold: FloatArray
    probability: FloatArray
    exclusive: bool = True
    samples: Sequence[Sample] = ()
    doubted: DoubtedGold | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """The shares of every code in one cell of a corpus; arrays of shape (codes,).

    Attributes
    ----------
    n, n_annotated
        The units of the cell, and those of them with gold codes.
    effective
        How many sampling units the annotated ones amount to: fewer than there are where
        they have different weights (Kish 1965).
    counted, gold_only, value
        The share by the model's codes, by the annotated units alone, and by both.
    lambda_
        The weight of the scores in `value`: 0 they are of no use, 1 they are used
        fully.
    influence, gold_only_influence
        What each sampling unit adds to `value` and to `gold_only`, shape (sampling
        units, codes); variances of differences follow from it. The sampling units of a
        claim about this corpus are its annotated rows, of one beyond it its articles.
    certain
        Whether every unit was annotated and the claim is about these very units: then
        the share is known, however they were drawn.
    doubt, gold_only_doubt
        What annotators add to the variance of `value` and of `gold_only`; `None` where
        gold is the truth.
    """

    n: int
    n_annotated: int
    effective: float
    counted: FloatArray
    value: FloatArray
    gold_only: FloatArray
    lambda_: FloatArray
    influence: FloatArray
    gold_only_influence: FloatArray
    certain: bool = False
    doubt: Doubt | None = None
    gold_only_doubt: Doubt | None = None

    @property
    def enough(self) -> bool:
        """Say whether enough units are annotated for an estimate, by enough annotators."""
        if self.certain:
            return True
        judged = self.doubt is None or self.doubt.enough
        return judged and self.n_annotated >= MIN_ANNOTATED and self.effective >= MIN_UNITS

    @property
    def unseen(self) -> BoolArray:
        """Return of which codes no chance is seen: those of no annotated unit, or of every one."""
        constant = np.minimum(self.gold_only, 1 - self.gold_only) <= SUM_ROUNDING
        return np.asarray(constant & (not self.certain))

    @property
    def from_annotators(self) -> list[float | None]:
        """Return the part of each share's variance that comes from annotators, `None` where gold is the truth."""
        if self.doubt is None:
            return [None] * len(self.value)
        rows = _variance(self.influence, self.effective)
        return list(self.doubt.variance / np.maximum(self.doubt.variance + rows, NO_VARIANCE))


def sum_by_unit(unit: NDArray[np.int64], values: FloatArray, n_units: int) -> FloatArray:
    """Add up the rows of `values` that are of the same sampling unit, shape (units, columns)."""
    columns = [np.bincount(unit, weights=column, minlength=n_units) for column in values.T]
    return np.stack(columns, axis=1)


def estimate_domain(
    units: SampledUnits, mask: BoolArray | None = None, *, finite_population: bool = True
) -> Domain:
    """Estimate the shares of all codes among some units.

    Parameters
    ----------
    mask
        Which units make up the cell, shape (N,); by default all.
    finite_population
        Whether the claim is about this very corpus: what was annotated is known, and
        the articles are not a sample of anything. Otherwise the articles are a sample
        of what the claim is about.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> gold = random.random(4000) < 0.3
    >>> scores = np.where(gold, 0.7, 0.2)[:, None]
    >>> annotated = random.random(4000) < 0.1
    >>> article, probability = np.arange(4000) // 10, np.full(4000, 0.1)
    >>> units = SampledUnits(
    ...     scores, scores > 0.5, article, annotated, gold[:, None] * 1.0, probability, exclusive=False
    ... )
    >>> domain = estimate_domain(units)
    >>> low, high = share_interval(domain)
    >>> bool(low[0] < gold.mean() < high[0])
    True
    """
    inside = np.ones(len(units.scores), dtype=bool) if mask is None else mask
    unit = np.cumsum(units.annotated) - 1 if finite_population else units.article
    n_units, n = int(unit.max()) + 1, int(inside.sum())
    n_codes = units.scores.shape[1]
    counted = units.predicted[inside].mean(axis=0) if n else np.full(n_codes, np.nan)
    rows, inverse, remaining = weigh_rows(units, inside)
    if not len(rows):
        unknown, empty = np.full(n_codes, np.nan), np.zeros((n_units, n_codes))
        return Domain(n, 0, 0.0, counted, unknown, unknown, np.zeros(n_codes), empty, empty)
    scores = units.scores[inside]
    weights = (inverse / inverse.sum())[:, None]
    gold, sampled = units.gold[rows], units.scores[rows]
    gold_only, mean_sampled = (weights * gold).sum(axis=0), (weights * sampled).sum(axis=0)
    mean_all = scores.mean(axis=0)
    # A unit that is drawn with certainty adds no sampling variance.
    left = np.sqrt(remaining)[:, None] if finite_population else 1.0
    from_gold = sum_by_unit(unit[rows], left * weights * (gold - gold_only), n_units)
    from_scores = -sum_by_unit(unit[rows], left * weights * (sampled - mean_sampled), n_units)
    if not finite_population:
        from_scores += sum_by_unit(unit[inside], (scores - mean_all) / n, n_units)
    lambda_ = _tune_lambda(from_gold, from_scores, shared=units.exclusive)
    unit_weights = np.bincount(unit[rows], weights=weights[:, 0], minlength=n_units)
    value = gold_only + lambda_ * (mean_all - mean_sampled)
    doubts: list[Doubt | None] = [None, None]
    if units.doubted is not None:
        for place, part in enumerate((lambda_, 0 * lambda_)):
            apart = weights * (gold - gold_only - part * (sampled - mean_sampled))
            added = from_gold + part * from_scores
            cell = CellRows(rows, weights[:, 0], apart, remaining, added, unit)
            doubts[place] = units.doubted.doubt(cell, finite_population=finite_population)
    return Domain(
        n=n,
        n_annotated=len(rows),
        effective=float(1 / (unit_weights**2).sum()),
        counted=counted,
        value=_valid_shares(value, exclusive=units.exclusive),
        gold_only=_valid_shares(gold_only, exclusive=units.exclusive),
        lambda_=lambda_,
        influence=from_gold + lambda_ * from_scores,
        gold_only_influence=from_gold,
        certain=finite_population and len(rows) == n and units.doubted is None,
        doubt=doubts[0],
        gold_only_doubt=doubts[1],
    )


def weigh_rows(
    units: SampledUnits, inside: BoolArray
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return the annotated rows of a cell, their weights, and what part of each one's variance is left."""
    rows = np.flatnonzero(inside & units.annotated)
    if len(rows) == inside.sum():
        # Where every row is annotated, its probability says nothing more about the
        # share: all count alike.
        return rows, np.ones(len(rows)), np.zeros(len(rows))
    if units.samples:
        return join_samples(units.samples, inside)
    return rows, 1 / units.probability[rows], 1 - units.probability[rows]


def _tune_lambda(from_gold: FloatArray, from_scores: FloatArray, *, shared: bool) -> FloatArray:
    """Return the weight of the scores that makes the variance least, per code or for all together."""
    covariance = (from_gold * from_scores).sum(axis=0)
    variance = (from_scores**2).sum(axis=0)
    if shared:
        covariance = np.full_like(covariance, covariance.sum())
        variance = np.full_like(variance, variance.sum())
    return np.asarray(np.clip(-covariance / np.maximum(variance, 1e-300), 0, 1))


def _valid_shares(shares: FloatArray, *, exclusive: bool) -> FloatArray:
    """Return shares between 0 and 1, and with the sum 1 where units have exactly one code."""
    clipped = np.clip(shares, 0, 1)
    total = clipped.sum()
    # Shares that add up to 1 but for rounding stay as they are.
    if exclusive and total > 0 and abs(total - 1) > SUM_ROUNDING:
        return np.asarray(clipped / total)
    return clipped


def _variance(influence: FloatArray, effective: float) -> FloatArray:
    return np.asarray((influence**2).sum(axis=0) * effective / max(effective - 1, 1))


def student_quantile(effective: float, level: float = LEVEL) -> float:
    """Return Student's quantile for an effective number of annotated sampling units."""
    from scipy.stats import t as student

    return float(student.ppf((1 + level) / 2, max(effective - 1, 1)))


def share_interval(
    domain: Domain, *, gold_only: bool = False, level: float = LEVEL
) -> tuple[FloatArray, FloatArray]:
    """Return the limits of every share's interval, between 0 and 1.

    Wilson's (1927) with the sample size that the variance amounts to, which holds near
    0 and 1 where the share plus and minus its error does not (Korn and Graubard 1998,
    for surveys).

    Parameters
    ----------
    gold_only
        Whether to return those of `Domain.gold_only` instead of `Domain.value`.
    """
    share = domain.gold_only if gold_only else domain.value
    if domain.certain:
        return share, share
    centre, half = _wilson(domain, gold_only=gold_only, level=level)
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    # Wilson's interval includes its share; rounding must not move a share of 0 or 1 out
    # of it.
    return np.minimum(low, share), np.maximum(high, share)


def half_width(
    domain: Domain, *, growth: float = 1.0, remaining: float = 1.0, gold_only: bool = False
) -> FloatArray:
    """Return half of every interval's width if there were more annotated rows.

    Parameters
    ----------
    growth
        How many times as many annotated rows.
    remaining
        The part of the variance that a finite population leaves, against now.
    """
    if domain.certain or not remaining:
        return np.zeros_like(domain.value)
    return _wilson(domain, growth=growth, remaining=remaining, gold_only=gold_only)[1]


def _wilson(
    domain: Domain,
    *,
    growth: float = 1.0,
    remaining: float = 1.0,
    gold_only: bool = False,
    level: float = LEVEL,
) -> tuple[FloatArray, FloatArray]:
    """Return the centre and half the width of Wilson's interval."""
    share = domain.gold_only if gold_only else domain.value
    influence = domain.gold_only_influence if gold_only else domain.influence
    effective = domain.effective * growth
    variance = _variance(influence, domain.effective) * remaining / growth
    q: float | FloatArray = student_quantile(effective, level)
    if doubt := domain.gold_only_doubt if gold_only else domain.doubt:
        variance, q = doubt.widen(variance, float(q), level)
    size = np.where(
        variance > NO_VARIANCE, share * (1 - share) / np.maximum(variance, NO_VARIANCE), 0.0
    )
    # Gold that is the same in every row has no variance, and what scores add to it is not its
    # own: then the sample counts as one of as many units.
    least = min(domain.n_annotated * growth, effective)
    size = np.where(domain.unseen, least, np.maximum(size, least))
    centre = (share + q**2 / (2 * size)) / (1 + q**2 / size)
    half = q / (1 + q**2 / size) * np.sqrt(share * (1 - share) / size + q**2 / (4 * size**2))
    return centre, half


def contrast(
    domains: Sequence[Domain], weights: Sequence[float], *, level: float = LEVEL
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a weighted sum of shares, such as a difference or a slope, and the limits of its interval.

    Articles that are in several cells are taken into account. The limits are within
    what shares between 0 and 1 allow.

    Examples
    --------
    >>> share, influence = np.array([0.4]), np.full((30, 1), 0.01)
    >>> domain = Domain(9, 9, 30.0, share, share, share, np.ones(1), influence, influence)
    >>> value, low, high = contrast([domain, domain], [1, -1])
    >>> float(value[0]), float(low[0]), float(high[0])
    (0.0, 0.0, 0.0)
    """
    floors = [_unseen_limit(domain, level) for domain in domains]
    value, half = contrast_error(domains, weights, floors, level=level)
    highest = sum(weight for weight in weights if weight > 0)
    lowest = sum(weight for weight in weights if weight < 0)
    return value, np.maximum(value - half, min(lowest, 0.0)), np.minimum(value + half, highest)


def _unseen_limit(domain: Domain, level: float) -> FloatArray:
    """Return how far the limit of a share is from it, 0 of codes whose variance annotated units show."""
    low, high = share_interval(domain, level=level)
    return np.where(domain.unseen, np.maximum(high - domain.value, domain.value - low), 0.0)


def contrast_error(
    domains: Sequence[Domain],
    weights: Sequence[float],
    floors: Sequence[FloatArray],
    *,
    level: float = LEVEL,
) -> tuple[FloatArray, FloatArray]:
    """Return a weighted sum of what cells estimate, and half the width of its interval, shape (codes,).

    Parameters
    ----------
    floors
        Half of what is not seen in the variance of each cell, shape (codes,); it adds up by squares
        (Newcombe 1998, of the limits of two shares).
    """
    pairs = list(zip(weights, domains, strict=True))
    value = np.sum([weight * domain.value for weight, domain in pairs], axis=0)
    influence = np.sum([weight * domain.influence for weight, domain in pairs], axis=0)
    # Cells that are known add no uncertainty, however few rows they have.
    effective = min((domain.effective for domain in domains if not domain.certain), default=np.inf)
    half = np.zeros_like(value)
    if np.isfinite(effective):
        variance, q = _variance(influence, effective), student_quantile(effective, level)
        doubt = join_doubts([domain.doubt for domain in domains], weights)
        wide = (variance, q) if doubt is None else doubt.widen(variance, q, level)
        half = wide[1] * np.sqrt(wide[0])
    for weight, floor in zip(weights, floors, strict=True):
        half = np.hypot(half, weight * floor)
    return value, half
