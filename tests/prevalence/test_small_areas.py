"""Small areas: against brute force, and on cells with a known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from stancekit.prevalence.small_areas import fay_herriot, restricted_likelihood


def made_areas(m=40, between=0.5, random_state=0):
    random = np.random.default_rng(random_state)
    x = np.column_stack([np.ones(m), random.random(m)])
    d = random.uniform(0.1, 1.0, m)
    truth = x @ [1.0, 2.0] + np.sqrt(between) * random.standard_normal(m)
    return truth, truth + np.sqrt(d) * random.standard_normal(m), d, x


def error_contrasts(x):
    """An orthonormal basis of what is left without the covariates."""
    return np.linalg.svd(x)[0][:, x.shape[1] :]


def test_the_likelihood_is_that_of_error_contrasts():
    """REML by its definition: the likelihood of contrasts of which covariates say nothing."""
    _, y, d, x = made_areas()
    basis = error_contrasts(x)

    def density(between):
        covariance = basis.T @ np.diag(between + d) @ basis
        return multivariate_normal(cov=covariance).logpdf(basis.T @ y)

    for one, other in ((0.1, 0.5), (0.5, 2.0)):
        differ = restricted_likelihood(one, y, d, x) - restricted_likelihood(other, y, d, x)
        assert differ == pytest.approx(density(one) - density(other), abs=1e-9)
    best = minimize(lambda log: -density(np.exp(log[0])), [0.0], method="Nelder-Mead")
    model = fay_herriot(y, d, x)
    assert model.between == pytest.approx(float(np.exp(best.x[0])), rel=1e-3)


def test_estimates_are_best_linear_predictions():
    """By the mixed model equations of Henderson, and the terms of Prasad and Rao one by one."""
    _, y, d, x = made_areas()
    model = fay_herriot(y, d, x)
    a = model.between
    weight = np.diag(1 / d)
    top = np.hstack([x.T @ weight @ x, x.T @ weight])
    bottom = np.hstack([weight @ x, weight + np.eye(len(y)) / a])
    inverse = np.linalg.inv(np.vstack([top, bottom]))
    solved = inverse @ np.concatenate([x.T @ weight @ y, weight @ y])
    assert model.beta == pytest.approx(solved[:2], abs=1e-9)
    assert model.value == pytest.approx(x @ solved[:2] + solved[2:], abs=1e-9)
    rows = np.hstack([x, np.eye(len(y))])
    known = np.einsum("ij,jk,ik->i", rows, inverse, rows)
    third = d**2 / (a + d) ** 3 * 2 / (1 / (a + d) ** 2).sum()
    assert model.error == pytest.approx(known + 2 * third, abs=1e-9)


def test_an_area_without_rows_is_what_its_covariates_say():
    _, y, d, x = made_areas()
    y[:3] = np.nan
    model = fay_herriot(y, d, x)
    rest = fay_herriot(y[3:], d[3:], x[3:])
    assert model.value[:3] == pytest.approx(x[:3] @ rest.beta)
    assert model.value[3:] == pytest.approx(rest.value)
    assert (model.error[:3] > rest.between).all()


def test_areas_that_do_not_differ_keep_some_variance():
    """Restricted likelihood alone would say 0 in half of such cases, and intervals would be too narrow."""
    inside = []
    for draw in range(100):
        truth, y, d, x = made_areas(m=15, between=1e-9, random_state=draw)
        model = fay_herriot(y, d, x)
        assert model.between > 0
        inside.append(np.abs(model.value - truth) <= 2.16 * np.sqrt(model.error))
    assert np.mean(inside) >= 0.95


def test_intervals_hold_and_are_narrower_than_direct_ones():
    inside, narrower = [], []
    for draw in range(100):
        truth, y, d, x = made_areas(random_state=draw)
        model = fay_herriot(y, d, x)
        inside.append(np.abs(model.value - truth) <= 2.02 * np.sqrt(model.error))
        narrower.append(np.sqrt(model.error / d))
    assert 0.93 <= np.mean(inside) <= 0.97 and np.mean(narrower) < 0.85
