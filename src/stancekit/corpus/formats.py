"""Stream rows from files of any kind, with the reason for each row that cannot be read."""

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from stancekit.corpus.delimited import read_delimited
from stancekit.corpus.lines import LONG_REASON, MAX_TEXT_BYTES, decode_line, open_text, read_lines
from stancekit.corpus.project_file import read_project_rows
from stancekit.corpus.project_schema import PROJECT_SUFFIX
from stancekit.corpus.requests import AS_RECOGNISED, FileFormat, ReadRow, RowFault, TableRequest
from stancekit.corpus.sheets import read_excel, read_parquet, read_spss, read_stata
from stancekit.errors import KitError, listing, nearest

__all__ = ["MAX_TEXT_BYTES", "FileFormat", "ReadRow", "RowFault", "read_rows", "read_stream"]

TEXT_FIELD = "text"
OPENERS: Mapping[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
# What reading a damaged file may raise.
BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError, ArithmeticError)
# What to do with files that are often meant to be read.
INSTEAD: Mapping[str, str] = {
    ".json": "write JSON lines, one object per line: jq -c '.[]' FILE.json > FILE.jsonl",
    **dict.fromkeys((".html", ".htm", ".xml", ".pdf", ".docx"), "extract its text first"),
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".ods"), "save it as .xlsx, or as CSV in UTF-8"),
    **dict.fromkeys((".rds", ".rdata", ".feather"), "write it as .csv or .parquet"),
    PROJECT_SUFFIX: "a project holds judgements of texts: stancekit train corpus=FILE",
    **dict.fromkeys((".por", ".zsav", ".sas7bdat"), "save it as .sav, .dta or .csv"),
}


def _read_txt(stream: BinaryIO, request: TableRequest) -> ReadRow:
    opened = open_text(stream, request.name, request.written)
    data = opened.read(MAX_TEXT_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    text = RowFault(LONG_REASON) if len(data) > MAX_TEXT_BYTES else decode_line(data)
    if isinstance(text, RowFault):
        yield 0, text
    else:
        yield 0, {TEXT_FIELD: text.replace("\r\n", "\n")}


def _read_jsonl(stream: BinaryIO, request: TableRequest) -> ReadRow:
    begun = False
    for line in read_lines(open_text(stream, request.name, request.written)):
        text = (
            RowFault(LONG_REASON) if line.long else decode_line(line.data, request.written.encoding)
        )
        if isinstance(text, RowFault):
            yield line.number, text
        elif text.strip():
            row = _json_object(text)
            if isinstance(row, RowFault) and not begun and _begins_value(text):
                yield 0, _one_value(request.name)
                return
            yield line.number, row
            begun = True


def _json_object(text: str) -> Mapping[str, Any] | RowFault:
    try:
        row = _DECODER.decode(text)
    except RecursionError:
        return RowFault("not JSON: nested too deeply")
    except json.JSONDecodeError as error:
        return RowFault(f"not JSON: {error.msg}", seen=text[:40])
    except ValueError as error:
        return RowFault(f"not readable: {error}"[:200])
    if not isinstance(row, dict):
        return RowFault("not a JSON object", seen=text[:40])
    return row


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = [key for key in row if keys.count(key) > 1]
        raise ValueError(f"it has more than once: {listing(repeated)}")
    return row


# One for all lines: making one takes as long as reading a short line.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys)


def _begins_value(text: str) -> bool:
    """Say whether a first line begins one JSON value over several lines, or is a list of objects."""
    start = text.strip()
    return start in ("[", "{") or (start[0] == "[" and start[1:].lstrip()[:1] == "{")


def _one_value(name: str) -> RowFault:
    return RowFault(
        "one JSON value, and JSON lines are meant: an object on each line. Convert it, as in: "
        f"jq -c '.[]' {Path(name).name} > lines.jsonl",
        rest=True,
    )


Reader = Callable[[BinaryIO, TableRequest], ReadRow]


def _read_tsv(stream: BinaryIO, request: TableRequest) -> ReadRow:
    return read_delimited(stream, request, tabs=True)


# By the ending of a file's name, in lower case: articles, and files of rows.
TEXTS: Mapping[str, Reader] = {".txt": _read_txt, ".md": _read_txt}
_PACKABLE: Mapping[str, Reader] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": read_delimited,
    ".tsv": _read_tsv,
    ".tab": _read_tsv,
}
# Kinds that are packed themselves, or need to be read from any place in them.
_UNPACKED_ONLY: Mapping[str, Reader] = {
    ".parquet": read_parquet,
    ".xlsx": read_excel,
    ".sav": read_spss,
    ".dta": read_stata,
}
# What is labelled, and what holds labels: judgements of a project are no texts to label.
FORMATS: Mapping[str, Reader] = {**TEXTS, **_PACKABLE, **_UNPACKED_ONLY}
ROWS: Mapping[str, Reader] = {
    **_PACKABLE,
    **_UNPACKED_ONLY,
    PROJECT_SUFFIX: read_project_rows,
}
_READERS: Mapping[str, Reader] = {**TEXTS, **ROWS}
_PACKED = frozenset([*TEXTS, *_PACKABLE])


def file_kind(path: Path) -> tuple[str, str]:
    """Return the kind of a file and how it is compressed, by the endings of its name.

    Examples
    --------
    >>> file_kind(Path("news.CSV.gz")), file_kind(Path("news"))
    (('.csv', '.gz'), ('', ''))
    """
    last = path.suffix.lower()
    return (Path(path.stem).suffix.lower(), last) if last in OPENERS else (last, "")


def is_known(path: Path, kinds: Mapping[str, Reader] = FORMATS) -> bool:
    """Say whether a file is of a kind that is read, by the endings of its name."""
    kind, packing = file_kind(path)
    return kind in kinds and not (packing and kind not in _PACKED)


def known_endings(kinds: Mapping[str, Reader] = FORMATS) -> str:
    """Return the endings of files that are read, for a message."""
    packable = ", ".join(kind for kind in kinds if kind in _PACKED)
    whole = ", ".join(kind for kind in kinds if kind not in _PACKED)
    return f"{packable}, these also as {', '.join(OPENERS)}, and {whole}"


def refuse_kind(path: Path, kinds: Mapping[str, Reader] = ROWS) -> KitError:
    """Return the error for a file of a kind that is not read."""
    kind, _ = file_kind(path)
    instead = INSTEAD.get(kind)
    meant = f"; {instead}" if instead else nearest(kind, kinds)
    return KitError(f"cannot read {path}: its ending is not one of {known_endings(kinds)}{meant}")


def read_stream(  # what is known of a stream that has no name of its own
    stream: BinaryIO,
    kind: str,
    *,
    name: str,
    columns: Sequence[str] = (),
    required: Sequence[str] = (),
    written: FileFormat = AS_RECOGNISED,
) -> ReadRow:
    """Yield the rows of an open file of a kind, a key of `FORMATS` or `ROWS`; the parameters are those of `read_rows`.

    Parameters
    ----------
    name
        The file in messages.
    """
    return _READERS[kind](stream, TableRequest(name, columns, required, written))


def read_rows(
    path: str | Path,
    *,
    columns: Sequence[str] = (),
    required: Sequence[str] = (),
    written: FileFormat = AS_RECOGNISED,
) -> ReadRow:
    r"""Yield the rows of a file of rows or an article, one at a time, each with its number.

    The number is the line in a text file, or else that of the row, from 1; 0 is the whole file. A
    row that cannot be read is a `RowFault`. The memory that it takes does not grow with the file,
    but for Excel's.

    Parameters
    ----------
    path
        JSON lines, CSV, TSV, a text, all of these also packed, Parquet, Excel, SPSS, Stata, or an
        annotation project, as its ending says.
    columns
        Those that are used: a header is split such that it has most of them, and a kind that
        can leaves out others. By default all.
    required
        Columns without which no row is of use; a file without them is one fault.

    Raises
    ------
    KitError
        When its ending is another, or what it needs is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "speeches.csv"
    >>> _ = file.write_bytes("name;text\nPerú;No.\nChile\n".encode("utf-16"))
    >>> for number, row in read_rows(file):
    ...     print(number, row.reason if isinstance(row, RowFault) else row)
    2 {'name': 'Perú', 'text': 'No.'}
    3 1 cells where the header has 2, separated by ';'
    """
    file = Path(path)
    kind, packing = file_kind(file)
    if not is_known(file, _READERS):
        raise refuse_kind(file, _READERS)
    begun = False
    try:
        with file.open("rb") as raw, OPENERS[packing](raw) if packing else raw as stream:
            rows = read_stream(
                stream, kind, name=str(path), columns=columns, required=required, written=written
            )
            for number, row in rows:
                begun = True
                yield number, row
    except KitError:
        raise
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        how = " to its end" if begun else " as what its ending says"
        if isinstance(error, OSError) and error.errno and not begun:
            how = ""
        yield 0, RowFault(f"cannot be read{how}: {reason}", rest=True)
