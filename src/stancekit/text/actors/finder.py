"""Find actors with the gazetteer and, for persons and organisations, with spaCy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stancekit.text.actors.rules import SentenceTokens
from stancekit.text.actors.scanner import ActorScanner, ActorSpan, GazetteerMatch, link_surnames
from stancekit.text.clean import CleanText, clean
from stancekit.text.gazetteer import Gazetteer, load_gazetteer
from stancekit.text.nlp import bounded_memory, load_ner, load_spacy_tokenizer, one_thread
from stancekit.types import Mention

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc, Span

# The recogniser sees four tokens to each side of a word, so that six around a capital give
# the same entities as the whole sentence, in less time.
AROUND = 6
# Tokens in one piece; longer ones would take much memory.
LONGEST_PIECE = 1000
# Pieces that the recogniser reads together.
BATCH_SIZE = 256
# Characters of a text that is not searched for every name of the gazetteer.
LONG_TEXT = 100_000


@dataclass(frozen=True)
class ActorFinder:
    """Finds actors by a gazetteer and, with `ner`, persons and organisations by spaCy.

    A mention is the shortest phrase that names the actor, without article, personal title
    and possessive ending. Offices of a state and seats of government have the state's name
    and code.

    Parameters
    ----------
    ner
        Whether to look for persons and organisations outside the gazetteer. Names after a
        title are found without it too.
    gazetteer
        A YAML file of your own names, laid out like `seeds/actors.yaml`.

    Examples
    --------
    >>> finder = ActorFinder(ner=False)
    >>> [actors] = finder.find(["The Kremlin praised the Kenyan ambassador in Sudan."])
    >>> [(actor.name, actor.start, actor.end, actor.code) for actor in actors]
    [('Russia', 4, 11, 'RUS'), ('Kenya', 24, 41, 'KEN')]
    """

    ner: bool = True
    gazetteer: str | Path | None = None

    def find(self, texts: Sequence[str]) -> list[list[Mention]]:
        """Return the actors of each sentence of one article, in order of appearance.

        Of several mentions in the same words only the first is kept. A person's surname
        takes the full name found elsewhere in `texts`.
        """
        return self.find_all([texts])[0]

    def find_all(self, articles: Sequence[Sequence[str]]) -> list[list[list[Mention]]]:
        """Return the actors of each sentence of many articles, as `find` does for one.

        Reading many articles together takes less time. Offsets refer to the texts as they
        are given.
        """
        cleaned = [[clean(text) for text in texts] for texts in articles]
        # Outside the block: the matcher's words are not to be forgotten.
        self._expect_names(text.text for texts in cleaned for text in texts)
        with bounded_memory(self._nlp):
            sentences = [
                SentenceTokens(self._nlp.tokenizer(text.text), self.names)
                for texts in cleaned
                for text in texts
            ]
            matches = [self._match_names(sentence.doc) for sentence in sentences]
            entities = self._find_entities(sentences, matches)
            actors = [
                ActorScanner(*row).find_actors()
                for row in zip(sentences, matches, entities, strict=True)
            ]
        mentions = []
        start = 0
        for texts in cleaned:
            end = start + len(texts)
            linked = link_surnames(actors[start:end], [text.text for text in texts])
            start = end
            mentions.append(
                [_keep_first(spans, text) for spans, text in zip(linked, texts, strict=True)]
            )
        return mentions

    @cached_property
    def names(self) -> Gazetteer:
        """The names of states and bodies that are known."""
        return load_gazetteer(self.gazetteer)

    @cached_property
    def _nlp(self) -> "Language":
        return load_ner() if self.ner else load_spacy_tokenizer()

    @cached_property
    def _matcher(self) -> "PhraseMatcher":
        from spacy.matcher import PhraseMatcher

        return PhraseMatcher(self._nlp.vocab)

    @cached_property
    def _unknown_names(self) -> dict[str, str]:
        """The names that the matcher has not been given yet, with their characters but for spaces."""
        return {name: _without_spaces(name) for name in self.names.names}

    def _expect_names(self, texts: Iterable[str]) -> None:
        """Give the matcher the names that may be in texts: to tokenize all takes longer than a short text."""
        read = _without_spaces(" ".join(texts))
        unknown = self._unknown_names
        for name, characters in list(unknown.items()):
            # To search in a long text takes longer than to tokenize a name.
            if len(read) > LONG_TEXT or characters in read:
                self._matcher.add(name, [self._nlp.tokenizer(name)])
                del unknown[name]

    def __getstate__(self) -> dict[str, object]:
        """Leave the loaded pipelines out of copies sent to other processes."""
        return {"ner": self.ner, "gazetteer": self.gazetteer}

    def _find_entities(
        self, sentences: Sequence[SentenceTokens], matches: Sequence[Sequence[GazetteerMatch]]
    ) -> "list[list[Span]]":
        """Return the persons and organisations of each sentence.

        Recognition takes most of the time, so that it reads only where a name may be.
        """
        pieces = [
            _find_pieces(sentence, names) if self.ner else []
            for sentence, names in zip(sentences, matches, strict=True)
        ]
        docs = []
        for sentence, spans in zip(sentences, pieces, strict=True):
            docs += [sentence.cut(start, end) for start, end in spans]
        with one_thread():
            recognised = iter(list(self._nlp.pipe(docs, batch_size=BATCH_SIZE)))
        entities = []
        for sentence, spans in zip(sentences, pieces, strict=True):
            of_sentence = []
            for start, _ in spans:
                for entity in next(recognised).ents:
                    if entity.label_ in ("PERSON", "ORG"):
                        of_sentence.append(_shift_entity(sentence.doc, entity, start))
            entities.append(of_sentence)
        return entities

    def _match_names(self, doc: "Doc") -> list[GazetteerMatch]:
        """Return the names of the gazetteer in a sentence; of those that overlap, the longest."""
        taken = bytearray(len(doc))
        matches = []
        # Longest first, then from left to right.
        candidates = sorted(self._matcher(doc), key=lambda match: (match[1] - match[2], match[1]))
        for key, start, end in candidates:
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                entry = self.names.names[doc.vocab.strings[key]]
                matches.append(GazetteerMatch(start, end, entry))
        return sorted(matches, key=lambda match: match.start)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _find_pieces(
    sentence: SentenceTokens, matches: Sequence[GazetteerMatch]
) -> list[tuple[int, int]]:
    """Return the tokens around the capitals of a sentence that may start a name.

    Names of the gazetteer, dates, and a common word that opens the sentence do not.
    """
    in_names: set[int] = set()
    for match in matches:
        in_names.update(range(match.start, match.end))
    capitals = []
    for index, word in enumerate(sentence.text):
        is_date = sentence.lower[index] in sentence.words["dates"]
        if word[0].isupper() and word != "I" and index not in in_names and not is_date:
            capitals.append(index)
    if capitals == [0] and sentence.doc[0].is_stop:
        return []
    pieces: list[tuple[int, int]] = []
    for index in capitals:
        start, end = max(0, index - AROUND), min(len(sentence.text), index + AROUND + 1)
        # Pieces that touch are one, up to the longest.
        if pieces and start <= pieces[-1][1] and end - pieces[-1][0] <= LONGEST_PIECE:
            start = pieces.pop()[0]
        pieces.append((start, end))
    return pieces


def _shift_entity(doc: "Doc", entity: "Span", offset: int) -> "Span":
    """Return an entity of a piece as a span of the whole sentence."""
    from spacy.tokens import Span

    return Span(doc, entity.start + offset, entity.end + offset, label=entity.label)


def _keep_first(actors: Iterable[ActorSpan], cleaned: CleanText) -> list[Mention]:
    """Return the first mention of each name in the same words, with offsets in the raw text."""
    first: dict[tuple[str, str], Mention] = {}
    for actor in sorted(actors, key=lambda actor: (actor.start, actor.end)):
        words = cleaned.text[actor.start : actor.end].casefold()
        start, end = cleaned.to_raw(actor.start, actor.end)
        first.setdefault((actor.name, words), Mention(actor.name, start, end, actor.code))
    return list(first.values())
