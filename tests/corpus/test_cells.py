"""Cells of labels mean the same in every kind of file."""

import json

import pandas as pd
import pytest

from stancekit.codebook import load_codebook, make_codebook
from stancekit.corpus.memory import read_table
from stancekit.errors import KitError

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


STANCE_ROWS = [
    {"text": f"We say {n}.", "stance": label, "coder": coder}
    for n, (label, coder) in enumerate([("AGAINST", "FAVOR"), ("NEUTRAL", "unclear")])
]
MAP = {"AGAINST": "condemn", "NEUTRAL": "abstain", "FAVOR": "support", "unclear": None}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"Neutrall": None}, "has Neutrall (is NEUTRAL meant?), which no row has"),
        ({"other": "none"}, "has other, which no row has; labels that rows have: AGAINST, FAVOR"),
        ({"ECON": "economy"}, ""),
        ({"": None}, ""),
    ],
)
def test_a_label_of_the_map_that_no_row_has_is_told(more, told, caplog):
    labels = {**MAP, **more}
    if "Neutrall" in more:
        del labels["NEUTRAL"]
    rows = [row | {"id": f"{told}{n}"} for n, row in enumerate(STANCE_ROWS)]
    corpus = read_table(rows, map=labels, annotators=["labels", "coder"], gold="labels")
    if "Neutrall" in more:
        with pytest.raises(KitError, match="unknown label 'NEUTRAL'"):
            corpus.read(load_codebook("stance"))
    else:
        corpus.read(load_codebook("stance"))
    assert told in caplog.text and bool(told) == ("which no row has" in caplog.text)


def test_a_slip_in_the_letter_case_of_a_map_is_told(caplog):
    book = make_codebook("side", {"PRO": {"definition": "For."}, "NEUTRAL": {"definition": "Not."}})
    rows = [{"text": "We agree.", "side": "PRO"}, {"text": "We wait.", "side": "NEUTRAL"}]
    assert len(read_table(rows, map={"Neutral": None}).read(book)) == 2
    assert "has Neutral (is NEUTRAL meant?), which no row has" in caplog.text


def test_ids_that_do_not_tell_rows_apart_may_be_left_out(caplog):
    rows = [row | {"id": "same"} for row in STANCE_ROWS]
    with pytest.raises(KitError, match=r"id used more than once.*id=False"):
        read_table(rows, map=MAP).read(load_codebook("stance"))
    assert len(read_table(rows, map=MAP, id=False).read(load_codebook("stance"))) == 2
