"""Lower layers that are not trained: their outputs are the same in every epoch, so they are computed once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stancekit.errors import KitError
from stancekit.models.encoder.batches import Collator
from stancekit.models.encoder.inputs import Ids

# Architectures that are embeddings and then a row of layers, with nothing between or beside them.
_PLAIN = ("bert", "roberta", "xlm-roberta", "camembert")
BATCH = 64


class _Given(nn.Module):
    """Stands where embeddings are made, and returns what it is given."""

    def forward(self, *, inputs_embeds: Tensor, **kwargs: Any) -> Tensor:
        return inputs_embeds


def split(encoder: nn.Module, layers: int) -> tuple[nn.Module, nn.Module]:
    """Return an encoder's embeddings with its lowest `layers`, and the layers above, which share its weights.

    The second takes the output of the first as `inputs_embeds`.

    Raises
    ------
    KitError
        When the encoder has no more layers than that, or is built in another way.
    """
    whole: Any = encoder
    if whole.config.model_type not in _PLAIN:
        raise KitError(
            f"frozen_layers is for encoders of type {', '.join(_PLAIN)}, and this is {whole.config.model_type}; "
            "set frozen_layers=0"
        )
    every = whole.encoder.layer
    if not 0 < layers < len(every):
        raise KitError(f"frozen_layers is {layers}; this encoder has {len(every)} layers, of which the last is trained")
    lower, upper = _copy(whole), _copy(whole)
    for half, own in ((lower, every[:layers]), (upper, every[layers:])):
        half.encoder = _copy(whole.encoder)
        half.encoder.layer = nn.ModuleList(own)
        half.pooler = None
    upper.embeddings = _Given()
    return lower, upper


def _copy(module: Any) -> Any:
    """Return a module with the same parts and weights, whose parts can be exchanged."""
    other = module.__class__.__new__(module.__class__)
    other.__dict__.update(module.__dict__)
    other._modules = dict(module._modules)
    return other


class Outputs(Sequence[Tensor]):
    """The outputs of a frozen part for many rows, without padding: one matrix of (tokens, width) per row.

    Parameters
    ----------
    precise
        Whether 32 bits are kept of each number, or 16, which is more than products in bfloat16 look at.
    """

    def __init__(self, lower: nn.Module, ids: Sequence[Ids], *, pad: int, precise: bool) -> None:
        ends = np.cumsum([0, *(len(one["input_ids"]) for one in ids)])
        self.places = [slice(int(start), int(end)) for start, end in pairwise(ends)]
        config: Any = lower.config
        kind = torch.float32 if precise else torch.float16
        self.values = torch.empty(int(ends[-1]), int(config.hidden_size), dtype=kind)
        self._fill(lower, ids, Collator(pad), autocast=not precise)

    @torch.no_grad()
    def _fill(self, lower: nn.Module, ids: Sequence[Ids], collate: Collator, *, autocast: bool) -> None:
        device = next(lower.parameters()).device
        order = np.argsort([-len(one["input_ids"]) for one in ids], kind="stable").tolist()
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = {key: value.to(device) for key, value in collate([ids[at] for at in rows]).items()}
            batch.pop("roles")
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
                found = lower(**batch).last_hidden_state.cpu()
            for at, one in zip(rows, found, strict=True):
                place = self.places[at]
                self.values[place] = one[: place.stop - place.start].to(self.values.dtype)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.places)

    def __getitem__(self, at: Any) -> Any:
        """Return the outputs of one row, shape (tokens, width)."""
        return self.values[self.places[at]]
