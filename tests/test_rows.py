"""Bad input: one clear error with every offending row, or a counted warning where going on is right."""

import logging

import pytest
from conftest import ROWS

from stancekit.corpus import JsonlCorpus
from stancekit.errors import KitError

GOOD = ROWS[0]


def test_unknown_labels_are_all_named_with_their_rows(jsonl, stance):
    path = jsonl(GOOD, GOOD | {"stance": "condems"}, GOOD | {"stance": "Support"}, GOOD | {"stance": "condems"})
    with pytest.raises(
        KitError, match=r"unknown label 'condems' .*rows 2, 4.*'Support'.*rows 3.*abstain, condemn, none, support"
    ):
        JsonlCorpus(path).read(stance)


def test_a_missing_column_lists_what_is_there(jsonl, stance):
    with pytest.raises(KitError, match=r"no column 'text'; it has: actor, stance, words.*corpus.columns.text"):
        JsonlCorpus(jsonl({"words": "Peru left.", "actor": "Peru", "stance": "none"})).read(stance)


def test_a_column_the_user_names_must_exist(jsonl, stance):
    with pytest.raises(KitError, match="no column 'doc'"):
        JsonlCorpus(jsonl(GOOD), columns={"article": "doc"}).read(stance)


def test_an_unknown_column_role_lists_the_roles(jsonl, stance):
    with pytest.raises(KitError, match=r"holder.*corpus.columns knows: text, id"):
        JsonlCorpus(jsonl(GOOD), columns={"holder": "actor"}).read(stance)


def test_empty_texts(jsonl, stance):
    with pytest.raises(KitError, match=r"empty text \(rows 2, 3\)"):
        JsonlCorpus(jsonl(GOOD, GOOD | {"text": "  "}, GOOD | {"text": None})).read(stance)


def test_an_actor_not_in_its_sentence_is_counted_and_kept(jsonl, stance, caplog):
    with caplog.at_level(logging.WARNING):
        data = JsonlCorpus(jsonl(GOOD, GOOD | {"actor": "Chile"})).read(stance)
    assert "in 1 rows the actor is not in its sentence" in caplog.text and "rows 2" in caplog.text
    assert not data.examples[1].actor.located and data.examples[0].actor.located


@pytest.mark.parametrize("offsets", [(0, 400), (-3, 4), (7, 7), (9, 4), ("x", 4)])
def test_offsets_outside_the_sentence(jsonl, stance, offsets):
    row = GOOD | {"actor_start": offsets[0], "actor_end": offsets[1]}
    with pytest.raises(KitError, match=r"actor offsets outside the sentence \(rows 2\)"):
        JsonlCorpus(jsonl(GOOD, row)).read(stance)


def test_offsets_alone_name_the_actor(jsonl, stance):
    row = {"text": "Then Peru shunned it.", "actor_start": 5, "actor_end": 9, "stance": "condemn"}
    assert JsonlCorpus(jsonl(row)).read(stance).examples[0].actor.name == "Peru"


def test_duplicate_ids(jsonl, stance):
    with pytest.raises(KitError, match=r"id used more than once \(rows 1, 3: 'a'\)"):
        JsonlCorpus(jsonl(GOOD | {"id": "a"}, GOOD | {"id": "b"}, GOOD | {"id": "a"})).read(stance)


def test_a_label_column_of_numbers_needs_a_map(jsonl, stance):
    rows = [ROWS[0] | {"stance": 0}, ROWS[1] | {"stance": 1}]
    with pytest.raises(KitError, match=r"unknown label '0'.*rows 1.*unknown label '1'.*corpus.labels"):
        JsonlCorpus(jsonl(*rows)).read(stance)
    data = JsonlCorpus(jsonl(*rows), labels={0: "condemn", 1: "support"}).read(stance)
    assert data.labels == (("condemn",), ("support",))


def test_a_row_without_a_label(jsonl, stance):
    with pytest.raises(KitError, match=r"no label in column 'stance' \(rows 2\)"):
        JsonlCorpus(jsonl(GOOD, GOOD | {"stance": ""})).read(stance)


def test_a_label_mapped_to_null_drops_its_row(jsonl, stance):
    data = JsonlCorpus(jsonl(GOOD, GOOD | {"stance": "unclear"}), labels={"unclear": None}).read(stance)
    assert data.labels == (("condemn",),)


def test_several_faults_are_told_together(jsonl, stance):
    with pytest.raises(KitError, match=r"empty text.*actor offsets outside"):
        JsonlCorpus(jsonl(GOOD | {"text": ""}, GOOD | {"actor_start": 0, "actor_end": 99})).read(stance)


def test_an_unknown_split(jsonl, stance):
    with pytest.raises(KitError, match=r"unknown split 'holdout', not train, validation or test \(rows 1\)"):
        JsonlCorpus(jsonl(GOOD | {"split": "holdout"})).read(stance)


def test_right_to_left_and_astral_text_keep_their_offsets(jsonl, stance):
    rows = [
        {"text": "أدانت مصر القرار 🕊️", "actor": "مصر", "stance": "condemn"},
        {"text": "🕊️🕊️ Peru agreed 𐍈", "actor": "Peru", "stance": "support"},
    ]
    for row, example in zip(rows, JsonlCorpus(jsonl(*rows)).read(stance).examples, strict=True):
        assert example.text[example.actor.start : example.actor.end] == row["actor"]


def test_a_megabyte_sentence_is_read(jsonl, stance):
    text = "Peru shunned the levy. " + "word " * 210_000
    assert JsonlCorpus(jsonl(GOOD | {"text": text})).read(stance).examples[0].text == text


@pytest.mark.parametrize("value", ["peace;legality", ["peace", "legality"], " peace ; legality "])
def test_joined_and_listed_frames(jsonl, diplomacy, value):
    assert JsonlCorpus(jsonl({"text": "x", "frames": value})).read(diplomacy).labels == (("peace", "legality"),)


def test_one_column_per_frame(jsonl, diplomacy):
    row = {"text": "x", "peace": 1, "legality": "no", "economy": "yes"}
    corpus = JsonlCorpus(jsonl(row), columns={"labels": ["peace", "legality", "economy"]})
    assert corpus.read(diplomacy).labels == (("peace", "economy"),)


def test_frames_are_read_once_per_sentence(jsonl, diplomacy):
    row = {"text": "Peru and Chile talked.", "frames": ["peace"], "article": "a"}
    data = JsonlCorpus(jsonl(row | {"actor": "Peru"}, row | {"actor": "Chile"})).read(diplomacy)
    assert len(data) == 1 and data.examples[0].actor is None
