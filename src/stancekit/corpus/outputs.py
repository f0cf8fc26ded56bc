"""Whether a file that a command is to write may take the place of one that is there."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path

from stancekit.corpus.formats import BROKEN, ROWS, is_known, read_rows
from stancekit.corpus.project_schema import is_database
from stancekit.corpus.requests import RowFault
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import write_bytes, write_text

# Rows that say of a table what it is.
_HEAD = 1_000
# What the head of every page of results has.
_RESULT_MARK, _RESULT_HEAD = b" \xe2\x80\x93 stancekit</title>", 4_000


def check_output(
    path: str | Path,
    what: str,
    is_own: Callable[[Path], bool],
    *,
    inputs: Iterable[object] = (),
    key: str = "output",
) -> None:
    """Refuse to write over a file that the same command has not written: it would be lost.

    Parameters
    ----------
    path
        The file to write; one that is not there, or is empty, may be written.
    what
        What the command writes, as in `a table of alpha`.
    is_own
        Whether a file that is there is of that kind.
    inputs
        What is read; paths among them are never written over.
    key
        The argument that named the file, for the message.

    Raises
    ------
    KitError
        When the file is an input, a folder, a database, or of another kind.
    """
    file = Path(path)
    if not file.exists():
        return
    instead = f"name another file with {key}=FILE"
    if file.is_dir():
        raise KitError(f"{file} is a folder, and {what} goes to a file; {instead}")
    if any(_is_this_file(file, source) for source in inputs):
        raise KitError(f"{file} is what is read, and would be lost; {instead}")
    if is_database(file):
        raise KitError(f"{file} is a database or an annotation project, not {what}; {instead}")
    if file.stat().st_size and not is_own(file):
        raise KitError(
            f"{file} is there already, is not {what}, and would be lost; {instead}, or move it away"
        )


def _is_this_file(file: Path, source: object) -> bool:
    if not isinstance(source, str | Path):
        return False
    try:
        return Path(source).exists() and file.samefile(source)
    except (OSError, ValueError):
        # A text is no path: too long for one, or with a character that none has.
        return False


def head_rows(path: Path) -> list[RawRow] | None:
    """Return the first rows of a table, `None` for what is no table or has rows that cannot be read."""
    if not is_known(path, ROWS):
        return None
    rows: list[RawRow] = []
    try:
        for _, row in islice(read_rows(path), _HEAD):
            if isinstance(row, RowFault):
                return None
            rows.append(row)
    except (KitError, *BROKEN):
        return None
    return rows


def has_columns(names: Collection[str], *, only: bool = False) -> Callable[[Path], bool]:
    """Return what says whether a file is a table with some columns, or with `only` these.

    A table without rows has nothing to lose.
    """

    def is_such(path: Path) -> bool:
        rows = head_rows(path)
        if rows is None:
            return False
        present = {key for row in rows for key in row}
        return not rows or (present == set(names) if only else present >= set(names))

    return is_such


def begins_with(*marks: str) -> Callable[[Path], bool]:
    """Return what says whether a text file begins with one of some texts."""

    def is_such(path: Path) -> bool:
        longest = max(len(mark.encode()) for mark in marks)
        with path.open("rb") as file:
            start = file.read(longest).decode("utf-8", "replace")
        return start.startswith(marks)

    return is_such


def write_result(folder: str | Path, page: str, files: Mapping[str, str | bytes]) -> None:
    """Write a result's files into a folder, its page last.

    Parameters
    ----------
    page
        The file among them that shows by its head that a folder has such a result, which a new one may
        take the place of.
    files
        What is in each file, by name.

    Raises
    ------
    KitError
        When the folder has no such page and one of the files, which would be lost, or cannot be written.
    """
    place = Path(folder)
    there = [name for name in files if (place / name).exists()]
    if there and not _is_result(place / page):
        raise KitError(
            f"{place} has {listing(there)} already, with no {page} of an earlier result beside, and what is in "
            "it would be lost; name another folder with output=FOLDER, or move it away"
        )
    for name in sorted(files, key=lambda name: name == page):
        data = files[name]
        if isinstance(data, str):
            write_text(place / name, data)
        else:
            write_bytes(place / name, data)


def _is_result(page: Path) -> bool:
    try:
        with page.open("rb") as file:
            return _RESULT_MARK in file.read(_RESULT_HEAD)
    except OSError:
        return False
