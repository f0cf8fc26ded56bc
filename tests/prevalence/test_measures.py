"""Measures of shares: how they are written, and their values and intervals against a brute force."""

import csv

import numpy as np
import pandas as pd
import pytest
from made_labels import annotated, made, stances, written

from stancekit.commands.estimate import estimate
from stancekit.commands.regress import regress
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.prevalence.estimators import SampledUnits, estimate_domain
from stancekit.prevalence.measures import estimate_measure, measure_contrast, read_measures

CODES = ("abstain", "condemn", "none", "support")
SCALE = ("condemn", "abstain", "support")
SHARES = np.array([0.1, 0.3, 0.4, 0.2])


def read(text, codes=CODES, scale=SCALE, **kwargs):
    return read_measures([text], codes, scale, **kwargs)[0]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("support - condemn", "difference", -0.1),
        ("condemn+abstain", "share", 0.4),
        ("2 * support + 0.5*abstain", "difference", 0.45),
        ("support | condemn + support", "share", 0.4),
        ("support - condemn | support + condemn", "difference", -0.2),
        ("condemn : support", "ratio", 1.5),
        ("condemn + abstain : support", "ratio", 2.0),
        ("mean", "mean", -0.1 / 0.6),
    ],
)
def test_measures_are_what_they_say(text, kind, value):
    measure = read(text)
    assert measure.kind == kind and measure.value(SHARES) == pytest.approx(value)


def test_codes_of_any_name():
    codes = ("2nd Amendment rights", "anti-war", "mean", "pro:peace")
    found = read("2nd Amendment rights + `anti-war` - `pro:peace`", codes)
    assert found.numerator == (1, 1, 0, -1)
    # A code of that name comes before the mean.
    assert read("mean", codes).numerator == (0, 0, 1, 0)
    assert read("mean + `anti-war`", codes, exclusive=False).kind == "difference"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "suport - condemn",
            r"'suport', which is not a code \(is support meant\?\); there are: abst",
        ),
        ("support -", "cannot be read"),
        ("support * 2", "cannot be read"),
        ("support condemn", "'support condemn', which is not a code"),
        ("support - support", "a side without codes"),
        ("support |", "a side without codes"),
        ("support : condemn : none", "several of"),
        ("support | condemn + abstain", "that is not behind it"),
        ("support | 2 * support + condemn", "no plain sum"),
        ("support - none : condemn", "no plain sum"),
        ("support : support + condemn", "on both sides"),
        ("`support - condemn", "backtick without its other one"),
        ("__import__('os')", "which is not a code"),
        ("", "a side without codes"),
    ],
)
def test_what_is_no_measure_is_refused_with_what_is_allowed(text, told):
    with pytest.raises(KitError, match=told) as refused:
        read(text)
    assert "backticks" in str(refused.value) or " writ" in str(refused.value)


def test_a_mean_takes_a_scale():
    with pytest.raises(KitError, match="takes the codebook's scale, and it has none"):
        read("mean", scale=())
    with pytest.raises(KitError, match="takes the codebook's scale"):
        read("mean", scale=("condemn", "other"))


def drawn_domain(random, *, n=250, finite=True):
    gold = np.eye(4)[random.choice(4, 3000, p=SHARES)]
    scores = 0.1 + 0.6 * np.where(random.random((3000, 1)) < 0.8, gold, np.roll(gold, 1, axis=1))
    drawn = np.zeros(3000, dtype=bool)
    drawn[random.permutation(3000)[:n]] = True
    units = SampledUnits(
        scores, scores > 0.5, np.arange(3000) // 6, drawn, gold, np.full(3000, n / 3000)
    )
    return estimate_domain(units, finite_population=finite), gold.mean(axis=0)


@pytest.mark.parametrize("text", ["support | condemn + support", "condemn : support", "mean"])
def test_influences_are_those_of_a_small_change_in_every_unit(text):
    """The delta method against a difference quotient: what a unit adds to the measure."""
    domain, _ = drawn_domain(np.random.default_rng(1))
    measure, step = read(text), 1e-6
    of_units = measure.influence(domain.value, domain.influence)
    change = np.log if measure.kind == "ratio" else np.asarray
    for unit in (0, 100, 200):
        moved = change(measure.value(domain.value + step * domain.influence[unit]))
        quotient = (moved - change(measure.value(domain.value))) / step
        assert of_units[unit] == pytest.approx(quotient, rel=1e-4, abs=1e-8)


def test_a_plain_sum_has_the_interval_of_the_share_that_is_left():
    """Shares add up to 1, so all but one code are what that one leaves."""
    domain, _ = drawn_domain(np.random.default_rng(2))
    rest = estimate_measure(domain, domain.counted, read("abstain + condemn + support"), CODES)
    one = estimate_measure(domain, domain.counted, read("none + none"), CODES)
    none = estimate_measure(domain, domain.counted, read("1 * none"), CODES)
    assert rest.estimate == pytest.approx([1 - none.estimate[at] for at in (0, 2, 1)])
    # Twice a share is no share: its interval is not kept between 0 and 1.
    assert one.estimate[0] == pytest.approx(2 * none.estimate[0])


def test_intervals_hold():
    texts = ["support - condemn", "support | condemn + support", "condemn : support", "mean"]
    hits = {text: [] for text in texts}
    for draw in range(150):
        domain, truth = drawn_domain(np.random.default_rng([1, draw]))
        for text in texts:
            measure = read(text)
            found = estimate_measure(domain, domain.counted, measure, CODES).estimate
            hits[text].append(found[1] <= measure.value(truth) <= found[2])
    # 150 draws of intervals of 95 %: fewer than 90 % in one of 150 such tests.
    assert min(np.mean(found) for found in hits.values()) >= 0.9
    assert np.mean(list(hits.values())) < 1


def test_what_is_divided_by_needs_annotated_rows_of_its_own():
    domain, _ = drawn_domain(np.random.default_rng(0), n=40)
    found = estimate_measure(domain, domain.counted, read("abstain | abstain + support"), CODES)
    assert found.estimate is None and found.gold_only is None
    assert "too few annotated rows with abstain or support" in found.why
    assert found.counted > 0
    ratio = estimate_measure(domain, domain.counted, read("abstain : none"), CODES)
    assert ratio.estimate is None and "with abstain: " in ratio.why


def test_a_ratio_of_ratios_and_a_difference_stay_within_bounds():
    domain, _ = drawn_domain(np.random.default_rng(3))
    value, low, high = measure_contrast([domain, domain], [1, -1], read("condemn : support"))
    assert value == low == high == pytest.approx(1)
    (least, most) = measure_contrast([domain, domain], [9, -9], read("mean"))[1:]
    assert -18 <= least <= 0 <= most <= 18


def test_measures_stand_beside_the_shares_everywhere(tmp_path, capsys):
    rows, gold = made()
    rows[0]["actor"] = rows[1]["actor"] = "Corvia"
    for row in rows:
        row["codebooks"]["stance"]["scale"] = list(SCALE)
    drawn = sample(labels=written(tmp_path, rows), n=400, output=tmp_path / "sample.jsonl")
    asked = ["support - condemn", "support | support + condemn", "condemn : support", "mean"]
    found = estimate(
        written(tmp_path, rows),
        gold=annotated(drawn, gold, tmp_path / "gold.jsonl"),
        by=["actor"],
        measures=asked,
        output=tmp_path / "out",
        verbose=True,
    )
    truth = {
        actor: np.array(
            [
                np.mean([gold[row["id"]] == code for row in rows if row["actor"] == actor])
                for code in CODES
            ]
        )
        for actor in ("Avaria", "Belmont")
    }
    of = {(share.cell[0], share.code): share for share in found.shares}
    for text in asked:
        for actor, shares in truth.items():
            one = of[actor, text]
            assert one.estimate[1] <= read(text).value(shares) <= one.estimate[2]
        assert of["Corvia", text].estimate is None
    # Counting says that Belmont condemns more often than it supports by far.
    ratio = of["Belmont", "condemn : support"]
    assert ratio.counted > ratio.estimate[2]
    with (tmp_path / "out" / "contrasts.csv").open() as file:
        contrast = {row["code"]: row for row in csv.DictReader(file) if row["minus"] == "Belmont"}
    assert float(contrast["condemn : support"]["low"]) > 0
    assert set(asked) <= set(contrast)
    page, said = (tmp_path / "out" / "shares.html").read_text(), capsys.readouterr().out
    drawing = (tmp_path / "out" / "measures.svg").read_text()
    for text in asked:
        assert text in page and text.replace("|", "\\|") in said and text in drawing
    assert "shares of 4 codes and 4 measures in 3 cells" in said
    assert "condemn : support, mean: numbers, not percentages" in said


def test_everything_annotated_is_known(tmp_path):
    rows = stances(*[{"stance": "condemn"}] * 12, *[{}] * 8)
    gold = tmp_path / "gold.csv"
    lines = [f"r{at},{'support' if at < 4 else 'condemn'}" for at in range(20)]
    gold.write_text("\n".join(["id,stance", *lines]))
    found = estimate(
        written(tmp_path, rows), gold=gold, measures=["support : condemn", "support - condemn"]
    ).shares
    assert found[2].estimate == pytest.approx((0.25,) * 3)
    assert found[3].estimate == pytest.approx((-0.6,) * 3)


@pytest.fixture(scope="module")
def several():
    """Sentences of two topics, of which many have both, and what people say of all of them."""
    random, n = np.random.default_rng(0), 600
    table = pd.DataFrame({"id": [f"r{row}" for row in range(n)], "article": np.arange(n)})
    table["party"] = np.where(random.random(n) < 0.5, "red", "blue")
    true = {"law": random.random(n) < 0.7, "war": random.random(n) < 0.6}
    seen = {code: has ^ (random.random(n) < 0.1) for code, has in true.items()}

    def cells(codes, none=""):
        return ["; ".join(code for code in codes if codes[code][row]) or none for row in range(n)]

    table["topics"] = cells(seen)
    for code, has in seen.items():
        table[code] = np.where(has, 0.9, 0.1)
    gold = pd.DataFrame({"id": table["id"], "topics": cells(true, "-")})
    return table, gold, true["law"], true["war"]


def test_of_several_codes_per_row_sums_and_shares_count_codes_and_say_so(several):
    table, gold, law, war = several
    measures = ["law + war", "war | law + war", "law - war", "war : law"]
    found = estimate(table, gold=gold, measures=measures)
    value = {share.code: share.estimate[0] for share in found.shares}
    codes = law.sum() + war.sum()
    assert value["law + war"] == pytest.approx(codes / len(law)) and value["law + war"] > 1.2
    assert value["war | law + war"] == pytest.approx(war.sum() / codes)
    assert value["law - war"] == pytest.approx(law.mean() - war.mean())
    assert value["war : law"] == pytest.approx(war.sum() / law.sum())
    told = "law + war, war | law + war: a row may have several codes and counts with each"
    assert any(note.startswith(told) for note in found.notes)
    known = {"labels": table, "gold": gold, "inference": "finite_population"}
    for measure in ("law + war", "war | law + war"):
        of_rows = regress(f"{measure} ~ 1", **known)
        assert of_rows.coefficients[0].estimate[0] == pytest.approx(value[measure])
        assert any(note.startswith(f"{measure}: a row may have") for note in of_rows.notes)
    for formula in ("law ~ party", "law ~ war", "law - war ~ party"):
        assert not any(
            "several codes and counts" in note for note in regress(formula, **known).notes
        )


def test_a_sum_of_codes_that_a_row_may_have_together_is_not_cut_at_one(several):
    table, gold, law, war = several
    found = estimate(
        table, gold=gold.sample(200, random_state=1), measures=["law + war", "law - war"]
    )
    value, low, high = found.shares[2].estimate
    assert 1 < low < value < high and low < law.mean() + war.mean() < high
    slim = read_measures(
        ["law + war", "law - war", "law | law + war"], ["law", "war"], exclusive=False
    )
    assert [one.limits for one in slim] == [(0, 2), (-1, 1), (0, 1)]
    plain = read_measures(["law + war", "law - war"], ["law", "war"])
    assert [one.limits for one in plain] == [(0, 1), (-1, 1)]


def test_rows_with_both_codes_are_on_both_sides_of_a_share(several):
    """Where red rows have law always and war half of the time, nothing is separated."""
    table, gold, _, war = several
    red = table["party"] == "red"
    always = gold.assign(topics=np.where(red, np.where(war, "law; war", "law"), gold["topics"]))
    found = regress(
        "law | law + war ~ party",
        labels=table,
        gold=always,
        family="logistic",
        inference="finite_population",
    )
    odds = red.sum() / war[red].sum()
    assert sum(one.estimate[0] for one in found.coefficients) == pytest.approx(np.log(odds))
