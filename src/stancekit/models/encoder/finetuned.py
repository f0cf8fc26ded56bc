"""Fine-tuned transformer encoders with scikit-learn's contract."""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from transformers import set_seed

from stancekit.models.encoder import checkpoints
from stancekit.models.encoder.inputs import (
    Collator,
    EncoderInputs,
    TokenRows,
    check_tokenizer,
    load_encoder_tokenizer,
)
from stancekit.models.encoder.network import Head, Network, bf16, check_length, pretrained
from stancekit.models.encoder.pretrained import MINILM, resolve, started_from
from stancekit.models.encoder.trainer import Schedule, tune
from stancekit.models.features import Marked
from stancekit.types import Example, ValidationPart

SINGLE_HEAD = "codes"
HeadLabels = Mapping[str, NDArray[Any]]


def balanced_weights(y: NDArray[Any]) -> tuple[float, ...]:
    """Return loss weights: of classes by inverse frequency, of codes by the root of the odds against.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]))
    (0.6666666666666666, 2.0)
    """
    if y.ndim == 2:
        share = y.mean(axis=0).clip(0.01, 0.99)
        return tuple(float(one) for one in np.sqrt((1 - share) / share).clip(1, 5))
    counts = np.bincount(y)
    return tuple(float(len(y) / (len(counts) * one)) for one in counts)


def to_probabilities(logits: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.float64]:
    """Return each row's probabilities: a softmax, or a logistic function of every code.

    Examples
    --------
    >>> to_probabilities(np.array([[0.0, 0.0]]), multi_label=False).tolist()
    [[0.5, 0.5]]
    """
    if multi_label:
        return np.asarray(1 / (1 + np.exp(-logits)))
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def draw_training(X: Sequence[Example], most: int | None, random_state: int) -> NDArray[np.int64]:
    """Return the rows of at most so many examples, in order: one of every sentence before a second of any.

    Examples of one sentence teach much the same, so that a part in which every sentence stands
    teaches nearly as much as the whole.

    Examples
    --------
    >>> some = [Example(str(at), text) for at, text in enumerate(["a", "a", "a", "b", "c"])]
    >>> rows = draw_training(some, 3, random_state=0)
    >>> [some[row].text for row in rows]
    ['a', 'b', 'c']
    """
    if most is None or most >= len(X):
        return np.arange(len(X))
    order = np.random.default_rng(random_state).permutation(len(X))
    seen: Counter[str] = Counter()
    turn = np.zeros(len(X), dtype=np.int64)
    for place, row in enumerate(order.tolist()):
        turn[place] = seen[X[row].text]
        seen[X[row].text] += 1
    return np.sort(order[np.argsort(turn, kind="stable")[:most]])


def starting_weights(checkpoint: str) -> tuple[torch.nn.Module, Any]:
    """Return the encoder that training starts from and its tokenizer.

    A saved model of the kit is checked against its manifest, and its heads are left behind: what
    was learned on one task serves another (Phang et al. 2018, "Sentence Encoders on STILTs").
    """
    if (Path(checkpoint) / "encoder.json").exists():
        from stancekit.models import persistence

        saved: Any = persistence.load(Path(checkpoint)).model
        return saved.network_.encoder.train(), saved.tokenizer_
    source = resolve(checkpoint)
    encoder: Any = pretrained(source)
    tokenizer = load_encoder_tokenizer(source)
    check_tokenizer(tokenizer, source, encoder.config)
    return encoder, tokenizer


class Encoder(ClassifierMixin, BaseEstimator):
    """A transformer encoder, fine-tuned with a linear head on the means over all, actor and target tokens.

    Parameters
    ----------
    checkpoint
        A hub name, a local folder, or the folder of a saved model of the kit, whose encoder is
        trained further; all-MiniLM-L6-v2 comes from a package, without a network.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    length
        Most tokens of an input; a longer sentence is cut around its actor.
    class_weight
        `balanced` weighs rare codes up in the loss, `None` does not.
    max_train_samples
        The most examples that are learned from, drawn for each random state; by default all.
    dropout
        The share of values that training drops, in every layer; by default what the checkpoint was
        pretrained with.
    frozen_layers
        How many of the encoder's lower layers stay as they were pretrained, besides the vectors of
        words. Their outputs are computed once, in 16 or 32 bits a number, so training is quicker
        the more there are.
    folder
        Where training keeps its checkpoints; the same fit goes on from there after a crash, and is
        read back from there when it had ended.
        `stancekit.models.encoder.checkpoints.forget_checkpoints` removes them.
    smoothing
        Label smoothing of single-label heads.
    epochs, least_steps, batch_size, rate, head_rate, decay, patience, every
        See `stancekit.models.encoder.trainer.Schedule`.

    Attributes
    ----------
    classes_
        The codes of `predict_proba`'s columns.
    curve_
        The training log: one dict per measurement with `step`, `loss` and, where validation decides
        when to stop, `eval_loss` and `eval_score`.

    Examples
    --------
    >>> some = [Example("1", "Peru backs the levy."), Example("2", "Peru spurns the levy.")]
    >>> model = Encoder(epochs=1, least_steps=1).fit(some, np.array(["support", "condemn"]))
    >>> model.predict_proba(some).shape
    (2, 2)
    """

    kind = "encoder"
    # Told of every validation score during training; set by a sweep.
    watch: Callable[[int, float], None] | None = None
    # What was scored last, which cannot change, by which network and as what it was shown, and the
    # logits.
    _last: tuple[tuple[Any, ...], dict[str, NDArray[np.float64]]] | None = None

    def __init__(  # noqa: PLR0913  # scikit-learn's contract: every setting is an argument
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        length: int = 96,
        epochs: int = 3,
        least_steps: int = 600,
        batch_size: int = 16,
        rate: float = 2e-4,
        head_rate: float = 1e-3,
        decay: float = 0.9,
        patience: int = 3,
        every: int | None = None,
        smoothing: float = 0.1,
        class_weight: str | None = "balanced",
        max_train_samples: int | None = None,
        dropout: float | None = None,
        frozen_layers: int = 0,
        folder: str | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.length = length
        self.epochs = epochs
        self.least_steps = least_steps
        self.batch_size = batch_size
        self.rate = rate
        self.head_rate = head_rate
        self.decay = decay
        self.patience = patience
        self.every = every
        self.smoothing = smoothing
        self.class_weight = class_weight
        self.max_train_samples = max_train_samples
        self.dropout = dropout
        self.frozen_layers = frozen_layers
        self.folder = folder
        self.random_state = random_state

    def fit(
        self, X: Sequence[Example], y: NDArray[Any], validation: ValidationPart | None = None
    ) -> Self:
        """Fine-tune on examples; with `validation`, stop early and keep the weights that score best there.

        `y` has shape (examples,) or, as an indicator, (examples, codes).
        """
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else np.unique(y)
        held = None
        if validation is not None and len(validation[0]):
            # A code that training never saw cannot be predicted, so it says nothing about when to
            # stop.
            truth = np.asarray(validation[1])
            known = (
                np.arange(len(truth))
                if self.multi_label_
                else np.flatnonzero(np.isin(truth, self.classes_))
            )
            held = (
                [validation[0][at] for at in known.tolist()],
                {SINGLE_HEAD: self._targets(truth[known])},
            )
        self._tune(X, {SINGLE_HEAD: self._targets(y)}, held)
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return to_probabilities(self.logits(X)[SINGLE_HEAD], multi_label=self.multi_label_)

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        return (
            (scores >= 0.5).astype(int)
            if self.multi_label_
            else np.asarray(self.classes_[scores.argmax(axis=1)])
        )

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        return y.astype(np.int64) if y.ndim == 2 else np.searchsorted(self.classes_, y)

    @property
    def inputs(self) -> EncoderInputs:
        """Return what turns examples into token ids."""
        return EncoderInputs(self.tokenizer_, self.features or Marked(), self.length)

    def _heads(self, labels: HeadLabels) -> dict[str, Head]:
        """Return the heads that labels need; of y = -1, no label, nothing is counted."""
        heads = {}
        for name, y in labels.items():
            known = y[(y >= 0).all(axis=1)] if y.ndim == 2 else y[y >= 0]
            codes = y.shape[1] if y.ndim == 2 else int(known.max()) + 1
            heads[name] = Head(
                codes, y.ndim == 2, balanced_weights(known) if self.class_weight else ()
            )
        return heads

    def _tune(
        self,
        X: Sequence[Example],
        labels: HeadLabels,
        held: tuple[Sequence[Example], HeadLabels] | None,
    ) -> None:
        set_seed(self.random_state or 0)
        self._last = None
        encoder, self.tokenizer_ = starting_weights(self.checkpoint)
        check_length(self.length, encoder)
        if self.dropout is not None:
            for module in encoder.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = self.dropout
        self.started_from_ = started_from(self.checkpoint)
        self.network_ = Network(
            encoder, self._heads(labels), smoothing=self.smoothing, frozen_layers=self.frozen_layers
        )
        schedule = Schedule(
            epochs=self.epochs,
            least_steps=self.least_steps,
            batch_size=self.batch_size,
            rate=self.rate,
            head_rate=self.head_rate,
            decay=self.decay,
            patience=self.patience,
            every=self.every,
            watch=self.watch,
        )
        self.network_.to("cuda" if torch.cuda.is_available() else "cpu")
        rows = draw_training(X, self.max_train_samples, self.random_state or 0)
        train = self._rows(
            [X[row] for row in rows.tolist()], {name: y[rows] for name, y in labels.items()}
        )
        # A score that is measured once, at the end, decides nothing: there is no other to choose
        # from.
        decides = self.watch is not None or schedule.measurements(len(rows)) > 1
        validation = self._rows(*held) if held and decides else None
        with tempfile.TemporaryDirectory() as spare:
            folder = Path(self.folder or spare) / checkpoints.PLACE
            pad, state = self.tokenizer_.pad_token_id or 0, self.random_state or 0
            self.curve_ = tune(
                self.network_,
                train,
                validation,
                schedule,
                folder=folder,
                random_state=state,
                pad=pad,
            )
        self.network_.eval()

    def _rows(self, X: Sequence[Example], labels: HeadLabels) -> TokenRows:
        ids = self.inputs(X)
        return TokenRows(ids, labels, self.network_.frozen(ids, self.tokenizer_.pad_token_id or 0))

    @torch.inference_mode()
    def logits(self, X: Sequence[Example]) -> dict[str, NDArray[np.float64]]:
        """Return the logits of each head, shape (examples, codes), from batches of similar length."""
        # Thresholds are chosen and a run is recorded on the very same examples.
        asked = (X, self.network_, self.features, self.length)
        if self._last is not None and all(
            one is other for one, other in zip(asked, self._last[0], strict=True)
        ):
            return self._last[1]
        ids = self.inputs(X)
        order = np.argsort([-len(one["input_ids"]) for one in ids], kind="stable")
        device = self.network_.device
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in self.network_.specs}
        collate = Collator(self.tokenizer_.pad_token_id or 0)
        size = self.network_.rows
        for start in range(0, len(order), size):
            batch = collate([ids[at] for at in order[start : start + size]])
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16()):
                found = self.network_(**{key: value.to(device) for key, value in batch.items()})
            for name, logits in found.items():
                parts[name].append(logits.float().cpu().numpy().astype(float))
        back = np.argsort(order)
        empty = {name: np.zeros((0, spec.codes)) for name, spec in self.network_.specs.items()}
        logits = {name: np.concatenate([empty[name], *rows])[back] for name, rows in parts.items()}
        self._last = (asked, logits) if isinstance(X, tuple) else None
        return logits
