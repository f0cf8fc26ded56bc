"""Gold codes that follow from what annotators gave: by majority, the first one's, the likeliest, or decided ones."""

import logging
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.codebook import Codebook
from stancekit.corpus.build import POSTERIOR_COLUMN
from stancekit.corpus.cells import CellError, CodeReader, Columns
from stancekit.corpus.dawid_skene import check_identified, posteriors
from stancekit.corpus.judgements import (
    OWN_LABELS,
    AnnotatedSet,
    CodedData,
    Codes,
    NumberedRow,
    cell_text,
    is_gap,
    read_annotation_file,
    read_judgement,
)
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.corpus.requests import warn_once
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.text.targets import make_mention
from stancekit.types import BoolArray, Example, Mention

log = logging.getLogger(__name__)

# Where gold codes are put that are no column of the data.
_GOLD_COLUMN = "(gold)"
# A row is split where its most probable code, or whether some code applies, is less sure than this.
SPLIT_BELOW = 0.95
# Why a row has no gold code.
_NO_MAJORITY = "on which no code has a majority"
_NO_ANNOTATION = "that have no annotation"
_NOT_FIRST = "that {first} did not annotate"
_DROPPED = "whose decided label corpus.labels leaves out"


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
class JudgedRow:
    """A row with the codes of each annotator, and its gold or why it has none."""

    number: int
    row: RawRow
    id: str
    codes: tuple[Codes | None, ...]
    gold: Codes | None = None
    reason: str = ""
    seconds: tuple[float | None, ...] = ()
    # The probability of each code of the codebook, where gold is the most probable one.
    posterior: tuple[float, ...] = ()


@dataclass(frozen=True)
class Judgements:
    """All rows of a corpus with what each annotator gave, and the gold that follows.

    Attributes
    ----------
    annotators
        Names, in the order of the codes of each row.
    rule
        `labels`, `majority`, `first`, `adjudicated`, `posterior`, or a file.
    decided
        The ids of rows whose gold was decided by a person.
    notes
        What was done where the rule alone does not decide.
    adjudicated
        What the data has as decided, by `decision_key`.
    """

    data: CodedData
    annotators: tuple[str, ...]
    rows: tuple[JudgedRow, ...]
    rule: str
    decided: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    adjudicated: Mapping[Hashable, Codes] = field(default_factory=dict)

    def with_gold(self) -> "Judgements":
        """Return them with the gold codes of the rule; of `labels`, the rows have it already."""
        if self.rule == OWN_LABELS:
            return self
        if self.rule == "first":
            return replace(self, rows=tuple(map(self._first, self.rows)))
        if self.rule == "majority":
            return replace(self, rows=tuple(map(self._majority, self.rows)))
        if self.rule == "posterior":
            return self._with_posteriors()
        return self._with_decided()

    def _first(self, row: JudgedRow) -> JudgedRow:
        reason = _NOT_FIRST.format(first=self.annotators[0])
        return replace(row, gold=row.codes[0], reason=reason)

    def _majority(self, row: JudgedRow) -> JudgedRow:
        given = [codes for codes in row.codes if codes is not None]
        gold = majority(given, self.data.codebook)
        return replace(row, gold=gold, reason=_NO_MAJORITY if given else _NO_ANNOTATION)

    def _with_posteriors(self) -> "Judgements":
        """Return them with the most probable codes (Dawid and Skene 1979), and how probable each is."""
        codebook = self.data.codebook
        codes = [row.codes for row in self.rows]
        check_identified(self.annotators, codes, self.data.where)
        probable = posteriors(codes, codebook, self._first_of_units())
        rows, n_split = [], 0
        for row, chances in zip(self.rows, probable.tolist(), strict=True):
            if all(given is None for given in row.codes):
                rows.append(replace(row, reason=_NO_ANNOTATION))
                continue
            if codebook.multi_label:
                named = zip(codebook.names, chances, strict=True)
                gold: Codes = tuple(name for name, chance in named if chance >= 0.5)
                surest = min(max(chance, 1 - chance) for chance in chances)
            else:
                surest = max(chances)
                gold = (codebook.names[chances.index(surest)],)
            n_split += surest < SPLIT_BELOW
            rows.append(replace(row, gold=gold, posterior=tuple(chances)))
        note = (
            f"gold is the most probable code (Dawid and Skene 1979); {n_split} of {len(rows)} rows "
            f"are split, with no code at {SPLIT_BELOW:.0%} or more: training weighs the codes of a "
            "row by their probabilities, scores count each row once with its most probable code"
        )
        return replace(self, rows=tuple(rows), notes=(note,))

    def _first_of_units(self) -> BoolArray:
        """Say which rows are the first of their unit of coding: a sentence may have several rows."""
        seen: set[Hashable] = set()
        first = []
        for row in self.rows:
            key = (decision_key(row, self.data), row.codes)
            first.append(key not in seen)
            seen.add(key)
        return np.array(first)

    def _with_decided(self) -> "Judgements":
        """Return them with the decided codes, of the file first, and the majority where there are none."""
        decisions: dict[Hashable, Codes | None] = dict(self.adjudicated)
        source = "adjudicated"
        if self.rule != ADJUDICATED:
            decisions |= read_decisions(self.rule, self.rows, self.data)
            source = f"decided in {self.rule}{' or adjudicated' if self.adjudicated else ''}"
        rows, decided, n_changed = [], set(), 0
        for before in map(self._majority, self.rows):
            key = decision_key(before, self.data)
            if key in decisions:
                gold = decisions[key]
                decided.add(before.id)
                n_changed += before.gold is not None and set(before.gold) != set(gold or ())
                rows.append(replace(before, gold=gold, reason=_DROPPED))
            else:
                rows.append(before)
        others = sum(row.gold is not None and row.id not in decided for row in rows)
        notes = []
        rule = "label column's" if self.annotators == (OWN_LABELS,) else "majority's"
        if others:
            changed = f" ({n_changed} others than the {rule})" if n_changed else ""
            notes.append(
                f"{len(decided)} rows have the codes {source}{changed}, {others} others the {rule}"
            )
        return replace(self, rows=tuple(rows), decided=frozenset(decided), notes=tuple(notes))

    def _mention(self, row: JudgedRow, role: str, text: str) -> Mention | None:
        name = self.data.cell(row.row, role)
        return make_mention(name, text) if name else None

    def gold_rows(self) -> Iterator[NumberedRow]:
        """Yield the rows that have gold, with it in a column, and an id each."""
        id_column = self.data.columns.id or "id"
        for row in self.rows:
            if row.gold is not None:
                added: dict[str, Any] = {id_column: row.id, _GOLD_COLUMN: list(row.gold)}
                if row.posterior:
                    added[POSTERIOR_COLUMN] = row.posterior
                yield row.number, {**row.row, **added}

    def gold_columns(self) -> Columns:
        """Return the columns of `gold_rows`."""
        columns = self.data.columns
        return replace(columns, labels=_GOLD_COLUMN, annotator=None, id=columns.id or "id")

    def tell(self) -> None:
        """Log what the gold of each row is made of, and which rows have none.

        Raises
        ------
        KitError
            When no row has gold.
        """
        if self.rule == OWN_LABELS:
            return
        for note in self.notes:
            warn_once("%s: %s", self.data.where, note)
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
            f"{self.data.where}: {n} of {len(self.rows)} rows have no gold and are left out, by "
            f"corpus.gold={self.rule}: {reasons}."
        )
        if n == len(self.rows):
            raise KitError(f"{told} Nothing is left. {advice}")
        warn_once("%s", f"{told} {advice}" if _NO_MAJORITY in without else told)

    def annotated_set(self) -> AnnotatedSet:
        """Return what the annotators gave to each example."""
        columns = self.data.columns
        examples, kept = [], []
        for row in self.rows:
            text = row.row.get(columns.text)
            if not isinstance(text, str) or not text.strip():
                continue
            actor, target = (self._mention(row, role, text) for role in ("actor", "target"))
            examples.append(Example(row.id, text, actor, target, self.data.article(row.row)))
            kept.append(row)
        return AnnotatedSet(
            name=self.data.name,
            where=self.data.where,
            codebook=self.data.codebook,
            annotators=self.annotators,
            examples=tuple(examples),
            codes=tuple(row.codes for row in kept),
            gold=tuple(row.gold for row in kept),
            gold_from=self.rule,
            decided=self.decided,
            text_column=columns.text,
            separator=self.data.separator,
            seconds=tuple(row.seconds for row in kept) if any(row.seconds for row in kept) else (),
        )


def decision_key(row: JudgedRow, data: CodedData) -> Hashable:
    """Return what a decision is about: a row, or its sentence where that is coded."""
    if data.codebook.unit != "sentence":
        return row.id
    return data.article(row.row), _words(row.row.get(data.columns.text))


def read_decisions(
    file: str, rows: Sequence[JudgedRow], data: CodedData
) -> dict[Hashable, Codes | None]:
    """Return the decided codes of a file by `decision_key`; `None` where the mapping drops the row.

    Raises
    ------
    KitError
        When the file has no ids or no such column, its ids are of other texts, or its codes are
        unknown.
    """
    decided = read_annotation_file(Path(file), "corpus.gold")
    key, names = _decision_columns(file, decided, data)
    reading = _DecisionReader({row.id: row for row in rows}, data, data.code_reader(names))
    for number, row in enumerate(decided, 1):
        if not all(is_gap(row.get(name)) for name in names):
            reading.read(number, row, unguard_cell(cell_text(row, key)))
    reading.check(file)
    if not reading.codes:
        log.warning(
            "%s decides nothing yet: column %s is blank; all gold is the majority's",
            file,
            listing(names),
        )
    return reading.codes


def _decision_columns(
    file: str, rows: Sequence[RawRow], data: CodedData
) -> tuple[str, tuple[str, ...]]:
    """Return the columns of ids and of decided codes."""
    present = {str(name) for row in rows for name in row}
    key = data.columns.id if data.columns.id in present else "id"
    # The column that `disagreements` leaves blank has the codebook's name.
    name = data.codebook.name
    names = (name,) if name in present else data.label_names
    if missing := sorted({str(key), *names} - present):
        raise KitError(
            f"{file} has no column {listing(map(repr, missing))}; it has: "
            f"{listing(sorted(present), 30)}. A file of decided codes has the id of each row and "
            f"its code in the column {name}, as stancekit disagreements writes it"
        )
    return str(key), names


@dataclass(slots=True)
class _DecisionReader:
    """Reads decided codes row by row, and collects faults."""

    rows: Mapping[str, JudgedRow]
    data: CodedData
    reader: CodeReader
    codes: dict[Hashable, Codes | None] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def read(self, number: int, row: RawRow, label: str) -> None:
        if label not in self.rows:
            self.unknown.append(label or f"row {number}")
            return
        key = decision_key(self.rows[label], self.data)
        try:
            given = read_judgement(self.reader, row)
        except CellError as error:
            self.faults.append(f"{error} (row {number})")
            return
        if self._is_other_text(row, self.rows[label]):
            self.faults.append(f"id {label[:40]!r} is another text in the corpus (row {number})")
        elif self.codes.get(key, given) != given:
            earlier = self.numbers[key]
            self.faults.append(
                f"id {label[:40]!r} with another code than in row {earlier} (row {number})"
            )
        self.codes[key] = given
        self.numbers.setdefault(key, number)

    def _is_other_text(self, decision: RawRow, row: JudgedRow) -> bool:
        """Say whether a decision shows another text than the row that has its id now."""
        column = self.data.columns.text
        if is_gap(decision.get(column)):
            return False
        shown, text = _words(decision.get(column)), _words(row.row.get(column))
        # `disagreements` guards cells that a spreadsheet would take for formulas.
        return text not in (shown, _words(unguard_cell(str(decision[column]))))

    def check(self, file: str) -> None:
        """Raise a `KitError` naming every row that is at fault."""
        if self.faults:
            raise KitError(f"{file}: {listing(self.faults)}. Correct these rows, or leave them out")
        if self.unknown and not self.codes:
            raise KitError(
                f"no id in {file} is one of corpus {self.data.name!r}: it has "
                f"{listing(self.unknown, 3)}, the corpus {listing(self.rows, 3)}"
            )
        if self.unknown:
            log.warning(
                "%s: %d ids are not in corpus %s and are left out (%s)",
                file,
                len(self.unknown),
                self.data.name,
                listing(self.unknown),
            )
        decided = {key: codes for key, codes in self.codes.items() if codes is not None}
        numbers = [self.numbers[key] for key in decided]
        self.data.codebook.check(list(decided.values()), file, numbers)


def _words(text: object) -> str:
    """Return a text without what spreadsheets do to its white space."""
    return " ".join(str(text or "").split())
