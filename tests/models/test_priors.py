"""How common codes are: what balanced training takes out of scores, validation puts back as far as it helps."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from stancekit.models import persistence
from stancekit.models.classifier import fit
from stancekit.models.decision import best_offsets, shifted
from stancekit.models.linear import Linear


def skewed(n, seed):
    """Scores of a model trained as if nine in ten examples were not of one code."""
    random = np.random.default_rng(seed)
    truth = random.choice(3, n, p=[0.05, 0.9, 0.05])
    logits = random.normal(size=(n, 3)) + 1.2 * np.eye(3)[truth]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), truth


def test_offsets_learned_on_one_part_help_on_another():
    scores, truth = skewed(600, 0)
    offsets = best_offsets(scores, truth, [50, 900, 50])
    assert offsets[1] == 0 and offsets[0] == offsets[2] < -0.5
    other, gold = skewed(6000, 1)
    before, after = (
        f1_score(gold, one.argmax(axis=1), average="macro")
        for one in (other, shifted(other, offsets))
    )
    assert after > before + 0.04
    assert shifted(other, offsets).sum(axis=1) == pytest.approx(1)


def test_where_codes_are_alike_nothing_is_shifted():
    scores, truth = skewed(600, 0)
    assert np.allclose(best_offsets(scores, truth, [10, 10, 10]), 0)
    assert shifted(scores, ()) is scores


def test_a_model_keeps_them_when_it_is_saved(parts, tmp_path):
    model = Linear(LogisticRegression(max_iter=300, class_weight="balanced"))
    trained = fit(model, parts.train.take(range(300)), parts.validation, logit_adjustment=True)
    assert len(trained.offsets) == 4 and max(trained.offsets) == 0
    strong = replace(trained, offsets=(0.0, -1.5, -0.5, -1.0))
    again = persistence.load(persistence.save(strong, tmp_path / "model"))
    some = parts.test.examples[:50]
    assert again.offsets == strong.offsets and np.allclose(again.scores(some), strong.scores(some))
    assert (again.scores(some)[:, 1] < replace(trained, offsets=()).scores(some)[:, 1]).mean() > 0.9


def test_several_codes_per_example_have_thresholds_instead(frame_parts):
    model = Linear(LogisticRegression(max_iter=300))
    assert (
        fit(
            model, frame_parts.train.take(range(300)), frame_parts.validation, logit_adjustment=True
        ).offsets
        == ()
    )
