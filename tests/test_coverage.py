"""Intervals on simulated test sets with a known truth; the committed page has every design."""

import pytest

from stancekit.__main__ import main
from stancekit.commands.coverage import coverage


def test_the_command_writes_what_it_prints(tmp_path, capsys):
    assert main(["coverage", "draws=4", "designs=[[20,2]]", f"out={tmp_path}"]) == 0
    lines = (tmp_path / "coverage.csv").read_text().splitlines()
    assert lines[0] == "articles,random_states,method,coverage,width,draws" and len(lines) == 6
    assert all(line.startswith("20,2,") and line.endswith(",4") for line in lines[1:])
    assert capsys.readouterr().out.count("%") == 5


@pytest.mark.slow
def test_intervals_hold_where_a_bootstrap_over_rows_does_not(tmp_path):
    found = coverage(draws=1000, designs=[(50, 3), (50, 5)], out=tmp_path)
    for states in (3, 5):
        share = {method: of for (_, n, method), (of, _) in found.items() if n == states}
        assert 0.93 <= share["ours, percentile"] <= 0.97 and 0.93 <= share["ours, bca"] <= 0.97
        assert share["articles only"] < 0.9 and share["rows"] < 0.9
