"""Texts from files of every kind: what can be read is, what cannot is named, and nothing is held whole."""

import bz2
import csv
import datetime
import decimal
import gzip
import json
import lzma
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from stancekit.corpus import lines
from stancekit.errors import KitError
from stancekit.labelling import input_text
from stancekit.labelling.input_files import find_files
from stancekit.labelling.input_text import InputText
from stancekit.labelling.layout import TextLayout
from stancekit.labelling.sources import RejectedRow, TextSource, check_kind

ROWS = [
    {"text": "Peru said no.", "id": "p"},
    {"text": "Chile said yes.", "date": "2020-01-02", "title": "Levy"},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def read(path, *, title=True, without=None, **layout):
    found = list(TextSource(path, layout=TextLayout(**layout), title=title, without=without))
    texts = [one for one in found if isinstance(one, InputText)]
    return texts, [one for one in found if isinstance(one, RejectedRow)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.jsonl", LINES.encode()),
        ("rows.jsonl", b"\xef\xbb\xbf" + LINES.encode()),
        ("rows.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
        ("rows.jsonl.bz2", bz2.compress(LINES.encode())),
        ("rows.jsonl.xz", lzma.compress(LINES.encode())),
        (
            "rows.csv",
            b'text,id,date,title\r\nPeru said no.,p,,\r\n"Chile said yes.",,2020-01-02,Levy\r\n',
        ),
        (
            "rows.tsv",
            b"text\tid\tdate\ttitle\nPeru said no.\tp\t\t\nChile said yes.\t\t2020-01-02\tLevy\n",
        ),
    ],
)
def test_rows_of_every_kind(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    (first, second), rejected = read(tmp_path / name)
    assert rejected == [] and (first.article.text, first.group) == ("Peru said no.", "p")
    assert (
        second.article.topic == "Levy"
        and second.kept["date"] == second.article.date == "2020-01-02"
    )
    assert second.group == second.article.id != first.article.id


def test_parquet(tmp_path):
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS * 300), tmp_path / "rows.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"words": ["x"]}), tmp_path / "other.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    texts, rejected = read(tmp_path)
    assert len(texts) == len({one.article.id for one in texts}) == 600
    assert [one.file for one in rejected] == ["broken.parquet", "other.parquet"]
    assert rejected[1].reason == "no column text; it has: words"


def test_a_folder_in_order_of_name_without_what_is_not_text(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "speech.txt").write_text("Levy vote\r\n\r\nPeru said no.\r\n")
    (tmp_path / "a.txt").write_text("Chile said yes.")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden.txt").write_text("Not this.")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "old.txt").write_text("Nor this.")
    texts, [loop, picture] = read(tmp_path)
    assert [one.article.id for one in texts] == ["a", "b/speech"] and texts[
        1
    ].article.topic == "Levy vote"
    assert picture.file == "picture.png" and "not one of .txt" in picture.reason
    assert loop.file == "b/loop" and "a link, which is not followed" in loop.reason
    assert [one.article.id for one in read(str(tmp_path / "**" / "*.txt"))[0]] == ["a", "b/speech"]


def test_links_are_not_followed_and_never_passed_by_in_silence(tmp_path):
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("Peru said no.")
    inside = tmp_path / "in"
    (inside / "deep").mkdir(parents=True)
    (inside / "own.txt").write_text("Chile said yes.")
    (inside / "file.txt").symlink_to(outside)
    (inside / "none.txt").symlink_to(tmp_path / "nowhere.txt")
    # Two links that lead round in a circle make 2^40 paths of a pattern with **.
    for name in ("x", "y"):
        (inside / "deep" / name).symlink_to(inside)
    for path in (inside, str(inside / "**" / "*.txt"), str(inside / "**")):
        texts, rejected = read(path)
        assert [one.article.text for one in texts] == ["Chile said yes."]
        assert [one.file for one in rejected] == ["deep/x", "deep/y", "file.txt", "none.txt"]
        assert all("not followed" in one.reason for one in rejected)
    # Named by itself, a link is what it leads to.
    assert [one.article.text for one in read(inside / "file.txt")[0]] == ["Peru said no."]


def test_globs(tmp_path):
    for name in ("2020/a.txt", "2020/b.csv", "2021/deep/a.txt", "note [1].txt", "top.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text\nPeru said no.")
    for pattern, found in (
        ("*.txt", ["note [1].txt", "top.txt"]),
        ("20*/*", ["2020/a.txt", "2020/b.csv"]),
        ("202[01]/**/a.txt", ["2020/a.txt", "2021/deep/a.txt"]),
        ("20??/*.csv", ["2020/b.csv"]),
        ("note [[]1].txt", ["note [1].txt"]),
        ("note [1].txt", ["note [1].txt"]),
    ):
        assert [
            file.relative_to(tmp_path).as_posix()
            for file in find_files(str(tmp_path / pattern)).files
        ] == found


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    for name in ("open", "shut"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("Peru said no.")
    scandir = os.scandir

    def closed(path):
        # The tests may run as root, to whom no folder is closed.
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    [text], [shut] = read(tmp_path)
    assert text.article.id == "open/a" and (shut.file, shut.reason) == (
        "shut",
        "cannot be opened: Permission denied",
    )


def test_the_output_is_not_input(tmp_path):
    for name in ("a.txt", "labels/part-00000.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Peru said no.")
    [text], rejected = read(tmp_path, without=tmp_path / "labels")
    assert text.article.id == "a" and rejected == []
    with pytest.raises(KitError, match="both input and output"):
        TextSource(tmp_path, without=tmp_path)


def test_a_file_that_vanishes_is_named_and_the_rest_is_read(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text("Peru said no.")
    source = TextSource(tmp_path)
    found = iter(source)
    next(found)
    (tmp_path / "b.txt").unlink()
    gone, last = list(found)
    assert gone.file == "b.txt" and "No such file" in gone.reason and last.article.id == "c"
    assert source.done == source.size


def test_endings_in_capitals_and_those_that_are_no_text(tmp_path):
    (tmp_path / "20190315.export.CSV").write_text("id,text\np,Peru said no.\n")
    (tmp_path / "ROWS.JSONL.GZ").write_bytes(gzip.compress(LINES.encode()))
    (tmp_path / "note.md").write_text("Peru said no.")
    texts, rejected = read(tmp_path)
    assert [one.group for one in texts] == ["p", "p", "ROWS.JSONL.GZ:2", "note"] and rejected == []
    for name, way in (
        ("arr.json", "write JSON lines"),
        ("page.HTML", "extract its text"),
        ("x.xml.gz", "extract its text"),
        ("book.xls", "save it as .xlsx"),
        ("x.parquet.gz", "not one of"),
        ("v.2", "label - < FILE"),
    ):
        (tmp_path / name).write_text("x")
        with pytest.raises(KitError, match=way):
            TextSource(tmp_path / name)
    check_kind(tmp_path / "README")


def test_a_first_line_is_a_title_where_it_is_wanted(tmp_path):
    text = "Levy vote\r\rPeru said no."
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": text}))
    (tmp_path / "note.txt").write_bytes(text.encode())
    for title, topic in ((True, "Levy vote"), (False, "")):
        found, _ = read(tmp_path, title=title)
        assert [(one.article.topic, len(one.article.text)) for one in found] == [
            (topic, len(text))
        ] * 2


def test_fields_are_kept_and_speakers_known(tmp_path):
    row = {
        "text": "No.",
        "actor": "Peru",
        "target": "the levy",
        "party": "APRA",
        "year": 1999,
        "article": 7,
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    [[text], _] = read(tmp_path / "rows.jsonl", fields=["party", "year", "none"])
    assert (text.actor, text.target, text.group) == ("Peru", "the levy", "7")
    assert text.kept == {"party": "APRA", "year": 1999}


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_article_0_is_an_article_and_nan_is_none(tmp_path, kind):
    rows = [{"text": "No.", "article": at, "id": at, "actor": math.nan} for at in (0, 0, 1)]
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    else:
        (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    texts, _ = read(tmp_path, fields=["id", "actor"])
    assert [(one.group, one.actor, one.kept) for one in texts] == [
        ("0", "", {"id": 0}),
        ("0", "", {"id": 0}),
        ("1", "", {"id": 1}),
    ]
    (tmp_path / "ids.jsonl").write_text('{"text": "No.", "id": 0}')
    assert read(tmp_path / "ids.jsonl")[0][0].group == "0"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (r'{"text": "a \ud83d half"}', r"field text holds half a character: '\ud83d'"),
        (r'{"text": "No.", "party": "\ud800"}', "field party holds half a character"),
        (r'{"text": "No.", "party": {"a": ["\ud800"]}}', "field party holds half a character"),
        (r'{"text": "No.", "title": "\ud800"}', "field title holds half a character"),
        (r'{"w\ud800": "No."}', r"no field text; seen: w\ud800"),
        (
            '{"text": "No.", "party": Infinity}',
            "field party holds inf, which JSON has no number for",
        ),
        ('{"text": "No.", "party": [NaN]}', "field party holds nan"),
        ('{"text": "No.", "actor": ["Peru"]}', "field actor is a list or an object"),
        ('{"text": "No.", "text": "Yes."}', "it has more than once: text"),
        ('{"text": "No.", "party": ' + "9" * 5000 + "}", "not readable: Exceeds the limit"),
    ],
)
def test_rows_that_could_not_be_written_are_rejected_and_the_others_read(tmp_path, row, reason):
    (tmp_path / "rows.jsonl").write_text(f'{row}\n{{"text": "Yes."}}')
    [text], [rejected] = read(tmp_path / "rows.jsonl", fields=["party"])
    assert text.article.text == "Yes." and rejected.line == 1 and reason in rejected.reason
    f"{text}{rejected}".encode()


def test_what_parquet_can_hold_and_python_or_json_cannot(tmp_path):
    days = pyarrow.array([18_000, 2_000_000_000, 18_001], pyarrow.date32())
    deep = [[{"of": datetime.date(2020, 1, 2), "is": decimal.Decimal("1.50")}]] * 3
    columns = {
        "text": ["No."] * 3,
        "date": days,
        "deep": deep,
        "raw": [b"Per\xc3\xba", b"ok", b"\xff"],
        "other": days,
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "rows.parquet")
    [text], rejected = read(tmp_path, fields=["deep", "raw", "date"])
    kept = {"deep": [{"of": "2020-01-02", "is": "1.50"}], "raw": "Perú", "date": "2019-04-14"}
    assert text.kept == kept and text.article.date == "2019-04-14"
    assert [(one.line, one.rest) for one in rejected] == [(2, False), (3, False)]
    assert "cannot be read" in rejected[0].reason and "raw holds bytes" in rejected[1].reason
    # A column that nobody asked for is not read.
    assert len(read(tmp_path / "rows.parquet", fields=[])[0]) == 2


def test_parquet_texts_are_bounded_like_others(tmp_path, monkeypatch):
    monkeypatch.setattr(input_text, "MAX_TEXT_BYTES", 1000)
    pyarrow.parquet.write_table(
        pyarrow.table({"text": ["x" * 1001, "No."]}), tmp_path / "rows.parquet"
    )
    [_], [rejected] = read(tmp_path)
    assert rejected.line == 1 and "longer than" in rejected.reason
    pyarrow.parquet.write_table(
        pyarrow.Table.from_arrays([["a"], ["b"]], ["text", "text"]), tmp_path / "twice.parquet"
    )
    assert "it has more than once: text" in read(tmp_path / "twice.parquet")[1][0].reason


def test_lines_that_cannot_be_read_are_named_and_the_others_are_not_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MAX_TEXT_BYTES", 1000)
    good = '{"text": "Perú said no."}\n'.encode()
    deep = b"[" * 900 + b"]" * 90
    bad = [
        b'{"text": "caf\xe9"}',
        b"not json",
        b"[1]",
        b'{"words": "x"}',
        b'{"text": " "}',
        b"x" * 5000,
    ]
    bad += [b'{"text": "a\\u0000b"}', b"\0\0\0", b'{"text": 5}', deep]
    (tmp_path / "rows.jsonl").write_bytes(good + b"\n".join(bad) + b"\n\n" + good.strip())
    texts, rejected = read(tmp_path / "rows.jsonl")
    assert [one.article.id for one in texts] == ["rows.jsonl:1", "rows.jsonl:13"]
    assert [one.line for one in rejected] == list(range(2, 12))
    told = " ".join(one.reason for one in rejected)
    reasons = (
        "not UTF-8: byte 0xe9",
        "not JSON",
        "not a JSON object",
        "seen: words",
        "no text",
        "longer than",
        "NUL",
    )
    assert [reason for reason in reasons if reason not in told] == []


def test_faults_of_a_table(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MAX_TEXT_BYTES", 1000)
    body = 'id,text\n1,Perú said no.\n2\n3,"Two\nlines."\n4,'.encode()
    body += b"caf\xe9\n5,Chile said yes.\n"
    body += b"6," + b"x" * 3000 + b"\n7,End.\n"
    (tmp_path / "rows.csv").write_bytes(body)
    texts, rejected = read(tmp_path / "rows.csv")
    assert [one.group for one in texts] == ["1", "3", "5", "7"]
    assert [(one.line, one.reason.split()[0]) for one in rejected] == [
        (3, "1"),
        (6, "not"),
        (8, "longer"),
    ]


TABLE = {
    "u1": "Norway voted no.",
    "u2": '"Order, order! Chile welcomed it.',
    "u3": "Peru voted no.",
    "u4": 'A "levy.',
}


def test_an_open_quotation_mark_swallows_no_rows(tmp_path):
    (tmp_path / "rows.tsv").write_text(
        "id\ttext\n" + "".join(f"{key}\t{text}\n" for key, text in TABLE.items())
    )
    (tmp_path / "rows.csv").write_text(
        "id,text\n" + "".join(f"{key},{text}\n" for key, text in TABLE.items())
    )
    texts, rejected = read(tmp_path / "rows.tsv")
    assert {one.group: one.article.text for one in texts} == TABLE and rejected == []
    [text], [rejected] = read(tmp_path / "rows.csv")
    assert text.group == "u1" and (rejected.line, rejected.rest) == (3, True)
    assert rejected.reason == (
        "not CSV: a quotation mark inside a quoted cell has to be written twice (line 5); nothing from here on was read"
    )
    (tmp_path / "end.csv").write_text('id,text\n1,No.\n2,"Yes.\n3,No.\n')
    assert "a quotation mark is not closed (line 4)" in read(tmp_path / "end.csv")[1][0].reason


def test_tables_of_tabs(tmp_path):
    lines = [
        '1\t"He said ""no"", twice"',
        '2\t"Order" he said',
        '3\t"Two',
        'lines."',
        '4\t""',
        "",
        '5\t"End',
    ]
    (tmp_path / "rows.tsv").write_text("id\ttext\n" + "\r\n".join(lines))
    texts, rejected = read(tmp_path / "rows.tsv")
    texts_read = ['He said "no", twice', '"Order" he said', "Two\r\nlines.", '"End']
    assert [one.article.text for one in texts] == texts_read
    assert [(one.line, one.reason) for one in rejected] == [(6, "no text")]


def test_a_cell_of_tabs_that_is_never_closed_loses_its_row_alone(tmp_path):
    (tmp_path / "rows.tsv").write_text('id\ttext\tday\n1\t"Two\nlines.\n2\tPeru said no.\t3\n')
    [text], rejected = read(tmp_path / "rows.tsv")
    assert text.group == "2" and [one.line for one in rejected] == [2, 3]
    assert "opens a cell and is not closed" in rejected[0].reason


def test_a_cell_too_long_is_not_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MAX_TEXT_BYTES", 1000)
    (tmp_path / "a.csv").write_text('text\nNo.\n"' + "so he said\n" * 200 + '"\nYes.\n')
    (tmp_path / "b.csv").write_text('text\nNo.\n"' + "x" * 2000 + '\nx"\nYes.\n')
    texts, rejected = read(tmp_path)
    assert [one.article.text for one in texts] == ["No.", "No."]
    assert [(one.line, one.rest, "longer than" in one.reason) for one in rejected] == [
        (3, True, True)
    ] * 2


def test_the_limit_on_cells_is_the_same_whoever_set_it(tmp_path):
    (tmp_path / "rows.csv").write_text("text\n" + "No. " * 50_000)
    before = csv.field_size_limit(1000)
    try:
        [text], _ = read(tmp_path)
    finally:
        csv.field_size_limit(before)
    assert len(text.article.text) == 200_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.csv", 'id;text;n\np;"Peru; or: ""no"".";0,5\n'),
        ("rows.csv", '\nid\ttext\np\t"Peru; or: ""no""."\n'),
        ("rows.tsv", 'id,text\np,"Peru; or: ""no""."\n'),
        ("rows.csv", 'id,text,,\np,"Peru; or: ""no"".",,\n,,,\n,,,\n'),
    ],
)
def test_separators_as_spreadsheets_write_them(tmp_path, name, data):
    (tmp_path / name).write_text(data)
    [text], rejected = read(tmp_path)
    assert (text.group, text.article.text, rejected) == ("p", 'Peru; or: "no".', [])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("Perú – “no”".encode("cp1252"), "CP-1252"),
        ("Perú \x81".encode("latin-1"), "Latin-1"),
        ("Perú".encode("utf-16"), None),
        ("Perú".encode("utf-16-le"), "UTF-16-LE"),
        ("\ufeffPerú".encode(), None),
    ],
)
def test_the_encoding_is_recognised_and_told(tmp_path, caplog, data, told):
    (tmp_path / "note.txt").write_bytes(data)
    [text], _ = read(tmp_path)
    assert text.article.text.startswith("Perú") and "\ufeff" not in text.article.text
    assert (f"is read as {told}; if letters" in caplog.text) == bool(told)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("rows.csv", b"id,text,id\np,No.,q\n", "its header has more than once: id"),
        ("rows.csv", b"id~words\np~No.\n", "no column text; its header has: id~words"),
        ("rows.csv", b"id,texts\np,No.\n", "no column text (is texts meant?); its header has: id"),
        ("rows.csv", b"PK\x03\x04", "a zip archive or a workbook, not text"),
        ("rows.csv", b"id,text\rp,No.\r", "a line ends in a carriage return alone"),
        (
            "rows.csv",
            "id,te\xfft\np,Perú, Perú.\n".encode().replace(b"\xc3\xbf", b"\xff"),
            "its header is not UTF-8",
        ),
        ("rows.parquet", b"PAR1", "not Parquet"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_named_once(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    texts, [rejected] = read(tmp_path)
    assert texts == [] and reason in rejected.reason


def test_bytes_that_are_not_utf_8_do_not_open_a_cell(tmp_path):
    data = 'id,text\n1,"caf\xe9 said\nno, yes"\n2,Perú, no.\n'.encode("latin-1")
    (tmp_path / "rows.csv").write_bytes(data.replace(b"\xfa, no", "ú; así".encode()))
    [text], [rejected] = read(tmp_path)
    assert text.group == "2" and (rejected.line, rejected.reason) == (2, "not UTF-8: byte 0xe9")


def test_damaged_archives_never_stop_the_rest(tmp_path):
    random_ = random.Random(0)
    whole = gzip.compress(LINES.encode() * 50, mtime=0)
    for at in range(40):
        data = bytearray(whole)
        for _ in range(8):
            data[random_.randrange(10, len(data))] = random_.randrange(256)
        (tmp_path / f"{at:02}.jsonl.gz").write_bytes(data)
    (tmp_path / "end.txt").write_text("No.")
    texts, rejected = read(tmp_path)
    assert texts[-1].article.id == "end" and len({one.file for one in rejected}) > 30


def test_truncated_and_wrongly_named_files(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES.encode())[:-12])
    (tmp_path / "b.jsonl.gz").write_text(LINES)
    (tmp_path / "c.txt").write_bytes("Perú".encode("utf-16"))
    (tmp_path / "d.jsonl").write_text(LINES)
    texts, rejected = read(tmp_path)
    assert {one.article.source for one in texts} >= {"d.jsonl"}
    assert [one.file for one in rejected] == ["a.jsonl.gz", "b.jsonl.gz"]
    assert all("cannot be read" in one.reason for one in rejected)
    assert {one.article.text for one in texts} >= {"Perú"}


def test_nothing_to_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.jsonl", tmp_path / "*.txt"):
        with pytest.raises(KitError, match="there is nothing to label"):
            TextSource(path)


def test_a_bomb_and_a_giant_line_are_passed_by_in_little_memory(tmp_path):
    with gzip.open(tmp_path / "a.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"text": "Peru said no."}\n')
    (tmp_path / "b.txt.gz").write_bytes((tmp_path / "a.jsonl.gz").read_bytes())
    code = (
        "import resource, sys\nfrom stancekit.labelling.sources import TextSource\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = [type(one).__name__ for one in TextSource(sys.argv[1])]\n"
        "print(*found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    *found, megabytes = done.stdout.split()
    assert found == ["RejectedRow", "InputText", "RejectedRow"] and int(megabytes) < 100
