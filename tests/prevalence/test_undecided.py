"""What annotated rows do not decide has no number: codes never seen, rows without a weight, thin denominators."""

import numpy as np
import pandas as pd
import pytest

from stancekit.commands.regress import regress
from stancekit.errors import KitError
from stancekit.prevalence.corrected import LabelledMoments, fit_corrected, fit_gold, tune_weight
from stancekit.prevalence.families import FAMILIES, Moments
from stancekit.prevalence.identified import spread_basis
from stancekit.prevalence.undecided import Terms, undecided_terms

RATES = np.array([0.02, 0.08])


def rare(seed=0, n=2000, drawn=120):
    """A rare code of red and blue rows, of which a model finds a third, and gold of some rows."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"id": [f"r{row}" for row in range(n)], "article": range(n)})
    red = random.random(n) < 0.45
    table["party"] = np.where(red, "red", "blue")
    table["year"] = 2018 + np.arange(n) % 4
    truth = np.where(random.random(n) < RATES[red * 1], "threat", "other")
    found = (truth == "threat") & (random.random(n) < 0.3)
    table["view"] = np.where(found, "threat", "other")
    table["other"] = np.where(found, 0.2, 0.97)
    table["threat"] = (1 - table["other"]).round(2)
    gold = pd.DataFrame({"id": table["id"], "view": truth})
    return table, gold.sample(drawn, random_state=seed)


@pytest.fixture(scope="module")
def unseen():
    """Gold in which no blue row has the code, though one in fifty has it."""
    table, gold = rare()
    blue = gold["id"].isin(table["id"][table["party"] == "blue"])
    return table, gold.assign(view=gold["view"].mask(blue, "other"))


def weighed(table, weight):
    """The table with weights; columns of a flat table stand before its labels."""
    return (
        table[["id", "article", "party"]].assign(w=weight).join(table[["view", "other", "threat"]])
    )


def by_term(found):
    return {one.term: one for one in found.coefficients}


@pytest.mark.parametrize("inference", ["superpopulation", "finite_population"])
def test_a_code_that_no_annotated_row_of_a_level_has_gives_no_number(unseen, inference):
    table, gold = unseen
    found = regress("threat ~ party", labels=table, gold=gold, inference=inference)
    n_blue = int(gold["id"].isin(table["id"][table["party"] == "blue"]).sum())
    for one in found.coefficients:
        assert one.estimate is None and one.gold_only is None and one.naive is not None
        assert np.isnan(one.error) and np.isnan(one.p_value)
        assert one.why == (
            f"threat is 0 in all {n_blue} annotated rows where party[T.red] is 0: how much it varies "
            "cannot be seen"
        )
    (note,) = [note for note in found.notes if "coefficients have no number" in note]
    assert note.startswith("2 of 2 coefficients have no number") and "stratified" in note


def test_only_the_terms_concerned_have_no_number(unseen):
    table, gold = unseen
    # Blue is the reference: what is compared with it, the constant, and the slope within it.
    crossed = by_term(regress("threat ~ party * center(year)", labels=table, gold=gold))
    slope = crossed["center(year)"]
    assert "annotated rows that decide it" in slope.why and slope.estimate is None
    assert crossed["Intercept"].estimate is None and crossed["party[T.red]"].estimate is None
    added = by_term(regress("threat ~ party + center(year)", labels=table, gold=gold))
    assert added["Intercept"].estimate is None and added["party[T.red]"].estimate is None
    assert added["center(year)"].estimate is not None
    # Red is the reference: its own share is known.
    turned = by_term(regress("threat ~ C(party, red)", labels=table, gold=gold))
    assert turned["Intercept"].estimate is not None
    assert turned["C(party, red)[T.blue]"].why.endswith(
        "where C(party, red)[T.blue] is 1: how much it varies cannot be seen"
    )
    # Without a constant each has its own.
    apart = by_term(regress("threat ~ party - 1", labels=table, gold=gold))
    assert apart["party[red]"].estimate is not None and apart["party[blue]"].estimate is None


def test_the_reference_of_three_levels_and_a_year_of_two(unseen):
    table, gold = unseen
    third = np.where(np.arange(len(table)) % 3 == 0, "grey", table["party"])
    blue = gold["id"].isin(table["id"][third == "blue"])
    red = gold["id"].isin(table["id"][third == "red"])
    code = np.where(blue, "other", np.where(np.arange(len(gold)) % 3, "other", "threat"))
    found = regress("threat ~ party", labels=table.assign(party=third), gold=gold.assign(view=code))
    assert {one.estimate for one in found.coefficients} == {None}
    assert by_term(found)["Intercept"].why == (
        f"threat is 0 in all {int(blue.sum())} annotated rows of the reference of party: how much it "
        "varies cannot be seen"
    )
    code = np.where(red, "other", np.where(np.arange(len(gold)) % 3, "other", "threat"))
    found = by_term(
        regress("threat ~ party", labels=table.assign(party=third), gold=gold.assign(view=code))
    )
    assert [term for term, one in found.items() if one.estimate is None] == ["party[T.red]"]
    # Of two years the slope is a difference, and the constant what it says of the year 0.
    years = table.assign(year=np.where(table["party"] == "blue", 2019, 2020))
    found = regress("threat ~ year", labels=years, gold=gold)
    assert {one.estimate for one in found.coefficients} == {None}
    assert "rows where year is 2019: how much" in found.coefficients[1].why


@pytest.mark.parametrize("code", ["other", "threat"])
def test_a_code_that_no_row_has_or_every_row_has_gives_no_number(unseen, code):
    table, gold = unseen
    found = regress("threat ~ party", labels=table, gold=gold.assign(view=code))
    assert {one.estimate for one in found.coefficients} == {None}
    assert f"threat is {int(code == 'threat')} in all" in found.coefficients[0].why
    alone = regress("threat ~ 1", labels=table, gold=gold.assign(view=code)).coefficients[0]
    assert alone.estimate is None and "in all 120 annotated rows: how much" in alone.why


def test_what_is_known_of_all_rows_has_its_numbers():
    table, _ = rare(n=200)
    known = pd.DataFrame({"id": table["id"], "view": "other"})
    found = regress("threat ~ party", labels=table, gold=known, inference="finite_population")
    assert [one.estimate for one in found.coefficients] == [(0, 0, 0)] * 2


def test_rows_without_a_weight_are_no_annotated_rows(unseen):
    table, gold = unseen
    drawn = table["id"].isin(gold["id"])
    for n, told in (
        (
            12,
            r"12 rows decide the coefficients, and 1 coefficients take 20: 108 of 120 annotated rows ",
        ),
        (
            0,
            "0 rows decide the coefficients, and 1 coefficients take 20: 120 of 120 annotated rows ",
        ),
    ):
        weight = np.where(drawn & (drawn.cumsum() > n), 0, 1)
        with pytest.raises(KitError, match=f"{told}have the weight 0; annotate more rows that do"):
            regress("threat ~ 1", labels=weighed(table, weight), gold=gold, weights="w")
    with pytest.raises(
        KitError, match="weights=threat is a code of the labels, and weights= takes a"
    ):
        regress("threat ~ 1", labels=table, gold=gold, weights="threat")
    # Rows of very different weights amount to few.
    heavy = np.where(drawn & (drawn.cumsum() <= 4), 1000, 1)
    with pytest.raises(
        KitError, match=r"in 120 values of article, which weigh as much as 4\.\d alike"
    ):
        regress("threat ~ 1", labels=weighed(table, heavy), gold=gold, weights="w")
    some = np.where(drawn & (drawn.cumsum() > 90), 0, 1)
    code = np.where(np.arange(len(gold)) % 3, "other", "threat")
    found = regress(
        "threat ~ party", labels=weighed(table, some), gold=gold.assign(view=code), weights="w"
    )
    assert "30 of 120 annotated rows have the weight 0" in found.notes
    assert found.coefficients[0].estimate is not None


def test_a_side_whose_rows_weigh_as_much_as_few_has_no_number(unseen):
    table, gold = unseen
    code = np.where(np.arange(len(gold)) % 3, "other", "threat")
    red = table["party"] == "red"
    first = red & table["id"].isin(gold["id"])
    weight = np.where(first & (first.cumsum() <= 3), 60, 1)
    found = by_term(
        regress(
            "threat ~ party",
            labels=weighed(table, weight),
            gold=gold.assign(view=code),
            weights="w",
        )
    )["party[T.red]"]
    assert found.estimate is None
    assert "clusters with annotated rows decide it and weigh as much as" in found.why


def test_rows_that_the_outcome_is_not_about_are_no_annotated_rows():
    random, n = np.random.default_rng(0), 1200
    table = pd.DataFrame({"id": [f"r{row}" for row in range(n)], "article": np.arange(n) // 4})
    table["party"] = random.choice(["blue", "red"], n)
    table["view"] = random.choice(["condemn", "none", "support"], n)
    for code in ("condemn", "none", "support"):
        table[code] = np.where(table["view"] == code, 0.8, 0.1)
    gold = table[["id"]].head(300).assign(view="none")
    gold.loc[gold.index[:3], "view"] = "support"
    with pytest.raises(
        KitError,
        match="3 rows decide the coefficients, and 1 coefficients take 20: 297 of 300 annotated rows are "
        "not among those that the outcome is about",
    ):
        regress("support | condemn + support ~ 1", labels=table, gold=gold)
    with pytest.raises(KitError, match=r"0 rows decide .* 300 of 300 annotated rows are not among"):
        regress("support | condemn + support ~ 1", labels=table, gold=gold.assign(view="none"))
    # A term that has one value in all rows that count.
    gold["view"] = np.where(table["party"].head(300) == "red", "support", "none")
    with pytest.raises(KitError, match=r"one value in all annotated rows \(party\[T.red\]\)"):
        regress("support | condemn + support ~ party", labels=table, gold=gold)


def moments(seed, family, clusters):
    """A study of a rare code, and the coefficients that are true."""
    random, n = np.random.default_rng(seed), 2000
    red = (random.random(n) < 0.45) * 1.0
    article = np.arange(n) // clusters
    alike = random.gamma(4, 0.25, n)[article] if clusters > 1 else np.ones(n)
    truth = (random.random(n) < RATES[red.astype(int)] * alike) * 1.0
    predicted = truth * (random.random(n) < 0.3)
    scores, ones = np.where(predicted, 0.8, 0.03), np.ones(n)
    design, names = np.column_stack([ones, red]), ["Intercept", "red"]
    basis = spread_basis(design, names)
    rows = np.sort(random.choice(n, 120, replace=False))
    every = [Moments(design @ basis, side, ones, ones) for side in (scores, predicted, truth)]
    data = LabelledMoments(
        *every[:2],
        every[2].take(rows),
        rows,
        np.full(120, n / 120),
        1 - 120 / n * ones[rows],
        article,
        False,
    )
    terms = Terms(names, design[rows], basis)
    known = {"linear": RATES, "logistic": np.log(RATES / (1 - RATES))}[family]
    return data, terms, np.array([known[0], known[1] - known[0]])


@pytest.mark.parametrize("clusters", [1, 4])
def test_printed_intervals_of_a_rare_code_hold(clusters):
    """Of 200 samples a quarter has no blue row with the code; of the others nineteen in twenty hold."""
    family, held, silent = FAMILIES["linear"], [], 0
    for seed in range(200):
        data, terms, truth = moments(seed, "linear", clusters)
        undecided = undecided_terms(data, terms, "threat")
        if undecided:
            assert set(undecided) >= {"red"}
            silent += 1
            continue
        gold = fit_gold(data, family)
        weight = tune_weight(data, family, gold.theta, terms.basis)
        fitted = fit_corrected(data, family, weight, gold.theta).through(terms.basis)
        held.append(np.abs(fitted.theta - truth) <= fitted.half_width(data.effective))
    assert 30 < silent < 80
    assert np.mean(held, axis=0).min() >= 0.93


@pytest.fixture(scope="module")
def one_green():
    """A frequent code of red and blue rows, and seven green ones, of which one is annotated."""
    table, gold = rare(drawn=300)
    random = np.random.default_rng(7)
    truth = pd.Series(random.choice(["other", "threat"], len(table), p=[0.6, 0.4]), table.index)
    wrong = random.random(len(table)) < 0.15
    table["view"] = np.where(wrong, np.where(truth == "other", "threat", "other"), truth)
    for code in ("other", "threat"):
        table[code] = np.where(table["view"] == code, 0.8, 0.2)
    others = [row for row in range(40) if row not in gold.index][:6]
    table.loc[[gold.index[5], *others], "party"] = "green"
    return table, gold.assign(view=truth[gold.index])


def test_a_level_with_one_annotated_row_leaves_the_others_as_they_are(one_green):
    """They are as without its rows."""
    table, gold = one_green
    formula = "threat ~ party + center(year)"
    with_it = by_term(regress(formula, labels=table, gold=gold))
    others = table[table["party"] != "green"]
    apart = regress(formula, labels=others, gold=gold[gold["id"].isin(others["id"])])
    green = with_it["party[T.green]"]
    assert green.estimate is None and green.gold_only is None
    assert green.why == "1 clusters with annotated rows decide it, and it takes 8"
    for term, one in by_term(apart).items():
        if term != "Intercept":  # the centre is of all rows, and quantiles of one unit more
            assert with_it[term].gold_only == pytest.approx(one.gold_only, rel=1e-4)
        half = (one.estimate[2] - one.estimate[1]) / 2
        assert with_it[term].estimate == pytest.approx(one.estimate, abs=0.1 * half)
    # It has no say in how far scores are used either, whose errors would all be seen in its one row.
    assert apart.score_weight > 0.3
    rows = regress(formula, labels=table, gold=gold, inference="finite_population")
    assert by_term(rows)["party[T.green]"].why == "1 annotated rows decide it, and it takes 8"
    assert by_term(rows)["party[T.red]"].gold_only is not None


def test_columns_that_differ_in_one_annotated_row_have_a_reason(one_green):
    table, gold = one_green
    twin = table["year"] + (np.arange(len(table)) % 50 == 7) * ~table["id"].isin(gold["id"])
    twin[gold.index[0]] += 1
    near = table[["id", "article", "party", "year"]].assign(twin=twin)
    found = by_term(
        regress(
            "threat ~ party + year + twin",
            labels=near.join(table[["view", "other", "threat"]]),
            gold=gold,
        )
    )
    for term in ("year", "twin"):
        assert found[term].estimate is None and found[term].gold_only is None
        assert found[term].why == "1 cluster alone decides it, and it takes 8"
    assert found["party[T.red]"].estimate is not None and found["party[T.red]"].gold_only
