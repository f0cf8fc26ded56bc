"""The names of those who can take a side: states, seats of government, blocs and bodies."""

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

_SECTIONS = (
    *("countries", "skip", "historic", "regions", "bodies", "seats", "not_actors", "speakers"),
    *("offices", "titles", "things", "grammar"),
)

_NAMES = ("aliases", "demonyms", "people", "seats")
_LISTS = ("skip", "regions", "not_actors", "titles", "things")

# The C loader is the same safe loader, ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Adjectives with these endings are nouns too: "Kenyans", but not "Frenchs".
_TAKES_S = ("an", "i", "k", "t", "w", "er", "ar")


@dataclass(frozen=True, slots=True)
class GazetteerEntry:
    """What a name in the gazetteer stands for. An empty `name` is the text as it is written."""

    name: str
    kind: EntryKind
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names with what they stand for, and the words that decide whether a name acts."""

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


def load_gazetteer(extra: str | Path | None = None) -> Gazetteer:
    """Load the shipped gazetteer, and the user's own names on top of it.

    Parameters
    ----------
    extra
        A YAML file with the sections of `seeds/actors.yaml` that the user wants to add to.

    Raises
    ------
    KitError
        If `extra` is missing, is not YAML, or has a section that the gazetteer does not know.

    Examples
    --------
    >>> gazetteer = load_gazetteer()
    >>> gazetteer.look_up("DPRK").code, gazetteer.look_up("G-77").name, gazetteer.look_up("us")
    ('PRK', 'Group of 77', None)
    """
    place = Path(extra) if extra else None
    # A file that was edited since is another.
    seen = place.stat() if place and place.is_file() else None
    return _load(place, (seen.st_mtime_ns, seen.st_size) if seen else None)


@cache
def _load(extra: Path | None, _: tuple[int, int] | None) -> Gazetteer:
    own = _read_yaml(shipped("seeds", "actors.yaml"))
    data = [own, _read_yaml(extra, own)] if extra else [own]
    names: dict[str, GazetteerEntry] = {}
    for layer, source in enumerate(data):
        for alias, entry in _entries(source, iso=layer == 0):
            if layer:
                names[alias] = entry
            else:
                names.setdefault(alias, entry)
    return Gazetteer(names, _words(data))


def _read_yaml(path: Path, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KitError(
            f"cannot read the gazetteer {path}: {error}. Give a YAML file in UTF-8"
        ) from error
    if not isinstance(data, dict):
        raise KitError(
            f"gazetteer {path} has no sections; it may have: {', '.join(sorted(_SECTIONS))}"
        )
    shaped, faults = _shaped(data)
    for section in ("speakers", "offices", "grammar") if own else ():
        known = own[section] if own else {}
        faults += [
            f"{section} has {key!r}, not {', '.join(known)}"
            for key in shaped.get(section, ())
            if key not in known
        ]
    if faults:
        raise KitError(
            f"gazetteer {path}: {listing(faults)}. Sections are: {', '.join(sorted(_SECTIONS))}; lay them out as "
            "seeds/actors.yaml does, and write yes, no, on and off in quotation marks"
        )
    return shaped


def _shaped(data: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return sections whose lists are tuples of names, one name alone too, and what cannot be read so."""
    faults: list[str] = []

    def names(value: Any, where: str) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if any(not isinstance(one, str | int | float) or isinstance(one, bool) for one in listed):
            faults.append(f"{where} is no list of names")
            return ()
        return tuple(clean(str(one)).text for one in listed)

    def lists(value: Any, where: str) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict | None):
            faults.append(f"{where} is no mapping")
        found = value if isinstance(value, dict) else {}
        faults.extend(f"{where} has a name {key!r}" for key in found if isinstance(key, bool))
        return {clean(str(key)).text: names(of, f"{where}: {key}") for key, of in found.items()}

    def state(value: Any, where: str) -> dict[str, Any]:
        found: dict[str, Any] = lists(value, where)
        faults.extend(
            f"{where} has {key!r}, not name, {', '.join(_NAMES)}"
            for key in found
            if key not in (*_NAMES, "name")
        )
        return found | ({"name": " ".join(found["name"])} if "name" in found else {})

    shaped: dict[str, Any] = {}
    for section, value in data.items():
        if section not in _SECTIONS:
            faults.append(f"no section is called {section!r}")
        elif section in _LISTS:
            shaped[section] = names(value, section)
        elif section in ("countries", "historic"):
            states = value if isinstance(value, dict) else {}
            shaped[section] = {
                clean(str(key)).text: state(of, f"{section}: {key}") for key, of in states.items()
            }
            faults.extend([f"{section} is no mapping"] * (not isinstance(value, dict | None)))
        else:
            shaped[section] = lists(value, section)
    return shaped, faults


def _words(data: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Collect the word lists by their name, offices in both numbers."""
    words: dict[str, set[str]] = {}
    for source in data:
        loose = {key: source.get(key, ()) for key in ("titles", "things")}
        for key, listed in {
            **loose,
            **source.get("offices", {}),
            **source.get("grammar", {}),
        }.items():
            words.setdefault(key, set()).update(map(str, listed))
    for key in ("state", "people"):
        words[key] |= {_plural(word) for word in words[key]}
    # The first words of all offices, and what may stand before one.
    words["opening"] = {
        word.partition(" ")[0] for key in ("state", "people") for word in words[key]
    }
    words["opening"] |= {*words["modifiers"], "-"}
    words["titles_undotted"] = {
        *words["titles"],
        *(word.removesuffix(".") for word in words["titles"]),
    }
    return {key: frozenset(listed) for key, listed in words.items()}


def _plural(word: str) -> str:
    head, _, tail = word.partition(" of ")
    if head.endswith("y") and head[-2:-1] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "es" if head.endswith(("s", "ch", "sh", "x")) else "s"
    return f"{head} of {tail}" if tail else head


def _entries(data: Mapping[str, Any], iso: bool) -> Iterator[tuple[str, GazetteerEntry]]:
    """Yield every name of a gazetteer file; the first meaning of a name is the one that counts."""
    countries, skip = data.get("countries", {}), set(data.get("skip", ()))
    library = (
        {code: names for code, names in _iso_names().items() if code not in skip} if iso else {}
    )
    for code in dict.fromkeys([*library, *countries]):
        more, known = countries.get(code, {}), _iso_names().get(code, [])
        name = more.get("name") or (known[0] if known else code)
        yield from _as_state(name, code, more, [name, *library.get(code, [])])
    for name, more in data.get("historic", {}).items():
        yield from _as_state(name, None, more, [name])
    for name, aliases in data.get("bodies", {}).items():
        yield from _spell([name, *aliases], GazetteerEntry(name, "body"))
    for name, seats in data.get("seats", {}).items():
        yield from _spell(seats, GazetteerEntry(name, "seat"))
    speakers = data.get("speakers", {})
    for phrase in speakers.get("any", ()):
        yield from (
            (form, GazetteerEntry(phrase, "speaker"))
            for form in (phrase, phrase[0].upper() + phrase[1:])
        )
    yield from (
        (phrase, GazetteerEntry(phrase, "after_the")) for phrase in speakers.get("after_the", ())
    )
    yield from ((phrase, GazetteerEntry("", "region")) for phrase in data.get("regions", ()))
    yield from ((phrase, GazetteerEntry("", "shield")) for phrase in data.get("not_actors", ()))


def _as_state(
    name: str, code: str | None, more: Mapping[str, Any], names: list[str]
) -> Iterator[tuple[str, GazetteerEntry]]:
    demonyms = more.get("demonyms", ())
    plurals = [word + "s" for word in demonyms if word.endswith(_TAKES_S)]
    yield from _spell([*names, *more.get("aliases", ())], GazetteerEntry(name, "country", code))
    yield from _spell(more.get("seats", ()), GazetteerEntry(name, "seat", code))
    yield from _spell(demonyms, GazetteerEntry(name, "demonym", code))
    yield from _spell([*more.get("people", ()), *plurals], GazetteerEntry(name, "people", code))


def _spell(names: Iterable[str], entry: GazetteerEntry) -> Iterator[tuple[str, GazetteerEntry]]:
    """Yield a name as it is, with the other apostrophe, without accents, shortened, and in capitals."""
    for name in names:
        plain = "".join(
            c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
        )
        forms = (
            name,
            name.replace("’", "'"),
            name.replace("'", "’"),
            plain,
            plain.replace("’", "'"),
        )
        for form in (*forms, name.replace("Saint ", "St. ")):
            yield form, entry
            if len(form) > 3:
                yield form.upper(), entry


@cache
def _iso_names() -> dict[str, list[str]]:
    """Map alpha-3 codes to English names, the CLDR one first."""
    import pycountry
    from babel import Locale

    cldr = Locale("en").territories
    names: dict[str, list[str]] = {}
    for country in pycountry.countries:
        found = [cldr.get(country.alpha_2, country.name), country.name]
        found += [
            getattr(country, key)
            for key in ("common_name", "official_name")
            if hasattr(country, key)
        ]
        plain = [
            _full_name(name)
            for name in found
            if "," not in name and "(" not in name and " - " not in name
        ]
        names[country.alpha_3] = list(dict.fromkeys(plain)) or [
            country.name.partition(",")[0].partition(" (")[0]
        ]
    return names


def _full_name(name: str) -> str:
    name = name.removeprefix("the ").removeprefix("The ").removesuffix(" SAR China")
    return name.replace(" & ", " and ").replace("St. ", "Saint ")
