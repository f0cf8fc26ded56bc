"""What the documents, the error messages and the help tell a user to type is there to be typed."""

import ast
import functools
import re
import shlex
import tomllib
from itertools import product

import pytest
import yaml
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pages import FENCE, blocks

from stancekit.__main__ import COMMANDS
from stancekit.commands.cli import function_of
from stancekit.commands.keys import opened
from stancekit.commands.train_words import spelled_out
from stancekit.commands.words import keys_of, overrides

CONFIGS = ROOT / "configs"
PAGES = [
    path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if not {"made", "_build"} & set(path.relative_to(ROOT).parts)
]
DOCUMENTS = [
    path
    for pattern in ("*.md", "*/README.md", "*/*/README.md")
    for path in sorted(ROOT.glob(pattern))
    if "made" not in path.parts
] + PAGES
SOURCES = sorted((ROOT / "src" / "stancekit").rglob("*.py"))
# Files that pages have the reader write.
WRITTEN = [
    (*block.file.removesuffix(".yaml").split("/")[1:], block.text)
    for path in PAGES
    for block in blocks(path.read_text(encoding="utf-8"))
    if block.file
]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of configs with the files that pages have the reader write."""
    place = tmp_path_factory.mktemp("configs")
    for group, name, text in WRITTEN:
        (place / group).mkdir(exist_ok=True)
        (place / group / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place


def commands_in(text):
    """Return the command lines in a document's blocks and in its inline code, as lists of words."""
    fences = "\n".join(of for kind, of in FENCE.findall(text) if kind in ("", "sh", "bash"))
    fences = fences.replace("\\\n", " ")
    plain = FENCE.sub("", text)
    inline = [code for code in re.findall(r"`([^`]+)`", plain) if code.startswith("stancekit ")]
    lines = [line for line in fences.splitlines() if re.search(r"(^|/|\| |do )stancekit ", line)]
    for line in [*lines, *(code.replace("\n", " ") for code in inline)]:
        words = re.split(r"(?:^|.*?[/ ])?stancekit ", line, maxsplit=1)[-1]
        yield [bare(word) for word in split_words(words)]


def split_words(line):
    """Return the words of a command, up to what the shell does with its output."""
    try:
        return shlex.split(re.split(r" [|>&] |; ", line)[0], comments=True)
    except ValueError:
        # The sign is in quotation marks, as in a formula.
        return shlex.split(line, comments=True)


def bare(word):
    """Take off the brackets around what may be left out, as in `train [experiment=NAME]`."""
    word = re.sub(r"^\[(?=[\w.]+=)", "", word)
    return word[:-1] if word.count("]") > word.count("[") else word


def unrun(path):
    """Return a document without the blocks that test_pages.py runs, which need no other check."""
    text = path.read_text(encoding="utf-8")
    if path.parent == ROOT or path in PAGES:
        for block in reversed(blocks(text)):
            if block.runs:
                text = text[: block.span[0]] + text[block.span[1] :]
    return text


EVERY = {
    (command, *words): str(path.relative_to(ROOT))
    for path in DOCUMENTS
    for command, *words in commands_in(unrun(path))
    if command.islower() and not any("…" in word or word[-1:] == "=" for word in words)
}


def test_there_are_documents_with_commands():
    assert len(EVERY) > 40 and len(WRITTEN) >= 2
    assert {command for command, *_ in EVERY} <= set(COMMANDS)


@functools.cache
def composed(command, folder, choices):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(command, [*choices, f"hydra.searchpath=[file://{folder}]"])


def check(words, folder):
    """Compose what a command line says; placeholders in capitals are values like any others."""
    command, *rest = words
    rest = [word for word in rest if word not in ("-m", "--multirun", "--help")]
    groups = keys_of(command)[1]
    ours = [word for word in rest if not word.startswith("hydra")]
    # A file of data, or an encoder to start from, stands for a choice and its settings.
    ours = [
        each
        for word in spelled_out(command, ours)
        for each in (opened([word]) if word.startswith("corpus=") else [word])
    ]
    said = OverridesParser.create().parse_overrides(overrides(command, ours, function_of(command)))
    # A name in capitals stands for any of a group's.
    said = [one for one in said if one.key_or_group not in groups or not str(one.value()).isupper()]
    # A file of data is read, not composed.
    said = [one for one in said if one.key_or_group != "corpus" or "." not in str(one.value())]
    chosen = [one for one in said if one.key_or_group in groups]
    swept = [
        list(one.sweep_string_iterator()) if one.is_sweep_override() else [one.value()]
        for one in chosen
    ]
    names = [one.key_or_group for one in chosen]
    for values in product(*swept) if swept else [()]:
        choices = tuple(f"{name}={value}" for name, value in zip(names, values, strict=True))
        config = OmegaConf.create(composed(command, folder, choices))
        OmegaConf.set_struct(config, True)
        for one in said:
            if one not in chosen:
                value = None if one.is_sweep_override() else one.value()
                added = one.is_add() or one.is_force_add()
                OmegaConf.update(config, one.key_or_group, value, force_add=added)
    for word in rest:
        name = word.split("=", 1)[-1]
        if name.split("/")[0] in ("seeds", "data", "configs", "bench"):
            assert any(ROOT.glob(name)), f"{name} is not there"


@pytest.mark.parametrize("words", EVERY, ids=lambda words: " ".join(words)[:90])
def test_a_command_in_a_document_composes(words, folder):
    check(words, folder)


@pytest.mark.parametrize(
    ("group", "name", "text"), WRITTEN, ids=[f"{group}/{name}" for group, name, _ in WRITTEN]
)
def test_a_file_that_a_page_shows_builds(group, name, text, folder):
    from hydra.utils import instantiate

    assert instantiate(yaml.safe_load(text), _convert_="all") is not None


def said(node):
    """Return the text of a string, with VALUE for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "VALUE" for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strings(path):
    """Yield the strings of a source file that are no docstrings."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    left_out = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            left_out |= set(map(id, node.values))
    for node in nodes:
        if id(node) not in left_out and (text := said(node)):
            yield text


TEXTS = {text: path.name for path in SOURCES for text in strings(path)}
HINTED = sorted(
    {
        (match[1], *(word.rstrip(".,;:`'") for word in match[2].split()))
        for text in TEXTS
        for match in re.finditer(r"stancekit ([a-z]+)((?: (?:[a-z_.]+=[^\s;,]+|[A-Z]+\b))*)", text)
        if match[1] in COMMANDS
    }
)
KEYS = sorted(
    {
        (match[1], match[2].strip("'\"`.,;:)"))
        for text in TEXTS
        for match in re.finditer(
            r"(?<![\w.\"'{-])([a-z_]+(?:\.[a-z_]+)*)=([A-Za-z0-9_\[{][^\s;,]*)", text
        )
        if not re.match(r"VALUE|value\b|load_codebook", match[2])
        and "<" not in text
        and "https" not in text
    }
)


@pytest.mark.parametrize("words", HINTED, ids=" ".join)
def test_a_command_in_a_message_composes(words, folder):
    check([word.replace("VALUE", "x") if "=" in word else word for word in words], folder)


def takes(group, rest, value):
    """Say whether some choice of a group has a key, so that it can be set without a plus sign."""
    for path in sorted((CONFIGS / group).glob("*.yaml")):
        config = OmegaConf.load(path)
        OmegaConf.set_struct(config, True)
        try:
            OmegaConf.update(config, rest, value, force_add=False)
        except OmegaConfBaseException:
            continue
        return True
    return False


@pytest.mark.parametrize(("key", "value"), KEYS, ids=lambda part: part)
def test_a_key_in_a_message_can_be_set(key, value):
    group, *rest = key.split(".")
    if rest:
        # Of a group, which may be one in another, or of a command's own config.
        parts = [group, *rest]
        groups = [("/".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts))]
        assert any(takes(*one, value) for one in [*groups, (".", key)])
    elif (CONFIGS / group).is_dir():
        assert (CONFIGS / group / f"{value}.yaml").exists() or value.isupper()
    else:
        every = {name for command in COMMANDS for name in keys_of(command)[0]}
        settings = any(
            re.search(rf"\b{key}: \w+", path.read_text(encoding="utf-8")) for path in SOURCES
        )
        assert key in every or takes("model", key, value) or settings


def test_extras_in_messages_and_documents_exist():
    named = {
        node.args[1].value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MissingExtra"
    }
    texts = [
        *TEXTS,
        *(path.read_text(encoding="utf-8") for path in [*DOCUMENTS, *CONFIGS.rglob("*.yaml")]),
    ]
    named |= {extra for text in texts for extra in re.findall(r"stancekit\[([a-z,]+)\]", text)}
    assert named and {one for extra in named for one in extra.split(",")} <= set(EXTRAS)


def test_files_that_the_documents_link_to_are_there():
    gone = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in DOCUMENTS
        # Of programs it is a call; what the build of the site makes, tests/test_site.py looks for.
        for target in re.findall(
            r"\]\((?!https?:|#|mailto:)([^)#\s]+)",
            re.sub(r"```.*?```|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL),
        )
        if not target.startswith("../made/") and not (path.parent / target).exists()
    ]
    assert not gone
