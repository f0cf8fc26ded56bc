"""Readers of data files: JSON lines and CSV."""

import csv
import io
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.columns import Columns
from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.mentions import MarkedSentence, marked_sentences
from stancekit.corpus.rows import Row, make_set
from stancekit.errors import KitError, listing
from stancekit.shipped import shipped

log = logging.getLogger(__name__)
# A cell may hold a long article; the csv module's own limit is 128 KiB.
csv.field_size_limit(2**27)


class Corpus:
    """Labelled data and how its columns and labels are read.

    Parameters
    ----------
    path
        A file, or a folder holding several that are read in order of name. A relative path that does
        not exist here is looked up in the kit's shipped material.
    name
        What tables call the corpus; the file's stem by default.
    columns
        Overrides of `Columns`.
    labels
        From labels in the data to codes of the codebook; `null` drops a row or a label.
    second
        A file of JSON lines with a second annotator's labels by example id.
    """

    suffix = ""

    def __init__(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        columns: Mapping[str, Any] | None = None,
        labels: Mapping[Any, str | None] | None = None,
        second: str | Path | None = None,
    ) -> None:
        self.path = path
        self.second = second
        self.name = name or Path(path).stem
        self.columns = columns or {}
        self.labels = labels or {}

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read the corpus with the codes of a codebook.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        columns = self._columns()
        mapping = {str(key): value for key, value in self.labels.items()}
        return make_set(
            self.rows(), name=self.name, where=str(self.path), codebook=codebook, columns=columns, mapping=mapping
        )

    def marked(self) -> list[MarkedSentence]:
        """Return every sentence with the spans of its actors, in the order of the data.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        columns = self._columns()
        if columns.actor is None:
            raise KitError(f"corpus {self.name!r} names no actor column; set corpus.columns.actor=COLUMN")
        return marked_sentences(self.rows(), name=self.name, where=str(self.path), columns=columns)

    def second_labels(self, codebook: Codebook) -> dict[str, tuple[str, ...]]:
        """Return the second annotator's codes by example id, empty where there was none."""
        if self.second is None:
            return {}
        rows = [row for _, row in JsonlCorpus(self.second).rows()]
        column = codebook.column or codebook.name
        found = {str(row["id"]): split_labels(row[column]) for row in rows if row.get(column) is not None}
        codebook.check(list(found.values()), str(self.second))
        return found

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield numbered rows, counted over all files."""
        number = 0
        for file in self._files():
            for row in self._parse(decode(file), file):
                number += 1
                yield number, row

    def _columns(self) -> Columns:
        listed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in self.columns.items()
        }
        try:
            return Columns(**listed)
        except TypeError as error:
            allowed = ", ".join(Columns.__dataclass_fields__)
            raise KitError(f"{error}; corpus.columns knows: {allowed}") from None

    def _parse(self, text: str, file: Path) -> Iterable[Row]:
        raise NotImplementedError

    def _files(self) -> list[Path]:
        path = Path(self.path)
        if not path.exists():
            try:
                path = shipped(*path.parts)
            except FileNotFoundError:
                raise KitError(f"there is no file or folder {self.path}; set corpus.path=FILE") from None
        found = sorted(path.glob(f"*{self.suffix}")) if path.is_dir() else [path]
        if not found:
            raise KitError(f"folder {self.path} has no *{self.suffix} file; set corpus.path=FILE")
        return found


def decode(file: Path) -> str:
    """Read a file as UTF-8, or say where it is not."""
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise KitError(
            f"{file} is not UTF-8: byte 0x{raw[error.start]:02x} on line {line}. "
            f"Convert it, as in: iconv -f WINDOWS-1252 -t UTF-8 {file.name} > utf8-{file.name}"
        ) from None


class JsonlCorpus(Corpus):
    """One JSON object per line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from stancekit.codebook import load_codebook
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = file.write_text('{"text": "Peru said no.", "actor": "Peru", "target": "the levy", "stance": "condemn"}')
    >>> JsonlCorpus(file).read(load_codebook("stance")).labels
    (('condemn',),)
    """

    suffix = ".jsonl"

    def _parse(self, text: str, file: Path) -> Iterable[Row]:
        rows: list[Row] = []
        broken: list[str] = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                broken.append(f"line {number}: {getattr(error, 'msg', 'nested too deeply')}")
                continue
            if isinstance(row, dict):
                rows.append(row)
            else:
                broken.append(f"line {number}: not an object")
        if broken:
            raise KitError(f"{file} has lines that are not JSON objects: {listing(broken)}. Correct or remove them")
        return rows


class CsvCorpus(Corpus):
    """A table with a header; the separator is `separator`, by default a comma, or a tab in `.tsv`."""

    suffix = ".csv"

    def __init__(self, path: str | Path, *, separator: str | None = None, **rest: Any) -> None:
        super().__init__(path, **rest)
        self.separator = separator

    def _parse(self, text: str, file: Path) -> Iterable[Row]:
        separator = self.separator or ("\t" if file.suffix == ".tsv" else ",")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            rows = list(reader)
        except csv.Error as error:
            raise KitError(f"{file}, line {reader.line_num}: {error}; quote cells that hold quotes or breaks") from None
        long = [row + 1 for row, cells in enumerate(rows) if None in cells]
        if long:
            raise KitError(
                f"{file} has rows with more cells than the header (rows {listing(long)}); quote cells "
                f"that hold {separator!r}, or set corpus.separator"
            )
        return rows


def bundled(name: str = "un_votes") -> JsonlCorpus:
    """Return a corpus that ships with the kit, as its config spells it.

    Examples
    --------
    >>> bundled().name
    'un_votes'
    """
    data = yaml.safe_load(shipped("configs", "corpus", f"{name}.yaml").read_text(encoding="utf-8"))
    data.pop("_target_")
    return JsonlCorpus(**data)
