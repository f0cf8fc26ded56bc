"""Run folders: read to the last row or refused by name, and only what belongs together is put together."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from conftest import ROWS, padded

from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.fileio import sha256
from stancekit.models.majority import Majority
from stancekit.reporting.page import report_page
from stancekit.reporting.tables import markdown
from stancekit.runs import published
from stancekit.runs.analysis import analyse
from stancekit.runs.checks import run_checks
from stancekit.runs.folder import read_run, read_runs
from stancekit.runs.leaderboard import leaderboards
from stancekit.runs.record import FORMAT, PredictionRecord, RunRecord
from stancekit.runs.training import fit_run

# Line separators that `splitlines` knows and JSON does not.
SEPARATORS = "\u2028 \u2029 \x85"


@pytest.fixture(scope="module")
def made(tmp_path_factory, stance):
    folder = tmp_path_factory.mktemp("runs")
    rows = [
        row
        | {
            "article": f"a{at}",
            "text": padded(f"{row['text']} {SEPARATORS}", at),
            "id": f"{at}-{n}{SEPARATORS}",
        }
        for at in range(16)
        for n, row in enumerate(ROWS)
    ]
    path = folder / "mine.jsonl"
    path.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )
    corpus = TableCorpus(path, name="mine")
    train(
        corpus=corpus,
        codebook=stance,
        split=GroupedSplit(),
        model=Majority(),
        name="one",
        output=folder / "out",
    )
    return folder / "out"


@pytest.fixture
def out(made, tmp_path):
    return shutil.copytree(made, tmp_path / "out")


@pytest.fixture
def run(out):
    (folder,) = (out / "runs").iterdir()
    return folder


def _facts(folder, **changed):
    """Change what `run.json` says."""
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def _copy(run, name, **changed):
    copy = shutil.copytree(run, run.with_name(name))
    _facts(copy, **changed)
    return copy


def test_line_separators_in_a_text_are_no_ends_of_lines(run):
    found = read_run(run)
    assert len(found.rows) >= 12 and all("\u2028" in row.example.text for row in found.rows)
    assert all(len(said) == len(found.rows) for said in found.audit.values()) and found.audit


def test_a_run_is_read_back_as_it_was_made(made, stance):
    corpus = TableCorpus(made.parent / "mine.jsonl", name="mine")
    settings = {"corpus": corpus, "codebook": stance, "split": GroupedSplit(), "model": Majority()}
    run = fit_run(**settings, name="two", output=made.parent / "again")
    assert read_run(run.folder) == run and run.audit and run.settings and run.unit == "example"
    assert fit_run(**settings, name="two", output=made.parent / "again") == run


def test_a_record_is_read_back_as_it_was_written(run):
    record = read_run(run).record
    plain = json.loads(json.dumps(record.to_dict()))
    assert plain["format"] == FORMAT and RunRecord.from_dict(plain, run) == record
    public = json.loads(json.dumps(record.public_dict()))
    assert not {"machine", "commit", "finished", "training_set"} & set(public)
    assert RunRecord.from_dict(public, run).gold_counts == record.gold_counts
    # As predictions were published by earlier versions.
    names = {"gold_counts": "gold", "logit_adjustment": "priors"}
    new = ("format", "unit", "scale", "absent", "towards")
    earlier = {names.get(key, key): value for key, value in public.items() if key not in new}
    again = RunRecord.from_dict(earlier, run)
    assert (again.gold_counts, again.unit, again.scale) == (record.gold_counts, "example", ())


@pytest.mark.parametrize("seen", [None, 1, FORMAT + 1])
def test_a_run_of_another_version_is_refused(out, run, seen):
    _facts(run, format=seen)
    with pytest.raises(KitError, match=rf"another version .* has format {seen}; .* reads {FORMAT}"):
        read_runs(out)


def test_an_altered_audit_is_refused(run):
    path = run / "audit.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(KitError, match=r"audit.jsonl was altered since the run was made"):
        read_run(run)


def test_altered_predictions_are_refused(run):
    path = run / "predictions.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    gold = json.loads(lines[0]) | {"gold": ["none"], "labels": ["none"]}
    path.write_text("\n".join([json.dumps(gold), *lines[1:]]), encoding="utf-8")
    with pytest.raises(KitError, match=r"predictions.jsonl was altered since the run was made"):
        read_run(run)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("run.json", lambda text: text[:90], "run.json is damaged"),
        ("run.json", lambda text: "[]", "run.json is damaged: it is no JSON object"),
        (
            "run.json",
            lambda text: text.replace('"seconds"', '"other"'),
            "run.json is damaged: it has no 'seconds'",
        ),
        (
            "run.json",
            lambda text: text.replace('"caution": [', '"caution": [3, '),
            "run.json is damaged",
        ),
        (
            "run.json",
            lambda text: text.replace('"finished": "20', '"finished": "x'),
            "run.json is damaged",
        ),
        ("predictions.jsonl", lambda text: text[:-40], "predictions.jsonl is damaged"),
        (
            "predictions.jsonl",
            lambda text: text.replace('"gold"', '"old"', 1),
            "predictions.jsonl is damaged: no 'gold'",
        ),
        (
            "predictions.jsonl",
            lambda text: text.replace('"scores": [', '"scores": [NaN, ', 1),
            "one number per code",
        ),
        (
            "predictions.jsonl",
            lambda text: text.replace('"gold": ["', '"gold": ["x', 1),
            "not in the codebook",
        ),
        (
            "predictions.jsonl",
            lambda text: text.split("\n")[0] + "\n" + text,
            "ids that are there twice",
        ),
        ("predictions.jsonl", lambda text: "", "no rows"),
        ("audit.jsonl", lambda text: text[:-40], "audit.jsonl is damaged"),
        (
            "audit.jsonl",
            lambda text: text.split("\n")[0],
            "its examples are not those of the predictions beside it",
        ),
        ("config.yaml", lambda text: "[", "config.yaml is damaged"),
        (
            "config.yaml",
            lambda text: "a: &a [x, x]\nb: [*a, *a]",
            "config.yaml is damaged: it has aliases",
        ),
        ("config.yaml", lambda text: "[" * 9000 + "]" * 9000, "config.yaml is damaged"),
    ],
)
def test_a_damaged_file_is_named(out, run, file, change, told):
    path = run / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    if file.endswith(".jsonl"):
        _facts(run, **{f"{path.stem}_sha256": sha256(path)})
    with pytest.raises(KitError, match=told) as caught:
        leaderboards(read_runs(out))
    assert file in str(caught.value) and run.name in str(caught.value)


def test_the_run_finished_last_counts_whatever_its_file_is_dated(out, run, caplog):
    old = _copy(run, "stance-one-0-old", finished="2020-01-01T00:00:00+00:00", seconds=111.0)
    new = _copy(run, "stance-one-0-new", finished="2099-01-01T00:00:00.000002+00:00", seconds=222.0)
    _copy(run, "stance-one-0-late", finished="2099-01-01T00:00:00.000001+00:00", seconds=333.0)
    os.utime(old / "run.json", (4e9, 4e9))
    (found,) = read_runs(out)
    assert found.folder == new and found.seconds == 222
    assert set(found.left_out) == {
        f"{name} (older)" for name in ("stance-one-0-old", "stance-one-0-late", run.name)
    }
    assert "stance-one-0-old (older)" in caplog.text and "name=" in caplog.text
    (board,) = leaderboards([found])
    assert "stance-one-0-old (older)" in markdown(analyse([found]), "x")
    assert "C13" in {check.code for check in run_checks(board)}


def test_random_states_with_other_settings_are_not_averaged(out, run, caplog):
    same = _copy(run, "stance-one-1-same", random_state=1)
    config = (same / "config.yaml").read_text()
    assert "random_state: 0" in config
    (same / "config.yaml").write_text(config.replace("random_state: 0", "random_state: 1"))
    assert [one.random_state for one in read_runs(out)] == [0, 1] and not caplog.text
    other = _copy(run, "stance-one-2-other", random_state=2, finished="2020-01-01T00:00:00+00:00")
    (other / "config.yaml").write_text(config.replace("refit: false", "refit: true"))
    found = read_runs(out)
    assert [one.random_state for one in found] == [0, 1]
    assert found[0].left_out == ("stance-one-2-other (other settings or data)",)
    # Asked for in so many words, they are refused.
    with pytest.raises(KitError, match="differ in settings or data"):
        leaderboards([*found, read_run(other)])


def test_random_states_on_other_data_are_not_averaged(out, run):
    _copy(
        run,
        "stance-one-1-data",
        random_state=1,
        digest="other",
        finished="2020-01-01T00:00:00+00:00",
    )
    assert [one.left_out for one in read_runs(out)] == [
        ("stance-one-1-data (other settings or data)",)
    ]


def test_published_random_states_of_other_settings_give_way(out, run, capsys):
    published.write_published(read_runs(out), out, "x")
    before = published.read_published(out)
    assert [one.settings for one in before] == [read_run(run).settings] and before[0].settings
    other = _copy(run, "stance-one-1-other", random_state=1)
    config = (run / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("refit: false", "refit: true"))
    shutil.rmtree(run)
    published.write_published(read_runs(out), out, "x")
    assert [one.random_state for one in published.read_published(out)] == [1]


def test_published_rows_that_are_there_twice_are_refused(out):
    (found,) = read_runs(out)
    twice = [row for row in found.rows for _ in range(2)]
    with pytest.raises(KitError, match="ids that are there twice"):
        published.write_published([replace(found, rows=tuple(twice), audit={}, names=())], out, "x")
        published.read_published(out)


def test_what_each_annotator_gave_is_recorded_and_reported(tmp_path, stance):
    rows = []
    for number in range(16 * len(ROWS)):
        row = ROWS[number % len(ROWS)]
        code = row["stance"]
        other = "none" if number % 7 == 0 else code
        judged = {"a": code, "b": other, "c": "" if number % 2 else code}
        place = {"id": f"x{number}", "article": f"a{number // len(ROWS)}"}
        rows.append({"text": padded(row["text"], number), **place, **judged})
    path = tmp_path / "three.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    corpus = TableCorpus(path, annotators=["a", "b", "c"])
    settings = {"corpus": corpus, "codebook": stance, "split": GroupedSplit(), "model": Majority()}
    run = fit_run(**settings, output=tmp_path / "out")
    assert run.gold_from == "majority" and read_run(run.folder) == run
    ids = {row["id"]: row for row in rows}
    for row in run.rows:
        given = {name: codes[0] for name, codes in row.annotations.items()}
        assert given == {name: ids[row.example.id][name] for name in given}
        assert set(given) in ({"a", "b"}, {"a", "b", "c"})
    analysis = analyse([run])
    (board,) = analysis.boards
    assert set(board.annotators) == {"a", "b", "c"}
    assert board.annotators["a"].value >= board.annotators["b"].value
    assert [score.slice for score in board.agreement][:2] == ["all", "on the scale"]
    page = report_page(analysis, title="three", command="", folder="")
    assert "Gold is made of what the annotators gave" in page and "Macro-F1 of b" in page


def test_rows_of_earlier_versions_have_one_annotator(run):
    (line, *_) = (run / "predictions.jsonl").read_text().split("\n")
    record = PredictionRecord.from_dict(json.loads(line) | {"second": ["none"]})
    assert record.annotations == {"second": ("none",)}
    assert PredictionRecord.from_dict(record.to_dict()) == record
