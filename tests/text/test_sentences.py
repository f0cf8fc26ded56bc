"""Sentences: where they end, and that their offsets are exact."""

import pytest
from conftest import growth

from stancekit.text import split_sentences
from stancekit.types import Article


def split(text):
    article = Article("a", text)
    sentences = split_sentences(article)
    for sentence in sentences:
        assert article.text[sentence.start : sentence.end] == sentence.text
    assert [sentence.id for sentence in sentences] == [f"a.{i}" for i in range(len(sentences))]
    return [sentence.text for sentence in sentences]


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. officials left on Feb. 24 with Mr. X and Sen. J. Smith.",
        "Draft No. 5 cites art. 7, e.g. on prisoners, and para. 3.",
        "Amb. Lee of St. Lucia met George W. Bush at 10 a.m. on Monday.",
        'The envoy said: "We vote no," and left.',
        "“Why?” he asked.",
        "It was … different, and worth 3.5 million.",
        "The text (A/RES/ES-11/7) passed with 93 votes.",
        "1. The Assembly takes note.",
        "The 3rd Inf. Div. of Lt. Col. Osei left with Sgt. Mensah.",
        "See www.example.Com, St.Petersburg, Mr.Osei and no.1 Kenya.",
        "Read art.2 Peru or A/RES/76/1.Add.",
        "A. The Assembly takes note.",
    ],
)
def test_one_sentence_stays_whole(text):
    assert split(text) == [text]


@pytest.mark.parametrize(
    "parts",
    [
        ["Kenya abstained.", "Togo did not!", "Who else?", "Nobody."],
        ['He said: "We vote no."', "The delegate left."],
        ["“We vote no.”", "“So do we.”", "Silence fell."],
        ["They live in the U.S.", "The vote is Monday."],
        ["He met Mr. X.", "The talks failed."],
        ["She left at 5 p.m.", "But the others stayed."],
        ["(It failed.)", "Peru walked out."],
        ["It cost $3.5.", "Nobody paid..."],
        # the marks of footnotes
        ["Norway rejected it.[1]", "Chile left."],
        ["Norway rejected it.[1][2]", "Chile left."],
        ["Norway rejected it.1", "Chile left."],
        ["Norway “rejected it.”1,2", "“Chile left.”"],
        ["Norway rejected it.¹", "Chile left."],
        # numbers and letters of a list
        ["1. The Assembly takes note.", "2. It condemns the levy.", "3. Peru leaves."],
        ["A. Kenya takes note.", "B. The levy stays."],
        ["(a) Kenya takes note.", "(b) The levy stays.", "(ii) Peru leaves."],
        ["He kept 3 cats.", "2 dogs left."],
    ],
)
def test_sentences_part(parts):
    assert split(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "They disliked the levy.|Norway left.",
        "They left Peru!|Chile said no.|Norway too.",
        "(“No.”)|So it ended.",
    ],
)
def test_a_missing_space_ends_a_sentence(text):
    assert split(text.replace("|", "")) == text.split("|")


def test_a_sentence_over_lines_keeps_them():
    text = "Iceland cannot accept the levy on herring and\nvoted against it in the Committee. Peru wel-\ncomed it."
    assert split(text) == [text[:80], text[81:]]


def test_a_line_ends_a_sentence():
    text = (
        "A heading without stop\n\nFirst point\r\n\n- Kenya abstains\n• Togo, too\n\u2028Last. Line"
    )
    assert split(text) == [
        "A heading without stop",
        "First point",
        "Kenya abstains",
        "Togo, too",
        "Last.",
        "Line",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\n", "...", "—\n***\n"])
def test_no_words_no_sentences(text):
    assert split(text) == []


def test_other_scripts_and_astral_planes():
    assert split("امتنعت كينيا. هل صوتت مصر؟ نعم.") == ["امتنعت كينيا.", "هل صوتت مصر؟", "نعم."]
    assert split("🇺🇳 𝔎enya 👩🏽‍⚖️ abstained. 𝕋ogo 🎉 did not.") == [
        "🇺🇳 𝔎enya 👩🏽‍⚖️ abstained.",
        "𝕋ogo 🎉 did not.",
    ]


@pytest.mark.parametrize("run", [". ", "!?", "!? ", ".'", "a.1", "[1]", "1. ", "(a) "])
def test_long_runs_of_stops(run):
    def prepare(n):
        return lambda: [split(run * n + " a"), split(run * n)]

    assert growth(prepare, 1_000, 8_000) < 24


@pytest.mark.parametrize(
    ("many", "end"), [("word ", ""), ("xxxxx", ""), ("(((((", "a"), ("a.a.a", "")]
)
def test_a_long_text_without_an_end(many, end):
    def prepare(n):
        text = many * n + end

        def work():
            assert split(text) == [text.strip()]

        return work

    assert growth(prepare, 10_000, 80_000) < 24


def test_names_in_columns_are_divided():
    text = "Peru\tViet Nam    United States\nPeru  rejected  the  text.\nPeru\tYes\n"
    assert split(text) == [
        "Peru",
        "Viet Nam",
        "United States",
        "Peru  rejected  the  text.",
        "Peru\tYes",
    ]


def test_a_list_that_is_broken_inside_a_name_is_joined():
    text = "Chad, Oman, Peru, Antigua and\nBarbuda, Kenya, Togo, Mali,\nNiger\nAgainst:\nCuba"
    whole = "Chad, Oman, Peru, Antigua and\nBarbuda, Kenya, Togo, Mali,\nNiger"
    assert split(text) == [whole, "Against:", "Cuba"]
