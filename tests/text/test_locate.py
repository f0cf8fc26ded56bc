"""Where a name is spelled out, and texts as a reader sees them."""

import subprocess
import sys

import pytest

from stancekit.text.clean import clean
from stancekit.text.targets import locate, make_mention
from stancekit.types import Mention


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Oman", "A woman spoke for Omani women."),
        ("Mali", "Somalia left."),
        ("Niger", "Nigeria left."),
        ("Iran", "Tirana slept."),
        ("EU", "Dr. Seuss wrote it."),
        ("US", "They must discuss the bus routes with us."),
        ("WHO", "Nobody knows who left."),
        ("", "No one voted."),
        (" ", "No one voted."),
    ],
)
def test_a_name_is_not_found_inside_other_words(name, text):
    assert locate(name, text) is None


@pytest.mark.parametrize(
    ("name", "text", "spelled"),
    [
        ("togo", "Kenya blamed Togo.", "Togo"),
        ("Togo", "KENYA BLAMED TOGO.", "TOGO"),
        ("Mali", "Somalia and Mali voted.", "Mali"),
        ("Guinea", "Guinea-Bissau and Guinea voted.", "Guinea"),
        ("US", "The US-led text", "US"),
        ("Togo", "ßİ Togo", "Togo"),
        ("İzmir", "In İzmir", "İzmir"),
        ("Côte d'Ivoire", "Now Co\u0302te d’Ivoire left", "Co\u0302te d’Ivoire"),
        ("Co\u0302te d’Ivoire", "Now Côte d'Ivoire left", "Côte d'Ivoire"),
        ("Viet Nam", "In Viet\u00a0Nam", "Viet\u00a0Nam"),
        ("United States", "The United  States", "United  States"),
        ("United States", "The United\nStates", "United\nStates"),
        ("Timor-Leste", "So Timor\u2011Leste said", "Timor\u2011Leste"),
        ("Peru", "So Pe\u00adru said", "Pe\u00adru"),
        ("office", "The o\ufb03ce shut", "o\ufb03ce"),
        ("committee", "The com-\nmittee shut", "com-\nmittee"),
        ("C++", "They use C++ now", "C++"),
        (2334, "On resolution 2334 they split", "2334"),
    ],
)
def test_a_name_is_found_however_it_is_written(name, text, spelled):
    start, end = locate(name, text)
    assert text[start:end] == spelled


def test_the_exact_words_go_before_other_letters():
    assert locate("Turkey", "A turkey flew to Turkey.") == (17, 23)


def test_a_mention_keeps_the_name_as_given():
    assert make_mention("togo", "Kenya blamed Togo.") == Mention("togo", 13, 17)


@pytest.mark.parametrize(
    ("name", "text", "spelled"),
    [
        ("Ukraine", "Then Kyiv refused.", "Kyiv"),
        ("Oman", "A woman spoke for Omani women.", "Omani"),
        ("European Union", "The EU refused.", "EU"),
        # the name itself goes before another that stands earlier
        ("Peru", "Lima and the rest of Peru refused.", "Peru"),
        # of persons, and names that no list has, only the name itself
        ("Ama Osei", "Mr. Osei refused.", None),
        ("Kyiv", "Then Ukraine refused.", "Ukraine"),
        ("Iran", "Tirana slept.", None),
    ],
)
def test_a_state_may_be_there_by_another_name(name, text, spelled):
    mention = make_mention(name, text)
    assert mention.name == name
    assert (text[mention.start : mention.end] if mention.located else None) == spelled


def test_an_overlap_of_marks_leads_there_and_back():
    raw = "\ufeffThe\u00a0 com-\n  mit\u00adtee of Co\u0302te d’Ivoire\u2011Mali\u200b."
    seen = clean(raw)
    assert seen.text == "The committee of Côte d’Ivoire-Mali."
    for start in range(len(seen.text)):
        for end in range(start + 1, len(seen.text) + 1):
            assert seen.to_clean(*seen.to_raw(start, end)) == (start, end)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("wel-\ncomed", "welcomed"),
        ("wel\u00ad\ncomed", "welcomed"),
        ("US-\nled", "US-led"),
        ("Russian-\nbacked", "Russian-backed"),
        ("non-\nbinding", "non-binding"),
        ("Guinea-\nBissau", "Guinea-Bissau"),
        ("up-to-\ndate", "up-to-date"),
        ("1990-\n1991", "1990- 1991"),
        ("plain text", "plain text"),
    ],
)
def test_a_word_divided_at_the_end_of_a_line_is_whole(raw, seen):
    assert clean(raw).text == seen


def test_a_long_text_is_clean_in_no_time():
    raw = "a-\n" * 20_000 + "\u00a0" * 20_000 + "e\u0301" * 20_000
    assert clean(clean(raw).text).text == clean(raw).text


def test_it_needs_no_spacy():
    code = (
        "import sys, stancekit.text.clean, stancekit.text.targets; sys.exit('spacy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
