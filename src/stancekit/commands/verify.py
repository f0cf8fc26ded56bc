"""`stancekit verify`: is a saved model whole and unaltered."""

from pathlib import Path

from stancekit.models import store


def verify(*, path: str | Path) -> None:
    """Check every file of a saved model against its manifest, and print what it is.

    Parameters
    ----------
    path
        A model folder.

    Raises
    ------
    KitError
        When a file is missing, foreign or altered.
    """
    manifest = store.verify(path)
    print(f"{path}: {manifest['name']} for {manifest['codebook']['name']}, {len(manifest['files'])} files as recorded")
