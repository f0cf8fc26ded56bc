"""What some runs show, computed once: every table, page, drawing and card is a view of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stancekit.runs import breakdowns
from stancekit.runs.breakdowns import (
    ConfusionMatrix,
    SelectiveRow,
    SetRow,
    SourceMatrix,
    SplitScore,
)
from stancekit.runs.checks import Check, run_checks
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow, entries_frame, leaderboards
from stancekit.runs.record import PredictionRecord, Run
from stancekit.types import Score

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class BoardAnalysis:
    """A leaderboard with what follows from it; the breakdowns are those of its best model."""

    board: Leaderboard

    @cached_property
    def checks(self) -> list[Check]:
        """Return what speaks against the numbers, what should stop a reader first."""
        return run_checks(self.board)

    @cached_property
    def sources(self) -> SourceMatrix | None:
        """Return the scores of every model by source, or `None` where there are not a few large sources."""
        return breakdowns.score_sources(self.board)

    @cached_property
    def fields(self) -> dict[str, list[Score]]:
        """Return macro-F1 by field and value."""
        return breakdowns.score_fields(self.board.best)

    @cached_property
    def second_annotator(self) -> Score | None:
        """Return the macro-F1 of a second annotator, or `None` where there is none."""
        return breakdowns.score_second_annotator(self.board.best.first)

    @cached_property
    def confusion(self) -> ConfusionMatrix:
        """Return the confusion matrix of the first random state."""
        return breakdowns.confusion_matrix(self.board.best.first)

    @cached_property
    def mistakes(self) -> dict[str, int]:
        """Return the number of mistakes by kind, empty where the codebook has no scale."""
        return breakdowns.count_mistakes(self.board.best.first)

    @cached_property
    def surest_mistakes(self) -> list[PredictionRecord]:
        """Return the wrong rows of the first random state, surest first."""
        return breakdowns.surest_mistakes(self.board.best.first)

    @cached_property
    def selective(self) -> list[SelectiveRow]:
        """Return what declining to label gave on test, by accepted risk."""
        return breakdowns.selective_rows(self.board.best)

    @cached_property
    def sets(self) -> list[SetRow]:
        """Return what prediction sets gave on test, by promised share of misses."""
        return breakdowns.set_rows(self.board.best)

    @cached_property
    def review(self) -> list[PredictionRecord]:
        """Return the test examples that a person should judge, by the model to keep."""
        return breakdowns.review_rows(self.board.chosen)


@dataclass(frozen=True)
class Analysis:
    """All boards of some runs, and the scores by split.

    Each board has its scores with calibration and audit, the differences between its models, its
    checks and its breakdowns. What is asked for is computed when it is first asked for, and kept.
    """

    boards: tuple[BoardAnalysis, ...]

    @property
    def leaderboards(self) -> list[Leaderboard]:
        """Return the leaderboards alone."""
        return [part.board for part in self.boards]

    @property
    def entries(self) -> list[LeaderboardRow]:
        """Return every model of every board."""
        return [entry for part in self.boards for entry in part.board.entries]

    @cached_property
    def splits(self) -> list[SplitScore]:
        """Return every model under every split, empty where no board is in-topic."""
        return breakdowns.score_splits(self.leaderboards)

    def to_frame(self) -> "pandas.DataFrame":
        """Return all scores as a table with the columns of `scores.csv`."""
        return entries_frame(self.entries)


def analyse(runs: Sequence[Run]) -> Analysis:
    """Compare runs: those of one corpus, codebook, split and part are one board.

    Parameters
    ----------
    runs
        Finished runs, as `stancekit.runs.folder.read_runs` reads them from an experiment's folder.

    Raises
    ------
    KitError
        When there are no runs, or several that cannot be random states of one model.

    Examples
    --------
    >>> analyse([])
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: there are no runs to compare
    """
    return Analysis(tuple(BoardAnalysis(board) for board in leaderboards(runs)))
