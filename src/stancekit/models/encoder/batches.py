"""Rows of token ids as torch reads them: data sets, padded batches, and the order of rows in training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from stancekit.models.encoder.inputs import Ids, padded

# Batches whose rows are sorted by length together in training.
POOL_BATCHES = 50
LABELS, HIDDEN = "labels_", "hidden"


class TokenRows(Dataset[dict[str, Any]]):
    """Token ids and labels, row by row; and the outputs of an encoder's frozen part, where they are known."""

    # The share of rows that are others in each epoch.
    varies = 0.0

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

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one row."""
        labels = {LABELS + name: values[index] for name, values in self.labels.items()}
        row = {**self.ids[index], **labels}
        return row if self.hidden is None else {**row, HIDDEN: self.hidden[index]}

    def start_epoch(self, epoch: int) -> None:
        """Make the rows of an epoch; these are always the same."""


@dataclass(frozen=True, slots=True)
class Collator:
    """Pads rows to the longest of a batch; `pad` is the tokenizer's own id for padding."""

    pad: int = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Return one batch."""
        batch = {}
        for key in rows[0]:
            if key.startswith(LABELS):
                batch[key] = torch.as_tensor(np.stack([row[key] for row in rows]))
                continue
            if key == HIDDEN:
                batch[key] = torch.nn.utils.rnn.pad_sequence(
                    [row[key] for row in rows], batch_first=True
                ).float()
                continue
            batch[key] = torch.from_numpy(padded(rows, key, self.pad))
        return batch


class Buckets(Sampler[int]):
    """Draws rows in batches of similar length, in an order that depends on random state and epoch alone."""

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
        # Sorted within pools of many batches, so that neighbours are of similar length but not
        # always the same rows.
        order, size = random.permutation(len(self.lengths)), POOL_BATCHES * self.batch_size
        pools = [order[start : start + size] for start in range(0, len(order), size)]
        by_length = [rows[np.argsort(-self.lengths[rows], kind="stable")] for rows in pools]
        rows = np.concatenate(by_length)
        starts = range(0, len(rows), self.batch_size)
        batches = [rows[start : start + self.batch_size] for start in starts]
        # A last batch that is not full stays last, or it would shift all that follow.
        full = batches[:-1] if len(batches[-1]) < self.batch_size else batches
        shuffled = [full[index] for index in random.permutation(len(full))]
        yield from np.concatenate(shuffled + batches[len(full) :]).tolist()
