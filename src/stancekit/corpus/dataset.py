"""The three parts of a divided corpus."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example

CodeTuples = Sequence[tuple[str, ...]]


def indicator(labels: CodeTuples, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return labels as a matrix, shape (examples, codes).

    Examples
    --------
    >>> indicator([("a",), (), ("a", "b")], ["a", "b"]).astype(int).tolist()
    [[1, 0], [0, 0], [1, 1]]
    """
    return np.array([[name in given for name in names] for given in labels], dtype=bool).reshape(
        -1, len(names)
    )


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
        mine, theirs = (
            (one.examples, one.labels, one.contexts, one.parts) for one in (self, other)
        )
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
        for example, labels, context, part in zip(
            self.examples, self.labels, self.contexts, self.parts, strict=True
        ):
            whole = [asdict(example), labels, asdict(context), part]
            total.update(json.dumps(whole, sort_keys=True).encode())
        return total.hexdigest()


# A text of which the data names no article is an article of its own, called by this and itself.
OWN_ARTICLE = "text:"


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of a corpus; `shared` counts test examples whose text training has, where that was allowed."""

    train: LabelledSet
    validation: LabelledSet
    test: LabelledSet
    shared: int = 0


def make_splits(whole: LabelledSet, of: Sequence[str]) -> Splits:
    """Divide a corpus by the name of a part per example; an empty name leaves the example out.

    Raises
    ------
    KitError
        When a part is empty, or an article stands in more than one.
    """
    rows = {
        part: [row for row, name in enumerate(of) if name == part]
        for part in ("train", "validation", "test")
    }
    empty = [part for part, found in rows.items() if not found]
    if empty:
        raise KitError(
            f"corpus {whole.name!r} has no examples in: {', '.join(empty)}; mark them in the split column, "
            "or use split=grouped, which divides by article"
        )
    homes: dict[str, set[str]] = {}
    for example, part in zip(whole.examples, of, strict=True):
        # Where the data names no articles, every text is its own; copies are looked for elsewhere.
        if part and example.article != OWN_ARTICLE + example.text:
            homes.setdefault(example.article, set()).add(part)
    shared = sorted(article for article, parts in homes.items() if len(parts) > 1)
    if shared:
        raise KitError(
            f"{len(shared)} articles of corpus {whole.name!r} stand in more than one part: "
            f"{listing(article[:60] for article in shared)}. Keep each article in one part, or use split=grouped"
        )
    return Splits(
        whole.take(rows["train"]), whole.take(rows["validation"]), whole.take(rows["test"])
    )
