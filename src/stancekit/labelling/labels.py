"""The format of labels, in one place: what `stancekit label` writes, and how labels are read and checked.

A row is a sentence, an actor and a target. Behind the columns of `SCHEMA` each codebook
NAME has two: `NAME`, the code (a list of codes where several are allowed), and
`NAME_scores`, the score of every code. Then follow the fields that were kept of the
input, then `format` and `codebooks`, which says of each codebook what it codes. Parquet
has the last two in the metadata of its schema, and scores as a JSON string.

A codebook that codes sentences is on every row of its sentence, and counts once. A
sentence without an actor and a target has a row only where some codebook codes
sentences; the columns of codebooks that code examples are null there.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.codebook import split_labels
from stancekit.errors import KitError, listing
from stancekit.labelling.label_files import (
    LabelRow,
    is_blank,
    label_files,
    read_all_rows,
    review_files,
    row_id,
    source_name,
    table_rows,
)
from stancekit.types import BoolArray, FloatArray
from stancekit.views import DataFrame

LABELS_FORMAT = 2
# How far from 1 the scores of a row may add up where one code excludes the others: four
# digits of each of some hundred codes.
SUM_TOLERANCE = 0.02


# The columns of every row, before those of the codebooks, with their types in Parquet.
# A value that there is none of is null.
SCHEMA = {
    # That of the sentence; with an actor and target, `.0`, `.1` and so on after it.
    "id": "string",
    # The id of the article.
    "article": "string",
    # The text of the sentence as models read it, and where it starts and ends in the
    # article.
    "sentence": "string",
    "start": "int64",
    "end": "int64",
    # The actor's name, and where it starts and ends in the sentence.
    "actor": "string",
    "actor_start": "int64",
    "actor_end": "int64",
    # ISO 3166 alpha-3, of an actor that is a country.
    "actor_code": "string",
    "target": "string",
}
# The columns that end every row of JSON lines; in Parquet they are metadata of the
# schema.
CLOSING = ("format", "codebooks")


@dataclass(frozen=True, slots=True)
class LabelledCodebook:
    """What labels say of a codebook: its name, what it codes, and whether a unit may have several codes."""

    name: str
    unit: str = "example"
    multi_label: bool = False

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
        "format": LABELS_FORMAT,
        "codebooks": {codebook.name: codebook.to_dict() for codebook in codebooks},
    }


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels that were read: all rows, without the columns `format` and `codebooks`.

    `notes` say what a reader of a result should know about them.
    """

    rows: list[LabelRow]
    codebooks: dict[str, LabelledCodebook]
    notes: tuple[str, ...] = ()

    def units(self, codebook: LabelledCodebook) -> "Labels":
        """Return the rows that count for a codebook.

        Rows without an actor and target do not count for a codebook that codes
        examples. Of one that codes sentences, the first row of each sentence counts.
        """
        rows = [row for row in self.rows if not _is_unlabelled(row, codebook)]
        if codebook.unit == "sentence":
            rows = list({sentence_id(row): row for row in reversed(rows)}.values())[::-1]
        return Labels(rows, self.codebooks, self.notes)

    def codes(self, codebook: LabelledCodebook) -> list[str]:
        """Return the codes that the first row has scores of, in alphabetical order.

        Raises
        ------
        KitError
            When there is no row, or it has no scores.
        """
        if not self.rows:
            raise KitError(f"the labels have no row that {codebook.name} codes; label other texts")
        try:
            return sorted(_row_scores(self.rows[0], codebook))
        except (TypeError, ValueError):
            value = self.rows[0].get(codebook.columns[1])
            raise KitError(
                f"row {row_id(self.rows[0])} has no scores in {codebook.columns[1]}: {value!r}; "
                "label again"
            ) from None

    def scores(self, codebook: LabelledCodebook) -> FloatArray:
        """Return the score of every code, shape (rows, codes).

        Raises
        ------
        KitError
            When a row has other codes than the first, or a score is not a number from 0
            to 1.
        """
        codes = self.codes(codebook)
        scores = np.empty((len(self.rows), len(codes)))
        different: list[str] = []
        for index, row in enumerate(self.rows):
            try:
                by_code = _row_scores(row, codebook)
                scores[index] = [float(by_code[code]) for code in codes]
                complete = len(by_code) == len(codes)
            except (KeyError, TypeError, ValueError):
                complete = False
            if not complete:
                different.append(row_id(row))
        if different:
            raise KitError(
                f"not every row has a score of just {', '.join(codes)} (rows {listing(different)}); "
                "label all with one model"
            )
        self._check_range(scores, codebook)
        return scores

    def _check_range(self, scores: FloatArray, codebook: LabelledCodebook) -> None:
        wrong = np.flatnonzero(~((scores >= 0) & (scores <= 1)).all(axis=1)).tolist()
        if wrong:
            rows = [self.rows[index] for index in wrong]
            seen = [f"{row_id(row)}: {row[codebook.columns[1]]}" for row in rows]
            raise KitError(
                f"{codebook.columns[1]} has a value that is no probability in {len(wrong)} rows "
                f"({listing(seen, most=4)}); scores are from 0 to 1. Correct the rows, or label again"
            )

    def given(self, codebook: LabelledCodebook) -> BoolArray:
        """Return whether the model gave each row each code, shape (rows, codes).

        Raises
        ------
        KitError
            When a label is none of the codes, or a row has none or several where it
            must have one.
        """
        codes = self.codes(codebook)
        known = set(codes)
        labels = [split_labels(row.get(codebook.name)) for row in self.rows]
        wrong = [
            f"{row_id(row)}: {'; '.join(of_row) or 'nothing'}"
            for row, of_row in zip(self.rows, labels, strict=True)
            if not known.issuperset(of_row) or (len(of_row) != 1 and not codebook.multi_label)
        ]
        if wrong:
            allowed = "none or some" if codebook.multi_label else "exactly one"
            raise KitError(
                f"column {codebook.name} of the labels is unreadable in {len(wrong)} rows "
                f"({listing(wrong)}); a row has {allowed} of {', '.join(codes)}. Correct the rows, "
                "or label again"
            )
        return np.array([[code in of_row for code in codes] for of_row in labels])


def _is_unlabelled(row: LabelRow, codebook: LabelledCodebook) -> bool:
    """Say whether a row is a sentence without an actor and target, which the codebook does not code."""
    return (
        codebook.unit == "example"
        and row.get(codebook.columns[1]) is None
        and row.get("actor") is None
        and row.get("target") is None
    )


def sentence_id(row: LabelRow) -> str:
    """Return the id of a row's sentence: rows with an actor and target have a number after it.

    Examples
    --------
    >>> sentence_id({"id": "a.3.0", "actor": "Peru", "target": "the levy"}), sentence_id({"id": "a.4"})
    ('a.3', 'a.4')
    """
    has_example = not (is_blank(row.get("actor")) and is_blank(row.get("target")))
    return row_id(row).rsplit(".", 1)[0] if has_example else row_id(row)


def _row_scores(row: LabelRow, codebook: LabelledCodebook) -> Mapping[str, float]:
    value = row[codebook.columns[1]]
    return json.loads(value) if isinstance(value, str) else dict(value)


def read_labels(path: str | Path | Labels | DataFrame) -> Labels:
    """Read labels: a file, or all of a folder in order of name: `.jsonl`, `.parquet`, `.csv` or `.tsv`.

    A DataFrame with the columns of labels is read too; labels that were read are returned.
    Of a folder that `stancekit label` wrote, its parts. Where rows were set aside for a
    person as too uncertain (`risk=`), they are read too: without them the rest would
    describe only the certain rows.

    Raises
    ------
    KitError
        When there is nothing to read, rows that were set aside are missing, an id is
        missing or occurs twice, or the rows are not in this format.
    """
    if isinstance(path, Labels):
        return path
    files = label_files(path) if isinstance(path, str | Path) else []
    reviews = review_files(path, files) if files else []
    rows = read_all_rows([*files, *reviews]) if files else table_rows(path)
    name = source_name(path)
    _check_ids(name, rows)
    table = not files or any(file.suffix in (".csv", ".tsv") for file in files)
    codebooks, notes = _take_codebooks(name, rows, table=table)
    if reviews:
        names = listing(reviews, most=2)
        notes.append(f"with the rows that label set aside as too uncertain ({names})")
    return Labels(rows, codebooks, tuple(notes))


def _check_ids(path: str, rows: Sequence[LabelRow]) -> None:
    ids = [row_id(row) for row in rows]
    if missing := [number for number, key in enumerate(ids, 1) if not key]:
        raise KitError(
            f"{path} has rows without an id (rows {listing(missing)}); give every row its own id"
        )
    if twice := [key for key, n in Counter(ids).items() if n > 1]:
        raise KitError(
            f"{path} has {len(twice)} ids more than once: {listing(twice)}; give every row its own id"
        )


def _take_codebooks(
    path: str, rows: Sequence[LabelRow], *, table: bool
) -> tuple[dict[str, LabelledCodebook], list[str]]:
    """Return the codebooks of rows; take the columns that say so out of the rows."""
    declared = next((row["codebooks"] for row in rows if _is_declared(row)), None)
    if not rows:
        return {}, []
    if declared is None:
        return _infer_codebooks(path, rows, table=table)
    different = [row_id(row) for row in rows if row.get("codebooks") != declared]
    if different:
        raise KitError(
            f"{path} has rows of other codebooks than {', '.join(declared)} "
            f"({len(different)} rows: {listing(different)}); label all with the same models"
        )
    versions = sorted({str(row.pop("format", None)) for row in rows} - {str(LABELS_FORMAT)})
    if versions:
        raise KitError(
            f"{path} is in format {listing(versions)} of labels, and this version of stancekit "
            f"reads {LABELS_FORMAT}; label again, or use the version that wrote it"
        )
    for row in rows:
        del row["codebooks"]
    try:
        return {name: LabelledCodebook(name, **facts) for name, facts in declared.items()}, []
    except TypeError:
        raise KitError(
            f"{path} has an unreadable column codebooks: {declared}; label again"
        ) from None


def _is_declared(row: LabelRow) -> bool:
    return "format" in row and isinstance(row.get("codebooks"), dict)


def _infer_codebooks(
    path: str, rows: Sequence[LabelRow], *, table: bool
) -> tuple[dict[str, LabelledCodebook], list[str]]:
    """Find the codebooks of a table that does not name them, by its pairs NAME and NAME_scores."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    # What is no table of the user's own has been written by `label`, before formats had
    # a number.
    if rows[0].keys() >= SCHEMA.keys() and not table:
        raise KitError(
            f"{path} was written by an older version of stancekit; label the texts again"
        )
    names = [name for name in columns if f"{name}_scores" in columns]
    if not names:
        raise KitError(
            f"{path} has no pair of columns NAME and NAME_scores, the codes and the scores of a "
            f"codebook; it has: {listing(columns)}. Labels are what stancekit label writes"
        )
    for name in names:
        if lacking := [row_id(row) for row in rows if is_blank(row.get(f"{name}_scores"))]:
            raise KitError(
                f"{path} has {len(lacking)} rows without {name}_scores ({listing(lacking)}); "
                "every row needs the score of every code"
            )
    inferred = [_infer_codebook(name, rows) for name in names]
    return {codebook.name: codebook for codebook, _ in inferred}, [note for _, note in inferred]


def _infer_codebook(name: str, rows: Sequence[LabelRow]) -> tuple[LabelledCodebook, str]:
    for row in rows:
        if reason := _why_several(name, row):
            note = f"{name} is read as several codes or none per row, since {reason}"
            return LabelledCodebook(name, multi_label=True), note
    note = f"{name} is read as one code per row: each row has one, and its scores add up to 1"
    return LabelledCodebook(name), note


def _why_several(name: str, row: LabelRow) -> str:
    """Return why a row cannot be of a codebook with one code per row, empty where it can."""
    codes = split_labels(row.get(name))
    if len(codes) != 1:
        return f"row {row_id(row)} has {len(codes)} codes"
    try:
        total = sum(float(score) for score in _row_scores(row, LabelledCodebook(name)).values())
    except (TypeError, ValueError):
        # Read later, and refused then with all rows of its kind.
        return ""
    within = abs(total - 1) <= SUM_TOLERANCE
    return "" if within else f"the scores of row {row_id(row)} add up to {total:.2f}"


def choose_codebook(labels: Labels, name: str | None = None) -> LabelledCodebook:
    """Return the codebook of that name; without a name, the only one.

    Raises
    ------
    KitError
        When there is no such codebook, or several and none is named.
    """
    if not labels.codebooks:
        raise KitError("the labels have no rows; label texts in which there is something to code")
    names = ", ".join(labels.codebooks)
    first = next(iter(labels.codebooks))
    if name is None:
        if len(labels.codebooks) == 1:
            return labels.codebooks[first]
        raise KitError(f"the labels have several codebooks: {names}; name one, as codebook={first}")
    if name not in labels.codebooks:
        raise KitError(
            f"the labels have no codebook {name!r}; they have: {names}. Set codebook={first}"
        )
    return labels.codebooks[name]
