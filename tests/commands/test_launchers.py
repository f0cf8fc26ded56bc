"""Sweeps through Hydra's launchers: processes on this machine, or jobs of a cluster, with the same runs."""

import json
import subprocess
import sys

import pytest
from conftest import PATIENCE, words_for

pytestmark = pytest.mark.slow
# submitit's local executor runs the same job files that SLURM would.
LAUNCHERS = {
    "basic": (),
    "joblib": ("hydra.launcher.n_jobs=2",),
    "submitit_local": ("hydra.launcher.cpus_per_task=1",),
}


def runs(folder):
    found = {}
    for file in folder.glob("runs/*/run.json"):
        facts = json.loads(file.read_text())
        rows = (file.parent / "predictions.jsonl").read_text()
        found[file.parent.name] = (facts["validation"], rows)
    return found


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_launcher_makes_the_runs_that_one_process_makes(tmp_path, few_votes, launcher):
    said = {}
    for name in ("basic", launcher):
        words = [
            "-m",
            f"hydra/launcher={name}",
            *LAUNCHERS[name],
            *words_for(few_votes),
            "model=majority,lexicon",
        ]
        command = [sys.executable, "-m", "stancekit", "train", *words, f"output={tmp_path / name}"]
        said[name] = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    assert runs(tmp_path / launcher) == runs(tmp_path / "basic")
    assert len(runs(tmp_path / launcher)) == 2
    assert "Traceback" not in said[launcher].stderr


def test_an_experiment_is_compared_at_its_end(tmp_path, few_votes):
    words = [
        "experiment=un_votes",
        *words_for(few_votes),
        "model=majority,lexicon",
        "codebook=stance",
    ]
    command = [
        sys.executable,
        "-m",
        "stancekit",
        "train",
        *words,
        "hydra/launcher=joblib",
        f"output={tmp_path / 'out'}",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=tmp_path
    )
    assert (
        "| lexicon |" in done.stdout and "| majority |" in done.stdout and "report:" in done.stdout
    )
