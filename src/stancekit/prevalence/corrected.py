"""Coefficients of a regression with labels: the model's moments on every row, corrected by the annotated rows.

Design-based supervised learning (Egami, Hinck, Stewart and Wei 2023) with the power tuning of PPI++
(Angelopoulos, Duchi and Zrnic 2023) for estimating equations, with known probabilities of the
annotated rows. METHOD.md has the formulas.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.estimators import student_quantile, sum_by_unit
from stancekit.prevalence.families import Family, Moments, solve
from stancekit.prevalence.identified import COLLINEAR
from stancekit.types import BoolArray, FloatArray

# How many numbers the matrices of units that are left out may take at a time.
_AT_A_TIME = 4_000_000
# A matrix of a larger condition cannot be solved; a smaller part of a direction is none.
_MOST_CONDITION, _OF_ROUNDING = 1e12, 1e-6


@dataclass(frozen=True, slots=True)
class LabelledMoments:
    """The rows of a regression with labels: all of them as a model scores them, and the annotated ones.

    Attributes
    ----------
    scores, predicted
        The moments of all N rows, with scores or with the model's codes in place of codes.
    gold
        Those of the n annotated rows, with gold codes.
    rows
        Which rows these are, shape (n,).
    weight
        How many rows each represents, shape (n,); the sum is N.
    left
        What part of each one's variance is left in a claim about these very rows, shape (n,).
    unit
        The sampling unit of each row, numbered from 0, shape (N,); of a claim about these very
        rows, not read.
    finite
        Whether the claim is about these very rows.
    """

    scores: Moments
    predicted: Moments
    gold: Moments
    rows: NDArray[np.int64]
    weight: FloatArray
    left: FloatArray
    unit: NDArray[np.int64]
    finite: bool

    @property
    def n(self) -> int:
        """Return the number of all rows."""
        return len(self.scores.outcome)

    @property
    def certain(self) -> bool:
        """Say whether every row was annotated and the claim is about these very rows."""
        return self.finite and len(self.rows) == self.n

    @property
    def drawn_unit(self) -> NDArray[np.int64]:
        """Return the sampling unit of each annotated row, shape (n,)."""
        return np.arange(len(self.rows)) if self.finite else self.unit[self.rows]

    @property
    def row_weight(self) -> FloatArray:
        """Return what each annotated row counts in the equation, shape (n,); 0 where it decides nothing."""
        return np.asarray(self.weight * self.gold.weight * self.gold.among)

    @property
    def counted(self) -> BoolArray:
        """Return which annotated rows count: with a weight, and among those that the outcome is about."""
        return np.asarray(self.row_weight > 0)

    @property
    def effective(self) -> float:
        """Return how many sampling units the annotated rows amount to."""
        return effective_units(self.drawn_unit, self.row_weight)


def effective_units(unit: NDArray[np.int64], weight: FloatArray) -> float:
    """Return how many sampling units of one weight some rows amount to (Kish 1965), 0 of no weight.

    Examples
    --------
    >>> effective_units(np.array([0, 0, 1, 2]), np.array([1.0, 1.0, 2.0, 0.0]))
    2.0
    """
    weights = np.bincount(unit, weights=weight)
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients, and how certain they are.

    Attributes
    ----------
    theta
        The coefficients, shape (terms,).
    influence
        What each sampling unit adds to them, shape (units, terms).
    lost
        The directions along which nothing would decide them without some one unit, shape
        (directions, terms).
    alone
        Which coefficients one unit alone decides, as they change along such a direction, shape
        (terms,); they have no error that is known.
    """

    theta: FloatArray
    influence: FloatArray
    lost: FloatArray
    alone: BoolArray

    @property
    def error(self) -> FloatArray:
        """Return the standard errors, shape (terms,)."""
        return np.where(self.alone, np.inf, np.sqrt((self.influence**2).sum(axis=0)))

    def effective(self, most: float) -> FloatArray:
        """Return how many units each variance is as certain as that of, at most `most`, shape (terms,).

        Twice the squared variance by the variance of its estimate (Satterthwaite 1946), that from the
        fourth powers of influences: where these are normal, it is their number; where few units decide,
        as where a model seldom errs, far less.
        """
        squares = self.influence**2
        total = squares.sum(axis=0)
        spread = (squares**2).sum(axis=0) - total**2 / len(squares)
        known = spread > 0
        found = np.full(len(total), most)
        found[known] = 2 * total[known] ** 2 / spread[known]
        return np.asarray(np.minimum(found, most))

    def through(self, change: FloatArray) -> "Fitted":
        """Return the coefficients of another basis of the design, `change` times these."""
        lost = self.lost @ change.T
        # What the sum would be without cancelling: coefficients are of any unit.
        size = np.abs(self.lost) @ np.abs(change).T
        alone: BoolArray = np.any(np.abs(lost) > _OF_ROUNDING * size, axis=0)
        return Fitted(change @ self.theta, self.influence @ change.T, lost, alone)

    def half_width(self, effective: float) -> FloatArray:
        """Return half the width of every interval, shape (terms,)."""
        quantiles = [student_quantile(units) for units in self.effective(effective).tolist()]
        return np.asarray(np.array(quantiles) * self.error)


def fit_gold(data: LabelledMoments, family: Family) -> Fitted | None:
    """Return the coefficients of the annotated rows alone, weighted; `None` where there are none."""
    start = np.zeros(data.gold.design.shape[1])
    theta = solve(lambda theta: _equation(data, family, theta, 0.0), start)
    return None if theta is None else _fitted(data, family, theta, 0.0)


def fit_naive(data: LabelledMoments, family: Family) -> Fitted | None:
    """Return the coefficients that the model's codes have if they are taken for the truth.

    Their influences are those of units, or of rows where a claim is about these very rows, as they
    are printed with labels that count as the truth.
    """
    moments, n = data.predicted, data.n
    start = np.zeros(moments.design.shape[1])

    def equation(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, slope = moments.equation(family, theta)
        return value / n, slope / n

    theta = solve(equation, start)
    if theta is None:
        return None
    added = moments.design * (moments.residual(family, theta) / n)[:, None]
    if not data.finite:
        added = sum_by_unit(data.unit, added, int(data.unit.max()) + 1)
    influence = added @ np.linalg.inv(equation(theta)[1]).T
    return Fitted(theta, influence, np.zeros((0, len(theta))), np.zeros(len(theta), dtype=bool))


def tune_weight(
    data: LabelledMoments,
    family: Family,
    theta: FloatArray,
    change: FloatArray | None = None,
    *,
    known: BoolArray | None = None,
) -> float:
    """Return the weight of the scores that makes variances least, between 0 and 1.

    The mean over coefficients of how large a variance is relative to that of the annotated rows
    alone is least: PPI++, equation 6, for coefficients of any unit.

    Parameters
    ----------
    theta
        The coefficients of the annotated rows alone.
    change
        The basis whose coefficients are meant, as of `Fitted.through`; by default that of the design.
    known
        Which coefficients to take the mean over, shape (terms,); by default all. One whose
        variance annotated rows do not show, as where one row decides it, would be least without scores.
    """
    inverse = np.linalg.inv(_equation(data, family, theta, 0.0)[1])
    if change is not None:
        inverse = change @ inverse
    gold = _added(data, family, theta, 0.0) @ inverse.T
    # The equation is linear in the weight of the scores.
    scores = _added(data, family, theta, 1.0) @ inverse.T - gold
    if known is not None and known.any():
        gold, scores = gold[:, known], scores[:, known]
    size = np.maximum((gold**2).sum(axis=0), 1e-300)
    covariance = ((gold * scores).sum(axis=0) / size).sum()
    variance = ((scores**2).sum(axis=0) / size).sum()
    return float(np.clip(-covariance / max(variance, 1e-300), 0, 1))


def fit_corrected(
    data: LabelledMoments, family: Family, weight: float, start: FloatArray
) -> Fitted | None:
    """Return the coefficients of scores that annotated rows correct; `None` where the equation has no root.

    Parameters
    ----------
    weight
        The weight of the scores: 0 for the annotated rows alone, 1 for design-based supervised
        learning.
    start
        Where to start, as the coefficients of the annotated rows alone.

    Examples
    --------
    >>> from stancekit.prevalence.families import FAMILIES
    >>> random, ones = np.random.default_rng(0), np.ones((4000, 1))
    >>> gold = (random.random(4000) < 0.3) * 1.0
    >>> scores = np.where(gold, 0.7, 0.2)
    >>> every = Moments(ones, scores, np.ones(4000), np.ones(4000))
    >>> drawn = np.arange(0, 4000, 10)
    >>> annotated = Moments(ones, gold, np.ones(4000), np.ones(4000)).take(drawn)
    >>> weights, left = np.full(400, 10.0), np.full(400, 0.9)
    >>> data = LabelledMoments(every, every, annotated, drawn, weights, left, np.arange(4000), finite=True)
    >>> fitted = fit_corrected(data, FAMILIES["linear"], 1.0, np.zeros(1))
    >>> mean = scores.mean() + (gold - scores)[drawn].mean()
    >>> bool(abs(fitted.theta[0] - mean) < 1e-9)
    True
    """
    theta = solve(lambda theta: _equation(data, family, theta, weight), start)
    return None if theta is None else _fitted(data, family, theta, weight)


def _equation(
    data: LabelledMoments, family: Family, theta: FloatArray, weight: float
) -> tuple[FloatArray, FloatArray]:
    """Return the mean over rows of what is to be 0, and its negative derivative."""
    value, slope = _weighted(data.gold, data.weight).equation(family, theta)
    if weight:
        drawn = _weighted(data.scores.take(data.rows), data.weight).equation(family, theta)
        every = data.scores.equation(family, theta)
        value = value + weight * (every[0] - drawn[0])
        slope = slope + weight * (every[1] - drawn[1])
    return value / data.n, slope / data.n


def _weighted(moments: Moments, weight: FloatArray) -> Moments:
    return Moments(moments.design, moments.outcome, moments.among, moments.weight * weight)


def _added(data: LabelledMoments, family: Family, theta: FloatArray, weight: float) -> FloatArray:
    """Return what each sampling unit adds to the equation, shape (units, terms).

    The weights of annotated rows add up to the number of rows, so what they add is centred at its
    weighted mean (Hajek 1971), and what all rows add likewise.
    """
    drawn = data.gold.design * data.gold.residual(family, theta)[:, None]
    if weight:
        scores = data.scores.take(data.rows)
        drawn = drawn - weight * scores.design * scores.residual(family, theta)[:, None]
    shares = (data.weight / data.weight.sum())[:, None]
    drawn = shares * (drawn - (shares * drawn).sum(axis=0))
    if data.finite:
        return np.asarray(drawn * np.sqrt(data.left)[:, None])
    n_units = int(data.unit.max()) + 1
    added = sum_by_unit(data.drawn_unit, drawn, n_units)
    if weight:
        every = data.scores.design * data.scores.residual(family, theta)[:, None]
        added += weight / data.n * sum_by_unit(data.unit, every - every.mean(axis=0), n_units)
    return added


def _fitted(data: LabelledMoments, family: Family, theta: FloatArray, weight: float) -> Fitted:
    """Return coefficients with what each sampling unit adds to them.

    Of a unit with annotated rows it is how far the coefficients move to first order when it is left
    out: the derivative of the equation is that of the others (Bell and McCaffrey 2002, the
    jackknife). With few units the plain sandwich is too small.
    """
    slope = _equation(data, family, theta, weight)[1]
    added = _added(data, family, theta, weight)
    influence = added @ np.linalg.inv(slope).T
    lost = [np.zeros((0, len(theta)))]
    for units, of_units in _slopes_of_units(data, family, theta, weight):
        without = slope - of_units
        usable: BoolArray = np.linalg.cond(without) < _MOST_CONDITION
        solved = np.linalg.solve(without[usable], added[units[usable], :, None])
        influence[units[usable]] = solved[..., 0]
        for unit, matrix in zip(units[~usable], without[~usable], strict=True):
            influence[unit], directions = _solve_decided(matrix, added[unit])
            lost.append(directions)
    directions = np.concatenate(lost)
    alone: BoolArray = np.any(directions != 0, axis=0)
    return Fitted(theta, influence, directions, alone)


def _solve_decided(matrix: FloatArray, added: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solve along the directions that a symmetric matrix decides, and return those that it does not."""
    values, vectors = np.linalg.eigh(matrix)
    decided = np.abs(values) > COLLINEAR * np.abs(values).max()
    known, lost = vectors[:, decided], vectors[:, ~decided].T
    # What is left of rounding would be taken for a part of a direction.
    lost = np.where(np.abs(lost) > _OF_ROUNDING, lost, 0.0)
    return known @ ((known.T @ added) / values[decided]), lost


def _slopes_of_units(
    data: LabelledMoments, family: Family, theta: FloatArray, weight: float
) -> Iterator[tuple[NDArray[np.int64], FloatArray]]:
    """Yield units with annotated rows, and what these add to the derivative, shape (units, terms, terms)."""
    shares = data.weight / data.n
    parts = [(data.gold, shares, data.drawn_unit)]
    if weight:
        parts.append((data.scores.take(data.rows), -weight * shares, data.drawn_unit))
    units = np.unique(data.drawn_unit)
    if weight and not data.finite:
        inside = np.flatnonzero(np.isin(data.unit, units))
        every = np.full(len(inside), weight / data.n)
        parts.append((data.scores.take(inside), every, data.unit[inside]))
    terms = data.gold.design.shape[1]
    step = max(_AT_A_TIME // terms**2, 1)
    for first in range(0, len(units), step):
        some = units[first : first + step]
        found = np.zeros((len(some), terms, terms))
        for moments, factor, unit in parts:
            rows = np.flatnonzero((unit >= some[0]) & (unit <= some[-1]))
            place = np.searchsorted(some, unit[rows])
            of_rows = moments.take(rows)
            curved = of_rows.design * (factor[rows] * of_rows.curvature(family, theta))[:, None]
            np.add.at(found, place, curved[:, :, None] * of_rows.design[:, None, :])
        yield some, found
