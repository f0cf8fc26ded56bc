"""Parts of an archive by the workers of a Ray cluster: the same rows, also when a worker dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.commands.label import label
from stancekit.text import ActorFinder

ARTICLES = sorted((ROOT / "seeds" / "articles").glob("*.txt"))
# Small parts, so that there are many.
SMALL = (
    "import sys\nfrom stancekit.commands import archive\narchive.CHARACTERS = 6000\n"
    "from stancekit.__main__ import main\nsys.exit(main(sys.argv[1:]))"
)
# Ray's own processes are told apart by name, so two clusters are not to run at once.
ray = pytest.mark.xdist_group("ray")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "un_votes"
    label(input=ARTICLES[0], saved=folder, actors=ActorFinder(ner=False))
    return folder


@pytest.fixture
def words(saved, tmp_path):
    rows = [{"id": f"s{at}", "text": ARTICLES[at % len(ARTICLES)].read_text()} for at in range(40)]
    path = tmp_path / "speeches.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "none"}]))
    return ["label", f"input={path}", f"saved={saved}", "actors.ner=false", "risk=0.3"]


def start(words, output, *more):
    run = [sys.executable, "-c", SMALL, *words, f"output={output}", *more]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def files(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.jsonl"))}


def workers():
    """Return the processes that hold models."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ray::MapWorker" in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@ray
@pytest.mark.slow
def test_two_workers_write_the_same_as_one_process_even_if_one_is_killed(words, tmp_path):
    alone = start(words, tmp_path / "local")
    said, _ = alone.communicate(timeout=120)
    assert alone.returncode == 3 and "40 texts labelled" in said and "1 could not be read" in said
    many = start(words, tmp_path / "ray", "engine=ray", "workers=2")
    deadline, killed = time.monotonic() + 90, []
    while many.poll() is None and not killed and time.monotonic() < deadline:
        if list((tmp_path / "ray").glob("part-*")) and (running := workers()):
            os.kill(running[0], signal.SIGKILL)
            killed = running
        time.sleep(0.01)
    said, _ = many.communicate(timeout=120)
    assert len(killed) == 2 and many.returncode == 3 and "40 texts labelled" in said
    assert files(tmp_path / "ray") == files(tmp_path / "local") and len(files(tmp_path / "ray")) > 10


@ray
@pytest.mark.slow
def test_what_one_engine_has_done_another_goes_on_with(words, tmp_path):
    start(words, tmp_path / "labels").communicate(timeout=120)
    whole = files(tmp_path / "labels")
    (tmp_path / "labels" / "part-00001.jsonl").unlink()
    start(words, tmp_path / "labels", "engine=ray", "workers=1").communicate(timeout=120)
    assert files(tmp_path / "labels") == whole


def test_other_engines_are_refused(words, tmp_path, capsys):
    assert main([*words, f"output={tmp_path / 'out'}", "engine=spark"]) == 2
    assert "unknown engine='spark'; there are local, ray" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("part-*"))


def test_a_missing_package_is_named(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*words, f"output={tmp_path / 'out'}", "engine=ray"]) == 2
    assert "pip install 'stancekit[ray]'" in capsys.readouterr().err
