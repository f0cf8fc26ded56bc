"""Declining and prediction sets keep what they promise, on articles like those of validation."""

import numpy as np
import pytest

from stancekit.errors import KitError
from stancekit.models.caution import Caution, confidence, learn, risk_cut, set_cut


def _drawn(seed, articles=120):
    generator = np.random.default_rng(seed)
    home = np.repeat(np.arange(articles), generator.integers(1, 12, articles))
    logits = generator.normal(0, 2, (len(home), 4)) * generator.uniform(0.4, 1.6, articles)[home][:, None]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = np.array([generator.choice(4, p=row) for row in scores])
    return scores, np.eye(4, dtype=bool)[gold], [str(at) for at in home]


def test_prediction_sets_miss_no_more_than_promised():
    missed = []
    for seed in range(40):
        scores, truth, articles = _drawn(2 * seed)
        cut = set_cut(scores, truth, articles, 0.1)
        new, gold, homes = _drawn(2 * seed + 1)
        outside = (gold & (new < cut)).any(axis=1)
        by_article = {home: outside[[other == home for other in homes]].mean() for home in set(homes)}
        missed.append(np.mean(list(by_article.values())))
    assert 0.04 < np.mean(missed) <= 0.1


def test_declining_keeps_the_share_of_errors_below_what_is_accepted():
    over = 0
    for seed in range(40):
        scores, truth, _ = _drawn(2 * seed, articles=300)
        wrong = truth.argmax(axis=1) != scores.argmax(axis=1)
        cut = risk_cut(confidence(scores), wrong, 0.2)
        new, gold, _ = _drawn(2 * seed + 1, articles=300)
        kept = confidence(new) >= cut
        assert kept.any()
        over += (gold.argmax(axis=1) != new.argmax(axis=1))[kept].mean() > 0.2
    assert over <= 10


def test_what_cannot_be_kept_declines_everything():
    assert risk_cut(np.linspace(0, 1, 100), np.ones(100, dtype=bool), 0.1) == float("inf")


def test_cuts_survive_a_round_trip_and_know_their_risks():
    scores, truth, articles = _drawn(0)
    caution = learn(scores, truth, truth.argmax(axis=1) != scores.argmax(axis=1), articles)
    assert Caution.from_list(caution.to_list()) == caution
    with pytest.raises(KitError, match=r"0.33 was not prepared.*0.05, 0.1"):
        caution.cut(0.33)


def test_a_higher_risk_never_declines_more():
    random = np.random.default_rng(3)
    scores = random.dirichlet([1, 1, 1, 1], 300)
    wrong = random.random(300) < 0.35
    truth = np.zeros((300, 4), dtype=bool)
    truth[np.arange(300), np.where(wrong, scores.argmin(axis=1), scores.argmax(axis=1))] = True
    cuts = [cut for _, cut in learn(scores, truth, wrong, [str(at) for at in range(300)]).risks]
    assert cuts == sorted(cuts, reverse=True) and cuts[-1] < cuts[0]
