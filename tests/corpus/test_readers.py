"""Files of labelled data as spreadsheets, exports and other people's scripts write them: read rightly, or refused."""

import json

import pytest
from conftest import ROWS

from stancekit.codebook import load_codebook
from stancekit.corpus import HubCorpus, TableCorpus
from stancekit.corpus.files import split_lines
from stancekit.errors import KitError

HEADER = ["text", "actor", "target", "stance"]
CELLS = [[row[name] for name in HEADER] for row in ROWS]


def table(sign=",", rows=CELLS):
    return (
        "\n".join(
            sign.join(f'"{cell}"' if sign in cell else cell for cell in row)
            for row in [HEADER, *rows]
        )
        + "\n"
    )


@pytest.fixture
def read(tmp_path, stance):
    def read(content, name="mine.csv", **settings):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return TableCorpus(path, **{"strict": True} | settings).read(stance)

    return read


def plain(data):
    return [
        [one.text, one.actor.name, one.target.name, *of]
        for one, of in zip(data.examples, data.labels, strict=True)
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["mine.csv", "MINE.CSV", "mine.tsv"])
def test_the_header_shows_the_separator(read, sign, name):
    assert plain(read(table(sign), name)) == CELLS


@pytest.mark.parametrize("word", ["tab", "\\t", "\t"])
def test_a_tab_can_be_written(read, word):
    assert plain(read(table("\t"), separator=word)) == CELLS


def test_a_header_with_two_signs_is_asked_about(read):
    # With one of the signs, the header has the columns that are looked for.
    content = table(";").replace("actor", "actor, or source")
    assert plain(read(content, columns={"actor": "actor, or source"})) == CELLS
    with pytest.raises(KitError, match=r"divided by ',' or ';'.*corpus.separator=comma, semicolon"):
        read("a;b, or c\n")
    with pytest.raises(KitError, match=r"corpus.separator is 'semi'; it is one sign"):
        read(content, separator="semi")


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\n" + table(";"),
        table().encode("utf-16"),
        "\ufeff" + table(),
        table().replace("\n", "\r\n"),
        table() + ",,,\n,,,\n\n",
        table().replace("\n", ",,\n"),
    ],
    ids=["sep=", "UTF-16", "mark", "CRLF", "empty rows at the end", "empty columns"],
)
def test_what_excel_writes_is_read(read, content):
    assert plain(read(content)) == CELLS


def test_an_unclosed_quotation_mark_is_named_with_its_line(read):
    broken = table(";").replace("Fiji cheered", '"Fiji cheered')
    with pytest.raises(KitError, match=r"row that begins on line 4: .*corpus.quoted=false"):
        read(broken)
    assert [row[0] for row in plain(read(broken, quoted=False))][2] == '"Fiji cheered the levy.'
    with pytest.raises(KitError, match=r"row that begins on line 5: "):
        read("sep=;\n" + broken)


def test_quotation_marks_swallow_no_rows_of_a_tsv(read):
    rows = [[*cells] for cells in CELLS]
    rows[0][0], rows[2][0] = '"' + rows[0][0], 'Fiji cheered."'
    assert plain(read(table("\t", rows), "mine.tsv")) == rows


def test_cells_of_a_tsv_may_have_line_breaks(read):
    rows = [[*cells[1:], cells[0]] for cells in CELLS]
    rows[1][3] = "One line.\nAnd one more."
    content = table("\t", rows).replace(
        "text\tactor\ttarget\tstance", "actor\ttarget\tstance\ttext"
    )
    content = content.replace(rows[1][3], f'"{rows[1][3]}"')
    assert [row[0] for row in plain(read(content, "mine.tsv"))] == [row[3] for row in rows]


def test_rows_that_are_cut_short_or_too_long_are_named(read):
    with pytest.raises(
        KitError, match=r"3 cells where the header has 4, separated by ',' \(rows 2\)"
    ):
        read(table(rows=[CELLS[0], CELLS[1][:3]]))
    with pytest.raises(
        KitError, match=r"5 cells where the header has 4.*\(rows 1\).*corpus.separator"
    ):
        read(table(rows=[[*CELLS[0], "x"], CELLS[1]]))


def test_columns_of_the_same_name_are_refused(read):
    with pytest.raises(KitError, match="its header has more than once: stance"):
        read("text,stance,stance\nPeru left.,none,condemn\n")
    with pytest.raises(KitError, match=r"it has more than once: stance \(rows 1\)"):
        read('{"text": "Peru left.", "stance": "none", "stance": "condemn"}', "mine.jsonl")


def test_a_json_array_is_no_json_lines(read):
    for content in (json.dumps(ROWS), json.dumps(ROWS, indent=1)):
        with pytest.raises(KitError, match=r"JSON lines are meant.*jq -c"):
            read(content, "mine.jsonl")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"text": "Peru \\ud83d left.", "stance": "none"}', "half of a character"),
        ('{"text": "Peru left.", "stance": ' + "9" * 5000 + "}", "digits"),
        ("[" * 100_000, "nested too deeply"),
        ("17", "not a JSON object"),
    ],
)
def test_lines_that_cannot_be_read_are_named(read, line, fault):
    with pytest.raises(KitError, match=rf"{fault}.*\(rows 2"):
        read(json.dumps(ROWS[0]) + "\n" + line, "mine.jsonl")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"PK\x03\x04..", "a zip archive or a workbook"),
        (b"\x1f\x8b..", "gzip"),
        (b"PAR1", "Parquet"),
    ],
)
def test_files_of_another_kind_are_named(read, content, fault):
    with pytest.raises(KitError, match=f"{fault}.*not text"):
        read(content)


def test_unicode_separators_end_no_line(read, tmp_path):
    text = "Peru shunned\u2028the\x85levy."
    assert (
        read(json.dumps(ROWS[0] | {"text": text}, ensure_ascii=False), "mine.jsonl")
        .examples[0]
        .text
        == text
    )
    assert split_lines(f"{text}\r\n\nend") == [text, "", "end"]


def test_hidden_files_of_a_folder_are_passed_over(tmp_path, stance):
    (tmp_path / "a.jsonl").write_text(json.dumps(ROWS[0]))
    (tmp_path / "b.JSONL").write_text(json.dumps(ROWS[1]))
    (tmp_path / "._a.jsonl").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / ".DS_Store").write_bytes(b"\x00")
    assert len(TableCorpus(tmp_path).read(stance)) == 2
    with pytest.raises(KitError, match=r"has data files of several kinds, .csv, .jsonl; name one"):
        (tmp_path / "c.csv").write_text("text,stance\n")
        TableCorpus(tmp_path).read(stance)
    (tmp_path / "none").mkdir()
    with pytest.raises(KitError, match=r"has no data file \(.jsonl, .ndjson, .csv, .*corpus.path="):
        TableCorpus(tmp_path / "none").read(stance)


def test_files_of_parts_and_held_rows_must_be_there(tmp_path, stance):
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    with pytest.raises(KitError, match=r"cannot read .*b.jsonl"):
        TableCorpus(tmp_path, files={"train": "a.jsonl", "test": "b.jsonl"}).read(stance)
    (tmp_path / "test_rows.txt").write_text("0 4")
    with pytest.raises(KitError, match=r"names row 4 of .*, which has 4"):
        TableCorpus(tmp_path, files={"": "a.jsonl"}, test_rows="test_rows.txt").read(stance)
    (tmp_path / "test_rows.txt").write_text("0 x")
    with pytest.raises(KitError, match="names no rows by number: x"):
        TableCorpus(tmp_path, files={"": "a.jsonl"}, test_rows="test_rows.txt").read(stance)


def test_parts_of_files_win_whatever_the_split_column_is_called(tmp_path, stance):
    (tmp_path / "a.jsonl").write_text(json.dumps(ROWS[0] | {"fold": "test"}))
    data = TableCorpus(tmp_path, files={"train": "a.jsonl"}, columns={"split": "fold"}).read(stance)
    assert data.parts == ("train",)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def test_words_like_na_stay_words_through_datasets(hub, stance):
    rows = [
        ["Peru left.", "NA", "the levy", "None"],
        ["Chile stayed.", "Chile", "the levy", "condemn"],
    ]
    (hub / "train.csv").write_text(table(rows=rows))
    data = HubCorpus(str(hub), labels={"None": "none"}).read(stance)
    assert plain(data) == [["Peru left.", "NA", "the levy", "none"], rows[1]]


def test_lists_of_typed_labels_get_their_names(hub):
    import datasets

    frames = datasets.ClassLabel(names=["economy", "peace"])
    features = datasets.Features(
        {"text": datasets.Value("string"), "frames": datasets.List(frames)}
    )
    rows = {"text": ["One.", "Two."], "frames": [[0, 1], []]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(hub / "train.parquet")
    data = HubCorpus(str(hub)).read(load_codebook("diplomacy"))
    assert data.labels == (("economy", "peace"), ()) and data.parts == ("train", "train")
    with pytest.raises(KitError, match=r"corpus.parts names 'dev'; .* has: train"):
        HubCorpus(str(hub), parts={"dev": "validation"}).read(load_codebook("diplomacy"))


@pytest.mark.parametrize(
    "setting", [{"sha256": {"a": "1"}}, {"test_rows": "rows.txt"}, {"files": {"train": "a"}}]
)
def test_settings_that_a_reader_does_not_use_are_refused(setting):
    with pytest.raises(KitError, match=f"HubCorpus does not use corpus.{next(iter(setting))}"):
        HubCorpus("some/set", **setting)
