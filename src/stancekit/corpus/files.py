"""Parse the text of data files into rows: JSON lines, and tables with a header."""

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from stancekit.corpus.cells import parse_sign
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import read_text

# Separators that a header may show, with the words for them that a setting takes.
_SEPARATORS = ",;\t|"
_CLOSE_QUOTES = (
    "close the quotation mark and double those inside a cell, or set corpus.quoted=false where "
    "quotation marks are letters like others"
)


def read_data_file(path: Path) -> list[RawRow]:
    """Return the rows of a file: a table where its suffix is .csv or .tsv, else JSON lines.

    Raises
    ------
    KitError
        When the file cannot be read.
    """
    text = read_text(path)
    return parse_csv(text, path) if is_table(path) else parse_jsonl(text, path)


def is_table(path: Path) -> bool:
    """Say whether the name of a file is that of a table."""
    return path.suffix.lower() in (".csv", ".tsv")


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


def parse_jsonl(text: str, file: Path) -> list[RawRow]:
    """Return the JSON objects of a text, one on each line.

    Parameters
    ----------
    file
        The file of the text, for messages.

    Raises
    ------
    KitError
        Naming every line that is not a JSON object.
    """
    rows: list[RawRow] = []
    broken: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(_parse_object(line))
        except RecursionError:
            broken.append(f"line {number}: nested too deeply")
        except ValueError as error:
            # Also whole numbers of more digits than Python reads, and half a character.
            broken.append(f"line {number}: {getattr(error, 'msg', error)}")
    if broken and _is_json_value(text):
        raise KitError(
            f"{file} is one JSON value, and JSON lines are meant: an object on each line. Convert "
            f"it, as in: jq -c '.[]' {file.name} > lines.jsonl"
        )
    if broken:
        raise KitError(
            f"{file} has lines that are not JSON objects: {listing(broken)}. Correct or remove them"
        )
    return rows


def _parse_object(line: str) -> RawRow:
    row = json.loads(line, object_pairs_hook=_refuse_repeated)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    if "\\ud" in line.lower():
        # Half of a pair of escapes is no character, and cannot be written again.
        try:
            json.dumps(row, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"half of a character, {error.object[error.start]!a}") from None
    return row


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        repeated = _find_repeated([key for key, _ in pairs])
        raise ValueError(f"key {listing(map(repr, repeated))} twice")
    return row


def _find_repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _is_json_value(text: str) -> bool:
    """Say whether a text is one JSON value over several lines, or a list."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) or (isinstance(value, dict) and "\n" in text.strip())


def parse_csv(
    text: str, file: Path, *, separator: str | None = None, quoted: bool = True
) -> list[RawRow]:
    """Return the rows of a table with a header. Empty rows are left out.

    Parameters
    ----------
    file
        The file of the text, for messages.
    separator
        The sign between cells, or a word for it; by default the one that a first line
        `sep=;` states or the header shows.
    quoted
        Whether quotation marks enclose cells, or are letters like others.

    Raises
    ------
    KitError
        Naming every row that does not fit the header.
    """
    stated, table = _take_stated_separator(text)
    sign = parse_sign(separator, "corpus.separator") or stated or _header_separator(table, file)
    lines = _read_cells(table, sign, file, skipped=bool(stated), quoted=quoted)
    while lines and not "".join(lines[-1]).strip():
        lines.pop()
    if not lines:
        return []
    header = [name.strip() for name in lines[0]]
    repeated = [name for name in _find_repeated(header) if name]
    if repeated:
        raise KitError(
            f"{file} has columns of the same name: {listing(repeated)}; give each a name of its own"
        )
    _check_lengths(lines, sign, file)
    return [dict(zip(header, cells, strict=False)) for cells in lines[1:]]


def _check_lengths(lines: list[list[str]], separator: str, file: Path) -> None:
    """Raise a `KitError` naming the rows with more or fewer cells than the header."""
    length = len(lines[0])
    longer, shorter = [], []
    for row, cells in enumerate(lines[1:], 1):
        if "".join(cells[length:]).strip():
            longer.append(row)
        elif len(cells) < length:
            shorter.append(row)
    faults = [
        f"{kind} cells than the header (rows {listing(rows)})"
        for kind, rows in (("more", longer), ("fewer", shorter))
        if rows
    ]
    if faults:
        raise KitError(
            f"{file} has rows with {'; '.join(faults)}, separated by {separator!r}; quote cells "
            "that hold it, fill up rows that are cut short, or set corpus.separator=SIGN"
        )


def _read_cells(
    text: str, separator: str, file: Path, *, skipped: bool, quoted: bool
) -> list[list[str]]:
    """Return the cells of every line that is not empty; `skipped` if a line is before them."""
    # A cell may hold a long article. The limit is the whole process's, so that it is only
    # raised, and only as far as this text needs.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    quoting: Any = {} if quoted else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, **quoting)
    rows: list[list[str]] = []
    while True:
        line = reader.line_num + 1 + skipped
        place = f"{file}, row that begins on line {line}"
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise KitError(f"{place}: {error}; {_CLOSE_QUOTES}") from None
        # A quotation mark at the start of a cell opens a quoted one, and takes in the lines
        # up to the next.
        if separator == "\t" and any("\t" in cell and "\n" in cell for cell in cells):
            raise KitError(f"{place}: a quotation mark holds several rows; {_CLOSE_QUOTES}")
        if cells:
            rows.append(cells)


def _take_stated_separator(text: str) -> tuple[str, str]:
    """Return the separator of a first line `sep=;`, as Excel writes it, and the text below."""
    match = re.match(r'"?sep=(.)"?\r?\n', text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _header_separator(text: str, file: Path) -> str:
    """Return the separator that a header shows."""
    header = next((line for line in text.split("\n") if line.strip()), "")
    header = re.sub(r'"[^"]*"', "", header)
    shown = [sign for sign in _SEPARATORS if sign in header]
    if "\t" in shown and file.suffix.lower() == ".tsv":
        return "\t"
    if len(shown) > 1:
        raise KitError(
            f"{file} may be divided by {' or '.join(map(repr, shown))}, by its header. Say which "
            "with corpus.separator=comma, semicolon, tab or pipe, or put names that hold such "
            "signs in quotation marks"
        )
    return shown[0] if shown else ","
