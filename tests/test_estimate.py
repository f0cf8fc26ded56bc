"""From labels and a judged sample to shares: on made labels of our own, with a known truth."""

import csv
import json

import numpy as np
import pytest
from made_labels import ACTORS, CODES, judged, made, written

from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.errors import KitError


@pytest.mark.parametrize("how", ["random", "stratified", "uncertain"])
def test_from_labels_to_shares_that_counting_gets_wrong(tmp_path, how):
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=200, how=how, by=["actor"], output=tmp_path / "sample.jsonl")
    assert len(drawn) == 200 and all(row["stance"] == "" and 0 < row["probability"] <= 1 for row in drawn)
    found = estimate(labels=labels, gold=judged(drawn, gold, tmp_path / "gold.jsonl"), by=["actor"])
    of = {(one.cell[0], one.code): one for one in found}
    condemn = of["Belmont", "condemn"]
    true = np.mean([gold[row["id"]] == "condemn" for row in rows if row["actor"] == "Belmont"])
    value, low, high = condemn.estimate
    assert low <= true <= high < condemn.naive and condemn.bias == pytest.approx(condemn.naive - value)
    assert high - low < condemn.classical[2] - condemn.classical[1]
    for actor in ACTORS:
        assert sum(of[actor, code].estimate[0] for code in CODES) == pytest.approx(1)


def test_a_page_with_tables_and_drawings(tmp_path):
    rows, gold = made(years=("2019", "2020", "2021"))
    rows[0]["actor"] = "<b>Avaria</b>"
    labels = written(tmp_path, rows)
    path = judged([{**row, "probability": 1.0} for row in rows], gold, tmp_path / "gold.jsonl")
    out = tmp_path / "out"
    shares = estimate(labels=labels, gold=path, by=["actor", "year"], output=out)
    page = (out / "shares.html").read_text()
    assert "<b>Avaria" not in page and "&lt;b&gt;Avaria" in page
    assert page.count("<svg") == 2 and "http:" not in page.replace("http://www.w3.org", "") and "https:" not in page
    assert (out / "shares.svg").read_text().startswith("<svg") and (out / "trends.svg").exists()
    with (out / "shares.csv").open() as file:
        body = list(csv.DictReader(file))
    assert len(body) == len(shares) == 4 * 7
    # All was judged: the share is what it is, without an interval.
    one = next(row for row in body if row["cell"] == "Belmont, 2020" and row["code"] == "condemn")
    assert one["estimate"] == one["estimate_low"] == one["estimate_high"] == one["gold_alone"]
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
    path, out = judged(drawn, gold, tmp_path / "gold.jsonl"), tmp_path / "out"
    estimate(labels=labels, gold=path, by=["actor", "year"], output=out)
    with (out / "contrasts.csv").open() as file:
        slopes = {(row["cell"].split(":")[0], row["code"]): row for row in csv.DictReader(file)}
    rise, none = slopes["Avaria", "condemn"], slopes["Belmont", "condemn"]
    assert 0.05 < float(rise["points_low"]) < 0.15 < float(rise["points_high"]) < 0.25
    assert float(none["points_low"]) < 0 < float(none["points_high"])


def test_a_cell_with_too_few_gets_no_number_and_says_how_many_more(tmp_path, capsys):
    rows, gold = made()
    rows[0]["actor"] = rows[1]["actor"] = "Corvia"
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=100, output=tmp_path / "sample.jsonl", random_state=3)
    found = estimate(labels=labels, gold=judged(drawn, gold, tmp_path / "gold.jsonl"), by=["actor"])
    few = [one for one in found if one.cell == ("Corvia",)]
    assert len(few) == 4 and all(one.estimate is None and one.bias is None and one.lacking == 2 for one in few)
    assert "2 more gold labels needed" in capsys.readouterr().out


def test_frames_where_none_is_an_answer(tmp_path):
    frames = ("law", "security")
    random = np.random.default_rng(2)
    rows, gold = [], []
    for at in range(400):
        true = [code for code in frames if random.random() < 0.3]
        said = [code for code in frames if (code in true) == (random.random() < 0.9)]
        rows.append({"id": f"r{at}", "article": f"a{at // 5}", "sentence": "s", "actor": "A", "target": "T"})
        rows[-1] |= {"frames": said, "frame_scores": {code: 0.9 if code in said else 0.1 for code in frames}}
        gold.append({"id": f"r{at}", "probability": 0.25, "frames": "; ".join(true) or "-"})
    labels = written(tmp_path, rows)
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in gold[::4]))
    found = {one.code: one for one in estimate(labels=labels, gold=path, what="frames")}
    for code in frames:
        true = np.mean([code in row["frames"] for row in gold])
        assert found[code].estimate[1] <= true <= found[code].estimate[2]


def test_rows_left_empty_are_not_used(tmp_path):
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=200, output=tmp_path / "sample.jsonl")
    for row in drawn[::2]:
        gold[row["id"]] = ""
    found = estimate(labels=labels, gold=judged(drawn, gold, tmp_path / "gold.jsonl"))
    assert {one.gold for one in found} == {100}


def test_a_gold_file_without_probabilities_is_taken_for_a_random_sample(tmp_path, capsys):
    rows, gold = made()
    drawn = [{"id": row["id"]} for row in rows[::4]]
    path = judged(drawn, gold, tmp_path / "gold.jsonl")
    found = estimate(labels=written(tmp_path, rows), gold=path, output=tmp_path / "out")
    assert "taken for a random sample" in capsys.readouterr().out and found[0].gold == 240
    assert "taken for a random sample" in (tmp_path / "out" / "shares.html").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stance": "oppose"}, r"codes oppose.*abstain, condemn, none, support"),
        ({"stance": "condemn; support"}, "several stances in a0-0"),
        ({"id": "other"}, "1 ids that are not in the labels"),
        ({"probability": 0}, "above 0 and up to 1"),
        ({"probability": "high"}, "above 0 and up to 1"),
    ],
)
def test_a_gold_file_that_does_not_fit_is_refused(tmp_path, change, told):
    rows, _ = made(articles=4)
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"id": "a0-0", "probability": 0.5, "stance": "none", **change}) + "\n")
    with pytest.raises(KitError, match=told):
        estimate(labels=written(tmp_path, rows), gold=gold)


def test_what_cannot_be_asked_is_refused(tmp_path):
    rows, gold = made(articles=4)
    labels = written(tmp_path, rows)
    path = judged([{"id": "a0-0", "probability": 1.0}], gold, tmp_path / "gold.jsonl")
    for wrong, told in (
        ({"by": ["tone"]}, "no column tone"),
        ({"about": "all"}, "unknown about='all'"),
        ({"what": "mood"}, "unknown what='mood'"),
        ({"what": "frames"}, "no column 'frame_scores'"),
        ({"labels": tmp_path / "none.jsonl"}, "there are no labels"),
    ):
        with pytest.raises(KitError, match=told):
            estimate(**{"labels": labels, "gold": path, **wrong})
    path.write_text(json.dumps({"id": "a0-0", "probability": 1.0, "stance": ""}) + "\n")
    with pytest.raises(KitError, match="gold has no row with stance"):
        estimate(labels=labels, gold=path)


def test_parquet_and_folders_of_labels_are_read_too(tmp_path):
    import pyarrow
    import pyarrow.parquet

    rows, gold = made()
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, part in enumerate((rows[:500], rows[500:])):
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(part), folder / f"part-{number}.parquet")
    drawn = sample(labels=folder, n=150, output=tmp_path / "sample.jsonl")
    found = estimate(labels=folder, gold=judged(drawn, gold, tmp_path / "gold.jsonl"))
    assert {one.n for one in found} == {len(rows)}


def test_an_adjusted_count_stands_beside_the_estimate(tmp_path):
    rows, gold = made(articles=600)
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=1500, output=tmp_path / "sample.jsonl")
    [*shares] = estimate(labels=labels, gold=judged(drawn, gold, tmp_path / "gold.jsonl"))
    for one in shares:
        assert one.adjusted == pytest.approx(np.mean([of == one.code for of in gold.values()]), abs=0.03)
    assert sum(one.adjusted for one in shares) == pytest.approx(1)
    # Its error rates are those of all actors together, so between actors it misleads.
    found = {
        (one.cell[0], one.code): one for one in estimate(labels=labels, gold=tmp_path / "gold.jsonl", by=["actor"])
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
    given = {"labels": labels, "gold": judged(drawn, gold, tmp_path / "gold.jsonl")}
    estimate(**given, by=["actor", "target"], output=tmp_path / "two")
    assert "the pact" in (tmp_path / "two" / "matrix.svg").read_text()
    assert "shares by two fields" in (tmp_path / "two" / "shares.html").read_text()
    estimate(**given, by=["actor"], output=tmp_path / "one")
    assert not (tmp_path / "one" / "matrix.svg").exists()
