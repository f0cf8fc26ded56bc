"""Which columns of a flat table hold the probabilities of codes, where the table does not say so.

A table of the user's own may have a column of zeros and ones, or of values between them, beside the scores: an outcome,
a group, how sure a model is. Taken for a code, it would change every number without a word. So codes that
exclude each other are the columns that add up to 1, and what cannot be decided is an error.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stancekit.codebook import split_labels
from stancekit.errors import KitError, listing
from stancekit.labelling.columns import column_names
from stancekit.labelling.flat import ScoreColumns
from stancekit.labelling.row_format import SCHEMA, LabelRow, is_blank, read_number, row_id
from stancekit.types import BoolArray, FloatArray

# How far from 1 the scores of a row may add up where one code excludes the others: four
# digits of each of some hundred codes.
SUM_TOLERANCE = 0.02


def find_score_columns(
    path: object, rows: Sequence[LabelRow]
) -> tuple[ScoreColumns, dict[str, str]]:
    """Find the codebooks of a flat table that does not name them.

    That is a column NAME that is followed by columns of probabilities: named like the
    codes of NAME, or NAME_CODE. All codes that rows have must be among them. Of several columns NAME before
    the same scores, the nearest is meant.

    Parameters
    ----------
    path
        What to call the table in an error.

    Returns
    -------
    tuple
        The columns, and by codebook what a reader should know of them, empty where there is nothing.

    Raises
    ------
    KitError
        When a column may be the score of a code, or something else.
    """
    names = column_names(rows)
    probable = {name for name in names if _has_probabilities(rows, name)}
    runs: dict[str, _Run] = {}
    for index, name in enumerate(names):
        if name in SCHEMA or not (run := _following(rows, names, index, probable)):
            continue
        for earlier in [
            key for key, other in runs.items() if set(other.columns) & set(run.columns)
        ]:
            del runs[earlier]
        runs[name] = run
    chosen = {name: run.choose(path) for name, run in runs.items()}
    if not chosen:
        _refuse_near_miss(path, rows, names)
    columns = {
        name: {runs[name].code(column): column for column in of_codes}
        for name, of_codes in chosen.items()
    }
    return columns, {name: runs[name].note(of_codes) for name, of_codes in chosen.items()}


def _following(
    rows: Sequence[LabelRow], names: Sequence[str], index: int, probable: set[str]
) -> "_Run | None":
    """Return the columns of probabilities that follow a column, `None` where it is none of codes."""
    name, following = names[index], []
    for column in names[index + 1 :]:
        if column not in probable:
            break
        following.append(column)
    if len(following) < 2:
        return None
    after = names[index + 1 + len(following) :][:1]
    given = [split_labels(row.get(name)) for row in rows]
    codes = {code for of_row in given for code in of_row}
    long = [column for column in following if column.startswith(f"{name}_")]
    if len(long) > 1 and codes <= {column.removeprefix(f"{name}_") for column in long}:
        return _Run(rows, name, long, given, after, prefix=f"{name}_")
    return _Run(rows, name, following, given, after) if codes and codes <= set(following) else None


@dataclass(frozen=True)
class _Run:
    """Columns of probabilities that follow the column `name`, and the codes that it gives each row."""

    rows: Sequence[LabelRow]
    name: str
    columns: list[str]
    given: list[tuple[str, ...]]
    # The column behind them, if any, some cell of which is no probability.
    after: Sequence[str] = ()
    prefix: str = ""

    def code(self, column: str) -> str:
        return column.removeprefix(self.prefix)

    def never_given(self, columns: Sequence[str]) -> list[str]:
        codes = {code for of_row in self.given for code in of_row}
        return [column for column in columns if self.code(column) not in codes]

    def values(self, columns: Sequence[str]) -> FloatArray:
        """Return probabilities, NaN where there is none, shape (rows, columns)."""
        cells = [[row.get(column) for column in columns] for row in self.rows]
        read = [
            [read_number(cell) if _is_probability(cell) else math.nan for cell in row]
            for row in cells
        ]
        return np.array(read, dtype=float)

    def choose(self, path: object) -> list[str]:
        """Return the columns that are scores of codes.

        Raises
        ------
        KitError
            When that cannot be said.
        """
        values = self.values(self.columns)
        for first, last in self._parts():
            if _sums_to_one(values[:, first:last]):
                return self.columns[first:last]
        if self.after and _sums_to_one(np.hstack([values, self.values(self.after)])):
            # A score of it cannot be read, and no row has its code.
            _refuse_cells(path, self.rows, self.name, [*self.columns, *self.after])
        # NAME_CODE says that it is one.
        if not self.prefix and (doubtful := self._doubtful(values)):
            self._refuse(path, doubtful, values)
        return self.columns

    def _parts(self) -> list[tuple[int, int]]:
        """Return where parts begin and end that have all codes that are given, the longest first."""
        wanted = set(self.columns) - set(self.never_given(self.columns))
        places = [at for at, column in enumerate(self.columns) if column in wanted]
        n = len(self.columns)
        if not places:
            return [(0, n)]
        parts = [
            (first, last) for first in range(places[0] + 1) for last in range(places[-1] + 1, n + 1)
        ]
        return sorted(
            (part for part in parts if part[1] - part[0] > 1), key=lambda at: at[0] - at[1]
        )

    def _doubtful(self, values: FloatArray) -> list[str]:
        """Return the columns that may be no codes, where scores do not add up to 1.

        Where rows have several codes or none, a code that no row has may still be one, unless it scores more
        than codes that were given.
        """
        never = self.never_given(self.columns)
        coded = ~np.isnan(values).all(axis=1)
        if all(len(self.given[at]) == 1 for at in np.flatnonzero(coded).tolist()):
            return never
        lowest = [
            np.nanmin(np.where(self._has(column), values[:, at], np.inf))
            for at, column in enumerate(self.columns)
            if column not in never
        ]
        top = dict(zip(self.columns, np.nanmax(values, axis=0).tolist(), strict=True))
        return [column for column in never if top[column] > max(lowest)]

    def _has(self, column: str) -> BoolArray:
        code = self.code(column)
        return np.array([code in of_row for of_row in self.given], dtype=bool)

    def _refuse(self, path: object, doubtful: Sequence[str], values: FloatArray) -> None:
        known = [at for at, column in enumerate(self.columns) if column not in doubtful]
        sums = np.nansum(values, axis=1)
        # Where the other columns do not add up to 1 either, that is what the reader has to see.
        rest = np.nansum(values[:, known], axis=1)
        apart = np.where(np.abs(rest - 1) > SUM_TOLERANCE, 1, 0) + (
            np.abs(sums - 1) > SUM_TOLERANCE
        )
        at = int(np.argmax(apart))
        one = len(doubtful) == 1
        raise KitError(
            f"{path} has {listing(doubtful)} among the columns of numbers from 0 to 1 after {self.name}; no "
            f"row has {'it' if one else 'them'} as its code, and the numbers of row "
            f"{row_id(self.rows[at])} add up to {sums[at]:.2f} with {'it' if one else 'them'}, to "
            f"{rest[at]:.2f} without. Move what is no code of {self.name} before the column {self.name}; "
            f"or name the scores of all codes {self.name}_CODE, as {self.name}_{self.columns[0]}"
        )

    def note(self, chosen: Sequence[str]) -> str:
        """Return what a reader should know of the choice, empty where there is nothing."""
        parts = []
        left = [column for column in self.columns if column not in chosen]
        if left:
            which = "is no code" if len(left) == 1 else "are no codes"
            parts.append(f"{listing(left)} beside the scores {which}, since the others add up to 1")
        # A name that NAME_ begins says itself that it is a code.
        if never := self.never_given(chosen) if not self.prefix else []:
            parts.append(f"no row has the code {listing(never)}")
        return "; ".join(parts)


def _refuse_near_miss(path: object, rows: Sequence[LabelRow], names: Sequence[str]) -> None:
    """Refuse a table in which a label or a score keeps columns named like codes from being read as their scores.

    Raises
    ------
    KitError
        When there is such a column.
    """
    folded = {column.casefold(): column for column in reversed(names)}
    for name in names:
        given = {code for row in rows for code in split_labels(row.get(name))}
        likely = {
            folded.get(f"{prefix}{code}".casefold())
            for code in given
            for prefix in ("", f"{name}_")
        }
        scored = [column for column in names if column in likely and column != name]
        # Named like one code of many, a column may be anything.
        if name in SCHEMA or len(scored) < max(2, len(given) / 2):
            continue
        _refuse_cells(path, rows, name, scored)
        raise KitError(
            f"{path} has columns named like the codes of {name} ({listing(scored)}), which do not stand "
            f"together right after it; the order is {name}, {', '.join(scored)}. Move the columns"
        )


def _refuse_cells(path: object, rows: Sequence[LabelRow], name: str, scored: Sequence[str]) -> None:
    """Refuse labels and scores that cannot be read, if there are any."""
    if odd := list(_odd_cells(rows, name, scored)):
        raise KitError(
            f"{path} has {name} and its scores ({listing(scored)}), and cannot read "
            f"{listing(odd, most=4)}. A label in {name} has the name of a column of scores, in the same "
            "letters, and a score is a number from 0 to 1; correct the cells"
        )


def _odd_cells(rows: Sequence[LabelRow], name: str, scored: Sequence[str]) -> Iterator[str]:
    """Yield the labels that no column of scores is named like, and the scores that are no probabilities."""
    known = {code for column in scored for code in (column, column.removeprefix(f"{name}_"))}
    for row in rows:
        for code in split_labels(row.get(name)):
            if code not in known:
                yield f"{code!r} in {name} (row {row_id(row)})"
        for column in scored:
            if not is_blank(row.get(column)) and not _is_probability(row[column]):
                yield f"{row[column]!r} in {column} (row {row_id(row)})"


def _sums_to_one(values: FloatArray) -> bool:
    # A row without some score is refused later, by its name.
    whole = values[~np.isnan(values).any(axis=1)]
    return len(whole) > 0 and bool((np.abs(whole.sum(axis=1) - 1) <= SUM_TOLERANCE).all())


def _has_probabilities(rows: Sequence[LabelRow], column: str) -> bool:
    values = [row.get(column) for row in rows if not is_blank(row.get(column))]
    return bool(values) and all(_is_probability(value) for value in values)


def _is_probability(value: Any) -> bool:
    return not isinstance(value, bool) and 0 <= read_number(value) <= 1
