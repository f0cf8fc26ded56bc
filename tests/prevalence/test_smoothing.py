"""Curves and changes on rows themselves: against other ways of computing them."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from stancekit.corpus.dates import decimal_year
from stancekit.prevalence.change_points import find_changes
from stancekit.prevalence.estimators import SampledUnits, estimate_domain
from stancekit.prevalence.smoothing import smooth_curves
from stancekit.prevalence.timed_rows import correct_rows, largest_deviations


def timed(
    n=1200, *, share=lambda time: 0 * time + 0.4, part=0.4, random_state=0, finite=True, useful=True
):
    random = np.random.default_rng(random_state)
    time = np.floor(1460 * np.sort(random.random(n))) / 365 + 2015
    gold = random.random(n) < share(time)
    seen = gold ^ (random.random(n) < 0.15)
    scores = np.where(seen, 0.8, 0.2)[:, None] * useful
    units = SampledUnits(
        scores,
        seen[:, None],
        np.arange(n) // 3,
        random.random(n) < part,
        gold[:, None] * 1.0,
        np.full(n, part),
        exclusive=False,
    )
    return correct_rows(units, np.ones(n, bool), time, finite_population=finite), units


def test_a_curve_is_a_weighted_regression_at_each_time():
    rows, _ = timed(useful=False, finite=False)
    [curve] = smooth_curves(rows, (), ["code"], 0.8)
    time, gold = rows.time[rows.drawn], rows.gold[:, 0]
    for at in (0, 20, 49):
        place = (time - curve.time[at]) / 0.8
        kernel = np.maximum(1 - place**2, 0)
        near = kernel > 0
        design = np.column_stack([place**0, place, place**2])[near]
        fit = sm.WLS(gold[near], design, weights=kernel[near]).fit()
        assert curve.value[at] == pytest.approx(np.clip(fit.params[0], 0, 1), abs=1e-9)


def test_a_curve_of_all_rows_has_no_error():
    rows, units = timed(part=1.0)
    assert units.annotated.all()
    [curve] = smooth_curves(rows, (), ["code"])
    assert curve.high - curve.low == pytest.approx(0 * curve.time, abs=1e-9)


def test_with_a_useful_model_bands_are_narrower():
    widths = []
    for useful in (True, False):
        rows, _ = timed(useful=useful)
        [curve] = smooth_curves(rows, (), ["code"], 1.0)
        assert (curve.high_all - curve.low_all >= curve.high - curve.low).all()
        widths.append(np.nanmean(curve.high - curve.low))
    assert widths[0] < 0.85 * widths[1]


def test_one_window_of_all_time_is_the_mean_of_all():
    """The level of a corpus without a change is the estimate of all its rows."""
    rows, units = timed(finite=False)
    [change] = find_changes(rows, (), ["code"], 1)
    whole = estimate_domain(units, finite_population=False)
    assert not change.found and change.before[0] == pytest.approx(whole.value[0], abs=1e-9)
    spread = (change.before[2] - change.before[1]) / 2
    assert spread == pytest.approx(1.97 * np.sqrt((whole.influence**2).sum()), rel=0.02)


def test_the_largest_of_independent_deviations_is_that_of_normal_ones():
    drawn = largest_deviations(np.eye(10))
    assert np.quantile(drawn, 0.95) == pytest.approx(norm.ppf((1 + 0.95**0.1) / 2), abs=0.12)
    assert not largest_deviations(np.zeros((4, 2))).any()


def two_steps(time):
    return np.select([time < 2016.2, time < 2017.8], [0.2, 0.7], 0.35)


def test_two_changes_are_found_one_after_the_other():
    rows, _ = timed(2400, share=two_steps, finite=False)
    found = find_changes(rows, (), ["code"], 3)
    assert len(found) == 2
    for change, truth, before, after in zip(
        found, (2016.2, 2017.8), (0.2, 0.7), (0.7, 0.35), strict=True
    ):
        assert change.low <= truth <= change.high and change.high - change.low < 0.5
        assert change.before[1] <= before <= change.before[2]
        assert change.after[1] <= after <= change.after[2]
    assert len(find_changes(rows, (), ["code"], 1)) == 1


def test_the_change_is_where_squared_errors_are_least():
    rows, _ = timed(
        share=lambda time: np.where(time < 2017, 0.3, 0.6), finite=False, useful=False, part=1.0
    )
    [change] = find_changes(rows, (), ["code"], 1)
    time, gold = rows.time[rows.drawn], rows.gold[:, 0]
    starts = np.unique(time)
    tried = starts[(starts > starts[100]) & (starts < starts[-100])]
    errors = [
        sum(((part - part.mean()) ** 2).sum() for part in (gold[time < start], gold[time >= start]))
        for start in tried
    ]
    # Of many dates, not all are tried.
    assert change.time == pytest.approx(tried[int(np.argmin(errors))], abs=0.06)


def test_few_rows_say_nothing_of_a_change():
    rows, _ = timed(60, part=0.5, finite=False)
    [change] = find_changes(rows, (), ["code"], 1)
    assert not change.found and change.note.startswith("too few annotated rows")
    assert smooth_curves(timed(40, part=0.3)[0], (), ["code"]) == []


def test_dates_are_the_middle_of_what_they_say():
    assert decimal_year("2020-12-31") == pytest.approx(2020 + 365.5 / 366)
    assert decimal_year("2019-02") == pytest.approx(2019 + 1.5 / 12)
