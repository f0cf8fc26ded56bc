"""Whole articles with all positions that their sentences convey: the gold of `evaluate task=positions`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stancekit.codebook import Codebook, split_labels
from stancekit.corpus.base import Corpus
from stancekit.corpus.readers import TableCorpus
from stancekit.corpus.rows import Faults, RawRow
from stancekit.corpus.viewing import in_its_words
from stancekit.errors import KitError, listing, nearest, printable
from stancekit.text.examples import add_title, find_title
from stancekit.text.gazetteer import Gazetteer
from stancekit.text.speaker import find_first_person, make_speaker
from stancekit.text.targets import target_words
from stancekit.types import Article, as_list

# Offsets in the text of an article, the second after the last character.
Place = tuple[int, int]
_KEY = "positions"


@dataclass(frozen=True, slots=True)
class PlacedActor:
    """An actor, and where the article names it.

    Attributes
    ----------
    name
        In the words of the sentence, or the canonical name.
    place
        `None` where the sentence does not name the actor.
    code
        The ISO 3166 alpha-3 code of a state.
    speaks
        Whether it is who speaks or writes.
    """

    name: str
    place: Place | None = None
    code: str | None = None
    speaks: bool = False


@dataclass(frozen=True, slots=True)
class PlacedPosition:
    """What an actor's position towards a target is in a sentence, in gold or as it was read.

    Attributes
    ----------
    sentence
        The place of the sentence in the article.
    target
        In words.
    target_places
        Where the sentence names the target; none where it only means it.
    code
        The code of the codebook, empty where no position was read.
    score
        What a model gives the code.
    """

    sentence: Place
    actor: PlacedActor
    target: str
    target_places: tuple[Place, ...] = ()
    code: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class CodedArticle:
    """An article with all its positions; what is not among them is none.

    Attributes
    ----------
    article
        Its topic is its main matter where that is given, else its title.
    speaker
        Who speaks or writes, if someone does.
    part
        Train, validation, test, or empty.
    """

    article: Article
    positions: tuple[PlacedPosition, ...]
    speaker: str = ""
    register: str = ""
    part: str = ""


@in_its_words
def read_articles(
    corpus: Corpus, codebook: Codebook, names: Gazetteer
) -> tuple[list[CodedArticle], int]:
    """Read the articles of a corpus that have positions.

    Parameters
    ----------
    codebook
        Its name is the key of the code in each position.
    names
        Of states and bodies, by which "Lima" is Peru.

    Returns
    -------
    articles
        Those with a list of positions, which may be empty.
    unread
        The number of articles without one: nobody has said what their positions are.

    Raises
    ------
    KitError
        When no article has positions, or naming everything that is wrong, with its rows.
    """
    source = corpus if corpus.articles is None else TableCorpus(corpus.articles, strict=True)
    reader = _ArticleReader(codebook, names)
    rows = list(source.rows())
    articles = [reader.read(number, row) for number, row in rows if row.get(_KEY) is not None]
    if not articles:
        raise KitError(
            f"{source.path} has no articles with positions; these are JSON lines with the keys text "
            f"and {_KEY}, a list of objects with sentence, actor, targets, target and {codebook.name}. "
            "Name a file of such articles as the corpus, or with corpus.articles=FILE"
        )
    reader.faults.settle(str(source.path), len(rows))
    return articles, len(rows) - len(articles)


@dataclass(slots=True)
class _ArticleReader:
    """Reads single articles, and collects their faults."""

    codebook: Codebook
    names: Gazetteer
    faults: Faults = field(default_factory=Faults)
    ids: set[str] = field(default_factory=set)

    def read(self, number: int, row: RawRow) -> CodedArticle:
        """Return an article with those of its positions that can be read."""
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            self.faults.add("article without text", number)
            text = ""
        name = str(row.get("id") or number)
        if name in self.ids:
            self._fault("id of an earlier article", number, name)
        self.ids.add(name)
        speaker, listed = str(row.get("speaker") or ""), row[_KEY]
        positions: list[PlacedPosition] = []
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            self.faults.add(f"{_KEY} that are no list of objects", number)
        elif text:
            for given in listed:
                positions += self._read(number, text, speaker, given)
        return CodedArticle(
            _with_topic(name, text, row),
            tuple(positions),
            speaker,
            str(row.get("register") or ""),
            str(row.get("split") or ""),
        )

    def _fault(self, kind: str, number: int, seen: object) -> None:
        self.faults.add(kind, f"{number}: {printable(seen, most=60)!r}")

    def _read(
        self, number: int, text: str, speaker: str, given: Mapping[str, Any]
    ) -> Iterator[PlacedPosition]:
        """Yield a position for each code of what is given as one; of none, what is wrong is noted."""
        sentence = self._find_sentence(number, text, given)
        if sentence is None:
            return
        actor = self._find_actor(number, text[slice(*sentence)], speaker, given)
        places = list(self._find_targets(number, text[slice(*sentence)], given))
        target = str(given.get("target") or next(iter(as_list(given.get("targets"))), ""))
        if not target:
            self._fault("position without a target", number, given.get("actor"))
        for code in self._codes(number, given):
            if actor and code != self.codebook.absent:
                offset = sentence[0]
                yield PlacedPosition(
                    sentence,
                    replace(actor, place=_moved(actor.place, offset) if actor.place else None),
                    target,
                    tuple(_moved(place, offset) for place in places),
                    code,
                )

    def _codes(self, number: int, given: Mapping[str, Any]) -> tuple[str, ...]:
        codes = split_labels(given.get(self.codebook.name))
        if not codes:
            self._fault(f"position without {self.codebook.name}", number, given.get("actor"))
        known = self.codebook.names
        for code in codes:
            if code not in known:
                self.faults.add(
                    f"unknown {self.codebook.name} {code[:60]!r}{nearest(code, known)}, which has: "
                    f"{listing(known)}",
                    number,
                )
        return codes

    def _find_sentence(self, number: int, text: str, given: Mapping[str, Any]) -> Place | None:
        sentence, start = given.get("sentence"), given.get("start")
        if not isinstance(sentence, str) or not sentence.strip() or sentence not in text:
            self._fault("sentence that is not in the text", number, sentence)
            return None
        if start is None and text.count(sentence) > 1:
            self._fault("sentence that is in the text twice and has no start", number, sentence)
        if start is None:
            start = text.index(sentence)
        if not isinstance(start, int) or not text.startswith(sentence, start):
            self._fault("start at which the sentence does not stand", number, start)
            return None
        return start, start + len(sentence)

    def _find_actor(
        self, number: int, sentence: str, speaker: str, given: Mapping[str, Any]
    ) -> PlacedActor | None:
        """Return an actor with its place in the sentence."""
        name, start = given.get("actor"), given.get("actor_start")
        if not isinstance(name, str) or not name.strip():
            self._fault("position without an actor", number, given.get("sentence"))
            return None
        entry = self.names.look_up(name) or self.names.find_state(name)
        voice = make_speaker(speaker, self.names)
        speaks = bool(speaker) and voice.name in (name, entry.name if entry else name)
        place: Place | None = None
        if isinstance(start, int) and sentence.startswith(name, start):
            place = (start, start + len(name))
        elif start is not None:
            self._fault("actor_start at which the actor does not stand", number, start)
        elif not speaks or "actor_start" not in given:
            place = next(_find_words(name, sentence), None)
            if place is None and not speaks:
                self._fault("actor that is neither in the sentence nor its speaker", number, name)
        first_person = find_first_person(sentence) if speaker and place else None
        if first_person and place:
            speaks |= first_person[0] < place[1] and place[0] < first_person[1]
        if speaks:
            return PlacedActor(voice.name, place, voice.code, speaks)
        return PlacedActor(name, place, entry.code if entry else None)

    def _find_targets(
        self, number: int, sentence: str, given: Mapping[str, Any]
    ) -> Iterator[Place]:
        for phrase in as_list(given.get("targets")):
            places = list(_find_words(phrase, sentence))
            if not places:
                self._fault("phrase of targets that is not in the sentence", number, phrase)
            # "It" means a target and does not name it; "us" is who speaks.
            if find_first_person(phrase) or phrase.lower() not in target_words()["pronouns"]:
                yield from places


def _with_topic(name: str, text: str, row: RawRow) -> Article:
    """Return an article with its main matter, or else its title, as its topic.

    A title at the head of the text is no sentence. Where it is not the topic, blanks stand for it,
    so that offsets stay.
    """
    title = str(row.get("title") or "")
    matters = as_list(row.get("matters"))
    article = Article(name, text, date=str(row.get("date") or ""), topic=title)
    if not matters:
        return add_title(article)
    found = find_title(text)
    if found:
        article = replace(article, text=" " * found[1] + text[found[1] :])
    return replace(article, topic=matters[0])


def _find_words(phrase: str, text: str) -> Iterator[Place]:
    """Yield the places at which a text has a phrase: as whole words, or else as parts of words."""
    if phrase.strip():
        parts = [match.span() for match in re.finditer(re.escape(phrase), text)]
        whole = re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)
        yield from [match.span() for match in whole] or parts


def _moved(place: Place, offset: int) -> Place:
    return place[0] + offset, place[1] + offset
