"""Scan one sentence for the names that act in it, and link surnames over an article."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stancekit.text.actors.rules import SentenceTokens
from stancekit.text.gazetteer import GazetteerEntry

if TYPE_CHECKING:
    from spacy.tokens import Span

# Endings of adjectives that are plurals too: "the French", "the Chinese".
_PLURAL_ADJECTIVES = ("ish", "ch", "ese", "ss")
# Kinds of names that need a noun after them to act: "the Kenyan delegate".
_ADJECTIVES = ("demonym", "region")


@dataclass(frozen=True, slots=True)
class ActorSpan:
    """An actor in a sentence, by character offsets; `person` if a person is named."""

    start: int
    end: int
    name: str
    code: str | None = None
    person: bool = False


@dataclass(frozen=True, slots=True)
class GazetteerMatch:
    """A name of the gazetteer in a sentence, by tokens."""

    start: int
    end: int
    entry: GazetteerEntry


def trim_entity(sentence: SentenceTokens, entity: "Span") -> tuple[int, int] | None:
    """Return the tokens of an entity that name an actor, or `None` if there are none.

    Titles, articles and possessive endings are removed; "the Trump administration" stays
    complete. Organisations that are mere places or modifiers, and texts that were taken
    for organisations, are dropped.
    """
    doc, start, end = entity.doc, entity.start, entity.end
    is_person = entity.label_ == "PERSON"
    while start < end and (sentence.lower[start] in ("the", "a", "an") or doc[start].is_punct):
        start += 1
    while end > start and (sentence.is_possessive(end - 1) or doc[end - 1].is_punct):
        end -= 1
    # "Cathaoirleach Cllr. Devane" may be cut at the stop.
    while end > start and is_person and doc[end - 1].text in sentence.words["titles_undotted"]:
        end -= 1
    title_end = sentence.find_title_end(start) if start < end and is_person else None
    if title_end and title_end < end:
        start = title_end
    if start >= end or not doc[start].text[0].isupper():
        return None
    if any(token.is_digit or token.text == ":" for token in doc[start:end]):
        return None
    has_staff = is_person and end < len(doc) and sentence.lower[end] in sentence.words["staff"]
    # A single word is only trusted as a name where the words around it say so.
    if end - start == 1 and not (title_end or has_staff or sentence.is_subject(end)):
        return None
    if is_person:
        # In a headline, a name of four words and more is a run of capitalised words.
        too_long = sentence.is_headline and end - start > 3
        return None if too_long else (start, end + has_staff)
    return (start, end) if _names_body(sentence, start, end) else None


def _names_body(sentence: SentenceTokens, start: int, end: int) -> bool:
    """Say whether some tokens name an organisation that acts."""
    if sentence.lower[end - 1] in sentence.words["not_bodies"] | sentence.words["things"]:
        return False
    if any(token.is_punct and token.whitespace_ for token in sentence.doc[start : end - 1]):
        return False
    is_place = sentence.is_place(start, seat=end - start == 1)
    return not is_place and not sentence.is_attributive(start, end)


def link_surnames(
    actors: Sequence[Sequence[ActorSpan]], texts: Sequence[str]
) -> list[list[ActorSpan]]:
    """Give surnames the full name found elsewhere, and add the surnames not yet found.

    Parameters
    ----------
    actors
        The actors of each sentence of an article.
    texts
        Its sentences.

    Examples
    --------
    >>> texts = ["Lidia Karsten abstained.", "Karsten left."]
    >>> first = ActorSpan(0, 13, "Lidia Karsten", "NAM", True)
    >>> link_surnames([[first], []], texts)[1]
    [ActorSpan(start=0, end=7, name='Lidia Karsten', code='NAM', person=True)]
    """
    people = _map_surnames(actor for spans in actors for actor in spans)
    if not people:
        return [list(spans) for spans in actors]
    surnames = "|".join(map(re.escape, people))
    pattern = re.compile(rf"\b(?:{surnames})\b(?![-‑])")
    linked = []
    for spans, text in zip(actors, texts, strict=True):
        complete = [_complete_name(actor, people) for actor in spans]
        for match in pattern.finditer(text):
            start, end = match.span()
            overlaps = any(actor.start < end and start < actor.end for actor in complete)
            if not overlaps and _is_alone(text, match):
                complete.append(replace(people[match.group()], start=start, end=end))
        linked.append(complete)
    return linked


def _map_surnames(actors: Iterable[ActorSpan]) -> dict[str, ActorSpan]:
    """Return the person of each surname that only one person has."""
    people: dict[str, ActorSpan] = {}
    shared = set()
    for actor in actors:
        first_names, _, surname = actor.name.rpartition(" ")
        if not (actor.person and first_names and surname[0].isupper()):
            continue
        person = people.setdefault(surname, actor)
        if person.code is None and actor.code:
            people[surname] = replace(person, code=actor.code)
        if person.name.rpartition(" ")[0] != first_names:
            shared.add(surname)
    return {surname: person for surname, person in people.items() if surname not in shared}


def _complete_name(actor: ActorSpan, people: dict[str, ActorSpan]) -> ActorSpan:
    person = people.get(actor.name.rpartition(" ")[2])
    if not actor.person or person is None:
        return actor
    if " " in actor.name and actor.name != person.name:
        return actor
    return replace(actor, name=person.name, code=actor.code or person.code)


def _is_alone(text: str, match: re.Match[str]) -> bool:
    """Say whether no capitalised word beside a surname makes it another name."""
    # 40 characters hold the word before, and keep the search short.
    before = text[max(0, match.start() - 40) : match.start()]
    after = text[match.end() : match.end() + 3]
    return not re.search(r"\b[A-Z][\w'’-]* $", before) and not re.match(r" [A-Z][a-z]", after)


class ActorScanner:
    """Finds the actors of one sentence among its names, titles, offices and entities."""

    def __init__(
        self,
        sentence: SentenceTokens,
        matches: Sequence[GazetteerMatch],
        entities: "Sequence[Span]",
    ) -> None:
        self.sentence = sentence
        self.matches = matches
        self.entities = entities
        self._covered = bytearray(len(sentence.doc))
        self._places: set[GazetteerMatch] = set()

    def find_actors(self) -> list[ActorSpan]:
        """Return the actors: of the gazetteer, titled persons, offices, then entities."""
        if not len(self.sentence.doc):
            return []
        actors = []
        for match in self.matches:
            actor = self._read_match(match)
            if actor:
                actors.append(actor)
        return [*actors, *self._find_offices(), *self._find_entities()]

    def _cover(self, start: int, end: int) -> None:
        """Mark tokens as read, so that no other actor is found in them."""
        self._covered[start:end] = b"\1" * (end - start)

    def _make_span(
        self,
        start: int,
        end: int,
        entry: GazetteerEntry | None = None,
        *,
        person: bool = False,
    ) -> ActorSpan:
        self._cover(start, end)
        doc = self.sentence.doc
        first, last = doc[start].idx, doc[end - 1].idx + len(doc[end - 1])
        name = entry.name if entry and entry.name and not person else doc.text[first:last]
        return ActorSpan(first, last, name, entry.code if entry else None, person)

    def _span_of(self, match: GazetteerMatch) -> ActorSpan:
        return self._make_span(match.start, match.end, match.entry)

    def _follows_the(self, match: GazetteerMatch) -> bool:
        return match.start > 0 and self.sentence.lower[match.start - 1] == "the"

    def _read_match(self, match: GazetteerMatch) -> ActorSpan | None:
        """Return the actor that a name of the gazetteer stands for, if it acts."""
        if self._covered[match.start]:
            return None
        kind = match.entry.kind
        if kind == "shield" or self._is_part(match) or self._is_gloss(match):
            self._cover(match.start, match.end)
            return None
        if kind == "speaker":
            return self._span_of(match)
        if kind == "after_the":
            return self._read_self_reference(match)
        return self._read_office(match) or self._read_name(match)

    def _is_part(self, match: GazetteerMatch) -> bool:
        """Say whether a name is part of a compound or a dateline, or is a common word."""
        sentence, start, end = self.sentence, match.start, match.end
        if end - start == 1 and sentence.is_pronoun(start):
            return True
        return sentence.is_hyphenated(start, end) or sentence.is_dateline(start, end)

    def _is_gloss(self, match: GazetteerMatch) -> bool:
        """Say whether a bracket repeats the name before it ("the General Assembly (UNGA)")."""
        if match.start < 2 or self.sentence.doc[match.start - 1].text != "(":
            return False
        return any(
            other.end == match.start - 1 and other.entry == match.entry for other in self.matches
        )

    def _read_self_reference(self, match: GazetteerMatch) -> ActorSpan | None:
        """Read a word that means an actor after "the" only ("the Council")."""
        sentence = self.sentence
        if not self._follows_the(match) or sentence.is_attributive(match.start, match.end):
            return None
        return None if sentence.is_place(match.start - 1, seat=False) else self._span_of(match)

    def _read_office(self, match: GazetteerMatch) -> ActorSpan | None:
        """Read "Kenyan ambassador", "Kenya's ambassador", "Kenyan Ambassador Lidia Karsten"."""
        sentence, possessive = self.sentence, self.sentence.is_possessive(match.end)
        loose = match.entry.kind in _ADJECTIVES
        office = sentence.find_office(match.end + possessive, loose=loose)
        if office is None or match.entry.kind == "people":
            return None
        person_end = None if sentence.is_headline else sentence.find_person_end(office.end)
        if person_end:
            self._cover(match.start, person_end)
            return self._make_span(office.end, person_end, match.entry, person=True)
        self._cover(match.start, office.end)
        if possessive:
            return self._span_of(match)
        if sentence.is_attributive(match.start, office.end):
            return None
        partner = self._find_partner(match)
        if partner:
            return self._make_span(partner.start, office.end)
        entry = match.entry
        if not office.of_state:
            # "Kenyan farmers" are of Kenya, but do not speak for it.
            entry = GazetteerEntry("", "people", match.entry.code)
        return self._make_span(match.start, office.end, entry)

    def _find_partner(self, match: GazetteerMatch) -> GazetteerMatch | None:
        """Return the adjective that shares an office ("Greek and French members")."""
        index = self.matches.index(match)
        if index == 0 or match.entry.kind not in _ADJECTIVES:
            return None
        before = self.matches[index - 1]
        joint = self.sentence.find_joint(before.end, match.start)
        return before if before.entry.kind in _ADJECTIVES and joint == "and" else None

    def _read_name(self, match: GazetteerMatch) -> ActorSpan | None:
        """Read a name without an office, unless it is a place or a modifier."""
        sentence, is_adjective = self.sentence, match.entry.kind in _ADJECTIVES
        if sentence.is_possessive(match.end) and not is_adjective:
            return self._span_of(match)
        if self._is_place(match) or sentence.is_attributive(match.start, match.end):
            return None
        if self._is_in_other_name(match):
            return None
        if is_adjective and not self._is_people(match):
            return None
        return self._span_of(match)

    def _is_place(self, match: GazetteerMatch) -> bool:
        """Say whether a name is where something happens; a list of places is one to its end."""
        is_seat = match.entry.kind == "seat"
        is_place = (
            match in self._places
            or self._is_post(match)
            or self.sentence.is_place(match.start, seat=is_seat and not self._follows_the(match))
        )
        if is_place:
            self._places.update(self._find_listed(match))
        return is_place and not (is_seat and self._is_host(match))

    def _find_listed(self, match: GazetteerMatch) -> list[GazetteerMatch]:
        """Return the names that follow in the same list, which an "and" has to close."""
        listed: list[GazetteerMatch] = []
        length, left = 0, match
        for right in self.matches[self.matches.index(match) + 1 :]:
            joint = self.sentence.find_joint(left.end, right.start)
            if not joint:
                break
            listed.append(right)
            left = right
            if joint == "and":
                length = len(listed)
        return listed[:length]

    def _is_post(self, match: GazetteerMatch) -> bool:
        """Say whether an envoy is posted there ("ambassador to the United Nations")."""
        sentence = self.sentence
        before = match.start - 1 - self._follows_the(match)
        if before < 1 or sentence.lower[before] != "to":
            return False
        return sentence.lower[before - 1] in sentence.words["posts"]

    def _is_host(self, match: GazetteerMatch) -> bool:
        """Say whether a government sits there ("the foreign ministry in Ankara")."""
        sentence = self.sentence
        if match.start < 2 or sentence.lower[match.start - 1] != "in":
            return False
        return sentence.lower[match.start - 2] in sentence.words["hosts"]

    def _is_in_other_name(self, match: GazetteerMatch) -> bool:
        """Say whether the word before makes it another name ("Michael Jordan")."""
        sentence, start = self.sentence, match.start
        if start == 0 or match.end - start > 1 or match.entry.kind == "people":
            return False
        if sentence.is_headline:
            return False
        before = sentence.doc[start - 1]
        if not (before.is_alpha and before.is_title):
            return False
        if before.text in sentence.gazetteer.names:
            return False
        # The first word of a sentence has a capital whatever it is.
        opens = start == 1 or sentence.doc[start - 2].is_punct
        is_personal_name = sentence.lower[start] in sentence.words["first_names"]
        return not opens or (is_personal_name and not before.is_stop)

    def _is_people(self, match: GazetteerMatch) -> bool:
        """Say whether an adjective means a people ("the French")."""
        word = self.sentence.lower[match.end - 1]
        is_plural = match.entry.kind == "demonym" and word.endswith(_PLURAL_ADJECTIVES)
        return is_plural and self._follows_the(match) and match.end < len(self.sentence.doc)

    def _find_offices(self) -> Iterator[ActorSpan]:
        """Find "Ambassador Lidia Karsten" and "the foreign ministry"."""
        sentence = self.sentence
        for start in range(len(sentence.doc)):
            if self._covered[start] or not sentence.may_open_title(start):
                continue
            title_end = sentence.find_title_end(start)
            person_end = sentence.find_person_end(title_end) if title_end else None
            if title_end and person_end and not any(self._covered[start:person_end]):
                self._cover(start, person_end)
                yield self._make_span(title_end, person_end, person=True)
                continue
            office = sentence.find_bare_office(start)
            if office and not any(self._covered[start : office.end]):
                yield self._make_span(start, office.end)

    def _find_entities(self) -> Iterator[ActorSpan]:
        """Find the entities of the recogniser that no other rule has read."""
        # The recogniser goes by capitals: where all words have them, it sees names everywhere.
        if self.sentence.all_capitals:
            return
        for entity in self.entities:
            span = trim_entity(self.sentence, entity)
            if span is None or any(self._covered[span[0] : span[1]]):
                continue
            if not any(match.start <= span[0] and span[1] <= match.end for match in self.matches):
                yield self._make_span(*span, person=entity.label_ == "PERSON")
