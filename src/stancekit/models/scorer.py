"""What every model offers, as types. Without scikit-learn, so that labelling need not load it."""

from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.types import Example


class Scorer(Protocol):
    """What scores examples; `classes_` are the codes in the order of the columns."""

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the codes."""
        ...

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Score examples, shape (examples, codes)."""
        ...


class Classifier(Scorer, Protocol):
    """What every model offers: scikit-learn's contract over examples."""

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn from examples."""
        ...
