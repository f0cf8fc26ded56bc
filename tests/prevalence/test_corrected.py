"""Coefficients with labels against other people's implementations, and against the sums written out."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import ppi_py
import pytest
import statsmodels.api as sm
from bench.coverage_studies import regression_coverage
from bench.dsl import EXAMPLES, compare
from bench.simulated_regression import DESIGNS, Design, labelled_moments, simulate_study
from scipy.optimize import root

from stancekit.errors import KitError
from stancekit.prevalence.corrected import (
    LabelledMoments,
    fit_corrected,
    fit_gold,
    fit_naive,
    tune_weight,
)
from stancekit.prevalence.families import FAMILIES, Moments, find_family, solve

MODELS = {
    "linear": sm.families.Gaussian(),
    "logistic": sm.families.Binomial(),
    "poisson": sm.families.Poisson(),
}
# Of each family one study with the label as outcome, and one with it as a covariate.
OUTCOMES = {design.family: design for design in DESIGNS[::-1] if design.outcome is None}
COVARIATES = {design.family: design for design in DESIGNS if design.outcome is not None}
STUDIES = [*OUTCOMES.values(), *COVARIATES.values()]


def names(design):
    return design.name


def made(design: Design, seed=3):
    study = simulate_study(np.random.default_rng(seed), design)
    return labelled_moments(study, design, seed), FAMILIES[design.family]


def glm(moments: Moments, family, weights=None):
    """Statsmodels' fit of the same rows; Gaussian weights are those of least squares."""
    weights = np.ones(len(moments.outcome)) if weights is None else weights
    model = sm.GLM(
        moments.outcome, moments.design, family=MODELS[family.name], freq_weights=weights
    )
    return model.fit(tol=1e-12)


@pytest.mark.parametrize("design", STUDIES, ids=names)
def test_annotated_rows_alone_are_a_weighted_glm(design):
    data, family = made(design)
    theirs = glm(data.gold, family, data.weight)
    assert fit_gold(data, family).theta == pytest.approx(theirs.params, abs=1e-6)


@pytest.mark.parametrize("design", STUDIES, ids=names)
def test_labels_as_truth_are_a_glm_with_clustered_errors(design):
    data, family = made(design)
    ours = fit_naive(data, family)
    model = sm.GLM(data.predicted.outcome, data.predicted.design, family=MODELS[family.name])
    kwds = {"groups": data.unit, "use_correction": False, "df_correction": False}
    theirs = model.fit(tol=1e-12, cov_type="cluster", cov_kwds=kwds)
    assert ours.theta == pytest.approx(theirs.params, abs=1e-6)
    if not design.finite:
        assert ours.error == pytest.approx(theirs.bse, rel=1e-6)


@pytest.mark.parametrize("design", STUDIES, ids=names)
def test_with_every_row_annotated_it_is_the_fit_of_gold(design):
    """Whatever the scores say, and with any weight of them; a claim about these rows has no error."""
    study = simulate_study(np.random.default_rng(0), design)
    data, family = made(design, 0)
    truth = labelled_moments(study, design, 0)
    whole = study.label
    ones = np.ones(data.n)
    x = study.covariates if design.outcome is None else np.column_stack([study.covariates, whole])
    y = whole if design.outcome is None else study.outcome
    gold = Moments(x, y, ones, ones)
    every = np.arange(data.n)
    known = LabelledMoments(
        truth.scores, truth.predicted, gold, every, ones, 0 * ones, study.article, finite=True
    )
    theirs = glm(gold, family).params
    for weight in (0.0, 1.0):
        ours = fit_corrected(known, family, weight, np.zeros(x.shape[1]))
        assert ours.theta == pytest.approx(theirs, abs=1e-6)
        assert ours.error == pytest.approx(0, abs=1e-12)
        assert ours.half_width(known.effective) == pytest.approx(0, abs=1e-10)


# PPI++ (Angelopoulos, Duchi and Zrnic 2023): `ppi_py` with all rows as those without labels, at a given lambda.
PPI = {"logistic": ppi_py.ppi_logistic_pointestimate, "poisson": ppi_py.ppi_poisson_pointestimate}


@pytest.mark.parametrize("weight", [0.4, 1.0])
@pytest.mark.parametrize("family", PPI)
def test_with_the_same_lambda_it_is_ppi(family, weight):
    data, own = made(OUTCOMES[family])
    drawn = data.scores.take(data.rows)
    with warnings.catch_warnings():
        # Its way to call scikit-learn is that of older versions.
        warnings.simplefilter("ignore", FutureWarning)
        theirs = PPI[family](
            drawn.design,
            data.gold.outcome,
            drawn.outcome,
            data.scores.design,
            data.scores.outcome,
            lam=weight,
            optimizer_options={"ftol": 1e-15, "gtol": 1e-12},
        )
    assert np.ptp(data.weight) < 1e-9
    ours = fit_corrected(data, own, weight, np.zeros(3)).theta
    assert ours == pytest.approx(theirs, abs=2e-5)


@pytest.mark.parametrize("weight", [0.4, 1.0])
def test_least_squares_with_the_same_lambda_are_ppi(weight):
    """`ppi_py` adds up two fits, which is the root of one equation where x varies alike in both."""
    random = np.random.default_rng(0)
    x = np.tile([[1.0, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0.5], [1, 1, 0.5]], (200, 1))
    gold = (random.random(1200) < 0.3 + 0.2 * x[:, 1]) * 1.0
    scores = np.where(random.random(1200) < 0.8, gold, 1 - gold)
    ones, drawn = np.ones(1200), np.arange(240)
    every = Moments(x, scores, ones, ones)
    annotated = Moments(x, gold, ones, ones).take(drawn)
    weights, left = np.full(240, 5.0), np.full(240, 0.8)
    data = LabelledMoments(
        every, every, annotated, drawn, weights, left, np.arange(1200), finite=False
    )
    theirs = ppi_py.ppi_ols_pointestimate(
        x[drawn], gold[drawn], scores[drawn], x, scores, lam=weight
    )
    ours = fit_corrected(data, FAMILIES["linear"], weight, np.zeros(3))
    assert ours.theta == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("design", COVARIATES.values(), ids=names)
def test_a_label_among_the_covariates_is_the_root_of_the_sums_written_out(design):
    data, family = made(design)
    drawn = data.scores.take(data.rows)

    def sums(theta):
        def add(moments, weights):
            mean = family.mean(moments.design @ theta)
            return (weights * (moments.outcome - mean)) @ moments.design

        every = add(data.scores, np.ones(data.n))
        error = add(data.gold, data.weight) - 0.7 * add(drawn, data.weight)
        return (0.7 * every + error) / data.n

    start = fit_gold(data, family).theta
    theirs = root(sums, start, tol=1e-12)
    assert theirs.success
    assert fit_corrected(data, family, 0.7, start).theta == pytest.approx(theirs.x, abs=1e-7)


def without(data: LabelledMoments, unit: int) -> LabelledMoments:
    """Take the annotated rows of a unit out of the equation, with the others as they were."""
    weight = np.where(data.drawn_unit == unit, 0.0, data.weight)
    return LabelledMoments(
        data.scores, data.predicted, data.gold, data.rows, weight, data.left, data.unit, data.finite
    )


def test_influence_of_a_unit_is_how_far_least_squares_move_without_it():
    """Of a linear equation the leave-one-out step is exact, but that weights are not scaled anew."""
    data, family = made(COVARIATES["linear"])
    fitted = fit_gold(data, family)
    for unit in np.unique(data.drawn_unit)[:5]:
        moved = fitted.theta - fit_gold(without(data, unit), family).theta
        # The kit centres what rows add at their mean, 0 here, and so is the same.
        assert fitted.influence[unit] == pytest.approx(moved, abs=1e-8)


def test_the_weight_of_scores_makes_the_mean_relative_variance_least():
    data, family = made(DESIGNS[8])
    start = fit_gold(data, family)
    weight = tune_weight(data, family, start.theta)

    def relative(weight):
        return (fit_corrected(data, family, weight, start.theta).error ** 2 / start.error**2).mean()

    assert 0 < weight < 1
    # To first order: the coefficients themselves move a little with the weight.
    least = min(np.linspace(0, 1, 21), key=relative)
    assert weight == pytest.approx(least, abs=0.11)


def test_useless_scores_are_not_used_and_cost_nothing():
    study = simulate_study(np.random.default_rng(5), DESIGNS[2])
    useless = type(study)(
        study.article,
        study.covariates,
        study.label,
        np.random.default_rng(0).random(len(study.label)),
        study.predicted,
        study.outcome,
    )
    data = labelled_moments(useless, DESIGNS[2], 5)
    family = FAMILIES["logistic"]
    gold = fit_gold(data, family)
    weight = tune_weight(data, family, gold.theta)
    kit = fit_corrected(data, family, weight, gold.theta)
    assert weight < 0.3
    assert (kit.error < 1.02 * gold.error).all()


def test_a_variance_that_few_units_decide_has_few_degrees_of_freedom():
    data, family = made(OUTCOMES["linear"])
    fitted = fit_gold(data, family)
    many = fitted.effective(np.inf)
    assert (many > 40).all()
    concentrated = fitted.influence.copy()
    concentrated[np.argsort((concentrated**2).sum(axis=1))[:-4]] = 0
    few = replace(fitted, influence=concentrated).effective(np.inf)
    assert (few < 15).all()
    assert (fitted.effective(10.0) == 10).all()


def test_what_has_no_root_is_said_to_have_none():
    assert solve(lambda x: (1 + x**2, -2 * np.diag(x)), np.ones(1)) is None
    assert solve(lambda x: (np.ones(1), np.zeros((1, 1))), np.zeros(1)) is None
    with pytest.raises(
        KitError, match="unknown family='probit'; there are: linear, logistic, poisson"
    ):
        find_family("probit")


def test_coefficients_hold_where_labels_as_truth_do_not():
    table = regression_coverage([DESIGNS[2], DESIGNS[10]], draws=60)
    found = {(row.regression, row.method): row for row in table.itertuples()}
    for design in (DESIGNS[2], DESIGNS[10]):
        kit, alone, naive = (
            found[design.name, method] for method in ("kit", "annotation only", "counting")
        )
        assert kit.coverage >= 0.9 and kit.estimated > 0.95
        assert naive.coverage < 0.85 and naive.lowest < 0.5
        assert kit.half_width < 0.8 * alone.half_width


@pytest.mark.slow
@pytest.mark.parametrize(
    "design", DESIGNS, ids=lambda design: f"{design.name}-{design.n}-{design.draw}"
)
def test_intervals_of_coefficients_hold(design):
    table = regression_coverage([design], draws=400, random_state=1)
    (kit,) = [row for row in table.itertuples() if row.method == "kit"]
    assert kit.coverage >= 0.93 and kit.lowest >= 0.9


DSL = Path(os.environ.get("STANCEKIT_DSL", "not there"))


@pytest.mark.slow
@pytest.mark.skipif(
    not (DSL / "PanChen.csv").exists(),
    reason="no tables of R's dsl; bench/dsl.py says how R writes them: set STANCEKIT_DSL to their folder",
)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.table)
def test_published_examples_of_dsl_have_the_same_answers(example, tmp_path):
    found = compare(example, DSL, tmp_path)
    half = (found["dsl high"] - found["dsl low"]) / 2
    assert ((found["estimate"] - found["dsl"]).abs() < 0.35 * half).all()
