"""Stream rows from TXT, JSONL, CSV, TSV and Parquet files, with the reason for each that cannot be read."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, BinaryIO

from stancekit.errors import listing
from stancekit.fileio import decode_text

# Bytes of the longest text, line or record that is read; a longer one is skipped, and never in
# memory as a whole: 10 MB are far more than an article, and a line of that size is mostly damage.
MAX_TEXT_BYTES = 10_000_000
TEXT_FIELD = "text"
# Rows of a Parquet file in memory at once: of the longest texts that are read, 320 MB.
_BATCH = 32
# Bytes that are not UTF-8, as "surrogateescape" hands them on.
_FOREIGN = re.compile("[\udc80-\udcff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row cannot be read; with `rest`, nothing after it in the file was read either."""

    reason: str
    rest: bool = False


# The number of the line, 0 for the whole file, and its row or why there is none.
ReadRow = Iterator[tuple[int, Mapping[str, Any] | RowFault]]


@dataclass(frozen=True, slots=True)
class _RawLine:
    """A line of a file; one that is `long` has no data, but says whether it had quotation marks."""

    number: int
    data: bytes
    long: bool = False
    quotes: bool = False


def _raw_lines(stream: BinaryIO) -> Iterator[_RawLine]:
    """Yield every line; one that is too long is skipped piece by piece."""
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


def _decode_line(data: bytes) -> str | RowFault:
    try:
        return decode_text(data, utf16=False)
    except ValueError as error:
        return RowFault(str(error), rest=data.startswith(_UTF16))


_TOO_LONG = f"longer than {MAX_TEXT_BYTES:,} bytes"


def _txt(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    data = stream.read(MAX_TEXT_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    text = RowFault(_TOO_LONG) if len(data) > MAX_TEXT_BYTES else _decode_line(data)
    if isinstance(text, RowFault):
        yield 0, text
    else:
        yield 0, {TEXT_FIELD: text.replace("\r\n", "\n")}


def _jsonl(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    for line in _raw_lines(stream):
        text = RowFault(_TOO_LONG) if line.long else _decode_line(line.data)
        if isinstance(text, RowFault):
            yield line.number, text
            if text.rest:
                return
        elif text.strip():
            yield line.number, _json_object(text)


def _json_object(text: str) -> Mapping[str, Any] | RowFault:
    try:
        row = json.loads(text, object_pairs_hook=_unique_keys)
    except RecursionError:
        return RowFault("not JSON: nested too deeply")
    except json.JSONDecodeError as error:
        return RowFault(f"not JSON: {error.msg}")
    except ValueError as error:
        return RowFault(f"not readable: {error}"[:200])
    return row if isinstance(row, dict) else RowFault("not a JSON object")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"it has more than once: {listing(_repeated(keys))}")
    return row


def _repeated(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once; empty ones, as spreadsheets write them, do not count."""
    return [name for name in dict.fromkeys(names) if name and names.count(name) > 1]


def _read_table(stream: BinaryIO, separator: str) -> ReadRow:
    """Read a table with a header; the separator is the one with which it has a column `text`."""
    lines = _raw_lines(stream)
    first = _first_lines(lines)
    header_line = _decode_line(first[-1].data) if first else ""
    if isinstance(header_line, RowFault):
        yield 0, RowFault(f"its header is {header_line.reason}", rest=True)
        return
    separator = _table_separator(header_line, separator)
    split_lines = _split_plain if separator == "\t" else _split_quoted
    header: list[str] = []
    for number, cells in split_lines(chain(first, lines), separator):
        if isinstance(cells, RowFault):
            yield number, cells
        elif not any(cell.strip() for cell in cells):
            # An empty line, or one of separators alone, as spreadsheets write them at the end.
            continue
        elif header:
            yield number, _table_row(header, cells)
        elif fault := _header_fault(cells):
            yield 0, fault
            return
        else:
            header = cells


def _first_lines(lines: Iterator[_RawLine]) -> list[_RawLine]:
    """Take the lines of a file down to the first that is not empty."""
    first = []
    for line in lines:
        first.append(line)
        if line.data.strip():
            break
    return first


def _table_row(header: Sequence[str], cells: Sequence[str]) -> Mapping[str, Any] | RowFault:
    if len(cells) != len(header):
        return RowFault(f"{len(cells)} cells where the header has {len(header)}")
    for cell in cells:
        if match := _FOREIGN.search(cell):
            return RowFault(f"not UTF-8: byte 0x{ord(match[0]) - 0xDC00:02x}")
    return dict(zip(header, cells, strict=True))


def _table_separator(header_line: str, separator: str) -> str:
    line = header_line.split("\r", maxsplit=1)[0]
    for sign in (separator, ",", ";", "\t"):
        if TEXT_FIELD in next(csv.reader([line], delimiter=sign), []):
            return sign
    return separator


def _header_fault(header: Sequence[str]) -> RowFault | None:
    if TEXT_FIELD not in header:
        return RowFault(
            f"no column text; its header has: {listing(header)}; separators are , ; or tab",
            rest=True,
        )
    if repeated := _repeated(header):
        return RowFault(f"its header has more than once: {listing(repeated)}", rest=True)
    return None


class _RecordLines:
    """Lines for a reader of CSV, and which of them make up the present record."""

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


# What the csv module says, and what is wrong.
_CSV_FAULTS = {
    "unexpected end": "a quotation mark is not closed",
    "expected after": "a quotation mark inside a quoted cell has to be written twice",
    "new-line": "a line ends in a carriage return alone",
}


def _split_quoted(
    lines: Iterable[_RawLine], separator: str
) -> Iterator[tuple[int, list[str] | RowFault]]:
    """Yield the first line and the cells of every record of a CSV file.

    After a fault in the quotation marks there is no way to tell cells from rows, so nothing more
    is read.
    """
    # The limit is the whole process's, and others may have set it; `_RecordLines` bounds records.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_TEXT_BYTES))
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
            yield record.first, RowFault(reason, rest=True)
            return
        yield record.first, RowFault(_TOO_LONG) if record.long else cells


def _split_plain(
    lines: Iterable[_RawLine], separator: str
) -> Iterator[tuple[int, list[str] | RowFault]]:
    """Yield the number and the cells of every line of a table without separators or line breaks in cells.

    Quotation marks are characters like others; around a whole cell, as spreadsheets write them,
    they are removed. A cell that would go on in the next line is refused, with that line.
    """
    end = _RawLine(0, b"")
    for line, after in pairwise(chain(lines, [end])):
        if line.long:
            yield line.number, RowFault(_TOO_LONG)
            continue
        cells = line.data.decode("utf-8", "surrogateescape").rstrip("\r\n").split(separator)
        # The next line has another number of cells, so it may be the rest of this one.
        broken = len(cells) == 1 or (
            after is not end and after.data.count(separator.encode()) != len(cells) - 1
        )
        if broken and cells[-1].startswith('"') and '"' not in cells[-1][1:].replace('""', ""):
            fault = RowFault("a quotation mark opens a cell and is not closed in its line")
            yield line.number, fault
        else:
            yield line.number, [_without_quotes(cell) for cell in cells]


def _without_quotes(cell: str) -> str:
    inner = cell[1:-1]
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell


def _parquet(stream: BinaryIO, fields: Sequence[str]) -> ReadRow:
    """Read the fields that are asked for; a value that Python cannot hold loses its row, not the file."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(stream)
        names = table.schema_arrow.names
        if TEXT_FIELD not in names:
            yield 0, RowFault(f"no column text; it has: {listing(names)}", rest=True)
            return
        if repeated := _repeated(names):
            yield 0, RowFault(f"it has columns more than once: {listing(repeated)}", rest=True)
            return
        columns = [name for name in names if name in fields]
        batches = table.iter_batches(batch_size=_BATCH, columns=columns)
        rows = (row for batch in batches for row in _plain_rows(batch))
        yield from enumerate(rows, 1)
    except pyarrow.ArrowException as error:
        yield 0, RowFault(f"not Parquet: {error}", rest=True)


def _plain_rows(batch: Any) -> list[Mapping[str, Any] | RowFault]:
    """Return a batch as plain rows; where a value cannot be read, row by row."""
    try:
        rows: list[Mapping[str, Any] | RowFault] = batch.to_pylist()
    except (ArithmeticError, TypeError, ValueError) as error:
        if batch.num_rows == 1:
            return [RowFault(f"a value that cannot be read: {error}"[:200])]
        single = [batch.slice(index, 1) for index in range(batch.num_rows)]
        return [row for one_row in single for row in _plain_rows(one_row)]
    return rows


# By the ending of a file's name, in lower case: articles, and files of rows.
TEXTS: Mapping[str, Callable[[Any, Sequence[str]], ReadRow]] = {".txt": _txt, ".md": _txt}
ROWS: Mapping[str, Callable[[Any, Sequence[str]], ReadRow]] = {
    ".jsonl": _jsonl,
    ".csv": lambda stream, fields: _read_table(stream, ","),
    ".tsv": lambda stream, fields: _read_table(stream, "\t"),
    ".parquet": _parquet,
}
FORMATS = {**TEXTS, **ROWS}
