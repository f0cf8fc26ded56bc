import pytest
from conftest import ROWS, padded

from stancekit.corpus import FixedSplit, GroupedSplit, JsonlCorpus
from stancekit.errors import KitError

PARTS = ["train", "train", "validation", "test"]


def test_the_fixed_split_follows_the_column(jsonl, stance):
    rows = [row | {"split": part, "article": str(at)} for at, (row, part) in enumerate(zip(ROWS, PARTS, strict=True))]
    parts = FixedSplit()(JsonlCorpus(jsonl(*rows)).read(stance), random_state=0)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [2, 1, 1]


def test_an_article_in_two_parts_is_refused(jsonl, stance):
    rows = [row | {"split": part, "article": "same"} for row, part in zip(ROWS, PARTS, strict=True)]
    with pytest.raises(KitError, match=r"1 articles .* more than one part: same"):
        FixedSplit()(JsonlCorpus(jsonl(*rows)).read(stance), random_state=0)


def test_a_missing_part_is_named(jsonl, stance):
    rows = [row | {"split": "train"} for row in ROWS]
    with pytest.raises(KitError, match=r"no examples in: validation, test.*split=grouped"):
        FixedSplit()(JsonlCorpus(jsonl(*rows)).read(stance), random_state=0)


def test_grouped_splits_keep_articles_whole_and_follow_the_random_state(jsonl, stance):
    rows = [row | {"article": f"a{at}", "text": padded(row["text"], at)} for at in range(20) for row in ROWS]
    data = JsonlCorpus(jsonl(*rows)).read(stance)
    split = GroupedSplit()
    first, again, other = (split(data, random_state=state) for state in (0, 0, 1))
    homes = [set(part.articles) for part in (first.train, first.validation, first.test)]
    assert not (homes[0] & homes[1] or homes[0] & homes[2] or homes[1] & homes[2])
    assert first.test.examples == again.test.examples and first.test.examples != other.test.examples


def test_too_few_articles_to_split(jsonl, stance):
    rows = [row | {"article": "same"} for row in ROWS]
    with pytest.raises(KitError, match="needs 3 or more"):
        GroupedSplit()(JsonlCorpus(jsonl(*rows)).read(stance), random_state=0)
