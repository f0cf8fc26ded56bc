"""Copies of a text are found, kept together, and refused across a split."""

from collections import Counter

import pytest
from conftest import ROWS, corpus_of, padded

from stancekit.corpus import FixedSplit, ForwardSplit, GroupedSplit, InTopicSplit, TableCorpus
from stancekit.corpus.duplicates import find_near_duplicates, merge_duplicates, word_ngrams
from stancekit.errors import KitError

LONG = "The delegate of Peru told the committee on Monday that the levy would fall on those who could least afford it"


@pytest.fixture(scope="module")
def sample(vote_rows, stance, tmp_path_factory):
    """Return the articles of some topics of the bundled corpus, enough to be divided in all ways."""
    homes = Counter({row["article"]: row["topic"] for row in vote_rows}.values())
    kept = [row for row in vote_rows if homes[row["topic"]] > 2]
    return corpus_of(kept, tmp_path_factory.mktemp("sample") / "sample.jsonl").read(stance)


def test_wire_copy_is_found_with_a_few_words_changed(sample):
    assert find_near_duplicates(
        [LONG], [LONG.replace("Monday", "Tuesday") + ", he said", "Rain fell."]
    ) == [(0, 0)]
    texts = list(dict.fromkeys(one.text for one in sample.examples))
    slow = [
        (at, other)
        for at, one in enumerate(texts[:150])
        for other in range(at + 1, 150)
        if len(word_ngrams(one) & word_ngrams(texts[other]))
        >= 0.6 * len(word_ngrams(one) | word_ngrams(texts[other]))
    ]
    assert find_near_duplicates(texts[:150]) == slow


def test_groups_merge_through_a_chain_of_copies():
    other = "Two ministers left the hall in Lima before the vote on fishing was called by the chair"
    assert merge_duplicates(
        ["a", "b", "b", "c", "d"], [LONG, LONG, other, other, "Rain fell."]
    ) == ["a", "a", "a", "a", "d"]


@pytest.fixture
def leaky(jsonl, stance):
    rows = [
        row | {"split": part, "text": padded(row["text"], at), "article": f"{part}{at}"}
        for part, start in (("train", 0), ("validation", 10), ("test", 20))
        for at, row in enumerate(ROWS, start)
    ]
    rows[-1]["text"] = rows[0]["text"] + " indeed"
    rows[-1]["actor"], rows[-1]["stance"] = "Peru", "condemn"
    return TableCorpus(jsonl(*rows)).read(stance)


def test_a_test_text_that_training_has_is_refused_with_the_pair(leaky):
    with pytest.raises(
        KitError,
        match=r"1 texts in train or validation that test has too: 'Peru shunned.*shared=drop",
    ):
        FixedSplit()(leaky, random_state=0)


def test_shared_text_is_dropped_from_training_or_kept_and_marked(leaky):
    dropped = FixedSplit("drop")(leaky, random_state=0)
    assert [len(dropped.train), len(dropped.test), dropped.shared] == [3, 4, 0]
    kept = FixedSplit("keep")(leaky, random_state=0)
    assert [len(kept.train), kept.shared] == [4, 1]
    assert [one.setting for one in kept.test.contexts] == ["clean", "clean", "clean", "repeated"]


def test_a_missing_validation_part_is_drawn_from_training(sample):
    rows = [at for at, part in enumerate(sample.parts) if part != "validation"]
    parts = FixedSplit(validation=0.2)(sample.take(rows), random_state=0)
    assert (
        not set(parts.train.articles) & set(parts.validation.articles)
        and len(parts.validation) > 200
    )


@pytest.mark.parametrize("by", ["topic", "source"])
def test_no_group_stands_in_two_parts(sample, by):
    parts = GroupedSplit(by=by)(sample, random_state=0)
    train, test = (
        {getattr(one, by) for one in part.contexts} for part in (parts.train, parts.test)
    )
    assert train and test and not train & test


def test_left_out_actors_are_new_and_so_are_their_articles(sample):
    parts = GroupedSplit(by="actor")(sample, random_state=0)
    train, test = (
        {one.actor.name for one in part.examples if one.actor} for part in (parts.train, parts.test)
    )
    assert len(parts.test) > 100 and not train & test
    assert not set(parts.train.articles) & set(parts.test.articles)


def test_in_topic_leaves_another_article_of_the_topic_in_training(sample):
    parts = InTopicSplit()(sample, random_state=0)
    train, test = ({one.topic for one in part.contexts} for part in (parts.train, parts.test))
    assert len(parts.test) > 100 and test <= train


def test_forward_tests_on_what_came_last(sample):
    parts = ForwardSplit()(sample, random_state=0)
    assert max(one.date for one in parts.train.contexts) < min(
        one.date for one in parts.test.contexts
    )


def dated(jsonl, *dates, **settings):
    rows = [
        ROWS[at % 4] | {"article": f"a{at}", "text": padded(ROWS[at % 4]["text"], at), "date": date}
        for at, date in enumerate(dates)
    ]
    return TableCorpus(jsonl(*rows), **settings)


def spoken(parts):
    return [
        [one.date for one in part.contexts] for part in (parts.train, parts.validation, parts.test)
    ]


def test_forward_reads_dates_in_the_form_that_is_stated(jsonl, stance):
    days = ["31/12/2001", "01/01/2020", "30/06/2010", "05/02/2005", "11/09/2021"]
    with pytest.raises(
        KitError,
        match=r"5 dates that cannot be read \(rows .*'31/12/2001'.*corpus.date_format='%d/%m/%Y'",
    ):
        ForwardSplit()(dated(jsonl, *days).read(stance), random_state=0)
    whole = dated(jsonl, *days, date_format="%d/%m/%Y").read(stance)
    assert spoken(ForwardSplit(validation=0.2, test=0.4)(whole, random_state=0)) == [
        ["2001-12-31", "2005-02-05"],
        ["2010-06-30"],
        ["2020-01-01", "2021-09-11"],
    ]


def test_an_unreadable_date_stops_only_what_needs_it(jsonl, stance):
    whole = dated(jsonl, "January 5, 2000", "11/01/2018", "2018").read(stance)
    assert [one.date for one in whole.contexts] == ["January 5, 2000", "11/01/2018", "2018"]
    days = ("January 5, 2000", "11/01/2018", "2018")
    told = r"date not of the form '%d/%m/%Y', in column 'date' \(rows 1: 'January 5, 2000', 3"
    with pytest.raises(KitError, match=told):
        dated(jsonl, *days, date_format="%d/%m/%Y", strict=True).read(stance)
    assert dated(jsonl, *days, date_format="%d/%m/%Y").read(stance).left_out == 2


def test_dates_to_the_year_stand_with_their_whole_year(jsonl, stance):
    days = [
        "2001",
        "20020105",
        "2003-01-02",
        "2003-02-03",
        "2003",
        "2003-04-05",
        "2004-01-01",
        "2005",
    ]
    parts = spoken(
        ForwardSplit(validation=0.25, test=0.25)(dated(jsonl, *days).read(stance), random_state=0)
    )
    # A cut before 2003-02-03 would leave it open whether "2003" is older.
    assert parts[0] == ["2001", "2002-01-05"] and {day[:4] for day in parts[1]} == {"2003"}
    assert parts[2] == ["2004-01-01", "2005"]


def test_dates_that_do_not_differ_enough_are_refused(jsonl, stance):
    with pytest.raises(KitError, match=r"too few dates that differ .*\(2018, 2018-05\)"):
        ForwardSplit()(dated(jsonl, "2018", "2018-05", "2018", "2018").read(stance), random_state=0)


def test_forward_needs_dates(jsonl, stance):
    rows = [
        row | {"article": f"a{at}", "text": padded(row["text"], at)} for at, row in enumerate(ROWS)
    ]
    with pytest.raises(KitError, match=r"have no date.*corpus.columns.date"):
        ForwardSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)
