"""The split that the data marks, what becomes of text that its parts share, and a few examples of it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.overlap import near_duplicates
from stancekit.corpus.parts import Parts, divided
from stancekit.errors import KitError

log = logging.getLogger(__name__)
Shared = Literal["refuse", "drop", "keep"]


def _leaks(train: LabelledSet, test: LabelledSet) -> list[tuple[str, str]]:
    """Return pairs of a train and a test sentence that are copies of each other."""
    known, tested = (list(dict.fromkeys(one.text for one in part.examples)) for part in (train, test))
    return [(known[one], tested[other]) for one, other in near_duplicates(known, tested)]


def _told_apart(parts: Parts, repeated: set[str]) -> Parts:
    """Mark in `setting` which test examples repeat a text of training."""
    again = [example.text in repeated for example in parts.test.examples]
    contexts = tuple(
        replace(context, setting="repeated" if yes else "clean")
        for context, yes in zip(parts.test.contexts, again, strict=True)
    )
    return Parts(parts.train, parts.validation, replace(parts.test, contexts=contexts), sum(again))


def _say_unmarked(whole: LabelledSet) -> None:
    unmarked = whole.parts.count("")
    if 0 < unmarked < len(whole):
        log.warning("%s: %d of %d examples have no split marked and are left out", whole.name, unmarked, len(whole))


def _without(part: LabelledSet, texts: set[str]) -> LabelledSet:
    return part.take(row for row, example in enumerate(part.examples) if example.text not in texts)


class FixedSplit:
    """The split that the data itself marks, the same for every random state.

    Parameters
    ----------
    shared
        What becomes of text that training and validation share with test, word for word or nearly: `refuse` the
        corpus and show the pairs; `drop` it from training and validation; `keep` it, for an official split that
        published numbers were measured on: the report then says so, and tells the settings `clean` and `repeated`
        apart.
    validation
        The share of training articles that becomes the validation part where the data marks none.
    """

    def __init__(self, shared: Shared = "refuse", *, validation: float = 0.15) -> None:
        self.shared = shared
        self.validation = validation

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus by its split column."""
        if self.shared not in get_args(Shared):
            raise KitError(f"split.shared is {self.shared!r}; it is one of: {', '.join(get_args(Shared))}")
        _say_unmarked(whole)
        of = np.array(whole.parts, dtype=object)
        if "validation" not in whole.parts and "test" in whole.parts:
            rows = np.flatnonzero(of == "train")
            groups = np.array(whole.articles)[rows]
            drawn = GroupShuffleSplit(1, test_size=self.validation, random_state=random_state)
            of[rows[next(drawn.split(rows, groups=groups))[1]]] = "validation"
        parts = divided(whole, of.tolist())
        pairs = [*_leaks(parts.train, parts.test), *_leaks(parts.validation, parts.test)]
        if not pairs:
            return parts
        if self.shared == "refuse":
            told = "; ".join(f"{seen[:70]!r} and {held[:70]!r}" for seen, held in pairs[:5])
            raise KitError(
                f"corpus {whole.name!r} has {len(pairs)} texts in train or validation that test has too: {told}. Use "
                "split.shared=drop to leave them out of training, or split.shared=keep for an official split (of a "
                "split that is made from another: split.base.shared=drop)"
            )
        if self.shared == "keep":
            return _told_apart(parts, {text for _, text in pairs})
        seen = {text for text, _ in pairs}
        left = Parts(_without(parts.train, seen), _without(parts.validation, seen), parts.test)
        if not len(left.train) or not len(left.validation):
            raise KitError(
                f"corpus {whole.name!r} has no training or no validation example whose text test does not have too; "
                "mark another split, or use split=grouped"
            )
        return left


class FewShotSplit:
    """Another split, of whose train part only some examples per code are kept: drawn anew for every random state.

    Parameters
    ----------
    base
        The split that is drawn from; its validation and test parts stay whole.
    per_code
        How many examples of each code; of a code that has fewer, all.
    """

    def __init__(self, base: Callable[..., Parts], *, per_code: int = 16) -> None:
        self.base = base
        self.per_code = per_code

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus, and draw from its train part."""
        if self.per_code < 1:
            raise KitError(f"split.per_code is {self.per_code}; it must be 1 or more")
        parts = self.base(whole, random_state=random_state)
        random = np.random.default_rng(random_state)
        drawn: set[int] = set()
        for code in whole.codebook.names:
            rows = [row for row, labels in enumerate(parts.train.labels) if code in labels]
            drawn.update(random.permutation(rows)[: self.per_code].astype(int).tolist())
        return Parts(parts.train.take(sorted(drawn)), parts.validation, parts.test, parts.shared)
