"""Several corpora read as one: their labels mapped into one codebook, their origin kept with every example."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus.base import Corpus
from stancekit.corpus.dataset import OWN_ARTICLE, LabelledSet, Splits
from stancekit.corpus.rows import MarkedSentence
from stancekit.errors import KitError, listing
from stancekit.types import Example


@dataclass(frozen=True, slots=True)
class MixtureSource:
    """One corpus of a mixture.

    Parameters
    ----------
    corpus
        Its reader.
    codebook
        The name of the codebook that its labels are read with.
    codes
        From codes of that codebook, all of them, to codes of the mixture's; `null` leaves an
        example out, and the empty code stands for no code. By default they are alike.
    """

    corpus: Corpus
    codebook: str
    codes: Mapping[str, str | None] | None = None

    def read(self, name: str, target: Codebook) -> LabelledSet:
        """Read the corpus with the codes of the mixture's codebook, and `name` as the source of every example."""
        data = self.corpus.read(load_codebook(self.codebook))
        codes = (
            {code: code for code in data.codebook.names} if self.codes is None else dict(self.codes)
        )
        known = {code for code in codes.values() if code is not None}
        if faults := [
            *sorted(set(codes) - {*data.codebook.names, ""}),
            *sorted(known - set(target.names)),
        ]:
            raise KitError(
                f"source {name!r} maps {listing(faults)}; it maps codes of {self.codebook} "
                f"({', '.join(data.codebook.names)}) to codes of {target.name} ({', '.join(target.names)})"
            )
        if unsaid := sorted(set(data.codebook.names) - set(codes)):
            raise KitError(
                f"source {name!r} says nothing of {listing(unsaid)}; map each code of {self.codebook} to one of "
                f"{target.name}, or to null, which leaves its examples out"
            )
        given = [_mapped(labels, codes) for labels in data.labels]
        kept = data.take(row for row, labels in enumerate(given) if labels is not None)
        mapped = tuple(labels for labels in given if labels is not None)
        if not target.multi_label and (
            odd := [one.id for one, of in zip(kept.examples, mapped, strict=True) if len(of) != 1]
        ):
            raise KitError(
                f"source {name!r} gives {len(odd)} examples no code or several ({listing(odd)}); codebook "
                f"{target.name!r} takes one. Map its codes to one or to null, and the empty one, '', for no code"
            )
        examples = tuple(
            replace(one, id=f"{name}/{one.id}", article=_split_base(name, one))
            for one in kept.examples
        )
        contexts = tuple(replace(one, source=name) for one in kept.contexts)
        return LabelledSet(data.name, target, examples, mapped, contexts, kept.parts)


def _mapped(labels: tuple[str, ...], codes: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """Return the mixture's codes of an example, `None` where the mapping leaves it out."""
    given = labels or (("",) if "" in codes else ())
    found = tuple(dict.fromkeys(code for one in given if (code := codes[one]) is not None))
    return None if given and not found else found


def _split_base(source: str, example: Example) -> str:
    return (
        example.article
        if example.article == OWN_ARTICLE + example.text
        else f"{source}/{example.article}"
    )


class Mixture(Corpus):
    """Several corpora under one codebook.

    Parameters
    ----------
    sources
        `MixtureSource` by name, or a mapping of its parameters.
    """

    def __init__(
        self, sources: Mapping[str, MixtureSource | Mapping[str, Any]], *, name: str = "mixture"
    ) -> None:
        super().__init__(name, name=name)
        self.sources = {
            key: of if isinstance(of, MixtureSource) else MixtureSource(**of)
            for key, of in sources.items()
        }
        if not self.sources:
            raise KitError("a mixture needs sources; set corpus.sources.NAME.corpus and .codebook")

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read all sources; `context.source` says where an example comes from."""
        parts = [source.read(name, codebook) for name, source in self.sources.items()]
        columns = zip(
            *((one.examples, one.labels, one.contexts, one.parts) for one in parts), strict=True
        )
        return LabelledSet(
            self.name, codebook, *(tuple(row for of in column for row in of) for column in columns)
        )

    def may_have(self, codebook: Codebook, present: Collection[str]) -> bool:
        """Say whether every source maps its codes to codes of a codebook."""
        mapped = (
            load_codebook(source.codebook).names if source.codes is None else source.codes.values()
            for source in self.sources.values()
        )
        return {code for codes in mapped for code in codes if code is not None} <= set(
            codebook.names
        )

    def marked_sentences(self) -> list[MarkedSentence]:
        """Return the sentences of every source that names actors."""
        return [
            one
            for source in self.sources.values()
            if source.corpus._columns().actor
            for one in source.corpus.marked_sentences()
        ]

    def second_labels(self, codebook: Codebook) -> dict[str, tuple[str, ...]]:
        """Return nothing: second annotations are of the sources' own codebooks."""
        return {}

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the rows of all sources, numbered over them."""
        rows = (row for source in self.sources.values() for _, row in source.corpus.rows())
        yield from enumerate(rows, 1)


def shares(sizes: dict[str, int], size: int, temperature: float) -> dict[str, int]:
    """Return how many examples to draw from each source, in proportion to its size to the power of 1 / temperature.

    With a temperature of 1 sources keep their proportions, with a high one they come alike (Devlin
    2018, multilingual BERT; Arivazhagan et al. 2019, section 4.2). What a small source cannot give,
    the others make up for.

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
        What to train on: a source's name, `all`, or `-NAME` for all but one. Tests are always those
        of all sources.
    size
        The most training examples, drawn anew for every random state; by default all there are.
    temperature
        How far sources of unequal size are drawn alike; see `shares`.
    validation
        The share of training articles that becomes validation in a source that marks none.
    """

    def __init__(
        self,
        base: Callable[..., Splits],
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

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a mixture."""
        parts = self.base(self._validated(whole, random_state), random_state=random_state)
        kept = self._kept({context.source for context in whole.contexts})
        train, validation = (
            part.take(row for row, context in enumerate(part.contexts) if context.source in kept)
            for part in (parts.train, parts.validation)
        )
        return Splits(self._drawn(train, random_state), validation, parts.test, parts.shared)

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
                of[rows[next(drawn.split(rows, groups=np.array(whole.articles)[rows]))[1]]] = (
                    "validation"
                )
        return replace(whole, parts=tuple(of))

    def _drawn(self, train: LabelledSet, random_state: int) -> LabelledSet:
        if self.size is None or self.size >= len(train):
            return train
        random = np.random.default_rng(random_state)
        home = np.array([context.source for context in train.contexts])
        wanted = shares(dict(Counter(home.tolist())), self.size, self.temperature)
        rows = [random.permutation(np.flatnonzero(home == name))[:n] for name, n in wanted.items()]
        return train.take(np.sort(np.concatenate(rows)).tolist())
