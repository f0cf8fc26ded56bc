"""The kit's estimators against other people's implementations of the same formulas.

Where the kit does more than the other library, such as a correction for small samples,
the test undoes just that, with the formula beside it, and demands equality to rounding.
Each of these comparisons fails if the kit's formula changes.
"""

import warnings

import mapie.classification
import mapie.risk_control
import numpy as np
import ppi_py
import pytest
import scipy.stats
from sklearn.base import BaseEstimator, ClassifierMixin
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from stancekit.evaluation import bootstrap, count, interval, macro_f1, micro_f1
from stancekit.evaluation.bootstrap import small_sample_correction
from stancekit.evaluation.comparison import holm
from stancekit.models.selective import risk_cut, set_cut
from stancekit.prevalence.estimators import SampledUnits, contrast, estimate_domain, share_interval

ALPHA = 0.05
CODES = 3


def make_units(
    *,
    rows=1200,
    sampled=300,
    exclusive=False,
    same_scores=False,
    direction=1.0,
    noise=2.0,
):
    """Make rows with scores: the first ones sampled, one per article, all drawn alike.

    With `same_scores` the scores of the sample occur again and again in the rest, so
    that both have one mean and one variance. With `direction=-1` a high score of a code
    speaks against it; the less `noise`, the more scores say.
    """
    random = np.random.default_rng(0)
    gold = np.eye(CODES)[random.choice(CODES, rows, p=[0.5, 0.3, 0.2])]
    leaning = 2 * direction * gold + random.normal(scale=noise, size=gold.shape)
    scores = np.exp(leaning) / np.exp(leaning).sum(axis=1, keepdims=True)
    if same_scores:
        scores = np.tile(scores[:sampled], (rows // sampled, 1))
    return SampledUnits(
        scores=scores,
        predicted=scores > 0.5,
        article=np.arange(rows),
        annotated=np.arange(rows) < sampled,
        gold=gold,
        probability=np.full(rows, sampled / rows),
        exclusive=exclusive,
    )


def split_sample(units):
    """Return gold codes and scores of the sample, and the scores of the rest."""
    sample, rest = units.annotated, ~units.annotated
    return units.gold[sample], units.scores[sample], units.scores[rest]


# Prediction-powered inference (Angelopoulos, Duchi and Zrnic 2023, "PPI++", equation
# 4): `ppi_py.ppi_mean_pointestimate` and `ppi_mean_ci` against `cell`, `contrast` and
# `interval`.
#
# The kit's scores are those of all M rows, the sample of n included; ppi_py's are those
# of the N = M - n others. As mean(all) - mean(sample) = N/M (mean(rest) -
# mean(sample)), the kit's weight times N/M is ppi_py's lambda.


@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_share_with_the_same_lambda_is_the_mean_of_ppi(finite, exclusive):
    units = make_units(exclusive=exclusive)
    shares = estimate_domain(units, finite_population=finite)
    gold, scores, rest = split_sample(units)
    assert (shares.lambda_ > 0.2).all() and (shares.lambda_ < 1).all()
    theirs = ppi_py.ppi_mean_pointestimate(
        gold, scores, rest, lam=shares.lambda_ * len(rest) / len(units.scores)
    )
    assert shares.value == pytest.approx(theirs, abs=1e-12)
    assert shares.gold_only == pytest.approx(
        ppi_py.ppi_mean_pointestimate(gold, scores, rest, lam=0), abs=1e-12
    )


@pytest.mark.parametrize("finite", [True, False])
def test_scores_that_say_too_little_are_taken_as_they_are(finite):
    """The kit cuts its weight off at 1: the estimator of Egami et al. 2023, equation 3.

    That is the mean of all scores plus the mean error of the sample's, ppi_py with
    lambda 1 and all rows as the others. ppi_py itself would cut lambda off at 1, in the
    kit's terms a weight of M/N.
    """
    units = make_units(noise=0.5)
    shares = estimate_domain(units, finite_population=finite)
    gold, scores, _ = split_sample(units)
    assert (shares.lambda_ == 1).all()
    theirs = ppi_py.ppi_mean_pointestimate(gold, scores, units.scores, lam=1)
    assert shares.value == pytest.approx(theirs, abs=1e-12)


def test_a_share_with_unequal_probabilities_is_the_weighted_mean_of_ppi():
    """With weights 1/probability that sum to n (Hajek 1971), all rows as the others.

    Of ppi_py this holds for the point alone: its variance is that of w y, the kit's
    that of w (y - mean), as the sum of the weights is itself left to chance.
    """
    units = make_units()
    units.probability[:] = np.random.default_rng(1).uniform(0.05, 0.9, len(units.scores))
    shares = estimate_domain(units, finite_population=False)
    gold, scores, _ = split_sample(units)
    theirs = ppi_py.ppi_mean_pointestimate(
        gold,
        scores,
        units.scores,
        lam=shares.lambda_,
        w=1 / units.probability[units.annotated],
    )
    assert shares.value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("exclusive", "mode"), [(True, "overall"), (False, "element")])
def test_lambda_is_that_of_ppi(exclusive, mode):
    """For a claim about these rows: cov(gold, scores) / var(scores), as in equation 6.

    Where each row has exactly one code, one lambda makes the sum of variances least
    (ppi_py: "overall"), otherwise each code has its own ("element"). ppi_py takes the
    variance of scores over all rows, divided by M - 1, the kit that over the sample,
    divided by n as in the covariance. So lambda is equal after multiplying by the ratio
    of the two.
    """
    units = make_units(exclusive=exclusive)
    gold, scores, rest = split_sample(units)
    of_sample, of_all = scores.var(axis=0), units.scores.var(axis=0, ddof=1)
    if exclusive:
        of_sample, of_all = of_sample.sum(), of_all.sum()
    lam = estimate_domain(units).lambda_ * len(rest) / len(units.scores) * of_sample / of_all
    theirs = ppi_py.ppi_mean_pointestimate(gold, scores, rest, lam_optim_mode=mode)
    assert ppi_py.ppi_mean_pointestimate(gold, scores, rest, lam=lam) == pytest.approx(
        theirs, abs=1e-12
    )


@pytest.mark.parametrize("finite", [True, False])
def test_scores_that_mislead_have_no_weight_in_either(finite):
    """Both cut lambda off at 0, so that what is left is the mean of the gold codes."""
    units = make_units(direction=-1.0)
    gold, scores, rest = split_sample(units)
    shares = estimate_domain(units, finite_population=finite)
    assert (shares.lambda_ == 0).all()
    theirs = ppi_py.ppi_mean_pointestimate(gold, scores, rest, lam_optim_mode="element")
    assert shares.value == pytest.approx(theirs, abs=1e-12)


def undo_correction(low, high, shares):
    """Return half of a contrast's interval without the corrections for few units.

    The kit multiplies the variance by n / (n - 1), and takes Student's quantile with n
    - 1 degrees of freedom where ppi_py takes the normal one.
    """
    n = shares.effective
    student = scipy.stats.t.ppf(1 - ALPHA / 2, n - 1)
    return (high - low) / 2 / student / np.sqrt(n / (n - 1)) * scipy.stats.norm.ppf(1 - ALPHA / 2)


@pytest.mark.parametrize("same_scores", [True, False])
def test_the_interval_beyond_the_corpus_is_that_of_ppi(same_scores):
    """A single cell's `contrast` is its share plus and minus its error, as in ppi_py.

    The variance of ppi_py is lambda^2 var(rest) / N + var(gold - lambda scores) / n.
    The kit's units of chance are all M articles, the sample's among them, so that it
    holds one more term, n lambda^2 / (M N) (mean(sample) - mean(rest))^2; nothing where
    the two means are equal, and always of order 1 / n^2.
    """
    units = make_units(same_scores=same_scores)
    shares = estimate_domain(units, finite_population=False)
    gold, scores, rest = split_sample(units)
    n, n_rest, rows = len(gold), len(rest), len(units.scores)
    lam = shares.lambda_ * n_rest / rows
    extra = n * lam**2 / (rows * n_rest) * (scores.mean(axis=0) - rest.mean(axis=0)) ** 2
    assert (extra < 1e-30).all() if same_scores else (extra > 0).all()
    low, high = ppi_py.ppi_mean_ci(gold, scores, rest, alpha=ALPHA, lam=lam)
    normal = scipy.stats.norm.ppf(1 - ALPHA / 2)
    theirs = normal * np.sqrt(((high - low) / 2 / normal) ** 2 + extra)
    value, start, end = contrast([shares], [1])
    assert shares.effective == pytest.approx(n)
    assert undo_correction(start, end, shares) == pytest.approx(theirs, rel=1e-10)
    assert value == pytest.approx((low + high) / 2, abs=1e-12)


def test_the_interval_of_a_corpus_is_the_classical_one_of_corrected_codes():
    """For a claim about these rows: the difference estimator of survey sampling.

    Chance is which rows were sampled. The variance is (1 - n/M) var(gold - lambda
    scores) / n (Cochran 1977, section 7.3): but for the finite population correction
    that of a mean, `ppi_py.classical_mean_ci`, here of gold - lambda scores.
    """
    units = make_units()
    shares = estimate_domain(units)
    gold, scores, _ = split_sample(units)
    _, start, end = contrast([shares], [1])
    ours = undo_correction(start, end, shares)
    not_sampled = 1 - len(gold) / len(units.scores)
    for code in range(CODES):
        corrected = gold[:, code] - shares.lambda_[code] * scores[:, code]
        low, high = ppi_py.classical_mean_ci(corrected, alpha=ALPHA)
        assert ours[code] == pytest.approx((high - low) / 2 * np.sqrt(not_sampled), rel=1e-10)


@pytest.mark.parametrize("finite", [True, False])
def test_the_ends_of_a_share_are_those_of_wilson(finite):
    """Wilson's interval (1927), as in statsmodels, for the n the variance amounts to.

    That n is share (1 - share) / variance (Korn and Graubard 1998). Student's quantile
    comes in by way of alpha: that at which the normal quantile is as large. The
    variance is that of the test above, half of `contrast` squared.
    """
    shares = estimate_domain(make_units(), finite_population=finite)
    value, start, end = contrast([shares], [1])
    quantile = scipy.stats.t.ppf(1 - ALPHA / 2, shares.effective - 1)
    size = value * (1 - value) / ((end - start) / 2 / quantile) ** 2
    theirs = proportion_confint(
        value * size, size, alpha=2 * scipy.stats.norm.sf(quantile), method="wilson"
    )
    assert np.array(share_interval(shares)) == pytest.approx(np.array(theirs), abs=1e-10)


# Conformal prediction (MAPIE 1.x) against `set_cut` and `risk_cut`, with one example
# per article: MAPIE's examples are exchangeable, as the kit's articles are.


def make_validation(*, rows=150, several=False, seed=0):
    """Make scores of six digits, like those on disk, and one to three gold codes."""
    random = np.random.default_rng(seed)
    truth = np.eye(CODES, dtype=bool)[random.integers(0, CODES, rows)]
    if several:
        truth = truth | (random.random(truth.shape) < 0.3)
    scores = np.clip(0.3 + 0.4 * truth + random.normal(scale=0.25, size=truth.shape), 0.01, 0.99)
    return scores.round(6), truth, [str(row) for row in range(rows)]


class GivenScores(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose input is its output."""

    classes_ = np.arange(CODES)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


@pytest.mark.parametrize("miss", [0.05, 0.1, 0.2])
def test_a_set_cut_is_that_of_conformal_risk_control(miss):
    """Conformal risk control (Angelopoulos et al. 2024, equation 5), method "crc".

    The risk of an example is 1 - recall, the share of its gold codes that its set
    lacks; both accept a cut where (sum of risks + 1) / (n + 1) is small enough, the kit
    up to `miss`, MAPIE below it. None of these sums is just so large. MAPIE puts a code
    into the set above its cut, the kit from its cut on: half a digit lies between.
    """
    scores, truth, articles = make_validation(several=True)
    cut = set_cut(scores, truth, articles, miss)
    below = np.concatenate([[0], np.unique(scores[truth])]) - 5e-7
    controller = mapie.risk_control.MultiLabelClassificationController(
        predict_function=lambda given: given,
        risk="recall",
        method="crc",
        target_level=1 - miss,
        predict_params=below,
    ).calibrate(scores, truth.astype(int))
    assert 0.1 < cut < 0.9
    assert controller.best_predict_param[0] + 5e-7 == pytest.approx(cut, abs=1e-9)
    assert np.array_equal(controller.predict(scores)[:, :, 0], scores >= cut)


@pytest.mark.parametrize("miss", [0.05, 0.1, 0.2])
def test_a_set_cut_is_the_split_conformal_quantile_where_each_row_has_one_code(miss):
    """Split conformal prediction (Sadinle et al. 2019), conformity score "lac".

    With one gold code an example's risk is 0 or 1, and the bound of conformal risk
    control is that order statistic (Angelopoulos et al. 2024, section 1.1): the
    floor(miss (n + 1))-th lowest score of a gold code.
    """
    scores, truth, articles = make_validation()
    # MAPIE asks for scores that add up to 1; the last one takes up the rounding.
    scores = (scores / scores.sum(axis=1, keepdims=True)).round(6)
    scores[:, -1] = (1 - scores[:, :-1].sum(axis=1)).round(6)
    classifier = mapie.classification.SplitConformalClassifier(
        GivenScores(), confidence_level=1 - miss, conformity_score="lac", prefit=True
    )
    sets = classifier.conformalize(scores, truth.argmax(axis=1)).predict_set(scores)[1][:, :, 0]
    cut = set_cut(scores, truth, articles, miss)
    assert np.array_equal(sets, scores >= cut - 5e-7)
    assert not sets.all() and sets.any(axis=1).mean() > 0.5


def cuts_tested(sure):
    """Return the ten cuts of `risk_cut`: just above the surest example dropped, and 0."""
    ordered = np.sort(sure)[::-1]
    first_dropped = ordered[len(sure) * np.arange(1, 10) // 10]
    return np.append(first_dropped + 5e-7, 0.0)


# Not MAPIE's `precision`: it counts errors as n (1 - right / n) rounded up, which is
# often one too many (10.000000000000009 of 200). n (wrong / n) does so less often; in
# the test below it never does, which is checked.
share_of_errors = mapie.risk_control.BinaryRisk(
    risk_occurrence=lambda right, kept: kept != right,
    risk_condition=lambda right, kept: kept == 1,
    higher_is_better=False,
)


@pytest.mark.parametrize("clusters", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_risk_cut_is_that_of_learn_then_test(seed, clusters):
    """Learn Then Test (Angelopoulos et al. 2021, section 2), Bonferroni.

    MAPIE tests whether the share of errors exceeds the risk by the binomial tail, at (1
    - level) / 10 (Bonferroni); the kit asks whether Clopper and Pearson's upper bound
    at that level is at most the risk. An upper bound is what its test does not reject,
    so both pass the same cuts (MAPIE also takes Hoeffding's p, never below the binomial
    one). One example per article has no design effect: the kit's correction for
    articles is 1.
    """
    random = np.random.default_rng(seed)
    sure = random.random(640).round(6)
    wrong = random.random(640) < 0.6 * (1 - sure) ** 1.5
    articles = [str(row) for row in range(640)] if clusters else None
    kept = sure >= cuts_tested(sure)[:, None]
    sizes, errors = kept.sum(axis=1), (kept & wrong).sum(axis=1)
    assert (np.ceil(sizes * (errors / sizes)) == errors).all()
    risks = np.linspace(0.01, 0.5, 50).tolist()
    cuts = {}
    for risk in risks:
        controller = mapie.risk_control.BinaryClassificationController(
            predict_function=lambda given: np.column_stack([1 - given, given]),
            risk=share_of_errors,
            target_level=risk,
            confidence_level=0.9,
            best_predict_param_choice="recall",
            list_predict_params=cuts_tested(sure),
            fwer_method="bonferroni",
        )
        with warnings.catch_warnings():
            # MAPIE warns where no cut passes.
            warnings.simplefilter("ignore", UserWarning)
            controller.calibrate(sure, ~wrong)
        cuts[risk] = (
            np.inf if controller.best_predict_param is None else controller.best_predict_param
        )
    assert {risk: risk_cut(sure, wrong, risk, articles) for risk in risks} == pytest.approx(
        cuts, abs=1e-12
    )
    # No cut passes the lowest risks, the last one passes the highest, others in
    # between.
    assert np.inf in cuts.values() and 0.0 in cuts.values() and len(set(cuts.values())) > 8


# The bootstrap: `scipy.stats.bootstrap` with one random state and one example per
# article.


def count_labels(gold, guess, names):
    labels = [[(names[code],) for code in column] for column in (gold, guess)]
    return count(labels[0], labels[1], names, [str(row) for row in range(len(gold))])[None]


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_percentiles_of_accuracy_are_those_of_scipy(level):
    """Accuracy of 26 rows takes steps of 1/26: both ends are the very same step.

    How many of 26 drawn rows are right is binomial, so that it is known where quantiles
    lie: none within five standard errors of a step, so 10,000 replicates cannot end on
    different ones.
    """
    right = np.arange(26) < 15
    steps = scipy.stats.binom.cdf(np.arange(27), 26, 15 / 26)
    for end in ((1 - level) / 2, (1 + level) / 2):
        assert abs(steps - end).min() > 5 * np.sqrt(end * (1 - end) / 10000)
    counts = count_labels(np.zeros(26, int), np.where(right, 0, 1), ["a", "b"])
    draws = bootstrap(counts, micro_f1, replicates=10000)
    theirs = scipy.stats.bootstrap(
        (right,),
        np.mean,
        n_resamples=10000,
        method="percentile",
        confidence_level=level,
        rng=1,
    )
    assert interval(draws, level=level) == pytest.approx(
        tuple(theirs.confidence_interval), abs=1e-9
    )


def test_percentiles_of_macro_f1_are_those_of_scipy():
    """A ratio of sums, not binomial: equal within the error of 5,000 replicates."""
    random = np.random.default_rng(0)
    gold = random.integers(0, CODES, 200)
    guess = np.where(random.random(200) < 0.6, gold, random.integers(0, CODES, 200))
    is_gold, is_guess = np.eye(CODES)[gold], np.eye(CODES)[guess]

    def mean_f1(rows, axis):
        hits, size = is_gold * is_guess, is_gold + is_guess
        row_axis = axis - 1 if axis < 0 else axis
        f1 = 2 * hits[rows].sum(axis=row_axis) / size[rows].sum(axis=row_axis)
        return f1.mean(axis=-1)

    draws = bootstrap(count_labels(gold, guess, ["a", "b", "c"]), macro_f1, replicates=5000)
    theirs = scipy.stats.bootstrap(
        (np.arange(200),),
        mean_f1,
        n_resamples=5000,
        batch=500,
        method="percentile",
        rng=1,
    )
    # The error of a standard deviation of 5,000 values is 1 %, that of a 2.5 % quantile
    # 4 % of it.
    assert draws.std(ddof=1) == pytest.approx(theirs.standard_error, rel=0.04)
    assert interval(draws) == pytest.approx(
        tuple(theirs.confidence_interval), abs=0.12 * theirs.standard_error
    )


def test_a_mean_over_few_articles_is_as_wide_as_students_interval():
    """`reach` corrects for few units; for a mean, Student's interval is the answer.

    Replicates of a mean have the variance of its values, divided by n where an unbiased
    one is divided by n - 1, and normal tails: stretched by sqrt(n / (n - 1)) and t / z
    the error is Student's.
    """
    right = np.arange(12) < 8
    draws = bootstrap(
        count_labels(np.zeros(12, int), np.where(right, 0, 1), ["a", "b"]),
        micro_f1,
        replicates=50000,
    )
    wide = small_sample_correction(draws, np.array([right.mean()]), 12)
    low, high = scipy.stats.ttest_1samp(right.astype(float), 0).confidence_interval(1 - ALPHA)
    ours = wide.factor * scipy.stats.norm.ppf(1 - ALPHA / 2) * draws.std()
    assert wide.freedom == pytest.approx(11)
    assert ours == pytest.approx((high - low) / 2, rel=0.01)


# Holm (1979): `statsmodels.stats.multitest.multipletests`.


@pytest.mark.parametrize("number", [1, 2, 7, 45])
def test_p_values_are_corrected_as_in_statsmodels(number):
    """The k-th lowest of m times m - k + 1, not below the one before, at most 1."""
    p = np.random.default_rng(number).beta(0.3, 2, number).round(2)
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-12)
