"""Which parts of an archive are done, with a digest of their texts and their files."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.fileio import json_line, sha256, write_text, writing
from stancekit.labelling.tally import Tally


class Ledger:
    """A file with a line of JSON per part that is done, which grows as parts are done.

    Parameters
    ----------
    path
        The file, in the folder of the parts. A last line that a killed process left half-written
        does not count.

    Raises
    ------
    KitError
        When the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts: dict[int, dict[str, Any]] = {}
        if not path.exists():
            return
        try:
            for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
                row = json.loads(line)
                self.parts[row["part"]] = row
        except (ValueError, KeyError, TypeError):
            raise KitError(
                f"{path} is damaged; remove it, and the same command labels all parts again"
            ) from None
        self._write()

    def done(self, number: int, texts: str) -> bool:
        """Say whether a part is labelled, and its files are as they were written.

        Parameters
        ----------
        texts
            The digest of its texts.

        Raises
        ------
        KitError
            When other texts were labelled, or a file of it was altered.
        """
        row = self.parts.get(number)
        if row is None:
            return False
        if row["texts"] != texts:
            raise KitError(
                f"{self.path.parent} holds labels of other texts: part {number} was labelled before the input changed; "
                "choose another folder with output=, or remove this one"
            )
        for name, digest in row["files"].items():
            file = self.path.parent / name
            if not file.exists():
                return False
            if sha256(file) != digest:
                raise KitError(
                    f"{file} is not as it was written; remove it, and the same command labels it again"
                )
        return True

    def add(self, number: int, texts: str, files: Mapping[Path, bytes], tally: Tally) -> None:
        """Note that a part is done."""
        digests = {
            path.relative_to(self.path.parent).as_posix(): hashlib.sha256(data).hexdigest()
            for path, data in files.items()
        }
        row = {"part": number, "texts": texts, "files": digests}
        self.parts[number] = row | asdict(tally)
        with writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json_line(self.parts[number]) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def tally(self) -> Tally:
        """Return what was counted in all parts."""
        whole = Tally()
        for row in self.parts.values():
            whole += Tally(**{key: row.get(key, 0) for key in asdict(whole)})
        return whole

    def close(self) -> None:
        """Sort the lines by part, whichever was done first."""
        self.parts = {number: self.parts[number] for number in sorted(self.parts)}
        self._write()

    def _write(self) -> None:
        write_text(self.path, "".join(f"{json_line(row)}\n" for row in self.parts.values()))
