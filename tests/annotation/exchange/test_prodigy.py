"""What prodigy saves of tasks with options, as `prodigy db-out` writes it."""

import json

import pytest

from stancekit.annotation.exchange.known_formats import format_of, read_records
from stancekit.errors import KitError

STANCES = [{"id": code, "text": code} for code in ("condemn", "abstain", "support", "none")]
FRAMES = [{"id": code, "text": code} for code in ("peace", "economy")]


def task(text, accept, options=STANCES, answer="accept", who="study-ana"):
    return {
        "text": text,
        "meta": {"source": "UN"},
        "options": options,
        "accept": accept,
        "answer": answer,
        "_input_hash": 1,
        "_task_hash": 2,
        "_session_id": who,
        "_annotator_id": who,
        "_view_id": "choice",
        "_timestamp": 1740821400,
    }


def read(path, rows, codebooks):
    path.write_text("\n".join(map(json.dumps, rows)))
    assert format_of(path, codebooks) == "prodigy"
    return read_records(path, codebooks)


def test_lines_of_one_item_are_one_judgement(tmp_path, stance, diplomacy):
    rows = [
        task("Peru said no.", ["condemn"]),
        task("Peru said no.", [], FRAMES),
        task("Chile left.", ["none"]),
        task("Chile left.", ["support"], who="study-ben"),
        task("Oman waits.", [], answer="ignore"),
        task("Iran waits.", ["none"], answer="reject"),
    ]
    found = read(tmp_path / "a.jsonl", rows, [stance, diplomacy])
    assert [(each.text, each.judgement.codes) for each in found.records] == [
        ("Peru said no.", {"stance": ("condemn",), "diplomacy": ()}),
        ("Chile left.", {"stance": ("none",)}),
        ("Chile left.", {"stance": ("support",)}),
    ]
    assert found.records[2].judgement.annotator == "study-ben"
    assert found.records[0].judgement.at == "2025-03-01T09:30:00+00:00"
    assert set(found.notes) == {
        "1 rows were answered ignore: not judged",
        "1 rows were answered reject: not judged",
    }


def test_a_single_label_that_was_accepted_is_the_code(tmp_path, stance):
    row = {"text": "Peru said no.", "label": "condemn", "answer": "accept", "_session_id": "ana"}
    (record,) = read(tmp_path / "a.jsonl", [row], [stance]).records
    assert record.judgement.codes == {"stance": ("condemn",)}


def test_two_answers_and_options_of_no_codebook_are_refused(tmp_path, stance, diplomacy):
    other = [{"id": "warm", "text": "warm"}]
    rows = [
        task("Peru said no.", ["condemn"]),
        task("Peru said no.", ["none"]),
        task("Chile left.", ["warm"], other),
    ]
    with pytest.raises(KitError) as told:
        read(tmp_path / "a.jsonl", rows, [stance, diplomacy])
    assert "row 2 is a second answer" in str(told.value)
    assert "row 3 does not say of which codebook" in str(told.value)
