"""An encoder with mean pooling and one head per codebook."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from stancekit.errors import KitError
from stancekit.models.encoder.batches import LABELS, Collator
from stancekit.models.encoder.inputs import Ids, check_min_length, length_batches, readable

# The share of pooled values that training drops before the heads, as BERT does.
HEAD_DROPOUT = 0.1


def bf16() -> bool:
    """Say whether matrix products are made in bfloat16: where the processor has them, or as `STANCEKIT_BF16` says.

    Raises
    ------
    KitError
        When `STANCEKIT_BF16` is neither `0` nor `1`.
    """
    setting = os.environ.get("STANCEKIT_BF16", "")
    if setting not in ("", "0", "1"):
        raise KitError(
            f"STANCEKIT_BF16 is {setting!r}; set it to 0 (32 bits) or 1 (bfloat16), or leave it unset"
        )
    if setting:
        return setting == "1"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return processor_has("avx512_bf16") or processor_has("amx_tile")


def processor_has(feature: str) -> bool:
    """Say whether the processor has a feature, by torch's name of it; other processors' features are unknown to it."""
    return bool(torch.cpu.get_capabilities().get(feature, False))


@dataclass(frozen=True, slots=True)
class Head:
    """What a head predicts: how many codes, one or several per example, and the codes' weights in the loss."""

    codes: int
    multi_label: bool
    weights: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over unmasked tokens, shape (batch, width)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def pool(hidden: Tensor, mask: Tensor, roles: Tensor) -> Tensor:
    """Return the means over all tokens, over the actor's and over the target's, shape (batch, 3 x width).

    A role that is not there is replaced by the mean over all tokens. After R-BERT (Wu and He 2019,
    section 3.2).
    """
    whole = mean_pool(hidden, mask)
    parts = [whole]
    for role in (1, 2):
        tokens = roles == role
        present = tokens.any(dim=1, keepdim=True)
        parts.append(torch.where(present, mean_pool(hidden, tokens), whole))
    return torch.cat(parts, dim=1)


class Network(nn.Module):
    """A transformer encoder under linear heads.

    The vectors of single words, half of a small encoder, stay as they were pretrained: a step is a
    tenth quicker, and words that training lacks stay comparable to those it has.

    Parameters
    ----------
    encoder
        A model of `transformers` that returns `last_hidden_state`.
    heads
        By name; the labels of head `tone` are passed as `labels_tone`, a missing label as -1.
    label_smoothing
        Label smoothing of single-label heads.
    frozen_layers
        How many of the encoder's lower layers stay as they were pretrained too, and drop nothing in
        training.
    """

    # Rows that are read together when labelling.
    batch_rows = 32

    def __init__(
        self,
        encoder: nn.Module,
        heads: Mapping[str, Head],
        *,
        label_smoothing: float = 0.0,
        frozen_layers: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        body: Any = encoder
        body.get_input_embeddings().requires_grad_(False)
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        config: Any = encoder.config
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(3 * int(config.hidden_size), head.codes)
                for name, head in heads.items()
            }
        )
        self.specs = dict(heads)
        self.label_smoothing = label_smoothing
        self.frozen_layers = frozen_layers
        # In a list, so that the weights, which are the encoder's own, are not counted twice.
        self.halves = [*split_layers(encoder, frozen_layers)] if frozen_layers else []
        if self.halves:
            self.halves[0].requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Set whether hidden states are dropped; those of the frozen part never are."""
        super().train(mode)
        if self.halves:
            self.halves[0].eval()
        return self

    def frozen(self, ids: Sequence[Ids], pad: int) -> "FrozenOutputs | None":
        """Return what the frozen part makes of rows of token ids, `None` without one."""
        if not self.halves:
            return None
        return FrozenOutputs(self.halves[0].eval(), ids, pad=pad, precise=not bf16())

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        return next(self.parameters()).device

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, roles: Tensor, **rest: Tensor
    ) -> dict[str, Tensor]:
        """Return logits by head, and the loss where labels are given.

        The frozen part is skipped where its outputs are given as `hidden`, shape (batch, tokens,
        width).
        """
        labels = {
            key.removeprefix(LABELS): value for key, value in rest.items() if key.startswith(LABELS)
        }
        if "hidden" in rest:
            part, inputs = self.halves[1], {"inputs_embeds": rest["hidden"]}
        else:
            part, inputs = self.encoder, {"input_ids": input_ids}
            inputs |= {"token_type_ids": rest["token_type_ids"]} if "token_type_ids" in rest else {}
        hidden = part(attention_mask=attention_mask, **inputs).last_hidden_state
        pooled = self.dropout(pool(hidden, attention_mask, roles))
        logits = {name: head(pooled).float() for name, head in self.heads.items()}
        if not labels:
            return logits
        losses = [self._loss(name, logits[name], labels[name]) for name in labels]
        return {"loss": torch.stack(losses).sum(), **logits}

    def _loss(self, name: str, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss over rows that have a label; -1 marks one that has none."""
        spec = self.specs[name]
        weights = torch.tensor(spec.weights, device=logits.device) if spec.weights else None
        known = (labels >= 0).reshape(len(labels), -1).all(dim=1)
        if not known.any():
            return logits.sum() * 0
        logits, labels = logits[known], labels[known]
        if not spec.multi_label:
            # Labels are numbers of codes, or a teacher's probabilities of them.
            return nn.functional.cross_entropy(
                logits, labels, weight=weights, label_smoothing=self.label_smoothing
            )
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits, labels.float(), pos_weight=weights
        )
        # The mean over codes is small beside a softmax's loss; twice as much is about equal to it.
        return 2 * loss


def pretrained(source: str) -> nn.Module:
    """Load the encoder in a folder; code that comes with a checkpoint is never run, and nothing is fetched.

    Attention weights are not dropped in training: the hidden states are, and to draw that many
    random numbers takes a sixth of a step on a processor.

    Raises
    ------
    KitError
        When the folder's files are no encoder that `transformers` knows.
    """
    with readable(f"the encoder in {source}"):
        config = AutoConfig.from_pretrained(source, trust_remote_code=False, local_files_only=True)
        for name in ("attention_probs_dropout_prob", "attention_dropout"):
            if hasattr(config, name):
                setattr(config, name, 0.0)
        model: nn.Module = AutoModel.from_pretrained(
            source,
            config=config,
            # Whatever the file has: training adds small numbers to large ones.
            dtype=torch.float32,
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
        )
    return model


def check_length(max_length: int, encoder: Any) -> None:
    """Check that a sentence fits into `max_length` tokens, and that an encoder has a position for each of them.

    Raises
    ------
    KitError
        When the length is too short, or the encoder has fewer positions.
    """
    check_min_length(max_length)
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return
    for name, module in encoder.named_modules():
        padding = getattr(module, "padding_idx", None)
        # RoBERTa and its kin begin to count after the id of padding.
        if name.endswith("position_embeddings") and padding is not None:
            positions -= padding + 1
    if max_length > positions:
        raise KitError(
            f"max_length is {max_length} tokens and this encoder reads {positions} at most; "
            f"set model.max_length={positions} or less"
        )


def keep_layers(encoder: nn.Module, layers: int | None) -> None:
    """Leave out layers of an encoder, so that as many are kept, evenly spaced from the first to the last.

    After DistilBERT (Sanh et al. 2019, section 3), whose student starts from every other layer of
    its teacher.

    Raises
    ------
    KitError
        When the encoder has fewer layers, or is built in another way.
    """
    body: Any = encoder
    stack = getattr(getattr(body, "encoder", None), "layer", None)
    if layers is None:
        return
    if not isinstance(stack, nn.ModuleList):
        raise KitError(
            f"layers= is for encoders that are one row of layers, and this is {body.config.model_type}; "
            "set layers=null"
        )
    if not 1 < layers <= len(stack):
        raise KitError(
            f"layers is {layers}; this encoder has {len(stack)} layers; set 2 to {len(stack)}"
        )
    kept = np.linspace(0, len(stack) - 1, layers).round().astype(int).tolist()
    body.encoder.layer = nn.ModuleList(stack[index] for index in kept)
    body.config.num_hidden_layers = layers


# Architectures that are embeddings and then a row of layers, with nothing between or beside them.
_SPLITTABLE = ("bert", "roberta", "xlm-roberta", "camembert")
FROZEN_BATCH = 64


class _PassThrough(nn.Module):
    """Replaces the embeddings of an encoder's upper part, and returns what it is given."""

    def forward(self, *, inputs_embeds: Tensor, **kwargs: Any) -> Tensor:
        return inputs_embeds


def split_layers(encoder: nn.Module, layers: int) -> tuple[nn.Module, nn.Module]:
    """Return an encoder's embeddings with its lowest `layers`, and the layers above, which share its weights.

    The second takes the output of the first as `inputs_embeds`.

    Raises
    ------
    KitError
        When the encoder has no more layers than that, or is built in another way.
    """
    whole: Any = encoder
    if whole.config.model_type not in _SPLITTABLE:
        raise KitError(
            f"frozen_layers is for encoders of type {', '.join(_SPLITTABLE)}, and this is {whole.config.model_type}; "
            "set frozen_layers=0"
        )
    all_layers = whole.encoder.layer
    if not 0 < layers < len(all_layers):
        raise KitError(
            f"frozen_layers is {layers}; this encoder has {len(all_layers)} layers, of which the last is trained"
        )
    lower, upper = _copy(whole), _copy(whole)
    for half, half_layers in ((lower, all_layers[:layers]), (upper, all_layers[layers:])):
        half.encoder = _copy(whole.encoder)
        half.encoder.layer = nn.ModuleList(half_layers)
        half.pooler = None
    upper.embeddings = _PassThrough()
    return lower, upper


def _copy(module: Any) -> Any:
    """Return a module with the same parts and weights, whose parts can be exchanged."""
    clone = module.__class__.__new__(module.__class__)
    clone.__dict__.update(module.__dict__)
    clone._modules = dict(module._modules)
    return clone


class FrozenOutputs(Sequence[Tensor]):
    """The outputs of a frozen part for many rows, without padding: one matrix of (tokens, width) per row.

    Parameters
    ----------
    precise
        Whether 32 bits are kept of each number, or 16, which is more than products in bfloat16
        use.
    """

    def __init__(self, lower: nn.Module, ids: Sequence[Ids], *, pad: int, precise: bool) -> None:
        ends = np.cumsum([0, *(len(row["input_ids"]) for row in ids)])
        self.places = [slice(int(start), int(end)) for start, end in pairwise(ends)]
        config: Any = lower.config
        dtype = torch.float32 if precise else torch.float16
        self.values = torch.empty(int(ends[-1]), int(config.hidden_size), dtype=dtype)
        self._fill(lower, ids, Collator(pad), autocast=not precise)

    @torch.no_grad()
    def _fill(
        self, lower: nn.Module, ids: Sequence[Ids], collate: Collator, *, autocast: bool
    ) -> None:
        device = next(lower.parameters()).device
        for rows in length_batches([len(row["input_ids"]) for row in ids], FROZEN_BATCH):
            batch = {
                key: value.to(device) for key, value in collate([ids[row] for row in rows]).items()
            }
            batch.pop("roles")
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
                outputs = lower(**batch).last_hidden_state.cpu()
            for row, output in zip(rows, outputs, strict=True):
                place = self.places[row]
                self.values[place] = output[: place.stop - place.start].to(self.values.dtype)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.places)

    def __getitem__(self, index: Any) -> Any:
        """Return the outputs of one row, shape (tokens, width)."""
        return self.values[self.places[index]]
