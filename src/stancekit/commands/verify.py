"""`stancekit verify`: is a saved model complete and unaltered."""

from pathlib import Path

from stancekit.models import persistence


def verify(*, models: str | Path) -> None:
    """Check every file of a saved model against its manifest, its card and scores too, and print what it is.

    Parameters
    ----------
    models
        The folder of a saved model.

    Raises
    ------
    KitError
        When a file is missing, foreign or altered, or the card describes another model.
    """
    manifest = persistence.verify_model(models)
    notes = persistence.check_companions(models)
    name, codebook = manifest["name"], manifest["codebook"]["name"]
    print(f"{models}: {name} for {codebook}, {len(manifest['files'])} files as recorded")
    for note in notes:
        print(f"note: {note}")
