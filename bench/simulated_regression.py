"""Corpora in which a label is a variable of a regression with known coefficients: do intervals hold?

Whether a row has the code, and what else depends on it, are alike within articles (a Gaussian copula),
while the mean given the covariates is exactly that of the family: the coefficients are known.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, poisson

from stancekit.prevalence.corrected import (
    LabelledMoments,
    fit_corrected,
    fit_gold,
    fit_naive,
    tune_weight,
)
from stancekit.prevalence.families import FAMILIES, Moments
from stancekit.prevalence.identified import is_separated
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities
from stancekit.types import FloatArray

# How alike rows of an article are: the correlation of the normal variables behind them.
ALIKE = 0.2
# How often the classifier is right, by party, and how often its error is that it sees the code.
ACCURACY, SEES = np.array([0.92, 0.72]), 0.75


@dataclass(frozen=True, slots=True)
class Design:
    """A simulated study: the regression, the role of the label, and how rows are annotated.

    `label` are the coefficients that decide whether a row has the code: constant, party, year. Where it
    is a covariate, `outcome` are those of the outcome: constant, party, year, label.
    """

    name: str
    family: str
    label: tuple[float, float, float]
    outcome: tuple[float, float, float, float] | None
    n: int
    draw: str = "random"
    finite: bool = False
    articles: int = 400

    @property
    def truth(self) -> FloatArray:
        """Return the coefficients of what such texts say."""
        return np.array(self.label if self.outcome is None else self.outcome)


DESIGNS = (
    Design("linear, outcome", "linear", (0.3, 0.2, -0.1), None, 150),
    Design("linear, outcome", "linear", (0.3, 0.2, -0.1), None, 300, finite=True),
    Design("logistic, outcome", "logistic", (-0.8, 0.9, -0.5), None, 150),
    Design("logistic, outcome", "logistic", (-0.8, 0.9, -0.5), None, 600),
    Design("logistic, outcome", "logistic", (-0.8, 0.9, -0.5), None, 300, finite=True),
    Design("logistic, outcome", "logistic", (-0.8, 0.9, -0.5), None, 300, draw="stratified"),
    Design("logistic, outcome", "logistic", (-0.8, 0.9, -0.5), None, 300, draw="uncertain"),
    Design("logistic, outcome, 40 articles", "logistic", (-0.8, 0.9, -0.5), None, 300, articles=40),
    Design("logistic, rare outcome", "logistic", (-3.2, 0.9, 0.0), None, 300),
    Design("poisson, outcome", "poisson", (-1.6, 0.5, -0.2), None, 300),
    Design("linear, covariate", "linear", (0.3, 0.2, -0.1), (1.0, 0.3, -0.2, 0.5), 150),
    Design(
        "linear, covariate", "linear", (0.3, 0.2, -0.1), (1.0, 0.3, -0.2, 0.5), 300, finite=True
    ),
    Design("linear, rare covariate", "linear", (0.06, 0.06, 0.0), (1.0, 0.3, -0.2, 0.5), 300),
    Design("logistic, covariate", "logistic", (0.3, 0.2, -0.1), (-0.5, 0.4, -0.3, 0.8), 300),
    Design(
        "poisson, covariate",
        "poisson",
        (0.3, 0.2, -0.1),
        (0.4, 0.3, -0.2, 0.5),
        300,
        draw="stratified",
    ),
)


@dataclass(frozen=True, slots=True)
class LabelledStudy:
    """Rows of a simulated study: article, covariates (N, 3), label, the classifier's score and code, outcome."""

    article: np.ndarray
    covariates: FloatArray
    label: FloatArray
    score: FloatArray
    predicted: FloatArray
    outcome: FloatArray


def simulate_study(random: np.random.Generator, design: Design) -> LabelledStudy:
    """Draw a corpus: articles of 2 to 20 rows of one year, whose rows are of two parties.

    Examples
    --------
    >>> simulate_study(np.random.default_rng(0), DESIGNS[0]).covariates.shape[1]
    3
    """
    article = np.repeat(np.arange(design.articles), random.integers(2, 21, design.articles))
    n = len(article)
    party = (random.random(n) < 0.4) * 1.0
    year = random.integers(0, 3, design.articles)[article] / 2
    covariates = np.stack([np.ones(n), party, year], axis=1)
    family = FAMILIES[design.family if design.outcome is None else "linear"]
    label = (_alike(random, article) < family.mean(covariates @ np.array(design.label))) * 1.0
    right = random.random(n) < ACCURACY[party.astype(int)]
    wrong = np.where(random.random(n) < SEES, 1.0, label)
    predicted = np.where(right, label, wrong)
    score = 0.15 + 0.6 * predicted + 0.2 * random.random(n)
    outcome = label
    if design.outcome is not None:
        predictor = np.column_stack([covariates, label]) @ np.array(design.outcome)
        outcome = _draw_outcome(design.family, predictor, _alike(random, article))
    return LabelledStudy(article, covariates, label, score, predicted, outcome)


def _alike(random: np.random.Generator, article: np.ndarray) -> FloatArray:
    """Draw uniform numbers that are alike within articles."""
    shared = random.normal(size=article.max() + 1)[article]
    own = random.normal(size=len(article))
    return norm.cdf(np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * own)


def _draw_outcome(family: str, predictor: FloatArray, uniform: FloatArray) -> FloatArray:
    mean = FAMILIES[family].mean(predictor)
    if family == "linear":
        return mean + norm.ppf(uniform)
    if family == "logistic":
        return (uniform < mean) * 1.0
    return poisson.ppf(uniform, mean)


def labelled_moments(study: LabelledStudy, design: Design, random_state: int) -> LabelledMoments:
    """Annotate n rows, and return the rows of the regression."""
    party = study.covariates[:, 1]
    strata = [str(value) if design.draw == "stratified" else "" for value in party]
    scores = np.stack([study.score, 1 - study.score], axis=1)
    probability = inclusion_probabilities(strata, scores, design.n, design=design.draw)
    rows = draw_sample(probability, strata, random_state=random_state)
    weight = 1 / probability[rows]
    return LabelledMoments(
        scores=_moments(study, study.score, design),
        predicted=_moments(study, study.predicted, design),
        gold=_moments(study, study.label, design).take(rows),
        rows=rows,
        weight=weight * len(party) / weight.sum(),
        left=1 - probability[rows],
        unit=study.article,
        finite=design.finite,
    )


def _moments(study: LabelledStudy, label: FloatArray, design: Design) -> Moments:
    ones = np.ones(len(label))
    if design.outcome is None:
        return Moments(study.covariates, label, ones, ones)
    return Moments(np.column_stack([study.covariates, label]), study.outcome, ones, ones)


def evaluate_study(
    random: np.random.Generator, design: Design, random_state: int
) -> dict[str, tuple[FloatArray, FloatArray]] | None:
    """Return of each method which intervals have the truth in them, and half their width, shape (terms,).

    `None` where the annotated rows are separated, and the kit gives no number.
    """
    family = FAMILIES[design.family]
    study = simulate_study(random, design)
    data = labelled_moments(study, design, random_state)
    if is_separated(data.gold, family):
        return None
    gold = fit_gold(data, family)
    if gold is None:
        return None
    weight = tune_weight(data, family, gold.theta)
    kit, naive = fit_corrected(data, family, weight, gold.theta), fit_naive(data, family)
    if kit is None or naive is None:
        return None
    truth = design.truth
    if design.finite:
        whole = _moments(study, study.label, design)
        every = np.arange(data.n)
        known = LabelledMoments(
            whole, whole, whole, every, np.ones(data.n), np.zeros(data.n), data.unit, finite=True
        )
        truth = fit_gold(known, family).theta  # type: ignore[union-attr]  # the whole corpus has a root
    found = {"kit": kit, "annotation only": gold, "counting": naive}
    results = {}
    for method, fitted in found.items():
        most = data.effective if method != "counting" else float(len(fitted.influence))
        half = fitted.half_width(most)
        results[method] = (np.abs(fitted.theta - truth) <= half, half)
    return results
