"""A training that is killed goes on where it was, and ends as if nothing had happened."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from stancekit.files import write_jsonl


@pytest.fixture(scope="module")
def words(tmp_path_factory, tiny, parts):
    folder = tmp_path_factory.mktemp("resume")
    rows = []
    for part, data, n in (("train", parts.train, 160), ("validation", parts.validation, 24), ("test", parts.test, 16)):
        for example, labels in list(zip(data.examples, data.labels, strict=True))[:n]:
            rows.append(
                {
                    "id": example.id,
                    "text": example.text,
                    "actor": example.actor.name,
                    "stance": labels[0],
                    "split": part,
                }
            )
    write_jsonl(folder / "mine.jsonl", rows)
    return folder, [
        *("train", "corpus=jsonl", f"corpus.path={folder}/mine.jsonl", "model=transformer", "model.epochs=6"),
        *(
            f"model.checkpoint={tiny}",
            "+model.every=4",
            "model.least_steps=0",
            "+model.length=40",
            "+model.patience=99",
            "model.rate=1e-3",
        ),
    ]


def start(words, out):
    code = "import sys; from stancekit.__main__ import main; sys.exit(main(sys.argv[1:]))"
    settings = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *words, f"out={out}"]
    return subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.PIPE, text=True)


def weights(out):
    [file] = out.glob("runs/*/model/weights.safetensors")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_weights_after_kill_9_are_those_of_an_uninterrupted_training(words, tmp_path):
    _, command = words
    whole = start(command, tmp_path / "whole")
    told = whole.communicate(timeout=240)[1]
    assert whole.returncode == 0, told
    broken = start(command, tmp_path / "broken")
    limit = time.time() + 240
    while not list(tmp_path.glob("broken/runs/*/checkpoints/*/checkpoint-1[2-9]/sums.json")):
        assert broken.poll() is None and time.time() < limit, "the training ended before it could be killed"
        time.sleep(0.005)
    broken.send_signal(signal.SIGKILL)
    broken.communicate()
    assert not list(tmp_path.glob("broken/runs/*/run.json"))
    assert list(tmp_path.glob("broken/runs/*/checkpoints/*"))
    again = start(command, tmp_path / "broken")
    told = again.communicate(timeout=240)[1]
    assert again.returncode == 0, told
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")
    curves = [next(tmp_path.glob(f"{name}/runs/*/curve.csv")).read_text() for name in ("whole", "broken")]
    assert curves[0] == curves[1] and curves[0].count("\n") > 5
    assert not list(tmp_path.glob("broken/runs/*/checkpoints"))


def test_a_full_disk_is_one_clear_error_and_leaves_the_last_checkpoint(words, tmp_path):
    resource = pytest.importorskip("resource")
    _, command = words
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from stancekit.__main__ import main\n"
        "from stancekit.models.encoder import training\n"
        "before = training._Bucketed._save_optimizer_and_scheduler\n"
        "def later(self, folder):\n"
        "    if self.state.global_step >= 12: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "    return before(self, folder)\n"
        "training._Bucketed._save_optimizer_and_scheduler = later\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    assert resource.RLIMIT_FSIZE is not None
    settings = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *command, f"out={tmp_path / 'full'}"]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot write checkpoints to" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.glob("full/runs/*/checkpoints/*/checkpoint-8/sums.json"))
