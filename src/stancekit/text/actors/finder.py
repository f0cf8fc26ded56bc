"""Find who is named in a sentence as someone who can take a side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from stancekit.text.actors.rules import SentenceTokens
from stancekit.text.actors.scanner import ActorScanner, ActorSpan, GazetteerMatch, link_surnames
from stancekit.text.clean import CleanText, clean
from stancekit.text.gazetteer import Gazetteer, load_gazetteer
from stancekit.text.nlp import bounded_memory, load_ner, load_spacy_tokenizer
from stancekit.types import Mention

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc, Span

# Stretches of tokens that are read together, how far they reach around a capital, and the longest
# that is read at once.
BATCH, AROUND, LONGEST = 256, 6, 1000


@dataclass(frozen=True)
class ActorFinder:
    """Finds actors by a gazetteer and, with `ner`, persons and organisations by spaCy.

    A mention is the shortest phrase that names the actor, without article, personal title and
    possessive ending. Offices of a state and seats of government bear the state's name and code.

    Parameters
    ----------
    ner
        Whether to look for persons and organisations outside the gazetteer. Names behind a title
        are found without it too.
    gazetteer
        A YAML file of your own names, laid out as `seeds/actors.yaml`.

    Examples
    --------
    >>> finder = ActorFinder(ner=False)
    >>> [found] = finder.find(["The Kremlin praised the Kenyan ambassador; the war in Sudan went on."])
    >>> [(mention.name, mention.start, mention.end, mention.code) for mention in found]
    [('Russia', 4, 11, 'RUS'), ('Kenya', 24, 41, 'KEN')]
    """

    ner: bool = True
    gazetteer: str | Path | None = None

    def find(self, texts: Sequence[str]) -> list[list[Mention]]:
        """Return the actors of each sentence of one article, in order of appearance.

        Only the first of several mentions in the same words is kept. A person's surname takes the
        full name found elsewhere in `texts`.
        """
        return self.find_all([texts])[0]

    def find_all(self, articles: Sequence[Sequence[str]]) -> list[list[list[Mention]]]:
        """Return the actors of each sentence of many articles; read together, they take less time.

        Texts are read as a reader sees them (`stancekit.text.clean`), offsets refer to them as they
        are given.
        """
        shown = [[clean(text) for text in texts] for texts in articles]
        with bounded_memory(self._nlp):
            readers = [
                SentenceTokens(self._nlp.tokenizer(one.text), self._names)
                for texts in shown
                for one in texts
            ]
            hits = [self._hits(reader.doc) for reader in readers]
            rows = zip(readers, hits, self._entities(readers, hits), strict=True)
            actors = iter(
                [ActorScanner(reader, known, names).actors() for reader, known, names in rows]
            )
        found = []
        for texts in shown:
            linked = link_surnames([next(actors) for _ in texts], [one.text for one in texts])
            found.append(
                [_first_mention(names, one) for names, one in zip(linked, texts, strict=True)]
            )
        return found

    @cached_property
    def _names(self) -> Gazetteer:
        return load_gazetteer(self.gazetteer)

    @cached_property
    def _nlp(self) -> "Language":
        return load_ner() if self.ner else load_spacy_tokenizer()

    @cached_property
    def _matcher(self) -> "PhraseMatcher":
        from spacy.matcher import PhraseMatcher

        matcher = PhraseMatcher(self._nlp.vocab)
        for name in self._names.names:
            matcher.add(name, [self._nlp.tokenizer(name)])
        return matcher

    def __getstate__(self) -> dict[str, object]:
        """Leave the loaded pipelines out of copies sent to other processes."""
        return {"ner": self.ner, "gazetteer": self.gazetteer}

    def _entities(
        self, readers: Sequence[SentenceTokens], hits: Sequence[Sequence[GazetteerMatch]]
    ) -> "list[list[Span]]":
        """Return persons and organisations, read only where there may be one, for reading takes its time."""
        places = [
            _stretches(reader, known) if self.ner else []
            for reader, known in zip(readers, hits, strict=True)
        ]
        pieces = (
            reader.piece(*at) for reader, of in zip(readers, places, strict=True) for at in of
        )
        with threadpool_limits(1):
            flat = iter(list(self._nlp.pipe(pieces, batch_size=BATCH)))
        found = []
        for reader, of in zip(readers, places, strict=True):
            named = ((entity, start) for start, _ in of for entity in next(flat).ents)
            found.append(
                [
                    _shifted(reader.doc, entity, by)
                    for entity, by in named
                    if entity.label_ in ("PERSON", "ORG")
                ]
            )
        return found

    def _hits(self, doc: "Doc") -> list[GazetteerMatch]:
        """Return the names of the gazetteer in a sentence: the longest first, none overlapping."""
        found = ((key, start, end) for key, start, end in self._matcher(doc))
        hits, taken = [], bytearray(len(doc))
        for key, start, end in sorted(found, key=lambda hit: (hit[1] - hit[2], hit[1])):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                hits.append(GazetteerMatch(start, end, self._names.names[doc.vocab.strings[key]]))
        return sorted(hits, key=lambda hit: hit.start)


def _stretches(reader: SentenceTokens, hits: Sequence[GazetteerMatch]) -> list[tuple[int, int]]:
    """Return the tokens around capitals outside the gazetteer's names, dates and the common word that opens a sentence.

    The recogniser sees four tokens to each side, so that what is further away changes nothing.
    """
    known = {at for hit in hits for at in range(hit.start, hit.end)}
    capitals = [
        at
        for at, word in enumerate(reader.text)
        if word[0].isupper()
        and at not in known
        and word != "I"
        and reader.lower[at] not in reader.words["dates"]
    ]
    found: list[tuple[int, int]] = []
    for at in capitals if capitals != [0] or not reader.doc[0].is_stop else []:
        start, end = max(0, at - AROUND), min(len(reader.text), at + AROUND + 1)
        # Those that touch are one, though none is long enough to take up much memory.
        if found and start <= found[-1][1] and end - found[-1][0] <= LONGEST:
            start = found.pop()[0]
        found.append((start, end))
    return found


def _shifted(doc: "Doc", entity: "Span", offset: int) -> "Span":
    from spacy.tokens import Span

    return Span(doc, entity.start + offset, entity.end + offset, label=entity.label)


def _first_mention(found: Iterable[ActorSpan], seen: CleanText) -> list[Mention]:
    """Keep the first mention of each name in the same words, with its offsets in the text as it was given."""
    firsts: dict[tuple[str, str], Mention] = {}
    for name in sorted(found, key=lambda name: (name.start, name.end)):
        words = seen.text[name.start : name.end].casefold()
        firsts.setdefault(
            (name.name, words), Mention(name.name, *seen.to_raw(name.start, name.end), name.code)
        )
    return list(firsts.values())
