"""What all readers of files share: where the data lies, which files, and how rows become labelled examples."""

import codecs
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus.cells import (
    CellError,
    CodeReader,
    Columns,
    NoLabelError,
    parse_sign,
    plain_cell,
)
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.rows import (
    Conflicts,
    MarkedSentence,
    RawRow,
    label_columns,
    make_set,
    read_marked_sentences,
)
from stancekit.errors import KitError, listing
from stancekit.fileio import sha256
from stancekit.resources import shipped

log = logging.getLogger(__name__)


class Corpus:
    """Labelled data and how its columns and labels are read.

    Parameters
    ----------
    path
        A file, or a folder holding several that are read in order of name. A relative path that
        does not exist here is looked up in the kit's shipped material.
    name
        What tables call the corpus; the file's stem by default.
    columns
        Overrides of `Columns`; `None` for the standard name, `False` for no column.
    labels
        From labels in the data to codes of the codebook; `None` drops a row or, of several, a
        label. The empty label stands for a cell without one.
    label_separator
        What divides several labels in a cell.
    date_format
        How dates are written, in the signs of `datetime.strptime`; by default ISO 8601.
    second
        A file with a second annotator's labels by example id, JSON lines or CSV; its id and label
        columns are called as in the corpus, and its labels are mapped alike.
    conflicts
        `refuse` rows that give one example other labels than an earlier row, or `keep` them.
    files
        Which files of the folder belong to train, validation and test; by default all, in order of
        name, with the split in a column.
    held
        A file that names the test rows, counted from 0 over all rows; the others are train.
    sha256
        What the files must be, by name, so that numbers are compared on the same data.
    origin
        Where the data comes from and under what licence; told when it is missing.
    """

    suffixes: tuple[str, ...] = ()
    # Settings that make no sense for a reader.
    without: tuple[str, ...] = ()

    def __init__(  # noqa: PLR0913  # one argument per key of a config
        self,
        path: str | Path,
        *,
        name: str | None = None,
        columns: Mapping[str, Any] | None = None,
        labels: Mapping[Any, str | None] | None = None,
        label_separator: str = ";",
        date_format: str | None = None,
        second: str | Path | None = None,
        conflicts: Conflicts = "refuse",
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
        self.label_separator = label_separator
        self.date_format = date_format
        self.conflicts = conflicts
        if conflicts not in ("refuse", "keep"):
            raise KitError(f"corpus.conflicts is {conflicts!r}; it is refuse or keep")
        if given := [key for key in self.without if getattr(self, key)]:
            raise KitError(
                f"{type(self).__name__} does not use {', '.join(f'corpus.{key}' for key in given)}; leave it out"
            )

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read the corpus with the codes of a codebook.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        return make_set(
            self.rows(),
            name=self.name,
            where=str(self.path),
            codebook=codebook,
            columns=self._columns(),
            mapping=self._mapping(),
            separator=self._label_separator(),
            date_format=self.date_format,
            conflicts=self.conflicts,
        )

    def _mapping(self) -> dict[str, str | None]:
        if odd := [key for key in self.labels if isinstance(key, bool)]:
            raise KitError(
                f"corpus.labels has the key {', '.join(map(str, odd))}: YAML takes Yes, No, On, Off, True and False "
                "without quotation marks for true and false. Write such labels in quotation marks, as in 'No'"
            )
        return {
            "" if key is None else str(key).strip(): value for key, value in self.labels.items()
        }

    def _label_separator(self) -> str:
        return parse_sign(self.label_separator, "corpus.label_separator") or ";"

    def label_columns(self, codebook: Codebook) -> tuple[str, ...]:
        """Return the columns that hold the labels of a codebook."""
        return label_columns(self._columns(), codebook)

    def may_have(self, codebook: Codebook, present: Collection[str]) -> bool:
        """Say whether the corpus, of which the columns `present` are, can have labels of a codebook."""
        return set(self.label_columns(codebook)) <= set(present)

    def marked_sentences(self) -> list[MarkedSentence]:
        """Return every sentence with the spans of its actors, in the order of the data.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        columns = self._columns()
        if columns.actor is None:
            raise KitError(
                f"corpus {self.name!r} names no actor column; set corpus.columns.actor=COLUMN"
            )
        return read_marked_sentences(
            self.rows(),
            name=self.name,
            where=str(self.path),
            columns=columns,
            date_format=self.date_format,
        )

    def second_labels(self, codebook: Codebook) -> dict[str, tuple[str, ...]]:
        """Return the second annotator's codes by example id, empty where there was none.

        A row of another codebook, or without a label, was not annotated.

        Raises
        ------
        KitError
            When the file has no ids, no such labels, or other labels than the codebook's.
        """
        if self.second is None:
            return {}
        from stancekit.corpus.readers import second_rows

        rows = second_rows(self.second)
        columns, where = self._columns(), str(self.second)
        names, key = label_columns(columns, codebook), columns.id or "id"
        present = {str(name) for row in rows for name in row}
        if columns.labels is None and key in present and not present.intersection(names):
            log.warning(
                "%s has no column %r: no agreement is known for codebook %s",
                where,
                names[0],
                codebook.name,
            )
            return {}
        if missing := sorted({key, *names} - present):
            raise KitError(
                f"{where} has no column {', '.join(map(repr, missing))}; it has: {listing(sorted(present), 30)}. A "
                "second annotator's file has the id of each example and its labels, in columns called as in the corpus"
            )
        return self._second(
            rows, CodeReader(codebook, names, self._mapping(), self._label_separator()), key
        )

    def _second(
        self, rows: Sequence[RawRow], codes: CodeReader, key: str
    ) -> dict[str, tuple[str, ...]]:
        where = str(self.second)
        found: dict[str, tuple[str, ...]] = {}
        numbers: dict[str, int] = {}
        faults: list[str] = []
        for number, row in enumerate(rows, 1):
            # Nothing at all is no judgement; an empty list, or an empty cell among several codes,
            # is one.
            if all(row.get(name) is None for name in codes.names):
                continue
            try:
                label, given = plain_cell(row.get(key), "id"), codes.codes(row)
            except NoLabelError:
                continue
            except CellError as error:
                faults.append(f"{error} (row {number})")
                continue
            if not label:
                faults.append(f"no id (row {number})")
            elif found.get(label, given) != given:
                faults.append(
                    f"id {label[:40]!r} with other labels than in row {numbers[label]} (row {number})"
                )
            elif given is not None:
                found[label] = given
                numbers.setdefault(label, number)
        if faults:
            raise KitError(f"{where}: {listing(faults)}. Correct these rows, or leave them out")
        codes.codebook.check(list(found.values()), where, list(numbers.values()))
        return found

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield numbered rows, counted over all files."""
        self.check()
        held = self._held()
        column = self._columns().split
        if column is None and (self.held or self.files):
            raise KitError(
                "corpus.columns.split=false leaves no place for what corpus.files and corpus.held say"
            )
        number = 0
        for part, file in self._files():
            for row in self._parse(decode(file), file):
                split = part or (("test" if number in held else "train") if self.held else "")
                number += 1
                yield number, {**row, column or "": split} if split else row
        if held and max(held) >= number:
            raise KitError(
                f"{self.held} names row {max(held)} of {self.path}, which has {number}, counted from 0"
            )

    def _held(self) -> set[int]:
        if not self.held:
            return set()
        words = decode(self.folder() / self.held).split()
        if odd := [word for word in words if not word.isdecimal()]:
            raise KitError(
                f"{self.held} names no rows by number: {listing(odd)}; it lists the test rows, from 0"
            )
        return set(map(int, words))

    def _columns(self) -> Columns:
        return Columns.of(self.columns)

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
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
            raise KitError(
                f"there is no file or folder {self.path}; set corpus.path=FILE"
            ) from None

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
            listed = (
                (part, [of] if isinstance(of, str) else of) for part, of in self.files.items()
            )
            return [(part, path / name) for part, names in listed for name in names]
        if not path.is_dir():
            return [("", path)]
        # Hidden files are the operating system's, also where they are named like data.
        seen = [
            file
            for file in sorted(path.iterdir())
            if file.is_file() and not file.name.startswith(".")
        ]
        found = [file for file in seen if file.suffix.lower() in self.suffixes]
        if not found:
            kinds = ", ".join(f"*{suffix}" for suffix in self.suffixes)
            raise KitError(f"folder {self.path} has no file {kinds}; set corpus.path=FILE")
        return [("", file) for file in found]


_OTHER = {
    b"PK": "a zip archive or a workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "Parquet",
}


def decode(file: Path) -> str:
    """Read a file as UTF-8, or as UTF-16 where it begins with that mark; or say where it is neither.

    Raises
    ------
    KitError
        When it cannot be read, or is no text.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise KitError(f"cannot read {file}: {error.strerror}") from None
    for start, what in _OTHER.items():
        if raw.startswith(start):
            raise KitError(f"{file} is {what}, not text; unpack it, or save it as CSV (UTF-8)")
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not raw.startswith(
        codecs.BOM_UTF32_LE
    )
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide:
            raise KitError(
                f"{file} begins as UTF-16 and is none: {error.reason}; save it as UTF-8"
            ) from None
        line = raw[: error.start].count(b"\n") + 1
        raise KitError(
            f"{file} is not UTF-8: byte 0x{raw[error.start]:02x} on line {line}. "
            f"Convert it, as in: iconv -f WINDOWS-1252 -t UTF-8 {file.name} > utf8-{file.name}"
        ) from None


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text file; only line feeds end them, no other sign that Unicode calls a separator.

    Examples
    --------
    >>> split_lines("one\u2028still one\r\ntwo\n")
    ['one\u2028still one', 'two']
    """
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
