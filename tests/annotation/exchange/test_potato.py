"""What Potato exports: version 2.8 as JSON lines and CSV, and version 1."""

import json

import pytest

from stancekit.annotation.exchange.known_formats import format_of, read_records

LINES = [
    {
        "instance_id": "r0",
        "user_id": "ana",
        "labels": {
            "stance": {"condemn": "true"},
            "diplomacy": {"peace": True, "economy": "false"},
            "note": {"text_box": "hard"},
        },
        "spans": {},
        "links": {},
    },
    {"instance_id": "r1", "user_id": "ben", "labels": {"stance": {"none": 4}, "diplomacy": {}}},
    {"instance_id": "r2", "user_id": "ben", "labels": {"stance": {"support": "on"}}},
    {"instance_id": "r3", "user_id": "ben", "labels": {}},
]
OLD = [
    {
        "id": "r0",
        "displayed_text": "Peru said no.",
        "label_annotations": {"stance": {"condemn": "1"}},
        "span_annotations": [],
        "behavioral_data": {"time_string": "Time spent: 0d 0h 1m 12s "},
    }
]
CSV = "instance_id,user_id,stance.condemn,stance.none,diplomacy.peace,diplomacy.-,note.text_box\n"
OLD_CSV = "user,instance_id,displayed_text,stance:::condemn,stance:::none,diplomacy:::peace\n"


def test_lines_of_version_2(tmp_path, stance, diplomacy):
    path = tmp_path / "annotations.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    assert format_of(path, [stance, diplomacy]) == "potato"
    read = read_records(path, [stance, diplomacy])
    assert [(each.id, each.judgement.annotator, each.judgement.codes) for each in read.records] == [
        ("r0", "ana", {"stance": ("condemn",), "diplomacy": ("peace",)}),
        ("r1", "ben", {"stance": ("none",), "diplomacy": ()}),
        ("r2", "ben", {"stance": ("support",)}),
    ]
    assert read.records[0].judgement.note == "hard"
    assert read.notes == (
        "1 rows have nothing chosen of diplomacy: read as not judged",
        "1 rows have no label: not judged (none of the codes is the label -)",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{CSV}r0,ana,true,,true,,hard\nr1,ben,,true,,true,\nr2,ben,,,,,\n",
        f"{OLD_CSV}ana,r0,Peru said no.,1,,1\nben,r1,Chile left.,,2,\nben,r2,Oman waits.,,,\n",
    ],
    ids=["2", "1"],
)
def test_tables_of_both_versions(tmp_path, stance, diplomacy, text):
    path = tmp_path / "annotations.csv"
    path.write_text(text)
    assert format_of(path, [stance, diplomacy]) == "potato"
    first, second = read_records(path, [stance, diplomacy]).records
    assert first.judgement.codes == {"stance": ("condemn",), "diplomacy": ("peace",)}
    assert second.judgement.codes["stance"] == ("none",)
    # Version 1 had no sign for none, and an empty cell says nothing.
    assert second.judgement.codes.get("diplomacy") == (() if text.startswith(CSV) else None)


def test_a_file_of_version_1_is_of_the_user_whose_folder_it_is_in(tmp_path, stance):
    path = tmp_path / "ana" / "annotated_instances.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(OLD[0]))
    (record,) = read_records(path, [stance]).records
    assert (record.judgement.annotator, record.judgement.seconds) == ("ana", 72)
    assert (record.text, record.judgement.codes) == ("Peru said no.", {"stance": ("condemn",)})
