"""Zero-shot labelling by entailment of what each code says of an actor and a target."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from transformers import AutoModelForSequenceClassification

from stancekit.codebook import Code, Codebook
from stancekit.errors import KitError
from stancekit.models.encoder.inputs import check_tokenizer, load_encoder_tokenizer, readable
from stancekit.models.encoder.network import check_length
from stancekit.models.encoder.pretrained import resolve
from stancekit.types import Example

NLI_BATCH = 32


class NLI(ClassifierMixin, BaseEstimator):
    """A model of natural language inference that reads the codebook and needs no examples (Yin et al. 2019).

    Each example is put before the model once per code, as premise with the code's `hypothesis`, in
    which `{actor}` and `{target}` stand for the example's own; a code without one is asked for by
    its definition. `fit` learns nothing.

    Parameters
    ----------
    checkpoint
        A hub name or a local folder of a model trained on natural language inference, such as MNLI.
    codebook
        Set by `train`.
    length
        Most tokens of an input.
    """

    kind = "nli"

    def __init__(
        self, checkpoint: str = "", *, codebook: Codebook | None = None, length: int = 128
    ) -> None:
        self.checkpoint = checkpoint
        self.codebook = codebook
        self.length = length

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Load the model, and check that it and the codebook can be used; nothing is learned.

        Raises
        ------
        KitError
            When no checkpoint is named, or it knows no entailment.
        """
        self.load()
        codes = self._codes()
        self.multi_label_ = np.asarray(y).ndim == 2
        self.classes_ = (
            np.arange(len(codes)) if self.multi_label_ else np.array([code.name for code in codes])
        )
        return self

    def load(self, *, download: bool = True) -> None:
        """Load tokenizer and network.

        Parameters
        ----------
        download
            Whether a hub name that the hub's cache lacks may be fetched.
        """
        if not self.checkpoint:
            raise KitError(
                "nli has no checkpoint; set model.checkpoint to a model trained on natural language inference"
            )
        self.source_ = resolve(self.checkpoint, download=download)
        self.tokenizer_ = load_encoder_tokenizer(self.source_)
        with readable(f"the model in {self.source_}"):
            self.network_ = AutoModelForSequenceClassification.from_pretrained(
                self.source_, trust_remote_code=False, use_safetensors=True, local_files_only=True
            )
        self.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        check_tokenizer(self.tokenizer_, self.source_, self.network_.config)
        check_length(self.length, self.network_)
        self.entailment_ = entailment_index(self.network_.config.id2label, self.checkpoint)

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes): entailment, of one label among all codes'."""
        codes = self._codes()
        pairs = [
            (
                example.text,
                fill_hypothesis(code.hypothesis or f"It is about this: {code.definition}", example),
            )
            for example in X
            for code in codes
        ]
        raw = self._entailed(pairs).reshape(len(X), len(codes))
        return raw if self.multi_label_ else raw / raw.sum(axis=1, keepdims=True).clip(1e-12)

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        return (
            (scores >= 0.5).astype(int)
            if self.multi_label_
            else np.asarray(self.classes_[scores.argmax(axis=1)])
        )

    def _codes(self) -> list[Code]:
        if self.codebook is None:
            raise KitError(
                "a zero-shot model reads the codebook, and was given none; pass codebook=load_codebook('stance')"
            )
        return sorted(self.codebook.codes, key=lambda code: code.name)

    @torch.inference_mode()
    def _entailed(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        order = np.argsort([-len(text) - len(other) for text, other in pairs], kind="stable")
        found = np.zeros(len(pairs))
        for start in range(0, len(order), NLI_BATCH):
            rows = order[start : start + NLI_BATCH].tolist()
            with readable(
                f"a text with its hypothesis in length={self.length}; set a larger model.length if that is it"
            ):
                batch = self.tokenizer_(
                    [pairs[at][0] for at in rows],
                    [pairs[at][1] for at in rows],
                    truncation="only_first",
                    max_length=self.length,
                    padding=True,
                    return_tensors="pt",
                ).to(self.network_.device)
            logits = self.network_(**batch).logits.float()
            found[rows] = logits.softmax(dim=1)[:, self.entailment_].cpu().numpy()
        return found


def fill_hypothesis(hypothesis: str, example: Example) -> str:
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
        hypothesis = hypothesis.replace("{" + key + "}", name)
    return hypothesis


def entailment_index(names: dict[int, str], checkpoint: str) -> int:
    """Return which output of a model means entailment, by its own names of its outputs.

    Examples
    --------
    >>> entailment_index({0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}, "mine")
    2
    """
    for at, name in names.items():
        if name.lower().startswith("entail"):
            return int(at)
    raise KitError(
        f"checkpoint {checkpoint!r} has outputs {', '.join(names.values())} and none named entailment; "
        "give model.checkpoint a model trained on natural language inference"
    )
