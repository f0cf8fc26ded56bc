"""The store: what arrived is there, whatever happens; what is shared has no text."""

import sqlite3
import subprocess
import sys
import zlib

import pytest

from stancekit.errors import KitError
from stancekit.models.llm.questions import ChatQuestion, request_body, request_key
from stancekit.models.llm.replies import ReplyStore

QUESTION = ChatQuestion("row 1", "hash", "AB", (0, 1), (("user", "Peru left the room."),))
BODY = request_body(QUESTION, "m", "logprobs")
KEY = request_key(BODY)


def keep(store, question=QUESTION, body=BODY, reply='{"choices": []}'):
    store.keep(question, body, reply, mode="logprobs", seconds=0.5, tokens=(7, 1))


def test_what_was_kept_is_read_back(tmp_path):
    store = ReplyStore(tmp_path / "new" / "r.sqlite")
    assert KEY not in store and store.get(KEY) is None and store.begin(KEY) and not store.begin(KEY)
    keep(store)
    assert not store.begin(KEY)
    assert KEY in store and store.get(KEY) == '{"choices": []}' and len(store) == 1
    (row,) = store.to_frame().to_dict("records")
    assert row["request"] == BODY.decode() and row["example"] == "row 1"
    assert (row["seconds"], row["tokens_read"], row["tokens_written"]) == (0.5, 7, 1)
    assert store.under_way == 0 and store.begin(b"other") and store.under_way == 1
    store.give_up(b"other")
    assert store.under_way == 0 and store.begin(b"other")


def test_a_killed_process_loses_no_reply_and_what_was_under_way_is_known(tmp_path):
    code = f"""
import os, sys
sys.path.insert(0, {str(tmp_path)!r})
from pathlib import Path
from stancekit.models.llm.questions import ChatQuestion
from stancekit.models.llm.replies import ReplyStore
store = ReplyStore(Path({str(tmp_path / "r.sqlite")!r}))
question = ChatQuestion("row 1", "hash", "AB", (0, 1), ())
for number in range(20):
    store.begin(b"%d" % number)
for number in range(17):
    store.keep(question, b"body %d" % number, "{{}}", mode="votes", seconds=0, tokens=(0, 0))
    store._database.execute("DELETE FROM sent WHERE key = ?", (b"%d" % number,))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    store = ReplyStore(tmp_path / "r.sqlite")
    assert len(store) == 17 and store.under_way == 3
    store.give_up_all()
    assert len(store) == 17 and store.under_way == 0


def test_a_copy_to_share_has_no_text_and_can_be_replayed(tmp_path):
    store = ReplyStore(tmp_path / "r.sqlite")
    store.note({"mode": "logprobs"})
    keep(store)
    store.copy_without_texts(tmp_path / "shared.sqlite")
    assert [path.name for path in tmp_path.glob("shared*")] == ["shared.sqlite"]
    assert b"Peru" not in (tmp_path / "shared.sqlite").read_bytes()
    copy = ReplyStore(tmp_path / "shared.sqlite", read_only=True)
    assert copy.get(KEY) == '{"choices": []}' and copy.facts["mode"] == "logprobs"
    (row,) = copy.rows()
    assert row["request"] is None and row["example"] == "row 1"
    # Nothing is left beside it: a sealed folder would be refused.
    assert [path.name for path in tmp_path.glob("shared*")] == ["shared.sqlite"]
    other = ReplyStore(tmp_path / "other.sqlite")
    assert other.adopt(copy, KEY, BODY) and not other.adopt(copy, b"none", b"")
    assert next(other.rows())["request"] == BODY.decode()


def test_what_is_no_store_is_told(tmp_path):
    (tmp_path / "text").write_text(
        "no database at all, and longer than a header of one would be" * 9
    )
    with pytest.raises(KitError, match="cannot be used as a store of replies"):
        ReplyStore(tmp_path / "text")
    with pytest.raises(KitError, match="there is no store of replies"):
        ReplyStore(tmp_path / "none", read_only=True)
    store = ReplyStore(tmp_path / "old")
    store.note({"format": "0"})
    store.close()
    with pytest.raises(KitError, match="format 0, and this version reads 1"):
        ReplyStore(tmp_path / "old")


@pytest.mark.parametrize(
    "packed", [b"not packed", zlib.compress(b"0" * 20_000_000), "text", zlib.compress(b"\xff")]
)
def test_a_damaged_reply_is_told(tmp_path, packed):
    store = ReplyStore(tmp_path / "r.sqlite")
    keep(store)
    store._database.execute("UPDATE replies SET reply = ?", (packed,))
    with pytest.raises(KitError, match=r"r.sqlite is damaged"):
        store.get(KEY)


def test_writes_of_a_full_disk_are_no_half_replies(tmp_path):
    store = ReplyStore(tmp_path / "r.sqlite")
    store.begin(KEY)
    store._database.execute(
        "CREATE TRIGGER full BEFORE DELETE ON sent BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.Error, match="full"):
        keep(store)
    assert KEY not in store
