"""Pack a fine-tuned encoder: its weights in few bits, in a network that ONNX Runtime reads without torch."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from stancekit.fileio import make_folder, replacing_file
from stancekit.models.classifier import FittedClassifier
from stancekit.models.encoder.files import describe_architecture
from stancekit.models.encoder.finetuned import SINGLE_HEAD, Encoder
from stancekit.models.encoder.inputs import TOKENIZER_FILE
from stancekit.models.encoder.network import pool
from stancekit.models.encoder.onnx import exported, input_names
from stancekit.models.encoder.packed import Packed
from stancekit.models.encoder.reading import (
    ENCODER_FOLDER,
    NETWORK_FILE,
    PackedEncoder,
    encoder_digest,
    write_facts,
)
from stancekit.models.folder import ModelFolder

# Rows from which a table of vectors is one of words.
LARGE_TABLE = 10_000


class _Pooled(nn.Module):
    """An encoder that returns what heads read."""

    def __init__(self, body: nn.Module, names: list[str]) -> None:
        super().__init__()
        # The weights' names begin with `WEIGHTS_OF`.
        self.body, self.names = body, names

    def forward(self, *inputs: Tensor) -> Tensor:
        batch = dict(zip(self.names, inputs, strict=True))
        roles = batch.pop("roles")
        hidden = self.body(**batch).last_hidden_state
        return pool(hidden, batch["attention_mask"], roles)


def pack(
    models: Mapping[str, FittedClassifier], folder: Path, *, bits: int, block: int
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
    block
        How many weights share a scale: the more, the smaller the file and the coarser the weights.
    """
    first: Any = next(iter(models.values())).model
    place = make_folder(folder / ENCODER_FOLDER)
    write_network(first, place / NETWORK_FILE, bits=bits, block=block)
    with replacing_file(place / TOKENIZER_FILE) as temporary:
        first.tokenizer_.backend_tokenizer.save(str(temporary), pretty=False)
    width = int(first.network_.encoder.config.hidden_size)
    tokens = first.tokenizer_.special_tokens_map
    write_facts(
        ModelFolder(place),
        first.inputs,
        pad=first.tokenizer_.pad_token_id or 0,
        width=width,
        architecture=describe_architecture(first.network_.encoder.config),
        special_tokens={name: token for name, token in tokens.items() if isinstance(token, str)},
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
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    body: Any = copy.deepcopy(encoder.network_.encoder).to("cpu")
    _forget_places(body, encoder.max_length)
    module = _Pooled(body, input_names(encoder))
    # The first version of the standard that has integers of 4 bits.
    with exported(module, encoder, body, path.parent, ["pooled"], opset=21) as plain:
        model = onnx.load(plain)
        _name_matrices(model.graph)
        for kind, axis, width in (("Gather", 1, 4), ("MatMul", 0, bits)):
            settings = DefaultWeightOnlyQuantConfig(
                block_size=block,
                is_symmetric=True,
                # Activations in 32 bits: in 8, processors of several kinds would give several labels.
                accuracy_level=1,
                bits=width,
                op_types_to_quantize=(kind,),
                quant_axes=((kind, axis),),
            )
            small = [node.name for node in model.graph.node if _reads_small_table(node, model)]
            quantizer = MatMulNBitsQuantizer(model, algo_config=settings, nodes_to_exclude=small)
            quantizer.process()
            model = quantizer.model.model
        forget_origin(model)
        with replacing_file(path) as fresh:
            onnx.save(model, str(fresh))


def _name_matrices(graph: Any) -> None:
    """Name matrices as the encoder does, by the bias that is added to their products; exporters number them."""
    stored = {one.name: one for one in graph.initializer}
    added = {
        name: other
        for node in graph.node
        if node.op_type == "Add"
        for name, other in (tuple(node.input), tuple(reversed(node.input)))
        if other in stored
    }
    for node in graph.node:
        bias = added.get(node.output[0], "") if node.op_type == "MatMul" else ""
        if bias.endswith(".bias") and node.input[1] in stored:
            name = f"{bias.removesuffix('bias')}weight"
            stored[node.input[1]].name = node.input[1] = name


def _forget_places(body: Any, max_length: int) -> None:
    """Drop the vectors of places in a text that no input reaches."""
    table = body.embeddings.position_embeddings
    # Some encoders count from behind their filler.
    kept = max_length + 1 + (table.padding_idx or 0)
    table.weight = nn.Parameter(table.weight[:kept].clone())
    table.num_embeddings = len(table.weight)


def _reads_small_table(node: Any, model: Any) -> bool:
    """Say whether a node reads vectors of something else than words: few, and all of them often used."""
    tables = {one.name: one.dims for one in model.graph.initializer}
    rows = tables.get(node.input[0], [0])[:1] if node.op_type == "Gather" else [LARGE_TABLE]
    return rows[0] < LARGE_TABLE


def forget_origin(model: Any) -> None:
    """Drop what an exporter notes of where each operation came from: lines of source, and this machine's paths."""
    del model.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    for end in (*model.graph.input, *model.graph.output):
        del end.metadata_props[:]
    del model.graph.metadata_props[:]
