"""Runs gathered over random states: scores of each model, and how the models differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.evaluation import bootstrap, count, interval, score, slices_of
from stancekit.evaluation.bootstrap import point
from stancekit.evaluation.metrics import metrics_for
from stancekit.report.runs import Run
from stancekit.types import Score


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on one codebook and corpus, over its random states."""

    runs: tuple[Run, ...]
    scores: tuple[Score, ...]

    @property
    def first(self) -> Run:
        """Return the run that stands for what all have in common."""
        return self.runs[0]

    @property
    def main(self) -> Score:
        """Return macro-F1 on the whole test set, what entries are ranked by."""
        return self.scores[0]

    @property
    def validation(self) -> float:
        """Return the mean validation macro-F1, what models are chosen by."""
        return float(np.mean([run.validation for run in self.runs]))

    @property
    def seconds(self) -> float:
        """Return the mean wall time of a run."""
        return float(np.mean([run.seconds for run in self.runs]))

    def value(self, metric: str, where: str = "all") -> Score | None:
        """Return one score, or `None` where the metric does not apply."""
        return next((one for one in self.scores if (one.metric, one.slice) == (metric, where)), None)


@dataclass(frozen=True, slots=True)
class Board:
    """The entries of one corpus and codebook, best first."""

    entries: tuple[Entry, ...]
    differences: tuple[Score, ...]

    @property
    def chosen(self) -> Run:
        """Return the run to keep: the best model on validation, and its best random state there."""
        best = max(self.entries, key=lambda entry: entry.validation)
        return max(best.runs, key=lambda run: run.validation)


def _counts(runs: Sequence[Run]) -> NDArray[np.float64]:
    return np.stack([count(run.gold, run.labels, run.codes, run.articles) for run in runs])


def _entry(runs: tuple[Run, ...]) -> Entry:
    first = runs[0]
    if any([row.example.id for row in run.rows] != [row.example.id for row in first.rows] for run in runs):
        # Random states with splits of their own have no test set in common: each is scored, then averaged.
        parts = [score(run.gold, [run.labels], run.codes, run.articles) for run in runs]
        rows = [
            replace(
                same[0],
                value=float(np.mean([one.value for one in same])),
                low=float(np.mean([one.low for one in same])),
                high=float(np.mean([one.high for one in same])),
            )
            for same in zip(*parts, strict=True)
        ]
        return Entry(runs, tuple(rows))
    slices = slices_of([row.context for row in first.rows])
    rows = score(first.gold, [run.labels for run in runs], first.codes, first.articles, slices=slices)
    return Entry(runs, tuple(rows))


def differences(entries: Sequence[Entry], metric: str = "macro_f1") -> tuple[Score, ...]:
    """Return how far each model lies behind the first, with paired intervals.

    Articles are drawn alike for both models of a pair (Dror et al. 2018, "The Hitchhiker's Guide to
    Testing Statistical Significance in NLP", section 3, with whole articles as the unit).
    """
    found = []
    best = entries[0]
    for other in entries[1:]:
        if len(other.runs) != len(best.runs) or other.first.articles != best.first.articles:
            continue
        both = [_counts(entry.runs) for entry in (best, other)]
        use = partial(metrics_for(list(best.first.codes))[metric])
        draws = bootstrap(both[0], use) - bootstrap(both[1], use)
        gap = float(point(both[0], use) - point(both[1], use))
        name = f"{best.first.model} - {other.first.model}"
        found.append(Score(f"{metric} difference", name, gap, *interval(draws), len(best.first.rows)))
    return tuple(found)


def boards(runs: Sequence[Run]) -> list[Board]:
    """Gather runs into one board per corpus and codebook.

    Raises
    ------
    KitError
        When there are no runs.
    """
    if not runs:
        raise KitError("there are no runs to compare")
    entries = [_entry(tuple(same)) for _, same in groupby(runs, key=lambda run: (run.corpus, run.codebook, run.model))]
    found = []
    for _, group in groupby(entries, key=lambda entry: (entry.first.corpus, entry.first.codebook)):
        ranked = tuple(sorted(group, key=lambda entry: -entry.main.value))
        found.append(Board(ranked, differences(ranked)))
    return found
