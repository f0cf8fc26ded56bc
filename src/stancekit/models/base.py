"""What every classifier offers: scikit-learn's contract over examples, and its files on disk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from stancekit.types import Example

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

SKOPS_FILE = "model.skops"


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


class ExampleClassifier(ClassifierMixin, BaseEstimator):
    """What all classifiers of the kit share: labels from scores, and files.

    A subclass has `predict_proba`, and a `fit` that sets the attributes below.

    Attributes
    ----------
    classes_
        The codes of the columns of `predict_proba`: names in alphabetical order, or, of an
        indicator `y`, the numbers of its columns, as in scikit-learn.
    multi_label_
        Whether `y` was an indicator of shape (examples, codes).
    """

    classes_: NDArray[Any]
    multi_label_: bool
    # A random state is only passed on to parts, and is not used by the model itself.
    passes_on_random_state: ClassVar[bool] = False

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the score of each code, shape (examples, codes)."""
        raise NotImplementedError

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the code with the highest score, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        if self.multi_label_:
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def save_files(self, folder: "ModelFolder") -> None:
        """Write the fitted model into an empty folder."""
        folder.write_estimator(SKOPS_FILE, self)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a fitted model back from the files that `save_files` wrote."""
        model: Self = folder.read_estimator(SKOPS_FILE, cls)
        return model
