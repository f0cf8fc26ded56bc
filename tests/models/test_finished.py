"""Ensembles of finished runs, and models fitted once more on train and validation: what was seen stays told apart."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC
from tiny import make_encoder

from stancekit.commands.train import train
from stancekit.corpus import FixedSplit
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import encode_labels, fit, refit_on_all
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.ensemble import Ensemble
from stancekit.models.finished import load_run_model
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority

# What its tests share is made once, in one process.
pytestmark = pytest.mark.xdist_group("finished")


def words(alpha=0.3):
    return Linear(ComplementNB(alpha=alpha), char_ngram_range=None)


@pytest.fixture(scope="module")
def out(tmp_path_factory, few_votes, stance):
    """A run, the same run fitted once more on train and validation, one of a model without chance, one with it."""
    folder = tmp_path_factory.mktemp("runs")
    given = {"corpus": few_votes, "codebook": stance, "split": FixedSplit(), "out": folder}
    for name, model, settings in (
        ("nb", words(), {}),
        ("again", words(), {"refit": True}),
        ("majority", Majority(), {}),
        ("svm", Linear(LinearSVC(), char_ngram_range=None), {"random_state": 1}),
    ):
        train(model=model, name=name, **settings, **given)
    return folder


def run_of(out, name):
    (folder,) = (out / "runs").glob(f"stance-{name}-*")
    return folder, json.loads((folder / "run.json").read_text())


def test_runs_are_averaged_as_they_are(out, few_votes, few_parts, stance):
    members = {
        "nb": f"{out}/runs/stance-nb-{{random_state}}-*",
        "none": f"{out}/runs/stance-majority-0-*",
    }
    train(
        model=Ensemble(members),
        name="ensemble_runs",
        corpus=few_votes,
        codebook=stance,
        split=FixedSplit(),
        out=out,
    )
    joined = persistence.load(run_of(out, "ensemble_runs")[0] / "model").model
    some = few_parts.test.examples[:20]
    singles = [
        persistence.load(run_of(out, name)[0] / "model").model.predict_proba(some)
        for name in ("nb", "majority")
    ]
    order = [
        list(persistence.load(run_of(out, "nb")[0] / "model").model.classes_).index(code)
        for code in joined.classes_
    ]
    assert np.allclose(joined._member_scores(some)[0], singles[0][:, order], atol=1e-9)


def test_the_run_of_a_model_without_chance_serves_every_random_state(out, few_parts):
    X, y = few_parts.train.examples, encode_labels(few_parts.train)
    found = [
        Ensemble({"one": f"{out}/runs/stance-nb-{{random_state}}-*"}, random_state=at).fit(X, y)
        for at in (0, 1, 7)
    ]
    assert all(
        np.array_equal(found[0].predict_proba(X[:9]), one.predict_proba(X[:9])) for one in found
    )
    with pytest.raises(KitError, match=r"stance-svm-2-.* has to be one finished run; found: none"):
        Ensemble({"one": f"{out}/runs/stance-svm-{{random_state}}-*"}, random_state=2).fit(X, y)
    assert Ensemble({"one": f"{out}/runs/stance-svm-{{random_state}}-*"}, random_state=1).fit(X, y)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("nothing-*", "found: none. Train it first"),
        ("stance-*", "has to be one finished run; found"),
        ("stance-again-*", "has learned from validation too"),
    ],
)
def test_what_is_no_one_run_is_refused(out, few_parts, pattern, told):
    model = Ensemble({"one": f"{out}/runs/{pattern}"})
    with pytest.raises(KitError, match=told):
        model.fit(few_parts.train.examples, encode_labels(few_parts.train))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"examples": 3}'])
def test_a_damaged_run_is_told(tmp_path, few_parts, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(KitError, match=r"run.json is damaged .*; delete the folder and train"):
        load_run_model(str(tmp_path), few_parts.train.examples, 0)
    (tmp_path / "run.json").write_text('{"examples": {"train": 3}, "learned": "other"}')
    (tmp_path / "predictions.jsonl").write_text('{"id": "a"}\n{"id": ')
    with pytest.raises(KitError, match=r"predictions.jsonl is damaged"):
        load_run_model(str(tmp_path), few_parts.train.examples, 0)


def test_a_text_with_a_line_separator_is_one_line(tmp_path, few_parts):
    some = few_parts.train.examples
    (tmp_path / "run.json").write_text('{"examples": {"train": 3}, "learned": "other"}')
    row = json.dumps({"id": some[0].id, "text": "one\u2028two\x85three"}, ensure_ascii=False)
    (tmp_path / "predictions.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(
        KitError, match=r"learned from 3 examples .* of which it was tested on 1; use"
    ):
        load_run_model(str(tmp_path), some, 0)


def test_a_run_that_was_divided_in_another_way_is_refused(out, few_parts):
    model, n = Ensemble({"one": f"{out}/runs/stance-nb-*"}), len(few_parts.test)
    with pytest.raises(KitError, match=f"the {n} of this ensemble, of which it was tested on {n}"):
        model.fit(few_parts.test.examples, encode_labels(few_parts.test))


def test_a_run_that_learned_from_as_many_others_is_refused(out, few_parts):
    train = few_parts.train
    held = few_parts.validation.examples[0]
    model, y = Ensemble({"one": f"{out}/runs/stance-nb-*"}), encode_labels(train)
    assert model.fit(train.examples, y)
    with pytest.raises(
        KitError,
        match="of which it was tested on 0; use runs of the same corpus, split and random_state",
    ):
        model.fit([held, *train.examples[1:]], y)


def test_a_refitted_run_keeps_the_score_of_before(out):
    once, twice = run_of(out, "nb")[1], run_of(out, "again")[1]
    assert once["validation"] == twice["validation"] and once["temperature"] == twice["temperature"]
    assert (once["refit"], twice["refit"]) == (False, True)


def test_refitting_learns_from_both_parts_and_keeps_what_was_chosen(parts, tmp_path):
    first, second = parts.train.take(range(60)), parts.train.take(range(60, 80))
    model = Encoder(
        make_encoder(tmp_path / "tiny", [one.text for one in first.examples]),
        epochs=2,
        min_steps=0,
    )
    model.set_params(folder=str(tmp_path))
    before = fit(model, first, second)
    after = refit_on_all(before, first, second)
    assert after.temperature == before.temperature and after.policy == before.policy
    # 80 examples in batches of 16, twice; the first fit saw 60 and looked at validation.
    assert max(row["step"] for row in after.model.curve_) == 10
    assert any("eval_score" in row for row in before.model.curve_)
    assert not any("eval_score" in row for row in after.model.curve_)


def test_a_code_that_only_validation_has_is_learned(parts):
    only = parts.train.take(
        [at for at, of in enumerate(parts.train.labels) if of != ("abstain",)][:300]
    )
    rest = parts.train.take(
        [at for at, of in enumerate(parts.train.labels) if of == ("abstain",)][:50]
    )
    trained = fit(Linear(LogisticRegression(max_iter=300)), only, rest)
    assert "abstain" not in trained.model.classes_
    assert "abstain" in refit_on_all(trained, only, rest).model.classes_


def test_a_joint_training_is_not_refitted(tmp_path, stance, few_votes):
    from stancekit.models.encoder.multitask import Joint

    with pytest.raises(KitError, match="set refit=false"):
        train(
            corpus=few_votes,
            codebook=stance,
            split=FixedSplit(),
            model=Joint(),
            refit=True,
            out=tmp_path,
        )
