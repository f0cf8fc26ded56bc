"""The files that an input means: one, all of a folder, or those that match a glob."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from stancekit.errors import KitError, listing

_LINK = "a link, which is not followed; name what it leads to"


@dataclass(frozen=True, slots=True)
class InputFiles:
    """Files in order of name, the folder that their names are relative to, and what was left out and why."""

    root: Path
    files: list[Path]
    left_out: list[tuple[Path, str]]

    def name(self, path: Path) -> str:
        """Return how a file is named in labels; a name that is not UTF-8 is escaped."""
        inner = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return inner.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def find_files(path: str | Path, without: Path | None = None) -> InputFiles:
    """Return a file, all files of a folder, or those that match a glob (`*`, `?`, `[…]`, and `**` for any folders).

    Hidden files and folders are not read. Links inside a folder are not followed, since they may
    lead out of it or in a circle; they are among what is left out, as are folders that cannot be
    opened.

    Parameters
    ----------
    without
        A folder not to look into.

    Raises
    ------
    KitError
        When there is no file.
    """
    place = Path(path)
    skip = without.resolve() if without else None
    if place.is_file():
        return InputFiles(place.parent, [place], [])
    parts = place.parts
    first = next((n for n, part in enumerate(parts) if set("*?[") & set(part)), len(parts))
    base, pattern = Path(*parts[:first]), parts[first:]
    if place.is_dir():
        if place.resolve() == skip:
            raise KitError(f"{path} is both input and output; choose another folder with output=")
        base, pattern = place, ("**",)
    # Sorted, so that parts of an archive hold the same texts every time.
    left_out: list[tuple[Path, str]] = []
    files = sorted(_walk(base, pattern, left_out, skip)) if pattern else []
    if not files:
        reasons = listing(f"{left}: {why}" for left, why in left_out)
        why = f" (left out: {reasons})" if reasons else ""
        raise KitError(
            f"there is nothing to label in {path}{why}; give a file, a folder, or a glob in quotation marks"
        )
    root = place if place.is_dir() else Path(os.path.commonpath([file.parent for file in files]))
    return InputFiles(root, files, sorted(left_out))


def _walk(
    base: Path, pattern: Sequence[str], left_out: list[tuple[Path, str]], skip: Path | None
) -> Iterator[Path]:
    """Yield all files below a folder that match the parts of a pattern."""

    def note_unread(error: OSError) -> None:
        left_out.append((Path(error.filename), f"cannot be opened: {error.strerror}"))

    for top, folders, names in os.walk(base, onerror=note_unread):
        inner = Path(top).relative_to(base).parts
        visible = [name for name in folders if not name.startswith(".")]
        entered = [name for name in visible if _may_contain((*inner, name), pattern)]
        links = [name for name in entered if (Path(top) / name).is_symlink()]
        left_out += [(Path(top) / name, _LINK) for name in links]
        # os.walk goes on with the folders that this list names then.
        folders[:] = [
            name for name in entered if name not in links and (Path(top) / name).resolve() != skip
        ]
        for name in names:
            file = Path(top) / name
            if name.startswith(".") or not _matches((*inner, name), pattern):
                continue
            if file.is_symlink():
                left_out.append((file, _LINK))
            elif file.is_file():
                yield file
            else:
                left_out.append((file, "not a file"))


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether the parts of a path match those of a pattern.

    Examples
    --------
    >>> _matches(("a", "b", "c.txt"), ("**", "*.txt")), _matches(("a", "c.txt"), ("*.txt",))
    (True, False)
    """
    if not pattern:
        return not names
    if pattern[0] == "**":
        return _matches(names, pattern[1:]) or (bool(names) and _matches(names[1:], pattern))
    return bool(names) and fnmatch(names[0], pattern[0]) and _matches(names[1:], pattern[1:])


def _may_contain(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether a folder may contain what matches a pattern.

    Examples
    --------
    >>> _may_contain(("a",), ("*", "*.txt")), _may_contain(("a",), ("*.txt",))
    (True, False)
    """
    if not names or not pattern:
        return bool(pattern)
    if pattern[0] == "**":
        return True
    return fnmatch(names[0], pattern[0]) and _may_contain(names[1:], pattern[1:])
