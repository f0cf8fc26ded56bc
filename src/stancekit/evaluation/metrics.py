"""Metrics as functions of counts, so that every replicate of a bootstrap is one array operation.

Each takes counts of shape (..., codes, 4): true positives, false positives, false negatives and
true negatives; and returns shape (...). Precision, recall and F1 of a code that is neither in gold
nor predicted are 0; macro averages run over the codes that gold bears.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import CodeTuples, indicator, numbered
from stancekit.types import FloatArray

Cells = NDArray[np.bool_]


def summed(values: NDArray[np.generic], home: NDArray[np.intp]) -> FloatArray:
    """Return the sums of rows by cluster, shape (rows, ...) to (clusters, ...).

    Parameters
    ----------
    home
        The number of each row's cluster, from `numbered`.
    """
    order = np.argsort(home, kind="stable")
    starts = np.flatnonzero(np.diff(home[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[order].astype(float), starts, axis=0))


def outcomes(gold: CodeTuples, predicted: CodeTuples, names: Sequence[str]) -> Cells:
    """Return per example and code whether it is a true positive, false positive, false negative or true negative.

    Returns
    -------
    array, shape (examples, codes, 4)
    """
    truth, guess = indicator(gold, names), indicator(predicted, names)
    return np.stack([truth & guess, ~truth & guess, truth & ~guess, ~truth & ~guess], axis=-1)


def count(
    gold: CodeTuples,
    predicted: CodeTuples,
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    mask: NDArray[np.bool_] | None = None,
) -> FloatArray:
    """Count true and false positives and negatives per cluster and code; with a mask, of its examples only.

    Returns
    -------
    array, shape (clusters, codes, 4)
        In the last axis: true positives, false positives, false negatives, true negatives. Clusters
        are in the order of their first example.

    Examples
    --------
    >>> count([("a",), ("b",)], [("a",), ("a",)], ["a", "b"], ["x", "x"]).tolist()
    [[[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]]
    """
    cells = outcomes(gold, predicted, names)
    if mask is not None:
        cells = cells & mask[:, None, None]
    return summed(cells, numbered(clusters)) if len(cells) else np.zeros((0, len(names), 4))


def confusion(gold: CodeTuples, predicted: CodeTuples, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the confusion matrix of a single-label codebook, gold in rows.

    Examples
    --------
    >>> confusion([("a",), ("b",)], [("a",), ("a",)], ["a", "b"]).tolist()
    [[1, 0], [1, 0]]
    """
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    at = {name: index for index, name in enumerate(names)}
    for (seen,), (guess,) in zip(gold, predicted, strict=True):
        table[at[seen], at[guess]] += 1
    return table


Metric = Callable[[FloatArray], FloatArray]


def _ratio(over: FloatArray, under: FloatArray) -> FloatArray:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def precision(counts: FloatArray) -> FloatArray:
    """Return the precision of each code, shape (..., codes)."""
    return _ratio(counts[..., 0], counts[..., 0] + counts[..., 1])


def recall(counts: FloatArray) -> FloatArray:
    """Return the recall of each code, shape (..., codes)."""
    return _ratio(counts[..., 0], counts[..., 0] + counts[..., 2])


def f1(counts: FloatArray) -> FloatArray:
    """Return the F1 of each code, shape (..., codes)."""
    return _ratio(2 * counts[..., 0], 2 * counts[..., 0] + counts[..., 1] + counts[..., 2])


def in_gold(counts: FloatArray) -> NDArray[np.bool_]:
    """Say which codes gold bears, shape (..., codes, 4) to (codes,); all leading axes are summed.

    Examples
    --------
    >>> in_gold(np.array([[1.0, 0, 0, 1], [0, 1, 0, 1]])).tolist()
    [True, False]
    """
    total = counts.reshape(-1, *counts.shape[-2:]).sum(axis=0)
    return np.asarray(total[:, 0] + total[:, 2] > 0)


def macro_f1(counts: FloatArray, codes: NDArray[np.bool_] | None = None) -> FloatArray:
    """Return the mean F1 over the codes that gold bears; NaN where it bears none.

    The arithmetic mean of F1 over classes (Opitz and Burst 2021, "Macro F1 and Macro F1", equation
    1). A code that the gold of a test set lacks cannot be right in it, so averaging over it would
    punish a model for the codebook.

    Parameters
    ----------
    codes
        Which codes to average over, shape (codes,): what `in_gold` says of the whole test set, so
        that all models, and all replicates of a bootstrap, are averaged over the same. By default
        the codes in the gold of `counts` itself.

    Examples
    --------
    >>> float(macro_f1(np.array([[1.0, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 2]])))
    1.0
    """
    return _mean(f1(counts), in_gold(counts) if codes is None else codes)


def _mean(values: FloatArray, codes: NDArray[np.bool_]) -> FloatArray:
    """Return the mean over some codes, shape (..., codes) to (...), NaN where there are none."""
    if not codes.any():
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values[..., codes].mean(axis=-1))


def micro_f1(counts: FloatArray) -> FloatArray:
    """Return the F1 of the pooled decisions; for one label per example this is the accuracy."""
    return f1(counts.sum(axis=-2, keepdims=True))[..., 0]


def f_avg(counts: FloatArray, against: int = 0, favour: int = 1) -> FloatArray:
    """Return the mean F1 of the codes against and in favour.

    The metric of SemEval-2016 Task 6 (Mohammad et al. 2016, "Detecting Stance in Tweets", section
    5); `against` and `favour` are positions in the codebook's alphabetical order.
    """
    return np.asarray(f1(counts)[..., [against, favour]].mean(axis=-1))


def both_f1(counts: FloatArray, gold: FloatArray | None = None) -> FloatArray:
    """Return the mean, over the codes that gold bears, of the mean F1 of bearing a code and of not bearing it.

    What multi-label frame studies publish as macro-F1 (as in Lemor et al., Canadian climate
    framing): far higher than `macro_f1` where codes are rare, since not bearing a rare code is
    easy. Of a code that every example bears, not bearing it has no gold and is left out.

    Parameters
    ----------
    gold
        Counts of the whole test set, which say what gold has; by default `counts` itself.
    """
    other = counts[..., ::-1]
    has, lacks = (
        in_gold(one) for one in ((counts, other) if gold is None else (gold, gold[..., ::-1]))
    )
    both = np.where(lacks, (f1(counts) + f1(other)) / 2, f1(counts))
    return _mean(both, has)


METRICS: dict[str, Metric] = {"macro_f1": macro_f1, "micro_f1": micro_f1}
PER_CODE: dict[str, Metric] = {"precision": precision, "recall": recall, "f1": f1}
# Means over the codes that gold bears; the other metrics do not depend on which these are.
MACRO = ("macro_f1", "both_f1")


def metrics_for(names: Sequence[str], gold: FloatArray, *, multi_label: bool) -> dict[str, Metric]:
    """Return the metrics that make sense for a codebook, `f_avg` where there are two sides, `both_f1` for several.

    Parameters
    ----------
    names
        All codes, in alphabetical order.
    gold
        Counts of the whole test set, shape (..., codes, 4): they say over which codes macro
        averages run.
    multi_label
        Whether the codebook allows several codes per example.

    Examples
    --------
    >>> gold = np.array([[3.0, 0, 0, 1], [1, 0, 0, 3]])
    >>> list(metrics_for(["condemn", "support"], gold, multi_label=False))
    ['macro_f1', 'micro_f1', 'f_avg']
    """
    found: dict[str, Metric] = {
        "macro_f1": partial(macro_f1, codes=in_gold(gold)),
        "micro_f1": micro_f1,
    }
    if multi_label:
        found["both_f1"] = partial(both_f1, gold=gold)
    if "condemn" in names and "support" in names:
        found["f_avg"] = partial(
            f_avg, against=names.index("condemn"), favour=names.index("support")
        )
    return found
