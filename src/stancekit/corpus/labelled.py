"""A set of labelled examples: what readers return, splits divide and models learn from."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.types import Context, Example

Labels = Sequence[tuple[str, ...]]


def indicator(labels: Labels, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return labels as a matrix, shape (examples, codes).

    Examples
    --------
    >>> indicator([("a",), (), ("a", "b")], ["a", "b"]).astype(int).tolist()
    [[1, 0], [0, 0], [1, 1]]
    """
    return np.array([[name in given for name in names] for given in labels], dtype=bool).reshape(-1, len(names))


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Examples with their gold codes, in columns of equal length.

    `parts` holds what the data's own split column says, empty strings where there is none.
    """

    name: str
    codebook: Codebook
    examples: tuple[Example, ...]
    labels: tuple[tuple[str, ...], ...]
    contexts: tuple[Context, ...]
    parts: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    def take(self, rows: Iterable[int]) -> "LabelledSet":
        """Return the set of some rows, in the order given."""
        at = list(rows)
        columns = (self.examples, self.labels, self.contexts, self.parts)
        chosen = [tuple(column[row] for row in at) for column in columns]
        return LabelledSet(self.name, self.codebook, *chosen)  # type: ignore[arg-type]  # columns keep their types

    def joined(self, other: "LabelledSet") -> "LabelledSet":
        """Return the set of this one's rows and those of another of the same codebook."""
        mine, theirs = ((one.examples, one.labels, one.contexts, one.parts) for one in (self, other))
        both = [first + second for first, second in zip(mine, theirs, strict=True)]
        return LabelledSet(self.name, self.codebook, *both)  # type: ignore[arg-type]  # columns keep their types

    @property
    def articles(self) -> list[str]:
        """Return the article of each example: the clusters of every interval."""
        return [example.article for example in self.examples]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many examples bear each code."""
        found = Counter(label for given in self.labels for label in given)
        return {name: found[name] for name in self.codebook.names}

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that decides a run: examples, codes, contexts and marked parts."""
        total = hashlib.sha256(self.codebook.name.encode())
        for example, labels, context, part in zip(self.examples, self.labels, self.contexts, self.parts, strict=True):
            whole = [asdict(example), labels, asdict(context), part]
            total.update(json.dumps(whole, sort_keys=True).encode())
        return total.hexdigest()
