"""Judgements as a table, one row for each: CSV, JSON lines and Parquet.

`corpus=FILE corpus.columns.annotator=annotator` reads such a table as labelled data.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stancekit.annotation.exchange.record import (
    ABOUT_COLUMNS,
    ITEM_COLUMNS,
    JUDGEMENT_COLUMNS,
    ReadRecords,
    Record,
    RecordReader,
    codes_cell,
    facts_of,
)
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.fileio import guard_cell, replacing_file, unguard_cell, write_jsonl, write_text
from stancekit.labelling.label_files import read_label_rows
from stancekit.labelling.row_format import LabelRow


def table_columns(records: Sequence[Record], codebooks: Sequence[Codebook]) -> list[str]:
    """Return the columns of judgements: those that there always are, then what items have besides."""
    names = [book.name for book in codebooks]
    columns = [*ITEM_COLUMNS, "annotator", "action", *names, *JUDGEMENT_COLUMNS[2:]]
    columns += [f"{name}_hash" for name in names]
    columns += [
        f"{name}_revised"
        for name in names
        if any(name in (record.judgement.revised or {}) for record in records)
    ]
    columns += ABOUT_COLUMNS
    extra = {key: None for record in records for key in facts_of(record)}
    return list(dict.fromkeys([*columns, *extra]))


def write_csv(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write a CSV file; texts that a spreadsheet would run as formulas have an apostrophe before them."""
    rows = [
        facts_of(record)
        | {"text": record.text}
        | {book.name: codes_cell(record.judgement.codes.get(book.name)) for book in codebooks}
        for record in records
    ]
    write_text(path, csv_text(table_columns(records, codebooks), rows))


def csv_text(columns: Sequence[str], rows: Sequence[LabelRow]) -> str:
    r"""Return rows as CSV: lists as JSON, no value as an empty cell, texts safe for spreadsheets.

    Examples
    --------
    >>> csv_text(["id", "unsure", "note"], [{"id": "=1", "unsure": True, "note": None}])
    "id,unsure,note\n'=1,true,\n"
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    # A name that holds a sign which may separate is quoted, so that the header shows what does.
    odd = any(sign in name for name in columns for sign in ";|\t")
    header = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_ALL) if odd else writer
    header.writerow([guard_cell(name) for name in columns])
    for row in rows:
        writer.writerow([_csv_cell(row.get(name)) for name in columns])
    return lines.getvalue()


def _csv_cell(value: Any) -> str:
    import json

    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(guard_cell(str(value)) if isinstance(value, str) else value)


def write_lines(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write JSON lines; codes are a list where a codebook allows several, and null where it was not asked."""
    columns = table_columns(records, codebooks)
    rows = [_typed_row(record, codebooks) for record in records]
    write_jsonl(path, ({name: row.get(name) for name in columns} for row in rows))


def _typed_row(record: Record, codebooks: Sequence[Codebook]) -> LabelRow:
    row = facts_of(record) | {"text": record.text}
    for book in codebooks:
        codes = record.judgement.codes.get(book.name)
        row[book.name] = _typed_codes(codes, book)
    return row


def _typed_codes(codes: Sequence[str] | None, book: Codebook) -> list[str] | str | None:
    if codes is None:
        return None
    if book.multi_label:
        return list(codes)
    return codes[0] if codes else NO_CODE_CELL


def write_parquet(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write a Parquet file with the values of JSON lines; what an item has besides is text or a number."""
    import pyarrow
    import pyarrow.parquet

    typed: dict[str, Any] = {"unsure": pyarrow.bool_(), "repeat": pyarrow.int8()}
    typed |= dict.fromkeys(("seconds", "probability"), pyarrow.float64())
    typed |= dict.fromkeys(
        ("batch", "actor_start", "actor_end", "target_start", "target_end"), pyarrow.int64()
    )
    typed |= {book.name: pyarrow.list_(pyarrow.string()) for book in codebooks if book.multi_label}
    rows = [_typed_row(record, codebooks) for record in records]
    arrays = {}
    for name in table_columns(records, codebooks):
        values = [row.get(name) for row in rows]
        if name not in typed:
            values = [None if value is None else _csv_text_of(value) for value in values]
        arrays[name] = pyarrow.array(values, typed.get(name, pyarrow.string()))
    with replacing_file(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.table(arrays), temporary)


def _csv_text_of(value: Any) -> str:
    return value if isinstance(value, str) else _csv_cell(value)


def read_table_rows(path: Path) -> list[tuple[str, LabelRow]]:
    """Return the rows of a table with their places, texts without what guards them in CSV.

    Raises
    ------
    KitError
        When the file cannot be read.
    """
    rows = read_label_rows(path)
    if path.suffix in (".csv", ".tsv"):
        rows = [
            {
                unguard_cell(name): unguard_cell(value) if isinstance(value, str) else value
                for name, value in row.items()
            }
            for row in rows
        ]
    return [(f"row {number}", row) for number, row in enumerate(rows, 1)]


def read_records_table(
    path: Path, codebooks: Sequence[Codebook], annotator: str = ""
) -> ReadRecords:
    """Read a table of judgements; of a row without a code, a finding, a note or a mark nobody judged.

    Raises
    ------
    KitError
        When the file or some row cannot be read.
    """
    reader = RecordReader(str(path), codebooks, annotator)
    rows = read_table_rows(path)
    reader.expect_codes({name for _, row in rows for name in row})
    for place, row in rows:
        codes = reader.codes(row, place=place)
        if codes is None:
            continue
        if codes or any(row.get(name) for name in ("finding", "at")):
            reader.add(row, codes, place=place)
        else:
            reader.leave_out("have no code: not judged")
    return reader.finish()
