"""Regressions with labels, from files to tables: on made labels with a known truth, and what cannot be answered."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from made_labels import declared

import stancekit.prevalence.designs
from stancekit.__main__ import main
from stancekit.commands.estimate import estimate
from stancekit.commands.regress import regress
from stancekit.commands.sample import sample
from stancekit.errors import KitError, MissingExtra

CODES = ("condemn", "none", "support")
SCALE = ["condemn", "support"]


def make_rows(articles=150, seed=0):
    """Rows of three outlets: red ones condemn more, and the model sees condemnation in the blue ones too."""
    random, rows, gold = np.random.default_rng(seed), [], {}
    for article in range(articles):
        outlet = ("Globe", "Mail", "Sun")[article % 3]
        for at in range(8):
            party = "red" if random.random() < 0.5 else "blue"
            rate = 0.45 if party == "red" else 0.2
            true = random.choice(CODES, p=[rate, 0.7 - rate, 0.3])
            seen = party == "blue" and true == "none" and random.random() < 0.5
            predicted = "condemn" if seen else true
            key = f"a{article}-{at}"
            rows.append(
                {
                    "id": key,
                    "article": f"a{article}",
                    "sentence": f"Sentence {key}.",
                    "actor": f"actor {at % 4}",
                    "target": "it",
                    "outlet": outlet,
                    "party": party,
                    "date": f"{2018 + article % 4}-03-01",
                    "size": 1 + at,
                    "shares": 3 + 2 * (true == "condemn") + random.normal(),
                    "stance": predicted,
                    "stance_scores": {code: 0.8 if code == predicted else 0.1 for code in CODES},
                }
                | declared()
            )
            rows[-1]["codebooks"]["stance"]["scale"] = SCALE
            gold[key] = true
    return rows, gold


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    rows, gold = make_rows()
    labels = folder / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    drawn = sample(labels, n=400, output=folder / "sample.csv", random_state=1).to_frame()
    drawn["stance"] = [gold[key] for key in drawn["id"]]
    drawn.to_csv(folder / "gold.csv", index=False)
    return labels, folder / "gold.csv", rows, gold


def by_term(found):
    return {one.term: one for one in found.coefficients}


def truth_of(study, formula, family=smf.ols):
    """The coefficients that all gold codes have, by statsmodels' own reading of the formula."""
    _, _, rows, gold = study
    frame = pd.DataFrame(rows).drop(columns=["codebooks", "stance_scores"])
    frame["year"] = frame["date"].str[:4].astype(float)
    for code in CODES:
        frame[code] = [float(gold[key] == code) for key in frame["id"]]
    return family(formula, frame).fit(disp=0).params


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("condemn ~ party + year", "linear"),
        ("condemn ~ party * size + C(outlet)", "logistic"),
        ("shares ~ condemn + party", "linear"),
        ("shares ~ condemn * party + I(size ** 2)", "linear"),
    ],
)
def test_coefficients_are_those_of_all_gold_within_their_intervals(study, formula, family):
    labels, gold, *_ = study
    found = regress(formula, labels=labels, gold=gold, family=family, inference="finite_population")
    truth = truth_of(study, formula, smf.logit if family == "logistic" else smf.ols)
    table = by_term(found)
    assert set(table) == set(truth.index)
    inside = [
        one.estimate[1] - 0.02 <= truth[term] <= one.estimate[2] + 0.02
        for term, one in table.items()
    ]
    assert np.mean(inside) >= 0.75


def test_labels_taken_for_the_truth_hide_what_is_there(study):
    labels, gold, *_ = study
    found = regress("condemn ~ party", labels=labels, gold=gold)
    red = by_term(found)["party[T.red]"]
    # Of blue rows half of those without a position are taken for condemnation: no difference is left.
    assert red.estimate[1] > 0.1 and abs(red.naive[0]) < 0.08 and red in found.misled
    assert red.p_value < 0.001 < red.error
    assert red.estimate[2] - red.estimate[1] < red.gold_only[2] - red.gold_only[1]


def test_a_constant_alone_is_the_share(study):
    labels, gold, *_ = study
    (one,) = regress(
        "condemn ~ 1", labels=labels, gold=gold, inference="finite_population"
    ).coefficients
    share = next(share for share in estimate(labels, gold=gold).shares if share.code == "condemn")
    assert one.gold_only[0] == pytest.approx(share.gold_only[0])
    # Shares of all codes have one weight of the scores together, a regression one of its own.
    assert one.estimate[0] == pytest.approx(share.estimate[0], abs=0.01)
    assert one.naive[0] == pytest.approx(share.counted)


def test_shares_among_positions_and_sums_are_outcomes_too(study):
    labels, gold, rows, truth = study
    found = regress(
        "condemn | condemn + support ~ party",
        labels=labels,
        gold=gold,
        inference="finite_population",
    )
    among = {
        party: [
            truth[row["id"]] for row in rows if row["party"] == party and truth[row["id"]] != "none"
        ]
        for party in ("blue", "red")
    }
    shares = {
        party: np.mean([code == "condemn" for code in codes]) for party, codes in among.items()
    }
    red = by_term(found)["party[T.red]"].estimate
    assert red[1] <= shares["red"] - shares["blue"] <= red[2]
    mean = regress("mean ~ party", labels=labels, gold=gold, inference="finite_population")
    # The mean of -1 and 1 falls by twice what the share of condemnation rises.
    assert by_term(mean)["party[T.red]"].estimate[0] == pytest.approx(-2 * red[0], abs=1e-6)
    total = regress("condemn + support ~ 1", labels=labels, gold=gold)
    assert 0.5 < total.coefficients[0].estimate[0] < 0.75


def test_the_reference_of_fixed_effects_can_be_named(study):
    labels, gold, *_ = study
    found = regress('condemn ~ C(outlet, "Sun") + C(year)', labels=labels, gold=gold)
    terms = list(by_term(found))
    assert terms[:3] == ["Intercept", 'C(outlet, "Sun")[T.Globe]', 'C(outlet, "Sun")[T.Mail]']
    assert terms[3:] == ["C(year)[T.2019]", "C(year)[T.2020]", "C(year)[T.2021]"]


def test_a_table_of_further_columns_is_joined_by_its_first(study, tmp_path):
    labels, gold, *_ = study
    (tmp_path / "outlets.csv").write_text("outlet,circulation\nGlobe,10\nMail,20\nSun,40\n")
    joined = regress(
        "condemn ~ circulation", labels=labels, gold=gold, columns=tmp_path / "outlets.csv"
    )
    assert list(by_term(joined)) == ["Intercept", "circulation"]
    frame = pd.DataFrame({"outlet": ["Globe", "Mail"], "circulation": [10, 20]})
    part = regress("condemn ~ circulation", labels=labels, gold=gold, columns=frame)
    assert part.n == 800 and any("no value of circulation" in note for note in part.notes)


def test_weights_count_rows_as_often(study):
    """Twice the weight for some rows is a fit in which they stand twice."""
    labels, gold, *_ = study
    weighted = regress("condemn ~ party", labels=labels, gold=gold, weights="size")
    plain = regress("condemn ~ party", labels=labels, gold=gold)
    _, _, rows, _ = study
    frame = pd.DataFrame(rows)
    frame["condemn"] = (frame["stance"] == "condemn") * 1.0
    theirs = smf.wls("condemn ~ party", frame, weights=frame["size"]).fit().params
    assert by_term(weighted)["party[T.red]"].naive[0] == pytest.approx(theirs["party[T.red]"])
    assert weighted.coefficients != plain.coefficients


def test_samples_that_extend_one_another_count_together(study, tmp_path):
    labels, gold, _, truth = study
    more = sample(labels, n=200, extend=gold, output=tmp_path / "more.csv").to_frame()
    more["stance"] = [truth[key] for key in more["id"]]
    both = regress("condemn ~ party", labels=labels, gold=[gold, more])
    assert both.n_annotated == 600
    one = regress("condemn ~ party", labels=labels, gold=gold)
    assert by_term(both)["party[T.red]"].error < by_term(one)["party[T.red]"].error


def test_clusters_of_any_column_and_rows_of_these_texts(study):
    labels, gold, *_ = study
    errors = {}
    for kind in (
        {},
        {"cluster": "date"},
        {"cluster": "sentence"},
        {"inference": "finite_population"},
    ):
        try:
            found = regress("condemn ~ party", labels=labels, gold=gold, **kind)
            errors[str(kind)] = by_term(found)["party[T.red]"].error
        except KitError as error:
            errors[str(kind)] = str(error)
    by_article, by_date, by_row, these = errors.values()
    assert "in 4 values of date, which weigh as much as" in by_date and "takes 8" in by_date
    assert these < by_row and these < by_article


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("condemn party", "no outcome and terms with one ~ between"),
        ("condemn ~ party ~ size", "no outcome and terms"),
        ("condemn ~ __import__('os').system('true')", "cannot be read from"),
        ("condemn ~ eval(party)", "has the function eval"),
        ("condemn ~ C(party).values", "cannot be read from '.values'"),
        ("condemn ~ {size}", "cannot be read from"),
        ("condemn ~ party +", "cannot be read"),
        ("condemn ~ (party", "cannot be read"),
        ("condemn ~ size ** 9", "has the number 9"),
        ("condemn ~ 7", "has the number 7"),
        ("condemn ~ log(size ** 2)", "a power outside"),
        (
            "condemn ~ partyy",
            r"has partyy, which is no code and no column of the labels \(is party meant",
        ),
        (
            "condem ~ party",
            r"has condem, which is no code and no column of the labels \(is condemn meant",
        ),
        ("condemn ~ stance", "stance holds labels of a model, which would count as the truth"),
        (
            "condemn ~ log(party)",
            r"log\(party\) takes numbers, and column party has .*; write C\(party\)",
        ),
        ("condemn ~ C(support)", "makes something of a code"),
        ("condemn ~ C(party, green)", "has no value 'green'; it has blue, red"),
        ("condemn : support ~ party", "is a ratio of shares, which no row has"),
        ("shares ~ party", "names no code of the labels"),
        ("C(party) ~ condemn", "makes categories, and an outcome is a number"),
        (
            "party ~ condemn",
            "has (blue, red|red, blue); an outcome is a number or a code. Add a column that is 1 for one",
        ),
        ("log(party) ~ condemn", r"log\(party\) takes numbers.*; an outcome is a number"),
        ("condemn ~ size + I(size ** 1)", r"terms size, I\(size \*\* 1\) are collinear"),
        ("condemn ~ target", "target has the same value in every row .it., and says nothing"),
        (
            "condemn ~ C(article)",
            "rows are annotated, and 150 coefficients take 300|one value in all",
        ),
        ("condemn ~ 0", "has 0 coefficients"),
        ("condemn ~ C(id)*C(article)", "has .* coefficients, and there may be 1 to 500"),
    ],
)
def test_formulas_that_cannot_be_answered(study, formula, told):
    labels, gold, *_ = study
    with pytest.raises(KitError, match=told):
        regress(formula, labels=labels, gold=gold)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"family": "probit"}, "unknown family='probit'"),
        ({"inference": "all"}, "unknown inference='all'"),
        ({"inference": "finite_population", "cluster": "outlet"}, "leave one of the two out"),
        ({"cluster": "outlet"}, "in 3 values of outlet, which weigh as much as 3.0"),
        ({"cluster": "target"}, "in 1 values of target"),
        ({"cluster": "newspaper"}, "has newspaper, which is no code and no column"),
        ({"weights": "party"}, "weights=party has values that are no weights"),
        (
            {"formula": "support - condemn ~ party", "family": "logistic"},
            "may have other values; set family=linear",
        ),
        (
            {"formula": "shares ~ condemn", "family": "logistic"},
            "takes an outcome of 0 and 1, and shares has",
        ),
        (
            {"formula": "shares ~ condemn", "family": "poisson"},
            "takes an outcome of numbers of 0 or more",
        ),
    ],
)
def test_settings_that_cannot_be_answered(study, changed, told):
    labels, gold, *_ = study
    with pytest.raises(KitError, match=told):
        regress(**{"formula": "condemn ~ party", "labels": labels, "gold": gold} | changed)


def frames(study):
    """Labels and gold as tables, to be spoilt."""
    _, gold, rows, _ = study
    table = pd.DataFrame(rows).drop(columns=["codebooks", "format", "extent"])
    return table, pd.read_csv(gold, keep_default_na=False)


def test_what_annotated_rows_do_not_decide_is_refused(study):
    labels, gold = frames(study)
    first = labels["id"].isin(gold["id"])
    # A value that no annotated row has.
    empty = labels.assign(party=np.where(first, labels["party"], "green"))
    with pytest.raises(
        KitError,
        match=r"1 terms have one value in all annotated rows \(party\[T.green\]\).*stratified",
    ):
        regress("condemn ~ party", labels=empty, gold=gold)
    # Two columns that are the same where rows were annotated.
    alike = labels.assign(same=np.where(first, labels["size"], 0))
    with pytest.raises(
        KitError, match="terms size, same are collinear among the annotated rows, though"
    ):
        regress("condemn ~ size + same", labels=alike, gold=gold)
    # A value whose annotated rows all have the code.
    condemned = set(gold["id"][gold["stance"] == "condemn"][:30])
    split = labels.assign(camp=[key in condemned for key in labels["id"]])
    with pytest.raises(
        KitError, match=r"perfect separation: .*camp\[T.True\] decides the outcome.*family=linear"
    ):
        regress("condemn ~ camp", labels=split, gold=gold, family="logistic")
    assert regress("condemn ~ camp", labels=split, gold=gold).coefficients
    never = labels.assign(
        camp=[key in set(gold["id"][gold["stance"] == "none"][:30]) for key in labels["id"]]
    )
    with pytest.raises(KitError, match="perfect separation"):
        regress("condemn ~ camp", labels=never, gold=gold, family="poisson")
    with pytest.raises(KitError, match="gold has 1 ids that are not in the labels"):
        regress("condemn ~ party", labels=labels, gold=gold.assign(id=["x", *gold["id"][1:]]))
    with pytest.raises(KitError, match="12 rows are annotated, and 2 coefficients take 20"):
        regress("condemn ~ party", labels=labels, gold=gold.head(12))


def test_a_coefficient_of_few_annotated_units_has_no_number(study):
    labels, gold = frames(study)
    few = set(gold["id"][:4])
    rare = labels.assign(rare=[key in few for key in labels["id"]])
    found = regress("condemn ~ party + rare", labels=rare, gold=gold)
    one = by_term(found)["rare[T.True]"]
    assert one.estimate is None and one.gold_only is None and one.naive is not None
    assert one.why == "4 clusters with annotated rows decide it, and it takes 8"
    assert by_term(found)["party[T.red]"].estimate
    row = found.to_frame().set_index("term").loc["rare[T.True]"]
    assert np.isnan(row["estimate"]) and np.isnan(row["p_value"])
    assert "4 clusters" in repr(found)


def test_rows_without_a_covariate_are_left_out_and_said_to_be(study):
    labels, gold = frames(study)
    labels.loc[labels.index[::4], "party"] = None
    found = regress("condemn ~ party", labels=labels, gold=gold)
    assert found.n == 900
    assert (
        "300 of 1,200 rows have no value of party and are left out: the claim is about the others"
        in found.notes
    )
    with pytest.raises(KitError, match="no row of the labels has a value of empty"):
        regress("condemn ~ empty", labels=labels.assign(empty=None), gold=gold)
    with pytest.raises(
        KitError, match=r"120. rows of the labels have no paper|rows of the labels have no paper"
    ):
        regress(
            "condemn ~ party",
            labels=labels.assign(paper=[None, "A"] * 600),
            gold=gold,
            cluster="paper",
        )


def test_names_that_are_not_clear(study):
    labels, gold = frames(study)
    with pytest.raises(
        KitError, match="support is the name of a code and of a column of the labels"
    ):
        regress("condemn ~ support", labels=labels.assign(support=1.0), gold=gold)
    # A column of that name is in nobody's way while the formula does not name it.
    assert regress("condemn ~ party", labels=labels.assign(support=1.0), gold=gold)
    spaced = labels.rename(columns={"party": "the party"})
    found = regress("condemn ~ `the party`", labels=spaced, gold=gold)
    assert "`the party`[T.red]" in by_term(found)


def test_tables_that_cannot_be_joined(study):
    labels, gold, *_ = study
    for table, told in (
        (
            pd.DataFrame({"paper": ["Globe"], "circulation": [1]}),
            "first column of the table is 'paper', by which",
        ),
        (
            pd.DataFrame({"outlet": ["Globe", "Globe"], "circulation": [1, 2]}),
            "1 values of outlet more than once",
        ),
        (pd.DataFrame({"outlet": ["Globe"], "party": ["red"]}), r"the labels have too \(party\)"),
        (
            pd.DataFrame({"outlet": ["Times"], "circulation": [1]}),
            "no outlet of the labels is in the table",
        ),
    ):
        with pytest.raises(KitError, match=told):
            regress("condemn ~ circulation", labels=labels, gold=gold, columns=table)


def test_everything_annotated_is_known(study):
    labels, _, rows, truth = study
    gold = pd.DataFrame(
        {"id": [row["id"] for row in rows], "stance": [truth[row["id"]] for row in rows]}
    )
    found = regress("condemn ~ party", labels=labels, gold=gold, inference="finite_population")
    theirs = truth_of(study, "condemn ~ party")
    for one in found.coefficients:
        assert one.estimate[0] == one.estimate[1] == one.estimate[2]
        assert one.estimate[0] == pytest.approx(theirs[one.term]) and np.isnan(one.p_value)


def test_a_model_without_an_error_is_not_trusted(study):
    _, gold, rows, truth = study
    right = [row | {"stance": truth[row["id"]]} for row in rows]
    for row in right:
        row["stance_scores"] = {code: 0.98 if code == row["stance"] else 0.01 for code in CODES}
    table = pd.DataFrame(right).drop(columns=["codebooks", "format", "extent"])
    found = regress("condemn ~ party", labels=table, gold=gold)
    assert any("makes no error in the annotated rows with condemn" in note for note in found.notes)


def test_without_the_package_the_install_line_is_named(study, monkeypatch):
    labels, gold, *_ = study
    monkeypatch.setattr(stancekit.prevalence.designs, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"formulaic is not installed; .*'stancekit\[regress\]'"):
        regress("condemn ~ party", labels=labels, gold=gold)


def test_on_the_command_line_with_tables_a_figure_and_a_page(study, tmp_path, capsys):
    _, gold, rows, _ = study
    spoilt = tmp_path / "labels.jsonl"
    changed = [
        row | {"outlet": "Sun <b>& $x$_%" if row["outlet"] == "Sun" else row["outlet"]}
        for row in rows
    ]
    spoilt.write_text("".join(json.dumps(row) + "\n" for row in changed))
    out = tmp_path / "out"
    words = [
        "regress",
        "condemn ~ party + C(outlet)",
        f"labels={spoilt}",
        f"gold={gold}",
        f"output={out}",
    ]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "| party[T.red] |" in said and "regression.html, with regression.csv" in said
    assert {path.name for path in out.iterdir()} == {
        "coefficients.svg",
        "regression.csv",
        "regression.html",
        "regression.md",
        "regression.tex",
    }
    page = (out / "regression.html").read_text()
    assert "Sun <b>" not in page and "Sun &lt;b&gt;" in page and page.count("<svg") == 1
    assert "https:" not in page and "<script" not in page
    table = pd.read_csv(out / "regression.csv")
    assert list(table["term"][:2]) == ["Intercept", "party[T.red]"] and len(table) == 4
    latex = (out / "regression.tex").read_text()
    assert r"Sun \textless{}b\textgreater{}\& \$x\$\_\%" in latex
    assert r"\toprule" in latex and "$0." in latex
    markdown = (out / "regression.md").read_text()
    assert (
        "| party[T.red] |" in markdown and "- a coefficient is a difference in the mean" in markdown
    )
    assert main(["regress", "condemn ~ partyy", f"labels={spoilt}", f"gold={gold}"]) == 2
    assert "is party meant?" in capsys.readouterr().err


def test_codes_of_sentences_that_have_several_or_none(tmp_path):
    """A sentence counts once, with any of its codes; what differs within it cannot be a covariate."""
    random, rows, gold = np.random.default_rng(0), [], []
    for number in range(600):
        party = ("red", "blue")[number % 2]
        true = [
            code for code in ("law", "war") if random.random() < (0.6 if party == "red" else 0.3)
        ]
        seen = [code for code in ("law", "war") if (code in true) == (random.random() < 0.85)]
        for actor in range(2):
            rows.append(
                {
                    "id": f"a{number // 5}.{number}.{actor}",
                    "article": f"a{number // 5}",
                    "actor": f"actor {actor}",
                    "target": "it",
                    "party": party,
                    "topics": seen,
                    "topics_scores": {
                        code: 0.9 if code in seen else 0.2 for code in ("law", "war")
                    },
                }
                | declared("topics", unit="sentence", multi_label=True)
            )
        gold.append({"id": rows[-2]["id"], "topics": "; ".join(true) or "-"})
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    drawn = pd.DataFrame(gold).sample(200, random_state=0)
    found = regress("law ~ party + war", labels=labels, gold=drawn, family="logistic")
    assert found.n == 600 and found.n_annotated == 200
    red = by_term(found)["party[T.red]"].estimate
    assert red[1] < np.log(0.6 / 0.4) - np.log(0.3 / 0.7) < red[2]
    with pytest.raises(KitError, match="several values of actor"):
        regress("law ~ actor", labels=labels, gold=drawn)
    # Two codes may both be there, so that their sum is no yes or no.
    with pytest.raises(KitError, match="may have other values; set family=linear"):
        regress("law + war ~ party", labels=labels, gold=drawn, family="logistic")
    assert regress("law + war ~ party", labels=labels, gold=drawn).coefficients[1].estimate[0] > 0.3


def with_column(study, name, values):
    _, gold, rows, _ = study
    return pd.DataFrame(rows).assign(**{name: list(values)}), gold


def test_the_words_for_missing_among_numbers_are_missing(study):
    rows = study[2]
    sizes = ["NA" if at % 50 == 0 else str(row["size"]) for at, row in enumerate(rows)]
    blanks = ["" if value == "NA" else value for value in sizes]
    labels, gold = with_column(study, "age", sizes)
    found = regress("condemn ~ age", labels=labels, gold=gold)
    [said] = [one for one in found.coefficients if one.term == "age"]
    labels, gold = with_column(study, "age", blanks)
    assert by_term(regress("condemn ~ age", labels=labels, gold=gold))["age"] == said


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            lambda at: "NA" if at % 9 == 0 else "red",
            "NA in 134 rows, which may be a missing value or a category",
        ),
        (
            lambda at: "0,5" if at % 50 == 0 else str(at),
            r"is numbers, but for 0,5 in 24 rows.*by C\(odd\)",
        ),
        (lambda at: "none" if at % 50 == 0 else str(at % 7), "is numbers, but for none in 24 rows"),
    ],
)
def test_columns_that_may_be_misread_are_refused(study, values, told):
    labels, gold = with_column(study, "odd", [values(at) for at in range(len(study[2]))])
    with pytest.raises(KitError, match=told):
        regress("condemn ~ odd", labels=labels, gold=gold)


def test_codes_that_look_like_powers_of_ten_are_categories(study):
    labels, gold = with_column(
        study, "ward", [("1E1", "2E2")[at % 2] for at in range(len(study[2]))]
    )
    assert "ward[T.2E2]" in by_term(regress("condemn ~ ward", labels=labels, gold=gold))


def test_a_table_is_joined_by_the_year_of_a_date(study):
    labels, gold, rows, _ = study
    gdp = {2018: 3.0, 2019: 1.0, 2020: 2.0, 2021: 5.0}
    table = pd.DataFrame({"year": list(gdp), "gdp": list(gdp.values())})
    joined = regress("condemn ~ gdp", labels=labels, gold=gold, columns=table)
    own, gold = with_column(study, "gdp", [gdp[int(row["date"][:4])] for row in rows])
    assert by_term(joined)["gdp"] == by_term(regress("condemn ~ gdp", labels=own, gold=gold))["gdp"]


def test_a_table_is_not_joined_by_what_a_model_guessed(study):
    labels, gold, _, _ = study
    table = pd.DataFrame({"stance": CODES, "gdp": [1, 2, 3]})
    with pytest.raises(
        KitError, match="'stance', by which it is joined, and that is what a model has guessed"
    ):
        regress("condemn ~ gdp", labels=labels, gold=gold, columns=table)


def test_names_in_a_table_match_but_for_blanks(study):
    labels, gold, _, _ = study
    table = pd.DataFrame({"party": ["blue ", " red"], "members": [1.0, 2.0]})
    assert "members" in by_term(
        regress("condemn ~ members", labels=labels, gold=gold, columns=table)
    )


def test_coefficients_per_unit_of_millions_keep_their_digits(study, tmp_path):
    labels, gold = frames(study)
    random = np.random.default_rng(0)
    truth = pd.Series(study[3]).loc[labels["id"]].to_numpy()
    labels["followers"] = np.where(truth == "condemn", 3e6, 1e6) + random.integers(0, 10**6, 1200)
    found = regress("condemn ~ followers", labels=labels, gold=gold, output=tmp_path)
    one = by_term(found)["followers"]
    assert one.estimate[1] < 4.7e-7 < one.estimate[2]
    table = pd.read_csv(tmp_path / "regression.csv")
    # What is read back is what was found.
    assert table["estimate"].tolist() == pytest.approx(
        [one.estimate[0] for one in found.coefficients], rel=1e-14
    )
    assert table["std_error"].tolist() == pytest.approx(
        [one.error for one in found.coefficients], rel=1e-14
    )
    assert table["p_value"].tolist() == pytest.approx(
        [one.p_value for one in found.coefficients], rel=1e-14, abs=0
    )
    page = (tmp_path / "regression.html").read_text()
    assert ".000</td>" not in page and "<td>&lt;0.001</td>" in page
    assert re.search(r"<td>\d\.\de-0[89]</td>", page)
    for name in ("regression.md", "regression.html"):
        assert "e-07 [" in (tmp_path / name).read_text()
    latex = (tmp_path / "regression.tex").read_text()
    assert r" \times 10^{-7}$ {\scriptsize [" in latex and r"$\times 10^{-7}$]}" in latex
    assert "e-07" not in latex and "e$-$07" not in latex


@pytest.mark.parametrize("size", [1e-10, 1e7, 1e13])
def test_outcomes_weights_and_covariates_of_any_unit_give_the_same_answers(study, size):
    labels, gold = frames(study)
    large = labels.assign(shares=labels["shares"] * size, size=labels["size"] * size)
    for formula, kind, factor in (
        ("shares ~ condemn + party", {}, size),
        ("condemn ~ party", {"weights": "size"}, 1),
        ("condemn ~ size", {"family": "logistic"}, 1 / size),
    ):
        small, other = (
            regress(formula, labels=table, gold=gold, **kind).coefficients[1]
            for table in (labels, large)
        )
        ends = np.array(small.estimate) * factor
        assert other.estimate == pytest.approx(ends, rel=1e-6, abs=0)
        assert other.error == pytest.approx(small.error * factor, rel=1e-6, abs=0)
        assert other.p_value == pytest.approx(small.p_value)


@pytest.mark.parametrize("size", [1e-10, 1e7])
def test_counts_of_any_unit_move_the_constant_alone(study, size):
    labels, gold = frames(study)
    labels["shares"] = labels["shares"].abs()
    large = labels.assign(shares=labels["shares"] * size)
    small, other = (
        regress("shares ~ condemn", labels=table, gold=gold, family="poisson").coefficients
        for table in (labels, large)
    )
    assert other[1].estimate == pytest.approx(small[1].estimate, rel=1e-5)
    assert other[0].estimate[0] == pytest.approx(small[0].estimate[0] + np.log(size), rel=1e-5)
