"""Every format gives back the judgements that it was given, whatever stands in them."""

import csv
import json
from dataclasses import replace

import pytest
from judged_project import HOSTILE, NOTE, judged_project

from stancekit.annotation.exchange.known_formats import (
    EXCHANGE_FORMATS,
    format_of,
    format_to_write,
    read_records,
    write_records,
)
from stancekit.annotation.exchange.outward import project_records
from stancekit.annotation.exchange.record import check_names
from stancekit.codebook import make_codebook
from stancekit.errors import KitError

FILES = [
    (name, f"judgements{ending}")
    for name, form in EXCHANGE_FORMATS.items()
    for ending in form.endings
    if ending not in (".tsv", ".xlsx")
]


@pytest.fixture(params=[("stance", "diplomacy"), ("diplomacy",)], ids=["two", "one"])
def project(request, tmp_path):
    with judged_project(tmp_path / "study.db", request.param) as made:
        yield made


def as_files_have_them(records):
    """Return records in a fixed order, without what only the project knows of them."""
    plain = [
        replace(each, judgement=replace(each.judgement, item=0, number=0, request=""))
        for each in records
    ]
    return sorted(plain, key=lambda each: (each.id, repr(each.judgement)))


@pytest.mark.parametrize(("name", "file"), FILES)
def test_what_is_written_is_read_back(project, tmp_path, name, file):
    records = as_files_have_them(project_records(project))
    path = tmp_path / file
    assert write_records(path, records, project.codebooks, format=name) == name
    assert format_of(path, project.codebooks) == name
    assert as_files_have_them(read_records(path, project.codebooks).records) == records


def test_the_judgements_of_these_tests_are_of_every_kind(tmp_path):
    with judged_project(tmp_path / "study.db") as project:
        made = [record.judgement for record in project_records(project)]
    assert {codes for each in made for codes in each.codes.values()} >= {(), ("legality", "peace")}
    assert any("diplomacy" not in each.codes for each in made)
    assert {each.suggestion for each in made} == {"", "before", "after"}
    assert {each.annotator for each in made} == {"ana", "بن", "lea"}
    assert {each.repeat for each in made} == {0, 1} and any(each.revised for each in made)
    assert len({each.hashes.get("stance") for each in made}) == 3
    assert any(each.unsure and each.note == NOTE for each in made)


@pytest.mark.parametrize("name", ["csv", "label_studio_csv", "potato"])
def test_no_cell_is_a_formula_for_a_spreadsheet(project, tmp_path, name):
    path = tmp_path / "judgements.csv"
    write_records(path, project_records(project), project.codebooks, format=name)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell == f"'{HOSTILE[0]}" for cell in cells)
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")]
    assert {cell for cell in cells if cell.startswith("-")} <= {"-"}


@pytest.mark.parametrize(("name", "file"), [each for each in FILES if each[0] != "parquet"])
def test_none_of_the_codes_is_written_and_a_question_that_was_not_asked_is_not(
    tmp_path, name, file
):
    """Whoever reads the file without the kit sees the difference."""
    with judged_project(tmp_path / "study.db") as project:
        records = [each for each in project_records(project) if each.id in ("=r1", "r2")]
        ana = [each for each in records if each.judgement.annotator == "ana"]
        (none,) = [each for each in ana if each.judgement.suggestion == "after"]
        (not_asked,) = [each for each in ana if each.id == "r2"]
        texts = []
        for record in (none, replace(not_asked, text=none.text, id=none.id)):
            write_records(tmp_path / file, [record], project.codebooks, format=name)
            texts.append((tmp_path / file).read_text(encoding="utf-8"))
    assert texts[0] != texts[1]
    if file.endswith((".json", ".jsonl")) and name not in ("jsonl", "prodigy"):
        assert '"-"' in texts[0] or "diplomacy: -" in texts[0]
        assert '"-"' not in texts[1] and "diplomacy: -" not in texts[1]


def test_the_format_follows_the_ending_or_is_said(tmp_path):
    assert format_to_write(tmp_path / "a.json") == "label_studio"
    assert format_to_write(tmp_path / "a.jsonl", "doccano") == "doccano"
    with pytest.raises(KitError, match=r"written to \.csv, \.jsonl, \.parquet, \.json"):
        format_to_write(tmp_path / "a.txt")
    with pytest.raises(KitError, match=r"as prodigy: its files end in \.jsonl"):
        format_to_write(tmp_path / "a.csv", "prodigy")
    with pytest.raises(KitError, match=r"no format 'docano' \(is doccano meant\?\)"):
        format_to_write(tmp_path / "a.jsonl", "docano")


def test_a_file_of_no_format_is_refused_with_those_there_are(tmp_path, stance):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with pytest.raises(KitError, match="say format=NAME, one of: csv, jsonl"):
        read_records(path, [stance])
    with pytest.raises(KitError, match="there is no file"):
        read_records(tmp_path / "b.csv", [stance])


def test_all_rows_that_cannot_be_read_are_named_at_once(tmp_path, stance):
    rows = [
        {"id": "r0", "stance": "condemn"},
        {"id": "r1", "annotator": "ana", "stance": "condemn", "seconds": "long"},
        {"id": "r2", "annotator": "ana", "stance": "condemn", "at": "yesterday"},
        {"id": "r3", "annotator": "ana", "stance": "-; condemn"},
        {"id": "r4", "annotator": "ana", "stance": "condemn", "unsure": "perhaps"},
        {"id": "r5", "annotator": "ana", "stance": "condemn", "finding": "no verb"},
        {"id": "r6", "annotator": "ana", "stance": "[condemn"},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(KitError) as told:
        read_records(path, [stance])
    for part in (
        "7 rows cannot be read",
        "row 1 does not say who judged",
        "'long' seconds",
        "the time 'yesterday'",
        "- says that it has no code",
        "unsure 'perhaps'",
        "'no verb'",
        "not JSON",
    ):
        assert part in str(told.value).replace("has 7 rows that cannot", "7 rows cannot")


def test_rows_without_a_code_are_not_judged_and_counted(tmp_path, stance):
    path = tmp_path / "a.csv"
    path.write_text("id,stance\nr0,condemn\nr1,\nr2, \n")
    read = read_records(path, [stance], annotator="ana")
    assert [each.id for each in read.records] == ["r0"]
    assert read.notes == ("2 rows have no code: not judged",)
    path.write_text("id,tone\nr0,warm\n")
    with pytest.raises(KitError, match="has no codes of stance; it has: id, tone"):
        read_records(path, [stance])


def test_codes_that_look_like_others_come_back(tmp_path):
    codes = {name: {"definition": "."} for name in ("a; b", "[x", "=1", "'=1", "ü")}
    book = make_codebook("odd", codes, multi_label=True)
    with judged_project(tmp_path / "study.db") as project:
        record = as_files_have_them(project_records(project))[0]
    odd = replace(
        record, judgement=replace(record.judgement, codes={"odd": tuple(codes)}, hashes={})
    )
    for name, file in FILES:
        write_records(tmp_path / file, [odd], [book], format=name)
        (back,) = read_records(tmp_path / file, [book], format=name).records
        assert set(back.judgement.codes["odd"]) == set(codes), name


def test_a_codebook_called_like_a_column_is_refused():
    with pytest.raises(KitError, match="codebook note is called like a column"):
        check_names([make_codebook("note", {"a": {"definition": "."}}, multi_label=True)])
