"""The program as a user meets it: exit codes, messages; real processes where the process is the point."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PATIENCE, ROWS, padded, words_for
from hydra.errors import InstantiationException
from test_sample import rows as label_rows

from stancekit.__main__ import main
from stancekit.commands.cli import cause
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl


def program(*words, cwd=None, **rest):
    return subprocess.run(
        [sys.executable, "-m", "stancekit", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        **rest,
    )


@pytest.fixture
def small(tmp_path):
    """Return the words that choose a corpus of a dozen rows, which trains in no time."""
    path = tmp_path / "small.jsonl"
    rows = [row | {"split": part} for row in ROWS for part in ("train", "validation", "test")]
    rows = [
        row | {"text": padded(row["text"], at), "article": str(at)} for at, row in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ["corpus=table", f"corpus.path={path}"]


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


def test_a_user_s_error_is_one_line_without_a_traceback(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(ROWS[0] | {"stance": "condems"}))
    done = program("train", "corpus=table", f"corpus.path={path}", "split=grouped", cwd=tmp_path)
    assert done.returncode == 2 and "unknown label 'condems'" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "experiments").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "modle=svm"], "unknown key modle; is model meant?"),
        (["train", "model=svn"], "there is no model 'svn'; is 'svm' meant? There are: box, "),
        (["train", "-m", "model=svm,logregg"], "no model 'logregg'; is 'logreg' meant?"),
        (["train", "model=zebra"], "there is no model 'zebra'; there are: box, "),
        (["train", "experiment=un_vote"], "is 'un_votes' meant? There are: bench_ccf, "),
        (["label", "nowhere.txt"], "stancekit label: cannot read nowhere.txt: No such file"),
        (["label"], "needs a value for: input"),
        (["label", "a.txt", "+ouput=x"], "unknown key ouput; is output meant?"),
        (["evaluate", "models=nowhere"], "no saved model"),
        (["compare", "nowhere"], "no finished runs"),
        (["average", "runs/*", "output=one"], "two finished runs or more; found: none"),
        (["average", "runs/*"], "needs a value for: output"),
        (["estimate", "labels.jsonl", "gold=g.csv"], "labels.jsonl"),
    ],
)
def test_slips_exit_with_2_and_name_the_slip(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_a_setting_that_scikit_learn_refuses(small, tmp_path, capsys):
    assert main(["train", *small, "model.classifier.C=abc", f"output={tmp_path}"]) == 2
    assert "'C' parameter of LogisticRegression must be a float" in capsys.readouterr().err


def raised(function):
    with pytest.raises(Exception) as info:
        function()
    return info.value


def test_only_an_error_that_comes_from_a_user_s_is_one():
    def within():
        try:
            raise KitError("mine")
        except KitError:
            raise ZeroDivisionError from None

    def meanwhile():
        try:
            raise KitError("mine")
        except KitError:
            return 1 / 0

    def wrapped():
        try:
            raise KitError("mine")
        except KitError as error:
            raise InstantiationException("in a constructor") from error

    assert cause(raised(within)) is None and cause(raised(meanwhile)) is None
    assert cause(raised(wrapped)) == "mine" == cause(KitError("mine"))
    assert (
        cause(raised(lambda: Path("nowhere/x").read_text()))
        == "nowhere/x: No such file or directory"
    )


def test_what_a_user_s_file_says_cannot_control_the_terminal(tmp_path, capsys):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(ROWS[0] | {"stance": "\x1b]0;title\x07con\u202edems"}))
    assert (
        main(
            ["train", "corpus=table", f"corpus.path={path}", "split=grouped", f"output={tmp_path}"]
        )
        == 2
    )
    told = capsys.readouterr().err
    assert (
        "\x1b" not in told and "\x07" not in told and "\u202e" not in told and "x1b]0;title" in told
    )


def test_a_terminal_that_cannot_show_a_character_gets_its_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "labels.jsonl", label_rows())
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(
        sys, "argv", ["stancekit", "sample", "labels.jsonl", "n=5", "output=Türkiye.csv"]
    )
    assert main() == 0
    shown.flush()
    assert b"T\\xfcrkiye.csv" in shown.buffer.getvalue() and (tmp_path / "Türkiye.csv").exists()


def test_train_compare_report_evaluate_verify(small, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for model in ("majority", "nb"):
        assert main(["train", *small, f"model={model}", "output=exp"]) == 0
    assert main(["compare", "exp"]) == 0 and "nb - majority" in capsys.readouterr().out
    assert main(["report", "exp"]) == 0
    assert (tmp_path / "exp" / "report" / "report.html").exists()
    saved = next((tmp_path / "exp" / "runs").glob("stance-nb-*")) / "model"
    assert main(["verify", str(saved)]) == 0 and "nb for stance" in capsys.readouterr().out
    assert main(["evaluate", f"models={saved}", *small, "part=all", "output=scored"]) == 0
    assert (tmp_path / "scored" / "scores.csv").read_text().startswith("corpus,codebook,")
    assert len((tmp_path / "scored" / "predictions.jsonl").read_text().splitlines()) == 12


def test_the_same_command_again_skips_what_is_done(small, tmp_path):
    words = ["train", *small, "model=majority", f"output={tmp_path}"]
    assert main(words) == 0
    (run,) = (tmp_path / "runs").iterdir()
    before = (run / "run.json").stat().st_mtime_ns
    assert main(words) == 0
    assert [one.name for one in (tmp_path / "runs").iterdir()] == [run.name]
    assert (run / "run.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_two_processes_that_start_the_same_run_do_not_mix_nor_need_a_home(small, tmp_path):
    words = [sys.executable, "-m", "stancekit", "train", *small, "model=nb", "output=exp"]
    # A file in its place is what nobody can write to, root included.
    (tmp_path / "home").touch()
    named = ("HOME", "MPLCONFIGDIR", "STANCEKIT_CACHE")
    environment = os.environ | {name: str(tmp_path / "home") for name in named}
    both = [subprocess.Popen(words, cwd=tmp_path, env=environment) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    (run,) = (tmp_path / "exp" / "runs").iterdir()
    assert main(["verify", str(run / "model")]) == 0


@pytest.mark.slow
def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path, few_votes):
    said = ["experiment=un_votes", *words_for(few_votes), "model=majority,lexicon,nb,logreg,svm"]
    words = [sys.executable, "-m", "stancekit", "train", *said]
    first = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    runs = tmp_path / "experiments" / "un_votes" / "runs"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and len(list(runs.glob("*/run.json"))) < 4:
        time.sleep(0.1)
    first.kill()
    first.wait()
    kept = {path: path.stat().st_mtime_ns for path in runs.glob("*/run.json")}
    assert 4 <= len(kept) < 10
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list(runs.glob("*/run.json"))) == 10
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert (tmp_path / "models" / "un_votes" / "stance" / "manifest.json").exists()


@pytest.mark.slow
def test_a_reader_that_stops_early_sees_no_traceback():
    command = f"{sys.executable} -m stancekit data un_votes_outside | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# un_votes_outside") and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(
            *(["--cfg", "job", "model=nb", "--package", "model"], "alpha: 0.3"),
            marks=pytest.mark.slow,
        ),
        (["model=nb", "--info", "defaults"], "model/nb"),
        pytest.param(*(["--info", "searchpath"], "Provider"), marks=pytest.mark.slow),
        pytest.param(*(["--hydra-help"], "== Flags =="), marks=pytest.mark.slow),
    ],
)
def test_what_hydra_shows_of_itself(words, shown):
    done = program("train", *words)
    assert done.returncode == 0 and shown in done.stdout and not done.stderr


@pytest.mark.parametrize(
    ("asked", "spins"),
    [({}, "3000"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None), ({"GOMP_SPINCOUNT": "7"}, "7")],
)
def test_threads_of_the_program_wait_in_a_short_loop_unless_asked_otherwise(asked, spins):
    script = """
import os, sys
from stancekit.__main__ import main
sys.argv = ["stancekit", "--version"]
main()
print(os.environ.get("GOMP_SPINCOUNT"))
"""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    settings = {key: value for key, value in os.environ.items() if key not in names}
    shown = subprocess.run(
        [sys.executable, "-c", script],
        env=settings | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split()[-1] == str(spins)


def test_no_pickle_is_read(tmp_path, capsys):
    assert main(["train", "--experimental-rerun", str(tmp_path / "job.pickle")]) == 2
    assert "reads a pickle" in capsys.readouterr().err


def test_the_program_leaves_hydra_as_it_was(small, tmp_path, monkeypatch):
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    words, environment = list(sys.argv), dict(os.environ)
    for more in ([], ["--help"], ["model=nowhere"]):
        main(["train", *small, "model=majority", f"out={tmp_path}", *more])
        assert not GlobalHydra.instance().is_initialized() and not HydraConfig.initialized()
        assert sys.argv == words and dict(os.environ) == environment
