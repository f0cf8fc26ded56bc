"""The format of labels: blocks of codebooks, sentences that count once, tables of users, versions."""

import json

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from made_labels import declared, stances, written

import stancekit as sk
from stancekit.errors import KitError
from stancekit.labelling.labels import Labels, read_labels
from stancekit.labelling.population import choose_codebook
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


VIEW = LabelledCodebook(
    "view", scale=("against", "unclear", "for"), towards="target", absent="none"
)


def viewed(key, actor, target, code, *, score=0.7, article="a", **more):
    """A row with a view; `key` is the number of its sentence and its own."""
    scores = dict.fromkeys(("against", "unclear", "for", "none"), round((1 - score) / 3, 4))
    row = {"id": f"{article}.{key}", "article": article, "sentence": f"{actor} {code} {target}."}
    row |= {"start": int(key.split(".")[0]), "actor": actor, "target": target, **more}
    return row | block("view", [code], scores | {code: score}, multi_label=False)


@pytest.fixture
def views():
    return Labels(
        [
            viewed("0.0", "Peru", "the levy", "against", actor_code="PER"),
            viewed("0.1", "Peru", "Chile", "none", actor_code="PER"),
            viewed("1.0", "Lima", "Levy", "for", score=0.9, actor_code="PER"),
            viewed("2.0", "Peru", "levy", "for", score=0.8, actor_code="PER"),
            # The same sentence names it twice.
            viewed("2.1", "Peru", "The  levy", "for", score=0.6, actor_code="PER"),
            viewed("3.0", "the union", "the levy", "unclear"),
            viewed("4.0", "The Union", "the levy", "for", article="b"),
        ],
        {"view": VIEW},
    )


def test_positions_count_sentences_per_actor_and_target(views):
    positions = views.positions()
    assert positions.columns.tolist() == [
        "actor",
        "target",
        "against",
        "unclear",
        "for",
        "sentences",
        "most_frequent",
        "contradictory",
    ]
    assert positions.to_numpy().tolist() == [
        ["Peru", "the levy", 1, 0, 2, 3, "for", True],
        ["the union", "the levy", 0, 1, 1, 2, "unclear; for", False],
    ]
    assert views.sentences("Lima", "the levy")["id"].tolist() == [
        "a.0.0",
        "a.1.0",
        "a.2.0",
        "a.2.1",
    ]
    assert views.sentences("THE UNION")["view"].tolist() == ["unclear", "for"]
    with pytest.raises(
        KitError, match=r"no sentence has a position of actor 'Perú'; is 'Peru' meant"
    ):
        views.sentences("Perú")
    with pytest.raises(KitError, match="position of target 'Chile'"):
        views.sentences("Peru", "Chile")
    with pytest.raises(KitError, match="the labels have no codebook 'tone'; they have: view"):
        views.positions("tone")
    with pytest.raises(KitError, match=r"is not towards a target; see positions\(\)"):
        views.code_counts()
    ours = [viewed("0.0", "our Group", "it", "for", article=name) for name in "ab"]
    assert Labels(ours, views.codebooks).positions()["sentences"].tolist() == [1, 1]
    assert "≠" not in repr(views) and "1 contradictory" in repr(views)
    assert "the union" in views._repr_html_()
    assert [row["id"] for row in views[1:3]] == ["a.0.1", "a.1.0"] and views[0]["view"] == "against"


def test_without_positions_codes_are_counted(rows):
    labels = Labels(rows, {"tone": TONE, "topics": TOPICS})
    # A sentence counts once, whoever acts in it.
    assert labels.code_counts("topics").to_numpy().tolist() == [["law", 2, pytest.approx(2 / 3)]]
    assert labels.code_counts("tone").to_numpy().tolist() == [["warm", 3, 1.0]]
    with pytest.raises(KitError, match="several codebooks: tone, topics; name one"):
        labels.code_counts()
    with pytest.raises(KitError, match=r"is towards a target; see code_counts\(\)"):
        labels.positions()
    assert "law" in labels.to_html() and "Who stands where" not in labels.to_html()


def test_a_flat_table_is_read_again_whole_or_in_part(tmp_path, views, rows):
    both = Labels(rows, {"tone": TONE, "topics": TOPICS})
    for labels, columns in (
        (views, ["view", "against", "unclear", "for", "none"]),
        (both, ["tone", "tone_cold", "tone_warm", "topics", "topics_law", "topics_peace"]),
    ):
        frame = labels.to_frame()
        assert frame.columns.tolist()[-len(columns) :] == columns and len(frame) == len(labels)
        again = read_labels(frame)
        assert again.codebooks == labels.codebooks
        names = [*labels.codebooks, *(f"{name}_scores" for name in labels.codebooks)]
        assert [row["id"] for row in again] == [row["id"] for row in labels]
        for name in names:
            assert [_plain(row[name]) for row in again] == [_plain(row[name]) for row in labels]
        assert again.to_frame().equals(frame)
    some = views.to_frame().query("actor == 'Peru'")
    assert read_labels(some).positions()["for"].tolist() == [1]
    # Of a table without facts, the columns say what they are.
    plain = views.to_frame().set_index("id")
    plain.attrs.clear()
    read = read_labels(plain)
    assert list(read.codebooks) == ["view"] and [row["id"] for row in read][:2] == [
        "a.0.0",
        "a.0.1",
    ]
    assert read[0]["view_scores"] == views[0]["view_scores"]
    with pytest.raises(KitError, match="is no table; give the path of a file, or a pandas"):
        read_labels(3)


def _plain(value):
    """Several codes in one cell, and the list of them, are the same."""
    return "; ".join(value) if isinstance(value, list) else value


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv", "xlsx"])
def test_labels_are_saved_and_read_again(ending, tmp_path, views):
    odd = viewed("5.0", "=1+1", "a \x07levy", "for", party={"a": 1})
    whole = Labels([*views, odd], views.codebooks)
    path = whole.save(tmp_path / f"labels.{ending}")
    read = read_labels(path)
    assert len(read) == 8 and [row["view"] for row in read] == [row["view"] for row in whole]
    scores = [row["view_scores"] for row in whole]
    assert [VIEW.scores(row) for row in read] == scores
    if ending in ("jsonl", "parquet"):
        assert read.positions().equals(whole.positions())
    else:
        # No spreadsheet runs what a text says, and what is read is what it said.
        table = pd.read_excel(path) if ending == "xlsx" else pd.read_csv(path)
        assert table["actor"].tolist()[-1] == "'=1+1"
        assert read[-1]["actor"] == "=1+1" and read[-1]["party"] == '{"a": 1}'
        assert "view is read as one code per row" in read.notes[0]
    with pytest.raises(KitError, match=r"endings \.jsonl, \.parquet, \.csv, \.xlsx, \.html"):
        whole.save(tmp_path / "labels.docx")


def test_rows_set_aside_count_for_no_position_and_are_kept_apart(tmp_path, views):
    rows = [row | {"set_aside": number == 0} for number, row in enumerate(views)]
    labels = Labels(rows, views.codebooks)
    assert labels.set_aside == 1 and labels.positions()["against"].tolist() == [0, 0]
    labels.save(tmp_path / "labels.jsonl")
    assert len((tmp_path / "labels.jsonl").read_text().splitlines()) == 6
    read = read_labels(tmp_path / "labels.jsonl")
    assert len(read) == 7 and read.set_aside == 1 and read.positions().equals(labels.positions())
    assert read_labels(read.to_frame()).set_aside == 1
    assert "Peru against the levy" not in labels.to_html()
    with pytest.raises(KitError, match="holds rows of another labelling"):
        views.save(tmp_path / "labels.jsonl")


SPOKEN = "id,actor,target,view,against,for\n"


def spoken(path, *, lacking=3, prefix="doc"):
    """Write a table of the user's own, whose ids have dots; one row lacks its actor and target."""
    lines = [SPOKEN]
    for at in range(12):
        code, scores = ("for", "0.2,0.8") if at % 2 else ("against", "0.9,0.1")
        roles = "," if at == lacking else "Ana,the levy"
        lines.append(f"{prefix}{at // 4}.{at % 4},{roles},{code},{scores}\n")
    path.write_text("".join(lines))
    return path


def test_a_row_without_actor_and_target_makes_no_sentences_of_a_table(tmp_path):
    """Ids of the user's own may end in a dot and a number: no row is dropped for it."""
    for prefix in ("doc", "r."):
        labels = read_labels(spoken(tmp_path / "mine.csv", prefix=prefix))
        assert labels.codebooks["view"].unit == "example"
        assert len(unit_rows(labels, labels.codebooks["view"])) == 12
        assert "rows without actor and target (1) count as the others do" in labels.notes[0]
    path = tmp_path / "mine.csv"
    path.write_text(path.read_text().replace("0.2,0.8", ",", 2))
    with pytest.raises(KitError, match=r"2 rows without view_scores"):
        read_labels(path)
    one = path.with_name("one.csv")
    one.write_text(
        SPOKEN + "a.0,Ana,levy,for,0.1,0.9\nb.0,,,for,,\nc.0,,,,,\nd.0,Ben,levy,for,0.1,0.9\n"
    )
    with pytest.raises(KitError, match=r"1 rows without view_scores .b\.0."):
        read_labels(one)


def test_a_flat_table_of_sentences_says_so_by_its_rows(tmp_path, rows):
    """What the kit writes of sentences has rows that are alike, or all its columns."""
    topics = [{key: row[key] for key in (*SCHEMA, "topics", "topics_scores")} for row in rows]
    for some, told in ((topics, "4 rows are of 3 sentences"), ([topics[0], topics[3]], "")):
        path = Labels(some, {"topics": TOPICS}).save(tmp_path / "labels.csv")
        read = read_labels(path)
        assert read.codebooks == {"topics": TOPICS} and told in read.notes[0]
        assert [row["id"] for row in unit_rows(read, TOPICS)] == list(
            dict.fromkeys({"a.1.1": "a.1.0"}.get(row["id"], row["id"]) for row in some)
        )


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl", "parquet"])
def test_codes_that_begin_like_a_formula_come_back_as_they_were(tmp_path, ending):
    rows = [
        {
            "id": f"=a{number}",
            "article": f"d{number}",
            "sentence": f"We say {number}.",
            "side": "+pro" if number % 2 else "-con",
            "side_scores": {"+pro": number % 2, "-con": 1 - number % 2},
        }
        for number in range(40)
    ]
    file = tmp_path / f"labels.{ending}"
    for _ in range(2):
        read_labels(pd.DataFrame(rows)).save(file)
    labels = read_labels(file)
    assert [row["side"] for row in labels.rows[:2]] == ["-con", "+pro"]
    assert labels.rows[1]["id"] == "=a1"
    drawn = sk.sample(file, n=20, output=tmp_path / "sample.csv").to_frame()
    drawn["side"] = ["+pro", "-con"] * 10
    drawn.to_csv(tmp_path / "sample.csv", index=False)
    shares = sk.estimate(file, gold=tmp_path / "sample.csv").to_frame()
    assert set(shares["code"]) == {"+pro", "-con"} and set(shares["annotated"]) == {20}
