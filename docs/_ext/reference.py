"""Pages of the reference: every command, key, default and choice, from the configs and docstrings of `--help`."""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from sphinx.application import Sphinx

import stancekit
from stancekit.commands import COMMANDS
from stancekit.commands.cli import hydra_for
from stancekit.commands.help import CommandParts, KeyLine, take_apart
from stancekit.commands.words import keys_of
from stancekit.resources import shipped

MADE = Path(__file__).resolve().parents[1] / "made" / "reference"
# Groups in the order of a training, each with a command that has it.
GROUPS = {
    "corpus": "train",
    "codebook": "train",
    "split": "train",
    "features": "train",
    "model": "train",
    "search": "train",
    "experiment": "train",
    "actors": "label",
    "layout": "label",
}


def summary_of(path: Path) -> str:
    """Return the comment at the head of a config, in one line, without what it tells Hydra."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#") or line.startswith("#  "):
            break
        if not line.startswith("# @package"):
            lines.append(line.lstrip("# "))
    return " ".join(lines)


def entries(lines: Iterable[KeyLine]) -> str:
    """Return keys and their meanings as a list; a line without a head goes on with the one before."""
    shown = []
    for head, meaning in lines:
        if head:
            name, _, rest = head.partition(" (")
            default = f" ({rest[:-1]})" if rest else ""
            shown.append(f"- **`{name}`**{escaped(default)}")
        if meaning:
            shown.append(f"  <br>{coded(meaning)}" if head else f"  <br>{chosen(meaning)}")
    return "\n".join(shown)


def escaped(text: str) -> str:
    """Return a text in which Markdown finds no marks."""
    return re.sub(r"([\\`*_{}\[\]<>|$])", r"\\\1", text)


def coded(text: str) -> str:
    """Return a meaning, in which backquotes mark code, with all else as plain text."""
    parts = re.split(r"``?([^`]+)``?", text)
    return "".join(f"`{part}`" if at % 2 else escaped(part) for at, part in enumerate(parts))


def chosen(text: str) -> str:
    """Return a list of choices with each in the type of code."""
    names = text.removeprefix("One of: ").rstrip(".").split(", ")
    return "One of " + ", ".join(f"`{name}`" for name in names) + "."


def command_page(command: str, described: CommandParts) -> str:
    """Return the page of a command."""
    groups = keys_of(command)[1]
    linked = " ".join(f"[{name}](../choices/{name}.md)" for name in groups if name in GROUPS)
    parts = [
        f"# stancekit {command}",
        f"```text\n{described.usage}\n```",
        *map(coded, described.summary),
        "## Examples\n\n```text\n" + "\n".join(described.examples) + "\n```",
        f"## Keys\n\n{entries(described.keys)}",
    ]
    if described.groups:
        parts.append(f"## Choices\n\n{entries(described.groups)}\n\nAll choices: {linked}")
    return "\n\n".join(parts) + "\n"


def choices_page(group: str, command: str, options: Sequence[tuple[Path, CommandParts]]) -> str:
    """Return the page of a group: each choice, what it is, and its keys."""
    parts = [f"# {group}", f"Chosen as `stancekit {command} {group}=NAME`."]
    if group in ("codebook", "experiment"):
        parts[-1] += f" A file of your own: `configs/{group}/NAME.yaml`."
    for path, described in options:
        parts.append(f"## {group}={path.stem}\n\n{coded(summary_of(path))}")
        for lines in described.options.values():
            parts.append(entries(lines))
        if described.sweep:
            runs = "\n".join(head for head, _ in described.sweep)
            parts.append(f"It runs\n\n```text\n{runs}\n```")
    return "\n\n".join(parts) + "\n"


def python_page() -> str:
    """Return the page of the public names, for autodoc to fill in."""
    kinds: dict[str, list[str]] = {"function": [], "class": [], "exception": []}
    for name in stancekit.__all__:
        value = getattr(stancekit, name)
        kind = "function"
        if isinstance(value, type):
            kind = "exception" if issubclass(value, Exception) else "class"
        kinds[kind].append(name)
    parts = ["# Python", "```python\nimport stancekit as sk\n```"]
    for kind, title in (("function", "Functions"), ("class", "Classes"), ("exception", "Errors")):
        parts.append(f"## {title}")
        for name in kinds[kind]:
            members = "\n   :members:" if kind == "class" else ""
            parts.append(f"```{{eval-rst}}\n.. auto{kind}:: stancekit.{name}{members}\n```")
    return "\n\n".join(parts) + "\n"


def write_pages(app: Sphinx) -> None:
    """Write the pages of the reference into the site's source."""
    shutil.rmtree(MADE, ignore_errors=True)
    for folder in ("commands", "choices"):
        (MADE / folder).mkdir(parents=True)
    table = ["| command | what it does |", "|---|---|"]
    for command, entry in COMMANDS.items():
        with hydra_for(command) as hydra:
            page = command_page(command, take_apart(command, [], hydra))
        (MADE / "commands" / f"{command}.md").write_text(page, encoding="utf-8")
        table.append(f"| [{command}](../made/reference/commands/{command}.md) | {entry.summary} |")
    (MADE / "commands.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    for group, command in GROUPS.items():
        with hydra_for(command) as hydra:
            options = [
                (path, take_apart(command, [f"{group}={path.stem}"], hydra))
                for path in sorted(shipped("configs", group).glob("*.yaml"))
            ]
        page = choices_page(group, command, options)
        (MADE / "choices" / f"{group}.md").write_text(page, encoding="utf-8")
    (MADE / "python.md").write_text(python_page(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
