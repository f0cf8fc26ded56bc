"""Embeddings on disk, by what was embedded: one row of plain numbers per input."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from stancekit.files import replacing
from stancekit.models.encoder.inputs import Ids

Rows = NDArray[np.float32]


def folder() -> Path:
    """Return where the cache lies: `STANCEKIT_CACHE`, or the system's place for caches."""
    if given := os.environ.get("STANCEKIT_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "stancekit"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "stancekit"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stancekit"


class Cache:
    """The embeddings of one encoder: a file of rows and a file of the SHA-256 sums that name them.

    A cache that cannot be read, or does not fit its sums, is made anew; one that cannot be written is done
    without.

    Parameters
    ----------
    fingerprint
        Names the encoder's weights.
    """

    def __init__(self, fingerprint: str) -> None:
        self.path = folder() / "embeddings" / f"{fingerprint}.npz"

    def get(self, ids: Sequence[Ids], embed: Callable[[Sequence[Ids]], Rows]) -> Rows:
        """Return the embeddings of inputs, shape (inputs, width); `embed` makes those that are missing."""
        keys = [hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest() for one in ids]
        known = self._read()
        missing = {key: one for key, one in zip(keys, ids, strict=True) if key not in known}
        if missing:
            fresh = dict(zip(missing, embed(list(missing.values())), strict=True))
            known |= fresh
            self._add(fresh)
        return np.stack([known[key] for key in keys])

    def _read(self) -> dict[str, Rows]:
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                return dict(zip(found["keys"].tolist(), found["rows"], strict=True))
        except (OSError, ValueError, KeyError, EOFError):
            return {}
        except Exception as error:  # zipfile's own errors have no common base
            if type(error).__module__ != "zipfile":
                raise
            return {}

    def _add(self, fresh: dict[str, Rows]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Another process may have added rows since this one read.
            with FileLock(self.path.with_suffix(".lock")):
                rows = self._read() | fresh
                with replacing(self.path) as temporary, temporary.open("wb") as file:
                    np.savez(file, keys=np.array(list(rows)), rows=np.stack(list(rows.values())))
        except OSError:
            return
