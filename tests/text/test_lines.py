"""Lines that were broken at a width are one paragraph; all others stand alone."""

import textwrap

import pytest

from stancekit.text import split_sentences
from stancekit.text.clean import _ODD, _replace_odd, clean
from stancekit.text.sentences import find_paragraphs
from stancekit.types import Article

SPEECH = (
    "Mr. President, the delegation of Iceland wishes to join those who have spoken before us. Iceland cannot accept "
    "the levy on herring and voted against it in the Committee, as did Norway, which, we recall, has always "
    "condemned the levy. Peru, for its part, welcomed the levy.",
    "The delegation of Ghana, together with Argentina, Bolivia, Brazil, Chile, Cuba, Ecuador, Guatemala, Honduras, "
    "Paraguay, Uruguay and the Dominican Republic, will abstain. Ghana regrets that the co-sponsors did not consult "
    "the African Group, and asks the Secretariat to circulate the corrected text.",
    "Chile had no comment on the levy, and neither had Costa Rica nor the delegation of New Zealand.",
)


def parts(text):
    return [text[start:end] for start, end in find_paragraphs(text)]


def sentences(text):
    article = Article("a", text)
    found = split_sentences(article)
    assert all(article.text[one.start : one.end] == one.text for one in found)
    return [clean(one.text).text for one in found]


@pytest.mark.parametrize("between", ["\n\n", "\r\n\r\n", "\n \n\t\n"])
@pytest.mark.parametrize("width", [32, 45, 60, 72, 80, 110])
@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_wrapped_text_has_the_sentences_of_the_plain_text(width, between, change):
    plain = [change(one) for one in SPEECH]
    line = "\r\n" if "\r" in between else "\n"
    wrapped = between.join(
        line.join(textwrap.wrap(one, width, break_on_hyphens=False)) for one in plain
    )
    assert [clean(one).text for one in parts(wrapped)] == plain
    assert sentences(wrapped) == sentences("\n\n".join(plain))


def test_indented_paragraphs_without_blank_lines():
    wrapped = "\n".join("\n".join(textwrap.wrap(one, 66, initial_indent="    ")) for one in SPEECH)
    assert sentences(wrapped) == sentences("\n".join(SPEECH))


def test_words_divided_at_the_end_of_a_line():
    text = (
        "Iceland cannot accept the levy on herring and voted against it in\n"
        "the Committee, as did Norway. Peru, for its part, wel-\n"
        "comed the US-\n"
        "led text."
    )
    assert sentences(text) == [
        "Iceland cannot accept the levy on herring and voted against it in the Committee, as did Norway.",
        "Peru, for its part, welcomed the US-led text.",
    ]


def test_wrapped_items_of_a_list_stay_items():
    text = (
        "The Committee met on Monday afternoon to hear what members had to say:\n"
        "- Iceland, whose delegation had waited for more than an hour, rejected\n"
        "  the levy on herring\n"
        "- Peru welcomed it. The delegate added that the levy was long overdue,\n"
        "  and just\n"
        "1. Ghana abstained.\n"
        "2. Chile left the room before the vote on the levy was called and did\n"
        "not return."
    )
    assert sentences(text) == [
        "The Committee met on Monday afternoon to hear what members had to say:",
        "Iceland, whose delegation had waited for more than an hour, rejected the levy on herring",
        "Peru welcomed it.",
        "The delegate added that the levy was long overdue, and just",
        "1. Ghana abstained.",
        "2. Chile left the room before the vote on the levy was called and did not return.",
    ]


def test_a_list_and_a_heading_amid_wrapped_text():
    wrapped = "\n".join(textwrap.wrap(SPEECH[0], 70))
    text = f"Statement by Iceland\n{wrapped}\n\nIn favour:\nArgentina\nFinland\n\nAgainst:\nBolivia"
    assert sentences(text) == [
        "Statement by Iceland",
        *sentences(SPEECH[0]),
        *("In favour:", "Argentina", "Finland", "Against:", "Bolivia"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        # a roll call
        "Voting in favour:\nArgentina\nFinland\nthe Netherlands\nAgainst:\nBolivia",
        # headlines
        "Iceland rejects the levy on herring as Norway stays away\n"
        "Peru welcomes the levy after months of talks in Lima\n"
        "Ghana to abstain on the levy, its foreign minister says\nChile leaves the room before the vote on the levy",
        # verse
        "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
        "Rough winds do shake the darling buds of May,\nAnd summer's lease hath all too short a date;",
        "because the sea is wide\nand the herring few,\nwe hold our nets and our tongues\nand vote with you.",
        # tables
        "Argentina      yes     no      yes     abstained      yes\n"
        "Bolivia        no      no      yes     abstained      yes\n"
        "Chile          yes     no      no      was absent     no",
        # a sentence per line
        "Iceland condemned the levy on herring in Geneva today.\nNorway voted against the levy on herring in Oslo.\n"
        "Peru welcomed the levy on herring in Lima yesterday.",
        # posts without capitals
        "norway condemned the levy on herring today in oslo\nperu welcomed the levy on herring in lima today lol\n"
        "ghana will abstain on the levy today says accra",
        # paragraphs of one line
        "Iceland condemned the levy on herring and " * 5
        + "left.\nand so did Norway " * 5
        + "today.",
        # a subheading between paragraphs
        SPEECH[0] + "\nThe African view\n" + SPEECH[1],
    ],
)
def test_lines_that_end_for_a_reason_stay(text):
    assert parts(text) == text.split("\n")


def test_nothing_is_lost():
    text = "\n".join(["a b", "", "  c-", "d", "\u2028e", "\x0cf.", "g," * 30, "h " * 30])
    assert "".join("".join(parts(text)).split()) == "".join(text.split())


def test_it_takes_no_time():
    assert len(find_paragraphs("short line,\nand another\n" * 20_000)) == 40_000


def test_no_odd_character_is_taken_for_a_clean_one():
    for code in range(0x10000):
        text = f"a{chr(code)}b c"
        assert clean(text).text == _ODD.sub(lambda odd, text=text: _replace_odd(odd, text), text)
