"""Columns of a regression: those of labels, what follows from dates, and those of a table that is joined."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from stancekit.errors import KitError, listing
from stancekit.labelling.columns import column_cells, column_names, name_text, row_ids
from stancekit.labelling.label_files import RowSource, read_label_rows, source_name, table_rows
from stancekit.labelling.labels import Labels
from stancekit.labelling.population import Population, check_sentences
from stancekit.labelling.row_format import LabelRow, is_blank, row_id
from stancekit.prevalence.designs import Column
from stancekit.prevalence.refusals import check_variables
from stancekit.prevalence.regressing import RegressionRequest
from stancekit.prevalence.units import PERIODS, period_number, read_periods

# Numbers as programs write them: an exponent has a sign, so that codes such as 1E1 stay texts.
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]\d+)?")
_UNCLEAR = frozenset({"na", "n/a", "#n/a", "nan", "<na>", "null"})
# Not "none", which among numbers may mean 0.
_MISSING = _UNCLEAR | {"."}


def make_column(name: str, values: Sequence[object]) -> Column:
    """Return a column; it is one of numbers where every value that it has reads as one.

    Among numbers, the words by which programs write a missing value (`NA`, `NULL`, `.`) are missing values.

    Raises
    ------
    KitError
        When such a word stands among texts: it may be a category too, as the code of Namibia.

    Examples
    --------
    >>> make_column("size", ["3", None, "4.5", "NA"]).numbers.tolist()
    [3.0, nan, 4.5, nan]
    >>> column = make_column("party", ["left", "", "right"])
    >>> column.numbers is None, column.missing.tolist()
    (True, [False, True, False])
    """
    import pandas as pd

    texts = np.array([_as_text(value) for value in values], dtype=object)
    place, distinct = pd.factorize(texts)
    missing = np.asarray(distinct == "", dtype=bool)
    unsaid = np.array([text.casefold() in _MISSING for text in distinct], dtype=bool)
    is_number = np.array([bool(_PLAIN_NUMBER.fullmatch(text)) for text in distinct], dtype=bool)
    if (is_number | missing | unsaid).all() and is_number.any():
        numbers = np.full(len(distinct), np.nan)
        numbers[is_number] = [float(text) for text in distinct[is_number]]
        without = missing | unsaid
        return Column(name, numbers[place], texts, without[place])
    unclear = np.array([text.casefold() in _UNCLEAR for text in distinct], dtype=bool)
    if unclear.any():
        rows = int(unclear[place].sum())
        raise KitError(
            f"column {name} has {listing(distinct[unclear].tolist())} in {rows} rows, which may be a missing value "
            "or a category; empty these cells, or write the category in another way"
        )
    return Column(name, None, texts, missing[place])


def _as_text(value: object) -> str:
    return "" if is_blank(value) else name_text(value)


class JoinedTable:
    """A table of further columns, one row per value of its first column, which is one of the labels'.

    Parameters
    ----------
    source
        A file, or a table in Python.
    present
        The columns of the labels.
    keys
        Those of them by which a table may be joined: not what a model has guessed.

    Raises
    ------
    KitError
        When it cannot be read, its first column is no key, a value of it is there twice, or another
        column is one of the labels' too.
    """

    def __init__(self, source: RowSource, present: Iterable[str], keys: Iterable[str]) -> None:
        name, known, allowed = source_name(source), set(present), sorted(keys)
        rows = (
            read_label_rows(Path(source)) if isinstance(source, str | Path) else table_rows(source)
        )
        heads = list(dict.fromkeys(key for row in rows for key in row))
        if not heads or heads[0] not in allowed:
            first = heads[0] if heads else "nothing"
            fault = (
                "is what a model has guessed" if first in known else "is no column of the labels"
            )
            raise KitError(
                f"the first column of {name} is {first!r}, by which it is joined, and that {fault}; it can be joined "
                f"by {listing(allowed, most=20)}. Put one of them first"
            )
        self.key = heads[0]
        if twice := sorted(known.intersection(heads[1:])):
            raise KitError(
                f"{name} has columns that the labels have too ({listing(twice)}); rename or remove them, "
                "so that it is clear which is meant"
            )
        self.rows: dict[str, LabelRow] = {}
        again = [
            key
            for row in rows
            if self.rows.setdefault(key := _as_text(row.get(self.key)), row) is not row
        ]
        if again:
            raise KitError(
                f"{name} has {len(set(again))} values of {self.key} more than once "
                f"({listing(dict.fromkeys(again))}); keep one row for each"
            )
        self.values = heads[1:]

    def look_up(self, keys: Sequence[object], name: str) -> list[object]:
        """Return what the table has in a column for each key, `None` where it has no such key.

        Raises
        ------
        KitError
            When it has none of them.
        """
        found = [self.rows.get(_as_text(key), {}) for key in keys]
        if not any(found):
            raise KitError(
                f"no {self.key} of the labels is in the table of columns; the labels have "
                f"{listing(dict.fromkeys(map(_as_text, keys)), most=3)}, the table "
                f"{listing(self.rows, most=3)}. Write them as the labels do"
            )
        return [row.get(name) for row in found]


def read_regressed(
    labels: Labels,
    population: Population,
    request: RegressionRequest,
    *,
    source: RowSource | None = None,
    date_format: str | None = None,
) -> dict[str, Column]:
    """Return the columns that a regression takes, by name.

    Parameters
    ----------
    labels
        All rows, also those that do not count for the codebook.
    population
        Those that count.
    source
        A table of further columns.
    date_format
        As of `stancekit estimate`.

    Raises
    ------
    KitError
        When the formula names what is no column or not clear, a table cannot be joined, or a row has
        no sampling unit.
    """
    present = column_names(population.rows)
    own = [*present, *(period for period in PERIODS if "date" in present)]
    guessed = {end for book in labels.codebooks for end in (book, f"{book}_scores")}
    keys = [name for name in own if name not in guessed]
    table = JoinedTable(source, own, keys) if source is not None else None
    joined = table.values if table else []
    codes, names = population.codes, request.columns(population.codes)
    check_variables([*names, *request.codes(codes)], codes, [*own, *joined], list(labels.codebooks))
    _check_roles(request, [*own, *joined])
    if population.codebook.unit == "sentence":
        of_labels = [name for name in names if name in present]
        check_sentences(labels.rows, population.codebook, of_labels)
    columns = {}
    for name in names:
        if table and name in joined:
            values = table.look_up(_join_keys(population.rows, table.key, date_format), name)
        elif name not in present:
            values = _periods(population.rows, name, date_format)
        else:
            values = column_cells(population.rows, name)
        columns[name] = make_column(name, values)
    if request.cluster:
        _check_cluster(population, columns[request.cluster])
    return columns


def _join_keys(rows: Sequence[LabelRow], name: str, date_format: str | None) -> list[object]:
    """Return by what rows are joined to a table: a column, or the year or month of their date as it is written."""
    if name not in PERIODS or name in column_names(rows):
        return column_cells(rows, name)
    return list(read_periods(row_ids(rows), column_cells(rows, "date"), name, date_format))


def _check_roles(request: RegressionRequest, columns: Sequence[str]) -> None:
    """Refuse weights or sampling units that are a code, which is a variable of the formula only."""
    for role, name in (("weights", request.weights), ("cluster", request.cluster)):
        if name and name not in columns:
            raise KitError(
                f"{role}={name} is a code of the labels, and {role}= takes a column of the rows. Rename "
                "the column if one of that name is meant, and let it stand before the labels, or leave "
                f"{role}= out"
            )


def _periods(rows: Sequence[LabelRow], name: str, date_format: str | None) -> list[object]:
    """Return the year of each row, or its month, as a number of months that starts with the first of them."""
    periods = read_periods(row_ids(rows), column_cells(rows, "date"), name, date_format)
    numbers = [None if period is None else period_number(period) for period in periods]
    if name == next(iter(PERIODS)):
        return list(numbers)
    first = min((number for number in numbers if number is not None), default=0)
    return [None if number is None else number - first for number in numbers]


def _check_cluster(population: Population, column: Column) -> None:
    """Refuse sampling units that are not known of every row."""
    lacking = [row_id(population.rows[row]) for row in np.flatnonzero(column.missing)[:9]]
    if lacking:
        raise KitError(
            f"{int(column.missing.sum())} rows of the labels have no {column.name} ({listing(lacking)}), "
            "and a claim beyond the corpus depends on how its values differ; fill it in, set cluster= to "
            "another column, or set inference=finite_population"
        )
