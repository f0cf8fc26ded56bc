"""Words and noun phrases of a sentence, however long and in whatever letters."""

import pytest
from conftest import growth

from stancekit.text import syntax
from stancekit.text.syntax import Spans, parse_sentences
from stancekit.text.targets import spans_overlap
from stancekit.types import Mention


def phrases(text):
    [sentence] = parse_sentences([text])
    assert all(text[one.start : one.end] == one.name for one in sentence.phrases)
    assert all(text[one.start : one.end].lower() == one.text for one in sentence.words)
    return [one.name for one in sentence.phrases]


def test_phrases_have_no_article_and_are_no_pronouns():
    assert phrases("They told us that its new levy harms the fishermen.") == [
        "new levy",
        "fishermen",
    ]


def test_an_act_may_be_named_by_a_verb():
    assert "siding with Chad" in phrases("They criticised siding with Chad.")


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "12", "—", "\u200b"])
def test_what_has_no_words_has_no_phrases(text):
    [sentence] = parse_sentences([text])
    assert [one.name for one in sentence.phrases if any(map(str.isalpha, one.name))] == []


@pytest.mark.parametrize(
    "text",
    [
        "大会通过了决议。",
        "Η Ελλάδα ψήφισε κατά.",
        "Côte d’Ivoire rejected Türkiye’s levy 🐟 on naïve fishermen.",
        "صوتت مصر ضد القرار.",
    ],
)
def test_offsets_hold_in_other_letters(text):
    phrases(text)


def test_a_mention_has_the_word_it_hangs_on():
    text = "Peru voted against the new draft on whaling."
    [sentence] = parse_sentences([text])

    def head(words):
        start = text.index(words)
        found = sentence.phrase(Mention(words, start, start + len(words)))
        return found and found.head.text

    assert head("new draft") == head("the new draft") == "draft"
    # a part of a word stands for the word
    assert head("whal") == "whaling"
    assert sentence.phrase(Mention("Peru")) is None
    assert sentence.phrase(Mention("beyond", 200, 206)) is None
    assert parse_sentences([""])[0].phrase(Mention("Peru", 0, 4)) is None


def test_a_long_text_is_parsed_in_pieces_with_one_count(monkeypatch):
    text = "Peru rejected the levy, and Oman welcomed the draft, " * 6
    monkeypatch.setattr(syntax, "LONGEST_PARSED", 11)
    [sentence] = parse_sentences([text])
    assert [word.place for word in sentence.words] == list(range(len(sentence.words)))
    assert all(text[one.start : one.end] == one.name for one in sentence.phrases)
    assert [one.name for one in sentence.phrases].count("draft") == 6
    for word in sentence.words:
        assert sentence.way(word)[-1].place // 11 == word.place // 11
        assert all(sentence.head(child) == word for child in sentence.children(word))


def test_a_text_without_full_stops_takes_linear_time():
    def prepare(n):
        text = "Peru rejected the levy and the union blamed the mayor while " * n

        def work():
            [sentence] = parse_sentences([text])
            assert len(sentence.phrases) >= 4 * n - 50
            assert all(sentence.phrase(one) for one in sentence.phrases)

        return work

    assert growth(prepare, 125, 1000) < 24


def test_spans_answer_as_each_mention_does():
    some = [Mention("", 4, 8), Mention("", 6, 9), Mention("", 9, 11), Mention("", 20, 21)]
    spans = Spans([*some, Mention("unnamed")])
    for start in range(24):
        for end in range(start + 1, 25):
            one = Mention("", start, end)
            assert spans.overlap(one) == any(spans_overlap(one, each) for each in some)
    assert not spans.overlap(Mention("unnamed")) and not Spans([]).overlap(some[0])
