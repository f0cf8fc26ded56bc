"""Samples of rows: how to draw them, how to use several together, and whether the annotated part is a random one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.types import BoolArray, FloatArray

DESIGNS = ("random", "stratified", "uncertain", "disagreement")
# The part of an uncertain sample, or one by disagreement, that is drawn with the same probability for all rows:
# no row is then drawn with less than a fifth of the mean probability, so no weight is
# above five times the mean, however wrong the scores are.
UNIFORM_PART = 0.2


def inclusion_probabilities(
    strata: Sequence[str],
    scores: FloatArray,
    n: int,
    *,
    design: str = "random",
    others: Sequence[FloatArray] = (),
) -> FloatArray:
    """Return the probability with which to draw each unit, shape (N,); the sum is n, or N where that is less.

    Parameters
    ----------
    strata
        What a unit is stratified by.
    scores
        A model's scores, shape (N, codes).
    design
        `random`: the same for all. `stratified`: as many of each stratum, as far as it
        has them. `uncertain`: in proportion to the standard deviation that the scores
        imply, which makes the error least for a given n if they are right (Neyman
        1934); a fifth is drawn with the same probability for all, in case they are not.
        `disagreement`: likewise in proportion to the standard deviation of the scores over
        models, the root of its square summed over codes (a committee's vote, Seung, Opper and
        Sompolinsky 1992, by scores in place of codes).
    others
        The scores of other models, for `disagreement`.

    Raises
    ------
    KitError
        When the design is unknown, n is less than 1, or the models are too few or too many.

    Examples
    --------
    >>> inclusion_probabilities(["a", "a", "a", "b"], np.ones((4, 1)), 2, design="stratified").round(2).tolist()
    [0.33, 0.33, 0.33, 1.0]
    """
    if design not in DESIGNS:
        raise KitError(
            f"unknown design={design!r}; there are: {', '.join(DESIGNS)}. Set design=random"
        )
    if n < 1:
        raise KitError(f"n is {n}; draw at least one unit")
    if (design == "disagreement") != bool(others):
        raise KitError(
            "design=disagreement compares the scores of several models, the other designs read those "
            "of one; set design=disagreement labels='[one.jsonl,other.jsonl]', or another design and "
            "one file"
        )
    size = len(scores)
    if n >= size:
        return np.ones(size)
    if design == "random":
        return np.full(size, n / size)
    if design == "stratified":
        stratum, names = number_texts(strata)
        counts = np.bincount(stratum)
        return allocate(np.ones(len(names)), counts, n)[stratum] / counts[stratum]
    spread = np.var([scores, *others], axis=0) if others else (scores * (1 - scores)).clip(0)
    deviation = np.sqrt(spread.sum(axis=1))
    deviation = np.full(size, 1.0) if deviation.sum() == 0 else deviation / deviation.mean()
    return allocate(UNIFORM_PART + (1 - UNIFORM_PART) * deviation, np.ones(size), n)


def number_texts(texts: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of each text among the different ones, shape (texts,), and these in alphabetical order.

    Examples
    --------
    >>> number_texts(["b", "a", "b"])[0].tolist(), number_texts(["b", "a", "b"])[1]
    ([1, 0, 1], ['a', 'b'])
    """
    import pandas as pd

    # By hashing; sorting a million texts takes far longer.
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    numbers, names = pd.factorize(values, sort=True)
    return np.asarray(numbers, dtype=np.int64), list(names)


def allocate(wanted: FloatArray, limits: NDArray[np.int64] | FloatArray, n: float) -> FloatArray:
    """Distribute n in proportion to `wanted`, none getting more than its limit.

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
        over = free & (given > limits)
        if not over.any():
            break
        given[over] = np.asarray(limits, dtype=float)[over]
        free &= ~over
    return given


def draw_sample(
    probability: FloatArray, strata: Sequence[str] | None = None, *, random_state: int = 0
) -> NDArray[np.int64]:
    """Draw units with the given probabilities, as many as these add up to, and return their rows in order.

    Systematic sampling in random order (Madow 1949), which has exactly these
    probabilities; of each stratum as many are drawn as its probabilities add up to, one
    more or less where that is not a whole number.

    Examples
    --------
    >>> draw_sample(np.array([1.0, 0.5, 0.5, 1.0])).tolist() in ([0, 1, 3], [0, 2, 3])
    True
    """
    random = np.random.default_rng(random_state)
    stratum = np.zeros(len(probability), dtype=np.int64)
    if strata is not None:
        stratum = number_texts(strata)[0]
    order = np.lexsort((random.random(len(probability)), stratum))
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
        Which of them were annotated, shape (n,): assumed to be a random part of the
        drawn ones.
    batch
        1 where it was drawn from all rows, k where it was drawn from those that no
        smaller batch had drawn.
    represents
        Whether it was drawn from all of these; else its rows represent themselves alone, as
        those of labels that have grown since.
    """

    rows: NDArray[np.int64]
    probability: FloatArray
    annotated: BoolArray
    batch: int = 1
    represents: bool = True


@dataclass(frozen=True, slots=True)
class _CellSample:
    """What a sample has in some cell: how many rows it drew, those annotated, and how many rows these represent."""

    batch: int
    drawn: int
    rows: NDArray[np.int64]
    probability: FloatArray
    pool: int
    represents: bool

    @property
    def annotated_part(self) -> float:
        return len(self.rows) / self.drawn if self.drawn else 1.0

    @property
    def weights(self) -> FloatArray:
        """Return the weight of each row among those that the sample was drawn from."""
        inverse = 1 / self.probability
        return np.asarray(self.pool * inverse / inverse.sum()) if len(inverse) else inverse

    def expected_variance(self, others: Sequence["_CellSample"]) -> float:
        """Return the variance of the sample's estimate that probabilities alone imply, infinite where it has none."""
        earlier = [other for other in others if other.batch < self.batch]
        incomplete = any(other.drawn and not len(other.rows) for other in earlier)
        if incomplete or not self.represents or (self.pool and not len(self.rows)):
            return np.inf
        from_earlier = sum(
            len(other.rows) * (1 - other.annotated_part) / other.annotated_part**2
            for other in earlier
        )
        left = 1 - self.probability * self.annotated_part
        return float((left * self.weights**2).sum() + from_earlier)


def join_samples(
    samples: Sequence[Sample], inside: BoolArray
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return the annotated rows of a cell, their weights in all samples together, and what variance each has left.

    Sample k gives an estimate of a total in the cell: its own rows, weighted by their
    probability, represent those that smaller batches had not drawn, and the rows of
    these represent themselves. Given the batches before, each estimate is unbiased, so
    no two of them covary (Raj 1956, "Some estimators in sampling with varying
    probabilities without replacement"); samples of one batch are drawn independently.
    The estimates are averaged with weights inverse to the variance that probabilities
    and numbers of rows imply: that does not look at the codes, so the average is
    unbiased too. A row has the weight that all estimates together give it.

    Parameters
    ----------
    samples
        Samples of the same N rows; of batches below the largest one sample each.
    inside
        Which rows make up the cell, shape (N,).

    Returns
    -------
    tuple of arrays
        Row numbers, weights that add up to the size of the cell, and the part of each
        row's variance that is left in a claim about these very rows: for one sample
        that is annotated in full, 1 minus its probability. Empty where the annotated
        rows represent a part of the cell only.

    Examples
    --------
    >>> first = Sample(np.arange(2), np.full(2, 0.2), np.ones(2, bool))
    >>> more = Sample(np.arange(2, 6), np.full(4, 0.5), np.ones(4, bool), batch=2)
    >>> rows, weights, left = join_samples([first, more], np.ones(10, bool))
    >>> rows.tolist(), weights.round(2).tolist()
    ([0, 1, 2, 3, 4, 5], [1.67, 1.67, 1.67, 1.67, 1.67, 1.67])
    """
    parts = _cell_samples(samples, inside)
    shares = _precision_weights([part.expected_variance(parts) for part in parts])
    weight, variance = np.zeros(len(inside)), np.zeros(len(inside))
    for part, share in zip(parts, shares, strict=True):
        as_sample = share * part.weights
        total = as_sample
        if len(part.rows):
            later = [
                other_share
                for other, other_share in zip(parts, shares, strict=True)
                if other.batch > part.batch
            ]
            # In the estimates of later batches these rows represent themselves.
            total = as_sample + sum(later) / part.annotated_part
        weight[part.rows] += total
        # Chance decides which of the drawn rows were annotated, and which rows were
        # drawn.
        variance[part.rows] += (1 - part.annotated_part) * total**2
        variance[part.rows] += (1 - part.probability) * part.annotated_part * as_sample**2
    rows = np.flatnonzero(weight)
    return rows, weight[rows], np.minimum(variance[rows] / weight[rows] ** 2, 1)


def _cell_samples(samples: Sequence[Sample], inside: BoolArray) -> list[_CellSample]:
    parts = []
    for sample in samples:
        drawn_before = np.zeros(len(inside), dtype=bool)
        for other in samples:
            drawn_before[other.rows] |= other.batch < sample.batch
        in_cell = inside[sample.rows]
        usable = in_cell & sample.annotated
        parts.append(
            _CellSample(
                batch=sample.batch,
                drawn=int(in_cell.sum()),
                rows=sample.rows[usable],
                probability=sample.probability[usable],
                pool=int((inside & ~drawn_before).sum()),
                represents=sample.represents,
            )
        )
    return parts


def _precision_weights(variances: Sequence[float]) -> list[float]:
    """Return the weight of each sample's estimate; they add up to 1, or to 0 where no sample has one."""
    if min(variances, default=np.inf) <= 0:
        # An estimate without variance needs no other.
        precision = [float(variance <= 0) for variance in variances]
    else:
        precision = [1 / variance for variance in variances]
    total = max(sum(precision), 1e-300)
    return [value / total for value in precision]


def differing_facts(
    annotated: BoolArray, facts: Mapping[str, FloatArray], level: float = 0.001
) -> list[str]:
    """Return in what the annotated ones of drawn rows differ from the others, more than a random part of them would.

    Parameters
    ----------
    annotated
        Whether a drawn row was annotated, shape (n,).
    facts
        By name what is known of every drawn row, shape (n,), such as its position in
        the corpus.
    level
        How often a random part would be found to differ in anything (rank tests, Mann
        and Whitney 1947, with Bonferroni's correction). One in a thousand, since it is
        asked at every estimate.

    Examples
    --------
    >>> half = np.arange(80) < 40
    >>> differing_facts(half, {"position": np.arange(80.0), "score": np.tile([0.2, 0.9], 40)})
    ['position']
    """
    from scipy.stats import mannwhitneyu

    if annotated.all() or not annotated.any():
        return []
    varying = {name: values for name, values in facts.items() if np.ptp(values) > 0}
    return [
        name
        for name, values in varying.items()
        if mannwhitneyu(values[annotated], values[~annotated]).pvalue < level / len(varying)
    ]
