"""Potato's exports: JSON lines and CSV as version 2.8.0 writes them, read also as version 1 did.

Version 2 has `instance_id`, `user_id` and `labels`, in CSV a column `schema.label` each; version 1
`id` and `label_annotations` in `annotated_instances.jsonl`, one in a folder called like the user,
and in CSV columns `schema:::label`. None of the codes is the label `-`: Potato keeps nothing of a
question whose boxes all stay empty, which is not judged.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.annotation.exchange.record import (
    ReadRecords,
    Record,
    RecordReader,
    facts_of,
    text_cell,
)
from stancekit.annotation.exchange.tables import csv_text, read_table_rows
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.fileio import write_jsonl, write_text
from stancekit.labelling.row_format import LabelRow, is_blank

_NOTE_LABEL = ("note", "text_box")
_SEPARATORS = (":::", ".")
# The name that version 1 gives to the file of each user.
_OF_ONE_USER = "annotated_instances.jsonl"
_TIME_SPENT = re.compile(r"(\d+)d\s*(\d+)h\s*(\d+)m\s*(\d+)s")
_UNCHOSEN = (None, False, "", "false", "False")


def write_potato(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write JSON lines, or CSV where the file is called so."""
    if path.suffix == ".csv":
        _write_csv(path, records, codebooks)
    else:
        write_jsonl(path, map(_potato_line, records))


def _potato_line(record: Record) -> LabelRow:
    facts = facts_of(record)
    return {
        "instance_id": facts.pop("id"),
        "user_id": facts.pop("annotator"),
        "labels": _labels(record),
        "spans": {},
        "links": {},
        "displayed_text": record.text,
        "behavioral_data": facts,
    }


def _labels(record: Record) -> dict[str, dict[str, Any]]:
    labels: dict[str, dict[str, Any]] = {
        name: dict.fromkeys(codes or (NO_CODE_CELL,), "true")
        for name, codes in record.judgement.codes.items()
    }
    if record.judgement.note:
        labels[_NOTE_LABEL[0]] = {_NOTE_LABEL[1]: record.judgement.note}
    return labels


def _write_csv(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    columns = ["instance_id", "user_id"]
    columns += [f"{book.name}.{code}" for book in codebooks for code in (*book.names, NO_CODE_CELL)]
    columns += [".".join(_NOTE_LABEL), "displayed_text"]
    rows = []
    for record in records:
        facts = facts_of(record)
        facts.pop("note")
        row = {"instance_id": facts.pop("id"), "user_id": facts.pop("annotator")}
        for schema, labels in _labels(record).items():
            row |= {f"{schema}.{label}": value for label, value in labels.items()}
        rows.append(row | {"displayed_text": record.text} | facts)
    columns += dict.fromkeys(name for row in rows for name in row if name not in columns)
    write_text(path, csv_text(columns, rows))


def read_potato(path: Path, codebooks: Sequence[Codebook], annotator: str = "") -> ReadRecords:
    """Read what Potato exports, of either version.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    user = path.resolve().parent.name if path.name == _OF_ONE_USER else ""
    reader = RecordReader(str(path), codebooks, annotator or user)
    rows = read_table_rows(path)
    names = [book.name for book in codebooks]
    lines = [(place, row, dict(_labels_of(row, names))) for place, row in rows]
    asked = {schema for _, _, labels in lines for schema in labels}
    reader.expect_codes(asked)
    multiple = [book.name for book in codebooks if book.multi_label and book.name in asked]
    for place, row, labels in lines:
        given = {
            name: [label for label, value in labels[name].items() if value not in _UNCHOSEN]
            for name in names
            if isinstance(labels.get(name), Mapping)
        }
        # Of a CSV file all columns are there, whether something is chosen or not.
        chosen = {name: codes for name, codes in given.items() if codes or "labels" in row}
        codes = reader.codes(chosen, place=place)
        if codes is None:
            continue
        facts = _facts_of_row(row, labels)
        if codes or facts.get("at") or facts.get("finding"):
            # What the kit wrote says which questions were asked.
            for name in multiple if not facts.get("action") else ():
                if name not in codes:
                    reader.leave_out(f"have nothing chosen of {name}: read as not judged")
            reader.add(facts, codes, text=row.get("displayed_text"), place=place)
        else:
            reader.leave_out(
                f"have no label: not judged (none of the codes is the label {NO_CODE_CELL})"
            )
    return reader.finish()


def _labels_of(row: LabelRow, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield each question of a row with its labels and their values."""
    nested = row.get("labels", row.get("label_annotations"))
    if isinstance(nested, Mapping):
        yield from nested.items()
        return
    found: dict[str, dict[str, Any]] = {}
    for column, value in row.items():
        for schema in (*names, _NOTE_LABEL[0]):
            for separator in _SEPARATORS:
                if column.startswith(start := f"{schema}{separator}"):
                    found.setdefault(schema, {})[column.removeprefix(start)] = value
    yield from found.items()


def _facts_of_row(row: LabelRow, labels: Mapping[str, Any]) -> LabelRow:
    behavior = row.get("behavioral_data")
    kept = dict(behavior) if isinstance(behavior, Mapping) else {}
    facts = row | kept
    notes = labels.get(_NOTE_LABEL[0])
    if isinstance(notes, Mapping):
        facts["note"] = "\n".join(filter(None, map(text_cell, notes.values())))
    if (spent := _TIME_SPENT.search(text_cell(kept.get("time_string")))) and is_blank(
        facts.get("seconds")
    ):
        days, hours, minutes, seconds = map(int, spent.groups())
        facts["seconds"] = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return facts | {
        "id": row.get("instance_id", row.get("id")),
        "annotator": row.get("user_id", row.get("user")),
    }
