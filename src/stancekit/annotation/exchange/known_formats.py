"""The formats of judgements: which there are, which one a file is of, and how it is written and read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stancekit.annotation.exchange.doccano import read_doccano, write_doccano
from stancekit.annotation.exchange.label_studio import (
    FLAT_COLUMNS,
    read_label_studio,
    read_label_studio_csv,
    read_label_studio_min,
    write_label_studio,
    write_label_studio_csv,
    write_label_studio_min,
)
from stancekit.annotation.exchange.potato import read_potato, write_potato
from stancekit.annotation.exchange.prodigy import read_prodigy, write_prodigy
from stancekit.annotation.exchange.record import (
    ITEM_COLUMNS,
    JUDGEMENT_COLUMNS,
    ReadRecords,
    Record,
    check_names,
)
from stancekit.annotation.exchange.tables import (
    read_records_table,
    read_table_rows,
    write_csv,
    write_lines,
    write_parquet,
)
from stancekit.codebook import Codebook
from stancekit.corpus.outputs import begins_with, check_output, has_columns
from stancekit.errors import KitError, nearest
from stancekit.labelling.label_studio import are_tasks, read_json_list

Write = Callable[[Path, Sequence[Record], Sequence[Codebook]], None]
Read = Callable[[Path, Sequence[Codebook], str], ReadRecords]


@dataclass(frozen=True, slots=True)
class ExchangeFormat:
    """How judgements are written and read, and what such files are called; the first ending is the usual one."""

    write: Write
    read: Read
    endings: tuple[str, ...]


EXCHANGE_FORMATS = {
    "csv": ExchangeFormat(write_csv, read_records_table, (".csv", ".tsv", ".xlsx")),
    "jsonl": ExchangeFormat(write_lines, read_records_table, (".jsonl",)),
    "parquet": ExchangeFormat(write_parquet, read_records_table, (".parquet",)),
    "label_studio": ExchangeFormat(write_label_studio, read_label_studio, (".json",)),
    "label_studio_min": ExchangeFormat(write_label_studio_min, read_label_studio_min, (".json",)),
    "label_studio_csv": ExchangeFormat(write_label_studio_csv, read_label_studio_csv, (".csv",)),
    "doccano": ExchangeFormat(write_doccano, read_doccano, (".jsonl",)),
    "potato": ExchangeFormat(write_potato, read_potato, (".jsonl", ".csv")),
    "prodigy": ExchangeFormat(write_prodigy, read_prodigy, (".jsonl",)),
}
# Tables that no other program writes.
OWN_FORMATS = ("csv", "jsonl", "parquet")
# What files are written as where nothing else is said; other tools use the same endings.
_BY_ENDING = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".json": "label_studio"}


def format_to_write(path: Path, format: str | None = None) -> str:
    """Return the format in which a file is written: the one that is said, or of its ending.

    Raises
    ------
    KitError
        When there is no such format, or its files are called otherwise.

    Examples
    --------
    >>> format_to_write(Path("judgements.csv")), format_to_write(Path("j.jsonl"), "prodigy")
    ('csv', 'prodigy')
    """
    if format is not None:
        _check_known(format)
        written = [end for end in EXCHANGE_FORMATS[format].endings if end in _BY_ENDING]
        if path.suffix not in written:
            raise KitError(
                f"cannot write {path} as {format}: its files end in {' or '.join(written)}"
            )
        return format
    if path.suffix not in _BY_ENDING:
        known = ", ".join(_BY_ENDING)
        raise KitError(f"cannot write judgements to {path}: they are written to {known}")
    return _BY_ENDING[path.suffix]


def _check_known(format: str) -> None:
    if format not in EXCHANGE_FORMATS:
        raise KitError(
            f"there is no format {format!r}{nearest(format, EXCHANGE_FORMATS)}; there are: "
            f"{', '.join(EXCHANGE_FORMATS)}"
        )


def format_of(path: Path, codebooks: Sequence[Codebook]) -> str:
    """Return the format that a file is of, by its ending and the keys of its rows.

    Raises
    ------
    KitError
        When it cannot be read, or is of none.
    """
    if path.suffix == ".json":
        return "label_studio" if are_tasks(read_json_list(path)) else "label_studio_min"
    if path.suffix not in (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"):
        raise KitError(
            f"cannot tell the format of {path} by its ending; say format=NAME, one of: "
            f"{', '.join(EXCHANGE_FORMATS)}"
        )
    rows = read_table_rows(path)
    keys = {key for _, row in rows[:100] for key in row}
    names = {book.name for book in codebooks}
    if keys >= FLAT_COLUMNS:
        return "label_studio_csv"
    if keys & {"instance_id", "label_annotations"}:
        return "potato"
    if "answer" in keys and keys & {"accept", "label", "options"}:
        return "prodigy"
    if "label" in keys and not names & keys:
        return "doccano"
    return "parquet" if path.suffix == ".parquet" else "jsonl" if path.suffix == ".jsonl" else "csv"


def check_records_file(
    path: Path,
    records: Iterable[Record],
    codebooks: Sequence[Codebook],
    *,
    format: str | None = None,
    inputs: Sequence[str | Path] = (),
) -> None:
    """Refuse to write judgements over a file that is none of them, or that has others.

    The kit's own tables are known by their columns. Other programs write their formats too: a
    file of these has only judgements that are in the project.

    Raises
    ------
    KitError
        When the format does not fit the file, it is among the inputs, or something would be lost.
    """
    chosen = format_to_write(path, format)
    if chosen in OWN_FORMATS:
        hashes = [f"{book.name}_hash" for book in codebooks]
        columns = {*ITEM_COLUMNS, *JUDGEMENT_COLUMNS, *hashes}
        check_output(path, "a table of judgements", has_columns(columns), inputs=inputs)
        return

    def holds_no_more(file: Path) -> bool:
        try:
            read = read_records(file, codebooks, format=chosen)
        except (KitError, ValueError):
            return False
        known = {_what_was_said(record) for record in records}
        return bool(read.records) and {_what_was_said(record) for record in read.records} <= known

    what = f"{chosen} with judgements of this project alone"
    check_output(path, what, holds_no_more, inputs=inputs)
    interface = path.with_suffix(".xml")
    if chosen == "label_studio":
        check_output(interface, "an interface of Label Studio", begins_with("<View>"))


def _what_was_said(record: Record) -> tuple[object, ...]:
    judgement = record.judgement
    codes = {name: frozenset(given) for name, given in judgement.codes.items() if given is not None}
    return record.text, record.actor, record.target, judgement.annotator, frozenset(codes.items())


def write_records(
    path: Path,
    records: Sequence[Record],
    codebooks: Sequence[Codebook],
    *,
    format: str | None = None,
) -> str:
    """Write judgements, and return in which format.

    Raises
    ------
    KitError
        When the format does not fit the file, or it cannot be written.
    """
    chosen = format_to_write(path, format)
    check_names(codebooks)
    EXCHANGE_FORMATS[chosen].write(path, records, codebooks)
    return chosen


def read_records(
    path: Path,
    codebooks: Sequence[Codebook],
    *,
    format: str | None = None,
    annotator: str = "",
) -> ReadRecords:
    """Read judgements of any format.

    Parameters
    ----------
    annotator
        Who judged, where the file does not say.

    Raises
    ------
    KitError
        When the file is of no format, or some row cannot be read.
    """
    if not path.is_file():
        raise KitError(f"there is no file {path}; give the judgements to read in with input=FILE")
    check_names(codebooks)
    if format is not None:
        _check_known(format)
    chosen = format or format_of(path, codebooks)
    return EXCHANGE_FORMATS[chosen].read(path, codebooks, annotator)
