"""Rows that are for, against or neither, and what a model's scores of them say, row by row and cell by cell."""

from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.two_by_two import inverse, positive_part, times, totals
from stancekit.types import BoolArray, FloatArray, IndexArray

# Scores nearer to 0 or 1 than this say no more: log-odds would be endless.
_NEAREST = 0.005


@dataclass(frozen=True, slots=True)
class SignedRows:
    """N rows that are for, against, or neither; the last axis of arrays of shape (N, 2) is (for, against).

    Attributes
    ----------
    scores
        The probability that the model gives to each, shape (N, 2).
    counted
        Whether the model's codes say so, shape (N, 2).
    gold
        Whether annotators said so, shape (N, 2); read where `annotated`.
    annotated
        Shape (N,).
    weight
        The inverse of the probability with which annotated rows were drawn, shape (N,).
    cell, article
        The number of each row's cell and article, without gaps, shape (N,).
    """

    scores: FloatArray
    counted: BoolArray
    gold: FloatArray
    annotated: BoolArray
    weight: FloatArray
    cell: IndexArray
    article: IndexArray

    @property
    def n_cells(self) -> int:
        """Return the number of cells."""
        return int(self.cell.max()) + 1


@dataclass(frozen=True, slots=True)
class RowFeatures:
    """What the log-odds of rows are a function of.

    Attributes
    ----------
    values
        A constant, the log-odds of a row's scores for and against, each to neither, and the means
        of these in its cell, shape (N, 5). Where the model says "for" often, one "for" is more
        likely right. The mean of a cell in few articles is moved towards that of all.
    doubt
        The covariance that is left of the mean of every cell, shape (cells, 2, 2).
    """

    values: FloatArray
    doubt: FloatArray


def row_features(rows: SignedRows) -> RowFeatures:
    """Return what the log-odds of rows are a function of."""
    three = np.column_stack([rows.scores, 1 - rows.scores.sum(axis=1)]).clip(_NEAREST, 1)
    odds = np.log(three[:, :2] / three[:, 2:])
    means, doubt = _cell_means(odds, rows.cell, rows.article)
    return RowFeatures(np.column_stack([np.ones(len(odds)), odds, means[rows.cell]]), doubt)


def _cell_means(
    odds: FloatArray, cell: IndexArray, article: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """Return the mean of every cell as far as it can be relied on, (cells, 2), and what doubt is left, (cells, 2, 2).

    One-way analysis of variance with articles as the sampling units: the part of a mean's
    distance from that of all that is not chance is kept (regression calibration, Fuller 1987).
    """
    groups, group = np.unique(np.column_stack([cell, article]), axis=0, return_inverse=True)
    of_cell, n_cells = groups[:, 0], int(cell.max()) + 1
    rows = np.bincount(cell, minlength=n_cells)[:, None]
    means = totals(odds, cell, n_cells) / rows
    apart = totals(odds - means[cell], group.ravel(), len(groups))
    sizes = np.bincount(group.ravel()).astype(float)
    # As many articles as those of different sizes amount to.
    articles = rows[:, 0] ** 2 / np.bincount(of_cell, sizes**2, minlength=n_cells)
    scatter = totals(apart[:, :, None] * apart[:, None, :], of_cell, n_cells)
    scatter *= (articles / rows[:, 0] ** 2)[:, None, None]
    freedom = np.maximum(articles - 1, 0)
    within = (scatter * articles[:, None, None]).sum(axis=0) / max(freedom.sum(), 1e-9)
    chance = within / articles[:, None, None]
    centre = np.average(means, axis=0, weights=articles)
    distance = means - centre
    products = distance[:, :, None] * distance[:, None, :] - chance
    between = positive_part(np.average(products, axis=0, weights=articles))
    kept = between @ inverse(between + chance + 1e-9 * np.eye(2))
    return centre + times(kept, distance), (np.eye(2) - kept) @ between


def code_shares(odds_logs: FloatArray) -> FloatArray:
    """Return the probabilities of for and against, shape (..., 2)."""
    odds = np.exp(np.clip(odds_logs, -30, 30))
    odds /= (1 + odds[..., 0] + odds[..., 1])[..., None]
    return np.asarray(odds)


def row_bends(shares: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the weighted covariance of each row's outcome, shape (n, 2, 2)."""
    own = shares[:, :, None] * np.eye(2)
    return np.asarray(weight[:, None, None] * (own - shares[:, :, None] * shares[:, None, :]))


@dataclass(frozen=True, slots=True)
class AnnotatedRows:
    """The n annotated rows: features (n, 5), codes (n, 2), weights; the number of each one's group, each group's cell.

    A group is what a cell has in one article. Cells are numbered anew, without those that have
    no annotated row; `cells` has their numbers among all.
    """

    features: FloatArray
    gold: FloatArray
    weight: FloatArray
    group: IndexArray
    cell_of_group: IndexArray
    cells: IndexArray


def annotated_rows(rows: SignedRows, features: FloatArray) -> AnnotatedRows:
    """Return the annotated rows, grouped by cell and article; `features` are of all rows, shape (N, 5)."""
    chosen = np.flatnonzero(rows.annotated)
    cells, cell = np.unique(rows.cell[chosen], return_inverse=True)
    pairs = np.column_stack([cell, rows.article[chosen]])
    groups, group = np.unique(pairs, axis=0, return_inverse=True)
    weight = rows.weight[chosen]
    # Rows count as many as they amount to (Kish 1965).
    weight = weight * weight.sum() / (weight**2).sum()
    return AnnotatedRows(
        features[chosen], rows.gold[chosen], weight, group.ravel(), groups[:, 0], cells
    )
