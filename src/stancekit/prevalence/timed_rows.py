"""Rows in the order of time: a model's scores on all of them, corrected by the annotated ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.estimators import SampledUnits, estimate_domain, weigh_rows
from stancekit.types import BoolArray, FloatArray

# Draws from which a band or a test gets its critical value.
N_DRAWS = 1999


@dataclass(frozen=True, slots=True)
class CorrectedRows:
    """The dated rows of a group of cells, in the order of time.

    A weighted mean of gold codes is estimated by that of `scores` over all rows, plus that of
    `residuals` over the drawn ones: PPI++ (METHOD.md), with one lambda for all of time.

    Attributes
    ----------
    time
        When each row is of, in years, shape (n,).
    scores
        Lambda times the score of each code, shape (n, codes).
    unit
        The sampling unit of each row, shape (n,): itself in a claim about these rows, its article
        beyond them.
    drawn
        The annotated ones among them, shape (m,).
    weight
        Of each drawn row, shape (m,).
    gold, residuals
        The codes of each drawn row, and these less `scores`, shape (m, codes).
    left
        The root of the part of each drawn row's variance that is left, shape (m,).
    finite
        Whether the claim is about these very rows.
    """

    time: FloatArray
    scores: FloatArray
    unit: NDArray[np.int64]
    drawn: NDArray[np.int64]
    weight: FloatArray
    gold: FloatArray
    residuals: FloatArray
    left: FloatArray
    finite: bool

    def by_unit(self, drawn: FloatArray, every: FloatArray) -> FloatArray:
        """Return what sampling units add, shape (units, any), given what drawn rows and all rows add.

        Parameters
        ----------
        drawn
            By way of residuals, shape (m, any).
        every
            By way of scores, shape (n, any): nothing in a claim about these very rows.
        """
        if self.finite:
            return np.asarray(self.left[:, None] * drawn)
        n_units = int(self.unit.max()) + 1
        sums = [
            np.bincount(self.unit[self.drawn], weights=column, minlength=n_units)
            + np.bincount(self.unit, weights=of_scores, minlength=n_units)
            for column, of_scores in zip(drawn.T, every.T, strict=True)
        ]
        return np.stack(sums, axis=1)


def correct_rows(
    units: SampledUnits, inside: BoolArray, time: FloatArray, *, finite_population: bool
) -> CorrectedRows | None:
    """Return the dated rows of a group in the order of time; `None` where none of them is annotated.

    Parameters
    ----------
    inside
        Which rows make up the group, shape (N,).
    time
        When rows are of, in years, NaN where that is not known, shape (N,).
    """
    dated = inside & np.isfinite(time)
    rows, weights, left = weigh_rows(units, dated)
    if not len(rows):
        return None
    lambda_ = estimate_domain(units, dated, finite_population=finite_population).lambda_
    order = np.flatnonzero(dated)
    order = order[np.argsort(time[order], kind="stable")]
    place = np.empty(len(time), dtype=np.int64)
    place[order] = np.arange(len(order))
    by_time = np.argsort(place[rows])
    rows, weights, left = rows[by_time], weights[by_time], left[by_time]
    scores = lambda_ * units.scores[order]
    own = np.arange(len(order))
    unit = own if finite_population else np.unique(units.article[order], return_inverse=True)[1]
    drawn = place[rows]
    return CorrectedRows(
        time=time[order],
        scores=scores,
        unit=unit,
        drawn=drawn,
        weight=weights / weights.mean(),
        gold=units.gold[rows],
        residuals=units.gold[rows] - scores[drawn],
        left=np.sqrt(left) if finite_population else np.ones(len(rows)),
        finite=finite_population,
    )


def largest_deviations(influence: FloatArray, *, random_state: int = 0) -> FloatArray:
    """Return draws of the largest standardised deviation of several estimates at once, shape (draws,).

    The deviations are normal with the covariance of the estimates, which is what random normal
    multipliers of the units give (Chernozhukov, Chetverikov and Kato 2013).

    Parameters
    ----------
    influence
        What each unit adds to each estimate, shape (units, estimates).

    Examples
    --------
    >>> alone = largest_deviations(np.ones((50, 1)))
    >>> bool(abs(np.quantile(alone, 0.95) - 1.96) < 0.15)
    True
    """
    random = np.random.default_rng(random_state)
    size = np.sqrt((influence**2).sum(axis=0))
    scaled = influence[:, size > 0] / size[size > 0]
    if not scaled.size:
        return np.zeros(N_DRAWS)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    root = vectors * np.sqrt(np.maximum(values, 0))
    draws = random.standard_normal((N_DRAWS, root.shape[1])) @ root.T
    return np.asarray(np.abs(draws).max(axis=1))
