"""Targets: the user's, or the topic and the other actors."""

from stancekit.text import find_targets
from stancekit.text.targets import find_issues, make_topic
from stancekit.types import Article, Mention

KENYA, TOGO = Mention("Kenya", 0, 5, "KEN"), Mention("Togo", 13, 17, "TGO")
TEXT = "Kenya blamed Togo."


def names(**rest):
    return [target.name for target in find_targets(TEXT, KENYA, [KENYA, TOGO], **rest)]


def test_the_topic_and_the_other_actors():
    assert names(topic=Mention("Fish war")) == ["Fish war", "Togo"]
    assert names() == ["Togo"]


def test_given_targets_are_the_only_ones():
    assert names(given=["the draft"], topic=Mention("Fish war")) == ["the draft"]


def test_nobody_takes_a_side_towards_itself():
    assert names(given=["kenya", "Togo", "togo"]) == ["Togo"]
    assert find_targets(TEXT, KENYA, [KENYA]) == []


def test_no_title_no_topic():
    assert make_topic(Article("a", TEXT)) is None


def matters(text):
    return [text[one.start : one.end] for one in find_issues(text)]


def test_texts_and_acts_of_the_sentence_stand_before_the_topic():
    text = "Kenya blamed the draft treaty on Togo."
    kenya, togo = Mention("Kenya", 0, 5), Mention("Togo", 33, 37)
    found = find_targets(text, kenya, [kenya, togo], topic=Mention("Fish war"))
    assert [target.name for target in found] == ["draft treaty", "Togo"]


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


def test_an_actor_is_no_matter():
    actor = Mention("War Office", 4, 14)
    assert find_targets("The War Office slept.", Mention("Peru"), [actor]) == [actor]
