"""Training on some sources of a mixture, testing on all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.parts import Parts
from stancekit.errors import KitError


def shares(sizes: dict[str, int], size: int, temperature: float) -> dict[str, int]:
    """Return how many examples to draw from each source, in proportion to its size to the power of 1 / temperature.

    With a temperature of 1 sources keep their proportions, with a high one they come alike (Devlin 2018, multilingual
    BERT; Arivazhagan et al. 2019, section 4.2). What a small source cannot give, the others make up for.

    Examples
    --------
    >>> shares({"large": 900, "small": 100}, 200, 1), shares({"large": 900, "small": 50}, 200, 1e9)
    ({'large': 180, 'small': 20}, {'large': 150, 'small': 50})
    """
    found: dict[str, int] = {}
    left = min(size, sum(sizes.values()))
    # Small sources first, so that what they lack is shared among those that have more.
    order = sorted(sizes, key=lambda name: sizes[name])
    for at, name in enumerate(order):
        powers = [sizes[one] ** (1 / temperature) for one in order[at:]]
        found[name] = min(sizes[name], round(left * powers[0] / sum(powers)))
        left -= found[name]
    return {name: found[name] for name in sizes}


class TransferSplit:
    """The split that the sources of a mixture mark, of whose train and validation part only some sources are kept.

    Parameters
    ----------
    base
        The split of each source; a source that marks no validation part gets one first.
    train_on
        What to train on: a source's name, `all`, or `-NAME` for all but one. Tests are always those of all sources.
    size
        The most training examples, drawn anew for every random state; by default all there are.
    temperature
        How far sources of unequal size are drawn alike; see `shares`.
    validation
        The share of training articles that becomes validation in a source that marks none.
    """

    def __init__(
        self,
        base: Callable[..., Parts],
        *,
        train_on: str = "all",
        size: int | None = None,
        temperature: float = 2.0,
        validation: float = 0.1,
    ) -> None:
        self.base = base
        self.train_on = train_on
        self.size = size
        self.temperature = temperature
        self.validation = validation

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a mixture."""
        parts = self.base(self._validated(whole, random_state), random_state=random_state)
        kept = self._kept({context.source for context in whole.contexts})
        train, validation = (
            part.take(row for row, context in enumerate(part.contexts) if context.source in kept)
            for part in (parts.train, parts.validation)
        )
        return Parts(self._drawn(train, random_state), validation, parts.test, parts.shared)

    def _kept(self, sources: set[str]) -> set[str]:
        given = self.train_on
        name = given.removeprefix("-")
        if name != "all" and name not in sources:
            raise KitError(
                f"split.train_on is {given!r}; this corpus has the sources {', '.join(sorted(sources))}. Name one, "
                "write all, or -NAME for all but one"
            )
        if given.startswith("-"):
            return sources - {name}
        return sources if name == "all" else {name}

    def _validated(self, whole: LabelledSet, random_state: int) -> LabelledSet:
        of = np.array(whole.parts, dtype=object)
        home = np.array([context.source for context in whole.contexts])
        for source in np.unique(home):
            rows = np.flatnonzero((home == source) & (of == "train"))
            if len(rows) and not ((home == source) & (of == "validation")).any():
                drawn = GroupShuffleSplit(1, test_size=self.validation, random_state=random_state)
                of[rows[next(drawn.split(rows, groups=np.array(whole.articles)[rows]))[1]]] = "validation"
        return replace(whole, parts=tuple(of))

    def _drawn(self, train: LabelledSet, random_state: int) -> LabelledSet:
        if self.size is None or self.size >= len(train):
            return train
        random = np.random.default_rng(random_state)
        home = np.array([context.source for context in train.contexts])
        wanted = shares(dict(Counter(home.tolist())), self.size, self.temperature)
        rows = [random.permutation(np.flatnonzero(home == name))[:n] for name, n in wanted.items()]
        return train.take(np.sort(np.concatenate(rows)).tolist())
