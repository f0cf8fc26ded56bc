"""What some runs show, computed once: every table, page, drawing and card is a view of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from stancekit.runs import breakdowns
from stancekit.runs.breakdowns import (
    ConfusionMatrix,
    SelectiveRow,
    SetRow,
    SourceMatrix,
    SplitScore,
)
from stancekit.runs.check import Check
from stancekit.runs.checks import run_checks
from stancekit.runs.frames import board_title, boards_frame, differences_frame, shown_board
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow, entries_frame, leaderboards
from stancekit.runs.record import PredictionRecord, Run
from stancekit.runs.share_ranges import ShareRange, share_ranges
from stancekit.types import Score
from stancekit.views import DataFrame, TableView


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
    def annotators(self) -> dict[str, Score]:
        """Return the macro-F1 of each annotator against the gold, empty where none is known."""
        return breakdowns.score_annotators(self.board.best.first)

    @cached_property
    def agreement(self) -> list[Score]:
        """Return Krippendorff's alpha of all annotators on test, in all and by code."""
        return breakdowns.score_test_agreement(self.board.best.first)

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
    def share_ranges(self) -> dict[str, list[ShareRange]]:
        """Return by language model what shares of codes would be under each of its wordings and orders."""
        ranges = {entry.first.model: share_ranges(entry.first) for entry in self.board.entries}
        return {model: rows for model, rows in ranges.items() if rows}

    @cached_property
    def review(self) -> list[PredictionRecord]:
        """Return the test examples that a person should judge, by the model to keep."""
        return breakdowns.review_rows(self.board.chosen)


@dataclass(frozen=True, repr=False)
class Analysis(TableView):
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

    @property
    def checks(self) -> list[Check]:
        """Return what speaks against the numbers of any board."""
        return [check for part in self.boards for check in part.checks]

    @property
    def notes(self) -> list[str]:
        """Return what a reader of the numbers should know: the checks in a line each."""
        return [check.advice for check in self.checks]

    @property
    def caption(self) -> str:
        """Return in one line what was compared, on how many test examples."""
        boards = [
            f"{board_title(board)} ({len(board.best.first.rows)} {board.best.first.part} examples)"
            for board in self.leaderboards
        ]
        return (
            f"{'; '.join(boards)}: means over random states, with 95 % intervals. Models that share "
            "a letter are not significantly different"
        )

    def to_frame(self) -> DataFrame:
        """Return the models, best first, a row each, with their metrics and 95 % intervals."""
        return boards_frame(self.leaderboards)

    def view_frame(self) -> DataFrame:
        """Return the models with each score and its interval in one cell of the table."""
        import pandas as pd

        frames = [shown_board(board) for board in self.leaderboards]
        if len(frames) > 1:
            for frame, board in zip(frames, self.leaderboards, strict=True):
                frame.insert(0, "board", board_title(board))
        return pd.concat(frames, ignore_index=True)

    def differences(self) -> DataFrame:
        """Return the paired differences between the models of each board, with 95 % intervals."""
        return differences_frame(self.leaderboards)

    def scores(self) -> DataFrame:
        """Return all scores, also by slice, as a table with the columns of `scores.csv`."""
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
