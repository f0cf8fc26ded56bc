"""Scores of spans that were found against gold spans: precision, recall, F1, exact match."""

from collections.abc import Collection, Sequence

import numpy as np

from stancekit.corpus.dataset import numbered
from stancekit.evaluation.bootstrap import REPLICATES, estimate_interval
from stancekit.evaluation.metrics import PER_CODE, sum_clusters
from stancekit.evaluation.slices import Slices
from stancekit.types import FloatArray, Score

Span = tuple[int, int]


def count_spans(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> FloatArray:
    """Count the spans of each sentence that are right, false and missed.

    Returns
    -------
    array, shape (sentences, 3)

    Examples
    --------
    >>> count_spans([{(0, 4)}], [{(0, 4), (9, 12)}]).tolist()
    [[1.0, 1.0, 0.0]]
    """
    counts = []
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        truth, guess = set(gold_spans), set(predicted_spans)
        counts.append((len(truth & guess), len(guess - truth), len(truth - guess)))
    return np.array(counts, dtype=float).reshape(-1, 3)


def score_spans(
    counts: FloatArray,
    clusters: Sequence[str],
    *,
    slices: Slices | None = None,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score spans: precision, recall and F1 over all spans, as in CoNLL-2003.

    Parameters
    ----------
    counts
        Of `count_spans`, shape (sentences, 3).
    clusters
        The article of each sentence: the unit of the bootstrap.
    slices
        Masks of shape (sentences,) by name.

    Returns
    -------
    list of Score
        `n` is the number of gold spans.

    Examples
    --------
    >>> scores = score_spans(np.array([[1.0, 1, 0]]), ["a"])
    >>> [round(score.value, 2) for score in scores]
    [0.5, 1.0, 0.67]
    """
    masks = {"all": np.ones(len(counts), dtype=bool), **(slices or {})}
    scores = []
    for name, mask in masks.items():
        part = counts[mask]
        if not len(part):
            continue
        n_gold = int(part[:, [0, 2]].sum())
        sums = sum_clusters(part, numbered(np.asarray(clusters)[mask].tolist()))
        # Metrics take counts of shape (states, clusters, codes, 4). A sentence has no true
        # negatives, and none of these metrics needs them.
        table = np.pad(sums, ((0, 0), (0, 1)))[None, :, None, :]
        for metric, function in PER_CODE.items():
            (estimate,) = estimate_interval(table, function, replicates=replicates)
            scores.append(Score(metric, name, *estimate, n_gold))
    return scores
