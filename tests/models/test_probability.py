"""Probabilities without SciPy are those of SciPy."""

import numpy as np
import pytest
from scipy import special

from stancekit.models.probability import expit, softmax


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_they_are_those_of_scipy(kind):
    rng = np.random.default_rng(0)
    logits = np.concatenate([rng.normal(0, 4, (2000, 4)), [[0, 800, -800, 100], [0, 0, 0, 0]]])
    logits = logits.astype(kind)
    for ours, theirs in (
        (expit(logits), special.expit(logits)),
        (softmax(logits), special.softmax(logits, axis=1)),
    ):
        assert ours.dtype == kind
        np.testing.assert_allclose(ours, theirs, rtol=2 * np.finfo(kind).eps, atol=0)


def test_a_code_that_cannot_be_given_stays_at_zero():
    assert softmax(np.array([[0.0, -np.inf]])).tolist() == [[1.0, 0.0]]
