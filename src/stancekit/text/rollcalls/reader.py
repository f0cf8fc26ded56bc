"""Read recorded votes: who voted how on which text.

Only forms that leave no doubt are read: lists of names with a heading or a count, and sentences
that say in so many words that somebody voted. What is intended, denied, asked, supposed or told
by others is left to models.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stancekit.text.rollcalls.forms import (
    BARE_SIDE,
    BULLET,
    COUNTED,
    DOUBT,
    EARLIER,
    HEADING,
    HEARSAY,
    HINT,
    LIST_END,
    NOBODY,
    ROW,
    SUPPOSED,
    VOTING,
    find_side,
)
from stancekit.text.rollcalls.names import ListedName, NameFinder
from stancekit.text.rollcalls.texts import VotedTexts
from stancekit.text.rollcalls.verbs import read_verbs
from stancekit.types import Mention

# Sentences after a vote in which "followed suit" and "was absent" still mean it.
_STILL_MEANT = 2
# Words in a line of a list; a longer one is a sentence.
_LONGEST_LINE = 8
# A list with as many states and nobody else goes on with states alone.
_STATES_ONLY = 2


@dataclass(frozen=True, slots=True)
class Vote:
    """A recorded vote: the actor, the side (`yes`, `no`, `abstain`, `absent`), the text voted on."""

    actor: Mention
    side: str
    target: Mention


def read_roll_calls(
    sentences: Sequence[str],
    actors: Sequence[Sequence[Mention]],
    texts: Sequence[Mention | None],
) -> list[list[Vote]]:
    """Return the recorded votes of each sentence of an article.

    Parameters
    ----------
    sentences
        The sentences in clean form, in the order of the article.
    actors
        The actors of each sentence, with offsets in it.
    texts
        What a vote in each sentence is on where the sentence names no text itself; `None` where
        there is none, and then a sentence that names none has no votes.

    Notes
    -----
    The target is the text that the sentence says was voted on, without its article, or else that
    of `texts`. Names in a list that are not among the actors become actors. An actor that a
    sentence has on two sides of one text has no vote there.

    Examples
    --------
    >>> draft = Mention("draft resolution")
    >>> sentences = ["Voting in favour: Peru, Chile.", "Against: Micronesia (Federated States of)."]
    >>> for votes in read_roll_calls(sentences, [[], []], [draft, draft]):
    ...     print([(vote.actor.name, vote.side, vote.target.name) for vote in votes])
    [('Peru', 'yes', 'draft resolution'), ('Chile', 'yes', 'draft resolution')]
    [('Micronesia', 'no', 'draft resolution')]
    """
    reader = _RollCallReader()
    return [reader.read(*row) for row in zip(sentences, actors, texts, strict=True)]


@dataclass(slots=True)
class _OpenList:
    """A heading whose names follow in the next sentences.

    `most` is how many the heading says there are, and 0 where it does not.
    """

    side: str
    target: Mention | None
    most: int = 0
    names: list[ListedName] = field(default_factory=list)

    def takes(self, names: Sequence[ListedName]) -> bool:
        """Say whether names of a line belong to the list."""
        if self.most and len(self.names) + len(names) > self.most:
            return False
        only_states = len(self.names) >= _STATES_ONLY and all(name.known for name in self.names)
        return not only_states or all(name.known for name in names)


class _RollCallReader:
    """Reads the sentences of one article in order, and keeps what the next ones refer to."""

    def __init__(self) -> None:
        self.open: _OpenList | None = None
        self.last: tuple[str, Mention] | None = None
        self.age = 0

    def read(self, text: str, actors: Sequence[Mention], given: Mention | None) -> list[Vote]:
        """Return the votes of one sentence."""
        if self.open is None and not HINT.search(text):
            self.age += 1
            return []
        names, own = NameFinder(text, actors), VotedTexts(text)
        votes = self._read_headings(names, own, given)
        if votes is None:
            votes = self._read_line(names, given)
        if votes is None:
            self.open = None
            main = own.main
            votes = self._read_rows(names, main or given)
            votes += self._read_counted(names, main or given)
            last = self.last if self._is_voting() else None
            for actor, side, target in read_verbs(names, own, main, given=given, last=last):
                votes.append(Vote(actor, side, target))
        votes = _drop_contradictions(votes)
        self.age += 1
        if votes:
            self.last, self.age = (votes[-1].side, _without_span(votes[-1].target)), 0
        return votes

    def _is_voting(self) -> bool:
        """Say whether one of the sentences just before has a vote."""
        return self.last is not None and self.age <= _STILL_MEANT

    def _read_headings(
        self, names: NameFinder, own: VotedTexts, given: Mention | None
    ) -> list[Vote] | None:
        """Read "Voting in favour: ..." and its like; `None` where the sentence has no heading."""
        text = names.text
        headings = _find_headings(text)
        if not headings or (not self._is_voting() and _lists_presence(headings)):
            return None
        target = own.main or (self.open.target if self.open else None) or given
        votes: list[Vote] = []
        found = False
        self.open = None
        for heading, after in zip(headings, [*headings[1:], None], strict=True):
            end = after.start() if after else len(text)
            side, listed = find_side(heading["side"]), names.after(_skip_bracket(text, heading))
            listed = [name for name in listed if name.start < end]
            rest = text[heading.end() : end].strip(" .:")
            most = re.search(r"\d+", heading["count"] or "")
            count = int(most[0]) if most else 0
            if not rest and not after:
                self.open = _OpenList(side, target and _without_span(target), count)
                found = True
            elif listed and (
                LIST_END.match(text, listed[-1].end) or not text[listed[-1].end : end].strip()
            ):
                found = True
                votes += _make_votes(listed, side, target)
                self.open = _OpenList(side, target and _without_span(target), count, listed)
            found = found or not rest or bool(NOBODY.fullmatch(rest)) or rest.isdigit()
        if _is_doubtful(text, headings[0].start()):
            return []
        return votes if found else None

    def _read_line(self, names: NameFinder, given: Mention | None) -> list[Vote] | None:
        """Read a line of names under a heading; `None` where there is no heading or other text."""
        bullet = BULLET.match(names.text)
        start = bullet.end() if bullet else 0
        if self.open is None:
            return None
        if NOBODY.fullmatch(names.text):
            return []
        listed = names.after(start)
        if not listed or names.text[listed[-1].end :].strip(" .,;") not in ("", "and"):
            return None
        longest = max(len(names.text[name.start : name.end].split()) for name in listed)
        if longest > _LONGEST_LINE or not self.open.takes(listed):
            return None
        self.open.names += listed
        return _make_votes(listed, self.open.side, self.open.target or given)

    def _read_rows(self, names: NameFinder, target: Mention | None) -> list[Vote]:
        """Read "Argentina: yes", and "Roll call: Ms Aye, yes; Mr Bee, no"."""
        text = names.text
        if not names.names or target is None:
            return []
        position = names.names[0].start
        bullet = BULLET.match(text)
        leads = text[:position].rstrip(" ").endswith(":") and VOTING.search(text[:position])
        if not leads and position != (bullet.end() if bullet else 0):
            return []
        votes, separated = [], bool(leads)
        for name in names.names:
            row = ROW.match(text, name.end)
            if not row or text[position : name.start].strip(" ,;."):
                return []
            votes += _make_votes([name], find_side(row["side"]), target)
            separated = separated or bool(row["sign"])
            position = row.end()
        if text[position:].strip(" .;,|"):
            return []
        is_table = not text.rstrip().endswith(".")
        return votes if separated or len(names.names) > 1 or is_table else []

    def _read_counted(self, names: NameFinder, target: Mention | None) -> list[Vote]:
        """Read "by 140 votes to 5 against (A, B, C), with 3 abstentions (D, E, F)"."""
        text, votes = names.text, list[Vote]()
        for match in COUNTED.finditer(text):
            side = _side_of_count(match)
            listed = names.after(match.end()) if side else []
            if not listed or _is_doubtful(text, match.start()):
                continue
            if LIST_END.match(text, listed[-1].end):
                votes += _make_votes(listed, side, target)
        return votes


def _find_headings(text: str) -> list[re.Match[str]]:
    """Return the headings of lists in a sentence; those inside need a sign that they are some."""
    found: list[re.Match[str]] = []
    bullet = BULLET.match(text)
    start = bullet.end() if bullet else 0
    for match in HEADING.finditer(text):
        opens = match.start() == start
        votes = "vot" in match["lead"].lower() or "those" in match["lead"].lower()
        end = match["end"].strip().lower()
        if end in (":", "–", "—", "-"):
            sure = opens or found or votes or match[0][0].isupper()
        elif end == ",":
            # "Roll call: Ayes, Abel, Lind; Noes, Finch."
            sure = opens or found or text[: match.start()].rstrip().endswith(":")
        elif end:
            sure = votes or (opens and not BARE_SIDE.fullmatch(match["side"]))
        else:
            sure = opens and (match.end() == len(text) or bool(match["count"]))
        if sure:
            found.append(match)
    return found


def _lists_presence(headings: Sequence[re.Match[str]]) -> bool:
    """Say whether headings may tell who came to a meeting: "Absent: Mr Frost"."""
    spoken = [heading["side"].lower() for heading in headings]
    return all(find_side(side) == "absent" and "vot" not in side for side in spoken)


def _skip_bracket(text: str, heading: re.Match[str]) -> int:
    return heading.end() + text.startswith("(", heading.end())


def _side_of_count(match: re.Match[str]) -> str:
    """Return the side of those whose names follow a count, empty where that is not clear."""
    if match["noun"]:
        return "abstain" if match["noun"].lower().startswith("abst") else "no"
    if match["bare"]:
        side = find_side(match["bare"])
        before = match.string[: match.start()].rstrip(" ,;")
        sure = match["cast"] or not before or before.endswith(")")
        return side if sure or side in ("abstain", "absent") else ""
    if (match["voters"] or "").lower().startswith("abst"):
        return "abstain"
    if match["side"]:
        return find_side(match["side"])
    link = (match["link"] or "").lower()
    if link == "to" and match["open"] == "(":
        return "no"
    # "by 140 votes (A, B) to 5": the first number is that of those in favour.
    closing = re.compile(r"[^)]*(?:\([^)]*\)[^)]*)*\)\s*to\s+\w")
    first = link in ("by", "of") and closing.match(match.string, match.end())
    return "yes" if first else ""


def _is_doubtful(text: str, end: int) -> bool:
    """Say whether what stands before a list makes it a supposition."""
    return bool(
        SUPPOSED.search(text, 0, end)
        or DOUBT.search(text, 0, end)
        or HEARSAY.search(text)
        or EARLIER.search(text, 0, end)
    )


def _make_votes(names: Sequence[ListedName], side: str, target: Mention | None) -> list[Vote]:
    if target is None or not side:
        return []
    return [Vote(name.actor, side, target) for name in names if name.actor]


def _without_span(target: Mention) -> Mention:
    """Return a text as other sentences refer to it."""
    return replace(target, start=None, end=None)


def _drop_contradictions(votes: Sequence[Vote]) -> list[Vote]:
    """Keep the first vote of each actor on each text, and none where they differ."""
    sides: dict[tuple[str, str], set[str]] = {}
    for vote in votes:
        sides.setdefault(_key(vote), set()).add(vote.side)
    first: dict[tuple[str, str], Vote] = {}
    for vote in votes:
        if len(sides[_key(vote)]) == 1 and vote.actor.name != vote.target.name:
            first.setdefault(_key(vote), vote)
    return list(first.values())


def _key(vote: Vote) -> tuple[str, str]:
    return vote.actor.name, vote.target.name.casefold()
