"""Rules that decide from the words around a name whether it acts.

They use word lists and endings only, no tagger, and read a sentence once.
"""

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
# Nouns that are verbs after a plural subject: "the members vote", but "Peru vote".
_VERBS_OF_PLURALS = frozenset({"vote", "votes", "veto", "draft", "plan", "report", "backs"})
# Tokens that an office with its modifiers, and a personal name, may have. They bound the
# search in a long run of capitals.
_LONGEST_OFFICE = 8
_LONGEST_NAME = 7
# Words before a seat of government in which a word of speech gives it a voice: "no word has
# come from Riyadh".
_VOICE_WINDOW = 10
# A headline has capitals in most of its longer words, but not in all.
_HEADLINE_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Office:
    """An office or group in a sentence: the end of its tokens, and whether it is of a state."""

    end: int
    of_state: bool


class SentenceTokens:
    """The tokens of one sentence, with rules that use the word lists of a gazetteer.

    Positions are indices of tokens; an `end` is the index after the last token.
    """

    def __init__(self, doc: "Doc", gazetteer: Gazetteer) -> None:
        self.doc = doc
        self.gazetteer = gazetteer
        self.words = gazetteer.words
        strings = doc.vocab.strings
        self.text: list[str] = [strings[code] for code in doc.to_array("ORTH").tolist()]
        self.lower = [word.lower() for word in self.text]

    def cut(self, start: int, end: int) -> "Doc":
        """Return some of the tokens as a document of their own."""
        if end - start == len(self.doc):
            return self.doc
        from spacy.tokens import Doc

        # `Span.as_doc` copies whatever a document may have, and takes as long as the recogniser.
        spaces, norms = self.doc.to_array(["SPACY", "NORM"])[start:end].T
        doc = Doc(self.doc.vocab, words=self.text[start:end], spaces=spaces.astype(bool).tolist())
        return doc.from_array(["NORM"], norms)

    @cached_property
    def all_capitals(self) -> bool:
        """Say whether the sentence is written in capitals only."""
        words = [word for word in self.text if word.isalpha()]
        return (
            len(words) > 1
            and max(map(len, words)) > 2
            and all(word == word.upper() or word in _POSSESSIVE for word in self.text)
        )

    @cached_property
    def is_headline(self) -> bool:
        """Say whether the sentence capitalises its words as headlines do."""
        if self.all_capitals:
            return True
        if self.text[-1] in _ENDS:
            return False
        # Headlines write short words small.
        words = [word for word in self.text if len(word) > 3 and word.isalpha()]
        capitalised = sum(word[0].isupper() for word in words)
        return len(words) > 2 and capitalised > _HEADLINE_SHARE * len(words)

    def is_possessive(self, index: int) -> bool:
        """Say whether a token is a possessive ending."""
        if index >= len(self.doc) or self.text[index] not in _POSSESSIVE:
            return False
        return not self.doc[index - 1].whitespace_

    def is_hyphenated(self, start: int, end: int) -> bool:
        """Say whether a hyphen joins a span to its neighbour ("US-led", "pro-Russia")."""
        after = end < len(self.doc) and self.text[end] in _HYPHENS
        if after and not self.doc[end - 1].whitespace_:
            return True
        before = start > 0 and self.text[start - 1] in _HYPHENS
        return before and not self.doc[start - 1].whitespace_

    def is_place(self, start: int, *, seat: bool) -> bool:
        """Say whether the words before a name make it a mere place ("in Mali").

        A seat of government is one after "to" as well ("flew to Paris").
        """
        before = start - 1
        while before >= 0 and self.lower[before] in self.words["beside"]:
            before -= 1
        if before < 0 or (seat and self._gives_voice(before)):
            return False
        if self.lower[before] in self.words["place"]:
            return True
        return seat and self.lower[before] in self.words["place_of_seat"]

    def _gives_voice(self, index: int) -> bool:
        """Say whether a preposition introduces a seat's voice ("no word from Riyadh")."""
        if self.lower[index] == "of":
            return index > 0 and self.lower[index - 1] not in self.words["parts"]
        before = self.lower[max(0, index - _VOICE_WINDOW) : index]
        return self.lower[index] == "from" and not self.words["voice"].isdisjoint(before)

    def find_joint(self, left_end: int, right_start: int) -> str:
        """Return what joins two names: "and" (also for "or"), "," or an empty string."""
        between = [word for word in self.lower[left_end:right_start] if word != "the"]
        if not between or len(between) > 2 or not set(between) <= _JOINERS:
            return ""
        return "," if between == [","] else "and"

    def is_attributive(self, start: int, end: int) -> bool:
        """Say whether a span modifies the noun after it ("Ukraine conflict", "Air France")."""
        if end >= len(self.doc) or not self.doc[end - 1].whitespace_:
            return False
        token, word = self.doc[end], self.lower[end]
        if not token.is_alpha and not (len(word) > 2 and "-" in word):
            return False
        if token.text[0].isupper() and not self.is_headline:
            return not (token.text == "I" or word in self.words["dates"])
        last_is_upper = self.doc[end - 1].is_upper
        if word in self.words["verbs_or_nouns"] and (self.is_headline or not last_is_upper):
            return False
        return self._is_noun(word, base_verbs=self._is_plural_subject(start, end))

    def _is_plural_subject(self, start: int, end: int) -> bool:
        """Say whether a verb after the span may be in its base form ("the members vote")."""
        before = self.lower[max(0, start - 3) : start]
        last = self.doc[end - 1]
        ends_in_s = last.lower_.endswith("s") and not last.is_upper
        if ends_in_s and last.lower_ not in self.words["singular"]:
            return True
        joined = bool(before) and before[-1] in _JOINERS
        return joined or not self.words["auxiliaries"].isdisjoint(before)

    def _is_noun(self, word: str, *, base_verbs: bool) -> bool:
        if base_verbs and word in _VERBS_OF_PLURALS:
            return False
        if word in self.words["things"]:
            return True
        from spacy.lang.en.stop_words import STOP_WORDS

        if base_verbs or word in STOP_WORDS or word in self.words["verbs"]:
            return False
        # Endings of verbs and adverbs; nouns in "ss" are none of them.
        return not word.endswith(("ed", "ly", "ing", "s")) or word.endswith("ss")

    def find_office(self, start: int, *, loose: bool = False) -> Office | None:
        """Return the longest office or group that starts at a token, with its modifiers.

        With `loose`, one word that is no known modifier may come first ("water minister").
        """
        # Most words open no office.
        if not loose and start < len(self.doc) and self.lower[start] not in self.words["opening"]:
            return None
        office, index = None, start
        stop = min(len(self.doc), start + _LONGEST_OFFICE)
        while index < stop:
            head = self._find_office_words(index)
            if head:
                index, office = head.end, head
            elif self.lower[index] in self.words["modifiers"] or self.text[index] == "-":
                index += 1
            elif self._may_skip(index, loose=loose and office is None):
                loose, index = False, index + 1
            else:
                break
        return office

    def _may_skip(self, index: int, *, loose: bool) -> bool:
        """Say whether an unknown word may stand before an office ("water minister")."""
        return loose and self.text[index].islower() and bool(self._find_office_words(index + 1))

    def _find_office_words(self, start: int) -> Office | None:
        """Return the office of one to three words that starts at a token."""
        for size in (3, 2, 1):
            phrase = " ".join(self.lower[start : start + size])
            of_state = phrase in self.words["state"]
            if start + size <= len(self.doc) and (of_state or phrase in self.words["people"]):
                return Office(start + size, of_state)
        return None

    def find_bare_office(self, start: int) -> Office | None:
        """Return an office that acts without a country: "the foreign ministry", not "its"."""
        office = self.find_office(start) if self._may_open_bare(start) else None
        if office is None:
            return None
        following = self.lower[office.end] if office.end < len(self.doc) else ""
        # A plural opens a sentence without an article: "Diplomats said".
        if start == 0 and self.lower[office.end - 1].endswith("s") and following != "of":
            return office
        words = " ".join(self.lower[start : office.end])
        is_bare = any(words == name or words.endswith(f" {name}") for name in self.words["bare"])
        if not is_bare or following in _OF or self.is_attributive(start, office.end):
            return None
        return office

    def is_subject(self, end: int) -> bool:
        """Say whether the token at `end` is a possessive, or looks like a verb."""
        word = self.lower[end] if end < len(self.doc) else ""
        if self.is_possessive(end):
            return True
        if word in self.words["verbs"] or word in self.words["auxiliaries"]:
            return True
        return word.endswith(("ed", "s")) or word in ("had", "have", "would", "is", ",")

    def _may_open_bare(self, index: int) -> bool:
        """Say whether an office may stand without a country: after "the", or in a headline."""
        if index and self.lower[index - 1] == "the":
            return self.all_capitals or not self.text[index][0].isupper()
        if index == 0:
            return True
        # Without a full stop it is a headline, which drops articles.
        if self.text[-1] in _ENDS:
            return False
        return self.doc[index - 1].is_punct or self.lower[index - 1] in self.words["clipped"]

    def is_pronoun(self, index: int) -> bool:
        """Say whether only capitals make a common word look like a name ("THEY TOLD US")."""
        from spacy.lang.en.stop_words import STOP_WORDS

        if not self.all_capitals or self.text[-1] not in _ENDS:
            return False
        if self.lower[index] not in STOP_WORDS:
            return False
        return self.lower[index - 1] != "the" if index else self.lower[index] != "us"

    def is_dateline(self, start: int, end: int) -> bool:
        """Say whether a span opens a dispatch ("DAKAR - ", "NEW YORK (Agency) - ")."""
        if start != 0 or end >= len(self.doc) or not self.doc[0].is_upper:
            return False
        return self.text[end] in ("-", "–", "—", "(")

    def find_person_end(self, start: int) -> int | None:
        """Return the end of the personal name that starts at a token, or `None`."""
        end = start
        stop = min(len(self.doc), start + _LONGEST_NAME)
        while end < stop and self._is_name_part(end, first=end == start):
            end += 1
        # A name does not end in a particle ("van", "de").
        while end > start and not self.text[end - 1][0].isupper():
            end -= 1
        return end if end > start else None

    def _is_name_part(self, index: int, *, first: bool) -> bool:
        token, word = self.doc[index], self.lower[index]
        if word in self.words["dates"] or token.text in self.gazetteer.names:
            return False
        if token.text in _HYPHENS:
            inside = index + 1 < len(self.doc) and not token.whitespace_
            return not first and not self.doc[index - 1].whitespace_ and inside
        if not first and word in self.words["particles"]:
            return True
        is_initial = token.text[-1] == "." and len(token) < 4
        has_apostrophe = "'" in word[1:-1] or "’" in word[1:-1]
        if token.text[0].isupper() and (token.is_alpha or is_initial or has_apostrophe):
            return True
        return not first and self.text[index - 1] in _HYPHENS and token.is_alpha

    def may_open_title(self, index: int) -> bool:
        """Say whether a title or an office may start at a token."""
        if self.lower[index] in self.words["opening"]:
            return True
        return self.text[index] in self.words["titles_undotted"]

    def find_title_end(self, start: int) -> int | None:
        """Return the end of a title or office before which a personal name may follow."""
        if self.is_headline:
            return None
        if self.text[start] in self.words["titles_undotted"]:
            dotted = start + 1 < len(self.doc) and self.text[start + 1] == "."
            return start + 1 + dotted
        office = self.find_office(start)
        return office.end if office else None
