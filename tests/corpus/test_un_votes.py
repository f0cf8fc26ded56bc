"""What the bundled corpus promises in its card, held on the committed files."""

import gzip
import json
import re
from collections import Counter, defaultdict

import pytest
from conftest import ROOT

from stancekit.codebook import load_codebook
from stancekit.corpus.duplicates import find_near_duplicates
from stancekit.evaluation import count, macro_f1
from stancekit.models.classifier import fit
from stancekit.models.lexicon import Lexicon
from stancekit.text.gazetteer import load_gazetteer
from stancekit.text.speaker import make_speaker

FOLDER = ROOT / "data" / "un_votes"


def words(text):
    return re.findall(r"\w+", text.lower())


def ngrams(text, n):
    found = words(text)
    return [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]


def read_lines(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def rows():
    return [row for path in sorted((FOLDER / "examples").iterdir()) for row in read_lines(path)]


@pytest.fixture(scope="module")
def articles():
    return {one["id"]: one for one in read_lines(FOLDER / "articles.jsonl")}


@pytest.fixture(scope="module")
def positions(articles):
    """Return the positions of each sentence that has one, by article and offset."""
    by_sentence = defaultdict(list)
    for article in articles.values():
        for position in article.get("positions", []):
            by_sentence[article["id"], position["start"]].append(position)
    return by_sentence


@pytest.fixture(scope="module")
def sentences(rows):
    return {(row["article"], row["start"]): row for row in rows}


def by_who_speaks(row):
    """Say whether the actor of a row or a position is who speaks, unnamed in the sentence."""
    return bool(row["actor"]) and row["actor_start"] is None


def share_an_actor(row, position):
    """Say whether a row and a position have one actor: both who speaks, or words that overlap."""
    if by_who_speaks(row) or by_who_speaks(position):
        return by_who_speaks(row) and by_who_speaks(position)
    end = position["actor_start"] + len(position["actor"])
    return position["actor_start"] < row["actor_end"] and row["actor_start"] < end


def share_a_target(row, position):
    """Say whether the target of a row is one of the phrases for the target of a position."""
    phrases = {phrase.lower() for phrase in (*position["targets"], position["target"])}
    return row["target"].lower() in phrases


def test_size(rows, articles, sentences):
    assert len(articles) >= 1100 and len(sentences) >= 14_000
    assert sum(row["stance"] is not None for row in rows) >= 50_000
    assert len({row["topic"] for row in rows}) >= 800


def test_every_row_lies_in_its_article_and_its_spans_in_their_sentence(rows, articles):
    for row in rows:
        assert articles[row["article"]]["text"][row["start"] : row["end"]] == row["sentence"]
        if row["actor_start"] is not None:
            assert row["sentence"][row["actor_start"] : row["actor_end"]] == row["actor"]
        if row["target_start"] is not None:
            assert (
                row["sentence"][row["target_start"] : row["target_end"]].lower()
                == row["target"].lower()
            )


def test_rows_agree_with_their_article(rows, articles):
    for row in rows:
        article = articles[row["article"]]
        for field in ("split", "register", "topic", "date", "source"):
            assert row[field] == article[field]


def test_an_unnamed_actor_is_who_speaks_in_the_article(rows, articles):
    gazetteer = load_gazetteer()
    unnamed = [row for row in rows if by_who_speaks(row)]
    assert len(unnamed) >= 16_000
    for row in unnamed:
        speaker = articles[row["article"]]["speaker"]
        # By the name that the article gives, with an office, or as the gazetteer calls the state.
        assert (
            row["actor"].startswith(speaker)
            or row["actor"] == make_speaker(speaker, gazetteer).name
            or row["actor"] in ("the speaker", "the author")
        )
    for article in articles.values():
        assert ("speaker" in article) == ("matters" in article)
        assert all(article.get("matters", ["-"]))


def test_no_pair_has_two_rows(rows):
    pairs = Counter(
        (row["article"], row["start"], row["actor"], row["actor_start"], row["target"].lower())
        for row in rows
        if row["stance"]
    )
    assert max(pairs.values()) == 1
    assert len({row["id"] for row in rows}) == len(rows)


def test_asked_pairs_are_of_train_only(rows):
    assert {(row["pair"], row["split"]) for row in rows} == {
        ("chosen", "train"),
        ("asked", "train"),
        ("chosen", "validation"),
        ("chosen", "test"),
    }
    assert sum(row["pair"] == "asked" for row in rows) >= 17_000


def test_each_part_has_every_code(rows):
    codes = set(load_codebook("stance").names)
    for split, pair, least in (
        ("train", "chosen", 0.08),
        ("train", "asked", 0.06),
        ("validation", "chosen", 0.08),
        ("test", "chosen", 0.08),
    ):
        stance = Counter(
            row["stance"]
            for row in rows
            if row["stance"] and (row["split"], row["pair"]) == (split, pair)
        )
        shares = {code: n / stance.total() for code, n in stance.items()}
        assert set(shares) == codes and min(shares.values()) >= least
        assert max(shares["condemn"], shares["support"]) <= 0.40
        # Of the pairs that the program asks, most are no position.
        assert shares["none"] <= (0.70 if pair == "asked" else 0.40)


def test_frames_are_codes_and_at_most_two(sentences):
    coded = [row["frames"] for row in sentences.values() if row["frames"] is not None]
    frames = Counter(code for codes in coded for code in codes)
    assert len(coded) >= 9000 and set(frames) == set(load_codebook("diplomacy").names)
    # Few sentences argue about right and wrong.
    rarest, *others = sorted(frames.values())
    assert frames["morality"] == rarest >= 250 and others[0] >= 400
    assert 0.3 < Counter(map(len, coded))[0] / len(coded) < 0.4 and max(map(len, coded)) == 2


def test_frames_are_one_per_sentence_and_null_where_an_article_has_none(rows):
    seen, coded = defaultdict(set), defaultdict(set)
    for row in rows:
        seen[row["article"], row["start"]].add(json.dumps(row["frames"]))
        coded[row["article"]].add(row["frames"] is not None)
    assert {len(found) for found in seen.values()} == {1}
    assert {len(found) for found in coded.values()} == {1}
    # Those of the first three rounds, whose numbers end below 201, all have frames.
    assert all(found == {True} for name, found in coded.items() if number_of(name) < 201)


def number_of(name):
    """Return the number at the end of an article's id."""
    return int(re.search(r"\d+$", name)[0])


def is_debate(name):
    """Say whether an article is a list of single sentences by different speakers."""
    return 601 <= number_of(name) <= 898 or number_of(name) >= 1001


def test_the_setting_is_what_it_says(rows):
    trained = {row["topic"] for row in rows if row["split"] == "train"}
    wrong = set()
    for row in rows:
        expected = (
            ""
            if row["split"] != "test"
            else "in-topic"
            if row["topic"] in trained
            else "cross-topic"
        )
        if row.get("setting", "") != expected:
            wrong.add(row["article"])
    assert not wrong
    assert {"in-topic", "cross-topic"} <= {row.get("setting", "") for row in rows}


def test_whole_texts_have_positions_and_debates_have_none(articles, sentences):
    for article in articles.values():
        assert ("positions" in article) != is_debate(article["id"])
    debates = Counter(name for name, _ in sentences if is_debate(name))
    assert len(debates) == 316 and 13 <= min(debates.values()) <= max(debates.values()) <= 16
    assert sum(len(one.get("positions", [])) for one in articles.values()) >= 20_000


def test_positions_lie_in_their_article_and_their_phrases_in_their_sentence(articles):
    codes = set(load_codebook("stance").names) - {"none"}
    for article in articles.values():
        for position in article.get("positions", []):
            sentence, start = position["sentence"], position["start"]
            assert article["text"][start : start + len(sentence)] == sentence
            assert position["stance"] in codes and position["target"]
            assert all(phrase in sentence for phrase in position["targets"])
            if (at := position["actor_start"]) is None:
                assert position["actor"] == article["speaker"]
            else:
                assert sentence[at : at + len(position["actor"])] == position["actor"]


def test_asked_rows_say_what_the_positions_say(rows, positions):
    wrong = []
    for row in rows:
        if row["pair"] != "asked":
            continue
        there = positions[row["article"], row["start"]]
        if row["stance"] == "none":
            listed = (share_an_actor(row, one) and share_a_target(row, one) for one in there)
            wrong += [row["id"]] if any(listed) else []
        else:
            # "we" and the speaker's name in the sentence may stand for who speaks.
            assert any(
                one["stance"] == row["stance"] and (share_an_actor(row, one) or by_who_speaks(one))
                for one in there
            )
    assert not wrong


def test_chosen_rows_of_who_speaks_say_what_the_positions_say(rows, articles, positions):
    checked = Counter()
    for row in rows:
        if row["pair"] == "asked" or not by_who_speaks(row):
            continue
        if "positions" in articles[row["article"]]:
            there = positions[row["article"], row["start"]]
            listed = {
                one["stance"]
                for one in there
                if share_an_actor(row, one) and share_a_target(row, one)
            }
            assert row["stance"] in (listed or {"none"})
            checked[row["stance"]] += 1
    assert sum(checked.values()) >= 7900 and len(checked) == 4


def test_no_sentence_of_a_part_has_a_near_copy_in_another(rows):
    parts = defaultdict(set)
    for row in rows:
        parts[row["split"]].add(row["sentence"])
    train, validation, test = (sorted(parts[name]) for name in ("train", "validation", "test"))
    assert not find_near_duplicates(train, validation)
    assert not find_near_duplicates(train, test)
    assert not find_near_duplicates(validation, test)


def test_held_out_examples_of_who_speaks_have_a_second_annotation(rows):
    kept = {row["id"]: row for row in rows}
    second = [one for one in read_lines(FOLDER / "second.jsonl") if "stance" in one]
    assert len({one["id"] for one in second}) == len(second) >= 3900
    assert {kept[one["id"]]["split"] for one in second} == {"validation", "test"}
    assert {one["stance"] for one in second} == set(load_codebook("stance").names)
    again = {one["id"] for one in second}
    spoken = [row for row in rows if by_who_speaks(row) and row["split"] != "train"]
    assert sum(row["id"] in again for row in spoken) >= 0.95 * len(spoken)
    agree = sum(one["stance"] == kept[one["id"]]["stance"] for one in second)
    assert agree >= 0.96 * len(second)
    debates = [row for row in spoken if is_debate(row["article"])]
    assert all(row["id"] in again for row in debates)


def test_held_out_frames_have_a_second_annotation_that_agrees(rows):
    held_out = [row for row in rows if row["split"] != "train" and row["frames"] is not None]
    first = {(row["article"], row["start"]): set(row["frames"]) for row in held_out}
    kept = {row["id"]: row for row in held_out}
    second = {}
    for one in read_lines(FOLDER / "second.jsonl"):
        if "frames" in one:
            row = kept[one["id"]]
            second[row["article"], row["start"]] = set(one["frames"])
    assert second.keys() == first.keys() and len(second) >= 1700
    assert sum(second[key] == codes for key, codes in first.items()) >= 0.85 * len(first)


def test_no_sentence_is_a_template_of_another(sentences):
    keys = list(sentences)
    pools = [set(ngrams(row["sentence"], 3)) for row in sentences.values()]
    homes = defaultdict(set)
    for at, pool in enumerate(pools):
        for gram in pool:
            homes[gram].add(at)
    alike = []
    for at, pool in enumerate(pools):
        near = Counter(other for gram in pool for other in homes[gram] if other > at)
        for other, shared in near.items():
            shorter = min(len(pool), len(pools[other]))
            if shared >= 2 and shared >= 0.6 * shorter:
                alike.append((at, other, shorter))
    # Formulas of real procedure ("I will not take part in the vote") return across the new texts.
    assert not [one for one in alike if all(number_of(keys[at][0]) < 201 for at in one[:2])]
    assert len({at for one in alike for at in one[:2]}) <= 0.01 * len(sentences)
    assert len([one for one in alike if one[2] >= 6]) <= 10


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


def test_datasets_loads_the_folder_with_typed_features(tmp_path, rows):
    import datasets

    loaded = datasets.load_dataset(str(FOLDER), cache_dir=str(tmp_path))
    sizes = Counter(row["split"] for row in rows)
    assert {name: part.num_rows for name, part in loaded.items()} == dict(sizes)
    assert {part.features.arrow_schema for part in loaded.values()} == {
        loaded["test"].features.arrow_schema
    }
    features = loaded["train"].features
    assert features["sentence"].dtype == "string" and features["actor_start"].dtype == "int64"
    assert set(loaded["train"].unique("pair")) == {"chosen", "asked"}
    assert set(features) >= {key for row in rows for key in row}
    last = loaded["train"][-1]
    assert last["pair"] == "asked" and last["phenomena"] is None


def test_datasets_loads_articles_with_positions(tmp_path, articles):
    import datasets

    loaded = datasets.load_dataset(str(FOLDER), "articles", cache_dir=str(tmp_path))["train"]
    assert loaded.num_rows == len(articles)
    for row in loaded:
        there = articles[row["id"]]
        assert row["positions"] == there.get("positions")
        assert row["speaker"] == there.get("speaker") and row["matters"] == there.get("matters")
