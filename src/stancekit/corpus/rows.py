"""Read single rows of a data file as examples with their metadata, and collect faults."""

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stancekit.corpus.cells import CellError, Columns, cell_kind, parse_offset, plain_cell
from stancekit.corpus.dataset import OWN_ARTICLE
from stancekit.corpus.dates import read_date
from stancekit.errors import KitError, listing
from stancekit.text.targets import locate, make_mention
from stancekit.types import Context, Example, Mention

log = logging.getLogger(__name__)
RawRow = Mapping[str, Any]
# The words for parts that data files use.
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
# Kinds of faults that an error lists.
_MOST_KINDS = 8


@dataclass(slots=True)
class _Faults:
    """Faults by kind, each with its rows; `raise_all` raises one error for all."""

    rows: dict[str, list[object]] = field(default_factory=dict)
    advice: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, row: object, advice: str = "") -> None:
        self.rows.setdefault(kind, []).append(row)
        if advice:
            self.advice[advice] = None

    def raise_all(self, where: str) -> None:
        if not self.rows:
            return
        kinds = [f"{kind} (rows {listing(rows)})" for kind, rows in self.rows.items()]
        if len(kinds) > _MOST_KINDS:
            more = f"and {len(kinds) - _MOST_KINDS} more kinds of faults"
            kinds = [*kinds[:_MOST_KINDS], more]
        faults = f"{where}: {'; '.join(kinds)}. Correct these rows, or leave them out."
        raise KitError(" ".join([faults, *self.advice]))


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
    faults: _Faults = field(default_factory=_Faults)
    unlocated: list[int] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)

    def read_cell(self, number: int, row: RawRow, role: str) -> str:
        """Return the text of a row's cell that holds `role`, empty where there is none."""
        column = getattr(self.columns, role)
        try:
            return "" if column is None else plain_cell(row.get(column), role)
        except CellError as error:
            self.faults.add(str(error), number)
            return ""

    def read_example(self, number: int, row: RawRow, index: int) -> Example:
        """Return the example of a row; `index` numbers those without an id."""
        text = self._read_text(number, row)
        actor = self._read_mention(number, row, "actor", text)
        target = self._read_mention(number, row, "target", text)
        # A model still reads the actor, but beside the sentence instead of marked in it.
        if actor and not actor.located:
            self.unlocated.append(number)
        label = self.read_cell(number, row, "id") or f"{self.name}-{index}"
        article = self.read_cell(number, row, "article") or f"{OWN_ARTICLE}{text}"
        return Example(label, text, actor, target, article)

    def _read_text(self, number: int, row: RawRow) -> str:
        text = row.get(self.columns.text)
        is_empty = text is None or text != text  # noqa: PLR0124  # NaN
        if not isinstance(text, str) and not is_empty:
            self.faults.add(f"text that is {cell_kind(text)}, not a text", number)
            return ""
        if is_empty or not str(text).strip():
            self.faults.add("empty text", number)
            return ""
        return str(text)

    def _read_mention(self, number: int, row: RawRow, role: str, text: str) -> Mention | None:
        name = self.read_cell(number, row, role)
        start, end = (self._read_offset(row, f"{role}_{side}") for side in ("start", "end"))
        # Without offsets, the name is looked for in the sentence.
        if start is None and end is None:
            return make_mention(name, text) if name else None
        if start is None or end is None or not 0 <= start < end <= len(text):
            self.faults.add(f"{role} offsets outside the sentence", number)
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
        word = self.read_cell(number, row, "split").lower()
        if word not in _PARTS:
            self.faults.add(f"unknown split {word[:40]!r}, not train, validation or test", number)
        return _PARTS.get(word, "")

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
                self.faults.add(f"date not of the form {self.date_format!r}", shown)
            self.undated.append(shown)
            return written

    def warn(self) -> None:
        """Log what was read and is probably not what was meant."""
        if self.unlocated:
            log.warning(
                "%s: in %d rows the actor is not in its sentence and is read beside it (rows %s)",
                self.where,
                len(self.unlocated),
                listing(self.unlocated),
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
