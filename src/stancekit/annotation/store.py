"""The file of a project while it is open: its settings, the versions of its codebooks, its annotators."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from stancekit.annotation.records import Annotator, Role
from stancekit.annotation.settings import ProjectSettings
from stancekit.annotation.tables import codebook_hash
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import OWN_LABELS
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.corpus.project_schema import open_project, project_errors
from stancekit.errors import KitError, listing
from stancekit.fileio import json_line


class ProjectFile:
    """An open file of a project, used from any thread: one writes at a time, in this process and others.

    Attributes
    ----------
    path
        The file.
    read_only
        Whether it is opened to be read only.
    memo
        What others keep as long as the project is open.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.memo: dict[str, Any] = {}
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> Self:
        """Open a project that is there.

        Raises
        ------
        KitError
            When there is none, it is damaged, or a newer version wrote it.
        """
        file = Path(path)
        return cls(file, open_project(file, read_only=read_only), read_only=read_only)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        """Return the project itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self.close()

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock, project_errors(self.path):
            return self._connection.execute(query, values).fetchall()

    def _stream(self, query: str, *values: Any, at_once: int = 500) -> Iterator[sqlite3.Row]:
        """Yield rows without keeping them all; what is written meanwhile may be among them."""
        with self._lock, project_errors(self.path):
            cursor = self._connection.execute(query, values)
        while True:
            with self._lock, project_errors(self.path):
                rows = cursor.fetchmany(at_once)
            if not rows:
                return
            yield from rows

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the right to write during the block: all of it is written, or nothing."""
        if self.read_only:
            raise KitError(f"{self.path} is open to be read only; open it with read_only=False")
        with self._lock, project_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @property
    def settings(self) -> ProjectSettings:
        """Return the settings."""
        found = self._rows("SELECT value FROM settings WHERE key = 'settings'")
        if not found:
            raise KitError(f"{self.path} is damaged: it has no settings")
        return ProjectSettings.from_dict(json.loads(found[0]["value"]))

    def change_settings(self, **changes: Any) -> ProjectSettings:
        """Change settings, and return them all; the codebooks and `calibration` stay as they are.

        Raises
        ------
        KitError
            When a value is out of its range.
        """
        before = self.settings
        if fixed := sorted({"codebooks", "calibration", "created"} & set(changes)):
            raise KitError(f"{listing(fixed)} of a project cannot change; make another project")
        settings = ProjectSettings.from_dict(before.to_dict() | changes)
        self._set("settings", settings.to_dict())
        return settings

    def _set(self, key: str, value: Any) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json_line(value))
            )

    @property
    def codebooks(self) -> tuple[Codebook, ...]:
        """Return the codebooks as they are now, in the order in which they are asked."""
        current = {
            row["name"]: Codebook.from_dict(json.loads(row["content"]))
            for row in self._rows("SELECT name, content FROM codebooks ORDER BY rowid")
        }
        return tuple(current[name] for name in self.settings.codebooks)

    @property
    def hashes(self) -> dict[str, str]:
        """Return by codebook the hash of the version that is current."""
        rows = self._rows("SELECT name, hash FROM codebooks ORDER BY rowid")
        return {row["name"]: row["hash"] for row in rows}

    def codebook_version(self, hash_: str) -> Codebook:
        """Return the version of a codebook that has a hash.

        Raises
        ------
        KitError
            When there is none.
        """
        found = self._rows("SELECT content FROM codebooks WHERE hash = ?", hash_)
        if not found:
            raise KitError(f"{self.path} has no version {hash_!r} of a codebook")
        return Codebook.from_dict(json.loads(found[0]["content"]))

    def update_codebook(self, codebook: Codebook) -> str:
        """Make a version of a codebook the current one, and return its hash.

        Judgements by the version before keep its hash: `outdated` lists them.

        Raises
        ------
        KitError
            When the project does not ask that codebook.
        """
        names = self.settings.codebooks
        if codebook.name not in names:
            raise KitError(
                f"{self.path} has no codebook {codebook.name!r}; it has {listing(names)}"
            )
        version = codebook_hash(codebook)
        if self.hashes.get(codebook.name) != version:
            with self._writing() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO codebooks VALUES (?, ?, ?, ?)",
                    (version, codebook.name, json_line(codebook.to_dict()), now()),
                )
        return version

    @property
    def annotators(self) -> tuple[Annotator, ...]:
        """Return who judges, and who leads, in the order in which they were added."""
        rows = self._rows("SELECT * FROM annotators ORDER BY rowid")
        return tuple(Annotator(**dict(row)) for row in rows)

    def annotator(self, name: str) -> Annotator:
        """Return an annotator by name.

        Raises
        ------
        KitError
            When there is none.
        """
        found = self._rows("SELECT * FROM annotators WHERE name = ?", name)
        if not found:
            known = [person.name for person in self.annotators]
            raise KitError(
                f"{self.path} has no annotator {name!r}; it has: {listing(known) or 'none'}"
            )
        return Annotator(**dict(found[0]))

    def by_token(self, token: str) -> Annotator | None:
        """Return whose token it is, `None` where it is nobody's."""
        found = self._rows("SELECT * FROM annotators WHERE token = ?", token)
        return Annotator(**dict(found[0])) if found else None

    def add_annotator(self, name: str, role: Role = "annotator") -> Annotator:
        """Return an annotator by name, who is added where there is none.

        Raises
        ------
        KitError
            When the name is empty, or is another role's.
        """
        with self._writing() as connection:
            add_annotator_row(connection, name, role)
        return self.annotator(name)


def add_annotator_row(connection: sqlite3.Connection, name: str, role: Role) -> None:
    """Add an annotator, within a transaction, unless they are there.

    Raises
    ------
    KitError
        When the name is empty, or is another role's.
    """
    if not name.strip() or not name.isprintable():
        raise KitError(f"an annotator is called {name!r}; give a name")
    if name in (ADJUDICATED, OWN_LABELS):
        raise KitError(f"{name!r} stands for codes that are decided; give the {role} a name")
    person = Annotator(name, secrets.token_urlsafe(16), role, now())
    connection.execute("INSERT OR IGNORE INTO annotators VALUES (?, ?, ?, ?)", astuple(person))
    (there,) = connection.execute("SELECT role FROM annotators WHERE name = ?", (name,)).fetchone()
    if there != role:
        raise KitError(f"{name!r} is {there} already; give the {role} another name")


def now() -> str:
    """Return the time in UTC, as the file has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
