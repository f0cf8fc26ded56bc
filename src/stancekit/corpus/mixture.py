"""Several corpora as one: their labels mapped into one codebook, and splits between them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus.base import Corpus
from stancekit.corpus.build import MarkedSentence
from stancekit.corpus.dataset import OWN_ARTICLE, LabelledSet, Splits
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.corpus.rows import RawRow
from stancekit.corpus.splits import draw_groups
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
        From all codes of that codebook to codes of the mixture's; `null` leaves an example
        out, and the empty code stands for no code. By default both have the same codes.
    """

    corpus: Corpus
    codebook: str
    codes: Mapping[str, str | None] | None = None

    def read(self, name: str, target: Codebook) -> LabelledSet:
        """Read the corpus with the codes of the mixture's codebook.

        Parameters
        ----------
        name
            The source of every example, and the beginning of its id.

        Raises
        ------
        KitError
            When the mapping names codes that are not there, leaves some out, or gives an
            example no code or several where the mixture's codebook takes one.
        """
        data = self.corpus.read(load_codebook(self.codebook))
        if data.soft:
            raise KitError(
                f"source {name!r} has probabilities of codes (corpus.gold=posterior), which a mixture "
                "does not map; set its gold to labels, majority, first, or a file of decided codes"
            )
        same = {code: code for code in data.codebook.names}
        mapping = same if self.codes is None else dict(self.codes)
        self._check_codes(name, mapping, data.codebook, target)
        mapped = [_map_codes(labels, mapping) for labels in data.labels]
        kept = data.take(row for row, labels in enumerate(mapped) if labels is not None)
        labels = tuple(codes for codes in mapped if codes is not None)
        if not target.multi_label:
            _check_one_code(name, kept, labels, target)
        examples = [
            replace(example, id=f"{name}/{example.id}", article=_name_article(name, example))
            for example in kept.examples
        ]
        contexts = [replace(context, source=name) for context in kept.contexts]
        return LabelledSet(data.name, target, tuple(examples), labels, tuple(contexts), kept.parts)

    def _check_codes(
        self, name: str, mapping: Mapping[str, str | None], source: Codebook, target: Codebook
    ) -> None:
        mapped = {code for code in mapping.values() if code is not None}
        unknown = [
            *sorted(set(mapping) - {*source.names, ""}),
            *sorted(mapped - set(target.names)),
        ]
        if unknown:
            raise KitError(
                f"source {name!r} maps {listing(unknown)}; it maps codes of {self.codebook} "
                f"({', '.join(source.names)}) to codes of {target.name} "
                f"({', '.join(target.names)})"
            )
        missing = sorted(set(source.names) - set(mapping))
        if missing:
            raise KitError(
                f"source {name!r} says nothing of {listing(missing)}; map each code of "
                f"{self.codebook} to one of {target.name}, or to null, which leaves its "
                "examples out"
            )


def _check_one_code(
    name: str, data: LabelledSet, labels: tuple[tuple[str, ...], ...], target: Codebook
) -> None:
    rows = zip(data.examples, labels, strict=True)
    odd = [example.id for example, codes in rows if len(codes) != 1]
    if odd:
        raise KitError(
            f"source {name!r} gives {len(odd)} examples no code or several ({listing(odd)}); "
            f"codebook {target.name!r} takes one. Map its codes to one or to null, and the "
            "empty one, '', for no code"
        )


def _map_codes(
    labels: tuple[str, ...], mapping: Mapping[str, str | None]
) -> tuple[str, ...] | None:
    """Return the mixture's codes of an example, `None` where the mapping leaves it out."""
    codes = labels or (("",) if "" in mapping else ())
    mapped = [mapping[code] for code in codes]
    # Two codes of the source may be one of the mixture.
    kept = tuple(dict.fromkeys(code for code in mapped if code is not None))
    return None if codes and not kept else kept


def _name_article(source: str, example: Example) -> str:
    """Return an article's id with its source; the same text is one article in all sources."""
    if example.article == OWN_ARTICLE + example.text:
        return example.article
    return f"{source}/{example.article}"


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
            key: source if isinstance(source, MixtureSource) else MixtureSource(**source)
            for key, source in sources.items()
        }
        if not self.sources:
            raise KitError("a mixture needs sources; set corpus.sources.NAME.corpus and .codebook")

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read all sources; `context.source` says where an example comes from."""
        empty = LabelledSet(self.name, codebook, (), (), (), ())
        return empty.joined(*(source.read(name, codebook) for name, source in self.sources.items()))

    def may_have(self, codebook: Codebook, present: Collection[str]) -> bool:
        """Say whether every source maps its codes to codes of a codebook."""
        mapped: set[str | None] = set()
        for source in self.sources.values():
            if source.codes is None:
                mapped.update(load_codebook(source.codebook).names)
            else:
                mapped.update(source.codes.values())
        return mapped <= {*codebook.names, None}

    def marked_sentences(self) -> list[MarkedSentence]:
        """Return the sentences of every source that names actors."""
        sentences = []
        for source in self.sources.values():
            if source.corpus.column_names().actor:
                sentences += source.corpus.marked_sentences()
        return sentences

    def annotations(self, codebook: Codebook) -> AnnotatedSet | None:
        """Return nothing: annotations are of the sources' own codebooks."""
        return None

    def raw_rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield the rows of all sources, numbered over them."""
        number = 0
        for source in self.sources.values():
            for _, row in source.corpus.rows():
                number += 1
                yield number, row


def draw_sizes(sizes: dict[str, int], size: int, temperature: float) -> dict[str, int]:
    """Return how many examples to draw from each source.

    Shares are proportional to the sizes to the power of 1 / temperature (Devlin 2018,
    multilingual BERT; Arivazhagan et al. 2019, section 4.2). With a temperature of 1,
    sources keep their proportions; with a high one, they have equal shares. What a small
    source cannot give is drawn from the others.

    Parameters
    ----------
    sizes
        The number of examples of each source.
    size
        The number of examples to draw from all together.

    Examples
    --------
    >>> draw_sizes({"large": 900, "small": 100}, 200, 1)
    {'large': 180, 'small': 20}
    >>> draw_sizes({"large": 900, "small": 50}, 200, 1e9)
    {'large': 150, 'small': 50}
    """
    drawn: dict[str, int] = {}
    # More than there is cannot be drawn.
    left = min(size, sum(sizes.values()))
    # Small sources first, so that what they lack is divided among those that have more.
    order = sorted(sizes, key=lambda name: sizes[name])
    for position, name in enumerate(order):
        powers = [sizes[other] ** (1 / temperature) for other in order[position:]]
        drawn[name] = min(sizes[name], round(left * powers[0] / sum(powers)))
        left -= drawn[name]
    return {name: drawn[name] for name in sizes}


class TransferSplit:
    """Train and tune on some sources of a mixture, and test on all.

    Parameters
    ----------
    base
        The split of each source. A source that marks no validation part gets one first.
    train_on
        What to train on: a source's name, `all`, or `-NAME` for all but one.
    size
        The most training examples, drawn for every random state; by default all.
    temperature
        How equally sources of different sizes are drawn; see `draw_sizes`.
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
        # Before the base, so that one validation part is drawn for each source.
        with_validation = self._add_validation(whole, random_state)
        splits = self.base(with_validation, random_state=random_state)
        sources = self._choose_sources({context.source for context in whole.contexts})
        train = self._draw(_take_sources(splits.train, sources), random_state)
        validation = _take_sources(splits.validation, sources)
        return Splits(train, validation, splits.test, splits.shared)

    def _choose_sources(self, sources: set[str]) -> set[str]:
        name = self.train_on.removeprefix("-")
        if name != "all" and name not in sources:
            raise KitError(
                f"split.train_on is {self.train_on!r}; this corpus has the sources "
                f"{', '.join(sorted(sources))}. Name one, write all, or -NAME for all but one"
            )
        if self.train_on.startswith("-"):
            return sources - {name}
        return sources if name == "all" else {name}

    def _add_validation(self, whole: LabelledSet, random_state: int) -> LabelledSet:
        parts = np.array(whole.parts, dtype=object)
        sources = np.array([context.source for context in whole.contexts])
        articles = np.array(whole.articles)
        for source in np.unique(sources):
            rows = np.flatnonzero((sources == source) & (parts == "train"))
            has_validation = ((sources == source) & (parts == "validation")).any()
            if len(rows) and not has_validation:
                drawn = draw_groups(articles[rows], self.validation, random_state)
                parts[rows[drawn]] = "validation"
        return replace(whole, parts=tuple(parts))

    def _draw(self, train: LabelledSet, random_state: int) -> LabelledSet:
        if self.size is None or self.size >= len(train):
            return train
        generator = np.random.default_rng(random_state)
        sources = np.array([context.source for context in train.contexts])
        sizes = draw_sizes(dict(Counter(sources.tolist())), self.size, self.temperature)
        rows = [
            generator.permutation(np.flatnonzero(sources == name))[:size]
            for name, size in sizes.items()
        ]
        return train.take(np.sort(np.concatenate(rows)).tolist())


def _take_sources(part: LabelledSet, sources: set[str]) -> LabelledSet:
    rows = [row for row, context in enumerate(part.contexts) if context.source in sources]
    return part.take(rows)
