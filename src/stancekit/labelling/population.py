"""The rows that an estimate is about: those that count for a codebook, with the values that make cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from stancekit.corpus.dates import decimal_year, read_dates
from stancekit.errors import KitError, listing
from stancekit.labelling.columns import column_cells, column_names, column_texts, row_ids
from stancekit.labelling.held_out import use_held_out
from stancekit.labelling.labels import Labels, read_labels
from stancekit.labelling.row_format import (
    LabelledCodebook,
    LabelRow,
    is_blank,
    sentence_id,
)
from stancekit.labelling.score_matrix import code_matrix, score_matrix, scored_codes, unit_rows
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.units import PERIODS, period_number, read_periods
from stancekit.types import BoolArray, FloatArray
from stancekit.views import DataFrame

# Columns that differ between the rows of a sentence.
OF_PAIRS = frozenset({"actor", "actor_start", "actor_end", "actor_code", "target"})
# What a cell is called that has no value of a column.
NO_VALUE = "(none)"


@dataclass(frozen=True)
class Population:
    """Labelled rows that count for a codebook.

    Attributes
    ----------
    labels
        The rows.
    codebook, codes
        What they are coded with, and its codes in alphabetical order.
    columns
        The fields that make cells, as the value of each row by name.
    """

    labels: Labels
    codebook: LabelledCodebook
    codes: list[str]
    columns: dict[str, list[str]]

    @property
    def rows(self) -> Sequence[LabelRow]:
        """Return the rows as they were read."""
        return self.labels.rows

    @cached_property
    def row_numbers(self) -> dict[str, int]:
        """Return the number of each row by its id."""
        return {key: number for number, key in enumerate(row_ids(self.rows))}

    @property
    def articles(self) -> list[str]:
        """Return the article of each row."""
        return column_values(self.rows, "article")

    @cached_property
    def scores(self) -> FloatArray:
        """Return the score of every code, shape (rows, codes)."""
        return score_matrix(self.rows, self.codebook)

    @cached_property
    def predicted(self) -> BoolArray:
        """Return whether the model gave each row each code, shape (rows, codes)."""
        return code_matrix(self.rows, self.codebook)


def column_values(rows: Sequence[LabelRow], name: str) -> list[str]:
    """Return what rows have in a column, as names of cells."""
    texts: list[str] = column_texts(rows, name, NO_VALUE).tolist()
    return texts


def read_population(
    labels: str | Path | Labels | DataFrame,
    *,
    codebook: str | None = None,
    by: Sequence[str] = (),
    inference: str = "finite_population",
    date_format: str | None = None,
) -> Population:
    """Read labels, and return the rows that count for a codebook.

    Parameters
    ----------
    labels
        As of `labels.read_labels`.
    codebook
        The codebook's name; by default the only one.
    by
        Fields that make cells; `year` and `month` are taken from `date` where there is
        no such field.
    inference, date_format
        As of `stancekit estimate`.

    Raises
    ------
    KitError
        When labels cannot be read, a field is missing, differs within a sentence that
        counts once, or is not a period, or a claim beyond the corpus lacks articles.
    """
    finite = is_finite(inference)
    whole = read_labels(labels)
    chosen = choose_codebook(whole, codebook)
    _check_extent(whole, chosen, by)
    # Before units are chosen: afterwards each sentence has one row, and so one value.
    if chosen.unit == "sentence":
        check_sentences(whole.rows, chosen, by)
    rows, held_out = use_held_out(unit_rows(whole.rows, chosen), chosen)
    codes = scored_codes(rows, chosen)
    columns = _cell_columns(rows, by, date_format)
    if not finite:
        _check_articles(rows)
    notes = (*whole.notes, *_assumed(whole, chosen), *held_out)
    return Population(
        Labels(rows, whole.codebooks, notes, extent=whole.extent), chosen, codes, columns
    )


def choose_codebook(labels: Labels, name: str | None = None) -> LabelledCodebook:
    """Return the codebook of that name; without a name, the only one.

    Raises
    ------
    KitError
        When there is no such codebook, or several and none is named.
    """
    if not labels.codebooks:
        raise KitError(
            "the labels have no rows; label texts in which there is something to code, and with "
            "rows=all to have those without a position"
        )
    names = ", ".join(labels.codebooks)
    first = next(iter(labels.codebooks))
    if name is None:
        if len(labels.codebooks) == 1:
            return labels.codebooks[first]
        raise KitError(f"the labels have several codebooks: {names}; name one, as codebook={first}")
    if name not in labels.codebooks:
        raise KitError(
            f"the labels have no codebook {name!r}; they have: {names}. Set codebook={first}"
        )
    return labels.codebooks[name]


def _check_extent(labels: Labels, codebook: LabelledCodebook, by: Sequence[str]) -> None:
    """Refuse labels in which pairs without a position have no row, where these count."""
    if not labels.extent.left_out:
        return
    # Every sentence has some row, which has the codes of the sentence.
    if codebook.unit == "sentence" and not OF_PAIRS.intersection(by):
        return
    read = labels.extent.pairs
    of_all = "" if read is None else f" of the {read:,} pairs of actor and target that were read"
    raise KitError(
        f"the labels have only the rows with a position{of_all} (rows=positions), and shares of "
        f"{codebook.name} are of all rows, those without a position too. Label again with rows=all: "
        "stancekit label INPUT output=OUTPUT rows=all, in Python label(..., rows='all')"
    )


def _assumed(labels: Labels, codebook: LabelledCodebook) -> list[str]:
    """Return what is assumed of labels that do not say which rows they have."""
    if labels.extent.rows is not None or codebook.unit == "sentence":
        return []
    if all(is_blank(row.get("target")) for row in labels):
        return []
    scored = {code for row in labels for code in codebook.scores(row)}
    given = {code for row in labels for code in codebook.codes(row)}
    never = f"; no row has the code {listing(sorted(scored - given))}" if scored - given else ""
    return [
        "a table does not say which rows it has: it is taken to have all, those without a position "
        f"too, as label rows=all writes them{never}"
    ]


def check_sentences(
    rows: Sequence[LabelRow], codebook: LabelledCodebook, by: Sequence[str]
) -> None:
    """Refuse fields that have several values in a sentence, which counts once.

    Raises
    ------
    KitError
        When a field has.
    """
    for field in by:
        first: dict[str, str] = {}
        mixed = [
            key
            for key, value in zip(map(sentence_id, rows), column_values(rows, field), strict=True)
            if first.setdefault(key, value) != value
        ]
        if mixed:
            raise KitError(
                f"{codebook.name} codes sentences, and {len(set(mixed))} of them have several "
                f"values of {field} ({listing(dict.fromkeys(mixed))}), so they would be in several "
                "cells; use fields of the article or the text, as by=[date]"
            )


def _cell_columns(
    rows: Sequence[LabelRow], by: Sequence[str], date_format: str | None
) -> dict[str, list[str]]:
    columns = {field: _read_column(rows, field, date_format) for field in by}
    if missing := [field for field, values in columns.items() if set(values) <= {NO_VALUE}]:
        kept = dict.fromkeys("date" if field in PERIODS else field for field in missing)
        raise KitError(
            f"labels have no column {listing(missing)}; by names some of: {', '.join(sorted(rows[0]))}. "
            f"A field of the texts gets a column with label fields='[{','.join(kept)}]'"
        )
    if by and by[-1] in PERIODS:
        _check_period(by[-1], columns[by[-1]])
    return columns


def _read_column(rows: Sequence[LabelRow], field: str, date_format: str | None) -> list[str]:
    # A field of the user's own comes before what follows from the date.
    given = column_names(rows)
    if field in given or field not in PERIODS or "date" not in given:
        return column_values(rows, field)
    periods = read_periods(row_ids(rows), column_cells(rows, "date"), field, date_format)
    return [NO_VALUE if period is None else period for period in periods]


def row_times(population: Population, date_format: str | None = None) -> FloatArray:
    """Return when rows are of, in years: their dates, or else the middle of their periods; NaN where there is neither.

    Parameters
    ----------
    population
        Rows whose cells end in a period.
    date_format
        As of `stancekit estimate`.
    """
    period = list(population.columns)[-1]
    rows = population.rows
    if period in column_names(rows):
        values = ["" if name == NO_VALUE else name for name in population.columns[period]]
    else:
        named = zip(row_ids(rows), column_cells(rows, "date"), strict=True)
        values = read_dates(named, where="labels", key="date_format", format=date_format)
    return np.array([decimal_year(value) for value in values])


def _check_period(period: str, values: Sequence[str]) -> None:
    names = sorted(set(values) - {NO_VALUE})
    odd = [name for name in names if period_number(name) is None or len(name) != PERIODS[period]]
    if odd:
        raise KitError(
            f"column {period} has {listing(odd)}; a trend takes years as 2019 and months as "
            "2019-03. Rename the column to compare its values as they are"
        )


def _check_articles(rows: Sequence[LabelRow]) -> None:
    articles = column_values(rows, "article")
    if NO_VALUE in articles:
        ids = row_ids(rows)
        lacking = [key for key, article in zip(ids, articles, strict=True) if article == NO_VALUE]
        raise KitError(
            f"{len(lacking)} rows of the labels have no article ({listing(lacking)}), and a claim "
            "beyond the corpus depends on how articles differ; add the column article, or set "
            "inference=finite_population"
        )
