"""prodigy's JSON lines of the interface `choice`, as its recipe textcat.manual (1.11 and later) saves them.

A line is a task of one codebook: `options`, and `accept` with the ids of those chosen. Saved with
nothing chosen, it has none of the codes; what was ignored or rejected is not judged. Lines of the
same item and annotator are one judgement.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stancekit.annotation.exchange.record import (
    ReadRecords,
    Record,
    RecordReader,
    facts_of,
    text_cell,
)
from stancekit.annotation.exchange.tables import read_table_rows
from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl
from stancekit.labelling.row_format import LabelRow, is_blank

# What is shown of an item beside its text, in prodigy's own place for that.
_META = ("id", "article", "actor", "target")
# Where the kit keeps what prodigy has no place for.
_KEPT_UNDER = "stancekit"


def write_prodigy(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write a line for each judgement and codebook; a judgement without codes has one that was ignored."""
    write_jsonl(path, [line for record in records for line in _prodigy_lines(record, codebooks)])


def _prodigy_lines(record: Record, codebooks: Sequence[Codebook]) -> list[LabelRow]:
    asked = [book for book in codebooks if book.name in record.judgement.codes]
    facts = facts_of(record)
    meta = {name: value for name in _META if (value := facts.pop(name))}
    lines: list[LabelRow] = []
    for book in asked or codebooks[:1]:
        codes = record.judgement.codes.get(book.name)
        line: LabelRow = {
            "text": record.text,
            "meta": {**meta, "codebook": book.name},
            "options": [{"id": code, "text": code} for code in book.names],
            "accept": list(codes or ()),
            "config": {"choice_style": "multiple" if book.multi_label else "single"},
            "answer": "ignore" if codes is None else "accept",
            "_view_id": "choice",
            "_session_id": record.judgement.annotator,
            "_annotator_id": record.judgement.annotator,
        }
        if record.judgement.at:
            line["_timestamp"] = int(datetime.fromisoformat(record.judgement.at).timestamp())
        lines.append({**line, _KEPT_UNDER: facts})
    return lines


def read_prodigy(path: Path, codebooks: Sequence[Codebook], annotator: str = "") -> ReadRecords:
    """Read what `prodigy db-out` writes.

    Raises
    ------
    KitError
        When it cannot be read, or some line cannot.
    """
    rows = read_table_rows(path)
    if not any("answer" in row for _, row in rows):
        raise KitError(f"{path} has no answer in its lines; write it with: prodigy db-out DATASET")
    reader = RecordReader(str(path), codebooks, annotator)
    joined: dict[tuple[str, ...], tuple[str, LabelRow, str, dict[str, Any]]] = {}
    for place, row in rows:
        facts = _facts_of_line(row)
        kept = isinstance(row.get(_KEPT_UNDER), Mapping)
        if row.get("answer") != "accept" and not (kept and not row.get("accept")):
            reader.leave_out(
                f"were answered {text_cell(row.get('answer')) or 'nothing'}: not judged"
            )
            continue
        book = _codebook_of(row, facts, codebooks)
        if book is None:
            reader.fault(place, "does not say of which codebook it is; add it to meta: codebook")
            continue
        key = tuple(
            text_cell(facts.get(name))
            for name in (*_META, "annotator", "action", "repeat", "suggestion")
        )
        text = text_cell(row.get("text"))
        _, _, _, values = joined.setdefault((text, *key), (place, facts, text, {}))
        if row.get("answer") != "accept":
            continue
        if book in values:
            reader.fault(place, f"is a second answer of one annotator on {book}; keep the last one")
            continue
        values[book] = _chosen(row)
    for place, facts, text, values in joined.values():
        codes = reader.codes(values, place=place)
        if codes is not None:
            reader.add(facts, codes, text=text, place=place)
    return reader.finish()


def _chosen(row: LabelRow) -> list[Any]:
    """Return what was chosen; of a task with a single label, that label."""
    if "accept" in row or "options" in row:
        return list(row.get("accept") or [])
    return [row["label"]] if not is_blank(row.get("label")) else []


def _codebook_of(
    row: LabelRow, facts: Mapping[str, Any], codebooks: Sequence[Codebook]
) -> str | None:
    """Return the codebook of a line: the one that it names, or whose codes its options are."""
    names = [book.name for book in codebooks]
    if (named := text_cell(facts.get("codebook"))) in names:
        return named
    options = {str(option.get("id")) for option in row.get("options") or []}
    options |= set(map(str, _chosen(row)))
    fitting = [book.name for book in codebooks if options and options <= set(book.names)]
    return fitting[0] if len(fitting) == 1 else names[0] if len(names) == 1 else None


def _facts_of_line(row: LabelRow) -> LabelRow:
    meta, kept = row.get("meta"), row.get(_KEPT_UNDER)
    facts: LabelRow = {**meta} if isinstance(meta, Mapping) else {}
    who = row.get("_annotator_id") or row.get("_session_id")
    when = row.get("_timestamp")
    if isinstance(when, int | float):
        facts["at"] = datetime.fromtimestamp(when, UTC).isoformat()
    return facts | {"annotator": who} | (dict(kept) if isinstance(kept, Mapping) else {})
