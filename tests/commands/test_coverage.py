"""Intervals on simulated data with a known truth; the committed pages have every design."""

import pytest

from stancekit.__main__ import main
from stancekit.commands.coverage import coverage
from stancekit.evaluation.simulation import TRUTH, true_score


def test_the_command_writes_what_it_prints(tmp_path, capsys):
    assert main(["coverage", "draws=4", "designs=[[20,2]]", f"out={tmp_path}"]) == 0
    lines = (tmp_path / "coverage.csv").read_text().splitlines()
    assert lines[0] == "articles,random_states,method,coverage,width,draws" and len(lines) == 6
    assert all(line.startswith("20,2,") and line.endswith(",4") for line in lines[1:])
    assert capsys.readouterr().out.count("%") == 5


def test_estimated_shares_hold_where_counts_do_not(tmp_path):
    rows = coverage(of="shares", draws=40, designs=[[200, "random", "corpus"]], out=tmp_path)
    found = {(row["classifier"], row["method"]): row for row in rows}
    for kind in ("good", "useless"):
        assert found[kind, "kit"]["coverage"] >= 0.92 and found[kind, "kit"]["differences"] >= 0.9
        assert found[kind, "counting"]["coverage"] < 0.5
    good, useless = (
        found[kind, "kit"]["width"] / found[kind, "gold alone"]["width"]
        for kind in ("good", "useless")
    )
    assert good <= 0.8 and useless <= 1.05


@pytest.mark.slow
def test_the_truth_is_that_of_an_endless_test_set():
    assert true_score() == pytest.approx(TRUTH, abs=1e-9)


@pytest.mark.slow
def test_intervals_hold_where_a_bootstrap_over_rows_does_not(tmp_path):
    rows = coverage(draws=1000, designs=[(50, 3), (50, 5)], out=tmp_path)
    for states in (3, 5):
        share = {row["method"]: row["coverage"] for row in rows if row["random_states"] == states}
        assert 0.93 <= share["ours, percentile"] <= 0.97
        assert share["articles only"] < 0.9 and share["rows"] < 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    "design", [(100, "random", "corpus"), (300, "uncertain", "corpus"), (300, "random", "beyond")]
)
def test_intervals_of_shares_hold(tmp_path, design):
    rows = coverage(of="shares", draws=500, designs=[design], out=tmp_path)
    for row in rows:
        if row["method"] == "kit":
            assert row["coverage"] >= 0.93 and row["differences"] >= 0.93
        if row["method"] == "counting":
            assert row["coverage"] < 0.5
