"""Boards and their models as tables: with numbers to compute with, and as they are shown."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from stancekit.formatting import format_number, format_score
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow
from stancekit.types import Score
from stancekit.views import DataFrame

# What tables call the metrics that are columns of a board.
METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "f_avg": "F_avg",
    "micro_f1": "micro-F1",
    "both_f1": "F1 of both classes",
    "ece": "ECE",
    "brier": "Brier",
}


def board_title(board: Leaderboard) -> str:
    """Return what a board is about: codebook, corpus, and split and part where they are not the usual ones."""
    run = board.best.first
    split = f", {run.split} split" if run.split not in ("fixed", "none") else ""
    part = f", part {run.part}" if run.part != "test" else ""
    return f"{run.codebook} on {run.corpus}{split}{part}"


def metrics_of(board: Leaderboard) -> list[str]:
    """Return which metrics the columns of a board show."""
    return [metric for metric in METRIC_NAMES if board.best.value(metric)]


def shown_board(board: Leaderboard, *, timed: bool = True) -> DataFrame:
    """Return a board as it is shown, best first, each score with its interval in one cell.

    Parameters
    ----------
    timed
        Whether there is a column of seconds; a card that is committed has none.
    """
    import pandas as pd

    rows = []
    for entry in board.entries:
        row = {"model": entry.first.model}
        row |= {
            METRIC_NAMES[metric]: format_score(entry.value(metric)) for metric in metrics_of(board)
        }
        row["group"] = board.comparison.letters(entry.first.model) or "–"
        row["validation"] = format_number(entry.validation)
        row["random states"] = str(len(entry.runs))
        rows.append(row | {"seconds": f"{entry.seconds:.1f}"} if timed else row)
    return pd.DataFrame(rows)


def boards_frame(boards: Sequence[Leaderboard]) -> DataFrame:
    """Return the models of some boards, best first, a row each, with three columns per metric.

    These are the value and the limits of its 95 % interval, as in `macro_f1`, `macro_f1_low`
    and `macro_f1_high`; NaN where a metric does not apply.
    """
    import pandas as pd

    rows = []
    for board in boards:
        for entry in board.entries:
            run = entry.first
            row: dict[str, Any] = dict(
                zip(("corpus", "codebook", "split", "part"), run.board, strict=True)
            )
            row |= {"model": run.model, "n": len(run.rows)}
            for metric in metrics_of(board):
                row |= _limits(entry, metric)
            row["group"] = board.comparison.letters(run.model)
            row |= {"validation": entry.validation, "random_states": len(entry.runs)}
            rows.append(row | {"seconds": entry.seconds})
    return pd.DataFrame(rows)


def _limits(entry: LeaderboardRow, metric: str) -> dict[str, float]:
    score = entry.value(metric)
    numbers = (score.value, score.low, score.high) if score else (math.nan,) * 3
    return dict(zip((metric, f"{metric}_low", f"{metric}_high"), numbers, strict=True))


def differences_frame(boards: Sequence[Leaderboard]) -> DataFrame:
    """Return the paired differences in macro-F1 between all models of each board, with 95 % intervals.

    `p` is corrected for the number of pairs (Holm), `detectable` is the smallest difference that
    a test set like this one shows, `needed` how many examples it takes to show this one.
    """
    import pandas as pd

    columns = [
        *("corpus", "codebook", "split", "part", "first", "second", "difference", "low", "high"),
        *("p", "significant", "detectable", "needed"),
    ]
    frame = pd.DataFrame([row for board in boards for row in _pair_rows(board)], columns=columns)
    # Whole numbers, also beside pairs that no test set would show.
    return frame.astype({"needed": "Int64"})


def _pair_rows(board: Leaderboard) -> Iterator[tuple[Any, ...]]:
    for pair in board.comparison.pairs:
        difference: Score = pair.difference
        numbers = (difference.value, difference.low, difference.high, pair.p, pair.significant)
        names = (*board.best.first.board, pair.first, pair.second)
        yield (*names, *numbers, pair.detectable, pair.needed)
