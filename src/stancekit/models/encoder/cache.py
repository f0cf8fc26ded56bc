"""Embeddings on disk, by what was embedded: one row of plain numbers per input."""

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from stancekit.models.encoder.inputs import Ids

EmbeddingRows = NDArray[np.float32]
# SQLite allows 999 parameters in its oldest builds.
MAX_KEYS = 500


def cache_folder() -> Path:
    """Return the folder of the cache: `STANCEKIT_CACHE`, or the system's place for caches."""
    if folder := os.environ.get("STANCEKIT_CACHE"):
        return Path(folder)
    return user_cache_path("stancekit", appauthor=False)


class EmbeddingCache:
    """The embeddings of one encoder, in a SQLite file: a call reads and writes no more rows than it asks for.

    A row that does not fit its sum is computed again, and so is a file that is no database; without
    a file that can be read and written, embeddings are computed each time. Processes may share it.

    Parameters
    ----------
    fingerprint
        Names the encoder's weights, and how its products are made.
    """

    def __init__(self, fingerprint: str) -> None:
        self.path = cache_folder() / "embeddings" / f"{fingerprint}.sqlite"

    def get(
        self, ids: Sequence["Ids"], embed: Callable[[Sequence["Ids"]], EmbeddingRows]
    ) -> EmbeddingRows:
        """Return the embeddings of inputs, shape (inputs, width); `embed` computes those that are missing."""
        keys = [hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest() for row in ids]
        known = self._read(list(dict.fromkeys(keys)))
        missing = {key: row for key, row in zip(keys, ids, strict=True) if key not in known}
        if missing:
            fresh = dict(zip(missing, embed(list(missing.values())), strict=True))
            self._write(fresh)
            known |= fresh
        return np.stack([known[key] for key in keys])

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, EmbeddingRows]:
        rows: dict[bytes, EmbeddingRows] = {}
        with self._repairing(), closing(self._connect()) as database:
            for start in range(0, len(keys), MAX_KEYS):
                batch = keys[start : start + MAX_KEYS]
                marks = ",".join("?" * len(batch))
                query = f"SELECT * FROM rows WHERE key IN ({marks})"  # noqa: S608  # marks alone
                for key, total, row in database.execute(query, batch):
                    if zlib.crc32(row) == total:
                        rows[key] = np.frombuffer(row, dtype="<f4")
        # Rows of one encoder are equally long.
        return rows if len({len(row) for row in rows.values()}) <= 1 else {}

    def _write(self, fresh: Mapping[bytes, EmbeddingRows]) -> None:
        data = {key: row.astype("<f4").tobytes() for key, row in fresh.items()}
        with self._repairing(), closing(self._connect()) as database, database:
            database.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
                [(key, zlib.crc32(row), row) for key, row in data.items()],
            )

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, timeout=60)
        database.execute(
            "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, sum INTEGER, row BLOB) WITHOUT ROWID"
        )
        return database

    @contextmanager
    def _repairing(self) -> Iterator[None]:
        """End a block without an error where the file cannot be used, and remove one that is damaged."""
        try:
            yield
        except (sqlite3.Error, TypeError, ValueError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
        except OSError:
            return
