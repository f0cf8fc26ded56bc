"""The help of a command is complete: every key and parameter with what it means, every choice, examples that work."""

import inspect
import re
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.commands import COMMANDS
from stancekit.commands.cli import PYTHON_ONLY, function_of
from stancekit.commands.docstrings import parameters
from stancekit.commands.help import examples
from stancekit.commands.train_words import spelled_out
from stancekit.commands.words import keys_of, overrides

CONFIGS = ROOT / "configs"


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def help_of(capsys, *words):
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


def entries(text):
    """Return what the help says of each key and group: what stands in brackets behind it, and what it means."""
    found, key = {}, None
    for line in text.splitlines():
        if match := re.match(r"  (\+?[a-z_.A-Z0-9]+) \((.*)$", line):
            key = match[1]
            found[key] = [match[2], ""]
        elif line.startswith("      ") and key:
            found[key][1] += f" {line.strip()}"
        elif line.startswith("    ") and key:
            found[key][0] += f" {line.strip()}"
        else:
            key = None
    return {
        key: (head.removesuffix(")"), meaning.strip()) for key, (head, meaning) in found.items()
    }


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_key_and_parameter_has_a_meaning_and_a_default(command, wide, capsys):
    shown = entries(help_of(capsys, command))
    keys, groups = keys_of(command)
    config = yaml.safe_load((CONFIGS / f"{command}.yaml").read_text())
    expected = (
        (set(inspect.signature(function_of(command)).parameters) - PYTHON_ONLY)
        | set(keys)
        | set(groups)
    )
    assert set(shown) == expected
    for key, (head, meaning) in shown.items():
        assert len(meaning.split("One of:")[0]) > 10, (
            f"{command}: the docstring does not say what {key} means"
        )
        value = config.get(key)
        if key in groups:
            choices = {path.stem for path in (CONFIGS / key).glob("*.yaml")}
            assert set(meaning.split("One of: ")[1].rstrip(".").split(", ")) == choices
        elif value == "???":
            assert head == "required"
        elif isinstance(value, int | float | None) and not isinstance(value, bool):
            assert head == f"default: {'null' if value is None else value}"
        elif isinstance(value, str) and "${" not in value:
            assert head == f"default: {value}"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_defaults_of_the_command_line_and_of_the_function_agree(command):
    config = yaml.safe_load((CONFIGS / f"{command}.yaml").read_text())
    for name, parameter in inspect.signature(function_of(command)).parameters.items():
        value = config.get(name, "???")
        if parameter.default is not parameter.empty and value != "???" and "${" not in str(value):
            default = (
                list(parameter.default)
                if isinstance(parameter.default, tuple)
                else parameter.default
            )
            # A column that is not named has its role's name.
            if isinstance(value, dict) and not any(value.values()):
                value = None
            assert default == value, f"{name} of {command}"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_help_names_the_program_its_word_and_examples(command, capsys):
    text = help_of(capsys, command)
    assert (
        text.startswith(f"usage: stancekit {command} ")
        and "powered by" not in text
        and "_target_" not in text
    )
    if positional := COMMANDS[command].positional:
        assert (
            positional.upper() in text.splitlines()[0] and f"is the value of {positional}=" in text
        )
    shown = examples((CONFIGS / f"{command}.yaml").read_text())
    assert 1 <= len(shown) <= 3 and all(f"\n  {example}\n" in text for example in shown)
    assert "A list is written [a, b]" in text and f"stancekit {command} --hydra-help" in text


EXAMPLES = [
    example
    for command in COMMANDS
    for example in examples((CONFIGS / f"{command}.yaml").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_understood(example):
    import shlex

    _, command, *words = shlex.split(example)
    overrides(command, spelled_out(command, words), function_of(command))


def test_lines_are_as_wide_as_the_terminal(monkeypatch, capsys):
    for columns in (60, 90):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = help_of(capsys, "train").partition("\nexamples\n")[0].splitlines()
        assert columns - 12 < max(map(len, lines)) <= columns


def test_the_keys_of_a_choice_are_listed(wide, capsys):
    shown = entries(
        help_of(capsys, "train", "model=minilm", "corpus=table", "split=leave_topic_out")
    )
    assert shown["model.epochs"] == (
        "default: 3",
        "How many times training goes through all examples.",
    )
    assert shown["+model.dropout"][0] == "default: null" and "drops" in shown["+model.dropout"][1]
    assert shown["corpus.path"][0] == "required" and shown["corpus.quoted"][0] == "default: true"
    assert (
        shown["split.by"] == ("default: topic", shown["split.by"][1])
        and "article" in shown["split.by"][1]
    )
    assert shown["model"][0] == "chosen: minilm" and shown["name"][0] == "default: minilm"


def test_the_keys_of_an_ensemble_are_those_of_its_members(wide, capsys):
    shown = entries(help_of(capsys, "train", "model=ensemble"))
    assert shown["model.members.logreg.classifier.C"] == (
        "default: 1",
        "Inverse of regularization strength; must be a positive float.",
    )
    assert shown["model.members.embedding.C"][0] == "default: 0.01"


def test_an_experiment_shows_what_it_runs(wide, capsys):
    text = help_of(capsys, "train", "experiment=un_votes")
    assert "\nthe experiment runs\n" in text and "\n  codebook=stance,diplomacy\n" in text
    assert entries(text)["output"][0] == "default: experiments/un_votes"


def test_an_unknown_choice_is_an_error(capsys):
    assert main(["train", "model=svn", "--help"]) == 2
    assert "svm" in capsys.readouterr().err


def test_meanings_follow_references():
    meanings = {
        parameter.name: parameter.meaning
        for parameter in parameters("stancekit.commands.plan.plan")
    }
    assert meanings["labels"].startswith("What `stancekit label` wrote")
    assert (
        meanings["gold"].startswith("What `stancekit sample` wrote")
        and "Fifty annotated rows" in meanings["gold"]
    )
    assert parameters("stancekit.nowhere.Nothing") == parameters("nowhere") == []


@pytest.mark.parametrize(
    "words", [["label"], ["estimate"], ["train", "model=minilm"]], ids=" ".join
)
def test_help_loads_nothing_of_the_work(words):
    code = (
        "import sys; from stancekit.__main__ import main; main(sys.argv[1:]); "
        "print(sorted({'torch', 'transformers', 'spacy', 'datasets', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
