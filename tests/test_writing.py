"""Files are written whole or not at all, whatever is in the way."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import (
    LONGEST_NAME,
    file_name,
    lock,
    make_folder,
    replacing_file,
    write_bytes,
    write_json,
    write_jsonl,
    write_text,
    writing,
)


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "/etc/passwd", "../../x", "a/b", "~", "C:\\x", "\x00", "\ud800", ".hidden"],
)
def test_a_name_stays_in_its_folder(name, tmp_path):
    made = file_name(name)
    assert (
        made
        and not made.startswith(".")
        and (tmp_path / made).resolve().parent == tmp_path.resolve()
    )


def test_long_names_are_cut_and_stay_apart(tmp_path):
    names = [file_name(text * 300 + end) for text in ("x", "李") for end in ("a", "b")]
    assert len(set(names)) == 4 and all(len(name.encode()) <= LONGEST_NAME for name in names)
    for name in names:
        make_folder(tmp_path / name)
    assert file_name("stance-logreg-0") == "stance-logreg-0"


def test_a_block_s_own_errors_pass_as_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), replacing_file(tmp_path / "out"):
        (tmp_path / "source").read_text()
    with pytest.raises(ConnectionResetError), replacing_file(tmp_path / "out"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("full", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_leaves_the_old_file(full, tmp_path):
    (tmp_path / "out").write_text("old")
    told = r"cannot write .*out: .*; free space, or choose a place"
    with pytest.raises(KitError, match=told), replacing_file(tmp_path / "out") as temporary:
        temporary.write_text("half")
        raise OSError(full, os.strerror(full))
    assert [path.name for path in tmp_path.iterdir()] == ["out"] and (
        tmp_path / "out"
    ).read_text() == "old"


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    within = tmp_path / "file" / "below"
    for write in (
        lambda: make_folder(within),
        lambda: write_bytes(within / "x", b""),
        lambda: lock(within / ".lock").__enter__(),
        lambda: write_text(tmp_path / ("x" * 300), ""),
    ):
        with pytest.raises(
            KitError, match=r"cannot write .*(Not a directory|File name too long|File exists)"
        ):
            write()
    with pytest.raises(KitError, match=r"cannot write .*: No such file"), writing(tmp_path / "a"):
        (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(KitError, match=r"cannot write .*Is a directory"):
        write_text(tmp_path, "")


def test_the_file_is_synced_before_it_counts(tmp_path, monkeypatch):
    seen = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append("fsync"), fsync(handle)))
    monkeypatch.setattr(
        Path, "replace", lambda own, target: (seen.append("replace"), replace(own, target))[1]
    )
    write_text(tmp_path / "out", "new")
    assert seen == ["fsync", "replace"] and (tmp_path / "out").read_text() == "new"


def test_what_a_killed_write_leaves_behind_is_in_nobody_s_way(tmp_path):
    (tmp_path / ".out.abc.tmp").write_text("half")
    write_text(tmp_path / "out", "new")
    assert (tmp_path / "out").read_text() == "new"


ROWS = [{"text": "half \ud83d an emoji"}, {"text": "a\u2028b\u2029c\x85d\ne"}, {"text": "Perú 🎉"}]


def test_json_loses_nothing(tmp_path):
    write_jsonl(tmp_path / "rows.jsonl", ROWS)
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == ROWS and "Perú 🎉" in lines[2]
    write_json(tmp_path / "rows.json", ROWS)
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8")) == ROWS


def test_json_has_no_nan(tmp_path):
    for write in (write_json, lambda path, value: write_jsonl(path, [value])):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(tmp_path / "x", {"value": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_in_a_text_is_named(tmp_path):
    with pytest.raises(
        KitError,
        match=r"cannot write .*page.html: '\\ud83d' is half a character.*it is part of 'the half",
    ):
        write_text(tmp_path / "page.html", "the half \ud83d")


def test_a_list_in_an_error_is_short_and_cannot_control_the_terminal():
    shown = listing(["\x1b[2J" + "x" * 300, "\u202eabc", "\ud800", *range(50)])
    assert len(shown) < 250 and shown.endswith("and 45 more")
    assert shown.isprintable() and shown.encode() and shown.startswith("\\x1b[2Jx")
    assert printable("Côte d’Ivoire, 李明 🎉") == "Côte d’Ivoire, 李明 🎉"


def test_a_lock_is_waited_for_and_said(tmp_path, caplog):
    code = (
        "import sys, time; from stancekit.fileio import lock\n"
        "with lock(sys.argv[1]): print('held', flush=True); time.sleep(0.5)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "a" / ".lock")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        start = time.monotonic()
        with lock(tmp_path / "a" / ".lock", doing="this run"):
            assert time.monotonic() - start > 0.2
    assert "waiting for another process that does this run" in caplog.text
