"""Rows of labels as the bytes of a file: JSON lines, Parquet, CSV or Excel."""

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stancekit.corpus.outputs import check_output, head_rows
from stancekit.errors import KitError, MissingExtra, printable
from stancekit.fileio import (
    frame_to_csv,
    guard_cell,
    json_line,
    write_bytes,
    write_text,
)
from stancekit.labelling.flat import flatten
from stancekit.labelling.label_files import REVIEW_SUFFIX, without_guards
from stancekit.labelling.row_format import (
    ALL_ROWS,
    CLOSING,
    SCHEMA,
    SET_ASIDE,
    Extent,
    LabelledCodebook,
    LabelRow,
    closing,
)
from stancekit.labelling.score_columns import find_score_columns
from stancekit.views import DataFrame

# The files that labels are saved as, by their endings.
OUTPUT_SUFFIXES = (".jsonl", ".parquet", ".csv", ".xlsx", ".html")
# Endings of files: a folder of such a name would be taken for one.
_FILES = (
    *OUTPUT_SUFFIXES,
    ".tsv",
    ".json",
    ".txt",
    ".md",
    ".htm",
    ".gz",
    ".bz2",
    ".xz",
    ".zip",
)
# What the head of a page of labels has.
_PAGE_MARK, _PAGE_HEAD = b"stancekit labels</title>", 4_000
# Characters that no cell of Excel may hold.
_NOT_IN_EXCEL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def encode_rows(
    format: str,
    rows: Iterable[Mapping[str, Any]],
    codebooks: Sequence[LabelledCodebook],
    *,
    fields: Sequence[str] = (),
    extent: Extent = ALL_ROWS,
) -> bytes:
    """Return the bytes of a file of rows.

    Parameters
    ----------
    format
        `jsonl`, `parquet`, or as flat tables `csv` or `xlsx`.
    fields
        The fields that were kept of the input; in Parquet each has a column.
    extent
        Which rows these are; CSV and Excel do not say it.

    Raises
    ------
    MissingExtra
        When a package that writes Excel files is not installed.
    """
    if format == "jsonl":
        last = closing(codebooks, extent)
        return "".join(f"{json_line({**row, **last})}\n" for row in rows).encode("utf-8")
    if format == "parquet":
        return _encode_parquet(rows, codebooks, fields, extent)
    plain = [{key: row[key] for key in row if key not in CLOSING} for row in rows]
    frame = flatten(plain, {codebook.name: codebook for codebook in codebooks})
    if format == "csv":
        return frame_to_csv(_json_cells(frame), decimals=None).encode("utf-8")
    return _encode_excel(_json_cells(frame))


def _encode_parquet(
    rows: Iterable[Mapping[str, Any]],
    books: Sequence[LabelledCodebook],
    fields: Sequence[str],
    extent: Extent,
) -> bytes:
    import pyarrow
    import pyarrow.parquet

    types = SCHEMA | dict.fromkeys(fields, "string")
    types |= {book.columns[0]: "list" if book.multi_label else "string" for book in books}
    # Scores are a JSON object in one column, whatever the codebook.
    types |= {book.columns[1]: "string" for book in books}
    order = [*SCHEMA, *(column for book in books for column in book.columns), *fields]
    arrow = {"string": pyarrow.string(), "int64": pyarrow.int64()}
    arrow["list"] = pyarrow.list_(pyarrow.string())
    # Readers of a part need not see a row to know the codebooks; a part may have no rows.
    head = {key: json.dumps(value) for key, value in closing(books, extent).items()}
    schema = pyarrow.schema([(name, arrow[types[name]]) for name in order], metadata=head)
    cells = [{name: _cell(row.get(name), types[name]) for name in order} for row in rows]
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(cells, schema=schema), file)
    return file.getvalue()


def _cell(value: Any, type: str) -> Any:
    """Return a value as a column of Parquet holds it: objects are JSON, and kept fields are text."""
    if value is None or type != "string" or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _json_cells(frame: DataFrame) -> DataFrame:
    """Return a table whose cells hold no objects: what was one in a kept field is JSON."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    columns = {
        name: frame[name].map(
            lambda value: json.dumps(value) if isinstance(value, dict | list) else value
        )
        for name in texts
    }
    return frame.assign(**columns)


def _encode_excel(frame: DataFrame) -> bytes:
    if find_spec("openpyxl") is None:
        raise MissingExtra("openpyxl", "excel")
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    columns = {name: frame[name].map(_excel_cell) for name in texts}
    file = io.BytesIO()
    frame.assign(**columns).to_excel(file, sheet_name="labels", index=False, engine="openpyxl")
    return file.getvalue()


def _excel_cell(value: Any) -> Any:
    """Return a cell that Excel takes for no formula, with characters that it cannot hold escaped."""
    if not isinstance(value, str):
        return value
    return guard_cell(_NOT_IN_EXCEL.sub(lambda match: printable(match[0]), value))


def check_suffix(path: str | Path) -> str:
    """Return the format that a file's ending names.

    Raises
    ------
    KitError
        When labels are not saved as such a file.
    """
    suffix = Path(path).suffix
    if suffix not in OUTPUT_SUFFIXES:
        raise KitError(
            f"cannot write {path}: labels go to a file with one of the endings "
            f"{', '.join(OUTPUT_SUFFIXES)}; those of many texts also to a folder, as output=labels"
        )
    return suffix[1:]


def names_a_file(output: str | Path) -> bool:
    """Say whether labels are to go to a file, by its ending or as it is there, and not to a folder."""
    return Path(output).suffix.lower() in _FILES or Path(output).is_file()


def check_labels_file(path: str | Path, inputs: Iterable[object] = ()) -> None:
    """Refuse to write labels over a file that is no labels, or that a person has added a column to.

    Raises
    ------
    KitError
        When the file has another ending, is among the inputs, or is no labels.
    """
    check_suffix(path)
    check_output(path, "labels that label wrote", _is_labels, inputs=inputs)


def _is_labels(path: Path) -> bool:
    if path.suffix == ".html":
        return _is_page(path)
    if path.suffix == ".parquet":
        return _says_codebooks(path)
    rows = head_rows(path)
    if not rows:
        return rows is not None
    if path.suffix == ".jsonl":
        return all(set(CLOSING[:2]) <= row.keys() for row in rows)
    names = list(dict.fromkeys(key for row in rows for key in row))
    try:
        books, _ = find_score_columns(path, [without_guards(dict(row)) for row in rows])
    except KitError:
        return False
    # Scores are last: what follows them is of somebody else, such as a column of judgements.
    found = [list(columns.values()) for columns in books.values()]
    is_flat = {"id", "sentence"} <= set(names) and bool(found)
    return is_flat and names[-1] == found[-1][-1]


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return _PAGE_MARK in file.read(_PAGE_HEAD)


def write_page(path: Path, html: str) -> None:
    """Write a page of labels.

    Raises
    ------
    KitError
        When a file that is no such page would be lost.
    """
    check_output(path, "a page of labels", _is_page)
    write_text(path, html)


def _says_codebooks(path: Path) -> bool:
    import pyarrow
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
    except (pyarrow.ArrowException, OSError):
        return False
    return CLOSING[1].encode() in metadata


def write_rows(
    path: Path,
    rows: Iterable[LabelRow],
    codebooks: Mapping[str, LabelledCodebook],
    extent: Extent = ALL_ROWS,
) -> None:
    """Write rows to a file of the format that its ending names, and those set aside beside it.

    Of a page, which is no file of rows, only those set aside.

    Raises
    ------
    KitError
        When there are rows to judge of another labelling beside it, or a file that is no labels
        would be lost.
    """
    check_labels_file(path)
    listed, books = list(rows), list(codebooks.values())
    aside = None
    if any(SET_ASIDE in row for row in listed):
        aside = encode_rows("jsonl", _without_mark(listed, aside=True), books, extent=extent)
    review = path.with_suffix(REVIEW_SUFFIX)
    # A person may have judged them, and they would not belong to the labels beside them.
    # The same labelling once more is no harm.
    if review.exists() and review.read_bytes() != aside:
        raise KitError(
            f"{review} holds rows of another labelling, which a person may have judged; "
            "move it, or name another output"
        )
    if path.suffix != ".html":
        sure = _without_mark(listed, aside=False)
        own = {*SCHEMA, *(column for book in books for column in book.columns)}
        fields = dict.fromkeys(key for row in sure for key in row if key not in own)
        encoded = encode_rows(path.suffix[1:], sure, books, fields=list(fields), extent=extent)
        write_bytes(path, encoded)
    if aside is not None:
        write_bytes(review, aside)


def _without_mark(rows: Iterable[LabelRow], *, aside: bool) -> list[LabelRow]:
    return [
        {key: value for key, value in row.items() if key != SET_ASIDE}
        for row in rows
        if bool(row.get(SET_ASIDE)) == aside
    ]
