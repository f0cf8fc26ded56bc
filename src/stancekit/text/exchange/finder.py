"""Find the names of an example that can be exchanged, with what their grammar asks of others."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stancekit.text.exchange.pools import (
    ADJECTIVE,
    FIRST_NAME,
    NAME,
    NATIONAL,
    PEOPLE,
    SEAT,
    SHORT,
    STATES,
    SURNAME,
    WORDS,
    Meaning,
    NamePools,
    Slot,
)
from stancekit.text.gazetteer import Gazetteer
from stancekit.types import Example, Mention

# Adjectives with these endings name a people behind "the": "the French".
_NAMES_PEOPLE = ("ish", "ch", "ese", "ss")
# A name and its ending of a catalogue: "Bolivia (Plurinational State of)".
_CATALOGUE = re.compile(r" \((?:the )?(?:[A-Z][\w’']*(?: and)? )+of(?: the)?\)")
_ENDING = re.compile(r"['’](?:s\b|(?<=s['’])(?= \w))")
_WORD_BEFORE = re.compile(r"(?:^|[^\w])([\w’'-]+) $")
_A_OR_AN = re.compile(r"\b([Aa]n?) $")
_AFTER = re.compile(r" ([\w’'-]+)")
_EACH_WORD = re.compile(r"\w+")
_PARTICLES = "al|el|bin|ibn|ben|van|von|der|den|de|da|dos|di|la|le|du|abu|y"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:[-‑’'](?!s\b)[^\W\d_]+)*"
# Capitals in a row, with what may stand between the parts of a name.
_RUN = re.compile(rf"\b{_CAPITAL}(?: (?:[A-Z]\. )*(?:(?:{_PARTICLES}) ){{0,2}}{_CAPITAL})*")
_PART = re.compile(_CAPITAL)
_TITLE_BEFORE = re.compile(r"\b(?:Mrs?|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Capt|Lt|Maj|Adm|Amb)\. $")
# Words that make an abbreviation or a name modify them, by their lists in the gazetteer.
_MODIFIED = ("state", "people", "modifiers", "things")
_MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name in a text, and the words around it that change with it.

    Attributes
    ----------
    shouted
        Whether it is in capitals for emphasis.
    article
        Where "a" or "an" stands before it.
    own_the
        Where its own "the" starts, which goes with it.
    may_insert, needs_bare
        Whether a "the" can be put before it, and whether it cannot and would have to.
    suffix_end, possessive_end
        Where a catalogue's ending or a possessive ending ends, or the name itself.
    """

    start: int
    end: int
    slot: Slot
    form: str
    shouted: bool = False
    article: tuple[int, int] | None = None
    own_the: int | None = None
    may_insert: bool = False
    needs_bare: bool = False
    opens: bool = False
    suffix_end: int = 0
    possessive_end: int = 0


class ExchangeableFinder:
    """Finds names by the pools, and persons and bodies by capitals and the words beside them.

    Parameters
    ----------
    gazetteer
        Its word lists say what modifies, and which capitals are nobody's own name.
    """

    def __init__(self, pools: NamePools, gazetteer: Gazetteer) -> None:
        self.pools = pools
        self.words = words = gazetteer.words
        self.nouns = frozenset().union(*(words[key] for key in _MODIFIED))
        lists = pools.lists
        self.first_names = lists["first_names"] | lists["neutral"]
        # What is written with a capital and is nobody's own name.
        common = {*self.nouns, *words["dates"], *lists["function_words"], *words["opening"]}
        common |= {word.lower() for word in lists["generic"] | lists["heads"]}
        for name, entry in gazetteer.names.items():
            if entry.kind in ("speaker", "after_the"):
                common.add(name.lower())
        self.common = frozenset(common)

    def find(self, example: Example) -> tuple[list[FoundName], list[FoundName], list[FoundName]]:
        """Return the names in an example's text, in its actor's name and in its target's."""
        known, taken = self._known_names(example.text)
        found = [*known, *self._people_and_bodies(example.text, taken)]
        for mention in (example.actor, example.target):
            found += self._own_name(mention, example.text, taken, found)
        owned = _owned_words(found)
        found += self._repeated(example.text, owned, found, taken)
        names = []
        for mention in (example.actor, example.target):
            name = mention.name if mention else ""
            in_name, taken = self._known_names(name)
            if mention and not mention.located:
                in_name += self._people_and_bodies(name, taken)
                in_name += self._own_name(Mention(name, 0, len(name)), name, taken, in_name)
            owned |= _owned_words(in_name)
            in_name += self._repeated(name, owned, in_name, taken)
            names.append(_in_order(in_name))
        return _in_order(found), names[0], names[1]

    def _known_names(self, text: str) -> tuple[list[FoundName], list[tuple[int, int]]]:
        """Return the names of the pools in a text, and what they and the phrases that stay cover."""
        found: list[FoundName] = []
        taken: list[tuple[int, int]] = []
        place = 0
        shouting = text == text.upper()
        for word in _EACH_WORD.finditer(text):
            if word.start() < place:
                continue
            for name, meaning in self.pools.by_word.get(word[0], ()):
                end = word.start() + len(name)
                if not text.startswith(name, word.start()) or text[end : end + 1].isalnum():
                    continue
                if self._is_first_name(name, meaning, text[end:]) or (shouting and len(name) < 3):
                    break
                place = end
                if meaning.slot is not None:
                    found.append(self._describe(text, word.start(), end, meaning))
                    place = max(end, found[-1].suffix_end)
                taken.append((word.start(), place))
                break
        return found, taken

    def _is_first_name(self, name: str, meaning: Meaning, rest: str) -> bool:
        """Say whether the name of a state or a town is a person's first name here: "Sofia Berg"."""
        if name not in self.first_names and name.lower() not in self.words["first_names"]:
            return False
        following = re.match(rf" ({_CAPITAL})", rest)
        if following is None or following[1].isupper():
            return False
        return following[1] not in self.pools.by_word

    def _describe(self, text: str, start: int, end: int, meaning: Meaning) -> FoundName:
        """Return a name with what is around it."""
        slot = meaning.slot or Slot("", "")
        before = _WORD_BEFORE.search(text[max(0, start - 30) : start])
        word_before = before[1] if before else ""
        bare = self._is_bare(text, end)
        form, has_the = meaning.form, word_before in ("the", "The")
        has_article = word_before in ("a", "an", "A", "An")
        shortened = text[start:end].replace(".", "").isupper() and end - start < 5
        if slot.kind == STATES and form == ADJECTIVE and bare:
            if has_article:
                form = NATIONAL
            elif has_the and text[start:end].endswith(_NAMES_PEOPLE):
                form = PEOPLE
        elif slot.kind == STATES and form == NAME and shortened and self._modifies(text, end):
            # "US troops" are "Peruvian troops".
            form = ADJECTIVE
        own_the = None
        if has_the and meaning.the and bare and form in (NAME, SHORT, SEAT):
            own_the = start - 4
        no_determiner = not (has_the or has_article or meaning.the)
        stands_free = word_before.lower() not in self.nouns | self.words["beside"]
        hyphenated = text[start - 1 : start] in ("-", "–") or text[end : end + 1] in ("-", "–")
        may_insert = no_determiner and stands_free and bare and not hyphenated
        suffix = _CATALOGUE.match(text, end)
        possessive = _ENDING.match(text, end)
        return FoundName(
            start,
            end,
            slot,
            form,
            shouted=text[start:end] in self.pools.shouted,
            article=(start - len(word_before) - 1, start - 1) if has_article else None,
            own_the=own_the,
            may_insert=may_insert,
            needs_bare=no_determiner and not may_insert,
            opens=start == 0,
            suffix_end=suffix.end() if suffix else 0,
            possessive_end=possessive.end() if possessive else 0,
        )

    def _modifies(self, text: str, end: int) -> bool:
        """Say whether a noun that is no verb follows."""
        after = _AFTER.match(text, end)
        word = after[1].lower() if after else ""
        return word in self.nouns and word not in self.words["verbs_or_nouns"]

    def _is_bare(self, text: str, end: int) -> bool:
        """Say whether no noun follows that a name modifies, by the word after it."""
        after = _AFTER.match(text, end)
        if after is None:
            return text[end : end + 1] not in ("-", "–")
        word = after[1].lower()
        if word in self.pools.lists["function_words"] or word in self.words["verbs"]:
            return True
        if word in self.nouns:
            return False
        return word.endswith(("ed", "s", "ly"))

    def _people_and_bodies(self, text: str, taken: list[tuple[int, int]]) -> list[FoundName]:
        """Return the persons and the bodies that the words beside them show to be such."""
        found: list[FoundName] = []
        for run in _RUN.finditer(text):
            for parts in _split_run(run, taken):
                names = self._read_run(text, parts)
                found += names
                taken += [(name.start, name.end) for name in names]
        return found

    def _read_run(self, text: str, parts: list[re.Match[str]]) -> list[FoundName]:
        has_title = bool(_TITLE_BEFORE.search(text[: parts[0].start()]))
        if before := _WORD_BEFORE.search(text[max(0, parts[0].start() - 30) : parts[0].start()]):
            has_title |= before[1] in self.words["state"] | self.words["people"]
        while parts and (self._is_title(parts[0][0]) or parts[0][0].lower() in self.common):
            has_title |= self._is_title(parts[0][0])
            parts = parts[1:]
        if not parts:
            return []
        if len(parts) > 1 and parts[-1][0] in self.pools.lists["heads"]:
            return list(self._body(parts))
        if any(part[0].lower() in self.common for part in parts) or len(parts) > _MOST_PARTS:
            return []
        opens_person = parts[0][0] in self.first_names and len(parts) > 1
        ends_person = parts[-1][0] in self.pools.lists["surnames"] and len(parts) > 1
        return list(_person(text, parts)) if has_title or opens_person or ends_person else []

    def _is_title(self, word: str) -> bool:
        """Say whether a capitalised word is a title or an office before a name."""
        return word in self.words["titles_undotted"] or word.lower() in self.words["state"]

    def _body(self, parts: Sequence[re.Match[str]]) -> Iterator[FoundName]:
        """Yield the words of a body's name that are its own, before the one that says what it is."""
        own = [part for part in parts[:-1] if part[0].lower() not in self.common]
        if own:
            start, end = own[0].start(), own[-1].end()
            words = parts[0].string[start:end]
            yield FoundName(start, end, Slot(WORDS, words), NAME)

    def _own_name(
        self,
        mention: Mention | None,
        text: str,
        taken: list[tuple[int, int]],
        found: Sequence[FoundName],
    ) -> list[FoundName]:
        """Return what an actor or a target that is a proper name and nothing else is called."""
        if mention is None or mention.start is None or mention.end is None:
            return []
        run = _RUN.fullmatch(text, mention.start, mention.end)
        if run is None or any(start < run.end() and run.start() < end for start, end in taken):
            return []
        parts = list(_PART.finditer(text, run.start(), run.end()))
        alone = len(parts) == 1
        # The first word of a sentence has a capital whatever it is, but only plurals lack an article.
        opens = alone and run.start() == 0 and run[0] not in self.pools.lists["surnames"]
        doubtful = opens and run[0].endswith(("s", "men", "people"))
        common = any(part[0].lower() in self.common for part in parts)
        # Letters of an abbreviation say nothing of who it is.
        short = alone and run[0].isupper() and len(run[0]) < 5
        if doubtful or common or short or len(parts) > _MOST_PARTS:
            return []
        if text[: run.start()].endswith(("the ", "The ")):
            names = [] if alone else [FoundName(run.start(), run.end(), Slot(WORDS, run[0]), NAME)]
        else:
            names = list(_person(text, parts))
        taken += [(name.start, name.end) for name in names]
        return names

    def _repeated(
        self,
        text: str,
        owned: Mapping[str, Slot],
        found: Sequence[FoundName],
        taken: Sequence[tuple[int, int]],
    ) -> list[FoundName]:
        """Return where names of persons and bodies stand again."""
        if not owned:
            return []
        pattern = "|".join(map(re.escape, sorted(owned, key=len, reverse=True)))
        again = []
        for match in re.finditer(rf"\b(?:{pattern})\b", text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                again.append(self._describe(text, *match.span(), Meaning(owned[match[0]])))
        return [replace(name, may_insert=False, needs_bare=False) for name in again]


def _in_order(found: Iterable[FoundName]) -> list[FoundName]:
    return sorted(found, key=lambda name: name.start)


def _owned_words(found: Iterable[FoundName]) -> dict[str, Slot]:
    """Return the names of persons and bodies by their words."""
    kinds = (SURNAME, FIRST_NAME, WORDS)
    return {name.slot.key: name.slot for name in found if name.slot.kind in kinds}


def _split_run(
    run: re.Match[str], taken: Sequence[tuple[int, int]]
) -> Iterator[list[re.Match[str]]]:
    """Yield the capitals of a run in the stretches that no known name covers."""
    parts: list[re.Match[str]] = []
    for part in _PART.finditer(run.string, run.start(), run.end()):
        if not any(start < part.end() and part.start() < end for start, end in taken):
            parts.append(part)
        elif parts:
            yield parts
            parts = []
    if parts:
        yield parts


def _person(text: str, parts: Sequence[re.Match[str]]) -> Iterator[FoundName]:
    """Yield the first names of a person as one name, and the surname."""
    possessive = _ENDING.match(text, parts[-1].end())
    start, end = parts[-1].span()
    shouted = text[start:end].isupper()
    before = _A_OR_AN.search(text[: parts[0].start()])
    article = before.span(1) if before else None
    if len(parts) > 1:
        names = (parts[0].start(), parts[-2].end())
        first = Slot(FIRST_NAME, text[slice(*names)])
        yield FoundName(*names, first, NAME, shouted=shouted, article=article)
        article = None
    ending = possessive.end() if possessive else 0
    surname = Slot(SURNAME, text[start:end])
    yield FoundName(
        start, end, surname, NAME, shouted=shouted, article=article, possessive_end=ending
    )
