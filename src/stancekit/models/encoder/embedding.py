"""A frozen encoder under logistic regression."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.inputs import (
    Collator,
    EncoderInputs,
    Ids,
    check_tokenizer,
    load_encoder_tokenizer,
)
from stancekit.models.encoder.network import bf16, check_length, pool, pretrained
from stancekit.models.encoder.pretrained import MINILM, fingerprint, resolve
from stancekit.models.features import Marked
from stancekit.types import Example

EMBEDDING_BATCH = 64


class Embedding(ClassifierMixin, BaseEstimator):
    """Logistic regression on an encoder's means over all, actor and target tokens; the encoder is not trained.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder; all-MiniLM-L6-v2 comes from a package, without a network.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    length
        Most tokens of an input; a longer sentence is cut around its actor.
    C
        Inverse strength of the L2 penalty.
    class_weight
        `balanced` or `None`, as in scikit-learn.

    Examples
    --------
    >>> some = [Example("1", "Peru backs the levy."), Example("2", "Peru spurns the levy.")]
    >>> model = Embedding().fit(some, np.array(["support", "condemn"]))
    >>> model.predict(some).tolist()
    ['support', 'condemn']
    """

    kind = "embedding"
    # Its classifier's solver, L-BFGS, draws nothing.
    passes_on_random_state = True

    def __init__(
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        length: int = 96,
        C: float = 0.01,
        class_weight: str | None = "balanced",
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.length = length
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn the classifier; `y` has shape (examples,) or, as an indicator, (examples, codes)."""
        y = np.asarray(y)
        self.source_ = resolve(self.checkpoint)
        logistic = LogisticRegression(
            C=self.C, class_weight=self.class_weight, max_iter=2000, random_state=self.random_state
        )
        head = make_pipeline(
            StandardScaler(), OneVsRestClassifier(logistic) if y.ndim == 2 else logistic
        )
        self.model_ = head.fit(self.embed(X), y)
        self.classes_ = np.arange(y.shape[1]) if y.ndim == 2 else self.model_.classes_
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return np.asarray(self.model_.predict_proba(self.embed(X)))

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        if isinstance(self.model_[-1], OneVsRestClassifier):
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def embed(self, X: Sequence[Example]) -> NDArray[np.float32]:
        """Return the embeddings of examples, shape (examples, 3 x width), from the cache where they are in it."""
        source = self.source
        tokenizer = load_encoder_tokenizer(source)
        ids = EncoderInputs(tokenizer, self.features or Marked(), self.length)(X)
        # Products in bfloat16 are others than those in 32 bits.
        cache = EmbeddingCache(f"{fingerprint(source)}-{'bf16' if bf16() else 'fp32'}")
        return cache.get(ids, partial(_embed, source, tokenizer, self.length))

    @property
    def source(self) -> str:
        """Return the folder of the encoder's weights; that of a saved model was found when it was loaded."""
        return getattr(self, "source_", None) or resolve(self.checkpoint)


@torch.inference_mode()
def _embed(source: str, tokenizer: Any, length: int, ids: Sequence[Ids]) -> NDArray[np.float32]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder: Any = pretrained(source).to(device).eval()
    check_tokenizer(tokenizer, source, encoder.config)
    check_length(length, encoder)
    order = np.argsort([-len(one["input_ids"]) for one in ids], kind="stable")
    rows, collate = [], Collator(tokenizer.pad_token_id or 0)
    for start in range(0, len(order), EMBEDDING_BATCH):
        batch = {
            key: value.to(device)
            for key, value in collate(
                [ids[at] for at in order[start : start + EMBEDDING_BATCH]]
            ).items()
        }
        roles = batch.pop("roles")
        with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16()):
            hidden = encoder(**batch).last_hidden_state
        rows.append(pool(hidden.float(), batch["attention_mask"], roles).cpu().numpy())
    return np.asarray(np.concatenate(rows)[np.argsort(order)], dtype=np.float32)
