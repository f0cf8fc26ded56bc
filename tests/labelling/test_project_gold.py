"""A project as the gold of an estimate: one decided code per row, with the sample's probabilities."""

import pytest
from made_labels import made, written

from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.project_gold import project_rows


@pytest.fixture
def study(tmp_path):
    """Labels, a sample of them that two people annotated, and the sample filled in as a file."""
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=200, design="uncertain", output=tmp_path / "sample.csv")
    project = Project.create(
        tmp_path / "study.db",
        codebooks=["stance"],
        rows=tmp_path / "sample.csv",
        annotators=["ana", "ben"],
        overlap=2,
        share=0.5,
    )
    with project:
        project.add_annotator("lee", "lead")
        for item in project.items():
            save(project, item.number, "ana", gold[item.id])
    frame = drawn.to_frame()
    frame["stance"] = [gold[key] for key in frame["id"]]
    return labels, tmp_path / "study.db", frame


def save(project, item, annotator, code, **rest):
    codes = {"stance": (code,)} if code else {}
    project.save(Judgement(item=item, annotator=annotator, codes=codes, **rest))


def test_a_project_and_the_sample_filled_in_say_the_same(study):
    labels, path, frame = study
    by_file = estimate(labels, gold=frame, by=["actor"])
    by_project = estimate(labels, gold=path, by=["actor"])
    assert by_project.to_frame().equals(by_file.to_frame())
    assert f"gold of {path}: 200 given by one annotator" in by_project.notes
    assert plan(labels, gold=path).to_frame().equals(plan(labels, gold=frame).to_frame())


def test_decided_rows_and_those_without_a_decision(study):
    labels, path, _ = study
    with Project.open(path) as project:
        first = project.item(1)
        mine = project.current("ana")[1, 0].codes["stance"][0]
        other = "support" if mine == "condemn" else "condemn"
        for item in (1, 2, 3):
            given = project.current("ana")[item, 0].codes["stance"][0]
            differs = "support" if given == "condemn" else "condemn"
            save(project, item, "ben", differs if item < 3 else given)
        save(project, 1, "lee", other, action="adjudicate")
        project.take_back(4, "ana")
        save(project, 4, "ana", "", finding="no actor")
    rows = {row["id"]: row for row in project_rows(path, "stance")}
    assert rows[first.id]["stance"] == [other]
    assert rows[first.id]["probability"] == pytest.approx(first.probability)
    notes = estimate(labels, gold=path).notes
    told = "196 given by one annotator, 1 adjudicated, 1 given alike by two annotators or more"
    assert any(told in note for note in notes)
    assert any("1 rows of" in note and "no code has a majority" in note for note in notes)
    assert any("1 rows of" in note and note.endswith("no actor 1") for note in notes)


def test_judgements_with_the_models_code_in_view_are_refused(study):
    labels, path, _ = study
    with Project.open(path) as project:
        for item in (1, 2):
            save(project, item, "ana", "none", suggestion="before")
        save(project, 2, "lee", "none", action="adjudicate")
    # What was adjudicated is decided whatever the annotators had seen.
    told = "1 of 199 judgements of stance in .*lean towards it"
    with pytest.raises(KitError, match=f"{told}; set suggested=true"):
        estimate(labels, gold=path)
    assert any(
        "lean towards it" in note for note in estimate(labels, gold=path, suggested=True).notes
    )


def test_controls_are_no_part_of_the_sample(study):
    labels, path, frame = study
    with Project.open(path) as project:
        project.add_items([{"id": "c", "sentence": "Known.", "stance": "none"}], "control")
        save(project, 201, "ana", "none")
    assert len(project_rows(path, "stance")) == 200
    assert estimate(labels, gold=path).to_frame().equals(estimate(labels, gold=frame).to_frame())


def test_another_batch_extends_the_first(study, tmp_path):
    labels, path, _ = study
    more = sample(labels=labels, n=50, extend=[path], output=tmp_path / "more.csv", random_state=3)
    with Project.open(path) as project:
        assert project.add_items(tmp_path / "more.csv") == 50
        for item in project.items():
            if item.number > 200:
                save(project, item.number, "ben", "none")
    assert {row["batch"] for row in more} == {2}
    found = estimate(labels, gold=path)
    assert found.sizes == (960, 250)


def test_a_codebook_that_was_not_asked(study, tmp_path):
    labels, _, _ = study
    other = tmp_path / "other.db"
    Project.create(other, codebooks=["diplomacy"], rows=tmp_path / "sample.csv").close()
    with pytest.raises(KitError, match="gold has no column 'stance'"):
        estimate(labels, gold=other)
