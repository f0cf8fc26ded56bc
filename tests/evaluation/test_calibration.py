"""Intervals of the calibration error hold for models that are calibrated, and for those that are not."""

import numpy as np
import pytest

from stancekit.evaluation.calibration import bin_claims, estimate_ece, score_calibration


def _drawn(generator: np.random.Generator, over: float, rows: int = 600, articles: int = 80):
    """Claims that are `over` too high, of articles that differ in how hard they are, and the true error."""
    home = generator.integers(0, articles, rows)
    claims = generator.uniform(0.35 + over, 0.95, rows)
    hard = generator.uniform(-0.04, 0.04, articles)[home]
    held = generator.random(rows) < claims - over + hard
    return bin_claims(claims[:, None], held[:, None], [str(one) for one in home])[None]


@pytest.mark.parametrize("over", [0.0, 0.04, 0.15])
def test_the_interval_holds_the_true_error(over):
    generator = np.random.default_rng(int(over * 100))
    found = [estimate_ece(_drawn(generator, over), replicates=300) for _ in range(120)]
    assert all(low <= value <= high for value, low, high in found)
    # 0.95 less three standard errors of 120 draws.
    assert np.mean([low <= over <= high for _, low, high in found]) >= 0.89


def test_what_is_far_off_is_not_taken_for_zero():
    generator = np.random.default_rng(1)
    assert all(estimate_ece(_drawn(generator, 0.15), replicates=300)[1] > 0.05 for _ in range(10))


def test_both_scores_are_there():
    ece, brier = score_calibration(_drawn(np.random.default_rng(2), 0.1))
    assert (ece.metric, brier.metric, ece.n) == ("ece", "brier", 600)
    assert ece.low <= ece.value <= ece.high


def test_a_single_article_gives_no_interval():
    value, low, high = estimate_ece(
        _drawn(np.random.default_rng(3), 0.15, articles=1), replicates=300
    )
    assert value > 0.1 and np.isnan(low) and np.isnan(high)
