"""Metrics as functions of counts, so that all bootstrap replicates are one array operation.

Each takes counts of shape (..., codes, 4), true positives, false positives, false negatives
and true negatives, and returns shape (...). Precision, recall and F1 of a code that is neither
in the gold labels nor predicted are 0. Macro averages run over the codes in the gold labels.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import CodeTuples, indicator, numbered
from stancekit.types import FloatArray

Cells = NDArray[np.bool_]


def sum_clusters(values: NDArray[np.generic], cluster: NDArray[np.intp]) -> FloatArray:
    """Return the sums of rows by cluster, shape (rows, ...) to (clusters, ...).

    Parameters
    ----------
    cluster
        The number of each row's cluster, from `numbered`.
    """
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[order].astype(float), starts, axis=0))


def outcomes(gold: CodeTuples, predicted: CodeTuples, names: Sequence[str]) -> Cells:
    """Return the outcome of each example and code.

    Returns
    -------
    array of bool, shape (examples, codes, 4)
        In the last axis: true positive, false positive, false negative, true negative.
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
    """Count true and false positives and negatives by cluster and code.

    Parameters
    ----------
    gold, predicted
        The codes of each example.
    names
        All codes, in the order of the result.
    clusters
        The article of each example.
    mask
        The examples to count, shape (examples,); by default all.

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
    return sum_clusters(cells, numbered(clusters)) if len(cells) else np.zeros((0, len(names), 4))


Metric = Callable[[FloatArray], FloatArray]


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return a ratio, 0 where its denominator is."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


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
    """Return which codes are in the gold labels, shape (..., codes, 4) to (codes,).

    All leading axes are summed.

    Examples
    --------
    >>> in_gold(np.array([[1.0, 0, 0, 1], [0, 1, 0, 1]])).tolist()
    [True, False]
    """
    total = counts.reshape(-1, *counts.shape[-2:]).sum(axis=0)
    return np.asarray(total[:, 0] + total[:, 2] > 0)


def macro_f1(counts: FloatArray, codes: NDArray[np.bool_] | None = None) -> FloatArray:
    """Return the mean F1 over the codes in the gold labels, NaN where there are none.

    The arithmetic mean of F1 over classes (Opitz and Burst 2021, "Macro F1 and Macro F1",
    equation 1). A code without gold examples cannot be right, so averaging over it would
    punish a model for the codebook.

    Parameters
    ----------
    codes
        Which codes to average over, shape (codes,): `in_gold` of the whole test set, so that
        all models, and all replicates of a bootstrap, are averaged over the same codes. By
        default the codes in the gold labels of `counts` itself.

    Examples
    --------
    >>> float(macro_f1(np.array([[1.0, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 2]])))
    1.0
    """
    return _mean_over(f1(counts), in_gold(counts) if codes is None else codes)


def _mean_over(values: FloatArray, codes: NDArray[np.bool_]) -> FloatArray:
    """Return the mean over some codes, shape (..., codes) to (...), NaN where there are none."""
    if not codes.any():
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values[..., codes].mean(axis=-1))


def micro_f1(counts: FloatArray) -> FloatArray:
    """Return the F1 of the pooled decisions; for one label per example this is the accuracy."""
    return f1(counts.sum(axis=-2, keepdims=True))[..., 0]


def f_avg(counts: FloatArray, against: int = 0, favour: int = 1) -> FloatArray:
    """Return the mean F1 of the codes against and in favour.

    The metric of SemEval-2016 Task 6 (Mohammad et al. 2016, "Detecting Stance in Tweets",
    section 5).

    Parameters
    ----------
    against, favour
        The positions of the two codes in the alphabetical order of the codebook.
    """
    return np.asarray(f1(counts)[..., [against, favour]].mean(axis=-1))


def both_f1(counts: FloatArray, gold: FloatArray | None = None) -> FloatArray:
    """Return the mean F1 of having and of not having a code, over the codes in the gold labels.

    What studies of several frames per text publish as macro-F1 (such as Lemor et al.,
    Canadian climate framing). It is far higher than `macro_f1` where codes are rare, since
    it is easy not to have a rare code. For a code that every example has, not having it has
    no gold examples and is left out.

    Parameters
    ----------
    gold
        Counts of the whole test set, which say what the gold labels have; by default
        `counts` itself.
    """
    reference = counts if gold is None else gold
    # In reverse order the counts are those of not having a code.
    negative = counts[..., ::-1]
    have, lack = in_gold(reference), in_gold(reference[..., ::-1])
    both = np.where(lack, (f1(counts) + f1(negative)) / 2, f1(counts))
    return _mean_over(both, have)


METRICS: dict[str, Metric] = {"macro_f1": macro_f1, "micro_f1": micro_f1}
PER_CODE: dict[str, Metric] = {"precision": precision, "recall": recall, "f1": f1}
# Means over the codes in the gold labels; no other metric depends on which these are.
MACRO = ("macro_f1", "both_f1")


def metrics_for(
    names: Sequence[str], gold: FloatArray, *, multi_label: bool, scale: Sequence[str] = ()
) -> dict[str, Metric]:
    """Return the metrics of a codebook.

    Parameters
    ----------
    names
        All codes, in alphabetical order.
    gold
        Counts of the whole test set, shape (..., codes, 4): they say over which codes macro
        averages run.
    multi_label
        Whether the codebook allows several codes per example.
    scale
        The ordered codes of the codebook, lowest first.

    Returns
    -------
    dict
        `macro_f1` and `micro_f1`; `f_avg`, of the ends of the scale, for a codebook with
        one; `both_f1` where an example may have several codes.

    Examples
    --------
    >>> gold = np.array([[3.0, 0, 0, 1], [1, 0, 0, 3]])
    >>> list(metrics_for(["for", "none"], gold, multi_label=False, scale=["none", "for"]))
    ['macro_f1', 'micro_f1', 'f_avg']
    """
    metrics: dict[str, Metric] = {
        "macro_f1": partial(macro_f1, codes=in_gold(gold)),
        "micro_f1": micro_f1,
    }
    if multi_label:
        metrics["both_f1"] = partial(both_f1, gold=gold)
    if len(scale) > 1:
        lowest, highest = names.index(scale[0]), names.index(scale[-1])
        metrics["f_avg"] = partial(f_avg, against=lowest, favour=highest)
    return metrics
