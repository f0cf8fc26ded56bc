"""Decide from the words around a name whether it acts. No tagger: lists and endings, in one pass."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stancekit.text.gazetteer import Gazetteer

if TYPE_CHECKING:
    from spacy.tokens import Doc

_POSSESSIVE = frozenset({"'s", "’s", "'", "’", "'S", "’S"})
_IN = frozenset("in at inside across throughout within near outside around".split())
_TOWARDS = _IN | frozenset("to from into towards toward through via of leaving reaching near".split())
_BESIDE = frozenset(
    """the eastern western northern southern central north-east occupied neighbouring neighboring post-war wartime
    war-torn rural mainland greater downtown""".split()
)
_JOINERS = frozenset({",", "and", "or", "&"})
_AUX = frozenset("do does did will would can could should may might must shall let lets make makes made help saw".split())
_PAST = frozenset(
    """said told took gave came went saw made knew thought found left felt kept held stood sent lost paid met ran rose
    fell drew threw broke chose spoke wrote won led fought sought bought brought caught taught meant sat set put cut hit
    let shut quit withdrew swore stuck swung struck clung withheld began became got hung bore tore split spent built
    shook lent lay overcame undertook wound bent flew forgot forgave froze hid laid rode sold sang sank slept slid wore wept
    backs sides asks tells alone itself too likewise yesterday today tomorrow""".split()
)
_NOT_NAMES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()
)
_PARTICLES = frozenset("al el bin ibn ben van von der den de da dos di la le du abu y".split())
_SINGULAR = frozenset("states nations honduras cyprus paris athens algiers tunis brussels damascus congress laos".split())
_OF = frozenset({"of", "from", "for", "to", "in"})


@dataclass(frozen=True, slots=True)
class Office:
    """An office or group that starts at some token: its end, and whether it speaks for a state."""

    end: int
    state: bool


class Reader:
    """Reads one tokenized sentence with a gazetteer's word lists."""

    def __init__(self, doc: "Doc", gazetteer: Gazetteer) -> None:
        self.doc = doc
        self.gazetteer = gazetteer
        self.lower = [token.lower_ for token in doc]

    @cached_property
    def headline(self) -> bool:
        """Say whether the sentence capitalises its words as headlines do."""
        words = [token.text for token in self.doc if token.is_alpha and len(token) > 3]
        return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.7 * len(words)

    def possessive(self, at: int) -> bool:
        """Say whether the token at `at` is a possessive ending."""
        return at < len(self.doc) and self.doc[at].text in _POSSESSIVE and not self.doc[at - 1].whitespace_

    def hyphenated(self, start: int, end: int) -> bool:
        """Say whether a hyphen or slash ties the span to its neighbour ("US-led", "pro-Russia")."""
        after = end < len(self.doc) and not self.doc[end - 1].whitespace_ and self.doc[end].text in "-–‑"
        before = start > 0 and not self.doc[start - 1].whitespace_ and self.doc[start - 1].text in "-–‑"
        return after or before

    def placed(self, start: int, seat: bool) -> bool:
        """Say whether the words before `start` make it a mere place ("in", for seats "to" as well)."""
        at = start - 1
        while at >= 0 and self.lower[at] in _BESIDE:
            at -= 1
        return at >= 0 and self.lower[at] in (_TOWARDS if seat else _IN)

    def joined(self, left_end: int, right_start: int) -> bool:
        """Say whether only commas and conjunctions, at least one of these, stand between."""
        between = [word for word in self.lower[left_end:right_start] if word != "the"]
        return 0 < len(between) < 3 and set(between) <= _JOINERS and between != [","]

    def attributive(self, start: int, end: int) -> bool:
        """Say whether the span modifies the noun behind it ("Ukraine conflict", "Air France")."""
        if end >= len(self.doc) or not self.doc[end - 1].whitespace_:
            return False
        token, word = self.doc[end], self.lower[end]
        if not token.is_alpha and "-" not in word:
            return False
        if token.text[0].isupper() and not self.headline:
            return not (token.text == "I" or word in _NOT_NAMES)
        return self._noun(word, base_verbs=self._plural_subject(start, end))

    def _plural_subject(self, start: int, end: int) -> bool:
        before = self.lower[max(0, start - 3) : start]
        last = self.doc[end - 1]
        many = last.lower_.endswith("s") and not last.is_upper and last.lower_ not in _SINGULAR
        return many or bool(before and before[-1] in _JOINERS) or bool(_AUX & set(before))

    def _noun(self, word: str, base_verbs: bool) -> bool:
        if word in ("vote", "votes", "veto", "draft", "plan", "report", "backs") and base_verbs:
            return False
        if word in self.gazetteer.things:
            return True
        from spacy.lang.en.stop_words import STOP_WORDS

        if base_verbs or word in STOP_WORDS or word in _PAST:
            return False
        return not word.endswith(("ed", "ly", "ing", "s")) or word.endswith("ss")

    def office(self, at: int) -> Office | None:
        """Return the longest office or group that starts at token `at`, modifiers included."""
        found, book = None, self.gazetteer
        stop = min(len(self.doc), at + 8)
        while at < stop:
            for size in (3, 2, 1):
                phrase = " ".join(self.lower[at : at + size])
                if phrase in book.state_offices or phrase in book.people_offices:
                    at += size
                    found = Office(at, phrase in book.state_offices)
                    break
            else:
                if self.lower[at] not in book.modifiers and self.doc[at].text != "-":
                    break
                at += 1
        return found

    def bare(self, at: int) -> Office | None:
        """Return an office that acts without a country: "the foreign ministry", not "its ministry"."""
        office = self.office(at)
        if office is None or at == 0 or self.lower[at - 1] != "the" or self.doc[at].text[0].isupper():
            return None
        words = " ".join(self.lower[at : office.end])
        known = any(words == name or words.endswith(f" {name}") for name in self.gazetteer.bare_offices)
        follows = office.end < len(self.doc) and self.lower[office.end] in _OF
        return office if known and not follows and not self.attributive(at, office.end) else None

    def person(self, at: int) -> int | None:
        """Return the end of the personal name that starts at token `at`, or None."""
        end = at
        while end < len(self.doc) and end - at < 7 and self._name_part(end, first=end == at):
            end += 1
        while end > at and not self.doc[end - 1].text[0].isupper():
            end -= 1
        return end if end > at else None

    def _name_part(self, at: int, first: bool) -> bool:
        token, word = self.doc[at], self.lower[at]
        if word in _NOT_NAMES or token.text in self.gazetteer.names:
            return False
        if token.text in "-‑":
            return not first and not self.doc[at - 1].whitespace_ and at + 1 < len(self.doc) and not token.whitespace_
        capital = token.text[0].isupper() and (token.is_alpha or token.text[-1] == "." and len(token) < 4 or "'" in word[1:-1] or "’" in word[1:-1])
        if not first and word in _PARTICLES:
            return True
        return capital or (not first and self.doc[at - 1].text in "-‑" and token.is_alpha)

    def titled(self, at: int) -> int | None:
        """Return the end of the title or office at token `at` if a personal name may follow it."""
        if self.headline:
            return None
        if self.doc[at].text in self.gazetteer.titles or self.doc[at].text + "." in self.gazetteer.titles:
            dot = at + 1 < len(self.doc) and self.doc[at + 1].text == "."
            return at + 1 + dot
        office = self.office(at)
        return office.end if office else None
