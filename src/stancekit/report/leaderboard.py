"""Runs gathered over random states: scores of each model, and how the models differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.labelled import indicator
from stancekit.errors import KitError
from stancekit.evaluation import count, macro_f1, score, slices_of
from stancekit.evaluation.audit import Finding, audit
from stancekit.evaluation.bootstrap import Kind
from stancekit.evaluation.calibration import bins, calibration, decisions
from stancekit.evaluation.pairs import Comparison, Pair, compare_models
from stancekit.evaluation.scores import score_apart
from stancekit.report.averaged import averaged_scores
from stancekit.report.runs import Run
from stancekit.types import Score

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """One model on one codebook, corpus and split, over its random states."""

    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    findings: tuple[Finding, ...] = ()

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

    @property
    def alike(self) -> bool:
        """Say whether all random states were tested on the same examples."""
        return all([one.example for one in run.rows] == [one.example for one in self.first.rows] for run in self.runs)

    def value(self, metric: str, where: str = "all") -> Score | None:
        """Return one score, or `None` where the metric does not apply."""
        return next((one for one in self.scores if (one.metric, one.slice) == (metric, where)), None)

    @cached_property
    def counts(self) -> Array:
        """Return the counts of a common test set, shape (random states, articles, codes, 4)."""
        return np.stack([count(run.gold, run.labels, run.codes, run.articles) for run in self.runs])

    @cached_property
    def tables(self) -> Array:
        """Return the sums that calibration is computed from, shape (random states, articles, bins, 4)."""
        return np.stack([_bins(run) for run in self.runs])


def _bins(run: Run) -> Array:
    truth = indicator(run.gold, run.codes)
    return bins(*decisions(run.scores, truth, multi_label=run.multi_label), run.articles)


@dataclass(frozen=True)
class Board:
    """The entries of one corpus, codebook and split, best first."""

    entries: tuple[Entry, ...]
    comparison: Comparison

    @property
    def chosen(self) -> Run:
        """Return the run to keep: the best model on validation, and its best random state there."""
        best = max(self.entries, key=lambda entry: entry.validation)
        return max(best.runs, key=lambda run: run.validation)

    @property
    def best(self) -> Entry:
        """Return the entry with the highest score on test."""
        return self.entries[0]

    @property
    def behind(self) -> tuple[Pair, ...]:
        """Return how far each model lies behind the best."""
        return tuple(pair for pair in self.comparison.pairs if pair.first == self.best.first.model)

    def entry(self, model: str) -> Entry | None:
        """Return the entry of a model, or `None`."""
        return next((one for one in self.entries if one.first.model == model), None)


def _entry(runs: tuple[Run, ...], kind: Kind) -> Entry:
    first, bare = runs[0], Entry(runs, ())
    if not bare.alike:
        parts = [(run.gold, run.labels, run.articles) for run in runs]
        return Entry(runs, tuple(score_apart(parts, first.codes)))
    slices = slices_of([row.context for row in first.rows], [row.example for row in first.rows])
    rows = score(
        first.gold, [run.labels for run in runs], first.codes, first.articles, slices=slices, kind=kind
    ) + calibration(bare.tables, kind=kind)
    findings = _findings(runs)
    one = averaged_scores(runs, kind=kind)
    return Entry(runs, (*rows, *one, *(finding.gap for finding in findings)), tuple(findings))


def _findings(runs: tuple[Run, ...]) -> list[Finding]:
    said = [run.audit for run in runs]
    if not all(said):
        return []
    first = runs[0]
    by_variant = {name: [one[name] for one in said] for name in said[0]}
    return audit(first.gold, [run.labels for run in runs], by_variant, first.codes, first.articles)


def _comparison(entries: Sequence[Entry]) -> Comparison:
    rows = [row.example.id for row in entries[0].first.rows]
    common = [entry for entry in entries if entry.alike and [row.example.id for row in entry.first.rows] == rows]
    return compare_models({entry.first.model: entry.counts for entry in common}, macro_f1, n=len(rows))


def boards(runs: Sequence[Run], *, kind: Kind = "percentile") -> list[Board]:
    """Gather runs into one board per corpus, codebook and split.

    Raises
    ------
    KitError
        When there are no runs.
    """
    if not runs:
        raise KitError("there are no runs to compare")
    found = []
    in_order = sorted(runs, key=lambda run: run.key)
    for _, group in groupby(in_order, key=lambda run: (run.corpus, run.codebook, run.split)):
        by_model = groupby(group, key=lambda run: run.model)
        entries = [_entry(tuple(same), kind) for _, same in by_model]
        ranked = tuple(sorted(entries, key=lambda entry: -entry.main.value))
        found.append(Board(ranked, _comparison(ranked)))
    # What a sentence says of one actor comes before what it has several of: stance before frames.
    return sorted(found, key=lambda board: board.best.first.multi_label)
