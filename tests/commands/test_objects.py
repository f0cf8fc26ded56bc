"""Commands as functions of Python: objects in, objects out, nothing printed unless asked."""

import json

import numpy as np
import pandas as pd
import pytest
from made_labels import annotated, made, written

from stancekit.__main__ import main
from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.labels import read_labels


@pytest.fixture
def rows_and_gold():
    return made()


def test_labels_as_a_file_as_read_and_as_a_frame_give_the_same(tmp_path, rows_and_gold, capsys):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)
    frame = pd.DataFrame(rows).drop(columns=["format", "codebooks"], errors="ignore")
    drawn = [
        sample(labels, n=60, by="actor", output=None, random_state=1)
        for labels in (path, read_labels(path), frame)
    ]
    assert drawn[0].rows == drawn[1].rows == drawn[2].rows and drawn[0].path is None
    filled = drawn[0].to_frame().assign(stance=lambda table: table["id"].map(gold))
    file = annotated(drawn[0], gold, tmp_path / "gold.jsonl")
    frames = [
        estimate(labels, gold=source, by=["actor"]).to_frame()
        for labels, source in ((path, file), (read_labels(path), filled), (frame, filled))
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])
    steps = [plan(labels, gold=filled).to_frame() for labels in (path, frame)]
    pd.testing.assert_frame_equal(*steps)
    assert not list(tmp_path.glob("sample*")) and capsys.readouterr().out == ""


def test_a_sample_in_python_is_extended_without_a_file(tmp_path, rows_and_gold):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)
    first = sample(path, n=60, output=None)
    more = sample(path, n=40, extend=first, output=None)
    assert not {row["id"] for row in first} & {row["id"] for row in more}
    tables = [
        drawn.to_frame().assign(stance=[gold[row["id"]] for row in drawn])
        for drawn in (first, more)
    ]
    estimates = estimate(path, gold=tables)
    assert estimates.sizes == (len(rows), 100)
    with pytest.raises(KitError, match=r"the table is|the table has 60 ids more than once"):
        estimate(path, gold=pd.concat([tables[0], tables[0]]))
    with pytest.raises(KitError, match=r"\[1, 2\] is no table; give the path of a file"):
        estimate(path, gold=[[1, 2]])


def test_what_is_returned_shows_itself(tmp_path, rows_and_gold):
    rows, gold = rows_and_gold
    rows[0]["actor"] = "<b>Avaria</b>"
    path = written(tmp_path, rows)
    drawn = sample(path, n=100, output=tmp_path / "s.csv")
    assert repr(drawn).startswith(f"100 of {len(rows)} rows to annotate in {tmp_path}")
    assert len(drawn) == 100 and drawn[0] is drawn.rows[0] and len(drawn[:3]) == 3
    filled = drawn.to_frame().assign(stance=[gold[row["id"]] for row in drawn])
    estimates = estimate(path, gold=filled, by="actor")
    html = estimates._repr_html_()
    assert "95 % intervals" in html and f"100 of {len(rows)} rows annotated" in html
    assert "<b>Avaria" not in html and "&lt;b&gt;Avaria" in html
    frame, shown = estimates.to_frame(), estimates.view_frame()
    assert len(frame) == len(shown) == estimates.n_cells * 4
    known = frame["estimate"].notna()
    assert np.all(frame["low"][known] <= frame["estimate"][known])
    differences = estimates.differences()
    assert differences.columns.tolist() == ["cell", "minus", "code", "estimate", "low", "high"]
    foreseen = plan(path, gold=filled)
    assert "Half the width" in foreseen._repr_html_() and "100" in repr(foreseen)


@pytest.mark.parametrize("output", [True, False])
def test_a_command_ends_with_what_came_out_and_where_it_is(tmp_path, rows_and_gold, output, capsys):
    rows, gold = rows_and_gold
    path = written(tmp_path, rows)

    def last(*words):
        assert main([*map(str, words)]) == 0
        return capsys.readouterr().out.splitlines()[-1]

    line = last("sample", path, "n=60", f"output={tmp_path / 's.csv'}")
    assert line == (
        f"60 of {len(rows)} rows drawn (random), to be annotated from the top: {tmp_path / 's.csv'}"
    )
    drawn = pd.read_csv(tmp_path / "s.csv", dtype=object)
    drawn = drawn.assign(stance=drawn["id"].map(gold)).to_dict("records")
    (tmp_path / "g.jsonl").write_text("".join(json.dumps(row) + "\n" for row in drawn))
    where = [f"output={tmp_path / 'out'}"] if output else []
    line = last("estimate", path, f"gold={tmp_path / 'g.jsonl'}", "by=[actor]", *where)
    assert line.startswith(f"shares of 4 codes in 2 cells, from 60 annotated of {len(rows)} rows: ")
    assert (str(tmp_path / "out" / "shares.html") if output else "output=FOLDER") in line
    line = last("plan", path, f"gold={tmp_path / 'g.jsonl'}", *where)
    assert line.startswith("plan from 60 to 600 annotated rows: ")
    assert (str(tmp_path / "out" / "plan.svg") if output else "output=FOLDER") in line
