"""Rows of files, one after the other: what each format holds, and why what cannot be read cannot."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, BinaryIO

from stancekit.errors import listing

# Bytes of the longest text, line or record that is read; a longer one is passed by, and never held in memory.
LONGEST = 10_000_000
FIELD = "text"
# Rows of a Parquet file that are held at once.
_BATCH = 32
# Bytes that are not UTF-8, as "surrogateescape" hands them on.
_FOREIGN = re.compile("[\udc80-\udcff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be read; with `rest`, nothing behind it in the file was read either."""

    reason: str
    rest: bool = False


# The line, 0 for the whole file, and its row or else why there is none.
Found = Iterator[tuple[int, Mapping[str, Any] | Fault]]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a file; of one that is `long` nothing is held, but whether it has quotation marks."""

    number: int
    data: bytes
    long: bool = False
    quotes: bool = False


def _lines(stream: BinaryIO) -> Iterator[_Line]:
    """Yield every line; one that is too long is read over piece by piece."""
    number = 0
    while data := stream.readline(LONGEST):
        number += 1
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf") or b"\n"
        if len(data) < LONGEST or data.endswith(b"\n"):
            yield _Line(number, data)
            continue
        quotes = b'"' in data
        while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
            quotes = quotes or b'"' in rest
        yield _Line(number, b"", long=True, quotes=quotes or b'"' in rest)


def _decoded(data: bytes) -> str | Fault:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if data.startswith(_UTF16):
            return Fault("UTF-16, where UTF-8 is read; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW", rest=True)
        return Fault(f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}")


_TOO_LONG = f"longer than {LONGEST:,} bytes"


def _txt(stream: BinaryIO, fields: Sequence[str]) -> Found:
    data = stream.read(LONGEST + 1).removeprefix(b"\xef\xbb\xbf")
    text = Fault(_TOO_LONG) if len(data) > LONGEST else _decoded(data)
    if isinstance(text, Fault):
        yield 0, text
    else:
        yield 0, {FIELD: text.replace("\r\n", "\n")}


def _jsonl(stream: BinaryIO, fields: Sequence[str]) -> Found:
    for line in _lines(stream):
        text = Fault(_TOO_LONG) if line.long else _decoded(line.data)
        if isinstance(text, Fault):
            yield line.number, text
            if text.rest:
                return
        elif text.strip():
            yield line.number, _object(text)


def _object(text: str) -> Mapping[str, Any] | Fault:
    try:
        row = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        return Fault("not JSON: nested too deeply")
    except json.JSONDecodeError as error:
        return Fault(f"not JSON: {error.msg}")
    except ValueError as error:
        return Fault(f"not readable: {error}"[:200])
    return row if isinstance(row, dict) else Fault("not a JSON object")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError(f"it has twice: {listing(_repeated([key for key, _ in pairs]))}")
    return row


def _repeated(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once; nameless columns, as spreadsheets leave them, do not count."""
    return [name for name in dict.fromkeys(names) if name and names.count(name) > 1]


def _table(stream: BinaryIO, separator: str) -> Found:
    """Read a table with a header; its separator is the one that sets a column `text` apart."""
    lines = _lines(stream)
    above = _above(lines)
    header = _decoded(above[-1].data) if above else ""
    if isinstance(header, Fault):
        yield 0, Fault(f"its header is {header.reason}", rest=True)
        return
    separator = _separator(header, separator)
    head: list[str] = []
    for number, cells in (_plain if separator == "\t" else _quoted)(chain(above, lines), separator):
        if isinstance(cells, Fault):
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


def _above(lines: Iterator[_Line]) -> list[_Line]:
    """Take the lines of a file down to the first that is not empty."""
    above = []
    for line in lines:
        above.append(line)
        if line.data.strip():
            break
    return above


def _row(head: Sequence[str], cells: Sequence[str]) -> Mapping[str, Any] | Fault:
    if len(cells) != len(head):
        return Fault(f"{len(cells)} cells where the header has {len(head)}")
    if foreign := next(filter(None, map(_FOREIGN.search, cells)), None):
        return Fault(f"not UTF-8: byte 0x{ord(foreign[0]) - 0xDC00:02x}")
    return dict(zip(head, cells, strict=True))


def _separator(header: str, separator: str) -> str:
    for one in (separator, ",", ";", "\t"):
        if FIELD in next(csv.reader([header.split("\r", maxsplit=1)[0]], delimiter=one), []):
            return one
    return separator


def _header_fault(head: Sequence[str]) -> Fault | None:
    if FIELD not in head:
        return Fault(f"no column text; its header has: {listing(head)}; separators are , ; or tab", rest=True)
    if twice := _repeated(head):
        return Fault(f"its header has twice: {listing(twice)}", rest=True)
    return None


class _Feed:
    """Lines for a reader of CSV, and which of them make up the record at hand."""

    def __init__(self, lines: Iterable[_Line]) -> None:
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
        if (line.long and not self.long) or self.size > LONGEST:
            raise csv.Error(_TOO_LONG)
        # Bytes that are not UTF-8 keep their place, so that a quoted cell still ends where it ends.
        return "\n" if line.long else line.data.decode("utf-8", "surrogateescape")


_TOLD = {
    "unexpected end": "a quotation mark is not closed",
    "expected after": "a quotation mark inside a quoted cell has to be written twice",
    "new-line": "a line ends in a carriage return alone",
}


def _quoted(lines: Iterable[_Line], separator: str) -> Iterator[tuple[int, list[str] | Fault]]:
    """Yield first line and cells of every record of a CSV file.

    Behind a fault in the quotation marks nobody knows what is a cell and what a row, so nothing there is read.
    """
    # The limit holds for the whole process, and others may have set it; records are bounded by the feed.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
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
            yield feed.first, Fault(f"not CSV: {why} (line {feed.last}); nothing from here on was read", rest=True)
            return
        yield feed.first, Fault(_TOO_LONG) if feed.long else cells


def _plain(lines: Iterable[_Line], separator: str) -> Iterator[tuple[int, list[str] | Fault]]:
    """Yield number and cells of every line of a table whose cells hold no separators and no line breaks.

    Quotation marks are letters like others; where one stands around a whole cell, as spreadsheets write them, it is
    taken off. A cell that would go on in the next line is refused, with that line.
    """
    end = _Line(0, b"")
    for line, after in pairwise(chain(lines, [end])):
        if line.long:
            yield line.number, Fault(_TOO_LONG)
            continue
        cells = line.data.decode("utf-8", "surrogateescape").rstrip("\r\n").split(separator)
        alone = len(cells) == 1 or (after is not end and after.data.count(separator.encode()) != len(cells) - 1)
        if alone and cells[-1].startswith('"') and '"' not in cells[-1][1:].replace('""', ""):
            yield line.number, Fault("a quotation mark opens a cell and is not closed in its line")
        else:
            yield line.number, [_unquoted(cell) for cell in cells]


def _unquoted(cell: str) -> str:
    inner = cell[1:-1]
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if whole else cell


def _parquet(stream: BinaryIO, fields: Sequence[str]) -> Found:
    """Read the fields that are asked for; a value that Python cannot hold costs its row, not the file."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(stream)
        names = table.schema_arrow.names
        if FIELD not in names:
            yield 0, Fault(f"no column text; it has: {listing(names)}", rest=True)
            return
        if twice := _repeated(names):
            yield 0, Fault(f"it has columns twice: {listing(twice)}", rest=True)
            return
        number = 0
        for batch in table.iter_batches(batch_size=_BATCH, columns=[name for name in names if name in fields]):
            for row in _converted(batch):
                number += 1
                yield number, row
    except pyarrow.ArrowException as error:
        yield 0, Fault(f"not Parquet: {error}", rest=True)


def _converted(batch: Any) -> list[Mapping[str, Any] | Fault]:
    try:
        rows: list[Mapping[str, Any] | Fault] = batch.to_pylist()
    except (ArithmeticError, TypeError, ValueError) as error:
        if batch.num_rows == 1:
            return [Fault(f"a value that cannot be read: {error}"[:200])]
        return [row for at in range(batch.num_rows) for row in _converted(batch.slice(at, 1))]
    return rows


# By the ending of a file's name, in small letters: articles, and files of rows.
TEXTS: Mapping[str, Callable[[Any, Sequence[str]], Found]] = {".txt": _txt, ".md": _txt}
ROWS: Mapping[str, Callable[[Any, Sequence[str]], Found]] = {
    ".jsonl": _jsonl,
    ".csv": lambda stream, fields: _table(stream, ","),
    ".tsv": lambda stream, fields: _table(stream, "\t"),
    ".parquet": _parquet,
}
KINDS = {**TEXTS, **ROWS}
