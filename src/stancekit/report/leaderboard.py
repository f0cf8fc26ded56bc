"""Runs gathered over random states: scores of each model, and how the models differ."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby

import numpy as np

from stancekit.corpus.dataset import indicator
from stancekit.errors import KitError, listing
from stancekit.evaluation import count, macro_f1, score, slices_of
from stancekit.evaluation.audit import Finding, audit
from stancekit.evaluation.bootstrap import Kind
from stancekit.evaluation.calibration import bin_claims, score_calibration, take_claims
from stancekit.evaluation.comparison import Comparison, PairedDifference, compare_models
from stancekit.evaluation.metrics import Metric, in_gold
from stancekit.evaluation.scores import score_unpaired
from stancekit.report.averaged import averaged_scores
from stancekit.runs.record import Run
from stancekit.types import FloatArray, Score

NO_COMPARISON = Comparison((), (), ())


@dataclass(frozen=True)
class LeaderboardRow:
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
        """Return the mean validation macro-F1, what models are chosen by; NaN of a model that was only evaluated."""
        return float(np.mean([run.validation for run in self.runs]))

    @property
    def seconds(self) -> float:
        """Return the mean wall time of a run."""
        return float(np.mean([run.seconds for run in self.runs]))

    @property
    def alike(self) -> bool:
        """Say whether all random states were tested on the same examples, with the same gold codes."""
        return all(tested(run) == tested(self.first) for run in self.runs)

    def value(self, metric: str, where: str = "all") -> Score | None:
        """Return one score, or `None` where the metric does not apply."""
        return next(
            (one for one in self.scores if (one.metric, one.slice) == (metric, where)), None
        )

    @cached_property
    def counts(self) -> FloatArray:
        """Return the counts of a common test set, shape (random states, articles, codes, 4)."""
        return np.stack([count(run.gold, run.labels, run.codes, run.articles) for run in self.runs])

    @cached_property
    def codes(self) -> tuple[int, int]:
        """Return how many codes gold bears: in the test set with the fewest, and in that with the most."""
        many = [len({code for given in run.gold for code in given}) for run in self.runs]
        return min(many), max(many)

    @cached_property
    def foreign(self) -> dict[str, int]:
        """Return the codes that are predicted and not in the gold of their test set, with how often, over all runs."""
        found: dict[str, int] = {}
        for run in self.runs:
            gold = {code for given in run.gold for code in given}
            for code in (code for given in run.labels for code in given if code not in gold):
                found[code] = found.get(code, 0) + 1
        return dict(sorted(found.items()))

    @cached_property
    def macro(self) -> Metric:
        """Return macro-F1 over the codes that the gold of the common test set bears."""
        return partial(macro_f1, codes=in_gold(self.counts))

    @cached_property
    def tables(self) -> FloatArray:
        """Return the sums that calibration is computed from, shape (random states, articles, bins, 4)."""
        return np.stack([_bins(run) for run in self.runs])


def tested(run: Run) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """Return what a run was tested on: the data's digest, and the id and the gold codes of every example, in order."""
    return run.digest, [(row.example.id, row.gold) for row in run.rows]


def _bins(run: Run) -> FloatArray:
    truth = indicator(run.gold, run.codes)
    return bin_claims(*take_claims(run.scores, truth, multi_label=run.multi_label), run.articles)


def _comparable(value: float) -> float:
    """Return a score as one that can be compared: lowest where there is none."""
    return -1.0 if np.isnan(value) else value


@dataclass(frozen=True)
class Leaderboard:
    """The entries of one corpus, codebook, split and part, best first."""

    entries: tuple[LeaderboardRow, ...]
    comparison: Comparison

    @property
    def chosen(self) -> Run:
        """Return the run to keep: the best model on validation, and its best random state there.

        Where no model has a score on validation, as of `stancekit evaluate`, it is the best on
        test.
        """
        best = max(self.entries, key=lambda entry: _comparable(entry.validation))
        return max(best.runs, key=lambda run: _comparable(run.validation))

    @property
    def best(self) -> LeaderboardRow:
        """Return the entry with the highest score on test."""
        return self.entries[0]

    @property
    def codes(self) -> tuple[int, int]:
        """Return how many codes gold bears: in the test set with the fewest, and in that with the most."""
        fewest, most = zip(*(entry.codes for entry in self.entries), strict=True)
        return min(fewest), max(most)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return which runs of the folder do not count, with why."""
        return tuple(name for entry in self.entries for name in entry.runs[0].left_out)

    @property
    def unpaired(self) -> tuple[str, ...]:
        """Return the models that were not tested on the examples of the best, so that no difference is computed."""
        best = self.best
        return tuple(
            entry.first.model
            for entry in self.entries
            if not entry.alike or (best.alike and tested(entry.first) != tested(best.first))
        )

    @property
    def pairs_with_best(self) -> tuple[PairedDifference, ...]:
        """Return how far each model lies behind the best."""
        return tuple(pair for pair in self.comparison.pairs if pair.first == self.best.first.model)

    def entry(self, model: str) -> LeaderboardRow | None:
        """Return the entry of a model, or `None`."""
        return next((one for one in self.entries if one.first.model == model), None)


def _states(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the random states of a model, after making sure that they are no more than that."""
    same = tuple(runs)
    first = same[0]
    where = f"{first.model} for {first.codebook} on {first.corpus}"
    if len({run.random_state for run in same}) < len(same):
        folders = listing(run.folder.name for run in same)
        raise KitError(
            f"of {where} there are several runs of one random state ({folders}); name the one that counts"
        )
    if (
        len({run.settings for run in same if run.settings}) > 1
        or len({(run.codes, run.digest) for run in same}) > 1
    ):
        folders = listing(run.folder.name for run in same)
        raise KitError(
            f"the runs of {where} differ in settings or data ({folders}) and are not averaged as random states of one "
            "model; train what is to be compared under names of its own (name=)"
        )
    return same


# What runs score, by all that it is computed from: a run is scored when it is made, and again
# beside others.
_SCORED: dict[Hashable, tuple[tuple[Score, ...], tuple[Finding, ...]]] = {}


def _entry(runs: tuple[Run, ...], kind: Kind) -> LeaderboardRow:
    audits = tuple(tuple((name, tuple(said)) for name, said in run.audit.items()) for run in runs)
    decided = tuple(
        (run.rows, run.codes, run.multi_label, tuple(run.facts.get("thresholds", ())))
        for run in runs
    )
    key = kind, decided, audits
    if key not in _SCORED:
        # As many as a large experiment has; the oldest goes.
        while len(_SCORED) >= 128:
            _SCORED.pop(next(iter(_SCORED)))
        _SCORED[key] = _scored(runs, kind)
    return LeaderboardRow(runs, *_SCORED[key])


def _scored(runs: tuple[Run, ...], kind: Kind) -> tuple[tuple[Score, ...], tuple[Finding, ...]]:
    first, bare = runs[0], LeaderboardRow(runs, ())
    if not bare.alike:
        parts = [(run.gold, run.labels, run.articles) for run in runs]
        return tuple(score_unpaired(parts, first.codes, multi_label=first.multi_label)), ()
    slices = slices_of([row.context for row in first.rows], [row.example for row in first.rows])
    said, multi = [run.labels for run in runs], first.multi_label
    rows = score(
        first.gold, said, first.codes, first.articles, multi_label=multi, slices=slices, kind=kind
    )
    rows += score_calibration(bare.tables, kind=kind)
    findings = _findings(runs)
    one = averaged_scores(runs, kind=kind)
    return (*rows, *one, *(finding.gap for finding in findings)), tuple(findings)


def _findings(runs: tuple[Run, ...]) -> list[Finding]:
    said = [run.audit for run in runs]
    if not all(said):
        return []
    first = runs[0]
    by_variant = {name: [one[name] for one in said] for name in said[0]}
    return audit(first.gold, [run.labels for run in runs], by_variant, first.codes, first.articles)


def _comparison(entries: Sequence[LeaderboardRow]) -> Comparison:
    best = entries[0]
    if not best.alike or np.isnan(best.main.value):
        return NO_COMPARISON
    common = [
        entry for entry in entries if entry.alike and tested(entry.first) == tested(best.first)
    ]
    counts = {entry.first.model: entry.counts for entry in common}
    return compare_models(counts, best.macro, n=len(best.first.rows), codes=best.codes[0])


def leaderboards(runs: Sequence[Run], *, kind: Kind = "percentile") -> list[Leaderboard]:
    """Gather runs into one board per corpus, codebook, split and part.

    Raises
    ------
    KitError
        When there are no runs, or several that cannot be random states of one model.
    """
    if not runs:
        raise KitError("there are no runs to compare")
    found = []
    in_order = sorted(runs, key=lambda run: run.key)
    for _, group in groupby(in_order, key=lambda run: run.board):
        by_model = groupby(group, key=lambda run: run.model)
        entries = [_entry(_states(same), kind) for _, same in by_model]
        ranked = tuple(sorted(entries, key=lambda entry: -_comparable(entry.main.value)))
        found.append(Leaderboard(ranked, _comparison(ranked)))
    # What a sentence says of one actor comes before what it has several of: stance before frames.
    return sorted(found, key=lambda board: board.best.first.multi_label)
