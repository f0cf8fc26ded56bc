"""The worked study: its commands, as they stand in its README, give the committed results, but for rounding."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

STUDY = ROOT / "experiments" / "study_un_votes"


@pytest.mark.slow
def test_the_study_can_be_repeated_word_for_word(tmp_path):
    bin_ = Path(sys.executable).parent
    env = os.environ | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    blocks = re.findall(
        r"```(python|sh)\n(.*?)```", (STUDY / "README.md").read_text(), flags=re.DOTALL
    )
    assert [kind for kind, _ in blocks] == ["python", "sh", "python", "sh", "sh", "python"]
    for kind, text in blocks:
        command = [sys.executable, "-c", text] if kind == "python" else ["sh", "-ec", text]
        subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)
    tables = (
        "all/shares.csv",
        "voices/shares.csv",
        "voices/contrasts.csv",
        "sides/regression.csv",
        "network/edges.csv",
    )
    for table in tables:
        made = read_cells(tmp_path / "experiments" / "study_un_votes" / table)
        committed = read_cells(STUDY / table)
        assert len(made) == len(committed), table
        differ = [one for one in zip(made, committed, strict=True) if not alike(*one)]
        assert len(differ) <= len(committed) / 100, (table, differ)


def read_cells(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def alike(made, committed):
    """Say whether two cells say the same: other processors move a row in a thousand to another code."""
    try:
        return abs(float(made) - float(committed)) <= 0.03
    except ValueError:
        return made == committed


def test_other_numbers_are_not_alike():
    assert alike("0.244738", "0.2447") and alike("none", "none") and alike("", "")
    assert not alike("0.24", "0.28") and not alike("none", "support") and not alike("", "0.1")
