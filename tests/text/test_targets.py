"""What a sentence names that one can be for or against."""

from stancekit.text.targets import find_issues, find_texts, make_mention, make_topic
from stancekit.types import Article

TEXT = "Kenya blamed Togo."


def test_no_title_no_topic():
    assert make_topic(Article("a", TEXT)) is None


def matters(text):
    return [text[one.start : one.end] for one in find_issues(text)]


def test_a_matter_has_its_adjectives_and_no_article():
    assert matters("Peru rejected a new Russian-backed draft resolution.") == [
        "new Russian-backed draft resolution"
    ]
    assert matters("The European motion fell; sanctions stay.") == ["European motion", "sanctions"]
    assert matters("It would end steel tariffs and the late oral amendment.") == [
        "steel tariffs",
        "late oral amendment",
    ]


def test_verbs_are_no_matters():
    assert matters("Chile plans to attack first and drafts nothing.") == []
    assert matters("They attack the plan, call for calm and request a delay.") == ["plan"]


def test_what_is_not_at_issue_is_no_matter():
    assert matters("Since the Second World War, we respect international law.") == []


def test_texts_are_what_is_voted_on():
    text = "The war goes on; the draft treaty on sanctions fell, and so did the motion."
    assert [one.name for one in find_texts(text)] == ["draft treaty", "motion"]


def test_a_name_inside_a_longer_name_is_not_the_state():
    for text in (
        "Latin America rejected it.",
        "South American envoys left.",
        "The Latin American left.",
    ):
        assert not make_mention("United States", text).located
    mention = make_mention("United States", "In South America, Americans are few.")
    assert (mention.start, mention.end) == (18, 27)
