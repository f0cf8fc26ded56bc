"""Cue lexicons: a classifier that needs no training, only a file of phrases."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.resources import shipped
from stancekit.types import Example


def load_cues(path: str | None, *, multi_label: bool) -> dict[str, Any]:
    """Read a file of cues by code; without a path, the shipped one for stance or for frames."""
    file = Path(path) if path else shipped("seeds", "frames.yaml" if multi_label else "stance.yaml")
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=64)
def compile_cues(cues: tuple[str, ...]) -> re.Pattern[str]:
    """Compile cue phrases, `*` standing for the rest of a word, longest first.

    Examples
    --------
    >>> bool(compile_cues(("vote* against",)).search("It voted against."))
    True
    """
    ordered = sorted(cues, key=len, reverse=True)
    parts = (re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for cue in ordered)
    return re.compile(rf"\b(?:{'|'.join(parts)})\b" if ordered else r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=8)
def negation(negators: tuple[str, ...]) -> re.Pattern[str]:
    """Compile negators that stand right before a cue, at most one word between."""
    return re.compile(rf"{compile_cues(negators).pattern}(?:\s+\w+)?\s*$", re.IGNORECASE)


# The weight of a cue where the actor has no place in the sentence.
_UNLOCATED = 0.6
# A cue before the actor counts as if it were so many times as far, and so many characters more.
_BEFORE, _BEHIND = 1.5, 20
# Evidence for the default code: a cue has to be within half of `reach` to win over it.
_DEFAULT = 0.5
# Characters before a cue in which a negator is looked for: it and one word between.
_NEGATION = 24


class Lexicon(ClassifierMixin, BaseEstimator):
    """Label by cue phrases, negation reversed: each counts the more the nearer it is to the actor; frames by any cue.

    The weights of a code's cues are added, so two cues of one code can outweigh a nearer one of
    another. A sentence without a cue gets no vote, which is `default` in a single-label codebook
    and no code in a multi-label one.

    Parameters
    ----------
    cues
        A YAML file from code to cue phrases, with `negators` and `opposites` for stance; by default
        the shipped one for the codebook.
    reach
        How many characters away a cue still counts for an actor.
    """

    def __init__(
        self,
        cues: str | None = None,
        *,
        codebook: Codebook | None = None,
        default: str = "none",
        reach: int = 120,
    ) -> None:
        self.cues = cues
        self.codebook = codebook
        self.default = default
        self.reach = reach

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Read the cues; of `y` only the codes are looked at."""
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        data = load_cues(self.cues, multi_label=self.multi_label_)
        self.negators_: list[str] = data.pop("negators", [])
        self.opposites_: dict[str, str] = data.pop("opposites", {})
        self.codes_ = self._codes(data, y)
        self.cues_: dict[str, list[str]] = {
            code: data[code] for code in self.codes_ if code in data
        }
        if not self.cues_:
            raise KitError(
                f"the cue file has no cues for {', '.join(map(str, self.codes_))}; give one with model.cues=FILE"
            )
        self.classes_ = np.arange(len(self.codes_)) if self.multi_label_ else np.array(self.codes_)
        return self

    def _codes(self, data: Mapping[str, Any], y: NDArray[Any]) -> list[str]:
        if self.codebook is not None:
            return self.codebook.names
        return (
            sorted(data)
            if self.multi_label_
            else sorted({*data, self.default, *np.unique(y).tolist()})
        )

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return cue evidence as scores, shape (examples, codes)."""
        table = np.array(
            [[self._votes(example).get(code, 0.0) for code in self.codes_] for example in X]
        )
        if self.multi_label_:
            return np.asarray(table / (table + 1))
        if self.default in self.codes_:
            table[:, self.codes_.index(self.default)] += _DEFAULT
        return np.asarray(table / table.sum(axis=1, keepdims=True))

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the code with most evidence, or the indicator of codes with any."""
        scores = self.predict_proba(X)
        if self.multi_label_:
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def _votes(self, example: Example) -> Mapping[str, float]:
        votes: dict[str, float] = {}
        for code, at in self._hits(example.text):
            weight = 1.0 if self.multi_label_ else self._weight(example, at)
            votes[code] = votes.get(code, 0.0) + weight
        return votes

    def _hits(self, text: str) -> Iterator[tuple[str, int]]:
        negator = negation(tuple(self.negators_))
        for code, cues in self.cues_.items():
            for found in compile_cues(tuple(cues)).finditer(text):
                negated = negator.search(text[max(0, found.start() - _NEGATION) : found.start()])
                yield (self.opposites_.get(code, code) if negated else code), found.start()

    def _weight(self, example: Example, at: int) -> float:
        actor = example.actor
        if actor is None or actor.start is None or actor.end is None:
            return _UNLOCATED
        gap = at - actor.end if at >= actor.start else _BEFORE * (actor.start - at) + _BEHIND
        return float(max(0.0, 1 - gap / self.reach))
