"""Which columns of a table of the user's own are the scores of codes: never one of its other columns."""

import numpy as np
import pandas as pd
import pytest

from stancekit.commands.estimate import estimate
from stancekit.commands.regress import regress
from stancekit.errors import KitError
from stancekit.labelling.labels import read_labels

CODES = ["condemn", "none", "support"]


@pytest.fixture(scope="module")
def speeches():
    """Twelve hundred rows with a code and its scores, a random part of which has gold, and an outcome."""
    random = np.random.default_rng(0)
    n = 1200
    gold = random.choice(CODES, n, p=[0.35, 0.4, 0.25])
    said = np.where(random.random(n) < 0.85, gold, random.choice(CODES, n))
    table = pd.DataFrame(
        {"id": [f"r{at}" for at in range(n)], "article": [f"a{at // 4}" for at in range(n)]}
    )
    table["view"] = said
    for code in CODES:
        table[code] = np.where(said == code, 0.8, 0.1)
    success = (random.random(n) < 0.2 + 0.4 * (gold == "condemn")).astype(int)
    sample = pd.DataFrame({"id": table["id"], "view": gold}).sample(300, random_state=1)
    among = [success[gold != "condemn"].mean(), success[gold == "condemn"].mean()]
    return table, sample, success, [among[0], among[1] - among[0]]


def coefficients(formula, labels, gold):
    return regress(formula, labels=labels, gold=gold).to_frame()[["estimate", "low", "high"]]


def test_an_outcome_of_zeros_and_ones_after_the_scores_is_no_code(speeches):
    """The coefficients are those that they are where the column stands before the codes."""
    table, gold, success, truth = speeches
    front = table.copy()
    front.insert(2, "success", success)
    after = table.assign(success=success)
    between = after[["id", "article", "view", "success", *CODES]]
    right = coefficients("success ~ condemn", front, gold)
    assert ((right["low"] < truth) & (truth < right["high"])).all()
    for labels in (after, between):
        assert np.allclose(coefficients("success ~ condemn", labels, gold), right, atol=1e-9)
        assert [one.code for one in estimate(labels=labels, gold=gold).shares] == CODES
        read = read_labels(labels)
        assert not read.codebooks["view"].multi_label
        assert "success beside the scores is no code, since the others add up to 1" in read.notes[0]


def test_columns_at_both_ends_are_no_codes(speeches):
    table, _, success, _ = speeches
    labels = table.assign(success=success, confidence=0.9)
    labels.insert(3, "female", 1 - success)
    read = read_labels(labels)
    assert set(read[0]["view_scores"]) == set(CODES)
    assert "female, success, confidence beside the scores are no codes" in read.notes[0]
    # A score that nobody gave a code for is one, where only with it scores add up to 1.
    rare = table.assign(none=table["none"] - 0.05, refused=0.05)
    read = read_labels(rare)
    assert set(read[0]["view_scores"]) == {*CODES, "refused"}
    assert "no row has the code refused" in read.notes[0]


def test_what_may_be_a_code_or_not_is_asked(speeches):
    table, _, success, _ = speeches
    labels = table.assign(success=success)
    labels.loc[3, "none"] += 0.3
    with pytest.raises(
        KitError,
        match=r"success among the columns of numbers from 0 to 1 after view; no row has it as its code, and "
        r"the numbers of row r3 add up to [12]\.30 with it, to 1\.30 without\. Move .* before the column view; "
        r"or name the scores of all codes view_CODE, as view_condemn",
    ):
        read_labels(labels)
    named = labels.rename(columns={code: f"view_{code}" for code in CODES})
    assert set(read_labels(named)[0]["view_scores"]) == set(CODES)


@pytest.fixture
def topics():
    random = np.random.default_rng(1)
    scores = pd.DataFrame(random.random((40, 3)).round(2), columns=["law", "peace", "power"])
    given = ["; ".join(code for code in scores if row[code] > 0.5) for _, row in scores.iterrows()]
    ids = [f"r{at}" for at in range(40)]
    return pd.concat([pd.DataFrame({"id": ids, "topics": given}), scores], axis=1)


def test_several_codes_a_row_are_read_as_before(topics):
    read = read_labels(topics)
    assert read.codebooks["topics"].multi_label and len(read[0]["topics_scores"]) == 3
    # A code that is seldom probable is never given.
    read = read_labels(topics.assign(trade=0.1))
    assert len(read[0]["topics_scores"]) == 4 and "no row has the code trade" in read.notes[0]
    with pytest.raises(
        KitError, match="has female among the columns of numbers from 0 to 1 after topics"
    ):
        read_labels(topics.assign(female=[0, 1] * 20))
    named = topics.rename(
        columns=lambda name: f"topics_{name}" if name in read[0]["topics_scores"] else name
    )
    assert set(read_labels(named.assign(female=[0, 1] * 20))[0]["topics_scores"]) == {
        "law",
        "peace",
        "power",
    }


def test_of_two_columns_before_the_scores_the_nearest_is_coded():
    ones = pd.DataFrame({"id": ["a", "b", "c"], "success": [1, 0, 1], "vote": [0, 1, 1]})
    read = read_labels(ones.assign(**{"0": [0.9, 0.2, 0.4], "1": [0.1, 0.8, 0.6]}))
    assert list(read.codebooks) == ["vote"] and read[1]["vote_scores"] == {"0": 0.2, "1": 0.8}


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        (
            "view",
            "Condemn",
            r"cannot read 'Condemn' in view \(row r3\)\. A label in view has the name of a column",
        ),
        ("none", 1.2, r"cannot read 1\.2 in none \(row r3\)\..*a score is a number from 0 to 1"),
        ("support", "n/a", r"cannot read 'n/a' in support \(row r3\)"),
    ],
)
def test_the_cell_that_is_no_label_or_score_is_named(speeches, column, value, told):
    labels = speeches[0].astype(object)
    labels.loc[3, column] = value
    with pytest.raises(
        KitError, match=r"has view and its scores \(condemn, none, support\), and " + told
    ):
        read_labels(labels)
    named = labels.rename(columns={code: f"view_{code}" for code in CODES})
    with pytest.raises(
        KitError, match=r"has view and its scores \(view_condemn, .*and cannot read .*row r3"
    ):
        read_labels(named)


def test_a_score_that_cannot_be_read_leaves_no_code_out(speeches):
    """Where no row has its code, the others could pass for the scores of several codes a row."""
    labels = speeches[0].replace({"view": {"support": "none"}}).astype(object)
    labels.loc[3, "support"] = "n/a"
    with pytest.raises(KitError, match=r"cannot read 'n/a' in support \(row r3\)"):
        read_labels(labels)
    # A column of something else behind the scores is none of them.
    assert set(read_labels(speeches[0].assign(children=range(1200)))[0]["view_scores"]) == set(
        CODES
    )


def test_columns_that_do_not_follow_are_named(speeches):
    last = speeches[0][["id", *CODES, "view"]]
    with pytest.raises(
        KitError,
        match="do not stand together right after it; the order is view, condemn, none, support",
    ):
        read_labels(last)
    every = speeches[0].assign(view=speeches[0]["view"].str.title())
    with pytest.raises(KitError, match=r"'[A-Z][a-z]+' in view .row r0., .* and 1196 more"):
        read_labels(every)
    with pytest.raises(KitError, match="no pair of columns NAME and NAME_scores"):
        read_labels(speeches[0][["id", "view"]])


def test_a_table_with_decimal_commas_is_read(speeches, tmp_path):
    table, gold, _, _ = speeches
    table.to_csv(tmp_path / "labels.csv", index=False, sep=";", decimal=",")
    assert ";0,8" in (tmp_path / "labels.csv").read_text()
    right, found = (
        estimate(labels=labels, gold=gold) for labels in (table, tmp_path / "labels.csv")
    )
    assert [one.estimate for one in found.shares] == [one.estimate for one in right.shares]


def test_a_column_of_the_user_s_own_may_end_in_scores(speeches):
    table, gold, _, _ = speeches
    test = np.where(table["view"] == "condemn", 4.0, 5.0)
    named, plain = (table.copy() for _ in range(2))
    named.insert(2, "test_scores", test)
    named.insert(2, "test", 1)
    plain.insert(2, "test", test)
    right = coefficients("test ~ condemn", plain, gold)
    assert np.allclose(coefficients("test_scores ~ condemn", named, gold), right)
    with pytest.raises(KitError, match="view holds labels of a model"):
        regress("condemn ~ view", labels=named, gold=gold)


@pytest.mark.parametrize("cell", ["law, peace", "peace|law", "law / peace"])
def test_several_codes_with_another_sign_between_them(topics, cell):
    gold = topics[["id"]].assign(topics=[cell, *["law"] * 39])
    with pytest.raises(
        KitError,
        match=r"codes .*, which the labels have no scores of \(; separates codes, as in '\w+; \w+'",
    ):
        estimate(labels=topics, gold=gold)
