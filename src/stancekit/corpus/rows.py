"""Rows of a data file, checked and made into labelled examples. All faults are told at once."""

import logging
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stancekit.codebook import Codebook
from stancekit.corpus.cells import (
    CellError,
    CodeReader,
    Columns,
    cell_kind,
    parse_offset,
    plain_cell,
)
from stancekit.corpus.dataset import OWN_ARTICLE, LabelledSet
from stancekit.corpus.dates import read_date
from stancekit.errors import KitError, listing
from stancekit.text.targets import locate
from stancekit.types import Context, Example, Mention

log = logging.getLogger(__name__)
RawRow = Mapping[str, Any]
Conflicts = Literal["refuse", "keep"]
_PARTS = {
    "": "",
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
_KINDS = 8


@dataclass(slots=True)
class _Faults:
    """Faults by kind, each with its rows; `raise_all` tells them together."""

    rows: dict[str, list[object]] = field(default_factory=dict)
    advice: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, row: object, advice: str = "") -> None:
        self.rows.setdefault(kind, []).append(row)
        if advice:
            self.advice[advice] = None

    def raise_all(self, where: str) -> None:
        if not self.rows:
            return
        told = [f"{kind} (rows {listing(at)})" for kind, at in list(self.rows.items())[:_KINDS]]
        if (more := len(self.rows) - _KINDS) > 0:
            told.append(f"and {more} more kinds of faults")
        raise KitError(
            " ".join(
                [
                    f"{where}: {'; '.join(told)}. Correct these rows, or leave them out.",
                    *self.advice,
                ]
            )
        )


def _similar_names(one: str, other: str) -> bool:
    first, second = (
        " ".join(unicodedata.normalize("NFKC", text).split()).casefold() for text in (one, other)
    )
    return first == second


def _letter(text: str, at: int) -> bool:
    """Say whether there is a letter at a place, of a script that puts spaces between words and nothing before them."""
    return (
        0 <= at < len(text)
        and text[at].isalpha()
        and (text[at] < "\u0530" or "\u1e00" <= text[at] < "\u2000")
    )


def _cut(text: str, start: int, end: int) -> bool:
    return any(_letter(text, at - 1) and _letter(text, at) for at in (start, end))


@dataclass(slots=True)
class RowReader:
    """Reads single rows, and gathers their faults."""

    name: str
    where: str
    columns: Columns
    date_format: str | None = None
    faults: _Faults = field(default_factory=_Faults)
    unlocated: list[int] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)

    def cell(self, number: int, row: RawRow, role: str) -> str:
        """Return the text of a row's cell that holds `role`, empty where there is none."""
        column = getattr(self.columns, role)
        try:
            return "" if column is None else plain_cell(row.get(column), role)
        except CellError as error:
            self.faults.add(str(error), number)
            return ""

    def example(self, number: int, row: RawRow, at: int) -> Example:
        """Return the example of a row, the `at`-th of all."""
        text = row.get(self.columns.text)
        if not isinstance(text, str):
            nothing = text is None or text != text  # noqa: PLR0124  # not a number
            self.faults.add(
                "empty text" if nothing else f"text that is {cell_kind(text)}, not a text", number
            )
            text = ""
        elif not text.strip():
            self.faults.add("empty text", number)
        found = {role: self._mention(number, row, role, text) for role in ("actor", "target")}
        if (actor := found["actor"]) and not actor.located:
            self.unlocated.append(number)
        label = self.cell(number, row, "id") or f"{self.name}-{at}"
        article = self.cell(number, row, "article") or f"{OWN_ARTICLE}{text}"
        return Example(label, text, found["actor"], found["target"], article)

    def _mention(self, number: int, row: RawRow, role: str, text: str) -> Mention | None:
        name = self.cell(number, row, role)
        sides = [getattr(self.columns, f"{role}_{side}") for side in ("start", "end")]
        first, last = (
            None if column is None else parse_offset(row.get(column)) for column in sides
        )
        if first is None and last is None:
            return Mention(name, *(locate(name, text) or (None, None))) if name else None
        if first is None or last is None or not 0 <= first < last <= len(text):
            self.faults.add(f"{role} offsets outside the sentence", number)
            return None
        if name and not _similar_names(name, text[first:last]):
            if _cut(text, first, last):
                self.faults.add(
                    f"{role} offsets that begin or end inside a word and do not hold the {role}'s name",
                    f"{number}: {text[first:last][:40]!r} for {name[:40]!r}",
                    "Offsets count characters from 0, in the sentence, and end behind the last; UTF-16 units and bytes "
                    f"are others. To read without them: corpus.columns.{role}_start=false "
                    f"corpus.columns.{role}_end=false.",
                )
            elif found := locate(name, text):
                self._other(number, role, (first, last), found, text)
        return Mention(name or text[first:last], first, last)

    def _other(
        self, number: int, role: str, given: tuple[int, int], found: tuple[int, int], text: str
    ) -> None:
        if given[1] <= found[0] or found[1] <= given[0]:
            self.elsewhere.append(
                f"{number}: {role} {text[slice(*found)][:40]!r} at {text[slice(*given)][:40]!r}"
            )

    def part(self, number: int, row: RawRow) -> str:
        """Return train, validation, test or an empty string."""
        value = self.cell(number, row, "split").lower()
        if value not in _PARTS:
            self.faults.add(f"unknown split {value[:40]!r}, not train, validation or test", number)
        return _PARTS.get(value, "")

    def context(self, number: int, row: RawRow) -> Context:
        """Return what is known of a row besides its text and labels.

        A date is read as ISO text where it can be; without a stated format, what cannot be read is
        kept as it is, told, and refused by whatever needs it.
        """
        known = {
            role: self.cell(number, row, role)
            for role in ("topic", "register", "source", "setting")
        }
        column = self.columns.phenomena
        several = None if column is None else row.get(column)
        if not isinstance(several, list | tuple):
            several = self.cell(number, row, "phenomena").split(";")
        phenomena = tuple(text for one in several if (text := str(one).strip()))
        return Context(**known, date=self._date(number, row), phenomena=phenomena)

    def _date(self, number: int, row: RawRow) -> str:
        written = self.cell(number, row, "date")
        try:
            return read_date(written, self.date_format)
        except KitError:
            if self.date_format is not None:
                self.faults.add(
                    f"date not of the form {self.date_format!r}", f"{number}: {written[:40]!r}"
                )
            self.undated.append(f"{number}: {written[:40]!r}")
            return written

    def warn(self) -> None:
        """Say what was read and is probably not what was meant."""
        if self.unlocated:
            log.warning(
                "%s: in %d rows the actor is not in its sentence and is read beside it (rows %s)",
                self.where,
                len(self.unlocated),
                listing(self.unlocated),
            )
        if self.elsewhere:
            log.warning(
                "%s: %d offsets point to other words than the name beside them, which the sentence has too (rows %s)",
                self.where,
                len(self.elsewhere),
                listing(self.elsewhere),
            )
        if self.undated:
            log.warning(
                "%s: %d dates cannot be read, so that these rows are of no year (rows %s); dates are ISO 8601, or of a "
                "form that is stated, as in corpus.date_format=%%d/%%m/%%Y",
                self.where,
                len(self.undated),
                listing(self.undated),
            )


def label_columns(columns: Columns, codebook: Codebook) -> tuple[str, ...]:
    """Return the columns that hold the labels of a codebook."""
    names = columns.labels or codebook.column or codebook.name
    return (names,) if isinstance(names, str) else tuple(names)


def make_set(
    rows: Iterable[tuple[int, RawRow]],
    *,
    name: str,
    where: str,
    codebook: Codebook,
    columns: Columns,
    mapping: Mapping[str, str | None],
    separator: str = ";",
    date_format: str | None = None,
    conflicts: Conflicts = "refuse",
) -> LabelledSet:
    """Check rows and make them a `LabelledSet`.

    Parameters
    ----------
    rows
        Row numbers as the user would count them, and the rows.
    where
        What to call the data in messages.
    mapping
        From labels in the data to codes; `None` drops a label.
    separator
        What divides several labels in a cell.
    date_format
        How dates are written, see `stancekit.corpus.dates.read_date`.
    conflicts
        What becomes of rows that label the same example in different ways: `refuse` or `keep` them.

    Raises
    ------
    KitError
        Naming every offending row: unknown labels, empty texts, offsets outside the sentence,
        repeated ids, different labels of one example, examples without a code where one is due.
    """
    numbered = list(rows)
    if not numbered:
        raise KitError(f"{where} has no rows; a data file needs a text and a label on each")
    names = label_columns(columns, codebook)
    columns.require({str(key) for _, row in numbered for key in row}, names, where)
    codes = CodeReader(codebook, names, mapping, separator)
    codes.check_columns(where)
    return _Labelled(name, where, columns, date_format, codes=codes, conflicts=conflicts).read(
        numbered
    )


@dataclass(slots=True)
class _Labelled(RowReader):
    codes: CodeReader = field(kw_only=True)
    conflicts: Conflicts = field(kw_only=True)

    def read(self, rows: Sequence[tuple[int, RawRow]]) -> LabelledSet:
        examples: list[Example] = []
        contexts: list[Context] = []
        labels: list[tuple[str, ...]] = []
        numbers: list[int] = []
        parts: list[str] = []
        for number, row in rows:
            given = self._codes(number, row)
            if given is None:
                continue
            examples.append(self.example(number, row, len(examples)))
            labels.append(given)
            numbers.append(number)
            contexts.append(self.context(number, row))
            parts.append(self.part(number, row))
        codebook = self.codes.codebook
        whole = LabelledSet(
            self.name, codebook, tuple(examples), tuple(labels), tuple(contexts), tuple(parts)
        )
        self._blanks(rows)
        self._repeats([example.id for example in examples], numbers)
        self.faults.raise_all(self.where)
        codebook.check(labels, self.where, numbers)
        if self.conflicts == "refuse":
            self._conflicts(whole, numbers)
        if not examples:
            raise KitError(
                f"{self.where}: corpus.labels drops all of its {len(rows)} rows; map some label to a code"
            )
        self.warn()
        return by_sentence(whole) if codebook.unit == "sentence" else whole

    def _codes(self, number: int, row: RawRow) -> tuple[str, ...] | None:
        try:
            return self.codes.codes(row)
        except CellError as error:
            self.faults.add(str(error), number)
            return ()

    def _blanks(self, rows: Sequence[tuple[int, RawRow]]) -> None:
        """Refuse empty cells of label columns that elsewhere say no: nobody may have judged them."""
        if not any(self.codes.denies(row) for _, row in rows):
            return
        for number, row in rows:
            for name in self.codes.blank(row):
                self.faults.add(
                    f"column {name!r} is empty, where other cells say no in so many words", number
                )

    def _repeats(self, ids: list[str], numbers: list[int]) -> None:
        rows: dict[str, list[int]] = {}
        for label, number in zip(ids, numbers, strict=True):
            rows.setdefault(label, []).append(number)
        for label, at in rows.items():
            if len(at) > 1:
                self.faults.add(
                    "id used more than once", f"{listing(at, 3)}: {label[:40]!r}", _ONE_ROW
                )

    def _conflicts(self, whole: LabelledSet, numbers: list[int]) -> None:
        unit = whole.codebook.unit
        first: dict[Hashable, int] = {}
        for at, example in enumerate(whole.examples):
            before = first.setdefault(_sentence_id(example, unit), at)
            if set(whole.labels[before]) != set(whole.labels[at]):
                same = (
                    "the same sentence"
                    + (", actor and target" if unit == "example" else "")
                    + " with other labels"
                )
                self.faults.add(same, f"{numbers[before]} and {numbers[at]}", _ONE_ROW)
        self.faults.raise_all(self.where)


_ONE_ROW = (
    "Where several people annotated, keep one row for each example, as by majority, and give a second annotator's "
    "labels by id in a file of their own, corpus.second=FILE; corpus.conflicts=keep takes rows with other labels as "
    "they are."
)


def _sentence_id(example: Example, unit: str) -> Hashable:
    """Return what makes two rows the same unit of coding."""
    both = (example.actor, example.target) if unit == "example" else ()
    return (
        example.article,
        example.text,
        *((one.name, one.start) if one else None for one in both),
    )


def by_sentence(whole: LabelledSet) -> LabelledSet:
    """Keep one example per sentence and labels, without actor and target: what a frame is judged on."""
    first: dict[Hashable, int] = {}
    for row, example in enumerate(whole.examples):
        first.setdefault((_sentence_id(example, "sentence"), frozenset(whole.labels[row])), row)
    kept = whole.take(first.values())
    bare = tuple(Example(one.id, one.text, article=one.article) for one in kept.examples)
    return LabelledSet(kept.name, kept.codebook, bare, kept.labels, kept.contexts, kept.parts)


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence and where its actors stand: gold for actor finding. Offsets are in the sentence."""

    text: str
    article: str
    part: str
    context: Context
    actors: set[tuple[int, int]]


def read_marked_sentences(
    rows: Iterable[tuple[int, RawRow]],
    *,
    name: str,
    where: str,
    columns: Columns,
    date_format: str | None = None,
) -> list[MarkedSentence]:
    """Gather the actors marked in each sentence, whatever else its rows are labelled with.

    Raises
    ------
    KitError
        Naming every row without a text or with offsets outside it; when no actor is marked at all.
    """
    reader = RowReader(name, where, columns, date_format)
    found: dict[tuple[str, str], MarkedSentence] = {}
    for at, (number, row) in enumerate(rows):
        example = reader.example(number, row, at)
        part, context = reader.part(number, row), reader.context(number, row)
        key = (example.article, example.text)
        one = found.setdefault(
            key, MarkedSentence(example.text, example.article, part, context, set())
        )
        if example.actor and example.actor.start is not None and example.actor.end is not None:
            one.actors.add((example.actor.start, example.actor.end))
    reader.faults.raise_all(where)
    if not any(one.actors for one in found.values()):
        raise KitError(
            f"{where} marks no actor in any sentence; name the columns with corpus.columns.actor=COLUMN, or "
            "corpus.columns.actor_start=COLUMN corpus.columns.actor_end=COLUMN"
        )
    return list(found.values())
