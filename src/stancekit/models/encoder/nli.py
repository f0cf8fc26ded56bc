"""Zero-shot classification: whether a sentence entails what each code says of an actor and a target."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification

from stancekit.codebook import Code, Codebook
from stancekit.errors import KitError
from stancekit.models.base import ExampleClassifier, check_known
from stancekit.models.encoder.inputs import length_batches, readable
from stancekit.models.encoder.network import check_length
from stancekit.models.encoder.pretrained import fingerprint, resolve, resolve_same_weights
from stancekit.models.encoder.tokenizers import check_tokenizer, load_encoder_tokenizer
from stancekit.types import Example

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

NLI_BATCH = 32
NLI_FILE = "nli.json"
# So that a sentence that entails no code at all is not divided by zero.
MIN_ENTAILMENT = 1e-12


class NLI(ExampleClassifier):
    """A model of natural language inference that reads the codebook and needs no examples (Yin et al. 2019).

    The model reads each example once per code: the sentence as the premise, and the code's
    `hypothesis` with the example's `{actor}` and `{target}` filled in; where a code has none, its
    definition. `fit` learns nothing.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder of a model trained on natural language inference, such as MNLI.
    codebook
        Set by `train`.
    max_length
        Most tokens of an input.
    """

    needs_examples: ClassVar[bool] = False

    def __init__(
        self, checkpoint: str = "", *, codebook: Codebook | None = None, max_length: int = 128
    ) -> None:
        self.checkpoint = checkpoint
        self.codebook = codebook
        self.max_length = max_length

    def fit(self, X: Any, y: NDArray[Any]) -> Self:
        """Load the model, and check that it and the codebook can be used; nothing is learned.

        Raises
        ------
        KitError
            When no checkpoint is named, or it knows no entailment.
        """
        if not self.checkpoint:
            raise KitError(
                "nli has no checkpoint; set model.checkpoint to a model trained on natural language inference"
            )
        codes = self._codes()
        _, y = self._read_labelled(X, y)
        check_known(y, [code.name for code in codes], "the codebook")
        self._read_network(resolve(self.checkpoint))
        self.classes_ = (
            np.arange(len(codes)) if self.multi_label_ else np.array([code.name for code in codes])
        )
        return self

    def _read_network(self, source: str) -> None:
        self.source_ = source
        self.tokenizer_ = load_encoder_tokenizer(self.source_)
        with readable(f"the model in {self.source_}"):
            self.network_ = AutoModelForSequenceClassification.from_pretrained(
                self.source_, trust_remote_code=False, use_safetensors=True, local_files_only=True
            )
        self.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        check_tokenizer(self.tokenizer_, self.source_, self.network_.config)
        check_length(self.max_length, self.network_)
        self.entailment_ = entailment_index(self.network_.config.id2label, self.checkpoint)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes): entailment, of one label among all codes'."""
        X = self._read_fitted(X)
        codes = self._codes()
        pairs = [(example.text, hypothesis(code, example)) for example in X for code in codes]
        raw = self._entailed(pairs).reshape(len(X), len(codes))
        return (
            raw if self.multi_label_ else raw / raw.sum(axis=1, keepdims=True).clip(MIN_ENTAILMENT)
        )

    def _codes(self) -> list[Code]:
        if self.codebook is None:
            raise KitError(
                "a zero-shot model reads the codebook, and was given none; pass codebook=load_codebook(NAME)"
            )
        return sorted(self.codebook.codes, key=lambda code: code.name)

    @torch.inference_mode()
    def _entailed(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        lengths = [len(text) + len(other) for text, other in pairs]
        scores = np.zeros(len(pairs))
        for rows in length_batches(lengths, NLI_BATCH):
            with readable(
                f"a text with its hypothesis in max_length={self.max_length}; if this is the cause, "
                "set a larger model.max_length"
            ):
                batch = self.tokenizer_(
                    [pairs[row][0] for row in rows],
                    [pairs[row][1] for row in rows],
                    truncation="only_first",
                    max_length=self.max_length,
                    padding=True,
                    return_tensors="pt",
                ).to(self.network_.device)
            logits = self.network_(**batch).logits.float()
            scores[rows] = logits.softmax(dim=1)[:, self.entailment_].cpu().numpy()
        return scores

    def save_files(self, folder: "ModelFolder") -> None:
        """Write the names of the checkpoint and the codebook: nothing was learned, so nothing else is kept."""
        settings = {
            "checkpoint": self.checkpoint,
            "max_length": self.max_length,
            "codebook": self.codebook.to_dict() if self.codebook else None,
            "weights": fingerprint(self.source_),
            "classes": self.classes_.tolist(),
            "multi_label": bool(self.multi_label_),
        }
        folder.write_settings(NLI_FILE, settings)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a model back; the checkpoint that it names has to be on this machine, with the same weights."""
        required = {
            "checkpoint": str,
            "max_length": int,
            "codebook": dict,
            "weights": str,
            "classes": list,
            "multi_label": bool,
        }
        settings = folder.read_settings(NLI_FILE, required=required)
        with folder.refusing(NLI_FILE):
            codebook = Codebook.from_dict(settings["codebook"])
            model = cls(
                settings["checkpoint"], codebook=codebook, max_length=settings["max_length"]
            )
            model.classes_ = np.array(settings["classes"])
            model.multi_label_ = settings["multi_label"]
        source = resolve_same_weights(model.checkpoint, settings["weights"], folder.path)
        model._read_network(source)
        return model


def hypothesis(code: Code, example: Example) -> str:
    """Return what a sentence with a code entails about an example's actor and target."""
    return fill_hypothesis(code.hypothesis or f"It is about this: {code.definition}", example)


def fill_hypothesis(template: str, example: Example) -> str:
    """Return a hypothesis about one example's actor and target.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> fill_hypothesis("{actor} opposes {target}.", Example("1", "…", Mention("Peru"), Mention("the levy")))
    'Peru opposes the levy.'
    """
    names = {"actor": example.actor.name if example.actor else "someone"}
    names["target"] = example.target.name if example.target else "this"
    for key, name in names.items():
        template = template.replace("{" + key + "}", name)
    return template


def entailment_index(names: dict[int, str], checkpoint: str) -> int:
    """Return which output of a model means entailment, by its own names of its outputs.

    Examples
    --------
    >>> entailment_index({0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}, "mine")
    2
    """
    for index, name in names.items():
        if name.lower().startswith("entail"):
            return int(index)
    raise KitError(
        f"checkpoint {checkpoint!r} has outputs {', '.join(names.values())} and none named entailment; "
        "give model.checkpoint a model trained on natural language inference"
    )
