import pytest
from conftest import ROWS, padded

from stancekit.corpus import FixedSplit, ForwardSplit, GroupedSplit, InTopicSplit, TableCorpus
from stancekit.errors import KitError

PARTS = ["train", "train", "validation", "test"]


def test_the_fixed_split_follows_the_column(jsonl, stance):
    rows = [
        row | {"split": part, "article": str(at)}
        for at, (row, part) in enumerate(zip(ROWS, PARTS, strict=True))
    ]
    parts = FixedSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [2, 1, 1]


def test_an_article_in_two_parts_is_refused(jsonl, stance):
    rows = [row | {"split": part, "article": "same"} for row, part in zip(ROWS, PARTS, strict=True)]
    with pytest.raises(KitError, match=r"1 articles .* more than one part: same"):
        FixedSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)


def test_a_missing_part_is_named(jsonl, stance):
    rows = [row | {"split": "train"} for row in ROWS]
    with pytest.raises(KitError, match=r"no examples in: validation, test.*split=grouped"):
        FixedSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)


def test_grouped_splits_keep_articles_whole_and_follow_the_random_state_where_asked(jsonl, stance):
    rows = [
        row | {"article": f"a{at}", "text": padded(row["text"], at)}
        for at in range(20)
        for row in ROWS
    ]
    data = TableCorpus(jsonl(*rows)).read(stance)
    split = GroupedSplit(per_state=True)
    first, again, other = (split(data, random_state=state) for state in (0, 0, 1))
    homes = [set(part.articles) for part in (first.train, first.validation, first.test)]
    assert not (homes[0] & homes[1] or homes[0] & homes[2] or homes[1] & homes[2])
    assert first.test.examples == again.test.examples and first.test.examples != other.test.examples


def test_too_few_articles_to_split(jsonl, stance):
    rows = [row | {"article": "same"} for row in ROWS]
    with pytest.raises(KitError, match="needs 3 or more"):
        GroupedSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)


@pytest.fixture
def many(jsonl, stance):
    rows = [
        row | {"article": f"a{at}", "topic": f"t{at // 2}", "text": padded(row["text"], at)}
        for at in range(20)
        for row in ROWS
    ]
    return TableCorpus(jsonl(*rows)).read(stance)


@pytest.mark.parametrize("kind", [GroupedSplit, InTopicSplit])
def test_one_division_serves_every_random_state_unless_each_is_to_draw_its_own(many, kind):
    drawn, fixed = (
        [kind(per_state=each)(many, random_state=state).test.examples for state in (0, 1, 2)]
        for each in (True, False)
    )
    assert len(set(drawn)) == 3 and set(fixed) == {drawn[0]}
    assert kind()(many, random_state=5).test.examples == drawn[0]


def test_examples_without_a_split_are_counted(jsonl, stance, caplog):
    rows = [
        row | {"split": part, "article": str(at)}
        for at, (row, part) in enumerate(zip(ROWS, PARTS, strict=True))
    ]
    rows += [{"text": "A text of its own.", "stance": "none", "split": ""}] * 2
    parts = FixedSplit()(TableCorpus(jsonl(*rows)).read(stance), random_state=0)
    assert "2 of 6 examples have no split marked and are left out" in caplog.text
    assert sum(map(len, (parts.train, parts.validation, parts.test))) == 4


@pytest.mark.parametrize(
    ("split", "told"),
    [
        (
            GroupedSplit(test=1.0),
            r"split.validation is 0.15 and split.test 1.0; .* leave some for train",
        ),
        (GroupedSplit(validation=0), r"split.validation is 0 and"),
        (InTopicSplit(test=0.9), r"split.test 0.9"),
        (ForwardSplit(test=-1), r"split.test -1"),
        (GroupedSplit(by="title"), r"split.by is 'title'; it is one of: article, event"),
        (FixedSplit("droop"), r"split.shared is 'droop'; it is one of: refuse, drop, keep"),
    ],
)
def test_settings_that_make_no_sense(many, split, told):
    with pytest.raises(KitError, match=told):
        split(many, random_state=0)


def test_dropping_shared_text_must_leave_something_to_learn_from(jsonl, stance):
    rows = [row | {"split": part} for part in ("train", "validation", "test") for row in ROWS]
    with pytest.raises(
        KitError, match="no training or no validation example whose text test does not have"
    ):
        FixedSplit("drop")(TableCorpus(jsonl(*rows)).read(stance), random_state=0)
