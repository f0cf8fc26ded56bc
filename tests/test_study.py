"""The worked study: its commands, as they stand in its README, give the results that are committed."""

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
        assert (tmp_path / "experiments" / "study_un_votes" / table).read_text() == (
            STUDY / table
        ).read_text()
