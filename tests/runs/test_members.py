"""Ensembles of finished runs, and models fitted once more on train and validation: no part is learned from twice."""

import json
import shutil

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
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.runs.members import load_run_model, names_runs, varies_by_state, with_members
from stancekit.runs.training import fit_run


def words(alpha=0.3):
    return Linear(ComplementNB(alpha=alpha), char_ngram_range=None)


@pytest.fixture(scope="module")
def out(tmp_path_factory, few_votes, stance):
    """A run, the same run fitted once more on train and validation, one of a model without chance, one with it."""
    folder = tmp_path_factory.mktemp("runs")
    given = {"corpus": few_votes, "codebook": stance, "split": FixedSplit(), "output": folder}
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
        output=out,
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
    nb, svm = (
        Ensemble({"one": f"{out}/runs/stance-{name}-{{random_state}}-*"}) for name in ("nb", "svm")
    )
    found = [with_members(nb, X, state).fit(X, y) for state in (0, 1, 7)]
    assert all(
        np.array_equal(found[0].predict_proba(X[:9]), one.predict_proba(X[:9])) for one in found
    )
    with pytest.raises(KitError, match=r"stance-svm-2-.* has to be one finished run; found: none"):
        with_members(svm, X, 2)
    assert with_members(svm, X, 1).fit(X, y)
    # What a run is described by names the folders.
    assert nb.members == {"one": f"{out}/runs/stance-nb-{{random_state}}-*"}
    assert varies_by_state(nb) and names_runs(nb) and not names_runs(Ensemble({"one": Majority()}))


def test_a_member_of_a_member_may_be_a_run(out, few_parts):
    X, y = few_parts.train.examples, encode_labels(few_parts.train)
    inner = Ensemble({"nb": f"{out}/runs/stance-nb-{{random_state}}-*"})
    outer = Ensemble({"inner": inner, "majority": Majority()})
    assert names_runs(outer) and varies_by_state(outer)
    fitted = with_members(outer, X, 0).fit(X, y)
    assert type(fitted.members_["inner"].members_["nb"]).__name__ == "Linear"
    with pytest.raises(KitError, match="finished runs are loaded by stancekit train"):
        outer.fit(X, y)


def test_an_ensemble_of_runs_is_not_refitted(out, few_votes, stance):
    model = Ensemble({"nb": f"{out}/runs/stance-nb-{{random_state}}-*"})
    given = {"corpus": few_votes, "codebook": stance, "split": FixedSplit(), "output": out}
    with pytest.raises(KitError, match="finished runs are not refitted; set refit=false"):
        fit_run(model=model, name="refitted", refit=True, **given)


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
        with_members(model, few_parts.train.examples, 0)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}', '{"format": 2, "examples": 3}'])
def test_a_damaged_run_is_told(tmp_path, few_parts, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(KitError, match=r"run.json is damaged.* Delete the folder"):
        load_run_model(str(tmp_path), few_parts.train.examples, 0)


def test_damaged_predictions_are_told(out, tmp_path, few_parts):
    copy = shutil.copytree(run_of(out, "nb")[0], tmp_path / "copy")
    (copy / "predictions.jsonl").write_text('{"id": "a"}\n{"id": ')
    other = few_parts.test.examples
    with pytest.raises(KitError, match=r"predictions.jsonl was altered"):
        load_run_model(str(copy), other, 0)
    record = json.loads((copy / "run.json").read_text()) | {"predictions_sha256": ""}
    (copy / "run.json").write_text(json.dumps(record))
    with pytest.raises(KitError, match=r"predictions.jsonl is damaged"):
        load_run_model(str(copy), other, 0)


def test_a_run_that_was_divided_in_another_way_is_refused(out, few_parts):
    model, n = Ensemble({"one": f"{out}/runs/stance-nb-*"}), len(few_parts.test)
    with pytest.raises(KitError, match=f"the {n} of this ensemble, of which it was tested on {n}"):
        with_members(model, few_parts.test.examples, 0)


def test_a_run_that_learned_from_as_many_others_is_refused(out, few_parts):
    train = few_parts.train
    held = few_parts.validation.examples[0]
    model = Ensemble({"one": f"{out}/runs/stance-nb-*"})
    assert with_members(model, train.examples, 0)
    with pytest.raises(
        KitError,
        match="of which it was tested on 0; use runs of the same corpus, split and random_state",
    ):
        with_members(model, [held, *train.examples[1:]], 0)


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
            output=tmp_path,
        )
