import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from stancekit.evaluation import count, f_avg, macro_f1, micro_f1, score
from stancekit.evaluation.metrics import both_f1, f1, in_gold, metrics_for, precision, recall
from stancekit.evaluation.scores import score_unpaired

NAMES = ["abstain", "condemn", "none", "support"]
SCALE = ["condemn", "abstain", "support"]


@pytest.fixture
def random_labels():
    generator = np.random.default_rng(0)
    return [[(NAMES[at],) for at in generator.integers(0, 4, 200)] for _ in range(2)]


def total(gold, guess, names=NAMES):
    return count(gold, guess, names, ["one"] * len(gold)).sum(axis=0)


def test_single_label_metrics_agree_with_scikit_learn(random_labels):
    gold, guess = random_labels
    flat = [[one for (one,) in labels] for labels in random_labels]
    expected = precision_recall_fscore_support(*flat, labels=NAMES, zero_division=0)
    counts = total(gold, guess)
    for ours, theirs in zip(
        (precision(counts), recall(counts), f1(counts)), expected, strict=False
    ):
        assert ours == pytest.approx(theirs)
    assert macro_f1(counts) == pytest.approx(f1_score(*flat, labels=NAMES, average="macro"))
    assert micro_f1(counts) == pytest.approx(np.mean([a == b for a, b in zip(*flat, strict=True)]))
    favour_against = f1_score(*flat, labels=["condemn", "support"], average=None).mean()
    assert metrics_for(NAMES, counts, multi_label=False, scale=SCALE)["f_avg"](
        counts
    ) == pytest.approx(favour_against)


def test_multi_label_metrics_agree_with_scikit_learn():
    generator = np.random.default_rng(1)
    tables = generator.integers(0, 2, (2, 100, 3))
    gold, guess = (
        [tuple(name for name, yes in zip("abc", row, strict=True) if yes) for row in table]
        for table in tables
    )
    counts = total(gold, guess, list("abc"))
    assert macro_f1(counts) == pytest.approx(f1_score(*tables, average="macro"))
    assert micro_f1(counts) == pytest.approx(f1_score(*tables, average="micro"))


def test_macro_averages_run_over_the_codes_in_gold():
    gold, guess = (
        [("condemn",), ("support",), ("support",)],
        [("condemn",), ("none",), ("support",)],
    )
    counts = total(gold, guess)
    expected = f1_score(
        *([one for (one,) in labels] for labels in (gold, guess)),
        labels=["condemn", "support"],
        average="macro",
    )
    assert macro_f1(counts) == pytest.approx(expected)
    assert macro_f1(total(gold, gold)) == 1
    # The set of codes is fixed by the whole gold, and not by what a replicate happens to have.
    draws = np.stack([counts, total(gold[:1], guess[:1])])
    assert macro_f1(draws, codes=in_gold(counts)) == pytest.approx([expected, 0.5])
    assert in_gold(draws).tolist() == [False, True, False, True]
    assert np.isnan(macro_f1(total([()], [("none",)])))


def test_of_a_code_that_every_example_bears_not_bearing_it_is_left_out():
    gold = [("a", "b"), ("a",)]
    assert both_f1(total(gold, gold, list("abc"))) == 1
    flipped = total(gold, [("a",), ("a", "b")], list("abc"))
    assert both_f1(flipped) == pytest.approx((1 + 0) / 2)


def test_f_avg_is_only_there_for_two_sides():
    counts = total([("condemn",)], [("condemn",)])
    assert "f_avg" not in metrics_for(["peace", "war"], counts[:2], multi_label=False)
    assert f_avg(counts, against=1, favour=3) == pytest.approx(0.5)


def test_scores_say_over_how_many_codes_and_skip_those_that_gold_lacks():
    gold = [("condemn",), ("support",)] * 6
    said = [("condemn",), ("none",)] * 6
    clusters = [str(at // 2) for at in range(12)]
    rows = score(
        gold, [said], NAMES, clusters, multi_label=False, slices={"topic=x": np.arange(12) % 2 == 0}
    )
    found = {(one.metric, one.slice): one for one in rows}
    assert found["macro_f1", "all"].value == 0.5 and found["macro_f1", "all"].codes == 2
    assert found["micro_f1", "all"].codes is None
    # In the slice, gold bears one code, and that is right.
    assert found["macro_f1", "topic=x"].value == 1 and found["macro_f1", "topic=x"].codes == 1
    assert {one.slice for one in rows if one.metric == "f1"} == {"code=condemn", "code=support"}


@pytest.mark.parametrize("multi", [True, False])
def test_whether_there_are_several_codes_is_the_codebook_s_word(multi):
    gold = [("a",), ("b",)]
    apart = [(gold, gold, ["x", "y"]), (gold, gold, ["v", "w"])]
    for rows in (
        score(gold, [gold], ["a", "b"], ["x", "y"], multi_label=multi),
        score_unpaired(apart, ["a", "b"], multi_label=multi),
    ):
        assert ("both_f1" in {one.metric for one in rows}) is multi


def test_a_test_set_without_any_code_has_no_macro_average():
    rows = score([(), ()], [[("a",), ()]], ["a", "b"], ["x", "y"], multi_label=True)
    assert rows[0].metric == "macro_f1" and np.isnan(rows[0].value) and rows[0].codes == 0


def test_random_states_with_other_codes_in_gold_are_each_averaged_over_their_own():
    two, one = [("a",), ("b",)] * 4, [("a",), ("a",)] * 4
    clusters = [str(at) for at in range(8)]
    rows = score_unpaired(
        [(two, two, clusters), (one, one, clusters)], ["a", "b", "c"], multi_label=False
    )
    found = {(row.metric, row.slice): row for row in rows}
    assert found["macro_f1", "all"].value == 1 and found["macro_f1", "all"].codes == 1
    assert (
        found["f1", "code=b"].value == 1
        and found["f1", "code=b"].n == 4
        and ("f1", "code=c") not in found
    )
