"""Cells of labels mean the same in every kind of file."""

import json

import pandas as pd
import pytest

from stancekit.codebook import make_codebook
from stancekit.corpus.memory import read_table

BLAME = make_codebook(
    name="blame",
    multi_label=True,
    unit="sentence",
    codes={"home": {"definition": "Found at home."}, "abroad": {"definition": "Found abroad."}},
)
CELLS = {"a": "home", "b": "abroad; home", "c": None, "d": "", "e": "  "}
KINDS = ("csv", "tsv", "xlsx", "jsonl", "parquet", "frame")


def tables(folder, cells, column="blame"):
    """Return the same rows as each kind of table."""
    rows = [{"id": id, "text": f"We say {id}.", column: cell} for id, cell in cells.items()]
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_csv(folder / "t.tsv", index=False, sep="\t")
    frame.to_excel(folder / "t.xlsx", index=False)
    frame.to_parquet(folder / "t.parquet")
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "t.jsonl").write_text(lines, encoding="utf-8")
    return {kind: frame if kind == "frame" else folder / f"t.{kind}" for kind in KINDS}


@pytest.mark.parametrize(
    ("map", "blank"), [(None, ()), ({"": None}, None), ({"": "abroad"}, ("abroad",))]
)
def test_a_blank_cell_means_the_same_in_every_kind_of_table(tmp_path, map, blank):
    expected = {"a": ("home",), "b": ("abroad", "home")}
    if blank is not None:
        expected |= dict.fromkeys("cde", blank)
    for kind, table in tables(tmp_path, CELLS).items():
        whole = read_table(table, map=map).read(BLAME)
        found = {
            example.id: tuple(sorted(codes))
            for example, codes in zip(whole.examples, whole.labels, strict=True)
        }
        assert found == expected, kind


def test_an_empty_list_says_that_there_is_no_code():
    rows = [{"text": "One.", "blame": ["home"]}, {"text": "Two.", "blame": []}]
    assert read_table(rows, map={"": None}).read(BLAME).labels == (("home",), ())
