"""Cross-fitted models: one for each fold of the articles, and which of them has not learned from an article."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.models.classifier import FittedClassifier
from stancekit.models.ensemble import Average, average_models
from stancekit.models.learned import article_digest, text_digest
from stancekit.text.inputs import as_examples
from stancekit.types import Example, FloatArray

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

CROSSFIT_FILE = "crossfit.json"


@dataclass(frozen=True, slots=True)
class CrossFit:
    """The models of all folds as one, their mean, and for each article that was annotated the fold that held it out.

    Zrnic and Candes (2024), "Cross-prediction-powered inference". Articles and sentences are known
    by their digests alone.
    """

    average: Average
    folds: Mapping[str, int]

    @property
    def members(self) -> tuple[FittedClassifier, ...]:
        """Return the model of each fold, calibrated."""
        return self.average.members

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the codes, in the order of the columns."""
        return self.average.classes_

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the mean of the members' probabilities, shape (examples, codes)."""
        return self.average.predict_proba(X)

    def fold_of(self, article: str, text: str) -> int | None:
        """Return the fold that held out an article, or else a sentence; `None` where all have not learned from it."""
        return self.folds.get(article_digest(article), self.folds.get(text_digest(text)))

    def save_files(self, folder: "ModelFolder") -> None:
        """Write every member into a folder of its own, and which fold held out what."""
        self.average.save_files(folder)
        folder.write_settings(CROSSFIT_FILE, {"folds": dict(sorted(self.folds.items()))})

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a cross-fitted model back."""
        average = Average.load_files(folder)
        folds = folder.read_settings(CROSSFIT_FILE, required={"folds": dict})["folds"]
        with folder.refusing(CROSSFIT_FILE):
            numbers = range(len(average.members))
            if not folds or any(
                type(fold) is not int or fold not in numbers for fold in folds.values()
            ):
                raise ValueError("it names no folds, or folds that have no model")
        return cls(average, folds)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A cross-fitted model that scores every example by the fold that held it out, which tests it on all of them."""

    model: CrossFit

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the codes, in the order of the columns."""
        return self.model.classes_

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of models that have not learned from each example, shape (examples, codes)."""
        examples = as_examples(X)
        folds = [self.model.fold_of(example.article, example.text) for example in examples]
        scores = np.empty((len(examples), len(self.classes_)))
        for fold in dict.fromkeys(folds):
            rows = [row for row, of_row in enumerate(folds) if of_row == fold]
            asked = [examples[row] for row in rows]
            scores[rows] = (
                self.model.predict_proba(asked)
                if fold is None
                else self.model.members[fold].scores(asked)
            )
        return scores


def cross_fitted(
    members: Sequence[FittedClassifier], held_out: Iterable[Sequence[Example]], *, name: str
) -> FittedClassifier:
    """Make one model of the models of all folds.

    Parameters
    ----------
    members
        The model of each fold.
    held_out
        The examples that each has not learned from.
    name
        What reports call it.
    """
    folds: dict[str, int] = {}
    for fold, examples in enumerate(held_out):
        for example in examples:
            folds[article_digest(example.article)] = fold
            folds[text_digest(example.text)] = fold
    mean = average_models(members, name=name)
    average: Any = mean.model
    return replace(mean, model=CrossFit(average, folds))


def tested_on_all(fitted: FittedClassifier) -> FittedClassifier:
    """Return a cross-fitted model as it is scored: each example by the fold that held it out."""
    model: Any = fitted.model
    return replace(fitted, model=HeldOut(model))
