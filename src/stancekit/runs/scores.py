"""`scores.csv` of a run or an experiment: a row per model, metric and slice."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from stancekit.errors import KitError
from stancekit.types import Score
from stancekit.views import DataFrame

SCORES_FILE = "scores.csv"
SCORE_COLUMNS = (
    *("corpus", "codebook", "split", "part", "model", "metric", "slice"),
    *("value", "low", "high", "n", "codes", "random_states"),
)


def scores_frame(model: Sequence[str], scores: Iterable[Score], random_states: int) -> DataFrame:
    """Return scores as a table with the columns of `scores.csv`, NaN where there is no number.

    Parameters
    ----------
    model
        What was scored: corpus, codebook, split, part and model.
    random_states
        Over how many runs the scores are means.

    Examples
    --------
    >>> model = ("mine", "stance", "fixed", "test", "svm")
    >>> frame = scores_frame(model, [Score("macro_f1", "all", 0.5, 0.4, 0.6, 20, 4)], 3)
    >>> frame[["model", "metric", "value", "codes"]].to_dict("records")
    [{'model': 'svm', 'metric': 'macro_f1', 'value': 0.5, 'codes': 4}]
    """
    import pandas

    rows = [
        (*model, row.metric, row.slice, row.value, row.low, row.high, row.n, row.codes)
        for row in scores
    ]
    frame = pandas.DataFrame(rows, columns=list(SCORE_COLUMNS[:-1]))
    # Metrics that are not means over codes have no number of them; the others stay whole numbers.
    return frame.assign(codes=frame["codes"].astype("Int64"), random_states=random_states)


def read_scores(folder: Path) -> DataFrame:
    """Read `scores.csv` of a run, an experiment or a model; without rows where there is none."""
    import pandas

    path = folder / SCORES_FILE
    if not path.is_file():
        return pandas.DataFrame(columns=list(SCORE_COLUMNS))
    # A slice may be called NA; an empty number is none.
    empty = {name: "" for name in ("value", "low", "high", "codes")}
    frame = pandas.read_csv(path, keep_default_na=False, na_values=empty)
    return frame.astype({"codes": "Int64"})


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
        # An empty cell is a score without an interval.
        value, low, high = (float(row[key] or "nan") for key in ("value", "low", "high"))
        n, codes = int(row["n"]), int(row["codes"])
    except (OSError, StopIteration, KeyError, ValueError):
        raise KitError(
            f"{path} is missing or damaged; delete {folder} and start the same command again"
        ) from None
    return Score(row["metric"], row["slice"], value, low, high, n, codes)
