"""The generalisation card: what becomes of a model's score on topics, actors, sources and times it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation import count, macro_f1
from stancekit.evaluation.bootstrap import (
    effective_clusters,
    interval,
    small_sample_correction,
    unpaired_draws,
    unpaired_states,
)
from stancekit.evaluation.metrics import in_gold
from stancekit.report.leaderboard import Leaderboard, LeaderboardRow
from stancekit.types import Score

REFERENCE = "in_topic"


@dataclass(frozen=True, slots=True)
class SplitScore:
    """A model under one split, and how far its score lies below the one in-topic."""

    model: str
    codebook: str
    split: str
    score: Score
    drop: Score | None


def _tables(entry: LeaderboardRow) -> list[NDArray[np.float64]]:
    return [count(run.gold, run.labels, run.codes, run.articles) for run in entry.runs]


def score_drop(reference: LeaderboardRow, other: LeaderboardRow) -> Score | None:
    """Return macro-F1 of the first less that of the second, on test sets of their own, drawn independently.

    Over the codes that the gold of every test set bears, so that the difference is one of the same
    quantity; `None` where there are none.
    """
    tables = [_tables(entry) for entry in (reference, other)]
    codes = np.logical_and.reduce([in_gold(table) for part in tables for table in part])
    if not codes.any():
        return None

    def metric(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return macro_f1(counts, codes=codes)[..., None]

    each = [[metric] * len(part) for part in tables]
    draws = [
        unpaired_draws(part, own, random_state=at)[:, 0]
        for at, (part, own) in enumerate(zip(tables, each, strict=True))
    ]
    states = [unpaired_states(part, own)[:, 0] for part, own in zip(tables, each, strict=True)]
    least = min(len(part) for part in states)
    apart = states[0][:least] - states[1][:least]
    clusters = min(sum(effective_clusters(table[None]) for table in part) for part in tables)
    gap = draws[0] - draws[1]
    value = float(states[0].mean() - states[1].mean())
    ends = interval(gap, at=value, stretch=small_sample_correction(gap, apart, clusters).factor)
    return Score("macro_f1 drop", other.first.split, value, *ends, other.main.n, int(codes.sum()))


def split_scores(boards: Sequence[Leaderboard]) -> list[SplitScore]:
    """Return every model under every split, in-topic first; empty where no board is in-topic.

    A board belongs to one corpus, codebook and split.
    """
    found = []
    for reference in (board for board in boards if board.best.first.split == REFERENCE):
        home = reference.best.first
        alike = [
            board
            for board in boards
            if (board.best.first.corpus, board.best.first.codebook) == (home.corpus, home.codebook)
        ]
        for entry in reference.entries:
            model = entry.first.model
            found.append(SplitScore(model, home.codebook, REFERENCE, entry.main, None))
            for board in alike:
                other = board.entry(model)
                if other and board is not reference:
                    found.append(
                        SplitScore(
                            model,
                            home.codebook,
                            other.first.split,
                            other.main,
                            score_drop(entry, other),
                        )
                    )
    return found
