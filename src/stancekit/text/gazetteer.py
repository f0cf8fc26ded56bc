"""The gazetteer: names of states, seats of government, blocs and bodies, and word lists."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from stancekit.errors import KitError, listing
from stancekit.resources import shipped
from stancekit.text.clean import clean

EntryKind = Literal[
    "country", "body", "seat", "demonym", "region", "people", "speaker", "after_the", "shield"
]

# Sections of a gazetteer file by their layout: a list of names, a mapping from states to
# lists of names of each kind, or a mapping from a name to a list of names.
_LISTS = ("skip", "regions", "not_actors", "titles", "things")
_STATES = ("countries", "historic")
_MAPPINGS = ("bodies", "seats", "speakers", "offices", "grammar")
_SECTIONS = (*_LISTS, *_STATES, *_MAPPINGS)
# The kinds of names of a state.
_NAMES = ("aliases", "demonyms", "people", "seats")
# Sections whose keys the kit reads by name, so that the user cannot add any.
_FIXED_KEYS = ("speakers", "offices", "grammar")

# The C loader is as safe, and ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Adjectives with these endings are nouns too: "Kenyans", but not "Frenchs".
_TAKES_S = ("an", "i", "k", "t", "w", "er", "ar")
# A shorter name in capitals would be read as an abbreviation.
_SHORTEST_IN_CAPITALS = 4


@dataclass(frozen=True, slots=True)
class GazetteerEntry:
    """What a name in the gazetteer stands for; an empty `name` means the words themselves.

    `code` is the ISO 3166 alpha-3 code of a state.
    """

    name: str
    kind: EntryKind
    code: str | None = None


# Two with the same names are different objects: what is derived from one is kept by its identity.
@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    """Names with what they stand for, and the word lists of the rules, by their names."""

    names: Mapping[str, GazetteerEntry]
    words: Mapping[str, frozenset[str]]

    def look_up(self, name: str) -> GazetteerEntry | None:
        """Return the entry of a name, or None.

        Examples
        --------
        >>> load_gazetteer().look_up("Kremlin")
        GazetteerEntry(name='Russia', kind='seat', code='RUS')
        """
        return self.names.get(name)

    def other_names(self, name: str) -> tuple[str, ...]:
        """Return the other names of a state or a body: full names first, then its seats and adjectives.

        Examples
        --------
        >>> names = load_gazetteer().other_names("Kenya")
        >>> [name for name in names if not name.isupper() and " " not in name]
        ['Nairobi', 'Kenyan', 'Kenyans']
        """
        entry = self.names.get(name)
        if entry is None or entry.kind not in _NAMES_BY_KIND:
            return ()
        return tuple(other for other in _forms(self).get(_whose(name, entry), ()) if other != name)

    def find_state(self, code: str) -> GazetteerEntry | None:
        """Return the entry of the state with an ISO 3166 alpha-3 code, or None.

        Examples
        --------
        >>> load_gazetteer().find_state("KEN").name
        'Kenya'
        """
        states = (entry for entry in self.names.values() if entry.kind == "country")
        return next((entry for entry in states if entry.code == code), None)


def load_gazetteer(extra: str | Path | None = None) -> Gazetteer:
    """Load the shipped gazetteer, with the user's own names added to it.

    Parameters
    ----------
    extra
        A YAML file with the sections of `seeds/actors.yaml` that the user wants to extend.

    Raises
    ------
    KitError
        When `extra` is missing, is not YAML, or has a section that is not known.

    Examples
    --------
    >>> gazetteer = load_gazetteer()
    >>> gazetteer.look_up("DPRK").code, gazetteer.look_up("G-77").name, gazetteer.look_up("us")
    ('PRK', 'Group of 77', None)
    """
    path = Path(extra) if extra else None
    # The cache sees by time and size that a file was edited.
    status = path.stat() if path and path.is_file() else None
    return _load(path, (status.st_mtime_ns, status.st_size) if status else None)


# Kinds of names of states and bodies: what names the actor itself comes first.
_NAMES_BY_KIND = ("country", "body", "seat", "demonym", "people")


def _whose(name: str, entry: GazetteerEntry) -> str:
    """Return what all names of a state or body share."""
    return entry.code or entry.name or name


@cache
def _forms(gazetteer: Gazetteer) -> dict[str, list[str]]:
    """Return all names of each state and body, sorted by their kind."""
    forms: dict[str, list[str]] = {}
    named = [
        (name, entry) for name, entry in gazetteer.names.items() if entry.kind in _NAMES_BY_KIND
    ]
    for name, entry in sorted(named, key=lambda one: _NAMES_BY_KIND.index(one[1].kind)):
        forms.setdefault(_whose(name, entry), []).append(name)
    return forms


@cache
def _load(extra: Path | None, _: tuple[int, int] | None) -> Gazetteer:
    kit = _read_sections(shipped("seeds", "actors.yaml"))
    names: dict[str, GazetteerEntry] = {}
    for name, entry in _list_entries(kit, use_iso=True):
        names.setdefault(name, entry)
    if extra is None:
        return Gazetteer(names, _collect_words([kit]))
    user = _read_sections(extra, kit)
    names.update(_list_entries(user, use_iso=False))
    return Gazetteer(names, _collect_words([kit, user]))


def _read_sections(path: Path, kit: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read a gazetteer file; `kit` is the shipped one, whose fixed keys a user's file has."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KitError(
            f"cannot read the gazetteer {path}: {error}. Give a YAML file in UTF-8"
        ) from error
    allowed = ", ".join(sorted(_SECTIONS))
    if not isinstance(data, dict):
        raise KitError(f"gazetteer {path} has no sections; it may have: {allowed}")
    reader = _SectionReader()
    sections = reader.read(data)
    faults = reader.faults
    for section in _FIXED_KEYS if kit else ():
        kit_keys = kit[section] if kit else {}
        for key in sections.get(section, ()):
            if key not in kit_keys:
                faults.append(f"{section} has {key!r}, not {', '.join(kit_keys)}")
    if faults:
        raise KitError(
            f"gazetteer {path}: {listing(faults)}. Sections are: {allowed}; lay them out like "
            "seeds/actors.yaml, and write yes, no, on and off in quotation marks"
        )
    return sections


class _SectionReader:
    """Reads the sections of a gazetteer file as tuples of names, and collects its faults.

    A single name may stand for a list of one.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []

    def read(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        sections: dict[str, Any] = {}
        for section, value in data.items():
            if section in _LISTS:
                sections[section] = self._read_names(value, section)
            elif section in _STATES:
                sections[section] = self._read_states(value, section)
            elif section in _MAPPINGS:
                sections[section] = self._read_mapping(value, section)
            else:
                self.faults.append(f"no section is called {section!r}")
        return sections

    def _read_names(self, value: Any, where: str) -> tuple[str, ...]:
        if value is None:
            return ()
        names = value if isinstance(value, list) else [value]
        for name in names:
            if not isinstance(name, str | int | float) or isinstance(name, bool):
                self.faults.append(f"{where} is no list of names")
                return ()
        return tuple(clean(str(name)).text for name in names)

    def _read_mapping(self, value: Any, where: str) -> dict[str, tuple[str, ...]]:
        mapping = self._check_mapping(value, where)
        for key in mapping:
            if isinstance(key, bool):
                self.faults.append(f"{where} has a name {key!r}")
        return {
            clean(str(key)).text: self._read_names(names, f"{where}: {key}")
            for key, names in mapping.items()
        }

    def _read_states(self, value: Any, where: str) -> dict[str, dict[str, Any]]:
        mapping = self._check_mapping(value, where)
        return {
            clean(str(key)).text: self._read_state(state, f"{where}: {key}")
            for key, state in mapping.items()
        }

    def _read_state(self, value: Any, where: str) -> dict[str, Any]:
        state: dict[str, Any] = self._read_mapping(value, where)
        for key in state:
            if key not in (*_NAMES, "name"):
                self.faults.append(f"{where} has {key!r}, not name, {', '.join(_NAMES)}")
        if "name" in state:
            state["name"] = " ".join(state["name"])
        return state

    def _check_mapping(self, value: Any, where: str) -> Mapping[Any, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.faults.append(f"{where} is no mapping")
        return {}


def _collect_words(sources: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Collect the word lists by their names, offices in singular and plural."""
    words: dict[str, set[str]] = {}
    for source in sources:
        lists = {key: source.get(key, ()) for key in ("titles", "things")}
        lists |= source.get("offices", {})
        lists |= source.get("grammar", {})
        for key, names in lists.items():
            words.setdefault(key, set()).update(map(str, names))
    # The words that may start an office: those of offices, and their modifiers.
    words["opening"] = {*words["modifiers"], "-"}
    for key in ("state", "people"):
        words[key] |= {_make_plural(word) for word in words[key]}
        words["opening"] |= {word.partition(" ")[0] for word in words[key]}
    undotted = {word.removesuffix(".") for word in words["titles"]}
    words["titles_undotted"] = words["titles"] | undotted
    return {key: frozenset(names) for key, names in words.items()}


def _make_plural(office: str) -> str:
    """Return the plural of an office: "secretaries of state"."""
    head, _, tail = office.partition(" of ")
    if head.endswith("y") and head[-2:-1] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "es" if head.endswith(("s", "ch", "sh", "x")) else "s"
    return f"{head} of {tail}" if tail else head


def _list_entries(
    data: Mapping[str, Any], *, use_iso: bool
) -> Iterator[tuple[str, GazetteerEntry]]:
    """Yield every name of a gazetteer file, with the most important meaning of a name first.

    With `use_iso`, the names of all states in ISO 3166 and CLDR are among them.
    """
    countries, skip = data.get("countries", {}), set(data.get("skip", ()))
    iso_names = _iso_names()
    iso_codes = [code for code in iso_names if code not in skip] if use_iso else []
    for code in dict.fromkeys([*iso_codes, *countries]):
        state, spelled = countries.get(code, {}), iso_names.get(code, [])
        name = state.get("name") or (spelled[0] if spelled else code)
        more = spelled if code in iso_codes else []
        yield from _list_state(name, code, state, [name, *more])
    for name, state in data.get("historic", {}).items():
        yield from _list_state(name, None, state, [name])
    for name, aliases in data.get("bodies", {}).items():
        yield from _spell([name, *aliases], GazetteerEntry(name, "body"))
    for name, seats in data.get("seats", {}).items():
        yield from _spell(seats, GazetteerEntry(name, "seat"))
    speakers = data.get("speakers", {})
    for phrase in speakers.get("any", ()):
        entry = GazetteerEntry(phrase, "speaker")
        yield phrase, entry
        yield phrase[0].upper() + phrase[1:], entry
    for phrase in speakers.get("after_the", ()):
        yield phrase, GazetteerEntry(phrase, "after_the")
    for phrase in data.get("regions", ()):
        yield phrase, GazetteerEntry("", "region")
    for phrase in data.get("not_actors", ()):
        yield phrase, GazetteerEntry("", "shield")


def _list_state(
    name: str, code: str | None, state: Mapping[str, Any], names: list[str]
) -> Iterator[tuple[str, GazetteerEntry]]:
    demonyms = state.get("demonyms", ())
    plurals = [word + "s" for word in demonyms if word.endswith(_TAKES_S)]
    yield from _spell([*names, *state.get("aliases", ())], GazetteerEntry(name, "country", code))
    yield from _spell(state.get("seats", ()), GazetteerEntry(name, "seat", code))
    yield from _spell(demonyms, GazetteerEntry(name, "demonym", code))
    people = [*state.get("people", ()), *plurals]
    yield from _spell(people, GazetteerEntry(name, "people", code))


def _spell(names: Iterable[str], entry: GazetteerEntry) -> Iterator[tuple[str, GazetteerEntry]]:
    """Yield the spellings of names: apostrophes, without accents, "St.", in capitals."""
    for name in names:
        decomposed = unicodedata.normalize("NFD", name)
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
        spellings = (
            name,
            name.replace("’", "'"),
            name.replace("'", "’"),
            plain,
            plain.replace("’", "'"),
            name.replace("Saint ", "St. "),
        )
        for spelling in spellings:
            yield spelling, entry
            if len(spelling) >= _SHORTEST_IN_CAPITALS:
                yield spelling.upper(), entry


@cache
def _iso_names() -> dict[str, list[str]]:
    """Return the English names of all states by alpha-3 code, the one of CLDR first."""
    import pycountry
    from babel import Locale

    cldr = Locale("en").territories
    names: dict[str, list[str]] = {}
    for country in pycountry.countries:
        spelled = [cldr.get(country.alpha_2, country.name), country.name]
        for key in ("common_name", "official_name"):
            if hasattr(country, key):
                spelled.append(getattr(country, key))
        # Names like "Bolivia, Plurinational State of" are of catalogues, not of texts.
        plain = [
            _full_name(name)
            for name in spelled
            if "," not in name and "(" not in name and " - " not in name
        ]
        short = country.name.partition(",")[0].partition(" (")[0]
        names[country.alpha_3] = list(dict.fromkeys(plain)) or [short]
    return names


def _full_name(name: str) -> str:
    name = name.removeprefix("the ").removeprefix("The ").removesuffix(" SAR China")
    return name.replace(" & ", " and ").replace("St. ", "Saint ")
