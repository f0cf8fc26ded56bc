"""A training that is killed goes on where it was, and ends as if nothing had happened."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from conftest import PATIENCE, ROOT

from stancekit.corpus import FixedSplit, TableCorpus
from stancekit.fileio import write_jsonl
from stancekit.models.classifier import encode_labels
from stancekit.models.encoder import checkpoints, trainer
from stancekit.models.encoder.finetuned import Encoder
from stancekit.runs import training


@pytest.fixture(scope="module")
def words(tmp_path_factory, tiny, parts):
    folder = tmp_path_factory.mktemp("resume")
    rows = []
    for part, data, n in (
        ("train", parts.train, 160),
        ("validation", parts.validation, 24),
        ("test", parts.test, 16),
    ):
        for example, labels in list(zip(data.examples, data.labels, strict=True))[:n]:
            rows.append(
                {
                    "id": example.id,
                    "text": example.text,
                    "actor": example.actor.name,
                    "target": example.target.name,
                    "stance": labels[0],
                    "split": part,
                }
            )
    write_jsonl(folder / "mine.jsonl", rows)
    return folder, [
        *(
            "train",
            "corpus=table",
            f"corpus.path={folder}/mine.jsonl",
            "model=transformer",
            "model.epochs=6",
        ),
        *(
            f"model.checkpoint={tiny}",
            "+model.eval_steps=4",
            "model.min_steps=0",
            "+model.max_length=40",
            "+model.patience=99",
            "model.learning_rate=1e-3",
        ),
    ]


def start(words, out):
    code = "import sys; from stancekit.__main__ import main; sys.exit(main(sys.argv[1:]))"
    settings = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *words, f"output={out}"]
    return subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.PIPE, text=True)


def weights(out):
    [file] = out.glob("runs/*/model/weights.safetensors")
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.slow
def test_weights_after_kill_9_are_those_of_an_uninterrupted_training(words, tmp_path):
    _, command = words
    whole = start(command, tmp_path / "whole")
    told = whole.communicate(timeout=PATIENCE)[1]
    assert whole.returncode == 0, told
    broken = start(command, tmp_path / "broken")
    limit = time.time() + PATIENCE
    while not list(tmp_path.glob("broken/runs/*/checkpoints/*/checkpoint-1[2-9]/sums.json")):
        assert broken.poll() is None and time.time() < limit, (
            "the training ended before it could be killed"
        )
        time.sleep(0.005)
    broken.send_signal(signal.SIGKILL)
    broken.communicate()
    assert not list(tmp_path.glob("broken/runs/*/run.json"))
    assert list(tmp_path.glob("broken/runs/*/checkpoints/*"))
    again = start(command, tmp_path / "broken")
    told = again.communicate(timeout=PATIENCE)[1]
    assert again.returncode == 0, told
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")
    curves = [
        next(tmp_path.glob(f"{name}/runs/*/curve.csv")).read_text() for name in ("whole", "broken")
    ]
    assert curves[0] == curves[1] and curves[0].count("\n") > 5
    assert not list(tmp_path.glob("broken/runs/*/checkpoints"))


@pytest.fixture(scope="module")
def small(tiny, parts):
    """Return how to fit the same small encoder again and again, and its weights when nothing went wrong."""
    train, held = parts.train.take(range(48)), parts.validation.take(range(30))

    def learn(folder, *, data=train, judged=True, **more):
        settings = {
            "epochs": 3,
            "min_steps": 0,
            "eval_steps": 3,
            "learning_rate": 3e-3,
            "max_length": 32,
            "patience": 99,
        } | more
        watch = settings.pop("watch", None)
        model = Encoder(tiny, folder=str(folder), **settings)
        model.watch = watch
        return model.fit(
            data.examples,
            encode_labels(data),
            (held.examples, encode_labels(held)) if judged else None,
        )

    return learn


@pytest.fixture(scope="module")
def ended(small, tmp_path_factory):
    """Return what a training leaves that nothing interrupted: the model, and a folder with all its checkpoints."""
    folder = tmp_path_factory.mktemp("whole")
    return small(folder), folder


def same(one, other):
    states = (model.network_.state_dict() for model in (one, other))
    return all(map(torch.equal, *(state.values() for state in states)))


def steps_made(monkeypatch):
    made, before = [], trainer._LengthTrainer.training_step
    monkeypatch.setattr(
        trainer._LengthTrainer,
        "training_step",
        lambda self, *given: made.append(1) or before(self, *given),
    )
    return made


def last_of(folder):
    [place] = (folder / "checkpoints").iterdir()
    return checkpoints.latest(place)


@pytest.mark.parametrize("patience", [99, 1])
def test_a_training_that_had_ended_is_read_back(small, ended, tmp_path, monkeypatch, patience):
    first = ended[0] if patience == 99 else small(tmp_path, patience=1, epochs=30)
    if patience == 99:
        shutil.copytree(ended[1], tmp_path, dirs_exist_ok=True)
    made = steps_made(monkeypatch)
    again = small(tmp_path, **({} if patience == 99 else {"patience": 1, "epochs": 30}))
    assert made == [] and same(first, again) and again.curve_ == first.curve_
    assert sum("eval_score" in row for row in first.curve_) == (
        3 if patience == 99 else len(again.curve_) // 2
    )


def without_weights_of_best(last):
    best = checkpoints.best_of(last, checkpoints.read_state(last))
    (best / "model.safetensors").unlink()


def shortened(name):
    def spoil(last):
        (last / name).write_bytes((last / name).read_bytes()[:-50])

    return spoil


def bit_changed(last):
    data = bytearray((last / "model.safetensors").read_bytes())
    data[-5] ^= 1
    (last / "model.safetensors").write_bytes(bytes(data))


def state_alone(last):
    for path in last.iterdir():
        if path.name != "trainer_state.json":
            path.unlink()


def every_one_state_alone(last):
    for folder in last.parent.glob("checkpoint-*"):
        state_alone(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        without_weights_of_best,
        shortened("model.safetensors"),
        *(
            pytest.param(shortened(name), marks=pytest.mark.slow)
            for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth")
        ),
        shortened("trainer_state.json"),
        shortened("sums.json"),
        bit_changed,
        state_alone,
        every_one_state_alone,
    ],
)
def test_what_is_not_whole_is_passed_over_and_the_weights_are_the_same(
    small, ended, tmp_path, spoil
):
    shutil.copytree(ended[1], tmp_path, dirs_exist_ok=True)
    spoil(last_of(tmp_path))
    assert same(small(tmp_path), ended[0])


def interrupt(step, score):
    if step == 6:
        raise KeyboardInterrupt


def test_a_damaged_checkpoint_of_a_later_step_removes_none_that_is_written_anew(
    small, ended, tmp_path
):
    shutil.copytree(ended[1], tmp_path, dirs_exist_ok=True)
    last = last_of(tmp_path)
    for folder in last.parent.glob("checkpoint-*"):
        bit_changed(folder)
    last.rename(last.with_name("checkpoint-99"))
    assert same(small(tmp_path), ended[0])
    assert not (last.parent / "checkpoint-99").exists()


@pytest.mark.slow
def test_a_training_moved_elsewhere_ends_with_its_own_best_weights(small, ended, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "here", watch=interrupt)
    (tmp_path / "here").rename(tmp_path / "there")
    assert same(small(tmp_path / "there"), ended[0])


@pytest.mark.slow
def test_names_are_exchanged_the_same_after_an_interruption(small, ended, tmp_path):
    given = {"exchange_names": 0.5}
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "broken", watch=interrupt, **given)
    assert last_of(tmp_path / "broken").name == "checkpoint-3"
    unbroken = small(tmp_path / "unbroken", **given)
    assert same(small(tmp_path / "broken", **given), unbroken) and not same(unbroken, ended[0])


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 1e-3},
        *(
            pytest.param(change, marks=pytest.mark.slow)
            for change in (
                {"exchange_names": 0.5},
                {"epochs": 2},
                {"frozen_layers": 1},
                {"random_state": 1},
            )
        ),
        "data",
    ],
)
def test_another_training_in_the_same_folder_does_not_go_on_from_it(
    small, ended, parts, tmp_path, change
):
    shutil.copytree(ended[1], tmp_path / "used", dirs_exist_ok=True)
    more = {"data": parts.train.take(range(10, 58))} if change == "data" else change
    assert same(small(tmp_path / "used", **more), small(tmp_path / "fresh", **more))
    assert same(small(tmp_path / "used"), ended[0])


def test_without_validation_the_last_weights_are_read_back(small, tmp_path, monkeypatch):
    first = small(tmp_path, judged=False)
    made = steps_made(monkeypatch)
    assert same(small(tmp_path, judged=False), first) and made == []


def test_checkpoints_are_forgotten_whole_or_not_at_all(ended, tmp_path, monkeypatch):
    shutil.copytree(ended[1], tmp_path / "member", dirs_exist_ok=True)
    # A process that dies while it empties the folder.
    monkeypatch.setattr(
        "stancekit.models.encoder.checkpoints.shutil.rmtree", lambda *given, **more: 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        checkpoints.forget_checkpoints(tmp_path)
    assert not (tmp_path / "member" / "checkpoints").exists()
    monkeypatch.undo()
    checkpoints.forget_checkpoints(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    checkpoints.forget_checkpoints(tmp_path)


def test_a_run_that_died_while_it_was_recorded_keeps_its_training(
    words, tiny, stance, tmp_path, monkeypatch
):
    def learn():
        model = Encoder(tiny, epochs=2, min_steps=0, max_length=32, learning_rate=1e-3)
        corpus = TableCorpus(words[0] / "mine.jsonl")
        return training.fit_run(
            corpus=corpus, codebook=stance, split=FixedSplit(), model=model, output=tmp_path
        )

    made = steps_made(monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(training, "record_run", lambda *given, **known: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            learn()
    before = weights(tmp_path)
    assert len(made) == 20 and list(tmp_path.rglob("checkpoint-*"))
    learn()
    assert len(made) == 20 and weights(tmp_path) == before
    assert list(tmp_path.rglob("run.json")) and not list(tmp_path.rglob("checkpoint*"))


@pytest.mark.slow
def test_a_full_disk_is_one_clear_error_and_leaves_the_last_checkpoint(words, tmp_path):
    resource = pytest.importorskip("resource")
    _, command = words
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from stancekit.__main__ import main\n"
        "from stancekit.models.encoder import trainer\n"
        "before = trainer._LengthTrainer._save_optimizer_and_scheduler\n"
        "def later(self, folder):\n"
        "    if self.state.global_step >= 12: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "    return before(self, folder)\n"
        "trainer._LengthTrainer._save_optimizer_and_scheduler = later\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    assert resource.RLIMIT_FSIZE is not None
    settings = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *command, f"output={tmp_path / 'full'}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot write checkpoints to" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.glob("full/runs/*/checkpoints/*/checkpoint-8/sums.json"))
