"""From a file to examples."""

import io
import sys
from pathlib import Path

import pytest

from stancekit.errors import KitError
from stancekit.shipped import shipped
from stancekit.text import ActorFinder, make_examples, read_article

FINDER = ActorFinder(ner=False)


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_the_title_is_the_topic(tmp_path):
    article = read_article(write(tmp_path / "fish.txt", "\ufeffFish war \r\n\r\nIceland sent ships.\r\n"))
    assert (article.id, article.topic, article.text) == ("fish", "Fish war", "Fish war \n\nIceland sent ships.\n")


def test_no_blank_line_no_title(tmp_path):
    assert read_article(write(tmp_path / "a.txt", "Iceland sent ships.\nNorway did not.")).topic == ""


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Fish war\n\nCôte".encode())))
    assert read_article("-").topic == "Fish war"


def test_an_empty_file(tmp_path):
    with pytest.raises(KitError, match=r"empty\.txt holds no text"):
        read_article(write(tmp_path / "empty.txt", " \n\n"))


def test_a_wrong_encoding_is_placed(tmp_path):
    with pytest.raises(KitError, match=r"byte 0x92 at offset 6.*CP1252"):
        read_article(write(tmp_path / "old.txt", "Russia’s vote".encode("cp1252")))


@pytest.mark.parametrize("source", ["no/such/file.txt", "a\0b"])
def test_a_missing_file(source):
    with pytest.raises(KitError, match="cannot read"):
        read_article(source)


def test_a_folder(tmp_path):
    with pytest.raises(KitError, match="cannot read"):
        read_article(tmp_path)


def test_examples_are_one_per_sentence_actor_and_target():
    article = read_article("Fish war\n\nThe Kremlin blamed Russia and Togo. It rained. Togo shrugged.")
    examples = make_examples(article, FINDER)
    assert [(e.id, e.actor.name, e.target.name) for e in examples] == [
        ("article.1.0", "Russia", "Fish war"),
        ("article.1.1", "Russia", "Togo"),
        ("article.1.2", "Togo", "Fish war"),
        ("article.1.3", "Togo", "Russia"),
        ("article.3.0", "Togo", "Fish war"),
    ]
    assert all(e.text[e.actor.start : e.actor.end] in ("Kremlin", "Togo") for e in examples)
    assert {e.article for e in examples} == {"article"}


def test_given_targets():
    examples = make_examples(read_article("Fish war\n\nPeru spoke."), FINDER, ["the draft", "whaling"])
    assert [(e.id, e.target.name) for e in examples] == [("article.1.0", "the draft"), ("article.1.1", "whaling")]


ARTICLES = sorted(Path(shipped("seeds", "articles")).glob("*.txt"))


def test_there_are_seed_articles():
    assert len(ARTICLES) == 6


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_seed_articles_have_a_title_and_several_actors(path):
    article = read_article(path)
    examples = make_examples(article, FINDER)
    assert article.topic
    assert len({example.actor.name for example in examples}) >= 4
    assert len({example.id for example in examples}) == len(examples)
