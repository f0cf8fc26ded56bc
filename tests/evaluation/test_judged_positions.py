"""Which positions are the same, and why the others are missed or wrong."""

import math
from dataclasses import replace

import pytest

from stancekit.corpus.positions import CodedArticle, PlacedActor, PlacedPosition
from stancekit.evaluation.positions import (
    MISSED,
    RIGHT,
    TWICE,
    WRONG,
    ReadArticle,
    count_positions,
    judge_article,
    same_actor,
    same_target,
    score_positions,
)
from stancekit.types import Article

TEXT = "Peru and Chile rejected the lifting of the sanctions on Mali, and the move. Lima left."
FIRST, SECOND = (0, 75), (76, 86)


def place(words):
    start = TEXT.index(words)
    return start, start + len(words)


def position(actor, target, code="", *, sentence=FIRST, iso=None, named=True):
    """Return a position; a target of several phrases has a `|` between them, and none without `named`."""
    spans = tuple(place(phrase) for phrase in target.split("|")) if named else ()
    where = place(actor) if actor in TEXT else None
    return PlacedPosition(sentence, PlacedActor(actor, where, iso), target, spans, code)


def judge(gold, pairs, actors=()):
    found = tuple((FIRST, PlacedActor(name, place(name))) for name in actors)
    article = CodedArticle(Article("a", TEXT), tuple(gold))
    return judge_article(article, ReadArticle(found, tuple(pairs)))


def test_each_position_is_right_once():
    gold = [position("Peru", "the lifting of the sanctions|the move", "condemn")]
    pairs = [position("Peru", "move", "condemn"), position("Peru", "lifting", "condemn")]
    judged = judge(gold, pairs)
    assert judged.of_gold == (RIGHT,) and sorted(judged.of_pairs) == [RIGHT, TWICE]


def test_as_many_as_can_be_are_matched():
    """The first pair is right for both positions, the second for the first one only."""
    gold = [
        position("Peru", "lifting|move", "condemn"),
        position("Peru", "move", "condemn"),
    ]
    judged = judge(
        gold, [position("Peru", "move", "condemn"), position("Peru", "lifting", "condemn")]
    )
    assert judged.of_gold == (RIGHT, RIGHT)


@pytest.mark.parametrize(
    ("pairs", "actors", "cause"),
    [
        ([], [], "actor not found"),
        ([position("Chile", "move", "condemn")], [], "actor not found"),
        ([position("Chile", "Mali")], ["Peru"], "target not found"),
        ([position("Peru", "Mali", "condemn")], [], "target not found"),
        ([position("Chile", "move"), position("Peru", "Mali")], [], "pair not made"),
        ([position("Peru", "move")], [], "left none"),
        ([position("Peru", "move", "support"), position("Peru", "the move")], [], "wrong code"),
        ([position("Peru", "move", "condemn", sentence=SECOND)], [], "actor not found"),
    ],
)
def test_a_missed_position_has_one_cause(pairs, actors, cause):
    assert judge([position("Peru", "the move", "condemn")], pairs, actors).of_gold == (cause,)


def test_a_pair_that_is_right_for_one_position_was_not_asked_for_another():
    gold = [
        position("Peru", "the draft", "condemn", named=False),
        position("Peru", "the ban", "support", named=False),
    ]
    judged = judge(gold, [position("Peru", "Salt", "condemn", named=False)])
    assert judged.of_gold == (RIGHT, "pair not made")


def test_what_is_read_and_is_not_in_gold():
    gold = [position("Peru", "the move", "condemn")]
    pairs = [
        position("Peru", "move", "support"),
        position("Peru", "Mali", "condemn"),
        position("Chile", "move", "condemn"),
        position("Chile", "Mali"),
    ]
    assert judge(gold, pairs).of_pairs == ("wrong code", *["code where there is none"] * 2, "")


def test_actors_are_the_same_by_their_state_and_their_speech():
    gold = [position("Lima", "Salt", "condemn", sentence=SECOND, iso="PER", named=False)]
    pair = position("Peru", "Salz", "condemn", sentence=SECOND, iso="PER", named=False)
    assert judge(gold, [pair]).of_gold == (RIGHT,)
    speakers = [PlacedActor("Ama Osei", None, None, speaks=True), PlacedActor("we", (0, 4), None)]
    speakers[1] = PlacedActor("Osei", (0, 4), None, speaks=True)
    gold, pair = (PlacedPosition(SECOND, one, "Salt", (), "condemn") for one in speakers)
    assert judge([gold], [pair]).of_gold == (RIGHT,)


@pytest.mark.parametrize(
    ("gold", "read", "same"),
    [
        ("the lifting of the sanctions", "lifting", True),
        # The noun is the lifting: who is against it is not against the sanctions.
        ("the lifting of the sanctions", "sanctions", False),
        ("the sanctions on Mali", "sanctions", True),
        ("the sanctions on Mali", "Mali", False),
        ("the move", "move", True),
        ("the move", "Mali", False),
    ],
)
def test_targets_are_the_same_by_their_noun(gold, read, same):
    assert same_target(position("Peru", gold), position("Peru", read), TEXT) is same


@pytest.mark.parametrize("name", ["American union", "Taliban envoy", "visa panel", "levy"])
def test_an_article_before_a_name_is_no_part_of_it(name):
    """Nor are the letters of one at the end of a word: "an" of "American"."""
    alone, others = (PlacedActor(one, None) for one in (name, f"{name} of a kind"))
    for article in ("the", "a", "An"):
        assert same_actor(PlacedActor(f"{article} {name}", None), alone)
    assert not same_actor(alone, others)


def test_names_of_targets_count_only_where_one_of_them_is_spelled_out():
    unnamed = [position("Peru", name, named=False) for name in ("the levy", "Salt")]
    assert same_target(*unnamed, TEXT)
    named = position("Peru", "the move")
    assert not same_target(unnamed[0], named, TEXT)
    assert same_target(position("Peru", "Move", named=False), named, TEXT)


def test_causes_and_what_is_right_sum_to_one(stance):
    gold = [
        position("Peru", "the move", "condemn"),
        position("Chile", "the move", "condemn"),
        position("Peru", "Mali", "support"),
    ]
    pairs = [
        position("Peru", "move", "condemn"),
        position("Peru", "the move", "condemn"),
        position("Chile", "move", "support"),
        position("Chile", "Mali", "support"),
        position("Chile", "sanctions"),
    ]
    judged = [judge(gold, pairs), judge(gold[:1], pairs[:1]), judge([], [])]
    counts = count_positions(judged)
    assert (counts.right, counts.missed, counts.wrong, counts.twice, counts.pairs) == (
        2,
        2,
        2,
        1,
        6,
    )
    scores = {(one.metric, one.slice): one for one in score_positions(judged, stance)}
    for total, metric, causes in (("recall", "missed", MISSED), ("precision", "wrong", WRONG)):
        lost = [scores[metric, f"cause={cause}"].value for cause in causes]
        assert scores[total, "all"].value + sum(lost) == pytest.approx(1)
    assert scores["recall", "all"].value == 0.5 and scores["recall", "all"].n == 4
    assert scores["precision", "code=condemn"].value == 1
    assert scores["recall", "code=condemn"].value == pytest.approx(2 / 3)
    # More rows than positions: a ratio that may be above one, and so may its interval.
    rows = scores["pairs_per_position", "all"]
    assert rows.value == 1.5 and rows.low <= rows.value <= rows.high and rows.high > 1
    assert scores["rows_per_position", "all"].value == 5 / 4


def test_one_article_alone_has_no_interval(stance):
    scores = score_positions([judge([position("Peru", "the move", "condemn")], [])], stance)
    assert scores[0].value == 0 and math.isnan(scores[0].low)


def test_positions_of_who_speaks_are_scored_apart(stance):
    gold = PlacedPosition(SECOND, PlacedActor("Osei", speaks=True), "Salt", (), "condemn")
    judged = [judge([gold, position("Peru", "the move", "condemn")], [gold])]
    scores = {(one.metric, one.slice): one for one in score_positions(judged, stance)}
    assert scores["recall", "position of=who speaks"].value == 1
    assert scores["recall", "position of=others"].value == 0


def test_a_target_named_in_the_sentence_before_is_not_spelled_out_where_both_were_read_as_one():
    text = "The Council adopted the draft, as follows: In favour: Peru."
    peru = PlacedActor("Peru", (54, 58))
    gold = PlacedPosition((43, 59), peru, "the draft on outposts", (), "support")
    read = PlacedPosition((0, 59), peru, "draft", ((24, 29),), "support")
    assert same_target(gold, read, text)
    elsewhere = replace(read, target_places=((54, 58),))
    assert not same_target(gold, elsewhere, text)
