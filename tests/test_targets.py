"""Targets: the user's, or the topic and the other actors."""

from stancekit.text import find_targets
from stancekit.text.targets import locate, topic_of
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


def test_a_target_has_its_span_where_it_is_spelled_out():
    assert locate("togo", TEXT) == Mention("togo", 13, 17)
    assert not locate("the draft", TEXT).located
    assert not locate("", TEXT).located
    assert locate("Togo", "ßİ Togo").start == 3


def test_no_title_no_topic():
    assert topic_of(Article("a", TEXT)) is None
