"""Texts to be labelled, one after the other: from files of any size, with what cannot be read named and passed by."""

import bz2
import glob
import gzip
import lzma
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from stancekit.errors import KitError
from stancekit.text.examples import titled
from stancekit.text.rows import FIELD, KINDS, Found
from stancekit.types import Article

_OPEN: Mapping[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_BROKEN = (OSError, EOFError, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class Text:
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
class Rejected:
    """What could not be read: a line of a file, or with line 0 the file."""

    file: str
    line: int
    reason: str


class Source:
    r"""Texts of a file, a folder or a glob, or of standard input, one at a time.

    Files are `.txt`, `.jsonl`, `.csv`, `.tsv`, also as `.gz`, `.bz2` or `.xz`, and `.parquet`. Rows have a field `text`
    and may have `id`, `article`, `title`, `date`, `actor` and `target`. Standard input, `-`, is JSON lines.

    Parameters
    ----------
    keep
        Fields of rows to be handed on.

    Attributes
    ----------
    files
        What is read, in this order; links are not followed out of a folder.
    size, done
        Bytes of all files, none of standard input, and how many of them were read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "speeches.jsonl").write_text('{"text": "Peru said no.", "date": "2020-01-02"}\nno object\n')
    >>> [one.article.id if isinstance(one, Text) else one.reason for one in Source(folder)]
    ['speeches.jsonl:1', 'not JSON: Expecting value']
    """

    def __init__(self, path: str | Path, *, keep: Sequence[str] = ("date",)) -> None:
        self.path = Path(path)
        self.keep = tuple(keep)
        self.root, self.files = (Path(), []) if str(path) == "-" else _files(path)
        self.size = sum(file.stat().st_size for file in self.files)
        self.done = 0

    def __iter__(self) -> Iterator[Text | Rejected]:
        """Read all texts, holding one at a time."""
        self.done = 0
        if not self.files:
            yield from self._rows(KINDS[".jsonl"](sys.stdin.buffer), "stdin")
        for file in self.files:
            before = self.done
            name = file.relative_to(self.root).as_posix()
            try:
                yield from self._read(file, name)
            except _BROKEN as error:
                yield Rejected(name, 0, f"cannot be read: {error}")
            self.done = before + file.stat().st_size

    def _read(self, file: Path, name: str) -> Iterator[Text | Rejected]:
        packed = file.suffix in _OPEN
        kind = Path(file.stem).suffix if packed else file.suffix
        if kind not in KINDS or (packed and kind == ".parquet"):
            yield Rejected(name, 0, f"not one of {', '.join(KINDS)}, the first four also as {', '.join(_OPEN)}")
            return
        before = self.done
        with file.open("rb") as raw, _OPEN[file.suffix](raw) if packed else raw as stream:
            for found in self._rows(KINDS[kind](stream), name):
                self.done = before + raw.tell()
                yield found

    def _rows(self, rows: Found, name: str) -> Iterator[Text | Rejected]:
        for number, row in rows:
            yield Rejected(name, number, row) if isinstance(row, str) else self._text(name, number, row)

    def _text(self, name: str, number: int, row: Mapping[str, Any]) -> Text | Rejected:
        text = row.get(FIELD)
        if not isinstance(text, str) or not text.strip():
            reason = "no text" if FIELD in row else f"no field text; seen: {', '.join(map(str, row))[:200]}"
            return Rejected(name, number, reason)
        if "\0" in text:
            return Rejected(name, number, "its text holds NUL characters")
        given = {key: str(row[key]) for key in ("article", "id", "title", "actor", "target") if row.get(key)}
        own = f"{name}:{number}" if number else str(Path(name).with_suffix(""))
        article = titled(Article(own, text, source=name, date=str(row.get("date") or ""), topic=given.get("title", "")))
        group = given.get("article", given.get("id", own))
        kept = {key: _plain(row[key]) for key in self.keep if row.get(key) is not None}
        return Text(article, group, given.get("actor", ""), given.get("target", ""), kept)


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: a date of a Parquet file becomes a text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)


def _files(path: str | Path) -> tuple[Path, list[Path]]:
    """Return what names are told from, and all files in order of name."""
    place = Path(path)
    if place.is_dir():
        found = [Path(top) / name for top, _, names in os.walk(place) for name in names if not name.startswith(".")]
        root = place
    elif place.is_file():
        found, root = [place], place.parent
    else:
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207  # may be absolute
        root = Path(os.path.commonpath([file.parent for file in found])) if found else place
        found = [file for file in found if not _linked(file, root)]
    files = sorted(file for file in found if file.is_file())
    if not files:
        raise KitError(f"there is nothing to label in {path}; give a file, a folder, or a glob in quotation marks")
    return root, files


def _linked(file: Path, root: Path) -> bool:
    """Return whether a folder between a file and the root is a link, which may lead round in a circle."""
    return any(folder.is_symlink() for folder in file.parents if folder != root and folder.is_relative_to(root))
