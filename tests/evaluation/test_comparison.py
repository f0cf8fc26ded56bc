"""Which models can be told apart, and what the test set could show."""

import numpy as np
import pytest

from stancekit.evaluation.comparison import cliques, compare_models, holm
from stancekit.evaluation.metrics import macro_f1


def _counts(right, clusters=80, states=3, seed=0):
    """Return counts of a model that is right in about `right` of ten examples per article."""
    generator = np.random.default_rng(seed)
    hits = generator.binomial(10, right, (states, clusters, 2)).astype(float)
    miss = 10 - hits
    return np.stack([hits, miss[..., ::-1], miss, hits[..., ::-1]], axis=-1)


def test_a_clear_difference_is_told_and_a_small_one_is_not():
    found = compare_models(
        {"a": _counts(0.9), "b": _counts(0.6, seed=1), "c": _counts(0.595, seed=2)},
        macro_f1,
        n=1600,
    )
    by_name = {(pair.first, pair.second): pair for pair in found.pairs}
    assert (
        by_name["a", "b"].significant
        and by_name["a", "c"].significant
        and not by_name["b", "c"].significant
    )
    assert found.groups == (("a",), ("b", "c")) and found.letters("c") == "b"


def test_detectable_and_needed_follow_from_the_spread():
    small = compare_models(
        {"a": _counts(0.62, 40), "b": _counts(0.6, 40, seed=1)}, macro_f1, n=800
    ).pairs[0]
    large = compare_models(
        {"a": _counts(0.62, 160), "b": _counts(0.6, 160, seed=1)}, macro_f1, n=3200
    ).pairs[0]
    assert large.detectable == pytest.approx(small.detectable / 2, rel=0.35)
    assert small.needed > 800


def test_models_on_other_test_sets_are_not_paired():
    found = compare_models({"a": _counts(0.9, 80), "b": _counts(0.6, 70)}, macro_f1, n=1)
    assert found.pairs == () and found.groups == () and found.letters("a") == ""


def test_on_a_single_article_nothing_is_paired():
    found = compare_models({"a": _counts(0.9, 1), "b": _counts(0.2, 1, seed=1)}, macro_f1, n=20)
    assert found.pairs == () and found.groups == ()


def test_what_no_test_set_would_show_needs_no_number():
    same = _counts(0.6, 40)
    (pair,) = compare_models({"a": same, "b": same}, macro_f1, n=800).pairs
    assert pair.needed is None and not pair.significant and pair.p == 1
    # Where one is better in one article by what the other is better in the next, hardly anything is
    # left.
    nearly = same.copy()
    nearly[0, 0, 0] += [1, 0, -1, 0]
    nearly[1, 1, 0] -= [1, 0, -1, 0]
    (pair,) = compare_models({"a": nearly, "b": same}, macro_f1, n=800).pairs
    assert 0 < abs(pair.difference.value) < 1e-5 and pair.needed is None


def test_a_difference_that_is_the_same_in_every_replicate_is_significant():
    right, wrong = np.array([5.0, 0, 0, 5]), np.array([0.0, 5, 5, 0])
    counts = {"right": np.tile(right, (1, 30, 2, 1)), "wrong": np.tile(wrong, (1, 30, 2, 1))}
    (pair,) = compare_models(counts, macro_f1, n=300).pairs
    assert pair.difference.value == 1 and pair.significant


def test_models_with_other_numbers_of_random_states_are_compared():
    good, one, three = (
        _counts(0.9, states=3),
        _counts(0.6, states=1, seed=1),
        _counts(0.6, states=3, seed=1),
    )
    fewer, more, even = (
        compare_models(pair, macro_f1, n=1600).pairs[0]
        for pair in ({"a": good, "b": one}, {"b": one, "a": good}, {"a": good, "b": three})
    )
    assert (
        fewer.significant
        and more.significant
        and fewer.difference.value == pytest.approx(-more.difference.value)
    )
    assert fewer.difference.value == pytest.approx(even.difference.value, abs=0.03)


def test_holm_never_falls_below_what_went_before():
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert holm([]) == []


def test_groups_overlap_where_the_middle_is_like_both_ends():
    assert cliques(list("abcd"), {frozenset("ac"), frozenset("ad"), frozenset("bd")}) == [
        ("a", "b"),
        ("b", "c"),
        ("c", "d"),
    ]
