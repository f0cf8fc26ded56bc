"""Judgements that were made elsewhere come into a project all or none."""

import json
from dataclasses import replace

import pytest
from judged_project import ROWS, judged_project

from stancekit.annotation.exchange.inward import take_in
from stancekit.annotation.exchange.known_formats import EXCHANGE_FORMATS, write_records
from stancekit.annotation.exchange.outward import project_records
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.errors import KitError


@pytest.fixture
def judged(tmp_path):
    with judged_project(tmp_path / "judged.db") as project:
        yield project


@pytest.fixture
def empty(tmp_path, judged):
    """Return a project of the same items and versions of codebooks in which nobody has judged."""
    with Project.create(
        tmp_path / "empty.db", rows=ROWS, codebooks=judged.settings.codebooks
    ) as project:
        project.update_codebook(judged.codebooks[0])
        yield project


def written(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def said_by_all(project):
    return sorted(
        repr((record.id, replace(record.judgement, number=0, request="")))
        for record in project_records(project)
    )


@pytest.mark.parametrize("name", EXCHANGE_FORMATS)
def test_a_whole_project_comes_over_by_every_format(judged, empty, tmp_path, name):
    path = tmp_path / f"judgements{EXCHANGE_FORMATS[name].endings[0]}"
    write_records(path, project_records(judged), judged.codebooks, format=name)
    done = take_in(empty, path)
    assert (done.added, done.known) == (10, 0)
    assert said_by_all(empty) == said_by_all(judged)
    assert {person.name: person.role for person in empty.annotators} == {
        "ana": "annotator",
        "بن": "annotator",
        "lea": "lead",
    }
    again = take_in(empty, path)
    assert (again.added, again.known) == (0, 10) and len(list(empty.judgements())) == 10


def test_items_are_found_by_their_text_where_ids_are_another_program_s(judged, empty, tmp_path):
    rows = [
        # An id of the project, but of another text there.
        {"id": "r0", "text": ROWS[2]["sentence"], "actor": "Peru", "stance": "none"},
        {"id": 7, "sentence": f"  {ROWS[3]['sentence']}\n", "stance": "condemn"},
    ]
    take_in(empty, written(tmp_path / "a.jsonl", rows), annotator="ana")
    assert {each.item: each.codes["stance"] for each in empty.judgements()} == {
        3: ("none",),
        4: ("condemn",),
    }


def test_what_cannot_be_added_is_listed_and_nothing_is(judged, empty, tmp_path):
    good = {"id": "r0", "annotator": "ana", "stance": "none"}
    rows = [
        good,
        {**good, "id": "r99"},
        {**good, "id": "r2", "text": "Another text."},
        {**good, "id": "r5", "stance": "condem"},
        {**good, "id": "007", "stance_hash": "0123456789ab"},
        {**good, "id": "r;4", "annotator": "ben"},
        {**good, "id": "r;4", "annotator": "ben", "stance": "condemn"},
        {**good, "id": "=r1", "annotator": "ana", "action": "adjudicate"},
    ]
    before = len(empty.annotators)
    with pytest.raises(KitError) as told:
        take_in(empty, written(tmp_path / "a.jsonl", rows))
    for part in (
        "6 judgements of",
        "cannot be added, and none was",
        "r99 is not in the project",
        "r2 is another text in the project",
        "unknown code condem (is condemn meant?)",
        "version 0123456789ab of stance, which the project does not have",
        "r;4 is judged more than once by one annotator",
        "=r1 is of ana, who is annotator",
    ):
        assert part in str(told.value)
    assert not list(empty.judgements()) and len(empty.annotators) == before


def test_what_was_judged_otherwise_is_not_replaced(judged, tmp_path):
    rows = [{"id": "r0", "annotator": "ana", "stance": "support"}]
    path = written(tmp_path / "a.jsonl", rows)
    n = len(list(judged.judgements()))
    with pytest.raises(KitError, match="r0 is judged otherwise by ana in the project"):
        take_in(judged, path)
    assert len(list(judged.judgements())) == n
    # What was taken back is free again.
    rows = [{"id": "r;4", "annotator": "ana", "stance": "support"}]
    assert take_in(judged, written(path, rows)).added == 1


def test_a_text_that_two_items_have_needs_an_id(tmp_path):
    rows = [{"text": "All left.", "actor": actor} for actor in ("Peru", "Chile")]
    with Project.create(tmp_path / "study.db", rows=rows, codebooks=["stance"]) as project:
        path = written(tmp_path / "a.jsonl", [{"text": "All left.", "stance": "none"}])
        with pytest.raises(KitError, match="is of a text that 2 items have"):
            take_in(project, path, annotator="ana")
        row = {"text": "All left.", "actor": "Chile", "stance": "none"}
        take_in(project, written(path, [row]), annotator="ana")
        assert [each.item for each in project.judgements()] == [2]


def test_judgements_without_a_version_are_told(empty, tmp_path):
    path = written(tmp_path / "a.jsonl", [{"id": "r0", "annotator": "ana", "stance": "none"}])
    done = take_in(empty, path)
    assert "1 judgements do not say by which version" in done.notes[0]
    (judgement,) = empty.judgements()
    assert judgement.hashes == {"stance": empty.hashes["stance"]}


def test_an_error_while_adding_leaves_nothing(empty):
    good = Judgement(item=1, annotator="ana", codes={"stance": ("none",)})
    for bad, told in [
        (replace(good, item=99), "no item 99"),
        (replace(good, codes={"stance": ("no",)}), "unknown code no"),
        (replace(good, hashes={"stance": "0"}), "no version '0'"),
    ]:
        with pytest.raises(KitError, match=told):
            empty.add_judgements([good, bad], {"ana": "annotator"})
    with pytest.raises(KitError, match="give a name"):
        empty.add_judgements([good], {"ana": "annotator", " ": "annotator"})
    assert not list(empty.judgements()) and not empty.annotators
