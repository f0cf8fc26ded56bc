"""The estimator of packed models: the kit's own, or a head that is learned on its encoder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.models.base import ExampleClassifier
from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.heads import logistic_head
from stancekit.models.encoder.reading import (
    ENCODER_FOLDER,
    PackedHead,
    encoder_digest,
    open_encoder,
)
from stancekit.models.folder import ModelFolder
from stancekit.models.manifest import read_manifest
from stancekit.resources import BOX, model_folder, shipped
from stancekit.types import Example


class Packed(PackedHead, ExampleClassifier):
    """A packed encoder and a linear head: the kit's own model, or one whose head is learned from examples.

    Parameters
    ----------
    codebook
        Which of the box's models: one whose codebook has the same codes.
    models
        A folder of packed models; by default the box.
    learn
        Whether a head is learned from examples, for any codebook: logistic regression on the means
        over all, actor and target tokens. Otherwise it is the box's own, and nothing is learned.
    C
        Inverse strength of the L2 penalty where a head is learned.
    class_weight
        `balanced` or `None`, as in scikit-learn, where a head is learned.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> model = Packed(load_codebook("stance")).fit()
    >>> model.predict([{"text": "Peru condemned the raid.", "actor": "Peru", "target": "the raid"}]).tolist()
    ['condemn']
    """

    needs_examples: ClassVar[bool] = False
    # Its classifier's solver, L-BFGS, draws nothing.
    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        codebook: Codebook | None = None,
        models: str | None = None,
        *,
        learn: bool = False,
        C: float = 0.01,
        class_weight: str | None = "balanced",
        random_state: int | None = 0,
    ) -> None:
        self.codebook = codebook
        self.models = models
        self.learn = learn
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Read the head of the codebook, or learn one from examples.

        `y` has shape (examples,) or, as an indicator, (examples, codes).

        Raises
        ------
        KitError
            When there is no model of a codebook with these codes.
        """
        place = model_folder(self.models) if self.models else shipped("models", BOX)
        if self.learn:
            return self._learn(place / ENCODER_FOLDER, *self._read_labelled(X, y))
        heads = {
            path.parent: Codebook.from_dict(read_manifest(path.parent)["codebook"])
            for path in sorted(place.glob("*/manifest.json"))
        }
        asked = self.codebook
        fitting = [
            folder
            for folder, book in heads.items()
            if asked
            and (book.names, book.unit, book.multi_label)
            == (asked.names, asked.unit, asked.multi_label)
        ]
        if len(fitting) != 1:
            known = listing(f"{book.name} ({', '.join(book.names)})" for book in heads.values())
            raise KitError(
                f"{place} has no model of the codes {listing(asked.names if asked else ())}; it has {known}. "
                "For a codebook of your own, model=box_head learns from your examples"
            )
        self._read(ModelFolder(fitting[0]))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return self._probabilities(self.encoder_(self._read_fitted(X), kept=self._kept()))

    def _kept(self) -> EmbeddingCache | None:
        """Return where means are kept: heads are learned from the same examples again and again."""
        return EmbeddingCache(self.encoder_digest_) if self.learn else None

    def _learn(self, encoder: Path, X: Sequence[Example], y: NDArray[Any]) -> Self:
        if not len(X):
            raise KitError("Packed was given no examples to learn from; give some of each code")
        self.encoder_digest_ = encoder_digest(encoder)
        self.encoder_ = open_encoder(encoder, self.encoder_digest_)
        pooled = self.encoder_(X, kept=self._kept())
        scaler, head = logistic_head(
            C=self.C,
            class_weight=self.class_weight,
            random_state=self.random_state,
            multi_label=self.multi_label_,
        ).fit(pooled, y)
        if self.multi_label_:
            codes: Any = np.arange(y.shape[1])
            planes = [_plane(one, pooled.shape[1]) for one in head.estimators_]
        else:
            codes = head.classes_
            planes = list(zip(head.coef_, head.intercept_, strict=True))
            if len(codes) == 2:
                # A softmax over two codes: the first is at zero.
                planes = [(np.zeros_like(planes[0][0]), 0.0), planes[0]]
        weights = np.array([plane for plane, _ in planes]) / scaler.scale_
        bias = np.array([start for _, start in planes]) - weights @ scaler.mean_
        return self.set_head(
            codes, {"weights": weights, "bias": bias}, multi_label=self.multi_label_
        )


def _plane(classifier: Any, width: int) -> tuple[NDArray[Any], float]:
    """Return the weights and the bias of a code's classifier; one code that all or none have is a constant."""
    if hasattr(classifier, "coef_"):
        return classifier.coef_[0], float(classifier.intercept_[0])
    (constant,) = np.ravel(classifier.y_)
    return np.zeros(width), 10.0 if constant else -10.0
