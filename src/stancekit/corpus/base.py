"""The base of all readers of data: find the files, read their rows, map their labels."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus.adjudication import Judgements
from stancekit.corpus.annotators import AnnotatorReader
from stancekit.corpus.build import (
    Conflicts,
    MarkedSentence,
    label_columns,
    make_set,
    read_marked_sentences,
)
from stancekit.corpus.cells import Columns, parse_sign
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.judgements import (
    GOLD_RULES,
    OWN_LABELS,
    AnnotatedSet,
    CodedData,
    annotation_files,
    is_data_file,
)
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import read_text, sha256
from stancekit.resources import shipped
from stancekit.types import as_list

log = logging.getLogger(__name__)


class Corpus:
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
        a label. The empty label stands for a cell without one.
    label_separator
        What separates several labels in a cell.
    date_format
        How dates are written, in the signs of `datetime.strptime`; by default ISO 8601.
    annotators
        Where several people annotated: columns with a label of each, or files with labels
        by example id, whose columns of ids and labels have the same names as in the
        corpus; `labels` is the corpus's own label column. With `columns.annotator`, the
        data has a row for each judgement, and this may name the annotators to read. Blank
        cells are gaps; all labels have the same mapping.
    gold
        Which codes are gold: `labels`, the corpus's own label column, the default where
        there is one; `majority`, what more than half of a row's annotators gave, else the
        default; `first`, what the first annotator gave; or a file of decided codes by id,
        as `stancekit disagreements` writes it, and the majority for rows without one. Rows
        without gold are left out.
    conflicts
        `refuse` rows that give one example other labels than an earlier row, or `keep`
        them.
    files
        Which files of the folder belong to train, validation and test; by default all, in
        the order of their names, with the split in a column.
    test_rows
        A file that names the test rows, counted from 0 over all rows; the others are train.
    sha256
        What the SHA-256 of the files must begin with, by name, so that numbers are compared
        on the same data.
    origin
        Where the data comes from and under what licence; an error says so when the data is
        missing.
    """

    suffixes: tuple[str, ...] = ()
    # Settings that a reader does not use.
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
        annotators: str | Path | Sequence[str | Path] | None = None,
        gold: str | Path | None = None,
        conflicts: Conflicts = "refuse",
        files: Mapping[str, str | Sequence[str]] | None = None,
        test_rows: str | None = None,
        sha256: Mapping[str, str] | None = None,
        origin: str = "",
    ) -> None:
        self.path = path
        self.files = files or {}
        self.test_rows = test_rows
        self.sha256 = sha256 or {}
        self.origin = origin
        self.annotators = as_list(annotators)
        self.gold = None if gold is None else str(gold)
        if self.gold not in (None, *GOLD_RULES) and not is_data_file(self.gold or ""):
            raise KitError(
                f"corpus.gold is {self.gold!r}; it is {', '.join(GOLD_RULES)}, or a file of decided "
                "codes"
            )
        self.name = name or Path(path).stem
        self.columns = columns or {}
        self.labels = labels or {}
        self.label_separator = label_separator
        self.date_format = date_format
        self.conflicts = conflicts
        if conflicts not in ("refuse", "keep"):
            raise KitError(f"corpus.conflicts is {conflicts!r}; it is refuse or keep")
        unused = [f"corpus.{key}" for key in self.without if getattr(self, key)]
        if unused:
            raise KitError(f"{type(self).__name__} does not use {', '.join(unused)}; leave it out")

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read the corpus with the codes of a codebook.

        Raises
        ------
        KitError
            Naming everything that is wrong, with its rows.
        """
        rows: Iterable[tuple[int, RawRow]] = self.rows()
        columns, mapping = self.column_names(), self._label_mapping()
        if columns.annotator or (self.annotators and self.gold != OWN_LABELS):
            judgements = self._judgements(codebook, rows)
            rows = [(row.number, row.row) for row in judgements.rows]
            columns = replace(columns, annotator=None)
            if judgements.rule != OWN_LABELS:
                judgements.tell()
                # Gold is in codes of the codebook already.
                rows, columns, mapping = judgements.gold_rows(), judgements.gold_columns(), {}
        return make_set(
            rows,
            name=self.name,
            where=str(self.path),
            codebook=codebook,
            columns=columns,
            mapping=mapping,
            separator=self._label_separator(),
            date_format=self.date_format,
            conflicts=self.conflicts,
        )

    def is_annotated(self) -> bool:
        """Say whether the corpus names annotators."""
        return bool(self.annotators or self.column_names().annotator)

    def annotations(self, codebook: Codebook) -> AnnotatedSet | None:
        """Return what each annotator gave to each example; `None` where the corpus names none.

        Raises
        ------
        KitError
            When an annotator is neither a column nor a file, labels are unknown, or rows
            contradict each other.
        """
        if not self.is_annotated():
            return None
        return self._judgements(codebook, self.rows()).annotated_set()

    def _judgements(self, codebook: Codebook, rows: Iterable[tuple[int, RawRow]]) -> Judgements:
        data = CodedData(
            name=self.name,
            where=str(self.path),
            codebook=codebook,
            columns=self.column_names(),
            label_names=label_columns(self.column_names(), codebook),
            mapping=self._label_mapping(),
            separator=self._label_separator(),
        )
        return AnnotatorReader(data, self.annotators, self.gold).read(rows)

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
        if set(self.label_columns(codebook)) <= set(present):
            return True
        columns = self.annotator_columns()
        return bool(columns) and set(columns) <= set(present)

    def annotator_columns(self) -> tuple[str, ...]:
        """Return those of the annotators that are columns of the data."""
        return tuple(
            name for name in self.annotators if name != OWN_LABELS and not is_data_file(name)
        )

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
        return read_marked_sentences(
            self.rows(),
            name=self.name,
            where=str(self.path),
            columns=columns,
            date_format=self.date_format,
        )

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield rows with their numbers, counted from 1 over all files.

        Raises
        ------
        KitError
            When a file is missing, is not the expected one, or cannot be read.
        """
        self.check()
        test_rows = self._read_test_rows()
        column = self.column_names().split
        if column is None and (self.test_rows or self.files):
            raise KitError(
                "corpus.columns.split=false leaves no place for what corpus.files and "
                "corpus.test_rows say"
            )
        # Rows are counted over all files, as the lists of published test rows count them.
        number = 0
        for part, file in self._files():
            for row in self._parse(read_text(file), file):
                split = part
                if not part and self.test_rows:
                    split = "test" if number in test_rows else "train"
                number += 1
                yield number, {**row, column or "": split} if split else row
        if test_rows and max(test_rows) >= number:
            raise KitError(
                f"{self.test_rows} names row {max(test_rows)} of {self.path}, which has {number}, "
                "counted from 0"
            )

    def _read_test_rows(self) -> set[int]:
        if not self.test_rows:
            return set()
        words = read_text(self.folder() / self.test_rows).split()
        odd = [word for word in words if not word.isdecimal()]
        if odd:
            raise KitError(
                f"{self.test_rows} names no rows by number: {listing(odd)}; it lists the test "
                "rows, from 0"
            )
        return set(map(int, words))

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        raise NotImplementedError

    def folder(self) -> Path:
        """Return where the data is.

        Raises
        ------
        KitError
            When there is nothing.
        """
        path = Path(self.path)
        if path.exists():
            return path
        if self.origin:
            raise KitError(
                f"there is no {self.path}; {self.name} is not part of the kit. It comes from "
                f"{self.origin}. Say where your copy is with data_dir=FOLDER or the environment "
                "variable STANCEKIT_DATA"
            )
        try:
            return shipped(*path.parts)
        except FileNotFoundError:
            raise KitError(
                f"there is no file or folder {self.path}; set corpus.path=FILE"
            ) from None

    def check(self) -> None:
        """Compare the files with their known SHA-256, if there are any.

        Raises
        ------
        KitError
            Naming every file that is missing or another one.
        """
        if not self.sha256:
            return
        folder = self.folder()
        faults = []
        for name, expected in self.sha256.items():
            if not (folder / name).exists():
                faults.append(f"{name} is missing")
            # Configs have the first digits only, which is enough to see another version.
            elif not sha256(folder / name).startswith(expected):
                faults.append(f"{name} is another file")
        if faults:
            raise KitError(
                f"{folder} does not hold the files that {self.name} was checked with: "
                f"{listing(faults)}. Get it from {self.origin or 'where it came from'}, or read "
                "it with corpus.sha256=null and compare with care"
            )

    def paths(self) -> list[Path]:
        """Return every file that is read, in order."""
        paths = [file for _, file in self._files()]
        if self.test_rows:
            paths.append(self.folder() / self.test_rows)
        return [*paths, *self.annotation_paths()]

    def annotation_paths(self) -> list[Path]:
        """Return the files of annotators and of decided codes that there are."""
        return annotation_files([*self.annotators, *([self.gold] if self.gold else [])])

    def _files(self) -> list[tuple[str, Path]]:
        """Return the files with the part that each belongs to, empty where a column says it."""
        path = self.folder()
        if self.files:
            files = []
            for part, names in self.files.items():
                for name in [names] if isinstance(names, str) else names:
                    files.append((part, path / name))
            return files
        if not path.is_dir():
            return [("", path)]
        # Hidden files are the operating system's, also where they have names of data.
        data_files = [
            file
            for file in sorted(path.iterdir())
            if file.is_file()
            and not file.name.startswith(".")
            and file.suffix.lower() in self.suffixes
        ]
        if not data_files:
            kinds = ", ".join(f"*{suffix}" for suffix in self.suffixes)
            raise KitError(f"folder {self.path} has no file {kinds}; set corpus.path=FILE")
        return [("", file) for file in data_files]
