"""The values that travel between the stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Article:
    """A document: offsets of its sentences refer to `text`."""

    id: str
    text: str
    source: str = ""
    date: str = ""
    language: str = "en"
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of an article, `article.text[start:start + len(text)] == text`."""

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
    """An actor or a target: its canonical name, and where it stands in the sentence.

    `start` and `end` are character offsets in the sentence, both `None` for a name that the
    sentence does not spell out. `code` is the ISO 3166 alpha-3 code of a country.
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
    """The unit of classification: a sentence, and the actor and target it is read for."""

    id: str
    text: str
    actor: Mention | None = None
    target: Mention | None = None
    article: str = ""

    def spans(self) -> list[tuple[int, int, str]]:
        """Return where actor and target stand, in order; a target that overlaps the actor is left out.

        Examples
        --------
        >>> Example("1", "Peru left.", Mention("Peru", 0, 4), Mention("Peru left", 0, 9)).spans()
        [(0, 4, 'actor')]
        """
        found: list[tuple[int, int, str]] = []
        for role, mention in (("actor", self.actor), ("target", self.target)):
            if mention is None or mention.start is None or mention.end is None:
                continue
            if all(mention.end <= start or end <= mention.start for start, end, _ in found):
                found.append((mention.start, mention.end, role))
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about an example besides its text; scores are sliced by these."""

    topic: str = ""
    register: str = ""
    source: str = ""
    date: str = ""
    phenomena: tuple[str, ...] = ()
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """The codes one annotator gave to an example."""

    example: str
    codebook: str
    labels: tuple[str, ...]
    annotator: str = "gold"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The codes a model gave to an example, and its score for each code of the codebook."""

    example: str
    labels: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One row of every table: a metric on a slice of the test set, with its 95 % interval.

    `low` and `high` are NaN where there is no interval, as of a test set that is a single article.
    `codes` is the number of codes that a macro average runs over: those that the gold of the slice
    bears.
    """

    metric: str
    slice: str
    value: float
    low: float
    high: float
    n: int
    codes: int | None = None


def as_list(value: str | Path | Sequence[Any] | None) -> tuple[str, ...]:
    """Return an argument that names several things: one string is one of them, nothing is none.

    Numbers become strings, as a target `2334` or a column `2021` is meant by its name.

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


# The validation part as `fit` takes it: examples and their codes, of shape (examples,) or
# (examples, codes).
ValidationPart = tuple[Sequence[Example], NDArray[Any]]
