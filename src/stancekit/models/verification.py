"""What is checked of a saved model before it is loaded: every file against the manifest; card and scores separately.

A writer puts a new folder beside the old one and then renames both (see `persistence`): what is
called `.NAME.new` and `.NAME.old` was left by a writer that was killed, and is cleared away here.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from stancekit.errors import KitError, listing
from stancekit.fileio import lock, sha256, writing
from stancekit.models.manifest import COMPANIONS, MANIFEST_FILE, Manifest, read_manifest, refusal

# What systems leave in folders that someone looked into.
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}


def verify_model(folder: str | Path) -> Manifest:
    """Check a model folder against its manifest, without loading the model, and return the manifest.

    Card and scores are not checked, as no label depends on them: see `check_companions`.

    Raises
    ------
    KitError
        When the manifest is missing, foreign or altered, or a file is.
    """
    folder = Path(folder)
    old = beside(folder.resolve(), "old")
    # Not `Path.exists`, which raises at a name that is too long.
    if os.path.exists(old) and not os.path.exists(folder / MANIFEST_FILE):  # noqa: PTH110
        # A writer is between two renames, or was killed there.
        with writing_lock(folder.resolve()), writing(folder):
            clear_leftovers(folder.resolve())
    manifest = read_manifest(folder)
    faults = _bad_files(folder, manifest["files"])
    if faults:
        if _is_other(folder, manifest):
            raise KitError(
                f"saved model {folder} was replaced while it was read; run the command again"
            )
        raise refusal(folder, listing(faults))
    return manifest


def _is_other(folder: Path, manifest: Manifest) -> bool:
    """Say whether another model has taken a folder's place since its manifest was read, or is about to."""
    try:
        return read_manifest(folder) != manifest
    except KitError:
        return not (folder / MANIFEST_FILE).exists()


def _bad_files(folder: Path, sums: Mapping[str, str]) -> list[str]:
    faults = []
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif sha256(path) != expected:
            faults.append(f"{name} was altered")
    known = {*sums, *COMPANIONS, MANIFEST_FILE}
    faults += [f"{name} is a link" for name in _links(folder)]
    foreign = [name for name in files_below(folder) if name not in known]
    return faults + [f"{name} is not in the manifest" for name in foreign]


def files_below(folder: Path) -> list[str]:
    """Return the names of a folder's files, those in its folders too; not what systems leave there."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in _paths_below(folder)
        if not path.is_dir() and not path.is_symlink() and path.name not in _LEFT_BY_SYSTEMS
    )


def _links(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in _paths_below(folder) if path.is_symlink()
    )


def _paths_below(folder: Path) -> Iterable[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *files))


def sum_companions(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the card and the scores that a folder has, by name."""
    return {name: sha256(folder / name) for name in COMPANIONS if (folder / name).is_file()}


def check_companions(folder: str | Path) -> list[str]:
    """Check that the card and the scores in a model folder are this model's, and return notes on them.

    A card is a text, which people edit: one that was edited is noted, as long as its heading still
    names the model.

    Raises
    ------
    KitError
        When a card names no or another model, or scores were altered or not written with this
        model.
    """
    folder = Path(folder)
    manifest, present = read_manifest(folder), sum_companions(folder)
    expected = manifest.get("companions", {})
    heading = f"# {' '.join(manifest['name'].split())} for {manifest['codebook']['name']}"
    faults, notes = [], []
    for name in COMPANIONS:
        if present.get(name) == expected.get(name):
            continue
        is_card = name.endswith(".md")
        if name not in present:
            notes.append(f"{name} was removed")
        elif is_card and _has_heading(folder / name, heading):
            notes.append(f"{name} was edited since it was written with the model")
        elif name in expected:
            lacking = f" and has no heading {heading!r}" if is_card else ""
            faults.append(f"{name} was altered{lacking}")
        else:
            faults.append(f"{name} was not written with this model, {manifest['name']}")
    if faults:
        raise KitError(
            f"{folder}: {listing(faults)}. Remove what describes another model, or write the model with its card again"
        )
    return notes


def _has_heading(path: Path, heading: str) -> bool:
    """Say whether a text in Markdown has a heading that begins with the given one."""
    lines = path.read_text(encoding="utf-8", errors="replace").replace("\\", "").split("\n")
    return any(line == heading or line.startswith(f"{heading},") for line in lines)


def check_replaceable(place: Path) -> None:
    """Check that a place is free, or holds a saved model with its card and scores and nothing else.

    Raises
    ------
    KitError
        When something else is there.
    """
    if not place.exists():
        return
    if not place.is_dir():
        raise KitError(f"{place} is a file and no folder of a saved model; name another folder")
    known = set(COMPANIONS)
    if (place / MANIFEST_FILE).exists():
        known |= {MANIFEST_FILE, *_listed_files(place)}
    foreign = [name for name in files_below(place) if name not in known]
    if foreign:
        kind = (
            "files that are not its own"
            if MANIFEST_FILE in known
            else f"no saved model (no {MANIFEST_FILE}) but other files"
        )
        raise KitError(
            f"{place} already exists and holds {kind}: {listing(foreign)}; move them away, or name a new folder"
        )


def _listed_files(place: Path) -> Iterable[str]:
    """Return the names of the files that a manifest lists."""
    files: Mapping[str, str] = read_manifest(place)["files"]
    return files


def beside(place: Path, end: str) -> Path:
    """Return the path of a writer's folder or lock beside a model's folder."""
    return place.parent / f".{place.name}.{end}"


def writing_lock(place: Path) -> AbstractContextManager[None]:
    """Return the lock that a writer of a model's folder holds."""
    return lock(beside(place, "lock"), f"work on the model {place}")


def clear_leftovers(place: Path) -> None:
    """Clear away what a writer left that was killed; between its two renames the old model has another name."""
    fresh, old = (beside(place, end) for end in ("new", "old"))
    if old.exists() and not place.exists():
        old.rename(place)
    for leftover in (fresh, old):
        if leftover.exists():
            shutil.rmtree(leftover)
