"""Labels that a model gave, read back: what `stancekit label` wrote, and gold codes of a sample of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from numpy.typing import NDArray

from stancekit.codebook import split_labels
from stancekit.corpus.files import CsvCorpus, JsonlCorpus
from stancekit.errors import KitError, listing

Row = dict[str, Any]
# By what is labelled: the column of codes, and that of scores.
COLUMNS = {"stance": ("stance", "stance_scores"), "frames": ("frames", "frame_scores")}
_READ = (".jsonl", ".parquet", ".csv")


def read_labels(path: str | Path) -> list[Row]:
    """Read a file of labels, or all of a folder in order of name: `.jsonl`, `.parquet` or `.csv`.

    Of a folder that `stancekit label` wrote, its parts.

    Raises
    ------
    KitError
        When there is nothing to read, or an id stands twice.
    """
    place = Path(path)
    files = [place]
    if place.is_dir():
        found = sorted(one for one in place.glob("*") if one.suffix in _READ)
        files = [one for one in found if one.name.startswith("part-")] or found
    if not files or not all(one.exists() for one in files):
        raise KitError(f"there are no labels in {path}; write some with: stancekit label ARTICLE output=labels.jsonl")
    rows = [row for file in files for row in _rows(file)]
    twice = [key for key, n in Counter(str(row.get("id")) for row in rows).items() if n > 1]
    if twice:
        raise KitError(f"{path} has {len(twice)} ids more than once: {listing(twice)}; give every row an id of its own")
    return rows


def _rows(file: Path) -> list[Row]:
    if file.suffix == ".parquet":
        try:
            found: list[Row] = pyarrow.parquet.read_table(file).to_pylist()
        except (OSError, pyarrow.ArrowException) as error:
            raise KitError(f"{file} cannot be read as Parquet: {error}") from None
    elif file.suffix in (".jsonl", ".csv"):
        reader = JsonlCorpus(file) if file.suffix == ".jsonl" else CsvCorpus(file)
        found = [dict(row) for _, row in reader.rows()]
    else:
        raise KitError(f"cannot read labels from {file}; they come as {', '.join(_READ)}")
    return found


def codes_of(rows: Sequence[Row], what: str) -> list[str]:
    """Return the codes that rows have scores of, in alphabetical order.

    Raises
    ------
    KitError
        When `what` is neither `stance` nor `frames`, or rows lack its scores.
    """
    if what not in COLUMNS:
        raise KitError(f"unknown what={what!r}; there are {', '.join(COLUMNS)}. Set what=stance")
    if not rows or COLUMNS[what][1] not in rows[0]:
        raise KitError(f"labels have no column {COLUMNS[what][1]!r}; they are those that stancekit label writes")
    return sorted(_scores(rows[0], what))


def _scores(row: Row, what: str) -> Mapping[str, float]:
    given = row[COLUMNS[what][1]]
    return json.loads(given) if isinstance(given, str) else dict(given)


def scores(rows: Sequence[Row], what: str, codes: Sequence[str]) -> NDArray[np.float64]:
    """Return the scores of codes, shape (rows, codes).

    Raises
    ------
    KitError
        When a row has not the same codes as the first.
    """
    try:
        return np.array([[float(of[code]) for code in codes] for of in (_scores(row, what) for row in rows)])
    except (KeyError, TypeError, ValueError) as error:
        raise KitError(f"not every row has a score of {', '.join(codes)}: {error}; label all with one model") from None


def given(row: Row, what: str) -> tuple[str, ...]:
    """Return the codes that a row bears."""
    return split_labels(row.get(COLUMNS[what][0]))


def judged_codes(row: Row, what: str) -> tuple[str, ...] | None:
    """Return the codes that a person gave a row, `None` where nobody did; `-` is no frame, `;` divides several.

    Examples
    --------
    >>> judged_codes({"frames": "-"}, "frames"), judged_codes({"frames": ""}, "frames")
    ((), None)
    >>> judged_codes({"frames": "peace; power"}, "frames")
    ('peace', 'power')
    >>> judged_codes({"frames": '{"choices": ["peace", "power"]}'}, "frames")
    ('peace', 'power')
    """
    written = row.get(COLUMNS[what][0])
    if written in (None, ""):
        return None
    if isinstance(written, str) and written.startswith("{"):
        # Several choices of one question, as Label Studio exports them to CSV.
        written = json.loads(written)["choices"]
    return tuple(code for code in split_labels(written) if what != "frames" or code != "-")


def with_period(rows: Sequence[Row]) -> list[Row]:
    """Return rows with `year` and `month` from their `date`, where they have one and lack the others."""
    return [
        {"year": str(row["date"])[:4], "month": str(row["date"])[:7], **row} if row.get("date") else row for row in rows
    ]
