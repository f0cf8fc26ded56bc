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
    """Return the cells of a table, each with how far it moves where one of its rows has another code."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    # An edge is of some fifteen rows, everything else of hundreds.
    counted = head.index("rows") if "sign" in head else None
    moves = [0.03 if counted is None else max(0.03, 1 / float(row[counted])) for row in rows]
    return [
        (cell, move)
        for row, move in zip([head, *rows], [0.03, *moves], strict=True)
        for cell in row
    ]


def alike(made, committed):
    """Say whether two cells say the same: other processors move a few rows in a thousand to another code."""
    (made, _), (committed, move) = made, committed
    try:
        return abs(float(made) - float(committed)) <= move + 1e-5
    except ValueError:
        return made == committed


def test_other_numbers_are_not_alike():
    def same(made, committed, move=0.03):
        return alike((made, move), (committed, move))

    assert same("0.244738", "0.2447") and same("none", "none") and same("", "")
    assert not same("0.24", "0.28") and not same("none", "support") and not same("", "0.1")
    assert same("0.5", "0.4375", 1 / 16) and not same("0.5", "0.4", 1 / 16)


def test_an_edge_moves_with_each_of_its_rows():
    moves = dict.fromkeys(move for _, move in read_cells(STUDY / "network" / "edges.csv"))
    assert 1 / 15 in moves
    assert {move for _, move in read_cells(STUDY / "all" / "shares.csv")} == {0.03}
