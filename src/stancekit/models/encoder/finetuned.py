"""Fine-tuned transformer encoders, one head per codebook, with scikit-learn's contract."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from transformers import AutoTokenizer, set_seed

from stancekit.models.features import Marked
from stancekit.models.encoder.inputs import Ids, Inputs
from stancekit.models.encoder.network import Head, Network, pretrained
from stancekit.models.encoder.training import Rows, Schedule, bf16, collate, tune
from stancekit.models.encoder.weights import MINILM, resolve
from stancekit.types import Example

CODES, BATCH = "codes", 64


def balanced(y: NDArray[Any]) -> tuple[float, ...]:
    """Return loss weights: of classes by inverse frequency, of codes by the root of the odds against.

    Examples
    --------
    >>> balanced(np.array([0, 0, 0, 1]))
    (0.6666666666666666, 2.0)
    """
    if y.ndim == 2:
        share = y.mean(axis=0).clip(0.01, 0.99)
        return tuple(float(one) for one in np.sqrt((1 - share) / share).clip(1, 5))
    counts = np.bincount(y)
    return tuple(float(len(y) / (len(counts) * one)) for one in counts)


class Encoder(ClassifierMixin, BaseEstimator):
    """A fine-tuned transformer encoder with mean pooling.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder; all-MiniLM-L6-v2 comes from a package, without a network.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    length
        Most tokens of an input; a longer sentence is cut around its actor.
    class_weight
        `balanced` weighs rare codes up in the loss, `None` does not.
    folder
        Where training keeps its checkpoints; the same fit goes on from there after a crash.
    epochs, batch_size, rate, head_rate, decay, patience
        See `Schedule`.
    """

    def __init__(self, checkpoint: str = MINILM, *, features: Any = None, length: int = 128, epochs: int = 4,
                 batch_size: int = 16, rate: float = 1e-4, head_rate: float = 1e-3, decay: float = 0.9,
                 patience: int = 2, smoothing: float = 0.0, class_weight: str | None = "balanced",
                 folder: str | None = None, random_state: int | None = 0) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.length = length
        self.epochs = epochs
        self.batch_size = batch_size
        self.rate = rate
        self.head_rate = head_rate
        self.decay = decay
        self.patience = patience
        self.smoothing = smoothing
        self.class_weight = class_weight
        self.folder = folder
        self.random_state = random_state

    def fit(self, X: Sequence[Example], y: NDArray[Any], validation: tuple[Sequence[Example], NDArray[Any]] | None = None
            ) -> Self:
        """Fine-tune on examples; with `validation`, stop early and keep the epoch of least loss there.

        `y` has shape (examples,) or, as an indicator, (examples, codes).
        """
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else np.unique(y)
        held = None
        if validation is not None:
            # A code that training never saw cannot be predicted, so it says nothing about when to stop.
            known = [at for at, label in enumerate(validation[1]) if self.multi_label_ or label in self.classes_]
            held = ([validation[0][at] for at in known], {CODES: self._targets(np.asarray(validation[1])[known])})
        weights = balanced(self._targets(y)) if self.class_weight else ()
        head = Head(len(self.classes_), self.multi_label_, weights)
        self._tune(X, {CODES: self._targets(y)}, held, {CODES: head})
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return self._probabilities(self._logits(X)[CODES], multi_label=self.multi_label_)

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        return (scores >= 0.5).astype(int) if self.multi_label_ else np.asarray(self.classes_[scores.argmax(axis=1)])

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        return y.astype(np.int64) if y.ndim == 2 else np.searchsorted(self.classes_, y)

    @property
    def inputs(self) -> Inputs:
        """Return what turns examples into token ids."""
        return Inputs(self.tokenizer_, self.features or Marked(), self.length)

    def _tune(self, X: Sequence[Example], labels: Mapping[str, NDArray[Any]],
              held: tuple[Sequence[Example], Mapping[str, NDArray[Any]]] | None, heads: Mapping[str, Head]) -> None:
        set_seed(self.random_state or 0)
        source = resolve(self.checkpoint)
        self.tokenizer_ = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        self.network_ = Network(pretrained(source), heads, smoothing=self.smoothing)
        schedule = Schedule(self.epochs, self.batch_size, self.rate, self.head_rate, self.decay, patience=self.patience)
        train = Rows(self.inputs(X), labels)
        validation = Rows(self.inputs(held[0]), held[1]) if held else None
        with tempfile.TemporaryDirectory() as spare:
            self.curve_ = tune(self.network_, train, validation, schedule, folder=Path(self.folder or spare) / "checkpoints",
                               random_state=self.random_state or 0)
        self.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    @torch.inference_mode()
    def _logits(self, X: Sequence[Example]) -> dict[str, NDArray[np.float64]]:
        """Return logits by head, from batches of similar length."""
        ids: list[Ids] = self.inputs(X)
        order = np.argsort([-len(one["input_ids"]) for one in ids], kind="stable")
        device = next(self.network_.parameters()).device
        kind = torch.bfloat16 if bf16() else torch.float32
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in self.network_.specs}
        for start in range(0, len(order), BATCH):
            batch = {key: value.to(device) for key, value in collate([dict(ids[at]) for at in order[start : start + BATCH]]).items()}
            with torch.autocast(device.type, dtype=kind, enabled=kind is torch.bfloat16):
                found = self.network_(**batch)
            for name, logits in found.items():
                parts[name].append(logits.float().cpu().numpy().astype(float))
        back = np.argsort(order)
        return {name: np.concatenate(rows)[back] for name, rows in parts.items()}

    @staticmethod
    def _probabilities(logits: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.float64]:
        if multi_label:
            return np.asarray(1 / (1 + np.exp(-logits)))
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True))
