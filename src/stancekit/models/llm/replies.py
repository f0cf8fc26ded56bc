"""The replies of a language model on disk, by what was asked: a SQLite file that needs no server to be read."""

import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stancekit.errors import KitError, printable
from stancekit.fileio import make_folder, replacing_file
from stancekit.models.llm.questions import ChatQuestion, request_key

if TYPE_CHECKING:
    import pandas

REPLIES_FILE = "replies.sqlite"
_STORE_FORMAT = "1"
# A store may come from elsewhere: a few bytes of it could be packed from more than memory holds.
_LONGEST_TEXT = 16_000_000
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS prompts (hash TEXT PRIMARY KEY, source TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (
    key BLOB PRIMARY KEY, example TEXT, prompt TEXT, letters TEXT, mode TEXT, request BLOB, reply BLOB,
    finished TEXT, seconds REAL, tokens_read INTEGER, tokens_written INTEGER
);
"""
_REPLY_COLUMNS = (
    "example, prompt, letters, mode, request, reply, finished, seconds, tokens_read, tokens_written"
)
_INSERT = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class ReplyStore:
    """Replies by the SHA-256 of their requests.

    Each reply is a transaction of its own: a process that is killed loses none that had arrived.
    What is sent is written down before, so that it is known which replies are on their way. Threads
    and processes may share a store.

    Parameters
    ----------
    path
        The file; its folder is created. With `read_only`, it has to be there and is not changed.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._database = self._checked(self._open_for_reading if read_only else self._open)

    def _open_for_reading(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise KitError(f"there is no store of replies {self.path}; name one that a run wrote")
        # Immutable: SQLite leaves no files beside it, which a sealed model folder would refuse. A log
        # of writes is there while a run goes on, or after one that was killed.
        log = self.path.with_name(f"{self.path.name}-wal")
        address = self.path.absolute().as_uri()
        place = f"{address}?mode=ro" if log.exists() else f"{address}?mode=ro&immutable=1"
        return sqlite3.connect(place, uri=True, check_same_thread=False)

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        # Every statement commits by itself unless a transaction is begun.
        database = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA journal_mode = WAL")
        # Survives the end of this process at any moment; a loss of power may cost the last replies.
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_TABLES)
        database.execute("INSERT OR IGNORE INTO facts VALUES ('format', ?)", (_STORE_FORMAT,))
        return database

    def _checked(self, connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
        try:
            database = connect()
            query = "SELECT value FROM facts WHERE name = 'format'"
            seen = (database.execute(query).fetchone() or (None,))[0]
        except sqlite3.Error as error:
            raise KitError(
                f"{self.path} cannot be used as a store of replies: {printable(error)}; free space, or move the "
                "file away and start again"
            ) from None
        if seen != _STORE_FORMAT:
            raise KitError(
                f"{self.path} is a store of format {printable(seen, most=20)}, and this version reads "
                f"{_STORE_FORMAT}; use the version that wrote it"
            )
        return database

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def __len__(self) -> int:
        """Return the number of replies."""
        with self._lock:
            return int(self._database.execute("SELECT COUNT(*) FROM replies").fetchone()[0])

    def __contains__(self, key: bytes) -> bool:
        """Say whether there is a reply to a request."""
        query = "SELECT 1 FROM replies WHERE key = ?"
        with self._lock:
            return self._database.execute(query, (key,)).fetchone() is not None

    def get(self, key: bytes) -> str | None:
        """Return the reply to a request as it came, `None` where there is none."""
        query = "SELECT reply FROM replies WHERE key = ?"
        with self._lock:
            found = self._database.execute(query, (key,)).fetchone()
        return self._unpacked(found[0]) if found else None

    def _unpacked(self, packed: bytes) -> str:
        """Return a text as it was before it was packed, up to what a reply may have."""
        opened = zlib.decompressobj()
        try:
            text = opened.decompress(packed, _LONGEST_TEXT).decode()
        except (zlib.error, TypeError, ValueError) as error:
            raise self._damaged(error) from None
        if opened.unconsumed_tail:
            raise self._damaged("a text in it is longer than any that is written")
        return text

    def _damaged(self, reason: object) -> KitError:
        return KitError(
            f"{self.path} is damaged: {printable(reason, most=100)}; get it again, or move it away and start again"
        )

    def begin(self, key: bytes) -> bool:
        """Write down that a request is about to be sent; false where it is under way or has its reply."""
        # One statement: between two, the reply to the same request could arrive.
        insert = "INSERT OR IGNORE INTO sent SELECT ? WHERE NOT EXISTS (SELECT 1 FROM replies WHERE key = ?)"
        with self._lock:
            return self._database.execute(insert, (key, key)).rowcount == 1

    def give_up(self, key: bytes) -> None:
        """Write down that no reply to a request will arrive."""
        with self._lock:
            self._database.execute("DELETE FROM sent WHERE key = ?", (key,))

    def give_up_all(self) -> None:
        """Write down that of all that is under way no reply will arrive, as who asked for it is gone."""
        with self._lock:
            self._database.execute("DELETE FROM sent")

    @property
    def under_way(self) -> int:
        """Return how many requests were sent that have no reply yet."""
        with self._lock:
            return int(self._database.execute("SELECT COUNT(*) FROM sent").fetchone()[0])

    def keep(  # one argument per column
        self,
        question: ChatQuestion,
        body: bytes,
        reply: str,
        *,
        mode: str,
        seconds: float,
        tokens: tuple[int, int],
    ) -> None:
        """Write a reply; it is on disk when this returns."""
        key = request_key(body)
        row = (
            *(key, question.example, question.prompt, question.letters, mode),
            *(zlib.compress(body), zlib.compress(reply.encode("utf-8", "backslashreplace"))),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            *(round(seconds, 4), *tokens),
        )
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.execute(_INSERT, row)
                self._database.execute("DELETE FROM sent WHERE key = ?", (key,))
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    @property
    def facts(self) -> dict[str, str]:
        """Return what is known of the model and its server, as they name themselves."""
        with self._lock:
            return dict(self._database.execute("SELECT name, value FROM facts"))

    def adopt(self, earlier: "ReplyStore", key: bytes, body: bytes) -> bool:
        """Take over a reply that another store has; false where it has none."""
        query = f"SELECT key, {_REPLY_COLUMNS} FROM replies WHERE key = ?"  # noqa: S608  # our names
        with earlier._lock:
            row = earlier._database.execute(query, (key,)).fetchone()
        if row is None:
            return False
        with self._lock:
            self._database.execute(_INSERT, _with_request(row, zlib.compress(body)))
        return True

    def note(self, facts: Mapping[str, str]) -> None:
        """Write facts of the model and its server."""
        with self._lock:
            self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def note_prompts(self, sources: Mapping[str, str]) -> None:
        """Write the texts of wordings by their hashes."""
        with self._lock:
            self._database.executemany(
                "INSERT OR IGNORE INTO prompts VALUES (?, ?)", sources.items()
            )

    def copy_without_texts(self, path: Path) -> None:
        """Write a copy that holds no text of any example: ids, hashes of requests, and replies."""
        with replacing_file(path) as temporary:
            temporary.unlink()
            fresh = ReplyStore(temporary)
            fresh.note(self.facts)
            with self._lock, closing(self._database.cursor()) as rows:
                prompts = dict(rows.execute("SELECT hash, source FROM prompts"))
                fresh.note_prompts(prompts)
                query = f"SELECT key, {_REPLY_COLUMNS} FROM replies ORDER BY key"  # noqa: S608  # our names
                bare = (_with_request(row, None) for row in rows.execute(query))
                fresh._database.execute("BEGIN")
                fresh._database.executemany(_INSERT, bare)
                fresh._database.execute("COMMIT")
            # One file, without the log of writes beside it.
            fresh._database.execute("PRAGMA journal_mode = DELETE")
            fresh.close()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what was asked and what came: requests and replies as JSON texts, a request `None` if left out."""
        query = f"SELECT {_REPLY_COLUMNS} FROM replies ORDER BY rowid"  # noqa: S608  # our names
        names = _REPLY_COLUMNS.split(", ")
        with closing(self._database.cursor()) as cursor:
            for values in cursor.execute(query):
                row = dict(zip(names, values, strict=True))
                for name in ("request", "reply"):
                    packed = row[name]
                    row[name] = self._unpacked(packed) if packed else None
                yield row

    def to_frame(self) -> "pandas.DataFrame":
        """Return the replies as a pandas DataFrame, a row each."""
        import pandas

        return pandas.DataFrame(list(self.rows()), columns=_REPLY_COLUMNS.split(", "))


def _with_request(row: tuple[Any, ...], request: bytes | None) -> tuple[Any, ...]:
    """Return a row of the table with another request, which has the text of the example."""
    at = 1 + _REPLY_COLUMNS.split(", ").index("request")
    return (*row[:at], request, *row[at + 1 :])


def describe_server(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a server says of itself as texts: plain values, and sets of plain values in a line of JSON.

    Examples
    --------
    >>> describe_server({"server": "llama.cpp", "meta": {"n_params": 135}, "permission": [{"id": "x"}]})
    {'server': 'llama.cpp', 'meta': '{"n_params": 135}'}
    """
    plain: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            plain[name] = json.dumps(value, sort_keys=True)
        elif isinstance(value, str | int | float):
            plain[name] = str(value)
    return plain
