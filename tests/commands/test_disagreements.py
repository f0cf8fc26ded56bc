"""`stancekit agreement` and `stancekit disagreements`: from annotators to gold, and back."""

import pytest

from stancekit.__main__ import main
from stancekit.commands.agreement import agreement
from stancekit.commands.disagreements import disagreements
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError

TABLE = """id,sentence,a,b,c
1,Peru rejected the levy.,AGAINST,AGAINST,AGAINST
2,=Peru welcomed it.,FAVOR,FAVOR,AGAINST
3,Peru abstained.,NEUTRAL,AGAINST,
4,Peru has a coast.,NONE,NONE,NONE
5,"Peru said no, and yes.",AGAINST,FAVOR,NEUTRAL
"""
MAPPING = {"AGAINST": "condemn", "FAVOR": "support", "NEUTRAL": "abstain", "NONE": "none"}
WORDS = [
    "corpus.columns.text=sentence",
    "corpus.labels={AGAINST: condemn, FAVOR: support, NEUTRAL: abstain, NONE: none}",
    "corpus.annotators=[a,b,c]",
]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "speeches.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def corpus(table):
    def read(**settings):
        columns = {"text": "sentence"}
        return TableCorpus(
            table, columns=columns, labels=MAPPING, annotators=["a", "b", "c"], **settings
        )

    return read


def test_agreement_is_printed_with_every_pair(table, tmp_path, capsys):
    words = [*WORDS, f"corpus.path={table}", f"output={tmp_path / 'alpha.csv'}"]
    assert main(["agreement", "table", *words]) == 0
    printed = capsys.readouterr().out
    assert "| a - c | .500 |" in printed and "annotated: a 5, b 5, c 4" in printed
    last = printed.rstrip().split("\n")[-1]
    assert last.startswith("agreement of 3 annotators on stance in speeches: alpha .")
    assert last.endswith(f"5 of 5 rows with two annotations or more; written: {tmp_path}/alpha.csv")
    assert (tmp_path / "alpha.csv").read_text().startswith("codes,alpha,low,high,n,agree\nall,0.")


def test_a_corpus_without_annotators(table):
    corpus = TableCorpus(table, columns={"text": "sentence", "labels": "a"}, labels=MAPPING)
    with pytest.raises(KitError, match=r"names no annotators; set .* corpus.annotators='\[a,b\]'"):
        agreement(corpus)


def test_disagreements_are_decided_and_become_gold(table, tmp_path, corpus, stance, capsys):
    file = tmp_path / "decide.csv"
    words = [*WORDS, f"corpus.path={table}", f"output={file}"]
    assert main(["disagreements", "table", *words]) == 0
    printed = capsys.readouterr().out
    assert "fill in stance with one of: abstain, condemn, none, support" in printed
    assert f"corpus.gold={file}" in printed
    assert printed.rstrip().endswith(
        f"3 of 5 rows with two annotations or more to decide, the most distant first: {file}"
    )
    lines = file.read_text().splitlines()
    assert lines[0] == "id,sentence,a,b,c,distance,stance"
    assert lines[1:] == [
        "2,'=Peru welcomed it.,support,support,condemn,2.0,",
        '5,"Peru said no, and yes.",condemn,support,abstain,2.0,',
        "3,Peru abstained.,abstain,condemn,,1.0,",
    ]
    # The same again while nothing is decided: the same file.
    assert main(["disagreements", "table", *words]) == 0
    file.write_text("\n".join([lines[0], lines[1] + "support", lines[2] + "NONE", lines[3]]))
    data = corpus(gold=str(file)).read(stance)
    assert [codes[0] for codes in data.labels] == ["condemn", "support", "none", "none"]
    left = disagreements(corpus(gold=str(file)))
    assert [row["id"] for row in left] == ["3"] and "2 rows that" in left.notes[0]
    capsys.readouterr()
    assert main(["disagreements", "table", *words]) == 2
    assert "has 2 rows decided, which would be lost" in capsys.readouterr().err
    assert "NONE" in file.read_text()


def test_disagreements_are_written_as_json_lines_and_only_over_their_own_kind(corpus, tmp_path):
    rows = disagreements(corpus(), output=tmp_path / "decide.jsonl")
    assert len(rows) == 3 and rows[:2][1]["id"] == "5"
    assert len((tmp_path / "decide.jsonl").read_text().splitlines()) == 3
    assert rows.to_frame()["distance"].tolist() == [2, 2, 1]
    other = tmp_path / "mine.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(
        KitError, match=r"mine.csv is there already, is not a table of rows to decide"
    ):
        disagreements(corpus(), output=other)
    with pytest.raises(KitError, match=r"it is a .csv or a .jsonl file"):
        disagreements(corpus(), output=tmp_path / "decide.xlsx")


def test_rows_to_decide_are_shown_where_they_are_not_written(corpus, capsys):
    disagreements(corpus(), verbose=True)
    printed = capsys.readouterr().out
    assert "Peru abstained." in printed and printed.rstrip().endswith(
        "write them with output=FILE.csv"
    )


def test_old_names_are_answered_with_the_new_ones(table, capsys):
    assert main(["data", "table", f"corpus.path={table}", "corpus.second=x.csv"]) == 2
    assert "corpus.second is corpus.annotators" in capsys.readouterr().err
