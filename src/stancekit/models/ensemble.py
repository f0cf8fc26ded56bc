"""Several models as one: an average of their probabilities, or a regression on them, calibrated on validation."""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.multiclass import OneVsRestClassifier

from stancekit.errors import KitError
from stancekit.fileio import file_name
from stancekit.models.decision import best_temperature, scaled
from stancekit.types import Example, FloatArray, ValidationPart

# Probabilities are kept so far from 0 and 1 where their log-odds are learned from.
MIN_PROBABILITY = 1e-6


class Ensemble(ClassifierMixin, BaseEstimator):
    """An ensemble of named models.

    Parameters
    ----------
    members
        Estimators over examples by name; each is fitted on all of train, except one in a
        `sklearn.frozen.FrozenEstimator`, which is used as it is.
    how
        `average` takes the mean of the members' probabilities; `stack` learns a logistic regression
        on them from the validation part.
    features
        Set on every member that can take some and has none of its own.
    codebook, random_state, folder
        Set on every member that has such a parameter.

    Attributes
    ----------
    temperature_
        What log-probabilities are divided by, fitted on validation (Guo et al. 2017); 1 without
        one.
    validation_scores_
        Of how=stack, the ids of the validation examples and their probabilities, shape (examples,
        codes), each from a regression that has not seen the example; otherwise `None`. What is
        chosen on validation is chosen on these.

    Examples
    --------
    >>> from stancekit.models.majority import Majority
    >>> some = [Example("1", "yes"), Example("2", "yes"), Example("3", "no")]
    >>> model = Ensemble({"one": Majority(), "other": Majority()}).fit(some, np.array(["a", "a", "b"]))
    >>> model.predict_proba(some[:1]).round(2).tolist()
    [[0.67, 0.33]]
    """

    kind = "ensemble"
    passes_on_random_state = True

    def __init__(
        self,
        members: Mapping[str, Any] | None = None,
        *,
        how: str = "average",
        features: Any = None,
        codebook: Any = None,
        random_state: int | None = 0,
        folder: str | None = None,
    ) -> None:
        self.members = members
        self.how = how
        self.features = features
        self.codebook = codebook
        self.random_state = random_state
        self.folder = folder

    def fit(
        self, X: Sequence[Example], y: NDArray[Any], validation: ValidationPart | None = None
    ) -> Self:
        """Fit every member, then what joins them; `y` has shape (examples,) or (examples, codes)."""
        if self.how not in ("average", "stack") or not self.members:
            named = ", ".join(self.members or {}) or "none"
            raise KitError(
                f"an ensemble takes members and how=average or how=stack; seen: {named}, how={self.how}"
            )
        if self.how == "stack" and validation is None:
            raise KitError(
                "how=stack learns from a validation part, and there is none; use how=average"
            )
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        self.members_ = {
            name: self._fit_member(name, model, X, y, validation)
            for name, model in self.members.items()
        }
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else np.unique(y)
        self.model_: Any = None
        self.temperature_ = 1.0
        self.validation_scores_: tuple[list[str], FloatArray] | None = None
        if validation is not None:
            self._join(*validation)
        return self

    def predict_proba(self, X: Sequence[Example]) -> FloatArray:
        """Return the probability of each code, shape (examples, codes)."""
        joined = self._joined(self._all(X))
        return scaled(joined, self.temperature_, multi_label=self.multi_label_)

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        return (
            (scores >= 0.5).astype(int)
            if self.multi_label_
            else np.asarray(self.classes_[scores.argmax(axis=1)])
        )

    def _fit_member(
        self,
        name: str,
        model: Any,
        X: Sequence[Example],
        y: NDArray[Any],
        held: ValidationPart | None,
    ) -> Any:
        if isinstance(model, str):
            raise KitError(
                f"member {name!r} is a text, {model!r}; finished runs are loaded by stancekit train"
            )
        if isinstance(model, FrozenEstimator):
            return model.estimator
        model = clone(model)
        given = {
            "features": self.features,
            "codebook": self.codebook,
            "random_state": self.random_state,
        }
        if self.folder is not None:
            given["folder"] = f"{self.folder}/{file_name(name)}"
        known = model.get_params(deep=False)
        if known.get("features") is not None:
            del given["features"]
        model.set_params(**{key: value for key, value in given.items() if key in known})
        early = (
            {"validation": held}
            if held is not None and "validation" in signature(model.fit).parameters
            else {}
        )
        return model.fit(X, y, **early)

    def _all(self, X: Sequence[Example]) -> FloatArray:
        """Return the members' probabilities, shape (members, examples, codes)."""
        return np.stack(
            [
                self._aligned(model, np.asarray(model.predict_proba(X)))
                for model in self.members_.values()
            ]
        )

    def _aligned(self, model: Any, scores: FloatArray) -> FloatArray:
        """Return a member's columns in the order of `classes_`; one that reads the codebook may know more codes."""
        if self.multi_label_:
            return np.asarray(scores, dtype=float)
        full = np.zeros((len(scores), len(self.classes_)))
        for column, code in enumerate(model.classes_):
            full[:, self.classes_ == code] = scores[:, [column]]
        return np.asarray(full / full.sum(axis=1, keepdims=True).clip(MIN_PROBABILITY))

    def _joined(self, scores: FloatArray) -> FloatArray:
        if self.model_ is None:
            return np.asarray(scores.mean(axis=0))
        return np.asarray(self.model_.predict_proba(_probability_table(scores)))

    def _join(self, X: Sequence[Example], y: NDArray[Any]) -> None:
        truth = np.asarray(y)
        known = (
            np.arange(len(truth))
            if self.multi_label_
            else np.flatnonzero(np.isin(truth, self.classes_))
        )
        scores, truth = self._all([X[at] for at in known.tolist()]), truth[known]
        joined = self._stack(scores, truth) if self.how == "stack" else self._joined(scores)
        hot = truth.astype(bool) if self.multi_label_ else (truth[:, None] == self.classes_[None])
        self.temperature_ = best_temperature(joined, hot, multi_label=self.multi_label_)
        if self.model_ is not None:
            whole = self.predict_proba(X)
            whole[known] = scaled(joined, self.temperature_, multi_label=self.multi_label_)
            self.validation_scores_ = ([one.id for one in X], whole)

    def _stack(self, scores: FloatArray, truth: NDArray[Any]) -> FloatArray:
        """Learn to stack, and return what it says of each held-out example when it has not seen it."""
        counts = (
            truth.sum(axis=0)
            if self.multi_label_
            else np.array([(truth == code).sum() for code in self.classes_])
        )
        folds = int(min(5, counts.min(), len(truth)))
        # A code that validation hardly has cannot be stacked; then the average serves.
        if folds < 2:
            return self._joined(scores)
        logistic = LogisticRegression(max_iter=2000, random_state=self.random_state)
        stack = OneVsRestClassifier(logistic) if self.multi_label_ else logistic
        table = _probability_table(scores)
        unseen = cross_val_predict(stack, table, truth, cv=folds, method="predict_proba")
        self.model_ = stack.fit(table, truth)
        return np.asarray(unseen)


def _probability_table(scores: FloatArray) -> FloatArray:
    """Return log-odds of all members side by side, shape (examples, members x codes)."""
    clipped = scores.clip(MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.asarray(np.concatenate(logit(clipped), axis=1))
