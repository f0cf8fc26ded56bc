"""`stancekit verify`: is a saved model whole and unaltered."""

from pathlib import Path

from stancekit.models import persistence


def verify(*, path: str | Path) -> None:
    """Check every file of a saved model against its manifest, its card and scores too, and print what it is.

    Parameters
    ----------
    path
        A model folder.

    Raises
    ------
    KitError
        When a file is missing, foreign or altered, or the card describes another model.
    """
    manifest = persistence.verify_model(path)
    notes = persistence.check_companions(path)
    print(
        f"{path}: {manifest['name']} for {manifest['codebook']['name']}, {len(manifest['files'])} files as recorded"
    )
    for note in notes:
        print(f"note: {note}")
