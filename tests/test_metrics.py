import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from stancekit.evaluation import confusion, count, f_avg, macro_f1, micro_f1
from stancekit.evaluation.metrics import f1, metrics_for, precision, recall

NAMES = ["abstain", "condemn", "none", "support"]


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
    for ours, theirs in zip((precision(counts), recall(counts), f1(counts)), expected, strict=False):
        assert ours == pytest.approx(theirs)
    assert macro_f1(counts) == pytest.approx(f1_score(*flat, labels=NAMES, average="macro"))
    assert micro_f1(counts) == pytest.approx(np.mean([a == b for a, b in zip(*flat, strict=True)]))
    favour_against = f1_score(*flat, labels=["condemn", "support"], average=None).mean()
    assert metrics_for(NAMES)["f_avg"](counts) == pytest.approx(favour_against)
    assert confusion(gold, guess, NAMES).sum() == 200


def test_multi_label_metrics_agree_with_scikit_learn():
    generator = np.random.default_rng(1)
    tables = generator.integers(0, 2, (2, 100, 3))
    gold, guess = (
        [tuple(name for name, yes in zip("abc", row, strict=True) if yes) for row in table] for table in tables
    )
    counts = total(gold, guess, list("abc"))
    assert macro_f1(counts) == pytest.approx(f1_score(*tables, average="macro"))
    assert micro_f1(counts) == pytest.approx(f1_score(*tables, average="micro"))


def test_a_code_missing_from_a_split_still_counts_in_the_macro_mean():
    labels = [("condemn",), ("support",)]
    assert macro_f1(total(labels, labels)) == pytest.approx(0.5)


def test_f_avg_is_only_there_for_two_sides():
    assert "f_avg" not in metrics_for(["peace", "war"])
    assert f_avg(total([("condemn",)], [("condemn",)]), against=1, favour=3) == pytest.approx(0.5)
