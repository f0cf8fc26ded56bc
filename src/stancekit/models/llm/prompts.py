"""Prompts: Jinja files that make a question of a codebook and an example, known by the hash of their text."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from stancekit.codebook import Code, Codebook
from stancekit.errors import KitError, listing, printable
from stancekit.models.features import mark
from stancekit.models.llm.questions import LETTERS, Question
from stancekit.resources import config_folders, find_config
from stancekit.types import Example

SUFFIX = ".jinja"
# The blocks that a prompt has: what is the same for all examples, and what is not.
SYSTEM, USER = "system", "user"
# What is asked of each code of a codebook with several codes per unit.
APPLIES = (Code("yes", "The code applies."), Code("no", "The code does not apply."))


@dataclass(frozen=True)
class Prompt:
    """A wording.

    Attributes
    ----------
    name
        How tables call it.
    source
        The text of its file.

    Raises
    ------
    KitError
        When it is no Jinja template, or has not the blocks `system` and `user`.
    """

    name: str
    source: str
    _template: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the blocks."""
        # Prompts are plain text, and texts of examples are values, never templates.
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        try:
            template = environment.from_string(self.source)
        except TemplateError as error:
            raise self._fault(error) from None
        if missing := [name for name in (SYSTEM, USER) if name not in template.blocks]:
            raise self._fault(f"it has no block {listing(missing)}")
        object.__setattr__(self, "_template", template)

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the text, by which replies name it."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def render(self, block: str, values: Mapping[str, Any]) -> str:
        """Return one of the blocks as text.

        Raises
        ------
        KitError
            When it names what there is not, or does not end.
        """
        try:
            context = self._template.new_context(dict(values))
            return "".join(self._template.blocks[block](context)).strip()
        except Exception as error:  # whatever a template of the user's own can raise
            raise self._fault(error) from None

    def _fault(self, error: object) -> KitError:
        return KitError(
            f"prompt {printable(self.name, most=80)} cannot be used: {printable(error, most=200)}; write it like "
            "those in configs/prompt"
        )


def load_prompt(name: str) -> Prompt:
    """Load a prompt by its name, or from a file by its path.

    The user's own, in the folder `prompt` of their configs, come before the kit's.

    Raises
    ------
    KitError
        When there is no such prompt, or it cannot be used.

    Examples
    --------
    >>> load_prompt("coder").name
    'coder'
    """
    try:
        path = (
            Path(name).expanduser()
            if name.endswith(SUFFIX)
            else find_config("prompt", f"{name}{SUFFIX}")
        )
        return Prompt(path.stem, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise KitError(
            f"there is no prompt {printable(name, most=80)!r}; there are: {', '.join(prompt_names())}. Your own is "
            f"configs/prompt/NAME{SUFFIX} in the working directory, or is named by its file, as in my{SUFFIX}"
        ) from None


def prompt_names() -> list[str]:
    """Return the names of the prompts that can be loaded, in alphabetical order.

    Examples
    --------
    >>> prompt_names()
    ['coder', 'plain']
    """
    files = [
        path for folder in config_folders() for path in (folder / "prompt").glob(f"[!.]*{SUFFIX}")
    ]
    return sorted({path.stem for path in files})


@dataclass(frozen=True, slots=True)
class Task:
    """What is decided about an example: which code it has, or whether it has one of them.

    Attributes
    ----------
    options
        The answers: the codes, or `APPLIES`.
    code
        The code in question, where it is one.
    """

    options: tuple[Code, ...]
    code: Code | None = None


def tasks_of(codebook: Codebook) -> list[Task]:
    """Return what is asked of each example: one thing, or one for each code where there may be several."""
    if not codebook.multi_label:
        return [Task(codebook.codes)]
    return [Task(APPLIES, code) for code in codebook.codes]


@dataclass(frozen=True, slots=True)
class Wording:
    """A prompt for a codebook, a task and an order of answers."""

    prompt: Prompt
    codebook: Codebook
    task: Task
    order: tuple[int, ...]
    demonstrations: tuple[tuple[Example, int], ...] = ()

    @property
    def letters(self) -> str:
        """Return the letters of the answers."""
        return LETTERS[: len(self.order)]

    def opening(self) -> tuple[tuple[str, str], ...]:
        """Return the messages before an example: what is to be done, and examples with their answers."""
        messages = [(SYSTEM, self.prompt.render(SYSTEM, self._values()))]
        for example, option in self.demonstrations:
            messages.append((USER, self.asked(example)))
            messages.append(("assistant", self.letters[self.order.index(option)]))
        return tuple(messages)

    def asked(self, example: Example) -> str:
        """Return the message about an example."""
        return self.prompt.render(USER, self._values() | example_values(example))

    def _values(self) -> dict[str, Any]:
        options = [
            {"letter": letter, **_code_values(self.task.options[number])}
            for letter, number in zip(self.letters, self.order, strict=True)
        ]
        code = self.task.code
        return {
            "codebook": self.codebook.name,
            "towards": self.codebook.towards,
            "options": options,
            "code": None if code is None else _code_values(code),
            "letters": list(self.letters),
        }


class Opened:
    """A wording with its opening, which is rendered once for all examples."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self._opening = wording.opening()

    def question(self, example: Example) -> Question:
        """Return the question about an example."""
        wording = self.wording
        messages = (*self._opening, (USER, wording.asked(example)))
        return Question(example.id, wording.prompt.hash, wording.letters, wording.order, messages)


def _code_values(code: Code) -> dict[str, Any]:
    return {
        "name": code.name,
        "definition": code.definition,
        "positive": list(code.positive),
        "near_miss": code.near_miss,
    }


def example_values(example: Example) -> dict[str, str]:
    """Return what a prompt can say of an example: its text, with actor and target marked, and both names.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> example = Example("1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21))
    >>> example_values(example)["marked"], example_values(example)["target"]
    ('[Peru] shunned {the levy}.', 'the levy')
    """
    names = {}
    for role in ("actor", "target"):
        mention = getattr(example, role)
        located = mention is not None and mention.located
        names[role] = (
            example.text[mention.start : mention.end]
            if located
            else (mention.name if mention else "")
        )
    marked = mark(example, actor=("[", "]"), target=("{", "}"))
    return {"text": example.text, "marked": marked, **names}
