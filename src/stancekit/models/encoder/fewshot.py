"""Contrastive fine-tuning on pairs of a few examples, logistic regression on top, as in SetFit."""

import tempfile
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from transformers import set_seed
from transformers.trainer_callback import PrinterCallback

from stancekit.models.encoder.inputs import check_tokenizer, readable
from stancekit.models.encoder.network import bf16, check_length
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.encoder.trainer import diverged
from stancekit.models.features import Marked
from stancekit.types import Example


def draw_pairs(
    y: NDArray[Any], rounds: int, random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw pairs of rows and how alike their codes are: Tunstall et al. (2022), section 3.1.

    Parameters
    ----------
    y
        Codes, shape (examples,), or an indicator of shape (examples, codes), whose rows are
        compared by the share of their codes that they have in common.
    rounds
        How many times each row is paired with one of the same code and with one of another.

    Returns
    -------
    array, shape (pairs, 2)
        Row numbers.
    array, shape (pairs,)
        Similarities between 0 and 1.

    Examples
    --------
    >>> rows, alike = draw_pairs(np.array(["a", "a", "b"]), 1, np.random.default_rng(0))
    >>> sorted(set(alike.tolist()))
    [0.0, 1.0]
    """
    if y.ndim == 2:
        both, either = (y[:, None] & y[None]).sum(axis=-1), (y[:, None] | y[None]).sum(axis=-1)
        alike = np.where(either > 0, both / np.maximum(either, 1), 1.0)
    else:
        alike = (y[:, None] == y[None]).astype(float)
    pairs = []
    for row in range(len(y)):
        others = np.arange(len(y)) != row
        for pool in (
            np.flatnonzero((alike[row] > 0) & others),
            np.flatnonzero((alike[row] == 0) & others),
        ):
            if len(pool):
                pairs += [(row, int(other)) for other in random.choice(pool, rounds)]
    rows = random.permutation(np.array(pairs, dtype=np.intp).reshape(-1, 2))
    return rows, alike[rows[:, 0], rows[:, 1]]


class FewShot(ClassifierMixin, BaseEstimator):
    """A sentence encoder drawn apart by code under logistic regression, for 8 to 64 examples per code.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder of a sentence encoder.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    rounds
        How many pairs of each kind every example is put into.
    batch_size, rate
        Pairs per step, and the learning rate.
    """

    kind = "fewshot"

    def __init__(
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        length: int = 96,
        rounds: int = 10,
        batch_size: int = 16,
        rate: float = 5e-5,
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.length = length
        self.rounds = rounds
        self.batch_size = batch_size
        self.rate = rate
        self.random_state = random_state

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn from examples; `y` has shape (examples,) or, as an indicator, (examples, codes)."""
        y = np.asarray(y)
        set_seed(self.random_state or 0)
        source = resolve(self.checkpoint)
        with readable(f"the sentence encoder in {source}"):
            self.encoder_ = SentenceTransformer(
                source, trust_remote_code=False, local_files_only=True
            )
        body: Any = self.encoder_[0]
        check_tokenizer(self.encoder_.tokenizer, source, body.auto_model.config)
        check_length(self.length, body.auto_model)
        self.encoder_.max_seq_length = self.length
        self._contrast(self.render(X), y)
        logistic = LogisticRegression(
            class_weight="balanced", max_iter=1000, random_state=self.random_state
        )
        self.model_ = (OneVsRestClassifier(logistic) if y.ndim == 2 else logistic).fit(
            self.embed(X), y
        )
        self.classes_ = np.arange(y.shape[1]) if y.ndim == 2 else self.model_.classes_
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return np.asarray(self.model_.predict_proba(self.embed(X)))

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        if isinstance(self.model_, OneVsRestClassifier):
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def render(self, X: Sequence[Example]) -> list[str]:
        """Return each example as one text: who and towards what first, then the sentence."""
        features = self.features or Marked()
        shown = [features.render(example) for example in X]
        return [f"{one.pair}: {one.text}" if one.pair else one.text for one in shown]

    def embed(self, X: Sequence[Example]) -> NDArray[np.float32]:
        """Return the embeddings of examples, shape (examples, width)."""
        found = self.encoder_.encode(
            self.render(X), batch_size=64, normalize_embeddings=True, show_progress_bar=False
        )
        if not np.isfinite(found).all():
            raise diverged(self.rate)
        return np.asarray(found, dtype=np.float32)

    def _contrast(self, texts: Sequence[str], y: NDArray[Any]) -> None:
        rows, alike = draw_pairs(
            y.astype(int) if y.ndim == 2 else y,
            self.rounds,
            np.random.default_rng(self.random_state),
        )
        if not len(rows):
            return
        pairs = Dataset.from_dict(
            {
                "one": [texts[at] for at in rows[:, 0]],
                "other": [texts[at] for at in rows[:, 1]],
                "label": alike.tolist(),
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            arguments = SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=self.batch_size,
                learning_rate=self.rate,
                warmup_steps=int(0.1 * len(rows) / self.batch_size),
                seed=self.random_state or 0,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                bf16=bf16(),
                use_cpu=not torch.cuda.is_available(),
                dataloader_pin_memory=False,
                disable_tqdm=True,
            )
            trainer = SentenceTransformerTrainer(
                model=self.encoder_,
                args=arguments,
                train_dataset=pairs,
                loss=CosineSimilarityLoss(self.encoder_),
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
            # Training wraps the encoder in bfloat16 for good; one that is saved and loaded again is
            # not wrapped.
            trainer.accelerator.unwrap_model(self.encoder_, keep_fp32_wrapper=False)
