"""Samples that came back: from spreadsheets and Label Studio, with cells that say nothing, or two things."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from made_labels import declared, made, stances, written

from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.fileio import guard_cell, unguard_cell
from stancekit.labelling.gold import batch_of, gold_codes, read_gold
from stancekit.labelling.labels import read_labels
from stancekit.labelling.row_format import LabelledCodebook

STANCE = LabelledCodebook("stance")


@pytest.fixture
def framed(tmp_path):
    """Eighty rows that the model gives `law`, and a person half of them."""
    rows = [
        {"id": f"r{at}", "article": f"a{at}", "sentence": "s", "actor": "A", "target": "T"}
        | {"frames": ["law"], "frames_scores": {"law": 0.9, "peace": 0.1}}
        | declared("frames", multi_label=True)
        for at in range(80)
    ]
    return written(tmp_path, rows)


def table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def shares(labels, gold, **given):
    return {
        one.code: (one.n_annotated, one.estimate and one.estimate[0])
        for one in estimate(labels=labels, gold=gold, **given).shares
    }


def test_what_label_studio_was_submitted_with_nothing_ticked_has_no_frame(framed, tmp_path):
    rows = [
        {
            "annotation_id": 100 + at,
            "annotator": 1,
            "frames": "law" if at % 2 else "",
            "id": f"r{at}",
            "probability": 1.0,
        }
        for at in range(80)
    ]
    assert shares(framed, table(tmp_path / "result.csv", rows), codebook="frames")["law"] == (
        80,
        pytest.approx(0.5),
    )
    # Without the number of an annotation an empty cell says nothing, nor does a space.
    blank = [{"frames": row["frames"] or " ", "id": row["id"], "probability": 1.0} for row in rows]
    assert shares(framed, table(tmp_path / "sheet.csv", blank), codebook="frames")["law"] == (
        40,
        pytest.approx(1),
    )


def exported(rows, answers):
    """Tasks with annotations as Label Studio's default JSON has them; `None` is a task that nobody did."""
    tasks = []
    for number, row in enumerate(rows):
        answer = answers(number)
        result = {
            "from_name": "frames",
            "to_name": "sentence",
            "type": "choices",
            "value": {"choices": answer},
        }
        done = [{"id": 7 + number, "was_cancelled": False, "result": [result] if answer else []}]
        skipped = [{"id": 900 + number, "was_cancelled": True, "result": []}]
        tasks.append(
            {
                "id": 500 + number,
                "data": row,
                "annotations": done if answer is not None else skipped,
            }
        )
    return tasks


def test_the_default_export_of_label_studio_is_read(framed, tmp_path):
    sample(labels=framed, n=80, codebook="frames", output=tmp_path / "tasks.json")
    data = [one["data"] for one in json.loads((tmp_path / "tasks.json").read_text())]
    answers = (["law"], [], ["-"], ["law", "peace"], None)
    path = tmp_path / "export.json"
    path.write_text(json.dumps(exported(data, lambda at: answers[at % 5])))
    found = shares(framed, path, codebook="frames")
    assert found == {"law": (64, pytest.approx(0.5)), "peace": (64, pytest.approx(0.25))}


def test_exports_that_lose_ids_or_have_two_annotators_are_refused_with_the_way_out(
    framed, tmp_path
):
    path = tmp_path / "min.json"
    path.write_text(json.dumps([{"id": 501, "frames": "law", "annotation_id": 1}]))
    with pytest.raises(
        KitError, match=r"JSON-MIN puts its own in their place\. Export it as CSV or JSON"
    ):
        estimate(labels=framed, gold=path, codebook="frames")
    two = [
        {"id": f"r{at // 2}", "frames": "law" if at else "-", "probability": 1} for at in range(8)
    ]
    with pytest.raises(
        KitError,
        match=r"4 ids more than once .*different codes in 1 of them \(r0\).*a column annotator.*one line per id",
    ):
        estimate(labels=framed, gold=table(tmp_path / "two.csv", two), codebook="frames")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"frames": "-; law"}, "- says that it has no code; remove one"),
        ({"frames": '{"choices": ["law"'}, "write codes with ; between them"),
        ({"probability": ""}, r"1 rows without a probability .*r1: blank"),
        ({"probability": "nan"}, "r1: 'nan'"),
        ({"batch": "first"}, "leave the column as stancekit sample wrote it"),
        ({"id": ""}, r"rows without an id .rows 2"),
        ({"id": "r0"}, "1 ids more than once"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused(framed, tmp_path, row, told):
    rows = [{"id": f"r{at}", "probability": 0.5, "batch": 1, "frames": "law"} for at in range(3)]
    with pytest.raises(KitError, match=told):
        estimate(
            labels=framed,
            gold=table(tmp_path / "g.csv", [rows[0], rows[1] | row, rows[2]]),
            codebook="frames",
        )


def test_one_blank_probability_does_not_make_a_stratified_sample_a_random_one(framed, tmp_path):
    rows = [
        {"id": f"r{at}", "probability": 0.1 if at % 2 else 0.9, "frames": "law"} for at in range(40)
    ]
    rows[5]["probability"] = None
    with pytest.raises(KitError, match="r5: blank"):
        estimate(labels=framed, gold=table(tmp_path / "g.csv", rows), codebook="frames")


@pytest.mark.parametrize("name", ["@press", "=sum", "-dash", "+plus", "'=quoted", "\tTab"])
def test_ids_that_a_spreadsheet_would_run_come_back(tmp_path, name):
    labels = written(
        tmp_path, stances(*({"id": f"{name}:{at}", "article": name} for at in range(30)))
    )
    drawn = sample(labels=labels, n=25, output=tmp_path / "sample.csv")
    with (tmp_path / "sample.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(row["id"].startswith("'") for row in rows) and drawn[0]["id"].startswith(name)
    path = table(tmp_path / "gold.csv", [row | {"stance": "condemn"} for row in rows])
    assert shares(labels, path)["condemn"][0] == 25
    # JSON lines guard nothing.
    sample(labels=labels, n=25, output=tmp_path / "sample.jsonl")
    lines = [
        json.loads(line) | {"stance": "condemn"}
        for line in (tmp_path / "sample.jsonl").read_text().splitlines()
    ]
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert shares(labels, tmp_path / "gold.jsonl")["condemn"][0] == 25


def test_the_guard_is_for_what_runs_and_can_be_taken_off():
    for text in (
        "@a",
        "=1+1",
        "-x",
        "+y",
        "'@a",
        "''=b",
        "\t",
        "plain",
        "-0.5",
        "+3",
        "'plain",
        "-",
        "",
        "1,5",
    ):
        assert unguard_cell(guard_cell(text)) == text
        assert not str(guard_cell(text)).startswith(("=", "@", "\t"))
    assert [guard_cell(one) for one in ("-0.5", "-", "", None, 3)] == ["-0.5", "-", "", None, 3]


@pytest.mark.parametrize(
    "text",
    [
        "id,probability,stance\nr0,0.5,condemn\nr1,0.5,support\n,,\n,,\n",
        "\ufeffid,probability,stance\r\nr0,0.5,condemn\r\nr1,0.5,support\r\n",
        "id;probability;stance\nr0;0,5;condemn\nr1;0,5;support\n;;\n",
        "sep=;\nid;probability;stance\nr0;0,5;condemn\nr1;0,5;support\n",
        'id,probability,stance\nr0,"0,5",condemn\nr1,"0,5",support\n',
    ],
    ids=["empty rows", "mark and CRLF", "semicolons", "sep", "decimal commas"],
)
def test_what_spreadsheets_save_is_read(tmp_path, text):
    path = tmp_path / "gold.csv"
    path.write_bytes(text.encode())
    rows = read_gold(path, STANCE)
    assert [row["id"] for row in rows] == ["r0", "r1"]
    assert [gold_codes(row, STANCE) for row in rows] == [("condemn",), ("support",)]
    labels = written(tmp_path, stances(*({} for _ in range(4))))
    assert shares(labels, path)["condemn"][0] == 2


def test_utf_16_is_read_or_named(tmp_path):
    path = tmp_path / "gold.csv"
    path.write_bytes("id,probability,stance\nr0,0.5,condemn\n".encode("utf-16"))
    try:
        assert [row["id"] for row in read_gold(path, STANCE)] == ["r0"]
    except KitError as error:
        assert "UTF-16" in str(error)


def test_a_batch_is_a_whole_number():
    assert [batch_of({"batch": one}) for one in (None, "", 2, "2", 2.0, "2,0")] == [
        1,
        1,
        2,
        2,
        2,
        2,
    ]
    for wrong in (0, 1.5, "nan", "inf"):
        with pytest.raises(KitError, match="leave the column"):
            batch_of({"batch": wrong})


@pytest.mark.parametrize("line", ["r1,0.5,condemn,more", 'r1,0.5,"condemn'])
def test_advice_is_what_the_command_can_follow(tmp_path, line):
    path = tmp_path / "gold.csv"
    path.write_text(f"id,probability,stance\nr0,0.5,condemn\n{line}\n")
    with pytest.raises(KitError, match=r"gold.csv") as error:
        read_gold(path, STANCE)
    assert "corpus." not in str(error.value)


def test_judgements_of_other_sentences_under_the_same_ids_are_refused(tmp_path):
    """Ids by line are those of other sentences once a table is sorted in another way."""
    rows, gold = made(articles=20)
    labels = pd.DataFrame(rows)
    drawn = sample(labels=labels, n=40, output=None).to_frame()
    drawn["stance"] = [gold[key] for key in drawn["id"]]
    assert len(estimate(labels=labels, gold=drawn).shares)
    turned = labels.assign(sentence=labels["sentence"].tolist()[::-1])
    with pytest.raises(
        KitError, match=r"gold shows another text under the ids of 40 rows.*same order"
    ):
        estimate(labels=turned, gold=drawn)
    with pytest.raises(KitError, match="shows another text under the ids of 40 rows"):
        sample(labels=turned, n=5, extend=drawn, output=None)
    named = labels.assign(actor="Somebody")
    with pytest.raises(KitError, match=r"actor '.*' and not 'Somebody'.*take these columns out"):
        estimate(labels=named, gold=drawn)
    assert len(estimate(labels=named, gold=drawn.drop(columns=["actor"])).shares)


def test_signs_that_a_spreadsheet_sets_make_no_other_text(tmp_path):
    rows, gold = made(articles=20)
    labels = pd.DataFrame(rows)
    said = labels.assign(sentence=[f'He said "no" -- twice, in {key}.' for key in labels["id"]])
    drawn = sample(labels=said, n=40, output=None).to_frame()
    drawn["stance"] = [gold[key] for key in drawn["id"]]
    drawn["sentence"] = [f"He said “no” – twice, in {key}. " for key in drawn["id"]]
    assert len(estimate(labels=said, gold=drawn).shares)


def test_codes_that_a_spreadsheet_would_run_come_back(tmp_path):
    """A table of labels guards `+pro`, and so does the sample: both are read as they were."""
    random = np.random.default_rng(0)
    codes = np.where(random.random(200) < 0.3, "+pro", "-con")
    rows = [
        {"id": f"r{at}", "article": f"a{at}", "sentence": "s", "actor": "A", "target": "T"}
        | {
            "side": code,
            "side_scores": {"+pro": float(code == "+pro"), "-con": float(code == "-con")},
        }
        | declared("side")
        for at, code in enumerate(codes.tolist())
    ]
    read_labels(written(tmp_path, rows)).save(tmp_path / "labels.csv")
    assert "'+pro" in (tmp_path / "labels.csv").read_text()
    sample(labels=tmp_path / "labels.csv", n=50, output=tmp_path / "sample.csv")
    drawn = pd.read_csv(tmp_path / "sample.csv")
    drawn["side"] = [f"'{codes[int(key[1:])]}" for key in drawn["id"]]
    drawn.to_csv(tmp_path / "gold.csv", index=False)
    found = estimate(labels=tmp_path / "labels.csv", gold=tmp_path / "gold.csv").shares
    of = {one.code: one.estimate[0] for one in found}
    assert of["+pro"] == pytest.approx((codes == "+pro").mean())
