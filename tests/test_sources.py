"""Texts from files of every kind: what can be read is, what cannot is named, and nothing is held whole."""

import bz2
import gzip
import json
import lzma
import subprocess
import sys

import pyarrow
import pyarrow.parquet
import pytest

from stancekit.errors import KitError
from stancekit.text import rows
from stancekit.text.sources import Rejected, Source, Text

ROWS = [{"text": "Peru said no.", "id": "p"}, {"text": "Chile said yes.", "date": "2020-01-02", "title": "Levy"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def read(path, **given):
    found = list(Source(path, **given))
    texts = [one for one in found if isinstance(one, Text)]
    return texts, [one for one in found if isinstance(one, Rejected)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.jsonl", LINES.encode()),
        ("rows.jsonl", b"\xef\xbb\xbf" + LINES.encode()),
        ("rows.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
        ("rows.jsonl.bz2", bz2.compress(LINES.encode())),
        ("rows.jsonl.xz", lzma.compress(LINES.encode())),
        ("rows.csv", b'text,id,date,title\r\nPeru said no.,p,,\r\n"Chile said yes.",,2020-01-02,Levy\r\n'),
        ("rows.tsv", b"text\tid\tdate\ttitle\nPeru said no.\tp\t\t\nChile said yes.\t\t2020-01-02\tLevy\n"),
    ],
)
def test_rows_of_every_kind(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    (first, second), rejected = read(tmp_path / name)
    assert rejected == [] and (first.article.text, first.group) == ("Peru said no.", "p")
    assert second.article.topic == "Levy" and second.kept["date"] == second.article.date == "2020-01-02"
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
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere.txt")
    texts, [picture] = read(tmp_path)
    assert [one.article.id for one in texts] == ["a", "b/speech"] and texts[1].article.topic == "Levy vote"
    assert picture.file == "picture.png" and "not one of .txt" in picture.reason
    assert [one.article.id for one in read(str(tmp_path / "**" / "*.txt"))[0]] == ["a", "b/speech"]


def test_fields_are_kept_and_speakers_known(tmp_path):
    row = {"text": "No.", "actor": "Peru", "target": "the levy", "party": "APRA", "year": 1999, "article": 7}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    [[text], _] = read(tmp_path / "rows.jsonl", keep=["party", "year", "none"])
    assert (text.actor, text.target, text.group) == ("Peru", "the levy", "7")
    assert text.kept == {"party": "APRA", "year": 1999}


def test_lines_that_cannot_be_read_are_named_and_the_others_are_not_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST", 1000)
    good = b'{"text": "Peru said no."}\n'
    deep = b"[" * 900 + b"]" * 90
    bad = [b'{"text": "caf\xe9"}', b"not json", b"[1]", b'{"words": "x"}', b'{"text": " "}', b"x" * 5000]
    bad += [b'{"text": "a\\u0000b"}', b"\0\0\0", b'{"text": 5}', deep]
    (tmp_path / "rows.jsonl").write_bytes(good + b"\n".join(bad) + b"\n\n" + good.strip())
    texts, rejected = read(tmp_path / "rows.jsonl")
    assert [one.article.id for one in texts] == ["rows.jsonl:1", "rows.jsonl:13"]
    assert [one.line for one in rejected] == list(range(2, 12))
    told = " ".join(one.reason for one in rejected)
    reasons = "byte 0xe9 at offset 13", "not JSON", "not a JSON object", "seen: words", "no text", "longer than", "NUL"
    assert [reason for reason in reasons if reason not in told] == []


def test_faults_of_a_table(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST", 1000)
    body = b'id,text\n1,Peru said no.\n2\n3,"Two\nlines."\n4,caf\xe9\n5,Chile said yes.\n'
    body += b"6," + b"x" * 3000 + b"\n7,End.\n"
    (tmp_path / "rows.csv").write_bytes(body)
    texts, rejected = read(tmp_path / "rows.csv")
    assert [one.group for one in texts] == ["1", "3", "5", "7"]
    assert [(one.line, one.reason.split()[0]) for one in rejected] == [(3, "1"), (6, "not"), (8, "longer")]


def test_truncated_and_wrongly_named_files(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES.encode())[:-12])
    (tmp_path / "b.jsonl.gz").write_text(LINES)
    (tmp_path / "c.txt").write_bytes("Perú".encode("utf-16"))
    (tmp_path / "d.jsonl").write_text(LINES)
    texts, rejected = read(tmp_path)
    assert {one.article.source for one in texts} >= {"d.jsonl"}
    assert [one.file for one in rejected] == ["a.jsonl.gz", "b.jsonl.gz", "c.txt"]
    assert all("cannot be read" in one.reason or "UTF-8" in one.reason for one in rejected)


def test_nothing_to_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.jsonl", tmp_path / "*.txt"):
        with pytest.raises(KitError, match="there is nothing to label"):
            Source(path)


def test_a_bomb_and_a_giant_line_are_passed_by_in_little_memory(tmp_path):
    with gzip.open(tmp_path / "a.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"text": "Peru said no."}\n')
    (tmp_path / "b.txt.gz").write_bytes((tmp_path / "a.jsonl.gz").read_bytes())
    code = (
        "import resource, sys\nfrom stancekit.text.sources import Source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = [type(one).__name__ for one in Source(sys.argv[1])]\n"
        "print(*found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    *found, megabytes = done.stdout.split()
    assert found == ["Rejected", "Text", "Rejected"] and int(megabytes) < 100
