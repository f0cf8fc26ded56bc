"""Bad input: one clear error with every offending row, or a counted warning where going on is right."""

import logging
from functools import partial

import pytest
import yaml
from conftest import ROWS

from stancekit.corpus import FixedSplit, TableCorpus
from stancekit.errors import KitError

StrictCorpus = partial(TableCorpus, strict=True)
GOOD = ROWS[0]


def test_unknown_labels_are_all_named_with_their_rows(jsonl, stance):
    path = jsonl(
        GOOD,
        GOOD | {"stance": "condems"},
        GOOD | {"stance": "Support"},
        GOOD | {"stance": "condems"},
    )
    with pytest.raises(
        KitError,
        match=r"unknown label 'condems' .*rows 2, 4.*'Support'.*rows 3.*abstain, condemn, none, support",
    ):
        StrictCorpus(path).read(stance)


def test_a_missing_column_lists_what_is_there(jsonl, stance):
    with pytest.raises(
        KitError, match=r"no column 'text'; it has: actor, stance, words.*corpus.columns.text"
    ):
        StrictCorpus(jsonl({"words": "Peru left.", "actor": "Peru", "stance": "none"})).read(stance)


def test_a_column_the_user_names_must_exist(jsonl, stance):
    with pytest.raises(KitError, match="no column 'doc'"):
        StrictCorpus(jsonl(GOOD), columns={"article": "doc"}).read(stance)


def test_an_unknown_column_role_lists_the_roles(jsonl, stance):
    with pytest.raises(KitError, match=r"holder.*corpus.columns knows: text, id"):
        StrictCorpus(jsonl(GOOD), columns={"holder": "actor"}).read(stance)


def test_empty_texts(jsonl, stance):
    with pytest.raises(KitError, match=r"empty text in column 'text' \(rows 2, 3\)"):
        StrictCorpus(jsonl(GOOD, GOOD | {"text": "  "}, GOOD | {"text": None})).read(stance)


def test_an_actor_not_in_its_sentence_is_counted_and_kept(jsonl, stance, caplog):
    with caplog.at_level(logging.WARNING):
        data = StrictCorpus(jsonl(GOOD, GOOD | {"actor": "Chile"})).read(stance)
    assert "in 1 rows the actor is not in its sentence" in caplog.text and "rows 2" in caplog.text
    assert not data.examples[1].actor.located and data.examples[0].actor.located


@pytest.mark.parametrize("offsets", [(0, 400), (-3, 4), (7, 7), (9, 4), ("x", 4)])
def test_offsets_outside_the_sentence(jsonl, stance, offsets):
    row = GOOD | {"actor_start": offsets[0], "actor_end": offsets[1]}
    told = r"actor offsets outside the sentence, in columns actor_start, actor_end \(rows 2: .* of 2. ch"
    with pytest.raises(KitError, match=told):
        StrictCorpus(jsonl(GOOD, row)).read(stance)


def test_offsets_alone_name_the_actor(jsonl, stance):
    row = {"text": "Then Peru shunned it.", "actor_start": 5, "actor_end": 9, "stance": "condemn"}
    assert StrictCorpus(jsonl(row)).read(stance).examples[0].actor.name == "Peru"


def test_duplicate_ids(jsonl, stance):
    with pytest.raises(KitError, match=r"id used more than once \(rows 1, 3: 'a'\)"):
        StrictCorpus(jsonl(GOOD | {"id": "a"}, GOOD | {"id": "b"}, GOOD | {"id": "a"})).read(stance)


def test_a_label_column_of_numbers_needs_a_map(jsonl, stance):
    rows = [ROWS[0] | {"stance": 0}, ROWS[1] | {"stance": 1}]
    with pytest.raises(
        KitError, match=r"unknown label '0'.*rows 1.*unknown label '1'.*corpus.labels"
    ):
        StrictCorpus(jsonl(*rows)).read(stance)
    data = StrictCorpus(jsonl(*rows), labels={0: "condemn", 1: "support"}).read(stance)
    assert data.labels == (("condemn",), ("support",))


def test_a_row_without_a_label(jsonl, stance):
    with pytest.raises(KitError, match=r"no label in column 'stance' \(rows 2\)"):
        StrictCorpus(jsonl(GOOD, GOOD | {"stance": ""})).read(stance)


def test_a_label_mapped_to_null_drops_its_row(jsonl, stance):
    data = StrictCorpus(jsonl(GOOD, GOOD | {"stance": "unclear"}), labels={"unclear": None}).read(
        stance
    )
    assert data.labels == (("condemn",),)


def test_several_faults_are_told_together(jsonl, stance):
    with pytest.raises(KitError, match=r"empty text.*actor offsets outside"):
        StrictCorpus(jsonl(GOOD | {"text": ""}, GOOD | {"actor_start": 0, "actor_end": 99})).read(
            stance
        )


def test_an_unknown_split(jsonl, stance):
    with pytest.raises(
        KitError, match=r"unknown split 'holdout', not train, validation or test \(rows 1\)"
    ):
        StrictCorpus(jsonl(GOOD | {"split": "holdout"})).read(stance)


def test_right_to_left_and_astral_text_keep_their_offsets(jsonl, stance):
    rows = [
        {"text": "أدانت مصر القرار 🕊️", "actor": "مصر", "stance": "condemn"},
        {"text": "🕊️🕊️ Peru agreed 𐍈", "actor": "Peru", "stance": "support"},
    ]
    for row, example in zip(rows, StrictCorpus(jsonl(*rows)).read(stance).examples, strict=True):
        assert example.text[example.actor.start : example.actor.end] == row["actor"]


def test_a_megabyte_sentence_is_read(jsonl, stance):
    text = "Peru shunned the levy. " + "word " * 210_000
    assert StrictCorpus(jsonl(GOOD | {"text": text})).read(stance).examples[0].text == text


@pytest.mark.parametrize("value", ["peace;legality", ["peace", "legality"], " peace ; legality "])
def test_joined_and_listed_frames(jsonl, diplomacy, value):
    assert StrictCorpus(jsonl({"text": "x", "frames": value})).read(diplomacy).labels == (
        ("peace", "legality"),
    )


def test_one_column_per_frame(jsonl, diplomacy):
    row = {"text": "x", "peace": 1, "legality": "no", "economy": "yes"}
    corpus = StrictCorpus(jsonl(row), columns={"labels": ["peace", "legality", "economy"]})
    assert corpus.read(diplomacy).labels == (("peace", "economy"),)


def test_frames_are_read_once_per_sentence(jsonl, diplomacy):
    row = {"text": "Peru and Chile talked.", "frames": ["peace"], "article": "a"}
    data = StrictCorpus(jsonl(row | {"actor": "Peru"}, row | {"actor": "Chile"})).read(diplomacy)
    assert len(data) == 1 and data.examples[0].actor is None


@pytest.mark.parametrize("role", ["article", "id", "topic"])
def test_zero_is_a_name_like_another(jsonl, stance, role):
    rows = [row | {role: at // 2 if role != "id" else at} for at, row in enumerate(ROWS)]
    data = StrictCorpus(jsonl(*rows)).read(stance)
    found = {
        "article": data.articles,
        "id": [one.id for one in data.examples],
        "topic": [one.topic for one in data.contexts],
    }
    assert found[role] == (["0", "1", "2", "3"] if role == "id" else ["0", "0", "1", "1"])


def test_an_article_that_is_called_like_a_text_stays_in_one_part(jsonl, stance):
    rows = [
        row | {"article": "text:1", "split": part}
        for row, part in zip(ROWS, ["train", "test"] * 2, strict=True)
    ]
    rows.append({"text": "A new one.", "stance": "none", "split": "validation"})
    with pytest.raises(KitError, match=r"1 articles .* more than one part: text:1"):
        FixedSplit()(StrictCorpus(jsonl(*rows)).read(stance), random_state=0)


@pytest.mark.parametrize(
    ("label", "key"), [(0, 0), (" X ", "X"), (None, ""), ([], ""), (None, None), (float("nan"), "")]
)
def test_labels_of_every_kind_can_be_dropped_or_mapped(jsonl, stance, label, key):
    path = jsonl(GOOD, ROWS[1] | {"stance": label})
    assert StrictCorpus(path, labels={key: None}).read(stance).labels == (("condemn",),)
    assert StrictCorpus(path, labels={key: "none"}).read(stance).labels == (("condemn",), ("none",))


def test_a_list_of_one_label_is_this_label(jsonl, stance):
    assert StrictCorpus(jsonl(GOOD | {"stance": ["condemn"]})).read(stance).labels == (
        ("condemn",),
    )
    with pytest.raises(
        KitError, match=r"several labels where codebook 'stance' allows one \(rows 1\)"
    ):
        StrictCorpus(jsonl(GOOD | {"stance": ["condemn", "none"]})).read(stance)


def test_keys_that_yaml_has_made_true_or_false_are_refused(jsonl, stance):
    labels = yaml.safe_load("{No: condemn, Yes: support}")
    with pytest.raises(
        KitError, match=r"key False, True: YAML takes Yes, No.*quotation marks, as in 'No'"
    ):
        StrictCorpus(jsonl(GOOD | {"stance": "No"}), labels=labels).read(stance)
    quoted = yaml.safe_load("{'No': condemn, 'Yes': support}")
    assert StrictCorpus(jsonl(GOOD | {"stance": "No"}), labels=quoted).read(stance).labels == (
        ("condemn",),
    )


def test_a_mapping_that_drops_all_rows(jsonl, stance):
    with pytest.raises(KitError, match=r"corpus.labels drops all of its 1 rows"):
        StrictCorpus(jsonl(GOOD), labels={"condemn": None}).read(stance)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *[
            (1, 0),
            ("1.0", "0.0"),
            ("1,0", "0,0"),
            (True, False),
            ("WAHR", "FALSCH"),
            ("ja", "nein"),
            ("vrai", "faux"),
        ],
        *[("Y", "n"), ("x", ""), ("x", None), (" TRUE ", "FALSE"), ("x", "-")],
    ],
)
def test_columns_of_codes_say_yes_and_no_in_many_ways(jsonl, diplomacy, yes, no):
    rows = [
        {"text": "One.", "peace": yes, "economy": no},
        {"text": "Two.", "peace": no, "economy": no},
    ]
    corpus = StrictCorpus(jsonl(*rows), columns={"labels": ["peace", "economy"]})
    assert corpus.read(diplomacy).labels == (("peace",), ())


@pytest.mark.parametrize("value", [2, "maybe", "condemn", 0.5, ["x"]])
def test_a_column_of_codes_that_says_neither_yes_nor_no(jsonl, diplomacy, value):
    rows = [
        {"text": "One.", "peace": 1, "economy": 0},
        {"text": "Two.", "peace": value, "economy": 0},
    ]
    with pytest.raises(
        KitError, match=r"column 'peace' holds .*(neither yes nor no|list).* \(rows 2\)"
    ):
        StrictCorpus(jsonl(*rows), columns={"labels": ["peace", "economy"]}).read(diplomacy)


def test_an_empty_cell_where_others_say_no_is_not_taken_for_one(jsonl, diplomacy):
    rows = [{"text": "One.", "peace": 1, "economy": 0}, {"text": "Two.", "peace": "", "economy": 1}]
    with pytest.raises(
        KitError, match=r"column 'peace' is empty, where other cells say no .*\(rows 2\)"
    ):
        StrictCorpus(jsonl(*rows), columns={"labels": ["peace", "economy"]}).read(diplomacy)


def test_two_columns_of_a_codebook_with_one_label(jsonl, stance):
    rows = [
        {"text": "One.", "condemn": 1, "support": 1},
        {"text": "Two.", "condemn": 0, "support": 0},
    ]
    with pytest.raises(
        KitError,
        match=r"several labels .* \(rows 1\); no label in columns 'condemn', 'support' \(rows 2",
    ):
        StrictCorpus(jsonl(*rows), columns={"labels": ["condemn", "support"]}).read(stance)


def test_columns_of_annotators_are_not_columns_of_codes(jsonl, stance):
    row = {"text": "One.", "ann_a": "condemn", "ann_b": "support"}
    with pytest.raises(
        KitError, match=r"'ann_a', 'ann_b' are not named for a code.*corpus.annotators="
    ):
        StrictCorpus(jsonl(row), columns={"labels": ["ann_a", "ann_b"]}).read(stance)
    mapped = {"text": "One.", "gegen": 1, "fuer": 0}
    corpus = StrictCorpus(
        jsonl(mapped),
        columns={"labels": ["gegen", "fuer"]},
        labels={"gegen": "condemn", "fuer": None},
    )
    assert corpus.read(stance).labels == (("condemn",),)


def test_several_labels_with_another_sign_between_them(jsonl, diplomacy):
    path = jsonl({"text": "One.", "frames": "peace, economy"})
    with pytest.raises(
        KitError, match=r"unknown label 'peace, economy'.*set corpus.label_separator=comma"
    ):
        StrictCorpus(path).read(diplomacy)
    assert StrictCorpus(path, label_separator="comma").read(diplomacy).labels == (
        ("peace", "economy"),
    )


@pytest.mark.parametrize("value", [{"a": 1}, ["Peru"], 17, True])
def test_a_text_that_is_none(jsonl, stance, value):
    with pytest.raises(
        KitError,
        match=r"text that is (an object|a list|a number|true or false), not a text, in column 'text' \(rows 2: ",
    ):
        StrictCorpus(jsonl(GOOD, GOOD | {"text": value})).read(stance)
    with pytest.raises(KitError, match=r"empty text in column 'text' \(rows 2\)"):
        StrictCorpus(jsonl(GOOD, GOOD | {"text": float("nan")})).read(stance)


def test_not_a_number_is_nobody(jsonl, stance):
    data = StrictCorpus(
        jsonl(GOOD | {"actor": float("nan"), "actor_start": float("nan"), "article": None})
    ).read(stance)
    assert data.examples[0].actor is None and data.articles == ["text:" + GOOD["text"]]


@pytest.mark.parametrize("offsets", [(float("inf"), 4), (0.5, 4), (0, None), ("", 4)])
def test_offsets_that_are_no_pair_of_whole_numbers(jsonl, stance, offsets):
    with pytest.raises(
        KitError, match=r"actor offsets outside the sentence, .* \(rows 1: .* of 22 characters\)"
    ):
        StrictCorpus(jsonl(GOOD | {"actor_start": offsets[0], "actor_end": offsets[1]})).read(
            stance
        )


def test_offsets_in_other_units_are_refused(jsonl, stance):
    text = "🔥📉 Peru condemned the levy today."
    units = len(text[: text.index("Peru")].encode("utf-16-le")) // 2
    row = {
        "text": text,
        "actor": "Peru",
        "actor_start": units,
        "actor_end": units + 4,
        "stance": "condemn",
    }
    with pytest.raises(
        KitError,
        match=r"begin or end inside a word .*\(rows 1: 'ru c' for 'Peru'\).*UTF-16.*corpus.columns.actor_start=false",
    ):
        StrictCorpus(jsonl(row)).read(stance)
    off = {"actor_start": False, "actor_end": False}
    assert StrictCorpus(jsonl(row), columns=off).read(stance).examples[0].actor.start == 3


def test_offsets_may_hold_another_name_of_the_same_actor(jsonl, stance, caplog):
    row = {
        "text": "Lima condemned the levy.",
        "actor": "Peru",
        "actor_start": 0,
        "actor_end": 4,
        "stance": "condemn",
    }
    (one,) = StrictCorpus(jsonl(row)).read(stance).examples
    assert (one.actor.name, one.actor.start, one.actor.end) == ("Peru", 0, 4) and not caplog.text
    StrictCorpus(jsonl(row | {"text": "Lima condemned the levy, Peru said."})).read(stance)
    assert (
        "1 offsets point to other words than the name" in caplog.text
        and "actor 'Peru' at 'Lima'" in caplog.text
    )


def test_different_labels_of_one_example_are_named(jsonl, stance):
    path = jsonl(
        ROWS[0], ROWS[1], ROWS[0], ROWS[0] | {"stance": "support"}, ROWS[0] | {"target": "the vote"}
    )
    with pytest.raises(
        KitError,
        match=r"sentence, actor and target with other labels \(rows 1 and 4\).*corpus.columns.annotator=COLUMN",
    ):
        StrictCorpus(path).read(stance)
    assert len(StrictCorpus(path, conflicts="keep").read(stance)) == 5
    with pytest.raises(KitError, match=r"corpus.conflicts is 'first'; it is refuse or keep"):
        StrictCorpus(path, conflicts="first")


def test_different_frames_of_one_sentence_are_named(jsonl, diplomacy):
    row = {"text": "Peru and Chile talked.", "frames": [], "annotator": "a"}
    path = jsonl(row, row | {"annotator": "b", "frames": ["economy"]}, row | {"annotator": "c"})
    with pytest.raises(KitError, match=r"the same sentence with other labels \(rows 1 and 2\)"):
        StrictCorpus(path).read(diplomacy)
    assert StrictCorpus(path, conflicts="keep").read(diplomacy).labels == ((), ("economy",))


def test_the_same_text_in_two_articles_may_have_two_labels(jsonl, stance):
    rows = [
        {"text": "Yes.", "article": "a", "stance": "support"},
        {"text": "Yes.", "article": "b", "stance": "none"},
    ]
    assert len(StrictCorpus(jsonl(*rows)).read(stance)) == 2


def test_an_error_stays_short_however_much_is_wrong(jsonl, stance):
    repeated = [
        row | {"id": f"t{at}", "text": f"{at} {row['text']}"}
        for at in range(300)
        for row in (GOOD, GOOD)
    ]
    odd = [GOOD | {"split": f"part {at}", "text": f"{at}"} for at in range(300)]
    labels = [GOOD | {"stance": f"label {at}", "text": f"{at}"} for at in range(300)]
    for rows, told in (
        (repeated, "id used more than once"),
        (odd, "292 more kinds"),
        (labels, "292 more unknown labels"),
    ):
        with pytest.raises(KitError, match=told) as caught:
            StrictCorpus(jsonl(*rows)).read(stance)
        assert len(str(caught.value)) < 2_000


def test_columns_can_be_switched_off_and_null_is_the_usual_name(jsonl, stance):
    row = GOOD | {"article": "a", "": "an index"}
    on, off = (
        StrictCorpus(jsonl(row), columns={"article": given, "actor": given})
        .read(stance)
        .examples[0]
        for given in (None, False)
    )
    assert (on.article, on.actor.name) == ("a", "Peru") and (off.article, off.actor) == (
        f"text:{GOOD['text']}",
        None,
    )
    for wrong in ({"text": False}, {"id": True}, {"actor": ["a"]}):
        with pytest.raises(
            KitError, match=rf"corpus.columns.{next(iter(wrong))} is .*the name of a column"
        ):
            StrictCorpus(jsonl(row), columns=wrong).read(stance)


def test_a_corpus_that_marks_no_actor_is_no_gold_for_finding_them(jsonl):
    with pytest.raises(
        KitError, match=r"marks no actor in any sentence.*corpus.columns.actor=COLUMN"
    ):
        StrictCorpus(jsonl({"text": "Peru left."})).marked_sentences()


def test_all_that_decides_a_run_is_in_the_digest(jsonl, stance):
    rows = [row | {"split": "train", "topic": "levy", "date": "2018"} for row in ROWS]
    digests = {
        StrictCorpus(jsonl(*[row | changed for row in rows])).read(stance).digest
        for changed in ({}, {"split": "test"}, {"topic": "fish"}, {"date": "2019"}, {"source": "a"})
    }
    assert len(digests) == 5
