"""Find the text that a sentence says was voted on, and not one that it only mentions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stancekit.text.targets import find_issues
from stancekit.types import Mention

_NOUN = (
    r"(?:(?:draft\s+)?(?:resolutions?|decisions?|laws?|bills?|treat(?:y|ies)|declarations?|"
    r"statutes?|text)|(?:sub-?)?amendments?|motions?|drafts?|bills?|measures?|texts?|proposals?|"
    r"conventions?|protocols?|agreements?|accords?|pacts?|compacts?|paragraphs?|"
    r"articles?|clauses?|documents?|reports?|ordinances?|by-?laws?|bye-?laws?|recommendations?|"
    r"budgets?|plans?|acts?|packages?|orders?|directives?|regulations?|initiatives?|reforms?|"
    r"levy|levies|deals?|petitions?|nominations?|appointments?|schemes?|charters?|polic(?:y|ies)|"
    r"sanctions|embargo|ban|mandate|referendum|decree|constitution|agenda|"
    r"minutes(?!\s+(?:after|before|later|ago|earlier))|guidelines?|statements?|conclusions|opinion|"
    r"postponement|inquiry|inquiries|investigation|expulsion|suspension|accession|"
    r"application|rezoning|contract|tariffs?|quotas?|moratorium|programme|program|strategy|"
    r"communiqué|questions?|requests?|tax|cuts?|increase|rise|merger|extension|renewal|"
    r"project|permit|closure|lease|grant|loan|fund|fee|fees)"
)
_DETERMINER = (
    r"(?:the|an?|this|that|both|its|their|his|her|our|any|each|such|these|those|[\w’'-]+['’]s|"
    r"(?<=s)['’])"
)
# Words between an article and the noun: adjectives, names and numbers, no verbs or prepositions.
_INSIDE = (
    r"(?:(?!(?:the|an?|this|that|its|their|of|on|in|for|to|by|with|and|or|but|which|who|at|from|"
    r"as|is|are|was|were|has|have|had|be|been|against|said|voted?|after|before|because|while|"
    r"about|over|adopted|approved|passed|rejected|defeated|carried|abstained)\b)[\w’'-]+\s+){0,5}?"
)
# What names one text among others: "4", "A/C.3/70", "B".
_LABEL = r"(?:\s+(?:[A-Z]{1,3}[/.-][\w./-]*\w|[A-Z]{0,3}\d[\w/-]*|(?-i:[A-Z])(?!\w)))?"
_TEXT_NAME = rf"(?P<name>{_INSIDE}{_NOUN}(?:\s+{_NOUN})?{_LABEL})(?![\w-])"
_PHRASE = re.compile(rf"\b{_DETERMINER}\s+{_TEXT_NAME}", re.IGNORECASE)
_BARE = re.compile(rf"\b{_TEXT_NAME}", re.IGNORECASE)
# The end of a vote on a text, in words that stand after or before it.
_DECIDED = (
    r"(?:adopted|approved|passed|carried|rejected|defeated|endorsed|lost|voted\s+down|turned\s+down|"
    r"thrown\s+out|agreed|accepted|retained|deleted|renewed|opposed|backed|supported|put\s+to\s+(?:a|the)\s+vote)"
)
_DECIDED_AFTER = re.compile(
    rf"(?:\s+(?:on|of|for|to|by|calling|concerning|about|entitled|titled|as|in)\b(?:[^.;:]|\.(?!\s)){{1,200}}?|"
    rf"\s*,[^.;:,]{{1,120}},|\s*\([^()]*\))?\s*,?\s+"
    rf"(?:(?:was|were|is|has\s+been|have\s+been)\s+(?:\w+ly\s+|then\s+|also\s+)?{_DECIDED}|"
    r"passed|carried|failed|fell|cleared|won|received|obtained)\b"
)
_DECIDED_BEFORE = re.compile(
    rf"\b(?:{_DECIDED}|adopting|approving|passing|rejecting|defeating|vot(?:e|ed|ing|es)\s+"
    r"(?:was\s+taken\s+|was\s+held\s+|results?\s+)?(?:on|in\s+favou?r\s+of|against|for)|"
    r"division\s+on|ballot\s+on|vote\s+of|(?:in\s+favou?r\s+of|against)(?=[^:]*:))\s*$",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"(?:^|[.;:]\s+)(?:on|in\s+the\s+vote\s+on|as\s+for|regarding)\s*$", re.IGNORECASE
)
# What may follow "against" where nothing is named: the vote is on what was named before.
_NOTHING = re.compile(
    r"\s*(?:$|[.,;:!()–—\"”]|(?:it|them|itself)\b|(?:and|but|while|whereas|as|because|since|saying|"
    r"with|in|at|after|before|during|when|by|to|despite|without|citing|again|too|also|together|"
    r"along|alongside|twice|today|yesterday|on\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"arguing|claiming|joined|followed|like|including|instead|alone|or|late|last|this\s+"
    r"(?:week|time|morning|afternoon|month|year))\b)",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\s*(?:on\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day\s+)?(?P<vote>(?:in|from)\s+(?:the|that|a)\s+(?:\w+\s+)?(?:vote|ballot|division)\s*)?on\s+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\s*(?:it|them)\b")


@dataclass(frozen=True, slots=True)
class Complement:
    """What a vote is said to be on: a text, or something else, or nothing that is named."""

    text: Mention | None
    is_other: bool = False


class VotedTexts:
    """The texts that one sentence names.

    Examples
    --------
    >>> text = "Citing the treaty, Peru voted against the revised motion on herring."
    >>> texts = VotedTexts(text)
    >>> texts.complement(text.index(" the revised")).text.name, texts.main.name
    ('revised motion', 'revised motion')
    """

    def __init__(self, text: str, actors: Sequence[Mention] = ()) -> None:
        self.text = text
        self._spans = [(actor.start, actor.end) for actor in actors]

    @property
    def main(self) -> Mention | None:
        """Return the text that the sentence says was put to the vote or decided."""
        for match in _PHRASE.finditer(self.text):
            before = self.text[max(0, match.start() - 40) : match.start()]
            if _DECIDED_BEFORE.search(before) or _OPENS.search(before):
                return self._mention(match)
            if _DECIDED_AFTER.match(self.text, match.end()):
                return self._mention(match)
        # Where a text opens the sentence, the sentence is about it.
        first = _PHRASE.match(self.text)
        bare = first or _BARE.match(self.text)
        if bare and (first or _DECIDED_AFTER.match(self.text, bare.end())):
            return self._mention(bare)
        return None

    def complement(self, position: int, *, of_abstention: bool = False) -> Complement:
        """Return what a vote is on whose words end at a position.

        Parameters
        ----------
        of_abstention
            Whether the text follows with "on", as in "abstained on the draft".
        """
        start = len(self.text) - len(self.text[position:].lstrip())
        in_vote = False
        if of_abstention:
            link = _ON.match(self.text, position)
            in_vote = bool(link and link["vote"])
            if not link or (not in_vote and self._names_nothing(position)):
                return Complement(None)
            start = link.end()
        for pattern in (_PHRASE, _BARE):
            if match := pattern.match(self.text, start):
                return Complement(self._mention(match))
        if not of_abstention and self._names_nothing(position):
            return Complement(self._last_before(position) if self._is_pronoun(position) else None)
        for issue in find_issues(self.text):
            between = self.text[start : issue.start]
            if (
                issue.start is not None
                and issue.start >= start
                and re.fullmatch(rf"(?:{_DETERMINER}\s+)?", between)
            ):
                return Complement(issue)
        return Complement(None, is_other=not in_vote)

    def named_again(self, target: Mention, position: int) -> Mention:
        """Return a text that other sentences name, where this one means it: "voted for, but found the text long".

        Examples
        --------
        >>> text = "Peru abstained but called the text long."
        >>> VotedTexts(text).named_again(Mention("oral motion"), 14)
        Mention(name='text', start=30, end=34, code=None)
        """
        noun = re.escape(target.name.rpartition(" ")[2])
        again = re.compile(
            rf"\bthe\s+(?P<name>text|draft|measure|{noun})(?!['’]|[\s-]+[\w-]*{_NOUN}\b)\b"
        )
        match = None if target.located else again.search(self.text, position)
        return self._mention(match) if match else target

    def _is_pronoun(self, position: int) -> bool:
        return bool(_PRONOUN.match(self.text, position))

    def _last_before(self, position: int) -> Mention | None:
        """Return the text that "it" means: the last one that the sentence names before it."""
        last = None
        for match in _PHRASE.finditer(self.text, 0, position):
            last = self._mention(match)
        return last

    def _names_nothing(self, position: int) -> bool:
        return bool(_NOTHING.match(self.text, position))

    def _mention(self, match: re.Match[str]) -> Mention:
        return Mention(match["name"], *match.span("name"))
