"""From arrays of labelled rows to sampled units, and their estimates by cell."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import listing
from stancekit.prevalence.estimators import Domain, SampledUnits, estimate_domain
from stancekit.prevalence.sampling import Sample, differing_facts, join_samples
from stancekit.types import BoolArray, FloatArray

# The values of the columns that make cells, as ("Peru", "2020").
Cell = tuple[str, ...]
# Of more cells it is not tested of each whether its rows were annotated as often as
# others: with Bonferroni's correction over so many tests hardly any difference would be
# found.
MOST_TESTED = 50


def make_units(
    scores: FloatArray,
    predicted: BoolArray,
    articles: Sequence[str],
    *,
    gold: FloatArray,
    samples: Sequence[Sample],
    exclusive: bool,
) -> SampledUnits:
    """Return labelled rows as units, with the weights that samples give to the annotated ones.

    Parameters
    ----------
    scores, predicted, gold
        As of `SampledUnits`, shape (N, codes).
    articles
        The article of each row.
    samples
        The samples that were drawn of the rows; what they say is annotated has gold
        codes.
    exclusive
        Whether a unit has exactly one code.
    """
    size = len(scores)
    annotated, probability = np.zeros(size, dtype=bool), np.ones(size)
    for sample in samples:
        annotated[sample.rows[sample.annotated]] = True
    rows, weights, _ = join_samples(samples, np.ones(size, dtype=bool))
    probability[rows] = 1 / weights
    article = np.unique(articles, return_inverse=True)[1]
    return SampledUnits(
        scores,
        predicted,
        article,
        annotated,
        gold,
        probability,
        exclusive=exclusive,
        samples=samples,
    )


def cell_masks(columns: Mapping[str, Sequence[str]], n: int) -> Iterator[tuple[Cell, BoolArray]]:
    """Yield every cell with the mask of its rows, shape (n,), in alphabetical order.

    Parameters
    ----------
    columns
        The columns that make cells, as the value of each row by name; without any, all
        rows are one cell.

    Examples
    --------
    >>> for cell, mask in cell_masks({"actor": ["Peru", "Ghana", "Peru"]}, 3):
    ...     print(cell, mask.tolist())
    ('Ghana',) [False, True, False]
    ('Peru',) [True, False, True]
    """
    # One pass over the rows: with many cells, a comparison per cell would take far longer.
    rows_of: dict[Cell, list[int]] = {}
    for row, cell in enumerate(_row_cells(columns, n)):
        rows_of.setdefault(cell, []).append(row)
    for cell in sorted(rows_of):
        mask = np.zeros(n, dtype=bool)
        mask[rows_of[cell]] = True
        yield cell, mask


def _row_cells(columns: Mapping[str, Sequence[str]], n: int) -> list[Cell]:
    return list(zip(*columns.values(), strict=True)) if columns else [()] * n


def estimate_cells(
    units: SampledUnits, columns: Mapping[str, Sequence[str]], *, finite_population: bool
) -> dict[Cell, Domain]:
    """Return the estimates of every cell; see `cell_masks` and `estimate_domain`."""
    return {
        cell: estimate_domain(units, mask, finite_population=finite_population)
        for cell, mask in cell_masks(columns, len(units.scores))
    }


def annotation_notes(
    units: SampledUnits, columns: Mapping[str, Sequence[str]], codes: Sequence[str]
) -> list[str]:
    """Return a note for every sample whose annotated rows are not a random part of it."""
    cells = _row_cells(columns, len(units.scores))
    notes = []
    for sample in units.samples:
        facts = {
            "position in the labels": sample.rows.astype(float),
            "probability": sample.probability,
        }
        facts |= {
            f"score of {code}": units.scores[sample.rows, column]
            for column, code in enumerate(codes)
        }
        facts |= _cell_facts([cells[row] for row in sample.rows.tolist()])
        if names := differing_facts(sample.annotated, facts):
            notes.append(_difference_note(sample.annotated, names))
    return notes


def _cell_facts(cells: Sequence[Cell]) -> dict[str, NDArray[np.float64]]:
    """Return for every cell whether rows are in it, shape (rows,)."""
    names = sorted(set(cells))
    if len(names) > MOST_TESTED:
        return {}
    return {
        f"cell {', '.join(name)}": np.array([cell == name for cell in cells], dtype=float)
        for name in names
        if name
    }


def _difference_note(annotated: BoolArray, names: Sequence[str]) -> str:
    shown = listing(names, most=3)
    return (
        f"the {int(annotated.sum())} annotated of {len(annotated)} drawn rows are not a random part "
        f"of them: they differ from the others in {shown}, and estimates may be biased towards "
        "them. Annotate rows in the order of the file that sample wrote, or all of them"
    )
