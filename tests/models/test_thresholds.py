import numpy as np
import pytest
from sklearn.metrics import f1_score

from stancekit.models.decision import best_thresholds


@pytest.fixture
def judged():
    generator = np.random.default_rng(0)
    truth = generator.random((120, 3)) < [0.1, 0.3, 0.6]
    return np.clip(truth * 0.2 + generator.random((120, 3)) * 0.8, 0, 1), truth


def test_no_other_cut_of_a_code_has_a_higher_f1(judged):
    scores, truth = judged
    for column, gold, cut in zip(
        scores.T, truth.T, best_thresholds(scores, truth, floor=1), strict=True
    ):
        cuts = np.unique(column)
        every = f1_score(np.tile(gold[:, None], len(cuts)), column[:, None] >= cuts, average=None)
        best = max(every)
        assert f1_score(gold, column >= cut) == pytest.approx(best, abs=0.005)


def test_rare_codes_share_the_cut_of_the_best_macro_f1(judged):
    scores, truth = judged
    cuts = best_thresholds(scores, truth, floor=1000)
    assert len(set(cuts)) == 1
    every = np.unique(scores)
    of_codes = [
        f1_score(np.tile(gold[:, None], len(every)), column[:, None] >= every, average=None)
        for column, gold in zip(scores.T, truth.T, strict=True)
    ]
    best = max(np.mean(of_codes, axis=0))
    assert f1_score(truth, scores >= cuts[0], average="macro") == pytest.approx(best, abs=0.005)
