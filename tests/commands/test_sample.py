"""Samples to be annotated by hand: files that people fill in, and probabilities that are kept to."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections import Counter

import numpy as np
import pytest

from stancekit.__main__ import main
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.prevalence.sampling import DESIGNS, draw_sample, inclusion_probabilities


def rows(n=40):
    for at in range(n):
        sure = 0.97 if at % 2 else 0.5
        yield {
            "id": f"r{at}",
            "article": f"a{at // 8}",
            "sentence": "=SUM(A1), they said" if at == 0 else f"Row {at}",
            "actor": "many" if at < 30 else "few",
            "target": "the text",
            "stance": "condemn",
            "stance_scores": {"condemn": sure, "support": 1 - sure},
        }


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    return path


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("n", [1, 7, 39, 40, 99])
def test_probabilities_add_up_and_are_kept_to(design, n):
    strata = ["a"] * 30 + ["b"] * 10
    scores = np.random.default_rng(0).dirichlet([1, 1, 1], 40)
    others = [np.random.default_rng(1).dirichlet([1, 1, 1], 40)] if design == "disagreement" else []
    chance = inclusion_probabilities(strata, scores, n, design=design, others=others)
    assert chance.sum() == pytest.approx(min(n, 40)) and chance.min() > 0 and chance.max() <= 1
    drawn = Counter(
        at for state in range(400) for at in draw_sample(chance, random_state=state).tolist()
    )
    assert {len(draw_sample(chance, random_state=state)) for state in range(20)} == {min(n, 40)}
    seen = np.array([drawn[at] / 400 for at in range(40)])
    assert np.abs(seen - chance).max() < 4.5 * np.sqrt(0.25 / 400)


def test_a_file_to_fill_in_shows_no_labels_of_the_model(labels, tmp_path, capsys):
    drawn = sample(labels, n=40, output=tmp_path / "sample.csv", verbose=True)
    assert "40 of 40 rows drawn" in capsys.readouterr().out
    with (tmp_path / "sample.csv").open() as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == [
        "id",
        "article",
        "sentence",
        "actor",
        "target",
        "probability",
        "stance",
    ]
    assert {row["stance"] for row in read} == {""} and len(read) == len(drawn)
    # No spreadsheet shall run what a sentence says.
    assert "'=SUM(A1), they said" in {row["sentence"] for row in read}


def test_strata_have_as_many_each(labels, tmp_path):
    drawn = sample(
        labels=labels, n=16, design="stratified", by=["actor"], output=tmp_path / "s.jsonl"
    )
    assert Counter(row["actor"] for row in drawn) == {"many": 8, "few": 8}
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(drawn)


def test_uncertain_rows_are_drawn_more(labels, tmp_path):
    drawn = sample(labels=labels, n=20, design="uncertain", output=tmp_path / "s.jsonl")
    chance = {int(row["id"][1:]) % 2: row["probability"] for row in drawn}
    assert chance[0] > 1.5 * chance[1]


def test_rows_on_which_models_differ_are_drawn_more(labels, tmp_path, capsys):
    differing = [
        row | {"stance_scores": {"condemn": 0.2, "support": 0.8}} if at >= 30 else row
        for at, row in enumerate(rows())
    ]
    # In another order: rows are matched by their ids.
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps(row) + "\n" for row in reversed(differing)))
    output = tmp_path / "sample.csv"
    main(["sample", f"[{labels},{other}]", "n=8", "design=disagreement", f"output={output}"])
    assert "8 of 40 rows drawn (disagreement)" in capsys.readouterr().out
    drawn = {
        row["id"]: float(row["probability"])
        for row in csv.DictReader(output.read_text().splitlines())
    }
    apart = {key: chance for key, chance in drawn.items() if int(key[1:]) >= 30}
    # All others have the fifth that is spread evenly; rows 0.97 and 0.5 are not 0.2 equally far.
    for chance in set(drawn.values()) - set(apart.values()):
        assert chance == pytest.approx(0.2 * 8 / 40)
    sure, unsure = (abs(score - 0.2) for score in (0.97, 0.5))
    expected = [0.2 * (0.2 + 0.8 * gap / ((sure + unsure) / 8)) for gap in (sure, unsure)]
    for key, chance in apart.items():
        assert chance == pytest.approx(expected[1 - int(key[1:]) % 2])


def test_labels_of_several_models_are_of_the_same_rows_and_codes(labels, tmp_path):
    other = tmp_path / "other.jsonl"
    for made, told in (
        (list(rows(39)), r"1 ids are in one of them only \(r39\)"),
        (
            [row | {"stance_scores": {"condemn": 0.2, "none": 0.8}} for row in rows()],
            "labels 2 have scores of condemn, none",
        ),
    ):
        other.write_text("".join(json.dumps(row) + "\n" for row in made))
        with pytest.raises(KitError, match=told):
            sample([labels, other], n=8, design="disagreement", output=None)
    for tables, design in (([labels], "disagreement"), ([labels, labels], "uncertain")):
        with pytest.raises(KitError, match="design=disagreement compares"):
            sample(tables, n=8, design=design, output=None)


def test_tasks_for_label_studio(labels, tmp_path):
    sample(labels=labels, n=5, output=tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert (
        len(tasks) == 5
        and set(tasks[0]) == {"data"}
        and tasks[0]["data"]["codes"] == ["condemn", "support"]
    )
    # An empty answer among the data would overwrite the annotator's in some exports.
    assert "stance" not in tasks[0]["data"] and tasks[0]["data"]["probability"] == 0.125
    interface = ElementTree.parse(tmp_path / "tasks.xml").getroot()
    assert [one.get("value") for one in interface.iter("Choice")] == ["condemn", "support"]
    [choices] = interface.iter("Choices")
    assert choices.get("required") == "true" and choices.get("choice") == "single"


def test_the_interface_for_frames_offers_none_of_them_and_escapes_codes(tmp_path):
    codes = ['x"/><HyperText name="y', "a&b"]
    row = {
        "id": "r0",
        "article": "a0",
        "sentence": "s",
        "frames": [],
        "frames_scores": dict.fromkeys(codes, 0.1),
    }
    (tmp_path / "labels.jsonl").write_text(json.dumps(row))
    sample(labels=tmp_path / "labels.jsonl", n=1, codebook="frames", output=tmp_path / "tasks.json")
    interface = ElementTree.parse(tmp_path / "tasks.xml").getroot()
    assert not list(interface.iter("HyperText"))
    assert [one.get("alias") or one.get("value") for one in interface.iter("Choice")] == [
        *sorted(codes),
        "-",
    ]
    [choices] = interface.iter("Choices")
    assert choices.get("required") == "true" and choices.get("choice") == "multiple"


def test_the_same_random_state_draws_the_same(labels, tmp_path):
    first, second, other = (
        [
            row["id"]
            for row in sample(labels=labels, n=10, output=tmp_path / "s.csv", random_state=state)
        ]
        for state in (1, 1, 2)
    )
    assert first == second != other


def test_what_cannot_be_drawn_is_refused(labels, tmp_path):
    for wrong, told in (
        ({"design": "lucky"}, "random, stratified, uncertain"),
        ({"n": 0}, "draw at least one"),
        ({"design": "stratified"}, "needs what to stratify by"),
        ({"output": tmp_path / "s.docx"}, "a .csv, a .jsonl"),
        ({"by": ["party"]}, "no column party"),
        ({"by": "party", "design": "stratified"}, "no column party"),
    ):
        with pytest.raises(KitError, match=told):
            sample(**{"labels": labels, "output": tmp_path / "s.csv", **wrong})


def test_rows_come_in_random_order_so_that_a_beginning_is_a_sample_too(labels, tmp_path):
    drawn = sample(labels=labels, n=40, output=tmp_path / "s.csv")
    order = [int(row["id"][1:]) for row in drawn]
    assert sorted(order) == list(range(40)) != order
    again = sample(labels=labels, n=40, output=tmp_path / "s.csv")
    assert [row["id"] for row in again] == [row["id"] for row in drawn]


def filled(path, drawn, code="condemn"):
    path.write_text("".join(json.dumps({**row, "stance": code}) + "\n" for row in drawn))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_nobodys_judgements_are_overwritten(labels, tmp_path, suffix):
    path = tmp_path / f"s{suffix}"
    sample(labels=labels, n=10, output=path)
    # What nobody has annotated yet may be drawn again.
    sample(labels=labels, n=12, output=path)
    text = path.read_text()
    path.write_text(
        text.replace('"stance": ""', '"stance": "condemn"', 1)
        if suffix == ".jsonl"
        else f"{text.rstrip()}condemn\n"
    )
    before = path.read_bytes()
    with pytest.raises(KitError, match=r"has 1 annotated rows, which would be lost; .*extend="):
        sample(labels=labels, n=20, output=path)
    with pytest.raises(KitError, match=r"is what is read, and would be lost; name another file"):
        sample(labels=labels, n=20, output=labels)
    assert path.read_bytes() == before
    assert (
        main(["sample", str(labels), "n=20", f"output={path}"]) == 2 and path.read_bytes() == before
    )


def test_a_sample_is_extended_by_rows_that_it_does_not_hold(labels, tmp_path, capsys):
    first = filled(tmp_path / "a.jsonl", sample(labels=labels, n=10, output=tmp_path / "a.jsonl"))
    more = sample(
        labels,
        n=6,
        extend=first,
        design="stratified",
        by="actor",
        output=tmp_path / "b.csv",
        verbose=True,
    )
    assert f"gold='[{first},{tmp_path / 'b.csv'}]'" in capsys.readouterr().out
    held = {json.loads(line)["id"] for line in first.read_text().splitlines()}
    assert (
        len(more) == 6
        and not held & {row["id"] for row in more}
        and {row["batch"] for row in more} == {2}
    )
    # Its probabilities are those among the rows that were left.
    left = Counter("many" if at < 30 else "few" for at in range(40) if f"r{at}" not in held)
    assert {row["actor"]: row["probability"] for row in more} == {
        name: pytest.approx(3 / n) for name, n in left.items()
    }
    second = filled(tmp_path / "b.jsonl", more)
    rest = sample(labels=labels, n=99, extend=[first, second], output=tmp_path / "c.jsonl")
    assert (
        len(rest) == 24
        and {row["batch"] for row in rest} == {3}
        and {row["probability"] for row in rest} == {1.0}
    )
    third = filled(tmp_path / "c.jsonl", rest)
    for wrong, told in (
        ({"extend": second}, "extend names batches"),
        ({"extend": [first, second, third]}, "nothing to extend"),
        ({"extend": first, "output": first}, "write the further rows to another file"),
        ({"extend": tmp_path / "none.csv"}, "there is no file"),
    ):
        with pytest.raises(KitError, match=told):
            sample(**{"labels": labels, "output": tmp_path / "d.csv", **wrong})


def test_a_codebook_is_named_on_the_command_line_though_configs_have_a_folder_of_that_name(
    labels, tmp_path, capsys
):
    words = ["sample", str(labels), "n=4", f"output={tmp_path / 's.jsonl'}"]
    assert main([*words, "codebook=stance"]) == 0
    assert "fill in stance with one of: condemn, support" in capsys.readouterr().out
    assert main([*words, "codebook=diplomacy"]) == 2
    assert "no codebook 'diplomacy'; they have: stance" in capsys.readouterr().err
    assert main([*words, "-m", "codebook=stance", "random_state=0,1"]) == 0
