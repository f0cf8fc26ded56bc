"""What `stancekit COMMAND --help` shows: the command, what there is to choose from, and every key.

Meanings are those of the docstrings, defaults and examples those of the YAML files; a key that is
no parameter of the command's function, as `data_dir`, means what the comment above it says.
"""

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stancekit.commands import COMMANDS
from stancekit.commands.docstrings import docstring_of, parameters, sections
from stancekit.commands.keys import OPEN, opened
from stancekit.commands.words import keys_of
from stancekit.resources import find_config

# A key or a group, and what it means.
KeyLine = tuple[str, str]
# Lines longer than this are hard to read, however wide the terminal is.
_WIDEST = 100
# Of a value that takes more room than this, only the names of its parts are shown.
_LONG = 60
# Parameters that a command sets itself.
_SET = ("codebook", "folder", "random_state")
_INDENT = "  "
_SYNTAX = """\
A list is written [a, b]. Quote a word for the shell if it has a blank, a bracket or a $: 'by=[actor, target]'. \
null means nothing, true and false are yes and no.{multirun}"""
_MULTIRUN_HINT = (
    " With -m, values with commas between them are tried one after the other: "
    "-m model=svm,nb random_state=0,1."
)


@dataclass(frozen=True, slots=True)
class CommandParts:
    """A command in parts: what its help prints, and what the pages of the reference are made of.

    Attributes
    ----------
    usage
        The words that it takes.
    summary
        What it does, a paragraph each.
    groups
        What there is to choose from, as heads and meanings; a line without a head goes on with the last one.
    keys
        Its keys with their defaults, and what they mean.
    options
        By group and choice, as in `model=svm`, the keys of what was chosen.
    sweep
        What an experiment that was chosen runs.
    examples
        Commands to try.
    """

    usage: str
    summary: tuple[str, ...]
    groups: tuple[KeyLine, ...]
    keys: tuple[KeyLine, ...]
    options: Mapping[str, tuple[KeyLine, ...]]
    sweep: tuple[KeyLine, ...]
    examples: tuple[str, ...]


def take_apart(command: str, words: Sequence[str], hydra: Hydra) -> CommandParts:
    """Return what there is to know of a command.

    Parameters
    ----------
    command
        Its name.
    words
        The words beside `--help`: the keys of what they choose, as in `model=minilm`, are listed
        too.
    hydra
        Hydra over the folders of configs to read.
    """
    keys, groups = keys_of(command)
    chosen = _choices(words, groups)
    config = _compose(
        hydra, command, opened([f"{group}={choice}" for group, choice in chosen.items()])
    )
    known = {
        parameter.name: parameter.meaning
        for parameter in parameters(f"stancekit.commands.{command}.{command}")
    }
    text = find_config(f"{command}.yaml").read_text(encoding="utf-8")
    known |= {key: comment for key, comment in comments(text).items() if not known.get(key)}
    swept = OmegaConf.select(config, "hydra.sweeper.params") or {}
    return CommandParts(
        usage=_usage(command, config),
        summary=tuple(_summary(command)),
        groups=tuple(_group_lines(hydra, config, groups, chosen, known)),
        keys=tuple(_key_lines(config, keys, known)),
        options={
            f"{group}={config.hydra.runtime.choices.get(group)}": tuple(lines)
            for group in chosen
            if (lines := _option_lines(group, config))
        },
        sweep=tuple((f"{key}={value}", "") for key, value in swept.items()),
        examples=tuple(examples(text)),
    )


def command_help(command: str, words: Sequence[str], hydra: Hydra) -> str:
    """Return the help of a command, wrapped for a terminal; the parameters are those of `take_apart`."""
    described = take_apart(command, words, hydra)
    # Who chooses a model may choose other things, and run them one after the other.
    has_models = "model" in keys_of(command)[1]
    parts = [described.usage, "\n\n".join(map(_wrap, described.summary))]
    if described.groups:
        parts.append(f"choices (NAME=CHOICE)\n{_blocks(described.groups)}")
    parts.append(f"keys (KEY=VALUE)\n{_blocks(described.keys)}")
    for name, lines in described.options.items():
        parts.append(f"keys of {name}\n{_blocks(lines)}")
    if described.sweep:
        parts.append(f"the experiment runs\n{_blocks(described.sweep)}")
    parts.append(_wrap(_SYNTAX.format(multirun=_MULTIRUN_HINT if has_models else "")))
    parts.append("examples\n" + "\n".join(f"{_INDENT}{example}" for example in described.examples))
    if has_models:
        parts.append(_wrap(f"The keys of a choice: stancekit {command} model=minilm --help"))
    parts.append(
        f"Hydra's options, as --cfg, --multirun, --config-dir: stancekit {command} --hydra-help"
    )
    return "\n\n".join(parts)


def examples(text: str) -> list[str]:
    r"""Return the commands that are set in from the other lines of the comment at the head of a YAML file.

    Examples
    --------
    >>> examples("# Draw rows.\n#   stancekit sample labels.jsonl n=200\nn: 300")
    ['stancekit sample labels.jsonl n=200']
    """
    head = re.match(r"(?:#.*\n)*", text)
    return re.findall(r"^#\s{2,}(stancekit .*)$", head[0] if head else "", re.MULTILINE)


def comments(text: str) -> dict[str, str]:
    r"""Return the comment directly above each key or group of a YAML file, or behind it, by its dotted path.

    Examples
    --------
    >>> comments("# The file.\n\n# how many\nn: 3\nsplit:\n  by: null  # what it is grouped by\n")
    {'n': 'how many', 'split.by': 'what it is grouped by'}
    """
    found: dict[str, str] = {}
    above: list[str] = []
    path: list[tuple[int, str]] = []
    for line in text.splitlines():
        if comment := re.fullmatch(r"\s*#\s?(.*)", line):
            above.append(comment[1])
            continue
        if key := re.match(r"(\s*)(?:- )?(?:optional )?([\w/]+):(?:.*\s#\s(.*))?", line):
            path = [*(part for part in path if part[0] < len(key[1])), (len(key[1]), key[2])]
            name = ".".join(part for _, part in path).removeprefix("defaults.")
            if said := " ".join(above) or key[3]:
                found[name] = said
        above = []
    return found


def _choices(words: Sequence[str], groups: Sequence[str]) -> dict[str, str]:
    """Return what words choose in groups; of several choices, as for a multirun, the first."""
    pairs = [word.lstrip("+").partition("=") for word in words]
    return {group: choice.split(",")[0] for group, _, choice in pairs if group in groups and choice}


def _compose(hydra: Hydra, command: str, overrides: list[str]) -> DictConfig:
    config = hydra.compose_config(
        command, overrides, RunMode.MULTIRUN, validate_sweep_overrides=False
    )
    HydraConfig.instance().set_config(config)
    return config


def _usage(command: str, config: DictConfig) -> str:
    positional = COMMANDS[command].positional
    if positional is None:
        return f"usage: stancekit {command} [key=value ...]"
    word = (
        positional.upper()
        if OmegaConf.is_missing(config, positional)
        else f"[{positional.upper()}]"
    )
    return f"usage: stancekit {command} {word} [key=value ...]"


def _summary(command: str) -> Iterator[str]:
    docstring = sections(docstring_of(f"stancekit.commands.{command}.{command}"))[""]
    for paragraph in docstring.split("\n\n"):
        yield " ".join(paragraph.split())
    if positional := COMMANDS[command].positional:
        yield f"{positional.upper()} is the value of {positional}=."


def _group_lines(
    hydra: Hydra,
    config: DictConfig,
    groups: Sequence[str],
    chosen: Mapping[str, str],
    known: Mapping[str, str],
) -> Iterator[KeyLine]:
    for group in groups:
        options = hydra.config_loader.get_group_options(group, ObjectType.CONFIG)
        choice = config.hydra.runtime.choices.get(group)
        yield (
            f"{group} ({'chosen' if group in chosen else 'default'}: {'null' if choice is None else choice})",
            known.get(group, ""),
        )
        yield "", f"One of: {', '.join(sorted(options))}."


def _key_lines(
    config: DictConfig, keys: Sequence[str], known: Mapping[str, str]
) -> Iterator[KeyLine]:
    for key in keys:
        yield f"{key} ({_default(config, key)})", known.get(key, "")


def _default(node: DictConfig, key: str) -> str:
    if OmegaConf.is_missing(node, key):
        return "required"
    return f"default: {_shown(_value_of_key(node, key))}"


def _value_of_key(node: DictConfig, key: str) -> Any:
    """Return a value, an interpolation resolved where that is possible."""
    try:
        value = node[key]
        return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    except OmegaConfBaseException:
        # Shown as it is written. Of a dictionary's node the container is one, which types do not say.
        return OmegaConf.to_container(node)[key]  # type: ignore[call-overload, index]


def _shown(value: Any) -> str:
    """Return a value as it would be written on the command line, long ones by the names of their parts."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        whole = "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
        return whole if len(whole) <= _LONG else "{" + ": …, ".join(map(str, value)) + ": …}"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def _option_lines(group: str, config: DictConfig) -> list[KeyLine]:
    """Return the keys of a choice, with those that its class takes beside the ones in its file."""
    node = config.get(group)
    if not isinstance(node, DictConfig):
        return []
    choice = config.hydra.runtime.choices.get(group)
    file = find_config(group, f"{choice}.yaml")
    above = comments(file.read_text(encoding="utf-8"))
    return list(
        _node_lines(node, group, {f"{group}.{key}": comment for key, comment in above.items()})
    )


def _node_lines(node: DictConfig, path: str, above: Mapping[str, str]) -> Iterator[KeyLine]:
    target = str(node["_target_"]) if "_target_" in node else ""
    taken = {parameter.name: parameter for parameter in parameters(target)}
    # Not `in node`, which does not count what is required.
    listed = [str(key) for key in node]
    for key in listed:
        name = f"{path}.{key}"
        if key.startswith("_"):
            continue
        meaning = taken[key].meaning if key in taken else ""
        if not target.startswith("stancekit."):
            # Other packages' docstrings are long, and divided by marks for their own pages.
            meaning = re.split(r"(?<=\.)\s", meaning)[0]
        value = None if OmegaConf.is_missing(node, key) else node[key]
        if isinstance(value, DictConfig) and any("_target_" in part for part in _nested(value)):
            yield from _node_lines(value, name, above)
        else:
            yield f"{name} ({_default(node, key)})", meaning or above.get(name, "")
    for parameter in taken.values():
        if (
            target.startswith("stancekit.")
            and parameter.name not in listed
            and parameter.name not in _SET
        ):
            plus = "" if path.partition(".")[0] in OPEN else "+"
            yield (
                f"{plus}{path}.{parameter.name} (default: {_python(parameter.default)})",
                parameter.meaning,
            )


def _nested(node: DictConfig) -> Iterator[DictConfig]:
    yield node
    for key in node:
        value = None if OmegaConf.is_missing(node, key) else node[key]
        if isinstance(value, DictConfig):
            yield from _nested(value)


def _python(default: str | None) -> str:
    """Return a default as Python spells it in the words of the command line."""
    words = {"None": "null", "True": "true", "False": "false"}
    return "none" if default is None else words.get(default, default.strip("'"))


def _blocks(lines: Iterable[KeyLine]) -> str:
    shown = []
    for head, meaning in lines:
        if head:
            shown.append(_wrap(head, _INDENT, hanging=_INDENT * 2))
        if meaning:
            shown.append(_wrap(meaning.replace("``", "`"), _INDENT * 3))
    return "\n".join(shown)


def _wrap(text: str, indent: str = "", *, hanging: str | None = None) -> str:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    return textwrap.fill(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
