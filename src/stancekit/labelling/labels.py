"""Labels that a model gave, read back: what `stancekit label` wrote."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from numpy.typing import NDArray

from stancekit.codebook import split_labels
from stancekit.corpus.dates import read_dates
from stancekit.corpus.readers import CsvCorpus, JsonlCorpus
from stancekit.errors import KitError, listing

LabelRow = dict[str, Any]

FORMAT = 2
# The columns of every row, before the blocks of the codebooks: a sentence x actor x target. In
# Parquet they have these types.
SCHEMA = {
    "id": "string",
    "article": "string",
    "sentence": "string",
    "start": "int64",
    "end": "int64",
    "actor": "string",
    "actor_start": "int64",
    "actor_end": "int64",
    "actor_code": "string",
    "target": "string",
}
# The columns that end every row of JSON lines; in Parquet they are metadata of the schema.
CLOSING = ("format", "codebooks")


@dataclass(frozen=True, slots=True)
class LabelledCodebook:
    """What labels say of a codebook: its name, what it codes, and whether a row may have several codes."""

    name: str
    unit: str
    multi_label: bool

    @property
    def columns(self) -> tuple[str, str]:
        """Return the two columns of its block: codes and scores."""
        return self.name, f"{self.name}_scores"

    def to_dict(self) -> dict[str, Any]:
        """Return what the column `codebooks` holds of it."""
        return {"unit": self.unit, "multi_label": self.multi_label}


def block(
    name: str, codes: Sequence[str], scores: Mapping[str, float], multi_label: bool
) -> dict[str, Any]:
    """Return the two columns of a codebook in one row; without scores, the codebook has no code for it.

    Examples
    --------
    >>> block("tone", ["warm"], {"cold": 0.25, "warm": 0.75}, multi_label=False)
    {'tone': 'warm', 'tone_scores': {'cold': 0.25, 'warm': 0.75}}
    >>> block("tone", [], {}, multi_label=False)
    {'tone': None, 'tone_scores': None}
    """
    if not scores:
        return {name: None, f"{name}_scores": None}
    given: Any = list(codes) if multi_label else codes[0]
    return {name: given, f"{name}_scores": {code: round(scores[code], 4) for code in scores}}


def closing(codebooks: Iterable[LabelledCodebook]) -> dict[str, Any]:
    """Return what ends every row, or the metadata of a Parquet file: the format, and the codebooks by name."""
    return {
        "format": FORMAT,
        "codebooks": {codebook.name: codebook.to_dict() for codebook in codebooks},
    }


# By what is labelled: the column of codes, and that of scores.
CODEBOOK_COLUMNS = {"stance": ("stance", "stance_scores"), "frames": ("frames", "frame_scores")}
# What a cell is called that has no value of a column.
NO_VALUE = "(none)"
_LABEL_SUFFIXES = (".jsonl", ".parquet", ".csv", ".tsv")
_REVIEW = ".review.jsonl"


def read_labels(path: str | Path) -> list[LabelRow]:
    """Read a file of labels, or all of a folder in order of name: `.jsonl`, `.parquet`, `.csv` or `.tsv`.

    Of a folder that `stancekit label` wrote, its parts. Where rows were set aside for a person as
    too uncertain (`risk=`), they are read too: without them the rest would speak for the sure rows
    only.

    Raises
    ------
    KitError
        When there is nothing to read, rows that were set aside are missing, or an id is missing or
        stands twice.
    """
    files = label_files(path)
    rows = [row for file in (*files, *set_aside(path, files)) for row in read_label_rows(file)]
    ids = [row_id(row) for row in rows]
    if lost := [number for number, one in enumerate(ids, 1) if not one]:
        raise KitError(
            f"{path} has rows without an id (rows {listing(lost)}); give every row an id of its own"
        )
    twice = [key for key, n in Counter(ids).items() if n > 1]
    if twice:
        raise KitError(
            f"{path} has {len(twice)} ids more than once: {listing(twice)}; give every row an id of its own"
        )
    return rows


def label_files(path: str | Path) -> list[Path]:
    """Return the files that hold labels, without rows that were set aside."""
    place = Path(path)
    files = [place]
    if place.is_dir():
        found = sorted(
            one
            for one in place.glob("*")
            if one.suffix in _LABEL_SUFFIXES and not one.name.endswith(_REVIEW)
        )
        parts = [one for one in found if one.name.startswith("part-")]
        settings = _labelling_settings(place)
        # The end of a labelling adds what it counted.
        if settings and "texts" not in settings:
            raise KitError(
                f"{path} is not labelled to its end; the command that began it goes on from there"
            )
        files = parts or ([] if settings else found)
    if not files or not all(one.exists() for one in files):
        raise KitError(
            f"there are no labels in {path}; write some with: stancekit label ARTICLE output=labels.jsonl"
        )
    if place.name.endswith(_REVIEW) or (
        place.name == "review" and _labelling_settings(place.parent)
    ):
        raise KitError(
            f"{path} holds only the rows that were too uncertain; name the labels beside it, which go with it"
        )
    return files


def set_aside(path: str | Path, files: Sequence[Path] | None = None) -> list[Path]:
    """Return the files of rows that `stancekit label risk=…` set aside as too uncertain, for a person to judge.

    Raises
    ------
    KitError
        When some of them are missing.
    """
    files = label_files(path) if files is None else files
    risk = _labelling_settings(files[0].parent).get("risk")
    found: list[Path] = []
    missing: list[Path] = []
    for file in files:
        review = file.parent / "review" / f"{file.stem}.jsonl"
        if file.name.startswith("part-") and (risk is not None or review.parent.is_dir()):
            (found if review.exists() else missing).append(review)
        elif (review := file.with_suffix(_REVIEW)).exists():
            found.append(review)
    if names := [f"{one.parent.name}/{one.name}" for one in missing]:
        raise KitError(
            f"{path} was labelled with a risk, and its uncertain rows in {listing(names)} are missing; "
            "without them no share of this corpus can be estimated. Put it back, or label again without risk="
        )
    return found


def _labelling_settings(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / "labelling.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_label_rows(file: Path) -> list[LabelRow]:
    """Read the rows of one file, without those that hold nothing."""
    if file.suffix == ".parquet":
        try:
            found: list[LabelRow] = pyarrow.parquet.read_table(file).to_pylist()
        except (OSError, pyarrow.ArrowException) as error:
            raise KitError(f"{file} cannot be read as Parquet: {error}") from None
    elif file.suffix in (".jsonl", ".csv", ".tsv"):
        reader = JsonlCorpus(file) if file.suffix == ".jsonl" else CsvCorpus(file)
        try:
            found = [dict(row) for _, row in reader.rows()]
        except KitError as error:
            # Labels and samples are no corpus of the config, so keys of one are no way out.
            raise KitError(re.sub(r",? or set corpus\.[^;.]*", "", str(error))) from None
    else:
        raise KitError(f"cannot read labels from {file}; they come as {', '.join(_LABEL_SUFFIXES)}")
    return [row for row in found if not all(blank(value) for value in row.values())]


def blank(value: object) -> bool:
    """Say whether a cell holds nothing: no value, not a number, or only space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124


def row_id(row: LabelRow) -> str:
    """Return a row's id as text, empty where it has none."""
    return "" if blank(row.get("id")) else str(row["id"])


def value_of(row: LabelRow, key: str) -> str:
    """Return what a row holds in a column as the name of a cell."""
    return NO_VALUE if blank(row.get(key)) else str(row[key])


def codes_of(rows: Sequence[LabelRow], what: str) -> list[str]:
    """Return the codes that rows have scores of, in alphabetical order.

    Raises
    ------
    KitError
        When `what` is neither `stance` nor `frames`, or rows lack its scores.
    """
    if what not in CODEBOOK_COLUMNS:
        raise KitError(
            f"unknown what={what!r}; there are {', '.join(CODEBOOK_COLUMNS)}. Set what=stance"
        )
    column = CODEBOOK_COLUMNS[what][1]
    if not rows or column not in rows[0]:
        raise KitError(
            f"labels have no column {column!r}; they are those that stancekit label writes"
        )
    try:
        return sorted(_row_scores(rows[0], what))
    except (TypeError, ValueError):
        raise KitError(
            f"row {row_id(rows[0])} has no scores in {column}: {rows[0][column]!r}; label again"
        ) from None


def _row_scores(row: LabelRow, what: str) -> Mapping[str, float]:
    given = row[CODEBOOK_COLUMNS[what][1]]
    return json.loads(given) if isinstance(given, str) else dict(given)


def score_table(rows: Sequence[LabelRow], what: str, codes: Sequence[str]) -> NDArray[np.float64]:
    """Return the scores of codes, shape (rows, codes).

    Raises
    ------
    KitError
        When a row has not the same codes as the first, or a score is no number from 0 to 1.
    """
    found = np.empty((len(rows), len(codes)))
    other: list[str] = []
    for number, row in enumerate(rows):
        try:
            own = _row_scores(row, what)
            found[number] = [float(own[code]) for code in codes]
        except (KeyError, TypeError, ValueError):
            other.append(row_id(row))
            continue
        if len(own) != len(codes):
            other.append(row_id(row))
    if other:
        raise KitError(
            f"not every row has a score of just {', '.join(codes)} (rows {listing(other)}); label all with one model"
        )
    if wrong := np.flatnonzero(~((found >= 0) & (found <= 1)).all(axis=1)).tolist():
        seen = [f"{row_id(rows[at])}: {rows[at][CODEBOOK_COLUMNS[what][1]]}" for at in wrong]
        raise KitError(
            f"{CODEBOOK_COLUMNS[what][1]} holds what is no probability in {len(wrong)} rows ({listing(seen, most=4)}); "
            "scores lie between 0 and 1. Correct the rows, or label again"
        )
    return found


def labels_given(rows: Sequence[LabelRow], what: str, codes: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether the model gave each row each code, shape (rows, codes).

    Raises
    ------
    KitError
        When a label is none of the codes, or a row has no stance or several.
    """
    column, known = CODEBOOK_COLUMNS[what][0], set(codes)
    given = [split_labels(row.get(column)) for row in rows]
    wrong = [
        f"{row_id(row)}: {'; '.join(own) or 'nothing'}"
        for row, own in zip(rows, given, strict=True)
        if set(own) - known or (what == "stance" and len(own) != 1)
    ]
    if wrong:
        one = "exactly one" if what == "stance" else "none or some"
        raise KitError(
            f"column {column} of the labels is unreadable in {len(wrong)} rows ({listing(wrong)}); a row bears {one} "
            f"of {', '.join(codes)}. Correct the rows, or label again"
        )
    return np.array([[code in own for code in codes] for own in given])


# Columns that follow from the date, with the length of what they hold of it.
PERIODS = {"year": 4, "month": 7}


def with_period(
    rows: Sequence[LabelRow], by: Iterable[str], date_format: str | None = None
) -> list[LabelRow]:
    """Return rows with `year` and `month` from their `date`, as far as cells are made by these and rows lack them.

    Raises
    ------
    KitError
        When a date cannot be read, or is not as precise as the period.

    Examples
    --------
    >>> with_period([{"date": "20180111"}, {"date": None}], ["month"])
    [{'date': '20180111', 'month': '2018-01'}, {'date': None, 'month': None}]
    """
    wanted = [key for key in PERIODS if key in by and not any(key in row for row in rows)]
    if not wanted or not any("date" in row for row in rows):
        return list(rows)
    dates = read_dates(
        ((row_id(row), row.get("date")) for row in rows),
        where="labels",
        key="date_format",
        format=date_format,
    )
    for key in wanted:
        if coarse := [
            f"{row_id(row)}: {of}"
            for row, of in zip(rows, dates, strict=True)
            if 0 < len(of) < PERIODS[key]
        ]:
            raise KitError(
                f"{len(coarse)} dates do not say the {key} ({listing(coarse)}); compare years with by=[year]"
            )
    return [
        {**row, **{key: of[: PERIODS[key]] or None for key in wanted}}
        for row, of in zip(rows, dates, strict=True)
    ]


def position(period: str) -> int | None:
    """Return where a year or a month lies in time, in years or months, `None` where it is neither.

    Examples
    --------
    >>> position("2010") - position("2000"), position("2020-03") - position("2019-12"), position("(none)")
    (10, 3, None)
    """
    found = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period, re.ASCII)
    if not found:
        return None
    return int(found[1]) * 12 + int(found[2]) if found[2] else int(found[1])
