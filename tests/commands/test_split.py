"""`stancekit split`: the rows of a corpus, with the part of each."""

import csv

import pytest
from conftest import ROWS

from stancekit.__main__ import main
from stancekit.commands.split import split
from stancekit.corpus import FixedSplit, GroupedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl


def rows_of(n=12):
    rows = []
    for number in range(n * len(ROWS)):
        article, index = divmod(number, len(ROWS))
        text = f"{ROWS[index]['text']} Word {number * 7919} of {number * 104729} others."
        ids = {"id": f"{article}-{index}", "article": f"a{article}", "text": text}
        rows.append(ROWS[index] | ids)
    return rows


@pytest.fixture
def corpus(tmp_path):
    rows = rows_of()
    for number, row in enumerate(rows):
        row["text"] = (
            f"{row['text']} It was the {number * 7919}th word of {number * 104729} others."
        )
        row["note"] = '=1+1, "so"' if number == 3 else "NA"
    write_jsonl(tmp_path / "mine.jsonl", rows)
    return TableCorpus(tmp_path / "mine.jsonl")


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_rows_are_the_same_with_their_parts(corpus, stance, tmp_path, ending):
    path = tmp_path / f"split.{ending}"
    marked = split(corpus, split="grouped", output=path)
    assert sum(marked.counts.values()) == len(marked.rows) == 48 and marked.unmarked == 0
    if ending == "jsonl":
        written = TableCorpus(path)
    elif ending == "parquet":
        import pandas as pd

        frame = pd.read_parquet(path)
        assert frame.drop(columns="split").to_dict("records") == [
            dict(row) for _, row in corpus.rows()
        ]
        return
    else:
        written = TableCorpus(path)
        with path.open(encoding="utf-8", newline="") as file:
            cells = list(csv.DictReader(file, delimiter="\t" if ending == "tsv" else ","))
        assert cells[3]["note"] == '=1+1, "so"'
    fixed = FixedSplit("keep")(written.read(stance), random_state=7)
    drawn = GroupedSplit()(corpus.read(stance), random_state=3)
    for part in ("train", "validation", "test"):
        assert [example.text for example in getattr(fixed, part).examples] == [
            example.text for example in getattr(drawn, part).examples
        ]


def test_another_file_is_never_written_over(corpus, tmp_path):
    path = tmp_path / "split.csv"
    split(corpus, output=path)
    before = path.read_bytes()
    split(corpus, output=path)
    with pytest.raises(KitError, match=r"is there already, with other content; name another"):
        split(corpus, split=GroupedSplit(test=0.5), output=path)
    with pytest.raises(KitError, match=r"is there already"):
        split(corpus, output=corpus.path)
    with pytest.raises(KitError, match=r"its ending is one of .csv, .tsv, .jsonl, .parquet"):
        split(corpus, output=tmp_path / "split.xlsx")
    assert path.read_bytes() == before


def test_rows_without_gold_are_in_the_part_of_their_article(tmp_path, stance):
    rows = rows_of(6)
    for row in rows:
        code = row.pop("stance")
        row |= {"a": code, "b": "none" if row["id"].endswith("-1") else code}
    write_jsonl(tmp_path / "two.jsonl", rows)
    corpus = TableCorpus(tmp_path / "two.jsonl", annotators=["a", "b"])
    assert len(corpus.read(stance)) < len(rows)
    marked = split(corpus, split=GroupedSplit(validation=0.2, test=0.3))
    assert marked.unmarked == 0
    parts = {}
    for row in marked.rows:
        parts.setdefault(row["article"], set()).add(row["split"])
    assert all(len(names) == 1 for names in parts.values())


def test_the_last_line_says_what_is_in_which_part_and_where(corpus, tmp_path, capsys):
    path = tmp_path / "split.csv"
    words = [f"corpus.path={corpus.path}", f"output={path}", "split.test=0.5"]
    assert main(["split", "table", *words]) == 0
    printed = capsys.readouterr().out
    assert f"corpus={path} split=fixed" in printed
    assert printed.rstrip().endswith(
        f"48 rows of mine with their parts (examples: train 16, validation 8, test 24): {path}"
    )
    assert main(["split", "table", f"corpus.path={corpus.path}", "split.random_state=1"]) == 2
    assert "split.per_state=true draws one for each" in capsys.readouterr().err
