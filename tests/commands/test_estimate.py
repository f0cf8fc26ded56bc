"""From labels and a annotated sample to shares: on made labels of our own, with a known truth."""

import csv
import json

import numpy as np
import pytest
from made_labels import ACTORS, CODES, annotated, declared, made, stances, written

from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.corpus.dates import decimal_year, read_date
from stancekit.errors import KitError
from stancekit.labelling.population import NO_VALUE
from stancekit.prevalence.estimators import SampledUnits, contrast, estimate_domain, share_interval
from stancekit.prevalence.shares import Share
from stancekit.reporting.prevalence import trends_figure


@pytest.mark.parametrize("design", ["random", "stratified", "uncertain"])
def test_from_labels_to_shares_that_counting_gets_wrong(tmp_path, design):
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(
        labels=labels, n=200, design=design, by=["actor"], output=tmp_path / "sample.jsonl"
    )
    assert len(drawn) == 200 and all(
        row["stance"] == "" and 0 < row["probability"] <= 1 for row in drawn
    )
    found = estimate(
        labels=labels, gold=annotated(drawn, gold, tmp_path / "gold.jsonl"), by=["actor"]
    ).shares
    of = {(one.cell[0], one.code): one for one in found}
    condemn = of["Belmont", "condemn"]
    true = np.mean([gold[row["id"]] == "condemn" for row in rows if row["actor"] == "Belmont"])
    value, low, high = condemn.estimate
    assert low <= true <= high < condemn.counted and condemn.bias == pytest.approx(
        condemn.counted - value
    )
    assert high - low < condemn.gold_only[2] - condemn.gold_only[1]
    for actor in ACTORS:
        assert sum(of[actor, code].estimate[0] for code in CODES) == pytest.approx(1)


def test_a_page_with_tables_and_drawings(tmp_path):
    rows, gold = made(years=("2019", "2020", "2021"))
    rows[0]["actor"] = "<b>Avaria</b>"
    labels = written(tmp_path, rows)
    path = annotated([{**row, "probability": 1.0} for row in rows], gold, tmp_path / "gold.jsonl")
    out = tmp_path / "out"
    shares = estimate(labels=labels, gold=path, by=["actor", "year"], output=out).shares
    page = (out / "shares.html").read_text()
    assert "<b>Avaria" not in page and "&lt;b&gt;Avaria" in page
    assert (
        page.count("<svg") == 2
        and "http:" not in page.replace("http://www.w3.org", "")
        and "https:" not in page
    )
    assert (out / "shares.svg").read_text().startswith("<svg") and (out / "trends.svg").exists()
    with (out / "shares.csv").open() as file:
        body = list(csv.DictReader(file))
    assert len(body) == len(shares) == 4 * 7
    # All was annotated: the share is what it is, without an interval.
    one = next(
        row
        for row in body
        if (row["actor"], row["year"], row["code"]) == ("Belmont", "2020", "condemn")
    )
    assert one["estimate"] == one["low"] == one["high"] == one["annotation_only"]
    with (out / "contrasts.csv").open() as file:
        assert {row["cell"] for row in csv.DictReader(file)} == {
            f"{actor}: trend per year, 2019 to 2021" for actor in ACTORS
        }


def test_a_trend_that_is_there_and_one_that_is_not(tmp_path):
    rows, gold = made(years=("2018", "2019", "2020", "2021"), articles=400)
    # Year by year more of Avaria's sentences condemn in truth, and less of them are seen to.
    random = np.random.default_rng(1)
    for row in rows:
        year = int(row["date"][:4]) - 2018
        if row["actor"] == "Avaria":
            gold[row["id"]] = "condemn" if random.random() < 0.2 + 0.15 * year else "none"
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=800, output=tmp_path / "sample.jsonl")
    path, out = annotated(drawn, gold, tmp_path / "gold.jsonl"), tmp_path / "out"
    estimate(labels=labels, gold=path, by=["actor", "year"], output=out)
    with (out / "contrasts.csv").open() as file:
        slopes = {(row["cell"].split(":")[0], row["code"]): row for row in csv.DictReader(file)}
    rise, none = slopes["Avaria", "condemn"], slopes["Belmont", "condemn"]
    assert 0.05 < float(rise["low"]) < 0.15 < float(rise["high"]) < 0.25
    assert float(none["low"]) < 0 < float(none["high"])


def test_a_cell_with_too_few_gets_no_number_and_says_how_many_more(tmp_path, capsys):
    rows, gold = made()
    rows[0]["actor"] = rows[1]["actor"] = "Corvia"
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=100, output=tmp_path / "sample.jsonl", random_state=3)
    found = estimate(
        labels,
        gold=annotated(drawn, gold, tmp_path / "gold.jsonl"),
        by=["actor"],
        verbose=True,
    ).shares
    few = [one for one in found if one.cell == ("Corvia",)]
    assert len(few) == 4 and all(
        one.estimate is None and one.bias is None and one.needed == 2 for one in few
    )
    assert "2 more annotated rows needed" in capsys.readouterr().out


def test_frames_where_none_is_an_answer(tmp_path):
    frames = ("law", "security")
    random = np.random.default_rng(2)
    rows, gold = [], []
    for at in range(400):
        true = [code for code in frames if random.random() < 0.3]
        predicted = [code for code in frames if (code in true) == (random.random() < 0.9)]
        rows.append(
            {"id": f"r{at}", "article": f"a{at // 5}", "sentence": "s", "actor": "A", "target": "T"}
        )
        rows[-1] |= {
            "frames": predicted,
            "frames_scores": {code: 0.9 if code in predicted else 0.1 for code in frames},
        }
        rows[-1] |= declared("frames", multi_label=True)
        gold.append({"id": f"r{at}", "probability": 0.25, "frames": "; ".join(true) or "-"})
    labels = written(tmp_path, rows)
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in gold[::4]))
    found = {one.code: one for one in estimate(labels=labels, gold=path, codebook="frames").shares}
    for code in frames:
        true = np.mean([code in row["frames"] for row in gold])
        assert found[code].estimate[1] <= true <= found[code].estimate[2]


def test_rows_left_empty_are_not_used(tmp_path):
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=200, output=tmp_path / "sample.jsonl")
    for row in drawn[::2]:
        gold[row["id"]] = ""
    found = estimate(labels=labels, gold=annotated(drawn, gold, tmp_path / "gold.jsonl")).shares
    assert {one.n_annotated for one in found} == {100}


def test_a_gold_file_without_probabilities_is_treated_as_a_random_sample(tmp_path, capsys):
    rows, gold = made()
    drawn = [{"id": row["id"]} for row in rows[::4]]
    path = annotated(drawn, gold, tmp_path / "gold.jsonl")
    found = estimate(labels=written(tmp_path, rows), gold=path, output=tmp_path / "out")
    assert "treated as a random sample" in found.notes[0] and found.shares[0].n_annotated == 240
    assert not capsys.readouterr().out
    assert "treated as a random sample" in (tmp_path / "out" / "shares.html").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stance": "oppose"}, r"codes oppose.*abstain, condemn, none, support"),
        ({"stance": "condemn; support"}, "several codes of stance in a0-0"),
        ({"id": "other"}, "1 ids that are not in the labels"),
        ({"probability": 0}, "above 0 and up to 1"),
        ({"probability": "high"}, "above 0 and up to 1"),
    ],
)
def test_a_gold_file_that_does_not_fit_is_refused(tmp_path, change, told):
    rows, _ = made(articles=4)
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        json.dumps({"id": "a0-0", "probability": 0.5, "stance": "none", **change}) + "\n"
    )
    with pytest.raises(KitError, match=told):
        estimate(labels=written(tmp_path, rows), gold=gold)


def test_what_cannot_be_asked_is_refused(tmp_path):
    rows, gold = made(articles=4)
    labels = written(tmp_path, rows)
    path = annotated([{"id": "a0-0", "probability": 1.0}], gold, tmp_path / "gold.jsonl")
    for wrong, told in (
        ({"by": ["tone"]}, "no column tone"),
        ({"inference": "all"}, "unknown inference='all'"),
        ({"codebook": "mood"}, "no codebook 'mood'; they have: stance"),
        ({"labels": tmp_path / "none.jsonl"}, "there are no labels"),
    ):
        with pytest.raises(KitError, match=told):
            estimate(**{"labels": labels, "gold": path, **wrong})
    path.write_text(json.dumps({"id": "a0-0", "probability": 1.0, "stance": ""}) + "\n")
    with pytest.raises(KitError, match="gold has no row with stance"):
        estimate(labels=labels, gold=path)
    path.write_text(json.dumps({"id": "other", "probability": 1.0, "mood": "glad"}) + "\n")
    with pytest.raises(KitError, match=r"gold has no column 'stance'; it has id, mood, prob"):
        estimate(labels=labels, gold=path)


def test_parquet_and_folders_of_labels_are_read_too(tmp_path):
    import pyarrow
    import pyarrow.parquet

    rows, gold = made()
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, part in enumerate((rows[:500], rows[500:])):
        pyarrow.parquet.write_table(
            pyarrow.Table.from_pylist(part), folder / f"part-{number}.parquet"
        )
    drawn = sample(labels=folder, n=150, output=tmp_path / "sample.jsonl")
    found = estimate(labels=folder, gold=annotated(drawn, gold, tmp_path / "gold.jsonl")).shares
    assert {one.n for one in found} == {len(rows)}


def test_an_adjusted_count_stands_beside_the_estimate(tmp_path):
    rows, gold = made(articles=600)
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=1500, output=tmp_path / "sample.jsonl")
    path = annotated(drawn, gold, tmp_path / "gold.jsonl")
    shares = estimate(labels=labels, gold=path).shares
    for one in shares:
        assert one.adjusted == pytest.approx(
            np.mean([of == one.code for of in gold.values()]), abs=0.03
        )
    assert sum(one.adjusted for one in shares) == pytest.approx(1)
    # Its error rates are those of all actors together, so between actors it misleads.
    found = {
        (one.cell[0], one.code): one
        for one in estimate(labels=labels, gold=tmp_path / "gold.jsonl", by=["actor"]).shares
    }
    true = np.mean([gold[row["id"]] == "condemn" for row in rows if row["actor"] == "Belmont"])
    assert found["Belmont", "condemn"].adjusted > true + 0.05
    low, high = found["Belmont", "condemn"].estimate[1:]
    assert low <= true <= high


def test_a_matrix_of_two_fields(tmp_path):
    rows, gold = made()
    for at, row in enumerate(rows):
        row["target"] = ("the levy", "the pact", "Sova")[at // 2 % 3 if at < 900 else 0]
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=400, output=tmp_path / "sample.jsonl")
    given = {"labels": labels, "gold": annotated(drawn, gold, tmp_path / "gold.jsonl")}
    estimate(**given, by=["actor", "target"], output=tmp_path / "two")
    assert "the pact" in (tmp_path / "two" / "matrix.svg").read_text()
    assert "shares by two fields" in (tmp_path / "two" / "shares.html").read_text()
    estimate(**given, by=["actor"], output=tmp_path / "one")
    assert not (tmp_path / "one" / "matrix.svg").exists()


def all_annotated(tmp_path, rows, of, **given):
    """Estimate from rows that are all annotated, `of` by id."""
    path = annotated(
        [{"id": row["id"], "probability": 1.0} for row in rows], of, tmp_path / "gold.jsonl"
    )
    return estimate(labels=written(tmp_path, rows), gold=path, **given).shares


def dated(parts):
    """Rows of dates and what part of each condemns, in hundredths, and their gold codes."""
    rows = stances(*({"date": date} for date in parts for _ in range(100)))
    share = [at for condemn in parts.values() for at in [condemn] * 100]
    return rows, {
        row["id"]: "condemn" if at % 100 < share[at] else "support" for at, row in enumerate(rows)
    }


@pytest.mark.parametrize(
    ("by", "parts", "told"),
    [
        ("year", {"2000": 10, "2001": 14, "2010": 50}, "trend per year, 2000 to 2010"),
        (
            "month",
            {"2020-01-31": 10, "2020-02": 15, "2020-03-01": 20, "2020-09": 50, "2020-10": 55},
            "trend per year, 2020-01 to 2020-10",
        ),
        ("month", {"20191101": 10, "20191201": 11, "20200301": 14}, "2019-11 to 2020-03"),
        ("year", {None: 90, "2000": 10, "2001": 14, "2010-12": 50}, "2000 to 2010"),
    ],
)
def test_a_slope_is_per_year_over_the_dates(tmp_path, capsys, by, parts, told):
    rows, of = dated(parts)
    all_annotated(tmp_path, rows, of, by=by, verbose=True)
    years = [decimal_year(read_date(date)) for date in parts if date]
    slope = np.polyfit(years, [share for date, share in parts.items() if date], 1)[0]
    assert (
        f"{told} |  | condemn | {slope:.1f} [{slope:.1f}, {slope:.1f}] |" in capsys.readouterr().out
    )


def test_trends_are_drawn_at_true_distances():
    shares = [
        Share((year,), "condemn", 9, 9, 0.5, (value, value, value), None)
        for year, value in (("2010", 0.5), ("2000", 0.1), (NO_VALUE, 0.9), ("2001", 0.14))
    ]
    [axes] = trends_figure(shares, ["condemn"]).axes
    [line] = axes.lines
    assert line.get_xdata().tolist() == [2000, 2001, 2010] and line.get_ydata().round(
        9
    ).tolist() == [10, 14, 50]


def test_dates_are_read_as_they_are_written_or_refused(tmp_path, capsys):
    rows, of = dated({"30/01/2000": 10, "28/02/2001": 20, "01/03/2003": 40})
    with pytest.raises(KitError, match=r"30/01/2000.*date_format='%d/%m/%Y'"):
        all_annotated(tmp_path, rows, of, by=["year"])
    shares = all_annotated(tmp_path, rows, of, by=["year"], date_format="%d/%m/%Y", verbose=True)
    assert {one.cell for one in shares} == {("2000",), ("2001",), ("2003",)}
    assert "2000 to 2003 |  | condemn | 9.8" in capsys.readouterr().out
    rows, of = dated({"2000": 10, "2001-02": 20})
    with pytest.raises(KitError, match="do not say the month"):
        all_annotated(tmp_path, rows, of, by=["month"])
    rows = [{**row, "year": "FY19"} for row in rows]
    with pytest.raises(KitError, match="column year has FY19; a trend takes years as 2019"):
        all_annotated(tmp_path, rows, of, by=["year"])
    # Where no period is asked for, dates are of no matter.
    assert all_annotated(tmp_path, *dated({"Spring": 10}))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"stance_scores": {"condemn": float("nan"), "support": 0.3}},
            "no probability in 1 rows .*r1",
        ),
        ({"stance_scores": {"condemn": 1e300, "support": 0.3}}, "no probability in 1 rows .*r1"),
        ({"stance_scores": {"condemn": -5, "support": 0.3}}, "no probability in 1 rows .*r1"),
        (
            {"stance_scores": {"condemn": 0.7}},
            "not every row has a score of just condemn, support .rows r1",
        ),
        (
            {"stance_scores": {"condemn": 0.4, "support": 0.3, "none": 0.3}},
            "label all with one model",
        ),
        ({"stance": "CONDEMN"}, "unreadable in 1 rows .r1: CONDEMN"),
        ({"stance": ""}, "unreadable in 1 rows .r1: nothing"),
        ({"stance": "condemn; support"}, "a row has exactly one of condemn, support"),
        ({"id": ""}, "rows without an id .rows 2"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, row, told):
    rows = stances({}, row, {})
    gold = annotated([{"id": "r0", "probability": 1.0}], {"r0": "condemn"}, tmp_path / "gold.jsonl")
    with pytest.raises(KitError, match=told):
        estimate(labels=written(tmp_path, rows), gold=gold)


def test_rows_that_were_set_aside_as_uncertain_are_among_the_labels(tmp_path):
    rows, gold = made()
    folder = tmp_path / "labels"
    (folder / "review").mkdir(parents=True)
    parts = {"part-00000": rows[:500], "part-00001": rows[500:]}
    for name, part in parts.items():
        for place, own in ((folder, part[::2]), (folder / "review", part[1::2])):
            (place / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in own))
    (folder / "labelling.json").write_text('{"risk": 0.1, "texts": 3}')
    drawn = sample(labels=folder, n=200, output=tmp_path / "sample.jsonl")
    path = annotated(drawn, gold, tmp_path / "gold.jsonl")
    found = estimate(labels=folder, gold=path)
    assert {one.n for one in found.shares} == {len(rows)}
    assert "set aside as too uncertain" in found.notes[0]
    with pytest.raises(KitError, match="only the rows that were too uncertain"):
        estimate(labels=folder / "review", gold=path)
    # One article's labels have them in a file beside.
    for name, own in (("one.jsonl", rows[::2]), ("one.review.jsonl", rows[1::2])):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in own))
    assert {one.n for one in estimate(labels=tmp_path / "one.jsonl", gold=path).shares} == {
        len(rows)
    }
    (folder / "review" / "part-00001.jsonl").unlink()
    with pytest.raises(
        KitError,
        match=r"labelled with a risk.*part-00001.jsonl are missing.*no share of this corpus",
    ):
        estimate(labels=folder, gold=path)


@pytest.mark.parametrize("left_out", [0, 3])
def test_a_cell_that_is_annotated_in_full_is_known_and_a_hint_says_what_is_missing(
    tmp_path, left_out
):
    rows = stances(*({"party": "Greens" if at < 14 else "Labour"} for at in range(100)))
    drawn = [
        {"id": row["id"], "probability": 0.9 if at < 14 else 0.5}
        for at, row in enumerate(rows)
        if left_out <= at < 57
    ]
    of = {row["id"]: "condemn" if at % 7 == 0 else "support" for at, row in enumerate(rows)}
    path = annotated(drawn, of, tmp_path / "gold.jsonl")
    greens, *_ = (
        one
        for one in estimate(labels=written(tmp_path, rows), gold=path, by=["party"]).shares
        if one.cell == ("Greens",)
    )
    if left_out:
        assert greens.estimate is None and greens.needed == 3
    else:
        assert greens.estimate == greens.gold_only == (pytest.approx(2 / 14),) * 3
    # What such texts say beyond these is not known from a handful of them, however many are
    # annotated.
    beyond, *_ = estimate(
        labels=tmp_path / "labels.jsonl", gold=path, by=["party"], inference="superpopulation"
    ).shares
    assert beyond.estimate is None and (beyond.needed, beyond.why[:13]) == (0, "too few rows ")


def test_a_small_cell_that_is_known_does_not_blur_a_difference(tmp_path):
    rows = stances(*({"party": "Greens" if at < 2 else "Labour"} for at in range(202)))
    drawn = [{"id": row["id"], "probability": 0.5} for row in rows[:102]]
    path = annotated(
        drawn, {row["id"]: "condemn" for row in rows} | {"r5": "support"}, tmp_path / "gold.jsonl"
    )
    estimate(labels=written(tmp_path, rows), gold=path, by=["party"], output=tmp_path / "out")
    with (tmp_path / "out" / "contrasts.csv").open() as file:
        found = {row["code"]: row for row in csv.DictReader(file)}["condemn"]
    assert float(found["high"]) - float(found["low"]) < 0.1


def test_a_claim_beyond_the_texts_needs_their_articles(tmp_path):
    rows = stances({}, {"article": None}, {})
    path = annotated([{"id": "r0", "probability": 1.0}], {"r0": "condemn"}, tmp_path / "gold.jsonl")
    with pytest.raises(KitError, match=r"1 rows of the labels have no article .r1"):
        estimate(labels=written(tmp_path, rows), gold=path, inference="superpopulation")


def test_one_column_to_compare_by_is_one_column(tmp_path):
    rows, gold = made(articles=40)
    path = annotated([{**row, "probability": 1.0} for row in rows], gold, tmp_path / "gold.jsonl")
    found = estimate(labels=written(tmp_path, rows), gold=path, by="actor").shares
    assert {one.cell for one in found} == {(actor,) for actor in ACTORS}


def test_tables_are_numbers_and_hold_nothing_that_runs(tmp_path):
    rows = stances(*({"party": "=Greens" if at < 2 else "-5"} for at in range(60)))
    drawn = [{"id": f"r{at}", "probability": 0.5} for at in range(1, 31)]
    path = annotated(drawn, {f"r{at}": "condemn" for at in range(60)}, tmp_path / "gold.jsonl")
    estimate(labels=written(tmp_path, rows), gold=path, by=["party"], output=tmp_path / "out")
    for name in ("shares.csv", "contrasts.csv"):
        with (tmp_path / "out" / name).open() as file:
            for row in csv.DictReader(file):
                words = {row.pop(key) for key in ("party", "cell", "code", "minus") if key in row}
                assert words <= {"'=Greens", "-5", "condemn", "support"}
                assert all(value == "" or float(value) >= -1 for value in row.values())


def test_what_is_printed_moves_no_cursor(tmp_path, capsys):
    rows = stances(*({"actor": "Ava\x1b[2Jria"} for _ in range(30)))
    path = annotated(
        [{**row, "probability": 1.0} for row in rows],
        {row["id"]: "condemn" for row in rows},
        tmp_path / "g.jsonl",
    )
    estimate(labels=written(tmp_path, rows), gold=path, by=["actor"], verbose=True)
    assert "\x1b" not in (told := capsys.readouterr().out) and r"Ava\x1b[2Jria" in told


def test_rows_drawn_alike_one_per_article_give_the_mean_of_ppi():
    """PPI++ written out, with lambda of equation 6: rows alike, one per article, N others without gold."""
    random = np.random.default_rng(4)
    gold = (random.random(3000) < 0.3) * 1.0
    scores = np.where(random.random(3000) < 0.85, gold, 1 - gold)
    drawn = np.arange(3000) < 500
    units = SampledUnits(
        scores[:, None],
        scores[:, None] > 0.5,
        np.arange(3000),
        drawn,
        gold[:, None],
        np.full(3000, 1 / 6),
        False,
    )
    n, others = 500, 2500
    trust = (
        np.cov(gold[drawn], scores[drawn])[0, 1] / np.var(scores[drawn], ddof=1) / (1 + n / others)
    )
    assert 0 < trust < 1
    value = gold[drawn].mean() + trust * (scores[~drawn].mean() - scores[drawn].mean())
    assert estimate_domain(units).value[0] == pytest.approx(value, abs=1e-12)
    error = np.sqrt(
        np.var(gold[drawn] - trust * scores[drawn]) / n + trust**2 * np.var(scores[~drawn]) / others
    )
    beyond = estimate_domain(units, finite_population=False)
    assert beyond.value[0] == pytest.approx(value, abs=0.001)
    assert np.sqrt((beyond.influence**2).sum()) == pytest.approx(error, rel=0.02)
    # And of these very rows only the annotated share of chance is left.
    assert np.sqrt((estimate_domain(units).influence ** 2).sum()) == pytest.approx(
        np.sqrt((1 - 1 / 6) / n * np.var(gold[drawn] - trust * 1.2 * scores[drawn])), rel=0.001
    )


def test_an_interval_holds_its_estimate():
    random = np.random.default_rng(5)
    for state in range(60):
        size = 40 + state
        gold = np.eye(3)[random.choice(3, size, p=[0.97, 0.02, 0.01])]
        drawn = random.random(size) < 0.7
        scores = random.dirichlet([1, 1, 1], size)
        units = SampledUnits(
            scores, scores > 0.5, np.arange(size) // 2, drawn, gold, random.uniform(0.3, 1, size)
        )
        for finite in (True, False):
            found = estimate_domain(units, finite_population=finite)
            for gold_only, value in ((False, found.value), (True, found.gold_only)):
                low, high = share_interval(found, gold_only=gold_only)
                assert (
                    (low <= value).all()
                    and (value <= high).all()
                    and (low >= 0).all()
                    and (high <= 1).all()
                )
    ends = contrast([found, found], [1, -1])
    assert (ends[1] >= -1).all() and (ends[2] <= 1).all()
