"""Parts of an archive by the workers of a Ray cluster: the same rows, also when a worker dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import PATIENCE, ROOT

from stancekit.__main__ import main
from stancekit.labelling import workers
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labeller import LabellingJob
from stancekit.labelling.models import find_models
from stancekit.text import ActorFinder
from stancekit.types import Article

ARTICLES = sorted((ROOT / "seeds" / "articles").glob("*.txt"))
# Small parts, so that there are many.
SMALL = (
    "import sys\nfrom stancekit.labelling import sources\nsources.PART_CHARACTERS = 6000\n"
    "from stancekit.__main__ import main\nsys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def words(saved, risk, tmp_path):
    rows = [{"id": f"s{at}", "text": ARTICLES[at % len(ARTICLES)].read_text()} for at in range(40)]
    path = tmp_path / "speeches.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "none"}]))
    return ["label", f"input={path}", f"models={saved}", "actors.ner=false", f"risk={risk}"]


def start(words, output, *more):
    run = [sys.executable, "-c", SMALL, *words, f"output={output}", *more]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def files(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def processes_of(ancestor):
    """Return the processes that hold models, of those that a process has started."""
    parents, found = {}, []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int(
                (place / "stat").read_text().rpartition(")")[2].split()[1]
            )
            if (place / "cmdline").read_bytes().startswith(b"ray::Worker"):
                found.append(int(place.name))
        except OSError:
            continue

    def own(process):
        return process == ancestor or (process in parents and own(parents[process]))

    return [process for process in found if own(process)]


@pytest.mark.slow
def test_two_workers_write_the_same_as_one_process_even_if_one_is_killed(words, tmp_path):
    alone = start(words, tmp_path / "local")
    said, _ = alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 3 and "40 texts labelled" in said and "1 could not be read" in said
    many = start(words, tmp_path / "ray", "engine=ray", "workers=2")
    deadline, killed = time.monotonic() + PATIENCE, []
    while many.poll() is None and not killed and time.monotonic() < deadline:
        if list((tmp_path / "ray").glob("part-*")) and (running := processes_of(many.pid)):
            os.kill(running[0], signal.SIGKILL)
            killed = running
        time.sleep(0.01)
    said, _ = many.communicate(timeout=PATIENCE)
    assert len(killed) == 2 and many.returncode == 3 and "40 texts labelled" in said
    assert (
        files(tmp_path / "ray") == files(tmp_path / "local") and len(files(tmp_path / "ray")) > 10
    )


@pytest.mark.slow
def test_what_one_engine_has_done_another_goes_on_with(words, tmp_path):
    start(words, tmp_path / "labels").communicate(timeout=PATIENCE)
    whole = files(tmp_path / "labels")
    (tmp_path / "labels" / "part-00001.jsonl").unlink()
    start(words, tmp_path / "labels", "engine=ray", "workers=1").communicate(timeout=PATIENCE)
    assert files(tmp_path / "labels") == whole


def test_other_engines_are_refused(words, tmp_path, capsys):
    for wrong, told in (
        ("engine=spark", "unknown engine='spark'; there are local, ray"),
        ("workers=0", "at least 1"),
    ):
        assert main([*words, f"output={tmp_path / 'out'}", wrong]) == 2
        assert told in capsys.readouterr().err and not (tmp_path / "out").exists()


class Cluster:
    """Ray as far as `label_with_ray` uses it, in this process: what was handed over, and how much at a time."""

    def __init__(self):
        self.at_work, self.most, self.killed = {}, 0, 0

    is_initialized = staticmethod(lambda: True)
    cluster_resources = staticmethod(lambda: {"CPU": 2})

    def remote(self, **_):
        def actor(of):
            def start(*given):
                worker = of(*given)
                return SimpleNamespace(
                    label=SimpleNamespace(remote=lambda *part: self.take(worker, part))
                )

            return SimpleNamespace(remote=start)

        return actor

    def take(self, worker, part):
        self.at_work[part[0]] = (worker, part)
        self.most = max(self.most, len(self.at_work))
        return part[0]

    def wait(self, references, num_returns):
        return references[-num_returns:], references[:-num_returns]

    def get(self, reference):
        worker, part = self.at_work.pop(reference)
        return worker.label(*part)

    def kill(self, worker):
        self.killed += 1


def test_parts_are_read_as_workers_take_them(saved, monkeypatch):
    """However long an archive is, few parts of it are in memory."""
    cluster, read = Cluster(), []

    def parts():
        for number in range(20):
            read.append(number)
            yield (
                number,
                [InputText(Article(f"a{number}", "Peru condemned the levy."), f"a{number}")],
            )

    monkeypatch.setitem(sys.modules, "ray", cluster)
    job = LabellingJob(find_models([saved]), ActorFinder(ner=False))
    done = workers.label_with_ray(job, parts(), workers=2)
    first = next(done)
    assert len(read) <= 2 * workers.AHEAD + 1
    found = [first, *done]
    assert (
        sorted(one.number for one in found) == list(range(20)) and cluster.most == 2 * workers.AHEAD
    )
    assert {one.number: one for one in found} == {
        one.number: one for one in workers.label_locally(job, parts())
    }
    assert cluster.killed == 2 and list(workers.label_with_ray(job, iter(()), workers=2)) == []


def test_a_missing_package_is_named(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*words, f"output={tmp_path / 'out'}", "engine=ray"]) == 2
    assert "pip install 'stancekit[ray]'" in capsys.readouterr().err
