import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from stancekit.evaluation import bootstrap, count, interval, micro_f1
from stancekit.evaluation.bootstrap import estimate_interval, estimate_unpaired
from stancekit.evaluation.metrics import f1


def counts_of(right, clusters):
    gold = [("a",)] * len(right)
    guess = [("a",) if yes else ("b",) for yes in right]
    return count(gold, guess, ["a", "b"], clusters)[None]


def test_rows_as_clusters_agree_with_scipy():
    right = np.random.default_rng(0).random(300) < 0.7
    counts = counts_of(right, [str(at) for at in range(300)])
    draws = bootstrap(counts, micro_f1, replicates=4000)
    theirs = scipy_bootstrap(
        (right.astype(float),), np.mean, n_resamples=4000, method="percentile", rng=1
    )
    assert interval(draws) == pytest.approx(tuple(theirs.confidence_interval), abs=0.01)


def test_clustered_errors_widen_the_interval():
    right = np.repeat(np.random.default_rng(0).random(30) < 0.7, 10)
    widths = []
    for clusters in ([str(at // 10) for at in range(300)], [str(at) for at in range(300)]):
        low, high = interval(bootstrap(counts_of(right, clusters), micro_f1))
        widths.append(high - low)
    assert widths[0] > 2 * widths[1]


def test_random_states_that_disagree_widen_the_interval():
    clusters = [str(at) for at in range(200)]
    good, bad = (
        counts_of([True] * 190 + [False] * 10, clusters),
        counts_of([True] * 120 + [False] * 80, clusters),
    )
    same = interval(bootstrap(np.concatenate([good, good]), micro_f1))
    mixed = interval(bootstrap(np.concatenate([good, bad]), micro_f1))
    assert mixed[1] - mixed[0] > 2 * (same[1] - same[0])


def test_the_same_random_state_gives_the_same_draws():
    counts = counts_of([True, False, True], ["x", "y", "z"])
    assert np.array_equal(
        bootstrap(counts, micro_f1, random_state=3), bootstrap(counts, micro_f1, random_state=3)
    )


def test_an_interval_holds_its_estimate_even_where_replicates_do_not():
    draws = np.linspace(0.4, 0.6, 101)
    for at in (0.3, 0.5, 0.7):
        low, high = interval(draws, estimate=at, factor=1.2)
        assert low <= at <= high


def test_a_single_cluster_gives_no_interval():
    counts = counts_of([True, True, False], ["x"] * 3)
    two = np.concatenate([counts, counts_of([True, False, False], ["x"] * 3)])
    metric = {"one state": counts, "two states": two}
    for of in metric.values():
        ((value, low, high),) = estimate_interval(of, lambda table: micro_f1(table)[..., None])
        assert 0 < value < 1 and np.isnan(low) and np.isnan(high)
    assert not np.isnan(estimate_interval(counts_of([True, False], ["x", "y"]), f1)[0][1])
    assert np.isnan(estimate_unpaired([counts[0]], [f1])[0][1])
