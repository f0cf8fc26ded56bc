"""Ensembles: what is averaged, what is stacked, what is calibrated."""

import json

import numpy as np
import pytest
from forging import forged
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import encode_labels, fit
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked, Pair, Plain
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.selective import fit_policy
from stancekit.types import Example


def members():
    one, other = (
        Linear(LogisticRegression(max_iter=500), ngram_range=(1, longest), char_ngram_range=None)
        for longest in (1, 2)
    )
    return {"one": one, "other": other}


def test_an_average_is_the_mean_of_its_members(parts):
    train = parts.train.take(range(0, 600, 3))
    model = Ensemble(members(), features=Marked()).fit(train.examples, encode_labels(train))
    some = parts.test.examples[:15]
    singles = [member.predict_proba(some) for member in model.members_.values()]
    assert np.allclose(model.predict_proba(some), np.mean(singles, axis=0), atol=1e-5)
    assert all(isinstance(member.features, Marked) for member in model.members_.values())


def test_an_average_is_calibrated_on_validation(parts):
    train = parts.train.take(range(0, 900, 3))
    held = (parts.validation.examples, encode_labels(parts.validation))
    model = Ensemble(members()).fit(train.examples, encode_labels(train), validation=held)
    loss = log_loss(held[1], model.predict_proba(held[0]))
    for factor in (0.7, 1.4):
        model.temperature_ *= factor
        assert log_loss(held[1], model.predict_proba(held[0])) >= loss - 1e-6
        model.temperature_ /= factor


def test_an_ensemble_is_calibrated_once_and_on_rows_that_it_has_not_seen(parts):
    train, held = parts.train.take(range(0, 600, 3)), parts.validation.take(range(0, 160))
    for method in ("average", "stack"):
        trained = fit(Ensemble(members(), method=method), train, held)
        assert trained.temperature == 1.0
        assert np.array_equal(
            trained.scores(held.examples), trained.model.predict_proba(held.examples)
        )
    ids, scores = trained.model.validation_scores_
    assert ids == [one.id for one in held.examples] and scores.shape == (160, 4)
    wrong = scores.argmax(axis=1) != encode_positions(held)
    assert (
        wrong.mean()
        > (trained.scores(held.examples).argmax(axis=1) != encode_positions(held)).mean()
    )
    # When to decline was learned from those.
    truth = np.eye(4, dtype=bool)[encode_positions(held)]
    assert trained.policy == fit_policy(scores, truth, wrong, held.articles)


def encode_positions(data):
    return np.array([data.codebook.names.index(code) for (code,) in data.labels])


def test_members_keep_features_of_their_own(parts):
    train = parts.train.take(range(60))
    own = {
        "none": Linear(LogisticRegression()),
        "plain": Linear(LogisticRegression(), features=Plain()),
    }
    for given, expected in ((None, [type(None), Plain]), (Pair(), [Pair, Plain])):
        model = Ensemble(own, features=given).fit(train.examples, encode_labels(train))
        assert [type(one.features) for one in model.members_.values()] == expected


@pytest.mark.parametrize("method", ["average", "stack"])
def test_several_labels_too_and_from_disk(frame_parts, tmp_path, method):
    train = frame_parts.train.take(range(0, 600, 2))
    trained = fit(
        Ensemble({**members(), "none": Majority()}, method=method),
        train,
        frame_parts.validation,
        name="both",
    )
    again = persistence.load(persistence.save(trained, tmp_path / "model"))
    some = frame_parts.test.examples[:20]
    assert np.allclose(again.scores(some), trained.scores(some)) and trained.scores(some).shape == (
        20,
        9,
    )
    persistence.verify_model(tmp_path / "model")


def test_a_member_that_was_altered_is_refused(parts, tmp_path):
    train = parts.train.take(range(0, 200))
    place = persistence.save(fit(Ensemble(members()), train, parts.validation), tmp_path / "model")
    file = place / "member-1" / "model.skops"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(KitError, match=r"member-1/model.skops was altered"):
        persistence.load(place)
    file.write_bytes(whole)
    settings = json.loads((place / "ensemble.json").read_text())
    for wrong in (
        {"temperature": float("nan")},
        {"temperature": 0},
        {"members": []},
        {"members": [{"kind": []}]},
    ):
        forged(place, {"ensemble.json": json.dumps(settings | wrong).encode()})
        with pytest.raises(KitError, match=r"ensemble.json is not what this version writes"):
            persistence.load(place)


def test_bad_settings_are_told(parts):
    X, y = parts.train.examples[:9], encode_labels(parts.train.take(range(9)))
    with pytest.raises(
        KitError, match="method=average or method=stack; seen: one, other, method=vote"
    ):
        Ensemble(members(), method="vote").fit(X, y)
    with pytest.raises(KitError, match="seen: none"):
        Ensemble().fit(X, y)
    with pytest.raises(KitError, match="there is none; use method=average"):
        Ensemble(members(), method="stack").fit(X, y)


def test_a_stack_is_calibrated_on_what_it_has_not_seen():
    random = np.random.default_rng(0)

    class Noise(Majority):
        def predict_proba(self, X):
            return random.dirichlet(np.ones(len(self.classes_)), size=len(X))

    X = [Example(str(at), "x") for at in range(60)]
    y = random.choice(["a", "b", "c"], size=60)
    many = {f"noise{at}": Noise() for at in range(12)}
    model = Ensemble(many, method="stack").fit(X, y, validation=(X, y))
    # Thirty-six columns of noise fit sixty rows in part; on unseen rows that certainty is worth
    # nothing.
    assert model.temperature_ > 1.5


def test_a_member_may_know_codes_that_training_lacks():
    class Reader(Majority):
        def fit(self, X, y):
            self.classes_ = np.array(["a", "b", "c"])
            return self

        def predict_proba(self, X):
            return np.tile([0.1, 0.2, 0.7], (len(X), 1))

    X = [Example(str(at), "x") for at in range(4)]
    model = Ensemble({"one": Reader(), "other": Majority()}).fit(X, np.array(["a", "c", "a", "a"]))
    assert model.classes_.tolist() == ["a", "c"]
    assert np.allclose(
        model.predict_proba(X[:1]), [[(0.125 + 0.75) / 2, (0.875 + 0.25) / 2]], atol=1e-5
    )


def test_a_frozen_member_is_used_as_it_is(parts):
    first, second = parts.train.take(range(0, 300)), parts.train.take(range(300, 600))
    fitted = members()["one"].fit(first.examples, encode_labels(first))
    model = Ensemble(
        {"fitted": FrozenEstimator(fitted), "fresh": members()["other"]}, features=Marked()
    )
    model.fit(second.examples, encode_labels(second))
    assert model.members_["fitted"] is fitted and fitted.features is None
    assert isinstance(model.members_["fresh"].features, Marked)
    some = parts.test.examples[:5]
    scores = [member.predict_proba(some) for member in model.members_.values()]
    assert np.allclose(model.predict_proba(some), np.mean(scores, axis=0), atol=1e-5)


def test_a_frozen_member_of_other_codes_is_refused(parts, frame_parts):
    some, frames = parts.train.take(range(40)), frame_parts.train.take(range(40))
    tone = Majority().fit(some.examples[:2], np.array(["warm", "cold"]))
    with pytest.raises(KitError, match=r"member tone scores cold, warm, .* have abstain, condemn"):
        Ensemble({"tone": FrozenEstimator(tone)}).fit(some.examples, encode_labels(some))
    stance = Majority().fit(some.examples, encode_labels(some))
    with pytest.raises(KitError, match="use members of one codebook"):
        Ensemble({"stance": FrozenEstimator(stance)}).fit(frames.examples, encode_labels(frames))


def test_members_keep_a_codebook_of_their_own(stance):
    model = Ensemble({"words": Lexicon(codebook=stance)})
    model.fit([Example("1", "x"), Example("2", "y")], np.array(["none", "support"]))
    assert model.members_["words"].codebook == stance
