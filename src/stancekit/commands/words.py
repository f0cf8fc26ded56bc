"""The words of a command line, as overrides for Hydra: a value that is a text is taken as it is written."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from glob import iglob
from inspect import signature
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from hydra.core.override_parser.types import Quote, QuotedString

from stancekit.commands import COMMANDS
from stancekit.commands.renamed import check_renamed
from stancekit.errors import KitError, listing
from stancekit.resources import find_config

# Hydra's options that take the next word.
_VALUED = (
    "--config-path",
    "-cp",
    "--config-name",
    "-cn",
    "--config-dir",
    "-cd",
    "--cfg",
    "-c",
    "--package",
    "-p",
    "--experimental-rerun",
)
# What its option --info may be followed by.
_INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_MULTIRUN = ("-m", "--multirun")
_ORDINARY = {int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class ValueType:
    """How the value of a key is read, by the annotation of the function's parameter."""

    text: bool = False
    texts: bool = False
    optional: bool = False
    types: tuple[type, ...] = ()
    choices: tuple[str, ...] = ()

    @classmethod
    def read(cls, annotation: Any) -> "ValueType":
        """Read an annotation; one of an object of the kit's own gives a kind with nothing in it."""
        parts = (
            get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
        )
        choices = next((get_args(part) for part in parts if get_origin(part) is Literal), ())
        texts = any(_of_texts(part) for part in parts)
        return cls(
            # A list that may be one string is a list; a path, or several, may be a path with
            # commas.
            text=bool(choices) or Path in parts or (str in parts and not texts),
            texts=texts,
            optional=NoneType in parts,
            types=tuple(part for part in parts if part in _ORDINARY),
            choices=choices,
        )


def _of_texts(annotation: Any) -> bool:
    items = get_args(annotation)
    if get_origin(annotation) not in (Sequence, list, tuple) or not items:
        return False
    types = get_args(items[0]) if get_origin(items[0]) in (Union, UnionType) else items[:1]
    return set(types) <= {str, Path}


def value_types(function: Callable[..., Any]) -> dict[str, ValueType]:
    """Return the kind of each parameter of a command's function."""
    parameters = signature(function).parameters.values()
    return {parameter.name: ValueType.read(parameter.annotation) for parameter in parameters}


def keys_of(command: str) -> tuple[list[str], list[str]]:
    """Return the keys that a command's config sets, and the groups that it chooses from."""
    config = yaml.safe_load(find_config(f"{command}.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in config.pop("defaults", []) if isinstance(entry, dict)]
    groups = [name.removeprefix("optional ") for entry in entries for name in entry]
    keys = [key for key in config if key != "hydra"]
    return keys, [group for group in groups if group != "hydra"]


def overrides(command: str, words: Sequence[str], function: Callable[..., Any]) -> list[str]:
    r"""Return a command's words as Hydra reads them.

    The value of a key that is a text or a path is quoted, so that nothing in it has a meaning for
    Hydra: neither commas nor brackets, quotation marks, `=` or `${…}`. Of a key that is a list of
    texts, the same holds for what stands between `[`, commas and `]`. Other keys, choices in
    groups, and all keys of a multirun, which sweeps over values with commas, are Hydra's own. A
    word that has no key, or is a file, stands for the command's first key.

    Raises
    ------
    KitError
        When a key is unknown, a value is empty or not clear, or there is more than one word without
        a key.

    Examples
    --------
    >>> from stancekit.commands.verify import verify
    >>> overrides("verify", ["UN debate, 2019"], verify)
    ["models='UN debate, 2019'"]
    """
    check_renamed(command, words)
    keys, groups = keys_of(command)
    known = {key: kind for key, kind in value_types(function).items() if key in keys}
    sweeps = any(word in _MULTIRUN for word in words)
    with_key: list[str] = []
    without_key: list[str] = []
    for word in _options(words, with_key):
        key, equals, value = word.partition("=")
        if equals and key in keys:
            with_key.append(
                word if sweeps else f"{key}={_value(key, value, known.get(key, ValueType()))}"
            )
        elif equals and key in groups:
            with_key.append(word)
        elif _is_there(word) or not (equals or _deletes(word, [*keys, *groups])):
            without_key.append(word)
        elif re.fullmatch(r"\w+", key):
            raise unknown(command, [key])
        else:
            with_key.append(word)
    alone = _positional_word(command, without_key, with_key, groups, known)
    return [*alone, *with_key]


def _options(words: Sequence[str], options: list[str]) -> Iterator[str]:
    """Yield the words that are no options of Hydra's; put those, with their values, into `options`."""
    before = ""
    for word in words:
        belongs = before in _VALUED or (before in ("--info", "-i") and word in _INFO)
        before = ""
        if belongs:
            options.append(word)
        elif word.startswith("-") and word != "-" and not _is_there(word):
            options.append(word)
            before = word
        else:
            yield word


def _positional_word(
    command: str,
    alone: Sequence[str],
    others: Sequence[str],
    groups: Sequence[str],
    known: Mapping[str, ValueType],
) -> list[str]:
    """Give the word without a key the one it stands for."""
    if not alone:
        return []
    key = COMMANDS[command].positional
    if key is None:
        raise KitError(f"{alone[0]!r} has no key; words are KEY=VALUE. {_keys(command)}")
    if len(alone) > 1 or any(word.startswith(f"{key}=") for word in others):
        named = [word for word in others if word.startswith(f"{key}=")]
        raise KitError(
            f"{command} takes one {key}, and these are several: {listing([*alone, *named])}. A pattern "
            "is put in quotation marks, so that the shell leaves it as it is: 'FOLDER/*'"
        )
    word, kind = alone[0], known.get(key, ValueType())
    if key in groups:
        return [f"{key}={word}"]
    if _is_list(word, kind):
        return [f"{key}={_value(key, word, kind)}"]
    return [f"{key}={quoted(_require_value(key, word))}"]


def _is_list(value: str, kind: ValueType) -> bool:
    """Say whether a value is a list of texts, and no file that is called so."""
    bracketed = kind.texts and re.fullmatch(r"\[.*\]", value, re.DOTALL)
    return bool(bracketed) and not (kind.text and _is_called(value))


def _require_value(key: str, value: str) -> str:
    if not value:
        raise KitError(f"{key}= is empty; give it a value, or leave it out")
    return value


def _value(key: str, value: str, kind: ValueType) -> str:
    """Return a key's value as Hydra is to read it."""
    if not (kind.text or kind.texts) or (kind.optional and value == "null"):
        return value
    whole = unquoted_word(_require_value(key, value))
    if _is_list(value, kind):
        return f"[{','.join(quoted(item) for item in items(value))}]"
    if kind.texts and not kind.text and whole == value and "," in value:
        spelled = f"{key}='[{value}]' for several, {key}='[\"{value}\"]' for one"
        raise KitError(f"{key}={value} may be one or several; write {spelled}")
    return quoted(whole)


def items(value: str) -> list[str]:
    r"""Return the items of a list as it is written on the command line, `[one, "two, with a comma"]`.

    Examples
    --------
    >>> items("[People's Republic of China, resolution 2334 (2016)]")
    ["People's Republic of China", 'resolution 2334 (2016)']
    >>> items('["a, b", 7]')
    ['a, b', '7']
    """
    item = r"""\s*("(?:\\.|[^"])*"(?=\s*(?:,|$))|'(?:\\.|[^'])*'(?=\s*(?:,|$))|[^,]*)\s*(?:,|$)"""
    inside = value.strip()[1:-1]
    parts = [match[1].strip() for match in re.finditer(item, inside, re.DOTALL) if match[0]]
    return [unquoted_word(part) for part in parts if part]


def unquoted_word(value: str) -> str:
    """Take off quotation marks, which Hydra would ask for, unless a file is called so."""
    if len(value) > 2 and value[0] == value[-1] and value[0] in "'\"" and not _is_there(value):
        return value[1:-1].replace(f"\\{value[0]}", value[0])
    return value


def quoted(text: str) -> str:
    """Return a text as a value of Hydra's that is this text, whatever is in it."""
    escaped = re.sub(r"(\\*)\$\{", lambda match: f"{match[1] * 2}\\${{", text)
    return QuotedString(text=escaped, quote=Quote.single).with_quotes()


def _deletes(word: str, known: Sequence[str]) -> bool:
    """Say whether a word takes a key out of the config, as Hydra has it: `~KEY`."""
    return word.startswith("~") and word[1:] in known


def _is_there(word: str) -> bool:
    """Say whether a word names a file, or several by a pattern."""
    try:
        return _is_called(word) or next(iglob(word), None) is not None  # noqa: PTH207  # absolute patterns too
    except (OSError, ValueError):
        return False


def _is_called(word: str) -> bool:
    """Say whether a file has a word for its name; a list in brackets is also a pattern of one letter."""
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        return False


def unknown(command: str, keys: Sequence[str]) -> KitError:
    """Return the error for keys that a command does not have."""
    known, groups = keys_of(command)
    close = get_close_matches(keys[0], [*known, *groups], 1)
    meant = f"; is {close[0]} meant?" if close else "."
    return KitError(f"unknown key {listing(keys)}{meant} {_keys(command)}")


def _keys(command: str) -> str:
    known, groups = keys_of(command)
    choices = f"; choices: {', '.join(groups)}" if groups else ""
    return f"stancekit {command} has the keys {', '.join(known)}{choices}"


def check_values(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's arguments with numbers that are meant as texts as such, and of the types annotated.

    Raises
    ------
    KitError
        When a value is of another type.
    """
    known = value_types(function)
    return {key: _checked(key, value, known.get(key, ValueType())) for key, value in given.items()}


def _checked(key: str, value: Any, kind: ValueType) -> Any:
    if kind.text and isinstance(value, bool | int | float):
        value = str(value)
    if kind.choices and value is not None and value not in kind.choices:
        raise KitError(f"unknown {key}={value}; there are {', '.join(kind.choices)}")
    plain = kind.types and not (kind.text or kind.texts) and not (kind.optional and value is None)
    if plain and not any(_is(value, ordinary) for ordinary in kind.types):
        meant = " or ".join(_ORDINARY[ordinary] for ordinary in kind.types)
        raise KitError(f"{key} takes {meant}, not {value!r}")
    return value


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return (
        isinstance(value, int) if kind is int else isinstance(value, int | float) and kind is float
    )
