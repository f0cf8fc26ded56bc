"""Rows, batches and their order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from stancekit.models.encoder.inputs import Ids

LABELS, HIDDEN = "labels_", "hidden"


class Rows(Dataset[dict[str, Any]]):
    """Token ids and labels, row by row; and the outputs of an encoder's frozen part, where they are known."""

    def __init__(
        self,
        ids: Sequence[Ids],
        labels: Mapping[str, NDArray[Any]],
        hidden: Sequence[torch.Tensor] | None = None,
    ) -> None:
        self.ids = ids
        self.labels = labels
        self.hidden = hidden

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    def __getitem__(self, at: int) -> dict[str, Any]:
        """Return one row."""
        row = {**self.ids[at], **{LABELS + name: values[at] for name, values in self.labels.items()}}
        return row if self.hidden is None else {**row, HIDDEN: self.hidden[at]}


@dataclass(frozen=True, slots=True)
class Collator:
    """Pads rows to the longest of a batch; `pad` is the tokenizer's own id for padding."""

    pad: int = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Return one batch."""
        width = max(len(row["input_ids"]) for row in rows)
        batch = {}
        for key in rows[0]:
            if key.startswith(LABELS):
                batch[key] = torch.as_tensor(np.stack([row[key] for row in rows]))
                continue
            if key == HIDDEN:
                batch[key] = torch.nn.utils.rnn.pad_sequence([row[key] for row in rows], batch_first=True).float()
                continue
            blank = self.pad if key == "input_ids" else 0
            batch[key] = torch.tensor([[*row[key], *[blank] * (width - len(row[key]))] for row in rows])
        return batch


class Buckets(Sampler[int]):
    """Draws rows in batches of similar length, in an order that random state and epoch alone decide."""

    def __init__(self, lengths: Sequence[int], batch_size: int, random_state: int) -> None:
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.random_state = random_state
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield rows of one epoch."""
        random = np.random.default_rng((self.random_state, self.epoch))
        # Sorted within pools of fifty batches, so that neighbours are alike but not always the same.
        order, pool = random.permutation(len(self.lengths)), 50 * self.batch_size
        pools = [order[at : at + pool] for at in range(0, len(order), pool)]
        near = np.concatenate([rows[np.argsort(-self.lengths[rows], kind="stable")] for rows in pools])
        batches = [near[at : at + self.batch_size] for at in range(0, len(near), self.batch_size)]
        # A last batch that is not full stays last, or it would shift all behind it.
        full = batches[:-1] if len(batches[-1]) < self.batch_size else batches
        shuffled = [full[at] for at in random.permutation(len(full))] + batches[len(full) :]
        yield from np.concatenate(shuffled).tolist()
