"""More rows for a project: what they would bring, how they are drawn, and that nobody waits for it."""

import json
import re
import time
from urllib.parse import urlencode

import numpy as np
import pytest
from conftest import PATIENCE
from made_labels import made, written
from starlette.testclient import TestClient

from stancekit.annotation import outlook
from stancekit.annotation.errands import Errands
from stancekit.annotation.next_page import draw_curve
from stancekit.annotation.next_rows import NextForm, NextRows
from stancekit.annotation.order import order_of
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.annotation.server import make_app
from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.errors import KitError

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def labels(tmp_path):
    rows, _ = made()
    return written(tmp_path, rows)


def judge(project, gold, upto):
    """Let ana judge as many of her items, in her order."""
    done = project.current("ana")
    for step in order_of(project, "ana")[:upto]:
        if step not in done:
            code = gold[project.item(step[0]).id]
            project.save(
                Judgement(item=step[0], annotator="ana", codes={"stance": (code,)}, seconds=12)
            )


@pytest.fixture
def project(tmp_path, labels):
    drawn = sample(labels, n=60, output=tmp_path / "sample.csv")
    with Project.create(
        tmp_path / "study.db", rows=drawn.path, codebooks=["stance"], annotators=["ana"]
    ) as found:
        found.add_annotator("boss", role="lead")
        yield found


class Boss:
    """Whoever leads a project, with its pages."""

    def __init__(self, project, rows):
        self.home = f"/lead/{project.annotator('boss').token}/next"
        app = make_app(project, next_rows=rows)
        self.client = TestClient(app, base_url=BASE, headers={"origin": BASE})

    def page(self):
        return self.client.get(self.home).text

    def wait(self, *told):
        """Look again until none of some words is on the page."""
        end = time.monotonic() + PATIENCE
        while any(words in (page := self.page()) for words in told):
            assert time.monotonic() < end, page
            time.sleep(0.2)
        return page

    def draw(self, **fields):
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', self.page()))
        return self.client.post(
            self.home,
            content=urlencode(hidden | {"n": "30", "design": "uncertain", "by": ""} | fields),
            headers={"content-type": "application/x-www-form-urlencoded"},
            follow_redirects=False,
        )


def test_without_labels_the_page_says_how_to_give_them(project):
    page = Boss(project, NextRows.of(project)).page()
    assert "labels=labels.jsonl" in page and "rows=more.csv" in page and "<form" not in page


@pytest.mark.slow
def test_rows_are_drawn_and_looked_ahead_to_while_people_judge(project, labels):
    rows, gold = made()
    judge(project, gold, 30)
    with NextRows.of(project, labels) as next_rows:
        boss = Boss(project, next_rows)
        assert "is being computed" in boss.page()
        assert boss.draw().status_code == 303 and "are being drawn" in boss.page()
        judge(project, gold, 31)
        assert "being drawn already" in boss.draw().text
        assert "30 of 900 rows were drawn and added." in boss.wait("are being drawn")
        # A form that was shown before these rows came does not draw others.
        assert "items were added since" in boss.draw(seen="60").text
        page = boss.wait("is being computed")
        assert "31 rows of" in page and "too few for a learning curve" in page
        assert re.search(r"With 100 more rows.*from ± [\d.]+ to <strong>± [\d.]+ points", page)
    assert project.n_items == 90
    fresh = [item for item in project.items() if item.batch == 2]
    assert {item.round for item in fresh} == {2} and len(fresh) == 30
    scores = {row["id"]: row["stance_scores"] for row in rows}
    assert all(item.suggested["stance"]["scores"] == scores[item.id] for item in fresh)
    judge(project, gold, 90)
    result = estimate(labels, gold=project.path).to_frame()
    truth = np.mean([code == "condemn" for code in gold.values()])
    found = result[result.code == "condemn"].iloc[0]
    assert found.annotated == 90 and found.low < truth < found.high


def test_rows_drawn_at_the_command_line_are_the_next_batch_too(project, labels, tmp_path):
    _, gold = made()
    judge(project, gold, 60)
    more = sample(labels, n=20, extend=project.path, design="uncertain", output=tmp_path / "m.csv")
    assert project.add_items(more.path) == 20
    held = [item.id for item in project.items() if item.batch == 1]
    assert not {row["id"] for row in more} & set(held)
    judge(project, gold, 80)
    assert estimate(labels, gold=project.path).to_frame().annotated.max() == 80


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"n": "0"}, "Give a number from 1"),
        ({"n": "٣"}, "Give a number from 1"),
        ({"design": "disagreement"}, "Choose how rows are drawn"),
        ({"design": "stratified"}, "name the column"),
    ],
)
def test_what_cannot_be_drawn_is_told(project, labels, fields, told):
    with NextRows.of(project, labels) as next_rows:
        answer = Boss(project, next_rows).draw(**fields)
    assert answer.status_code == 422 and told in answer.text and project.n_items == 60


def test_a_form_is_read_and_others_are_refused():
    assert NextForm.read(b"n=%207%20&by=actor%2C+year&other=1").fields == ["actor", "year"]
    with pytest.raises(KitError, match="more than 50 fields"):
        NextForm.read(b"&".join([b"n=1"] * 60))


def test_labels_of_several_models_are_drawn_from_where_they_differ(project, labels, tmp_path):
    rows, _ = made()
    for row in rows[::2]:
        row["stance_scores"] = dict.fromkeys(row["stance_scores"], 0.25)
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "disagreement" in NextRows.of(project, [labels, other]).designs
    found = outlook.draw_next(
        project.path,
        [str(labels), str(other)],
        "stance",
        {"n": 200, "design": "disagreement", "random_state": 1},
    )
    differing = {row["id"] for row in rows[::2]}
    assert np.mean([row["id"] in differing for row in found["rows"]]) > 0.8


@pytest.mark.slow
def test_a_task_that_fails_says_why(project, tmp_path):
    answers = []
    task = {"kind": "draw", "project": str(project.path), "codebook": "stance", "request": {"n": 5}}
    with Errands() as errands:
        for labels in ([str(tmp_path / "gone.jsonl")], []):
            errands.start(task | {"labels": labels}, answers.append)
            end = time.monotonic() + PATIENCE
            while errands.running:
                assert time.monotonic() < end
                time.sleep(0.1)
    assert "there are no labels" in answers[0]["told"]
    assert answers[1]["told"].startswith("this failed: IndexError")


def test_what_more_rows_bring_is_planned_and_extrapolated(project, labels, monkeypatch):
    _, gold = made()
    monkeypatch.setattr(outlook, "MODEL", "nb")
    judge(project, gold, 60)
    found = outlook.look_ahead(project.path, str(labels), "stance")
    claim, model = found["claim"], found["model"]
    assert [step["rows"] for step in claim["steps"]] == [60, 160, 260, 460]
    widths = [step["half_width"] for step in claim["steps"]]
    assert widths == sorted(widths, reverse=True) and claim["steps"][1]["hours"] == pytest.approx(
        100 * 12 / 3600
    )
    assert model["n"] == 60 and model["now"]["rows"] == 60 and model["then"][0]["rows"] == 160
    json.dumps(found)
    drawing = draw_curve(model)
    assert len(drawing["points"]) == 5
    inside = (drawing["left"], drawing["right"])
    assert all(inside[0] < point["x"] < drawing["now"] < inside[1] for point in drawing["points"])


def test_labels_in_python_are_read_as_those_of_a_file(project, labels):
    from stancekit.labelling.labels import read_labels

    with NextRows.of(project, read_labels(labels)) as next_rows:
        boss = Boss(project, next_rows)
        boss.draw(n="7")
        assert "7 of 900 rows were drawn" in boss.wait("are being drawn")
