"""Linear baselines: TF-IDF over marked text, any scikit-learn classifier on top."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils.validation import has_fit_parameter

from stancekit.errors import KitError
from stancekit.models.base import ExampleClassifier, weights_of
from stancekit.models.vectorizer import NgramViews

# Examples that are scored together, which bounds memory.
BATCH_EXAMPLES = 4096


class Linear(NgramViews, ExampleClassifier):
    """TF-IDF of words, characters and the actor's surroundings under a linear classifier.

    Texts become counts as in `stancekit.models.vectorizer`, where few targets with many examples
    each have columns of their own.

    Parameters
    ----------
    classifier
        Any scikit-learn classifier with `predict_proba` or `decision_function`. For an indicator
        `y` one copy is fitted per code. By default logistic regression.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    ngram_range, char_ngram_range
        The shortest and the longest n-grams of words, and of characters within words, as of
        scikit-learn's vectorizers; `None` leaves them out.
    min_df
        How many training texts an n-gram has to be in. Where all are rarer, it is 1.

    Examples
    --------
    >>> texts, y = ["we agree", "we refuse"] * 3, ["for", "against"] * 3
    >>> model = Linear(min_df=1).fit(texts, y)
    >>> model.predict(["they refuse"]).tolist()
    ['against']

    On the columns of a DataFrame, as in scikit-learn:

    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from stancekit.models.features import Marked, Plain
    >>> frame = pd.DataFrame({"text": texts, "actor": "we", "target": "the levy", "position": y})
    >>> grid = {"classifier__C": [0.1, 10], "features": [Plain(), Marked()]}
    >>> search = GridSearchCV(Linear(LogisticRegression()), grid, cv=2).fit(frame, frame["position"])
    >>> search.predict(frame[:1]).tolist()
    ['for']
    """

    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        classifier: Any = None,
        *,
        features: Any = None,
        ngram_range: Sequence[int] | None = (1, 2),
        char_ngram_range: Sequence[int] | None = (2, 5),
        min_df: int = 2,
        random_state: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.features = features
        self.ngram_range = ngram_range
        self.char_ngram_range = char_ngram_range
        self.min_df = min_df
        self.random_state = random_state

    def fit(self, X: Any, y: NDArray[Any], sample_weight: Any = None) -> Self:
        """Learn vocabulary and weights; `y` has shape (examples,) or (examples, codes).

        Parameters
        ----------
        sample_weight
            The weight of each example for the classifier, shape (examples,), where it takes some and
            an example has one code; document frequencies count all examples alike.
        """
        X, y = self._read_labelled(X, y)
        table = self._learn(X)
        model = LogisticRegression(max_iter=1000) if self.classifier is None else self.classifier
        model = clone(model)
        # Of a pipeline, its parts' too.
        states = [key for key in model.get_params() if key.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(states, self.random_state))
        weights = weights_of(sample_weight, y, "sample_weight")
        if weights and not has_fit_parameter(model, "sample_weight"):
            raise KitError(
                f"{type(model).__name__} takes no sample_weight; use a classifier that does, or none"
            )
        model = OneVsRestClassifier(model) if self.multi_label_ else model
        self.model_ = model.fit(table, y, **weights)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes).

        A margin classifier's decision values are passed through a softmax, or a logistic function
        where there are several labels: scores to rank by, not calibrated probabilities.
        """
        X = self._read_fitted(X)
        starts = range(0, len(X), BATCH_EXAMPLES)
        batches = [X[start : start + BATCH_EXAMPLES] for start in starts]
        parts = [self._probabilities(self._table(batch)) for batch in batches]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _probabilities(self, table: csr_matrix) -> NDArray[np.float64]:
        if hasattr(self.model_, "predict_proba"):
            return np.asarray(self.model_.predict_proba(table))
        margin = self.model_.decision_function(table)
        if margin.ndim == 1:
            margin = np.column_stack([-margin, margin])
        return np.asarray(expit(margin) if self.multi_label_ else softmax(margin, axis=1))
