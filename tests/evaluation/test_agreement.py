import numpy as np
import pytest

from stancekit.evaluation.agreement import alpha


def test_the_worked_example_of_krippendorff():
    # Krippendorff (2011), section A: two observers, binary data, ten units; alpha 0.095.
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert alpha(first, second).value == pytest.approx(0.095, abs=0.001)


def test_perfect_and_chance_agreement():
    generator = np.random.default_rng(0)
    one, other = generator.integers(0, 4, (2, 4000)).tolist()
    assert alpha(one, one).value == 1
    chance = alpha(one, other)
    assert chance.low < 0 < chance.high


def test_sets_of_codes_and_clusters():
    first = [frozenset({"peace"}), frozenset(), frozenset({"peace", "legality"})] * 10
    score = alpha(first, first[::-1], clusters=[str(at // 3) for at in range(30)], name="frames")
    assert score.n == 30 and score.slice == "frames" and score.low <= score.value <= score.high


def test_a_code_that_neither_annotator_used_has_no_alpha():
    never = [False] * 12
    score = alpha(never, never, clusters=[str(at // 3) for at in range(12)], name="none")
    assert np.isnan([score.value, score.low, score.high]).all() and score.n == 12
    # A code used once: replicates without it do not count as full agreement.
    once = [True, *never[1:]]
    rare = alpha(once, never, clusters=[str(at) for at in range(12)])
    assert rare.value == 0 and rare.low <= 0 <= rare.high < 0.5
