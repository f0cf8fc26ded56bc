"""A column of a table and what its cells are like: texts, dates, names, codes, ids."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from stancekit.corpus.cells import CellError, plain_cell
from stancekit.corpus.dates import read_date
from stancekit.errors import KitError

# Words in a header that decide between columns whose content fits one role equally well.
HEADER_WORDS = {
    "text": "text sentence content body quote utterance statement paragraph",
    "labels": "label labels code codes position stance category class frame frames gold",
    "actor": "actor speaker name author country delegation member politician",
    "target": "target motion bill topic issue subject proposal policy",
    "article": "article speech document doc debate session transcript",
    "id": "id key number nr",
    "date": "date day year month",
    "annotators": "annotator coder rater judge",
}
_DATE_FORMATS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%b %d, %Y",
)
_CODE_SEPARATORS = (";", "|", ",")
# A sentence has more characters than this on average; a name, a label or an id has fewer.
_TEXT_LENGTH = 25
# A sentence has this many actors and targets at most, on average; a long name has more rows.
_ROWS_PER_TEXT = 10
# More values than these are no codes: large codebooks have about twenty.
_MOST_CODES = 30
# A value of a code or a name occurs three times or more on average; fewer is free text.
_ROWS_PER_VALUE = 3
# Cells that are not as the others, such as "n/a" among dates: one in twenty.
_MOST_CELLS = 0.95


@dataclass(frozen=True)
class TableColumn:
    """A column's cells as texts, without the empty ones.

    Attributes
    ----------
    name
        Its header.
    cells
        Those that are not empty.
    rows
        The rows of the table.
    """

    name: str
    cells: tuple[str, ...]
    rows: int

    @cached_property
    def counts(self) -> Counter[str]:
        """Return how often each cell occurs."""
        return Counter(self.cells)

    def says(self, role: str) -> str:
        """Return the word of the header that names a role, empty where there is none."""
        # "speakerName" and "speaker_name" are two words.
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        words = re.findall(r"[a-z]+", spaced.lower())
        known = HEADER_WORDS.get(role, "").split()
        return next((word for word in words if word in known), "")

    def mean_length(self) -> float:
        """Return the mean number of characters."""
        return sum(map(len, self.cells)) / max(len(self.cells), 1)

    def share(self, fits: Callable[[str], object]) -> float:
        """Return the share of cells that something is true of."""
        cells = sum(count for cell, count in self.counts.items() if fits(cell))
        return cells / max(len(self.cells), 1)

    def repeats(self) -> bool:
        """Say whether its values occur several times, as names and codes do."""
        return len(self.counts) > 1 and len(self.counts) * _ROWS_PER_VALUE <= len(self.cells)

    def has_texts(self) -> bool:
        """Say whether the cells are long, different, and no addresses or ids.

        A sentence has several rows where several of its actors or targets are coded. Chinese and
        Japanese have no blanks, and say as much in a third of the characters.
        """
        spaced = self.share(lambda cell: " " in cell and "://" not in cell)
        dense = self.share(lambda cell: bool(re.search("[\u3040-\u9fff]", cell)))
        long = self.mean_length() >= (_TEXT_LENGTH / 3 if dense > 0.5 else _TEXT_LENGTH)
        different = len(self.counts) > len(self.cells) / _ROWS_PER_TEXT
        return long and different and max(spaced, dense) > 0.5

    def has_names(self) -> bool:
        """Say whether the cells are names: a few words with capitals, and no digits."""
        return self.share(_is_name) >= _MOST_CELLS

    def has_ids(self) -> bool:
        """Say whether the cells are words with digits in them."""
        return self.share(_is_identifier) == 1

    def has_codes(self) -> bool:
        """Say whether the cells are a few short values, each in several rows."""
        values = self.values()
        short = all(len(value) <= 2 * _TEXT_LENGTH for value in values)
        # A number with a fraction is a measurement.
        measured = self.share(partial(re.fullmatch, r"-?\d+[.,]\d*[1-9]")) > 0.5
        few = 2 <= len(values) <= _MOST_CODES and len(values) * _ROWS_PER_VALUE <= len(self.cells)
        return few and short and not measured

    def in_runs(self) -> bool:
        """Say whether the rows of each value follow each other."""
        changes = sum(
            cell != after for cell, after in zip(self.cells, self.cells[1:], strict=False)
        )
        return changes + 1 == len(self.counts)

    def values(self) -> list[str]:
        """Return the values that occur, those of cells with several labels singly."""
        separator = self.separator()
        return sorted({part for cell in self.counts for part in cell_parts(cell, separator)})

    def separator(self) -> str:
        """Return the sign between several labels in a cell: one whose parts recur. Empty if there is none."""
        for sign in _CODE_SEPARATORS:
            several = [cell for cell in self.counts if sign in cell]
            parts = Counter(part for cell in self.counts for part in cell_parts(cell, sign))
            recurring = all(parts[part] > 1 for cell in several for part in cell_parts(cell, sign))
            if several and recurring and len(parts) <= _MOST_CODES:
                return sign
        return ""

    def has_dates(self) -> bool:
        """Say whether the cells are dates.

        Numbers are dates only where they are eight digits or the header says so: 1950 may be a
        count.
        """
        numbers = self.share(str.isdecimal) > 0.5
        if numbers and not self.says("date") and self.mean_length() != 8:
            return False
        return self._has_iso_dates() or bool(self.date_formats())

    def date_formats(self) -> list[str]:
        """Return in which ways the dates can be read, in the signs of `datetime.strptime`; none for ISO 8601."""
        if self._has_iso_dates():
            return []
        return [
            form
            for form in _DATE_FORMATS
            if self.share(partial(_is_date, form=form)) >= _MOST_CELLS
        ]

    def _has_iso_dates(self) -> bool:
        return self.share(_is_date) >= _MOST_CELLS


def read_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, TableColumn]:
    """Return the columns of a table by name, in its order.

    Examples
    --------
    >>> rows = [{"name": "Peru", "code": 1}, {"name": "Chile", "code": None}]
    >>> read_columns(rows)["code"].cells
    ('1',)
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        cells = [cell for row in rows if (cell := _plain_cell_text(row.get(name)))]
        columns[name] = TableColumn(name, tuple(cells), len(rows))
    return columns


def cell_parts(cell: str, separator: str) -> Iterator[str]:
    """Yield the labels in a cell; without a separator, the cell."""
    for part in cell.split(separator) if separator else [cell]:
        if part.strip():
            yield part.strip()


def _plain_cell_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return _CODE_SEPARATORS[0].join(map(str, value))
    try:
        return plain_cell(value)
    except CellError:
        return ""


def _is_date(cell: str, form: str | None = None) -> bool:
    try:
        return bool(read_date(cell, form))
    except KitError:
        return False


def _is_identifier(cell: str) -> bool:
    return bool(re.fullmatch(r"[\w:/-]*\d[\w:/-]*", cell))


def _is_name(cell: str) -> bool:
    words = re.findall(r"[^\W\d_][\w'’.-]*", cell)
    capitals = bool(words) and words[0][0].isupper() and words[-1][0].isupper()
    return capitals and len(words) <= 5 and not re.search(r"\d|[?!;]", cell)
