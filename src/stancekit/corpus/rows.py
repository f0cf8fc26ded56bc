"""Rows of a data file, checked and made into labelled examples. All faults are told at once."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.columns import Columns
from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example, Mention

log = logging.getLogger(__name__)
Row = Mapping[str, Any]
_TRUE = {"1", "true", "yes", "y", "1.0"}
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


@dataclass(slots=True)
class _Faults:
    """Faults by kind, each with its rows; `raise_all` tells them together."""

    rows: dict[str, list[int]] = field(default_factory=dict)

    def add(self, kind: str, row: int) -> None:
        self.rows.setdefault(kind, []).append(row)

    def raise_all(self, where: str) -> None:
        if self.rows:
            told = "; ".join(f"{kind} (rows {listing(at)})" for kind, at in self.rows.items())
            raise KitError(f"{where}: {told}. Correct these rows, or leave them out")


def locate(name: str, text: str) -> tuple[int, int] | None:
    """Find a name in a sentence, whole words first and case ignored last.

    Examples
    --------
    >>> locate("Mali", "Somalia and Mali voted")
    (12, 16)
    >>> locate("Chad", "No one voted") is None
    True
    """
    for pattern, flags in ((rf"(?<!\w){re.escape(name)}(?!\w)", 0), (re.escape(name), re.IGNORECASE)):
        if found := re.search(pattern, text, flags):
            return found.span()
    return None


def _offset(value: object) -> int | None:
    try:
        return None if value is None or value == "" else int(float(str(value)))
    except ValueError:
        return -1


def _mention(row: Row, columns: Columns, role: str, text: str) -> Mention | str | None:
    """Return the mention, or a fault in words."""
    name, start, end = (row.get(getattr(columns, key) or "") for key in (role, f"{role}_start", f"{role}_end"))
    name, first, last = str(name or "").strip(), _offset(start), _offset(end)
    if first is not None and last is not None:
        if not 0 <= first < last <= len(text):
            return f"{role} offsets outside the sentence"
        return Mention(name or text[first:last], first, last)
    if not name:
        return None
    return Mention(name, *(locate(name, text) or (None, None)))


def _labels(row: Row, names: Sequence[str], codebook: Codebook, mapping: Mapping[str, str | None]) -> tuple[str, ...]:
    if len(names) > 1:
        given = tuple(name for name in names if str(row.get(name) or "").strip().lower() in _TRUE)
    elif codebook.multi_label:
        given = split_labels(row.get(names[0]))
    else:
        value = row.get(names[0])
        given = () if value is None or str(value).strip() == "" else (str(value).strip(),)
    mapped = (mapping.get(label, label) for label in given)
    return tuple(dict.fromkeys(label for label in mapped if label is not None))


def context_of(row: Row, columns: Columns) -> Context:
    """Return what is known of a row besides its text and labels."""
    plain = {
        key: str(row.get(getattr(columns, key) or "") or "")
        for key in ("topic", "register", "source", "date", "setting")
    }
    return Context(**plain, phenomena=split_labels(row.get(columns.phenomena or "")))


def make_set(
    rows: Iterable[tuple[int, Row]],
    *,
    name: str,
    where: str,
    codebook: Codebook,
    columns: Columns,
    mapping: Mapping[str, str | None],
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

    Raises
    ------
    KitError
        Naming every offending row: unknown labels, empty texts, offsets outside the sentence,
        repeated ids, examples without a code where one is due.
    """
    numbered = list(rows)
    if not numbered:
        raise KitError(f"{where} has no rows; a data file needs a text and a label on each")
    names = columns.labels or codebook.column or codebook.name
    names = (names,) if isinstance(names, str) else tuple(names)
    columns.require({str(key) for _, row in numbered for key in row}, names, where)
    reader = _Labelled(name, where, columns, codebook=codebook, mapping=mapping, names=names)
    return reader.read(numbered)


@dataclass(slots=True)
class Reader:
    """Reads single rows, and gathers their faults."""

    name: str
    where: str
    columns: Columns
    faults: _Faults = field(default_factory=_Faults)
    unlocated: list[int] = field(default_factory=list)

    def example(self, number: int, row: Row, at: int) -> Example:
        """Return the example of a row, the `at`-th of all."""
        text = str(row.get(self.columns.text) or "")
        if not text.strip():
            self.faults.add("empty text", number)
        found: dict[str, Mention | None] = {}
        for role in ("actor", "target"):
            mention = _mention(row, self.columns, role, text)
            if isinstance(mention, str):
                self.faults.add(mention, number)
            found[role] = mention if isinstance(mention, Mention) else None
        if (actor := found["actor"]) and not actor.located:
            self.unlocated.append(number)
        label = str(row.get(self.columns.id or "") or f"{self.name}-{at}")
        article = str(row.get(self.columns.article or "") or f"text:{text}")
        return Example(label, text, found["actor"], found["target"], article)

    def part(self, number: int, row: Row) -> str:
        """Return train, validation, test or an empty string."""
        value = str(row.get(self.columns.split or "") or "").strip().lower()
        if value not in _PARTS:
            self.faults.add(f"unknown split {value!r}, not train, validation or test", number)
        return _PARTS.get(value, "")


@dataclass(slots=True)
class _Labelled(Reader):
    codebook: Codebook = field(kw_only=True)
    mapping: Mapping[str, str | None] = field(kw_only=True)
    names: tuple[str, ...] = field(kw_only=True)

    def read(self, rows: list[tuple[int, Row]]) -> LabelledSet:
        examples: list[Example] = []
        contexts: list[Context] = []
        labels: list[tuple[str, ...]] = []
        numbers: list[int] = []
        parts: list[str] = []
        for number, row in rows:
            example = self.example(number, row, len(examples))
            given = _labels(row, self.names, self.codebook, self.mapping)
            if not given and not self.codebook.multi_label:
                if self._dropped(row):
                    continue
                self.faults.add(f"no label in column {self.names[0]!r}", number)
            examples.append(example)
            labels.append(given)
            numbers.append(number)
            contexts.append(context_of(row, self.columns))
            parts.append(self.part(number, row))
        self._repeats([example.id for example in examples], numbers)
        self.faults.raise_all(self.where)
        self.codebook.check(labels, self.where, numbers)
        self._warn()
        whole = LabelledSet(self.name, self.codebook, tuple(examples), tuple(labels), tuple(contexts), tuple(parts))
        return by_sentence(whole) if self.codebook.unit == "sentence" else whole

    def _dropped(self, row: Row) -> bool:
        return str(row.get(self.names[0]) or "") in self.mapping

    def _repeats(self, ids: list[str], numbers: list[int]) -> None:
        first: dict[str, int] = {}
        for label, number in zip(ids, numbers, strict=True):
            if first.setdefault(label, number) != number:
                self.faults.add(f"id {label!r} of row {first[label]} used again", number)

    def _warn(self) -> None:
        if self.unlocated:
            log.warning(
                "%s: in %d rows the actor is not in its sentence and is read beside it (rows %s)",
                self.where,
                len(self.unlocated),
                listing(self.unlocated),
            )


def by_sentence(whole: LabelledSet) -> LabelledSet:
    """Keep one example per sentence, without actor and target: what a frame is judged on."""
    first: dict[tuple[str, str], int] = {}
    for row, example in enumerate(whole.examples):
        first.setdefault((example.article, example.text), row)
    kept = whole.take(first.values())
    bare = tuple(Example(one.id, one.text, article=one.article) for one in kept.examples)
    return LabelledSet(kept.name, kept.codebook, bare, kept.labels, kept.contexts, kept.parts)
