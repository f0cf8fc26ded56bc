"""Drawing the codes of rows that nobody annotated, so that whatever is computed from all rows has an interval.

Multiple imputation (Rubin 1987) from the model of errors in `pooling.py`: each draw has its own
coefficients, spread, shifts and codes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.pooling import FittedErrors, SharedErrors, fit_errors
from stancekit.prevalence.signed_rows import SignedRows, code_shares, row_bends
from stancekit.prevalence.two_by_two import left_over, roots, times, totals
from stancekit.types import FloatArray, IndexArray

# Rows times draws that are held in memory at once.
_MOST_HELD = 2_000_000
# Degrees of freedom of the distribution of shifts of cells.
_FREEDOM = 6


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many rows of every part are for and against, in many draws of what was not annotated.

    Attributes
    ----------
    counts
        In every draw, shape (draws, parts, 2).
    expected
        Their mean, from probabilities in place of drawn codes, shape (parts, 2).
    errors
        What the annotated rows say of the model.
    """

    counts: FloatArray
    expected: FloatArray
    errors: SharedErrors


def draw_tallies(
    rows: SignedRows,
    part: IndexArray,
    *,
    draws: int,
    cells_differ: bool = True,
    random_state: int = 0,
) -> Tallies:
    """Draw the codes of all rows that were not annotated, and count them.

    Annotated rows have their codes in every draw. What is computed from the counts of a draw
    varies over draws as it would over what annotating all rows might show.

    Parameters
    ----------
    part
        What a row is counted in, such as its cell in some period, shape (N,).
    draws
        How many.
    cells_differ
        As of `pooling.fit_errors`.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> gold = np.eye(3)[random.integers(0, 3, 600)][:, :2]
    >>> scores, cell, article = 0.1 + 0.6 * gold, np.arange(600) // 60, np.arange(600)
    >>> annotated = random.random(600) < 0.3
    >>> rows = SignedRows(scores, scores > 0.5, gold, annotated, np.ones(600), cell, article)
    >>> tallies = draw_tallies(rows, cell, draws=100)
    >>> bool(abs(tallies.expected.sum() - gold.sum()) < 20)
    True
    """
    random = np.random.default_rng(random_state)
    fitted = fit_errors(rows, draws=draws, cells_differ=cells_differ, random=random)
    n_parts = int(part.max()) + 1
    known = totals(rows.gold[rows.annotated], part[rows.annotated], n_parts)
    counts, expected = np.tile(known, (draws, 1, 1)), known.copy()
    unknown = np.flatnonzero(~rows.annotated)
    unknown = unknown[np.argsort(part[unknown], kind="stable")]
    if not len(unknown):
        return Tallies(counts, expected, fitted.errors)
    sampler = _Sampler(rows, fitted, unknown)
    seen, starts = np.unique(part[unknown], return_index=True)
    for some in _chunks(draws, len(rows.cell)):
        shares = sampler.draw(fitted.spreads[some], random)
        expected[seen] += np.add.reduceat(shares, starts, axis=1).sum(axis=0) / draws
        uniform = random.random(shares.shape[:2])
        is_for = uniform < shares[..., 0]
        is_against = ~is_for & (uniform < shares[..., 0] + shares[..., 1])
        for pole, given in enumerate((is_for, is_against)):
            counts[some, seen, pole] += np.add.reduceat(given.astype(float), starts, axis=1)
    return Tallies(counts, expected, fitted.errors)


def _chunks(draws: int, n_rows: int) -> Iterator[slice]:
    size = max(1, _MOST_HELD // max(n_rows, 1))
    for start in range(0, draws, size):
        yield slice(start, min(start + size, draws))


class _Sampler:
    """Draws the probabilities of for and against of some rows."""

    def __init__(self, rows: SignedRows, fitted: FittedErrors, unknown: IndexArray) -> None:
        self._fitted, self._features = fitted, fitted.features[unknown]
        pairs = np.column_stack([rows.cell, rows.article])
        groups, group = np.unique(pairs, axis=0, return_inverse=True)
        group = group.ravel()
        self._n_cells, self._cell_of_group = rows.n_cells, groups[:, 0]
        self._group = group[unknown]
        # Both number groups, and cells, in the order of their names.
        self._known_groups = np.unique(group[rows.annotated])
        self._known_cells = np.unique(rows.cell[rows.annotated])
        cell_of = fitted.data.cell_of_group
        self._member = (cell_of == np.arange(len(self._known_cells))[:, None]).astype(float)

    def draw(self, spreads: FloatArray, random: np.random.Generator) -> FloatArray:
        """Return probabilities in as many draws as there are spreads, shape (draws, rows, 2)."""
        mode, n_draws = self._fitted.mode, len(spreads)
        moved = random.standard_normal((n_draws, mode.coefficients.size))
        moved = moved @ np.linalg.cholesky(mode.covariance).T
        coefficients = mode.coefficients + moved.reshape(n_draws, *mode.coefficients.shape)
        pull = mode.pull - np.einsum("gak,dk->dga", mode.slope, moved)
        effect = self._draw_cells(spreads, pull, random)
        shift = effect[:, self._cell_of_group] + self._draw_groups(effect, pull, random)
        shares = code_shares(self._features @ coefficients)
        bends = row_bends(code_shares(self._features @ mode.coefficients), np.ones(len(shares[0])))
        shares += times(bends, shift[:, self._group])
        np.maximum(shares, 0, out=shares)
        shares /= np.maximum(shares[..., 0] + shares[..., 1], 1)[..., None]
        return shares

    def _draw_cells(
        self, spreads: FloatArray, pull: FloatArray, random: np.random.Generator
    ) -> FloatArray:
        """Return the shift of every cell, shape (draws, cells, 2); without annotated rows, any that cells have."""
        mode = self._fitted.mode
        noise = random.standard_normal((len(spreads), self._n_cells, 2))
        # Some cells are far from the others: Student's distribution in place of the normal one.
        scale = _FREEDOM / random.chisquare(_FREEDOM, size=noise.shape[:2])
        of_cells = scale[..., None, None] * (spreads[:, None] + self._fitted.doubt)
        effect = times(roots(of_cells), noise)
        left = left_over(mode.cell_bend, of_cells[:, self._known_cells])
        damped = times(mode.damping, pull)
        of_cell = np.einsum("cg,dga->dca", self._member, damped)
        known = self._known_cells
        effect[:, known] = times(left, of_cell) + times(roots(left), noise[:, known])
        return effect

    def _draw_groups(
        self, effect: FloatArray, pull: FloatArray, random: np.random.Generator
    ) -> FloatArray:
        """Return the shift of every group, shape (draws, groups, 2)."""
        mode, spread = self._fitted.mode, self._fitted.errors.article_spread
        noise = random.standard_normal((len(effect), len(self._cell_of_group), 2))
        shift = times(roots(spread), noise)
        left = left_over(mode.bend, spread)
        known = self._known_groups
        rest = pull - times(mode.bend, effect[:, self._cell_of_group[known]])
        shift[:, known] = times(left, rest) + times(roots(left), noise[:, known])
        return shift
