"""Which files hold labels, and the rows of a file of any format that labels and samples come in."""

import gc
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias, overload
from zipfile import BadZipFile

from stancekit.corpus.files import read_data_file
from stancekit.errors import KitError, MissingExtra, listing, printable
from stancekit.fileio import unguard_cell
from stancekit.labelling.row_format import CLOSING, SET_ASIDE, LabelRow, is_blank
from stancekit.views import DataFrame, TableView

# Where rows of labels or of a sample come from: a file, or what Python has as a table.
RowSource: TypeAlias = str | Path | TableView | DataFrame
LABEL_SUFFIXES = (".jsonl", ".parquet", ".csv", ".tsv", ".xlsx")
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


def pairs_in(path: str | Path) -> int | None:
    """Return how many pairs of actor and target a folder's labelling has read, `None` where it does not say."""
    pairs = _labelling_settings(Path(path)).get("pairs")
    return pairs if isinstance(pairs, int) else None


def stream_rows(files: Sequence[Path], reviews: Sequence[Path]) -> Iterator[LabelRow]:
    """Yield the rows of files, then those that were set aside, each as of `read_label_rows`.

    Where there are files of rows that were set aside, every row says whether it was.
    """
    for file in files:
        for row in read_label_rows(file):
            yield row | {SET_ASIDE: False} if reviews else row
    for file in reviews:
        for row in read_label_rows(file):
            yield row | {SET_ASIDE: True}


def read_all_rows(files: Sequence[Path], reviews: Sequence[Path] = ()) -> list[LabelRow]:
    """Read the rows of several files, as of `stream_rows`.

    Python does not collect garbage meanwhile: among so many rows that all stay, that
    takes a third of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return list(stream_rows(files, reviews))
    finally:
        if collects:
            gc.enable()


class WrittenRows(Sequence[LabelRow]):
    """The rows of a folder that `label` has finished, read when they are used.

    Going through them reads file after file; they are all kept only where some are taken by
    their number.

    Parameters
    ----------
    folder
        The folder.
    n
        How many rows it has, those set aside among them.
    """

    def __init__(self, folder: Path, n: int) -> None:
        self.folder = folder
        self._n = n
        self._rows: list[LabelRow] | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._n

    def __iter__(self) -> Iterator[LabelRow]:
        """Yield row after row."""
        return iter(self._rows) if self._rows is not None else self._stream()

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[LabelRow]: ...
    def __getitem__(self, index: int | slice) -> LabelRow | list[LabelRow]:
        """Return a row, or some; all are read and kept."""
        if self._rows is None:
            self._rows = list(self._stream())
        return self._rows[index]

    def _stream(self) -> Iterator[LabelRow]:
        files = label_files(self.folder)
        for row in stream_rows(files, review_files(self.folder, files)):
            yield {key: value for key, value in row.items() if key not in CLOSING}


def read_label_rows(file: Path) -> list[LabelRow]:
    """Read the rows of one file, without those that are empty.

    What a Parquet file says of its rows in its metadata becomes columns, as JSON lines
    have them.

    Raises
    ------
    KitError
        When the file cannot be read.
    """
    if file.suffix == ".parquet":
        rows = _read_parquet(file)
    elif file.suffix == ".xlsx":
        rows = _read_excel(file)
    elif file.suffix in (".jsonl", ".csv", ".tsv"):
        try:
            rows = [dict(row) for row in read_data_file(file)]
        except KitError as error:
            # Labels and samples are no corpus of a config: advice about its keys would
            # not help.
            raise KitError(re.sub(r",? or set corpus\.[^;.]*", "", str(error))) from None
    else:
        raise KitError(f"cannot read labels from {file}; they come as {', '.join(LABEL_SUFFIXES)}")
    if file.suffix in (".csv", ".tsv", ".xlsx"):
        rows = [without_guards(row) for row in rows]
    return [row for row in rows if not all(is_blank(value) for value in row.values())]


def without_guards(row: LabelRow) -> LabelRow:
    """Return a row of a table for spreadsheets as it was before texts were guarded: codes may begin with + or -."""
    return {
        unguard_cell(name): unguard_cell(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _read_parquet(file: Path) -> list[LabelRow]:
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(file)
        rows: list[LabelRow] = table.to_pylist()
        metadata = {
            name: json.loads(value)
            for key, value in (table.schema.metadata or {}).items()
            if (name := key.decode(errors="replace")) in CLOSING
        }
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise KitError(f"{file} cannot be read as Parquet: {error}") from None
    return [row | metadata for row in rows] if metadata else rows


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


def _read_excel(file: Path) -> list[LabelRow]:
    import pandas as pd

    if find_spec("openpyxl") is None:
        raise MissingExtra("openpyxl", "excel")
    try:
        # As they are: a text of digits, as 007, is no number.
        sheet = pd.read_excel(
            file, engine="openpyxl", dtype=object, keep_default_na=False, na_values=[""]
        )
        return table_rows(sheet)
    except (OSError, ValueError, BadZipFile) as error:
        raise KitError(f"{file} cannot be read as Excel: {error}") from None
