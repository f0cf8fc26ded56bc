"""Data files as a whole: all rows, or one error."""

from pathlib import Path

from stancekit.corpus.formats import (
    ROWS,
    is_known,
    read_rows,
    refuse_kind,
)
from stancekit.corpus.requests import AS_RECOGNISED, FileFormat, RowFault
from stancekit.corpus.rows import Faults, RawRow
from stancekit.errors import KitError


def read_data_file(path: Path, written: FileFormat = AS_RECOGNISED) -> list[RawRow]:
    """Return the rows of a file of rows, of any kind that is read.

    Raises
    ------
    KitError
        When the file or some row of it cannot be read.
    """
    if not is_known(path, ROWS):
        raise refuse_kind(path)
    rows: list[RawRow] = []
    faults = Faults(strict=True)
    for number, row in read_rows(path, written=written):
        if not isinstance(row, RowFault):
            rows.append(row)
        elif row.rest or not number:
            raise unreadable(path, number, row)
        else:
            faults.leave_out(*row.kind(), row=number, advice=row.advice)
    faults.settle(str(path), len(rows) + 1)
    return rows


def unreadable(path: Path, number: int, fault: RowFault) -> KitError:
    """Return the error for a file that cannot be read, or not to its end."""
    place = f", row that begins on line {number}" if number else ""
    return KitError(f"cannot read {path}{place}: {fault.reason}. {fault.advice}".rstrip(". "))


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text, which only line feeds end, with or without a return.

    `str.splitlines` would split at the separators of Unicode too, which may be inside a cell.

    Examples
    --------
    >>> split_lines("one\u2028still one\r\ntwo\n")
    ['one\u2028still one', 'two']
    """
    if not text:
        return []
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
