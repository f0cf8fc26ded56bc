"""What a model scores when its random states are averaged into one, beside the mean of their scores."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from stancekit.evaluation import count, macro_f1, score
from stancekit.evaluation.bootstrap import Kind
from stancekit.evaluation.comparison import compare_models
from stancekit.evaluation.metrics import in_gold
from stancekit.models.classifier import codes_from_scores
from stancekit.models.ensemble import mean_scores
from stancekit.runs.record import Run
from stancekit.types import Score

SLICE = "random states averaged"


def vary(runs: Sequence[Run]) -> bool:
    """Say whether some random state labels an example otherwise than the first."""
    return any(run.labels != runs[0].labels for run in runs[1:])


def averaged_run(runs: Sequence[Run], *, name: str | None = None) -> Run:
    """Return several runs as one, as `stancekit average` makes them one model: mean scores, read at mean thresholds.

    Its validation is theirs in the mean, for there is none that no member has learned from; its
    time is their sum.
    """
    first, scores = runs[0], mean_scores([run.scores for run in runs])
    thresholds = mean_scores([np.array(run.facts.get("thresholds", ())) for run in runs]).tolist()
    said = codes_from_scores(scores, first.codes, thresholds, multi_label=first.multi_label)
    rows = tuple(
        replace(row, prediction=replace(row.prediction, labels=labels, scores=tuple(own)))
        for row, labels, own in zip(first.rows, said, scores.tolist(), strict=True)
    )
    validation, seconds = (
        float(np.mean([run.validation for run in runs])),
        sum(run.seconds for run in runs),
    )
    facts = dict(first.facts) | {"thresholds": thresholds, "audit": {}}
    return replace(
        first,
        rows=rows,
        model=name or first.model,
        validation=validation,
        seconds=seconds,
        facts=facts,
    )


def averaged_scores(runs: Sequence[Run], *, kind: Kind = "percentile") -> list[Score]:
    """Score the random states of a model as one, and how far that lies above their mean; nothing where they agree.

    The intervals tell how articles vary. How such an average varies with the states it is made of,
    they do not.
    """
    if not vary(runs):
        return []
    first, one = runs[0], averaged_run(runs)
    found = score(
        one.gold, [one.labels], one.codes, one.articles, multi_label=one.multi_label, kind=kind
    )
    counts = [
        np.stack([count(first.gold, run.labels, first.codes, first.articles) for run in some])
        for some in ([one], runs)
    ]
    codes = in_gold(counts[0])
    both = dict(zip((SLICE, "mean"), counts, strict=True))
    pairs = compare_models(
        both, partial(macro_f1, codes=codes), n=len(one.rows), codes=int(codes.sum())
    ).pairs
    gain = [replace(pair.difference, metric="macro_f1 gain", slice=SLICE) for pair in pairs]
    return [*(replace(row, slice=SLICE) for row in found if row.slice == "all"), *gain]
