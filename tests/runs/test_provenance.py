"""What is recorded of code and machine, on machines that lack something."""

import subprocess
from collections import namedtuple

import pytest
from conftest import ROOT

from stancekit.runs import provenance as module
from stancekit.runs.provenance import _commit, provenance


def git(folder, *words):
    named = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", *named, "-C", folder, *words], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path):
    """Return a repository with one commit."""
    git(tmp_path, "init", "-q")
    (tmp_path / "pyproject.toml").write_text('name = "stancekit"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path.resolve()


def test_the_commit_of_the_kit_s_own_checkout(repository):
    assert _commit(repository) == git(repository, "rev-parse", "HEAD").strip() != ""


def test_an_environment_within_a_user_s_repository_records_none_of_its_commits(repository):
    site = repository / ".venv" / "lib" / "python3.11"
    site.mkdir(parents=True)
    assert _commit(site) == ""
    copy = repository / "vendor" / "stancekit"
    copy.mkdir(parents=True)
    (copy / "pyproject.toml").write_text('name = "stancekit"\n')
    assert _commit(copy) == ""
    (repository / "pyproject.toml").write_text('name = "theirs"\n')
    assert _commit(repository) == ""


def test_without_git_there_is_no_commit_and_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = provenance()
    assert facts["commit"] == "" and facts["versions"]["numpy"]


def test_memory_is_the_peak_where_the_system_records_one(monkeypatch):
    assert 2**20 < module._memory_used() < 2**40

    class Process:
        def memory_info(self):
            return namedtuple("pmem", "rss peak_wset")(2**20, 2**30)

    monkeypatch.setattr(module.psutil, "Process", Process)
    assert module._memory_used() == 2**30 and provenance()["memory_mb"] == 2**10


def test_the_checkout_is_found():
    assert module._ROOT == ROOT
