"""`stancekit verify`: is a saved model complete and unaltered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stancekit.errors import printable
from stancekit.models import persistence
from stancekit.resources import model_folder
from stancekit.views import DataFrame, TableView


@dataclass(frozen=True, slots=True, repr=False)
class Verification(TableView):
    """A model folder whose files are as its manifest has them.

    Attributes
    ----------
    folder, name, codebook
        Where the model is, what it is called, and what it labels with.
    files
        The SHA-256 of each file by its name.
    notes
        What is unlike when the model was saved, and does not change its labels.
    """

    folder: Path
    name: str
    codebook: str
    files: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def caption(self) -> str:
        """Return in one line which model it is, and that its files are as recorded."""
        files = "1 file" if len(self.files) == 1 else f"{len(self.files)} files"
        return f"{self.name} for {self.codebook}, {files} as recorded: {self.folder}"

    def to_frame(self) -> DataFrame:
        """Return the files with their SHA-256 as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.files.items()), columns=["file", "sha256"])


def verify(models: str | Path, *, verbose: bool = False) -> Verification:
    """Check every file of a saved model against its manifest, its card and scores too.

    Parameters
    ----------
    models
        The folder of a saved model; `box/stance` and `box/diplomacy` are the kit's own.
    verbose
        Whether it is printed what model it is.

    Returns
    -------
    Verification
        What model it is, its files, and notes; `to_frame()` has the files.

    Raises
    ------
    KitError
        When a file is missing, foreign or altered, or the card describes another model.
    """
    folder = model_folder(models)
    manifest = persistence.verify_model(folder)
    notes = persistence.check_companions(folder)
    verification = Verification(
        folder,
        manifest["name"],
        manifest["codebook"]["name"],
        manifest["files"],
        tuple(notes),
    )
    if verbose:
        lines = [*(f"note: {note}" for note in notes), verification.caption]
        print(printable("\n".join(lines), keep="\n"))
    return verification
