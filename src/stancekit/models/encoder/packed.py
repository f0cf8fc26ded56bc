"""Packed encoders: weights of few bits, read by ONNX Runtime without torch; the box has one.

A folder `encoder` holds the network and its tokenizer, and is shared by the models beside it: each
of these is a linear head, saved as any model of the kit. A network is a graph of ONNX Runtime's own
operators; it is read from memory, so that it cannot point at other files.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.special import expit, softmax
from tokenizers import Tokenizer

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.fileio import replacing_file, sha256_once
from stancekit.models.base import ExampleClassifier
from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.heads import logistic_head
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
from stancekit.models.manifest import read_manifest, refusal
from stancekit.resources import BOX, model_folder, shipped
from stancekit.text.inputs import as_examples
from stancekit.types import Example

ENCODER_FOLDER = "encoder"
NETWORK_FILE, FACTS_FILE = "network.onnx", "encoder.json"
# What comes before the names of the encoder's weights in the network.
WEIGHTS_OF = "body."
PACKED_FILE, PLANE_FILE = "packed.json", "head.safetensors"
# Rows that are read together: few stay in the processor's cache.
BATCH_ROWS = 16
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

    def __call__(self, X: Any, *, kept: EmbeddingCache | None = None) -> NDArray[np.float32]:
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
def _open(folder: Path, total: str) -> PackedEncoder:
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


class Packed(ExampleClassifier):
    """A packed encoder and a linear head: the kit's own model, or one whose head is learned from examples.

    Parameters
    ----------
    codebook
        Which of the box's models: one whose codebook has the same codes.
    models
        A folder of packed models; by default the box.
    learn
        Whether a head is learned from examples, for any codebook: logistic regression on the means
        over all, actor and target tokens. Otherwise it is the box's own, and nothing is learned.
    C
        Inverse strength of the L2 penalty where a head is learned.
    class_weight
        `balanced` or `None`, as in scikit-learn, where a head is learned.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> model = Packed(load_codebook("stance")).fit()
    >>> model.predict([{"text": "Peru condemned the raid.", "actor": "Peru", "target": "the raid"}]).tolist()
    ['condemn']
    """

    needs_examples: ClassVar[bool] = False
    # Its classifier's solver, L-BFGS, draws nothing.
    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        codebook: Codebook | None = None,
        models: str | None = None,
        *,
        learn: bool = False,
        C: float = 0.01,
        class_weight: str | None = "balanced",
        random_state: int | None = 0,
    ) -> None:
        self.codebook = codebook
        self.models = models
        self.learn = learn
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Read the head of the codebook, or learn one from examples.

        `y` has shape (examples,) or, as an indicator, (examples, codes).

        Raises
        ------
        KitError
            When there is no model of a codebook with these codes.
        """
        place = model_folder(self.models) if self.models else shipped("models", BOX)
        if self.learn:
            return self._learn(place / ENCODER_FOLDER, *self._read_labelled(X, y))
        heads = {
            path.parent: Codebook.from_dict(read_manifest(path.parent)["codebook"])
            for path in sorted(place.glob("*/manifest.json"))
        }
        asked = self.codebook
        fitting = [
            folder
            for folder, book in heads.items()
            if asked
            and (book.names, book.unit, book.multi_label)
            == (asked.names, asked.unit, asked.multi_label)
        ]
        if len(fitting) != 1:
            known = listing(f"{book.name} ({', '.join(book.names)})" for book in heads.values())
            raise KitError(
                f"{place} has no model of the codes {listing(asked.names if asked else ())}; it has {known}. "
                "For a codebook of your own, model=box_head learns from your examples"
            )
        self._read(ModelFolder(fitting[0]))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes)."""
        pooled = self.encoder_(self._read_fitted(X), kept=self._kept())
        logits = pooled @ self.weights_.T + self.bias_
        return np.asarray(expit(logits) if self.multi_label_ else softmax(logits, axis=1))

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

    def _kept(self) -> EmbeddingCache | None:
        """Return where means are kept: heads are learned from the same examples again and again."""
        return EmbeddingCache(self.encoder_digest_) if self.learn else None

    def _learn(self, encoder: Path, X: Sequence[Example], y: NDArray[Any]) -> Self:
        if not len(X):
            raise KitError("Packed was given no examples to learn from; give some of each code")
        self.encoder_digest_ = encoder_digest(encoder)
        self.encoder_ = _open(encoder, self.encoder_digest_)
        pooled = self.encoder_(X, kept=self._kept())
        scaler, head = logistic_head(
            C=self.C,
            class_weight=self.class_weight,
            random_state=self.random_state,
            multi_label=self.multi_label_,
        ).fit(pooled, y)
        if self.multi_label_:
            codes: Any = np.arange(y.shape[1])
            planes = [_plane(one, pooled.shape[1]) for one in head.estimators_]
        else:
            codes = head.classes_
            planes = list(zip(head.coef_, head.intercept_, strict=True))
            if len(codes) == 2:
                # A softmax over two codes: the first is at zero.
                planes = [(np.zeros_like(planes[0][0]), 0.0), planes[0]]
        weights = np.array([plane for plane, _ in planes]) / scaler.scale_
        bias = np.array([start for _, start in planes]) - weights @ scaler.mean_
        return self.set_head(
            codes, {"weights": weights, "bias": bias}, multi_label=self.multi_label_
        )

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


def _plane(classifier: Any, width: int) -> tuple[NDArray[Any], float]:
    """Return the weights and the bias of a code's classifier; one code that all or none have is a constant."""
    if hasattr(classifier, "coef_"):
        return classifier.coef_[0], float(classifier.intercept_[0])
    (constant,) = np.ravel(classifier.y_)
    return np.zeros(width), 10.0 if constant else -10.0


def find_encoder(digest: str, folder: Path) -> PackedEncoder:
    """Return the encoder with this sum: the one beside a model's folder, or that of the box.

    Raises
    ------
    KitError
        When neither is it.
    """
    for place in _encoder_places(folder):
        if (place / FACTS_FILE).is_file() and encoder_digest(place) == digest:
            return _open(place, digest)
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
