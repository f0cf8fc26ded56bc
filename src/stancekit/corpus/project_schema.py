"""The file of an annotation project: its tables, and opening it, also while it is written."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stancekit.errors import KitError

PROJECT_SUFFIX = ".db"
# The letters "stan" as a number: by it `file` and others tell a project from other SQLite files.
APPLICATION_ID = 0x7374616E
PROJECT_FORMAT = 1
# Seconds to wait for another process that writes.
BUSY_SECONDS = 10.0
TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE codebooks (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL, content TEXT NOT NULL, added TEXT NOT NULL
) STRICT;
CREATE TABLE items (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, article TEXT NOT NULL, text TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL,
    actor TEXT, actor_start INTEGER, actor_end INTEGER, actor_code TEXT,
    target TEXT, target_start INTEGER, target_end INTEGER,
    probability REAL, batch INTEGER NOT NULL, round INTEGER NOT NULL, kind TEXT NOT NULL,
    fields TEXT NOT NULL, suggested TEXT NOT NULL, gold TEXT NOT NULL
) STRICT;
CREATE INDEX items_in_order ON items (round, kind, number);
CREATE TABLE annotators (
    name TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, role TEXT NOT NULL, added TEXT NOT NULL
) STRICT;
CREATE TABLE judgements (
    number INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL REFERENCES items (number),
    annotator TEXT NOT NULL REFERENCES annotators (name), action TEXT NOT NULL,
    codes TEXT NOT NULL, unsure INTEGER NOT NULL, note TEXT NOT NULL, finding TEXT NOT NULL,
    marked TEXT NOT NULL, repeat INTEGER NOT NULL, suggestion TEXT NOT NULL, revised TEXT,
    seconds REAL, at TEXT NOT NULL, hashes TEXT NOT NULL, request TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX judgements_of ON judgements (annotator, item, repeat, number);
CREATE INDEX judgements_since ON judgements (annotator, number, item, repeat, action);
CREATE INDEX judgements_on ON judgements (item, number);
CREATE TRIGGER judgements_stay BEFORE UPDATE ON judgements
BEGIN SELECT raise(ABORT, 'judgements are only added to'); END;
CREATE TRIGGER judgements_remain BEFORE DELETE ON judgements
BEGIN SELECT raise(ABORT, 'judgements are only added to'); END;
"""
_MAGIC = b"SQLite format 3\x00"
_ADVICE = "give the .db file that stancekit annotate wrote, or a copy of it from before"


def make_tables(path: Path) -> None:
    """Write an empty project to a new file."""
    with project_errors(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.executescript(f"BEGIN; {TABLES} COMMIT;")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {PROJECT_FORMAT}")
        finally:
            connection.close()


def open_project(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file of a project; any thread may use the connection, one at a time.

    Raises
    ------
    KitError
        When there is no such file, it is no project, is damaged, or a newer version wrote it.
    """
    _check_header(path)
    with project_errors(path):
        connection = sqlite3.connect(
            _address(path, read_only=read_only),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _check_version(connection, path)
            _prepare(connection, read_only=read_only)
        except BaseException:
            connection.close()
            raise
    return connection


def is_database(path: Path) -> bool:
    """Say whether a file is an SQLite file, as projects are, whatever its name.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _check_header(path: Path) -> None:
    try:
        is_project_file = is_database(path)
    except FileNotFoundError:
        raise KitError(
            f"there is no file {path}; stancekit annotate {path} rows=sample.csv makes it"
        ) from None
    except OSError as error:
        raise KitError(f"cannot read {path}: {error.strerror}; {_ADVICE}") from None
    if not is_project_file:
        raise KitError(f"{path} is no annotation project: it is not an SQLite file; {_ADVICE}")


def _address(path: Path, *, read_only: bool) -> str:
    address = path.resolve().as_uri()
    if not read_only:
        return f"{address}?mode=rw"
    # In a folder that cannot be written there is no place for what readers of a file share.
    shared = waiting_file(path).exists() or os.access(path.parent, os.W_OK)
    return f"{address}?mode=ro" if shared else f"{address}?mode=ro&immutable=1"


def waiting_file(path: Path) -> Path:
    """Return the file beside a project's with what was written lately; it goes when all have closed."""
    return path.with_name(f"{path.name}-wal")


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise KitError(
            f"{path} is no annotation project: it is an SQLite file of another program; {_ADVICE}"
        )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > PROJECT_FORMAT:
        raise KitError(
            f"{path} has format {version} of annotation projects, and this stancekit reads up to "
            f"{PROJECT_FORMAT}; install a newer stancekit: pip install -U stancekit"
        )
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    tables = {"settings", "codebooks", "items", "annotators", "judgements"}
    if missing := sorted(tables - present):
        raise KitError(f"{path} is damaged: it has no table {', '.join(missing)}; {_ADVICE}")


def _prepare(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA trusted_schema = OFF")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return
    # Readers go on while one process writes; what was answered is on the disk.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def project_errors(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite in the block into a `KitError` about a project.

    Raises
    ------
    KitError
        When the file is damaged, locked, or cannot be written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = str(error)
        if "locked" in reason or "busy" in reason:
            raise KitError(
                f"{path} is being written by another program for {BUSY_SECONDS:.0f} seconds "
                f"({reason}); end it, or try again"
            ) from None
        raise KitError(
            f"cannot use {path}: {reason}; free space, choose a place that can be written, or "
            f"{_ADVICE}"
        ) from None
    except sqlite3.DatabaseError as error:
        raise KitError(f"{path} is damaged: {error}; {_ADVICE}") from None
