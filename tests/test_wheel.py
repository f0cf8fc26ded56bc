"""The wheel, installed with its source out of reach, does the kit's main job from another folder."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.slow
def test_the_wheel_alone_trains_the_default_experiment(tmp_path):
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site)}
    where = (
        "import stancekit, stancekit.resources as s; "
        "print(stancekit.__file__); print(s.shipped('data', 'un_votes'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", where],
        env=environment,
        cwd=work,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(line.startswith(str(site)) for line in told.stdout.splitlines())
    sweep = ["model=majority,logreg,embedding", "random_state=0"]
    words = [sys.executable, "-m", "stancekit", "train", "experiment=un_votes", *sweep]
    done = subprocess.run(
        words, env=environment, cwd=work, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (work / "experiments" / "un_votes" / "report" / "report.html").exists()
    assert (work / "models" / "un_votes" / "stance" / "manifest.json").exists()
