"""A packed encoder as one to train further: its weights, read back from few bits."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from stancekit.fileio import lock, make_folder, write_json
from stancekit.models.encoder.cache import cache_folder
from stancekit.models.encoder.files import check_architecture
from stancekit.models.encoder.inputs import TOKENIZER_FILE
from stancekit.models.encoder.reading import (
    FACTS_FILE,
    NETWORK_FILE,
    WEIGHTS_OF,
    encoder_digest,
)
from stancekit.models.folder import ModelFolder

_BITS = re.compile(r"_Q([48])$")


def unpacked(encoder: Path) -> Path:
    """Return a folder with a packed encoder as `transformers` reads it; it is made once, in the kit's cache.

    What few bits have lost of the weights does not come back; training on goes from there.

    Parameters
    ----------
    encoder
        The folder of the network and its tokenizer.

    Raises
    ------
    KitError
        When it is not what this version packs.
    """
    place = cache_folder() / "encoders" / encoder_digest(encoder)[:16]
    make_folder(place.parent)
    with lock(place.with_name(f".{place.name}.lock"), "unpacking the same encoder"):
        if not (place / "config.json").exists():
            with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
                fresh = Path(temporary) / place.name
                fresh.mkdir()
                _write_folder(encoder, fresh)
                fresh.rename(place)
    return place


def _write_folder(encoder: Path, fresh: Path) -> None:
    files = ModelFolder(encoder)
    facts = files.read_settings(FACTS_FILE, required={"architecture": dict, "special_tokens": dict})
    with files.refusing(NETWORK_FILE):
        weights = read_weights(encoder / NETWORK_FILE)
    architecture = dict(facts["architecture"])
    with files.refusing(FACTS_FILE):
        check_architecture(architecture)
        places = len(weights["embeddings.position_embeddings.weight"])
    # Only the places that its inputs reach were packed.
    architecture |= {"max_position_embeddings": places, "dtype": "float32"}
    half = {name: value.astype(np.float16) for name, value in weights.items()}
    save_file(half, fresh / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(encoder / TOKENIZER_FILE, fresh / TOKENIZER_FILE)
    write_json(
        fresh / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", **facts["special_tokens"]},
    )
    write_json(fresh / "config.json", architecture)


def read_weights(network: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights in a packed network by their names in the encoder.

    Raises
    ------
    ValueError
        When it has some without such a name.
    """
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(network).graph
    stored = {one.name: to_array(one) for one in graph.initializer}
    weights = {
        name.removeprefix(WEIGHTS_OF): np.asarray(value, dtype=np.float32)
        for name, value in stored.items()
        if name.startswith(WEIGHTS_OF) and value.dtype == np.float32 and "_scales" not in name
    }
    for node in graph.node:
        if node.op_type not in ("MatMulNBits", "GatherBlockQuantized"):
            continue
        table = node.input[1] if node.op_type == "MatMulNBits" else node.input[0]
        bits = _BITS.search(table)
        if bits is None or not table.startswith(WEIGHTS_OF):
            raise ValueError(f"its weights {table!r} have no name of the encoder's")
        name = table[len(WEIGHTS_OF) : bits.start()]
        scales = stored[node.input[2]]
        if node.op_type == "MatMulNBits":
            shape = {one.name: one.i for one in node.attribute}
            weights[name] = _matrix(stored[table], scales, int(bits[1]), shape)
        else:
            values = stored[table].astype(np.float32)
            block = values.shape[1] // scales.shape[1]
            weights[name] = values * np.repeat(scales, block, axis=1)
    return weights


def _matrix(
    packed: NDArray[np.uint8], scales: NDArray[np.float32], bits: int, shape: dict[str, Any]
) -> NDArray[np.float32]:
    """Return a matrix of (outputs, inputs) from blocks of whole numbers, each with its scale."""
    rows = packed.reshape(shape["N"], -1)
    if bits == 4:  # two to a byte, the lower first
        rows = np.stack([rows & 15, rows >> 4], axis=-1).reshape(shape["N"], -1)
    # Whole numbers around the middle of their range.
    whole = rows.astype(np.float32) - 2 ** (bits - 1)
    blocks = whole.reshape(shape["N"], -1, shape["block_size"])
    values = blocks * scales.reshape(shape["N"], -1, 1)
    return np.ascontiguousarray(values.reshape(shape["N"], -1)[:, : shape["K"]])
