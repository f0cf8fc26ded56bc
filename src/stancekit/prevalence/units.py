"""From arrays of labelled rows to sampled units, their periods, and their estimates by cell."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dates import read_dates
from stancekit.errors import KitError, listing
from stancekit.prevalence.estimators import (
    ANNOTATION_ONLY,
    Domain,
    SampledUnits,
    estimate_domain,
)
from stancekit.prevalence.sampling import Sample, differing_facts, join_samples, number_texts
from stancekit.types import BoolArray, FloatArray

# What stands between the first and the last of periods that were joined.
_TO = " to "
# By period: how many characters of an ISO date name it.
PERIODS = {"year": 4, "month": 7}


def read_periods(
    ids: Sequence[str], dates: Sequence[object], period: str, date_format: str | None = None
) -> list[str | None]:
    """Return the year or month of each date, `None` where there is no date.

    Parameters
    ----------
    ids
        What to call the rows in messages.
    period
        `year` or `month`.
    date_format
        As of `corpus.dates.read_date`.

    Raises
    ------
    KitError
        When a date cannot be read, or is not as precise as the period.

    Examples
    --------
    >>> read_periods(["r0", "r1"], ["20180111", None], "month")
    ['2018-01', None]
    """
    length = PERIODS[period]
    read = read_dates(
        zip(ids, dates, strict=True), where="labels", key="date_format", format=date_format
    )
    imprecise = [
        f"{key}: {date}" for key, date in zip(ids, read, strict=True) if 0 < len(date) < length
    ]
    if imprecise:
        raise KitError(
            f"{len(imprecise)} dates do not say the {period} ({listing(imprecise)}); "
            "compare years with by=[year]"
        )
    return [date[:length] or None for date in read]


def joined_name(periods: Sequence[str]) -> str:
    """Return what periods that were joined are called.

    Examples
    --------
    >>> joined_name(["2019-03", "2019-05"]), joined_name(["2019-03"])
    ('2019-03 to 2019-05', '2019-03')
    """
    return periods[0] if len(periods) == 1 else f"{periods[0]}{_TO}{periods[-1]}"


def period_number(period: str) -> float | None:
    """Return a year or a month as a number of years or months, `None` where it is neither.

    Of periods that were joined, it is the middle one.

    Examples
    --------
    >>> period_number("2010") - period_number("2000")
    10
    >>> period_number("2020-03") - period_number("2019-12")
    3
    >>> period_number("2019-03 to 2019-06") - period_number("2019-03")
    1.5
    >>> print(period_number("(none)"))
    None
    """
    ends = period.split(_TO)
    if len(ends) == 2:  # the first and the last
        first, last = map(period_number, ends)
        return None if first is None or last is None else (first + last) / 2
    match = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period, re.ASCII)
    if not match:
        return None
    year, month = match.groups()
    return int(year) * 12 + int(month) if month else int(year)


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
    article = number_texts(articles)[0]
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
    number, cells = number_cells(columns, n)
    # Rows in the order of their cells: with many cells, a comparison per cell would take far longer.
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=len(cells)))
    for cell, rows in zip(cells, np.split(order, ends[:-1]), strict=True):
        mask = np.zeros(n, dtype=bool)
        mask[rows] = True
        yield cell, mask


def number_cells(
    columns: Mapping[str, Sequence[str]], n: int
) -> tuple[NDArray[np.int64], list[Cell]]:
    """Return the number of each row's cell, shape (n,), and the cells in alphabetical order."""
    number = np.zeros(n, dtype=np.int64)
    cells: list[Cell] = [()] if n else []
    for values in columns.values():
        of_column, names = number_texts(values)
        present, number = np.unique(number * len(names) + of_column, return_inverse=True)
        pairs = (divmod(one, len(names)) for one in present.tolist())
        cells = [(*cells[before], names[last]) for before, last in pairs]
    return number, cells


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
        drawn = sample.rows.tolist()
        of_rows = ([values[row] for row in drawn] for values in columns.values())
        facts |= _cell_facts(list(zip(*of_rows, strict=True)) if columns else [()] * len(drawn))
        if names := differing_facts(sample.annotated, facts):
            notes.append(_difference_note(sample.annotated, names))
    return notes


def annotator_notes(domains: Iterable[Domain]) -> list[str]:
    """Return a note on the part of the variance that comes from annotators, where gold is uncertain."""
    parts = [part for domain in domains if domain.enough for part in domain.from_annotators]
    known = [part for part in parts if part is not None]
    if not known:
        return []
    low, middle, high = np.round(100 * np.quantile(known, [0, 0.5, 1])).astype(int).tolist()
    return [
        f"of the variance of estimates, {low} to {high} % (median {middle} %) comes from annotators; the "
        "rest from which rows were annotated"
    ]


def error_notes(
    units: SampledUnits, cells: Mapping[Cell, tuple[Domain, BoolArray]], codes: Sequence[str]
) -> list[str]:
    """Return a note on the codes of cells in whose annotated rows the model makes no error.

    Its errors are what an interval is computed from. Where none is seen, the interval has next
    to no width, though some of the rows that were not annotated may be wrong.

    Parameters
    ----------
    cells
        The estimates of every cell, and the mask of its rows.
    """
    wrong = units.predicted != (units.gold > 0.5)
    names = []
    for cell, (domain, mask) in cells.items():
        if domain.certain or not domain.enough:
            continue
        n_errors = wrong[mask & units.annotated].sum(axis=0)
        name = ", ".join(cell) or "all"
        names += [
            f"{code} of {name}" for code, n in zip(codes, n_errors.tolist(), strict=True) if not n
        ]
    if not names:
        return []
    return [
        f"the model makes no error in the annotated rows with {listing(names, most=4)}: the "
        f"interval of such an estimate is too narrow; report that of {ANNOTATION_ONLY}, or annotate "
        "more rows"
    ]


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
