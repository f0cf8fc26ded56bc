"""Texts to label, one after the other, from files of any size; what cannot be read is named and left out."""

import codecs
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from stancekit.corpus.formats import (
    BROKEN,
    INSTEAD,
    OPENERS,
    TEXT_FIELD,
    TEXTS,
    FileFormat,
    ReadRow,
    RowFault,
    file_kind,
    is_known,
    known_endings,
    read_rows,
    read_stream,
)
from stancekit.corpus.memory import memory_rows
from stancekit.errors import KitError, listing, nearest, printable
from stancekit.fileio import read_text
from stancekit.labelling.input_files import find_files
from stancekit.labelling.input_text import InputText, make_text
from stancekit.labelling.layout import TextLayout, read_speeches
from stancekit.text.examples import read_article
from stancekit.types import Article

_KNOWN = f"not one of {known_endings()}"
# Characters and texts of one part: so many are in memory, labelled together and written at once.
PART_CHARACTERS, PART_TEXTS = 1_000_000, 10_000
# Kinds whose rows may each have other fields.
_HEADLESS = (*TEXTS, ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """What could not be read: a line of a file, or with line 0 the file; with `rest` also all after it."""

    file: str
    line: int
    reason: str
    rest: bool = False

    def __str__(self) -> str:
        """Return where it is, and what is wrong with it."""
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.reason}"

    def refuse(self) -> NoReturn:
        """Raise the `KitError` of whoever is strict."""
        raise KitError(f"{self}. Correct it, or go on without it: strict=false")


class TextSource:
    r"""Texts of a file, a folder or a glob, or of standard input, one at a time.

    Files are `.txt`, `.md`, `.jsonl`, `.csv`, `.tsv`, also as `.gz`, `.bz2` or `.xz`, and
    `.parquet`, in small letters or capitals. Rows have a field `text` and may have `id`, `article`,
    `title`, `date`, `actor` and `target`, or what the layout names for these. The fields of a text
    file are those of its front matter. The names of files may hold fields too; where a field is in
    several places, a row's own comes before front matter, and this before the file's name. Standard
    input, `-`, is JSON lines.

    Parameters
    ----------
    layout
        Where the fields of texts are, and which to keep; by default those of the roles.
    written
        How the files are written, where that is not to be recognised.
    title
        Whether the first line of a text without a field `title` is its title, where it reads like
        one.
    without
        A folder that is not read, such as that of the output.
    stdin
        What standard input holds, where it has been read already.

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
        layout: TextLayout | None = None,
        written: FileFormat | None = None,
        title: bool = True,
        without: Path | None = None,
        stdin: bytes | None = None,
    ) -> None:
        self.title = title
        self.layout = layout = layout or TextLayout()
        self.written = written or FileFormat()
        self.files: list[tuple[str, int]] = []
        self.done = 0
        self._stdin = stdin
        self._paths: list[Path] = []
        self._left_out: list[RejectedRow] = []
        if str(path) != "-":
            if Path(path).is_file():
                check_kind(Path(path))
            found = find_files(path, without)
            self._paths = [file for file in found.files if not layout.is_table(file)]
            self._left_out = [
                RejectedRow(found.name(left), 0, printable(why), rest=True)
                for left, why in found.left_out
            ]
            self.files = [(found.name(file), _size(file)) for file in self._paths]
        self.size = sum(size for _, size in self.files) + len(stdin or b"")

    def check(self) -> None:
        """Raise a `KitError` where there is only one file, a table without a column that is needed."""
        if len(self._paths) != 1 or file_kind(self._paths[0])[0] in _HEADLESS:
            return
        first = next(iter(self), None)
        if isinstance(first, RejectedRow) and first.rest and not first.line:
            how = ""
            if "text" not in self.layout.named:
                how = ". Say which column holds the text, as in columns.text=sentence"
            raise KitError(f"cannot label {self._paths[0]}: {first.reason}{how}")

    def __iter__(self) -> Iterator[InputText | RejectedRow]:
        """Read all texts, one at a time in memory."""
        self.done = 0
        yield from self._left_out
        if not self.files:
            stream = sys.stdin.buffer if self._stdin is None else io.BytesIO(self._stdin)
            yield from self._rows(self._rows_of(stream, ".jsonl", "stdin"), "stdin", {})
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
        try:
            stem = _without_endings(name, kind, packing)
            in_name = self.layout.read_name(stem)
            table = self.layout.table_of(file, stem.rpartition("/")[2])
            beside = _read_beside(table) if table else None
        except ValueError as error:
            yield RejectedRow(name, 0, printable(error, most=300), rest=True)
            return
        done_before = self.done
        with file.open("rb") as raw, OPENERS[packing](raw) if packing else raw as stream:
            rows = self._rows_of(stream, kind, name, in_name)
            if beside is not None:
                rows = _speeches(rows, beside)
            for row in self._rows(rows, name, in_name):
                self.done = done_before + raw.tell()
                yield row

    def _rows_of(
        self, stream: BinaryIO, kind: str, name: str, in_name: Mapping[str, str] = {}
    ) -> ReadRow:
        """Yield the rows of a file; a table needs a column for each field that is named."""
        layout = self.layout
        required = () if kind in _HEADLESS else [key for key in layout.wanted if key not in in_name]
        return read_stream(
            stream,
            kind,
            name=name,
            columns=layout.read_fields,
            required=required,
            written=self.written,
        )

    def _rows(
        self, rows: ReadRow, name: str, in_name: Mapping[str, str]
    ) -> Iterator[InputText | RejectedRow]:
        for number, row in rows:
            if isinstance(row, RowFault):
                yield RejectedRow(name, number, printable(row.reason, most=300), rest=row.rest)
                continue
            try:
                yield make_text(name, number, {**in_name, **row}, self.layout, title=self.title)
            except ValueError as error:
                yield RejectedRow(name, number, printable(error, most=300))


def read_rows_in_memory(
    table: Any, layout: TextLayout, *, title: bool
) -> Iterator[InputText | RejectedRow]:
    """Yield the texts of a table in memory: a DataFrame, a data set, or a list of texts or dicts.

    Raises
    ------
    KitError
        When it is no table, or has no column of texts or of what the layout names.
    """
    column = layout.named.get("text", TEXT_FIELD)
    if isinstance(table, Sequence) and all(isinstance(row, str) for row in table):
        table = [{column: text} for text in table]
    rows = list(memory_rows(table))
    present = dict.fromkeys(key for row in rows for key in row)
    if rows and (missing := [name for name in layout.wanted if name not in present]):
        raise KitError(
            f"the table has no column {listing(missing)}{nearest(missing[0], present)}; it has: "
            f"{listing(present)}. Say which column holds what, as in columns={{'text': 'sentence'}}"
        )
    for number, row in enumerate(rows, 1):
        try:
            yield make_text("table", number, row, layout, title=title)
        except ValueError as error:
            yield RejectedRow("table", number, printable(error, most=300))


def cut_parts(
    source: Iterable[InputText | RejectedRow], reject: Callable[[RejectedRow], None]
) -> Iterator[list[InputText]]:
    """Yield texts in parts that fit in memory; what could not be read is handed to `reject`."""
    part: list[InputText] = []
    characters = 0
    for text in source:
        if isinstance(text, RejectedRow):
            reject(text)
            continue
        part.append(text)
        characters += len(text.article.text)
        if characters >= PART_CHARACTERS or len(part) >= PART_TEXTS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def read_one(
    source: str | Path,
    layout: TextLayout | None = None,
    *,
    written: FileFormat | None = None,
    title: bool = True,
) -> InputText:
    r"""Read one article, with the fields of its front matter and of its file's name.

    Parameters
    ----------
    source
        As of `read_article`.
    layout, written, title
        As of `TextSource`.

    Raises
    ------
    KitError
        When it cannot be read, or there is no speaker.

    Examples
    --------
    >>> text = read_one("---\nspeaker: KEN\n---\nWe agree.", TextLayout(speaker="speaker"))
    >>> text.speaker, text.article.text.strip()
    ('KEN', 'We agree.')
    """
    layout = layout or TextLayout()
    path = None if isinstance(source, str) and ("\n" in source or source == "-") else Path(source)
    try:
        in_name: dict[str, str] = {}
        if path and path.is_file():
            in_name = layout.read_name(_without_endings(path.as_posix(), *file_kind(path)))
            article = Article(path.stem, _read_text(path, written or FileFormat()), path.stem)
        else:
            article = read_article(source, title=False)
        row = {**in_name, TEXT_FIELD: article.text}
        text = make_text(article.id, 0, row, layout, title=title)
    except ValueError as error:
        said = printable(error, most=300)
        shown = "the article" if path is None else printable(path)
        raise KitError(said if shown in said else f"{shown}: {said}") from None
    # The name of a file may have dots, which are no ending here.
    kept = replace(text.article, id=article.id, source=article.source)
    group = article.id if text.group == text.article.id else text.group
    return replace(text, article=kept, group=group)


def read_standard_input(
    layout: TextLayout, *, written: FileFormat | None = None, title: bool = True
) -> TextSource | list[InputText]:
    """Return the texts of standard input: JSON lines, as they begin with an object, or else one article.

    Raises
    ------
    KitError
        When it is no text, or there is no speaker.
    """
    data = sys.stdin.buffer.read()
    if data.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[{")):
        return TextSource("-", layout=layout, written=written, title=title, stdin=data)
    text = read_text(io.BytesIO(data)).replace("\r\n", "\n").replace("\r", "\n")
    # What has a line break is read as a text, and not as a path.
    article = text if "\n" in text else f"{text}\n"
    return [read_one(article, layout, written=written, title=title)]


def _read_text(path: Path, written: FileFormat) -> str:
    with path.open("rb") as stream:
        [(_, row)] = read_stream(stream, ".txt", name=str(path), written=written)
    if isinstance(row, RowFault):
        raise ValueError(row.reason)
    if not row[TEXT_FIELD].strip():
        raise ValueError("it holds no text; give one with a sentence in it")
    return str(row[TEXT_FIELD]).replace("\r", "\n")


def _without_endings(name: str, kind: str, packing: str) -> str:
    """Return a file's name without its ending, and without that of how it is compressed."""
    return name[: len(name) - len(kind) - len(packing)]


def _read_beside(table: Path) -> dict[str, Mapping[str, Any]]:
    """Return the rows of the table beside a text file by their ids."""
    # Its cells are not quoted: a title may begin with a quotation mark.
    written = FileFormat(separator="\t", quoted=False)
    rows = dict(read_rows(table, required=["ID"], written=written))
    return {str(row["ID"]): row for row in rows.values() if not isinstance(row, RowFault)}


def _speeches(rows: ReadRow, beside: Mapping[str, Mapping[str, Any]]) -> ReadRow:
    """Yield the lines of a text, each with what the table beside it says."""
    for number, row in rows:
        if isinstance(row, RowFault):
            yield number, row
            continue
        for line, speech in read_speeches(row[TEXT_FIELD], beside):
            yield line, RowFault(speech) if isinstance(speech, str) else speech


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
