"""What happens during training: measuring on validation, stopping early, the order of each epoch, a progress bar."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score
from tqdm import tqdm
from transformers import EvalPrediction, TrainerCallback

from stancekit.models.encoder.batches import Buckets, TokenRows
from stancekit.models.encoder.network import Head

SCORE = "eval_score"


class Judge:
    """Scores a validation part: macro-F1 of a single-label head, mean average precision of a multi-label one.

    The loss does not say when to stop, since it rises with a network's certainty while its labels
    still improve.
    """

    def __init__(self, heads: Mapping[str, Head], order: Sequence[str]) -> None:
        self.heads = heads
        self.order = order

    def __call__(self, prediction: EvalPrediction) -> dict[str, float]:
        """Return the mean score over heads."""
        logits, labels = (
            value if isinstance(value, tuple) else (value,)
            for value in (prediction.predictions, prediction.label_ids)
        )
        scores = [self._score(*head) for head in zip(self.order, logits, labels, strict=True)]
        return {"score": float(np.mean(scores))}

    def _score(self, name: str, logits: NDArray[Any], labels: NDArray[Any]) -> float:
        known = (labels >= 0).reshape(len(labels), -1).all(axis=1)
        logits, labels = logits[known], labels[known]
        if not self.heads[name].multi_label:
            # Over the codes that gold has, as every score of the kit.
            predicted, present = logits.argmax(axis=1), np.unique(labels)
            score = f1_score(labels, predicted, labels=present, average="macro", zero_division=0)
            return float(score)
        columns = labels.any(axis=0)
        if not columns.any():
            return 0.0
        return float(
            average_precision_score(labels[:, columns], logits[:, columns], average="macro")
        )


class Epochs(TrainerCallback):
    """Tells the sampler and the rows which epoch they are for, after a resumption too."""

    def __init__(self, sampler: Buckets, rows: TokenRows, steps: int) -> None:
        self.sampler = sampler
        self.rows = rows
        self.steps = steps

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Set the epoch from the number of steps done."""
        self.sampler.epoch = state.global_step // self.steps
        self.rows.start_epoch(self.sampler.epoch)


class Patience(TrainerCallback):
    """Stops when the validation score has not risen for some measurements, by the log, after a resumption too."""

    def __init__(self, patience: int, watch: Callable[[int, float], None] | None = None) -> None:
        self.patience = patience
        self.watch = watch

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Compare all scores so far."""
        scores = [row[SCORE] for row in state.log_history if SCORE in row]
        if scores and self.watch:
            self.watch(int(state.global_step), float(scores[-1]))
        if is_exhausted(state.log_history, self.patience):
            control.should_training_stop = True


def is_exhausted(log: Sequence[Mapping[str, float]], patience: int) -> bool:
    """Say whether the validation score has not risen for `patience` measurements.

    Examples
    --------
    >>> is_exhausted([{"eval_score": 0.5}, {"eval_score": 0.4}, {"eval_score": 0.5}], patience=2)
    True
    """
    scores = [row[SCORE] for row in log if SCORE in row]
    return bool(scores) and len(scores) - 1 - int(np.argmax(scores)) >= patience


class Bar(TrainerCallback):
    """A progress bar on standard error, with the loss and the time left."""

    def __init__(self) -> None:
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the bar, at the step where a resumed training starts."""
        self.bar = tqdm(
            desc="training",
            total=state.max_steps,
            initial=state.global_step,
            unit="step",
            leave=False,
        )

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Count a step."""
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Show the losses."""
        self.bar.set_postfix({key: f"{logs[key]:.3f}" for key in ("loss", SCORE) if key in logs})

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar.close()
