"""Contrastive fine-tuning on pairs of a few examples, under logistic regression, as in SetFit."""

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

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
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from transformers import set_seed
from transformers.trainer_callback import PrinterCallback

from stancekit.models.base import ExampleClassifier
from stancekit.models.encoder.files import (
    ESTIMATOR_SETTINGS,
    HEAD_FILE,
    check_encoder_folder,
    describe_estimator,
    rebuild_estimator,
)
from stancekit.models.encoder.inputs import readable
from stancekit.models.encoder.network import bf16, check_length
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.encoder.reading import ENCODER_FOLDER
from stancekit.models.encoder.tokenizers import check_tokenizer
from stancekit.models.encoder.trainer import diverged
from stancekit.models.features import Marked
from stancekit.text.inputs import as_examples

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

FEWSHOT_FILE = "fewshot.json"
# The share of steps in which the learning rate rises from zero, as in SetFit.
FEWSHOT_WARMUP = 0.1


def draw_pairs(
    y: NDArray[Any], num_iterations: int, random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw pairs of rows and how alike their codes are: Tunstall et al. (2022), section 3.1.

    Parameters
    ----------
    y
        Codes, shape (examples,), or an indicator of shape (examples, codes), whose rows are
        compared by the share of their codes that they have in common.
    num_iterations
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
        shared = (y[:, None] & y[None]).sum(axis=-1)
        either = (y[:, None] | y[None]).sum(axis=-1)
        alike = np.where(either > 0, shared / np.maximum(either, 1), 1.0)
    else:
        alike = (y[:, None] == y[None]).astype(float)
    pairs = []
    for row in range(len(y)):
        others = np.arange(len(y)) != row
        same = np.flatnonzero((alike[row] > 0) & others)
        different = np.flatnonzero((alike[row] == 0) & others)
        for candidates in (same, different):
            if len(candidates):
                drawn = random.choice(candidates, num_iterations)
                pairs += [(row, int(other)) for other in drawn]
    rows = random.permutation(np.array(pairs, dtype=np.intp).reshape(-1, 2))
    return rows, alike[rows[:, 0], rows[:, 1]]


class FewShot(ExampleClassifier):
    """A sentence encoder, trained to separate codes, under logistic regression: for 8 to 64 examples per code.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder of a sentence encoder.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    max_length
        Most tokens of an input.
    num_iterations
        How many pairs of each kind, of the same code and of another, every example is put into.
    batch_size, learning_rate
        Pairs per step, and the learning rate.
    """

    def __init__(
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        max_length: int = 96,
        num_iterations: int = 10,
        batch_size: int = 16,
        learning_rate: float = 5e-5,
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.max_length = max_length
        self.num_iterations = num_iterations
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: Any, y: NDArray[Any]) -> Self:
        """Learn from examples; `y` has shape (examples,) or, as an indicator, (examples, codes)."""
        X, y = self._read_labelled(X, y)
        set_seed(self.random_state or 0)
        source = resolve(self.checkpoint)
        with readable(f"the sentence encoder in {source}"):
            self.encoder_ = SentenceTransformer(
                source, trust_remote_code=False, local_files_only=True
            )
        body: Any = self.encoder_[0]
        check_tokenizer(self.encoder_.tokenizer, source, body.auto_model.config)
        check_length(self.max_length, body.auto_model)
        self.encoder_.max_seq_length = self.max_length
        self._contrast(self.render(X), y)
        logistic = LogisticRegression(
            class_weight="balanced", max_iter=1000, random_state=self.random_state
        )
        head = OneVsRestClassifier(logistic) if self.multi_label_ else logistic
        self.model_ = head.fit(self.embed(X), y)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        X = self._read_fitted(X)
        return np.asarray(self.model_.predict_proba(self.embed(X)))

    def render(self, X: Any) -> list[str]:
        """Return each example as one text: actor and target first, then the sentence."""
        features = self.features or Marked()
        rendered = [features.render(example) for example in as_examples(X)]
        return [f"{row.pair}: {row.text}" if row.pair else row.text for row in rendered]

    def embed(self, X: Any) -> NDArray[np.float32]:
        """Return the embeddings of examples, shape (examples, width)."""
        embeddings = self.encoder_.encode(
            self.render(X), batch_size=64, normalize_embeddings=True, show_progress_bar=False
        )
        if not np.isfinite(embeddings).all():
            raise diverged(self.learning_rate)
        return np.asarray(embeddings, dtype=np.float32)

    def _contrast(self, texts: Sequence[str], y: NDArray[Any]) -> None:
        codes = y.astype(int) if self.multi_label_ else y
        random = np.random.default_rng(self.random_state)
        rows, alike = draw_pairs(codes, self.num_iterations, random)
        if not len(rows):
            return
        pairs = Dataset.from_dict(
            {
                "first": [texts[row] for row in rows[:, 0]],
                "second": [texts[row] for row in rows[:, 1]],
                "label": alike.tolist(),
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            arguments = SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                warmup_steps=int(FEWSHOT_WARMUP * len(rows) / self.batch_size),
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

    def save_files(self, folder: "ModelFolder") -> None:
        """Write the encoder as sentence-transformers reads it, the classifier and the settings."""
        body: Any = self.encoder_[0]
        body.auto_model.save_pretrained(folder / ENCODER_FOLDER)
        self.encoder_.tokenizer.save_pretrained(folder / ENCODER_FOLDER)
        folder.write_settings(FEWSHOT_FILE, describe_estimator(self))
        folder.write_estimator(HEAD_FILE, self.model_)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a model back: plain data alone, checked before sentence-transformers reads it."""
        settings = folder.read_settings(FEWSHOT_FILE, required=ESTIMATOR_SETTINGS)
        with folder.refusing(FEWSHOT_FILE):
            model: Self = rebuild_estimator(cls, settings)
        place = folder / ENCODER_FOLDER
        with folder.refusing(ENCODER_FOLDER):
            check_encoder_folder(place)
            here = {"local_files_only": True}
            body: Any = Transformer(
                str(place),
                max_seq_length=model.max_length,
                model_kwargs=here,
                processor_kwargs=here,
                config_kwargs=here,
            )
            pooling = Pooling(body.get_embedding_dimension())
            model.encoder_ = SentenceTransformer(modules=[body, pooling])
            check_tokenizer(model.encoder_.tokenizer, str(folder), body.auto_model.config)
        model.model_ = folder.read_estimator(HEAD_FILE)
        return model
