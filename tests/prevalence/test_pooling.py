"""Errors that edges share: are they found again, and are draws of codes what annotating all would show?"""

import numpy as np
import pytest

from stancekit.prevalence.imputation import draw_tallies
from stancekit.prevalence.pooling import fit_errors
from stancekit.prevalence.signed_rows import SignedRows, code_shares, row_features

POLES = np.eye(3)[:, :2]


def rows_of(random, *, n_cells=60, size=40, spread=0.0, article=0.0, annotated=1.0):
    """Rows with scores that are right on average, and shifts of cells and of articles in them."""
    n = n_cells * size
    cell, group = np.arange(n) // size, np.arange(n) // 4
    odds = random.normal(0, 1, (n, 2))
    scores = code_shares(odds)
    shifted = odds + spread * random.normal(size=(n_cells, 2))[cell]
    shifted += article * random.normal(size=(n // 4, 2))[group]
    shares = code_shares(shifted)
    three = np.column_stack([shares, 1 - shares.sum(axis=1)]).cumsum(axis=1)
    gold = POLES[np.minimum((three < random.random(n)[:, None]).sum(axis=1), 2)]
    chosen = random.random(n) < annotated
    return SignedRows(scores, scores > 0.5, gold, chosen, np.ones(n), cell, group)


def fit(rows, **given):
    random = np.random.default_rng(0)
    return fit_errors(rows, **{"draws": 50, "cells_differ": True, "random": random} | given)


def test_scores_that_are_right_stay_as_they_are():
    errors = fit(rows_of(np.random.default_rng(0))).errors
    assert errors.coefficients[:3] == pytest.approx(np.eye(3)[:, 1:], abs=0.15)
    assert np.trace(errors.spread) < 0.1 and np.trace(errors.article_spread) < 0.25


def test_spreads_of_cells_and_of_articles_are_told_from_each_other():
    wide = fit(rows_of(np.random.default_rng(1), spread=0.8)).errors
    assert 0.4 < np.trace(wide.spread) / 2 < 0.9 and np.trace(wide.article_spread) / 2 < 0.2
    near = fit(rows_of(np.random.default_rng(1), article=0.9)).errors
    assert np.trace(near.spread) / 2 < 0.1 and 0.4 < np.trace(near.article_spread) / 2 < 1.1


def test_where_cells_do_not_differ_their_spread_is_zero():
    fitted = fit(rows_of(np.random.default_rng(1), spread=0.8), cells_differ=False)
    assert not fitted.errors.spread.any() and not fitted.spreads.any() and not fitted.doubt.any()


@pytest.mark.parametrize("flat", [0.2, 1.0])
def test_scores_that_say_nothing_or_everything_are_no_trouble(flat):
    """Neither a constant feature nor perfect separation leads to endless coefficients."""
    rows = rows_of(np.random.default_rng(2), n_cells=10)
    scores = np.full_like(rows.scores, flat / 3) if flat < 1 else rows.gold
    sure = SignedRows(
        scores, scores > 0.5, rows.gold, rows.annotated, *[np.ones(400)], rows.cell, rows.article
    )
    fitted = fit(sure)
    assert np.isfinite(fitted.mode.coefficients).all() and np.isfinite(fitted.mode.covariance).all()
    assert np.abs(fitted.mode.coefficients).max() < 10


def test_the_mean_of_a_cell_in_one_article_is_hardly_relied_on():
    random = np.random.default_rng(0)
    cell = np.repeat([0, 1, 2, 3], [100, 100, 100, 10])
    article = np.r_[np.arange(300) // 5, np.full(10, 99)]
    raised = np.array([1.0, -1.0, 0.0, 3.0])[cell] + random.normal(0, 1, 100)[article]
    scores = code_shares(np.column_stack([raised, np.zeros(310)]))
    rows = SignedRows(scores, scores > 0.5, scores, np.ones(310, bool), np.ones(310), cell, article)
    features = row_features(rows)
    means = np.array([features.values[cell == one, 3][0] for one in range(4)])
    own = np.array([features.values[cell == one, 1].mean() for one in range(4)])
    centre = means[2]
    assert means[0] == pytest.approx(own[0], abs=0.15) and abs(means[3] - centre) < abs(
        own[3] - centre
    )
    assert features.doubt[3, 0, 0] > 5 * features.doubt[0, 0, 0]


def test_what_is_annotated_stays_in_every_draw():
    rows = rows_of(np.random.default_rng(3), annotated=1.0)
    tallies = draw_tallies(rows, rows.cell, draws=20)
    truth = np.array([rows.gold[rows.cell == cell].sum(axis=0) for cell in range(60)])
    assert (tallies.counts == truth).all() and (tallies.expected == truth).all()


def test_draws_of_parts_add_up_and_repeat():
    rows = rows_of(np.random.default_rng(4), spread=0.5, annotated=0.2)
    part = rows.cell * 2 + np.arange(len(rows.cell)) % 2
    tallies = draw_tallies(rows, part, draws=30, random_state=5)
    again = draw_tallies(rows, part, draws=30, random_state=5)
    assert (tallies.counts == again.counts).all()
    assert tallies.counts.shape == (30, 120, 2) and (tallies.counts.sum(axis=2) <= 20).all()
    assert tallies.expected == pytest.approx(tallies.counts.mean(axis=0), abs=3)


def test_intervals_of_cells_hold_and_narrow_where_rows_are_annotated():
    inside, width = [], {True: [], False: []}
    for seed in range(6):
        random = np.random.default_rng([seed, 7])
        rows = rows_of(random, n_cells=40, size=20, spread=0.6, article=0.5, annotated=0.15)
        drawn = draw_tallies(rows, rows.cell, draws=200).counts / 20
        net = drawn[..., 0] - drawn[..., 1]
        truth = np.array([rows.gold[rows.cell == cell].mean(axis=0) for cell in range(40)])
        low, high = np.quantile(net, [0.025, 0.975], axis=0)
        inside += (
            (low <= truth[:, 0] - truth[:, 1] + 1e-9) & (truth[:, 0] - truth[:, 1] <= high + 1e-9)
        ).tolist()
        many = np.bincount(rows.cell[rows.annotated], minlength=40) >= 4
        width[True] += (high - low)[many].tolist()
        width[False] += (high - low)[~many].tolist()
    assert np.mean(inside) >= 0.9 and np.mean(width[True]) < 0.95 * np.mean(width[False])
