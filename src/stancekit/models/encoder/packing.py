"""Pack a fine-tuned encoder: its weights in few bits, in a network that ONNX Runtime reads without torch."""

import copy
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stancekit.fileio import make_folder, replacing_file
from stancekit.models.classifier import FittedClassifier
from stancekit.models.encoder.batches import Collator
from stancekit.models.encoder.finetuned import SINGLE_HEAD, Encoder
from stancekit.models.encoder.inputs import TOKENIZER_FILE
from stancekit.models.encoder.network import pool
from stancekit.models.encoder.onnx import plain_attention, silent
from stancekit.models.encoder.packed import (
    ENCODER_FOLDER,
    NETWORK_FILE,
    Packed,
    PackedEncoder,
    encoder_digest,
    write_facts,
)
from stancekit.models.folder import ModelFolder
from stancekit.types import Example

# Weights that share a scale. Larger blocks are smaller files and coarser weights.
BLOCK = 64
_TRACED = (
    Example("1", "Peru voted no."),
    Example("2", "The draft on the levy was put to the vote."),
)


class _Pooled(nn.Module):
    """An encoder that returns what heads read."""

    def __init__(self, body: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.body, self.names = body, names

    def forward(self, *inputs: Tensor) -> Tensor:
        batch = dict(zip(self.names, inputs, strict=True))
        roles = batch.pop("roles")
        hidden = self.body(**batch).last_hidden_state
        return pool(hidden, batch["attention_mask"], roles)


def pack(
    models: Mapping[str, FittedClassifier], folder: Path, *, bits: int = 4, block: int = BLOCK
) -> dict[str, FittedClassifier]:
    """Write the encoder that several fitted models share into `folder/encoder`, and return them packed.

    Products of matrices and vectors of words are quantized in blocks of `block` weights with a scale
    each, by rounding (`MatMulNBits` and `GatherBlockQuantized` of ONNX Runtime). How scores are read
    stays as it was; fit it anew with `calibrate`.

    Parameters
    ----------
    models
        Fine-tuned encoders of one training, by codebook: the heads of a `Joint`.
    bits
        4 or 8, of each weight of a matrix; vectors of words have 4.
    """
    first: Any = next(iter(models.values())).model
    place = make_folder(folder / ENCODER_FOLDER)
    write_network(first, place / NETWORK_FILE, bits=bits, block=block)
    with replacing_file(place / TOKENIZER_FILE) as temporary:
        first.tokenizer_.backend_tokenizer.save(str(temporary))
    width = int(first.network_.encoder.config.hidden_size)
    write_facts(
        ModelFolder(place), first.inputs, pad=first.tokenizer_.pad_token_id or 0, width=width
    )
    encoder, digest = PackedEncoder(place), encoder_digest(place)
    packed = {}
    for name, fitted in models.items():
        source: Any = fitted.model
        head = source.network_.heads[SINGLE_HEAD]
        model = Packed(fitted.codebook, str(folder))
        model.encoder_, model.encoder_digest_ = encoder, digest
        parts = {
            "weights": head.weight.detach().cpu().numpy(),
            "bias": head.bias.detach().cpu().numpy(),
        }
        model.set_head(source.classes_.tolist(), parts, multi_label=source.multi_label_)
        packed[name] = replace(fitted, model=model)
    return packed


def write_network(encoder: Encoder, path: Path, *, bits: int, block: int) -> None:
    """Write what comes before an encoder's heads as ONNX, quantized."""
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    batch = Collator(encoder.tokenizer_.pad_token_id or 0)(encoder.inputs(_TRACED))
    names = list(batch)
    body: Any = copy.deepcopy(encoder.network_.encoder).to("cpu").eval()
    free = torch.export.Dim.DYNAMIC
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary, silent(), plain_attention(body):
        plain = Path(temporary) / "plain.onnx"
        torch.onnx.export(
            _Pooled(body, names),
            tuple(batch[name] for name in names),
            str(plain),
            input_names=names,
            output_names=["pooled"],
            dynamo=True,
            external_data=False,
            dynamic_shapes={"inputs": tuple({0: free, 1: free} for _ in names)},
            opset_version=21,
        )
        import onnx

        model = onnx.load(plain)
        for kind, axis, width in (("Gather", 1, 4), ("MatMul", 0, bits)):
            settings = DefaultWeightOnlyQuantConfig(
                block_size=block,
                is_symmetric=True,
                # Activations in 8 bits, block by block.
                accuracy_level=4,
                bits=width,
                op_types_to_quantize=(kind,),
                quant_axes=((kind, axis),),
            )
            quantizer = MatMulNBitsQuantizer(model, algo_config=settings)
            quantizer.process()
            model = quantizer.model.model
        forget_origin(model)
        with replacing_file(path) as fresh:
            onnx.save(model, str(fresh))


def forget_origin(model: Any) -> None:
    """Drop what an exporter notes of where each operation came from: lines of source, and this machine's paths."""
    del model.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    for end in (*model.graph.input, *model.graph.output):
        del end.metadata_props[:]
    del model.graph.metadata_props[:]
