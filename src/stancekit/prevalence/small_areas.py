"""Small areas: many cells with few annotated rows each, estimated together (Fay and Herriot 1979)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.bootstrap import LEVEL
from stancekit.prevalence.estimators import (
    SampledUnits,
    estimate_domain,
    sum_by_unit,
    weigh_rows,
)
from stancekit.prevalence.units import Cell
from stancekit.types import BoolArray, FloatArray

# Of fewer cells with annotated rows it is not known how much they differ.
MIN_CELLS = 10
# Cells that are annotated in full are known.
_LEAST_VARIANCE = 1e-9
# Errors of a row are never without any variance, whatever few rows show.
_LEAST_WITHIN = 1e-6
# Mean scores that differ by less are the same.
_SAME_SCORES = 1e-9
# What a reader of shrunk shares is told.
ASSUMED = (
    "shrunk shares are drawn towards a line in the mean score of cells (Fay and Herriot 1979), on the "
    "assumption that cells scatter around it normally and alike, with errors of one variance per row; "
    "a cell with few annotated rows is then what others like it are, and a cell unlike all others is "
    "missed: direct estimates are beside them"
)


@dataclass(frozen=True, slots=True)
class AreaModel:
    """A fitted model of areas: y = X beta + v + e, with v of variance `between` and e of known variances.

    Attributes
    ----------
    between
        The variance between areas that covariates do not explain.
    beta
        Coefficients, shape (covariates,).
    value
        The estimate of each area: between its own and that of the covariates, shape (areas,).
    error
        Its mean squared error, shape (areas,).
    """

    between: float
    beta: FloatArray
    value: FloatArray
    error: FloatArray


def fay_herriot(direct: FloatArray, variance: FloatArray, covariates: FloatArray) -> AreaModel:
    """Fit the model of Fay and Herriot (1979), by restricted maximum likelihood.

    Where that is largest without any variance between areas, all areas would be taken for equal
    but for covariates, and intervals would be too narrow: then it is adjusted so that the
    variance is above 0 (Li and Lahiri 2010). Errors are those of Prasad and Rao (1990), as Datta
    and Lahiri (2000) give them for this way of fitting.

    Parameters
    ----------
    direct
        The estimate of each area from itself alone, shape (areas,); NaN where there is none.
    variance
        The variances of these, shape (areas,); those of the NaN are not read.
    covariates
        With a column of ones, shape (areas, covariates).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> truth = 2 + random.standard_normal(200)
    >>> variance = np.full(200, 0.25)
    >>> model = fay_herriot(truth + 0.5 * random.standard_normal(200), variance, np.ones((200, 1)))
    >>> round(model.between, 1), model.beta.round(1).tolist()
    (0.9, [2.0])
    """
    known = np.isfinite(direct)
    y, d, x = direct[known], variance[known], covariates[known]
    between = _fit_between(y, d, x)
    weight = 1 / (between + d)
    inverse = np.linalg.pinv(x.T @ (weight[:, None] * x))
    beta = inverse @ (x.T @ (weight * y))
    # An area without rows of its own is what its covariates say.
    own = np.zeros(len(direct))
    own[known] = between * weight
    fitted = covariates @ beta
    value = fitted.copy()
    value[known] += own[known] * (y - fitted[known])
    shared = np.einsum("ij,jk,ik->i", covariates, inverse, covariates)
    uncertain = np.zeros(len(direct))
    # How much the variance between areas is itself uncertain.
    uncertain[known] = d**2 * weight**3 * 2 / (weight**2).sum()
    error = (1 - own) * between + (1 - own) ** 2 * shared + 2 * uncertain
    return AreaModel(between, beta, value, error)


def _fit_between(y: FloatArray, d: FloatArray, x: FloatArray) -> float:
    from scipy.optimize import minimize_scalar

    highest = 10 * max(float(np.var(y)), 1e-12)

    def lowest_at(adjusted: bool) -> float:
        found = minimize_scalar(
            lambda log: -restricted_likelihood(np.exp(log), y, d, x) - (log if adjusted else 0),
            bounds=(np.log(highest) - 25, np.log(highest)),
            method="bounded",
            options={"xatol": 1e-8},
        )
        return float(np.exp(found.x))

    plain = lowest_at(adjusted=False)
    # Against a millionth of the variances themselves it is none.
    return plain if plain > 1e-6 * float(np.median(d)) else lowest_at(adjusted=True)


def restricted_likelihood(between: float, y: FloatArray, d: FloatArray, x: FloatArray) -> float:
    """Return the logarithm of the restricted likelihood of a variance between areas, but for a constant.

    Examples
    --------
    >>> y, d, x = np.array([0.0, 4.0]), np.ones(2), np.ones((2, 1))
    >>> round(restricted_likelihood(7.0, y, d, x), 3) > round(restricted_likelihood(1.0, y, d, x), 3)
    True
    """
    weight = 1 / (between + d)
    information = x.T @ (weight[:, None] * x)
    beta = np.linalg.pinv(information) @ (x.T @ (weight * y))
    fit = float((weight * (y - x @ beta) ** 2).sum())
    return float(0.5 * (np.log(weight).sum() - np.linalg.slogdet(information)[1] - fit))


@dataclass(frozen=True, slots=True)
class ShrunkCells:
    """The shrunk shares of cells with their limits by cell, each of shape (3, codes), and how they were made."""

    limits: dict[Cell, FloatArray]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Areas:
    """The direct estimates of cells, shape (cells, codes), and their variances; NaN where no row is annotated.

    `means` are the mean scores, and `beyond` is the variance of a cell's true share around what
    such texts say, 0 in a claim about these very rows. `freedom` is that of the variances.
    """

    direct: FloatArray
    variance: FloatArray
    means: FloatArray
    beyond: FloatArray
    freedom: float


def shrink_cells(
    units: SampledUnits, masks: Mapping[Cell, BoolArray], *, finite_population: bool
) -> ShrunkCells:
    """Return shares of cells that are drawn towards what the model's scores say of them.

    The direct estimate of a cell is the mean score plus the mean error of its annotated rows,
    with one lambda for all; its variance is that of errors within all cells, over the effective
    number of its rows: from a few rows alone it would not be known. The covariate is the mean
    score. Beyond these rows, the variance of a cell's share around what such texts say is added,
    with codes as alike within articles as scores are.

    Parameters
    ----------
    masks
        The mask of the rows of each cell, shape (N,).
    finite_population
        As of `estimate_domain`.
    """
    areas = _estimate_areas(units, list(masks.values()), finite_population=finite_population)
    n_known = int(np.isfinite(areas.direct[:, 0]).sum())
    if n_known < MIN_CELLS or areas.freedom < 1:
        note = (
            f"no shares are shrunk: {n_known} cells have annotated rows, and {MIN_CELLS} cells with "
            "several are needed to know how much cells differ"
        )
        return ShrunkCells({}, [note])
    limits = np.zeros((len(masks), 3, areas.direct.shape[1]))
    for code in range(areas.direct.shape[1]):
        limits[:, :, code] = _shrink_code(areas, code)
    return ShrunkCells(dict(zip(masks, limits, strict=True)), [ASSUMED])


def _estimate_areas(
    units: SampledUnits, masks: list[BoolArray], *, finite_population: bool
) -> _Areas:
    lambda_ = estimate_domain(units, finite_population=finite_population).lambda_
    n_codes = units.scores.shape[1]
    direct, means = np.full((2, len(masks), n_codes), np.nan)
    beyond = np.zeros((len(masks), n_codes))
    per_row = np.zeros(len(masks))
    of_errors, of_gold, freedom = np.zeros(n_codes), np.zeros(n_codes), 0.0
    for at, mask in enumerate(masks):
        means[at] = units.scores[mask].mean(axis=0)
        if not finite_population:
            beyond[at] = _article_share(units.article[mask], units.scores[mask])
        rows, weights, left = weigh_rows(units, mask)
        if not len(rows):
            continue
        share = weights / weights.sum()
        errors = units.gold[rows] - lambda_ * units.scores[rows]
        direct[at] = lambda_ * means[at] + share @ errors
        effective = float(1 / (share**2).sum())
        per_row[at] = float(share @ left) / effective
        of_errors += effective * (share @ (errors - share @ errors) ** 2)
        of_gold += effective * (share @ (units.gold[rows] - share @ units.gold[rows]) ** 2)
        freedom += effective - 1
    within = np.maximum(of_errors / max(freedom, 1), _LEAST_WITHIN)
    variance = np.maximum(within * per_row[:, None], _LEAST_VARIANCE)
    return _Areas(direct, variance, means, beyond * of_gold / max(freedom, 1), freedom)


def _article_share(article: NDArray[np.int64], scores: FloatArray) -> FloatArray:
    """Return the variance of the mean score by way of articles, as a part of that of one row, shape (codes,)."""
    apart = scores - scores.mean(axis=0)
    of_row = (apart**2).mean(axis=0)
    names, place = np.unique(article, return_inverse=True)
    of_mean = (sum_by_unit(place, apart, len(names)) ** 2).sum(axis=0) / len(scores) ** 2
    alone = len(names) / max(len(names) - 1, 1) / len(scores)
    return np.asarray(
        np.maximum(np.where(of_row > 0, of_mean / np.maximum(of_row, 1e-12), 0), alone)
    )


def _shrink_code(areas: _Areas, code: int) -> FloatArray:
    """Return shrunk shares of a code with their limits, shape (cells, 3)."""
    from scipy.stats import t as student

    direct, means = areas.direct[:, code], areas.means[:, code]
    # A code whose scores are the same in all cells has no covariate.
    columns = [np.ones(len(means))]
    if np.ptp(means) > _SAME_SCORES:
        columns.append(means - means.mean())
    covariates = np.column_stack(columns)
    model = fay_herriot(direct, areas.variance[:, code], covariates)
    freedom = max(int(np.isfinite(direct).sum()) - covariates.shape[1], 1)
    half = student.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(model.error + areas.beyond[:, code])
    ends = [model.value, model.value - half, model.value + half]
    return np.asarray(np.clip(np.stack(ends, axis=1), 0, 1))
