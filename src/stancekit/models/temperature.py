"""Temperature scaling: scores of a single-label model that mean what they say, fitted on validation alone."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

Scores = NDArray[np.float64]
_LEAST = 1e-9


class _AsGiven(ClassifierMixin, BaseEstimator):
    """A classifier whose input is its own logits, so that scikit-learn calibrates scores computed elsewhere."""

    def __init__(self, codes: int = 2) -> None:
        self.codes = codes

    def fit(self, X: Scores, y: Any) -> Self:
        self.classes_ = np.arange(self.codes)
        return self

    def decision_function(self, X: Scores) -> Scores:
        # scikit-learn reads one column x of a two-class problem as the logits -x and x.
        return (X[:, 1] - X[:, 0]) / 2 if self.codes == 2 else X

    def predict(self, X: Scores) -> NDArray[np.int64]:
        return np.asarray(X.argmax(axis=1))


def scaled(scores: Scores, temperature: float) -> Scores:
    """Return scores sharpened or softened by a temperature, each row summing to one.

    Examples
    --------
    >>> scaled(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    if temperature == 1:
        return scores
    logits = np.log(np.clip(scores, _LEAST, None)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def best_temperature(scores: Scores, gold: Sequence[int] | NDArray[np.int64]) -> float:
    """Return the temperature of the least log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Parameters
    ----------
    scores
        Shape (examples, codes), of the validation part.
    gold
        The position of each example's code.

    Returns
    -------
    float
        Between 0.05 and 20; 1 where validation has one code only.

    Examples
    --------
    >>> sure_and_often_wrong = np.array([[0.99, 0.01]] * 10)
    >>> best_temperature(sure_and_often_wrong, [0] * 6 + [1] * 4) > 5
    True
    """
    shown = sorted({int(code) for code in gold})
    if len(shown) < 2:
        return 1.0
    logits = np.log(np.clip(scores, _LEAST, None))
    # A code that validation does not show stays out of the fit, which needs one example of each.
    whole = _AsGiven(len(shown)).fit(logits, gold)
    rows = np.arange(len(gold))
    fitted = CalibratedClassifierCV(FrozenEstimator(whole), method="temperature", ensemble=False, cv=[(rows, rows)])
    fitted.fit(logits[:, shown], np.searchsorted(shown, gold))
    inverse = float(fitted.calibrated_classifiers_[0].calibrators[0].beta_)
    return float(np.clip(1 / inverse, 0.05, 20))
