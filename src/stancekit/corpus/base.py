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
    tell_unused,
)
from stancekit.corpus.cells import CodeReader, Columns, parse_labels, parse_sign
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.files import unreadable
from stancekit.corpus.finding import CorpusFiles
from stancekit.corpus.formats import file_kind, read_rows
from stancekit.corpus.judgements import (
    GOLD_RULES,
    OWN_LABELS,
    AnnotatedSet,
    CodedData,
    annotation_files,
    is_file_source,
    no_annotators_for,
)
from stancekit.corpus.project_file import ANNOTATOR_COLUMN, CONTROL, is_project, tell_suggested
from stancekit.corpus.requests import AS_RECOGNISED, FileFormat, RowFault, half_character_fault
from stancekit.corpus.rows import Faults, RawRow, RowPlace
from stancekit.corpus.viewing import CorpusView, in_its_words
from stancekit.errors import KitError
from stancekit.types import as_list

log = logging.getLogger(__name__)
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
    annotators
        Where several people annotated: columns with a label of each, or files with labels
        by example id, whose columns of ids and labels have the same names as in the
        corpus; `labels` is the corpus's own label column. With `columns.annotator`, the
        data has a row for each judgement, and this may name the annotators to read. Blank
        cells are gaps; all labels have the same mapping.
    gold
        Which codes are gold: `labels`, the corpus's own label column, the default where there is
        one; `majority`, what more than half of a row's annotators gave, else the default; `first`,
        what the first annotator gave; `posterior`, the most probable code (Dawid and Skene 1979),
        whose probabilities training learns from; `adjudicated`, the lead's codes in a project of
        `stancekit annotate`, the default where there are some; or a file of decided codes by id,
        as `stancekit disagreements` writes it. Rows that are not decided have the majority's, or
        the label column's where there are no annotators. Rows without gold are left out.
    suggested
        Whether judgements that were made with a model's code in view are used.
    conflicts
        `refuse` rows that give one example other labels than an earlier row, or `keep` them.
    files
        Which files of the folder belong to train, validation and test; by default all, in
        the order of their names, with the split in a column.
    test_rows
        A file that names the test rows, from 0 over all rows; the others are train.
    strict
        Whether a row that cannot be read is an error; by default it is left out, and told.
    sha256
        What the SHA-256 of the files must begin with, by name.
    origin
        Where the data comes from and its licence; an error says so when the data is missing.
    articles
        A file of whole articles with all their positions, which `stancekit evaluate
        task=positions` reads; by default the corpus itself, where its rows are such articles.
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
        annotators: str | Path | Sequence[str | Path] | None = None,
        gold: str | Path | None = None,
        suggested: bool = False,
        conflicts: Conflicts = "refuse",
        files: Mapping[str, str | Sequence[str]] | None = None,
        test_rows: str | None = None,
        strict: bool = False,
        sha256: Mapping[str, str] | None = None,
        origin: str = "",
        articles: str | Path | None = None,
    ) -> None:
        self.path = path
        self.articles = articles
        self.files = files or {}
        self.test_rows = test_rows
        self.strict = strict
        self.sha256 = sha256 or {}
        self.origin = origin
        self.annotators = as_list(annotators)
        self.gold = None if gold is None else str(gold)
        if self.gold not in (None, *GOLD_RULES) and not is_file_source(self.gold or ""):
            rules = ", ".join(GOLD_RULES)
            raise KitError(
                f"corpus.gold is {self.gold!r}; it is {rules}, or a file of decided codes"
            )
        self.suggested = suggested
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
        rows: Iterable[tuple[int, RawRow]] = list(self.coded_rows(codebook, faults))
        columns, mapping = self.column_names(), self._label_mapping()
        # What only other files hold is not known here.
        if not annotation_files([*self.annotators, *as_list(self.gold or ())]):
            given = [*self.label_columns(codebook), *self.annotator_columns()]
            one = CodeReader(codebook, (), mapping, self._label_separator())
            tell_unused([row for _, row in rows], list(dict.fromkeys(given)), one, str(self.path))
        if self.gold == "posterior" and not self.is_annotated():
            raise no_annotators_for(self.gold, self.name)
        if self._is_decided() or columns.annotator or (self.annotators and self.gold != OWN_LABELS):
            judgements = self._judgements(codebook, rows, faults)
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
            faults=faults,
        )

    def coded_rows(self, codebook: Codebook, faults: Faults) -> Iterable[tuple[int, RawRow]]:
        """Return the rows that are to have codes of a codebook, with their numbers: all of them."""
        return self.rows(faults)

    def is_annotated(self) -> bool:
        """Say whether the corpus names annotators."""
        return bool(self.annotators or self.column_names().annotator)

    def _is_decided(self) -> bool:
        """Say whether a file of decided codes goes before others."""
        return self.gold not in (None, *GOLD_RULES)

    @in_its_words
    def annotations(self, codebook: Codebook) -> AnnotatedSet | None:
        """Return what each annotator gave to each example; `None` where the corpus names none.

        Controls of a project are left out: their codes were chosen, not drawn. With a file of decided
        codes the corpus's own label column is an annotator, where there is no other.

        Raises
        ------
        KitError
            When an annotator is neither a column nor a file, labels are unknown, or rows
            contradict each other.
        """
        if not self.is_annotated() and not self._is_decided():
            return None
        faults = Faults(strict=self.strict)
        rows = self.rows(faults)
        if self._is_project():
            rows = (numbered for numbered in rows if numbered[1].get("kind") != CONTROL)
        return self._judgements(codebook, rows, faults).annotated_set()

    def _judgements(
        self, codebook: Codebook, rows: Iterable[tuple[int, RawRow]], faults: Faults
    ) -> Judgements:
        listed = list(rows)
        if not listed:
            # Where no row can be read, the reasons say more.
            faults.settle(str(self.path), 0)
        tell_suggested(listed, codebook.name, self.path, allowed=self.suggested)
        data = CodedData(
            name=self.name,
            where=str(self.path),
            codebook=codebook,
            columns=self.column_names(),
            label_names=self.label_columns(codebook),
            mapping=self._label_mapping(),
            separator=self._label_separator(),
        )
        sources = self.annotators if self.is_annotated() else (OWN_LABELS,)
        return AnnotatorReader(data, sources, self.gold).read(listed)

    def paths(self) -> list[Path]:
        """Return every file that is read, in order: also those of annotators and of decided codes."""
        annotated = [*self.annotators, *([self.gold] if self.gold else [])]
        return [*super().paths(), *annotation_files(annotated)]

    def column_names(self) -> Columns:
        """Return the names of the columns, by what they hold."""
        columns = Columns.from_config(self.columns)
        if self._is_project() and self.columns.get("annotator") is None:
            return replace(columns, annotator=ANNOTATOR_COLUMN)
        return columns

    def _is_project(self) -> bool:
        files = [name for names in self.files.values() for name in as_list(names)]
        return all(map(is_project, files or [str(self.path)]))

    def _label_mapping(self) -> dict[str, str | None]:
        odd = [str(label) for label in self.labels if isinstance(label, bool)]
        if odd:
            raise KitError(
                f"corpus.labels has the key {', '.join(odd)}: YAML takes Yes, No, On, Off, True "
                "and False without quotation marks for true and false. Write such labels in "
                "quotation marks, as in 'No'"
            )
        given = self.labels.items()
        return {"" if label is None else str(label).strip(): code for label, code in given}

    def _label_separator(self) -> str:
        return parse_sign(self.label_separator, "corpus.label_separator") or ";"

    def label_columns(self, codebook: Codebook) -> tuple[str, ...]:
        """Return the columns that hold the labels of a codebook."""
        columns = self.column_names()
        # A project names its columns like its codebooks, whatever other data call them.
        in_project = columns.labels is None and self._is_project()
        return (codebook.name,) if in_project else label_columns(columns, codebook)

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
        others = (name for name in self.annotators if name != OWN_LABELS)
        return tuple(name for name in others if not is_file_source(name))

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
                noted.leave_out(*row.kind(), row=number, advice=row.advice)
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
                fault = half_character_fault(row)
                converted = self._convert(row) if fault is None else (fault,)
            for made in converted:
                count += 1
                yield line if kind in LINE_KINDS else count, made

    def _convert(self, row: RawRow) -> Iterable[RawRow]:
        """Return the rows that a row of a file stands for."""
        return (row,)
