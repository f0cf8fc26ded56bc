"""Decision thresholds of multi-label codebooks, chosen on validation alone."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve


def best_thresholds(scores: NDArray[np.float64], truth: NDArray[np.bool_], *, floor: int = 3) -> list[float]:
    """Return for each code the threshold with the highest F1.

    Parameters
    ----------
    scores, truth
        Shape (examples, codes), of the validation part.
    floor
        A code with fewer positive examples than this keeps the threshold of one half.

    Examples
    --------
    >>> scores = np.array([[0.2], [0.3], [0.9], [0.4]])
    >>> best_thresholds(scores, np.array([[False], [True], [True], [True]]), floor=1)
    [0.25]
    """
    found = []
    for column, gold in zip(scores.T, truth.T, strict=True):
        if gold.sum() < floor:
            found.append(0.5)
            continue
        precision, recall, cuts = precision_recall_curve(gold, column)
        total = precision[:-1] + recall[:-1]
        f1 = np.divide(2 * precision[:-1] * recall[:-1], total, out=np.zeros_like(total), where=total > 0)
        at = int(f1.argmax())
        below = column[column < cuts[at]]
        # Halfway to the next lower score, so that the cut does not hang on one example's last digit.
        found.append(float((cuts[at] + below.max()) / 2) if below.size else float(cuts[at]))
    return found
