"""The model every other has to beat."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.models.base import ExampleClassifier
from stancekit.types import Example


class Majority(ExampleClassifier):
    """Predict the commonest code; of a multi-label codebook, the codes that at least half of the sentences have.

    Examples
    --------
    >>> import numpy as np
    >>> some = [Example(str(i), "text") for i in range(3)]
    >>> Majority().fit(some, np.array(["a", "b", "b"])).predict(some[:1]).tolist()
    ['b']
    """

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Count the codes; `y` has shape (examples,) or, as an indicator, (examples, codes)."""
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        if self.multi_label_:
            self.classes_, self.shares_ = np.arange(y.shape[1]), y.mean(axis=0)
        else:
            self.classes_, counts = np.unique(y, return_counts=True)
            self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the share of each code in training for every example, shape (examples, codes)."""
        return np.tile(self.shares_, (len(X), 1))
