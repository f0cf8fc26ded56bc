"""Rows of files, one after the other: what each format holds, and why what cannot be read cannot."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

# Bytes of the longest text or line that is read; a longer one is passed by, and never held in memory.
LONGEST = 10_000_000
FIELD = "text"
# The line, 0 for the whole file, and its row or else why there is none.
Found = Iterator[tuple[int, Mapping[str, Any] | str]]


def _lines(stream: BinaryIO) -> Iterator[tuple[int, str, str]]:
    """Yield number, text and fault of every line; one that is too long is read over piece by piece."""
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield number, "", f"longer than {LONGEST:,} bytes"
            continue
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8"), ""
        except UnicodeDecodeError as error:
            yield number, "", f"not UTF-8: byte 0x{line[error.start]:02x} at offset {error.start}"


def _txt(stream: BinaryIO) -> Found:
    data = stream.read(LONGEST + 1)
    if len(data) > LONGEST:
        yield 0, f"longer than {LONGEST:,} bytes"
        return
    try:
        yield 0, {FIELD: data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")}
    except UnicodeDecodeError as error:
        yield 0, f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"


def _jsonl(stream: BinaryIO) -> Found:
    for number, line, fault in _lines(stream):
        if fault:
            yield number, fault
        elif line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"not JSON: {getattr(error, 'msg', 'nested too deeply')}"
                continue
            yield number, row if isinstance(row, dict) else "not a JSON object"


def _csv(stream: BinaryIO, separator: str = ",") -> Found:
    faults: list[tuple[int, str]] = []

    def clean() -> Iterator[str]:
        for number, line, fault in _lines(stream):
            if fault:
                faults.append((number, fault))
            yield line.replace("\0", "\ufffd") if line else "\n"

    lines, at = clean(), 0
    head: list[str] | None = None
    while True:
        # A reader that met a fault starts afresh on the next line.
        reader = csv.reader(lines, delimiter=separator)
        try:
            for cells in reader:
                yield from faults
                faults.clear()
                number = at + reader.line_num
                if not cells:
                    continue
                if head is None:
                    head = cells
                elif len(cells) != len(head):
                    yield number, f"{len(cells)} cells where the header has {len(head)}"
                else:
                    yield number, dict(zip(head, cells, strict=True))
        except csv.Error as error:
            at += reader.line_num
            yield at, f"not CSV: {error}"
            continue
        yield from faults
        return


def _parquet(stream: BinaryIO) -> Found:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(stream)
        names = table.schema_arrow.names
        if FIELD not in names:
            yield 0, f"no column text; it has: {', '.join(names)[:200]}"
            return
        number = 0
        for batch in table.iter_batches(batch_size=256):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pyarrow.ArrowException as error:
        yield 0, f"not Parquet: {error}"


KINDS: Mapping[str, Callable[[Any], Found]] = {
    ".txt": _txt,
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".tsv": lambda stream: _csv(stream, "\t"),
    ".parquet": _parquet,
}
