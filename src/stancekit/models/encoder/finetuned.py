"""Fine-tuned transformer encoders with scikit-learn's contract."""

import operator
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.special import expit, softmax
from transformers import set_seed

from stancekit.errors import KitError
from stancekit.models.base import ExampleClassifier
from stancekit.models.encoder import checkpoints
from stancekit.models.encoder.batches import Collator, TokenRows
from stancekit.models.encoder.files import (
    ESTIMATOR_SETTINGS,
    WEIGHTS_FILE,
    build_architecture,
    describe_architecture,
    describe_estimator,
    read_tokenizer,
    rebuild_estimator,
    write_tokenizer,
    write_weights,
)
from stancekit.models.encoder.inputs import TOKENIZER_FILE, EncoderInputs, length_batches
from stancekit.models.encoder.network import (
    Head,
    Network,
    bf16,
    check_length,
    keep_layers,
)
from stancekit.models.encoder.pretrained import ENCODER_FILE, MINILM, started_from, starting_weights
from stancekit.models.encoder.teachers import describe_teachers, soft_labels
from stancekit.models.encoder.tokenizers import check_tokenizer
from stancekit.models.encoder.trainer import Schedule, tune
from stancekit.models.encoder.training_rows import (
    RenamedRows,
    balanced_weights,
    check_share,
    draw_training,
)
from stancekit.models.features import Marked
from stancekit.models.folder import ModelFolder
from stancekit.models.soft import check_one_source
from stancekit.text.inputs import as_examples
from stancekit.types import Example, ValidationPart, as_list

# The name of the head of an encoder that has one.
SINGLE_HEAD = "codes"
HeadLabels = Mapping[str, NDArray[Any]]


class Encoder(ExampleClassifier):
    """A transformer encoder, fine-tuned with a linear head on the means over all, actor and target tokens.

    Parameters
    ----------
    checkpoint
        A hub name, a local folder, or the folder of a saved model of the kit, whose encoder is
        trained further; all-MiniLM-L6-v2 comes from a package, without a network.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    max_length
        Most tokens of an input; a longer sentence is cut around its actor.
    class_weight
        `balanced` gives rare codes more weight in the loss, `None` does not.
    max_train_samples
        The most examples that are learned from, drawn for each random state; by default all.
    dropout
        The share of values that training drops, in every layer; by default what the checkpoint was
        pretrained with.
    frozen_layers
        How many of the encoder's lower layers stay as they were pretrained, besides the vectors of
        words. Their outputs are computed once, in 16 or 32 bits a number: the more layers, the
        quicker the training.
    exchange_names
        The share of training examples whose names of states, bodies, persons and parties are
        exchanged for others in an epoch, for new ones in each.
    layers
        How many of the checkpoint's layers are kept, evenly spaced from the first to the last; by
        default all. Half of them read twice as fast.
    teacher
        Folders of saved models of any kind, one for each codebook that is learned: their
        probabilities are learned beside the labels (distillation, Hinton et al. 2015), and in place
        of those that are missing.
    teacher_share
        The weight of the teacher's probabilities; the rest is that of gold.
    folder
        Where training keeps its checkpoints; the same fit goes on from there after a crash, and is
        read back from there when it had ended.
        `stancekit.models.encoder.checkpoints.forget_checkpoints` removes them.
    label_smoothing
        Label smoothing of single-label heads.
    epochs, min_steps, batch_size, learning_rate, head_learning_rate, layer_decay, patience, eval_steps
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
    >>> texts = ["Peru backs the levy.", "Peru spurns the levy."]
    >>> model = Encoder(epochs=1, min_steps=1).fit(texts, ["support", "condemn"])
    >>> model.predict_proba(texts).shape
    (2, 2)
    """

    # Called with every validation score during training; set by a search for settings.
    watch: Callable[[int, float], None] | None = None
    # What was scored last: a tuple of examples, which cannot change, with network and features; and
    # the logits.
    _last: tuple[tuple[Any, ...], dict[str, NDArray[np.float64]]] | None = None

    def __init__(  # noqa: PLR0913  # scikit-learn's contract: every setting is an argument
        self,
        checkpoint: str = MINILM,
        *,
        features: Any = None,
        max_length: int = 96,
        epochs: int = 3,
        min_steps: int = 600,
        batch_size: int = 16,
        learning_rate: float = 2e-4,
        head_learning_rate: float = 1e-3,
        layer_decay: float = 0.9,
        patience: int = 3,
        eval_steps: int | None = None,
        label_smoothing: float = 0.1,
        class_weight: str | None = "balanced",
        max_train_samples: int | None = None,
        dropout: float | None = None,
        frozen_layers: int = 0,
        exchange_names: float = 0.0,
        layers: int | None = None,
        teacher: str | Sequence[str] = (),
        teacher_share: float = 0.7,
        folder: str | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.features = features
        self.max_length = max_length
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.head_learning_rate = head_learning_rate
        self.layer_decay = layer_decay
        self.patience = patience
        self.eval_steps = eval_steps
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.max_train_samples = max_train_samples
        self.dropout = dropout
        self.frozen_layers = frozen_layers
        self.exchange_names = exchange_names
        self.layers = layers
        self.teacher = teacher
        self.teacher_share = teacher_share
        self.folder = folder
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: NDArray[Any],
        validation: ValidationPart | None = None,
        soft: NDArray[np.float64] | None = None,
    ) -> Self:
        """Fine-tune on examples; with `validation`, stop early and keep the weights that score best there.

        `y` has shape (examples,) or, as an indicator, (examples, codes). With `soft`, the probabilities of
        the codes in `classes_`, shape (examples, codes), these are learned; `y` only weighs the codes.
        """
        X, y = self._read_labelled(X, y)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else np.unique(y)
        held_out = None
        if validation is not None and len(validation[0]):
            held_out = self._held_out(as_examples(validation[0]), np.asarray(validation[1]))
        self._tune(X, {SINGLE_HEAD: self._targets(y)}, held_out, soft)
        return self

    def _held_out(
        self, X: Sequence[Example], truth: NDArray[Any]
    ) -> tuple[Sequence[Example], HeadLabels]:
        """Return a validation part without the codes that training never saw: they say nothing about when to stop."""
        rows = np.arange(len(truth))
        if not self.multi_label_:
            rows = np.flatnonzero(np.isin(truth, self.classes_))
        return [X[row] for row in rows.tolist()], {SINGLE_HEAD: self._targets(truth[rows])}

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        X = self._read_fitted(X)
        logits = self.logits(X)[SINGLE_HEAD]
        return np.asarray(expit(logits) if self.multi_label_ else softmax(logits, axis=1))

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        return y.astype(np.int64) if y.ndim == 2 else np.searchsorted(self.classes_, y)

    @property
    def inputs(self) -> EncoderInputs:
        """Return what turns examples into token ids."""
        return EncoderInputs(self.tokenizer_, self.features or Marked(), self.max_length)

    def _heads(self, labels: HeadLabels) -> dict[str, Head]:
        """Return the heads that labels need; of y = -1, no label, nothing is counted."""
        if self.class_weight not in ("balanced", None):
            raise KitError(f"class_weight is {self.class_weight!r}; it is balanced or None (null)")
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
        held_out: tuple[Sequence[Example], HeadLabels] | None,
        soft: NDArray[np.float64] | None = None,
    ) -> None:
        check_one_source(soft, self.teacher)
        check_share(self.exchange_names)
        set_seed(self.random_state or 0)
        self._last = None
        encoder, self.tokenizer_ = starting_weights(self.checkpoint, Encoder.load_files)
        keep_layers(encoder, self.layers)
        check_length(self.max_length, encoder)
        if self.dropout is not None:
            for module in encoder.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = self.dropout
        self.started_from_ = started_from(self.checkpoint)
        self.network_ = Network(
            encoder,
            self._heads(labels),
            label_smoothing=self.label_smoothing,
            frozen_layers=self.frozen_layers,
        )
        schedule = Schedule(
            epochs=self.epochs,
            min_steps=self.min_steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            head_learning_rate=self.head_learning_rate,
            layer_decay=self.layer_decay,
            patience=self.patience,
            eval_steps=self.eval_steps,
            watch=self.watch,
        )
        self.network_.to("cuda" if torch.cuda.is_available() else "cpu")
        rows = draw_training(X, self.max_train_samples, self.random_state or 0)
        learned = [X[row] for row in rows.tolist()]
        told = labels if soft is None else {SINGLE_HEAD: soft.astype(np.float32)}
        train = self._training_rows(
            learned, self._softened(learned, {name: y[rows] for name, y in told.items()})
        )
        # A score that is measured once, at the end, decides nothing: there is no other to choose
        # from.
        decides = self.watch is not None or schedule.measurements(len(rows)) > 1
        validation = self._rows(*held_out) if held_out and decides else None
        with tempfile.TemporaryDirectory() as temporary:
            self.curve_ = tune(
                self.network_,
                train,
                validation,
                schedule,
                folder=Path(self.folder or temporary) / checkpoints.PLACE,
                random_state=self.random_state or 0,
                pad=self._pad,
            )
        self.network_.eval()

    def _softened(self, X: Sequence[Example], labels: HeadLabels) -> HeadLabels:
        """Return labels mixed with what teachers say; without a teacher, the labels."""
        if not self.teacher:
            return labels
        teachers = as_list(self.teacher)
        self.taught_by_ = describe_teachers(teachers)
        with tempfile.TemporaryDirectory() as temporary:
            return soft_labels(
                teachers,
                X,
                labels,
                {name: self._codes_of(name) for name in labels},
                share=self.teacher_share,
                keep=Path(self.folder or temporary),
            )

    def _codes_of(self, head: str) -> list[str]:
        """Return the names of a head's codes, in the order of its outputs."""
        if self.multi_label_:
            raise KitError(
                "a teacher of a codebook with several codes per example is for model=joint, which knows "
                f"the codes by name: set model=joint and model.codebooks, not {type(self).__name__}"
            )
        return [str(code) for code in self.classes_]

    def _training_rows(self, X: Sequence[Example], labels: HeadLabels) -> TokenRows:
        if not self.exchange_names:
            return self._rows(X, labels)
        return RenamedRows(
            X,
            labels,
            inputs=self.inputs,
            freeze=lambda ids: self.network_.frozen(ids, self._pad),
            share=self.exchange_names,
            random_state=self.random_state or 0,
        )

    def _rows(self, X: Sequence[Example], labels: HeadLabels) -> TokenRows:
        ids = self.inputs(X)
        return TokenRows(ids, labels, self.network_.frozen(ids, self._pad))

    @property
    def _pad(self) -> int:
        """Return the tokenizer's id for padding."""
        return int(self.tokenizer_.pad_token_id or 0)

    @torch.inference_mode()
    def logits(self, X: Any) -> dict[str, NDArray[np.float64]]:
        """Return the logits of each head, shape (examples, codes), from batches of similar length."""
        X = as_examples(X)
        # Thresholds are chosen and a run is recorded on the very same examples.
        asked = (X, self.network_, self.features, self.max_length)
        if self._last is not None and all(map(operator.is_, asked, self._last[0])):
            return self._last[1]
        ids = self.inputs(X)
        network, device, collate = self.network_, self.network_.device, Collator(self._pad)
        logits = {name: np.zeros((len(ids), head.codes)) for name, head in network.specs.items()}
        lengths = [len(row["input_ids"]) for row in ids]
        for rows in length_batches(lengths, network.batch_rows):
            batch = collate([ids[row] for row in rows])
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16()):
                outputs = network(**{key: value.to(device) for key, value in batch.items()})
            for name, output in outputs.items():
                logits[name][rows] = output.float().cpu().numpy()
        self._last = (asked, logits) if isinstance(X, tuple) else None
        return logits

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without what was scored last, which copies need not carry."""
        return {**super().__getstate__(), "_last": None}

    def save_files(self, folder: ModelFolder) -> None:
        """Write weights and tokenizer as plain data, and the settings."""
        write_weights(self.network_, folder / WEIGHTS_FILE)
        tokenizer = write_tokenizer(self.tokenizer_, folder / TOKENIZER_FILE)
        settings = describe_estimator(self, leave_out=("folder",))
        # A folder's path is of no use elsewhere, and private.
        settings["params"]["checkpoint"] = self.started_from_
        settings["params"]["teacher"] = getattr(self, "taught_by_", [])
        settings |= {
            "architecture": describe_architecture(self.network_.encoder.config),
            "heads": {name: head.to_dict() for name, head in self.network_.specs.items()},
            "tokenizer": tokenizer,
        }
        folder.write_settings(ENCODER_FILE, settings)

    @classmethod
    def load_files(cls, folder: ModelFolder) -> Self:
        """Read an encoder back. Architectures come from `transformers` alone, values from plain data."""
        required = {**ESTIMATOR_SETTINGS, "architecture": dict, "heads": dict, "tokenizer": dict}
        settings = folder.read_settings(ENCODER_FILE, required=required)
        with folder.refusing(ENCODER_FILE):
            model: Self = rebuild_estimator(cls, settings)
            model.started_from_, model.taught_by_ = model.checkpoint, list(model.teacher)
            heads = {
                name: Head(head["codes"], head["multi_label"], tuple(head["weights"]))
                for name, head in settings["heads"].items()
            }
            head, codes = heads[SINGLE_HEAD], len(model.classes_)
            if head.codes != codes or head.multi_label != model.multi_label_:
                raise ValueError(f"its head has {head.codes} outputs for {codes} codes")
            encoder = build_architecture(settings["architecture"])
            model.network_ = Network(encoder, heads, label_smoothing=model.label_smoothing)
        with folder.refusing(WEIGHTS_FILE):
            model.network_.load_state_dict(load_file(folder / WEIGHTS_FILE))
        with folder.refusing(TOKENIZER_FILE):
            model.tokenizer_ = read_tokenizer(folder / TOKENIZER_FILE, settings["tokenizer"])
            check_tokenizer(model.tokenizer_, str(folder), encoder.config)
        model.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        return model
