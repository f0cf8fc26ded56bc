"""Samples of labelled rows, before and after people annotated them: their cells, codes, ids and probabilities."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.codebook import split_labels
from stancekit.errors import KitError, listing
from stancekit.fileio import read_text
from stancekit.labelling.labels import CODEBOOK_COLUMNS, LabelRow, blank, read_label_rows, row_id

# What stands for "no code of the scheme" where a row may bear none.
NO_CODE = "-"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?|[+-]")


def guarded(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before a text that begins like one.

    Examples
    --------
    >>> guarded("@press"), guarded("-0.5"), guarded("'=1"), guarded("press"), unguarded(guarded("'=1"))
    ("'@press", '-0.5', "''=1", 'press', "'=1")
    """
    return f"'{value}" if isinstance(value, str) and _is_formula(value.lstrip("'")) else value


def unguarded(text: str) -> str:
    """Return what a text was before `guarded`."""
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)


def read_gold(path: str | Path) -> list[LabelRow]:
    """Read a file that `stancekit sample` wrote, as it was filled in: CSV, JSON lines, or Label Studio's CSV or JSON.

    Raises
    ------
    KitError
        When it cannot be read, or rows have no id or the same one.
    """
    file = Path(path)
    if not file.is_file():
        raise KitError(
            f"there is no file {path}; give the one that stancekit sample wrote, filled in: gold=sample.csv"
        )
    rows = _label_studio(file) if file.suffix == ".json" else read_label_rows(file)
    if rows and not any("id" in row for row in rows):
        raise KitError(
            f"{file} has no column id; it has: {listing(rows[0])}. Keep the columns that stancekit sample wrote"
        )
    if lost := [number for number, row in enumerate(rows, 1) if not row_id(row)]:
        raise KitError(
            f"{file} has rows without an id (rows {listing(lost)}); give them the ids that sample wrote"
        )
    if twice := [key for key, n in Counter(map(row_id, rows)).items() if n > 1]:
        _repeated_ids_error(file, rows, set(twice))
    return rows


def _repeated_ids_error(file: Path, rows: Sequence[LabelRow], twice: set[str]) -> None:
    """Say what to do where rows stand twice, as where two people annotated them."""
    given: dict[str, set[str]] = {}
    for row in rows:
        if (key := row_id(row)) in twice:
            given.setdefault(key, set()).add(
                json.dumps(
                    [row.get(column) for column, _ in CODEBOOK_COLUMNS.values()], default=str
                )
            )
    differ = [key for key, of in given.items() if len(of) > 1]
    raise KitError(
        f"{file} has {len(twice)} ids more than once ({listing(sorted(twice))}), and different codes in {len(differ)} "
        f"of them{f' ({listing(differ)})' if differ else ''}. Where several people annotated, estimates take one "
        "decided code per row: keep one line per id, with the code that they agree on or settled"
    )


def _label_studio(file: Path) -> list[LabelRow]:
    """Read tasks that Label Studio exported as JSON: a row per annotation, or one without codes where there is none."""
    try:
        tasks = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise KitError(f"{file} cannot be read as JSON: {error}") from None
    if not isinstance(tasks, list) or not all(
        isinstance(one, dict) and isinstance(one.get("data"), dict) for one in tasks
    ):
        raise KitError(
            f"{file} is no list of tasks with their data; of Label Studio's exports CSV and JSON keep the ids of rows, "
            "JSON-MIN puts its own in their place. Export it as CSV or JSON"
        )
    rows = []
    for task in tasks:
        done = [one for one in task.get("annotations") or [] if not one.get("was_cancelled")]
        rows += [{**task["data"], **_label_studio_choices(one)} for one in done] or [
            dict(task["data"])
        ]
    return rows


def _label_studio_choices(annotation: Mapping[str, Any]) -> LabelRow:
    """Return what was chosen in an annotation, by the name of the question."""
    found: LabelRow = {"annotation_id": annotation.get("id", "?")}
    for one in annotation.get("result") or []:
        if one.get("type") == "choices":
            found[str(one.get("from_name"))] = list(one["value"]["choices"])
    return found


def gold_codes(row: LabelRow, what: str) -> tuple[str, ...] | None:
    """Return the codes that a person gave a row, `None` where nobody did; `-` is no frame, `;` divides several.

    Label Studio exports a row that was submitted with nothing chosen as an empty cell, and the
    number of the annotation beside it: where a row may bear no code, that is what it says.

    Raises
    ------
    KitError
        When the cell is unreadable, or says both that there is no code and that there is one.

    Examples
    --------
    >>> gold_codes({"frames": "-"}, "frames"), gold_codes({"frames": " "}, "frames")
    ((), None)
    >>> [gold_codes({what: "", "annotation_id": 7}, what) for what in ("frames", "stance")]
    [(), None]
    >>> gold_codes({"frames": "peace; power"}, "frames")
    ('peace', 'power')
    >>> gold_codes({"frames": '{"choices": ["peace", "power"]}'}, "frames")
    ('peace', 'power')
    """
    written = row.get(CODEBOOK_COLUMNS[what][0])
    if blank(written):
        return () if what == "frames" and not blank(row.get("annotation_id")) else None
    if isinstance(written, str) and written.strip().startswith(("{", "[")):
        # Several choices of one question, as Label Studio exports them to CSV.
        try:
            found = json.loads(written)
            written = found["choices"] if isinstance(found, dict) else found
        except (ValueError, KeyError, RecursionError):
            raise KitError(
                f"gold row {row_id(row)} has {written[:60]!r} for {what}; write codes divided by ;"
            ) from None
    codes = split_labels(written)
    if what == "frames" and NO_CODE in codes:
        if len(codes) > 1:
            raise KitError(
                f"gold row {row_id(row)} has {'; '.join(codes)}: {NO_CODE} says that it bears none; remove one"
            )
        return ()
    return codes


def inclusion_column(rows: Sequence[LabelRow], size: int) -> tuple[list[float], bool]:
    """Return with what probability each row of a sample was drawn, and whether the sample says so.

    A sample without a column of probabilities counts as one that was drawn at random from all
    `size` rows.

    Raises
    ------
    KitError
        When a row has none, or one that is not above 0 and up to 1: every weight of a sample hangs
        on them.
    """
    if not any("probability" in row for row in rows):
        return [min(len(rows) / size, 1.0)] * len(rows), False
    found = [_probability(row.get("probability")) for row in rows]
    if wrong := [
        f"{row_id(row)}: {'blank' if blank(row.get('probability')) else repr(row.get('probability'))}"
        for row, chance in zip(rows, found, strict=True)
        if not 0 < chance <= 1
    ]:
        raise KitError(
            f"gold has {len(wrong)} rows without a probability above 0 and up to 1 ({listing(wrong)}); give them what "
            "stancekit sample wrote, or take out rows that it did not draw"
        )
    return found, True


def _probability(value: object) -> float:
    try:
        # Spreadsheets of many countries write a comma.
        found = float(str(value).strip().replace(",", "."))
    except ValueError:
        return math.nan
    return found


def batch_of(row: LabelRow) -> int:
    """Return which batch of a sample a row belongs to, 1 where nothing says so.

    Raises
    ------
    KitError
        When it is no whole number from 1.
    """
    written = row.get("batch")
    if blank(written):
        return 1
    try:
        found = float(str(written).replace(",", "."))
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found >= 1 and found == int(found)):
        raise KitError(
            f"gold row {row_id(row)} has batch {written!r}; leave the column as stancekit sample wrote it"
        )
    return int(found)
