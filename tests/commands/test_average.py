"""Random states averaged into one model: what the report says of it is what the saved model scores."""

import shutil

import numpy as np
import pytest
from conftest import ROWS, padded
from sklearn.linear_model import LogisticRegression, SGDClassifier

from stancekit.codebook import load_codebook
from stancekit.commands.average import average
from stancekit.commands.label import label
from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import FewShotSplit, FixedSplit, GroupedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.labelling.labeller import LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.models import persistence
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.runs.averaged import averaged_run
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import AVERAGED, leaderboards
from stancekit.text import ActorFinder, read_article
from stancekit.types import Example

CODEBOOKS = ("stance", "diplomacy")


@pytest.fixture(scope="module")
def out(tmp_path_factory, few_votes, stance, diplomacy):
    """Runs whose random states drew other training examples, and so label otherwise."""
    folder = tmp_path_factory.mktemp("states")
    given = {
        "corpus": few_votes,
        "split": FewShotSplit(FixedSplit(), per_code=20),
        "output": folder,
    }
    for codebook in (stance, diplomacy):
        for state in (0, 1):
            model = Linear(LogisticRegression(max_iter=300), char_ngram_range=None)
            train(codebook=codebook, model=model, name="words", random_state=state, **given)
    train(codebook=stance, model=Majority(), name="majority", **given)
    return folder


@pytest.fixture(scope="module")
def kept(out, tmp_path_factory):
    """The average of each codebook's runs, as the program saves it."""
    folder = tmp_path_factory.mktemp("kept") / "both"
    for codebook in CODEBOOKS:
        average(runs=f"{out}/runs/{codebook}-words-*", output=folder / codebook)
    return folder


def runs_of(out, codebook):
    return [run for run in read_runs(out) if (run.codebook, run.model) == (codebook, "words")]


@pytest.mark.parametrize("codebook", CODEBOOKS)
def test_the_saved_average_says_what_the_report_scores(out, kept, few_votes, codebook):
    examples = FixedSplit()(few_votes.read(load_codebook(codebook)), random_state=0).test.examples
    said, one = (
        persistence.load(kept / codebook).predict(examples),
        averaged_run(runs_of(out, codebook)),
    )
    assert [row.example for row in said] == [row.example.id for row in one.rows]
    assert np.allclose([row.scores for row in said], one.scores, atol=2e-6)
    assert [row.labels for row in said] == one.labels
    assert any(one.labels != run.labels for run in runs_of(out, codebook))
    card = (kept / codebook / "README.md").read_text()
    assert (
        "the mean of several runs was asked for" in card
        and f"{codebook}-words-*' output=" in card
        and "| words |" in card
    )
    assert sorted(path.name for path in kept.iterdir() if not path.name.endswith(".lock")) == [
        "diplomacy",
        "stance",
    ]
    persistence.check_companions(kept / codebook)


@pytest.mark.slow
def test_the_report_shows_it_where_states_differ(out):
    page = report(out, publish=True).path.read_text()
    assert page.count("Random states averaged") == 2 and "macro-F1 above the mean" in page
    text, scores = (out / "results.md").read_text(), (out / "scores.csv").read_text()
    assert text.count("Random states averaged into one model") == 2
    # Macro-F1, micro-F1 and the gain of both codebooks, F_avg of one, both F1 of the other; the
    # majority never differs.
    assert scores.count(AVERAGED) == 2 * (3 + 1) and f"majority,macro_f1,{AVERAGED}" not in scores
    report(runs=out, check=True)
    stance = next(
        one for one in leaderboards(read_runs(out)) if one.best.first.codebook == "stance"
    )
    entry, alone = (
        stance.entry("words"),
        leaderboards([averaged_run(runs_of(out, "stance"))])[0].best,
    )
    assert entry.value("macro_f1", AVERAGED).value == pytest.approx(alone.main.value)
    gain = entry.value("macro_f1 gain", AVERAGED)
    assert (
        gain.value == pytest.approx(alone.main.value - entry.main.value)
        and gain.low < gain.value < gain.high
    )


def test_articles_are_labelled_with_averages(kept, tmp_path):
    (tmp_path / "news.txt").write_text("Peru condemned the levy.\nOman cheered the levy.\n")
    job = LabellingJob(find_models([kept]), ActorFinder(ner=False))
    rows = label_article(read_article(tmp_path / "news.txt"), job).rows
    assert {row.example.actor.name for row in rows} == {"Peru", "Oman"}
    stance, frames = (persistence.load(kept / place) for place in CODEBOOKS)
    stances = [row.predictions["stance"] for row in rows]
    assert stances == stance.predict([row.example for row in rows])
    sentences = [Example(row.sentence.id, row.sentence.text, article="news") for row in rows]
    assert [row.predictions["diplomacy"] for row in rows] == frames.predict(sentences)
    with pytest.raises(KitError, match=r"this model knows: none"):
        label(input=tmp_path / "news.txt", models=kept, risk=0.2, actors=ActorFinder(ner=False))


def test_what_cannot_be_averaged_is_told(out, tmp_path):
    for pattern, told in (
        ("*-words-0-*", "differ in codebook: diplomacy, stance. Name those of one"),
        ("stance-word-*", "found: none. Train them first"),
        ("stance-majority-*", "found: stance-majority-0-.*. Train them first"),
    ):
        with pytest.raises(KitError, match=told):
            average(runs=f"{out}/runs/{pattern}", output=tmp_path / "one")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(KitError, match=r"holds no saved model"):
        average(runs=f"{out}/runs/stance-words-*", output=tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and (
        tmp_path / "mine" / "thesis.tex"
    ).exists()


def test_runs_that_are_no_random_states_of_one_model_are_refused(tmp_path, jsonl, stance):
    rows = [
        row
        | {
            "article": f"a{at}",
            "text": padded(row["text"], at),
            "split": ["train", "validation", "test"][at % 3],
        }
        for at in range(24)
        for row in ROWS
    ]
    given = {
        "corpus": TableCorpus(jsonl(*rows), name="mine"),
        "codebook": stance,
        "output": tmp_path,
        "name": "words",
    }
    place = tmp_path / "one"
    for state, split, alpha, refit in (
        (0, GroupedSplit(per_state=True), 3, False),
        (0, GroupedSplit(per_state=True), 5, False),
        (1, GroupedSplit(per_state=True), 5, False),
        (2, FixedSplit(), 5, False),
        (3, FixedSplit(), 1, False),
        (4, FixedSplit(), 5, True),
        (5, FixedSplit(), 5, False),
    ):
        model = Linear(
            SGDClassifier(alpha=alpha / 1000, max_iter=9, tol=None), char_ngram_range=None
        )
        train(model=model, split=split, random_state=state, refit=refit, **given)
    for states, told in (
        ("0", r"several runs, of other settings or versions: words 0. Name one of each"),
        (
            "[01]",
            r"tested on different examples \(split=GroupedSplit\).* or split=grouped split.per_state=false",
        ),
        ("[12]", r"differ in split: FixedSplit, GroupedSplit"),
        (
            "[23]",
            r"differ in their settings are no random states of it: stance-words-3-\w+ against stance-words-2",
        ),
        ("[24]", r"learned from validation too \(refit=true\): stance-words-4"),
    ):
        with pytest.raises(KitError, match=told):
            average(runs=f"{tmp_path}/runs/stance-words-{states}-*", output=place)
    assert not place.exists()
    assert average(runs=f"{tmp_path}/runs/stance-words-[25]-*", output=place).folder == place


def test_an_altered_member_is_refused_and_a_model_is_replaced(out, kept, tmp_path):
    place = tmp_path / "one"
    shutil.copytree(kept / "stance", place)
    file = place / "member-1" / "model.skops"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(KitError, match=r"member-1/model.skops was altered"):
        persistence.load(place)
    file.write_bytes(whole)
    (place / "member-9").symlink_to(kept / "diplomacy")
    for read in (persistence.load, persistence.verify_model):
        with pytest.raises(KitError, match="refused: member-9 is a link"):
            read(place)
    (place / "member-9").unlink()
    (place / "member-9").mkdir()
    assert len(persistence.load(place).model.members) == 2
    assert average(f"{out}/runs/stance-words-*", output=place).fitted.name == "words-averaged"
