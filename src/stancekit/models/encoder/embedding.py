"""A frozen encoder under logistic regression."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from stancekit.models.base import ExampleClassifier, weights_of
from stancekit.models.encoder.batches import Collator
from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.files import (
    ESTIMATOR_SETTINGS,
    HEAD_FILE,
    describe_estimator,
    rebuild_estimator,
)
from stancekit.models.encoder.heads import logistic_head
from stancekit.models.encoder.inputs import EncoderInputs, Ids, length_batches
from stancekit.models.encoder.network import bf16, check_length, pool, pretrained
from stancekit.models.encoder.pretrained import (
    MINILM,
    fingerprint,
    resolve,
    resolve_same_weights,
)
from stancekit.models.encoder.tokenizers import check_tokenizer, load_encoder_tokenizer
from stancekit.models.features import Marked
from stancekit.text.inputs import as_examples

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

EMBEDDING_BATCH = 64
EMBEDDING_FILE = "embedding.json"


class Embedding(ExampleClassifier):
    """Logistic regression on an encoder's means over all, actor and target tokens; the encoder is not trained.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder; all-MiniLM-L6-v2 comes from a package, without a network.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    max_length
        Most tokens of an input; a longer sentence is cut around its actor.
    C
        Inverse strength of the L2 penalty.
    class_weight
        `balanced` or `None`, as in scikit-learn.

    Examples
    --------
    >>> texts = ["Peru backs the levy.", "Peru spurns the levy."]
    >>> Embedding().fit(texts, ["support", "condemn"]).predict(texts).tolist()
    ['support', 'condemn']
    """

    # Its classifier's solver, L-BFGS, draws nothing.
    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        max_length: int = 96,
        C: float = 0.01,
        class_weight: str | None = "balanced",
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.max_length = max_length
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Any, y: NDArray[Any], sample_weight: Any = None) -> Self:
        """Learn the classifier; `y` has shape (examples,) or, as an indicator, (examples, codes).

        Parameters
        ----------
        sample_weight
            The weight of each example, shape (examples,), where an example has one code.
        """
        X, y = self._read_labelled(X, y)
        self.source_ = resolve(self.checkpoint)
        pipeline = logistic_head(
            C=self.C,
            class_weight=self.class_weight,
            random_state=self.random_state,
            multi_label=self.multi_label_,
        )
        steps = [f"{step}__sample_weight" for step, _ in pipeline.steps]
        weights = weights_of(sample_weight, y, *steps)
        self.model_ = pipeline.fit(self.embed(X), y, **weights)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        X = self._read_fitted(X)
        return np.asarray(self.model_.predict_proba(self.embed(X)))

    def embed(self, X: Any) -> NDArray[np.float32]:
        """Return the embeddings of examples, shape (examples, 3 x width), from the cache where they are in it."""
        source = self.source
        tokenizer = load_encoder_tokenizer(source)
        ids = EncoderInputs(tokenizer, self.features or Marked(), self.max_length)(as_examples(X))
        # Products in bfloat16 are others than those in 32 bits.
        cache = EmbeddingCache(f"{fingerprint(source)}-{'bf16' if bf16() else 'fp32'}")
        return cache.get(ids, partial(_embed, source, tokenizer, self.max_length))

    @property
    def source(self) -> str:
        """Return the folder of the encoder's weights; that of a saved model was found when it was loaded."""
        return getattr(self, "source_", None) or resolve(self.checkpoint)

    def save_files(self, folder: "ModelFolder") -> None:
        """Write the classifier and the settings; the encoder is named and not copied."""
        settings = {**describe_estimator(self), "encoder": fingerprint(self.source)}
        folder.write_settings(EMBEDDING_FILE, settings)
        folder.write_estimator(HEAD_FILE, self.model_)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a model back; the encoder that it names has to be on this machine, with the same weights."""
        required = {**ESTIMATOR_SETTINGS, "encoder": str}
        settings = folder.read_settings(EMBEDDING_FILE, required=required)
        with folder.refusing(EMBEDDING_FILE):
            model: Self = rebuild_estimator(cls, settings)
        model.source_ = resolve_same_weights(model.checkpoint, settings["encoder"], folder.path)
        model.model_ = folder.read_estimator(HEAD_FILE)
        return model


@torch.inference_mode()
def _embed(source: str, tokenizer: Any, max_length: int, ids: Sequence[Ids]) -> NDArray[np.float32]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder: Any = pretrained(source).to(device).eval()
    check_tokenizer(tokenizer, source, encoder.config)
    check_length(max_length, encoder)
    collate = Collator(tokenizer.pad_token_id or 0)
    embeddings = np.zeros((len(ids), 3 * encoder.config.hidden_size), dtype=np.float32)
    for rows in length_batches([len(row["input_ids"]) for row in ids], EMBEDDING_BATCH):
        batch = {
            key: value.to(device) for key, value in collate([ids[row] for row in rows]).items()
        }
        roles = batch.pop("roles")
        with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16()):
            hidden = encoder(**batch).last_hidden_state
        embeddings[rows] = pool(hidden.float(), batch["attention_mask"], roles).cpu().numpy()
    return embeddings
