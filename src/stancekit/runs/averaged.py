"""Several random states of a model as one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stancekit.models.classifier import codes_from_scores
from stancekit.models.ensemble import mean_scores
from stancekit.runs.record import Run


def averaged_run(runs: Sequence[Run], *, name: str | None = None) -> Run:
    """Return several runs as one, as `stancekit average` makes them one model: mean scores, read at mean thresholds.

    Its validation score is the mean of theirs, since every validation part taught some member; its
    time is their sum.
    """
    first, scores = runs[0], mean_scores([run.scores for run in runs])
    thresholds = mean_scores([np.array(run.thresholds) for run in runs]).tolist()
    labels = codes_from_scores(scores, first.codes, thresholds, multi_label=first.multi_label)
    rows = []
    for row, codes, values in zip(first.rows, labels, scores.tolist(), strict=True):
        prediction = replace(row.prediction, labels=codes, scores=tuple(values))
        rows.append(replace(row, prediction=prediction))
    return replace(
        first,
        rows=tuple(rows),
        model=name or first.model,
        validation=float(np.mean([run.validation for run in runs])),
        seconds=sum(run.seconds for run in runs),
        thresholds=tuple(thresholds),
        # The average was not asked about the audit's variants, only its members were.
        audit={},
        names=(),
        answers=(),
        views=(),
        behaviour={},
    )
