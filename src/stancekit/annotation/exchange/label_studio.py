"""Label Studio's files: JSON, JSON-MIN and CSV, as the converter of its SDK 2.1.2 writes them.

Annotator, times and seconds are in its own fields. What it has no field for is JSON in a text area
that its interface does not show, so that Label Studio keeps and exports it. To import judgements
there, their annotators have to be members of its project by the e-mail that is their name here,
unless the server has ALLOW_IMPORT_TASKS_WITH_UNKNOWN_EMAILS.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from stancekit.annotation.exchange.record import (
    ReadRecords,
    Record,
    RecordReader,
    facts_of,
    read_codes,
    text_cell,
)
from stancekit.annotation.exchange.tables import read_table_rows
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError
from stancekit.fileio import guard_cell, write_json, write_text
from stancekit.labelling.label_studio import (
    Question,
    are_tasks,
    make_interface,
    read_choices,
    read_json_list,
    submitted_annotations,
)
from stancekit.labelling.row_format import LabelRow, is_blank

# The text area of what Label Studio has no field for.
_KEPT_IN = "stancekit"
_FINDINGS = ("no actor", "actor missing", "wrong target")
_QUESTIONS = (
    '<Choices name="unsure" toName="sentence"><Choice value="unsure"/></Choices>',
    '<Choices name="finding" toName="sentence">'
    + "".join(f'<Choice value="{finding}"/>' for finding in _FINDINGS)
    + "</Choices>",
    '<TextArea name="marked" toName="sentence"/>',
    '<TextArea name="note" toName="sentence"/>',
    f'<View style="display: none"><TextArea name="{_KEPT_IN}" toName="sentence"/></View>',
)
_ANSWERS = ("unsure", "finding", "marked", "note", _KEPT_IN)
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
        yield name, "choices", list(codes) or [NO_CODE_CELL]
    if judgement.unsure:
        yield "unsure", "choices", ["unsure"]
    if judgement.finding:
        yield "finding", "choices", [judgement.finding]
    for name in ("marked", "note"):
        if text := getattr(judgement, name):
            yield name, "textarea", [text]
    yield _KEPT_IN, "textarea", [json.dumps(_kept_facts(record), ensure_ascii=False)]


def _annotation(record: Record, number: int, task: int) -> dict[str, Any]:
    judgement = record.judgement
    results = [
        {
            "id": f"{number}-{name}",
            "from_name": name,
            "to_name": "sentence",
            "type": kind,
            "value": {"choices" if kind == "choices" else "text": values},
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
    row = _task_data(record)
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
    """Read JSON as Label Studio exports it.

    What was submitted with nothing chosen has none of the codes, unless the file has a sign for that.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    tasks = read_json_list(path)
    if not are_tasks(tasks):
        raise KitError(f"{path} is no list of tasks with their data; say format=label_studio_min")
    rows: list[tuple[str, LabelRow]] = []
    for task in tasks:
        # An answer among the data is no answer.
        data = {name: value for name, value in task["data"].items() if name not in _ANSWERS}
        annotations = submitted_annotations(task)
        for each in annotations:
            rows.append((f"annotation {each.get('id', '?')}", data | _answers_of(each, path)))
        if not annotations:
            rows.append(("", data))
    return _read_answers(RecordReader(str(path), codebooks, annotator), rows)


def _answers_of(annotation: Mapping[str, Any], path: Path) -> LabelRow:
    """Return an annotation with its answers as JSON-MIN has them."""
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    number = annotation.get("id", "?")
    try:
        texts = {
            str(result.get("from_name")): {"text": list(result["value"]["text"])}
            for result in annotation.get("result") or []
            if result.get("type") == "textarea"
        }
        choices = read_choices(annotation)
    except (KeyError, TypeError, AttributeError):
        raise KitError(
            f"{path} has answers in annotation {number} that cannot be read; export it again"
        ) from None
    own = {name: annotation.get(name) for name in ("created_at", "updated_at", "lead_time")}
    return {**choices, **texts, **own, "annotator": who, "annotation_id": number}


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
    return _read_answers(RecordReader(str(path), codebooks, annotator), places)


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
    return _read_answers(reader, read_table_rows(path))


def _read_answers(reader: RecordReader, rows: Sequence[tuple[str, LabelRow]]) -> ReadRecords:
    names = {book.name for book in reader.codebooks}
    done = [(place, row) for place, row in rows if not is_blank(row.get("annotation_id"))]
    asked = {name for _, row in done for name in names & row.keys()}
    if done and (asked or len(names) > 1):
        reader.expect_codes(asked)
    unchosen = _unchosen(reader.codebooks, [row for _, row in done], asked)
    for place, row in rows:
        if is_blank(row.get("annotation_id")):
            reader.leave_out("have no submitted annotation: not judged")
            continue
        kept = _kept_of(row)
        if not kept:
            left_out = [name for name in unchosen if is_blank(row.get(name)) or row[name] == []]
            for name in left_out:
                row[name] = [NO_CODE_CELL]
                reader.leave_out(f"have nothing chosen of {name}: read as none of its codes")
        codes = reader.codes(row, place=place)
        if codes is not None:
            facts = {**row, **kept, **_facts_of_answers(row)}
            reader.add(facts, codes, place=place)
    return reader.finish()


def _unchosen(
    codebooks: Sequence[Codebook], rows: Sequence[LabelRow], asked: set[str]
) -> list[str]:
    """Return the codebooks of which nothing chosen means none: asked here, and without a sign for that."""
    names = [book.name for book in codebooks if book.multi_label]
    if len(codebooks) > 1:
        names = [name for name in names if name in asked]
    return [
        name
        for name in names
        if not any(row.get(name) in (NO_CODE_CELL, [NO_CODE_CELL]) for row in rows)
    ]


def _kept_of(row: LabelRow) -> LabelRow:
    """Return what was kept in the text area when the kit wrote it, empty where it did not."""
    try:
        kept = json.loads(_joined_text(row.get(_KEPT_IN)) or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _facts_of_answers(row: LabelRow) -> LabelRow:
    finding = read_codes(row.get("finding")) or ()
    return {
        "annotator": row.get("annotator"),
        "unsure": not is_blank(row.get("unsure")),
        "finding": "; ".join(finding),
        "note": _joined_text(row.get("note")),
        "marked": _joined_text(row.get("marked")),
        "seconds": row.get("lead_time"),
        "at": row.get("updated_at") or row.get("created_at"),
    }


def _joined_text(value: object) -> str:
    """Return the text of an area, whose lines are a list where there are several."""
    if isinstance(value, str) and value.startswith('{"text": ['):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        return "\n".join(map(str, value.get("text") or []))
    return text_cell(value)
