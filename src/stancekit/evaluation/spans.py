"""Scores of found spans against gold ones: precision, recall and F1 by exact match."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import numbered
from stancekit.evaluation.bootstrap import REPLICATES, estimate_interval
from stancekit.evaluation.metrics import PER_CODE, summed
from stancekit.evaluation.slices import Slices
from stancekit.types import Score

Span = tuple[int, int]


def count_spans(
    gold: Sequence[Collection[Span]], found: Sequence[Collection[Span]]
) -> NDArray[np.float64]:
    """Count, per sentence, the spans found, the false ones and the missed ones, shape (sentences, 3).

    Examples
    --------
    >>> count_spans([{(0, 4)}], [{(0, 4), (9, 12)}]).tolist()
    [[1.0, 1.0, 0.0]]
    """
    pairs = ((set(here), set(there)) for here, there in zip(gold, found, strict=True))
    counts = [(len(here & there), len(there - here), len(here - there)) for here, there in pairs]
    return np.array(counts, dtype=float).reshape(-1, 3)


def score_spans(
    counts: NDArray[np.float64],
    clusters: Sequence[str],
    *,
    slices: Slices | None = None,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score found spans: precision, recall and F1 over all spans, as in CoNLL-2003.

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
    >>> [round(one.value, 2) for one in score_spans(np.array([[1.0, 1, 0]]), ["a"])]
    [0.5, 1.0, 0.67]
    """
    where = {"all": np.ones(len(counts), dtype=bool), **(slices or {})}
    scores = []
    for name, mask in where.items():
        part, gold = counts[mask], int(counts[mask][:, [0, 2]].sum())
        if not len(part):
            continue
        sums = summed(part, numbered(np.asarray(clusters)[mask].tolist()))
        table = np.pad(sums, ((0, 0), (0, 1)))[None, :, None, :]
        for metric, use in PER_CODE.items():
            (of,) = estimate_interval(table, use, replicates=replicates)
            scores.append(Score(metric, name, *of, gold))
    return scores
