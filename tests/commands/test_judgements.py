"""`stancekit judgements` as somebody types it: out to a file, in from another, and a report."""

import json

import pandas as pd
import pytest
from judged_project import ROWS, judged_project

from stancekit.__main__ import main
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.codebook import load_codebook
from stancekit.commands.judgements import judgements
from stancekit.corpus import TableCorpus


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    judged_project(tmp_path / "study.db").close()
    return tmp_path


def last_line(capsys, *words):
    assert main(["judgements", *words]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def test_a_file_is_written_and_read_into_another_project(here, capsys):
    told = "10 judgements of 5 items by 3 people in study.db"
    assert last_line(capsys, "study.db") == told
    assert last_line(capsys, "study.db", "output=out.csv") == f"{told}: out.csv (csv)"
    line = last_line(capsys, "study.db", "output=tasks.json", "report=methods.md")
    assert line == f"{told}: tasks.json (label_studio) and methods.md"
    assert '<TextArea name="note"' in (here / "tasks.xml").read_text()
    Project.create(here / "new.db", rows=ROWS, codebooks=["stance", "diplomacy"]).close()
    with Project.open(here / "new.db") as new, Project.open(here / "study.db") as old:
        new.update_codebook(old.codebooks[0])
    assert main(["judgements", "new.db", "input=tasks.json"]) == 0
    printed = capsys.readouterr().out
    assert "10 judgements added, 0 were there already (of ana, بن, lea)" in printed
    assert "| lea | adjudicate | 1 |" in printed
    with Project.open(here / "new.db", read_only=True) as new:
        assert len(list(new.judgements())) == 10


def test_what_is_wrong_is_told_and_nothing_is_done(here, capsys):
    (here / "bad.jsonl").write_text(json.dumps({"id": "r9", "stance": "none", "annotator": "ana"}))
    for words, told in [
        (["input=bad.jsonl"], "r9 is not in the project"),
        (["input=bad.jsonl", "output=out.txt"], "cannot write judgements to out.txt"),
        (["report=methods.pdf"], "it is a .md or a .tex file"),
        (["format=csv"], "give it with output=FILE or input=FILE"),
        (["output=a.jsonl", "format=prodgy"], "is prodigy meant?"),
        (["input=nowhere.csv"], "there is no file nowhere.csv"),
    ]:
        assert main(["judgements", "study.db", *words]) == 2
        assert told in capsys.readouterr().err
    assert not list(here.glob("out*")) and not list(here.glob("methods*"))
    assert main(["judgements", "other.db"]) == 2
    assert "there is no file other.db" in capsys.readouterr().err


def test_a_sample_filled_in_by_hand_comes_in(here):
    rows = pd.DataFrame(ROWS).assign(stance="none", diplomacy=["-", "peace", "", "", "", ""])
    rows.to_csv("sample.csv", index=False)
    found = judgements("study.db", input="sample.csv", annotator="eva")
    assert (found.taken_in.added, found.taken_in.annotators) == (6, ("eva",))
    frame = found.to_frame()
    own = frame[frame["annotator"] == "eva"]
    assert own["diplomacy"].tolist() == ["-", "peace", "", "", "", ""]
    assert "16 judgements" in found.caption and "present one" in found.notes[0]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_tables_are_labelled_data(here, name):
    """What was written is a corpus: `corpus=FILE corpus.columns.annotator=annotator`."""
    rows = [{"id": f"r{at}", "text": f"Peru said {at}.", "actor": "Peru"} for at in range(4)]
    with Project.create(
        "plain.db", rows=rows, codebooks=["stance"], annotators=["ana", "ben"]
    ) as project:
        for item, code in enumerate(["none", "condemn", "support"], 1):
            project.save(Judgement(item=item, annotator="ana", codes={"stance": (code,)}))
        project.save(Judgement(item=2, annotator="ben", codes={"stance": ("none",)}))
    judgements("plain.db", output=name)
    book = load_codebook("stance")
    written = TableCorpus(name, columns={"annotator": "annotator", "labels": "stance"})
    as_table, as_project = (
        corpus.annotations(book).by_id() for corpus in (written, TableCorpus("plain.db"))
    )
    assert (
        as_table
        == as_project
        == {
            "r0": {"ana": ("none",)},
            "r1": {"ana": ("condemn",), "ben": ("none",)},
            "r2": {"ana": ("support",)},
        }
    )
