"""Fine-tuning through `transformers.Trainer`: resumable to the bit, quick on a few cores."""

import logging
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import Dataset
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from stancekit.errors import KitError
from stancekit.models.encoder.inputs import Ids
from stancekit.models.encoder.network import Network

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How an encoder is fine-tuned.

    `decay` is the factor by which the learning rate falls from one layer to the one below (Howard and Ruder
    2018, section 3.2). `patience` is how many epochs without a better validation loss are waited for.
    """

    epochs: int = 4
    batch_size: int = 16
    rate: float = 1e-4
    head_rate: float = 1e-3
    decay: float = 0.9
    warmup: float = 0.1
    weight_decay: float = 0.01
    patience: int = 2
    save_steps: int = 50


class Rows(Dataset[dict[str, Any]]):
    """Token ids and labels, row by row."""

    def __init__(self, ids: Sequence[Ids], labels: Mapping[str, NDArray[Any]]) -> None:
        self.ids = ids
        self.labels = labels

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    def __getitem__(self, at: int) -> dict[str, Any]:
        """Return one row."""
        return {**self.ids[at], **{f"labels_{name}": values[at] for name, values in self.labels.items()}}


def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    """Pad rows to the longest of the batch."""
    width = max(len(row["input_ids"]) for row in rows)
    batch = {}
    for key in rows[0]:
        if key.startswith("labels_"):
            batch[key] = torch.as_tensor(np.stack([row[key] for row in rows]))
        else:
            batch[key] = torch.tensor([[*row[key], *[0] * (width - len(row[key]))] for row in rows])
    return batch


def groups(network: Network, schedule: Schedule) -> list[dict[str, Any]]:
    """Return parameter groups: lower layers learn more slowly, biases and norms do not decay."""
    layers = int(getattr(network.encoder.config, "num_hidden_layers", 1))
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("heads"):
            rate = schedule.head_rate
        else:
            parts = name.split(".")
            depth = next((int(part) + 1 for part in parts if part.isdigit()), layers if "pooler" in parts else 0)
            rate = schedule.rate * schedule.decay ** (layers - depth)
        plain = parameter.ndim < 2
        found.setdefault((rate, 0.0 if plain else schedule.weight_decay), []).append(parameter)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in found.items()]


def bf16() -> bool:
    """Say whether matrix products in bfloat16 are quick here."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.cpu._is_avx512_bf16_supported())


class _Bucketed(Trainer):
    """A Trainer whose batches hold rows of similar length."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        from transformers.trainer_pt_utils import LengthGroupedSampler

        rows = train_dataset or self.train_dataset
        lengths = [len(one["input_ids"]) for one in rows.ids]
        return LengthGroupedSampler(self.args.train_batch_size, lengths=lengths)


class Curve(TrainerCallback):
    """Collect what the Trainer logs."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Keep one entry of the log."""
        self.rows = [dict(row) for row in state.log_history]


def tune(network: Network, train: Rows, validation: Rows | None, schedule: Schedule, *, folder: Path,
         random_state: int) -> list[dict[str, float]]:
    """Fine-tune a network, going on from the last whole checkpoint in `folder`.

    Returns
    -------
    list of dict
        The log: loss, learning rate and validation loss by step.

    Raises
    ------
    KitError
        When the disk is full or the folder cannot be written; the last whole checkpoint stays.
    """
    steps = math.ceil(len(train) / schedule.batch_size)
    arguments = TrainingArguments(
        output_dir=str(folder), num_train_epochs=schedule.epochs, per_device_train_batch_size=schedule.batch_size,
        per_device_eval_batch_size=64, seed=random_state, data_seed=random_state, report_to="none",
        lr_scheduler_type="linear", warmup_steps=int(schedule.warmup * steps * schedule.epochs), max_grad_norm=1.0,
        eval_strategy="epoch" if validation else "no", save_strategy="epoch" if validation else "steps",
        save_steps=schedule.save_steps, save_total_limit=2, load_best_model_at_end=validation is not None,
        metric_for_best_model="eval_loss" if validation else None, greater_is_better=False, bf16=bf16(),
        logging_strategy="steps", logging_steps=max(1, steps // 4), remove_unused_columns=False, disable_tqdm=False,
        dataloader_pin_memory=False, save_only_model=False,
    )
    optimizer = torch.optim.AdamW(groups(network, schedule), fused=True)
    curve = Curve()
    calls: list[TrainerCallback] = [curve]
    if validation:
        calls.append(EarlyStoppingCallback(early_stopping_patience=schedule.patience))
    trainer = _Bucketed(model=network, args=arguments, train_dataset=train, eval_dataset=validation,
                        data_collator=collate, optimizers=(optimizer, None), callbacks=calls)
    try:
        trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)) if folder.exists() else None)
    except OSError as error:
        raise KitError(f"cannot write checkpoints to {folder}: {error}; free space or choose another folder, then start "
                       "the same command again: it goes on from the last whole checkpoint") from None
    shutil.rmtree(folder, ignore_errors=True)
    return curve.rows
