"""Read single rows of a data file as examples with their metadata, and collect faults."""

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stancekit.corpus.cells import CellError, Columns, cell_kind, parse_offset, plain_cell
from stancekit.corpus.dataset import OWN_ARTICLE, part_named
from stancekit.corpus.dates import read_date
from stancekit.corpus.requests import warn_once
from stancekit.errors import KitError, listing
from stancekit.text.targets import locate, make_mention
from stancekit.types import Context, Example, Mention

log = logging.getLogger(__name__)
RawRow = Mapping[str, Any]
# Kinds of faults that an error lists.
_MOST_KINDS = 8


class RowPlace(int):
    """The number of a row, shown with its file where a corpus has several."""

    file: str
    row: int

    @classmethod
    def of(cls, number: int, file: str, row: int) -> "RowPlace":
        """Return the number of a row over all files, and where it is in its own."""
        place = cls(number)
        place.file, place.row = file, row
        return place

    def __str__(self) -> str:
        return f"{self.file}:{self.row}"


@dataclass(slots=True)
class Faults:
    """Faults by kind, each with its rows: of rows that cannot be read, and of a corpus as a whole.

    Parameters
    ----------
    strict
        Whether rows that cannot be read are errors too; else they are left out, with a
        warning.
    """

    strict: bool = False
    unread: dict[str, list[object]] = field(default_factory=dict)
    wrong: dict[str, list[object]] = field(default_factory=dict)
    advice: dict[str, None] = field(default_factory=dict)
    rows: set[object] = field(default_factory=set)

    def leave_out(self, kind: str, seen: str = "", *, row: object, advice: str = "") -> None:
        """Note a row that cannot be read.

        Parameters
        ----------
        seen
            What is in its cell, for the message.
        """
        self.rows.add(row)
        self.unread.setdefault(kind, []).append(f"{row}: {seen}" if seen else row)
        if advice:
            self.advice[advice] = None

    def add(self, kind: str, row: object, advice: str = "") -> None:
        """Note a fault that is not of one row alone."""
        self.wrong.setdefault(kind, []).append(row)
        if advice:
            self.advice[advice] = None

    def settle(self, where: str, total: int) -> int:
        """Raise one error for all faults that are none of one row alone, and warn about the others.

        Parameters
        ----------
        total
            The number of rows that there are.

        Returns
        -------
        int
            How many rows are left out.

        Raises
        ------
        KitError
            Also where all rows would be left out, or `strict` is set.
        """
        as_errors = self.strict or len(self.rows) >= total
        if faults := self.wrong | (self.unread if as_errors else {}):
            by_default = " (strict=false does)" if self.strict and not self.wrong else ""
            words = [
                f"{where}: {_list_kinds(faults)}. Correct these rows, or leave them out{by_default}."
            ]
            raise KitError(" ".join([*words, *self.advice]))
        if self.unread:
            words = [f"{where}: {_list_kinds(self.unread)}.", *self.advice]
            warn_once(
                "%s %d of %d rows are left out; strict=true makes this an error",
                " ".join(words),
                len(self.rows),
                total,
            )
        return len(self.rows)


def _list_kinds(rows: Mapping[str, list[object]]) -> str:
    kinds = [f"{kind} (rows {listing(numbers)})" for kind, numbers in rows.items()]
    if len(kinds) > _MOST_KINDS:
        kinds = [*kinds[:_MOST_KINDS], f"and {len(kinds) - _MOST_KINDS} more kinds of faults"]
    return "; ".join(kinds)


def _is_same_name(name: str, spelled: str) -> bool:
    """Say whether two names differ in white space, letter case or Unicode form only."""
    forms = [unicodedata.normalize("NFKC", text).casefold().split() for text in (name, spelled)]
    return forms[0] == forms[1]


def _is_letter(text: str, index: int) -> bool:
    """Say whether a character is a letter of a script that puts spaces between words.

    These are Latin, Greek and Cyrillic, with their extensions.
    """
    if not 0 <= index < len(text) or not text[index].isalpha():
        return False
    return text[index] < "\u0530" or "\u1e00" <= text[index] < "\u2000"


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Say whether a span begins or ends inside a word."""
    return any(_is_letter(text, edge - 1) and _is_letter(text, edge) for edge in (start, end))


@dataclass(slots=True)
class RowReader:
    """Reads single rows, and collects their faults.

    Parameters
    ----------
    name
        The name of the corpus, of which ids are made where the data has none.
    where
        The name of the data in messages.
    """

    name: str
    where: str
    columns: Columns
    date_format: str | None = None
    faults: Faults = field(default_factory=Faults)
    unlocated: list[int] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)

    def read_cell(self, number: int, row: RawRow, role: str) -> str:
        """Return the text of a row's cell that holds `role`, empty where there is none."""
        column = getattr(self.columns, role)
        try:
            return "" if column is None else plain_cell(row.get(column), role)
        except CellError as error:
            self.faults.leave_out(f"{error}, in column {column!r}", row=number)
            return ""

    def read_example(self, number: int, row: RawRow, index: int) -> Example:
        """Return the example of a row; `index` numbers those without an id."""
        text = self._read_text(number, row)
        actor = self._read_mention(number, row, "actor", text)
        target = self._read_mention(number, row, "target", text)
        # A model reads it as who speaks the sentence. Where offsets are given for other rows, that is meant.
        if actor and not actor.located and self.columns.actor_start not in row:
            self.unlocated.append(number)
        label = self.read_cell(number, row, "id") or f"{self.name}-{index}"
        article = self.read_cell(number, row, "article") or f"{OWN_ARTICLE}{text}"
        return Example(label, text, actor, target, article)

    def _read_text(self, number: int, row: RawRow) -> str:
        text = row.get(self.columns.text)
        is_empty = text is None or text != text  # noqa: PLR0124  # NaN
        if not isinstance(text, str) and not is_empty:
            kind = f"text that is {cell_kind(text)}, not a text, in column {self.columns.text!r}"
            self.faults.leave_out(kind, f"{str(text)[:30]!r}", row=number)
            return ""
        if is_empty or not str(text).strip():
            self.faults.leave_out(f"empty text in column {self.columns.text!r}", row=number)
            return ""
        return str(text)

    def _read_mention(self, number: int, row: RawRow, role: str, text: str) -> Mention | None:
        name = self.read_cell(number, row, role)
        start, end = (self._read_offset(row, f"{role}_{side}") for side in ("start", "end"))
        # Without offsets, the name is looked for in the sentence.
        if start is None and end is None:
            return make_mention(name, text) if name else None
        if start is None or end is None or not 0 <= start < end <= len(text):
            columns = [getattr(self.columns, f"{role}_{side}") for side in ("start", "end")]
            seen = " to ".join(str(row.get(column))[:20] for column in columns)
            kind = f"{role} offsets outside the sentence, in columns {listing(columns)}"
            self.faults.leave_out(kind, f"{seen} of {len(text)} characters", row=number)
            return None
        if name and not _is_same_name(name, text[start:end]):
            self._check_span(number, role, name, text, (start, end))
        return Mention(name or text[start:end], start, end)

    def _read_offset(self, row: RawRow, role: str) -> int | None:
        column = getattr(self.columns, role)
        return None if column is None else parse_offset(row.get(column))

    def _check_span(
        self, number: int, role: str, name: str, text: str, span: tuple[int, int]
    ) -> None:
        """Note offsets that are wrong: inside a word, or away from where the name is."""
        spelled = text[slice(*span)][:40]
        if _cuts_word(text, *span):
            self.faults.add(
                f"{role} offsets that begin or end inside a word and do not hold the {role}'s name",
                f"{number}: {spelled!r} for {name[:40]!r}",
                "Offsets count characters from 0, in the sentence, and end after the last; UTF-16 "
                f"units and bytes are others. To read without them: corpus.columns.{role}_start="
                f"false corpus.columns.{role}_end=false.",
            )
            return
        # Other words than the name are fine ("the Kremlin" for Russia), unless the sentence
        # spells out the name in another place.
        place = locate(name, text)
        if place and (span[1] <= place[0] or place[1] <= span[0]):
            self.elsewhere.append(f"{number}: {role} {text[slice(*place)][:40]!r} at {spelled!r}")

    def read_part(self, number: int, row: RawRow) -> str:
        """Return train, validation, test or an empty string."""
        word = self.read_cell(number, row, "split")
        part = part_named(word)
        if part is None:
            shown = word.lower()[:40]
            self.faults.add(f"unknown split {shown!r}, not train, validation or test", number)
        return part or ""

    def read_context(self, number: int, row: RawRow) -> Context:
        """Return the metadata of a row.

        A date is read as ISO text where possible. Without a format, a date that cannot be
        read is kept as it is, with a warning, and refused where a date is needed.
        """
        column = self.columns.phenomena
        phenomena = None if column is None else row.get(column)
        if not isinstance(phenomena, list | tuple):
            phenomena = self.read_cell(number, row, "phenomena").split(";")
        names = [str(phenomenon).strip() for phenomenon in phenomena]
        return Context(
            topic=self.read_cell(number, row, "topic"),
            register=self.read_cell(number, row, "register"),
            source=self.read_cell(number, row, "source"),
            date=self._read_date(number, row),
            phenomena=tuple(name for name in names if name),
            setting=self.read_cell(number, row, "setting"),
        )

    def _read_date(self, number: int, row: RawRow) -> str:
        written = self.read_cell(number, row, "date")
        try:
            return read_date(written, self.date_format)
        except KitError:
            shown = f"{number}: {written[:40]!r}"
            if self.date_format is not None:
                kind = f"date not of the form {self.date_format!r}, in column {self.columns.date!r}"
                self.faults.leave_out(kind, f"{written[:40]!r}", row=number)
                return written
            self.undated.append(shown)
            return written

    def warn(self) -> None:
        """Log what was read and is probably not what was meant."""
        unlocated = [number for number in self.unlocated if number not in self.faults.rows]
        if unlocated:
            log.warning(
                "%s: in %d rows the actor is not in its sentence, and models read it as whoever speaks "
                "the sentence, without its name (rows %s)",
                self.where,
                len(unlocated),
                listing(unlocated),
            )
        if self.elsewhere:
            log.warning(
                "%s: %d offsets point to other words than the name beside them, which the "
                "sentence has too (rows %s)",
                self.where,
                len(self.elsewhere),
                listing(self.elsewhere),
            )
        if self.undated:
            log.warning(
                "%s: %d dates cannot be read, so that these rows are of no year (rows %s); dates "
                "are ISO 8601, or of a form that is stated, as in corpus.date_format=%%d/%%m/%%Y",
                self.where,
                len(self.undated),
                listing(self.undated),
            )
