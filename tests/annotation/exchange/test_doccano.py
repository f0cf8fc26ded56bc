"""What doccano 1.8.5 exports of a project of text classification."""

import json

import pytest

from stancekit.annotation.exchange.known_formats import format_of, read_records
from stancekit.errors import KitError

ROWS = [
    {"id": 31, "text": "Peru said no.", "label": ["economy", "peace"], "Comments": ["hard", "why"]},
    {"id": 32, "text": "Chile left.", "label": [], "Comments": []},
    {"id": 33, "text": "Oman waits.", "label": ["-"], "Comments": []},
]


def written(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_a_member_s_file_is_theirs_and_an_empty_list_is_not_judged(tmp_path, diplomacy):
    path = written(tmp_path / "ana.jsonl", ROWS)
    assert format_of(path, [diplomacy]) == "doccano"
    read = read_records(path, [diplomacy])
    codes = [each.judgement.codes["diplomacy"] for each in read.records]
    assert codes == [("economy", "peace"), ()]
    assert {each.judgement.annotator for each in read.records} == {"ana"}
    assert read.records[0].judgement.note == "hard\nwhy"
    assert read.notes == ("1 rows have no label: not judged (none of the codes is the label -)",)


def test_labels_of_two_codebooks_are_told_apart(tmp_path, stance, diplomacy):
    rows = [{"text": "Peru said no.", "label": ["condemn", "diplomacy: -"]}]
    path = written(tmp_path / "ana.jsonl", rows)
    (record,) = read_records(path, [stance, diplomacy]).records
    assert record.judgement.codes == {"stance": ("condemn",), "diplomacy": ()}
    path = written(tmp_path / "ana.jsonl", [{"text": "Peru said no.", "label": ["-", "war"]}])
    with pytest.raises(KitError, match="row 1 has the label -, war, which is not of one codebook"):
        read_records(path, [stance, diplomacy])


def test_the_file_of_all_members_needs_a_name(tmp_path, diplomacy):
    path = written(tmp_path / "all.jsonl", ROWS)
    with pytest.raises(KitError, match=r"2 rows .*does not say who judged; add annotator=NAME"):
        read_records(path, [diplomacy])
    read = read_records(path, [diplomacy], annotator="team")
    assert {each.judgement.annotator for each in read.records} == {"team"}
