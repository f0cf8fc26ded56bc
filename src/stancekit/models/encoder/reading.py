"""Packed encoders as they label: weights of few bits, read by ONNX Runtime without torch and scikit-learn.

A folder `encoder` holds the network and its tokenizer, and is shared by the models beside it: each
of these is a linear head, saved as any model of the kit. A network is a graph of ONNX Runtime's own
operators; it is read from memory, so that it cannot point at other files.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from stancekit.fileio import replacing_file, sha256_once
from stancekit.models.encoder.inputs import (
    TOKENIZER_FILE,
    EncoderInputs,
    Ids,
    length_batches,
    padded,
)
from stancekit.models.encoder.likeness import LEARNED_FILE, nearness
from stancekit.models.encoder.runtime import open_network, product_threads
from stancekit.models.features import FEATURES, features_name
from stancekit.models.folder import ModelFolder
from stancekit.models.manifest import refusal
from stancekit.models.probability import expit, softmax
from stancekit.resources import BOX, shipped
from stancekit.text.inputs import as_examples

if TYPE_CHECKING:
    from stancekit.models.encoder.cache import EmbeddingCache

ENCODER_FOLDER = "encoder"
NETWORK_FILE, FACTS_FILE = "network.onnx", "encoder.json"
# What comes before the names of the encoder's weights in the network.
WEIGHTS_OF = "body."
PACKED_FILE, PLANE_FILE = "packed.json", "head.safetensors"
# Rows that are read together: few stay in the processor's cache.
BATCH_ROWS = 8
_FACTS: dict[str, type | tuple[type, ...]] = {
    "features": str,
    "inputs": list,
    "max_length": int,
    "pad": int,
    "width": int,
}
_SETTINGS: dict[str, type | tuple[type, ...]] = {
    "classes": list,
    "multi_label": bool,
    "encoder": str,
}


class PackedEncoder:
    """A network in ONNX Runtime that turns examples into the means over all, actor and target tokens.

    Parameters
    ----------
    folder
        The folder with the network and its tokenizer.

    Raises
    ------
    KitError
        When a file is damaged or not what this version writes.
    """

    def __init__(self, folder: Path) -> None:
        facts = ModelFolder(folder).read_settings(FACTS_FILE, required=_FACTS)
        files = ModelFolder(folder)
        self.pad, self.width = int(facts["pad"]), int(facts["width"])
        with files.refusing(FACTS_FILE):
            features = FEATURES[facts["features"]]()
        with files.refusing(TOKENIZER_FILE):
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            self.inputs = EncoderInputs(
                tokenizer, features, facts["max_length"], names=facts["inputs"]
            )
        with files.refusing(NETWORK_FILE):
            self.session = open_network((folder / NETWORK_FILE).read_bytes(), product_threads())
        self.learned: Mapping[str, NDArray[np.float32]] = {}
        if (folder / LEARNED_FILE).is_file():
            with files.refusing(LEARNED_FILE):
                self.learned = load_file(folder / LEARNED_FILE)
                if (
                    self.learned["centres"].shape[1] != self.width
                    or self.learned["reach"].size != 1
                ):
                    raise ValueError("its centres are those of another encoder")
        self._last: tuple[Any, NDArray[np.float32]] | None = None

    def __call__(self, X: Any, *, kept: "EmbeddingCache | None" = None) -> NDArray[np.float32]:
        """Return what a head reads of examples, shape (examples, 3 x width).

        Parameters
        ----------
        kept
            Where it is looked up, and kept.
        """
        examples = as_examples(X)
        # Thresholds are chosen and a run is recorded on the very same examples.
        if self._last is not None and self._last[0] is examples:
            return self._last[1]
        ids = self.inputs(examples)
        pooled = kept.get(ids, self._read) if kept and len(ids) else self._read(ids)
        self._last = (examples, pooled) if isinstance(examples, tuple) else None
        return pooled

    def _read(self, ids: Sequence[Ids]) -> NDArray[np.float32]:
        """Return the means of inputs, read in batches of like length."""
        pooled = np.zeros((len(ids), 3 * self.width), dtype=np.float32)
        for rows in length_batches([len(row["input_ids"]) for row in ids], BATCH_ROWS):
            some = [ids[row] for row in rows]
            batch = {name: padded(some, name, self.pad) for name in some[0]}
            pooled[rows] = self.session.run(None, batch)[0]
        return pooled


@cache
def open_encoder(folder: Path, total: str) -> PackedEncoder:
    """Return the encoder in a folder; the models of several codebooks share it."""
    return PackedEncoder(folder)


def encoder_digest(folder: Path) -> str:
    """Return the SHA-256 of an encoder's files, taken together.

    Raises
    ------
    FileNotFoundError
        When one is missing.
    """
    names = [FACTS_FILE, NETWORK_FILE, TOKENIZER_FILE]
    names += [LEARNED_FILE] if (folder / LEARNED_FILE).is_file() else []
    sums = [sha256_once(folder / name) for name in names]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


class PackedHead:
    """A linear head on a packed encoder, as it is read back and labels; `Packed` is the estimator.

    Attributes
    ----------
    classes_
        The codes of the columns of `predict_proba`.
    multi_label_
        Whether an example may have several codes.
    encoder_, encoder_digest_
        The encoder, and the SHA-256 of its files.
    """

    classes_: NDArray[Any]
    multi_label_: bool
    encoder_: PackedEncoder
    encoder_digest_: str

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        return self._probabilities(self.encoder_(as_examples(X)))

    def _probabilities(self, pooled: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of each code from what the encoder makes of examples."""
        logits = pooled @ self.weights_.T + self.bias_
        return expit(logits) if self.multi_label_ else softmax(logits)

    def far(self, X: Any) -> NDArray[np.bool_] | None:
        """Say which examples are unlike those that the encoder learned from, where that is known.

        Far are those whose mean over all tokens is at a smaller cosine from the nearest cluster of
        training examples than 95 % of the encoder's validation examples were.
        """
        learned = self.encoder_.learned
        if not learned:
            return None
        far: NDArray[np.bool_] = nearness(self.encoder_(X), learned["centres"]) < learned["reach"]
        return far

    def set_head(
        self, codes: Sequence[Any], head: Mapping[str, NDArray[Any]], *, multi_label: bool
    ) -> Self:
        """Take a linear head: `weights`, shape (codes, 3 x width), and `bias`, shape (codes,)."""
        self.classes_ = np.array(codes)
        self.multi_label_ = multi_label
        # In the precision of the file, so that a saved model scores as the one that was saved.
        self.weights_, self.bias_ = (
            np.asarray(head[name], dtype=np.float32) for name in ("weights", "bias")
        )
        if self.weights_.shape != (len(codes), 3 * self.encoder_.width):
            raise ValueError(f"its head has the shape {self.weights_.shape}")
        return self

    def _read(self, folder: ModelFolder) -> None:
        settings = folder.read_settings(PACKED_FILE, required=_SETTINGS)
        self.encoder_digest_ = str(settings["encoder"])
        self.encoder_ = find_encoder(self.encoder_digest_, folder.path)
        with folder.refusing(PLANE_FILE):
            head = load_file(folder / PLANE_FILE)
            self.set_head(settings["classes"], head, multi_label=settings["multi_label"])

    def save_files(self, folder: ModelFolder) -> None:
        """Write the head and its codes; the encoder is named by its sum and not copied."""
        settings = {
            "classes": self.classes_.tolist(),
            "multi_label": self.multi_label_,
            "encoder": self.encoder_digest_,
        }
        folder.write_settings(PACKED_FILE, settings)
        with replacing_file(folder / PLANE_FILE) as temporary:
            head = {"weights": self.weights_, "bias": self.bias_}
            save_file(head, temporary)

    @classmethod
    def load_files(cls, folder: ModelFolder) -> Self:
        """Read a model back; its encoder is in the folder `encoder` beside it, or that of the box."""
        model = cls()
        model._read(folder)
        return model


def find_encoder(digest: str, folder: Path) -> PackedEncoder:
    """Return the encoder with this sum: the one beside a model's folder, or that of the box.

    Raises
    ------
    KitError
        When neither is it.
    """
    for place in _encoder_places(folder):
        if (place / FACTS_FILE).is_file() and encoder_digest(place) == digest:
            return open_encoder(place, digest)
    raise refusal(
        folder,
        f"its encoder is not in the folder {ENCODER_FOLDER!r} beside it, nor is it the one of this version's box",
    )


def _encoder_places(folder: Path) -> Iterator[Path]:
    """Yield where the encoder of a model's folder may be."""
    yield folder.resolve().parent / ENCODER_FOLDER
    yield shipped("models", BOX) / ENCODER_FOLDER


def write_facts(
    folder: ModelFolder, inputs: EncoderInputs, *, pad: int, width: int, **architecture: Any
) -> None:
    """Write what reading an encoder needs besides its network and tokenizer, and what training it further does."""
    folder.write_settings(
        FACTS_FILE,
        {
            **architecture,
            "features": features_name(inputs.features),
            "inputs": list(inputs.names),
            "max_length": inputs.max_length,
            "pad": pad,
            "width": width,
        },
    )
