import pytest

from stancekit.models.features import Marked, Pair, Plain
from stancekit.models.linear import masked
from stancekit.types import Example, Mention

ONE = Example("1", "Then Peru shunned the levy.", Mention("Peru", 5, 9), Mention("the levy", 18, 26))


def test_plain_shows_neither_actor_nor_target():
    assert Plain().render(ONE) == ("Then Peru shunned the levy.", "")


def test_pair_names_both_beside_the_sentence():
    assert Pair().render(ONE) == ("Then Peru shunned the levy.", "Peru # the levy")


def test_marked_sets_both_where_they_stand():
    assert Marked().render(ONE).text == "Then * Peru * shunned # the levy #."


@pytest.mark.parametrize("target", [Mention("Peru shunned", 5, 17), Mention("the dues"), None])
def test_a_target_that_overlaps_the_actor_or_has_no_span_is_left_bare(target):
    one = Example("1", ONE.text, ONE.actor, target)
    assert Marked().render(one).text == "Then * Peru * shunned the levy."
    assert "@target" not in masked(one)


def test_without_an_actor_the_sentence_stays_as_it_is():
    assert Marked().render(Example("1", "It rained.")) == ("It rained.", "")
