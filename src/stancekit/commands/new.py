"""`stancekit new`: a folder with configs of one's own, filled in from a table of labelled sentences."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook, codebook_names, load_codebook
from stancekit.commands.project import StarterProject, plain_name
from stancekit.corpus.formats import RowFault, read_rows
from stancekit.corpus.guess import ColumnGuess, TableGuess, guess_columns
from stancekit.corpus.project_file import is_project
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import write_bytes, write_text
from stancekit.resources import shipped
from stancekit.views import DataFrame, TableView

# Without a table of the user's own: one to see how it goes, another to label, and its codes for
# whoever does not want to judge a sample.
_SAMPLES = ("speeches.csv", "new_speeches.csv", "judged_speeches.csv")
_NEEDED = ("text", "labels")
# The name of a codebook that is no column's: that of annotators' labels without a column of gold.
_NO_GOLD = "code"


@dataclass(frozen=True, repr=False)
class NewProject(TableView):
    """A folder that `new` has written.

    Attributes
    ----------
    folder
        Where it is.
    files
        What was written there.
    guesses
        What the columns of the table were taken for.
    commands
        What comes next, to be typed in the folder.
    notes
        What is left to do, or is to be known.
    """

    folder: Path
    files: tuple[Path, ...]
    guesses: tuple[ColumnGuess, ...]
    commands: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """Return how many files were written, and where."""
        return f"{len(self.files)} files written to {self.folder}"

    def to_frame(self) -> DataFrame:
        """Return a row per role: its column, what says so, and the choices where that is not clear."""
        import pandas as pd

        rows = [
            {
                "role": guess.role,
                "column": ", ".join(guess.columns),
                "why": guess.reason,
                "choices": ", ".join(guess.choices),
            }
            for guess in self.guesses
        ]
        return pd.DataFrame(rows, columns=["role", "column", "why", "choices"])


def new(
    folder: str | Path,
    *,
    data: str | Path | None = None,
    name: str | None = None,
    codebook: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    verbose: bool = False,
) -> NewProject:
    """Write a small project into a folder: configs of a corpus, a codebook and an experiment, and a README.

    Which column of the table holds what is told from its content and its headers, and written
    with the reason. What is not clear is left as a comment with the choices. The table stays
    where it is, and no file is written over.

    Parameters
    ----------
    folder
        The folder; it may exist.
    data
        A table of labelled sentences: CSV, TSV, JSON lines, Parquet, Excel, SPSS or Stata. By
        default, a copy of a sample table to try the kit with.
    name
        The name of corpus and experiment; by default that of the table.
    codebook
        The codebook whose codes the labels stand for: `configs/corpus` then has a map to fill in. By
        default, the values of the label column become a codebook of their own.
    columns
        The columns of some roles, where another one than guessed is meant.
    verbose
        Whether to print what was guessed and written.

    Raises
    ------
    KitError
        When the table cannot be read, it is not clear which column has the texts or the labels,
        or a file is there already.

    Examples
    --------
    >>> import tempfile
    >>> project = new(tempfile.mkdtemp())
    >>> print(project.commands[1])
    stancekit train experiment=speeches
    """
    folder = Path(folder)
    samples = _SAMPLES if data is None else ()
    table = shipped("seeds", "tables", _SAMPLES[0]) if data is None else Path(data)
    if is_project(table):
        raise KitError(
            f"{table} is an annotation project, whose columns and codebooks are known; use it as it "
            f"is, with stancekit train and corpus={table}"
        )
    rows, notes = _read_table(table)
    guess = guess_columns(
        rows, {role: column for role, column in (columns or {}).items() if column}
    )
    _check_found(guess, table)
    path = samples[0] if samples else _relative(table, folder)
    name = plain_name(name or table.stem)
    book, book_name = _choose_codebook(codebook, guess, name)
    project = StarterProject(
        name=name,
        path=path,
        new_rows=samples[1] if samples else path,
        source=table.name,
        rows=rows,
        guess=guess,
        codebook=book,
        codebook_name=book_name,
    )
    files = project.files()
    notes += _check_new(folder, files, samples)
    for sample in samples:
        write_bytes(folder / sample, shipped("seeds", "tables", sample).read_bytes())
    for file, text in files.items():
        write_text(folder / file, text)
    if unfinished := project.unfinished():
        notes.append(
            f"fill in the codes of {listing(unfinished)} in configs/corpus/{name}.yaml, where ??? is"
        )
    made = NewProject(
        folder,
        tuple(folder / file for file in [*samples, *files]),
        guess.guesses,
        tuple(project.commands()),
        tuple(notes),
    )
    if verbose:
        _print(made)
    return made


def _read_table(table: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the rows that can be read, and what to tell of the others."""
    rows: list[Mapping[str, Any]] = []
    faults = []
    for number, row in read_rows(table):
        if not isinstance(row, RowFault):
            rows.append(row)
        elif number:
            faults.append(f"row {number}: {row.reason}")
        else:
            raise KitError(f"{table}: {row.reason}")
    return rows, [f"rows that cannot be read: {listing(faults)}"] if faults else []


def _check_found(guess: TableGuess, table: Path) -> None:
    """Refuse a table of which it is not clear where its texts or its labels are."""
    faults, missing = [], []
    for role in _NEEDED:
        # Annotators' labels are enough: what most of them say counts then.
        if guess.column(role) or (role == "labels" and guess.column("annotators")):
            continue
        choices = [entry.choices for entry in guess.guesses if entry.role == role]
        which = f": {listing(choices[0], 20)}" if choices else ""
        faults.append(f"it is not clear which column has the {role}{which}")
        missing.append(f"columns.{role}=COLUMN")
    if faults:
        raise KitError(f"{table}: {'; '.join(faults)}. Say so with {' '.join(missing)}")


def _relative(table: Path, folder: Path) -> str:
    """Return the path of the table from the folder, so that both can be moved together."""
    try:
        return Path(os.path.relpath(table.resolve(), folder.resolve())).as_posix()
    except ValueError:
        # Another drive on Windows.
        return str(table.resolve())


def _choose_codebook(
    codebook: str | None, guess: TableGuess, name: str
) -> tuple[Codebook | None, str]:
    """Return a codebook and its name; `None` with the name of one that is to be written."""
    if codebook is not None:
        return load_codebook(codebook), codebook
    own = plain_name(guess.column("labels") or _NO_GOLD)
    if own not in codebook_names():
        return None, own
    known = load_codebook(own)
    if set(guess.values) - {""} <= set(known.names):
        return known, own
    # Another codebook has that name, and models of it.
    return None, f"{name}_{own}"


def _check_new(folder: Path, files: dict[str, str], samples: tuple[str, ...]) -> list[str]:
    """Refuse to write over files, but leave a README that is there; return what to tell."""
    notes = []
    if (folder / "README.md").exists():
        del files["README.md"]
        notes.append("README.md is there already and stays as it is")
    existing = [file for file in [*files, *samples] if (folder / file).exists()]
    if existing:
        raise KitError(
            f"{folder} has {listing(existing)} already; remove them, or choose another name with name=NAME"
        )
    shipped_too = [file for file in files if _ships(file)]
    if shipped_too:
        raise KitError(
            f"the kit has {listing(shipped_too)} itself; choose another name with name=NAME"
        )
    return notes


def _ships(file: str) -> bool:
    try:
        return file.startswith("configs/") and shipped(*Path(file).parts).exists()
    except FileNotFoundError:
        return False


def _print(project: NewProject) -> None:
    for guess in project.guesses:
        columns = ", ".join(guess.columns) or f"not clear: {', '.join(guess.choices)}"
        print(f"{guess.role}: {printable(columns)} ({printable(guess.reason)})")
    for note in project.notes:
        print(f"note: {note}")
    print("next:")
    if project.folder.resolve() != Path.cwd():
        print(f"  cd {shlex.quote(str(project.folder))}")
    for command in project.commands:
        print(f"  {command}")
    print(project.caption)
