"""How far the commonness of codes should count, after training that weighed all codes alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

TINY = 1e-9
STEPS = 11


def shifted(scores: NDArray[np.float64], offsets: Sequence[float]) -> NDArray[np.float64]:
    """Return probabilities with an offset added to the logarithm of each code's, shape (examples, codes).

    Examples
    --------
    >>> shifted(np.array([[0.5, 0.5]]), [0.0, np.log(3)]).round(2).tolist()
    [[0.25, 0.75]]
    """
    if not len(offsets):
        return scores
    power = scores * np.exp(offsets)
    return np.asarray(power / power.sum(axis=1, keepdims=True).clip(TINY))


def best_offsets(scores: NDArray[np.float64], truth: NDArray[np.int64], counts: Sequence[int]) -> tuple[float, ...]:
    """Return the offsets, from none to the logarithm of each code's share, that make macro-F1 highest.

    Training with balanced weights takes what a code's share says out of the scores; where most examples bear one code,
    the rare ones are then given far too often. One number is chosen, so that a small validation part will do (compare
    Menon et al. 2021, "Long-tail learning via logit adjustment", equation 9, with 1 for theirs).

    Parameters
    ----------
    scores, truth
        Of validation, shapes (examples, codes) and (examples,).
    counts
        How many training examples bear each code.

    Examples
    --------
    >>> scores = np.array([[0.6, 0.4], [0.55, 0.45], [0.9, 0.1], [0.2, 0.8]])
    >>> best_offsets(scores, np.array([1, 1, 0, 1]), [10, 90])[0] < 0
    True
    """
    share = np.log(np.maximum(np.asarray(counts, dtype=float), 0.5) / max(sum(counts), 1))
    share -= share.max()

    def found(weight: float) -> float:
        guess = shifted(scores, (weight * share).tolist()).argmax(axis=1)
        return float(f1_score(truth, guess, labels=range(len(share)), average="macro", zero_division=0))

    weights = np.linspace(0, 1, STEPS)
    values = [found(weight) for weight in weights]
    # Of those that do as well, the one in the middle.
    best = np.flatnonzero(np.isclose(values, max(values)))
    return tuple((weights[best[len(best) // 2]] * share + 0.0).tolist())
