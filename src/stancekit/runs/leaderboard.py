"""Runs gathered over random states: the scores of each model, and how the models of one test set differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from stancekit.corpus.dataset import indicator
from stancekit.errors import KitError, listing
from stancekit.evaluation import count, macro_f1, score, slices_of
from stancekit.evaluation.answers import AnswerUse, answer_use
from stancekit.evaluation.audit import AuditFinding, audit
from stancekit.evaluation.calibration import bin_claims, score_calibration, take_claims
from stancekit.evaluation.comparison import Comparison, PairedDifference, compare_models
from stancekit.evaluation.metrics import Metric, in_gold
from stancekit.evaluation.names import NameUse, name_use
from stancekit.evaluation.scores import score_unpaired
from stancekit.fileio import frame_to_csv
from stancekit.runs.averaged import averaged_run
from stancekit.runs.record import Run
from stancekit.runs.scores import scores_frame
from stancekit.types import FloatArray, Score

if TYPE_CHECKING:
    import pandas

NO_COMPARISON = Comparison((), (), ())
# The slice of scores that a model reaches with its random states averaged into one.
AVERAGED = "random states averaged"


@dataclass(frozen=True)
class LeaderboardRow:
    """One model on one codebook, corpus and split, over its random states."""

    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    findings: tuple[AuditFinding, ...] = ()
    names: NameUse | None = None
    answers: AnswerUse | None = None

    @property
    def first(self) -> Run:
        """Return the first run, for what all random states have in common."""
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

    @cached_property
    def same_test_set(self) -> bool:
        """Say whether all random states were tested on the same examples, with the same gold codes."""
        return all(tested_on(run) == tested_on(self.first) for run in self.runs)

    def value(self, metric: str, where: str = "all") -> Score | None:
        """Return one score, or `None` where the metric does not apply."""
        matches = (row for row in self.scores if (row.metric, row.slice) == (metric, where))
        return next(matches, None)

    @cached_property
    def counts(self) -> FloatArray:
        """Return the counts of a common test set, shape (random states, articles, codes, 4)."""
        return np.stack([count(run.gold, run.labels, run.codes, run.articles) for run in self.runs])

    @cached_property
    def code_range(self) -> tuple[int, int]:
        """Return how many codes gold has: in the test set with the fewest, and in that with the most."""
        numbers = [len(_codes_in_gold(run)) for run in self.runs]
        return min(numbers), max(numbers)

    @cached_property
    def not_in_gold(self) -> dict[str, int]:
        """Return the codes that are predicted and not in the gold of their test set, with how often, over all runs."""
        times: dict[str, int] = {}
        for run in self.runs:
            gold = _codes_in_gold(run)
            predicted = [code for labels in run.labels for code in labels]
            for code in predicted:
                if code not in gold:
                    times[code] = times.get(code, 0) + 1
        return dict(sorted(times.items()))

    @cached_property
    def macro(self) -> Metric:
        """Return macro-F1 over the codes that are in the gold of the common test set."""
        return partial(macro_f1, codes=in_gold(self.counts))

    @cached_property
    def calibration_tables(self) -> FloatArray:
        """Return the sums that calibration is computed from, shape (random states, articles, bins, 4)."""
        tables = []
        for run in self.runs:
            truth = indicator(run.gold, run.codes)
            claims = take_claims(run.scores, truth, multi_label=run.multi_label)
            tables.append(bin_claims(*claims, run.articles))
        return np.stack(tables)


def _codes_in_gold(run: Run) -> set[str]:
    return {code for codes in run.gold for code in codes}


def tested_on(run: Run) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """Return what a run was tested on: the data's digest, and the id and the gold codes of every example, in order."""
    return run.digest, [(row.example.id, row.gold) for row in run.rows]


def _rank_value(value: float) -> float:
    """Return a score by which entries are ranked: lowest where there is none."""
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
        test. One that was not run here has no model that could be kept.
        """
        best = max(self.here, key=lambda entry: _rank_value(entry.validation))
        return max(best.runs, key=lambda run: _rank_value(run.validation))

    @property
    def best(self) -> LeaderboardRow:
        """Return the entry with the highest score on test."""
        return self.entries[0]

    @property
    def code_range(self) -> tuple[int, int]:
        """Return how many codes gold has: in the test set with the fewest, and in that with the most."""
        fewest, most = zip(*(entry.code_range for entry in self.entries), strict=True)
        return min(fewest), max(most)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return which runs of the folder do not count, with why."""
        return tuple(name for entry in self.entries for name in entry.first.left_out)

    @property
    def here(self) -> tuple[LeaderboardRow, ...]:
        """Return the entries of models that were run here, best first; all of them where all were published."""
        here = tuple(entry for entry in self.entries if not entry.first.beside)
        return here or self.entries

    @property
    def beside(self) -> str:
        """Say which rows are of models that were not run here, and where these come from; empty without any."""
        places = {
            entry.first.model: entry.first.folder for entry in self.entries if entry.first.beside
        }
        return "; ".join(
            f"{model} was not run here: its row is that of {folder.as_posix()}"
            for model, folder in places.items()
        )

    @property
    def unpaired(self) -> tuple[str, ...]:
        """Return the models that were not tested on the examples of the best, so that no difference is computed."""
        best = self.best
        # Where not even the best has one test set for all its states, only such models are named.
        models = []
        for entry in self.entries:
            other = best.same_test_set and tested_on(entry.first) != tested_on(best.first)
            if other or not entry.same_test_set:
                models.append(entry.first.model)
        return tuple(models)

    @property
    def pairs_with_best(self) -> tuple[PairedDifference, ...]:
        """Return how far each other model is below the best."""
        best = self.best.first.model
        return tuple(pair for pair in self.comparison.pairs if pair.first == best)

    def entry(self, model: str) -> LeaderboardRow | None:
        """Return the entry of a model, or `None`."""
        return next((entry for entry in self.entries if entry.first.model == model), None)


def leaderboards(runs: Sequence[Run]) -> list[Leaderboard]:
    """Gather runs into one board per corpus, codebook, split and part.

    Raises
    ------
    KitError
        When there are no runs, or several that cannot be random states of one model.
    """
    if not runs:
        raise KitError("there are no runs to compare")
    boards = []
    for models in _models_by_board(runs):
        entries = [_entry(states) for states in models]
        ranked = tuple(sorted(entries, key=lambda entry: -_rank_value(entry.main.value)))
        boards.append(Leaderboard(ranked, _comparison(ranked)))
    # Codebooks of one code per unit come before those of several.
    return sorted(boards, key=lambda board: board.best.first.multi_label)


def best_on_validation(runs: Sequence[Run]) -> list[Run]:
    """Return the run of each board that is best on validation, without scoring anything on test.

    It is the run that `Leaderboard.chosen` names.

    Raises
    ------
    KitError
        When runs cannot be random states of one model, or have no score on validation.
    """
    chosen = []
    for models in _models_by_board(runs):
        entries = tuple(LeaderboardRow(states, ()) for states in models)
        run = Leaderboard(entries, NO_COMPARISON).chosen
        if np.isnan(run.validation):
            raise KitError(
                f"no run of {run.codebook} on {run.corpus} has a score on validation, by which the "
                "best would be chosen; name the folder of one"
            )
        chosen.append(run)
    return chosen


def _models_by_board(runs: Sequence[Run]) -> Iterator[list[tuple[Run, ...]]]:
    """Yield for each board its models, each as its random states."""
    in_order = sorted(runs, key=lambda run: run.key)
    for _, group in groupby(in_order, key=lambda run: run.board):
        yield [_random_states(same) for _, same in groupby(group, key=lambda run: run.model)]


def _random_states(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the random states of a model, after making sure that they are no more than that."""
    states = tuple(runs)
    first = states[0]
    model = f"{first.model} for {first.codebook} on {first.corpus}"
    folders = listing(run.folder.name for run in states)
    if len({run.random_state for run in states}) < len(states):
        raise KitError(
            f"of {model} there are several runs of one random state ({folders}); name the one that counts"
        )
    # Predictions that were published by older versions do not say their settings.
    settings = {run.settings for run in states if run.settings}
    data = {(run.codes, run.digest) for run in states}
    if len(settings) > 1 or len(data) > 1:
        raise KitError(
            f"the runs of {model} differ in settings or data ({folders}) and are not averaged as random states of one "
            "model; train what is to be compared under names of its own (name=)"
        )
    return states


def _entry(runs: tuple[Run, ...]) -> LeaderboardRow:
    """Score the random states of one model."""
    first, unscored = runs[0], LeaderboardRow(runs, ())
    if not unscored.same_test_set:
        # Articles cannot be drawn alike, so slices, calibration and audit have no common interval.
        parts = [(run.gold, run.labels, run.articles) for run in runs]
        scores = score_unpaired(
            parts, first.codes, multi_label=first.multi_label, scale=first.scale
        )
        return LeaderboardRow(runs, tuple(scores))
    scores = score(
        first.gold,
        [run.labels for run in runs],
        first.codes,
        first.articles,
        multi_label=first.multi_label,
        scale=first.scale,
        slices=slices_of([row.context for row in first.rows], [row.example for row in first.rows]),
    )
    # Macro-F1 on the whole test set stays first: `main` and the first row of scores.csv are it.
    scores += score_calibration(unscored.calibration_tables)
    scores += averaged_scores(runs)
    findings = _findings(runs)
    scores += [finding.gap for finding in findings]
    names = _name_use(runs)
    scores += [names.changed] if names else []
    answers = _answer_use(runs)
    if answers:
        scores += [answers.turned] if answers.turned else []
        scores += [answers.illegal]
    return LeaderboardRow(runs, tuple(scores), tuple(findings), names, answers)


def _findings(runs: tuple[Run, ...]) -> list[AuditFinding]:
    audits = [run.audit for run in runs]
    if not all(audits):
        return []
    first = runs[0]
    by_variant = {name: [labels[name] for labels in audits] for name in audits[0]}
    return audit(first.gold, [run.labels for run in runs], by_variant, first.codes, first.articles)


def _name_use(runs: tuple[Run, ...]) -> NameUse | None:
    tested = [run.names for run in runs]
    if not all(tested):
        return None
    return name_use([run.labels for run in runs], tested, runs[0].articles)


def _answer_use(runs: tuple[Run, ...]) -> AnswerUse | None:
    tested = [run.answers for run in runs]
    return answer_use(tested, runs[0].articles) if all(tested) else None


def _comparison(entries: Sequence[LeaderboardRow]) -> Comparison:
    best = entries[0]
    if not best.same_test_set or np.isnan(best.main.value):
        return NO_COMPARISON
    counts = {}
    # Differences are paired: both models are scored on the same articles in every replicate.
    for entry in entries:
        if entry.same_test_set and tested_on(entry.first) == tested_on(best.first):
            counts[entry.first.model] = entry.counts
    return compare_models(counts, best.macro, n=len(best.first.rows), codes=best.code_range[0])


def averaged_scores(runs: Sequence[Run]) -> list[Score]:
    """Score the random states of a model as one, and how far that is above their mean; nothing where they agree.

    The intervals say how articles vary. They do not say how such an average varies with the states
    it is made of.
    """
    if all(run.labels == runs[0].labels for run in runs[1:]):
        return []
    mean = averaged_run(runs)
    scores = score(
        mean.gold,
        [mean.labels],
        mean.codes,
        mean.articles,
        multi_label=mean.multi_label,
        scale=mean.scale,
    )
    counts = {
        AVERAGED: LeaderboardRow((mean,), ()).counts,
        "mean": LeaderboardRow(tuple(runs), ()).counts,
    }
    codes = in_gold(counts[AVERAGED])
    metric = partial(macro_f1, codes=codes)
    pairs = compare_models(counts, metric, n=len(mean.rows), codes=int(codes.sum())).pairs
    gains = [replace(pair.difference, metric="macro_f1 gain", slice=AVERAGED) for pair in pairs]
    return [*(replace(row, slice=AVERAGED) for row in scores if row.slice == "all"), *gains]


def entries_frame(entries: Iterable[LeaderboardRow]) -> "pandas.DataFrame":
    """Return the scores of some models as one table with the columns of `scores.csv`."""
    import pandas

    frames = []
    for entry in entries:
        names = (*entry.first.board, entry.first.model)
        frames.append(scores_frame(names, entry.scores, len(entry.runs)))
    return pandas.concat(frames, ignore_index=True)


def scores_to_csv(entries: Iterable[LeaderboardRow]) -> str:
    """Return `scores.csv` of some models."""
    return frame_to_csv(entries_frame(entries))
