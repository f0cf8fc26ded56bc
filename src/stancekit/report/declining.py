"""How declining and prediction sets, set on validation, went on test."""

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import indicator, numbered
from stancekit.models.selective import SelectivePolicy, confidence
from stancekit.report.leaderboard import LeaderboardRow
from stancekit.runs.record import PredictionRecord, Run

REVIEWED = 0.2


def _wrong(run: Run) -> NDArray[np.bool_]:
    return np.array([set(row.gold) != set(row.prediction.labels) for row in run.rows])


def _caution(run: Run) -> SelectivePolicy:
    return SelectivePolicy.from_list(run.facts["caution"])


def declining(entry: LeaderboardRow) -> list[tuple[float, float, float]]:
    """Return by accepted risk the share of test examples labelled and the share of errors among them.

    Means over random states; the second is zero where nothing is labelled.
    """
    found = []
    for risk, _ in _caution(entry.first).risks:
        both = []
        for run in entry.runs:
            kept = confidence(run.scores, run.facts["thresholds"]) >= _caution(run).cut(risk)
            both.append(
                (float(kept.mean()), float(_wrong(run)[kept].mean()) if kept.any() else 0.0)
            )
        labelled, errors = np.mean(both, axis=0).tolist()
        found.append((risk, labelled, errors))
    return found


def sets(entry: LeaderboardRow) -> list[tuple[float, float, float]]:
    """Return by promised share of misses the share on test, as the mean over articles, and the mean size of a set."""
    found = []
    for miss, _ in _caution(entry.first).sets:
        both = []
        for run in entry.runs:
            inside = run.scores >= dict(_caution(run).sets)[miss]
            truth = indicator(run.gold, run.codes)
            home = numbered(run.articles)
            missed, total = (
                np.bincount(home, cells.sum(axis=1)) for cells in (truth & ~inside, truth)
            )
            both.append(
                (float((missed / total.clip(min=1)).mean()), float(inside.sum(axis=1).mean()))
            )
        outside, size = np.mean(both, axis=0).tolist()
        found.append((miss, outside, size))
    return found


def queue(run: Run, risk: float = REVIEWED) -> list[PredictionRecord]:
    """Return the test examples that a person should judge, least sure first; none of a model that never declines."""
    if not _caution(run).risks:
        return []
    sure = confidence(run.scores, run.facts["thresholds"])
    cut = _caution(run).cut(risk)
    return [run.rows[at] for at in np.argsort(sure, kind="stable") if sure[at] < cut]
