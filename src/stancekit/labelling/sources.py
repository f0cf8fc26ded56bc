"""Texts to label, one after the other, from files of any size; what cannot be read is named and left out."""

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from stancekit.corpus.formats import (
    BROKEN,
    INSTEAD,
    MAX_TEXT_BYTES,
    OPENERS,
    TEXT_FIELD,
    TEXTS,
    ReadRow,
    RowFault,
    file_kind,
    is_known,
    known_endings,
    read_stream,
)
from stancekit.errors import KitError, listing, printable
from stancekit.labelling.input_files import find_files
from stancekit.text.examples import add_title
from stancekit.types import Article

_KNOWN = f"not one of {known_endings()}"
# The line end of old Macintosh files.
_LONE_RETURN = re.compile(r"\r(?!\n)")
# Fields of a row that are read, besides its text and those to keep.
_READ_FIELDS = ("article", "id", "title", "date", "actor", "target")


@dataclass(frozen=True, slots=True)
class InputText:
    """A text to be labelled.

    Attributes
    ----------
    article
        The text under a unique id: its file, and its line where a file holds many.
    group
        What labels name as the article: the row's `article` or `id`, or else that id.
    actor, target
        Who speaks and what of, where the row says so.
    kept
        Further fields of the row, which go into the labels.
    """

    article: Article
    group: str
    actor: str = ""
    target: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """What could not be read: a line of a file, or with line 0 the file; with `rest` also all after it."""

    file: str
    line: int
    reason: str
    rest: bool = False


class TextSource:
    r"""Texts of a file, a folder or a glob, or of standard input, one at a time.

    Files are `.txt`, `.md`, `.jsonl`, `.csv`, `.tsv`, also as `.gz`, `.bz2` or `.xz`, and
    `.parquet`, in small letters or capitals. Rows have a field `text` and may have `id`, `article`,
    `title`, `date`, `actor` and `target`. Standard input, `-`, is JSON lines.

    Parameters
    ----------
    fields
        Fields of rows to keep.
    title
        Whether the first line of a text without a field `title` is its title, where it reads like
        one.
    without
        A folder that is not read, such as that of the output.

    Attributes
    ----------
    files
        Names and sizes of what is read, in this order; see `find_files`. Links are named among what
        cannot be read.
    size, done
        Bytes of all files, none of standard input, and how many of them were read.

    Raises
    ------
    KitError
        When there is nothing to read, or the file is of a kind that is not read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "speeches.jsonl").write_text('{"text": "Peru said no.", "date": "2020-01-02"}\nno object\n')
    >>> [row.article.id if isinstance(row, InputText) else row.reason for row in TextSource(folder)]
    ['speeches.jsonl:1', 'not JSON: Expecting value']
    """

    def __init__(
        self,
        path: str | Path,
        *,
        fields: Sequence[str] = ("date",),
        title: bool = True,
        without: Path | None = None,
    ) -> None:
        self.title = title
        self.fields = tuple(fields)
        self._columns = (TEXT_FIELD, *_READ_FIELDS, *fields)
        self.files: list[tuple[str, int]] = []
        self.done = 0
        self._paths: list[Path] = []
        self._left_out: list[RejectedRow] = []
        if str(path) != "-":
            if Path(path).is_file():
                check_kind(Path(path))
            found = find_files(path, without)
            self._paths = found.files
            self._left_out = [
                RejectedRow(found.name(left), 0, printable(why), rest=True)
                for left, why in found.left_out
            ]
            self.files = [(found.name(file), _size(file)) for file in found.files]
        self.size = sum(size for _, size in self.files)

    def __iter__(self) -> Iterator[InputText | RejectedRow]:
        """Read all texts, one at a time in memory."""
        self.done = 0
        yield from self._left_out
        if not self.files:
            yield from self._rows(self._read_rows(sys.stdin.buffer, ".jsonl", "stdin"), "stdin")
        for (name, size), path in zip(self.files, self._paths, strict=True):
            done_before, begun = self.done, False
            try:
                for row in self._read(path, name):
                    begun = not isinstance(row, RejectedRow) or row.line > 0
                    yield row
            except BROKEN as error:
                reason = f"cannot be read{' to its end' if begun else ''}: {error}"
                yield RejectedRow(name, 0, printable(reason), rest=True)
            self.done = done_before + size

    def _read(self, file: Path, name: str) -> Iterator[InputText | RejectedRow]:
        kind, packing = file_kind(file)
        if not is_known(file):
            yield RejectedRow(name, 0, _KNOWN, rest=True)
            return
        done_before = self.done
        with file.open("rb") as raw, OPENERS[packing](raw) if packing else raw as stream:
            for row in self._rows(self._read_rows(stream, kind, name), name):
                self.done = done_before + raw.tell()
                yield row

    def _read_rows(self, stream: Any, kind: str, name: str) -> ReadRow:
        required = () if kind == ".jsonl" else (TEXT_FIELD,)
        return read_stream(stream, kind, name=name, columns=self._columns, required=required)

    def _rows(self, rows: ReadRow, name: str) -> Iterator[InputText | RejectedRow]:
        for number, row in rows:
            if isinstance(row, RowFault):
                yield RejectedRow(name, number, printable(row.reason, most=300), rest=row.rest)
                continue
            try:
                yield self._text(name, number, row)
            except ValueError as error:
                yield RejectedRow(name, number, printable(error, most=300))

    def _text(self, name: str, number: int, row: Mapping[str, Any]) -> InputText:
        if TEXT_FIELD not in row:
            raise ValueError(f"no field text; seen: {listing(row)}")
        given = {key: _string(row, key) for key in (TEXT_FIELD, *_READ_FIELDS)}
        unique_id = f"{name}:{number}" if number else str(Path(name).with_suffix(""))
        # As long as before, so that offsets are those of the row's own text.
        text = _LONE_RETURN.sub("\n", given[TEXT_FIELD])
        if not isinstance(row[TEXT_FIELD], str) or not text.strip():
            raise ValueError("no text")
        if "\0" in text:
            raise ValueError("its text has NUL characters")
        if len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"longer than {MAX_TEXT_BYTES:,} characters")
        article = Article(unique_id, text, source=name, date=given["date"], topic=given["title"])
        # Rows of one article are one cluster of an estimate.
        group = given["article"] or given["id"] or unique_id
        kept = {
            key: _plain_value(row[key], key) for key in self.fields if not _missing(row.get(key))
        }
        article = add_title(article, title=self.title)
        return InputText(article, group, given["actor"], given["target"], kept)


def check_kind(path: Path) -> None:
    """Raise a `KitError` for a file that is neither text nor rows: its markup would be labelled as sentences.

    Files without an ending are text.
    """
    kind, packing = file_kind(path)
    if is_known(path) or not (kind or packing):
        return
    instead = INSTEAD.get(
        kind, f"if it is plain text, give it an ending {' or '.join(TEXTS)}, or: label - < FILE"
    )
    raise KitError(f"cannot label {path}: its ending is {_KNOWN}; {instead}")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        # Reading it will say why.
        return 0


def _missing(value: Any) -> bool:
    """Say whether a field is empty: NaN is what pandas writes for nothing, and 0 is a value."""
    return value is None or value == "" or bool(value != value)  # noqa: PLR0124  # NaN alone is not itself


def _string(row: Mapping[str, Any], key: str) -> str:
    """Return a field as a string, empty where the row has none."""
    value = row.get(key)
    if _missing(value):
        return ""
    if isinstance(value, list | tuple | dict) and key != TEXT_FIELD:
        raise ValueError(f"its field {key} is a list or an object, not a text")
    return str(_plain_value(value, key))


def _plain_value(value: Any, key: str) -> Any:
    """Return a value that JSON can hold: dates of a Parquet file become ISO dates, decimals text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {
            _plain_value(str(name), key): _plain_value(item, key) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain_value(item, key) for item in value]
    # JSON has no infinity, and a labels file with one could not be read by others.
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"its field {key} holds {value}, which JSON has no number for")
    if isinstance(value, bool | int | float) or value is None:
        return value
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
        text.encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"its field {key} holds bytes that are not UTF-8") from None
    except UnicodeEncodeError as error:
        raise ValueError(
            f"its field {key} holds half a character: {value[error.start]!a}"
        ) from None
    return text
