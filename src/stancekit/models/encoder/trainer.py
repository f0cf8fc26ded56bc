"""Fine-tuning through `transformers.Trainer`: resumable to the bit, quick on a few cores."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from stancekit.errors import KitError
from stancekit.models.encoder import checkpoints
from stancekit.models.encoder.batches import LABELS, Buckets, Collator, TokenRows
from stancekit.models.encoder.callbacks import SCORE, Bar, Epochs, Judge, Patience, is_exhausted
from stancekit.models.encoder.network import Network, bf16

# The share of steps in which the learning rate rises from zero, and how much weights decay: as BERT
# was fine-tuned.
WARMUP, WEIGHT_DECAY = 0.1, 0.01
EVAL_BATCH = 64


@dataclass(frozen=True, slots=True)
class Schedule:
    """How an encoder is fine-tuned.

    Parameters
    ----------
    epochs
        How many times training goes through all examples.
    min_steps
        How many steps are made at least: a handful of examples is gone through more often than
        `epochs` times.
    batch_size
        Examples per step.
    learning_rate
        The learning rate of the encoder's highest layer.
    head_learning_rate
        The learning rate of the heads.
    layer_decay
        The factor by which the learning rate falls from one layer to the one below (Howard and
        Ruder 2018, section 3.2).
    patience
        How many times in a row the validation score may fail to improve before training ends.
    eval_steps
        The number of steps between checkpoints, at which the validation score is measured too;
        `None` for a fifth of all, and an epoch at least.
    watch
        Called with the step and the validation score at each measurement; what it raises ends the
        training.
    """

    epochs: int
    min_steps: int
    batch_size: int
    learning_rate: float
    head_learning_rate: float
    layer_decay: float
    patience: int
    eval_steps: int | None
    watch: Callable[[int, float], None] | None = field(default=None, compare=False, repr=False)

    def steps(self, rows: int) -> int:
        """Return the number of steps in an epoch."""
        return -(-rows // self.batch_size)

    def total_epochs(self, rows: int) -> int:
        """Return the number of epochs for a number of rows."""
        return max(self.epochs, -(-self.min_steps // self.steps(rows)))

    def interval(self, rows: int) -> int:
        """Return the number of steps between checkpoints."""
        steps = self.steps(rows)
        return self.eval_steps or max(steps, steps * self.total_epochs(rows) // 5)

    def measurements(self, rows: int) -> int:
        """Return how many times the validation score can be measured."""
        return self.steps(rows) * self.total_epochs(rows) // self.interval(rows)


class _LengthTrainer(Trainer):
    """A Trainer that draws batches of similar length, and seals its checkpoints.

    `Trainer` has no public place for a sampler, and none for what happens at the end of writing a
    checkpoint; the two methods that are replaced here exist in all of transformers 5.
    """

    sampler: Buckets
    learning_rate: float

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.sampler

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Make a step; on a processor attention uses plain products, whose gradients are quicker for sentences."""
        with sdpa_kernel(SDPBackend.MATH) if self.args.device.type == "cpu" else nullcontext():
            loss: torch.Tensor = super().training_step(*args, **kwargs)
        if not torch.isfinite(loss):
            raise diverged(self.learning_rate)
        return loss

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        # torch and safetensors report a full disk by errors of their own.
        try:
            super()._save_checkpoint(*args, **kwargs)
            checkpoints.seal_checkpoint(
                Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            )
        except (RuntimeError, SafetensorError) as error:
            raise OSError(f"writing failed ({str(error).strip()})") from error


def parameter_groups(network: Network, schedule: Schedule) -> list[dict[str, Any]]:
    """Return the groups of the optimizer: lower layers learn more slowly, biases and norms do not decay."""
    layers = int(getattr(network.encoder.config, "num_hidden_layers", 1))
    members: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        # The first number in a name is the layer's; embeddings are below the first layer.
        depth = next((int(part) + 1 for part in parts if part.isdigit()), 0)
        if parts[0] == "heads":
            rate = schedule.head_learning_rate
        else:
            rate = schedule.learning_rate * schedule.layer_decay ** (layers - depth)
        weight_decay = WEIGHT_DECAY if parameter.ndim > 1 else 0.0
        members.setdefault((rate, weight_decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": weight_decay}
        for (rate, weight_decay), parameters in members.items()
    ]


def _training_arguments(
    schedule: Schedule,
    rows: int,
    folder: Path,
    random_state: int,
    *,
    validated: bool,
    heads: Sequence[str],
) -> TrainingArguments:
    steps = schedule.steps(rows)
    interval = schedule.interval(rows)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=schedule.total_epochs(rows),
        per_device_train_batch_size=schedule.batch_size,
        per_device_eval_batch_size=EVAL_BATCH,
        seed=random_state,
        data_seed=random_state,
        report_to="none",
        lr_scheduler_type="linear",
        warmup_steps=int(WARMUP * steps * schedule.total_epochs(rows)),
        eval_strategy="steps" if validated else "no",
        save_strategy="steps",
        eval_steps=interval,
        save_steps=interval,
        logging_steps=interval,
        save_total_limit=2,
        load_best_model_at_end=validated,
        metric_for_best_model=SCORE if validated else None,
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
    not, and one that had ended is read back. They stay until `forget_checkpoints` is called, after
    the model is saved. A training with other examples, settings or first weights has checkpoints of
    its own. They are the Trainer's own files, read back only from the folder that this same training
    writes.

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
        network.label_smoothing,
        network.frozen_layers,
        train.varies,
        bf16(),
        torch.__version__,
    )
    place = folder / checkpoints.digest(settings, network.state_dict(), (train, validation))
    try:
        place.mkdir(parents=True, exist_ok=True)
        last = checkpoints.latest(place)
        if last is None or not _ended(checkpoints.read_state(last), schedule):
            checkpoints.drop_later(place, last)
            _run_trainer(
                network,
                train,
                validation,
                schedule,
                folder=place,
                random_state=random_state,
                pad=pad,
                last=last,
            )
            last = checkpoints.latest(place)
        if last is None:
            raise OSError("its last checkpoint is gone or damaged")
        state = checkpoints.read_state(last)
        network.load_state_dict(
            load_file((checkpoints.best_of(last, state) or last) / checkpoints.CHECKPOINT_WEIGHTS)
        )
    except OSError as error:
        raise KitError(
            f"cannot write checkpoints to {folder}: {error}. Free space or choose another folder with output=FOLDER, "
            "then start the same command again: it goes on from the last whole checkpoint"
        ) from None
    return [{key: float(value) for key, value in row.items()} for row in state["log_history"]]


def _run_trainer(
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
        [len(row["input_ids"]) for row in train.ids], schedule.batch_size, random_state
    )
    callbacks: list[TrainerCallback] = [
        Epochs(sampler, train, schedule.steps(len(train))),
        Bar(),
    ]
    if validation:
        callbacks.append(Patience(schedule.patience, schedule.watch))
    trainer = _LengthTrainer(
        model=network,
        args=_training_arguments(
            schedule,
            len(train),
            folder,
            random_state,
            validated=validation is not None,
            heads=list(train.labels),
        ),
        train_dataset=train,
        eval_dataset=validation,
        data_collator=Collator(pad),
        optimizers=(torch.optim.AdamW(parameter_groups(network, schedule), fused=True), None),
        compute_metrics=Judge(network.specs, list(train.labels)),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.sampler, trainer.learning_rate = sampler, schedule.learning_rate
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    if not all(torch.isfinite(parameter).all() for parameter in network.parameters()):
        raise diverged(schedule.learning_rate)


def _ended(state: Mapping[str, Any], schedule: Schedule) -> bool:
    """Say whether nothing is left to do after a checkpoint."""
    return state["global_step"] >= state["max_steps"] or is_exhausted(
        state["log_history"], schedule.patience
    )


def diverged(learning_rate: float) -> KitError:
    """Return the error for a training whose loss is no longer a number."""
    return KitError(
        f"training diverged: its loss is no longer a number. The learning rate {learning_rate:g} is too high; lower it"
    )
