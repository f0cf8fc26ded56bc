"""The same annotated rows train the model and correct the estimate: train folds=, label, estimate."""

import csv
import json

import pandas as pd
import pytest

from stancekit.__main__ import main
from stancekit.commands.average import average
from stancekit.commands.estimate import estimate
from stancekit.commands.label import label
from stancekit.commands.sample import sample
from stancekit.commands.train import train
from stancekit.errors import KitError
from stancekit.labelling.labels import read_labels
from stancekit.models import persistence
from stancekit.models.crossfit import CrossFit
from stancekit.runs.folder import read_runs

SAYS = {
    "condemn": "{} denounced the {} levy.",
    "abstain": "{} did not say what it makes of the {} levy.",
    "support": "{} welcomed the {} levy.",
    "none": "{} lies far from where the {} levy is collected.",
}
PLACES = ("Peru", "Oman", "Fiji", "Mali", "Chad", "Cuba", "Iran", "Laos", "Togo", "Niue")
NUMBERS = ("first", "second", "third", "fourth", "fifth", "sixth")


@pytest.fixture(scope="module")
def texts():
    """Return 60 articles of four sentences as rows, each with its code; often it is not what the words say."""
    rows = []
    for name in NUMBERS:
        for at, place in enumerate(PLACES):
            for code, says in SAYS.items():
                number = len(rows)
                words = " ".join(f"w{number}x{word}" for word in range(12))
                codes = list(SAYS)
                other = codes[(codes.index(code) + number % 3) % 4]
                right = other if number % 7 < 3 else code
                text = f"{says.format(place, name)[:-1]} {words}."
                row = {"id": f"{name}{at}{code}", "article": f"{name}{at}", "text": text}
                rows.append(
                    row | {"actor": place, "target": "levy", "row": row["id"], "gold": right}
                )
    return pd.DataFrame(rows)


def labelled(texts, models, output=None):
    return label(texts, models=models, rows="all", unit="row", fields=["gold"], output=output)


@pytest.fixture(scope="module")
def drawn(texts, tmp_path_factory):
    """Return a folder with an annotated sample, of labels by a model that learned from other texts."""
    folder = tmp_path_factory.mktemp("crossfit")
    other = texts.rename(columns={"gold": "stance"})
    other["text"] = [f"Yesterday, {text}" for text in other["text"]]
    model = train(other, model="nb", output=folder / "other", verbose=False)
    labels = labelled(texts, model)
    drawn = sample(labels, n=100, output=folder / "sample.csv")
    gold = {row["id"]: row["gold"] for row in labels}
    frame = drawn.to_frame()
    frame["stance"] = [gold[key] for key in frame["id"]]
    frame.to_csv(folder / "sample.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def crossed(drawn):
    return train(drawn / "sample.csv", model="nb", folds=5, output=drawn / "crossed", verbose=False)


def test_every_row_is_tested_by_the_fold_that_held_it_out(drawn, crossed):
    run = crossed.run
    assert (run.split, len(run.rows), run.examples["train"]) == ("crossfit", 100, 100)
    model = crossed.fitted.model
    assert isinstance(model, CrossFit) and len(model.members) == 5
    for row in run.rows:
        fold = model.fold_of(row.example.article, row.example.text)
        (score,) = model.members[fold].scores([row.example]).tolist()
        assert row.prediction.scores == pytest.approx(score, abs=1e-5)
        # Another member has learned from the row, or at least from another set.
        assert {model.fold_of(row.example.article, "")} == {fold}
    assert read_runs(drawn / "crossed")[0].rows == run.rows


def test_the_model_knows_articles_by_digests_alone(crossed):
    whole = "".join(path.read_text(errors="replace") for path in crossed.folder.rglob("*.json"))
    assert "denounced" not in whole and "first0" not in whole


def test_labels_have_held_out_scores_in_annotated_articles(drawn, texts, crossed):
    labels = labelled(texts, crossed)
    with (drawn / "sample.csv").open() as file:
        annotated = {row["article"] for row in csv.DictReader(file)}
    model = crossed.fitted.model
    for row in labels:
        assert ("stance_heldout_scores" in row) == (row["article"] in annotated)
        assert "stance_learned" not in row
    assert 0 < len(annotated) < 60
    row = next(row for row in labels if row["article"] in annotated)
    assert row["stance_heldout_scores"].keys() == row["stance_scores"].keys()
    assert row["stance_heldout_scores"] != row["stance_scores"]
    assert model.fold_of("elsewhere", row["sentence"]) in (None, model.fold_of(row["article"], ""))


@pytest.mark.parametrize("end", ["jsonl", "csv", "parquet"])
def test_estimates_use_held_out_scores_from_every_kind_of_file(
    drawn, texts, crossed, tmp_path, end
):
    labels = labelled(texts, crossed, tmp_path / f"labels.{end}")
    found = estimate(tmp_path / f"labels.{end}", gold=drawn / "sample.csv")
    whole = read_labels(labels).to_frame()
    assert estimate(whole, gold=drawn / "sample.csv").to_frame().equals(found.to_frame())
    assert any(
        "count with the scores of the fold that held them out" in note for note in found.notes
    )
    for share in found.shares:
        assert share.estimate[1] <= 0.25 <= share.estimate[2]
    mean = whole.drop(columns=["stance_heldout_scores", "stance_heldout_codes"])
    other = estimate(mean, gold=drawn / "sample.csv")
    assert not other.to_frame().equals(found.to_frame())


def test_rows_that_the_model_learned_from_are_refused(drawn, texts, tmp_path):
    model = train(drawn / "sample.csv", model="nb", output=drawn / "plain", verbose=False)
    for end in ("jsonl", "csv", "parquet"):
        labels = labelled(texts, model, tmp_path / f"labels.{end}")
        with pytest.raises(KitError, match=r"trained on \d+ of the 100 annotated rows .*folds=5"):
            estimate(tmp_path / f"labels.{end}", gold=drawn / "sample.csv")
    # A sample that was drawn without regard to what the model learned from is as good as any.
    fresh = sample(labels, n=80, random_state=7, output=None).to_frame()
    gold = {row["id"]: row["gold"] for row in labels}
    fresh["stance"] = [gold[key] for key in fresh["id"]]
    learned = [bool(row.get("stance_learned")) for row in labels if row["id"] in set(fresh["id"])]
    assert any(learned) and not all(learned)
    assert estimate(labels, gold=fresh).shares


def test_an_average_knows_what_its_members_learned_from(drawn, texts, tmp_path):
    frame = pd.read_csv(drawn / "sample.csv")
    for state in (0, 1):
        train(
            drawn / "sample.csv",
            model="svm",
            random_state=state,
            output=drawn / "states",
            verbose=False,
        )
    model = average(str(drawn / "states" / "runs" / "*svm*"), output=tmp_path / "model")
    with pytest.raises(KitError, match="was trained on"):
        estimate(labelled(texts, model), gold=frame)


def test_what_does_not_go_with_folds_is_refused(drawn, texts):
    file = drawn / "sample.csv"
    marked = texts.rename(columns={"gold": "stance"})
    marked["split"] = ["train", "test"] * (len(marked) // 2)
    for given, message in (
        ({"split": "grouped"}, "a split is named too"),
        ({"search": "optuna"}, "search without folds first"),
        ({"model": "joint"}, "choose another model"),
        ({"folds": 1}, "2 or more"),
        ({"folds": 99}, "articles, copies of a text counted as one; folds=99 needs 99"),
    ):
        with pytest.raises(KitError, match=message):
            train(file, **{"model": "nb", "folds": 5, "output": drawn / "no"} | given)
    with pytest.raises(KitError, match="marks train, validation and test"):
        train(marked, model="nb", folds=5, output=drawn / "no")


def test_the_command_line_trains_on_a_sample_in_folds(drawn, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [f"corpus={drawn / 'sample.csv'}", "folds=3", "model=nb", "output=out", "refit=true"]
    assert main(["train", *words]) == 0
    assert "on 100 test examples (split crossfit; random state 0)" in capsys.readouterr().out
    (run,) = read_runs(tmp_path / "out")
    model = persistence.load(run.folder / "model").model
    assert len(model.members) == 3
    config = (run.folder / "config.yaml").read_text()
    assert "folds: 3" in config and json.loads((run.folder / "run.json").read_text())["refit"]
