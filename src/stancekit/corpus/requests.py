"""What is asked of a file of rows, and what comes back: rows, or why there is none."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stancekit.corpus.cells import half_character
from stancekit.errors import listing, nearest

log = logging.getLogger(__name__)
# What was told: a file is read more than once.
_TOLD: set[str] = set()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a file is written, where that is not to be recognised.

    Parameters
    ----------
    encoding
        As Python names it; by default UTF-8, UTF-16 where the file begins with its mark, and
        where it is not UTF-8 CP-1252, or Latin-1 where CP-1252 has no such character.
    separator
        The sign between the cells of a table; by default the one that its header shows.
    quoted
        Whether quotation marks enclose cells, or are letters like others.
    sheet
        The name of an Excel sheet, or its number from 0; by default the first.
    prefix
        What is before the names of these settings in messages, as `corpus.`.
    """

    encoding: str | None = None
    separator: str | None = None
    quoted: bool = True
    sheet: str | int | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row cannot be read; with `rest`, nothing after it in the file was read either.

    Attributes
    ----------
    column, seen
        The column with the fault and what is in it, where that is known.
    advice
        What to do about it.
    """

    reason: str
    rest: bool = False
    column: str | None = None
    seen: str | None = None
    advice: str = ""

    def kind(self) -> tuple[str, str]:
        """Return the reason without what is in the cell, which other rows may share, and the cell.

        Examples
        --------
        >>> RowFault("not UTF-8: byte 0xe9", seen="byte 0xe9").kind()
        ('not UTF-8', 'byte 0xe9')
        """
        return self.reason.removesuffix(f": {self.seen}"), self.seen or ""


def half_character_fault(row: Mapping[str, Any]) -> RowFault | None:
    """Return the fault of half a pair of escapes, which is no character and cannot be written again."""
    for name, value in row.items():
        if isinstance(value, str) and (half := half_character(value)):
            reason = f"half of a character in column {name!r}"
            return RowFault(reason, column=name, seen=f"{half!a}")
    return None


AS_RECOGNISED = FileFormat()
# The number of the line, 0 for the whole file, and its row or why there is none.
ReadRow = Iterator[tuple[int, Mapping[str, Any] | RowFault]]


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What is to be read from a file.

    Parameters
    ----------
    name
        The file in messages.
    columns
        The columns that are used; others may be left out.
    required
        The columns without which no row is of use: a file without them is one fault.
    """

    name: str
    columns: Sequence[str] = ()
    required: Sequence[str] = ()
    written: FileFormat = AS_RECOGNISED


def header_fault(names: Sequence[str], request: TableRequest, has: str) -> RowFault | None:
    """Return what is wrong with the names of a file's columns.

    Parameters
    ----------
    has
        How the file's columns are introduced in the message.
    """
    if repeated := [name for name in dict.fromkeys(names) if name and names.count(name) > 1]:
        reason = f"{has} more than once: {listing(repeated)}"
        return RowFault(reason, rest=True, column=repeated[0])
    missing = [name for name in request.required if name not in names]
    if missing:
        reason = f"no column {missing[0]}{nearest(missing[0], names)}; {has}: {listing(names, 30)}"
        return RowFault(reason, rest=True, column=missing[0])
    return None


def warn_once(message: str, *values: object) -> None:
    """Log a warning, unless this process has logged the same one before."""
    if (whole := message % values) not in _TOLD:
        _TOLD.add(whole)
        log.warning("%s", whole)
