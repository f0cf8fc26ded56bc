"""What Label Studio's own converter (SDK 2.1.2) writes of tasks that were annotated there."""

import json

import pytest

from stancekit.annotation.exchange.known_formats import format_of, read_records
from stancekit.errors import KitError

TIMES = {"created_at": "2025-03-01T09:30:00.000000Z", "updated_at": "2025-03-01T09:31:00.000000Z"}
PERU = {"id": "r0", "sentence": 'Peru said no, "firmly".', "actor": "Peru", "target": "the levy"}
CHILE = {"id": "r1", "sentence": "Chile left.", "actor": "Chile", "target": "the levy"}
OMAN = {"id": "r2", "sentence": "Oman waits.", "actor": "Oman", "target": "the levy"}


def annotation(number, who, seconds=4.5, *, cancelled=False, **choices):
    results = [
        {"from_name": name, "to_name": "sentence", "type": "choices", "value": {"choices": given}}
        for name, given in choices.items()
    ]
    facts = {"id": number, "completed_by": who, "lead_time": seconds, "was_cancelled": cancelled}
    return {**facts, **TIMES, "result": results}


def tasks(*, explicit=False):
    none = {"diplomacy": ["-"]} if explicit else {}
    return [
        {
            "id": 501,
            "data": PERU,
            "annotations": [
                annotation(7, 1, stance=["condemn"], diplomacy=["peace", "economy"]),
                annotation(8, {"id": 2, "email": "ben@example.org"}, stance=["none"]),
            ],
        },
        {
            "id": 502,
            "data": CHILE,
            "annotations": [
                annotation(9, 1, cancelled=True, stance=["condemn"]),
                annotation(10, 1, None, stance=["support"], **none),
            ],
        },
        {"id": 503, "data": OMAN, "annotations": []},
    ]


NOW = ",".join(f'"{time}"' for time in TIMES.values())
CSV = (
    '"actor","annotation_id","annotator","created_at","updated_at","diplomacy","id","lead_time",'
    '"sentence","stance","target"\n'
    f'"Peru",7,"1",{NOW},"{{""choices"":[""peace"",""economy""]}}","r0",4.5,'
    '"Peru said no, ""firmly"".","condemn","the levy"\n'
    f'"Peru",8,"ben@example.org",{NOW},"","r0",4.5,"Peru said no, ""firmly"".","none","the levy"\n'
    f'"Chile",10,"1",{NOW},"","r1","","Chile left.","support","the levy"\n'
    '"Oman","","","","","","r2","","Oman waits.","","the levy"\n'
)


def minimal():
    """Return JSON-MIN, in which the numbers of tasks stand for the ids of rows."""
    rows = []
    for task in tasks():
        for each in task["annotations"]:
            if each["was_cancelled"]:
                continue
            row = {**task["data"], "id": task["id"]}
            for result in each["result"]:
                given = result["value"]["choices"]
                row[result["from_name"]] = given[0] if len(given) == 1 else {"choices": given}
            who = each["completed_by"]
            row["annotator"] = who["email"] if isinstance(who, dict) else who
            rows.append(
                {**row, "annotation_id": each["id"], "lead_time": each["lead_time"], **TIMES}
            )
        if not task["annotations"]:
            names = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")
            rows.append({**task["data"], "id": task["id"], **dict.fromkeys(names)})
    return rows


@pytest.mark.parametrize("name", ["label_studio", "label_studio_min", "label_studio_csv"])
def test_its_own_exports_are_read(tmp_path, stance, diplomacy, name):
    path = tmp_path / ("export.csv" if name.endswith("csv") else "export.json")
    made = {"label_studio": json.dumps(tasks()), "label_studio_min": json.dumps(minimal())}
    path.write_text(made.get(name, CSV))
    assert format_of(path, [stance, diplomacy]) == name
    read = read_records(path, [stance, diplomacy])
    first, second, third = read.records
    assert first.judgement.codes == {"stance": ("condemn",), "diplomacy": ("peace", "economy")}
    # Boxes were shown, none was ticked, and the answer was submitted.
    assert second.judgement.codes == {"stance": ("none",), "diplomacy": ()}
    assert [each.judgement.annotator for each in read.records] == ["1", "ben@example.org", "1"]
    assert (first.judgement.seconds, third.judgement.seconds) == (4.5, None)
    assert first.judgement.at == TIMES["updated_at"]
    assert (first.text, third.actor) == (PERU["sentence"], "Chile")
    assert set(read.notes) == {
        "2 rows have nothing chosen of diplomacy: read as none of its codes",
        "1 rows have no submitted annotation: not judged",
    }


def test_where_none_has_a_sign_nothing_chosen_is_not_judged(tmp_path, stance, diplomacy):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks(explicit=True)))
    second, third = read_records(path, [stance, diplomacy]).records[1:]
    assert second.judgement.codes == {"stance": ("none",)}
    assert third.judgement.codes == {"stance": ("support",), "diplomacy": ()}


def test_a_codebook_that_was_not_asked_there_is_not_judged(tmp_path, stance, diplomacy):
    path = tmp_path / "export.json"
    only = [{**task, "annotations": [annotation(1, 1, stance=["none"])]} for task in tasks()]
    path.write_text(json.dumps(only))
    records = read_records(path, [stance, diplomacy]).records
    assert {tuple(each.judgement.codes) for each in records} == {("stance",)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1", "is not JSON"),
        ("{}", "not a list of tasks"),
        ("[7]", "not a list of objects"),
        ('[{"data": {}, "annotations": [{"id": 4, "result": [{"type": "choices"}]}]}]', "4"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path, stance, text, told):
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(KitError, match=told):
        read_records(path, [stance])
