"""The base of all readers of data: find the files, read their rows, map their labels."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus.build import (
    Conflicts,
    MarkedSentence,
    label_columns,
    make_set,
    read_marked_sentences,
)
from stancekit.corpus.cells import (
    CellError,
    CodeReader,
    Columns,
    NoLabelError,
    parse_labels,
    parse_sign,
    plain_cell,
)
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.files import read_data_file, unreadable
from stancekit.corpus.finding import CorpusFiles
from stancekit.corpus.formats import file_kind, read_rows
from stancekit.corpus.requests import AS_RECOGNISED, FileFormat, RowFault
from stancekit.corpus.rows import Faults, RawRow, RowPlace
from stancekit.corpus.viewing import CorpusView, in_its_words
from stancekit.errors import KitError, listing
from stancekit.resources import shipped

log = logging.getLogger(__name__)


_HALF = re.compile("[\ud800-\udfff]")
# Files whose rows are counted by their lines, since each line is a row.
LINE_KINDS = (".jsonl", ".ndjson")


class Corpus(CorpusFiles, CorpusView):
    """Labelled data, and how its columns and labels are read.

    Parameters
    ----------
    path
        A file, or a folder with several that are read in the order of their names. A
        relative path that does not exist here is looked up in the kit's shipped material.
    name
        The name of the corpus in tables; by default the file's name without its suffix.
    columns
        Names of columns that differ from `Columns`; `None` for the default name, `False`
        for no column.
    labels
        From labels in the data to codes of the codebook; `None` drops a row or, of several,
        a label. The empty label stands for a cell without one. A text is read as YAML.
    label_separator
        What separates several labels in a cell.
    date_format
        How dates are written, in the signs of `datetime.strptime`; by default ISO 8601.
    second
        A file with a second annotator's labels by example id, JSON lines or CSV. Its
        columns of ids and labels have the same names as in the corpus, and its labels the
        same mapping.
    conflicts
        `refuse` rows that give one example other labels than an earlier row, or `keep`
        them.
    files
        Which files of the folder belong to train, validation and test; by default all, in
        the order of their names, with the split in a column.
    test_rows
        A file that names the test rows, counted from 0 over all rows; the others are train.
    strict
        Whether a row that cannot be read is an error. By default it is left out, with a
        warning that says why.
    sha256
        What the SHA-256 of the files must begin with, by name, so that numbers are compared
        on the same data.
    origin
        Where the data comes from and under what licence; an error says so when the data is
        missing.
    """

    # Settings that a reader does not use.
    without: tuple[str, ...] = ()
    # How its files are written.
    written: FileFormat = AS_RECOGNISED

    def __init__(  # noqa: PLR0913  # one argument per key of a config
        self,
        path: str | Path,
        *,
        name: str | None = None,
        columns: Mapping[str, Any] | None = None,
        labels: Mapping[Any, str | None] | str | None = None,
        label_separator: str = ";",
        date_format: str | None = None,
        second: str | Path | None = None,
        conflicts: Conflicts = "refuse",
        files: Mapping[str, str | Sequence[str]] | None = None,
        test_rows: str | None = None,
        strict: bool = False,
        sha256: Mapping[str, str] | None = None,
        origin: str = "",
    ) -> None:
        self.path = path
        self.files = files or {}
        self.test_rows = test_rows
        self.strict = strict
        self.sha256 = sha256 or {}
        self.origin = origin
        self.second = second
        self.name = name or Path(path).stem
        self.columns = columns or {}
        self.labels = parse_labels(labels) if isinstance(labels, str) else labels or {}
        self.label_separator = label_separator
        self.date_format = date_format
        self.conflicts = conflicts
        if conflicts not in ("refuse", "keep"):
            raise KitError(f"corpus.conflicts is {conflicts!r}; it is refuse or keep")
        unused = [f"corpus.{key}" for key in self.without if getattr(self, key)]
        if unused:
            raise KitError(f"{type(self).__name__} does not use {', '.join(unused)}; leave it out")

    @in_its_words
    def read(self, codebook: Codebook) -> LabelledSet:
        """Read the corpus with the codes of a codebook.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        faults = Faults(strict=self.strict)
        return make_set(
            self.rows(faults),
            name=self.name,
            where=str(self.path),
            codebook=codebook,
            columns=self.column_names(),
            mapping=self._label_mapping(),
            separator=self._label_separator(),
            date_format=self.date_format,
            conflicts=self.conflicts,
            faults=faults,
        )

    def column_names(self) -> Columns:
        """Return the names of the columns, by what they hold."""
        return Columns.from_config(self.columns)

    def _label_mapping(self) -> dict[str, str | None]:
        odd = [str(label) for label in self.labels if isinstance(label, bool)]
        if odd:
            raise KitError(
                f"corpus.labels has the key {', '.join(odd)}: YAML takes Yes, No, On, Off, True "
                "and False without quotation marks for true and false. Write such labels in "
                "quotation marks, as in 'No'"
            )
        return {
            "" if label is None else str(label).strip(): code for label, code in self.labels.items()
        }

    def _label_separator(self) -> str:
        return parse_sign(self.label_separator, "corpus.label_separator") or ";"

    def label_columns(self, codebook: Codebook) -> tuple[str, ...]:
        """Return the columns that hold the labels of a codebook."""
        return label_columns(self.column_names(), codebook)

    def may_have(self, codebook: Codebook, present: Collection[str]) -> bool:
        """Say whether the corpus can have labels of a codebook.

        Parameters
        ----------
        present
            The columns of the corpus.
        """
        return set(self.label_columns(codebook)) <= set(present)

    @in_its_words
    def marked_sentences(self) -> list[MarkedSentence]:
        """Return every sentence with the spans of its actors, in the order of the data.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        columns = self.column_names()
        if columns.actor is None:
            raise KitError(
                f"corpus {self.name!r} names no actor column; set corpus.columns.actor=COLUMN"
            )
        faults = Faults(strict=self.strict)
        return read_marked_sentences(
            self.rows(faults),
            name=self.name,
            where=str(self.path),
            columns=columns,
            date_format=self.date_format,
            faults=faults,
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
        rows = self._read_second_rows(Path(self.second))
        columns, where = self.column_names(), str(self.second)
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
        missing = sorted({key, *names} - present)
        if missing:
            raise KitError(
                f"{where} has no column {', '.join(map(repr, missing))}; it has: "
                f"{listing(sorted(present), 30)}. A second annotator's file has the id of each "
                "example and its labels, in columns with the same names as in the corpus"
            )
        codes = CodeReader(codebook, names, self._label_mapping(), self._label_separator())
        return _read_second(rows, codes, key=key, where=where)

    def _read_second_rows(self, path: Path) -> list[RawRow]:
        try:
            return read_data_file(path if path.exists() else shipped(*path.parts))
        except FileNotFoundError:
            raise KitError(
                f"there is no second annotator's file {path}; set corpus.second=FILE, or null"
            ) from None

    def rows(self, faults: Faults | None = None) -> Iterator[tuple[int, RawRow]]:
        """Yield rows with their numbers as the user counts them: from 1, in JSON lines by line.

        Parameters
        ----------
        faults
            Takes the rows that cannot be read; by default they are told at the end, and are
            errors if the corpus is strict.

        Raises
        ------
        KitError
            When a file is missing, is not the expected one, or cannot be read.
        """
        noted = Faults(strict=self.strict) if faults is None else faults
        total = 0
        for number, row in self.raw_rows():
            total += 1
            if isinstance(row, RowFault):
                noted.leave_out(row.reason, number, row.seen or "", row.advice)
            else:
                yield number, row
        if faults is None:
            noted.settle(str(self.path), total)

    def raw_rows(self) -> Iterator[tuple[int, RawRow | RowFault]]:
        """Yield rows with their numbers, or why there is none."""
        self.check()
        test_rows = self.read_test_rows()
        column = self.column_names().split
        if column is None and (self.test_rows or self.files):
            raise KitError(
                "corpus.columns.split=false leaves no place for what corpus.files and "
                "corpus.test_rows say"
            )
        # Rows are counted over all files, as the lists of published test rows count them.
        total = 0
        files = self.part_files()
        for part, file in files:
            for number, row in self._file_rows(file):
                split = part
                if not part and self.test_rows:
                    split = "test" if total in test_rows else "train"
                total += 1
                place = RowPlace.of(total, file.name, number) if len(files) > 1 else number
                if split and not isinstance(row, RowFault):
                    yield place, {**row, column or "": split}
                else:
                    yield place, row
        if test_rows and max(test_rows) >= total:
            raise KitError(
                f"{self.test_rows} names row {max(test_rows)} of {self.path}, which has {total}, "
                "counted from 0"
            )

    def _file_rows(self, file: Path) -> Iterator[tuple[int, RawRow | RowFault]]:
        """Yield the rows of a file with their numbers in it."""
        kind, _ = file_kind(file)
        # To see by which sign a header is divided; Parquet has no such sign.
        likely = () if kind == ".parquet" else self.column_names().names()
        count = 0
        for line, row in read_rows(file, columns=likely, written=self.written):
            if isinstance(row, RowFault):
                if row.rest or not line:
                    raise unreadable(file, line, row)
                converted: Iterable[RawRow | RowFault] = (row,)
            else:
                fault = _half_character(row)
                converted = self._convert(row) if fault is None else (fault,)
            for made in converted:
                count += 1
                yield line if kind in LINE_KINDS else count, made

    def _convert(self, row: RawRow) -> Iterable[RawRow]:
        """Return the rows that a row of a file stands for."""
        return (row,)


def _half_character(row: RawRow) -> RowFault | None:
    """Return the fault of half a pair of escapes, which is no character and cannot be written again."""
    for name, value in row.items():
        if isinstance(value, str) and not value.isascii() and (half := _HALF.search(value)):
            reason = f"half of a character in column {name!r}"
            return RowFault(reason, column=name, seen=f"{half[0]!a}")
    return None


def _read_second(
    rows: Sequence[RawRow], codes: CodeReader, *, key: str, where: str
) -> dict[str, tuple[str, ...]]:
    """Return the codes of a second annotator by the id in column `key`."""
    labels: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, int] = {}
    faults: list[str] = []
    for number, row in enumerate(rows, 1):
        # A missing cell is no annotation. An empty list is one, and so is an empty cell
        # among several columns of codes.
        if all(row.get(name) is None for name in codes.names):
            continue
        try:
            label, row_codes = plain_cell(row.get(key), "id"), codes.read(row)
        except NoLabelError:
            continue
        except CellError as error:
            faults.append(f"{error} (row {number})")
            continue
        if not label:
            faults.append(f"no id (row {number})")
        elif labels.get(label, row_codes) != row_codes:
            faults.append(
                f"id {label[:40]!r} with other labels than in row {numbers[label]} (row {number})"
            )
        elif row_codes is not None:
            labels[label] = row_codes
            numbers.setdefault(label, number)
    if faults:
        raise KitError(f"{where}: {listing(faults)}. Correct these rows, or leave them out")
    codes.codebook.check(list(labels.values()), where, list(numbers.values()))
    return labels
