"""Codebooks of any kind, from labels to claims: of sentences, with several codes, beside others."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from made_labels import annotated, stances, written

from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.row_format import LabelledCodebook, block, closing

CODEBOOKS = [
    LabelledCodebook("tone"),
    LabelledCodebook("topics", "sentence", multi_label=True),
]


@pytest.fixture
def labels(tmp_path):
    """Ninety sentences: one to three actors of each, every third without one."""
    rows = []
    for number in range(90):
        topics = block("topics", ["law"] * (number % 2), {"law": 0.3 + 0.4 * (number % 2)}, True)
        row = {"article": f"a{number // 9}", "sentence": f"s{number}", "party": "red"}
        row |= {"party": "red" if number < 45 else "blue"}
        names = ["Peru", "Ghana", "Oman"][: number % 3]
        for place, actor in enumerate(names):
            tone = block("tone", ["warm"], {"cold": 0.2, "warm": 0.8}, False)
            example = {"id": f"s.{number}.{place}", "actor": actor, "target": "it"}
            rows.append(row | example | tone | topics)
        if not names:
            example = {"id": f"s.{number}", "actor": None, "target": None}
            rows.append(row | example | block("tone", [], {}, False) | topics)
    return written(tmp_path, [row | closing(CODEBOOKS) for row in rows])


def test_sentences_count_once_and_are_shown_without_actors(labels, tmp_path, capsys):
    given = {"n": 999, "codebook": "topics", "by": "party", "verbose": True}
    drawn = sample(labels, **given, output=tmp_path / "s.csv")
    told = capsys.readouterr().out
    assert "90 of 90 sentences drawn (random), to be annotated from the top: " in told
    assert "fill in topics with one of: law, several with ; between them, - where" in told
    with (tmp_path / "s.csv").open() as file:
        assert file.readline().strip() == "id,article,sentence,party,probability,topics"
    path = tmp_path / "gold.jsonl"
    filled = [row | {"topics": "law" if int(row["sentence"][1:]) % 5 else "-"} for row in drawn]
    path.write_text("".join(json.dumps(row) + "\n" for row in filled))
    found = estimate(labels=labels, gold=path, codebook="topics", by="party", output=tmp_path)
    table = found.to_frame()
    assert table.columns.tolist()[:3] == ["party", "code", "rows"] and found.codebook == "topics"
    assert table["rows"].tolist() == [45, 45] and np.allclose(table["estimate"], 0.8)
    page = (tmp_path / "shares.html").read_text()
    assert "Estimated shares of topics" in page and "annotation only %" in page
    assert "judged" not in page and "gold" not in page
    with (tmp_path / "shares.csv").open() as file:
        assert [row["low"] for row in csv.DictReader(file)] == ["0.800000"] * 2
    assert plan(labels=labels, gold=path, codebook="topics").steps[-1].half_width == 0


def test_rows_without_an_actor_do_not_count_for_what_codes_examples(labels, tmp_path):
    drawn = sample(labels=labels, n=999, codebook="tone", by="actor", output=tmp_path / "s.json")
    assert len(drawn) == 90 and {row["actor"] for row in drawn} == {"Peru", "Ghana"}
    interface = ElementTree.parse(tmp_path / "s.xml").getroot()
    assert interface.find("Header").get("value") == "$actor towards $target"
    assert interface.find("Choices").get("name") == "tone"
    sample(labels=labels, n=9, codebook="topics", output=tmp_path / "t.json")
    assert ElementTree.parse(tmp_path / "t.xml").getroot().find("Header") is None


def test_a_sentence_is_in_one_cell(labels, tmp_path):
    with pytest.raises(KitError, match=r"topics codes sentences, and 30 of them have several valu"):
        sample(labels=labels, codebook="topics", by="actor", output=tmp_path / "s.csv")


def test_several_codebooks_and_none_named_is_an_error(labels, tmp_path):
    with pytest.raises(KitError, match="several codebooks: tone, topics; name one"):
        sample(labels=labels, output=tmp_path / "s.csv")


def test_annotations_of_another_codebook_are_not_written_over(labels, tmp_path):
    drawn = sample(labels=labels, n=9, codebook="tone", output=tmp_path / "s.jsonl")
    sample(labels=labels, n=9, codebook="topics", by="party", output=tmp_path / "s.jsonl")
    annotated_rows = [row | {"tone": "warm"} for row in drawn]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in annotated_rows))
    with pytest.raises(KitError, match="9 annotated rows, which would be lost"):
        sample(labels=labels, n=9, codebook="topics", output=tmp_path / "s.jsonl")
    other = written(tmp_path, stances(*({} for _ in range(9))))
    with pytest.raises(KitError, match="9 annotated rows, which would be lost"):
        sample(labels=other, n=9, output=tmp_path / "s.jsonl")


def test_a_field_that_is_called_like_a_column_of_shares_is_told_from_it(tmp_path):
    rows = stances(*({"rows": "x" if at < 30 else "y"} for at in range(60)))
    gold = annotated(
        [{"id": row["id"], "probability": 1.0} for row in rows],
        {row["id"]: "condemn" for row in rows},
        tmp_path / "gold.jsonl",
    )
    table = estimate(labels=written(tmp_path, rows), gold=gold, by="rows").to_frame()
    assert table["cell_rows"].tolist() == ["x", "x", "y", "y"] and set(table["rows"]) == {30}
