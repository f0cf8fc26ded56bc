"""Several annotators of a corpus: columns, files, rows of their own; and the gold that follows."""

import csv

import pytest

from stancekit.corpus import TableCorpus
from stancekit.errors import KitError

MAPPING = {"AGAINST": "condemn", "FAVOR": "support", "NEUTRAL": "abstain", "NONE": "none"}
COLUMNS = {"text": "sentence", "actor": "speaker", "target": "motion"}
# What coders a, b and c gave to each sentence; empty where they gave nothing.
JUDGED = {
    "Peru rejected the levy.": ("AGAINST", "AGAINST", "AGAINST"),
    "Peru welcomed the levy.": ("FAVOR", "FAVOR", "NEUTRAL"),
    "Peru abstained on the levy.": ("NEUTRAL", "AGAINST", ""),
    "Peru has a coast.": ("NONE", "NONE", "NONE"),
    "Peru praised the levy.": ("FAVOR", "", ""),
    "Peru attacked the levy.": ("AGAINST", "FAVOR", "NEUTRAL"),
    "Peru was away.": ("", "", ""),
    "Peru left the room.": ("", "NONE", "NONE"),
}
WIDE = ["coder_a", "coder_b", "coder_c"]
MAJORITY = ["condemn", "support", "none", "support", "none"]


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def wide_rows():
    rows = []
    for index, (text, labels) in enumerate(JUDGED.items()):
        row = {"id": f"s{index}", "sentence": text, "speaker": "Peru", "motion": "the levy"}
        rows.append(row | dict(zip(WIDE, labels, strict=True)))
    return rows


def long_rows(key="id"):
    rows = []
    for coder in WIDE:
        for row in wide_rows():
            if row[coder]:
                shared = {name: row[name] for name in ("sentence", "speaker", "motion")}
                rows.append({key: row["id"], **shared, "coder": coder[-1], "code": row[coder]})
    return rows


@pytest.fixture
def wide(tmp_path):
    path = write_csv(tmp_path / "wide.csv", wide_rows())

    def corpus(annotators=WIDE, gold=None, **settings):
        return TableCorpus(
            path, columns=COLUMNS, labels=MAPPING, annotators=annotators, gold=gold, **settings
        )

    return corpus


@pytest.fixture
def long(tmp_path):
    def corpus(rows=None, columns=(), **settings):
        path = write_csv(tmp_path / "long.csv", rows or long_rows())
        names = COLUMNS | {"labels": "code", "annotator": "coder"} | dict(columns)
        return TableCorpus(path, columns=names, labels=MAPPING, **settings)

    return corpus


def golds(data):
    return [codes[0] for codes in data.labels]


def test_columns_of_annotators_have_their_majority_as_gold(wide, stance, caplog):
    data = wide().read(stance)
    assert golds(data) == MAJORITY
    assert [example.id for example in data.examples] == ["s0", "s1", "s3", "s4", "s7"]
    assert (
        "3 of 8 rows have no gold and are left out, by corpus.gold=majority: 2 on which no code "
        "has a majority (rows 3, 6); 1 that have no annotation (rows 7)" in caplog.text
    )
    assert "stancekit disagreements" in caplog.text
    annotated = wide().annotations(stance)
    assert annotated.annotators == ("coder_a", "coder_b", "coder_c") and len(annotated) == 8
    assert annotated.codes[5] == (("condemn",), ("support",), ("abstain",))
    assert annotated.by_id()["s2"] == {"coder_a": ("abstain",), "coder_b": ("condemn",)}


def test_the_first_annotator_s_codes_as_gold(wide, stance, caplog):
    data = wide(annotators=["coder_b", "coder_a"], gold="first").read(stance)
    assert golds(data) == ["condemn", "support", "condemn", "none", "support", "none"]
    assert "2 that coder_b did not annotate (rows 5, 7)" in caplog.text


def test_the_label_column_is_gold_where_there_is_one(tmp_path, stance):
    rows = [row | {"stance": "NONE"} for row in wide_rows()]
    path = write_csv(tmp_path / "gold.csv", rows)
    corpus = TableCorpus(path, columns=COLUMNS, labels=MAPPING, annotators=WIDE)
    assert set(golds(corpus.read(stance))) == {"none"}
    assert corpus.annotations(stance).annotators == tuple(WIDE)
    # One annotator is compared with the labels; `labels` names them as one of several.
    alone = TableCorpus(path, columns=COLUMNS, labels=MAPPING, annotators="coder_a")
    assert alone.annotations(stance).annotators == ("labels", "coder_a")
    named = TableCorpus(path, columns=COLUMNS, labels=MAPPING, annotators=[*WIDE, "labels"])
    assert named.annotations(stance).annotators == (*WIDE, "labels")
    majority = TableCorpus(
        path, columns=COLUMNS, labels=MAPPING, annotators=["coder_a"], gold="majority"
    )
    assert golds(majority.read(stance)) == ["none"] * 3


def test_rows_of_their_own_give_what_columns_give(wide, long, stance):
    data = long().read(stance)
    # A sentence without any judgement has no row.
    assert golds(data) == MAJORITY and len(long().annotations(stance)) == 7
    assert [example.text for example in data.examples] == [
        example.text for example in wide().read(stance).examples
    ]
    chosen = long(annotators=["c", "a"], gold="first")
    assert chosen.annotations(stance).annotators == ("c", "a")
    assert golds(chosen.read(stance)) == ["condemn", "abstain", "none", "abstain", "none"]
    with pytest.raises(KitError, match=r"names 'd'; column 'coder' of .* has: a, b, c"):
        long(annotators=["d"]).read(stance)


def test_rows_of_one_sentence_are_one_example_also_without_ids(long, stance):
    rows = [{key: row[key] for key in row if key != "id"} for row in long_rows()]
    assert golds(long(rows).read(stance)) == MAJORITY
    rows = [row | {"id": str(index)} for index, row in enumerate(long_rows())]
    with pytest.raises(KitError, match=r"column 'id' names judgements.*corpus.columns.id=false"):
        long(rows).read(stance)
    assert golds(long(rows, columns={"id": False}).read(stance)) == MAJORITY


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentence": "Another."}, r"rows of one id are not the same example: s0: another text"),
        ({"code": "FAVOR", "coder": "a"}, r"id 's0' with other labels of a than in row 1"),
        ({"coder": ""}, r"no annotator \(row 18\)"),
        ({"code": "FOR"}, r"FOR.*\(row"),
    ],
)
def test_rows_that_contradict_each_other(long, stance, change, message):
    rows = long_rows()
    extra = rows[0] | {"coder": "d"} | change
    with pytest.raises(KitError, match=message):
        long([*rows, extra]).read(stance)


def test_gold_is_no_label_column_where_rows_are_judgements(long, stance):
    with pytest.raises(KitError, match=r"gold is labels, and .* has a row for each judgement"):
        long(gold="labels").read(stance)


def test_files_by_id_and_a_file_that_names_its_annotators(tmp_path, stance):
    texts = [
        {key: row[key] for key in ("id", "sentence", "speaker", "motion")} for row in wide_rows()
    ]
    path = write_csv(tmp_path / "texts.csv", texts)
    codings = [{key: row[key] for key in ("id", "coder", "code")} for row in long_rows()]
    every = write_csv(tmp_path / "codings.csv", codings)
    columns = COLUMNS | {"labels": "code"}
    corpus = TableCorpus(
        path, columns=columns | {"annotator": "coder"}, labels=MAPPING, annotators=every
    )
    assert golds(corpus.read(stance)) == MAJORITY
    files = []
    for coder in "abc":
        own = [{"id": row["id"], "code": row["code"]} for row in codings if row["coder"] == coder]
        files.append(write_csv(tmp_path / f"coder_{coder}.csv", own))
    corpus = TableCorpus(path, columns=columns, labels=MAPPING, annotators=files)
    assert golds(corpus.read(stance)) == MAJORITY
    assert corpus.annotations(stance).annotators == tuple(WIDE)
    # The run of a corpus reads these files too, so a change of them is another run.
    assert set(files) < set(corpus.paths())


def test_columns_and_files_together(wide, tmp_path, stance):
    later = [{"id": "s2", "stance": "AGAINST"}, {"id": "s6", "stance": "NONE"}]
    file = write_csv(tmp_path / "late.csv", later)
    data = wide(annotators=[*WIDE, str(file)]).read(stance)
    assert golds(data) == ["condemn", "support", "condemn", "none", "support", "none", "none"]
    with pytest.raises(KitError, match=r"two annotators are called 'late'"):
        wide(annotators=[str(file), str(file)]).read(stance)


def test_an_annotator_that_is_neither_column_nor_file(wide, stance):
    with pytest.raises(
        KitError, match=r"names 'codr_b', .*nor a file; the columns are: .*is coder_b meant"
    ):
        wide(annotators=["coder_a", "codr_b"]).read(stance)
    with pytest.raises(
        KitError,
        match=r"gold is 'majorty'; it is labels, majority, first, posterior, adjudicated, or a",
    ):
        wide(gold="majorty")


def test_labels_of_all_annotators_that_are_no_codes_are_one_error(wide, stance):
    corpus = wide()
    corpus.labels = {"FAVOR": "support"}
    with pytest.raises(KitError, match=r"'AGAINST'.*'NEUTRAL'.*'NONE'.*corpus.labels="):
        corpus.read(stance)


def decisions(tmp_path, rows, name="decide.csv"):
    return str(write_csv(tmp_path / name, rows))


def test_decided_codes_are_gold_and_the_majority_elsewhere(wide, tmp_path, stance, caplog):
    file = decisions(
        tmp_path,
        [
            {"id": "s5", "sentence": "Peru attacked the levy.", "stance": "AGAINST"},
            {"id": "s3", "sentence": "Peru has  a coast.", "stance": "abstain"},
            {"id": "s2", "sentence": "", "stance": ""},
        ],
    )
    data = wide(gold=file).read(stance)
    assert golds(data) == ["condemn", "support", "abstain", "support", "condemn", "none"]
    assert "2 rows have the codes decided in" in caplog.text
    assert "4 others the majority's" in caplog.text
    annotated = wide(gold=file).annotations(stance)
    assert annotated.decided == {"s3", "s5"} and annotated.gold_rule == "file"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "s5", "code": "AGAINST"}], r"no column 'stance'; .*stancekit disagreements"),
        ([{"id": "s5", "stance": "AGAINTS"}], r"unknown label 'AGAINTS' in .*decide.csv"),
        ([{"id": "x", "stance": "NONE"}], r"no id in .* is one of corpus 'wide': it has x"),
        (
            [{"id": "s5", "sentence": "Quite another.", "stance": "NONE"}],
            r"id 's5' is another text in the corpus \(row 1\)",
        ),
        (
            [{"id": "s5", "stance": "NONE"}, {"id": "s5", "stance": "FAVOR"}],
            r"id 's5' with another code than in row 1 \(row 2\)",
        ),
    ],
)
def test_a_file_of_decided_codes_with_faults(wide, tmp_path, stance, rows, message):
    with pytest.raises(KitError, match=message):
        wide(gold=decisions(tmp_path, rows)).read(stance)


def test_a_file_of_decided_codes_that_is_blank_or_not_there(wide, tmp_path, stance, caplog):
    file = decisions(tmp_path, [{"id": "s5", "stance": ""}])
    assert golds(wide(gold=file).read(stance)) == MAJORITY
    assert "decides nothing yet" in caplog.text
    with pytest.raises(KitError, match=r"there is no file .*none.csv; set corpus.gold=FILE"):
        wide(gold=str(tmp_path / "none.csv")).read(stance)


FRAMES = [
    {"id": "f0", "text": "One.", "a": "peace; economy", "b": "economy", "c": "-"},
    {"id": "f1", "text": "Two.", "a": "peace", "b": "economy", "c": ""},
    {"id": "f2", "text": "Three.", "a": "-", "b": "-", "c": "legality"},
    {"id": "f3", "text": "Four.", "a": "", "b": "security", "c": ""},
]


@pytest.fixture
def framed(tmp_path):
    path = write_csv(tmp_path / "frames.csv", FRAMES)

    def corpus(**settings):
        return TableCorpus(path, annotators=["a", "b", "c"], **settings)

    return corpus


def test_of_several_codes_each_is_decided_on_its_own(framed, diplomacy, caplog):
    data = framed().read(diplomacy)
    assert data.labels == (("economy",), (), ("security",))
    assert "1 on which no code has a majority (rows 2)" in caplog.text
    annotated = framed().annotations(diplomacy)
    # A blank cell is a gap, and - says that no code applies.
    assert annotated.codes[0][2] == () and annotated.codes[1][2] is None


def test_a_blank_cell_says_no_code_where_the_labels_say_so(framed, diplomacy):
    data = framed(labels={"": None}).read(diplomacy)
    assert data.labels == (("economy",), (), (), ())


def test_a_decision_on_a_sentence_is_of_all_its_rows(tmp_path, jsonl, diplomacy):
    rows = [
        {"id": f"r{index}", "text": "One.", "article": "x", "actor": actor, "a": ["peace"], "b": []}
        for index, actor in enumerate(["Peru", "Chile"])
    ]
    rows.append({"id": "r2", "text": "Two.", "article": "x", "a": ["peace"], "b": ["peace"]})
    file = decisions(tmp_path, [{"id": "r0", "diplomacy": "-"}])
    data = TableCorpus(jsonl(*rows), annotators=["a", "b"], gold=file).read(diplomacy)
    assert data.labels == ((), ("peace",))
    assert len(TableCorpus(jsonl(*rows), annotators=["a", "b"]).annotations(diplomacy).units()) == 2
