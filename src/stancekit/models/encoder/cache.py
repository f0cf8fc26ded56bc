"""Embeddings on disk, by what was embedded: one row of plain numbers per input."""

import hashlib
import json
import os
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from stancekit.models.encoder.inputs import Ids

EmbeddingRows = NDArray[np.float32]
# SQLite allows 999 parameters in its oldest builds.
CHUNK = 500


def cache_folder() -> Path:
    """Return where the cache lies: `STANCEKIT_CACHE`, or the system's place for caches."""
    if given := os.environ.get("STANCEKIT_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "stancekit"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "stancekit"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stancekit"


class EmbeddingCache:
    """The embeddings of one encoder, in a SQLite file: what a call reads and writes grows with what it asks for alone.

    A row that does not fit its sum is made anew, as is a file that is no database; one that cannot
    be read or written is done without. Processes may share it.

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
        """Return the embeddings of inputs, shape (inputs, width); `embed` makes those that are missing."""
        keys = [hashlib.sha256(json.dumps(one, sort_keys=True).encode()).digest() for one in ids]
        known = self._read(list(dict.fromkeys(keys)))
        missing = {key: one for key, one in zip(keys, ids, strict=True) if key not in known}
        if missing:
            fresh = dict(zip(missing, embed(list(missing.values())), strict=True))
            self._write(fresh)
            known |= fresh
        return np.stack([known[key] for key in keys])

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, EmbeddingRows]:
        found: dict[bytes, EmbeddingRows] = {}
        with self._sound(), closing(self._connect()) as base:
            for at in range(0, len(keys), CHUNK):
                some = keys[at : at + CHUNK]
                marks = ",".join("?" * len(some))
                for key, total, row in base.execute(
                    f"SELECT * FROM rows WHERE key IN ({marks})", some
                ):
                    if zlib.crc32(row) == total:
                        found[key] = np.frombuffer(row, dtype="<f4")
        # Rows of one encoder are equally long.
        return found if len({len(row) for row in found.values()}) <= 1 else {}

    def _write(self, fresh: Mapping[bytes, EmbeddingRows]) -> None:
        rows = ((key, row.astype("<f4").tobytes()) for key, row in fresh.items())
        with self._sound(), closing(self._connect()) as base, base:
            base.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
                ((k, zlib.crc32(row), row) for k, row in rows),
            )

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(self.path, timeout=60)
        base.execute(
            "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, sum INTEGER, row BLOB) WITHOUT ROWID"
        )
        return base

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """End a block in silence where the file cannot be used, and remove one that is damaged."""
        try:
            yield
        except (sqlite3.Error, TypeError, ValueError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
        except OSError:
            return
