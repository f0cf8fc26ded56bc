"""A network in ONNX Runtime: how it is written, and what stands in its place."""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stancekit.files import replacing
from stancekit.models.encoder.batches import Collator
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.network import Head, Network
from stancekit.types import Example

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "roles")


class Session(nn.Module):
    """An exported network, in the place of the one it was made from."""

    device = torch.device("cpu")
    # Few rows at a time stay in the processor's cache.
    rows = 16

    def __init__(self, path: Path, specs: dict[str, Head]) -> None:
        import onnxruntime

        super().__init__()
        self.specs = specs
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = torch.get_num_threads()
        # That fusion takes a quarter of the time that it is meant to save.
        self.session = onnxruntime.InferenceSession(
            str(path), settings, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
        self.names = [one.name for one in self.session.get_inputs()]

    def forward(self, **batch: Tensor) -> dict[str, Tensor]:
        """Return logits by head."""
        found = self.session.run(None, {name: batch[name].numpy() for name in self.names})
        return {name: torch.from_numpy(logits) for name, logits in zip(self.specs, found, strict=True)}


class _Outputs(nn.Module):
    """A network whose outputs stand in a row, as an exported one's must."""

    def __init__(self, network: Network, names: Sequence[str]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        found = self.network(**dict(zip(self.names, inputs, strict=True)))
        return tuple(found[name] for name in self.network.specs)


def write(encoder: Encoder, path: Path, kind: str) -> None:
    """Write a network as ONNX, its products in 8-bit integers where asked for, its length and batch free."""
    rows = encoder.inputs([Example("1", "Peru voted no."), Example("2", "The draft on the levy was put to the vote.")])
    batch = Collator(encoder.tokenizer_.pad_token_id or 0)(rows)
    names = [name for name in INPUTS if name in batch]
    free = torch.export.Dim.DYNAMIC
    module = _Outputs(encoder.network_.to("cpu"), names).eval()
    body: Any = encoder.network_.encoder
    with tempfile.TemporaryDirectory(dir=path.parent) as spare, _silent(), _plain_attention(body):
        plain = Path(spare) / "plain.onnx"
        torch.onnx.export(
            module,
            tuple(batch[name] for name in names),
            str(plain),
            input_names=names,
            output_names=list(encoder.network_.specs),
            dynamo=True,
            external_data=False,
            dynamic_shapes={"inputs": tuple({0: free, 1: free} for _ in names)},
        )
        with replacing(path) as temporary:
            if kind == "int8":
                from onnxruntime.quantization import QuantType, quantize_dynamic

                quantize_dynamic(plain, temporary, weight_type=QuantType.QInt8, per_channel=True)
            else:
                plain.replace(temporary)


@contextlib.contextmanager
def _plain_attention(body: Any) -> Iterator[None]:
    """Have attention written as the products it is made of, which ONNX Runtime joins in its own way."""
    before = body.config._attn_implementation
    body.set_attn_implementation("eager")
    try:
        yield
    finally:
        body.set_attn_implementation(before)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep the exporter's progress from the user."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
