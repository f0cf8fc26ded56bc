"""Label Studio's files: JSON, JSON-MIN and CSV, as the converter of its SDK 2.1.3 writes them.

Annotator, times and seconds are in its own fields. What it has no field for is `meta` of each
choice in JSON, which it keeps, and columns of the data in the others. To import judgements into
Label Studio, their annotators have to be members of its project by the e-mail that is their name
here, unless the server has ALLOW_IMPORT_TASKS_WITH_UNKNOWN_EMAILS.
"""

import csv
import io
import json
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
from stancekit.annotation.exchange.tables import read_table_rows
from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.fileio import guard_cell, write_json, write_text
from stancekit.labelling.label_studio import (
    NO_CODE,
    Question,
    are_tasks,
    make_interface,
    read_choices,
    read_json_list,
    submitted_annotations,
)
from stancekit.labelling.row_format import LabelRow, is_blank

# Where JSON keeps what Label Studio has no field for.
_META = "stancekit"
_FINDINGS = ("no actor", "actor missing", "wrong target")
_QUESTIONS = (
    '<Choices name="unsure" toName="sentence"><Choice value="unsure"/></Choices>',
    '<Choices name="finding" toName="sentence">'
    + "".join(f'<Choice value="{finding}"/>' for finding in _FINDINGS)
    + "</Choices>",
    '<TextArea name="marked" toName="sentence"/>',
    '<TextArea name="note" toName="sentence"/>',
)
# Columns that its own CSV and JSON-MIN always have.
FLAT_COLUMNS = frozenset(["annotator", "annotation_id", "created_at", "updated_at", "lead_time"])


def write_label_studio(
    path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]
) -> None:
    """Write tasks with annotations as JSON, and beside them the interface (.xml)."""
    tasks: dict[str, dict[str, Any]] = {}
    for number, record in enumerate(records, 1):
        task = tasks.setdefault(
            record.id,
            {"id": len(tasks) + 1, "data": _task_data(record), "annotations": []},
        )
        task["annotations"].append(_annotation(record, number, task["id"]))
    write_json(path, list(tasks.values()))
    questions = [Question(book.name, book.names, several=book.multi_label) for book in codebooks]
    has_target = any(record.target for record in records)
    interface = make_interface(questions, has_target=has_target, extra=_QUESTIONS)
    write_text(path.with_suffix(".xml"), interface)


def _task_data(record: Record) -> LabelRow:
    facts = facts_of(record)
    of_item = {"id", "article", "actor", "target", *record.about}
    shown = {name: value for name, value in facts.items() if name in of_item}
    return {"id": record.id, "sentence": record.text, **shown}


def _kept_facts(record: Record) -> LabelRow:
    """Return what Label Studio has no field for."""
    names = {"action", "repeat", "suggestion"}
    names |= {f"{name}_hash" for name in record.judgement.hashes}
    names |= {f"{name}_revised" for name in record.judgement.revised or ()}
    return {name: value for name, value in facts_of(record).items() if name in names}


def _answers(record: Record) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name, the kind and the values of each answer."""
    judgement = record.judgement
    for name, codes in judgement.codes.items():
        yield name, "choices", list(codes) or [NO_CODE]
    if judgement.unsure:
        yield "unsure", "choices", ["unsure"]
    if judgement.finding:
        yield "finding", "choices", [judgement.finding]
    for name in ("marked", "note"):
        if text := getattr(judgement, name):
            yield name, "textarea", [text]


def _annotation(record: Record, number: int, task: int) -> dict[str, Any]:
    judgement = record.judgement
    meta = {_META: _kept_facts(record)}
    results = [
        {
            "id": f"{number}-{name}",
            "from_name": name,
            "to_name": "sentence",
            "type": kind,
            "value": {"choices" if kind == "choices" else "text": values},
            "meta": meta,
        }
        for name, kind, values in _answers(record)
    ]
    return {
        "id": number,
        "completed_by": {"email": judgement.annotator},
        "result": results,
        "was_cancelled": False,
        "ground_truth": judgement.action == "adjudicate",
        "created_at": judgement.at,
        "updated_at": judgement.at,
        "lead_time": judgement.seconds,
        "task": task,
    }


def _flat_row(record: Record, number: int) -> LabelRow:
    judgement = record.judgement
    row = _task_data(record) | _kept_facts(record)
    for name, kind, values in _answers(record):
        one = (
            values[0] if len(values) == 1 else {"choices" if kind == "choices" else "text": values}
        )
        row[name] = one
    return row | {
        "annotator": judgement.annotator,
        "annotation_id": number,
        "created_at": judgement.at,
        "updated_at": judgement.at,
        "lead_time": judgement.seconds,
    }


def write_label_studio_min(
    path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]
) -> None:
    """Write JSON-MIN: a list of flat objects, an answer of one code as text."""
    del codebooks
    write_json(path, [_flat_row(record, number) for number, record in enumerate(records, 1)])


def write_label_studio_csv(
    path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]
) -> None:
    """Write the columns of JSON-MIN in alphabetical order, several codes as JSON.

    Texts that a spreadsheet would run as formulas have an apostrophe before them, which Label
    Studio's own files have not.
    """
    rows = [_flat_row(record, number) for number, record in enumerate(records, 1)]
    names = {name for row in rows for name in row} | {book.name for book in codebooks}
    columns = sorted(FLAT_COLUMNS | names)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_flat_cell(row.get(name)) for name in columns])
    write_text(path, lines.getvalue())


def _flat_cell(value: Any) -> Any:
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else guard_cell(value)


def read_label_studio(
    path: Path, codebooks: Sequence[Codebook], annotator: str = ""
) -> ReadRecords:
    """Read JSON as Label Studio exports it; what was submitted with nothing chosen has none of the codes.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    tasks = read_json_list(path)
    if not are_tasks(tasks):
        raise KitError(
            f"{path} is not a list of tasks with their data: say format=label_studio_min"
        )
    reader = RecordReader(str(path), codebooks, annotator)
    done = [(task, submitted_annotations(task)) for task in tasks]
    asked = {name for _, annotations in done for each in annotations for name in _choices_of(each)}
    if asked or len(codebooks) > 1:
        reader.expect_codes(asked)
    for task, annotations in done:
        if not annotations:
            reader.leave_out("have no submitted annotation: not judged")
        for each in annotations:
            place = f"annotation {each.get('id', '?')}"
            meta = _meta_of(each)
            values = _with_none(_choices_of(each), codebooks, asked, native=not meta)
            codes = reader.codes(values, place=place)
            if codes is not None:
                facts = {**task["data"], **meta, **_native_facts(each)}
                reader.add(facts, codes, place=place)
    return reader.finish()


def _choices_of(annotation: Mapping[str, Any]) -> dict[str, list[str]]:
    try:
        return read_choices(annotation)
    except (KeyError, TypeError, AttributeError):
        number = annotation.get("id", "?")
        raise KitError(f"annotation {number} has choices that cannot be read") from None


def _with_none(
    values: Mapping[str, Any], codebooks: Sequence[Codebook], asked: set[str], *, native: bool
) -> dict[str, Any]:
    """Return the answers, with none of the codes where Label Studio leaves out what it asked."""
    if not native:
        return dict(values)
    only = len(codebooks) == 1
    left_out: dict[str, list[str]] = {
        book.name: []
        for book in codebooks
        if book.multi_label and (only or book.name in asked) and is_blank(values.get(book.name))
    }
    return {**values, **left_out}


def _meta_of(annotation: Mapping[str, Any]) -> LabelRow:
    """Return what was kept beside the choices when the kit wrote them, empty where it did not."""
    for result in annotation.get("result") or []:
        kept = (result.get("meta") or {}).get(_META)
        if isinstance(kept, dict):
            return kept
    return {}


def _native_facts(annotation: Mapping[str, Any]) -> LabelRow:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    choices = _choices_of(annotation)
    texts = {
        result.get("from_name"): "\n".join(map(str, result["value"].get("text") or []))
        for result in annotation.get("result") or []
        if result.get("type") == "textarea"
    }
    return {
        "annotator": who,
        "unsure": bool(choices.get("unsure")),
        "finding": "; ".join(choices.get("finding", [])),
        "note": texts.get("note"),
        "marked": texts.get("marked"),
        "seconds": annotation.get("lead_time"),
        "at": annotation.get("updated_at") or annotation.get("created_at"),
    }


def read_label_studio_min(
    path: Path, codebooks: Sequence[Codebook], annotator: str = ""
) -> ReadRecords:
    """Read JSON-MIN; Label Studio puts its own ids in the place of those of rows, so that texts count.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    rows = read_json_list(path)
    if not all(isinstance(row, dict) for row in rows):
        raise KitError(f"{path} is not a list of objects; export it again as JSON")
    places = [(f"annotation {row.get('annotation_id', '?')}", row) for row in rows]
    return _read_flat(RecordReader(str(path), codebooks, annotator), places)


def read_label_studio_csv(
    path: Path, codebooks: Sequence[Codebook], annotator: str = ""
) -> ReadRecords:
    """Read the CSV that Label Studio exports.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    reader = RecordReader(str(path), codebooks, annotator)
    return _read_flat(reader, read_table_rows(path))


def _read_flat(reader: RecordReader, rows: Sequence[tuple[str, LabelRow]]) -> ReadRecords:
    names = {book.name for book in reader.codebooks}
    asked = {name for _, row in rows for name in names & row.keys()}
    if asked or len(reader.codebooks) > 1:
        reader.expect_codes({name for _, row in rows for name in row})
    for place, row in rows:
        if is_blank(row.get("annotation_id")):
            reader.leave_out("have no submitted annotation: not judged")
            continue
        native = is_blank(row.get("action"))
        codes = reader.codes(_with_none(row, reader.codebooks, asked, native=native), place=place)
        if codes is not None:
            facts = row | {
                "unsure": not is_blank(row.get("unsure")),
                "note": _joined_text(row.get("note")),
                "marked": _joined_text(row.get("marked")),
                "seconds": row.get("lead_time"),
                "at": row.get("updated_at") or row.get("created_at"),
            }
            reader.add(facts, codes, place=place)
    return reader.finish()


def _joined_text(value: object) -> str:
    """Return the text of a field, whose lines are a list where there are several."""
    if isinstance(value, dict):
        return "\n".join(map(str, value.get("text") or []))
    return text_cell(value)
