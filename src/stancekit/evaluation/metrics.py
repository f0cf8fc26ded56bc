"""Metrics as functions of counts, so that every replicate of a bootstrap is one array operation.

Each takes counts of shape (..., codes, 4): true positives, false positives, false negatives and true
negatives; and returns shape (...). A metric of a code that is neither in gold nor predicted is 0.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Metric = Callable[[Array], Array]


def _ratio(over: Array, under: Array) -> Array:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def precision(counts: Array) -> Array:
    """Return the precision of each code, shape (..., codes)."""
    return _ratio(counts[..., 0], counts[..., 0] + counts[..., 1])


def recall(counts: Array) -> Array:
    """Return the recall of each code, shape (..., codes)."""
    return _ratio(counts[..., 0], counts[..., 0] + counts[..., 2])


def f1(counts: Array) -> Array:
    """Return the F1 of each code, shape (..., codes)."""
    return _ratio(2 * counts[..., 0], 2 * counts[..., 0] + counts[..., 1] + counts[..., 2])


def macro_f1(counts: Array) -> Array:
    """Return the mean F1 over all codes of the codebook, present in the split or not.

    Examples
    --------
    >>> float(macro_f1(np.array([[1.0, 0, 0, 1], [1, 0, 0, 1]])))
    1.0
    """
    return np.asarray(f1(counts).mean(axis=-1))


def micro_f1(counts: Array) -> Array:
    """Return the F1 of the pooled decisions; for one label per example this is the accuracy."""
    return f1(counts.sum(axis=-2, keepdims=True))[..., 0]


def f_avg(counts: Array, against: int = 0, favour: int = 1) -> Array:
    """Return the mean F1 of the codes against and in favour.

    The metric of SemEval-2016 Task 6 (Mohammad et al. 2016, "Detecting Stance in Tweets", section 5);
    `against` and `favour` are positions in the codebook's alphabetical order.
    """
    return np.asarray(f1(counts)[..., [against, favour]].mean(axis=-1))


def both_f1(counts: Array) -> Array:
    """Return the mean over codes of the mean F1 of bearing a code and of not bearing it.

    What multi-label frame studies publish as macro-F1 (as in Lemor et al., Canadian climate framing): far higher than
    `macro_f1` where codes are rare, since not bearing a rare code is easy.
    """
    other = np.stack([counts[..., 3], counts[..., 2], counts[..., 1], counts[..., 0]], axis=-1)
    return np.asarray((f1(counts) + f1(other)).mean(axis=-1) / 2)


METRICS: dict[str, Metric] = {"macro_f1": macro_f1, "micro_f1": micro_f1}
PER_CODE: dict[str, Metric] = {"precision": precision, "recall": recall, "f1": f1}


def metrics_for(names: Sequence[str], *, multi_label: bool = False) -> dict[str, Metric]:
    """Return the metrics that make sense for a codebook, `f_avg` where there are two sides, `both_f1` for several."""
    found = dict(METRICS) | ({"both_f1": both_f1} if multi_label else {})
    if "condemn" in names and "support" in names:
        found["f_avg"] = partial(f_avg, against=names.index("condemn"), favour=names.index("support"))
    return found
