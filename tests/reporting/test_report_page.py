"""Names, labels and texts from hostile data stay text in every output."""

import csv
import io
import json
import re

import pytest
from conftest import ROWS, padded

from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, TableCorpus
from stancekit.fileio import guard_cell
from stancekit.models.majority import Majority

EVIL = "<script>alert(1)</script>"
TEX = "\\input{/etc/passwd}%&$\rnext"
MARKDOWN = "![seen](http://elsewhere/x.png) \x1b[31m`"
YAML = "evil\ntags: [x]\n---\n# "


@pytest.fixture(scope="module")
def pages(stance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    rows = [
        row
        | {
            "article": f"{EVIL}{at}",
            "text": padded(f"{EVIL} {row['text']}", at),
            "register": f"=1+1|{EVIL}",
        }
        for at in range(12)
        for row in ROWS
    ]
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = TableCorpus(folder / "mine.jsonl", name=f"=cmd|{EVIL}{TEX}{YAML}{MARKDOWN}")
    name = f"=x{EVIL}{MARKDOWN}/../../y"
    train(
        corpus=corpus,
        codebook=stance,
        split=GroupedSplit(),
        model=Majority(),
        name=name,
        output=folder / "out",
    )
    html = report(folder / "out").path
    return {path.name: path.read_text() for path in html.parent.iterdir() if path.is_file()}, folder


def test_html_shows_markup_as_text(pages):
    text = pages[0]["report.html"]
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_csv_cells_are_no_formulas(pages):
    rows = list(csv.DictReader(io.StringIO(pages[0]["scores.csv"])))
    assert rows and all(
        row["corpus"].startswith("'=cmd") and row["model"].startswith("'=x") for row in rows
    )
    assert [guard_cell(one) for one in ("", "plain", "-1", -1, None)] == [
        "",
        "plain",
        "-1",
        -1,
        None,
    ]
    # Numbers stay numbers, and what has none is empty.
    assert all(
        float(row["value"]) >= -1 and row["codes"] in ("", "1", "2", "3", "4") for row in rows
    )
    assert {row["split"] for row in rows} == {"GroupedSplit"} and {row["part"] for row in rows} == {
        "test"
    }


def test_markdown_tables_keep_their_columns(pages):
    rows = [
        line
        for line in pages[0]["README.md"].split("\n")
        if "alert(1)" in line and line.startswith("|")
    ]
    assert rows and all(
        row.replace("\\|", "").count("|") == rows[0].replace("\\|", "").count("|") for row in rows
    )


def test_markdown_has_no_html_pictures_or_control_characters(pages):
    for name, text in pages[0].items():
        if name.endswith(".md"):
            assert "<script" not in text and "![" not in text and "\x1b" not in text, name
            assert "&lt;script>" in text and "!\\[seen](http" in text and "\\x1b" in text, name
            # A backtick of a name opens no code.
            assert not re.search(r"(?<!\\)`/", text)


def test_latex_commands_of_a_name_are_set_as_text(pages):
    text = pages[0]["tables.tex"]
    assert r"\input" not in text and r"\textbackslash{}input\{/etc/passwd\}\%\&\$" in text
    commands = {
        "begin",
        "end",
        "centering",
        "caption",
        "label",
        "toprule",
        "midrule",
        "bottomrule",
        "scriptsize",
    }
    known = commands | {
        "textbackslash",
        "textless",
        "textgreater",
        "textasciitilde",
        "textasciicircum",
    }
    assert set(re.findall(r"(?<!\\)\\([a-z]+)", text)) <= known | {"usepackage"}
    assert "\r" not in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert rows and {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3, 6}


def test_a_name_adds_nothing_to_the_front_of_a_card(pages):
    [text] = [text for name, text in pages[0].items() if name.startswith("card-")]
    assert text.count("\n---\n") == 1 and "\ntags: [x]" not in text


def test_a_model_s_name_is_no_path(pages):
    folders = [path for path in (pages[1] / "out" / "runs").iterdir()]
    assert len(folders) == 1 and (folders[0] / "run.json").exists()


def test_a_training_log_is_drawn(pages):
    out = pages[1] / "out"
    assert "training of " not in pages[0]["report.html"]
    [folder] = [path for path in (out / "runs").iterdir()]
    (folder / "curve.csv").write_text(
        "step,loss,validation_loss,validation_score\n5,1.2,1.1,0.4\n10,0.9,1.0,0.5\n"
    )
    assert "training of " in report(out).path.read_text()
