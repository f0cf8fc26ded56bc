"""The model every other has to beat."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.models.base import ExampleClassifier


class Majority(ExampleClassifier):
    """Predict the commonest code; of a multi-label codebook, the codes that at least half of the sentences have.

    Examples
    --------
    >>> Majority().fit(["one", "two", "three"], ["a", "b", "b"]).predict(["four"]).tolist()
    ['b']
    """

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this model is no better than chance."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: NDArray[Any], sample_weight: Any = None) -> Self:
        """Count the codes; `y` has shape (examples,) or, as an indicator, (examples, codes).

        Parameters
        ----------
        sample_weight
            How much each example counts, shape (examples,); by default all alike.
        """
        _, y = self._read_labelled(X, y)
        weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        if not weights.any():
            raise ValueError("all sample weights are zero; give some examples a weight")
        if self.multi_label_:
            self.classes_, self.shares_ = (
                np.arange(y.shape[1]),
                np.average(y, axis=0, weights=weights),
            )
        else:
            self.classes_, codes = np.unique(y, return_inverse=True)
            counts = np.bincount(codes, weights=weights)
            self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the share of each code in training for every example, shape (examples, codes)."""
        X = self._read_fitted(X)
        return np.tile(self.shares_, (len(X), 1))
