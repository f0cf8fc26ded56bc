"""Where a model is right and wrong: by split, source, field, gold code, kind of mistake, and how sure it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import indicator, numbered
from stancekit.corpus.judgements import OWN_LABELS
from stancekit.evaluation import count, macro_f1, score
from stancekit.evaluation.agreement import score_alphas
from stancekit.evaluation.bootstrap import (
    effective_clusters,
    interval,
    small_sample_correction,
    unpaired_draws,
    unpaired_states,
)
from stancekit.evaluation.error_types import count_error_types, error_types
from stancekit.evaluation.metrics import Metric, in_gold
from stancekit.evaluation.slices import ENOUGH
from stancekit.models.selective import confidence
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow
from stancekit.runs.record import PredictionRecord, Run
from stancekit.types import FloatArray, Score

# The split that the others are compared with.
REFERENCE = "in_topic"
# Sources of a mixture are shown side by side where they are few enough for a table and each has
# enough examples for a score.
MAX_SOURCES, MIN_SOURCE = 12, 50
# Sentences that a page shows of one cell of a confusion matrix, and of the surest mistakes.
MAX_SENTENCES, MAX_MISTAKES = 25, 30
# The share of errors that `review` files accept among the examples that need no person.
REVIEW_RISK = 0.2


@dataclass(frozen=True, slots=True)
class SplitScore:
    """A model under one split, and how far its score is below the one in-topic."""

    model: str
    codebook: str
    split: str
    score: Score
    drop: Score | None


def score_splits(boards: Sequence[Leaderboard]) -> list[SplitScore]:
    """Return every model under every split, in-topic first; empty where no board is in-topic.

    A board belongs to one corpus, codebook and split.
    """
    rows = []
    for reference in boards:
        first = reference.best.first
        if first.split != REFERENCE:
            continue
        others = [board for board in boards if board is not reference and _same_task(board, first)]
        for entry in reference.entries:
            model = entry.first.model
            rows.append(SplitScore(model, first.codebook, REFERENCE, entry.main, None))
            for board in others:
                if other := board.entry(model):
                    drop = score_drop(entry, other)
                    split = other.first.split
                    rows.append(SplitScore(model, first.codebook, split, other.main, drop))
    return rows


def _same_task(board: Leaderboard, run: Run) -> bool:
    first = board.best.first
    return (first.corpus, first.codebook) == (run.corpus, run.codebook)


def score_drop(reference: LeaderboardRow, other: LeaderboardRow) -> Score | None:
    """Return macro-F1 of the first less that of the second, on test sets of their own, drawn independently.

    Over the codes that are in the gold of every test set, so that the difference is one of the same
    quantity; `None` where there are none.
    """
    tables = [_test_counts(entry) for entry in (reference, other)]
    codes = np.logical_and.reduce([in_gold(table) for part in tables for table in part])
    if not codes.any():
        return None

    def metric(counts: FloatArray) -> FloatArray:
        return macro_f1(counts, codes=codes)[..., None]

    # Draws of the two sides are independent, as are their test sets: each has a seed of its own.
    metrics: list[list[Metric]] = [[metric] * len(part) for part in tables]
    draws = [
        unpaired_draws(part, each, random_state=index)[:, 0]
        for index, (part, each) in enumerate(zip(tables, metrics, strict=True))
    ]
    states = [unpaired_states(part, each)[:, 0] for part, each in zip(tables, metrics, strict=True)]
    # Random states are paired as far as both sides have them.
    fewest = min(len(part) for part in states)
    clusters = min(sum(effective_clusters(table[None]) for table in part) for part in tables)
    difference = draws[0] - draws[1]
    by_state = states[0][:fewest] - states[1][:fewest]
    value = float(states[0].mean() - states[1].mean())
    factor = small_sample_correction(difference, by_state, clusters).factor
    ends = interval(difference, estimate=value, factor=factor)
    return Score("macro_f1 drop", other.first.split, value, *ends, other.main.n, int(codes.sum()))


def _test_counts(entry: LeaderboardRow) -> list[FloatArray]:
    return [count(run.gold, run.labels, run.codes, run.articles) for run in entry.runs]


@dataclass(frozen=True, slots=True)
class SourceMatrix:
    """Scores of shape (models, sources) in one metric: `f_avg` where a codebook has two sides, else macro-F1."""

    metric: str
    sources: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Score, ...]], ...]


def score_sources(board: Leaderboard) -> SourceMatrix | None:
    """Return the scores of every model on every source, or `None` where the test set is not of a few large sources."""
    best = board.best
    metric = "f_avg" if best.value("f_avg") else "macro_f1"
    slices = []
    for row in best.scores:
        if row.metric == metric and row.slice.startswith("source="):
            slices.append(row)
    if not 2 <= len(slices) <= MAX_SOURCES or min(row.n for row in slices) < MIN_SOURCE:
        return None
    rows = []
    for entry in board.entries:
        scores = [entry.value(metric, row.slice) for row in slices]
        # A model that was tested on other examples has no row here.
        known = tuple(score for score in scores if score)
        if len(known) == len(slices):
            rows.append((entry.first.model, known))
    sources = tuple(row.slice.removeprefix("source=") for row in slices)
    return SourceMatrix(metric, sources, tuple(rows))


def score_fields(entry: LeaderboardRow) -> dict[str, list[Score]]:
    """Return macro-F1 by field, best first; slices with too few examples come last."""
    by_field: dict[str, list[Score]] = {}
    for row in entry.scores:
        field, equals, _ = row.slice.partition("=")
        if row.metric == "macro_f1" and equals and field != "code":
            by_field.setdefault(field, []).append(row)
    for rows in by_field.values():
        rows.sort(key=lambda row: (row.n < ENOUGH, -row.value))
    return by_field


def score_annotators(run: Run) -> dict[str, Score]:
    """Return the macro-F1 of each annotator against the gold: a ceiling for what a model can be shown to reach.

    Where gold is made of what annotators gave, as by majority, it is too high.
    """
    by_annotator = {}
    for name in _annotators(run):
        rows = [row for row in run.rows if name in row.annotations]
        gold, given = [row.gold for row in rows], [row.annotations[name] for row in rows]
        articles = [row.example.article for row in rows]
        scores = score(gold, [given], run.codes, articles, multi_label=run.multi_label)
        main = next((row for row in scores if row.metric == "macro_f1"), None)
        if main and name != OWN_LABELS:
            by_annotator[name] = main
    return by_annotator


def score_test_agreement(run: Run) -> list[Score]:
    """Return the agreement of all annotators on the test examples, empty where one alone is known."""
    names = _annotators(run)
    rows = [row for row in run.rows if len(row.annotations) > 1]
    if not rows:
        return []
    by_annotator = []
    for name in names:
        given = [row.annotations.get(name) for row in rows]
        by_annotator.append([None if codes is None else frozenset(codes) for codes in given])
    articles = [row.example.article for row in rows]
    return score_alphas(
        by_annotator, articles, codes=run.codes, scale=run.scale, multi_label=run.multi_label
    )


def _annotators(run: Run) -> list[str]:
    return list(dict.fromkeys(name for row in run.rows for name in row.annotations))


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """A gold and a predicted code, how often they met, and some of the sentences, the surest first."""

    gold: str
    predicted: str
    n: int
    share: float
    rows: tuple[PredictionRecord, ...]


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Cells with gold codes in rows, and what the columns stand for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[ConfusionCell, ...], ...]


def confusion_matrix(run: Run) -> ConfusionMatrix:
    """Return the confusion matrix of a run, gold in rows.

    With several codes per unit there is a row per code: given and gold, gold and not given, given
    and not gold.
    """
    if run.multi_label:
        columns = ("found", "missed", "wrongly given")
        return ConfusionMatrix(columns, tuple(_code_cells(run, code) for code in run.codes))
    table = []
    for gold in run.codes:
        in_row = [row for row in run.rows if row.gold == (gold,)]
        cells = []
        for code in run.codes:
            in_cell = [row for row in in_row if row.prediction.labels == (code,)]
            cells.append(_confusion_cell(gold, code, in_cell, len(in_row)))
        table.append(tuple(cells))
    return ConfusionMatrix(run.codes, tuple(table))


def _code_cells(run: Run, code: str) -> tuple[ConfusionCell, ...]:
    gold = [row for row in run.rows if code in row.gold]
    predicted = [row for row in run.rows if code in row.prediction.labels]
    found = [row for row in gold if code in row.prediction.labels]
    missed = [row for row in gold if code not in row.prediction.labels]
    wrong = [row for row in predicted if code not in row.gold]
    return (
        _confusion_cell(code, code, found, len(gold)),
        _confusion_cell(code, "not given", missed, len(gold)),
        _confusion_cell("not gold", code, wrong, len(gold)),
    )


def _confusion_cell(
    gold: str, predicted: str, rows: Sequence[PredictionRecord], total: int
) -> ConfusionCell:
    surest = tuple(_surest_first(rows)[:MAX_SENTENCES])
    return ConfusionCell(gold, predicted, len(rows), len(rows) / max(total, 1), surest)


def _surest_first(rows: Sequence[PredictionRecord]) -> list[PredictionRecord]:
    return sorted(rows, key=lambda row: -max(row.prediction.scores))


def surest_mistakes(run: Run) -> list[PredictionRecord]:
    """Return the wrong rows a model was surest of, surest first."""
    wrong = [row for row, mistaken in zip(run.rows, _mistaken(run), strict=True) if mistaken]
    return _surest_first(wrong)[:MAX_MISTAKES]


def _mistaken(run: Run) -> NDArray[np.bool_]:
    return np.array([set(row.gold) != set(row.prediction.labels) for row in run.rows])


def count_mistakes(run: Run) -> dict[str, int]:
    """Count the mistakes of a run by kind; empty where the codes of its codebook have no order."""
    # Which side a code is on is known from the codebook's scale alone.
    if run.multi_label or not run.scale:
        return {}
    examples = [row.example for row in run.rows]
    types = error_types(examples, run.gold, run.labels, scale=run.scale, absent=run.absent)
    return count_error_types(types)


@dataclass(frozen=True, slots=True)
class SelectiveRow:
    """What declining to label the unsure examples gave on test, for one cut that validation set.

    `labelled` is the share of test examples that get a label, `errors` the share of errors among
    them: zero where nothing is labelled.
    """

    risk: float
    labelled: float
    errors: float


@dataclass(frozen=True, slots=True)
class SetRow:
    """What prediction sets gave on test: the share of gold codes outside them, and the mean number of codes in one."""

    miss: float
    missed: float
    size: float


def selective_rows(entry: LeaderboardRow) -> list[SelectiveRow]:
    """Return by accepted risk what was labelled on test, means over random states."""
    rows = []
    for risk, _ in entry.first.caution.risks:
        by_state = []
        for run in entry.runs:
            kept = confidence(run.scores, run.thresholds) >= run.caution.cut(risk)
            # Nothing is labelled at a cut that no example reaches.
            errors = float(_mistaken(run)[kept].mean()) if kept.any() else 0.0
            by_state.append((float(kept.mean()), errors))
        rows.append(SelectiveRow(risk, *np.mean(by_state, axis=0).tolist()))
    return rows


def set_rows(entry: LeaderboardRow) -> list[SetRow]:
    """Return by promised share of misses the share on test, as the mean over articles, and the mean size of a set."""
    rows = []
    for miss, _ in entry.first.caution.sets:
        by_state = []
        for run in entry.runs:
            inside = run.scores >= dict(run.caution.sets)[miss]
            truth = indicator(run.gold, run.codes)
            # The promise is one per article, since its examples are not independent.
            sum_up = partial(np.bincount, numbered(run.articles))
            missed = sum_up((truth & ~inside).sum(axis=1))
            total = sum_up(truth.sum(axis=1))
            share = float((missed / total.clip(min=1)).mean())
            by_state.append((share, float(inside.sum(axis=1).mean())))
        rows.append(SetRow(miss, *np.mean(by_state, axis=0).tolist()))
    return rows


def review_rows(run: Run, risk: float = REVIEW_RISK) -> list[PredictionRecord]:
    """Return the test examples that a person should judge, least sure first; none of a model that never declines."""
    if not run.caution.risks:
        return []
    sure = confidence(run.scores, run.thresholds)
    cut = run.caution.cut(risk)
    return [run.rows[index] for index in np.argsort(sure, kind="stable") if sure[index] < cut]
