"""Several corpora under one codebook, and training on some of them."""

from collections import Counter

import pytest
from conftest import ROWS, padded

from stancekit.corpus import FixedSplit, JsonlCorpus
from stancekit.corpus.mixture import Mixture, Source
from stancekit.corpus.transfer import TransferSplit
from stancekit.errors import KitError

TURNED = {"condemn": "negative", "support": "positive", "none": "neutral", "abstain": "neutral"}
CODES = {"negative": "condemn", "positive": "support", "neutral": None}


@pytest.fixture
def mixture(jsonl):
    parts = ("train", "train", "train", "train", "validation", "test")
    ours = [
        row | {"article": f"a{at}", "text": padded(row["text"], at), "split": part}
        for at, part in enumerate(parts)
        for row in ROWS
    ]
    theirs = [
        {**row, "label": TURNED[row["stance"]], "text": padded(row["text"], 90 + at), "article": f"a{at}"}
        | {"split": "test" if at % 4 == 0 else "train"}
        for at in range(40)
        for row in ROWS
    ]
    return Mixture(
        {
            "ours": Source(JsonlCorpus(jsonl(*ours)), "stance"),
            "theirs": {"corpus": JsonlCorpus(jsonl(*theirs, name="t.jsonl")), "codebook": "polarity", "codes": CODES},
        }
    )


def test_labels_are_mapped_and_origins_kept(mixture, stance):
    data = mixture.read(stance)
    by = Counter((context.source, labels[0]) for context, labels in zip(data.contexts, data.labels, strict=True))
    assert by == {
        **{("ours", code): 6 for code in ("condemn", "abstain", "support", "none")},
        **{("theirs", code): 40 for code in ("condemn", "support")},
    }
    assert len({one.id for one in data.examples}) == len(data)
    assert {one.article.split("/")[0] for one in data.examples} == {"ours", "theirs"}


@pytest.mark.parametrize(("on", "sources"), [("ours", {"ours"}), ("all", {"ours", "theirs"}), ("-ours", {"theirs"})])
def test_training_on_some_and_tests_on_all(mixture, stance, on, sources):
    parts = TransferSplit(FixedSplit("drop"), train_on=on)(mixture.read(stance), random_state=0)
    for part in (parts.train, parts.validation):
        assert {context.source for context in part.contexts} == sources
    assert {context.source for context in parts.test.contexts} == {"ours", "theirs"}


def test_a_size_is_shared_out_by_temperature(mixture, stance):
    data = mixture.read(stance)
    drawn = {}
    for temperature in (1, 1e9):
        parts = TransferSplit(FixedSplit("drop"), size=24, temperature=temperature)(data, random_state=0)
        drawn[temperature] = Counter(context.source for context in parts.train.contexts)
    assert drawn[1e9] == {"ours": 12, "theirs": 12} and drawn[1]["theirs"] > drawn[1]["ours"]


def test_a_source_that_is_not_there(mixture, stance):
    with pytest.raises(KitError, match=r"has the sources ours, theirs"):
        TransferSplit(FixedSplit("drop"), train_on="nobody")(mixture.read(stance), random_state=0)


def test_a_code_that_neither_codebook_has(jsonl, stance):
    bad = {"corpus": JsonlCorpus(jsonl(*ROWS)), "codebook": "stance", "codes": {"condemn": "against", "con": "condemn"}}
    with pytest.raises(KitError, match=r"maps con, against; it maps codes of stance"):
        Mixture({"mine": bad}).read(stance)
