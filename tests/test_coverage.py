"""Intervals on simulated data with a known truth; the committed pages have every design."""

import csv

import numpy as np
import pytest
from bench import coverage
from bench.coverage_scores import score_coverage
from bench.coverage_shares import (
    annotator_coverage,
    measure_coverage,
    share_coverage,
    training_coverage,
)
from bench.coverage_studies import network_coverage
from bench.simulated_annotators import TRUE_ALPHA, true_alpha
from bench.simulated_corpora import N_CODES, simulate_corpus
from bench.simulated_scores import TRUTH, true_score
from bench.simulated_training import cross_fit_scores, simulate_features
from conftest import ROOT


def test_the_table_is_written_as_it_is_printed(tmp_path, capsys, monkeypatch):
    file = tmp_path / "coverage.csv"
    few = {"scores": (lambda draws: score_coverage([(20, 2)], draws=draws), file)}
    monkeypatch.setattr(coverage, "SIMULATIONS", few)
    coverage.main(["scores", "--draws", "4"])
    lines = file.read_text().splitlines()
    assert lines[0] == "articles,random_states,method,coverage,width,draws" and len(lines) == 5
    assert all(line.startswith("20,2,") and line.endswith(",4") for line in lines[1:])
    assert capsys.readouterr().out.count("20") >= 4


def test_estimated_shares_hold_where_counts_do_not():
    table = share_coverage([(200, "random", "finite_population")], draws=40)
    found = {(row.classifier, row.method): row for row in table.itertuples()}
    for kind in ("good", "useless"):
        assert found[kind, "kit"].coverage >= 0.92 and found[kind, "kit"].differences >= 0.9
        assert found[kind, "counting"].coverage < 0.5
    good, useless = (
        found[kind, "kit"].width / found[kind, "annotation only"].width
        for kind in ("good", "useless")
    )
    assert good <= 0.8 and useless <= 1.05


@pytest.mark.slow
def test_cross_fitted_estimates_hold_where_those_from_the_training_rows_do_not():
    table = training_coverage([(200, 100, "finite_population")], draws=40)
    found = {row.method: row for row in table.itertuples()}
    assert found["cross-fitting"].coverage >= 0.9 and found["same rows"].coverage < 0.8
    widths = [found[name].half_width for name in ("cross-fitting", "annotation only", "halves")]
    assert widths == sorted(widths)


def test_intervals_hold_where_annotators_err_if_their_doubt_is_counted():
    designs = [
        ("mean", 5, 5, 300, "finite_population"),
        ("posterior", 3, 3, 300, "finite_population"),
    ]
    table = annotator_coverage(designs, draws=60)
    found = {(row.judgements, row.method): row for row in table.itertuples()}
    for judgements in ("mean", "posterior"):
        kit, without = (found[judgements, method] for method in ("kit", "without annotators"))
        assert kit.coverage >= 0.92 and kit.differences >= 0.92
        assert kit.width > without.width and kit.from_annotators > 0.05
    assert found["mean", "without annotators"].coverage < 0.92


def test_measures_of_shares_hold():
    table = measure_coverage([(300, "stratified", "finite_population")], draws=60)
    assert len(table) == 5 and (table.coverage >= 0.9).all() and (table.differences >= 0.88).all()
    assert (table.estimated == 1).all()


def test_edges_hold_where_counts_do_not():
    found = {row.method: row for row in network_coverage([(300, "differ")], draws=4).itertuples()}
    assert found["shrunk"].coverage >= 0.88 > found["all"].coverage > found["counting"].coverage
    assert found["shrunk"].error < found["counting"].error


@pytest.mark.parametrize("what", coverage.SIMULATIONS)
def test_committed_results_are_of_these_designs(what):
    """Their first columns are what the simulation of today would write."""
    simulate, path = coverage.SIMULATIONS[what]
    with (ROOT / path).open(newline="") as file:
        rows = list(csv.reader(file))
    table = simulate(draws=1)
    columns = list(table.columns)
    design = columns[: columns.index("coverage")]
    assert rows[0] == columns
    assert [row[: len(design)] for row in rows[1:]] == table[design].astype(str).values.tolist()


@pytest.mark.slow
def test_mean_scores_in_the_corpus_mean_add_to_the_error_where_much_is_annotated():
    errors = {"held out": [], "mean": []}
    for draw in range(150):
        random = np.random.default_rng(draw)
        corpus = simulate_corpus(random, articles=25)
        rows, gold = random.permutation(len(corpus.gold))[:300], np.eye(N_CODES)[corpus.gold]
        features = simulate_features(random, corpus)
        held_out, mean = cross_fit_scores(features, corpus, rows, random)
        correction = (gold[rows] - held_out[rows]).mean(axis=0) - gold.mean(axis=0)
        errors["held out"].append(held_out.mean(axis=0) + correction)
        errors["mean"].append(mean.mean(axis=0) + correction)
    size = {name: np.sqrt(np.square(values).mean()) for name, values in errors.items()}
    assert size["mean"] > 1.3 * size["held out"]


@pytest.mark.slow
def test_the_truth_is_that_of_an_endless_test_set():
    assert true_score() == pytest.approx(TRUTH, abs=1e-9)
    assert true_alpha(2) == pytest.approx(TRUE_ALPHA[2], abs=1e-9)


@pytest.mark.slow
def test_intervals_hold_where_a_bootstrap_over_rows_does_not():
    table = score_coverage([(50, 3), (50, 5)])
    for states in (3, 5):
        rows = table[table.random_states == states]
        share = dict(zip(rows.method, rows.coverage, strict=True))
        assert 0.93 <= share["kit"] <= 0.97
        assert share["articles only"] < 0.9 and share["rows"] < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("design", [(300, "alike"), (300, "differ")])
def test_intervals_of_edges_and_of_balance_hold(design):
    found = {row.method: row for row in network_coverage([design], draws=60).itertuples()}
    assert found["shrunk"].coverage >= 0.92 and found["shrunk"].balance >= 0.93
    assert found["shrunk"].wrong_signs <= 0.01
    assert found["counting"].coverage < 0.8 and found["all"].coverage < found["shrunk"].coverage


@pytest.mark.slow
@pytest.mark.parametrize(
    "design", [(150, 400, "finite_population"), (300, 40, "finite_population")]
)
def test_cross_fitted_intervals_hold(design):
    found = {row.method: row for row in training_coverage([design], draws=300).itertuples()}
    assert found["cross-fitting"].coverage >= 0.93 and found["same rows"].coverage < 0.85


@pytest.mark.slow
@pytest.mark.parametrize(
    "design",
    [
        (100, "random", "finite_population"),
        (300, "uncertain", "finite_population"),
        (300, "random", "superpopulation"),
    ],
)
def test_intervals_of_shares_hold(design):
    for row in share_coverage([design], draws=500).itertuples():
        if row.method == "kit":
            assert row.coverage >= 0.93 and row.differences >= 0.93
        if row.method == "counting":
            assert row.coverage < 0.5
