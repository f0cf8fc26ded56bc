"""Rows of files, one after the other: what each format holds, and why what cannot be read cannot."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, BinaryIO

from stancekit.errors import listing
from stancekit.fileio import decode_text

# Bytes of the longest text, line or record that is read; a longer one is passed by, and never held
# in memory.
MAX_TEXT_BYTES = 10_000_000
TEXT_FIELD = "text"
# Rows of a Parquet file that are held at once.
_BATCH = 32
# Bytes that are not UTF-8, as "surrogateescape" hands them on.
_FOREIGN = re.compile("[\udc80-\udcff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row cannot be read; with `rest`, nothing behind it in the file was read either."""

    reason: str
    rest: bool = False


# The line, 0 for the whole file, and its row or else why there is none.
ReadRow = Iterator[tuple[int, Mapping[str, Any] | RowFault]]


@dataclass(frozen=True, slots=True)
class _RawLine:
    """A line of a file; of one that is `long` nothing is held, but whether it has quotation marks."""

    number: int
    data: bytes
    long: bool = False
    quotes: bool = False


def _raw_lines(stream: BinaryIO) -> Iterator[_RawLine]:
    """Yield every line; one that is too long is read over piece by piece."""
    number = 0
    while data := stream.readline(MAX_TEXT_BYTES):
        number += 1
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf") or b"\n"
        if len(data) < MAX_TEXT_BYTES or data.endswith(b"\n"):
            yield _RawLine(number, data)
            continue
        quotes = b'"' in data
        while (rest := stream.readline(MAX_TEXT_BYTES)) and not rest.endswith(b"\n"):
            quotes = quotes or b'"' in rest
        yield _RawLine(number, b"", long=True, quotes=quotes or b'"' in rest)


def _decoded(data: bytes) -> str | RowFault:
    try:
        return decode_text(data, utf16=False)
    except ValueError as error:
        return RowFault(str(error), rest=data.startswith(_UTF16))


_TOO_LONG = f"longer than {MAX_TEXT_BYTES:,} bytes"


def _txt(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    data = stream.read(MAX_TEXT_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    text = RowFault(_TOO_LONG) if len(data) > MAX_TEXT_BYTES else _decoded(data)
    if isinstance(text, RowFault):
        yield 0, text
    else:
        yield 0, {TEXT_FIELD: text.replace("\r\n", "\n")}


def _jsonl(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    for line in _raw_lines(stream):
        text = RowFault(_TOO_LONG) if line.long else _decoded(line.data)
        if isinstance(text, RowFault):
            yield line.number, text
            if text.rest:
                return
        elif text.strip():
            yield line.number, _json_object(text)


def _json_object(text: str) -> Mapping[str, Any] | RowFault:
    try:
        row = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        return RowFault("not JSON: nested too deeply")
    except json.JSONDecodeError as error:
        return RowFault(f"not JSON: {error.msg}")
    except ValueError as error:
        return RowFault(f"not readable: {error}"[:200])
    return row if isinstance(row, dict) else RowFault("not a JSON object")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError(f"it has twice: {listing(_repeated([key for key, _ in pairs]))}")
    return row


def _repeated(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once; nameless columns, as spreadsheets leave them, do not count."""
    return [name for name in dict.fromkeys(names) if name and names.count(name) > 1]


def _read_table(stream: BinaryIO, separator: str) -> ReadRow:
    """Read a table with a header; its separator is the one that sets a column `text` apart."""
    lines = _raw_lines(stream)
    above = _above(lines)
    header = _decoded(above[-1].data) if above else ""
    if isinstance(header, RowFault):
        yield 0, RowFault(f"its header is {header.reason}", rest=True)
        return
    separator = _separator(header, separator)
    head: list[str] = []
    for number, cells in (_plain_cell if separator == "\t" else _quoted)(
        chain(above, lines), separator
    ):
        if isinstance(cells, RowFault):
            yield number, cells
        elif not any(cell.strip() for cell in cells):
            # An empty line, or one of separators alone, as spreadsheets leave them at the end.
            continue
        elif head:
            yield number, _row(head, cells)
        elif fault := _header_fault(cells):
            yield 0, fault
            return
        else:
            head = cells


def _above(lines: Iterator[_RawLine]) -> list[_RawLine]:
    """Take the lines of a file down to the first that is not empty."""
    above = []
    for line in lines:
        above.append(line)
        if line.data.strip():
            break
    return above


def _row(head: Sequence[str], cells: Sequence[str]) -> Mapping[str, Any] | RowFault:
    if len(cells) != len(head):
        return RowFault(f"{len(cells)} cells where the header has {len(head)}")
    if foreign := next(filter(None, map(_FOREIGN.search, cells)), None):
        return RowFault(f"not UTF-8: byte 0x{ord(foreign[0]) - 0xDC00:02x}")
    return dict(zip(head, cells, strict=True))


def _separator(header: str, separator: str) -> str:
    for one in (separator, ",", ";", "\t"):
        if TEXT_FIELD in next(csv.reader([header.split("\r", maxsplit=1)[0]], delimiter=one), []):
            return one
    return separator


def _header_fault(head: Sequence[str]) -> RowFault | None:
    if TEXT_FIELD not in head:
        return RowFault(
            f"no column text; its header has: {listing(head)}; separators are , ; or tab", rest=True
        )
    if twice := _repeated(head):
        return RowFault(f"its header has twice: {listing(twice)}", rest=True)
    return None


class _Feed:
    """Lines for a reader of CSV, and which of them make up the record at hand."""

    def __init__(self, lines: Iterable[_RawLine]) -> None:
        self.lines = iter(lines)
        self.begin()

    def begin(self) -> None:
        """Start a new record."""
        self.first = self.last = self.size = 0
        self.long = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.last = line.number
        self.first = self.first or line.number
        # Without quotation marks and outside of a record, a line is a record, however long.
        self.long = line.long and not line.quotes and not self.size
        self.size += len(line.data)
        if (line.long and not self.long) or self.size > MAX_TEXT_BYTES:
            raise csv.Error(_TOO_LONG)
        # Bytes that are not UTF-8 keep their place, so that a quoted cell still ends where it ends.
        return "\n" if line.long else line.data.decode("utf-8", "surrogateescape")


_TOLD = {
    "unexpected end": "a quotation mark is not closed",
    "expected after": "a quotation mark inside a quoted cell has to be written twice",
    "new-line": "a line ends in a carriage return alone",
}


def _quoted(
    lines: Iterable[_RawLine], separator: str
) -> Iterator[tuple[int, list[str] | RowFault]]:
    """Yield first line and cells of every record of a CSV file.

    Behind a fault in the quotation marks nobody knows what is a cell and what a row, so nothing
    there is read.
    """
    # The limit holds for the whole process, and others may have set it; records are bounded by the
    # feed.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_TEXT_BYTES))
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = next((told for seen, told in _TOLD.items() if seen in str(error)), str(error))
            yield (
                feed.first,
                RowFault(
                    f"not CSV: {why} (line {feed.last}); nothing from here on was read", rest=True
                ),
            )
            return
        yield feed.first, RowFault(_TOO_LONG) if feed.long else cells


def _plain_cell(
    lines: Iterable[_RawLine], separator: str
) -> Iterator[tuple[int, list[str] | RowFault]]:
    """Yield number and cells of every line of a table whose cells hold no separators and no line breaks.

    Quotation marks are letters like others; where one stands around a whole cell, as spreadsheets
    write them, it is taken off. A cell that would go on in the next line is refused, with that
    line.
    """
    end = _RawLine(0, b"")
    for line, after in pairwise(chain(lines, [end])):
        if line.long:
            yield line.number, RowFault(_TOO_LONG)
            continue
        cells = line.data.decode("utf-8", "surrogateescape").rstrip("\r\n").split(separator)
        alone = len(cells) == 1 or (
            after is not end and after.data.count(separator.encode()) != len(cells) - 1
        )
        if alone and cells[-1].startswith('"') and '"' not in cells[-1][1:].replace('""', ""):
            yield (
                line.number,
                RowFault("a quotation mark opens a cell and is not closed in its line"),
            )
        else:
            yield line.number, [_unquoted_cell(cell) for cell in cells]


def _unquoted_cell(cell: str) -> str:
    inner = cell[1:-1]
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if whole else cell


def _parquet(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    """Read the fields that are asked for; a value that Python cannot hold costs its row, not the file."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(stream)
        names = table.schema_arrow.names
        if TEXT_FIELD not in names:
            yield 0, RowFault(f"no column text; it has: {listing(names)}", rest=True)
            return
        if twice := _repeated(names):
            yield 0, RowFault(f"it has columns twice: {listing(twice)}", rest=True)
            return
        number = 0
        for batch in table.iter_batches(
            batch_size=_BATCH, columns=[name for name in names if name in fields]
        ):
            for row in _converted(batch):
                number += 1
                yield number, row
    except pyarrow.ArrowException as error:
        yield 0, RowFault(f"not Parquet: {error}", rest=True)


def _converted(batch: Any) -> list[Mapping[str, Any] | RowFault]:
    try:
        rows: list[Mapping[str, Any] | RowFault] = batch.to_pylist()
    except (ArithmeticError, TypeError, ValueError) as error:
        if batch.num_rows == 1:
            return [RowFault(f"a value that cannot be read: {error}"[:200])]
        return [row for at in range(batch.num_rows) for row in _converted(batch.slice(at, 1))]
    return rows


# By the ending of a file's name, in small letters: articles, and files of rows.
TEXTS: Mapping[str, Callable[[Any, Sequence[str]], ReadRow]] = {".txt": _txt, ".md": _txt}
ROWS: Mapping[str, Callable[[Any, Sequence[str]], ReadRow]] = {
    ".jsonl": _jsonl,
    ".csv": lambda stream, fields: _read_table(stream, ","),
    ".tsv": lambda stream, fields: _read_table(stream, "\t"),
    ".parquet": _parquet,
}
FORMATS = {**TEXTS, **ROWS}
