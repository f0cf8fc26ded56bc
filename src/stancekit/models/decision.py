"""How scores become codes: thresholds, offsets by how common codes are, and a temperature, chosen on validation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.models.probability import softmax
from stancekit.types import BoolArray, FloatArray

# From 40 positive examples on, the standard error of a code's recall is below .08: at the worst,
# sqrt(.5 * .5 / 40) = .079.
MIN_POSITIVES = 40
# Thresholds that are tried at most; more make no difference, and memory grows with them.
MAX_CUTS = 400
# Totals of scores are at least this, so that none is divided by zero.
MIN_TOTAL = 1e-9
# Weights of the codes' shares that are tried: 0, 0.1, 0.2 and so on to 1.
WEIGHT_STEPS = 11
# A probability below counts as this one, so that no single example decides a log loss.
MIN_SCORE = 1e-9
# Temperatures that are tried. Beyond these scores are as good as certain, or all the same.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0


def _f1(scores: FloatArray, truth: BoolArray, cuts: FloatArray) -> FloatArray:
    """Return the F1 of every code at every cut, shape (cuts, codes)."""
    assigned = scores[None] >= cuts[:, None, None]
    correct = (assigned & truth[None]).sum(axis=1)
    total = assigned.sum(axis=1) + truth.sum(axis=0)[None]
    return np.asarray(2 * correct / np.maximum(total, 1))


def best_thresholds(
    scores: FloatArray, truth: BoolArray, *, floor: int = MIN_POSITIVES
) -> list[float]:
    """Return for each code the threshold with the highest F1.

    A separate threshold that is fitted to a handful of positive examples does worse on new text
    than a shared one: codes with fewer than `floor` of them get the threshold of the highest
    macro-F1 over all codes.

    Parameters
    ----------
    scores, truth
        Shape (examples, codes), of the validation part.
    floor
        The fewest positive examples for a threshold of its own.

    Examples
    --------
    >>> scores = np.array([[0.2], [0.3], [0.9], [0.4]])
    >>> best_thresholds(scores, np.array([[False], [True], [True], [True]]), floor=1)
    [0.25]
    """
    values = np.unique(scores)
    # Halfway between neighbouring scores, so that a cut does not depend on one example's last
    # digit; never below all scores, or a rare code would be given to every example.
    cuts = (values[1:] + values[:-1]) / 2 if len(values) > 1 else np.array([0.5])
    if len(cuts) > MAX_CUTS:
        cuts = np.quantile(cuts, np.linspace(0, 1, MAX_CUTS))
    table = _f1(scores, truth, cuts)
    shared = cuts[table.mean(axis=1).argmax()]
    separate = cuts[table.argmax(axis=0)]
    chosen = np.where(truth.sum(axis=0) >= floor, separate, shared)
    return [float(cut) for cut in chosen]


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
    return np.asarray(power / power.sum(axis=1, keepdims=True).clip(MIN_TOTAL))


def best_offsets(
    scores: NDArray[np.float64], truth: NDArray[np.int64], counts: Sequence[int]
) -> tuple[float, ...]:
    """Return the offsets, from none to the logarithm of each code's share, that make macro-F1 highest.

    Training with balanced weights removes the codes' shares from the scores; where most examples
    have one code, the rare ones are then given far too often. One number is chosen, so that a small
    validation part is enough (compare Menon et al. 2021, "Long-tail learning via logit adjustment",
    equation 9, where the number is 1).

    Parameters
    ----------
    scores, truth
        Of validation, shapes (examples, codes) and (examples,).
    counts
        How many training examples have each code.

    Examples
    --------
    >>> scores = np.array([[0.6, 0.4], [0.55, 0.45], [0.9, 0.1], [0.2, 0.8]])
    >>> best_offsets(scores, np.array([1, 1, 0, 1]), [10, 90])[0] < 0
    True
    """
    from sklearn.metrics import f1_score

    # A code that training lacks counts as half an example: its logarithm is finite.
    shares = np.maximum(np.asarray(counts, dtype=float), 0.5) / max(sum(counts), 1)
    offsets = np.log(shares) - np.log(shares).max()

    def macro_f1(weight: float) -> float:
        predicted = shifted(scores, (weight * offsets).tolist()).argmax(axis=1)
        codes = range(len(offsets))
        return float(f1_score(truth, predicted, labels=codes, average="macro", zero_division=0))

    weights = np.linspace(0, 1, WEIGHT_STEPS)
    values = [macro_f1(weight) for weight in weights]
    # Of those that do as well, the one in the middle.
    best = np.flatnonzero(np.isclose(values, max(values)))
    return tuple((weights[best[len(best) // 2]] * offsets + 0.0).tolist())


def scaled(
    scores: FloatArray,
    temperature: float,
    *,
    known: NDArray[np.bool_] | None = None,
    multi_label: bool = False,
) -> FloatArray:
    """Return probabilities with their logits divided by a temperature, shape (examples, codes).

    With one label per example each row sums to one.

    Parameters
    ----------
    known
        Which codes the model can give, shape (codes,), by default all: one that training lacks
        stays at 0.

    Examples
    --------
    >>> scaled(np.array([[0.8, 0.2, 0.0]]), 2.0, known=np.array([True, True, False])).round(3).tolist()
    [[0.667, 0.333, 0.0]]
    >>> scaled(np.array([[0.9, 0.1]]), 2.0, multi_label=True).round(2).tolist()
    [[0.75, 0.25]]
    """
    if temperature == 1:
        return scores
    if multi_label:
        from scipy.special import expit, logit

        return np.asarray(expit(logit(scores.clip(MIN_SCORE, 1 - MIN_SCORE)) / temperature))
    logits = np.log(scores.clip(MIN_SCORE)) / temperature
    return softmax(logits if known is None else np.where(known, logits, -np.inf))


def best_temperature(
    scores: FloatArray,
    truth: NDArray[np.bool_],
    *,
    known: NDArray[np.bool_] | None = None,
    multi_label: bool = False,
) -> float:
    """Return the temperature of the least log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Parameters
    ----------
    scores, truth
        Shape (examples, codes), of the validation part.
    known
        Which codes the model can give, shape (codes,), by default all. Examples of others say
        nothing about a temperature and are left out.

    Returns
    -------
    float
        Between 0.05 and 20; 1 where the rest of validation has one code only.

    Examples
    --------
    >>> overconfident = np.array([[0.99, 0.01]] * 10)
    >>> best_temperature(overconfident, np.eye(2, dtype=bool)[[0] * 6 + [1] * 4]) > 5
    True
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import xlogy

    if known is not None:
        rows = truth[:, known].any(axis=1)
        scores, truth = scores[rows][:, known], truth[rows][:, known]
    present = truth.any(axis=0)
    if present.sum() < (1 if multi_label else 2):
        return 1.0

    def loss(logarithm: float) -> float:
        at_temperature = scaled(scores, float(np.exp(logarithm)), multi_label=multi_label)
        clipped = at_temperature.clip(MIN_SCORE, 1 - MIN_SCORE)
        absent = xlogy(~truth, 1 - clipped) if multi_label else 0.0
        return float(-(xlogy(truth, clipped) + absent).mean())

    bounds = (np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE))
    options = {"xatol": 1e-6}
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options=options).x))
