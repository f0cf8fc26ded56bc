"""What an article is about, where its title does not say it."""

from stancekit.text.matters import choose_matter, find_main_matter
from stancekit.types import Mention

TEXTS = [
    "Chile deplored the strike on the port.",
    "The draft resolution on the port was tabled by Peru.",
    "Ghana would vote for the draft resolution, and so would Togo.",
    "A budget motion was put off.",
]


def test_the_text_that_is_named_most_stands_for_the_article():
    assert find_main_matter(TEXTS) == Mention("draft resolution")


def test_without_a_text_it_is_an_act_or_a_policy():
    assert find_main_matter([TEXTS[0], "The strike was at dawn."]) == Mention("strike")
    assert find_main_matter(["It rained in Lima."]) is None


def test_a_title_that_names_a_text_or_a_policy_is_the_matter():
    assert choose_matter(Mention("Vote on the levy"), TEXTS) == Mention("Vote on the levy")


def test_a_title_that_names_none_gives_way():
    assert choose_matter(Mention("A long night in New York"), TEXTS) == Mention("draft resolution")
    assert choose_matter(None, TEXTS) == Mention("draft resolution")


def test_a_title_is_kept_where_there_is_nothing_better():
    assert choose_matter(Mention("Rain"), ["It rained in Lima."]) == Mention("Rain")
    assert choose_matter(None, []) is None
