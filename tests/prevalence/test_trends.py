"""Trends over dates: periods that are joined, slopes, curves and changes, from labels to tables and figures."""

import json

import numpy as np
import pandas as pd
import pytest
from made_labels import declared, written

from stancekit.commands.estimate import estimate
from stancekit.errors import KitError

CODES = ("object", "other")


def dated_labels(tmp_path, *, dates, share, random_state=0, articles=None):
    """Labels of two actors, four rows of each article, and gold of every row; `share` by date and actor."""
    random, rows, gold = np.random.default_rng(random_state), [], {}
    for number, date in enumerate(dates):
        for at in range(4):
            actor, key = ("Avaria", "Belmont")[at % 2], f"a{number}-{at}"
            true = "object" if random.random() < share(date, actor) else "other"
            wrong = random.random() < 0.15
            predicted = CODES[(CODES.index(true) + wrong) % 2]
            row = {"id": key, "article": f"a{number if articles is None else articles}"}
            row |= {"sentence": "s", "actor": actor, "target": "it", "date": date}
            row |= {
                "view": predicted,
                "view_scores": {c: 0.8 if c == predicted else 0.2 for c in CODES},
            }
            rows.append(row | declared("view"))
            gold[key] = true
    return written(tmp_path, rows), gold


def filled(gold, n, random_state=1):
    keys = np.random.default_rng(random_state).permutation(list(gold))[:n]
    probability = n / len(gold)
    rows = [{"id": key, "probability": probability, "view": gold[key]} for key in keys]
    return pd.DataFrame(rows)


def days(n, random_state=2, start="2018-01-01", length=730):
    steps = np.sort(np.random.default_rng(random_state).integers(0, length, n))
    return [str(np.datetime64(start) + int(step)) for step in steps]


@pytest.fixture
def changing(tmp_path):
    """Avaria objects more often from February 2019 on, Belmont always as often."""
    labels, gold = dated_labels(
        tmp_path,
        dates=days(150),
        share=lambda date, actor: 0.75 if actor == "Avaria" and date >= "2019-02-01" else 0.3,
    )
    return labels, filled(gold, 300)


def test_thin_months_are_joined_until_each_has_enough(changing):
    labels, gold = changing
    plain = estimate(labels, gold=gold, by=["actor", "month"])
    assert all(share.estimate is None for share in plain.shares)
    pooled = estimate(labels, gold=gold, by=["actor", "month"], pool=True)
    assert all(share.estimate and share.n_annotated >= 20 for share in pooled.shares)
    assert sum(share.n for share in pooled.shares) == sum(share.n for share in plain.shares)
    names = pooled.to_frame()["month"].unique()
    assert any(" to " in name for name in names)
    assert any("of 48 periods, thin ones are joined" in note for note in pooled.notes)
    slopes = pooled.differences().set_index(["cell", "code"])
    rise = slopes.loc[("Avaria: trend per year, 2018-01 to 2019-12", "object")]
    assert 0.1 < rise["low"] < rise["high"] < 0.6


def test_a_trend_of_joined_months_is_over_their_dates(tmp_path):
    """In a month whose rows are all of its end, the slope is over that end."""
    dates = ["2018-01-31"] * 10 + ["2018-02-01"] * 10 + ["2020-06-15"] * 10
    labels, gold = dated_labels(tmp_path, dates=dates, share=lambda date, actor: date > "2018-01")
    rows = {"2018-01-31": 0.0, "2018-02-01": 0.5, "2020-06-15": 1.0}
    shares = {key: rows[dates[int(key[1:].split("-")[0])]] for key in gold}
    gold = {key: CODES[int(int(key.split("-")[1]) >= 4 * shares[key])] for key in gold}
    found = estimate(labels, gold=filled(gold, 120), by=["month"]).differences()
    slope = float(found[found["code"] == "object"]["estimate"].iloc[0])
    years = [2018 + 30.5 / 365, 2018 + 31.5 / 365, 2020 + 166.5 / 366]
    assert slope == pytest.approx(np.polyfit(years, [0, 0.5, 1], 1)[0], abs=1e-9)


def test_curves_and_changes_go_into_tables_figures_and_the_page(changing, tmp_path, capsys):
    labels, gold = changing
    out = tmp_path / "out"
    found = estimate(
        labels,
        gold=gold,
        by=["actor", "month"],
        pool=True,
        smooth=True,
        change_points=1,
        output=out,
        verbose=True,
    )
    changes = found.change_table().set_index(["cell", "code"])
    avaria = changes.loc[("Avaria", "object")]
    assert avaria["low"] <= "2019-02-01" <= avaria["high"] and avaria["p"] < 0.01
    assert avaria["before"] < 0.45 < 0.6 < avaria["after"]
    assert changes.loc[("Belmont", "object")]["note"].startswith("no change found (p = ")
    curves = pd.read_csv(out / "curves.csv").dropna()
    assert set(curves["cell"]) == {"Avaria", "Belmont"} and set(curves["code"]) == set(CODES)
    assert (curves["low_all"] <= curves["low"]).all() and (
        curves["high_all"] >= curves["high"]
    ).all()
    assert (curves["low"] <= curves["estimate"]).all()
    early = curves[(curves["cell"] == "Avaria") & (curves["code"] == "object")].iloc[2]
    assert early["low_all"] <= 0.3 <= early["high_all"]
    assert (out / "change_points.csv").exists() and "<svg" in (out / "trends.svg").read_text()
    page, told = (out / "shares.html").read_text(), capsys.readouterr().out
    assert "<h2>Changes</h2>" in page and avaria["low"] in page and avaria["low"] in told
    assert any("curves of Avaria are local parabolas" in note for note in found.notes)


def test_shrunk_shares_stand_beside_direct_ones(changing, tmp_path):
    labels, gold = changing
    found = estimate(labels, gold=gold, by=["actor", "month"], shrink=True, output=tmp_path / "out")
    frame = found.to_frame()
    assert frame["estimate"].isna().all() and frame["shrunk"].between(0, 1).all()
    assert (frame["shrunk_low"] <= frame["shrunk"]).all()
    assert any("Fay and Herriot 1979" in note and "assumption" in note for note in found.notes)
    assert "shrunk %" in (tmp_path / "out" / "shares.html").read_text()
    assert "shrunk %" in found.view_frame() and len(found.view_frame()) == len(frame)
    plain = estimate(labels, gold=gold, by=["actor", "month"])
    assert "shrunk" not in plain.to_frame() and "shrunk %" not in plain.view_frame()


def test_too_few_cells_are_not_shrunk(changing):
    labels, gold = changing
    found = estimate(labels, gold=gold, by=["actor"], shrink=True)
    assert "shrunk" not in found.to_frame()
    assert any(
        "no shares are shrunk: 2 cells have annotated rows, and 10" in n for n in found.notes
    )


def test_one_period_or_one_article_has_no_curve_and_no_change(tmp_path):
    labels, gold = dated_labels(tmp_path, dates=["2018-03-04"] * 40, share=lambda *_: 0.4)
    given = {"by": ["month"], "smooth": True, "change_points": 1, "pool": True}
    found = estimate(labels, gold=filled(gold, 100), **given)
    assert not found.curves and not found.differences().size
    assert any("no curve of all: too few rows or dates" in note for note in found.notes)
    assert any("too few annotated rows, articles or dates" in note for note in found.notes)
    (tmp_path / "one").mkdir()
    labels, gold = dated_labels(
        tmp_path / "one", dates=days(40), share=lambda *_: 0.4, articles="same"
    )
    found = estimate(labels, gold=filled(gold, 100), by=["month"], change_points=1)
    assert all(
        change.note.startswith("too few annotated rows, articles") for change in found.changes
    )


def test_what_needs_time_is_refused_without_it(changing, tmp_path):
    labels, gold = changing
    for given in ({"pool": True}, {"smooth": True}, {"change_points": 1}):
        with pytest.raises(
            KitError, match=rf"{next(iter(given))} is about time, and by=\['actor'\]"
        ):
            estimate(labels, gold=gold, by=["actor"], **given)
    for given, told in (
        ({"smooth": -1.0}, "no bandwidth"),
        ({"change_points": -1}, "how many changes"),
    ):
        with pytest.raises(KitError, match=told):
            estimate(labels, gold=gold, by=["month"], **given)
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    bad = written(tmp_path, [{**row, "date": "spring"} for row in rows])
    with pytest.raises(KitError, match="dates that cannot be read"):
        estimate(bad, gold=gold, by=["month"], smooth=True)
    none = written(tmp_path, [{key: row[key] for key in row if key != "date"} for row in rows])
    with pytest.raises(KitError, match="labels have no column month"):
        estimate(none, gold=gold, by=["month"], smooth=True)


def test_annotators_doubt_is_not_in_curves(changing):
    labels, gold = changing
    judged = pd.concat([gold.assign(annotator=name) for name in ("ana", "ben", "cem")])
    with pytest.raises(KitError, match="without annotators' doubt"):
        estimate(labels, gold=judged, by=["month"], judgements="mean", smooth=True)
    found = estimate(labels, gold=judged, by=["month"], judgements="mean", pool=True)
    assert found.differences().size
