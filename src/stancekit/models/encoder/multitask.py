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
    """Examples of several codebooks, and the labels by codebook, -1 where an example has none."""

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

    def __init__(self, codebooks: Sequence[str] = (), **settings: Any) -> None:
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

        What a codebook codes once per sentence is learned from the sentence's examples of the
        others too, so the union is little larger than the largest set.

        Parameters
        ----------
        train, validation
            Labelled sets of the same corpus, by codebook name.
        """
        self.codes_ = {name: _head_codes(data) for name, data in train.items()}
        learned, held_out = self._union(train), self._union(validation)
        self._tune(learned.examples, learned.labels, (held_out.examples, held_out.labels))
        return self

    def head(self, name: str) -> Encoder:
        """Return the encoder with the head of one codebook alone, sharing its weights."""
        settings = self.get_params(deep=False)
        del settings["codebooks"]
        single = Encoder(**settings)
        single.tokenizer_, single.curve_ = self.tokenizer_, self.curve_
        single.started_from_ = self.started_from_
        single.taught_by_ = getattr(self, "taught_by_", [])
        network = self.network_
        single.network_ = Network(
            network.encoder,
            {SINGLE_HEAD: network.specs[name]},
            label_smoothing=network.label_smoothing,
        )
        single.network_.heads[SINGLE_HEAD].load_state_dict(network.heads[name].state_dict())
        single.network_.to(next(network.parameters()).device).eval()
        single.multi_label_ = network.specs[name].multi_label
        codes = self.codes_[name]
        single.classes_ = np.arange(len(codes)) if single.multi_label_ else np.array(codes)
        return single

    def _codes_of(self, head: str) -> list[str]:
        return self.codes_[head]

    def _union(self, sets: Mapping[str, LabelledSet]) -> _Union:
        """Join the sets; an example has the labels of its sentence by a codebook that codes sentences."""
        of_sentences = [data for data in sets.values() if data.codebook.unit == "sentence"]
        of_examples = [data for data in sets.values() if data.codebook.unit != "sentence"]
        # Codebooks that code the same examples share them, so that each is gone through once in an
        # epoch.
        unique = {
            _key_by_example(example): example for data in of_examples for example in data.examples
        }
        sentences = {_key_by_sentence(example) for example in unique.values()}
        bare = {
            _key_by_sentence(example): example
            for data in of_sentences
            for example in data.examples
            if _key_by_sentence(example) not in sentences or self._is_shown_bare(example)
        }
        examples = [*unique.values(), *bare.values()]
        labels = {name: self._labels(name, data, examples) for name, data in sets.items()}
        return _Union(examples, labels)

    def _is_shown_bare(self, example: Example) -> bool:
        """Say whether a sentence is also shown without actor and target, as it will be when it is coded.

        Every other one is, by a sum over its letters, which is the same on every machine.
        """
        return sum(example.text.encode()) % 2 == 0

    def _labels(self, name: str, data: LabelledSet, examples: Sequence[Example]) -> NDArray[Any]:
        codes = self.codes_[name]
        key = _key_by_sentence if data.codebook.unit == "sentence" else _key_by_example
        keys = [key(example) for example in data.examples]
        if data.codebook.multi_label:
            rows = dict(zip(keys, indicator(data.labels, codes).astype(int), strict=True))
            missing = np.full(len(codes), -1)
            return np.array([rows.get(key(example), missing) for example in examples])
        numbers = {code: number for number, code in enumerate(codes)}
        labels = {
            place: numbers.get(label, -1) for place, (label,) in zip(keys, data.labels, strict=True)
        }
        return np.array([labels.get(key(example), -1) for example in examples])


def _key_by_sentence(example: Example) -> Key:
    return example.article, example.text


def _key_by_example(example: Example) -> Key:
    return example.id, example.actor.name if example.actor else ""


def _head_codes(data: LabelledSet) -> list[str]:
    """Return the codes a head predicts: all of a multi-label codebook, else those that training has."""
    names = data.codebook.names
    return names if data.codebook.multi_label else [name for name in names if data.counts[name]]
