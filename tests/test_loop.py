"""The loop from judging to a better model and a valid claim, simulated: a small study, and what is committed."""

import csv

import numpy as np
import pytest
from bench import loop
from bench.loop import needed, rows_needed, simulate
from bench.simulated_loop import ARMS, CODES, CONFUSION, PEOPLE, SIZES, Texts, judge
from conftest import ROOT


def easy_texts(articles=60, rows=20):
    """Return texts whose code a model can mostly read."""
    random = np.random.default_rng(0)
    article = np.repeat(np.arange(articles), rows)
    gold = random.choice(4, len(article), p=[0.1, 0.25, 0.4, 0.25])
    features = np.eye(4)[gold] * 2 + random.normal(size=(len(gold), 4))
    return Texts(features, gold, article, 1.0)


def test_annotators_err_as_often_as_they_are_said_to():
    gold = np.repeat(np.arange(4), 5000)
    judged = judge(gold, np.random.default_rng(0))
    for matrix, given in zip(CONFUSION, judged, strict=True):
        found = np.array(
            [np.bincount(given[gold == code], minlength=4) / 5000 for code in range(4)]
        )
        assert np.abs(found - matrix).max() < 0.02
    assert np.allclose(CONFUSION.sum(axis=2), 1)


@pytest.mark.slow
def test_estimates_of_the_loop_hold_and_need_fewer_rows_than_annotation_only():
    results = simulate(easy_texts(), repetitions=12, people=["one", "three, majority"])
    results.insert(0, "features", "easy")
    assert loop.coverage(results).covers_judged.min() > 0.85
    table = rows_needed(results).set_index(["people", "same", "rows_at_random"])
    for people in ("one", "three, majority"):
        assert table.loc[people, "half_width_gold_only", 300].high < 300
    assert set(results.arm) == set(ARMS) and set(results["rows"]) == set(SIZES)


def test_what_is_needed_is_between_what_was_tried():
    curve = np.linspace(0.6, 0.1, len(SIZES))
    assert needed(curve, curve[2], falling=True) == SIZES[2]
    assert needed(curve, 0.01, falling=True) == SIZES[-1]


def test_committed_results_are_of_this_study():
    folder = ROOT / "experiments" / "annotation_loop"
    tables = {}
    for name in ("results", "rows_needed", "coverage"):
        with (folder / f"{name}.csv").open(newline="") as file:
            tables[name] = list(csv.DictReader(file))
    of_size = {
        (row["features"], row["people"], row["arm"], int(row["rows"])) for row in tables["results"]
    }
    assert of_size == {
        (features, people, arm, rows)
        for features in loop.FEATURES
        for people in PEOPLE
        for arm in ARMS
        for rows in SIZES
    }
    assert {row["repetitions"] for row in tables["coverage"]} == {str(loop.REPETITIONS)}
    assert len(tables["rows_needed"]) == len(loop.FEATURES) * len(PEOPLE) * 3 * len(loop.ASKED)


@pytest.mark.slow
def test_a_repetition_of_the_study_can_be_computed_again():
    """Its archive is what the encoder in the box has not learned from."""
    texts = loop.read_texts("words", loop.archive_set())
    assert set(texts.gold) == set(range(len(CODES))) and len(texts.features) == 7396
    once, again = (simulate(texts, repetitions=1, people=["one"]) for _ in range(2))
    assert once.equals(again) and once.macro_f1.between(0.2, 0.5).all()
