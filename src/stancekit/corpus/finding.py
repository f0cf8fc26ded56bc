"""Where the files of a corpus are, and whether they are the ones that are meant."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stancekit.corpus.formats import ROWS, file_kind, is_known, known_endings
from stancekit.corpus.project_file import is_project
from stancekit.corpus.project_schema import PROJECT_SUFFIX, waiting_file
from stancekit.errors import KitError, listing, nearest
from stancekit.fileio import read_text, sha256
from stancekit.resources import named_path, shipped

# A project stands beside the sample that it was made from, and is named itself.
_IN_FOLDERS = {kind: reader for kind, reader in ROWS.items() if kind != PROJECT_SUFFIX}


class CorpusFiles:
    """The files of a corpus; the attributes are those of `Corpus`."""

    path: str | Path
    name: str
    files: Mapping[str, str | Sequence[str]]
    test_rows: str | None
    sha256: Mapping[str, str]
    origin: str

    def folder(self) -> Path:
        """Return where the data is.

        Raises
        ------
        KitError
            When there is nothing.
        """
        path = named_path(self.path, "corpus.path")
        if path.exists():
            return path
        if self.origin:
            raise KitError(
                f"there is no {self.path}; {self.name} is not part of the kit. It comes from "
                f"{self.origin}. Say where your copy is with data_dir=FOLDER or the environment "
                "variable STANCEKIT_DATA"
            )
        try:
            return shipped(*path.parts)
        except FileNotFoundError:
            beside = path.parent.iterdir() if path.parent.is_dir() else ()
            meant = nearest(path.name, (file.name for file in beside))
            raise KitError(
                f"there is no file or folder {self.path}{meant}; set corpus.path=FILE"
            ) from None

    def check(self) -> None:
        """Compare the files with their known SHA-256, if there are any.

        Raises
        ------
        KitError
            Naming every file that is missing or another one.
        """
        if not self.sha256:
            return
        folder = self.folder()
        faults = []
        for name, expected in self.sha256.items():
            if not (folder / name).exists():
                faults.append(f"{name} is missing")
            # Configs have the first digits only, which is enough to see another version.
            elif not sha256(folder / name).startswith(expected):
                faults.append(f"{name} is another file")
        if faults:
            raise KitError(
                f"{folder} does not hold the files that {self.name} was checked with: "
                f"{listing(faults)}. Get it from {self.origin or 'where it came from'}, or read "
                "it with corpus.sha256=null and compare with care"
            )

    def paths(self) -> list[Path]:
        """Return every file that is read, in order."""
        paths = [file for _, file in self.part_files()]
        # What was judged lately is in a file beside a project's, as long as somebody annotates.
        waiting = [waiting_file(file) for file in paths if is_project(file)]
        paths += [file for file in waiting if file.exists()]
        return [*paths, self.folder() / self.test_rows] if self.test_rows else paths

    def part_files(self) -> list[tuple[str, Path]]:
        """Return the files with the part that each belongs to, empty where a column says it."""
        path = self.folder()
        if self.files:
            files = []
            for part, names in self.files.items():
                for name in [names] if isinstance(names, str) else names:
                    files.append((part, path / name))
            return files
        if not path.is_dir():
            return [("", path)]
        return [("", file) for file in find_data_files(path)]

    def read_test_rows(self) -> set[int]:
        """Return the numbers of the test rows that a file names, from 0; none without one."""
        if not self.test_rows:
            return set()
        words = read_text(self.folder() / self.test_rows).split()
        odd = [word for word in words if not word.isdecimal()]
        if odd:
            raise KitError(
                f"{self.test_rows} names no rows by number: {listing(odd)}; it lists the test "
                "rows, from 0"
            )
        return set(map(int, words))


def find_data_files(folder: Path) -> list[Path]:
    """Return the data files of a folder in the order of their names.

    Raises
    ------
    KitError
        When there is none, or files of several kinds: they may hold the same rows.
    """
    # Hidden files are the operating system's, also where they have names of data.
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and not file.name.startswith(".") and is_known(file, _IN_FOLDERS)
    ]
    if not files:
        raise KitError(
            f"folder {folder} has no data file ({known_endings(_IN_FOLDERS)}); set corpus.path=FILE"
        )
    if len(kinds := _kinds(files)) > 1:
        raise KitError(
            f"folder {folder} has data files of several kinds, {listing(sorted(kinds))}; name one "
            "file with corpus.path=FILE, or those to read with 'corpus.files={train: FILE}'"
        )
    return files


def _kinds(files: Iterable[Path]) -> set[str]:
    return {file_kind(file)[0] for file in files}
