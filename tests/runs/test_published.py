"""Committed predictions: no text, no names, and every result follows from them."""

import shutil
from pathlib import Path

import pyarrow.parquet
import pytest
from conftest import ROWS, padded

from stancekit.__main__ import main
from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl
from stancekit.models.majority import Majority
from stancekit.resources import published_folder
from stancekit.runs import published
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import leaderboards

TEXTS = [
    row | {"article": f"a{at}", "text": padded(row["text"], at)} for at in range(24) for row in ROWS
]


@pytest.fixture(scope="module")
def made(stance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    write_jsonl(folder / "mine.jsonl", TEXTS)
    corpus = TableCorpus(folder / "mine.jsonl", name="mine")
    given = {"split": GroupedSplit(), "model": Majority(), "output": folder / "mine"}
    train(corpus=corpus, codebook=stance, **given)
    report(runs=folder / "mine", publish=True)
    return folder / "mine"


@pytest.fixture
def out(made, tmp_path):
    """Return results that a test may alter."""
    return Path(shutil.copytree(made, tmp_path / "mine"))


def test_no_text_and_no_name_is_published(out):
    table = pyarrow.parquet.read_table(out / "predictions.parquet").to_pylist()
    said = repr(table) + (out / "predictions.parquet").read_bytes().decode("latin-1")
    assert len(table) == sum(len(run.rows) for run in read_runs(out)) >= 12
    assert not any(word in said for word in ("levy", "Peru", "Oman", "Fiji"))
    assert "target=" not in (out / "scores.csv").read_text() + (out / "results.md").read_text()


def test_published_runs_have_the_scores_of_the_runs(out):
    (ours,), (theirs,) = leaderboards(read_runs(out)), leaderboards(published.read_published(out))
    kept = {(one.metric, one.slice): one for one in ours.best.scores}
    for one in theirs.best.scores:
        if one.slice in ("all", "setting=clean") or one.slice.startswith("code="):
            assert one.value == pytest.approx(kept[one.metric, one.slice].value, abs=1e-3)
    assert (
        [finding.variant for finding in theirs.best.findings]
        == [one.variant for one in ours.best.findings]
        != []
    )


def test_results_are_checked_without_the_runs(out, capsys):
    (out / "runs").rename(out / "gone")
    assert main(["report", str(out), "check=true"]) == 0
    assert "2 files" in capsys.readouterr().out
    text = (out / "scores.csv").read_text()
    (out / "scores.csv").write_text(text.replace("macro_f1,all,0.", "macro_f1,all,0.9", 1))
    assert main(["report", str(out), "check=true"]) != 0
    assert "scores.csv line 2 says" in capsys.readouterr().err


def test_another_file_is_refused(out):
    (out / "predictions.parquet").write_text("not parquet")
    with pytest.raises(KitError, match=r"predictions.parquet holds no predictions"):
        published.read_published(out)


def test_published_runs_stay_until_replaced_or_outdated(out, jsonl, stance):
    before = {run.key for run in published.read_published(out)}
    (out / "runs").rename(out / "gone")
    again = {
        "codebook": stance,
        "split": GroupedSplit(),
        "model": Majority(),
        "output": out,
        "name": "other",
    }
    train(corpus=TableCorpus(jsonl(*TEXTS), name="mine"), **again)
    report(runs=out, publish=True)
    assert {run.key for run in published.read_published(out)} == before | {
        run.key for run in read_runs(out)
    }
    assert len(leaderboards(published.read_published(out))) == 1
    (out / "runs").rename(out / "gone too")
    train(corpus=TableCorpus(jsonl(*TEXTS[:-4]), name="mine"), **again)
    report(runs=out, publish=True)
    assert {run.key for run in published.read_published(out)} == {run.key for run in read_runs(out)}


def test_results_are_written_anew_without_the_runs(out):
    (out / "runs").rename(out / "gone")
    whole = (out / "results.md").read_text()
    (out / "results.md").write_text("outdated")
    assert report(out, publish=True).path == out / "results.md"
    assert (out / "results.md").read_text() == whole
    report(runs=out, publish=True, command="make mine")
    report(runs=out, publish=True)
    assert "Command: `make mine`" in (out / "results.md").read_text()


def test_where_the_data_lay_is_not_published(out):
    report(
        runs=out,
        publish=True,
        command="stancekit train experiment=x data_dir=/home/me/data model=nb",
    )
    assert (
        "Command: `stancekit train experiment=x data_dir=FOLDER model=nb`"
        in (out / "results.md").read_text()
    )
    assert b"/home/me" not in (out / "predictions.parquet").read_bytes()


def words_of(corpus, model, output):
    """Return the words that train a model on rows in a file."""
    return [
        *("train", "codebook=stance", "split=grouped", f"model={model}", f"output={output}"),
        *("corpus=table", f"corpus.path={corpus}", "+corpus.name=mine"),
    ]


def run_beside(output, corpus, beside, capsys):
    """Run an experiment whose report has what another one has published; return what it prints."""
    callback = "hydra.callbacks.comparison"
    words = ["-m", "hydra/callbacks=comparison", f"{callback}.models={output}/kept"]
    words += [f"{callback}.beside={beside}"]
    assert main([*words_of(corpus, "lexicon", output), *words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Return the name of an experiment here that has published a majority model."""
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "mine.jsonl", TEXTS)
    assert main(words_of("mine.jsonl", "majority", "other")) == 0
    report("other", publish=True)
    return "other"


def test_what_another_experiment_has_published_stands_beside_runs_and_is_not_kept(other, capsys):
    said = run_beside("own", "mine.jsonl", other, capsys)
    assert "majority was not run here: its row is that of other." in said
    assert "2 models in 2 runs compared" in said
    page = Path("own/report/report.html").read_text(encoding="utf-8")
    assert "majority was not run here: its row is that of other" in page
    # Its mistakes are shown in the words of the runs, as it has none of its own.
    [own] = read_runs(Path("own"))
    [read] = published.read_beside(Path(other), [own])
    assert [row.example for row in read.rows] == [row.example for row in own.rows]
    assert read.labels == read_runs(Path(other))[0].labels != own.labels
    # A later report, and the check of it, have it too.
    assert main(["report", "own", "check=true"]) == 0
    assert main(["report", "own"]) == 0
    assert Path("own/report/report.html").read_text(encoding="utf-8") == page
    assert "# lexicon for stance" in Path("own/kept/stance/README.md").read_text(encoding="utf-8")


def test_what_was_tested_on_other_examples_stands_beside_nothing(other, capsys):
    write_jsonl(Path("less.jsonl"), TEXTS[:-4])
    said = run_beside("own", "less.jsonl", other, capsys)
    assert "nothing that other has published was tested on these examples" in said
    assert "1 model in 1 run compared" in said


def test_what_stood_beside_and_is_gone_is_told_with_the_way_out(other, capsys):
    run_beside("own", "mine.jsonl", other, capsys)
    Path(other).rename("elsewhere")
    assert main(["report", "own"]) == 2
    told = capsys.readouterr().err
    assert "beside=other: other/predictions.parquet holds no predictions" in told
    assert "take it out of report/made.json" in told
    made = Path("own/report/made.json")
    made.write_text(made.read_text().replace('"beside": "other"', '"beside": ""'))
    assert main(["report", "own"]) == 0
    assert "not run here" not in Path("own/report/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("here", [[], ["experiments"], ["experiments", "experiments/box"]])
def test_the_box_stands_beside_the_first_experiment_from_any_folder(here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Such as of an experiment on the box, which has published nothing.
    for folder in here:
        Path(folder).mkdir()
    runs = published.read_published(published_folder("experiments/box"))
    assert {run.codebook for run in runs} >= {"stance", "diplomacy"}
    assert published_folder("experiments/mine") == Path("experiments/mine")
