"""What a model's scores are worth where few cells have annotated rows: one model of its errors, shared by all.

A row is for, against, or neither. Its log-odds are a linear function of the scores' log-odds, the
same in all cells, plus a shift of the cell and one of the cell's rows in one article, both normal:
a random-intercept multinomial logit, as in small-area estimation from unit-level data (Battese,
Harter and Fuller 1988; Jiang and Lahiri 2001 for binary ones). METHOD.md says why a shift in
log-odds.
"""

from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.signed_rows import (
    AnnotatedRows,
    SignedRows,
    annotated_rows,
    row_bends,
    row_features,
    side_shares,
)
from stancekit.prevalence.spreads import find_spreads
from stancekit.prevalence.two_by_two import inverse, left_over, times, totals
from stancekit.types import FloatArray

# As probable before any row is seen: scores that are right, with errors of this precision.
_TRUSTED = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
_TRUST_PRECISION = 1.0
_STEPS, _LONGEST_STEP, _CONVERGED = 40, 1.0, 1e-7


@dataclass(frozen=True, slots=True)
class SharedErrors:
    """What annotated rows say of the model's errors.

    Attributes
    ----------
    coefficients
        Of the log-odds of for and of against on a constant and the scores' log-odds, shape (5, 2); see `row_features`.
    spread, article_spread
        The covariance of shifts of cells, and of articles within them, shape (2, 2).
    """

    coefficients: FloatArray
    spread: FloatArray
    article_spread: FloatArray


@dataclass(frozen=True, slots=True)
class Posterior:
    """The most probable coefficients and shifts, with how the likelihood of the groups bends around them.

    Shapes: `coefficients` (5, 2), `covariance` (10, 10), `bend` (groups, 2, 2), `pull` (groups, 2),
    `slope` (groups, 2, 10), `damping` (groups, 2, 2), `cell_bend` (cells, 2, 2).
    """

    coefficients: FloatArray
    covariance: FloatArray
    bend: FloatArray
    pull: FloatArray
    slope: FloatArray
    damping: FloatArray
    cell_bend: FloatArray


def _fit_coefficients(data: AnnotatedRows) -> FloatArray:
    """Maximise the likelihood of the rows by Newton's method, as if shifts were zero, shape (5, 2)."""
    coefficients = _TRUSTED.copy()
    for _ in range(_STEPS):
        shares = side_shares(data.features @ coefficients)
        residual = data.weight[:, None] * (data.gold - shares)
        slopes = _slopes(row_bends(shares, data.weight), data.features)
        information = _TRUST_PRECISION * np.eye(_TRUSTED.size)
        information += np.einsum("ni,nak->iak", data.features, slopes).reshape(information.shape)
        gradient = data.features.T @ residual + _TRUST_PRECISION * (_TRUSTED - coefficients)
        step = np.linalg.solve(information, gradient.ravel())
        step *= min(1.0, _LONGEST_STEP / max(np.abs(step).max(), 1e-12))
        coefficients = coefficients + step.reshape(_TRUSTED.shape)
        if np.abs(step).max() < _CONVERGED:
            break
    return coefficients


def _slopes(bends: FloatArray, features: FloatArray) -> FloatArray:
    """Return how outcomes change with the coefficients, shape (n, 2, 10)."""
    slopes = np.einsum("nab,ni->naib", bends, features)
    return np.asarray(slopes.reshape(len(bends), 2, -1))


def _find_mode(
    data: AnnotatedRows, coefficients: FloatArray, spread: FloatArray, article_spread: FloatArray
) -> Posterior:
    """Return what is most probable where outcomes are linear in shifts and coefficients (Henderson 1975)."""
    n_groups, n_cells = len(data.cell_of_group), int(data.cell_of_group.max()) + 1
    shares = side_shares(data.features @ coefficients)
    residual = data.weight[:, None] * (data.gold - shares)
    bends = row_bends(shares, data.weight)
    slopes = _slopes(bends, data.features)
    bend, slope = totals(bends, data.group, n_groups), totals(slopes, data.group, n_groups)
    pull = totals(residual, data.group, n_groups)
    damping = inverse(np.eye(2) + bend @ article_spread)
    cell_bend = totals(damping @ bend, data.cell_of_group, n_cells)
    of_group, of_cell = left_over(bend, article_spread), left_over(cell_bend, spread)
    # What coefficients and shifts explain alike is taken out: Schur's complement.
    shared = totals(damping @ slope, data.cell_of_group, n_cells)
    information = _TRUST_PRECISION * np.eye(_TRUSTED.size)
    information += np.einsum("ni,nak->iak", data.features, slopes).reshape(information.shape)
    information -= np.einsum("gak,gab,gbl->kl", slope, of_group, slope)
    information -= np.einsum("cak,cab,cbl->kl", shared, of_cell, shared)
    effect = times(of_cell, totals(times(damping, pull), data.cell_of_group, n_cells))
    effect = effect[data.cell_of_group]
    shift = effect + times(of_group, pull - times(bend, effect))
    gradient = data.features.T @ residual + _TRUST_PRECISION * (_TRUSTED - coefficients)
    covariance = np.asarray(np.linalg.inv(information), dtype=float)
    step = covariance @ (gradient.ravel() - np.einsum("gak,ga->k", slope, shift))
    pull = pull - np.einsum("gak,k->ga", slope, step)
    moved = coefficients + step.reshape(_TRUSTED.shape)
    return Posterior(moved, covariance, bend, pull, slope, damping, cell_bend)


@dataclass(frozen=True, slots=True)
class FittedErrors:
    """A model of errors with what drawing from it takes.

    Attributes
    ----------
    spreads
        The covariance of shifts of cells in every draw, shape (draws, 2, 2).
    doubt
        What comes to that in each cell, as its mean scores are not sure, shape (cells, 2, 2).
    features
        Of all rows, shape (N, 5).
    """

    errors: SharedErrors
    mode: Posterior
    data: AnnotatedRows
    spreads: FloatArray
    doubt: FloatArray
    features: FloatArray


def fit_errors(
    rows: SignedRows, *, draws: int, cells_differ: bool, random: np.random.Generator
) -> FittedErrors:
    """Estimate from annotated rows what scores are worth, and how far cells differ in it.

    Parameters
    ----------
    draws
        For how many draws the spread of cells is drawn too.
    cells_differ
        Whether each cell has a shift of its own.
    """
    features = row_features(rows)
    data = annotated_rows(rows, features.values)
    coefficients = _fit_coefficients(data)
    of_means = coefficients[-2:]
    doubt = of_means.T @ features.doubt @ of_means
    spread, article_spread, spreads = find_spreads(data, coefficients, doubt, draws, random)
    if not cells_differ:
        spread, spreads, doubt = np.zeros((2, 2)), np.zeros_like(spreads), np.zeros_like(doubt)
    mode = _find_mode(data, coefficients, spread + doubt[data.cells], article_spread)
    errors = SharedErrors(mode.coefficients, spread, article_spread)
    return FittedErrors(errors, mode, data, spreads, doubt, features.values)
