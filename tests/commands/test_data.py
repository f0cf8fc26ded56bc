"""`stancekit data`: counts, agreement and pictures of a corpus."""

import pytest
from conftest import ROWS

from stancekit.commands.data import data
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl

FRAMED = [
    row | {"frames": ["economy"], "register": "speech", "topic": "<levy> & co"} for row in ROWS
]


def test_pictures_show_the_codes_by_register_and_topic(jsonl, tmp_path):
    data(corpus=TableCorpus(jsonl(*FRAMED), name="mine"), output=tmp_path / "plots")
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {
        f"{book}-by-{field}.svg"
        for book in ("stance", "diplomacy")
        for field in ("register", "topic")
    }
    drawn = (tmp_path / "plots" / "stance-by-topic.svg").read_text()
    assert drawn.startswith("<svg") and "&lt;levy" in drawn and "<levy" not in drawn


def test_agreement_is_printed_and_the_last_line_says_what_was_read(jsonl, tmp_path, capsys):
    rows = [row | {"id": str(at)} for at, row in enumerate(FRAMED)]
    write_jsonl(
        tmp_path / "second.jsonl", [{"id": row["id"], "stance": row["stance"]} for row in rows]
    )
    corpus = TableCorpus(jsonl(*rows), annotators=tmp_path / "second.jsonl")
    counts = data(corpus, codebooks=["stance"])
    assert capsys.readouterr().out == ""
    assert counts.to_frame()["n"].sum() == 4 and counts.agreements[0].scores[0].value == 1
    data(corpus, codebooks=["stance"], verbose=True)
    printed = capsys.readouterr().out
    assert "| all | 1.000" in printed and "| labels - second | 1.000 |" in printed
    last = printed.rstrip().split("\n")[-1]
    assert last.startswith("4 examples in ") and last.endswith(f"read from {corpus.path}")


@pytest.mark.parametrize("field", ["speech", "&lt;levy> & co"])
def test_counts_by_register_and_topic_are_printed(jsonl, capsys, field):
    data(corpus=TableCorpus(jsonl(*FRAMED)), codebooks=["stance"], verbose=True)
    assert f"| {field} | {len(ROWS)} |" in capsys.readouterr().out


def test_a_picture_gathers_what_is_rare(jsonl, tmp_path):
    rows = [FRAMED[at % 4] | {"topic": f"topic {min(at, 70)}"} for at in range(80)]
    data(
        corpus=TableCorpus(jsonl(*rows), name="mine"),
        codebooks=["stance"],
        output=tmp_path / "plots",
    )
    drawn = (tmp_path / "plots" / "stance-by-topic.svg").read_text()
    assert "topic 70" in drawn and "12 others" in drawn


def test_codebooks_are_those_that_the_corpus_has_columns_of(jsonl, capsys):
    assert [one.codebook.name for one in data(corpus=TableCorpus(jsonl(*ROWS)))] == ["stance"]
    assert [one.codebook.name for one in data(corpus=TableCorpus(jsonl(*FRAMED)))] == [
        "stance",
        "diplomacy",
    ]
    renamed = [{"text": row["text"], "code": row["stance"]} for row in ROWS]
    corpus = TableCorpus(jsonl(*renamed), columns={"labels": "code"})
    assert [one.codebook.name for one in data(corpus=corpus)] == ["stance"]
    with pytest.raises(
        KitError, match=r"no column of a known codebook; it has: code, text.*corpus.columns.labels"
    ):
        data(corpus=TableCorpus(jsonl(*renamed)))


def test_a_column_that_no_codebook_can_read_is_a_fault(jsonl):
    with pytest.raises(KitError, match=r"unknown label 'econ'"):
        data(corpus=TableCorpus(jsonl(*[row | {"frames": ["econ"]} for row in ROWS])))
    odd = [{"text": row["text"], "code": "x" + row["stance"]} for row in ROWS]
    with pytest.raises(
        KitError, match=r"none of the codebooks .*stance.* can read 'code'.*codebooks=\["
    ):
        data(corpus=TableCorpus(jsonl(*odd), columns={"labels": "code"}))


def test_a_codebook_of_one_s_own_is_named_by_its_file(jsonl, tmp_path, capsys):
    book = tmp_path / "blame.yaml"
    book.write_text("name: blame\ncodes: {home: {definition: Here.}, away: {definition: There.}}\n")
    corpus = TableCorpus(jsonl({"text": "Peru left.", "blame": "home"}))
    (found,) = data(corpus=corpus, codebooks=[str(book)])
    assert found.counts == {"away": 0, "home": 1}
    with pytest.raises(
        KitError, match=r"there is no codebook 'blame'; there are: .*stance.* as in my.yaml"
    ):
        data(corpus=corpus, codebooks=["blame"])
    book.write_text("codes: 3")
    with pytest.raises(KitError, match=r"blame.yaml is not a codebook"):
        data(corpus=corpus, codebooks=[str(book)])


def test_examples_without_a_split_are_told(jsonl, capsys):
    rows = [
        row | {"split": part} for row, part in zip(ROWS, ["train", "test", "", ""], strict=True)
    ]
    data(corpus=TableCorpus(jsonl(*rows)), verbose=True)
    assert (
        "2 examples have no split marked (–); split=fixed leaves them out"
        in capsys.readouterr().out
    )


NAMED = {"condemn": "AGAINST", "support": "FAVOR", "abstain": "NEUTRAL", "none": "NONE"}


@pytest.fixture
def coded(jsonl):
    """Return how to read rows whose labels and columns have names of their own, with a second annotator's file."""
    first = [
        {"key": str(at), "text": row["text"], "code": NAMED[row["stance"]]}
        for at, row in enumerate(ROWS)
    ]

    def corpus(file):
        columns = {"id": "key", "labels": "code"}
        return TableCorpus(
            jsonl(*first),
            columns=columns,
            labels={given: code for code, given in NAMED.items()},
            annotators=file,
        )

    return corpus


def test_an_annotator_s_file_is_read_as_the_corpus_is(coded, jsonl, tmp_path, stance, capsys):
    table = tmp_path / "second.csv"
    table.write_text("key;code\n0;AGAINST\n1;NEUTRAL\n2;NONE\n3;\n")
    lines = jsonl(
        {"key": 0, "code": "AGAINST"},
        {"key": 1, "code": "NEUTRAL"},
        {"key": 2, "code": "NONE"},
        name="2.jsonl",
    )
    for file in (table, lines):
        by_id = coded(file).annotations(stance).by_id()
        assert {key: given[file.stem] for key, given in by_id.items()} == {
            "0": ("condemn",),
            "1": ("abstain",),
            "2": ("none",),
        }
        data(corpus=coded(file), codebooks=["stance"], verbose=True)
        assert "| all | .615 [" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"code": "AGAINST"}], r"has no column 'key'; it has: code.*id of each example"),
        ([{"key": "0", "label": "AGAINST"}], r"has no column 'code'"),
        ([{"key": "0", "code": "AGIANST"}], r"unknown label 'AGIANST' in .*second.jsonl"),
        (
            [{"key": "0", "code": "NONE"}, {"key": "0", "code": "FAVOR"}],
            r"id '0' with other labels of second than in row 1 \(row 2\)",
        ),
        ([{"key": "", "code": "NONE"}], r"no id \(row 1\)"),
        (
            [{"key": "zero", "code": "NONE"}],
            r"none of the 1 ids .*\(zero\) is one of corpus 'mine' \(.* and",
        ),
    ],
)
def test_an_annotator_s_file_with_faults(coded, jsonl, rows, message):
    with pytest.raises(KitError, match=message):
        data(corpus=coded(jsonl(*rows, name="second.jsonl")), codebooks=["stance"])


def test_an_annotator_s_file_that_is_not_there_or_of_another_codebook(
    jsonl, tmp_path, stance, diplomacy, caplog
):
    with pytest.raises(KitError, match=r"there is no file .*none.jsonl; set corpus.annotators="):
        TableCorpus(jsonl(*ROWS), annotators=tmp_path / "none.jsonl").annotations(stance)
    file = jsonl({"id": "a", "stance": "none"}, name="second.jsonl")
    framed = TableCorpus(jsonl(*FRAMED), annotators=["labels", file])
    counts = data(framed, codebooks=["diplomacy"])
    assert counts.agreements == (None,)
    assert "has no column 'frames': it says nothing of codebook diplomacy" in caplog.text


def test_agreement_on_a_code_that_is_not_given_is_not_defined(jsonl, tmp_path, capsys):
    rows = [row | {"id": str(at)} for at, row in enumerate(ROWS) if row["stance"] != "none"]
    file = jsonl(*rows, name="second.jsonl")
    data(corpus=TableCorpus(jsonl(*rows), annotators=file), codebooks=["stance"], verbose=True)
    printed = capsys.readouterr().out
    assert "no annotator gave none: agreement on these is not defined" in printed
    assert "| none | 1.000" not in printed
