"""How codebooks are spelled in YAML: keys once, texts as texts, lists as lists, and codes that differ."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from stancekit.errors import KitError, listing

# Values of a code that are one text each; `positive` is a list of them.
_TEXTS = ("definition", "near_miss", "hypothesis")
_IN_QUOTES = "write it in quotation marks"


def read_unique_yaml(text: str, loader: type[Any] = yaml.SafeLoader) -> Any:
    r"""Return what a text in YAML says, in which no mapping has a key twice: the last would win.

    Raises
    ------
    KitError
        When a mapping has a key twice.
    yaml.YAMLError
        When it is not YAML.

    Examples
    --------
    >>> read_unique_yaml("pro: 1\ncon: 2\npro: 3")
    Traceback (most recent call last):
    stancekit.errors.KitError: line 3 has 'pro' once more, which is on line 1 already; remove one, or rename it
    """
    _check_keys_once(yaml.compose(text, loader), set())
    return yaml.load(text, loader)  # noqa: S506  # a loader that makes no objects


def _check_keys_once(node: yaml.Node | None, seen: set[int]) -> None:
    # An alias is the same node again, and may be in itself.
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _check_keys_once(part, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        _check_keys_once(value, seen)
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        if key.value in lines:
            raise KitError(
                f"line {line} has {key.value!r} once more, which is on line {lines[key.value]} "
                "already; remove one, or rename it"
            )
        lines[key.value] = line


def check_spelling(name: object, codes: object, rest: Mapping[str, Any]) -> None:
    """Refuse a codebook whose values are of another kind than they have to be, or whose codes are too alike.

    Raises
    ------
    KitError
        Naming everything that is wrong.
    """
    if not isinstance(name, str) or not name.strip():
        raise KitError(f"a codebook's name is {name!r}, which is no text; {_IN_QUOTES}")
    if not isinstance(codes, Mapping) or not codes:
        raise KitError(
            f"codebook {name!r}: codes is {codes!r}; write each code with its definition, as in "
            "codes: {pro: {definition: We back it.}, con: {definition: We are against it.}}"
        )
    faults = [fault for code, value in codes.items() for fault in _faults_of_code(code, value)]
    faults += _faults_of_names([code for code in codes if isinstance(code, str)])
    for key in ("scale", "absent", "column", "unit", "towards"):
        faults += _faults_of_field(key, rest.get(key))
    if len(codes) == 1 and rest.get("multi_label") is not True:
        faults.append(
            f"it has one code, {next(iter(codes))!r}, and every row would have it; add what else a "
            "row may be, or set multi_label: true where it may have none"
        )
    if faults:
        raise KitError(f"codebook {name!r}: {'; '.join(faults)}")


def _faults_of_code(code: object, value: object) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"code {code!r} is {value!r}; write {code}: {{definition: WHAT IT MEANS}}"]
    faults = []
    for key in _TEXTS:
        given = value.get(key)
        if given is not None and not isinstance(given, str):
            faults.append(f"{key} of code {code!r} is {given!r}, which is no text; {_IN_QUOTES}")
    if "definition" in value and not str(value["definition"] or "").strip():
        faults.append(f"code {code!r} has an empty definition; write down what it means")
    positive = value.get("positive", [])
    if not isinstance(positive, list | tuple):
        faults.append(
            f"positive of code {code!r} is {positive!r}; it is a list of sentences, as in "
            "positive: [We back it.]"
        )
    elif odd := [sentence for sentence in positive if not isinstance(sentence, str)]:
        faults.append(
            f"positive of code {code!r} has {listing(map(repr, odd))}, which is no text; {_IN_QUOTES}"
        )
    return faults


def _faults_of_names(names: Sequence[str]) -> list[str]:
    faults = [
        f"code {name!r} begins or ends with a blank, which no label does; remove it"
        for name in names
        if name != name.strip()
    ]
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(" ".join(name.casefold().split()), []).append(name)
    faults += [
        f"codes {listing(map(repr, same))} differ only in blanks or letter case; keep one of them"
        for same in alike.values()
        if len(same) > 1
    ]
    return faults


def _faults_of_field(key: str, value: object) -> list[str]:
    if value is None:
        return []
    if key == "scale":
        if isinstance(value, list | tuple) and all(isinstance(code, str) for code in value):
            return []
        return [f"scale is {value!r}; it is a list of codes, lowest first, each a text"]
    return [] if isinstance(value, str) else [f"{key} is {value!r}, which is no text; {_IN_QUOTES}"]
