"""Division into train, validation and test, always by whole articles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError, listing


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a corpus."""

    train: LabelledSet
    validation: LabelledSet
    test: LabelledSet


def _parts(whole: LabelledSet, of: list[str]) -> Parts:
    rows = {part: [row for row, name in enumerate(of) if name == part] for part in ("train", "validation", "test")}
    empty = [part for part, found in rows.items() if not found]
    if empty:
        raise KitError(
            f"corpus {whole.name!r} has no examples in: {', '.join(empty)}; mark them in the split column, "
            "or use split=grouped, which divides by article"
        )
    homes: dict[str, set[str]] = {}
    for example, part in zip(whole.examples, of, strict=True):
        if part:
            homes.setdefault(example.article, set()).add(part)
    shared = sorted(article for article, parts in homes.items() if len(parts) > 1)
    if shared:
        raise KitError(
            f"{len(shared)} articles of corpus {whole.name!r} stand in more than one part: "
            f"{listing(article[:60] for article in shared)}. Keep each article in one part, or use split=grouped"
        )
    return Parts(*(whole.take(rows[part]) for part in ("train", "validation", "test")))


class FixedSplit:
    """The split that the data itself marks, the same for every random state."""

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus by its split column."""
        return _parts(whole, list(whole.parts))


class GroupedSplit:
    """A random split in which no article stands in two parts."""

    def __init__(self, *, validation: float = 0.15, test: float = 0.25) -> None:
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus at random by article."""
        groups = np.array(whole.articles)
        if len(set(groups)) < 3:
            raise KitError(f"corpus {whole.name!r} has {len(set(groups))} articles; a split by article needs 3 or more")
        of = np.array(["train"] * len(whole), dtype=object)
        rest, held = next(
            GroupShuffleSplit(1, test_size=self.test, random_state=random_state).split(groups, groups=groups)
        )
        of[held] = "test"
        share = self.validation / (1 - self.test)
        inner = GroupShuffleSplit(1, test_size=share, random_state=random_state)
        _, tuned = next(inner.split(rest, groups=groups[rest]))
        of[rest[tuned]] = "validation"
        return _parts(whole, list(of))


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
        return Parts(parts.train.take(sorted(drawn)), parts.validation, parts.test)
