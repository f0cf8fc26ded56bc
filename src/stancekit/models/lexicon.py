"""Cue lexicons: a classifier that needs no training, only a file of phrases."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import yaml
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.fileio import file_name
from stancekit.models.base import ExampleClassifier, check_known
from stancekit.resources import shipped
from stancekit.types import Example

# The numbers below were set by hand and never fitted to data.
# The weight of a cue where the actor is not located in the sentence; next to an actor it is 1.
UNLOCATED_WEIGHT = 0.6
# In English what an actor does mostly follows its name: a cue before the actor counts as if it were
# one and a half times as far away, and 20 characters (three or four words) more.
BEFORE_FACTOR, BEFORE_CHARACTERS = 1.5, 20
# The weight of the default code: a cue has to be within half of `reach` to outweigh it.
DEFAULT_WEIGHT = 0.5
# How many characters before a cue are searched for a negator: the longest negator ("unwilling to")
# and one word between.
NEGATION_CHARACTERS = 24


def find_cues(cues: str | None, codebook: Codebook | None) -> Path:
    """Return the file of cues: the one that is named, or the kit's for a codebook, which has its name.

    Raises
    ------
    KitError
        When no file is named, and there is no codebook, or none of the kit's files is for it.
    """
    if cues:
        return Path(cues)
    if codebook is None:
        raise KitError(
            "a lexicon reads a file of cues, and was given neither a file nor a codebook; "
            "pass cues=FILE or codebook=load_codebook(NAME)"
        )
    try:
        return shipped("seeds", "cues", f"{file_name(codebook.name)}.yaml")
    except FileNotFoundError:
        known = listing(sorted(path.stem for path in shipped("seeds", "cues").glob("*.yaml")))
        raise KitError(
            f"the kit has no cues for codebook {codebook.name!r} (it has some for: {known}); "
            "give a file of your own with model.cues=FILE"
        ) from None


@lru_cache(maxsize=64)
def compile_cues(cues: tuple[str, ...]) -> re.Pattern[str]:
    """Compile cue phrases, longest first; `*` is the rest of a word.

    Examples
    --------
    >>> bool(compile_cues(("vote* against",)).search("It voted against."))
    True
    """
    ordered = sorted(cues, key=len, reverse=True)
    parts = [re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for cue in ordered]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b" if parts else r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=8)
def compile_negators(negators: tuple[str, ...]) -> re.Pattern[str]:
    """Compile negators at the end of a text, with at most one word after them."""
    return re.compile(rf"{compile_cues(negators).pattern}(?:\s+\w+)?\s*$", re.IGNORECASE)


class Lexicon(ExampleClassifier):
    """Add up cue phrases by code: in a single-label codebook, a cue weighs the more the nearer it is to the actor.

    A code's score is the sum of the weights of its cues, so that two cues of one code can outweigh
    a nearer cue of another. A cue after a negator counts for the opposite code. A sentence without
    a cue gets `default` in a single-label codebook and no code in a multi-label one, where every
    cue weighs 1.

    Parameters
    ----------
    cues
        A YAML file of cue phrases by code, perhaps with `negators` and `opposites`; by default the
        kit's file for the codebook, in `seeds/cues`.
    codebook
        Set by `train`.
    default
        The code of a sentence without cues; by default the codebook's `absent`, or `none`.
    reach
        How many characters from the actor the weight of a cue falls to zero.
    """

    needs_examples: ClassVar[bool] = False

    def __init__(
        self,
        cues: str | None = None,
        *,
        codebook: Codebook | None = None,
        default: str | None = None,
        reach: int = 120,
    ) -> None:
        self.cues = cues
        self.codebook = codebook
        self.default = default
        self.reach = reach

    def fit(self, X: Any, y: NDArray[Any]) -> Self:
        """Read the cues; of `y` only the codes are used."""
        _, y = self._read_labelled(X, y)
        path = find_cues(self.cues, self.codebook)
        cues_by_code = dict(yaml.safe_load(path.read_text(encoding="utf-8")))
        self.negators_: list[str] = cues_by_code.pop("negators", [])
        self.opposites_: dict[str, str] = cues_by_code.pop("opposites", {})
        absent = self.codebook.absent if self.codebook else ""
        self.default_: str = self.default or absent or "none"
        self.codes_ = self._codes(cues_by_code, y)
        self.cues_: dict[str, list[str]] = {
            code: cues_by_code[code] for code in self.codes_ if code in cues_by_code
        }
        if not self.cues_:
            raise KitError(
                f"the cue file {path} has no cues for {', '.join(map(str, self.codes_))}; give one with model.cues=FILE"
            )
        self.classes_ = np.arange(len(self.codes_)) if self.multi_label_ else np.array(self.codes_)
        return self

    def _codes(self, cues_by_code: Mapping[str, Any], y: NDArray[Any]) -> list[str]:
        if self.codebook is not None:
            check_known(y, self.codebook.names, f"codebook {self.codebook.name}")
            return self.codebook.names
        if self.multi_label_:
            return sorted(cues_by_code)
        return sorted({*cues_by_code, self.default_, *np.unique(y).astype(str).tolist()})

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the weights of cues as scores, shape (examples, codes)."""
        X = self._read_fitted(X)
        weights = np.zeros((len(X), len(self.codes_)))
        for row, example in enumerate(X):
            for code, weight in self._votes(example).items():
                if code in self.codes_:
                    weights[row, self.codes_.index(code)] = weight
        if self.multi_label_:
            return np.asarray(weights / (weights + 1))
        if self.default_ in self.codes_:
            weights[:, self.codes_.index(self.default_)] += DEFAULT_WEIGHT
        # Without a default code, a sentence without cues says nothing: all codes score the same.
        weights[weights.sum(axis=1) == 0] = 1.0
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _votes(self, example: Example) -> Mapping[str, float]:
        votes: dict[str, float] = {}
        for code, position in self._find(example.text):
            weight = 1.0 if self.multi_label_ else self._weight(example, position)
            votes[code] = votes.get(code, 0.0) + weight
        return votes

    def _find(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield every cue's code, reversed after a negator, and where the cue starts."""
        negator = compile_negators(tuple(self.negators_))
        for code, cues in self.cues_.items():
            for match in compile_cues(tuple(cues)).finditer(text):
                start = match.start()
                negated = negator.search(text[max(0, start - NEGATION_CHARACTERS) : start])
                yield (self.opposites_.get(code, code) if negated else code), start

    def _weight(self, example: Example, position: int) -> float:
        actor = example.actor
        if actor is None or actor.start is None or actor.end is None:
            return UNLOCATED_WEIGHT
        if position >= actor.start:
            gap: float = position - actor.end
        else:
            gap = BEFORE_FACTOR * (actor.start - position) + BEFORE_CHARACTERS
        return float(max(0.0, 1 - gap / self.reach))
