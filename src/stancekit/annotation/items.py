"""Items to judge from the rows of a table: of a sample, of labels, or any with a text."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from stancekit.annotation.records import Item, Kind
from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.cells import half_character
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.labelling.label_files import RowSource, read_label_rows, table_rows
from stancekit.labelling.row_format import CLOSING, is_blank
from stancekit.text.targets import make_mention
from stancekit.types import Mention
from stancekit.views import DataFrame, TableView

# Rows as they come: a file, a table, or a list of mappings.
ItemRows: TypeAlias = RowSource | Sequence[Mapping[str, Any]]
_TEXT_COLUMNS = ("sentence", "text")
_MENTION_COLUMNS = ("actor", "target")
_OWN_COLUMNS = frozenset(
    [
        *("id", "article", "before", "after", "probability", "batch", "actor_code"),
        *_TEXT_COLUMNS,
        *(f"{role}{end}" for role in _MENTION_COLUMNS for end in ("", "_start", "_end")),
        *CLOSING,
    ]
)


def read_items(source: ItemRows, codebooks: Sequence[Codebook], kind: Kind) -> list[Item]:
    """Return the items of a table, not numbered yet.

    The text is in the column `sentence` or `text`. An actor and a target whose place is not given
    are looked for in it. A row without an id gets one from its content. Codes in columns called
    like the codebooks are a control's gold, or what a model suggested where its scores are there
    too.

    Raises
    ------
    KitError
        When there is no text, or cells cannot be read: one error for all rows.
    """
    name = str(source) if isinstance(source, str | Path) else "the rows"
    rows = _source_rows(source)
    if not rows:
        raise KitError(f"{name} has no rows; give a file that stancekit sample wrote")
    present = {column for row in rows for column in row}
    text_column = next((column for column in _TEXT_COLUMNS if column in present), None)
    if text_column is None:
        raise KitError(
            f"{name} has no column sentence or text; it has: {listing(sorted(present), 30)}. Name "
            "the column of the sentences so"
        )
    reader = _ItemReader(text_column, codebooks, kind)
    items = [reader.read(number, row) for number, row in enumerate(rows, 1)]
    reader.check(name)
    return _with_ids(items, name)


def _source_rows(source: ItemRows) -> list[dict[str, Any]]:
    if isinstance(source, str | Path):
        rows = read_label_rows(Path(source))
        # Samples in CSV have texts that a spreadsheet would run as formulas guarded.
        if Path(source).suffix in (".csv", ".tsv") and rows and "probability" in rows[0]:
            return [{key: _unguard(value) for key, value in row.items()} for row in rows]
        return rows
    if isinstance(source, list | tuple):
        return [dict(row) for row in source]
    return table_rows(cast("TableView | DataFrame", source))


def _unguard(value: Any) -> Any:
    return unguard_cell(value) if isinstance(value, str) else value


class _ItemReader:
    """Reads rows as items, and collects faults by kind."""

    def __init__(self, text_column: str, codebooks: Sequence[Codebook], kind: Kind) -> None:
        self.text_column = text_column
        self.codebooks = codebooks
        self.kind = kind
        self.faults: dict[str, list[int]] = {}
        coded = {column for book in codebooks for column in (book.name, f"{book.name}_scores")}
        self.skipped = coded | _OWN_COLUMNS

    def read(self, number: int, row: Mapping[str, Any]) -> Item:
        def fault(reason: str) -> None:
            self.faults.setdefault(reason, []).append(number)

        text = _text(row.get(self.text_column))
        if not text.strip():
            fault("no text")
        if any(half_character(str(value)) for value in row.values()):
            fault("half of a character, which has no UTF-8")
            text = ""
        suggested, gold = self._codes(row, fault)
        return Item(
            number=0,
            id=_text(row.get("id")).strip(),
            text=text,
            article=_text(row.get("article")),
            before=_text(row.get("before")),
            after=_text(row.get("after")),
            actor=_read_mention(row, "actor", text, fault),
            target=_read_mention(row, "target", text, fault),
            probability=_probability(row, fault) if self.kind != "control" else None,
            batch=_batch(row, fault),
            kind=self.kind,
            fields={
                str(key): _json_value(value)
                for key, value in row.items()
                if key not in self.skipped and not is_blank(value)
            },
            suggested=suggested,
            gold=gold,
        )

    def _codes(
        self, row: Mapping[str, Any], fault: Callable[[str], None]
    ) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
        """Return the codes in a row: those of a model, and those of a control."""
        suggested: dict[str, Any] = {}
        gold: dict[str, tuple[str, ...]] = {}
        for book in self.codebooks:
            value = row.get(book.name)
            scores = row.get(f"{book.name}_scores")
            none_of_them = isinstance(value, list | tuple) and book.multi_label
            if is_blank(value) and not none_of_them:
                continue
            codes = split_labels(value)
            if codes == (NO_CODE_CELL,) and book.multi_label:
                codes = ()
            if unknown := sorted(set(codes) - set(book.names)):
                fault(f"unknown code {listing(unknown)} of {book.name}")
            elif self.kind == "control":
                if len(codes) != 1 and not book.multi_label:
                    fault(f"{len(codes)} codes of {book.name}, which has one")
                gold[book.name] = codes
            elif is_blank(scores):
                fault(
                    f"a code of {book.name}, which nobody is to see: clear or rename the column, or "
                    "add the rows as controls"
                )
            else:
                suggested[book.name] = {"codes": list(codes), "scores": _scores(scores)}
        if self.kind == "control" and not gold:
            fault("a control without a code")
        return suggested, gold

    def check(self, name: str) -> None:
        """Raise one `KitError` for all faults."""
        if self.faults:
            kinds = [f"{kind} (rows {listing(rows)})" for kind, rows in self.faults.items()]
            raise KitError(f"{name}: {'; '.join(kinds[:8])}. Correct these rows, or leave them out")


def _with_ids(items: Sequence[Item], name: str) -> list[Item]:
    """Return the items with an id each; one without gets one from what it says."""
    from dataclasses import replace

    given = Counter(item.id for item in items if item.id)
    if twice := [key for key, n in given.items() if n > 1]:
        raise KitError(f"{name} has ids more than once: {listing(twice)}; give each row its own")
    made: Counter[str] = Counter()
    named = []
    for item in items:
        if item.id:
            named.append(item)
            continue
        parts = [item.article, item.text, *(m.name if m else "" for m in (item.actor, item.target))]
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
        made[digest] += 1
        suffix = f"-{made[digest]}" if made[digest] > 1 else ""
        named.append(replace(item, id=digest + suffix))
    return named


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124  # NaN


def _read_mention(
    row: Mapping[str, Any], role: str, text: str, fault: Callable[[str], None]
) -> Mention | None:
    name = _text(row.get(role)).strip()
    if not name:
        return None
    code = _text(row.get("actor_code")) or None if role == "actor" else None
    edges: list[Any] = [row.get(f"{role}_start"), row.get(f"{role}_end")]
    if all(map(is_blank, edges)):
        found = make_mention(name, text)
        return Mention(name, found.start, found.end, code or found.code)
    try:
        start, end = (int(float(edge)) for edge in edges)
    except (TypeError, ValueError):
        fault(f"{role}_start or {role}_end is no number")
        return None
    if not 0 <= start < end <= len(text):
        fault(f"{role}_start and {role}_end are not in the text")
        return None
    return Mention(name, start, end, code)


def _number(value: object) -> float:
    """Read a number, also with the comma of many countries; NaN where it is none."""
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return math.nan


def _probability(row: Mapping[str, Any], fault: Callable[[str], None]) -> float | None:
    value = row.get("probability")
    if is_blank(value):
        return None
    number = _number(value)
    if not 0 < number <= 1:
        fault("a probability that is not above 0 and up to 1")
        return None
    return number


def _batch(row: Mapping[str, Any], fault: Callable[[str], None]) -> int:
    value = row.get("batch")
    number = 1.0 if is_blank(value) else _number(value)
    if not (number >= 1 and number == number // 1):
        fault("a batch that is no whole number from 1")
        return 1
    return int(number)


def _scores(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else _json_value(value)
    except ValueError:
        return None


def _json_value(value: Any) -> Any:
    """Return a cell as JSON has it; what it has not, as text."""
    if isinstance(value, Mapping):
        return {str(key): _json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
