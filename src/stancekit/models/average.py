"""Trained models used as one: the mean of their probabilities, each as calibrated on its own validation part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError, listing
from stancekit.models.classifier import FittedClassifier
from stancekit.types import Example, FloatArray


@dataclass(frozen=True, slots=True)
class Average:
    """Several models of one codebook, averaged.

    Lakshminarayanan et al. (2017), "Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles", section 2.4. Nothing is fitted: members that drew other validation parts have
    seen each other's, so none is left to calibrate on.
    """

    members: tuple[FittedClassifier, ...]
    kind: ClassVar[str] = "average"

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the codes, in the order of the columns."""
        names = self.members[0].codebook.names
        return np.arange(len(names)) if self.members[0].codebook.multi_label else np.array(names)

    def predict_proba(self, X: Sequence[Example]) -> FloatArray:
        """Return the mean of the members' probabilities, shape (examples, codes)."""
        return mean_scores([member.scores(X) for member in self.members])


def mean_scores(scores: Sequence[FloatArray]) -> FloatArray:
    """Return the mean over models of scores of shape (examples, codes), or of thresholds of shape (codes,)."""
    return np.asarray(np.mean(scores, axis=0))


def average_models(
    members: Sequence[FittedClassifier], *, name: str = "average"
) -> FittedClassifier:
    """Make one model of several of the same codebook; a threshold becomes the mean of theirs.

    Raises
    ------
    KitError
        When there are fewer than two, or their codebooks differ.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.models.majority import Majority
    >>> some, stance = [Example("1", "x"), Example("2", "y")], load_codebook("stance")
    >>> one, other = (Majority().fit(some, np.array(codes)) for codes in (["condemn", "none"], ["none", "none"]))
    >>> both = average_models([FittedClassifier(one, stance), FittedClassifier(other, stance)])
    >>> both.scores(some[:1]).round(2).tolist()
    [[0.0, 0.25, 0.75, 0.0]]
    """
    names = sorted({one.codebook.name for one in members})
    if len(members) < 2:
        raise KitError(
            f"an average takes two models or more; seen: {len(members)}. Train with random_state=0,1,2"
        )
    if any(one.codebook != members[0].codebook for one in members):
        raise KitError(
            f"models of one codebook can be averaged, not of several: {listing(names)}. Choose one codebook"
        )
    thresholds = mean_scores([np.array(one.thresholds) for one in members])
    return FittedClassifier(
        Average(tuple(members)), members[0].codebook, tuple(thresholds.tolist()), name=name
    )
