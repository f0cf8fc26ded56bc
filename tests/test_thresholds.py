import numpy as np
from sklearn.metrics import f1_score

from stancekit.models.thresholds import best_thresholds


def test_no_other_cut_has_a_higher_f1():
    generator = np.random.default_rng(0)
    truth = generator.random((300, 3)) < [0.1, 0.3, 0.6]
    scores = np.clip(truth * 0.2 + generator.random((300, 3)) * 0.8, 0, 1)
    for column, gold, cut in zip(scores.T, truth.T, best_thresholds(scores, truth), strict=True):
        best = max(f1_score(gold, column >= other) for other in np.unique(column))
        assert f1_score(gold, column >= cut) == best


def test_a_code_with_hardly_any_examples_keeps_one_half():
    assert best_thresholds(np.array([[0.9], [0.1]]), np.array([[True], [False]])) == [0.5]
