"""What all readers of files share: where the data lies, which files, and how rows become labelled examples."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.columns import Columns
from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.mentions import MarkedSentence, marked_sentences
from stancekit.corpus.rows import Row, make_set
from stancekit.errors import KitError, listing
from stancekit.files import sha256
from stancekit.shipped import shipped

log = logging.getLogger(__name__)


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
    files
        Which files of the folder belong to train, validation and test; by default all, in order of name, with the
        split in a column.
    held
        A file that names the test rows, counted from 0 over all rows; the others are train.
    sha256
        What the files must be, by name, so that numbers are compared on the same data.
    origin
        Where the data comes from and under what licence; told when it is missing.
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
        files: Mapping[str, str | Sequence[str]] | None = None,
        held: str | None = None,
        sha256: Mapping[str, str] | None = None,
        origin: str = "",
    ) -> None:
        self.path = path
        self.files = files or {}
        self.held = held
        self.sha256 = sha256 or {}
        self.origin = origin
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
        from stancekit.corpus.files import JsonlCorpus

        rows = [row for _, row in JsonlCorpus(self.second).rows()]
        column = codebook.column or codebook.name
        found = {str(row["id"]): split_labels(row[column]) for row in rows if row.get(column) is not None}
        codebook.check(list(found.values()), str(self.second))
        return found

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield numbered rows, counted over all files."""
        self.check()
        held = set(map(int, decode(self.folder() / self.held).split())) if self.held else set()
        number = 0
        for part, file in self._files():
            for row in self._parse(decode(file), file):
                split = part or (("test" if number in held else "train") if self.held else "")
                number += 1
                yield number, {**row, "split": split} if split else row

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

    def folder(self) -> Path:
        """Return where the data lies.

        Raises
        ------
        KitError
            When there is nothing there.
        """
        path = Path(self.path)
        if path.exists():
            return path
        if self.origin:
            raise KitError(
                f"there is no {self.path}; {self.name} is not part of the kit. It comes from {self.origin}. Say where "
                "your copy lies with data_dir=FOLDER or the environment variable STANCEKIT_DATA"
            )
        try:
            return shipped(*path.parts)
        except FileNotFoundError:
            raise KitError(f"there is no file or folder {self.path}; set corpus.path=FILE") from None

    def check(self) -> None:
        """Compare the files with the sums that are known of them.

        Raises
        ------
        KitError
            Naming every file that is missing or another one.
        """
        if not self.sha256:
            return
        folder = self.folder()
        faults = [
            f"{name} is {'another file' if (folder / name).exists() else 'missing'}"
            for name, expected in self.sha256.items()
            if not (folder / name).exists() or not sha256(folder / name).startswith(expected)
        ]
        if faults:
            raise KitError(
                f"{folder} does not hold the files that {self.name} was checked with: {listing(faults)}. Get it from "
                f"{self.origin or 'where it came from'}, or read it with corpus.sha256=null and compare with care"
            )

    def paths(self) -> list[Path]:
        """Return every file that is read, in order."""
        held = [self.folder() / self.held] if self.held else []
        return [*(file for _, file in self._files()), *held]

    def _files(self) -> list[tuple[str, Path]]:
        path = self.folder()
        if self.files:
            listed = ((part, [of] if isinstance(of, str) else of) for part, of in self.files.items())
            return [(part, path / name) for part, names in listed for name in names]
        found = sorted(path.glob(f"*{self.suffix}")) if path.is_dir() else [path]
        if not found:
            raise KitError(f"folder {self.path} has no *{self.suffix} file; set corpus.path=FILE")
        return [("", file) for file in found]


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
