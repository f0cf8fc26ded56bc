"""Labelled data in memory, and the three parts of a split."""

import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.types import BoolArray, Context, Example

# The codes of each example: exactly one where a codebook has one label per example.
CodeTuples = Sequence[tuple[str, ...]]
PART_NAMES = ("train", "validation", "test")
# The words for parts that data files use, in any letter case.
_PART_WORDS = {
    "": "",
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "development": "validation",
    "test": "test",
    "testing": "test",
}
# A text whose article the data does not name is an article of its own, whose id is this and
# the text.
OWN_ARTICLE = "text:"


def part_named(word: str) -> str | None:
    """Return the part that a word of a data file means: empty for none, `None` where it is not such a word.

    Examples
    --------
    >>> part_named("Dev"), part_named(""), part_named("fold 3")
    ('validation', '', None)
    """
    return _PART_WORDS.get(word.strip().lower())


def indicator(labels: CodeTuples, names: Sequence[str]) -> BoolArray:
    """Return labels as a matrix that says which example has which code.

    Returns
    -------
    array of bool, shape (examples, codes)

    Examples
    --------
    >>> indicator([("a",), (), ("a", "b")], ["a", "b"]).astype(int).tolist()
    [[1, 0], [0, 0], [1, 1]]
    """
    rows = [[name in codes for name in names] for codes in labels]
    return np.array(rows, dtype=bool).reshape(-1, len(names))


def numbered(values: Iterable[Hashable]) -> NDArray[np.intp]:
    """Return values as numbers from 0, in the order of their first appearance.

    Unlike the inverse of `numpy.unique`, which sorts them: the replicates of a bootstrap
    depend on the order of the clusters.

    Returns
    -------
    array of int, shape (values,)

    Examples
    --------
    >>> numbered(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    order: dict[Hashable, int] = {}
    return np.array([order.setdefault(value, len(order)) for value in values], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Examples with their gold codes, in columns of equal length.

    `parts` holds what the data's own split column says, and empty strings where it says
    nothing; `left_out` counts the rows of the data that could not be read. `soft` has the
    probability of each code of the codebook for each example, where gold is the most probable code
    (`corpus.gold=posterior`), and is empty else: training learns from it, and no score reads it.
    """

    name: str
    codebook: Codebook
    examples: tuple[Example, ...]
    labels: tuple[tuple[str, ...], ...]
    contexts: tuple[Context, ...]
    parts: tuple[str, ...]
    left_out: int = 0
    soft: tuple[tuple[float, ...], ...] = ()

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    def take(self, rows: Iterable[int]) -> "LabelledSet":
        """Return the set of some rows, in the order given."""
        indices = list(rows)
        return LabelledSet(
            self.name,
            self.codebook,
            tuple(self.examples[index] for index in indices),
            tuple(self.labels[index] for index in indices),
            tuple(self.contexts[index] for index in indices),
            tuple(self.parts[index] for index in indices),
            soft=tuple(self.soft[index] for index in indices) if self.soft else (),
        )

    def joined(self, *others: "LabelledSet") -> "LabelledSet":
        """Return this set's rows followed by those of other sets of the same codebook."""
        examples, labels = list(self.examples), list(self.labels)
        contexts, parts, soft = list(self.contexts), list(self.parts), list(self.soft)
        for other in others:
            examples += other.examples
            labels += other.labels
            contexts += other.contexts
            parts += other.parts
            soft += other.soft
        return LabelledSet(
            self.name,
            self.codebook,
            tuple(examples),
            tuple(labels),
            tuple(contexts),
            tuple(parts),
            soft=tuple(soft),
        )

    @property
    def articles(self) -> list[str]:
        """Return the article of each example: the clusters of every interval."""
        return [example.article for example in self.examples]

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of examples with each code of the codebook."""
        counts = Counter(code for codes in self.labels for code in codes)
        return {name: counts[name] for name in self.codebook.names}

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that decides a run: examples, codes, contexts, parts."""
        # Published runs carry this sum: a change of what it reads makes them of other data.
        digest = hashlib.sha256(self.codebook.name.encode())
        rows = zip(self.examples, self.labels, self.contexts, self.parts, strict=True)
        for example, labels, context, part in rows:
            row = [asdict(example), labels, asdict(context), part]
            digest.update(json.dumps(row, sort_keys=True).encode())
        if self.soft:
            digest.update(json.dumps(self.soft).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of a corpus.

    `shared` is the number of test examples whose text training has too, where a split
    allows that.
    """

    train: LabelledSet
    validation: LabelledSet
    test: LabelledSet
    shared: int = 0


def make_splits(whole: LabelledSet, parts: Sequence[str]) -> Splits:
    """Divide a corpus by the part of each example; an empty string leaves the example out.

    Raises
    ------
    KitError
        When a part is empty, or an article is in more than one.
    """
    rows: dict[str, list[int]] = {name: [] for name in PART_NAMES}
    parts_of_article: dict[str, set[str]] = {}
    for row, (example, part) in enumerate(zip(whole.examples, parts, strict=True)):
        if part not in rows:
            continue
        rows[part].append(row)
        # Where the data names no articles, every text is one; copies are found elsewhere.
        if example.article != OWN_ARTICLE + example.text:
            parts_of_article.setdefault(example.article, set()).add(part)
    empty = [name for name in PART_NAMES if not rows[name]]
    if empty:
        raise KitError(
            f"corpus {whole.name!r} has no examples in: {', '.join(empty)}; mark them in the "
            "split column, or use split=grouped, which divides by article"
        )
    shared = sorted(article for article, names in parts_of_article.items() if len(names) > 1)
    if shared:
        raise KitError(
            f"{len(shared)} articles of corpus {whole.name!r} are in more than one part: "
            f"{listing(article[:60] for article in shared)}. Keep each article in one part, "
            "or use split=grouped"
        )
    train, validation, test = (whole.take(rows[name]) for name in PART_NAMES)
    return Splits(train, validation, test)
