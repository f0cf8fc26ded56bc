"""Rows of labels kept as columns: a million of them as dicts take several gigabytes, and minutes to go through.

What reads columns has two roads. `TableRows` are those of Parquet files with many rows, whose columns are
arrays; from other rows the same values are picked one by one. Where a column has what the fast road does not
know, it is left, and rows are read one by one too: errors are those of the slow road.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import plain_text
from stancekit.labelling.row_format import CLOSING, LabelRow, is_blank, row_id
from stancekit.types import BoolArray

# Files with fewer rows in all are read as rows: going through them takes no time.
MANY_ROWS = 50_000
# Rows that become dicts at a time where they are gone through.
_AT_ONCE = 10_000


class TableRows(Sequence[LabelRow]):
    """Rows of labels that are kept as a table of Arrow; each is made when it is used.

    Parameters
    ----------
    table
        The rows, without the facts that end every row.

    Examples
    --------
    >>> import pyarrow
    >>> rows = TableRows(pyarrow.table({"id": ["a", "b"], "tone": ["warm", "cold"]}))
    >>> len(rows), rows[1], [row["id"] for row in rows]
    (2, {'id': 'b', 'tone': 'cold'}, ['a', 'b'])
    """

    def __init__(self, table: Any) -> None:
        self.table = table

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[LabelRow]:
        """Yield row after row."""
        for first in range(0, len(self), _AT_ONCE):
            yield from self.table.slice(first, _AT_ONCE).to_pylist()

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[LabelRow]: ...
    def __getitem__(self, index: int | slice) -> LabelRow | list[LabelRow]:
        """Return a row, or some."""
        if isinstance(index, slice):
            numbers = range(*index.indices(len(self)))
            rows: list[LabelRow] = self.table.take(list(numbers)).to_pylist()
            return rows
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        row: LabelRow = self.table.slice(place, 1).to_pylist()[0]
        return row

    def keep(self, mask: BoolArray) -> "TableRows":
        """Return the rows of a mask, shape (rows,)."""
        import pyarrow

        return self if mask.all() else TableRows(self.table.filter(pyarrow.array(mask)))


def read_many(files: Sequence[Path]) -> tuple[TableRows, dict[str, Any]] | None:
    """Read Parquet files of one labelling as columns, with the facts that their metadata has.

    Returns
    -------
    tuple or None
        `None` where they are few rows or other files, differ in columns or facts, or a row has no id
        of its own: then they are to be read as rows.
    """
    import pyarrow
    import pyarrow.parquet

    if not files or any(file.suffix != ".parquet" for file in files):
        return None
    try:
        if sum(pyarrow.parquet.ParquetFile(file).metadata.num_rows for file in files) < MANY_ROWS:
            return None
        tables = [pyarrow.parquet.read_table(file) for file in files]
        schemas = [table.schema for table in tables]
        if any(not schema.equals(schemas[0], check_metadata=True) for schema in schemas):
            return None
        facts = {
            name: json.loads(value)
            for key, value in (schemas[0].metadata or {}).items()
            if (name := key.decode(errors="replace")) in CLOSING
        }
    except (OSError, ValueError, pyarrow.ArrowException):
        return None
    table = pyarrow.concat_tables(tables)
    names = table.column_names
    if "format" not in facts or set(names) & set(CLOSING) or "id" not in names:
        return None
    rows = TableRows(table)
    return (rows, facts) if _has_ids(rows) else None


def _has_ids(rows: TableRows) -> bool:
    """Say whether every row has an id of its own that is text."""
    import pyarrow
    import pyarrow.compute

    ids = rows.table["id"]
    if not pyarrow.types.is_string(ids.type) or ids.null_count:
        return False
    blank = pyarrow.compute.equal(pyarrow.compute.utf8_trim_whitespace(ids), "")
    distinct = pyarrow.compute.count_distinct(ids).as_py()
    return not pyarrow.compute.any(blank).as_py() and distinct == len(rows)


def column_names(rows: Sequence[LabelRow]) -> list[str]:
    """Return the columns that some row has, in the order in which they first come."""
    if isinstance(rows, TableRows):
        return list(rows.table.column_names)
    return list(dict.fromkeys(key for row in rows for key in row))


def column_cells(rows: Sequence[LabelRow], name: str) -> list[Any]:
    """Return what each row has in a column, `None` where it has nothing.

    Texts that are the same are one object, so that a column of names takes little memory.
    """
    if not isinstance(rows, TableRows):
        return [row.get(name) for row in rows]
    if name not in rows.table.column_names:
        return [None] * len(rows)
    values, place = _distinct(rows, name)
    cells: list[Any] = rows.table[name].to_pylist() if values is None else values[place].tolist()
    return cells


def column_texts(rows: Sequence[LabelRow], name: str, blank: str) -> NDArray[np.object_]:
    """Return what each row has in a column as text, with `blank` where it has nothing, shape (rows,).

    Blanks around a text and double ones are not part of it.
    """
    if isinstance(rows, TableRows) and name in rows.table.column_names:
        values, place = _distinct(rows, name)
        if values is not None:
            shown = [blank if is_blank(value) else name_text(value) for value in values.tolist()]
            return np.array(shown, dtype=object)[place]
    cells = column_cells(rows, name)
    texts = np.empty(len(cells), dtype=object)
    texts[:] = [blank if is_blank(cell) else name_text(cell) for cell in cells]
    return texts


def name_text(cell: object) -> str:
    """Return a cell's text without blanks around it, and one where there are several.

    Examples
    --------
    >>> name_text(" New  Zealand "), name_text(2019)
    ('New Zealand', '2019')
    """
    return " ".join(plain_text(cell).split())


def _distinct(rows: TableRows, name: str) -> tuple[NDArray[np.object_] | None, NDArray[np.int64]]:
    """Return the different texts of a column, `None` at the end, and the place of each row's; `None` if not texts."""
    import pyarrow

    column = rows.table[name]
    if not pyarrow.types.is_string(column.type):
        return None, np.empty(0, dtype=np.int64)
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pyarrow.ChunkedArray):
        coded = coded.combine_chunks()
    texts = [*coded.dictionary.to_pylist(), None]
    place = coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return values, place.astype(np.int64)


def row_ids(rows: Sequence[LabelRow]) -> list[str]:
    """Return the id of each row as text, empty where it has none."""
    if isinstance(rows, TableRows):
        return [key.strip() for key in rows.table["id"].to_pylist()]
    return [row_id(row) for row in rows]


def blank_cells(rows: TableRows, name: str) -> BoolArray:
    """Return which rows have nothing in a column, shape (rows,)."""
    if name not in rows.table.column_names:
        return np.ones(len(rows), dtype=bool)
    values, place = _distinct(rows, name)
    if values is None:
        return np.array([is_blank(cell) for cell in column_cells(rows, name)], dtype=bool)
    return np.array([is_blank(value) for value in values.tolist()], dtype=bool)[place]


def json_numbers(rows: TableRows, name: str, keys: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the numbers of a column of JSON objects, shape (rows, keys); `None` where some cell has others."""
    import pyarrow

    if name not in rows.table.column_names or not pyarrow.types.is_string(rows.table[name].type):
        return None
    found = np.empty((len(rows), len(keys)))
    column = rows.table[name]
    try:
        for first in range(0, len(rows), _AT_ONCE):
            cells = [json.loads(cell) for cell in column.slice(first, _AT_ONCE).to_pylist()]
            if any(len(cell) != len(keys) for cell in cells):
                return None
            found[first : first + len(cells)] = [[cell[key] for key in keys] for cell in cells]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return found


def distinct_cells(rows: TableRows, name: str) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return the different texts of a column and the place of each row's; `None` where it is not of texts."""
    if name not in rows.table.column_names:
        return None
    values, place = _distinct(rows, name)
    return None if values is None else (values.tolist(), place)
