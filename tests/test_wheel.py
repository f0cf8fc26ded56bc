"""The wheel, installed with its source out of reach, does the kit's main job from another folder."""

import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from conftest import ROOT


def build(kind, source, folder):
    """Build a package from a folder, and return it."""
    words = ["-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    (made,) = folder.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[kind])
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """Return a folder with the installed wheel alone."""
    folder = tmp_path_factory.mktemp("installed") / "site"
    words = ["-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return folder


def run(words, site, folder):
    """Run Python with the installed wheel, away from the checkout."""
    return subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": str(site)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_wheel_alone_trains_the_default_experiment(site, tmp_path):
    where = (
        "import stancekit, stancekit.resources as s; "
        "print(stancekit.__file__); print(s.shipped('data', 'un_votes'))"
    )
    told = run(["-c", where], site, tmp_path)
    assert told.returncode == 0, told.stderr
    assert all(line.startswith(str(site)) for line in told.stdout.splitlines())
    sweep = ["model=majority,lexicon", "codebook=stance", "random_state=0"]
    small = ["corpus=un_votes_outside", "model=embedding", "output=outside"]
    for words in (["experiment=un_votes", *sweep], small):
        done = run(["-m", "stancekit", "train", *words], site, tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "experiments" / "un_votes" / "report" / "report.html").exists()
    assert (tmp_path / "models" / "un_votes" / "stance" / "manifest.json").exists()


@pytest.mark.slow
def test_the_wheel_alone_labels_with_the_model_in_the_box(site, tmp_path):
    words = ["-m", "stancekit", "label", "seeds/articles/river_dam.txt", "output=labels.jsonl"]
    done = run(words, site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "labelled by box" in done.stdout and (tmp_path / "labels.jsonl").exists()


def contents(package):
    """Return the sum of each file in a wheel, less the list of them, which is in an order of its own."""
    with zipfile.ZipFile(package) as files:
        names = [name for name in files.namelist() if not name.endswith("/RECORD")]
        return {name: hashlib.sha256(files.read(name)).hexdigest() for name in names}


@pytest.mark.slow
def test_the_sdist_builds_the_same_wheel(wheel, tmp_path):
    sdist = build("sdist", ROOT, tmp_path)
    with tarfile.open(sdist) as files:
        files.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    again = build("wheel", source, tmp_path / "again")
    assert again.name == wheel.name and contents(again) == contents(wheel)
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"-{named['version']}-" in wheel.name and f"version: {named['version']}\n" in cited
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{named['version']}] - " in changes
