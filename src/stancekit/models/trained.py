"""A fitted model with what is needed to read its scores as codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.corpus.labelled import LabelledSet, indicator
from stancekit.models.thresholds import best_thresholds
from stancekit.types import Example, Prediction


class Classifier(Protocol):
    """What every model offers: scikit-learn's contract over examples."""

    classes_: NDArray[Any]

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn from examples."""
        ...

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Score examples, shape (examples, codes)."""
        ...


def encode(data: LabelledSet) -> NDArray[Any]:
    """Return gold codes as `y`: names of shape (examples,), or an indicator (examples, codes)."""
    if data.codebook.multi_label:
        return indicator(data.labels, data.codebook.names).astype(int)
    return np.array([label for (label,) in data.labels])


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted classifier, its codebook, and thresholds for a multi-label one."""

    model: Classifier
    codebook: Codebook
    thresholds: tuple[float, ...] = ()
    name: str = "model"

    def scores(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the score of every code of the codebook, shape (examples, codes).

        A code the model never saw in training scores 0.
        """
        raw = self.model.predict_proba(examples)
        if self.codebook.multi_label:
            return raw
        full = np.zeros((len(examples), len(self.codebook.names)))
        full[:, [self.codebook.names.index(str(code)) for code in self.model.classes_]] = raw
        return full

    def predict(self, examples: Sequence[Example]) -> list[Prediction]:
        """Label examples."""
        if not examples:
            return []
        names, scores = self.codebook.names, self.scores(examples)
        if self.codebook.multi_label:
            passed = scores >= np.array(self.thresholds or [0.5] * len(names))
            labels = [tuple(name for name, yes in zip(names, row, strict=True) if yes) for row in passed]
        else:
            labels = [(names[at],) for at in scores.argmax(axis=1)]
        rows = zip(examples, labels, scores.tolist(), strict=True)
        return [Prediction(example.id, given, tuple(row)) for example, given, row in rows]


def fit(model: Classifier, train: LabelledSet, validation: LabelledSet, *, name: str = "model") -> Trained:
    """Fit a model on the train part; when to stop and thresholds come from the validation part."""
    held = {"validation": (validation.examples, encode(validation))} if _stops_early(model) else {}
    model.fit(train.examples, encode(train), **held)
    return with_thresholds(model, validation, name=name)


def with_thresholds(model: Classifier, validation: LabelledSet, *, name: str = "model") -> Trained:
    """Complete a fitted model with the thresholds that a multi-label codebook needs."""
    bare = Trained(model, validation.codebook, name=name)
    if not validation.codebook.multi_label:
        return bare
    truth = indicator(validation.labels, validation.codebook.names)
    return Trained(model, validation.codebook, tuple(best_thresholds(bare.scores(validation.examples), truth)), name)


def _stops_early(model: Classifier) -> bool:
    """Say whether a model's `fit` looks at a validation part."""
    return "validation" in signature(model.fit).parameters
