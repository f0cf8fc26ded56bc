"""Annotated samples of rows: several taken together, and whether the annotated part of one looks like all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows that were drawn together, of which some or all were annotated.

    Attributes
    ----------
    rows
        The numbers of the drawn rows, shape (n,).
    probability
        With what probability each was drawn, shape (n,).
    annotated
        Which of them were annotated, shape (n,): taken for a random part of the drawn ones.
    batch
        1 where it was drawn from all rows, k where it was drawn from those that no smaller batch had drawn.
    """

    rows: NDArray[np.int64]
    probability: Array
    annotated: NDArray[np.bool_]
    batch: int = 1


@dataclass(frozen=True, slots=True)
class _Part:
    """What a sample has in some cell: how many rows it drew, those annotated, and how many rows these stand for."""

    batch: int
    drawn: int
    rows: NDArray[np.int64]
    probability: Array
    pool: int

    @property
    def share(self) -> float:
        return len(self.rows) / self.drawn if self.drawn else 1.0

    @property
    def own(self) -> Array:
        """Return the weight of each row among those that the sample was drawn from."""
        inverse = 1 / self.probability
        return np.asarray(self.pool * inverse / inverse.sum()) if len(inverse) else inverse

    def spread(self, others: Sequence["_Part"]) -> float:
        """Return the variance that probabilities alone promise to the sample's estimate, infinite where it has none."""
        before = [one for one in others if one.batch < self.batch]
        if any(one.drawn and not len(one.rows) for one in before) or (self.pool and not len(self.rows)):
            return np.inf
        guessed = sum(len(one.rows) * (1 - one.share) / one.share**2 for one in before)
        return float(((1 - self.probability * self.share) * self.own**2).sum() + guessed)


def joined(samples: Sequence[Sample], inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Array, Array]:
    """Return the annotated rows of a cell, their weights in all samples together, and what is left to chance of each.

    Sample k gives an estimate of a total in the cell: its own rows, weighted by their probability, stand for those that
    smaller batches had not drawn, and the rows of these for themselves. Given the batches before, each estimate is
    unbiased, so no two of them covary (Raj 1956, "Some estimators in sampling with varying probabilities without
    replacement"); samples of one batch are drawn independently. The estimates are averaged with weights inverse to the
    variance that probabilities and numbers of rows promise: that does not look at the codes, so the average leans
    nowhere either. A row has the weight that all estimates together give it.

    Parameters
    ----------
    samples
        Samples of the same N rows; of batches below the largest one sample each.
    inside
        Which rows make up the cell, shape (N,).

    Returns
    -------
    tuple of arrays
        Row numbers, weights that add up to the size of the cell, and the part of each row's variance that is left to
        chance in a claim about these very rows: for one sample that is annotated in full, 1 minus its probability.
        Empty where the annotated rows stand for a part of the cell only.

    Examples
    --------
    >>> first = Sample(np.arange(2), np.full(2, 0.2), np.ones(2, bool))
    >>> more = Sample(np.arange(2, 6), np.full(4, 0.5), np.ones(4, bool), batch=2)
    >>> rows, weights, left = joined([first, more], np.ones(10, bool))
    >>> rows.tolist(), weights.round(2).tolist()
    ([0, 1, 2, 3, 4, 5], [1.67, 1.67, 1.67, 1.67, 1.67, 1.67])
    """
    parts = _parts(samples, inside)
    trust = _trust([one.spread(parts) for one in parts])
    weight, variance = np.zeros(len(inside)), np.zeros(len(inside))
    for one, part in zip(parts, trust, strict=True):
        own = part * one.own
        later = sum(other for of, other in zip(parts, trust, strict=True) if of.batch > one.batch)
        both = own + later / one.share if len(one.rows) else own
        weight[one.rows] += both
        # Chance lies in which of the drawn rows were annotated, and in which were drawn.
        variance[one.rows] += (1 - one.share) * both**2 + (1 - one.probability) * one.share * own**2
    rows = np.flatnonzero(weight)
    return rows, weight[rows], np.minimum(variance[rows] / weight[rows] ** 2, 1)


def _parts(samples: Sequence[Sample], inside: NDArray[np.bool_]) -> list[_Part]:
    parts = []
    for one in samples:
        before = np.zeros(len(inside), dtype=bool)
        for of in samples:
            before[of.rows] |= of.batch < one.batch
        own = inside[one.rows]
        hit = own & one.annotated
        pool = int((inside & ~before).sum())
        parts.append(_Part(one.batch, int(own.sum()), one.rows[hit], one.probability[hit], pool))
    return parts


def _trust(spread: Sequence[float]) -> list[float]:
    """Return the weight of each sample's estimate; they add up to 1, or to 0 where no sample has one."""
    least = min(spread, default=np.inf)
    # What leaves nothing to chance needs no help.
    precise = [float(one <= 0) if least <= 0 else 1 / one for one in spread]
    return [one / max(sum(precise), 1e-300) for one in precise]


def unlike(annotated: NDArray[np.bool_], facts: Mapping[str, Array], level: float = 0.001) -> list[str]:
    """Return in what the annotated ones of drawn rows differ from the others, more than a random part of them would.

    Parameters
    ----------
    annotated
        Whether a drawn row was annotated, shape (n,).
    facts
        By name what is known of every drawn row, shape (n,), as its place in the corpus.
    level
        How often a random part would be found to differ in anything (rank tests, Mann and Whitney 1947, with
        Bonferroni's correction).

    Examples
    --------
    >>> half = np.arange(80) < 40
    >>> unlike(half, {"place": np.arange(80.0), "score": np.tile([0.2, 0.9], 40)})
    ['place']
    """
    if annotated.all() or not annotated.any():
        return []
    told = {name: of for name, of in facts.items() if np.ptp(of) > 0}
    return [name for name, of in told.items() if mannwhitneyu(of[annotated], of[~annotated]).pvalue < level / len(told)]
