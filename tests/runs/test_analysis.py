"""One analysis of runs, and the table and the files that are views of it."""

import io
from dataclasses import replace

import pandas
import pytest
from test_checks import GOOD, WORSE

from stancekit.errors import KitError
from stancekit.fileio import frame_to_csv
from stancekit.runs.analysis import analyse
from stancekit.runs.leaderboard import best_on_validation, leaderboards, scores_to_csv
from stancekit.runs.scores import SCORE_COLUMNS


@pytest.fixture(scope="module")
def analysis():
    return analyse([*GOOD, *WORSE])


def test_the_table_has_a_row_per_score_of_every_model(analysis):
    frame = analysis.scores()
    assert tuple(frame.columns) == SCORE_COLUMNS
    assert len(frame) == sum(len(entry.scores) for entry in analysis.entries)
    main = frame[(frame["metric"] == "macro_f1") & (frame["slice"] == "all")]
    assert list(main["model"]) == ["good", "worse"] and set(main["random_states"]) == {2}
    assert list(main["value"]) == [entry.main.value for entry in analysis.entries]


def test_the_file_is_the_table_rounded(analysis):
    text = frame_to_csv(analysis.scores())
    assert text == scores_to_csv(analysis.entries)
    back = pandas.read_csv(io.StringIO(text), dtype={"codes": "Int64"})
    pandas.testing.assert_frame_equal(back, analysis.scores(), check_dtype=False, atol=5e-7, rtol=0)


def test_numbers_of_codes_are_whole_and_missing_ones_empty(analysis):
    lines = frame_to_csv(analysis.scores()).splitlines()
    assert lines[1].split(",")[-2:] == ["4", "2"]
    micro = next(line for line in lines if ",micro_f1,all," in line)
    assert micro.split(",")[-2:] == ["", "2"]


def test_nothing_is_computed_twice(analysis):
    part = analysis.boards[0]
    assert part.checks is part.checks and part.confusion is part.confusion
    assert analysis.splits is analysis.splits


def test_breakdowns_are_those_of_the_best_model(analysis):
    part = analysis.boards[0]
    cells = [cell for row in part.confusion.rows for cell in row]
    assert sum(cell.n for cell in cells) == len(GOOD[0].rows)
    wrong = sum(cell.n for cell in cells if cell.gold != cell.predicted)
    assert 0 < len(part.surest_mistakes) <= wrong
    assert all(row.gold != row.prediction.labels for row in part.surest_mistakes)


def test_the_best_on_validation_needs_no_scores_on_test(analysis):
    runs = [
        replace(run, validation=score)
        for run, score in zip([*GOOD, *WORSE], (0.2, 0.3, 0.6, 0.5), strict=True)
    ]
    (best,) = best_on_validation(runs)
    assert best.model == "worse" and best.validation == 0.6
    assert best == leaderboards(runs)[0].chosen
    with pytest.raises(KitError, match=r"no run of .* has a score on validation"):
        best_on_validation([replace(run, validation=float("nan")) for run in runs])
