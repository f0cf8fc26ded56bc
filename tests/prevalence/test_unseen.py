"""Codes that no annotated row of a cell has: shares, differences, slopes and measures say what may be there."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from stancekit.commands.estimate import estimate
from stancekit.prevalence.contrasts import make_contrasts
from stancekit.prevalence.estimators import (
    SampledUnits,
    contrast,
    estimate_domain,
    share_interval,
)
from stancekit.prevalence.measures import estimate_measure, measure_contrast, read_measures

CODES = ["threat", "none", "praise"]


def cells(seed=0, share=0.02, n=3000, drawn=130, recall=0.9, finite=False, unseen=False):
    """Two cells of rows with a rare code, of which some are annotated, and the shares that are true."""
    random = np.random.default_rng(seed)
    truth = random.choice(3, n, p=[share, 0.6 * (1 - share), 0.4 * (1 - share)])
    right = random.random(n) < np.where(truth == 0, recall, 0.85)
    given = np.where(right, truth, np.where(truth == 1, 2, 1))
    scores = np.full((n, 3), 0.03)
    scores[np.arange(n), given] = 0.94
    annotated = np.zeros(n, dtype=bool)
    rare = truth == 0
    annotated[random.choice(np.flatnonzero(~rare) if unseen else n, drawn, replace=False)] = True
    units = SampledUnits(
        scores,
        scores > 0.5,
        np.arange(n),
        annotated,
        np.eye(3)[truth],
        np.full(n, drawn / n),
    )
    first = np.arange(n) % 2 == 0
    found = [estimate_domain(units, mask, finite_population=finite) for mask in (first, ~first)]
    return found, [np.eye(3)[truth[mask]].mean(axis=0) for mask in (first, ~first)]


def nothing_of(domain):
    """The limit of a share of which none is seen, by statsmodels."""
    n = min(domain.n_annotated, domain.effective)
    quantile = student.ppf(0.975, domain.effective - 1)
    alpha = 2 * student.sf(quantile, 1e9)
    return proportion_confint(0, n, alpha=alpha, method="wilson")[1]


@pytest.mark.parametrize("finite", [True, False])
def test_a_code_that_no_annotated_row_has_may_have_the_share_of_none_seen(finite):
    (domain, other), _ = cells(unseen=True, finite=finite)
    assert domain.unseen.tolist() == [True, False, False] and domain.gold_only[0] == 0
    low, high = share_interval(domain)
    assert low[0] <= domain.value[0] < 0.05
    assert high[0] >= nothing_of(domain) * 0.99
    # In the difference the limits of both cells add up by squares.
    value, below, above = contrast([domain, other], [1, -1])
    limits = np.hypot(nothing_of(domain), nothing_of(other))
    assert above[0] - value[0] > 0.8 * limits and value[0] - below[0] > 0.8 * limits


@pytest.mark.parametrize("finite", [True, False])
def test_intervals_of_a_rare_code_hold_whether_it_was_seen_or_not(finite):
    held, apart, unseen = [], [], []
    for seed in range(150):
        domains, truth = cells(seed, finite=finite)
        known = truth if finite else [np.array([0.02])] * 2
        for domain, true in zip(domains, known, strict=True):
            low, high = share_interval(domain)
            unseen.append(domain.unseen[0])
            held.append(low[0] <= true[0] <= high[0])
        _, low, high = contrast(domains, [1, -1])
        apart.append(low[0] <= known[0][0] - known[1][0] <= high[0])
    held, unseen = np.array(held), np.array(unseen)
    assert 0.1 < unseen.mean() < 0.5
    assert held[unseen].mean() > 0.98 and np.mean(apart) > 0.95


def test_slopes_over_periods_without_the_code_have_a_width():
    (first, second), _ = cells(unseen=True, finite=True)
    domains = {("2020",): first, ("2021",): second, ("2022",): first}
    times = {(str(year),): year + 0.5 for year in (2020, 2021, 2022)}
    slope = next(
        one for one in make_contrasts(domains, CODES, ["year"], [], times) if one.code == "threat"
    )
    value, low, high = slope.estimate
    assert low < value - 0.02 and value + 0.02 < high


def test_curves_and_levels_of_unseen_codes_do_not_pretend():
    random, n = np.random.default_rng(0), 3000
    table = pd.DataFrame({"id": [f"r{row}" for row in range(n)], "article": range(n)})
    table["date"] = [
        f"{2016 + row * 6 // n}-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(n)
    ]
    late = np.arange(n) > n / 2
    truth = random.choice(["none", "praise"], n)
    truth[late & (random.random(n) < 0.2)] = "attack"
    given = np.where(random.random(n) < 0.04, "threat", truth)
    table["view"] = given
    for code in ("attack", "none", "praise", "threat"):
        table[code] = np.where(given == code, 0.85, 0.05)
    gold = pd.DataFrame({"id": table["id"], "view": truth}).sample(600, random_state=1)
    found = estimate(table, gold=gold, by="year", smooth=1, change_points=1)
    curves = {curve.code: curve for curve in found.curves}
    assert set(curves) == {"attack", "none", "praise"}
    assert "no curve of threat of all: no annotated row has the code, or every one" in found.notes
    # Where only later rows have a code, its curve has a gap before them.
    before = curves["attack"].time < 2017.5
    assert np.isnan(curves["attack"].value[before]).all()
    assert not np.isnan(curves["attack"].value[~before]).all()
    assert any("or none has the code" in note for note in found.notes)
    changes = {change.code: change for change in found.changes}
    assert changes["threat"].note.startswith("annotated rows do not show how it varies")
    assert changes["attack"].found and changes["attack"].before[2] > 0.005
    for level in (changes["threat"].before, changes["attack"].before):
        assert level[2] - level[0] > 0.99 * 3.8 / (600 + 3.9)


def test_measures_of_unseen_codes_have_the_width_of_what_may_be_there():
    (domain, other), _ = cells(unseen=True, finite=True)
    asked = read_measures(["threat - praise", "threat", "threat | threat + praise"], CODES)
    adjusted = domain.value
    difference, alone, among = (
        estimate_measure(domain, adjusted, measure, CODES).estimate for measure in asked
    )
    plain = contrast([domain], [1])
    # What may be a threat takes rows from praise as from others.
    half = (plain[2][2] - plain[1][2]) / 2
    moved = nothing_of(domain) * (1 - difference[0])
    assert difference[2] - difference[0] == pytest.approx(np.hypot(half, moved), rel=0.01)
    assert alone[1] < 0.005 and alone[2] == pytest.approx(share_interval(domain)[1][0])
    assert among[1] < 0.02 and among[2] > alone[2]
    value, low, high = measure_contrast([domain, other], [1, -1], asked[1])
    assert low < value - 0.05 and value + 0.05 < high


def test_codes_that_every_row_has_are_no_more_certain():
    random, n = np.random.default_rng(0), 400
    gold = np.column_stack([np.ones(n), random.random(n) < 0.4]).astype(float)
    annotated = np.arange(n) < 60
    units = SampledUnits(
        np.column_stack([np.full(n, 0.9), np.where(gold[:, 1], 0.8, 0.2)]),
        gold > 0,
        np.arange(n),
        annotated,
        gold,
        np.full(n, 0.15),
        exclusive=False,
    )
    domain = estimate_domain(units)
    low, high = share_interval(domain)
    assert high[0] == 1 and low[0] == pytest.approx(1 - nothing_of(domain), rel=1e-3)
    (total,) = read_measures(["always + sometimes"], ["always", "sometimes"], exclusive=False)
    one = contrast([domain], [1])
    value, low, high = measure_contrast([domain], [1], total)
    half = (one[2][1] - one[1][1]) / 2
    assert value - low == pytest.approx(np.hypot(half, nothing_of(domain)), rel=0.01)
    # What is annotated in full is known.
    full = SampledUnits(
        units.scores, units.predicted, units.article, gold[:, 0] > 0, gold, np.ones(n), False
    )
    known = estimate_domain(full)
    assert not known.unseen.any() and contrast([known, known], [1, -1])[1].tolist() == [0, 0]
