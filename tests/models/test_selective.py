"""Declining and prediction sets keep what they promise, on articles like those of validation."""

import numpy as np
import pytest
from scipy.stats import norm

from stancekit.errors import KitError
from stancekit.models.selective import SelectivePolicy, fit_policy, risk_cut, set_cut


def _drawn(seed, articles=120):
    generator = np.random.default_rng(seed)
    home = np.repeat(np.arange(articles), generator.integers(1, 12, articles))
    logits = (
        generator.normal(0, 2, (len(home), 4))
        * generator.uniform(0.4, 1.6, articles)[home][:, None]
    )
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
        home = np.array(homes, dtype=int)
        missed.append(np.mean(np.bincount(home, outside) / np.bincount(home)))
    assert 0.04 < np.mean(missed) <= 0.1


def _errors(generator, rate, articles, correlation):
    """Confidences and errors, whose rate falls with the confidence, of articles that are alike within."""
    size = generator.integers(1, 12, articles) if correlation else np.ones(articles, dtype=int)
    home = np.repeat(np.arange(articles), size)
    sure = generator.random(len(home))
    hard = np.sqrt(correlation) * generator.normal(size=articles)[home]
    own = np.sqrt(1 - correlation) * generator.normal(size=len(home))
    return sure, norm.cdf(hard + own) < rate(sure), [str(at) for at in home]


@pytest.mark.parametrize("ties", [0, 4], ids=["", "ties"])
@pytest.mark.parametrize(("articles", "correlation"), [(200, 0.0), (40, 0.3)])
@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_the_share_of_errors_stays_below_what_is_accepted_in_nine_of_ten_draws(
    slope, articles, correlation, ties
):
    """Errors at 22 % however sure, or falling to none: the share that a cut leads to is known, not estimated."""
    generator, grid, granted, over = np.random.default_rng(7), np.linspace(0, 1, 2001), 0, 0
    rate = (lambda sure: slope * (1 - sure)) if slope else (lambda sure: np.full_like(sure, 0.22))
    for _ in range(400):
        sure, wrong, homes = _errors(generator, rate, articles, correlation)
        if ties:
            sure = np.floor(sure * ties) / ties
        cut = risk_cut(sure, wrong, 0.2, homes)
        kept = grid[(np.floor(grid * ties) / ties if ties else grid) >= cut]
        granted += len(kept) > 0
        over += len(kept) > 0 and rate(kept).mean() > 0.2
    assert over <= 40
    # It declines all where it must, and not where it need not.
    assert granted <= 40 if not slope else granted > 100


def test_of_equally_sure_examples_all_are_kept_or_none():
    # The right ones first: what is kept may not hang on the order of the data.
    wrong = np.repeat([False, True], [20, 80])
    assert risk_cut(np.full(100, 0.7), wrong, 0.2) == float("inf")
    assert risk_cut(np.full(100, 0.7), wrong[::-1], 0.2) == float("inf")
    assert risk_cut(np.full(100, 0.7), ~wrong, 0.35) == 0.0
    sure, errors = np.repeat([0.9, 0.6], [100, 100]), np.repeat([False, True], [100, 100])
    # Scores on disk are rounded; the same examples are kept by them.
    cut = risk_cut(sure / 3 * 2, errors, 0.1)
    assert (
        (sure / 3 * 2 >= cut) == (np.round(sure / 3 * 2, 6) >= cut)
    ).all() and 0.4 < cut < 0.4001


def test_examples_of_few_articles_count_for_fewer():
    generator = np.random.default_rng(0)
    sure, hard = generator.random(400), np.repeat(np.arange(20), 20)
    wrong = (hard < 2) & (generator.random(400) < 0.9)
    assert risk_cut(sure, wrong, 0.15) == 0.0
    assert risk_cut(sure, wrong, 0.15, [str(at) for at in hard]) == float("inf")
    assert risk_cut(sure, wrong, 0.15, [str(at) for at in range(400)]) == 0.0
    # Where there is but one article, or no error to tell it by, examples may be as alike as can be.
    assert risk_cut(sure, sure < 0, 0.05, ["one"] * 400) == float("inf")
    assert risk_cut(np.array([]), np.array([], dtype=bool), 0.5, []) == float("inf")


def test_what_cannot_be_kept_declines_everything():
    assert risk_cut(np.linspace(0, 1, 100), np.ones(100, dtype=bool), 0.1) == float("inf")


def test_cuts_survive_a_round_trip_and_know_their_risks():
    scores, truth, articles = _drawn(0)
    caution = fit_policy(scores, truth, truth.argmax(axis=1) != scores.argmax(axis=1), articles)
    assert SelectivePolicy.from_list(caution.to_list()) == caution
    with pytest.raises(KitError, match=r"0.33 was not prepared.*0.05, 0.1"):
        caution.cut(0.33)


def test_a_higher_risk_never_declines_more():
    random = np.random.default_rng(3)
    scores = random.dirichlet([1, 1, 1, 1], 300)
    wrong = random.random(300) < 0.35
    truth = np.zeros((300, 4), dtype=bool)
    truth[np.arange(300), np.where(wrong, scores.argmin(axis=1), scores.argmax(axis=1))] = True
    cuts = [
        cut for _, cut in fit_policy(scores, truth, wrong, [str(at) for at in range(300)]).risks
    ]
    assert cuts == sorted(cuts, reverse=True) and cuts[-1] < cuts[0]
