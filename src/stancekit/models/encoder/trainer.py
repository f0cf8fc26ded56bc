"""Fine-tuning through `transformers.Trainer`: resumable to the bit, quick on a few cores."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from sklearn.metrics import average_precision_score, f1_score
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from stancekit.errors import KitError
from stancekit.models.encoder import checkpoints
from stancekit.models.encoder.inputs import LABELS, Buckets, Collator, TokenRows
from stancekit.models.encoder.network import Head, Network, bf16

SCORE = "eval_score"


class Judge:
    """Scores a validation part: macro-F1 of a single-label head, mean average precision of a multi-label one.

    The loss is no guide to when to stop, since it rises with a network's certainty while its labels
    still get better.
    """

    def __init__(self, heads: Mapping[str, Head], order: Sequence[str]) -> None:
        self.heads = heads
        self.order = order

    def __call__(self, found: EvalPrediction) -> dict[str, float]:
        """Return the mean score over heads."""
        logits, labels = (
            one if isinstance(one, tuple) else (one,)
            for one in (found.predictions, found.label_ids)
        )
        scores = [self._score(*one) for one in zip(self.order, logits, labels, strict=True)]
        return {"score": float(np.mean(scores))}

    def _score(self, name: str, logits: NDArray[Any], labels: NDArray[Any]) -> float:
        known = (labels >= 0).reshape(len(labels), -1).all(axis=1)
        logits, labels = logits[known], labels[known]
        if not self.heads[name].multi_label:
            # Over the codes that gold bears, as every score of the kit.
            said = logits.argmax(axis=1)
            return float(
                f1_score(labels, said, labels=np.unique(labels), average="macro", zero_division=0)
            )
        there = labels.any(axis=0)
        return (
            float(average_precision_score(labels[:, there], logits[:, there], average="macro"))
            if there.any()
            else 0.0
        )


class Epochs(TrainerCallback):
    """Tells the sampler which epoch it draws for, after a resumption too."""

    def __init__(self, sampler: Buckets, steps: int) -> None:
        self.sampler = sampler
        self.steps = steps

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Set the epoch from the number of steps done."""
        self.sampler.epoch = state.global_step // self.steps


class Patience(TrainerCallback):
    """Stops when the validation score has not risen for some measurements; the log tells, after a resumption too."""

    def __init__(self, patience: int, watch: Callable[[int, float], None] | None = None) -> None:
        self.patience = patience
        self.watch = watch

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look back at all scores so far."""
        scores = [row[SCORE] for row in state.log_history if SCORE in row]
        if scores and self.watch:
            self.watch(int(state.global_step), float(scores[-1]))
        if spent(state.log_history, self.patience):
            control.should_training_stop = True


def spent(log: Sequence[Mapping[str, float]], patience: int) -> bool:
    """Say whether the validation score has not risen for `patience` measurements.

    Examples
    --------
    >>> spent([{"eval_score": 0.5}, {"eval_score": 0.4}, {"eval_score": 0.5}], patience=2)
    True
    """
    scores = [row[SCORE] for row in log if SCORE in row]
    return bool(scores) and len(scores) - 1 - int(np.argmax(scores)) >= patience


class Bar(TrainerCallback):
    """A progress bar on standard error, with the loss and the time left."""

    def __init__(self) -> None:
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the bar, at the step where a resumed training stands."""
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


# The share of steps in which the learning rate rises from zero, and how much weights decay.
WARMUP, WEIGHT_DECAY = 0.1, 0.01


@dataclass(frozen=True, slots=True)
class Schedule:
    """How an encoder is fine-tuned.

    Parameters
    ----------
    epochs
        How many times training goes through all examples.
    least_steps
        How many steps are made at least: a handful of examples is gone through more often than
        `epochs` times.
    batch_size
        Examples per step.
    rate
        The learning rate of the encoder's highest layer.
    head_rate
        The learning rate of the heads.
    decay
        The factor by which the learning rate falls from one layer to the one below (Howard and
        Ruder 2018, section 3.2).
    patience
        How many times in a row the validation score may fail to improve before training ends.
    every
        The number of steps between checkpoints, at which the validation score is measured too; by
        default a fifth of all, and an epoch at least.
    watch
        Is told the step and the validation score at each measurement; what it raises ends the
        training.
    """

    epochs: int
    least_steps: int
    batch_size: int
    rate: float
    head_rate: float
    decay: float
    patience: int
    every: int | None = None
    watch: Callable[[int, float], None] | None = field(default=None, compare=False, repr=False)

    def steps(self, rows: int) -> int:
        """Return the number of steps in an epoch."""
        return -(-rows // self.batch_size)

    def rounds(self, rows: int) -> int:
        """Return the number of epochs for a number of rows."""
        return max(self.epochs, -(-self.least_steps // self.steps(rows)))

    def interval(self, rows: int) -> int:
        """Return the number of steps between checkpoints."""
        steps = self.steps(rows)
        return self.every or max(steps, steps * self.rounds(rows) // 5)

    def measurements(self, rows: int) -> int:
        """Return how many times the validation score can be measured."""
        return self.steps(rows) * self.rounds(rows) // self.interval(rows)


class _Bucketed(Trainer):
    """A Trainer that draws batches of similar length."""

    sampler: Buckets
    rate: float

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.sampler

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Make a step; attention on a processor is by plain products, whose way back is quicker for sentences."""
        with sdpa_kernel(SDPBackend.MATH) if self.args.device.type == "cpu" else nullcontext():
            loss: torch.Tensor = super().training_step(*args, **kwargs)
        if not torch.isfinite(loss):
            raise diverged(self.rate)
        return loss

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        # torch and safetensors tell of a full disk by errors of their own.
        try:
            super()._save_checkpoint(*args, **kwargs)
            checkpoints.seal_checkpoint(
                Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            )
        except (RuntimeError, SafetensorError) as error:
            raise OSError(f"writing failed ({str(error).strip()})") from error


def groups(network: Network, schedule: Schedule) -> list[dict[str, Any]]:
    """Return groups of what is learned: lower layers learn more slowly, biases and norms do not decay."""
    layers = int(getattr(network.encoder.config, "num_hidden_layers", 1))
    found: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        depth = next((int(part) + 1 for part in parts if part.isdigit()), 0)
        rate = (
            schedule.head_rate
            if parts[0] == "heads"
            else schedule.rate * schedule.decay ** (layers - depth)
        )
        found.setdefault((rate, WEIGHT_DECAY if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [
        {"params": params, "lr": rate, "weight_decay": decay}
        for (rate, decay), params in found.items()
    ]


def _arguments(
    schedule: Schedule,
    rows: int,
    folder: Path,
    random_state: int,
    *,
    judged: bool,
    heads: Sequence[str],
) -> TrainingArguments:
    steps = schedule.steps(rows)
    every = schedule.interval(rows)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=schedule.rounds(rows),
        per_device_train_batch_size=schedule.batch_size,
        per_device_eval_batch_size=64,
        seed=random_state,
        data_seed=random_state,
        report_to="none",
        lr_scheduler_type="linear",
        warmup_steps=int(WARMUP * steps * schedule.rounds(rows)),
        eval_strategy="steps" if judged else "no",
        save_strategy="steps",
        eval_steps=every,
        save_steps=every,
        logging_steps=every,
        save_total_limit=2,
        load_best_model_at_end=judged,
        metric_for_best_model=SCORE if judged else None,
        greater_is_better=True,
        bf16=bf16(),
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        label_names=[LABELS + name for name in heads],
        disable_tqdm=True,
    )


def tune(
    network: Network,
    train: TokenRows,
    validation: TokenRows | None,
    schedule: Schedule,
    *,
    folder: Path,
    random_state: int,
    pad: int = 0,
) -> list[dict[str, float]]:
    """Fine-tune a network, going on from the last whole checkpoint of the same training in `folder`.

    Checkpoints hold weights, optimizer, scheduler and generator states, and the sums of these
    files; on the same machine a training that was killed ends with the same weights as one that was
    not, and one that had ended is read back. They stay until `forget_checkpoints` is called, which
    is for whoever has saved the model. A training with other examples, settings or first weights
    has checkpoints of its own. They are the Trainer's own files, read back only from the folder
    that this very training writes.

    Returns
    -------
    list of dict
        The log: `step`, `loss` and, with a validation part, `eval_loss` and `eval_score`.

    Raises
    ------
    KitError
        When the disk is full or the folder cannot be written; the last whole checkpoint stays. When
        the loss is no longer a number.
    """
    settings = (
        schedule,
        random_state,
        pad,
        network.specs,
        network.smoothing,
        network.frozen_layers,
        bf16(),
        torch.__version__,
    )
    own = folder / checkpoints.digest(settings, network.state_dict(), (train, validation))
    try:
        own.mkdir(parents=True, exist_ok=True)
        last = checkpoints.latest(own)
        if last is None or not _ended(checkpoints.read_state(last), schedule):
            _train(
                network,
                train,
                validation,
                schedule,
                folder=own,
                random_state=random_state,
                pad=pad,
                last=last,
            )
            last = checkpoints.latest(own)
        if last is None:
            raise OSError("its last checkpoint is gone or damaged")
        state = checkpoints.read_state(last)
        network.load_state_dict(
            load_file((checkpoints.best_of(last, state) or last) / checkpoints.WEIGHTS)
        )
    except OSError as error:
        raise KitError(
            f"cannot write checkpoints to {folder}: {error}. Free space or choose another folder with out=FOLDER, then "
            "start the same command again: it goes on from the last whole checkpoint"
        ) from None
    return [{key: float(value) for key, value in row.items()} for row in state["log_history"]]


def _train(
    network: Network,
    train: TokenRows,
    validation: TokenRows | None,
    schedule: Schedule,
    *,
    folder: Path,
    random_state: int,
    pad: int,
    last: Path | None,
) -> None:
    """Train to the end, from the checkpoint `last` where there is one; the Trainer leaves the result in `folder`."""
    sampler = Buckets(
        [len(one["input_ids"]) for one in train.ids], schedule.batch_size, random_state
    )
    calls: list[TrainerCallback] = [Epochs(sampler, schedule.steps(len(train))), Bar()]
    if validation:
        calls.append(Patience(schedule.patience, schedule.watch))
    trainer = _Bucketed(
        model=network,
        args=_arguments(
            schedule,
            len(train),
            folder,
            random_state,
            judged=validation is not None,
            heads=list(train.labels),
        ),
        train_dataset=train,
        eval_dataset=validation,
        data_collator=Collator(pad),
        optimizers=(torch.optim.AdamW(groups(network, schedule), fused=True), None),
        compute_metrics=Judge(network.specs, list(train.labels)),
        callbacks=calls,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.sampler, trainer.rate = sampler, schedule.rate
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    if not all(torch.isfinite(parameter).all() for parameter in network.parameters()):
        raise diverged(schedule.rate)


def _ended(state: Mapping[str, Any], schedule: Schedule) -> bool:
    """Say whether nothing is left to do behind a checkpoint."""
    return state["global_step"] >= state["max_steps"] or spent(
        state["log_history"], schedule.patience
    )


def diverged(rate: float) -> KitError:
    """Return the error for a training whose numbers have left the range of numbers."""
    return KitError(
        f"training diverged: its loss is no longer a number. The learning rate {rate:g} is too high; lower it"
    )
