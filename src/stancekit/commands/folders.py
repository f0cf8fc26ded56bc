"""The folders of configs that a command uses, and what a user's own take the place of."""

import sys
from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import KitError, listing, printable
from stancekit.resources import SETTINGS, own_configs, shipped


def option(words: Sequence[str], *names: str) -> str | None:
    """Return the value of an option among words, as `--config-dir FOLDER` or `--config-dir=FOLDER`.

    Examples
    --------
    >>> option(["model=svm", "--config-dir", "mine"], "--config-dir", "-cd")
    'mine'
    """
    for place, word in enumerate(words):
        if word in names:
            return words[place + 1] if place + 1 < len(words) else None
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return None


def settle_folders(command: str, words: Sequence[str]) -> tuple[Path, ...]:
    """Return the folders of configs that a command searches, the user's own first, and name these on stderr.

    Parameters
    ----------
    command
        The command's name.
    words
        Its words, among which `--config-dir FOLDER` or, in place of the kit's own, `--config-path
        FOLDER` may be.

    Raises
    ------
    KitError
        When a folder is not there, or the one in the working directory would change the command
        itself.
    """
    kit = shipped("configs")
    if (instead := option(words, "--config-path", "-cp")) is not None:
        kit = _existing("--config-path", instead)
    value = option(words, "--config-dir", "-cd")
    named = () if value is None else (_existing("--config-dir", value),)
    for folder in own_configs():
        if folder not in named:
            _check_harmless(folder, command)
    own = [folder for folder in dict.fromkeys([*named, *own_configs()]) if folder != kit.resolve()]
    for folder in own:
        instead_of = listing([path.with_suffix("").as_posix() for path in replaced(folder, kit)])
        note = f"yours; used instead of the kit's: {instead_of}" if instead_of else "yours"
        print(f"configs: {printable(folder)} ({note})", file=sys.stderr)
    return (*own, kit)


def replaced(folder: Path, kit: Path) -> list[Path]:
    """Return the files of a folder that take the place of others of the kit's, relative to it."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.yaml"))
    shared = [file for file in files if (kit / file).is_file()]
    return [file for file in shared if (kit / file).read_bytes() != (folder / file).read_bytes()]


def _existing(name: str, folder: str) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise KitError(f"{name} {folder}: there is no such folder")
    return path.resolve()


def _check_harmless(folder: Path, command: str) -> None:
    """Refuse a folder that was not named on the command line if it changes more than what there is to choose from.

    A folder called `configs` may be another program's. And `hydra/` and a command's own file name
    code that runs whatever is chosen, also where a downloaded folder was merely to be looked at.
    """
    files = [
        file for file in replaced(folder, shipped("configs")) if file == Path(f"{command}.yaml")
    ]
    if not files:
        files = [path.relative_to(folder) for path in sorted(folder.glob("hydra/**/*.yaml"))]
        files = [file for file in files if not _same(folder / file, shipped("configs") / file)]
    if files:
        raise KitError(
            f"{folder / files[0]} would change how every command runs, not only what can be chosen. If that is meant, "
            f"name the folder: --config-dir {folder.name}. If the folder belongs to another program, say which one is "
            f"for stancekit in a file {SETTINGS} here, as configs: FOLDER, or configs: null for none"
        )


def _same(path: Path, other: Path) -> bool:
    return other.is_file() and path.read_bytes() == other.read_bytes()
