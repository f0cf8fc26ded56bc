"""`scores.csv` of a run or an experiment: a row per model, metric and slice."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from stancekit.errors import KitError
from stancekit.types import Score

SCORES_FILE = "scores.csv"
SCORE_COLUMNS = (
    *("corpus", "codebook", "split", "part", "model", "metric", "slice"),
    *("value", "low", "high", "n", "codes", "random_states"),
)
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: object) -> object:
    """Return a value that no spreadsheet will take for a formula; an empty text stays empty.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell(""), csv_cell(-0.5)
    ("'=1+1", '', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def scores_csv(
    model: Sequence[str], scores: Iterable[Score], random_states: int, *, head: bool = True
) -> str:
    """Return scores as CSV, with empty cells where a score has no interval or is not defined.

    Parameters
    ----------
    model
        What was scored: corpus, codebook, split, part and model.
    random_states
        Over how many runs the scores are means.
    head
        Whether the first line names the columns.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if head:
        writer.writerow(SCORE_COLUMNS)
    names = [csv_cell(name) for name in model]
    for score in scores:
        values = (score.value, score.low, score.high)
        numbers = ["" if math.isnan(value) else f"{value:.6f}" for value in values]
        codes = "" if score.codes is None else score.codes
        row = [*names, score.metric, csv_cell(score.slice), *numbers]
        writer.writerow([*row, score.n, codes, random_states])
    return file.getvalue()


def main_score(folder: Path) -> Score:
    """Read a run's macro-F1 on the whole test set: the first row of its `scores.csv`.

    Raises
    ------
    KitError
        When there is no such file, or its first row is not a score.
    """
    path = folder / SCORES_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file))
        value, low, high = (float(row[key] or "nan") for key in ("value", "low", "high"))
        n, codes = int(row["n"]), int(row["codes"])
    except (OSError, StopIteration, KeyError, ValueError):
        raise KitError(
            f"{path} is missing or damaged; delete {folder} and start the same command again"
        ) from None
    return Score(row["metric"], row["slice"], value, low, high, n, codes)
