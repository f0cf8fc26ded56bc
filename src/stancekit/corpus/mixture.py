"""Several corpora read as one: their labels mapped into one codebook, their origin kept with every example."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus.base import Corpus
from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.mentions import MarkedSentence
from stancekit.corpus.parts import OWN
from stancekit.errors import KitError, listing
from stancekit.types import Example


@dataclass(frozen=True, slots=True)
class Source:
    """One corpus of a mixture.

    Parameters
    ----------
    corpus
        Its reader.
    codebook
        The name of the codebook that its labels are read with.
    codes
        From codes of that codebook, all of them, to codes of the mixture's; `null` leaves an example out, and the empty
        code stands for no code. By default they are alike.
    """

    corpus: Corpus
    codebook: str
    codes: Mapping[str, str | None] | None = None

    def read(self, name: str, target: Codebook) -> LabelledSet:
        """Read the corpus with the codes of the mixture's codebook, and `name` as the source of every example."""
        data = self.corpus.read(load_codebook(self.codebook))
        codes = {code: code for code in data.codebook.names} if self.codes is None else dict(self.codes)
        known = {code for code in codes.values() if code is not None}
        if faults := [*sorted(set(codes) - {*data.codebook.names, ""}), *sorted(known - set(target.names))]:
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
        examples = tuple(replace(one, id=f"{name}/{one.id}", article=_home(name, one)) for one in kept.examples)
        contexts = tuple(replace(one, source=name) for one in kept.contexts)
        return LabelledSet(data.name, target, examples, mapped, contexts, kept.parts)


def _mapped(labels: tuple[str, ...], codes: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """Return the mixture's codes of an example, `None` where the mapping leaves it out."""
    given = labels or (("",) if "" in codes else ())
    found = tuple(dict.fromkeys(code for one in given if (code := codes[one]) is not None))
    return None if given and not found else found


def _home(source: str, example: Example) -> str:
    return example.article if example.article == OWN + example.text else f"{source}/{example.article}"


class Mixture(Corpus):
    """Several corpora under one codebook.

    Parameters
    ----------
    sources
        `Source` by name, or a mapping of its parameters.
    """

    def __init__(self, sources: Mapping[str, Source | Mapping[str, Any]], *, name: str = "mixture") -> None:
        super().__init__(name, name=name)
        self.sources = {key: of if isinstance(of, Source) else Source(**of) for key, of in sources.items()}
        if not self.sources:
            raise KitError("a mixture needs sources; set corpus.sources.NAME.corpus and .codebook")

    def read(self, codebook: Codebook) -> LabelledSet:
        """Read all sources; `context.source` says where an example comes from."""
        parts = [source.read(name, codebook) for name, source in self.sources.items()]
        columns = zip(*((one.examples, one.labels, one.contexts, one.parts) for one in parts), strict=True)
        return LabelledSet(self.name, codebook, *(tuple(row for of in column for row in of) for column in columns))

    def may_have(self, codebook: Codebook, present: Collection[str]) -> bool:
        """Say whether every source maps its codes to codes of a codebook."""
        mapped = (
            load_codebook(source.codebook).names if source.codes is None else source.codes.values()
            for source in self.sources.values()
        )
        return {code for codes in mapped for code in codes if code is not None} <= set(codebook.names)

    def marked(self) -> list[MarkedSentence]:
        """Return the sentences of every source that names actors."""
        return [
            one for source in self.sources.values() if source.corpus._columns().actor for one in source.corpus.marked()
        ]

    def second_labels(self, codebook: Codebook) -> dict[str, tuple[str, ...]]:
        """Return nothing: second annotations are of the sources' own codebooks."""
        return {}

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the rows of all sources, numbered over them."""
        rows = (row for source in self.sources.values() for _, row in source.corpus.rows())
        yield from enumerate(rows, 1)
