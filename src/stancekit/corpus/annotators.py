"""Several annotators of one corpus: their codes side by side, and the gold codes that follow from them.

Their labels may be in columns of the data (wide), in files of their own by id, or in rows of
the data with the annotator's name on each (long). Whoever has not annotated a row leaves a gap.
"""

import logging
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.corpus.cells import CellError, CodeReader, Columns, NoLabelError, plain_cell
from stancekit.corpus.dataset import OWN_ARTICLE
from stancekit.corpus.files import read_data_file
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.resources import shipped
from stancekit.text.targets import make_mention
from stancekit.types import Example

log = logging.getLogger(__name__)
Codes = tuple[str, ...]
NumberedRow = tuple[int, RawRow]

# The corpus's own label column: as an annotator, and as gold.
LABELS = "labels"
# The rules by which gold codes follow from what annotators gave; else gold is a file.
GOLD_RULES = (LABELS, "majority", "first")
# What an annotator writes where a row may have no code and has none: a blank cell is a gap.
NO_CODE_CELL = "-"
# Where gold codes are put that are no column of the data.
_GOLD_COLUMN = "(gold)"
_DATA_SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".xlsx", ".sav", ".dta")
# Why a row has no gold code.
_TIED = "on which no code has a majority"
_BLANK = "that have no annotation"
_NOT_FIRST = "that {first} did not annotate"
_DROPPED = "whose decided label corpus.labels leaves out"


@dataclass(frozen=True, slots=True)
class AnnotatedSet:
    """Examples with the codes that each annotator gave, in columns of equal length.

    Attributes
    ----------
    where
        The name of the data in messages.
    annotators
        Names, in the order of the codes; `labels` is the corpus's own label column.
    codes
        For each example the codes of each annotator, `None` where there are none.
    gold
        The gold codes of each example, `None` where it has none.
    gold_from
        `labels`, `majority` or `first`, or the file of decided codes.
    decided
        The ids of examples whose gold is in that file.
    text_column
        Where the data has its texts.
    separator
        What separates several labels in a cell.
    """

    name: str
    where: str
    codebook: Codebook
    annotators: tuple[str, ...]
    examples: tuple[Example, ...]
    codes: tuple[tuple[Codes | None, ...], ...]
    gold: tuple[Codes | None, ...]
    gold_from: str = LABELS
    decided: frozenset[str] = frozenset()
    text_column: str = "text"
    separator: str = ";"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    def by_id(self) -> dict[str, dict[str, Codes]]:
        """Return the codes of each annotator by example id; who did not annotate one is not in it."""
        codes_by_id = {}
        for example, codes in zip(self.examples, self.codes, strict=True):
            given = zip(self.annotators, codes, strict=True)
            judged = {name: each for name, each in given if each is not None}
            if judged:
                codes_by_id[example.id] = judged
        return codes_by_id

    def units(self) -> "AnnotatedSet":
        """Return each unit of coding once: sentences, for a codebook that codes sentences."""
        if self.codebook.unit != "sentence":
            return self
        first: dict[Hashable, int] = {}
        for row, (example, codes) in enumerate(zip(self.examples, self.codes, strict=True)):
            # Rows of one sentence with other codes are kept, as they are in the corpus itself.
            sets = tuple(None if each is None else frozenset(each) for each in codes)
            first.setdefault((example.article, example.text, sets), row)
        rows = list(first.values())
        return replace(
            self,
            examples=tuple(
                replace(self.examples[row], actor=None, target=None) for row in rows
            ),
            codes=tuple(self.codes[row] for row in rows),
            gold=tuple(self.gold[row] for row in rows),
        )


def majority(judgements: Sequence[Codes], codebook: Codebook) -> Codes | None:
    """Return the codes that more than half of the annotators gave, `None` where they are tied.

    Of a codebook with several codes per example, each code is decided on its own, and a code
    that exactly half gave is a tie: whether it applies would be a guess.

    Parameters
    ----------
    judgements
        The codes of every annotator who annotated the example.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> stance, frames = load_codebook("stance"), load_codebook("diplomacy")
    >>> majority([("condemn",), ("condemn",), ("none",)], stance)
    ('condemn',)
    >>> majority([("condemn",), ("none",)], stance) is None
    True
    >>> majority([("economy", "peace"), ("economy",), ()], frames)
    ('economy',)
    """
    n = len(judgements)
    counts = Counter(code for codes in judgements for code in set(codes))
    if not n or (codebook.multi_label and any(2 * count == n for count in counts.values())):
        return None
    codes = tuple(code for code in codebook.names if 2 * counts[code] > n)
    return codes if codes or codebook.multi_label else None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A row with the codes of each annotator, and its gold or why it has none."""

    number: int
    row: RawRow
    id: str
    codes: tuple[Codes | None, ...]
    gold: Codes | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AnnotatorReader:
    """Reads what each annotator gave, and derives gold.

    Parameters
    ----------
    sources
        Columns of the data, files, or `labels`; where the data has a row for each
        judgement, names of annotators. Empty: all that the data names in long form.
    gold
        A rule, or the path of a file; `None` for `labels` where there is such a column,
        else `majority`.
    name, where
        The corpus, of which ids are made where the data has none, and the data in messages.
    label_names
        The columns of labels of the codebook.
    """

    sources: Sequence[str]
    gold: str | None
    name: str
    where: str
    codebook: Codebook
    columns: Columns
    label_names: tuple[str, ...]
    mapping: Mapping[str, str | None]
    separator: str = ";"

    def read(self, rows: Iterable[NumberedRow]) -> "Judgements":
        """Read all annotators.

        Raises
        ------
        KitError
            When an annotator is neither a column nor a file, there is none, their labels are
            unknown, or rows contradict each other.
        """
        listed = list(rows)
        if not listed:
            raise KitError(f"{self.where} has no rows; a data file needs a text on each")
        present = {str(key) for _, row in listed for key in row}
        is_long = self.columns.annotator in present
        files = [source for source in self.sources if is_data_file(source)]
        # The column of names may be in an annotators' file.
        here = self.columns if is_long or not files else replace(self.columns, annotator=None)
        here.require(present, (), self.where)
        has_labels = not is_long and set(self.label_names) <= present
        codes_by_annotator: dict[str, dict[str, Codes]] = {}
        if is_long:
            listed, codes_by_annotator = self._read_long(listed)
        ids = self._ids(listed)
        sources = list(self.sources)
        if is_long:
            codes_by_annotator, sources = self._choose(codes_by_annotator, sources)
        for source in sources:
            codes_by_annotator |= self._read_source(
                source, listed, ids, present, codes_by_annotator
            )
        if len(codes_by_annotator) == 1 and has_labels and LABELS not in codes_by_annotator:
            # One more annotator is compared with whoever labelled the data.
            own = self._read_column(LABELS, self.label_names, listed, ids)
            codes_by_annotator = {LABELS: own, **codes_by_annotator}
        if not codes_by_annotator:
            raise self._no_annotators(present)
        rule = self.gold or (LABELS if has_labels else "majority")
        if rule == LABELS and not has_labels:
            raise self._no_label_column(present, is_long=is_long)
        judged = [
            _Judged(number, row, id_, tuple(codes.get(id_) for codes in codes_by_annotator.values()))
            for (number, row), id_ in zip(listed, ids, strict=True)
        ]
        judgements = Judgements(self, tuple(codes_by_annotator), tuple(judged), rule)
        return judgements.with_gold()

    def _ids(self, rows: Sequence[NumberedRow]) -> list[str]:
        """Return the id of each row; a row without one is numbered among all of them."""
        return [
            self._cell(row, self.columns.id) or f"{self.name}-{index}"
            for index, (_, row) in enumerate(rows)
        ]

    @staticmethod
    def _cell(row: RawRow, column: str | None) -> str:
        try:
            return "" if column is None else plain_cell(row.get(column))
        except CellError:
            # Whoever reads the row in full says what is wrong with it.
            return ""

    # Long form: a row for each judgement.

    def _read_long(
        self, rows: Sequence[NumberedRow]
    ) -> tuple[list[NumberedRow], dict[str, dict[str, Codes]]]:
        """Return the first row of each example, and the codes of each annotator by id."""
        if len(self.label_names) > 1:
            raise KitError(
                f"{self.where}: several label columns with a row for each annotator are not read; "
                "name one column of codes with corpus.columns.labels=COLUMN"
            )
        first: dict[Hashable, tuple[int, RawRow]] = {}
        keys = [self._example_key(row) for _, row in rows]
        for key, numbered_row in zip(keys, rows, strict=True):
            first.setdefault(key, numbered_row)
        self._check_same_text(keys, rows, first)
        ids = dict(zip(first, self._ids(list(first.values())), strict=True))
        judgements = [
            (number, row, ids[key], self._cell(row, self.columns.annotator))
            for key, (number, row) in zip(keys, rows, strict=True)
        ]
        codes = self._read_named(judgements, self.where, self.label_names)
        several = Counter(id_ for given in codes.values() for id_ in given)
        if len(codes) > 1 and max(several.values(), default=0) < 2:
            log.warning(
                "%s: %d annotators, and no row that two of them have annotated, by %s; rows of one "
                "example share an id, or corpus.columns.id=false tells them by their text",
                self.where,
                len(codes),
                f"column {self.columns.id!r}" if self.columns.id else "text, actor and target",
            )
        return list(first.values()), codes

    def _example_key(self, row: RawRow) -> Hashable:
        """Return what rows of one example share: their id, or else all that makes an example."""
        if label := self._cell(row, self.columns.id):
            return label
        roles = ("article", "text", "actor", "target", "actor_start", "target_start")
        return tuple(self._cell(row, getattr(self.columns, role)) for role in roles)

    def _check_same_text(
        self,
        keys: Sequence[Hashable],
        rows: Sequence[NumberedRow],
        first: Mapping[Hashable, NumberedRow],
    ) -> None:
        faults = []
        for key, (number, row) in zip(keys, rows, strict=True):
            earlier, earlier_row = first[key]
            for role in ("text", "actor", "target"):
                column = getattr(self.columns, role)
                if self._cell(row, column) != self._cell(earlier_row, column):
                    faults.append(f"{key!s}: another {role} (rows {earlier} and {number})")
        if faults:
            raise KitError(
                f"{self.where}: rows of one id are not the same example: {listing(faults)}. "
                "With corpus.columns.annotator, rows with the same id are judgements of one "
                "example; give each example an id of its own, or set corpus.columns.id=false"
            )

    def _choose(
        self, codes: dict[str, dict[str, Codes]], sources: Sequence[str]
    ) -> tuple[dict[str, dict[str, Codes]], list[str]]:
        """Return the annotators that are named, in that order, and what else is named."""
        names = [source for source in sources if not is_data_file(source)]
        unknown = [name for name in names if name not in codes]
        if unknown:
            raise KitError(
                f"corpus.annotators names {listing(map(repr, unknown))}; column "
                f"{self.columns.annotator!r} of {self.where} has: {listing(codes, 30)}"
                f"{_nearest(unknown[0], codes)}"
            )
        chosen = {name: codes[name] for name in names} if names else codes
        return chosen, [source for source in sources if is_data_file(source)]

    # Wide form and files.

    def _read_source(
        self,
        source: str,
        rows: Sequence[NumberedRow],
        ids: Sequence[str],
        present: Collection[str],
        known: Collection[str],
    ) -> dict[str, dict[str, Codes]]:
        """Return the codes by id of the annotators that a source has: a column, or a file."""
        if source == LABELS:
            if missing := sorted(set(self.label_names) - set(present)):
                raise KitError(
                    f"corpus.annotators has labels, the corpus's own label column, and "
                    f"{self.where} has no column {listing(map(repr, missing))}; it has: "
                    f"{listing(sorted(present), 30)}"
                )
            return {LABELS: self._read_column(LABELS, self.label_names, rows, ids)}
        if source in present:
            return {source: self._read_column(source, (source,), rows, ids)}
        if not is_data_file(source):
            raise KitError(
                f"corpus.annotators names {source!r}, which is neither a column of {self.where} "
                f"nor a file; the columns are: {listing(sorted(present), 30)}"
                f"{_nearest(source, present)}"
            )
        by_annotator = self._read_file(source, set(ids))
        if repeated := sorted(set(by_annotator) & set(known)):
            raise KitError(
                f"two annotators are called {listing(map(repr, repeated))}; an annotator has the "
                "name of the column or of the file, without its ending: rename one"
            )
        return by_annotator

    def _read_column(
        self, name: str, columns: tuple[str, ...], rows: Sequence[NumberedRow], ids: Sequence[str]
    ) -> dict[str, Codes]:
        judgements = [
            (number, row, id_, name) for (number, row), id_ in zip(rows, ids, strict=True)
        ]
        where = self.where if name == LABELS else f"column {name!r} of {self.where}"
        return self._read_named(judgements, where, columns).get(name, {})

    def _read_file(self, source: str, ids: Collection[str]) -> dict[str, dict[str, Codes]]:
        """Return what a file has by id: one annotator's codes, or several where it names them."""
        path = Path(source)
        rows = read_annotation_file(path, "corpus.annotators")
        key = self.columns.id or "id"
        present = {str(name) for row in rows for name in row}
        if self.columns.labels is None and key in present and not present & {*self.label_names}:
            log.warning(
                "%s has no column %r: it says nothing of codebook %s",
                source,
                self.label_names[0],
                self.codebook.name,
            )
            return {}
        if missing := sorted({key, *self.label_names} - present):
            raise KitError(
                f"{source} has no column {', '.join(map(repr, missing))}; it has: "
                f"{listing(sorted(present), 30)}. An annotator's file has the id of each "
                "example and its labels, in columns with the same names as in the corpus"
            )
        column = self.columns.annotator
        judgements = []
        for number, row in enumerate(rows, 1):
            name = self._cell(row, column) if column in present else path.stem
            judgements.append((number, row, self._cell(row, key), name))
        by_annotator = self._read_named(judgements, source, self.label_names)
        annotated = {id_ for codes in by_annotator.values() for id_ in codes}
        self._check_ids(source, annotated, ids)
        return by_annotator

    def _check_ids(self, source: str, annotated: Collection[str], ids: Collection[str]) -> None:
        unknown = [id_ for id_ in annotated if id_ not in ids]
        if unknown and len(unknown) == len(annotated):
            raise KitError(
                f"none of the {len(annotated)} ids in {source} ({listing(annotated, 3)}) is one of "
                f"corpus {self.name!r} ({listing(ids, 3)}); name the column with "
                "corpus.columns.id=COLUMN"
            )
        if unknown:
            log.warning(
                "%s: %d of %d ids are not in corpus %s and are left out (%s)",
                source,
                len(unknown),
                len(annotated),
                self.name,
                listing(unknown),
            )

    def _read_named(
        self,
        judgements: Iterable[tuple[int, RawRow, str, str]],
        where: str,
        columns: tuple[str, ...],
    ) -> dict[str, dict[str, Codes]]:
        """Return the codes by annotator and id of (row number, row, id, annotator).

        Raises
        ------
        KitError
            Naming every label that is no code, every row without id or annotator, and every
            example that one annotator gave different codes.
        """
        reader = CodeReader(self.codebook, columns, self.mapping, self.separator)
        reader.check_columns(where)
        codes: dict[str, dict[str, Codes]] = {}
        rows: dict[tuple[str, str], int] = {}
        faults: list[str] = []
        for number, row, id_, name in judgements:
            try:
                given = read_judgement(reader, row)
            except CellError as error:
                faults.append(f"{error} (row {number})")
                continue
            if given is None:
                # The row is of the annotator, and a gap.
                codes.setdefault(name, {}) if name else None
            elif not id_ or not name:
                faults.append(f"no {'annotator' if id_ else 'id'} (row {number})")
            elif codes.setdefault(name, {}).get(id_, given) != given:
                faults.append(
                    f"id {id_[:40]!r} with other labels of {name} than in row {rows[name, id_]} "
                    f"(row {number})"
                )
            else:
                codes[name][id_] = given
                rows.setdefault((name, id_), number)
        if faults:
            raise KitError(f"{where}: {listing(faults)}. Correct these rows, or leave them out")
        numbers = [rows[name, id_] for name, given in codes.items() for id_ in given]
        every = [each for given in codes.values() for each in given.values()]
        self.codebook.check(every, where, numbers)
        return codes

    def _no_annotators(self, present: Collection[str]) -> KitError:
        return KitError(
            f"{self.where} has no annotations of codebook {self.codebook.name}; it has: "
            f"{listing(sorted(present), 30)}. Name the annotators' columns or files with "
            "corpus.annotators='[a,b]', or with a row for each judgement the column of their "
            "names with corpus.columns.annotator=COLUMN"
        )

    def _no_label_column(self, present: Collection[str], *, is_long: bool) -> KitError:
        if is_long:
            seen = f"{self.where} has a row for each judgement, and no column of gold"
        else:
            missing = sorted(set(self.label_names) - set(present))
            seen = f"{self.where} has no column {listing(map(repr, missing))}"
        return KitError(
            f"corpus.gold is labels, and {seen}; set corpus.gold=majority, first, or a file of "
            "decided codes"
        )


@dataclass(frozen=True)
class Judgements:
    """All rows of a corpus with what each annotator gave, and the gold that follows.

    Attributes
    ----------
    annotators
        Names, in the order of the codes of each row.
    rule
        `labels`, `majority`, `first`, or a file.
    notes
        What was done where the rule alone does not decide.
    """

    reader: AnnotatorReader
    annotators: tuple[str, ...]
    rows: tuple[_Judged, ...]
    rule: str
    decided: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def with_gold(self) -> "Judgements":
        """Return them with the gold codes of the rule; of `labels`, the rows have it already."""
        if self.rule == LABELS:
            return self
        if self.rule == "first":
            return replace(self, rows=tuple(map(self._first, self.rows)))
        if self.rule == "majority":
            return replace(self, rows=tuple(map(self._majority, self.rows)))
        return self._with_decided()

    def _first(self, row: _Judged) -> _Judged:
        reason = _NOT_FIRST.format(first=self.annotators[0])
        return replace(row, gold=row.codes[0], reason=reason)

    def _majority(self, row: _Judged) -> _Judged:
        given = [codes for codes in row.codes if codes is not None]
        gold = majority(given, self.reader.codebook)
        return replace(row, gold=gold, reason=_TIED if given else _BLANK)

    def _with_decided(self) -> "Judgements":
        """Return them with the codes of the file, and the majority where it has none."""
        decisions = self._read_decisions()
        rows = []
        decided = set()
        for row in self.rows:
            key = self._decision_key(row)
            if key in decisions:
                rows.append(replace(row, gold=decisions[key], reason=_DROPPED))
                decided.add(row.id)
            else:
                rows.append(self._majority(row))
        by_majority = sum(row.gold is not None and row.id not in decided for row in rows)
        notes = []
        if by_majority:
            notes.append(
                f"{len(decided)} rows have the codes decided in {self.rule}, {by_majority} others "
                "the majority's"
            )
        return replace(self, rows=tuple(rows), decided=frozenset(decided), notes=tuple(notes))

    def _decision_key(self, row: _Judged) -> Hashable:
        """Return what a decision is about: a row, or its sentence where that is coded."""
        if self.reader.codebook.unit != "sentence":
            return row.id
        return _article(row.row, self.reader), _words(row.row.get(self.reader.columns.text))

    def _read_decisions(self) -> dict[Hashable, Codes | None]:
        """Return the decided codes of a file; `None` where the mapping leaves the row out."""
        reader = self.reader
        path, rows = Path(self.rule), read_annotation_file(Path(self.rule), "corpus.gold")
        key = reader.columns.id if rows and reader.columns.id in rows[0] else "id"
        present = {str(name) for row in rows for name in row}
        # The column that `disagreements` leaves blank has the codebook's name.
        names = (reader.codebook.name,) if reader.codebook.name in present else reader.label_names
        if missing := sorted({key or "id", *names} - present):
            raise KitError(
                f"{self.rule} has no column {listing(map(repr, missing))}; it has: "
                f"{listing(sorted(present), 30)}. A file of decided codes has the id of each row "
                f"and its code in the column {reader.codebook.name}, as stancekit disagreements "
                "writes it"
            )
        rows_by_id = {row.id: row for row in self.rows}
        codes = CodeReader(reader.codebook, names, reader.mapping, reader.separator)
        decisions: dict[Hashable, Codes | None] = {}
        seen: dict[Hashable, int] = {}
        faults, unknown = [], []
        for number, row in enumerate(rows, 1):
            label = unguard_cell(AnnotatorReader._cell(row, key))
            if all(is_blank(row.get(name)) for name in names):
                continue
            if label not in rows_by_id:
                unknown.append(label or f"row {number}")
                continue
            place = self._decision_key(rows_by_id[label])
            try:
                given = read_judgement(codes, row)
            except CellError as error:
                faults.append(f"{error} (row {number})")
                continue
            if self._is_other_text(row, rows_by_id[label]):
                faults.append(f"id {label[:40]!r} is another text in the corpus (row {number})")
            elif place in decisions and decisions[place] != given:
                faults.append(
                    f"id {label[:40]!r} with another code than in row {seen[place]} (row {number})"
                )
            decisions[place] = given
            seen.setdefault(place, number)
        if faults:
            raise KitError(f"{path}: {listing(faults)}. Correct these rows, or leave them out")
        if unknown and not decisions:
            raise KitError(
                f"no id in {path} is one of corpus {reader.name!r}: it has {listing(unknown, 3)}, "
                f"the corpus {listing(rows_by_id, 3)}"
            )
        if unknown:
            log.warning(
                "%s: %d ids are not in corpus %s and are left out (%s)",
                path,
                len(unknown),
                reader.name,
                listing(unknown),
            )
        if not decisions:
            log.warning(
                "%s decides nothing yet: column %s is empty; all gold is the majority's",
                path,
                listing(names),
            )
        given_codes = [each for each in decisions.values() if each is not None]
        numbers = [seen[place] for place, each in decisions.items() if each is not None]
        reader.codebook.check(given_codes, str(path), numbers)
        return decisions

    def _is_other_text(self, decision: RawRow, row: _Judged) -> bool:
        """Say whether a decision shows another text than the row that has its id now."""
        column = self.reader.columns.text
        if is_blank(decision.get(column)):
            return False
        shown, text = _words(decision.get(column)), _words(row.row.get(column))
        return text not in (shown, _words(unguard_cell(str(decision[column]))))

    def gold_rows(self) -> Iterator[NumberedRow]:
        """Yield the rows that have gold, with it in a column, and an id each."""
        id_column = self.reader.columns.id or "id"
        for row in self.rows:
            if row.gold is not None:
                yield row.number, {**row.row, id_column: row.id, _GOLD_COLUMN: list(row.gold)}

    def gold_columns(self) -> Columns:
        """Return the columns of `gold_rows`."""
        columns = self.reader.columns
        return replace(columns, labels=_GOLD_COLUMN, annotator=None, id=columns.id or "id")

    def tell(self) -> None:
        """Log what the gold of each row is made of, and which rows have none.

        Raises
        ------
        KitError
            When no row has gold.
        """
        if self.rule == LABELS:
            return
        for note in self.notes:
            log.warning("%s: %s", self.reader.where, note)
        without: dict[str, list[int]] = {}
        for row in self.rows:
            if row.gold is None:
                without.setdefault(row.reason, []).append(row.number)
        if not without:
            return
        n = sum(map(len, without.values()))
        reasons = "; ".join(
            f"{len(rows)} {reason} (rows {listing(rows)})" for reason, rows in without.items()
        )
        advice = (
            "To decide them: stancekit disagreements output=decide.csv, then corpus.gold=decide.csv"
        )
        told = (
            f"{self.reader.where}: {n} of {len(self.rows)} rows have no gold and are left out, by "
            f"corpus.gold={self.rule}: {reasons}."
        )
        if n == len(self.rows):
            raise KitError(f"{told} Nothing is left. {advice}")
        log.warning("%s", f"{told} {advice}" if _TIED in without else told)

    def annotated_set(self) -> AnnotatedSet:
        """Return what the annotators gave to each example."""
        columns = self.reader.columns
        examples, kept = [], []
        for row in self.rows:
            text = row.row.get(columns.text)
            if not isinstance(text, str) or not text.strip():
                continue
            mentions = []
            for role in ("actor", "target"):
                name = AnnotatorReader._cell(row.row, getattr(columns, role))
                mentions.append(make_mention(name, text) if name else None)
            examples.append(Example(row.id, text, *mentions, _article(row.row, self.reader)))
            kept.append(row)
        return AnnotatedSet(
            name=self.reader.name,
            where=self.reader.where,
            codebook=self.reader.codebook,
            annotators=self.annotators,
            examples=tuple(examples),
            codes=tuple(row.codes for row in kept),
            gold=tuple(row.gold for row in kept),
            gold_from=self.rule,
            decided=self.decided,
            text_column=columns.text,
            separator=self.reader.separator,
        )


def read_judgement(reader: CodeReader, row: RawRow) -> Codes | None:
    """Return the codes that an annotator gave to a row, `None` for a gap.

    A blank cell is a gap, unless the mapping says what it stands for; an empty list, or `-`,
    says that no code applies. Of several columns, yes or no, one must be filled in.

    Raises
    ------
    CellError
        When a cell cannot be read.
    """
    values = [row.get(name) for name in reader.names]
    if all(map(is_blank, values)) and ("" not in reader.mapping or values == [None]):
        return None
    if reader.codebook.multi_label and len(values) == 1 and NO_CODE_CELL not in reader.mapping:
        if isinstance(values[0], str) and values[0].strip() == NO_CODE_CELL:
            return ()
    try:
        return reader.read(row)
    except NoLabelError:
        return None


def is_blank(value: object) -> bool:
    """Say whether a cell is empty; an empty list is not."""
    if isinstance(value, list | tuple | dict):
        return False
    return not plain_cell(value)


def read_annotation_file(path: Path, key: str) -> list[RawRow]:
    """Return the rows of an annotator's file, or of one of decided codes.

    Parameters
    ----------
    key
        The setting that names it, for the message.

    Raises
    ------
    KitError
        When there is none, or it cannot be read.
    """
    try:
        return read_data_file(path if path.exists() else shipped(*path.parts))
    except FileNotFoundError:
        raise KitError(f"there is no file {path}; set {key}=FILE, or {key}=null") from None


def is_data_file(source: str) -> bool:
    """Say whether the name of an annotator is that of a file: by its ending, or since it is there."""
    return Path(source).suffix.lower() in _DATA_SUFFIXES or Path(source).is_file()


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def _article(row: RawRow, reader: AnnotatorReader) -> str:
    article = AnnotatorReader._cell(row, reader.columns.article)
    return article or f"{OWN_ARTICLE}{row.get(reader.columns.text)}"


def _words(text: object) -> str:
    """Return a text without what spreadsheets do to its white space."""
    return " ".join(str(text or "").split())
