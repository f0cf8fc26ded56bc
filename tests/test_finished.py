"""Ensembles of finished runs, and models fitted once more on train and validation: what was seen stays told apart."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tiny import make_encoder

from stancekit.__main__ import main
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit, bundled
from stancekit.errors import KitError
from stancekit.models import store
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.ensemble import Ensemble
from stancekit.models.linear import Linear
from stancekit.models.trained import encode, fit, refitted


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for arguments in (["model=nb"], ["model=nb", "refit=true", "name=again"], ["model=majority"]):
        assert main(["train", f"out={folder}", *arguments]) == 0
    return folder


def run_of(out, name):
    (folder,) = (out / "runs").glob(f"stance-{name}-*")
    return folder, json.loads((folder / "run.json").read_text())


def test_runs_are_averaged_as_they_are(out, parts):
    members = f"{{nb: '{out}/runs/stance-nb-{{random_state}}-*', none: '{out}/runs/stance-majority-0-*'}}"
    assert main(["train", "model=ensemble_runs", f"model.members={members}", f"out={out}"]) == 0
    joined = store.load(run_of(out, "ensemble_runs")[0] / "model").model
    some = parts.test.examples[:20]
    singles = [store.load(run_of(out, name)[0] / "model").model.predict_proba(some) for name in ("nb", "majority")]
    order = [list(store.load(run_of(out, "nb")[0] / "model").model.classes_).index(code) for code in joined.classes_]
    assert np.allclose(joined._all(some)[0], singles[0][:, order], atol=1e-9)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("nothing-*", "found: none. Train it first"),
        ("stance-*", "has to be one finished run; found"),
        ("stance-again-*", "has learned from validation too"),
    ],
)
def test_what_is_no_one_run_is_refused(out, parts, pattern, told):
    model = Ensemble({"one": f"{out}/runs/{pattern}"})
    with pytest.raises(KitError, match=told):
        model.fit(parts.train.examples, encode(parts.train))


def test_a_run_that_was_divided_in_another_way_is_refused(out, parts):
    model = Ensemble({"one": f"{out}/runs/stance-nb-*"})
    with pytest.raises(
        KitError, match=f"the {len(parts.test)} of this ensemble, of which it was tested on {len(parts.test)}"
    ):
        model.fit(parts.test.examples, encode(parts.test))


def test_a_run_that_learned_from_as_many_others_is_refused(out, parts):
    rows = list(range(1, len(parts.train)))
    held = parts.validation.examples[0]
    model, y = Ensemble({"one": f"{out}/runs/stance-nb-*"}), encode(parts.train)
    assert model.fit(parts.train.examples, y)
    with pytest.raises(
        KitError, match="of which it was tested on 0; use runs of the same corpus, split and random_state"
    ):
        model.fit([held, *(parts.train.examples[at] for at in rows)], y)


def test_a_refitted_run_keeps_the_score_of_before(out):
    once, twice = run_of(out, "nb")[1], run_of(out, "again")[1]
    assert once["validation"] == twice["validation"] and once["temperature"] == twice["temperature"]
    assert (once["refit"], twice["refit"]) == (False, True)


def test_refitting_learns_from_both_parts_and_keeps_what_was_chosen(parts, tmp_path):
    first, second = parts.train.take(range(300)), parts.train.take(range(300, 400))
    model = Encoder(make_encoder(tmp_path / "tiny", [one.text for one in first.examples]), epochs=2, least_steps=0)
    model.set_params(folder=str(tmp_path))
    before = fit(model, first, second)
    after = refitted(before, first, second)
    assert after.temperature == before.temperature and after.caution == before.caution
    # 400 examples in batches of 16, twice; the first fit saw 300 and looked at validation.
    assert max(row["step"] for row in after.model.curve_) == 50
    assert any("eval_score" in row for row in before.model.curve_)
    assert not any("eval_score" in row for row in after.model.curve_)


def test_a_code_that_only_validation_has_is_learned(parts):
    only = parts.train.take([at for at, of in enumerate(parts.train.labels) if of != ("abstain",)][:300])
    rest = parts.train.take([at for at, of in enumerate(parts.train.labels) if of == ("abstain",)][:50])
    trained = fit(Linear(LogisticRegression(max_iter=300)), only, rest)
    assert "abstain" not in trained.model.classes_
    assert "abstain" in refitted(trained, only, rest).model.classes_


def test_a_joint_training_is_not_refitted(tmp_path, stance, parts):
    from stancekit.models.encoder.joint import Joint

    with pytest.raises(KitError, match="set refit=false"):
        train(corpus=bundled(), codebook=stance, split=FixedSplit(), model=Joint(), refit=True, out=tmp_path)
