"""Temperatures are those of the least log loss, and never give a code that cannot be given."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from stancekit.models.classifier import fit
from stancekit.models.decision import best_temperature, scaled
from stancekit.models.linear import Linear


@pytest.mark.parametrize("sharpened", [0.5, 2.5])
@pytest.mark.parametrize("multi_label", [False, True])
def test_temperature_undoes_wrong_confidence(sharpened, multi_label):
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3))
    if multi_label:
        true = expit(logits)
        truth, said = random.random(true.shape) < true, expit(sharpened * logits)
    else:
        true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        truth = np.array([random.multinomial(1, row) for row in true]).astype(bool)
        said = true**sharpened / (true**sharpened).sum(axis=1, keepdims=True)
    found = best_temperature(said, truth, multi_label=multi_label)
    assert found == pytest.approx(sharpened, rel=0.06)
    assert np.allclose(logit(scaled(said, found, multi_label=multi_label)), logit(true), atol=0.2)


def test_no_other_temperature_has_a_lower_loss():
    random = np.random.default_rng(1)
    scores = random.dirichlet([0.3, 0.3, 0.3, 0.3], 300)
    gold = np.array([random.choice(4, p=0.6 * row + 0.1) for row in scores])
    best = best_temperature(scores, np.eye(4, dtype=bool)[gold])
    loss = log_loss(gold, scaled(scores, best))
    assert all(
        log_loss(gold, scaled(scores, best * factor)) > loss for factor in (0.5, 0.97, 1.03, 2)
    )


@pytest.mark.parametrize("temperature", [0.05, 0.3, 5.0, 20.0])
def test_what_cannot_be_given_stays_at_nothing(temperature):
    scores, known = np.array([[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]]), np.array([True, True, False])
    found = scaled(scores, temperature, known=known)
    assert (found[:, 2] == 0).all() and found.sum(axis=1).round(9).tolist() == [1, 1]


def test_what_is_never_sure_is_not_left_sure():
    # Cues that say nothing of a code score it 0, which is not to say that it cannot be.
    scores = np.array([[1.0, 0.0, 0.0]] * 60)
    truth = np.eye(3, dtype=bool)[[0] * 36 + [1] * 12 + [2] * 12]
    assert scaled(scores, best_temperature(scores, truth))[0].round(1).tolist() == [0.6, 0.2, 0.2]


def test_examples_of_codes_that_training_lacks_do_not_count():
    random = np.random.default_rng(2)
    scores = np.hstack([random.dirichlet([1, 1, 1], 200), np.zeros((200, 1))])
    gold = np.array([random.choice(4, p=row) for row in scores])
    known = np.array([True, True, True, False])
    expected = best_temperature(scores[:150], np.eye(4, dtype=bool)[gold[:150]], known=known)
    gold[150:] = 3
    assert (
        best_temperature(scores, np.eye(4, dtype=bool)[gold], known=known)
        == expected
        == pytest.approx(1, abs=0.2)
    )
    assert best_temperature(scores[150:], np.eye(4, dtype=bool)[gold[150:]], known=known) == 1.0


def test_a_model_never_gives_what_it_has_not_learned(parts):
    seen = [at for at, labels in enumerate(parts.train.labels) if labels != ("abstain",)][:120]
    trained = fit(
        Linear(LogisticRegression(), char_ngram_range=None),
        parts.train.take(seen),
        parts.validation,
    )
    hot = replace(trained, temperature=20.0)
    assert (hot.scores(parts.test.examples[:50])[:, 0] == 0).all() and trained.codebook.names[
        0
    ] == "abstain"
