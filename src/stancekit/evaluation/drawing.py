"""Samples to be labelled by hand, with the probability of every unit that is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from stancekit.errors import KitError

Array = NDArray[np.float64]
HOW = ("random", "stratified", "uncertain")


def probabilities(strata: Sequence[str], scores: Array, n: int, *, how: str = "random") -> Array:
    """Return the probability with which to draw each unit, shape (N,); they add up to n, or to N where that is less.

    Parameters
    ----------
    strata
        What a unit is stratified by.
    scores
        A model's scores, shape (N, codes).
    how
        `random`: all alike. `stratified`: as many of each stratum, as far as it has them. `uncertain`: in proportion
        to the standard deviation that the scores promise, which makes the error least for a given n if they are right
        (Neyman 1934); a fifth is drawn all alike, in case they are not.

    Examples
    --------
    >>> probabilities(["a", "a", "a", "b"], np.ones((4, 1)), 2, how="stratified").round(2).tolist()
    [0.33, 0.33, 0.33, 1.0]
    """
    if how not in HOW:
        raise KitError(f"unknown how={how!r}; sample knows: {', '.join(HOW)}. Set how=random")
    if n < 1:
        raise KitError(f"n is {n}; draw at least one unit")
    size = len(scores)
    if n >= size:
        return np.ones(size)
    if how == "random":
        return np.full(size, n / size)
    if how == "stratified":
        names, home, counts = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
        return filled(np.ones(len(names)), counts, n)[home] / counts[home]
    spread = np.sqrt((scores * (1 - scores)).clip(0).sum(axis=1))
    spread = np.full(size, 1.0) if spread.sum() == 0 else spread / spread.mean()
    return filled(0.2 + 0.8 * spread, np.ones(size), n)


def filled(wanted: Array, most: NDArray[np.int64] | Array, n: float) -> Array:
    """Share out n in proportion to `wanted`, nobody more than `most`.

    Examples
    --------
    >>> filled(np.array([3.0, 1.0]), np.array([4, 9]), 8).tolist()
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


def draw(probability: Array, strata: Sequence[str] | None = None, *, random_state: int = 0) -> NDArray[np.int64]:
    """Draw units with the given probabilities, as many as these add up to, and return their rows in order.

    Systematic sampling in random order (Madow 1949), which keeps to the probabilities exactly; of each stratum
    as many are drawn as its probabilities add up to, give or take one where that is no whole number.

    Examples
    --------
    >>> draw(np.array([1.0, 0.5, 0.5, 1.0])).tolist() in ([0, 1, 3], [0, 2, 3])
    True
    """
    random = np.random.default_rng(random_state)
    home = np.zeros(len(probability)) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    order = np.lexsort((random.random(len(probability)), home))
    ends = np.cumsum(probability[order])
    # Where the sum should be whole, rounding must not lose the last one.
    ends[-1] = round(float(ends[-1]), 9)
    points = random.random() + np.arange(int(np.ceil(ends[-1])))
    points = points[points < ends[-1]]
    return np.sort(order[np.searchsorted(ends, points, side="right")])


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows that were drawn together, and how many of them were annotated.

    Attributes
    ----------
    rows
        The numbers of the annotated rows, shape (n,).
    probability
        With what probability each was drawn, shape (n,).
    share
        How many of the drawn rows were annotated: they are taken for a random part of them.
    batch
        1 where it was drawn from all rows, k where it was drawn from those that no smaller batch had drawn.
    """

    rows: NDArray[np.int64]
    probability: Array
    share: float = 1.0
    batch: int = 1


def joined(samples: Sequence[Sample], size: int) -> tuple[Array, Array]:
    """Return the inverse weight of every row in samples taken together, and the part of its variance left to chance.

    Sample k gives an estimate of any total: its own rows, weighted by their probability, stand for what the smaller
    batches had not drawn, and the rows of these for themselves. Each is unbiased given those before it, and so no two
    of them covary (Raj 1956, "Some estimators in sampling with varying probabilities without replacement"; samples of
    one batch are drawn independently). They are averaged with weights inverse to the variance that the probabilities
    alone promise: weights that do not look at the codes, so the average is unbiased too. A row keeps the weights that
    it has in each.

    Returns
    -------
    tuple of arrays
        Both of shape (size,); 1 and 0 for rows that were not annotated. For one sample that is annotated in full,
        its probabilities and 1 minus these.

    Raises
    ------
    KitError
        When nothing of a smaller batch is annotated, so that its rows stand for nothing.

    Examples
    --------
    >>> first = Sample(np.arange(2), np.full(2, 0.2))
    >>> rest = Sample(np.arange(2, 6), np.full(4, 0.5), batch=2)
    >>> probability, left = joined([first, rest], 10)
    >>> float((1 / probability)[:6].sum().round(6)), float((1 / joined([first], 10)[0])[:2].sum())
    (10.0, 10.0)
    """
    weight, variance, drawn = np.zeros(size), np.zeros(size), np.zeros(size, dtype=bool)
    some = [one for one in samples if len(one.rows)]
    last = max((one.batch for one in some), default=0)
    if lost := sorted({one.batch for one in samples if not len(one.rows) and one.batch < last}):
        raise KitError(
            f"nothing of batch {lost[0]} is annotated, and of batch {last} some is; annotate the first first"
        )
    parts = _parts(some)
    for one, part in zip(some, parts, strict=True):
        own = part / one.probability
        known = sum(other for of, other in zip(some, parts, strict=True) if of.batch > one.batch)
        weight[one.rows] += (own + known) / one.share
        # Which drawn rows were annotated, and which were drawn.
        variance[one.rows] += (1 - one.share) * ((own + known) / one.share) ** 2
        variance[one.rows] += (1 - one.probability) * own**2 / one.share
        drawn[one.rows] = True
    inverse, left = np.ones(size), np.zeros(size)
    inverse[drawn] = 1 / weight[drawn]
    left[drawn] = np.minimum(variance[drawn] * inverse[drawn] ** 2, 1)
    return inverse, left


def _parts(samples: Sequence[Sample]) -> list[float]:
    """Return with what weight each sample's estimate enters the average; they add up to 1."""
    spread = []
    for one in samples:
        chance = one.probability * one.share
        before = sum(len(of.rows) * (1 - of.share) / of.share**2 for of in samples if of.batch < one.batch)
        spread.append(float(((1 - chance) / chance**2).sum()) + before)
    # What leaves nothing to chance needs no help.
    precise = [float(one == min(spread)) if min(spread) <= 0 else 1 / one for one in spread]
    return [one / sum(precise) for one in precise]


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
