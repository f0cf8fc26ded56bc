"""Who may take whose place: states, bodies, camps, and lists of names, with the forms of each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from stancekit.resources import shipped
from stancekit.text.gazetteer import Gazetteer, GazetteerEntry

# The forms that a name may have in a sentence: of a state all five, of a person the first alone.
NAME, ADJECTIVE, PEOPLE, NATIONAL, SEAT, SHORT = (
    *("name", "adjective", "people", "national", "seat", "short"),
)
STATES, SURNAME, FIRST_NAME, WORDS, CAMP = "state", "surname", "first name", "words", "camp"
_FORMS = {"country": NAME, "demonym": ADJECTIVE, "people": PEOPLE, "seat": SEAT}
# Kinds of entries that hold the words of other names, and stay as they are.
_SHIELDS = ("shield", "region", "body")
_BODY_FORMS = (NAME, SHORT, SEAT)


@dataclass(frozen=True, slots=True)
class Slot:
    """Whose names are exchanged together: a kind, and who of it the text names."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who may be drawn: the words of each form, and which forms have "the" before them."""

    key: str
    forms: Mapping[str, str]
    the: frozenset[str] = frozenset()
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What some words name; without a slot they stay, and so do the names within them."""

    slot: Slot | None = None
    form: str = NAME
    the: bool = False


@dataclass(frozen=True)
class NamePools:
    """All names that are known with what they mean, by their first word, and who may be drawn.

    Attributes
    ----------
    by_word
        By its first word, each name with its meaning, longest first.
    drawn
        By kind, who may take another's place.
    lists
        The word lists of `seeds/names.yaml`.
    shouted
        Names in capitals that are written so for emphasis.
    codes
        The ISO 3166 alpha-3 codes of states by their names.
    """

    by_word: Mapping[str, tuple[tuple[str, Meaning], ...]]
    drawn: Mapping[str, tuple[Named, ...]]
    lists: Mapping[str, frozenset[str]]
    shouted: frozenset[str]
    codes: Mapping[str, str]
    _fitting: dict[tuple[str, frozenset[str], bool], tuple[Named, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def fitting(self, kind: str, forms: frozenset[str], *, bare: bool) -> tuple[Named, ...]:
        """Return who of a kind has all of some forms, `bare` where no "the" can be put before them."""
        key = (kind, forms, bare)
        if key not in self._fitting:
            named = (one for one in self.drawn.get(kind, ()) if forms <= set(one.forms))
            self._fitting[key] = tuple(one for one in named if not (bare and forms & one.the))
        return self._fitting[key]


@cache
def _read_lists() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(shipped("seeds", "names.yaml").read_text("utf-8"))
    return data


def load_pools(gazetteer: Gazetteer) -> NamePools:
    """Return the pools of a gazetteer and of `seeds/names.yaml`.

    Examples
    --------
    >>> from stancekit.text.gazetteer import load_gazetteer
    >>> pools = load_pools(load_gazetteer())
    >>> kenya = next(one for one in pools.drawn["state"] if one.key == "Kenya")
    >>> sorted(kenya.forms.values())
    ['Kenya', 'Kenyan', 'Kenyan', 'Kenyans', 'Nairobi']
    """
    data = _read_lists()
    takes_the = _make_article_test(data["the"])
    meanings: dict[str, Meaning] = {}
    drawn: dict[str, list[Named]] = {}
    for kind, lines in data["bodies"].items():
        for line in lines:
            body = _read_body(line)
            drawn.setdefault(kind, []).append(body)
            for form, words in body.forms.items():
                meanings[words] = Meaning(Slot(kind, body.key), form, form in body.the)
    for people, adjective in data["factions"].items():
        drawn.setdefault(CAMP, []).append(Named(people, {PEOPLE: people, ADJECTIVE: adjective}))
        meanings[people] = Meaning(Slot(CAMP, people), PEOPLE)
        meanings[adjective] = Meaning(Slot(CAMP, people), ADJECTIVE)
    bodies = {meaning.slot.key: meaning.slot for meaning in meanings.values() if meaning.slot}
    for words, entry in gazetteer.names.items():
        if meaning := _meaning_of(words, entry, bodies, takes_the=takes_the(words)):
            meanings.setdefault(words, meaning)
    drawn[STATES] = list(_list_states(gazetteer, takes_the))
    for state in drawn[STATES]:
        if NATIONAL in state.forms:
            meanings.setdefault(state.forms[NATIONAL], Meaning(Slot(STATES, state.key), NATIONAL))
    for kind, key in ((SURNAME, "surnames"), (FIRST_NAME, "neutral"), (WORDS, "words")):
        drawn[kind] = [Named(name, {NAME: name}) for name in data[key]]
    lists = {key: frozenset(names) for key, names in data.items() if isinstance(names, list)}
    shouted = {words.upper() for words in meanings if words != words.upper()}
    shouted -= {words for named in drawn.values() for one in named for words in one.forms.values()}
    return NamePools(
        _index(meanings),
        {kind: tuple(named) for kind, named in drawn.items()},
        lists,
        frozenset(shouted),
        {entry.name: entry.code for entry in gazetteer.names.values() if entry.code},
    )


def _index(meanings: Mapping[str, Meaning]) -> dict[str, tuple[tuple[str, Meaning], ...]]:
    """Return names by their first word, longest first."""
    index: dict[str, list[tuple[str, Meaning]]] = {}
    for words, meaning in sorted(meanings.items(), key=lambda item: -len(item[0])):
        if first := re.match(r"\w+", words):
            index.setdefault(first[0], []).append((words, meaning))
    return {first: tuple(names) for first, names in index.items()}


def _make_article_test(lists: Mapping[str, Iterable[str]]) -> Any:
    names, endings = frozenset(lists["names"]), tuple(lists["endings"])
    starts = tuple(lists["starts"])
    return lambda words: words in names or words.endswith(endings) or words.startswith(starts)


def _read_body(line: str) -> Named:
    """Read a line of bodies: full name, short name and seat, a dash where there is none."""
    forms, the = {}, set()
    for form, words in zip(_BODY_FORMS, line.split(" | "), strict=True):
        if words == "-":
            continue
        forms[form] = words.removeprefix("the ")
        if words.startswith("the "):
            the.add(form)
    return Named(forms[NAME], forms, frozenset(the))


def _meaning_of(
    words: str, entry: GazetteerEntry, bodies: Mapping[str, Slot], *, takes_the: bool
) -> Meaning | None:
    """Return what a name of the gazetteer means for an exchange, `None` where it means nothing."""
    if entry.kind == "body" and entry.name in bodies:
        short = words.isupper() or len(words) <= 3
        slot = bodies[entry.name]
        return Meaning(slot, SHORT if short else NAME, the=True)
    if entry.kind == "seat" and entry.code is None and entry.name in bodies:
        return Meaning(bodies[entry.name], SEAT)
    if entry.kind in _SHIELDS or (entry.kind == "seat" and entry.code is None):
        return Meaning()
    if entry.kind in _FORMS:
        return Meaning(Slot(STATES, entry.name), _FORMS[entry.kind], takes_the)
    return None


def _list_states(gazetteer: Gazetteer, takes_the: Any) -> Iterator[Named]:
    """Yield the states that exist today with the first name of each form."""
    forms: dict[str, dict[str, str]] = {}
    codes: dict[str, str] = {}
    for words, entry in gazetteer.names.items():
        form = _FORMS.get(entry.kind)
        # A seat with an article is a building, which other states need not have.
        building = form == SEAT and (takes_the(words) or words.isupper())
        if form is None or entry.code is None or building:
            continue
        codes[entry.name] = entry.code
        forms.setdefault(entry.name, {}).setdefault(form, words)
    for name, known in forms.items():
        known[NAME] = name
        # Territories without an adjective hardly take sides.
        if ADJECTIVE not in known:
            continue
        # An outdated people, "Zairians", does not go with the adjective of today.
        if known.get(PEOPLE, "")[:2] != known[ADJECTIVE][:2]:
            known.pop(PEOPLE, None)
        if national := _singular(known.get(PEOPLE, "")):
            known[NATIONAL] = national
        the = frozenset([NAME]) if takes_the(name) else frozenset()
        yield Named(name, known, the, codes[name])


def _singular(people: str) -> str:
    """Return one of a people, empty where the plural does not show it.

    Examples
    --------
    >>> [_singular(people) for people in ("Kenyans", "Frenchmen", "Batswana")]
    ['Kenyan', 'Frenchman', '']
    """
    if people.endswith("men"):
        return people.removesuffix("men") + "man"
    return people.removesuffix("s") if people.endswith("s") else ""
