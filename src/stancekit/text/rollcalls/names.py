"""Find the names in a sentence that records votes: who stands in a list, and where it ends."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from stancekit.text.gazetteer import Gazetteer, GazetteerEntry, load_gazetteer
from stancekit.text.rollcalls.forms import NUMBER
from stancekit.types import Mention

_WORD = re.compile(
    r"(?:[^\W\d_]\.)+(?!\w)|"
    r"(?:St|Mrs?|Ms|Mx|Dr|Cllrs?|Sen|Rep|Hon|Amb|Prof|Gov|Ald|Jr|Sr|Comm)\.|"
    r"[^\W\d_](?:[\w'’-]*\w)?"
)


def as_words(text: str) -> frozenset[str]:
    """Return the words of a text, as lists of them are written in this folder.

    Examples
    --------
    >>> sorted(as_words("of the"))
    ['of', 'the']
    """
    return frozenset(text.split())


_TITLES = as_words("""
    mr mrs ms mx miss dr prof professor cllr cllrs councillor councillors councilor
    councilors councilmember councilman councilwoman sen senator senators rep representative
    representatives deputy deputies ambassador ambassadors amb minister ministers lord lady
    baroness sir dame alderman alderwoman aldermen ald commissioner commissioners comm mayor
    vice vice-mayor member members mp mps mep meps hon honourable president chair chairman
    chairwoman chairperson vice-chair trustee trustees director supervisor supervisors gov
    governor delegate delegates messrs councilmembers councilmen councilpersons prime leader
    premier chancellor secretary speaker congressman congresswoman assemblyman
    assemblymember
""")
# Words with a capital that are no names, and with which none begins.
_NO_NAMES = as_words("""
    whoever whatever everyone everybody someone somebody anyone anybody everything
    a an the this that these those all both each every some many most several few other
    others another any no none nil nobody neither nor either only even just also not never
    nothing i we you he she it they who whom whose which what when where why how if unless
    whether and or but yet so as while whereas though although because since until before
    after during in on at by for from with without within under over of to into upon against
    between among despite unlike like except besides instead however meanwhile moreover
    still then there here now today yesterday tomorrow later earlier finally again once one
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty hundred monday
    tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december last next first second third vote votes
    voted voting voters favour favor yes yea yeas aye ayes nay nays noes nos abstain
    abstained abstaining abstention abstentions absent opposed total result results recorded
    roll call division item agenda motion motions resolution resolutions amendment
    amendments draft bill text measure proposal statement statements explanation
    explanations decision minutes meeting adopted carried rejected passed defeated lost
    adjourned adjournment background annex note see chapter article paragraph section page
    present excused countries states delegations delegates members representatives parties
    speaking should had would could will might did does do has have is was were are let
    being having
""")
# Small words inside of names.
_LINKS = as_words("of the de da do dos del la las los van von der den ten al el bin ibn e y for")
_GROUP = (
    r"(?:members?|MPs|MEPs|MSPs|TDs|deput(?:y|ies)|senators?|councill?ors?|representatives|"
    r"delegates|lawmakers|legislators|parliamentarians|backbenchers|ministers|seats|votes|"
    r"countries|states|nations|delegations|governments|parties|others|people|voters|residents|"
    r"officials|commissioners|trustees|directors|peers|minority|majority|rest|allies|supporters|critics|opponents)"
)
_GROUP_WORD = re.compile(_GROUP, re.IGNORECASE)
# What may stand before a name and belongs to it. The first kind leaves the name as it is; with
# the second, all of a party are meant; with the third, only some.
_SPEAKS_FOR = (
    r"(?:the\s+)?(?:(?:permanent|deputy|acting)\s+)*(?:representatives?|delegates?|delegations?|"
    r"ambassadors?|envoys?|governments?|missions?)\s+(?:of|for|from)\s+(?:the\s+)?"
)
_ALL_OF = (
    rf"(?:all|the|its|their|both|every)\s+(?:of\s+the\s+)?(?:{NUMBER}\s+)?{_GROUP}\s+"
    rf"(?:of|from)\s+(?:the\s+)?|(?:all|both)\s+(?:of\s+)?(?:the\s+)?(?:{NUMBER}\s+)?|"
    rf"the\s+{NUMBER}\s+|the\s+(?:entire|whole)\s+"
)
_SOME_OF = (
    rf"(?:(?:{NUMBER}|some|most|many|several|few|half|other|another|rebel|dissident|former|"
    rf"majority|minority|part|one)\s+)+(?:(?:of|from)\s+)?(?:the\s+|its\s+)?(?:{_GROUP}\s+(?:of|from)\s+)?"
    rf"(?:the\s+)?|{_GROUP}\s+(?:of|from)\s+(?:the\s+)?"
)
_BEFORE = re.compile(
    rf"(?<![\w-])(?:(?P<speaks>{_SPEAKS_FOR})|(?P<whole>{_ALL_OF})|(?P<part>{_SOME_OF}))$",
    re.IGNORECASE,
)
# More than the longest of these phrases has.
_REACH = 60
_THE_BEFORE = re.compile(r"(?<![\w-])(?:the|both)\s+$", re.IGNORECASE)
_AFTER_GROUP = re.compile(
    rf"(?:['’]s?)?\s+(?:{NUMBER}\s+)?(?!(?:votes|states|people|others)\b)(?:{_GROUP}|group|bloc|"
    r"caucus)\b"
)
_AFTER_OFFICE = re.compile(
    r"(?:['’]s?)?\s+(?:(?:permanent|deputy|acting)\s+)?(?:delegate|representative|ambassador|envoy|"
    r"delegation|government|mission)\b"
)
# Those who speak for somebody are not actors beside it: "the delegates of Peru".
_SPEAKERS = re.compile(
    rf"(?:representatives?|delegates?|delegations?|ambassadors?|envoys?|governments?|missions?|"
    rf"{_GROUP})(?=\s+(?:of|for|from)\s)",
    re.IGNORECASE,
)
_GLOSS = re.compile(r"\s*\((?P<gloss>[A-Z\d][^()]{0,60}|the\s[A-Z][^()]{0,50})\)")
_COUNT = re.compile(r"\s*[:=–-]?\s*\d{1,3}(?=\s*(?:[,.;)]|and\b|$))")
_FOOTNOTE = re.compile(r"[*†‡§¹²³⁰-⁹]+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.\s?)+|[A-Z]{1,2}")
_GENERIC = re.compile(rf"(?:[Tt]he\s+)?(?:[\w-]+\s+)*?{_GROUP}")
# What a name may have after a genitive, as in "Workers' Party".
_PARTY = re.compile(
    r"['’]?\s(?:Part(?:y|ies)|List|Union|Alliance|Front|League|Movement|Association|Council|"
    r"Federation|Group|Forum|Democratic|Republic|Rights)\b"
)
_JOIN = re.compile(
    r"\s*(?:[,;/&]|(?:[,;]\s*)?(?:and|as well as|plus|along with|together with)\b)\s*",
    re.IGNORECASE,
)
# In lists, this short name is the one that the United Nations give to another state.
_SHORT_IN_LISTS = {"Congo": "COG"}


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name in a sentence, with the words that belong to it, as in "the delegate of Peru".

    Attributes
    ----------
    start, end
        Offsets of the whole phrase.
    actor
        Who is named; `None` where it is nobody that can be told, as in "two Greens".
    known
        Whether it is an actor that was found before, or a name of the gazetteer.
    counted
        Whether a number stands before it, as in "22 Liberals"; then `actor` is who the list
        names, and in running text only a part of them.
    """

    start: int
    end: int
    actor: Mention | None
    known: bool
    counted: bool = False


class NameFinder:
    """The names of one sentence, from left to right, and the lists that they form.

    Examples
    --------
    >>> text = "Peru, Micronesia (Federated States of) and Mr Aye abstained."
    >>> names = NameFinder(text, [Mention("Peru", 0, 4, "PER")])
    >>> [name.actor.name for name in names.before(text.index("abstained"))]
    ['Peru', 'Micronesia', 'Aye']
    """

    def __init__(self, text: str, actors: Sequence[Mention]) -> None:
        self.text = text
        self.actors = {actor.name: actor for actor in reversed(actors)}
        self._located = sorted(
            (actor.start, actor.end, actor)
            for actor in actors
            if actor.start is not None
            and actor.end is not None
            and not _is_other_part(text, actor.start, actor.end)
        )
        self.names = list(self._find())
        self._starts = [name.start for name in self.names]
        self._ends = [name.end for name in self.names]

    def before(self, position: int) -> list[ListedName]:
        """Return the names of the list that ends at a position, but for blanks."""
        end = len(self.text[:position].rstrip())
        index = bisect_left(self._ends, end)
        if index == len(self.names) or self._ends[index] != end:
            return []
        first = index
        while first and _JOIN.fullmatch(self.text, self._ends[first - 1], self._starts[first]):
            first -= 1
        return self.names[first : index + 1]

    def after(self, position: int) -> list[ListedName]:
        """Return the names of the list that starts at a position, but for blanks."""
        index = bisect_left(self._starts, position)
        if index == len(self.names) or self.text[position : self._starts[index]].strip(" \"'“"):
            return []
        last = index
        while last + 1 < len(self.names) and _JOIN.fullmatch(
            self.text, self._ends[last], self._starts[last + 1]
        ):
            last += 1
        return self.names[index : last + 1]

    def ends_before(self, position: int) -> list[int]:
        """Return where the two last names before a position end."""
        index = bisect_right(self._ends, position)
        return self._ends[max(0, index - 2) : index]

    def _find(self) -> Iterator[ListedName]:
        """Yield the names; of known names with an "and" inside, the whole."""
        position = 0
        actors = iter(self._spans())
        span = next(actors, None)
        while match := _WORD.search(self.text, position):
            while span and span[1] <= match.start():
                span = next(actors, None)
            start, end = match.span()
            if span and span[0] <= start:
                start, end = span[0], max(end, span[1])
            elif not _is_name_word(match[0]):
                position = match.end()
                continue
            name = self._read_name(start, self._extend(start, end))
            if name:
                yield name
                position = name.end
            else:
                position = end

    def _spans(self) -> list[tuple[int, int]]:
        """Return where actors stand, and names with "and" that none of them covers."""
        spans = [(start, end) for start, end, _ in self._located]
        for match in _joined_names().finditer(self.text):
            index = bisect_left(spans, (match.end(), 0))
            if not index or spans[index - 1][1] <= match.start():
                spans.insert(index, match.span())
            elif spans[index - 1][0] >= match.start():
                spans[index - 1] = match.span()
        return spans

    def _extend(self, start: int, end: int) -> int:
        """Return where a run of capitalised words ends, "of" and its like inside included."""
        while True:
            if self._is_genitive(start, end):
                if not _PARTY.match(self.text, end):
                    return end
                end += self.text[end] != " "
            position, linked = end, False
            while match := _WORD.match(self.text, position + 1):
                if self.text[position] != " ":
                    return end
                if match[0] not in _LINKS:
                    break
                position, linked = match.end(), True
            if not match:
                return end
            # "Mr May", "Ms Day"
            titled = not linked and _ends_in_title(self.text[start:end], match[0])
            if not titled and not _continues_name(match[0], linked=linked):
                return end
            end = match.end()

    def _is_genitive(self, start: int, end: int) -> bool:
        """Say whether a run of words ends in a genitive: "Peru's", "Workers'"."""
        spelled = self.text[start:end]
        return spelled.endswith(("'s", "’s")) or (
            spelled.endswith("s") and self.text[end : end + 1] in ("'", "’")
        )

    def _read_name(self, start: int, end: int) -> ListedName | None:
        core = self._skip_titles(start, end)
        if core >= end:
            return None
        office = _AFTER_OFFICE.match(self.text, end)
        group = _AFTER_GROUP.match(self.text, end)
        genitive = self._is_genitive(core, end) or self.text.startswith(("'s", "’s"), end)
        if genitive and not (office or group):
            return None
        gloss = _GLOSS.match(self.text, end)
        ends_in_s = self.text[core:end].endswith(("'s", "’s"))
        actor, known = self._resolve(core, end - 2 * ends_in_s, gloss["gloss"] if gloss else "")
        if after := gloss or office or group:
            end = after.end()
        for pattern in (_COUNT, _FOOTNOTE):
            if sign := pattern.match(self.text, end):
                end = sign.end()
        entry = load_gazetteer().look_up(self.text[core:end])
        if entry and entry.kind in ("people", "demonym") and not (office or group):
            return ListedName(start, end, None, known=True)
        # "Adams, Ms J.": the name stands before it.
        if _INITIALS.fullmatch(actor.name) and not actor.code:
            return ListedName(start, end, None, known=False)
        grouped = group is not None and office is None
        return self._with_words_before(start, end, actor, known, grouped=grouped)

    def _skip_titles(self, start: int, end: int) -> int:
        """Return where a name starts behind the titles of its bearer."""
        while match := _WORD.match(self.text, start, end):
            if match[0].lower().rstrip(".") not in _TITLES or self._is_actor(start):
                break
            start = match.end() + 1
        return start

    def _with_words_before(
        self, start: int, end: int, actor: Mention, known: bool, *, grouped: bool
    ) -> ListedName:
        """Add the words before a name that belong to it, and say whether they mean all of it."""
        before = _BEFORE.search(self.text[max(0, start - _REACH) : start])
        spelled = self.text[start:end]
        if " " not in spelled and not known:
            spelled = spelled.lower()
        generic = bool(_GENERIC.fullmatch(spelled)) or grouped
        if not before:
            article = _THE_BEFORE.search(self.text[max(0, start - 10) : start])
            first = start - (len(article[0]) if article else 0)
            return ListedName(first, end, None if generic else actor, known)
        first = start - len(before[0])
        partial = bool(before["part"]) or (generic and not before["whole"])
        counted = bool(re.fullmatch(rf"{NUMBER}\s+", before[0], re.IGNORECASE))
        # "55 Peru: 12" is a table of something else.
        is_table = counted and self.text[end - 1].isdigit()
        nobody = is_table or (partial and not counted)
        return ListedName(first, end, None if nobody else actor, known, counted)

    def _is_actor(self, start: int) -> bool:
        index = bisect_left(self._located, start, key=lambda one: one[0])
        return index < len(self._located) and self._located[index][0] == start

    def _resolve(self, start: int, end: int, gloss: str) -> tuple[Mention, bool]:
        """Return who a name is, and whether that is known."""
        spelled, gazetteer = self.text[start:end], load_gazetteer()
        if code := _SHORT_IN_LISTS.get(spelled):
            entry = gazetteer.find_state(code)
            if entry:
                return Mention(entry.name, start, end, entry.code), True
        index = bisect_left(self._located, start, key=lambda one: one[0])
        for first, last, actor in self._located[index : index + 1]:
            # What follows an actor is its gloss or its office, unless it is another name's part.
            if first == start and (last >= end or not self.text[last:end].startswith(" of")):
                return actor, True
        for first, last, actor in self._located[index : index + 1]:
            # "Finance Minister Ama Osei": a person behind words of its office.
            if start < first and last == end and not actor.code and self.text[first - 1] == " ":
                office = self.text[start:first].lower().replace(".", "").split()
                if office[-1] in _TITLES:
                    return actor, True
        entry = _look_up(spelled, gloss, gazetteer)
        if entry is None:
            return self.actors.get(spelled) or Mention(spelled, start, end), spelled in self.actors
        found = self.actors.get(entry.name)
        overlaps = found and found.start is not None and start <= found.start < end
        if found and overlaps:
            return found, True
        return Mention(entry.name, start, end, entry.code), True


def _is_other_part(text: str, start: int, end: int) -> bool:
    """Say whether the name stands after it ("delegate of Peru"), or it has a vote in it ("Bee: Aye")."""
    match = _SPEAKERS.match(text, start)
    return ":" in text[start:end] or (match is not None and match.end() == end)


def _look_up(spelled: str, gloss: str, gazetteer: Gazetteer) -> GazetteerEntry | None:
    """Return the state or body that a name is, as in "Iran (Islamic Republic of)"."""
    for name in (f"{gloss} {spelled}" if gloss else spelled, spelled):
        entry = gazetteer.look_up(name)
        if entry and entry.name and entry.kind in ("country", "body"):
            return entry
    return None


def _is_name_word(word: str) -> bool:
    if not word[0].isupper() or word.lower() in _NO_NAMES:
        return False
    return word.lower() in _TITLES or not _GROUP_WORD.fullmatch(word)


def _ends_in_title(words: str, after: str) -> bool:
    """Say whether a title stands before a capital, so that any word is a name there."""
    return after[0].isupper() and words.rpartition(" ")[2].lower().rstrip(".") in _TITLES


def _continues_name(word: str, *, linked: bool) -> bool:
    """Say whether a word belongs to the name before it; `linked` where "of" stands between."""
    bare = re.sub(r"^[dl]['’]", "", word)
    if not bare[0].isupper() or (bare.lower() in _NO_NAMES and bare != "States"):
        return False
    if bare in ("MPs", "MEPs", "MSPs", "TDs"):
        return False
    return not (linked and bare.lower().rstrip(".") in _TITLES)


@cache
def _joined_names() -> re.Pattern[str]:
    """Return a pattern of the names that have "and" inside: Trinidad and Tobago."""
    names = [
        name
        for name, entry in load_gazetteer().names.items()
        if " and " in name and entry.kind in ("country", "body")
    ]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})\b")
