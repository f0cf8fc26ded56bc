"""Texts to be labelled, one after the other: from files of any size, with what cannot be read named and passed by."""

import bz2
import gzip
import lzma
import math
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, BinaryIO

from stancekit.errors import KitError, listing, printable
from stancekit.labelling.formats import (
    FORMATS,
    MAX_TEXT_BYTES,
    ROWS,
    TEXT_FIELD,
    TEXTS,
    ReadRow,
    RowFault,
)
from stancekit.text.examples import add_title
from stancekit.types import Article

_LINK = "a link, which is not followed; name what it leads to"


@dataclass(frozen=True, slots=True)
class Files:
    """Files in order of name, the folder that their names are told from, and what was left out and why."""

    root: Path
    files: list[Path]
    left: list[tuple[Path, str]]

    def name(self, place: Path) -> str:
        """Return how a file is named in labels; a name that is not UTF-8 is escaped."""
        inner = place.relative_to(self.root) if place.is_relative_to(self.root) else place
        return inner.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def find(path: str | Path, without: Path | None = None) -> Files:
    """Return a file, all files of a folder, or those that match a glob (`*`, `?`, `[…]`, and `**` for any folders).

    What is hidden is passed by. Links inside of a folder are not followed, since they may lead out
    of it or round in a circle; they are among what is left out, as are folders that cannot be
    opened.

    Parameters
    ----------
    without
        A folder not to look into.

    Raises
    ------
    KitError
        When there is no file.
    """
    place = Path(path)
    left: list[tuple[Path, str]] = []
    skip = without.resolve() if without else None
    if place.is_file():
        return Files(place.parent, [place], [])
    if place.is_dir():
        if place.resolve() == skip:
            raise KitError(f"{path} is both input and output; choose another folder with output=")
        root, files = place, sorted(_walk(place, ("**",), left, skip))
    else:
        parts = place.parts
        first = next(
            (at for at, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts)
        )
        files = (
            sorted(_walk(Path(*parts[:first]), parts[first:], left, skip))
            if first < len(parts)
            else []
        )
        root = Path(os.path.commonpath([file.parent for file in files])) if files else place
    if not files:
        told = f" (left out: {listing(f'{one}: {why}' for one, why in left)})" if left else ""
        raise KitError(
            f"there is nothing to label in {path}{told}; give a file, a folder, or a glob in quotation marks"
        )
    return Files(root, files, sorted(left))


def _walk(
    base: Path, pattern: Sequence[str], left: list[tuple[Path, str]], skip: Path | None
) -> Iterator[Path]:
    """Yield all files below a folder that match the parts of a pattern."""

    def unread(error: OSError) -> None:
        left.append((Path(error.filename), f"cannot be opened: {error.strerror}"))

    for top, folders, names in os.walk(base, onerror=unread):
        inner = Path(top).relative_to(base).parts
        folders[:] = [
            one for one in folders if not one.startswith(".") and _leads((*inner, one), pattern)
        ]
        for name in [one for one in folders if (Path(top) / one).is_symlink()]:
            left.append((Path(top) / name, _LINK))
            folders.remove(name)
        folders[:] = [one for one in folders if (Path(top) / one).resolve() != skip]
        for name in names:
            place = Path(top) / name
            if name.startswith(".") or not _matches((*inner, name), pattern):
                continue
            if place.is_symlink():
                left.append((place, _LINK))
            elif place.is_file():
                yield place
            else:
                left.append((place, "no file"))


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether the parts of a path match those of a pattern.

    Examples
    --------
    >>> _matches(("a", "b", "c.txt"), ("**", "*.txt")), _matches(("a", "c.txt"), ("*.txt",))
    (True, False)
    """
    if not pattern:
        return not names
    if pattern[0] == "**":
        return _matches(names, pattern[1:]) or (bool(names) and _matches(names[1:], pattern))
    return bool(names) and fnmatch(names[0], pattern[0]) and _matches(names[1:], pattern[1:])


def _leads(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether what matches a pattern may lie in a folder.

    Examples
    --------
    >>> _leads(("a",), ("*", "*.txt")), _leads(("a",), ("*.txt",))
    (True, False)
    """
    if not names or not pattern:
        return bool(pattern)
    return pattern[0] == "**" or (fnmatch(names[0], pattern[0]) and _leads(names[1:], pattern[1:]))


_OPENERS_BY_SUFFIX: Mapping[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError, ArithmeticError)
_LOOSE = [kind for kind in FORMATS if kind != ".parquet"]
_KNOWN = (
    f"not one of {', '.join(_LOOSE)}, these also as {', '.join(_OPENERS_BY_SUFFIX)}, and .parquet"
)
_INSTEAD = {
    ".json": "write JSON lines, one object per line: jq -c '.[]' FILE.json > FILE.jsonl",
    **dict.fromkeys((".html", ".htm", ".xml", ".pdf", ".docx"), "extract its text first"),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "export it as CSV in UTF-8"),
}
# A line's end of old.
_ALONE = re.compile(r"\r(?!\n)")
# Fields of a row that are read, besides its text and those to keep.
_READ_FIELDS = ("article", "id", "title", "date", "actor", "target")


@dataclass(frozen=True, slots=True)
class InputText:
    """A text to be labelled.

    Attributes
    ----------
    article
        The text under an id that no other has: its file, and its line where a file holds many.
    group
        What articles are told apart by: the row's `article` or `id`, or else that id.
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
    """What could not be read: a line of a file, or with line 0 the file; with `rest` also all behind it."""

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
    keep
        Fields of rows to be handed on.
    title
        Whether the first line of a text without a field `title` is its title, where it reads like
        one.
    without
        A folder that is not read, such as that of the output.

    Attributes
    ----------
    files
        Names and sizes of what is read, in this order. Of a folder or a glob, what is hidden is
        passed by, and links are not followed, since they may lead out of it or round in a circle;
        they are named as what cannot be read.
    size, done
        Bytes of all files, none of standard input, and how many of them were read.

    Raises
    ------
    KitError
        When there is nothing to read, or the one file is of no kind that is read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "speeches.jsonl").write_text('{"text": "Peru said no.", "date": "2020-01-02"}\nno object\n')
    >>> [one.article.id if isinstance(one, InputText) else one.reason for one in TextSource(folder)]
    ['speeches.jsonl:1', 'not JSON: Expecting value']
    """

    def __init__(
        self,
        path: str | Path,
        *,
        keep: Sequence[str] = ("date",),
        title: bool = True,
        without: Path | None = None,
    ) -> None:
        self.path = Path(path)
        self.title = title
        self.keep = tuple(keep)
        self.files: list[tuple[str, int]] = []
        self.done = 0
        self._places: list[Path] = []
        self._left: list[RejectedRow] = []
        if str(path) != "-":
            if self.path.is_file():
                check_kind(self.path)
            found = find(path, without)
            self._places = found.files
            self._left = [
                RejectedRow(found.name(place), 0, printable(why), rest=True)
                for place, why in found.left
            ]
            self.files = [(found.name(place), _size(place)) for place in found.files]
        self.size = sum(size for _, size in self.files)

    def __iter__(self) -> Iterator[InputText | RejectedRow]:
        """Read all texts, holding one at a time."""
        self.done = 0
        yield from self._left
        if not self.files:
            yield from self._rows(ROWS[".jsonl"](sys.stdin.buffer, self._fields), "stdin")
        for (name, size), place in zip(self.files, self._places, strict=True):
            before, line = self.done, 0
            try:
                for one in self._read(place, name):
                    line = one.line if isinstance(one, RejectedRow) else line + 1
                    yield one
            except _BROKEN as error:
                yield RejectedRow(
                    name,
                    0,
                    printable(f"cannot be read{' to its end' if line else ''}: {error}"),
                    rest=True,
                )
            self.done = before + size

    @property
    def _fields(self) -> tuple[str, ...]:
        return (TEXT_FIELD, *_READ_FIELDS, *self.keep)

    def _read(self, file: Path, name: str) -> Iterator[InputText | RejectedRow]:
        kind, packing = kind_of(file)
        if kind not in FORMATS or (packing and kind == ".parquet"):
            yield RejectedRow(name, 0, _KNOWN, rest=True)
            return
        before = self.done
        with file.open("rb") as raw, _OPENERS_BY_SUFFIX[packing](raw) if packing else raw as stream:
            for found in self._rows(FORMATS[kind](stream, self._fields), name):
                self.done = before + raw.tell()
                yield found

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
        own = f"{name}:{number}" if number else str(Path(name).with_suffix(""))
        # As long as before, so that offsets are those of the row's own text.
        text = _ALONE.sub("\n", given[TEXT_FIELD])
        if not isinstance(row[TEXT_FIELD], str) or not text.strip():
            raise ValueError("no text")
        if "\0" in text:
            raise ValueError("its text holds NUL characters")
        if len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"longer than {MAX_TEXT_BYTES:,} characters")
        article = Article(own, text, source=name, date=given["date"], topic=given["title"])
        group = given["article"] or given["id"] or own
        kept = {key: _plain_value(row[key], key) for key in self.keep if not _missing(row.get(key))}
        return InputText(
            add_title(article, title=self.title), group, given["actor"], given["target"], kept
        )


def kind_of(path: Path) -> tuple[str, str]:
    """Return what a file's name says it holds, and how it is packed.

    Examples
    --------
    >>> kind_of(Path("news.CSV.gz")), kind_of(Path("news"))
    (('.csv', '.gz'), ('', ''))
    """
    last = path.suffix.lower()
    return (Path(path.stem).suffix.lower(), last) if last in _OPENERS_BY_SUFFIX else (last, "")


def check_kind(path: Path) -> None:
    """Raise a `KitError` for a file that is neither text nor rows: its marks and keys would be labelled as sentences.

    Files without an ending are taken for text.
    """
    kind, packing = kind_of(path)
    if (kind in FORMATS and not (packing and kind == ".parquet")) or (not kind and not packing):
        return
    instead = _INSTEAD.get(
        kind, f"if it is plain text, give it an ending {' or '.join(TEXTS)}, or: label - < FILE"
    )
    raise KitError(f"cannot label {path}: its ending is {_KNOWN}; {instead}")


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        # Reading it tells why.
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
        return {_plain_value(str(name), key): _plain_value(one, key) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(one, key) for one in value]
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
