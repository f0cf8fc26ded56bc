"""From a file to examples."""

import io
import sys
import textwrap
import unicodedata
from pathlib import Path

import pytest

from stancekit.errors import KitError
from stancekit.resources import shipped
from stancekit.text import ActorFinder, load_gazetteer, make_examples, read_article, split_sentences
from stancekit.text.examples import SentenceCounts, count_sentences, split_body
from stancekit.types import Article

FINDER = ActorFinder(ner=False)


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_the_title_is_the_topic(tmp_path):
    article = read_article(
        write(tmp_path / "fish.txt", "\ufeffFish war \r\n\r\nIceland sent ships.\r\n")
    )
    assert (article.id, article.topic, article.text) == (
        "fish",
        "Fish war",
        "Fish war \n\nIceland sent ships.\n",
    )


def test_no_blank_line_no_title(tmp_path):
    assert (
        read_article(write(tmp_path / "a.txt", "Iceland sent ships.\nNorway did not.")).topic == ""
    )


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
    article = read_article(
        "Fish war\n\nThe Kremlin blamed Russia and Togo. It rained. Togo shrugged."
    )
    examples = make_examples(article, FINDER)
    assert [(e.id, e.actor.name, e.target.name) for e in examples] == [
        ("article.1.0", "Russia", "Togo"),
        ("article.1.1", "Russia", "Fish war"),
        ("article.1.2", "Togo", "Russia"),
        ("article.1.3", "Togo", "Fish war"),
        ("article.3.0", "Togo", "Fish war"),
    ]
    assert all(e.text[e.actor.start : e.actor.end] in ("Kremlin", "Togo") for e in examples)
    assert {e.article for e in examples} == {"article"}


SPEECH = "Mr. President,\n\nPeru rejects the levy.\n\nGhana said it would abstain on it.\n\nChile had no comment."
LEAD = (
    "Iceland condemned the herring levy on Monday. Norway voted against it. Peru welcomed it.\n\n"
    "Ghana said it would abstain on the levy.\n\nChile had no comment."
)


def who(article, **rest):
    return [example.actor.name for example in make_examples(article, FINDER, ["the levy"], **rest)]


def test_a_salutation_is_no_title_and_no_target():
    article = read_article(SPEECH)
    assert article.topic == ""
    assert {example.target.name for example in make_examples(article, FINDER)} == {
        "levy",
        "comment",
    }


def test_the_first_paragraph_of_an_untitled_article_is_labelled():
    article = read_article(LEAD)
    assert article.topic == ""
    assert who(article) == ["Iceland", "Norway", "Peru", "Ghana", "Chile"]


def test_a_title_may_be_given_or_refused():
    text = "Peru rejects levy\n\nGhana abstained."
    assert who(read_article(text)) == ["Ghana"]
    refused = read_article(text, title=False)
    assert refused.topic == "" and who(refused) == ["Peru", "Ghana"]
    given = read_article(text, title="The levy of 2020")
    assert given.topic == "The levy of 2020" and who(given) == ["Peru", "Ghana"]
    assert who(read_article("PERU REJECTS  LEVY\nGhana abstained.", title="Peru rejects levy")) == [
        "Ghana"
    ]


@pytest.mark.parametrize(
    "text", ["Peru rejects levy", "Peru rejects levy\n\n", "\n Peru rejects levy \n"]
)
def test_a_text_of_one_line_is_no_title(text):
    assert who(Article("a", text, topic="Peru rejects levy")) == ["Peru"]


def test_lines_broken_at_a_width_change_nothing():
    plain = (
        "The delegation of Iceland cannot accept the levy on herring and voted against it, as did Norway, which has "
        "always condemned the levy. Peru, for its part, welcomed the US-led levy, and so did the United States. Ghana "
        "blamed Côte d’Ivoire."
    )
    wrapped = "\n".join(textwrap.wrap(plain, 52)).replace("welcomed", "wel-\ncomed")
    raw = (
        unicodedata.normalize("NFD", wrapped)
        .replace("United ", "United\u00a0")
        .replace("Ghana", "Gha\u00adna")
    )
    article = Article("a", raw)
    expected = make_examples(Article("a", plain), FINDER)
    assert {example.target.name for example in expected} >= {"levy", "US-led levy", "Côte d’Ivoire"}
    assert make_examples(article, FINDER) == expected
    for sentence in split_sentences(article):
        assert raw[sentence.start : sentence.end] == sentence.text


@pytest.mark.parametrize(
    "targets", ["bike lanes", ["bike lanes"], 2334, [2334], ["the levy", 2334]]
)
def test_one_name_or_number_is_one_target(targets):
    found = [
        example.target.name
        for example in make_examples(read_article("Peru left.\nIt rained."), FINDER, targets)
    ]
    assert found == [str(one) for one in (targets if isinstance(targets, list) else [targets])]


def test_what_is_passed_by_is_counted():
    article = read_article("Fish war\n\nPeru spoke. It rained.\nIt snowed.")
    found = FINDER.find([sentence.text for sentence in split_body(article)])
    assert count_sentences(found) == SentenceCounts(sentences=3, without_actor=2, crowded=0)
    assert count_sentences(found, everywhere="Peru") == SentenceCounts(
        sentences=3, without_actor=0, crowded=0
    )


def test_a_roll_call_has_a_row_per_state(caplog):
    states = sorted(
        {entry.name for entry in load_gazetteer().names.values() if entry.kind == "country"}
    )[:150]
    article = Article("a", f"{', '.join(states)} voted against the levy.")
    examples = make_examples(article, FINDER)
    assert len(examples) == len({example.actor.name for example in examples}) > 140
    assert {example.target.name for example in examples} == {"levy"}
    assert "in 1 sentences with more than 9 actors" in caplog.text
    caplog.clear()
    few = make_examples(Article("a", f"{', '.join(states[:5])} voted against the levy."), FINDER)
    assert [example.target.name for example in few] == ["levy"] * 5 and not caplog.text


def test_given_targets():
    examples = make_examples(
        read_article("Fish war\n\nPeru spoke."), FINDER, ["the draft", "whaling"]
    )
    assert [(e.id, e.target.name) for e in examples] == [
        ("article.1.0", "the draft"),
        ("article.1.1", "whaling"),
    ]


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
