"""Commands as functions of Python: objects in, objects out, nothing printed unless asked."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_labels import annotated, made, written

from stancekit.__main__ import main
from stancekit.commands.average import average
from stancekit.commands.compare import compare
from stancekit.commands.estimate import estimate
from stancekit.commands.evaluate import evaluate
from stancekit.commands.plan import plan
from stancekit.commands.report import report
from stancekit.commands.reproduce import reproduce
from stancekit.commands.sample import sample
from stancekit.commands.train import train
from stancekit.commands.verify import verify
from stancekit.errors import KitError
from stancekit.labelling.labels import read_labels
from stancekit.types import Score


@pytest.fixture
def rows_and_gold():
    return made()


def test_labels_as_a_file_as_read_and_as_a_frame_give_the_same(tmp_path, rows_and_gold, capsys):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)
    frame = pd.DataFrame(rows).drop(columns=["format", "codebooks"], errors="ignore")
    drawn = [
        sample(labels, n=60, by="actor", output=None, random_state=1)
        for labels in (path, read_labels(path), frame)
    ]
    assert drawn[0].rows == drawn[1].rows == drawn[2].rows and drawn[0].path is None
    filled = drawn[0].to_frame().assign(stance=lambda table: table["id"].map(gold))
    file = annotated(drawn[0], gold, tmp_path / "gold.jsonl")
    frames = [
        estimate(labels, gold=source, by=["actor"]).to_frame()
        for labels, source in ((path, file), (read_labels(path), filled), (frame, filled))
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])
    steps = [plan(labels, gold=filled).to_frame() for labels in (path, frame)]
    pd.testing.assert_frame_equal(*steps)
    assert not list(tmp_path.glob("sample*")) and capsys.readouterr().out == ""


def test_a_sample_in_python_is_extended_without_a_file(tmp_path, rows_and_gold):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)
    first = sample(path, n=60, output=None)
    more = sample(path, n=40, extend=first, output=None)
    assert not {row["id"] for row in first} & {row["id"] for row in more}
    tables = [
        drawn.to_frame().assign(stance=[gold[row["id"]] for row in drawn])
        for drawn in (first, more)
    ]
    estimates = estimate(path, gold=tables)
    assert estimates.sizes == (len(rows), 100)
    with pytest.raises(KitError, match=r"the table is|the table has 60 ids more than once"):
        estimate(path, gold=pd.concat([tables[0], tables[0]]))
    with pytest.raises(KitError, match=r"\[1, 2\] is no table; give the path of a file"):
        estimate(path, gold=[[1, 2]])


def test_what_is_returned_shows_itself(tmp_path, rows_and_gold):
    rows, gold = rows_and_gold
    rows[0]["actor"] = "<b>Avaria</b>"
    path = written(tmp_path, rows)
    drawn = sample(path, n=100, output=tmp_path / "s.csv")
    assert repr(drawn).startswith(f"100 of {len(rows)} rows to annotate in {tmp_path}")
    assert len(drawn) == 100 and drawn[0] is drawn.rows[0] and len(drawn[:3]) == 3
    filled = drawn.to_frame().assign(stance=[gold[row["id"]] for row in drawn])
    estimates = estimate(path, gold=filled, by="actor")
    html = estimates._repr_html_()
    assert "95 % intervals" in html and f"100 of {len(rows)} rows annotated" in html
    assert "<b>Avaria" not in html and "&lt;b&gt;Avaria" in html
    frame, shown = estimates.to_frame(), estimates.view_frame()
    # The cell of one row has too few: one row in the view, whatever the number of codes.
    assert estimates.needed == {("<b>Avaria</b>",): 1}
    assert len(frame) == estimates.n_cells * 4 and len(shown) == len(frame) - 3
    assert shown.loc[shown["code"] == "all 4", ""].tolist() == ["1 more annotated rows needed"]
    known = frame["estimate"].notna()
    assert np.all(frame["low"][known] <= frame["estimate"][known])
    differences = estimates.differences()
    assert differences.columns.tolist() == ["cell", "minus", "code", "estimate", "low", "high"]
    foreseen = plan(path, gold=filled)
    assert "Half the width" in foreseen._repr_html_() and "100" in repr(foreseen)


def test_where_no_error_is_seen_the_interval_is_said_to_be_too_narrow(tmp_path):
    """The model is right in all rows but three: a sample without these has next to no width."""
    rows = pd.DataFrame({"id": [f"r{number}" for number in range(90)]})
    rows["tone"] = ["agree", "deny", "agree"] * 30
    rows["tone_scores"] = [
        {code: 0.99 if code == given else 0.01 for code in ("agree", "deny")}
        for given in rows["tone"]
    ]
    wrong = rows["id"].isin(["r0", "r3", "r6"])
    truth = rows["tone"].mask(wrong, "deny")
    gold = rows[~wrong].sample(30, random_state=1)[["id", "tone"]]
    found = estimate(rows, gold=gold)
    (agree, _) = found.shares
    true = (truth == "agree").mean()
    assert agree.estimate[1] > true + 0.02 and agree.gold_only[1] < true < agree.gold_only[2]
    assert "no error in the annotated rows with agree of all, deny of all" in found.notes[-1]
    gold.iloc[0, 1] = "deny" if gold.iloc[0, 1] == "agree" else "agree"
    assert "no error" not in "".join(estimate(rows, gold=gold).notes)
    # What is annotated in full is known.
    assert "no error" not in "".join(estimate(rows, gold=rows[["id", "tone"]]).notes)


def test_cells_with_too_few_are_told_how_to_get_more(tmp_path, rows_and_gold, capsys):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)
    drawn = sample(path, n=60, output=tmp_path / "s.csv")
    given = annotated(drawn, {row["id"]: gold[row["id"]] for row in drawn}, tmp_path / "g.jsonl")
    estimates = estimate(path, gold=given, by=["article"], verbose=True)
    needed = estimates.needed
    assert needed and max(needed.values()) * estimates.n_cells > 100
    advice = (
        f"draw as many of each: stancekit sample {path} n={max(needed.values()) * estimates.n_cells} "
        f"design=stratified by='[article]' extend='[{given}]' output=FILE.csv"
    )
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize("output", [True, False])
def test_a_command_ends_with_what_came_out_and_where_it_is(tmp_path, rows_and_gold, output, capsys):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)

    def last(*words):
        assert main([*map(str, words)]) == 0
        return capsys.readouterr().out.splitlines()[-1]

    line = last("sample", path, "n=60", f"output={tmp_path / 's.csv'}")
    assert line == (
        f"60 of {len(rows)} rows drawn (random), to be annotated from the top: {tmp_path / 's.csv'}"
    )
    drawn = pd.read_csv(tmp_path / "s.csv", dtype=object)
    drawn = drawn.assign(stance=drawn["id"].map(gold)).to_dict("records")
    (tmp_path / "g.jsonl").write_text("".join(json.dumps(row) + "\n" for row in drawn))
    where = [f"output={tmp_path / 'out'}"] if output else []
    line = last("estimate", path, f"gold={tmp_path / 'g.jsonl'}", "by=[actor]", *where)
    assert line.startswith(f"shares of 4 codes in 2 cells, from 60 annotated of {len(rows)} rows: ")
    assert (str(tmp_path / "out" / "shares.html") if output else "output=FOLDER") in line
    line = last("plan", path, f"gold={tmp_path / 'g.jsonl'}", *where)
    assert line.startswith("plan from 60 to 600 annotated rows: ")
    assert (str(tmp_path / "out" / "plan.svg") if output else "output=FOLDER") in line


@pytest.fixture(scope="module")
def models(few_votes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "exp"
    given = {"codebook": "stance", "split": "fixed", "output": folder, "verbose": False}
    return [train(few_votes, model=model, **given) for model in ("majority", "nb")]


def test_models_runs_and_folders_are_compared_alike(models, capsys):
    folder = models[0].run.folder.parents[1]
    analyses = [
        compare(runs)
        for runs in (
            folder,
            models,
            [model.run for model in models],
            [models[0], folder / "runs" / models[1].run.folder.name],
        )
    ]
    frames = [analysis.to_frame() for analysis in analyses]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], frame)
    assert frames[0]["model"].tolist() == ["nb", "majority"]
    assert (frames[0]["macro_f1_low"] <= frames[0]["macro_f1"]).all()
    (difference,) = analyses[0].differences().to_dict("records")
    assert (difference["first"], difference["second"]) == ("nb", "majority")
    assert difference["low"] <= difference["difference"] <= difference["high"]
    assert {"metric", "slice", "value"} <= set(analyses[0].scores().columns)
    html = analyses[0]._repr_html_()
    assert "95 % intervals" in html and f"({len(models[0].run.rows)} test examples)" in html
    assert "note: C" in html and capsys.readouterr().out == ""
    with pytest.raises(KitError, match="7 has no run; give the folder"):
        compare(7)


def test_a_report_is_where_its_page_is(models):
    folder = models[0].run.folder.parents[1]
    made = report(folder)
    assert Path(made) == made.path == folder / "report" / "report.html" and made.path.exists()
    assert str(made) == os.fspath(made) and made.caption == f"report of 2 models: {made}"
    assert len(made.to_frame()) > len(made.view_frame()) == 2
    assert report(models[0]).path == models[0].run.folder / "report" / "report.html"


def test_a_model_is_evaluated_on_a_corpus(models, few_votes, tmp_path, capsys):
    (first, *_) = scores = evaluate(few_votes, models=models[1], output=tmp_path)
    same = evaluate(few_votes, models=models[1].folder, output=tmp_path)
    assert isinstance(first, Score)
    pd.testing.assert_frame_equal(scores.to_frame(), same.to_frame())
    frame = scores.to_frame()
    assert len(frame) == len(scores) and frame["metric"][0] == "macro_f1"
    assert scores.folder == tmp_path and scores.page == tmp_path / "report" / "report.html"
    assert len(scores.run.to_frame()) == first.n and "note: C" in repr(scores)
    assert capsys.readouterr().out == ""


def test_a_run_shows_its_test_examples(models):
    run = models[1].run
    frame = run.to_frame()
    assert frame["id"].tolist() == [row.example.id for row in run.rows]
    assert frame["predicted"].tolist() == [code for (code,) in run.labels]
    np.testing.assert_allclose(frame[list(run.codes)], run.scores)
    assert repr(run).startswith("nb for stance on ") and "<table" in run._repr_html_()


def test_models_are_averaged_and_checked(models, tmp_path):
    model = average(models, output=tmp_path / "both")
    assert model.name == "majority-nb-averaged" and model.folder == tmp_path / "both"
    card = (tmp_path / "both" / "README.md").read_text()
    assert f"stancekit.average(['{models[0].run.folder}'" in card
    checked = verify(tmp_path / "both")
    assert checked.name == model.name and checked.to_frame()["file"].is_unique
    with pytest.raises(KitError, match="what is averaged has to be two finished runs or more"):
        average([models[0]], output=tmp_path / "one")


def test_a_model_made_in_python_cannot_be_reproduced_and_says_why(models):
    with pytest.raises(KitError, match="only runs of stancekit train can be reproduced"):
        reproduce(models[1])
