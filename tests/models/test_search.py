"""A search for settings sees train and validation only, goes on after a crash, and names all it tried."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from conftest import PATIENCE
from sklearn.linear_model import LogisticRegression
from tiny import make_encoder

from stancekit.__main__ import main
from stancekit.errors import KitError
from stancekit.models.classifier import fit
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.search import Optuna


def _trials(folder):
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_best_of_all_tried_is_returned(parts, tmp_path):
    some = parts.train.take(range(0, 600))
    space = {"classifier__C": {"low": 1e-4, "high": 10.0, "log": True}}
    search = Optuna(trials=4, space=space, startup=2)
    model = search(
        Linear(LogisticRegression(max_iter=500)), some, parts.validation, folder=tmp_path
    )
    rows = _trials(tmp_path)
    assert [row["state"] for row in rows] == ["complete"] * 4 and len(
        {row["classifier__C"] for row in rows}
    ) == 4
    best = max(rows, key=lambda row: float(row["validation_macro_f1"]))
    assert pytest.approx(float(best["classifier__C"])) == model.classifier.C


@pytest.mark.slow
def test_a_search_that_stopped_goes_on_to_the_same_end(parts, tmp_path):
    some, model = parts.train.take(range(0, 300)), Linear(LogisticRegression(max_iter=500))
    Optuna(trials=4, startup=2)(model, some, parts.validation, folder=tmp_path / "whole")
    for trials in (2, 4):
        Optuna(trials=trials, startup=2)(model, some, parts.validation, folder=tmp_path / "parts")
    assert _trials(tmp_path / "whole") == _trials(tmp_path / "parts")


def test_a_training_can_be_cut_short_at_any_measurement(parts, tmp_path):
    some = parts.train.take(range(0, 200))
    model = Encoder(make_encoder(tmp_path / "tiny", [one.text for one in some.examples]))
    model.set_params(epochs=2, min_steps=0, eval_steps=5, patience=9, folder=str(tmp_path / "own"))
    seen = []

    def watch(step, score):
        seen.append((step, score))
        if len(seen) == 2:
            raise optuna.TrialPruned

    model.watch = watch
    with pytest.raises(optuna.TrialPruned):
        fit(model, some, parts.validation.take(range(80)))
    assert [step for step, _ in seen] == [5, 10] and all(0 <= score <= 1 for _, score in seen)


class Leaving(Majority):
    """Learns nothing, and leaves a file behind where it was told to keep what it needs to go on."""

    watch = None

    def __init__(self, *, value=0.5, folder=None):
        self.value = value
        self.folder = folder

    def fit(self, X, y):
        assert not list(Path(self.folder).glob("*")), "another trial's checkpoint"
        Path(self.folder).mkdir(parents=True)
        (Path(self.folder) / "checkpoint").write_text("")
        self.watch(1, self.value)
        return super().fit(X, y)


def test_a_trial_below_the_median_is_pruned_and_leaves_no_checkpoint_to_another(parts, tmp_path):
    search = Optuna(trials=6, space={"value": {"low": 0.0, "high": 1.0}}, startup=1)
    search(Leaving(), parts.train, parts.validation, folder=tmp_path)
    assert {row["state"] for row in _trials(tmp_path)} == {"complete", "pruned"}
    assert not list(tmp_path.glob("*/checkpoint"))


@pytest.mark.slow
def test_kill_9_loses_no_finished_trial(tmp_path):
    words = [
        "train",
        "model=logreg",
        "search=optuna",
        "search.trials=3",
        "split=few",
        f"output={tmp_path}",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "stancekit", *words], stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not list(tmp_path.glob("runs/*/search/trials.csv")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [folder] = tmp_path.glob("runs/*/search")
    before = _trials(folder)
    assert main(words) == 0
    after = [row for row in _trials(folder) if row["state"] == "complete"]
    assert len(after) == 3 and after[: len(before)] == before
    best = max(float(one["validation_macro_f1"]) for one in after)
    assert json.loads((folder.parent / "run.json").read_text())["validation"] >= best - 1e-6


def test_a_model_with_nothing_to_choose(parts, tmp_path):
    with pytest.raises(KitError, match=r"Majority has none of the usual settings"):
        Optuna()(Majority(), parts.train, parts.validation, folder=tmp_path)


def test_a_setting_that_the_model_lacks(parts, tmp_path):
    with pytest.raises(KitError, match=r"search.space names rate; this model has: "):
        Optuna(space={"rate": {"choices": [1]}})(
            Majority(), parts.train, parts.validation, folder=tmp_path
        )
