"""Tables in Python: DataFrames, data sets and lists of dicts are the same corpus, or refused at once."""

import datasets
import pandas as pd
import pytest

from stancekit import read_table
from stancekit.errors import KitError

ROWS = [
    {"sentence": "The minister rejects the levy.", "who": "minister", "pos": "AGAINST"},
    {"sentence": "We welcome the bill.", "who": "We", "pos": "FAVOR"},
]
ROLES = {"text": "sentence", "actor": "who", "labels": "pos"}
MAP = {"AGAINST": "condemn", "FAVOR": "support"}


class Polars:
    """What polars has of rows."""

    def to_dicts(self):
        return ROWS


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        iter(ROWS),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, index=["b", "a"]).astype({"pos": "category"}),
        datasets.Dataset.from_list(ROWS),
        datasets.Dataset.from_list(ROWS).data.table,
        Polars(),
    ],
    ids=["dicts", "generator", "frame", "categories", "Dataset", "arrow", "polars"],
)
def test_tables_in_memory_are_the_same_corpus(stance, data):
    data = read_table(data, **ROLES, map=MAP, name="mine").read(stance)
    assert data.labels == (("condemn",), ("support",)) and data.name == "mine"
    assert [example.actor.name for example in data.examples] == ["minister", "We"]
    assert [example.id for example in data.examples] == ["mine-0", "mine-1"]


def test_splits_and_class_names_of_data_sets(stance):
    names = datasets.ClassLabel(names=["condemn", "support"])
    features = datasets.Features({"text": datasets.Value("string"), "stance": names})
    one = datasets.Dataset.from_dict({"text": ["A.", "B."], "stance": [0, 1]}, features=features)
    two = datasets.Dataset.from_dict({"text": ["C.", "D."], "stance": [1, 1]}, features=features)
    data = read_table(datasets.DatasetDict(train=one, test=two)).read(stance)
    assert data.parts == ("train", "train", "test", "test")
    assert data.labels == (("condemn",), ("support",), ("support",), ("support",))


def test_cells_of_a_frame_are_plain(stance):
    frame = pd.DataFrame(ROWS).assign(
        day=pd.to_datetime(["2024-03-01", None]), speech=[1.0, float("nan")]
    )
    data = read_table(frame, **ROLES, date="day", article="speech", map=MAP).read(stance)
    assert [context.date for context in data.contexts] == ["2024-03-01", ""]
    assert [example.article[:5] for example in data.examples] == ["1", "text:"]


def test_a_file_is_a_corpus_of_the_file(tmp_path, stance):
    pd.DataFrame(ROWS).to_csv(tmp_path / "mine.csv", index=False)
    corpus = read_table(tmp_path / "mine.csv", **ROLES, map=MAP)
    assert corpus.read(stance).name == "mine" and corpus.paths() == [tmp_path / "mine.csv"]


def test_a_table_shows_itself(stance):
    corpus = read_table(ROWS, **ROLES, name="<mine>")
    frame = corpus.to_frame()
    assert list(frame.columns) == ["text", "actor", "labels"] and list(frame.index) == [1, 2]
    assert "&lt;mine&gt;: 2 rows; labels AGAINST 1, FAVOR 1" in corpus._repr_html_()
    assert repr(corpus) == "RowsCorpus('<mine>')"


@pytest.mark.parametrize(
    ("data", "given", "told"),
    [
        (
            ROWS,
            {"text": "sentense"},
            r"no column 'sentense' \(is sentence meant\?\).*text='sentence'",
        ),
        (ROWS, {}, "no column 'text'; it has: pos, sentence, who"),
        (ROWS, ROLES | {"labels": "poss"}, r"no column 'poss' \(is pos meant\?\)"),
        (
            ROWS,
            {"columns": {"actr": "who"}},
            r"unknown columns actr \(is actor meant\?\); columns are",
        ),
        (ROWS, ROLES | {"encodng": "x"}, "unexpected keyword argument 'encodng'"),
        (ROWS, ROLES | {"encoding": "utf-8"}, "encoding is a setting of files"),
        (ROWS, ROLES | {"files": {"train": "a"}}, "does not use files"),
        ([], {}, "has no rows"),
        (["Peru said no."], {}, "row 1 is a str; rows are dicts"),
        (7, {}, "a int is no table; give a file's path"),
        ({"text": "No."}, {}, "a dict is no table"),
        ("nowhere.csv", {}, "there is no file or folder nowhere.csv; give the path of a file"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, "columns of the same name: a"),
    ],
)
def test_what_is_no_such_table_is_refused_at_once_in_python_s_words(data, given, told):
    with pytest.raises(KitError, match=told) as caught:
        read_table(data, **given)
    assert "corpus." not in str(caught.value)


def test_labels_that_no_map_covers_are_listed_with_a_map_to_copy(stance):
    rows = [*ROWS, ROWS[0] | {"pos": "support?", "sentence": "Perhaps."}, ROWS[1]]
    with pytest.raises(KitError) as caught:
        read_table(rows, **ROLES).read(stance)
    told = str(caught.value)
    assert "unknown label 'FAVOR' in table, 2 times (rows 2, 4)" in told
    assert "unknown label 'support?' (is support meant?) in table, 1 time (rows 3)" in told
    assert "map={'FAVOR': 'CODE', 'AGAINST': 'CODE', 'support?': 'support'}" in told


def test_rows_that_cannot_be_read_are_told_or_errors(stance, caplog):
    rows = [*ROWS, {"sentence": None, "pos": "FAVOR"}, {"sentence": "No.", "pos": ""}]
    assert read_table(rows, **ROLES, map=MAP).read(stance).left_out == 2
    told = "empty text in column 'sentence' (rows 3); no label in column 'pos' (rows 4)"
    assert "2 of 4 rows are left out; strict=true" in caplog.text
    assert all(part in caplog.text for part in told.split("; "))
    with pytest.raises(KitError, match="no label in column 'pos'"):
        read_table(rows, **ROLES, map=MAP, strict=True).read(stance)


def test_other_data_is_another_run(stance):
    from stancekit.runs.provenance import describe_object

    first, same, other = (
        describe_object(read_table(rows, **ROLES)) for rows in (ROWS, list(ROWS), ROWS[:1])
    )
    assert first == same != other and "minister" not in str(first)
