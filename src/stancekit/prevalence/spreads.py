"""How far cells, and articles within them, differ in what scores are worth: from products of residuals."""

from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.signed_rows import AnnotatedRows, row_bends, side_shares
from stancekit.prevalence.two_by_two import positive_part, times, totals
from stancekit.types import FloatArray

# Shifts of cells, and of articles in them, have these variances where no pair of rows shows them;
# that counts as much as this many ordered pairs do.
_CELL_VARIANCE, _ARTICLE_VARIANCE, _PRIOR_PAIRS = 0.5, 0.25, 60


@dataclass(frozen=True, slots=True)
class _Moments:
    """By cell the products of residuals of two rows, and what these are per unit of covariance.

    Shapes (cells, 4) and (cells, 4, 4); of rows of different articles, and of the same one.
    """

    between: FloatArray
    per_between: FloatArray
    within: FloatArray
    per_within: FloatArray
    per_pair: FloatArray


def _outer(vectors: FloatArray) -> FloatArray:
    return np.asarray((vectors[:, :, None] * vectors[:, None, :]).reshape(len(vectors), 4))


def _kron(matrices: FloatArray) -> FloatArray:
    products = np.einsum("nab,ncd->nacbd", matrices, matrices)
    return np.asarray(products.reshape(len(matrices), 4, 4))


def _find_moments(data: AnnotatedRows, coefficients: FloatArray) -> _Moments:
    """Multiply residuals of two rows of a cell: their mean is the covariance of shifts, bent twice.

    With W the covariance of a row's outcome and r its residual, E[W r r' W] = W W S W W to first
    order for two rows that share a shift of covariance S. Unlike the likelihood's, this estimate
    does not shrink where cells have one or two rows (Breslow and Lin 1995 on that bias).
    """
    shares = side_shares(data.features @ coefficients)
    bends = row_bends(shares, data.weight)
    residuals = times(bends, data.weight[:, None] * (data.gold - shares))
    squares = bends @ bends
    n_groups, n_cells = len(data.cell_of_group), int(data.cell_of_group.max()) + 1
    of_group = totals(residuals, data.group, n_groups), totals(squares, data.group, n_groups)
    of_cell = tuple(totals(each, data.cell_of_group, n_cells) for each in of_group)
    within = _outer(of_group[0]) - totals(_outer(residuals), data.group, n_groups)
    per_within = _kron(of_group[1]) - totals(_kron(squares), data.group, n_groups)
    return _Moments(
        between=_outer(of_cell[0]) - totals(_outer(of_group[0]), data.cell_of_group, n_cells),
        per_between=_kron(of_cell[1]) - totals(_kron(of_group[1]), data.cell_of_group, n_cells),
        within=totals(within, data.cell_of_group, n_cells),
        per_within=totals(per_within, data.cell_of_group, n_cells),
        per_pair=_kron(squares.mean(axis=0, keepdims=True))[0],
    )


def _solve_moments(
    product: FloatArray, per_unit: FloatArray, per_pair: FloatArray, usual: float
) -> FloatArray:
    """Return covariances, shape (..., 2, 2), from sums over pairs."""
    known = _PRIOR_PAIRS * per_pair
    product = product + known @ (usual * np.eye(2)).ravel()
    solved = np.asarray(np.linalg.solve(per_unit + known, product[..., None]), dtype=float)[..., 0]
    return positive_part(solved.reshape(*solved.shape[:-1], 2, 2))


def find_spreads(
    data: AnnotatedRows,
    coefficients: FloatArray,
    doubt: FloatArray,
    draws: int,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the covariance of shifts of cells, of articles in them, and of cells in many draws of cells.

    Parameters
    ----------
    coefficients
        As of `pooling.SharedErrors`.
    doubt
        The part of each cell's covariance that is known, shape (cells, 2, 2).

    Returns
    -------
    tuple of arrays
        Shapes (2, 2), (2, 2) and (draws, 2, 2).
    """
    moments = _find_moments(data, coefficients)
    known = doubt[data.cells].reshape(-1, 4)
    between = moments.between - np.einsum("cij,cj->ci", moments.per_between, known)
    sums = between.sum(axis=0), moments.per_between.sum(axis=0)
    spread = _solve_moments(*sums, moments.per_pair, _CELL_VARIANCE)
    # Two rows of one article and cell share both shifts.
    of_cell = np.einsum("cij,cj->ci", moments.per_within, known + spread.ravel())
    sums = (moments.within - of_cell).sum(axis=0), moments.per_within.sum(axis=0)
    article_spread = _solve_moments(*sums, moments.per_pair, _ARTICLE_VARIANCE)
    n_cells = len(between)
    drawn = random.multinomial(n_cells, np.full(n_cells, 1 / n_cells), size=draws).astype(float)
    sums = drawn @ between, np.tensordot(drawn, moments.per_between, axes=1)
    return spread, article_spread, _solve_moments(*sums, moments.per_pair, _CELL_VARIANCE)
