"""Data types that all parts of the kit exchange: articles, examples, predictions, scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Article:
    """A document. The offsets of its sentences refer to `text`."""

    id: str
    text: str
    source: str = ""
    date: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article: `article.text[start:end] == text`.

    `article` is the article's id, `start` an offset in characters.
    """

    id: str
    article: str
    start: int
    text: str

    @property
    def end(self) -> int:
        """Return the offset in the article after the last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Mention:
    """An actor or a target: its canonical name, and where the sentence names it.

    `start` and `end` are character offsets in the sentence, both `None` for a name that
    the sentence does not spell out. `code` is the ISO 3166 alpha-3 code of a country.

    Examples
    --------
    >>> Mention("Peru", 0, 4).located, Mention("whaling").located
    (True, False)
    """

    name: str
    start: int | None = None
    end: int | None = None
    code: str | None = None

    @property
    def located(self) -> bool:
        """Say whether the mention has a span in the sentence."""
        return self.start is not None and self.end is not None


@dataclass(frozen=True, slots=True)
class Example:
    """The unit of classification: a sentence with an actor and a target.

    Both are `None` where a codebook codes whole sentences. `article` is the article's id,
    the cluster of every interval.

    Examples
    --------
    >>> example = Example("1", "Peru rejected the levy.", Mention("Peru", 0, 4), Mention("the levy", 14, 22))
    >>> example.actor.name, example.target.name
    ('Peru', 'the levy')
    """

    id: str
    text: str
    actor: Mention | None = None
    target: Mention | None = None
    article: str = ""

    def spans(self) -> list[tuple[int, int, str]]:
        """Return the spans of actor and target in order, as (start, end, role).

        A target that overlaps the actor is left out, since a marker inside another
        cannot be read.

        Examples
        --------
        >>> peru = Mention("Peru", 0, 4)
        >>> Example("1", "Peru left.", peru, Mention("Peru left", 0, 9)).spans()
        [(0, 4, 'actor')]
        """
        spans: list[tuple[int, int, str]] = []
        for role, mention in (("actor", self.actor), ("target", self.target)):
            if mention is None or mention.start is None or mention.end is None:
                continue
            if all(mention.end <= start or end <= mention.start for start, end, _ in spans):
                spans.append((mention.start, mention.end, role))
        return sorted(spans)


@dataclass(frozen=True, slots=True)
class Context:
    """Metadata of an example. Tables break scores down by these fields."""

    topic: str = ""
    register: str = ""
    source: str = ""
    date: str = ""
    phenomena: tuple[str, ...] = ()
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The codes that a model predicts for an example, and its score for every code.

    `example` is the example's id; `scores` are in the order of `Codebook.names`.
    """

    example: str
    labels: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One row of a table: a metric on a slice of the test set, with its 95 % interval.

    `low` and `high` are NaN where there is no interval, as for a test set of a single
    article. `n` is the number of examples. `codes` is the number of codes that a macro
    average runs over: those in the gold labels of the slice.
    """

    metric: str
    slice: str
    value: float
    low: float
    high: float
    n: int
    codes: int | None = None


def as_list(value: str | Path | Sequence[Any] | None) -> tuple[str, ...]:
    """Return an argument as a tuple of names: a string is one name, `None` is no name.

    Numbers become strings, so that a target `2334` or a column `2021` can be named.

    Examples
    --------
    >>> as_list("bike lanes")
    ('bike lanes',)
    >>> as_list(["the levy", 2334])
    ('the levy', '2334')
    >>> as_list(None)
    ()
    """
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (str(value),)
    return tuple(str(item) for item in value)


# The validation part as `fit` takes it: examples, and their codes of shape (examples,) or
# (examples, codes).
ValidationPart = tuple[Sequence[Example], NDArray[Any]]
