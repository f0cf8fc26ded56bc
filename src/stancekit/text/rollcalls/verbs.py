"""Read votes that a sentence tells with a verb: "Peru and Chile voted against the draft"."""

import re
from collections.abc import Iterator, Sequence

from stancekit.text.rollcalls.forms import (
    APPOSITION,
    DOUBT,
    EARLIER,
    EXCEPTED,
    EXTRA,
    GAP,
    HARDLY_ANY,
    HEARSAY,
    IN_PLACE,
    INCLUDING,
    JOINING,
    LEFT,
    LEFT_OF_PARTICIPLE,
    LIST_END,
    LISTS_OTHERS,
    NO_OPENING,
    OPENING,
    QUOTED,
    SUPPOSED,
    UNDECIDED,
    VERB,
    VOTING,
)
from stancekit.text.rollcalls.names import ListedName, NameFinder, as_words
from stancekit.text.rollcalls.texts import VotedTexts
from stancekit.text.targets import find_texts
from stancekit.types import Mention

# An actor, the side it takes, and the text it is on.
CastVote = tuple[Mention, str, Mention]
_SIDES = {
    **dict.fromkeys(("yes", "adopt", "cast_yes", "cast_for", "only_yes", "short_yes"), "yes"),
    **dict.fromkeys(("no", "reject", "down", "cast_no", "cast_against", "cast_veto"), "no"),
    **dict.fromkeys(("veto", "dissented", "only_no", "short_no"), "no"),
    **dict.fromkeys(("abstain", "abstained", "refrained", "only_abstain"), "abstain"),
    **dict.fromkeys(("away", "missing"), "absent"),
}
_PARTICIPLES = ("voting", "abstaining", "not voting", "not participating", "absent", "dissenting")
# Verbs after which the text follows directly; after the others it follows with "on".
_WITH_OBJECT = as_words(
    "adopt reject down cast_veto veto cast_for cast_against yes no only_yes only_no"
)
# Sides that are said like "voted no on the draft".
_OWN_WORD = re.compile(
    r"(?:yes|yea|aye|no|nay|affirmatively|negatively|affirmative|negative)$", re.I
)
# "drew abstentions from A and B", "abstentions by allies such as A and B"
_ABSTENTIONS = re.compile(
    r"\babstentions?\s+(?:from|by)\s+(?:[^,;:.()]{0,60}?\b(?:such\s+as|including|like)\s+)?",
    re.IGNORECASE,
)
_NO_ABSTENTIONS = re.compile(
    r"\b(?:no|without|not|never|avoid\w*|fear\w*|expect\w*|hop\w+|risk\w*|if|would|could|might|may|will)\b[^,;:.]*$",
    re.IGNORECASE,
)
# Who speaks of its own vote: "the representative of Peru said her delegation had abstained".
_OWN_VOTE = re.compile(
    r"\s+(?:said|explained|stated|added|noted)\s+(?:that\s+)?(?:his|her|its|their)\s+"
    r"(?:delegation|country|government)\s+(?:had\s+|has\s+)?$",
    re.IGNORECASE,
)
# Characters before a list that decide how its clause starts, and that an apposition may have.
_LEFT_REACH = 60
_APPOSITION_REACH = 160


def read_verbs(
    names: NameFinder,
    texts: VotedTexts,
    main: Mention | None,
    *,
    given: Mention | None,
    last: tuple[str, Mention] | None,
) -> list[CastVote]:
    """Return the votes that the verbs of a sentence tell.

    Parameters
    ----------
    main
        The text that the sentence says was voted on.
    given
        What votes are on where the sentence names nothing.
    last
        The side and the text of the last vote of the sentences before.

    Examples
    --------
    >>> text = "Peru voted against the draft, joined by Chile, and Togo abstained."
    >>> names = NameFinder(text, [])
    >>> votes = read_verbs(names, VotedTexts(text), None, given=None, last=None)
    >>> [(actor.name, side, target.name) for actor, side, target in votes]
    [('Peru', 'no', 'draft'), ('Chile', 'no', 'draft'), ('Togo', 'abstain', 'draft')]
    """
    reader = _VerbReader(names, texts, main or given, last)
    reader.named = main
    return list(reader.read())


class _VerbReader:
    """Reads the verbs of one sentence from left to right."""

    def __init__(
        self,
        names: NameFinder,
        texts: VotedTexts,
        target: Mention | None,
        last: tuple[str, Mention] | None,
    ) -> None:
        self.names = names
        self.text = names.text
        self.texts = texts
        self.target = target
        self.named: Mention | None = None
        self.last = last
        self.has_verb = False

    def read(self) -> Iterator[CastVote]:
        """Yield the votes."""
        quotes = [match.span() for match in QUOTED.finditer(self.text)]
        hearsay = HEARSAY.search(self.text)
        for match in VERB.finditer(self.text):
            kind = match.lastgroup or ""
            if hearsay and not self._own_voter(match):
                continue
            if any(start <= match.start() < end for start, end in quotes):
                continue
            if kind.startswith("short") and not self.has_verb:
                continue
            if SUPPOSED.search(self.text, 0, match.start()):
                return
            yield from self._read_verb(match, kind)
            self.has_verb = True
        if not hearsay:
            yield from self._read_abstentions(quotes)

    def _read_abstentions(self, quotes: Sequence[tuple[int, int]]) -> Iterator[CastVote]:
        """Yield the votes of "the draft drew abstentions from A and B"."""
        for match in _ABSTENTIONS.finditer(self.text):
            if any(start <= match.start() < end for start, end in quotes):
                continue
            target = next(iter(find_texts(self.text[: match.start()])[-1:]), self.target)
            if target is None or _NO_ABSTENTIONS.search(self.text, 0, match.start()):
                continue
            for voter in self.names.after(match.end()):
                if voter.actor and not voter.counted:
                    yield voter.actor, "abstain", target

    def _read_verb(self, match: re.Match[str], kind: str) -> Iterator[CastVote]:
        side = _SIDES.get(kind, "")
        if UNDECIDED.match(self.text, match.end()) or " not to " in match[0]:
            return
        if kind == "same" and self.last:
            side, self.target = self.last
        if kind == "missing" and not (self.last or VOTING.search(self.text)):
            return
        voters = self._own_voter(match) or self._voters(match)
        target, end = self._target_of(match, kind)
        if target is None or not side:
            return
        if target is not self.named and EARLIER.search(self.text):
            return
        target = self.texts.named_again(target, end)
        if voters:
            voters = [*voters, *self._joined_by(end)]
            self.last = side, target
        for voter in voters:
            # A number before a name in running text means a part of them.
            if voter.actor and not voter.counted:
                yield voter.actor, side, target

    def _target_of(self, match: re.Match[str], kind: str) -> tuple[Mention | None, int]:
        """Return what a vote is on, and where the words of the vote end."""
        end = match.end()
        direct = kind in _WITH_OBJECT and not _OWN_WORD.search(match[0])
        if direct and match[0].lower().endswith(("favour", "favor")):
            link = re.match(r"\s+of\b", self.text[end:])
            direct = bool(link)
            end += len(link[0]) if link else 0
        elif not direct and (link := re.match(r"\s+to(?=\s+(?:the|an?|its?)\s)", self.text[end:])):
            # "voted no to the treaty"
            direct = True
            end += len(link[0])
        if kind == "same" or kind.startswith("short"):
            return self.target, end
        complement = self.texts.complement(end, of_abstention=not direct)
        if complement.is_other:
            return None, end
        if complement.text:
            self.named = self.target = complement.text
        return self.target, end

    def _own_voter(self, match: re.Match[str]) -> list[ListedName]:
        """Return who says how its own delegation voted."""
        start = match.start()
        own = _OWN_VOTE.search(self.text, max(0, start - _LEFT_REACH), start)
        return self.names.before(own.start())[-1:] if own else []

    def _voters(self, match: re.Match[str]) -> list[ListedName]:
        """Return who votes: the names before the verb, if its clause starts with them."""
        start, verb = match.start(), match[0].split(maxsplit=1)[0].lower()
        participle = match[0].lower().startswith(_PARTICIPLES)
        trimmed, gap = self._trim(start)
        voters = self.names.before(trimmed)
        if participle and re.search(r"\sin\s*$", self.text[:start]):
            return self._joining(start)
        if not voters and self.text[:trimmed].endswith(","):
            return self._beside_apposition(trimmed - 1)
        if voters and verb in ("vote", "abstain") and len(voters) < 2 and not gap["relative"]:
            return []
        if len(voters) > 1 and IN_PLACE.search(self.text[: voters[0].start]):
            # "In the Council, Peru voted against"
            between = self.text[voters[0].end : voters[1].start].strip()
            voters = voters[1:] if between == "," else []
            return voters
        if self._opens_clause(voters, participle=participle):
            return voters
        return voters[1:] if self._starts_clause(voters) else []

    def _starts_clause(self, voters: Sequence[ListedName]) -> bool:
        """Say whether the second of two names starts a clause: "drafted by A, and B abstained"."""
        if len(voters) != 2:
            return False
        between = self.text[voters[0].end : voters[1].start].split()
        return between[:2] == [",", "and"]

    def _trim(self, end: int) -> tuple[int, re.Match[str]]:
        """Return the end of what stands before the adverbs of a verb, and these."""
        # The adverbs are few; the first place from which they reach the verb is where they start.
        for name_end in reversed(self.names.ends_before(end)):
            if end - name_end > _LEFT_REACH:
                break
            if gap := GAP.fullmatch(self.text, name_end, end):
                return name_end, gap
        start = end
        for comma in _positions(self.text, ",", max(0, end - _LEFT_REACH), end):
            if GAP.fullmatch(self.text, comma + 1, end):
                start = comma + 1
                break
        gap = GAP.match("")
        assert gap is not None  # noqa: S101
        return start, gap

    def _opens_clause(self, voters: Sequence[ListedName], *, participle: bool = False) -> bool:
        if not voters or not voters[0].actor:
            return False
        first = voters[0].start
        before = self.text[max(0, first - _LEFT_REACH) : first]
        if EXCEPTED.search(before):
            return False
        if DOUBT.search(re.split(r"[,;:]|\b(?:and|but|while|whereas)\b", before)[-1]):
            return False
        if (LEFT_OF_PARTICIPLE if participle else LEFT).search(before):
            return not re.search(r"\bneither\b[^,;]*$", before, re.IGNORECASE)
        opening = OPENING.search(re.split(r"[;:]", self.text[:first])[-1].lstrip())
        return bool(opening) and not NO_OPENING.search(before)

    def _joining(self, start: int) -> list[ListedName]:
        """Return both sides of "A joined B and C in abstaining"."""
        others = self.names.before(len(self.text[:start].rstrip()) - len("in"))
        if not others:
            return []
        joined = JOINING.search(self.text[: others[0].start])
        if not joined:
            return []
        trimmed, _ = self._trim(joined.start())
        voters = self.names.before(trimmed)
        return [*voters, *others] if self._opens_clause(voters) else []

    def _beside_apposition(self, end: int) -> list[ListedName]:
        """Return the voters of "Ten members, including A and B, voted" and "A, an ally of B, voted"."""
        commas = list(_positions(self.text, ",", max(0, end - _APPOSITION_REACH), end))
        for comma in commas:
            if including := INCLUDING.match(self.text, comma + 1):
                few = HARDLY_ANY.search(re.split(r"[.;:]", self.text[:comma])[-1])
                return [] if few else self.names.after(including.end())
            voters = self.names.before(comma)
            if others := LISTS_OTHERS.match(self.text, comma + 1):
                voters = [*voters, *self.names.after(others.end())] if voters else []
            elif not APPOSITION.match(self.text, comma + 1):
                continue
            if voters and self._opens_clause(voters):
                return voters
        return self.names.before(end) if self._opens_clause(self.names.before(end)) else []

    def _joined_by(self, end: int) -> list[ListedName]:
        """Return the names of "..., joined by B and C"."""
        extra = EXTRA.match(self.text, end)
        if not extra or VERB.search(extra["between"]):
            return []
        others = self.names.after(extra.end())
        if not others or LIST_END.match(self.text, others[-1].end):
            return others
        if self._starts_clause(others):
            return others[:1]
        # After "as did" no verb follows.
        return others if "did" in extra["link"] else []


def _positions(text: str, sign: str, start: int, end: int) -> Iterator[int]:
    """Yield where a sign stands between two places, the last first."""
    while (end := text.rfind(sign, start, end)) >= 0:
        yield end
