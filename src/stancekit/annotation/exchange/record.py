"""A judgement as files have it: what was judged, by whom, when and how, whatever the format."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stancekit.annotation.records import CodesByBook, Judgement
from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError, listing
from stancekit.labelling.row_format import LabelRow, is_blank

ITEM_COLUMNS = ("id", "article", "text", "actor", "target")
JUDGEMENT_COLUMNS = (
    "annotator",
    "action",
    "unsure",
    "note",
    "finding",
    "marked",
    "repeat",
    "suggestion",
    "seconds",
    "at",
)
# Written for whoever analyses the file; the project that reads it has its own.
ABOUT_COLUMNS = (
    "actor_start",
    "actor_end",
    "actor_code",
    "target_start",
    "target_end",
    "kind",
    "batch",
    "round",
    "probability",
)
RESERVED = frozenset({*ITEM_COLUMNS, *JUDGEMENT_COLUMNS, *ABOUT_COLUMNS, "sentence"})
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A judgement with its item.

    Attributes
    ----------
    id, text, actor, target, article
        The item. A file of another program may have no id; names are empty where it has none.
    judgement
        The judgement; it does not say of which number of item, and says of an action only `judge`
        or `adjudicate`.
    about
        Further columns of the item.
    place
        Where in the file it is, for messages.
    """

    id: str
    text: str
    actor: str = ""
    target: str = ""
    article: str = ""
    judgement: Judgement
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """The judgements of a file, and what its reader should know of how they were read."""

    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()


def check_names(codebooks: Iterable[Codebook]) -> None:
    """Check that no codebook is called like a column of judgements.

    Raises
    ------
    KitError
        When one is.
    """
    if taken := [book.name for book in codebooks if book.name in RESERVED]:
        raise KitError(
            f"the codebook {listing(taken)} is called like a column of judgements, which are: "
            f"{listing(sorted(RESERVED), 40)}; give it another name"
        )


def codes_cell(codes: Sequence[str] | None) -> str:
    """Return codes as one cell: empty where nobody was asked, `-` for none of them.

    Examples
    --------
    >>> codes_cell(("peace", "law")), codes_cell(()), codes_cell(None)
    ('peace; law', '-', '')
    >>> codes_cell(("war; and peace",))
    '["war; and peace"]'
    """
    if codes is None:
        return ""
    joined = "; ".join(codes) or NO_CODE_CELL
    # What would be read as other codes, or as JSON, is written as JSON.
    plain = not codes or (split_labels(joined) == tuple(codes) and joined[0] not in "[{")
    return joined if plain else json.dumps(list(codes), ensure_ascii=False)


def read_codes(value: object) -> tuple[str, ...] | None:
    """Return the codes of a cell, a list, or what Label Studio writes for several choices.

    Raises
    ------
    ValueError
        When it is unreadable, or has both codes and the sign for none.

    Examples
    --------
    >>> read_codes("peace; law"), read_codes("-"), read_codes([]), read_codes(" "), read_codes(None)
    (('peace', 'law'), (), (), None, None)
    >>> read_codes('{"choices": ["peace", "law"]}'), read_codes([{"choices": ["peace"]}, "law"])
    (('peace', 'law'), ('peace', 'law'))
    """
    if is_blank(value):
        return None
    if isinstance(value, str) and value.strip().startswith(("{", "[")):
        written = value
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            raise ValueError(f"has {written[:60]!r}, which is not JSON") from None
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list):
        # A question that is asked of parts of a text has a mapping for each.
        parts = [each.get("choices", []) if isinstance(each, Mapping) else [each] for each in value]
        codes = tuple(str(code).strip() for part in parts for code in part)
    else:
        codes = split_labels(value)
    if NO_CODE_CELL not in codes:
        return codes
    if len(codes) > 1:
        raise ValueError(
            f"has {'; '.join(codes)}: {NO_CODE_CELL} says that it has no code; remove one"
        )
    return ()


def facts_of(record: Record) -> LabelRow:
    """Return all of a judgement but its text and codes, flat, for what a format has no place for."""
    judgement = record.judgement
    row: LabelRow = {"id": record.id, "article": record.article or None}
    row |= {"actor": record.actor or None, "target": record.target or None}
    row |= {name: getattr(judgement, name) for name in JUDGEMENT_COLUMNS}
    row |= {f"{name}_hash": version for name, version in judgement.hashes.items()}
    for name, codes in (judgement.revised or {}).items():
        row[f"{name}_revised"] = codes_cell(codes)
    for name, value in record.about.items():
        row[f"item_{name}" if name in row or name in judgement.codes else name] = value
    return row


def text_cell(value: object) -> str:
    """Return a cell as text, empty where it is blank.

    Examples
    --------
    >>> text_cell(None), text_cell(7), text_cell(" a ")
    ('', '7', ' a ')
    """
    return "" if is_blank(value) else str(value)


class RecordReader:
    """Collects judgements, and everything that is wrong with a file, row by row.

    Parameters
    ----------
    name
        The file in messages.
    codebooks
        Those of the project.
    annotator
        Who judged where the file does not say.
    """

    def __init__(self, name: str, codebooks: Sequence[Codebook], annotator: str = "") -> None:
        self.name = name
        self.codebooks = codebooks
        self.annotator = annotator
        self._records: list[Record] = []
        self._faults: list[str] = []
        self._left_out: Counter[str] = Counter()

    def add(
        self, facts: Mapping[str, Any], codes: CodesByBook, *, text: object = None, place: str
    ) -> None:
        """Add a judgement of what `facts_of` returns of one, or what is wrong with it."""
        try:
            judgement = self._judgement(facts, codes)
        except ValueError as error:
            self.fault(place, str(error))
            return
        self._records.append(
            Record(
                id=text_cell(facts.get("id")),
                text=text_cell(text)
                or text_cell(facts.get("text"))
                or text_cell(facts.get("sentence")),
                actor=text_cell(facts.get("actor")),
                target=text_cell(facts.get("target")),
                article=text_cell(facts.get("article")),
                judgement=judgement,
                place=place,
            )
        )

    def _judgement(self, facts: Mapping[str, Any], codes: CodesByBook) -> Judgement:
        names = [book.name for book in self.codebooks]
        revised = {
            name: given
            for name in names
            if (given := read_codes(facts.get(f"{name}_revised"))) is not None
        }
        words: dict[str, Any] = {
            name: text_cell(facts.get(name)) for name in ("note", "finding", "marked", "suggestion")
        }
        annotator = text_cell(facts.get("annotator")).strip() or self.annotator
        if not annotator:
            raise ValueError("does not say who judged; add annotator=NAME")
        return Judgement(
            item=0,
            annotator=annotator,
            codes=dict(codes),
            action="adjudicate" if _read_action(facts) else "judge",
            unsure=_read_truth(facts, "unsure"),
            repeat=int(_read_truth(facts, "repeat")),
            revised=revised or None,
            seconds=_read_seconds(facts.get("seconds")),
            at=_read_time(facts.get("at")),
            hashes={
                name: version for name in names if (version := text_cell(facts.get(f"{name}_hash")))
            },
            **words,
        )

    def codes(self, values: Mapping[str, object], *, place: str) -> CodesByBook | None:
        """Return the codes in the cells of each codebook, `None` where some cannot be read."""
        found: dict[str, tuple[str, ...]] = {}
        for book in self.codebooks:
            try:
                given = read_codes(values.get(book.name))
            except ValueError as error:
                self.fault(place, f"{error} (column {book.name})")
                return None
            if given is not None:
                found[book.name] = given
        return found

    def expect_codes(self, columns: Collection[str]) -> None:
        """Check that some codebook of the project is among the columns or questions of the file.

        Raises
        ------
        KitError
            When none is.
        """
        names = [book.name for book in self.codebooks]
        if not set(names) & set(columns):
            raise KitError(
                f"{self.name} has no codes of {listing(names)}; it has: "
                f"{listing(sorted(columns), 30)}. Name what was asked as the project's codebooks "
                "are, or say its format with format=NAME"
            )

    def fault(self, place: str, reason: str) -> None:
        """Note what is wrong with a row."""
        self._faults.append(f"{place} {reason}")

    def leave_out(self, reason: str) -> None:
        """Count a row that is no judgement; how many there are is told."""
        self._left_out[reason] += 1

    def finish(self) -> ReadRecords:
        """Return what was read.

        Raises
        ------
        KitError
            Naming every row that is at fault.
        """
        if self._faults:
            raise KitError(
                f"{self.name} has {len(self._faults)} rows that cannot be read: "
                f"{listing(self._faults)}. Correct them, or take them out"
            )
        notes = [f"{n} rows {reason}" for reason, n in self._left_out.items()]
        return ReadRecords(tuple(self._records), tuple(notes))


def _read_action(facts: Mapping[str, Any]) -> bool:
    """Say whether a judgement is one that decides."""
    action = text_cell(facts.get("action"))
    if action not in ("", "judge", "adjudicate"):
        raise ValueError(f"has action {action[:40]!r}; there are judge and adjudicate")
    return action == "adjudicate"


def _read_truth(facts: Mapping[str, Any], name: str) -> bool:
    word = text_cell(facts.get(name)).strip().lower().removesuffix(".0")
    if word not in _TRUTHS:
        raise ValueError(f"has {name} {word[:40]!r}; write true or false")
    return _TRUTHS[word]


def _read_seconds(value: object) -> float | None:
    if is_blank(value):
        return None
    try:
        # Spreadsheets of many countries write a comma.
        seconds = float(str(value).strip().replace(",", "."))
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"has {str(value)[:40]!r} seconds; write a number")
    return seconds


def _read_time(value: object) -> str:
    from datetime import datetime

    written = text_cell(value).strip()
    if written:
        try:
            datetime.fromisoformat(written)
        except ValueError:
            raise ValueError(
                f"has the time {written[:40]!r}; write it as 2025-03-01T09:30:00+00:00"
            ) from None
    return written
