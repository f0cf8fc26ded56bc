"""The format of labels: blocks of codebooks, sentences that count once, tables of users, versions."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from made_labels import declared, stances, written

from stancekit.errors import KitError
from stancekit.labelling.labels import choose_codebook, read_labels
from stancekit.labelling.row_format import SCHEMA, LabelledCodebook, block, closing
from stancekit.labelling.score_matrix import (
    code_matrix,
    score_matrix,
    scored_codes,
    unit_rows,
)

TONE = LabelledCodebook("tone", "example", multi_label=False)
TOPICS = LabelledCodebook("topics", "sentence", multi_label=True)


def labelled(sentence, actor=None, number=0, topics=("law",)):
    """A row of a sentence; with an actor it has a tone too."""
    row = dict.fromkeys(SCHEMA) | {"id": sentence, "article": "a", "sentence": "s"}
    if actor:
        row |= {"id": f"{sentence}.{number}", "actor": actor, "target": "the levy"}
    tone = {"cold": 0.25, "warm": 0.75} if actor else {}
    row |= block("tone", ["warm"] if actor else [], tone, multi_label=False)
    row |= block("topics", topics, {"law": 0.9, "peace": 0.2}, multi_label=True)
    return row


def as_parquet(path, rows, codebooks):
    """Write rows as `label` writes them to Parquet: scores as JSON, the rest in the metadata."""
    packed = [
        row
        | {
            codebook.columns[1]: row[codebook.columns[1]] and json.dumps(row[codebook.columns[1]])
            for codebook in codebooks
        }
        for row in rows
    ]
    table = pyarrow.Table.from_pylist(packed)
    last = closing(codebooks)
    metadata = {"format": str(last["format"]), "codebooks": json.dumps(last["codebooks"])}
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path)
    return path


@pytest.fixture
def rows():
    return [
        labelled("a.0"),
        labelled("a.1", "Peru"),
        labelled("a.1", "Ghana", 1),
        labelled("a.2", "Peru", topics=()),
    ]


def test_rows_count_for_a_codebook_once_per_unit(tmp_path, rows):
    last = closing([TONE, TOPICS])
    jsonl = read_labels(written(tmp_path, [row | last for row in rows]))
    parquet = read_labels(as_parquet(tmp_path / "labels.parquet", rows, [TONE, TOPICS]))
    for labels in (jsonl, parquet):
        assert labels.codebooks == {"tone": TONE, "topics": TOPICS} and not labels.notes
        assert not any(key in row for row in labels.rows for key in ("format", "codebooks"))
        examples, sentences = unit_rows(labels, TONE), unit_rows(labels, TOPICS)
        assert [row["id"] for row in examples] == ["a.1.0", "a.1.1", "a.2.0"]
        assert [row["id"] for row in sentences] == ["a.0", "a.1.0", "a.2.0"]
        assert scored_codes(examples, TONE) == ["cold", "warm"]
        assert score_matrix(examples, TONE).tolist() == [[0.25, 0.75]] * 3
        assert code_matrix(sentences, TOPICS).tolist() == [
            [True, False],
            [True, False],
            [False, False],
        ]


def test_a_codebook_is_named_where_there_are_several(tmp_path, rows):
    labels = read_labels(written(tmp_path, [row | closing([TONE, TOPICS]) for row in rows]))
    assert choose_codebook(labels, "topics") == TOPICS
    with pytest.raises(KitError, match=r"several codebooks: tone, topics; name one, as codebook="):
        choose_codebook(labels)
    with pytest.raises(KitError, match=r"no codebook 'mood'; they have: tone, topics"):
        choose_codebook(labels, "mood")
    assert choose_codebook(read_labels(written(tmp_path, stances({})))).name == "stance"


def csv_of(path, *rows):
    path.write_text("id,tone,tone_scores\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_a_table_of_a_user_says_by_its_rows_how_it_is_coded(tmp_path):
    warm, both = '"{""cold"": 0.3, ""warm"": 0.7}"', '"{""cold"": 0.8, ""warm"": 0.7}"'
    labels = read_labels(csv_of(tmp_path / "one.csv", f"r0,warm,{warm}", f"r1,cold,{warm}"))
    assert labels.codebooks == {"tone": TONE}
    assert "tone is read as one code per row" in labels.notes[0]
    for name, row, why in (
        ("none", f"r1,,{warm}", "row r1 has 0 codes"),
        ("two", f"r1,cold;warm,{warm}", "row r1 has 2 codes"),
        ("sum", f"r1,cold,{both}", r"the scores of row r1 add up to 1\.50"),
    ):
        labels = read_labels(csv_of(tmp_path / f"{name}.csv", f"r0,warm,{warm}", row))
        assert labels.codebooks["tone"].multi_label
        with pytest.raises(AssertionError, match=why):
            raise AssertionError(labels.notes[0])
    with pytest.raises(KitError, match=r"1 rows without tone_scores .r1."):
        read_labels(csv_of(tmp_path / "lack.csv", f"r0,warm,{warm}", "r1,warm,"))


def test_what_is_not_in_this_format_is_refused(tmp_path, rows):
    other = closing([TONE, TOPICS])
    for wrong, told in (
        ([{"id": "r0", "tone": "warm"}], "no pair of columns NAME and NAME_scores"),
        ([dict.fromkeys(SCHEMA) | row for row in rows], "older version of stancekit; label"),
        ([row | other | {"format": 2} for row in rows], "in format 2 of labels"),
        ([*(row | other for row in rows[:3]), rows[3]], r"rows of other codebooks .*a\.2\.0"),
        ([*(row | other for row in rows[:3]), rows[3] | declared()], "label all with the same"),
    ):
        with pytest.raises(KitError, match=told):
            read_labels(written(tmp_path, wrong))
    (tmp_path / "labels.jsonl").write_text("")
    with pytest.raises(KitError, match="the labels have no rows"):
        choose_codebook(read_labels(tmp_path / "labels.jsonl"))


def test_garbage_is_collected_again_after_reading(tmp_path):
    import gc

    read_labels(written(tmp_path, stances({})))
    assert gc.isenabled()
    assert np.allclose(
        read_labels(written(tmp_path, stances({}))).rows[0]["stance_scores"]["condemn"], 0.7
    )
