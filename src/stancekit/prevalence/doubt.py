"""Annotators' doubt: the part of an estimate's variance that comes from who annotated, not from which rows.

Gold that several people judged is itself uncertain. How each kind of such gold adds to the
variance is in `SharedGold`, what annotators say on average, and `posterior_gold.PosteriorGold`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stancekit.types import FloatArray

# Of two annotators one difference is known, and nothing of how others would differ.
MIN_JUDGES = 3
# Where one annotator judged next to all rows, there are hardly any degrees of freedom left.
_LEAST_FREEDOM = 1e-3


@dataclass(frozen=True, slots=True)
class Doubt:
    """What annotators add to the variance of a cell's shares.

    The variance is the sum of squares of `added` less that of `removed`, never below 0: weighted
    sums of shares are weighted sums of these, as they are of influences.

    Attributes
    ----------
    added, removed
        Influences, shape (any number, codes): the numbers are the same for all cells of the same
        units.
    freedom
        The degrees of freedom of this part; infinite where it has those of the rows.
    judges
        How many annotators judged the cell's rows; `None` where their number does not matter.
    """

    added: FloatArray
    removed: FloatArray
    freedom: float = np.inf
    judges: int | None = None

    @property
    def variance(self) -> FloatArray:
        """Return the variance that annotators add, shape (codes,)."""
        added, removed = (self.added**2).sum(axis=0), (self.removed**2).sum(axis=0)
        return np.asarray(np.maximum(added - removed, 0.0))

    @property
    def enough(self) -> bool:
        """Say whether there are enough annotators to say how others would differ."""
        return self.judges is None or self.judges >= MIN_JUDGES

    def widen(self, rows: FloatArray, q: float, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the whole variance and its quantile, given those of the rows.

        Squared quantiles are averaged with the variances as weights (Cochran 1964, "Approximate
        significance levels of the Behrens-Fisher test"): with few annotators theirs is far larger
        than that of the rows.

        Examples
        --------
        >>> doubt = Doubt(np.array([[0.03], [0.04]]), np.zeros((1, 1)), freedom=2.0, judges=3)
        >>> variance, q = doubt.widen(np.array([0.0025]), 1.96, 0.95)
        >>> variance.round(4).tolist(), q.round(2).tolist()
        ([0.005], [3.34])
        """
        from scipy.stats import t as student

        own = self.variance
        q_own = q if np.isinf(self.freedom) else float(student.ppf((1 + level) / 2, self.freedom))
        whole = rows + own
        squares = (q**2 * rows + q_own**2 * own) / np.where(whole > 0, whole, 1)
        return whole, np.where(whole > 0, np.sqrt(squares), q)


def join_doubts(doubts: Sequence[Doubt | None], weights: Sequence[float]) -> Doubt | None:
    """Return the doubt about a weighted sum of shares of the same units, `None` where there is none."""
    known = [(doubt, w) for doubt, w in zip(doubts, weights, strict=True) if doubt is not None]
    if not known:
        return None
    judges = [doubt.judges for doubt, _ in known if doubt.judges is not None]
    return Doubt(
        added=np.sum([w * doubt.added for doubt, w in known], axis=0),
        removed=np.sum([w * doubt.removed for doubt, w in known], axis=0),
        freedom=min(doubt.freedom for doubt, _ in known),
        judges=min(judges, default=None),
    )


@dataclass(frozen=True, slots=True)
class CellRows:
    """The annotated rows of a cell, as an estimate uses them.

    Attributes
    ----------
    rows, weights
        Their numbers and weights, shape (n,); weights add up to 1.
    residuals
        What each adds to the estimate: its weight times gold less the mean, less the same of the
        scores, shape (n, codes).
    left
        The part of each row's variance that is left in a claim about these very rows, shape (n,).
    influence
        What the sampling units add to the estimate, shape (sampling units, codes).
    unit
        The sampling unit of all N rows, shape (N,).
    """

    rows: NDArray[np.int64]
    weights: FloatArray
    residuals: FloatArray
    left: FloatArray
    influence: FloatArray
    unit: NDArray[np.int64]


class DoubtedGold(Protocol):
    """Gold that is itself uncertain."""

    def doubt(self, cell: CellRows, *, finite_population: bool) -> Doubt:
        """Return what it adds to the variance of the shares of a cell."""
        ...


@dataclass(frozen=True, slots=True)
class SharedGold:
    """Gold that is what annotators say on average: the mean over those who judged a row.

    Annotators are a sample of those who might have judged, crossed with the rows. The variance
    has a part of rows and one of annotators, less what both count (Cameron, Gelbach and Miller
    2011, "Robust Inference With Multiway Clustering", equation 2.7).

    Attributes
    ----------
    row, annotator
        Whose row, and by whom, each judgement is, shape (judgements,).
    part
        The part of its row that a judgement is, shape (judgements,).
    apart
        Whether it gives each code, less the mean of its row, shape (judgements, codes).
    """

    row: NDArray[np.int64]
    annotator: NDArray[np.int64]
    part: FloatArray
    apart: FloatArray

    def doubt(self, cell: CellRows, *, finite_population: bool) -> Doubt:
        """Return what annotators add; see `DoubtedGold`."""
        place = np.full(len(cell.unit), -1)
        place[cell.rows] = np.arange(len(cell.rows))
        inside = place[self.row] >= 0
        at, part = place[self.row[inside]], self.part[inside]
        weights = cell.weights[at] * part
        # What a judgement adds: its part of what its row adds, and how far it is from others'.
        given = part[:, None] * cell.residuals[at] + weights[:, None] * self.apart[inside]
        n_judges = int(self.annotator.max()) + 1
        by_judge = np.zeros((n_judges, given.shape[1]))
        np.add.at(by_judge, self.annotator[inside], given)
        share = np.bincount(self.annotator[inside], weights=weights, minlength=n_judges)
        of_squares = float((share**2).sum())
        # As a variance is divided by n - 1: the mean is that of the same annotators.
        known = float((share**2 * (1 - 2 * share + of_squares)).sum())
        scale = np.sqrt(of_squares / known) if known > 0 else 1.0
        return Doubt(
            added=scale * by_judge,
            removed=self._shared(inside, at, given, cell, finite_population=finite_population),
            freedom=max(1 / of_squares - 1, _LEAST_FREEDOM),
            judges=int((share > 0).sum()),
        )

    def _shared(
        self,
        inside: NDArray[np.bool_],
        at: NDArray[np.int64],
        given: FloatArray,
        cell: CellRows,
        *,
        finite_population: bool,
    ) -> FloatArray:
        """Return what both parts count: judgements, or an annotator's judgements of one article."""
        if finite_population:
            both = np.zeros_like(self.apart)
            both[inside] = np.sqrt(cell.left[at])[:, None] * given
            return both
        key = cell.unit[self.row] * (int(self.annotator.max()) + 1) + self.annotator
        number = np.unique(key, return_inverse=True)[1]
        both = np.zeros((int(number.max()) + 1, given.shape[1]))
        np.add.at(both, number[inside], given)
        return both


def share_gold(
    row: NDArray[np.int64], annotator: NDArray[np.int64], codes: FloatArray, n: int
) -> tuple[FloatArray, SharedGold]:
    """Return what annotators say on average of each of n rows, shape (n, codes), and how it varies.

    Parameters
    ----------
    row, annotator
        As of `SharedGold`.
    codes
        Whether each judgement gives each code, shape (judgements, codes).

    Examples
    --------
    >>> row, annotator = np.repeat([0, 1], 3), np.tile([0, 1, 2], 2)
    >>> means, gold = share_gold(row, annotator, np.array([[1.0], [1], [0]] * 2), 3)
    >>> means[:, 0].round(2).tolist(), gold.part.round(2).tolist()[:2]
    ([0.67, 0.67, 0.0], [0.33, 0.33])
    """
    part = 1 / np.bincount(row, minlength=n)[row]
    means = np.zeros((n, codes.shape[1]))
    np.add.at(means, row, part[:, None] * codes)
    return means, SharedGold(row, annotator, part, codes - means[row])
