"""Copies of a text are found, kept together, and refused across a split."""

import pytest
from conftest import ROWS, padded

from stancekit.corpus import FixedSplit, ForwardSplit, GroupedSplit, InTopicSplit, JsonlCorpus
from stancekit.corpus.overlap import grams, near_duplicates, together
from stancekit.errors import KitError

LONG = "The delegate of Peru told the committee on Monday that the levy would fall on those who could least afford it"


def test_wire_copy_is_found_with_a_few_words_changed(un_votes, stance):
    assert near_duplicates([LONG], [LONG.replace("Monday", "Tuesday") + ", he said", "Rain fell."]) == [(0, 0)]
    texts = list(dict.fromkeys(one.text for one in un_votes.read(stance).examples))
    slow = [
        (at, other)
        for at, one in enumerate(texts[:300])
        for other in range(at + 1, 300)
        if len(grams(one) & grams(texts[other])) >= 0.6 * len(grams(one) | grams(texts[other]))
    ]
    assert near_duplicates(texts[:300]) == slow


def test_groups_merge_through_a_chain_of_copies():
    other = "Two ministers left the hall in Lima before the vote on fishing was called by the chair"
    assert together(["a", "b", "b", "c", "d"], [LONG, LONG, other, other, "Rain fell."]) == ["a", "a", "a", "a", "d"]


@pytest.fixture
def leaky(jsonl, stance):
    rows = [
        row | {"split": part, "text": padded(row["text"], at), "article": f"{part}{at}"}
        for part, start in (("train", 0), ("validation", 10), ("test", 20))
        for at, row in enumerate(ROWS, start)
    ]
    rows[-1]["text"] = rows[0]["text"] + " indeed"
    rows[-1]["actor"], rows[-1]["stance"] = "Peru", "condemn"
    return JsonlCorpus(jsonl(*rows)).read(stance)


def test_a_test_text_that_training_has_is_refused_with_the_pair(leaky):
    with pytest.raises(KitError, match=r"1 texts in train or validation that test has too: 'Peru shunned.*shared=drop"):
        FixedSplit()(leaky, random_state=0)


def test_shared_text_is_dropped_from_training_or_kept_and_marked(leaky):
    dropped = FixedSplit("drop")(leaky, random_state=0)
    assert [len(dropped.train), len(dropped.test), dropped.shared] == [3, 4, 0]
    kept = FixedSplit("keep")(leaky, random_state=0)
    assert [len(kept.train), kept.shared] == [4, 1]
    assert [one.setting for one in kept.test.contexts] == ["clean", "clean", "clean", "repeated"]


def test_a_missing_validation_part_is_drawn_from_training(un_votes, stance):
    whole = un_votes.read(stance)
    rows = [at for at, part in enumerate(whole.parts) if part != "validation"]
    parts = FixedSplit(validation=0.2)(whole.take(rows), random_state=0)
    assert not set(parts.train.articles) & set(parts.validation.articles) and len(parts.validation) > 200


@pytest.mark.parametrize("by", ["topic", "source"])
def test_no_group_stands_in_two_parts(un_votes, stance, by):
    parts = GroupedSplit(by=by)(un_votes.read(stance), random_state=0)
    train, test = ({getattr(one, by) for one in part.contexts} for part in (parts.train, parts.test))
    assert train and test and not train & test


def test_left_out_actors_are_new_and_so_are_their_articles(un_votes, stance):
    parts = GroupedSplit(by="actor")(un_votes.read(stance), random_state=0)
    train, test = ({one.actor.name for one in part.examples if one.actor} for part in (parts.train, parts.test))
    assert len(parts.test) > 100 and not train & test
    assert not set(parts.train.articles) & set(parts.test.articles)


def test_in_topic_leaves_another_article_of_the_topic_in_training(un_votes, stance):
    parts = InTopicSplit()(un_votes.read(stance), random_state=0)
    train, test = ({one.topic for one in part.contexts} for part in (parts.train, parts.test))
    assert len(parts.test) > 300 and test <= train


def test_forward_tests_on_what_came_last(un_votes, stance):
    parts = ForwardSplit()(un_votes.read(stance), random_state=0)
    assert max(one.date for one in parts.train.contexts) < min(one.date for one in parts.test.contexts)


def test_forward_needs_dates(jsonl, stance):
    rows = [row | {"article": f"a{at}", "text": padded(row["text"], at)} for at, row in enumerate(ROWS)]
    with pytest.raises(KitError, match=r"have no date.*corpus.columns.date"):
        ForwardSplit()(JsonlCorpus(jsonl(*rows)).read(stance), random_state=0)
