"""The words of a command line reach a command's function as they were written."""

import copy
import functools
import random
from typing import Literal

import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from test_sample import rows as label_rows

from stancekit.commands.cli import arguments, function_of, run
from stancekit.commands.words import check_values, items, overrides, quoted
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl

PARSER = OverridesParser.create()
NAMES = [
    "UN debate, 2019.txt",
    "it's.txt",
    "“it’s”.txt",
    "speech (1).txt",
    "a#b!c&d.txt",
    "[x].txt",
    "{a}.txt",
    "2020",
    "1e5",
    "null",
    "true",
    "ö.txt",
    "李明.txt",
    "${oc.env:HOME}.txt",
    "\\${a}\\",
    "back\\slash",
    "~home",
    "labels",
    "path",
    " blank ",
    "-",
]


@functools.cache
def composed(command):
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return compose(command)


def reached(command, *words):
    """Return what the function of a command would be called with; Hydra's parser, without its search for files."""
    config = copy.deepcopy(composed(command))
    for word in PARSER.parse_overrides(overrides(command, words, function_of(command))):
        OmegaConf.update(config, word.key_or_group, word.value(), force_add=word.is_add())
    return arguments(command, config)


@pytest.mark.parametrize("name", NAMES)
def test_a_word_without_a_key_is_that_word(name):
    assert reached("verify", name)["models"] == name
    assert reached("average", "output=x", name)["runs"] == name


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name != "null"] + ["x=y", "epoch=3, best", "glob(*)"]
)
def test_the_value_of_a_text_is_that_value(name):
    assert reached("sample", f"labels={name}", f"output={name}") == reached("sample", "x") | {
        "labels": name,
        "output": name,
    }


def test_null_is_nothing_where_nothing_is_allowed():
    assert reached("label", "a.txt", "output=null")["output"] is None
    assert reached("sample", "labels=null")["labels"] == "null"


def test_a_value_that_is_quoted_for_hydra_is_what_it_was():
    assert reached("label", "input='UN debate, 2019.txt'")["input"] == "UN debate, 2019.txt"
    assert reached("label", r"input='it\'s.txt'")["input"] == "it's.txt"


def test_a_file_whose_name_has_an_equals_sign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x=y.txt").write_text("Peru left.")
    assert reached("label", "x=y.txt")["input"] == "x=y.txt"
    assert reached("label", "x=*.txt")["input"] == "x=*.txt"
    assert reached("label", "input=x=z.txt")["input"] == "x=z.txt"
    (tmp_path / "'a'").write_text("Peru left.")
    assert reached("label", "input='a'")["input"] == "'a'"


def test_any_text_comes_through():
    dice = random.Random(0)
    parts = [*"a'\"\\${}[],=: #!&()\n\t~+@/0é李", "${oc.env:HOME}", "\\${x}", "null"]
    for _ in range(300):
        text = "".join(dice.choices(parts, k=dice.randint(1, 8)))
        assert (
            OmegaConf.create({"path": PARSER.parse_override(f"path={quoted(text)}").value()}).path
            == text
        )


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ("bike lanes", ["bike lanes"]),
        ("2334", ["2334"]),
        ("[the levy, 2334]", ["the levy", "2334"]),
        ("[People's Republic of China]", ["People's Republic of China"]),
        ("[resolution 2334 (2016), the 'levy']", ["resolution 2334 (2016)", "the 'levy'"]),
        (
            """["trade, aid", 'a "levy"', ${oc.env:HOME}]""",
            ["trade, aid", 'a "levy"', "${oc.env:HOME}"],
        ),
        ("[]", []),
    ],
)
def test_a_list_of_texts(value, listed):
    given = reached("label", "a.txt", f"targets={value}")["targets"]
    assert ([given] if isinstance(given, str) else given) == listed


def test_files_or_a_list_of_files():
    assert reached("estimate", "labels", "gold=UN, 2019.csv")["gold"] == "UN, 2019.csv"
    assert reached("estimate", "labels", "gold=[a.csv, UN (2019).csv]")["gold"] == [
        "a.csv",
        "UN (2019).csv",
    ]


def test_a_file_of_one_letter_makes_no_list_a_pattern(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").touch()
    gold = reached("estimate", "labels", "gold=[a.csv,more.csv]")["gold"]
    assert gold == ["a.csv", "more.csv"]


def test_commas_without_brackets_are_asked_about():
    with pytest.raises(
        KitError, match=r"""may be one or several; write by='\[a,b\]' for several"""
    ):
        reached("sample", "x", "by=a,b")


@pytest.mark.parametrize("value", ["[a,b]", '["a"]', "[ a , b ]", "['a,b',c]"])
def test_items_are_those_of_hydra_where_it_reads_them(value):
    theirs = PARSER.parse_override(f"targets={value}").value()
    assert items(value) == [getattr(item, "text", item) for item in theirs]


@pytest.mark.parametrize(
    "words", [("output=o", "a.txt"), ("--config-dir", str(ROOT), "a.txt"), ("strict=true", "a.txt")]
)
def test_the_word_may_stand_behind_others(words):
    found = overrides("label", words, function_of("label"))
    assert found[0] == "input='a.txt'" and len(found) == len(words)


def test_a_multirun_is_hydra_s():
    words = ["-m", "name=a,b", "output='x, y'", "model=nb,svm"]
    assert overrides("train", words, function_of("train")) == words


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (
            "label",
            ["a.txt", "ouput=x"],
            "unknown key ouput; is output meant?.*keys input, output, models",
        ),
        ("label", ["a.txt", "+ouput=x"], "unknown key ouput; is output meant?"),
        ("label", ["a.txt", "b.txt"], "takes one input, and these are several: a.txt, b.txt"),
        ("label", ["a.txt", "input=b.txt"], "takes one input, and these are several"),
        ("label", [""], "input= is empty"),
        ("label", ["a.txt", "output="], "output= is empty"),
        ("label", ["a.txt", "strict=maybe"], "strict takes true or false, not 'maybe'"),
        ("label", ["a.txt", "risk=low"], "risk takes a number, not 'low'"),
        ("sample", ["a", "n=1.5"], "n takes a whole number, not 1.5"),
        (
            "train",
            ["minilm"],
            "'minilm' has no key; words are KEY=VALUE.*choices: corpus, codebook",
        ),
    ],
)
def test_slips_name_what_there_is(command, words, told):
    with pytest.raises(KitError, match=told):
        reached(command, *words)


def test_choices_are_listed():
    def draw(*, style: Literal["plain", "fancy"] = "plain"): ...

    assert check_values(draw, {"style": "fancy"}) == {"style": "fancy"}
    with pytest.raises(KitError, match="unknown style=wide; there are plain, fancy"):
        check_values(draw, {"style": "wide"})


@pytest.mark.parametrize(
    "name", ["UN debate, 2019.jsonl", "x=y.jsonl", "${oc.env:HOME}.jsonl", "'it’s' [1].jsonl"]
)
def test_a_command_reads_and_writes_files_of_any_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / name, label_rows())
    assert run("sample", ["n=5", name, f"output=drawn {name}"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {name, f"drawn {name}"}
