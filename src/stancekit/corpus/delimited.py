"""Tables with a header and a sign between the cells: CSV as spreadsheets write it, and tab-separated values."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO

from stancekit.corpus import lines as text_lines
from stancekit.corpus.cells import parse_sign
from stancekit.corpus.lines import (
    FOREIGN,
    LONG_REASON,
    Line,
    decode_line,
    foreign_fault,
    open_text,
    read_lines,
)
from stancekit.corpus.requests import ReadRow, RowFault, TableRequest, header_fault

# Separators that a header may show.
_SHOWN_SIGNS = ",;\t|"
# The first line with which Excel names the separator.
_STATED = re.compile(r'"?sep=(.)"?\s*')
# Lines after the first that one quoted cell of a table of tabs may have: more than any
# cell that people write, and few enough to look through again.
_MOST_CELL_LINES = 200
_Cells = Iterator[tuple[int, list[str] | RowFault]]


def read_delimited(stream: BinaryIO, request: TableRequest, *, tabs: bool = False) -> ReadRow:
    """Yield the rows of a table, with the line on which each begins.

    Parameters
    ----------
    tabs
        Whether a tab separates, where the header shows it beside other signs.
    """
    lines = read_lines(open_text(stream, request.name, request.written))
    first = _take_first(lines)
    header = decode_line(first[-1].data, request.written.encoding) if first else ""
    stated = None
    if isinstance(header, str) and (stated := _STATED.fullmatch(header)):
        first = _take_first(lines)
        header = decode_line(first[-1].data, request.written.encoding) if first else ""
    if isinstance(header, RowFault):
        yield 0, RowFault(f"its header is {header.reason}", rest=True)
        return
    given = parse_sign(request.written.separator, f"{request.written.prefix}separator")
    separator = given or (stated[1] if stated else _show_separator(header, request, tabs=tabs))
    if isinstance(separator, RowFault):
        yield 0, separator
        return
    yield from _table_rows(chain(first, lines), separator, request)


def _take_first(lines: Iterator[Line]) -> list[Line]:
    """Take the lines of a file down to the first that is not empty."""
    first = []
    for line in lines:
        first.append(line)
        if line.data.strip():
            break
    return first


def _show_separator(header: str, request: TableRequest, *, tabs: bool) -> str | RowFault:
    """Return the separator that a header shows: with it, it has the columns that are looked for."""
    line = header.split("\r", maxsplit=1)[0]
    unquoted = re.sub(r'"[^"]*"', "", line)
    shown = [sign for sign in _SHOWN_SIGNS if sign in unquoted]
    if len(shown) < 2:
        return shown[0] if shown else ("\t" if tabs else ",")
    wanted = {*request.columns, *request.required}
    counts = {}
    for sign in shown:
        names = {name.strip() for name in next(csv.reader([line], delimiter=sign), [])}
        counts[sign] = len(wanted & names)
    best = [sign for sign in shown if counts[sign] == max(counts.values())]
    if tabs and "\t" in best:
        return "\t"
    if len(best) == 1:
        return best[0]
    key = f"{request.written.prefix}separator"
    return RowFault(
        f"may be divided by {' or '.join(map(repr, shown))}, by its header. Say which with "
        f"{key}=comma, semicolon, tab or pipe, or put names that hold such signs in quotation "
        "marks",
        rest=True,
    )


def _table_rows(lines: Iterable[Line], separator: str, request: TableRequest) -> ReadRow:
    if not request.written.quoted:
        records = _split_bare(lines, separator)
    elif separator == "\t":
        records = _split_tabs(lines)
    else:
        records = _split_quoted(lines, separator, request)
    header: list[str] = []
    for number, cells in records:
        if isinstance(cells, RowFault):
            yield number, cells
        elif header and len(cells) == len(header) and cells[0]:
            yield number, _table_row(header, cells, separator, request)
        elif not any(cell.strip() for cell in cells):
            # An empty line, or one of separators alone, as spreadsheets write them at the end.
            continue
        elif header:
            yield number, _table_row(header, cells, separator, request)
        else:
            header = [cell.strip() for cell in cells]
            if fault := header_fault(header, request, "its header has"):
                yield 0, fault
                return


def _table_row(
    header: Sequence[str], cells: list[str], separator: str, request: TableRequest
) -> Mapping[str, Any] | RowFault:
    if len(cells) != len(header):
        # Columns without a name, which are empty, come from spreadsheets.
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            key = f"{request.written.prefix}separator"
            return RowFault(
                f"{len(cells)} cells where the header has {len(header)}, separated by {separator!r}",
                advice="Quote cells that hold the separator, fill up rows that are cut short, or "
                f"set {key}=SIGN.",
            )
        del cells[len(header) :]
    return dict(zip(header, cells, strict=True))


class _RecordLines:
    """Lines for a reader of CSV, and which of them make up the present record."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = iter(lines)
        self.begin()

    def begin(self) -> None:
        """Start a new record."""
        self.first = self.last = self.size = 0
        self.long = self.foreign = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.last = line.number
        self.first = self.first or line.number
        # Without quotation marks and outside of a record, a line is a record, however long.
        self.long = line.long and not line.quotes and not self.size
        self.size += len(line.data)
        if (line.long and not self.long) or self.size > text_lines.MAX_TEXT_BYTES:
            raise csv.Error(LONG_REASON)
        if line.long:
            return "\n"
        try:
            return line.data.decode("utf-8")
        except UnicodeDecodeError:
            # Such bytes keep their place, so that a quoted cell still ends where it ends.
            self.foreign = True
            return line.data.decode("utf-8", "surrogateescape")


# What the csv module says, and what is wrong.
_CSV_FAULTS = {
    "unexpected end": "a quotation mark is not closed",
    "expected after": "a quotation mark inside a quoted cell has to be written twice",
    "new-line": "a line ends in a carriage return alone",
}


def _split_quoted(lines: Iterable[Line], separator: str, request: TableRequest) -> _Cells:
    """Yield the first line and the cells of every record of a CSV file.

    After a fault in the quotation marks there is no way to tell cells from rows, so nothing more
    is read.
    """
    # The limit is the whole process's, and others may have set it; `_RecordLines` bounds records.
    csv.field_size_limit(max(csv.field_size_limit(), text_lines.MAX_TEXT_BYTES))
    record = _RecordLines(lines)
    reader = csv.reader(record, delimiter=separator, strict=True)
    while True:
        record.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            known = [why for seen, why in _CSV_FAULTS.items() if seen in str(error)]
            why = known[0] if known else str(error)
            reason = f"not CSV: {why} (line {record.last}); nothing from here on was read"
            advice = (
                "Close the quotation mark and double those inside a cell, or set "
                f"{request.written.prefix}quoted=false where quotation marks are letters like "
                "others."
            )
            yield record.first, RowFault(reason, rest=True, advice=advice)
            return
        if record.long:
            yield record.first, RowFault(LONG_REASON)
        elif record.foreign and (fault := _find_foreign(cells, request.written.encoding)):
            yield record.first, fault
        else:
            yield record.first, cells


def _find_foreign(cells: Iterable[str], encoding: str | None = None) -> RowFault | None:
    for cell in cells:
        if match := FOREIGN.search(cell):
            return foreign_fault(ord(match[0]) - 0xDC00, encoding)
    return None


def _split_line(line: Line, separator: str) -> list[str] | RowFault:
    if line.long:
        return RowFault(LONG_REASON)
    text = decode_line(line.data)
    return text if isinstance(text, RowFault) else text.rstrip("\r\n").split(separator)


def _split_bare(lines: Iterable[Line], separator: str) -> _Cells:
    """Yield the number and the cells of every line; quotation marks are characters like others."""
    for line in lines:
        yield line.number, _split_line(line, separator)


def _split_tabs(lines: Iterable[Line]) -> _Cells:
    """Yield the number and the cells of every line of a table of tabs.

    Most such tables do not quote, so that a quotation mark is a character like others; around a
    whole cell, as spreadsheets write it, it is removed. A cell with line breaks is read where
    the lines up to its closing mark make one row with as many cells as the header.
    """
    waiting: deque[Line] = deque()
    source = iter(lines)
    width = 0
    while line := (waiting.popleft() if waiting else next(source, None)):
        cells = _split_line(line, "\t")
        if isinstance(cells, RowFault):
            yield line.number, cells
            continue
        if not width and any(cells):
            width = len(cells)
        elif _opens_cell(cells[-1]) and not _is_row(cells, width, waiting, source):
            waiting.extend(islice(source, _MOST_CELL_LINES - len(waiting)))
            joined = _join_cell(line, waiting, width)
            fault = RowFault("a quotation mark opens a cell and is not closed")
            yield line.number, joined or fault
            continue
        yield line.number, [_without_quotes(cell) for cell in cells]


def _opens_cell(cell: str) -> bool:
    return cell.startswith('"') and '"' not in cell[1:].replace('""', "")


def _is_row(cells: list[str], width: int, waiting: deque[Line], source: Iterator[Line]) -> bool:
    """Say whether a line is a whole row: it is as long as the header, and so is the next one."""
    if not waiting:
        waiting.extend(islice(source, 1))
    follows = not waiting or waiting[0].data.count(b"\t") == len(cells) - 1
    return follows and len(cells) > 1 and len(cells) >= width


def _join_cell(line: Line, waiting: deque[Line], width: int) -> list[str] | None:
    """Take the lines that go on a quoted cell from those that are waiting; `None` if they make no row."""
    text = line.data
    for count, following in enumerate(waiting, 1):
        text += following.data
        if b'"' not in following.data or following.long:
            continue
        try:
            joined = io.StringIO(text.decode("utf-8"), newline="")
            rows = list(csv.reader(joined, "excel-tab", strict=True))
        except (csv.Error, UnicodeDecodeError):
            continue
        if len(rows) != 1 or len(rows[0]) != width:
            return None
        for _ in range(count):
            waiting.popleft()
        return rows[0]
    return None


def _without_quotes(cell: str) -> str:
    if not cell.startswith('"'):
        return cell
    inner = cell[1:-1]
    quoted = len(cell) > 1 and cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell
