"""Temperature scaling: probabilities that mean what they say, fitted on validation alone."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, softmax, xlogy

Scores = NDArray[np.float64]
# A probability below counts as this one, so that no single example decides.
_LEAST = 1e-9
# What temperatures are sought between.
_COLDEST, _HOTTEST = 0.05, 20.0


def scaled(
    scores: Scores, temperature: float, *, known: NDArray[np.bool_] | None = None, multi_label: bool = False
) -> Scores:
    """Return probabilities with their logits divided by a temperature, shape (examples, codes).

    Of one label per example each row sums to one.

    Parameters
    ----------
    known
        Which codes the model can give, shape (codes,), by default all: one that training lacks stays at 0.

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
        return np.asarray(expit(logit(scores.clip(_LEAST, 1 - _LEAST)) / temperature))
    logits = np.log(scores.clip(_LEAST)) / temperature
    return np.asarray(softmax(logits if known is None else np.where(known, logits, -np.inf), axis=1))


def best_temperature(
    scores: Scores, truth: NDArray[np.bool_], *, known: NDArray[np.bool_] | None = None, multi_label: bool = False
) -> float:
    """Return the temperature of the least log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Parameters
    ----------
    scores, truth
        Shape (examples, codes), of the validation part.
    known
        Which codes the model can give, shape (codes,), by default all. Examples of others say nothing about a
        temperature and are left out.

    Returns
    -------
    float
        Between 0.05 and 20; 1 where the rest of validation has one code only.

    Examples
    --------
    >>> sure_and_often_wrong = np.array([[0.99, 0.01]] * 10)
    >>> best_temperature(sure_and_often_wrong, np.eye(2, dtype=bool)[[0] * 6 + [1] * 4]) > 5
    True
    """
    if known is not None:
        rows = truth[:, known].any(axis=1)
        scores, truth = scores[rows][:, known], truth[rows][:, known]
    shown = truth.any(axis=0)
    if shown.sum() < (1 if multi_label else 2):
        return 1.0

    def loss(logarithm: float) -> float:
        found = scaled(scores, float(np.exp(logarithm)), multi_label=multi_label).clip(_LEAST, 1 - _LEAST)
        against = xlogy(~truth, 1 - found) if multi_label else 0.0
        return float(-(xlogy(truth, found) + against).mean())

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x))
