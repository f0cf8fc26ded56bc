"""A mixture's scores by source: each model on each corpus, as a table and as a drawing."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from stancekit.report.leaderboard import Leaderboard
from stancekit.report.plots import heat
from stancekit.types import Score

MOST, ENOUGH = 12, 50


@dataclass(frozen=True, slots=True)
class SourceMatrix:
    """Scores of shape (models, sources) in one metric: `f_avg` where a codebook has two sides, else macro-F1."""

    metric: str
    sources: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Score, ...]], ...]


def by_source(board: Leaderboard) -> SourceMatrix | None:
    """Return the scores of every model on every source, or `None` where the test set is not of a few large sources."""
    best = board.best
    metric = "f_avg" if best.value("f_avg") else "macro_f1"
    slices = [
        one for one in best.scores if one.metric == metric and one.slice.startswith("source=")
    ]
    if not 2 <= len(slices) <= MOST or min(one.n for one in slices) < ENOUGH:
        return None
    where = [one.slice for one in slices]
    scores = (
        (entry.first.model, [entry.value(metric, one) for one in where]) for entry in board.entries
    )
    rows = tuple((model, tuple(one for one in of if one)) for model, of in scores if all(of))
    return SourceMatrix(metric, tuple(one.removeprefix("source=") for one in where), rows)


def sources_figure(matrix: SourceMatrix) -> Figure:
    """Draw a matrix as a table of shades."""
    values = [[one.value for one in of] for _, of in matrix.rows]
    label = "score x 100, by the source of the test examples"
    return heat([model for model, _ in matrix.rows], matrix.sources, values, label=label)
