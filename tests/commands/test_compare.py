"""Runs gathered, compared, reported and kept, on real runs of two small models."""

import csv

import numpy as np
import pytest
from sklearn.naive_bayes import ComplementNB

from stancekit.commands.compare import compare, keep
from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit
from stancekit.models import persistence
from stancekit.models.features import Marked
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import leaderboards


@pytest.fixture(scope="module")
def out(tmp_path_factory, few_votes, stance, diplomacy):
    folder = tmp_path_factory.mktemp("experiment")
    for codebook in (stance, diplomacy):
        for name, model in (("majority", Majority()), ("nb", Linear(ComplementNB(alpha=0.3)))):
            given = {"features": Marked(), "name": name, "output": folder}
            train(corpus=few_votes, codebook=codebook, split=FixedSplit(), model=model, **given)
    return folder


def test_boards_rank_models(out):
    found = {board.entries[0].first.codebook: board for board in leaderboards(read_runs(out))}
    assert set(found) == {"stance", "diplomacy"}
    board = found["stance"]
    assert [entry.first.model for entry in board.entries] == ["nb", "majority"]
    (pair,) = board.pairs_with_best
    gap = pair.difference
    assert (
        pair.significant
        and pair.p < 0.05
        and board.comparison.letters("nb") != board.comparison.letters("majority")
    )
    assert gap.low > 0 and gap.value == pytest.approx(
        board.entries[0].main.value - board.entries[1].main.value
    )


def test_scores_cover_codes_and_slices_with_intervals(out):
    entry = leaderboards(read_runs(out))[1].entries[0]
    # A slice of a single article has no interval.
    for one in (one for one in entry.scores if "gap" not in one.metric and not np.isnan(one.low)):
        assert 0 <= one.low <= one.value + 1e-9 and one.value <= one.high + 1e-9 <= 1 + 1e-9
    slices = {one.slice for one in entry.scores}
    assert {"all", "setting=in-topic", "setting=cross-topic", "code=peace"} <= slices


def test_the_best_on_validation_is_kept_whole_with_its_card(out, tmp_path, capsys):
    board = next(
        part.board
        for part in compare(out, verbose=True).boards
        if part.board.best.first.codebook == "stance"
    )
    folder = keep(board, tmp_path / "kept" / "stance", "the command")
    keep(board, folder, "the command")
    assert persistence.load(folder).name == board.chosen.model
    card = (folder / "README.md").read_text()
    assert "the command" in card and "| condemn |" in card
    printed = capsys.readouterr().out
    assert "nb - majority" in printed
    assert printed.splitlines()[-1].endswith(
        f"runs compared: printed above; as a page: stancekit report {out}"
    )
    assert [path.name for path in folder.parent.iterdir() if not path.name.endswith(".lock")] == [
        "stance"
    ]


def test_the_report_is_one_page_without_the_network(out):
    html = report(out).path
    text = html.read_text()
    assert html.stat().st_size < 2_000_000
    for outside in ("<script", "<link", "src=", "@import"):
        assert outside not in text
    assert text.count("<svg") == 6 and "Differences" in text and "Target audit" in text
    with (html.parent / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["random_states"] for row in rows} == {"1"} and {
        row["codebook"] for row in rows
    } == {
        "stance",
        "diplomacy",
    }
    assert (html.parent / "README.md").read_text().startswith("## ")
