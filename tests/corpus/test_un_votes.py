"""What the bundled corpus promises in its card, held on the committed files."""

import json
import re
from collections import Counter, defaultdict

import pytest
from conftest import ROOT

from stancekit.codebook import load_codebook
from stancekit.evaluation import count, macro_f1
from stancekit.models.classifier import fit
from stancekit.models.lexicon import Lexicon

FOLDER = ROOT / "data" / "un_votes"


def words(text):
    return re.findall(r"\w+", text.lower())


def ngrams(text, n):
    found = words(text)
    return [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]


@pytest.fixture(scope="module")
def rows():
    files = sorted((FOLDER / "examples").glob("*.jsonl"))
    return [
        json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()
    ]


@pytest.fixture(scope="module")
def articles():
    lines = (FOLDER / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


@pytest.fixture(scope="module")
def sentences(rows):
    return {(row["article"], row["start"]): row for row in rows}


def test_size(rows, articles, sentences):
    assert len(articles) >= 180 and len(sentences) >= 1700
    assert sum(row["stance"] is not None for row in rows) >= 2500
    assert len({row["topic"] for row in rows}) >= 30


def test_every_row_lies_in_its_article_and_its_spans_in_their_sentence(rows, articles):
    for row in rows:
        assert articles[row["article"]]["text"][row["start"] : row["end"]] == row["sentence"]
        if row["actor"]:
            assert row["sentence"][row["actor_start"] : row["actor_end"]] == row["actor"]
        if row["target_start"] is not None:
            assert (
                row["sentence"][row["target_start"] : row["target_end"]].lower()
                == row["target"].lower()
            )


def test_labels_are_codes_and_none_is_rare(rows, sentences):
    stance = Counter(row["stance"] for row in rows if row["stance"])
    assert set(stance) == set(load_codebook("stance").names)
    shares = {code: n / stance.total() for code, n in stance.items()}
    assert min(shares.values()) >= 0.10 and max(shares["condemn"], shares["support"]) <= 0.40
    frames = Counter(code for row in sentences.values() for code in row["frames"])
    assert set(frames) == set(load_codebook("diplomacy").names)
    assert min(frames.values()) >= 0.06 * len(sentences)


def test_frames_are_one_per_sentence(rows):
    seen = defaultdict(set)
    for row in rows:
        seen[row["article"], row["start"]].add(tuple(row["frames"]))
    assert {len(found) for found in seen.values()} == {1}


def test_the_setting_is_what_it_says(rows):
    trained = {row["topic"] for row in rows if row["split"] == "train"}
    for row in rows:
        expected = (
            ""
            if row["split"] != "test"
            else "in-topic"
            if row["topic"] in trained
            else "cross-topic"
        )
        assert row["setting"] == expected
    assert {"in-topic", "cross-topic"} <= {row["setting"] for row in rows}


def test_no_sentence_is_a_template_of_another(sentences):
    pools = [set(ngrams(row["sentence"], 3)) for row in sentences.values()]
    homes = defaultdict(set)
    for at, pool in enumerate(pools):
        for gram in pool:
            homes[gram].add(at)
    for at, pool in enumerate(pools):
        near = Counter(other for gram in pool for other in homes[gram] if other != at)
        for other, shared in near.items():
            assert shared < 0.6 * min(len(pool), len(pools[other])) or shared < 2


def test_four_grams_and_openings_vary(sentences):
    fours = [gram for row in sentences.values() for gram in ngrams(row["sentence"], 4)]
    assert len(set(fours)) / len(fours) >= 0.93
    openings = Counter(
        gram[0] for row in sentences.values() if (gram := ngrams(row["sentence"], 3))
    )
    assert max(openings.values()) <= 0.01 * len(sentences)


def test_the_lexicon_alone_does_not_solve_it(parts):
    trained = fit(Lexicon(codebook=parts.train.codebook), parts.train, parts.validation)
    labels = [one.labels for one in trained.predict(parts.test.examples)]
    names = parts.train.codebook.names
    assert macro_f1(count(parts.test.labels, labels, names, parts.test.articles).sum(axis=0)) < 0.72


def test_datasets_loads_the_folder_with_typed_features(tmp_path):
    import datasets

    loaded = datasets.load_dataset(str(FOLDER), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "validation", "test"}
    features = loaded["train"].features
    assert features["sentence"].dtype == "string" and features["actor_start"].dtype.startswith(
        "int"
    )
