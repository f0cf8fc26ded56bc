"""Go through one sentence and keep the names that act in it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stancekit.text.actors.rules import SentenceTokens
from stancekit.text.gazetteer import GazetteerEntry

if TYPE_CHECKING:
    from spacy.tokens import Span

    from stancekit.text.actors.rules import SentenceTokens


@dataclass(frozen=True, slots=True)
class ActorSpan:
    """A name found in a sentence, by character offsets."""

    start: int
    end: int
    name: str
    code: str | None = None
    person: bool = False


def recognised(reader: "SentenceTokens", entity: "Span") -> tuple[int, int] | None:
    """Trim an entity to the words that name an actor; return its tokens, or None if it is none.

    Titles, articles and possessive endings fall away, "the Trump administration" stays whole, and
    organisations that are mere places or modifiers, and texts taken for bodies, are dropped.
    """
    start, end, doc = entity.start, entity.end, reader.doc
    while start < end and (reader.lower[start] in ("the", "a", "an") or doc[start].is_punct):
        start += 1
    while end > start and (reader.possessive(end - 1) or doc[end - 1].is_punct):
        end -= 1
    title = reader.titled(start) if start < end and entity.label_ == "PERSON" else None
    start = title if title and title < end else start
    if (
        start >= end
        or not doc[start].text[0].isupper()
        or any(token.is_digit for token in doc[start:end])
    ):
        return None
    staff = (
        entity.label_ == "PERSON" and end < len(doc) and reader.lower[end] in reader.words["staff"]
    )
    if end - start == 1 and not (title or staff or reader.subject(end)):
        return None
    if entity.label_ == "PERSON":
        return None if reader.headline and end - start > 3 else (start, end + staff)
    if reader.lower[end - 1] in reader.words["not_bodies"] | reader.words["things"]:
        return None
    if any(token.is_punct and token.whitespace_ for token in doc[start : end - 1]):
        return None
    return (
        None
        if reader.placed(start, seat=end - start == 1) or reader.attributive(start, end)
        else (start, end)
    )


def link_surnames(
    found: Sequence[Sequence[ActorSpan]], texts: Sequence[str]
) -> list[list[ActorSpan]]:
    """Give surnames the full name met elsewhere, and find the surnames not yet found.

    Examples
    --------
    >>> texts = ["Lidia Karsten abstained.", "Karsten left."]
    >>> linked = link_surnames([[ActorSpan(0, 13, "Lidia Karsten", "NAM", True)], []], texts)
    >>> linked[1]
    [ActorSpan(start=0, end=7, name='Lidia Karsten', code='NAM', person=True)]
    """
    full = _full_names(name for names in found for name in names)
    pattern = (
        re.compile(r"\b(?:" + "|".join(map(re.escape, full)) + r")\b(?![-‑])") if full else None
    )
    linked = []
    for names, text in zip(found, texts, strict=True):
        known = [_extend(name, full) for name in names]
        for match in pattern.finditer(text) if pattern else ():
            if not any(
                name.start < match.end() and match.start() < name.end for name in known
            ) and _alone(text, match):
                known.append(replace(full[match.group()], start=match.start(), end=match.end()))
        linked.append(known)
    return linked


def _full_names(names: Iterable[ActorSpan]) -> dict[str, ActorSpan]:
    """Map each surname that one person bears to that person."""
    full: dict[str, ActorSpan] = {}
    shared = set()
    for name in names:
        surname = name.name.rpartition(" ")[2]
        if name.person and " " in name.name and surname[0].isupper():
            held = full.setdefault(surname, name)
            if held.code is None and name.code:
                full[surname] = replace(held, code=name.code)
            if held.name.rpartition(" ")[0] != name.name.rpartition(" ")[0]:
                shared.add(surname)
    return {surname: name for surname, name in full.items() if surname not in shared}


def _extend(name: ActorSpan, full: dict[str, ActorSpan]) -> ActorSpan:
    if not name.person or name.name.rpartition(" ")[2] not in full:
        return name
    whole = full[name.name.rpartition(" ")[2]]
    if " " in name.name and name.name != whole.name:
        return name
    return replace(name, name=whole.name, code=name.code or whole.code)


def _alone(text: str, match: re.Match[str]) -> bool:
    """Say whether no capitalised word stands beside a surname, making it another name."""
    before, after = (
        text[max(0, match.start() - 40) : match.start()],
        text[match.end() : match.end() + 3],
    )
    return not re.search(r"\b[A-Z][\w'’-]* $", before) and not re.match(r" [A-Z][a-z]", after)


if TYPE_CHECKING:
    from spacy.tokens import Span

_PLURAL_ADJECTIVES = ("ish", "ch", "ese", "ss")


@dataclass(frozen=True, slots=True)
class GazetteerMatch:
    """A name of the gazetteer in a sentence, by tokens."""

    start: int
    end: int
    entry: GazetteerEntry


class ActorScanner:
    """Applies the conventions of an actor's span to one sentence."""

    def __init__(
        self, reader: SentenceTokens, hits: Sequence[GazetteerMatch], entities: "Sequence[Span]"
    ) -> None:
        self.reader = reader
        self.hits = hits
        self.entities = entities
        self._covered = bytearray(len(reader.doc))
        self._places: set[GazetteerMatch] = set()

    def actors(self) -> list[ActorSpan]:
        """Return the actors: those of the gazetteer, titled persons, offices, then entities."""
        if not len(self.reader.doc):
            return []
        found = [name for hit in self.hits if (name := self._hit(hit))]
        return [*found, *self._offices(), *self._entities()]

    def _cover(self, start: int, end: int) -> None:
        self._covered[start:end] = b"\1" * (end - start)

    def _found(
        self, start: int, end: int, entry: GazetteerEntry | None = None, person: bool = False
    ) -> ActorSpan:
        self._cover(start, end)
        doc = self.reader.doc
        left, right = doc[start].idx, doc[end - 1].idx + len(doc[end - 1])
        name = entry.name if entry and entry.name and not person else doc.text[left:right]
        return ActorSpan(left, right, name, entry.code if entry else None, person)

    def _hit(self, hit: GazetteerMatch) -> ActorSpan | None:
        if self._covered[hit.start]:
            return None
        kind = hit.entry.kind
        if kind == "shield" or self._is_part(hit) or self._is_gloss(hit):
            self._cover(hit.start, hit.end)
            return None
        if kind == "speaker":
            return self._found(hit.start, hit.end, hit.entry)
        if kind == "after_the":
            return self._self_reference(hit)
        return self._office_of(hit) or self._name(hit)

    def _is_part(self, hit: GazetteerMatch) -> bool:
        """Say whether a name is part of a compound or of a dateline, or is none."""
        word = hit.end - hit.start == 1 and self.reader.pronoun(hit.start)
        return (
            word
            or self.reader.hyphenated(hit.start, hit.end)
            or self.reader.dateline(hit.start, hit.end)
        )

    def _is_gloss(self, hit: GazetteerMatch) -> bool:
        """Say whether a bracket repeats the name before it ("the General Assembly (UNGA)")."""
        bracketed = hit.start > 1 and self.reader.doc[hit.start - 1].text == "("
        return bracketed and any(
            other.end == hit.start - 1 and other.entry == hit.entry for other in self.hits
        )

    def _self_reference(self, hit: GazetteerMatch) -> ActorSpan | None:
        reader = self.reader
        behind_the = hit.start > 0 and reader.lower[hit.start - 1] == "the"
        acts = (
            behind_the
            and not reader.attributive(hit.start, hit.end)
            and not reader.placed(hit.start - 1, seat=False)
        )
        return self._found(hit.start, hit.end, hit.entry) if acts else None

    def _office_of(self, hit: GazetteerMatch) -> ActorSpan | None:
        """Read "Kenyan ambassador", "Kenya's ambassador" and "Kenyan Ambassador Lidia Karsten"."""
        reader, possessive = self.reader, self.reader.possessive(hit.end)
        office = reader.office(hit.end + possessive, loose=hit.entry.kind in ("demonym", "region"))
        if office is None or hit.entry.kind == "people":
            return None
        person = None if reader.headline else reader.person(office.end)
        if person:
            self._cover(hit.start, person)
            return self._found(office.end, person, hit.entry, person=True)
        self._cover(hit.start, office.end)
        if possessive:
            return self._found(hit.start, hit.end, hit.entry)
        if reader.attributive(hit.start, office.end):
            return None
        pair = self._paired(hit)
        if pair:
            return self._found(pair.start, office.end)
        return self._found(
            hit.start,
            office.end,
            hit.entry if office.state else GazetteerEntry("", "people", hit.entry.code),
        )

    def _paired(self, hit: GazetteerMatch) -> GazetteerMatch | None:
        """Return the adjective that shares the office ("Greek and French members")."""
        at = self.hits.index(hit) - 1
        before = self.hits[at] if at >= 0 and hit.entry.kind in ("demonym", "region") else None
        shares = (
            before
            and before.entry.kind in ("demonym", "region")
            and self.reader.joint(before.end, hit.start) == "and"
        )
        return before if shares else None

    def _name(self, hit: GazetteerMatch) -> ActorSpan | None:
        reader, kind = self.reader, hit.entry.kind
        if reader.possessive(hit.end) and kind not in ("demonym", "region"):
            return self._found(hit.start, hit.end, hit.entry)
        if self._is_place(hit) or reader.attributive(hit.start, hit.end) or self._in_a_name(hit):
            return None
        if kind in ("demonym", "region"):
            return self._found(hit.start, hit.end, hit.entry) if self._the_people(hit) else None
        return self._found(hit.start, hit.end, hit.entry)

    def _is_place(self, hit: GazetteerMatch) -> bool:
        """Say whether a name is where something happens; a list of places counts to its end."""
        reader, seat = self.reader, hit.entry.kind == "seat"
        with_the = hit.start > 0 and reader.lower[hit.start - 1] == "the"
        placed = (
            hit in self._places
            or self._is_post(hit)
            or reader.placed(hit.start, seat=seat and not with_the)
        )
        if placed:
            self._places.update(self._listed(hit))
        return placed and not (seat and self._is_host(hit))

    def _listed(self, hit: GazetteerMatch) -> list[GazetteerMatch]:
        """Return the names that follow in the same list, which an "and" must close."""
        listed, last, left = [], 0, hit
        for right in self.hits[self.hits.index(hit) + 1 :]:
            joint = self.reader.joint(left.end, right.start)
            if not joint:
                break
            listed.append(right)
            last, left = len(listed) if joint == "and" else last, right
        return listed[:last]

    def _is_post(self, hit: GazetteerMatch) -> bool:
        """Say whether an envoy is posted there ("ambassador to the United Nations")."""
        at = hit.start - 1 - (hit.start > 0 and self.reader.lower[hit.start - 1] == "the")
        return (
            at > 0
            and self.reader.lower[at] == "to"
            and self.reader.lower[at - 1] in self.reader.words["posts"]
        )

    def _is_host(self, hit: GazetteerMatch) -> bool:
        """Say whether a government sits there ("the foreign ministry in Ankara")."""
        return (
            hit.start > 1
            and self.reader.lower[hit.start - 1] == "in"
            and self.reader.lower[hit.start - 2] in self.reader.words["hosts"]
        )

    def _in_a_name(self, hit: GazetteerMatch) -> bool:
        """Say whether the word before makes it another name ("Michael Jordan", "Air France")."""
        if (
            hit.start == 0
            or hit.end - hit.start > 1
            or self.reader.headline
            or hit.entry.kind == "people"
        ):
            return False
        before = self.reader.doc[hit.start - 1]
        if not (before.is_alpha and before.is_title) or before.text in self.reader.gazetteer.names:
            return False
        first = hit.start == 1 or self.reader.doc[hit.start - 2].is_punct
        return not first or (
            self.reader.lower[hit.start] in self.reader.words["first_names"] and not before.is_stop
        )

    def _the_people(self, hit: GazetteerMatch) -> bool:
        doc, reader = self.reader.doc, self.reader
        adjective = hit.entry.kind == "demonym" and reader.lower[hit.end - 1].endswith(
            _PLURAL_ADJECTIVES
        )
        return (
            adjective
            and hit.start > 0
            and reader.lower[hit.start - 1] == "the"
            and hit.end < len(doc)
        )

    def _offices(self) -> Iterator[ActorSpan]:
        """Find "Ambassador Lidia Karsten" and "the foreign ministry"."""
        reader = self.reader
        for at in range(len(reader.doc)):
            if self._covered[at] or not reader.opens(at):
                continue
            title = reader.titled(at)
            person = reader.person(title) if title else None
            if title and person and not any(self._covered[at:person]):
                self._cover(at, person)
                yield self._found(title, person, person=True)
            elif (office := reader.bare(at)) and not any(self._covered[at : office.end]):
                yield self._found(at, office.end)

    def _entities(self) -> Iterator[ActorSpan]:
        # The recogniser goes by capitals, and where all words have them it sees names everywhere.
        for entity in () if self.reader.capitals else self.entities:
            span = recognised(self.reader, entity)
            if span is None or any(self._covered[span[0] : span[1]]):
                continue
            if not any(hit.start <= span[0] and span[1] <= hit.end for hit in self.hits):
                yield self._found(*span, person=entity.label_ == "PERSON")
