"""Random states averaged into one model: what the report says of it is what the saved model scores."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB

from stancekit.__main__ import main
from stancekit.commands.average import average
from stancekit.commands.evaluate import evaluate
from stancekit.commands.label import label
from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import FewShotSplit, FixedSplit, GroupedSplit, bundled
from stancekit.errors import KitError
from stancekit.models import store
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.report import published
from stancekit.report.averaged import SLICE, averaged_run
from stancekit.report.leaderboard import boards
from stancekit.report.runs import read_runs

STATES = (0, 1, 2)


@pytest.fixture(scope="module")
def out(tmp_path_factory, un_votes, stance, diplomacy):
    """Runs whose random states drew other training examples, and so label otherwise."""
    folder = tmp_path_factory.mktemp("states")
    split = FewShotSplit(FixedSplit(), per_code=60)
    for codebook in (stance, diplomacy):
        for state in STATES:
            model = Linear(LogisticRegression(max_iter=300), characters=0)
            train(
                corpus=un_votes,
                codebook=codebook,
                split=split,
                model=model,
                name="words",
                random_state=state,
                out=folder,
            )
    train(corpus=un_votes, codebook=stance, split=split, model=Majority(), name="majority", out=folder)
    return folder


def entry_of(out, codebook, model="words"):
    board = next(one for one in boards(read_runs(out)) if one.best.first.codebook == codebook)
    return board.entry(model)


@pytest.mark.parametrize("codebook", ["stance", "diplomacy"])
def test_the_saved_average_scores_what_the_report_says(out, tmp_path, codebook):
    place = average(runs=f"{out}/runs/{codebook}-words-*", keep=tmp_path / "kept" / codebook)
    entry = entry_of(out, codebook)
    scores = evaluate(saved=place, corpus=bundled(), out=tmp_path / "again")
    found = {one.metric: one.value for one in scores if one.slice == "all"}
    assert entry.value("macro_f1", SLICE).value == pytest.approx(found["macro_f1"], abs=1e-4)
    assert entry.value("micro_f1", SLICE).value == pytest.approx(found["micro_f1"], abs=1e-4)
    (again,) = read_runs(tmp_path / "again")
    assert np.allclose(again.scores, np.mean([run.scores for run in entry.runs], axis=0), atol=2e-6)
    assert again.labels == averaged_run(entry.runs).labels
    assert [path.name for path in place.parent.iterdir()] == [codebook]
    card = (place / "README.md").read_text()
    assert (
        "the mean of several runs was asked for" in card
        and f"{codebook}-words-*' keep=" in card
        and "| words |" in card
    )


def test_the_gain_is_the_average_less_the_mean(out):
    entry = entry_of(out, "stance")
    gain = entry.value("macro_f1 gain", SLICE)
    assert gain.value == pytest.approx(entry.value("macro_f1", SLICE).value - entry.main.value)
    assert gain.low < gain.value < gain.high
    # Three models that learned from other examples err in other places.
    assert gain.value > 0


def test_states_that_agree_are_no_row(out, tmp_path, un_votes, stance):
    for state in (0, 1):
        train(corpus=un_votes, codebook=stance, split=FixedSplit(), model=Linear(ComplementNB()), random_state=state,
              out=tmp_path)  # fmt: skip
    (board,) = boards(read_runs(tmp_path))
    assert len(board.best.runs) == 2 and board.best.value("macro_f1", SLICE) is None
    assert entry_of(out, "stance", "majority").value("macro_f1", SLICE) is None


def test_the_report_shows_it_and_publishes_what_it_follows_from(out, tmp_path):
    page = report(out=out, publish=True).read_text()
    assert page.count("Random states averaged") == 2 and "macro-F1 above the mean" in page
    text = (out / "results.md").read_text()
    assert text.count("Random states averaged into one model") == 2
    assert (out / "scores.csv").read_text().count(SLICE) == 2 * (2 + 1) + 2
    report(out=out, check=True)
    kept = next(one for one in boards(published.read(out)) if one.best.first.codebook == "stance").entry("words")
    ours = entry_of(out, "stance").value("macro_f1", SLICE)
    assert kept.value("macro_f1", SLICE).value == pytest.approx(ours.value, abs=2e-3)


def test_articles_are_labelled_with_averages(out, tmp_path):
    for codebook, place in (("stance", "stance"), ("diplomacy", "frames")):
        assert main(["average", f"{out}/runs/{codebook}-words-*", f"keep={tmp_path}/both/{place}"]) == 0
    (tmp_path / "news.txt").write_text("Levy vote\n\nPeru condemned the levy. Oman abstained on the levy.\n")
    rows = label(input=tmp_path / "news.txt", saved=tmp_path / "both")
    assert {row.example.actor.name for row in rows if row.example.actor} >= {"Peru", "Oman"}
    with pytest.raises(KitError, match=r"this model knows: none"):
        label(input=tmp_path / "news.txt", saved=tmp_path / "both", risk=0.2)


def test_what_cannot_be_averaged_is_told(out, tmp_path):
    for pattern, told in (
        ("*-words-0-*", "differ in codebook: diplomacy, stance. Name those of one"),
        ("stance-word-*", "found: none. Train them first"),
        ("stance-majority-*", "found: stance-majority-0-.*. Train them first"),
    ):
        with pytest.raises(KitError, match=told):
            average(runs=f"{out}/runs/{pattern}", keep=tmp_path / "one")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(KitError, match=r"holds no saved model"):
        average(runs=f"{out}/runs/stance-words-*", keep=tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and (tmp_path / "mine" / "thesis.tex").exists()


def test_a_run_is_not_counted_twice(tmp_path, un_votes, stance):
    given = {"corpus": un_votes, "codebook": stance, "split": FixedSplit(), "name": "nb", "out": tmp_path}
    for alpha in (0.3, 0.5):
        train(model=Linear(ComplementNB(alpha=alpha)), **given)
    with pytest.raises(
        KitError, match=r"there are several runs, of other settings or versions: nb 0. Name one of each"
    ):
        average(runs=f"{tmp_path}/runs/*", keep=tmp_path / "one")


def test_runs_that_learned_from_each_other_s_test_are_refused(tmp_path, un_votes, stance):
    for state in (0, 1):
        train(
            corpus=un_votes, codebook=stance, split=GroupedSplit(), model=Majority(), random_state=state, out=tmp_path
        )
    with pytest.raises(
        KitError, match=r"tested on different examples \(split=GroupedSplit\), which others of them learned"
    ):
        average(runs=f"{tmp_path}/runs/*", keep=tmp_path / "one")


def test_an_altered_member_is_refused_and_an_average_is_replaced(out, tmp_path):
    given = {"runs": f"{out}/runs/stance-words-*", "keep": tmp_path / "one"}
    place = average(**given)
    file = place / "member-1" / "model.skops"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(KitError, match=r"member-1/model.skops was altered"):
        store.load(place)
    assert store.load(average(**given)).name == "words-averaged"
