"""The program as a user meets it: real processes, exit codes, messages."""

import json
import subprocess
import sys
import time

import pytest
from conftest import ROWS


def program(*words, cwd=None, **rest):
    return subprocess.run(
        [sys.executable, "-m", "stancekit", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        **rest,
    )


def test_help_needs_neither_hydra_nor_sklearn():
    code = (
        "import sys; from stancekit.__main__ import main; main(['--help']); "
        "print(sorted({'hydra', 'sklearn', 'numpy', 'torch', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "commands" in done.stdout and done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_lists_the_commands():
    done = program("lable")
    assert done.returncode == 2 and "commands are: train, evaluate, label" in done.stderr


@pytest.mark.parametrize("command", ["train", "evaluate", "label", "compare", "average", "report", "data", "verify"])
def test_each_command_shows_its_keys(command):
    done = program(command, "--help")
    assert done.returncode == 0 and ("groups" in done.stdout.lower())


def test_a_user_s_error_is_one_line_without_a_traceback(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(ROWS[0] | {"stance": "condems"}))
    done = program("train", "corpus=jsonl", f"corpus.path={path}", "split=grouped", cwd=tmp_path)
    assert done.returncode == 2 and "unknown label 'condems'" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "experiments").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "modle=svm"], "modle"),
        (["train", "model=svn"], "svn"),
        (["label"], "needs a value for: input"),
        (["evaluate", "saved=nowhere"], "no saved model"),
        (["compare", "nowhere"], "no finished runs"),
        (["average", "runs/*", "keep=one"], "two finished runs or more; found: none"),
        (["average", "runs/*"], "needs a value for: keep"),
    ],
)
def test_slips_exit_with_2_and_name_the_slip(words, told, tmp_path):
    done = program(*words, cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_train_compare_report_evaluate_verify(tmp_path):
    for model in ("majority", "logreg"):
        done = program("train", f"model={model}", "out=exp", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "logreg - majority" in program("compare", "exp", cwd=tmp_path).stdout
    assert program("report", "exp", cwd=tmp_path).returncode == 0
    assert (tmp_path / "exp" / "report" / "report.html").exists()
    saved = next((tmp_path / "exp" / "runs").glob("stance-logreg-*")) / "model"
    assert "logreg for stance" in program("verify", saved, cwd=tmp_path).stdout
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(json.dumps(row | {"frames": ["economy"]}) for row in ROWS))
    done = program("evaluate", f"saved={saved}", "corpus=jsonl", f"corpus.path={path}", "out=scored", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scored" / "scores.csv").read_text().startswith("corpus,codebook,model,metric,slice,value")
    assert len((tmp_path / "scored" / "predictions.jsonl").read_text().splitlines()) == 4


def test_the_same_command_again_skips_what_is_done(tmp_path):
    words = ("train", "model=nb", "out=exp")
    assert program(*words, cwd=tmp_path).returncode == 0
    run = next((tmp_path / "exp" / "runs").iterdir())
    before = (run / "run.json").stat().st_mtime_ns
    assert program(*words, cwd=tmp_path).returncode == 0
    assert [one.name for one in (tmp_path / "exp" / "runs").iterdir()] == [run.name]
    assert (run / "run.json").stat().st_mtime_ns == before


def test_two_processes_that_start_the_same_run_do_not_mix(tmp_path):
    words = [sys.executable, "-m", "stancekit", "train", "model=nb", "out=exp"]
    both = [subprocess.Popen(words, cwd=tmp_path) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    (run,) = (tmp_path / "exp" / "runs").iterdir()
    assert program("verify", run / "model", cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path):
    models = "model=majority,lexicon,nb,logreg,svm"
    words = [sys.executable, "-m", "stancekit", "train", "experiment=un_votes", models]
    first = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs = tmp_path / "experiments" / "un_votes" / "runs"
    until = time.monotonic() + 240
    while time.monotonic() < until and len(list(runs.glob("*/run.json"))) < 4:
        time.sleep(0.1)
    first.kill()
    first.wait()
    kept = {path: path.stat().st_mtime_ns for path in runs.glob("*/run.json")}
    assert 4 <= len(kept) < 30
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list(runs.glob("*/run.json"))) == 30
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert (tmp_path / "models" / "un_votes" / "stance" / "manifest.json").exists()


def test_a_reader_that_stops_early_sees_no_traceback():
    command = f"{sys.executable} -m stancekit data un_votes | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# un_votes") and "Traceback" not in done.stderr
