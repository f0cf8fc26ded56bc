"""Which files a path names: itself, those of a folder, or those that match a glob."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from stancekit.errors import KitError, listing

_LINK = "a link, which is not followed; name what it leads to"


@dataclass(frozen=True, slots=True)
class Files:
    """Files in order of name, the folder that their names are told from, and what was left out and why."""

    root: Path
    files: list[Path]
    left: list[tuple[Path, str]]

    def name(self, place: Path) -> str:
        """Return how a file is named in labels; a name that is not UTF-8 is escaped."""
        inner = place.relative_to(self.root) if place.is_relative_to(self.root) else place
        return inner.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def find(path: str | Path, without: Path | None = None) -> Files:
    """Return a file, all files of a folder, or those that match a glob (`*`, `?`, `[…]`, and `**` for any folders).

    What is hidden is passed by. Links inside of a folder are not followed, since they may lead out of it or round in
    a circle; they are among what is left out, as are folders that cannot be opened.

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
    left: list[tuple[Path, str]] = []
    skip = without.resolve() if without else None
    if place.is_file():
        return Files(place.parent, [place], [])
    if place.is_dir():
        if place.resolve() == skip:
            raise KitError(f"{path} is both input and output; choose another folder with output=")
        root, files = place, sorted(_walk(place, ("**",), left, skip))
    else:
        parts = place.parts
        first = next((at for at, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts))
        files = sorted(_walk(Path(*parts[:first]), parts[first:], left, skip)) if first < len(parts) else []
        root = Path(os.path.commonpath([file.parent for file in files])) if files else place
    if not files:
        told = f" (left out: {listing(f'{one}: {why}' for one, why in left)})" if left else ""
        raise KitError(
            f"there is nothing to label in {path}{told}; give a file, a folder, or a glob in quotation marks"
        )
    return Files(root, files, sorted(left))


def _walk(base: Path, pattern: Sequence[str], left: list[tuple[Path, str]], skip: Path | None) -> Iterator[Path]:
    """Yield all files below a folder that match the parts of a pattern."""

    def unread(error: OSError) -> None:
        left.append((Path(error.filename), f"cannot be opened: {error.strerror}"))

    for top, folders, names in os.walk(base, onerror=unread):
        inner = Path(top).relative_to(base).parts
        folders[:] = [one for one in folders if not one.startswith(".") and _leads((*inner, one), pattern)]
        for name in [one for one in folders if (Path(top) / one).is_symlink()]:
            left.append((Path(top) / name, _LINK))
            folders.remove(name)
        folders[:] = [one for one in folders if (Path(top) / one).resolve() != skip]
        for name in names:
            place = Path(top) / name
            if name.startswith(".") or not _matches((*inner, name), pattern):
                continue
            if place.is_symlink():
                left.append((place, _LINK))
            elif place.is_file():
                yield place
            else:
                left.append((place, "no file"))


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


def _leads(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether what matches a pattern may lie in a folder.

    Examples
    --------
    >>> _leads(("a",), ("*", "*.txt")), _leads(("a",), ("*.txt",))
    (True, False)
    """
    if not names or not pattern:
        return bool(pattern)
    return pattern[0] == "**" or (fnmatch(names[0], pattern[0]) and _leads(names[1:], pattern[1:]))
