"""Which files hold labels, and the rows of a file of any format that labels and samples come in."""

import gc
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.parquet

from stancekit.corpus.readers import CsvCorpus, JsonlCorpus
from stancekit.errors import KitError, listing, printable
from stancekit.views import DataFrame, TableView

LabelRow = dict[str, Any]
# Where rows of labels or of a sample come from: a file, or what Python has as a table.
RowSource: TypeAlias = str | Path | TableView | DataFrame
LABEL_SUFFIXES = (".jsonl", ".parquet", ".csv", ".tsv")
# What the file that `label` wrote beside one article's labels ends in, for rows left to
# a person.
REVIEW_SUFFIX = ".review.jsonl"


def label_files(path: str | Path) -> list[Path]:
    """Return the files that hold labels, without rows that were set aside.

    Raises
    ------
    KitError
        When there are none, the labelling is unfinished, or they are only the rows set
        aside.
    """
    place = Path(path)
    files = _files_in(place) if place.is_dir() else [place]
    if not files or not all(file.exists() for file in files):
        raise KitError(
            f"there are no labels in {path}; write some with: stancekit label ARTICLE "
            "output=labels.jsonl"
        )
    in_review = place.name == "review" and bool(_labelling_settings(place.parent))
    if place.name.endswith(REVIEW_SUFFIX) or in_review:
        raise KitError(
            f"{path} holds only the rows that were too uncertain; give the labels that they belong "
            "to, and these rows are read with them"
        )
    return files


def _files_in(folder: Path) -> list[Path]:
    """Return the label files of a folder: its parts where `label` wrote it, else all."""
    files = sorted(
        file
        for file in folder.glob("*")
        if file.suffix in LABEL_SUFFIXES and not file.name.endswith(REVIEW_SUFFIX)
    )
    parts = [file for file in files if file.name.startswith("part-")]
    settings = _labelling_settings(folder)
    # Only a labelling that has finished adds its counts.
    if settings and "texts" not in settings:
        raise KitError(
            f"{folder} is not labelled to the end; run the same command again to finish it"
        )
    return parts or ([] if settings else files)


def review_files(path: str | Path, files: Sequence[Path] | None = None) -> list[Path]:
    """Return the files of rows that `stancekit label risk=…` set aside for a person as too uncertain.

    Raises
    ------
    KitError
        When some of them are missing.
    """
    files = label_files(path) if files is None else files
    risk = _labelling_settings(files[0].parent).get("risk")
    present: list[Path] = []
    missing: list[Path] = []
    for file in files:
        review = file.parent / "review" / f"{file.stem}.jsonl"
        beside = file.with_suffix(REVIEW_SUFFIX)
        if file.name.startswith("part-") and (risk is not None or review.parent.is_dir()):
            (present if review.exists() else missing).append(review)
        elif beside.exists():
            present.append(beside)
    if missing:
        names = [f"{file.parent.name}/{file.name}" for file in missing]
        raise KitError(
            f"{path} was labelled with a risk, and its uncertain rows in {listing(names)} are "
            "missing; without them no share of this corpus can be estimated. Put the files back, "
            "or label again without risk="
        )
    return present


def _labelling_settings(folder: Path) -> Mapping[str, Any]:
    try:
        settings = json.loads((folder / "labelling.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def read_all_rows(files: Sequence[Path]) -> list[LabelRow]:
    """Read the rows of several files, as of `read_label_rows`.

    Python does not collect garbage meanwhile: among so many rows that all stay, that
    takes a third of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return [row for file in files for row in read_label_rows(file)]
    finally:
        if collects:
            gc.enable()


def read_label_rows(file: Path) -> list[LabelRow]:
    """Read the rows of one file, without those that are empty.

    The metadata `format` and `codebooks` of a Parquet file become columns, as JSON
    lines have them.

    Raises
    ------
    KitError
        When the file cannot be read.
    """
    if file.suffix == ".parquet":
        rows = _read_parquet(file)
    elif file.suffix in (".jsonl", ".csv", ".tsv"):
        reader = JsonlCorpus(file) if file.suffix == ".jsonl" else CsvCorpus(file)
        try:
            rows = [dict(row) for _, row in reader.rows()]
        except KitError as error:
            # Labels and samples are no corpus of a config: advice about its keys would
            # not help.
            raise KitError(re.sub(r",? or set corpus\.[^;.]*", "", str(error))) from None
    else:
        raise KitError(f"cannot read labels from {file}; they come as {', '.join(LABEL_SUFFIXES)}")
    return [row for row in rows if not all(is_blank(value) for value in row.values())]


def _read_parquet(file: Path) -> list[LabelRow]:
    try:
        table = pyarrow.parquet.read_table(file)
        rows: list[LabelRow] = table.to_pylist()
        metadata = {
            key: json.loads(value)
            for key, value in (table.schema.metadata or {}).items()
            if key in (b"format", b"codebooks")
        }
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise KitError(f"{file} cannot be read as Parquet: {error}") from None
    columns = {key.decode(): value for key, value in metadata.items()}
    return [row | columns for row in rows] if columns else rows


def list_tables(tables: RowSource | Sequence[RowSource]) -> tuple[RowSource, ...]:
    """Return what may be one table or several as several.

    Examples
    --------
    >>> list_tables("sample.csv"), list_tables(["sample.csv", "more.csv"])
    (('sample.csv',), ('sample.csv', 'more.csv'))
    """
    if isinstance(tables, Sequence) and not isinstance(tables, str | TableView):
        return tuple(tables)
    return (tables,)


def table_rows(table: TableView | DataFrame) -> list[LabelRow]:
    """Return the rows of a table in Python, without those that are empty; cells without a value are `None`.

    Raises
    ------
    KitError
        When it is no table.

    Examples
    --------
    >>> import pandas as pd
    >>> table_rows(pd.DataFrame({"id": ["r0", "r1", None], "tone": ["warm", None, None]}))
    [{'id': 'r0', 'tone': 'warm'}, {'id': 'r1', 'tone': None}]
    """
    import pandas as pd

    frame = table.to_frame() if isinstance(table, TableView) else table
    if not isinstance(frame, pd.DataFrame):
        raise KitError(
            f"{printable(repr(table), most=80)} is no table; give the path of a file, or a pandas "
            "DataFrame"
        )
    # As objects, numbers stay what they are in columns that have empty cells.
    cells = frame.astype(object)
    rows = cells.where(frame.notna(), None).to_dict("records")
    named = [{str(name): value for name, value in row.items()} for row in rows]
    return [row for row in named if not all(is_blank(value) for value in row.values())]


def source_name(source: RowSource) -> str:
    """Return what messages call the source of rows."""
    return str(source) if isinstance(source, str | Path) else "the table"


def is_blank(value: object) -> bool:
    """Say whether a cell holds nothing: no value, not a number, or only space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124


def row_id(row: LabelRow) -> str:
    """Return a row's id as text, empty where it has none."""
    value = row.get("id")
    return "" if is_blank(value) else str(value)
