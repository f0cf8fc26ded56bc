"""One encoder with a head per codebook, trained together on the union of their examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import LabelledSet, indicator
from stancekit.models.encoder.finetuned import SINGLE_HEAD, Encoder
from stancekit.models.encoder.network import Network
from stancekit.types import Example

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Union:
    """Examples of several codebooks, and each codebook's labels, -1 where an example has none."""

    examples: list[Example]
    labels: dict[str, NDArray[Any]]


class Joint(Encoder):
    """A fine-tuned encoder whose heads share one network: `fit_heads` trains several codebooks at once.

    `fit` on one codebook is that of `Encoder`.

    Parameters
    ----------
    codebooks
        Names of the codebooks that are trained together.
    """

    def __init__(self, codebooks: Sequence[str] = ("stance", "diplomacy"), **settings: Any) -> None:
        super().__init__(**settings)
        self.codebooks = codebooks

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """Return the names of all settings, those of `Encoder` included."""
        return sorted(["codebooks", *Encoder._get_param_names()])

    def fit_heads(
        self, train: Mapping[str, LabelledSet], validation: Mapping[str, LabelledSet]
    ) -> "Joint":
        """Train one head per codebook.

        What a codebook judges once per sentence is learned from the sentence's examples of the
        others too, so the union is little larger than the largest set.

        Parameters
        ----------
        train, validation
            Labelled sets of the same corpus, by codebook name.
        """
        self.classes_by_ = {name: _classes(data) for name, data in train.items()}
        fitted, held = self._union(train), self._union(validation)
        self._tune(fitted.examples, fitted.labels, (held.examples, held.labels))
        return self

    def head(self, name: str) -> Encoder:
        """Return the encoder with the head of one codebook alone, sharing its weights."""
        single = Encoder(
            **{
                key: value
                for key, value in self.get_params(deep=False).items()
                if key != "codebooks"
            }
        )
        single.tokenizer_, single.curve_ = self.tokenizer_, self.curve_
        single.started_from_ = self.started_from_
        network = self.network_
        single.network_ = Network(
            network.encoder, {SINGLE_HEAD: network.specs[name]}, smoothing=network.smoothing
        )
        single.network_.heads[SINGLE_HEAD].load_state_dict(network.heads[name].state_dict())
        single.network_.to(next(network.parameters()).device).eval()
        single.multi_label_ = network.specs[name].multi_label
        classes = self.classes_by_[name]
        single.classes_ = np.arange(len(classes)) if single.multi_label_ else np.array(classes)
        return single

    def _union(self, sets: Mapping[str, LabelledSet]) -> _Union:
        """Join the sets; an example lends its labels to a codebook of sentences if it stands in that sentence."""
        by_sentence = {
            name: data for name, data in sets.items() if data.codebook.unit == "sentence"
        }
        others = {name: data for name, data in sets.items() if name not in by_sentence}
        # Codebooks that judge the same examples share them, so that each is gone through once in an
        # epoch.
        examples = list(
            {_example(one): one for data in others.values() for one in data.examples}.values()
        )
        seen = {(one.article, one.text) for one in examples}
        bare = {
            (one.article, one.text): one
            for data in by_sentence.values()
            for one in data.examples
            if (one.article, one.text) not in seen or self._shown(one)
        }
        examples += bare.values()
        return _Union(
            examples, {name: self._labels(name, data, examples) for name, data in sets.items()}
        )

    def _shown(self, example: Example) -> bool:
        """Say whether a sentence is also shown bare, as it will be when its frames are predicted: every other one."""
        return sum(example.text.encode()) % 2 == 0

    def _labels(self, name: str, data: LabelledSet, examples: Sequence[Example]) -> NDArray[Any]:
        classes, unit = self.classes_by_[name], data.codebook.unit
        key = _sentence if unit == "sentence" else _example
        if data.codebook.multi_label:
            rows = dict(
                zip(
                    map(key, data.examples),
                    indicator(data.labels, classes).astype(int),
                    strict=True,
                )
            )
            blank = np.full(len(classes), -1)
            return np.array([rows.get(key(one), blank) for one in examples])
        at = {code: index for index, code in enumerate(classes)}
        found = {
            key(one): at.get(label, -1)
            for one, (label,) in zip(data.examples, data.labels, strict=True)
        }
        return np.array([found.get(key(one), -1) for one in examples])


def _sentence(example: Example) -> Key:
    return example.article, example.text


def _example(example: Example) -> Key:
    return example.id, example.actor.name if example.actor else ""


def _classes(data: LabelledSet) -> list[str]:
    """Return the codes a head predicts: all of a multi-label codebook, else those that training has."""
    names = data.codebook.names
    return names if data.codebook.multi_label else [name for name in names if data.counts[name]]
