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


# Krippendorff (2011), section C: four observers, twelve units, missing values.
FOUR = (
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
)


@pytest.mark.parametrize(("scale", "expected"), [((), 0.743), ((1, 2, 3, 4, 5), 0.815)])
def test_any_number_of_annotators_with_missing_values(scale, expected):
    score = alpha(*FOUR, scale=scale)
    assert score.value == pytest.approx(expected, abs=0.0005)
    # The last unit has one value only, which agrees with nothing.
    assert score.n == 11 and score.low <= score.value <= score.high


def test_a_distance_on_the_scale_counts_more():
    gold = ["low", "middle", "high"] * 20
    near = ["middle" if value == "high" and at % 2 else value for at, value in enumerate(gold)]
    far = ["low" if value == "high" and at % 2 else value for at, value in enumerate(gold)]
    scale = ["low", "middle", "high"]
    assert alpha(gold, near, scale=scale).value > alpha(gold, far, scale=scale).value + 0.1
    # A value that is not on the scale is left out.
    assert alpha([*gold, "none"], [*near, "low"], scale=scale).n == 60


def test_two_annotators_of_nominal_data_as_by_its_formula():
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 3, (2, 200)).tolist()
    pairs = list(zip(first, second, strict=True))
    totals = np.bincount([*first, *second])
    differ = sum(a != b for a, b in pairs)
    expected = 1 - (2 * differ) * 399 / (400**2 - (totals**2).sum())
    assert alpha(first, second).value == pytest.approx(expected, abs=1e-12)
