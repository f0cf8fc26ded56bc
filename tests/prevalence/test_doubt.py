"""Annotators' doubt: against other programs, refits, and data with a known truth."""

import numpy as np
import pytest
import statsmodels.api as sm

from stancekit.corpus.dawid_skene import dawid_skene
from stancekit.errors import KitError
from stancekit.prevalence.doubt import Doubt, share_gold
from stancekit.prevalence.estimators import (
    SampledUnits,
    contrast,
    estimate_domain,
    share_interval,
)
from stancekit.prevalence.posterior_gold import fit_posteriors, given_posteriors


def make_units(gold, doubted, *, annotated=None, article=None, scores=None, exclusive=False):
    n = len(gold)
    annotated = np.ones(n, dtype=bool) if annotated is None else annotated
    scores = np.full(gold.shape, 0.5) if scores is None else scores
    article = np.arange(n) if article is None else article
    probability = np.full(n, annotated.mean())
    return SampledUnits(
        scores,
        scores > 0.5,
        article,
        annotated,
        gold,
        probability,
        exclusive=exclusive,
        doubted=doubted,
    )


def judged(random, n, *, right=(0.9, 0.8, 0.7), codes=3):
    truth = random.integers(0, codes, n)
    given = np.array(
        [np.where(random.random(n) < each, truth, random.integers(0, codes, n)) for each in right]
    )
    return truth, given.T


def test_the_variance_of_a_mean_is_that_of_two_way_clusters():
    random = np.random.default_rng(0)
    n, annotators = 40, 5
    row, annotator = np.repeat(np.arange(n), annotators), np.tile(np.arange(annotators), n)
    code = (random.random(len(row)) < 0.3 + 0.1 * annotator / 5).astype(float)[:, None]
    gold, shared = share_gold(row, annotator, code, n)
    article = np.arange(n) // 4
    domain = estimate_domain(make_units(gold, shared, article=article), finite_population=False)
    oracle = sm.OLS(code, np.ones((len(row), 1))).fit(
        cov_type="cluster",
        cov_kwds={"groups": np.column_stack([article[row], annotator]), "use_correction": False},
    )
    added = (domain.doubt.added**2).sum() * (annotators - 1) / annotators
    variance = (domain.influence**2).sum() + added - (domain.doubt.removed**2).sum()
    assert variance == pytest.approx(float(oracle.cov_params()[0, 0]), rel=1e-9)
    assert domain.doubt.freedom == pytest.approx(annotators - 1) and domain.doubt.judges == 5


def test_one_judgement_of_each_row_makes_annotators_the_clusters():
    random = np.random.default_rng(1)
    annotator = random.integers(0, 8, 400)
    code = (random.random(400) < np.linspace(0.1, 0.6, 8)[annotator]).astype(float)[:, None]
    gold, shared = share_gold(np.arange(400), annotator, code, 4000)
    annotated = np.arange(4000) < 400
    domain = estimate_domain(make_units(gold, shared, annotated=annotated))
    sums = np.bincount(annotator, weights=code[:, 0] - code.mean())
    left = (domain.influence**2).sum() - (domain.doubt.removed**2).sum()
    assert left == pytest.approx(0, abs=1e-12)
    assert domain.doubt.variance[0] > 0.8 * (sums**2).sum() / 400**2
    assert domain.from_annotators[0] > 0.5


def test_what_a_row_adds_to_posteriors_is_what_a_refit_without_it_changes():
    random = np.random.default_rng(2)
    _, given = judged(random, 300)
    counts = np.eye(3)[given]
    counts[random.random((300, 3)) < 0.1] = 0
    counts = counts[counts.sum(axis=(1, 2)) > 0]
    n = len(counts)
    cell = np.arange(n) % 3 == 0
    gold = fit_posteriors(np.arange(n), counts)
    values = gold.values(n, 3)

    def corrected(kept):
        # Each row's own weight matters, so that the fit is of the rows kept, the values of all.
        found = dawid_skene(counts[kept])
        log = np.log(found.prior) + np.einsum("nkl,kjl->nj", counts, np.log(found.confusion))
        chance = np.exp(log - log.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        of_kept = chance[kept]
        mean = of_kept.T @ of_kept / of_kept.sum(axis=0)[:, None]
        return chance @ np.linalg.inv(mean)

    every = np.ones(n, dtype=bool)
    assert corrected(every) == pytest.approx(values, abs=1e-5)
    units = make_units(values, gold, exclusive=True)
    domain = estimate_domain(units, cell, finite_population=False)
    moved = domain.doubt.added - domain.influence
    for row in (0, 1, 17, 150):
        without = every.copy()
        without[row] = False
        change = values[cell].mean(axis=0) - corrected(without)[cell].mean(axis=0)
        assert moved[row] == pytest.approx(change, rel=0.1, abs=4e-5)


@pytest.mark.slow
def test_corrected_posteriors_are_right_in_cells_with_other_shares():
    """Plain posteriors lean towards the shares of all rows."""
    random = np.random.default_rng(3)
    errors, plain = [], []
    for _ in range(30):
        cell = np.arange(600) < 60
        truth = (random.random(600) < np.where(cell, 0.9, 0.1)).astype(int)
        given = [np.where(random.random(600) < 0.7, truth, 1 - truth) for _ in range(3)]
        counts = np.eye(2)[np.array(given).T]
        values = fit_posteriors(np.arange(600), counts).values(600, 2)
        errors.append(values[cell, 1].mean() - truth[cell].mean())
        plain.append(dawid_skene(counts).posterior[cell, 1].mean() - truth[cell].mean())
    assert abs(np.mean(errors)) < 0.05 < 0.1 < abs(np.mean(plain))


def test_with_three_right_annotators_posterior_gold_is_gold():
    random = np.random.default_rng(4)
    truth = random.integers(0, 2, 200)
    counts = np.repeat(np.eye(2)[truth][:, None], 3, axis=1)
    gold = fit_posteriors(np.arange(200), counts)
    annotated = np.arange(1000) < 200
    values = gold.values(1000, 2)
    found = estimate_domain(make_units(values, gold, annotated=annotated, exclusive=True))
    sure = np.zeros((1000, 2))
    sure[:200] = np.eye(2)[truth]
    plain = estimate_domain(make_units(sure, None, annotated=annotated, exclusive=True))
    assert found.value == pytest.approx(plain.value, abs=2e-3)
    for one, other in zip(share_interval(found), share_interval(plain), strict=True):
        assert one == pytest.approx(other, abs=3e-3)


def test_several_codes_per_row_have_a_model_each():
    random = np.random.default_rng(5)
    truth = random.random((400, 2)) < [0.3, 0.6]
    flips = random.random((3, 400, 2)) < 0.15
    has = (truth ^ flips).transpose(1, 0, 2).astype(float)
    gold = fit_posteriors(np.arange(400), np.concatenate([has, 1 - has], axis=2), exclusive=False)
    assert len(gold.models) == 2
    found = gold.values(400, 2).mean(axis=0)
    assert found == pytest.approx(truth.mean(axis=0), abs=0.06)
    domain = estimate_domain(make_units(gold.values(400, 2), gold))
    assert all(0 < part <= 1 for part in domain.from_annotators)


def test_judgements_that_say_nothing_of_the_code_give_no_posterior():
    counts = np.repeat(np.eye(2)[[[0, 1, 1]]], 60, axis=0)
    with pytest.raises(KitError, match=r"hardly say which code is which.*judgements=mean"):
        fit_posteriors(np.arange(60), counts)


def test_posteriors_of_a_file_annotated_in_full_keep_the_doubt_of_their_codes():
    chances = np.column_stack([np.full(100, 0.8), np.full(100, 0.2)])
    gold = given_posteriors(np.arange(100), chances, exclusive=True)
    domain = estimate_domain(make_units(chances, gold, exclusive=True))
    assert not domain.certain
    assert domain.doubt.variance == pytest.approx([0.16 / 100] * 2)
    assert domain.from_annotators == [pytest.approx(1.0)] * 2


def test_annotators_of_two_cells_cancel_in_their_difference():
    random = np.random.default_rng(7)
    row, annotator = np.repeat(np.arange(800), 4), np.tile(np.arange(4), 800)
    leaning = np.array([-0.2, -0.1, 0.1, 0.2])
    code = (random.random(len(row)) < 0.5 + leaning[annotator]).astype(float)[:, None]
    gold, shared = share_gold(row, annotator, code, 8000)
    units = make_units(gold, shared, annotated=np.arange(8000) < 800)
    first = np.arange(8000) % 2 == 0
    domains = [estimate_domain(units, mask) for mask in (first, ~first)]
    width = [float((high - low)[0]) for low, high in map(share_interval, domains)]
    _, low, high = contrast(domains, [1, -1])
    assert float((high - low)[0]) < 0.6 * min(width)


def test_few_annotators_widen_by_their_own_quantile():
    few, many = (Doubt(np.ones((1, 1)), np.zeros((1, 1)), freedom) for freedom in (2.0, 200.0))
    variance, q = few.widen(np.ones(1), 2.0, 0.95)
    assert variance == pytest.approx([2.0]) and q == pytest.approx(
        [np.sqrt((4 + 4.3027**2) / 2)], 1e-4
    )
    assert many.widen(np.ones(1), 2.0, 0.95)[1][0] < 2.0
    assert few.widen(np.zeros(1), 2.0, 0.95)[1] == pytest.approx([4.3027], 1e-4)
