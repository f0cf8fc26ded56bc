"""Which first lines are titles."""

import pytest

from stancekit.text.examples import find_title

BODY = "\n\nPeru rejects the levy.\n\nGhana does not."


@pytest.mark.parametrize(
    "line",
    [
        "Fish war",
        "US Aligns with Russia in UN Votes on Ukraine, Defies Allies",
        "  Iceland Votes Monday\t",
        "Ambassador Osei leaves Geneva",
        "Dear diary: Peru votes",
        "Mr. Osei's long war on herring",
        "President vetoes levy",
        "By hook or by crook",
        "A/RES/76/1: what it means",
        "“We vote no”",
        "Resolution 2334 (2016)",
        "5 things to know about the levy",
        "U.S. votes no",
        "Friends again",
        "Thanks, but no levy",
        "May 2020 in Peru",
    ],
)
@pytest.mark.parametrize("blank", ["\n\n", "\r\n\r\n", "\n \n\n"])
def test_a_headline_is_one(line, blank):
    title, end = find_title(line + blank + "Peru left.")
    assert title == line.strip()
    assert (line + blank)[:end].strip() == line.strip()


@pytest.mark.parametrize(
    "line",
    [
        # salutations
        "Mr. President,",
        "Mr. President",
        "Madam President, Excellencies",
        "Ladies and gentlemen,",
        "Thank you, Mr. Chair",
        "Dear Mr. Osei",
        "Distinguished delegates, dear friends",
        "Mr. Chairman, distinguished members of the Council",
        "Your Excellency",
        # speakers
        "Mr. OSEI (Ghana)",
        "Mr. Osei (Ghana):",
        "The PRESIDENT",
        "The President (spoke in Spanish)",
        # datelines and bylines
        "GENEVA, 12 May 2020",
        "NEW YORK, Feb 24 (Agency)",
        "DAKAR (Agency) -",
        "Monday, 24 February 2025",
        "2025-02-24",
        "By Ama Osei and Leo de Ruiz",
        # paragraphs
        "Iceland condemned the levy on Monday.",
        "“Iceland condemned the levy on Monday.”",
        "Iceland condemned the levy. Norway voted against it",
        "Will Peru leave?",
        "Peru " * 50,
        "In favour:",
        # marks and items
        "1. Fish war",
        "- Fish war",
        "(a) Fish war",
        "A/73/PV.12",
        "***",
        "- 3 -",
    ],
)
def test_other_first_lines_are_none(line):
    assert find_title(line + BODY) is None


@pytest.mark.parametrize(
    "text", ["", "Fish war", "Fish war\n\n", "Fish war\nPeru left.\n\nGhana left.", "\n\n"]
)
def test_a_title_has_a_blank_line_and_a_text_behind_it(text):
    assert find_title(text) is None
