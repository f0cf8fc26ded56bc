"""Rows kept as columns give what rows one by one give, to the last digit and the last word of an error."""

import json

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from bench.million import BOOK, commands, fill_in, write_labels
from made_labels import made

import stancekit.labelling.columns as columns
from stancekit.__main__ import main
from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.regress import regress
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.columns import TableRows, column_cells, column_names, column_texts
from stancekit.labelling.label_encoding import encode_rows
from stancekit.labelling.labels import read_labels
from stancekit.labelling.row_format import CLOSING, LabelledCodebook

STANCE = LabelledCodebook("stance", scale=("condemn", "support"), towards="target", absent="none")
FRAMES = LabelledCodebook("frames", "sentence", multi_label=True)


@pytest.fixture
def as_columns(monkeypatch):
    """Have labels of any number of rows kept as columns, or none; say which it is to be."""

    def choose(yes):
        monkeypatch.setattr(columns, "MANY_ROWS", 1 if yes else 10**9)

    return choose


def make_labels(folder, change=lambda row: row, books=(STANCE,)):
    """Labels in two Parquet files, with sentences alone and frames of sentences, and the true stances."""
    rows, gold = made(years=("2019", "2020", "2021"))
    kept = []
    for number, made_row in enumerate(rows):
        of_sentence = {
            "frames": ["law"] if number % 3 else [],
            "frames_scores": {"law": 0.7, "war": 0.2},
        }
        row = {key: made_row[key] for key in made_row if key not in CLOSING}
        # Rows 2k and 2k + 1 are of one sentence.
        row["id"] = f"{row['article']}.{number // 2}.{number % 2}"
        kept.append(
            change(
                row
                | of_sentence
                | {"party": ["red", "blue"][number // 3 % 2] if number % 5 else None}
            )
        )
        gold[row["id"]] = gold.pop(rows[number]["id"])
    folder.mkdir(parents=True)
    fields = [
        "date",
        "party",
        *(
            key
            for key in kept[0]
            if key.startswith(("stance_", "frames_"))
            and key not in ("stance_scores", "frames_scores")
        ),
    ]
    for part in range(2):
        some = kept[part::2]
        data = encode_rows("parquet", some, list(books), fields=fields)
        (folder / f"part-{part}.parquet").write_bytes(data)
    return folder, gold


def results(folder, gold):
    """What all commands make of labels."""
    drawn = sample(
        folder, n=150, by=["actor"], design="stratified", output=None, codebook="stance"
    ).to_frame()
    drawn["stance"] = [gold[key] for key in drawn["id"]]
    found = [drawn]
    for options in (
        {},
        {"by": ["actor", "party"]},
        {"by": ["year"], "inference": "superpopulation"},
    ):
        shares = estimate(
            folder,
            gold=drawn,
            codebook="stance",
            measures=["support - condemn"],
            **options,
        )
        found += [shares.to_frame(), shares.differences(), pd.DataFrame(shares.notes)]
    found.append(plan(folder, gold=drawn, codebook="stance", by=["actor"]).to_frame())
    for formula in ("condemn ~ party * year + C(actor)", "year ~ condemn + month"):
        fitted = regress(formula, labels=folder, gold=drawn, codebook="stance")
        found += [fitted.to_frame(), pd.DataFrame(fitted.notes)]
    return found


def test_every_command_gives_the_same(tmp_path, as_columns):
    def change(row):
        # The score of a fold that held the article out, and a party that is written with blanks around it.
        if row["article"] in ("a1", "a2"):
            row |= {
                "stance_heldout_codes": "none",
                "stance_heldout_scores": json.dumps(
                    {"abstain": 0.1, "condemn": 0.2, "none": 0.6, "support": 0.1}
                ),
            }
        return row | {"stance_learned": "True" if row["article"] == "a3" else None}

    for name, alter in (("plain", lambda row: row), ("held out", change)):
        folder, gold = make_labels(tmp_path / name, alter)
        as_columns(False)
        one_by_one = results(folder, gold)
        assert isinstance(read_labels(folder).rows, list)
        as_columns(True)
        assert isinstance(read_labels(folder).rows, TableRows)
        for ours, theirs in zip(results(folder, gold), one_by_one, strict=True):
            pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_codebooks_of_sentences_count_each_once(tmp_path, as_columns):
    folder, _ = make_labels(tmp_path / "labels", books=(STANCE, FRAMES))
    found = []
    for yes in (False, True):
        as_columns(yes)
        drawn = sample(folder, n=100, codebook="frames", output=None, random_state=2)
        table = drawn.to_frame()
        table["frames"] = ["law" if number % 2 else "-" for number in range(100)]
        shares = estimate(folder, gold=table, codebook="frames", by=["date"])
        found.append((drawn.n_pool, drawn.rows, shares.to_frame().to_csv(), shares.notes))
    assert found[0] == found[1] and found[0][0] == 480


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            lambda row: (
                row | {"stance_scores": '{"condemn": 1.5, "none": 0, "support": 0, "abstain": 0}'}
            ),
            "no probability",
        ),
        (
            lambda row: row | {"stance_scores": '{"condemn": 1}'},
            "not every row has a score of just",
        ),
        (lambda row: row | {"stance_scores": "["}, "not every row has a score of just"),
        (lambda row: row | {"stance": "approve"}, "unreadable in 8 rows"),
        (lambda row: row | {"article": " "}, "8 rows of the labels have no article"),
        (lambda row: row | {"id": "a5"}, "id"),
        (lambda row: row | {"date": "3/4/2020"}, "date"),
    ],
)
def test_errors_are_the_same(tmp_path, as_columns, wrong, told):
    folder, gold = make_labels(
        tmp_path / "labels", lambda row: wrong(row) if row["article"] == "a5" else row
    )
    table = pd.DataFrame({"id": list(gold)[::3], "stance": list(gold.values())[::3]})
    said = []
    for yes in (False, True):
        as_columns(yes)
        with pytest.raises(KitError, match=told) as refused:
            estimate(folder, gold=table, by=["year"], inference="superpopulation")
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_what_is_not_one_labelling_is_read_as_rows(tmp_path, as_columns):
    as_columns(True)
    folder, _ = make_labels(tmp_path / "labels")
    assert isinstance(read_labels(folder).rows, TableRows)
    # A table of the user's own does not say what it is.
    mine = pyarrow.parquet.read_table(folder / "part-0.parquet").replace_schema_metadata({})
    pyarrow.parquet.write_table(mine, tmp_path / "mine.parquet")
    with pytest.raises(KitError, match="older version"):
        read_labels(tmp_path / "mine.parquet")
    # Files of two labellings.
    data = encode_rows("parquet", read_labels(folder)[:3].rows, [STANCE], fields=["date"])
    (folder / "part-2.parquet").write_bytes(data)
    with pytest.raises(KitError):
        read_labels(folder)


def test_rows_of_a_table_are_a_sequence():
    table = pyarrow.table({"id": ["a", "b", "c"], "n": [1, None, 3], "who": ["x", " ", None]})
    rows = TableRows(table)
    assert rows[-1] == {"id": "c", "n": 3, "who": None} and rows[1:] == [*rows][1:]
    assert column_names(rows) == ["id", "n", "who"] == column_names([*rows])
    for name in ("id", "n", "who", "nothing"):
        assert column_cells(rows, name) == column_cells([*rows], name)
        texts = [column_texts(of, name, "-").tolist() for of in (rows, [*rows])]
        assert texts[0] == texts[1]
    assert [row["id"] for row in rows.keep(np.array([True, False, True]))] == ["a", "c"]
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.slow  # as above, through the program
def test_the_bench_runs_every_command_on_its_rows(tmp_path, capsys):
    write_labels(tmp_path / "labels", 2000)
    for name, words in commands(tmp_path).items():
        assert main(words) == 0, name
        if name == "sample":
            fill_in(tmp_path / "sample.csv", tmp_path / "labels", tmp_path / "gold.csv")
    said = capsys.readouterr().out
    assert BOOK.name in said and "regress" not in said and "party[T.red]" in said
