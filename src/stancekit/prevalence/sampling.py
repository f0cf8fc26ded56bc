"""Annotated samples of rows: several taken together, and whether the annotated part of one looks like all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from stancekit.errors import KitError
from stancekit.types import FloatArray

DESIGNS = ("random", "stratified", "uncertain")


def inclusion_probabilities(
    strata: Sequence[str], scores: FloatArray, n: int, *, how: str = "random"
) -> FloatArray:
    """Return the probability with which to draw each unit, shape (N,); they add up to n, or to N where that is less.

    Parameters
    ----------
    strata
        What a unit is stratified by.
    scores
        A model's scores, shape (N, codes).
    how
        `random`: all alike. `stratified`: as many of each stratum, as far as it has them.
        `uncertain`: in proportion to the standard deviation that the scores promise, which makes
        the error least for a given n if they are right (Neyman 1934); a fifth is drawn all alike,
        in case they are not.

    Examples
    --------
    >>> inclusion_probabilities(["a", "a", "a", "b"], np.ones((4, 1)), 2, how="stratified").round(2).tolist()
    [0.33, 0.33, 0.33, 1.0]
    """
    if how not in DESIGNS:
        raise KitError(f"unknown how={how!r}; sample knows: {', '.join(DESIGNS)}. Set how=random")
    if n < 1:
        raise KitError(f"n is {n}; draw at least one unit")
    size = len(scores)
    if n >= size:
        return np.ones(size)
    if how == "random":
        return np.full(size, n / size)
    if how == "stratified":
        names, home, counts = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
        return allocate(np.ones(len(names)), counts, n)[home] / counts[home]
    spread = np.sqrt((scores * (1 - scores)).clip(0).sum(axis=1))
    spread = np.full(size, 1.0) if spread.sum() == 0 else spread / spread.mean()
    return allocate(0.2 + 0.8 * spread, np.ones(size), n)


def allocate(wanted: FloatArray, most: NDArray[np.int64] | FloatArray, n: float) -> FloatArray:
    """Share out n in proportion to `wanted`, nobody more than `most`.

    Examples
    --------
    >>> allocate(np.array([3.0, 1.0]), np.array([4, 9]), 8).tolist()
    [4.0, 4.0]
    """
    given = np.zeros(len(wanted))
    free = np.ones(len(wanted), dtype=bool)
    while free.any():
        left = n - given[~free].sum()
        given[free] = left * wanted[free] / wanted[free].sum()
        over = free & (given > most)
        if not over.any():
            break
        given[over] = np.asarray(most, dtype=float)[over]
        free &= ~over
    return given


def draw_sample(
    probability: FloatArray, strata: Sequence[str] | None = None, *, random_state: int = 0
) -> NDArray[np.int64]:
    """Draw units with the given probabilities, as many as these add up to, and return their rows in order.

    Systematic sampling in random order (Madow 1949), which keeps to the probabilities exactly; of
    each stratum as many are drawn as its probabilities add up to, give or take one where that is no
    whole number.

    Examples
    --------
    >>> draw_sample(np.array([1.0, 0.5, 0.5, 1.0])).tolist() in ([0, 1, 3], [0, 2, 3])
    True
    """
    random = np.random.default_rng(random_state)
    home = (
        np.zeros(len(probability))
        if strata is None
        else np.unique(np.asarray(strata), return_inverse=True)[1]
    )
    order = np.lexsort((random.random(len(probability)), home))
    ends = np.cumsum(probability[order])
    # Where the sum should be whole, rounding must not lose the last one.
    ends[-1] = round(float(ends[-1]), 9)
    points = random.random() + np.arange(int(np.ceil(ends[-1])))
    points = points[points < ends[-1]]
    return np.sort(order[np.searchsorted(ends, points, side="right")])


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
        1 where it was drawn from all rows, k where it was drawn from those that no smaller batch
        had drawn.
    """

    rows: NDArray[np.int64]
    probability: FloatArray
    annotated: NDArray[np.bool_]
    batch: int = 1


@dataclass(frozen=True, slots=True)
class _Part:
    """What a sample has in some cell: how many rows it drew, those annotated, and how many rows these stand for."""

    batch: int
    drawn: int
    rows: NDArray[np.int64]
    probability: FloatArray
    pool: int

    @property
    def share(self) -> float:
        return len(self.rows) / self.drawn if self.drawn else 1.0

    @property
    def own(self) -> FloatArray:
        """Return the weight of each row among those that the sample was drawn from."""
        inverse = 1 / self.probability
        return np.asarray(self.pool * inverse / inverse.sum()) if len(inverse) else inverse

    def spread(self, others: Sequence["_Part"]) -> float:
        """Return the variance that probabilities alone promise to the sample's estimate, infinite where it has none."""
        before = [one for one in others if one.batch < self.batch]
        if any(one.drawn and not len(one.rows) for one in before) or (
            self.pool and not len(self.rows)
        ):
            return np.inf
        guessed = sum(len(one.rows) * (1 - one.share) / one.share**2 for one in before)
        return float(((1 - self.probability * self.share) * self.own**2).sum() + guessed)


def join_samples(
    samples: Sequence[Sample], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return the annotated rows of a cell, their weights in all samples together, and what is left to chance of each.

    Sample k gives an estimate of a total in the cell: its own rows, weighted by their probability,
    stand for those that smaller batches had not drawn, and the rows of these for themselves. Given
    the batches before, each estimate is unbiased, so no two of them covary (Raj 1956, "Some
    estimators in sampling with varying probabilities without replacement"); samples of one batch
    are drawn independently. The estimates are averaged with weights inverse to the variance that
    probabilities and numbers of rows promise: that does not look at the codes, so the average leans
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
        Row numbers, weights that add up to the size of the cell, and the part of each row's
        variance that is left to chance in a claim about these very rows: for one sample that is
        annotated in full, 1 minus its probability. Empty where the annotated rows stand for a part
        of the cell only.

    Examples
    --------
    >>> first = Sample(np.arange(2), np.full(2, 0.2), np.ones(2, bool))
    >>> more = Sample(np.arange(2, 6), np.full(4, 0.5), np.ones(4, bool), batch=2)
    >>> rows, weights, left = join_samples([first, more], np.ones(10, bool))
    >>> rows.tolist(), weights.round(2).tolist()
    ([0, 1, 2, 3, 4, 5], [1.67, 1.67, 1.67, 1.67, 1.67, 1.67])
    """
    parts = _sample_parts(samples, inside)
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


def _sample_parts(samples: Sequence[Sample], inside: NDArray[np.bool_]) -> list[_Part]:
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


def differing_facts(
    annotated: NDArray[np.bool_], facts: Mapping[str, FloatArray], level: float = 0.001
) -> list[str]:
    """Return in what the annotated ones of drawn rows differ from the others, more than a random part of them would.

    Parameters
    ----------
    annotated
        Whether a drawn row was annotated, shape (n,).
    facts
        By name what is known of every drawn row, shape (n,), as its place in the corpus.
    level
        How often a random part would be found to differ in anything (rank tests, Mann and Whitney
        1947, with Bonferroni's correction).

    Examples
    --------
    >>> half = np.arange(80) < 40
    >>> differing_facts(half, {"place": np.arange(80.0), "score": np.tile([0.2, 0.9], 40)})
    ['place']
    """
    if annotated.all() or not annotated.any():
        return []
    told = {name: of for name, of in facts.items() if np.ptp(of) > 0}
    return [
        name
        for name, of in told.items()
        if mannwhitneyu(of[annotated], of[~annotated]).pvalue < level / len(told)
    ]
