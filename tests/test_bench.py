"""Comparisons with peers, as they are kept and shown."""

import pytest
from bench import comparisons
from bench.comparisons import Comparison, page, take_turns


def test_a_ratio_is_how_many_times_as_good_ours_is():
    faster = Comparison("a", "b", "rows/s", ours=30, theirs=10)
    smaller = Comparison("a", "b", "MB", ours=10, theirs=30, less_is_better=True)
    assert faster.ratio == smaller.ratio == 3


def test_what_does_not_reach_its_goal_is_shown_as_not_reached():
    rows = [
        {"name": "quick", "peer": "p", "unit": "s", "ours": 2.0, "theirs": 1.0, "goal": 2.0},
        {"name": "slow", "peer": "p", "unit": "s", "ours": 1.5, "theirs": 1.0, "goal": 2.0},
    ]
    shown = page({"2 cores": rows})
    assert "## 2 cores" in shown
    (quick,) = [line for line in shown.splitlines() if line.startswith("| quick")]
    (slow,) = [line for line in shown.splitlines() if line.startswith("| slow")]
    assert "| 2 | 2 | 1 |" in quick and "| 1.5 | 2, **not reached** | 1 |" in slow


def test_what_is_measured_again_takes_the_place_of_what_was(tmp_path, monkeypatch):
    monkeypatch.setattr(comparisons, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(comparisons, "PAGE", tmp_path / "README.md")
    first = Comparison("labels", "one peer", "rows/s", 10, 5)
    comparisons.keep([first, Comparison("labels", "another", "rows/s", 10, 2)])
    comparisons.keep([Comparison("labels", "one peer", "rows/s", 40, 5)])
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| labels | one peer | 40 rows/s | 5 rows/s | 8 |" in text
    assert (
        "| labels | another | 10 rows/s | 2 rows/s | 5 |" in text
        and "| 10 rows/s | 5 r" not in text
    )


def test_calls_take_turns():
    seen = []
    took = take_turns(lambda: seen.append("ours"), lambda: seen.append("theirs"), times=2)
    assert seen == ["ours", "theirs"] * 3 and len(took) == 2 and max(took) < 1


def test_the_page_is_that_of_the_results():
    import json

    known = json.loads(comparisons.RESULTS.read_text(encoding="utf-8"))
    assert comparisons.PAGE.read_text(encoding="utf-8") == page(known)


@pytest.mark.parametrize("parts", [["nothing"]])
def test_an_unknown_part_is_an_error(parts, monkeypatch, capsys):
    from bench import __main__ as program

    monkeypatch.setattr("sys.argv", ["bench", *parts])
    with pytest.raises(SystemExit):
        program.main()
    assert "no part nothing; parts are intervals, starting" in capsys.readouterr().err
