"""Decide from the words around a name whether it acts. No tagger: lists and endings, in one pass."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stancekit.text.gazetteer import Gazetteer

if TYPE_CHECKING:
    from spacy.tokens import Doc

_POSSESSIVE = frozenset({"'s", "’s", "'", "’", "'S", "’S"})
_JOINERS = frozenset({",", "and", "or", "&"})
_HYPHENS = frozenset("-–‑")
_ENDS = frozenset('.?!"”')
_OF = frozenset({"of", "from", "for", "to", "in"})
_LONGEST_OFFICE = 8
_LONGEST_NAME = 7


@dataclass(frozen=True, slots=True)
class Office:
    """An office or group that starts at some token: its end, and whether it speaks for a state."""

    end: int
    state: bool


class SentenceTokens:
    """Reads one tokenized sentence with a gazetteer's word lists."""

    def __init__(self, doc: "Doc", gazetteer: Gazetteer) -> None:
        self.doc = doc
        self.gazetteer = gazetteer
        self.words = gazetteer.words
        self.text = [token.text for token in doc]
        self.lower = [word.lower() for word in self.text]

    def piece(self, start: int, end: int) -> "Doc":
        """Return some of its tokens as a document of their own."""
        whole = end - start == len(self.doc)
        return self.doc if whole else self.doc[start:end].as_doc()

    @cached_property
    def capitals(self) -> bool:
        """Say whether the sentence is written in capitals alone."""
        words = [word for word in self.text if word.isalpha()]
        return (
            len(words) > 1
            and max(map(len, words)) > 2
            and all(word == word.upper() or word in _POSSESSIVE for word in self.text)
        )

    @cached_property
    def headline(self) -> bool:
        """Say whether the sentence capitalises its words as headlines do."""
        words = [word for word in self.text if len(word) > 3 and word.isalpha()]
        if self.capitals:
            return True
        if self.text[-1] in _ENDS:
            return False
        return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.7 * len(words)

    def possessive(self, at: int) -> bool:
        """Say whether the token at `at` is a possessive ending."""
        return (
            at < len(self.doc) and self.text[at] in _POSSESSIVE and not self.doc[at - 1].whitespace_
        )

    def hyphenated(self, start: int, end: int) -> bool:
        """Say whether a hyphen ties the span to its neighbour ("US-led", "pro-Russia")."""
        after = (
            end < len(self.doc) and not self.doc[end - 1].whitespace_ and self.text[end] in _HYPHENS
        )
        before = (
            start > 0 and not self.doc[start - 1].whitespace_ and self.text[start - 1] in _HYPHENS
        )
        return after or before

    def placed(self, start: int, seat: bool) -> bool:
        """Say whether the words before `start` make it a mere place ("in", for seats "to" as well)."""
        at = start - 1
        while at >= 0 and self.lower[at] in self.words["beside"]:
            at -= 1
        if at < 0 or (seat and self._voiced(at)):
            return False
        return self.lower[at] in self.words["place"] or (
            seat and self.lower[at] in self.words["place_of_seat"]
        )

    def _voiced(self, at: int) -> bool:
        """Say whether a preposition brings the voice of a seat, not the place ("no word from Riyadh")."""
        if self.lower[at] == "of":
            return at > 0 and self.lower[at - 1] not in self.words["parts"]
        return self.lower[at] == "from" and not self.words["voice"].isdisjoint(
            self.lower[max(0, at - 10) : at]
        )

    def joint(self, left_end: int, right_start: int) -> str:
        """Return what joins two names: "and" (or "or"), a "," or nothing."""
        between = [word for word in self.lower[left_end:right_start] if word != "the"]
        if not between or len(between) > 2 or not set(between) <= _JOINERS:
            return ""
        return "," if between == [","] else "and"

    def attributive(self, start: int, end: int) -> bool:
        """Say whether the span modifies the noun behind it ("Ukraine conflict", "Air France")."""
        if end >= len(self.doc) or not self.doc[end - 1].whitespace_:
            return False
        token, word = self.doc[end], self.lower[end]
        if not token.is_alpha and not (len(word) > 2 and "-" in word):
            return False
        if token.text[0].isupper() and not self.headline:
            return not (token.text == "I" or word in self.words["dates"])
        if word in self.words["verbs_or_nouns"] and (
            self.headline or not self.doc[end - 1].is_upper
        ):
            return False
        return self._noun(word, base_verbs=self._plural_subject(start, end))

    def _plural_subject(self, start: int, end: int) -> bool:
        before = self.lower[max(0, start - 3) : start]
        last = self.doc[end - 1]
        many = (
            last.lower_.endswith("s")
            and not last.is_upper
            and last.lower_ not in self.words["singular"]
        )
        return (
            many
            or bool(before and before[-1] in _JOINERS)
            or not self.words["auxiliaries"].isdisjoint(before)
        )

    def _noun(self, word: str, base_verbs: bool) -> bool:
        if word in ("vote", "votes", "veto", "draft", "plan", "report", "backs") and base_verbs:
            return False
        if word in self.words["things"]:
            return True
        from spacy.lang.en.stop_words import STOP_WORDS

        if base_verbs or word in STOP_WORDS or word in self.words["verbs"]:
            return False
        return not word.endswith(("ed", "ly", "ing", "s")) or word.endswith("ss")

    def office(self, at: int, loose: bool = False) -> Office | None:
        """Return the longest office or group that starts at token `at`, modifiers included.

        With `loose`, one word that is no known modifier may stand before it ("water minister").
        """
        found, stop = None, min(len(self.doc), at + _LONGEST_OFFICE)
        # Most words open no office.
        if not loose and at < stop and self.lower[at] not in self.words["opening"]:
            return None
        while at < stop:
            head = self._head(at)
            if head:
                at, found = head.end, head
            elif self.lower[at] in self.words["modifiers"] or self.text[at] == "-":
                at += 1
            elif loose and found is None and self.text[at].islower() and self._head(at + 1):
                loose, at = False, at + 1
            else:
                break
        return found

    def _head(self, at: int) -> Office | None:
        """Return the office of one to three words at token `at`."""
        for size in (3, 2, 1):
            phrase = " ".join(self.lower[at : at + size])
            if at + size <= len(self.doc) and (
                phrase in self.words["state"] or phrase in self.words["people"]
            ):
                return Office(at + size, phrase in self.words["state"])
        return None

    def bare(self, at: int) -> Office | None:
        """Return an office that acts without a country: "the foreign ministry", not "its ministry"."""
        office = self.office(at) if self._opens(at) else None
        if office is None:
            return None
        if (
            at == 0
            and self.lower[office.end - 1].endswith("s")
            and "of" not in self.lower[office.end : office.end + 1]
        ):
            return office
        words = " ".join(self.lower[at : office.end])
        known = any(words == name or words.endswith(f" {name}") for name in self.words["bare"])
        follows = office.end < len(self.doc) and self.lower[office.end] in _OF
        return office if known and not follows and not self.attributive(at, office.end) else None

    def subject(self, end: int) -> bool:
        """Say whether the token at `end` is a possessive or looks like a verb."""
        word = self.lower[end] if end < len(self.doc) else ""
        known = word in self.words["verbs"] or word in self.words["auxiliaries"]
        return (
            self.possessive(end)
            or known
            or word.endswith(("ed", "s"))
            or word in ("had", "have", "would", "is", ",")
        )

    def _opens(self, at: int) -> bool:
        """Say whether an office at `at` may do without a country: behind "the", or where a headline drops it."""
        if at and self.lower[at - 1] == "the":
            return self.capitals or not self.text[at][0].isupper()
        clipped = self.text[-1] not in _ENDS
        return at == 0 or (
            clipped and (self.doc[at - 1].is_punct or self.lower[at - 1] in self.words["clipped"])
        )

    def pronoun(self, at: int) -> bool:
        """Say whether the token at `at` is a common word that capitals alone make a name ("THEY TOLD US")."""
        from spacy.lang.en.stop_words import STOP_WORDS

        running = self.capitals and self.text[-1] in _ENDS and self.lower[at] in STOP_WORDS
        return running and (self.lower[at - 1] != "the" if at else self.lower[at] != "us")

    def dateline(self, start: int, end: int) -> bool:
        """Say whether the span opens a dispatch ("DAKAR - ", "NEW YORK (Agency) - ")."""
        return (
            start == 0
            and end < len(self.doc)
            and self.doc[0].is_upper
            and self.text[end] in ("-", "–", "—", "(")
        )

    def person(self, at: int) -> int | None:
        """Return the end of the personal name that starts at token `at`, or None."""
        end = at
        while (
            end < len(self.doc)
            and end - at < _LONGEST_NAME
            and self._name_part(end, first=end == at)
        ):
            end += 1
        while end > at and not self.text[end - 1][0].isupper():
            end -= 1
        return end if end > at else None

    def _name_part(self, at: int, first: bool) -> bool:
        token, word = self.doc[at], self.lower[at]
        if word in self.words["dates"] or token.text in self.gazetteer.names:
            return False
        if token.text in _HYPHENS:
            return (
                not first
                and not self.doc[at - 1].whitespace_
                and at + 1 < len(self.doc)
                and not token.whitespace_
            )
        capital = token.text[0].isupper() and (
            token.is_alpha
            or (token.text[-1] == "." and len(token) < 4)
            or "'" in word[1:-1]
            or "’" in word[1:-1]
        )
        if not first and word in self.words["particles"]:
            return True
        return capital or (not first and self.text[at - 1] in _HYPHENS and token.is_alpha)

    def opens(self, at: int) -> bool:
        """Say whether a title or an office may start at token `at`."""
        return (
            self.lower[at] in self.words["opening"]
            or self.text[at] in self.words["titles_undotted"]
        )

    def titled(self, at: int) -> int | None:
        """Return the end of the title or office at token `at` if a personal name may follow it."""
        if self.headline:
            return None
        if self.text[at] in self.words["titles_undotted"]:
            dot = at + 1 < len(self.doc) and self.text[at + 1] == "."
            return at + 1 + dot
        office = self.office(at)
        return office.end if office else None
