"""Where material is found: what ships with the kit, and the user's own configs beside their data."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import yaml

from stancekit.errors import KitError, printable

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "material", _PACKAGE.parents[1])
SETTINGS = "stancekit.yaml"
# What an experiment has published of its runs.
PUBLISHED_FILE = "predictions.parquet"
# The models that come with the kit.
BOX = "box"
# The folders that a command searches, once it has settled them.
_searched: ContextVar[tuple[Path, ...] | None] = ContextVar("searched", default=None)


def shipped(*parts: str) -> Path:
    """Return the path of shipped material, from an installed wheel or a checkout.

    Examples
    --------
    >>> shipped("configs", "codebook", "stance.yaml").name
    'stance.yaml'
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(
        f"{'/'.join(parts)} is not part of this installation of stancekit; reinstall it"
    )


def named_path(name: str | Path, key: str) -> Path:
    """Return a path that was given for `key`; an empty one names nothing, and not the working directory.

    Raises
    ------
    KitError
        When it is blank.

    Examples
    --------
    >>> named_path("labels", "labels").name
    'labels'
    >>> named_path(" ", "labels")
    Traceback (most recent call last):
    stancekit.errors.KitError: labels is ' ', which names nothing; give a path (. is the working directory)
    """
    if not str(name).strip():
        raise KitError(
            f"{key} is {str(name)!r}, which names nothing; give a path (. is the working directory)"
        )
    return Path(name)


def model_folder(name: str | Path) -> Path:
    """Return the folder of models that a name stands for: the kit's own of `box` and `box/stance`, else what it says.

    Where there is a folder `box` here, it is that one.
    """
    path = named_path(name, "models").expanduser()
    if path.parts[:1] == (BOX,) and not Path(BOX).exists():
        return shipped("models", *path.parts)
    return path


def seed_path(name: str | Path) -> str | Path:
    """Return a path as it is; one below `seeds/` that is not here is that of the kit's own file.

    Examples
    --------
    >>> Path(seed_path("seeds/articles/river_dam.txt")).exists(), seed_path("mine.txt")
    (True, 'mine.txt')
    """
    # A text with a line break is longer than paths are, and is none.
    if "\n" in str(name):
        return name
    path = named_path(name, "input")
    if path.parts[:1] == ("seeds",) and ".." not in path.parts and not Path("seeds").exists():
        try:
            return shipped(*path.parts)
        except FileNotFoundError:
            return name
    return name


def published_folder(name: str | Path) -> Path:
    """Return the folder of an experiment with published predictions; where none are here, the kit's of that name."""
    path = named_path(name, "beside")
    if (path / PUBLISHED_FILE).is_file() or path.is_absolute() or ".." in path.parts:
        return path
    try:
        return shipped(*path.parts, PUBLISHED_FILE).parent
    except FileNotFoundError:
        return path


def config_folders() -> tuple[Path, ...]:
    """Return the folders in which configs are looked for, the first first: the user's own, then the kit's.

    The user's own is the folder `configs` in the working directory, or the one that a file
    `stancekit.yaml` there names; for a command it may also be named by `--config-dir`.
    """
    return _searched.get() or (*own_configs(), shipped("configs"))


@contextmanager
def searching(folders: Sequence[Path]) -> Iterator[None]:
    """Make `config_folders` return these folders inside the block."""
    token = _searched.set(tuple(folders))
    try:
        yield
    finally:
        _searched.reset(token)


def find_config(*parts: str) -> Path:
    """Return the first config of a name, as in `find_config("codebook", "stance.yaml")`.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    for folder in config_folders():
        if (path := folder.joinpath(*parts)).is_file():
            return path
    raise FileNotFoundError(f"there is no config {'/'.join(parts)}")


def own_configs() -> tuple[Path, ...]:
    """Return the user's own folder of configs that belongs to the working directory, if there is one.

    Raises
    ------
    KitError
        When `stancekit.yaml` is not understood, or names a folder that is not there.
    """
    settings = Path(SETTINGS)
    folder = _named(settings) if settings.is_file() else Path("configs")
    if folder is None or not _holds_configs(folder):
        return ()
    return (folder.resolve(),)


def _named(settings: Path) -> Path | None:
    """Return the folder that a file `stancekit.yaml` names, None where it says that there is none."""
    usage = "write one line, as configs: FOLDER, or configs: null for none"
    try:
        content = yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KitError(f"cannot read {settings.resolve()}: {printable(error)}; {usage}") from None
    if not isinstance(content, dict) or set(content) != {"configs"}:
        raise KitError(f"{settings.resolve()} has one key, configs; {usage}")
    name = content["configs"]
    if name is None:
        return None
    folder = Path(str(name)).expanduser()
    if not folder.is_dir():
        raise KitError(f"{settings.resolve()} names the folder {name}, which is not there; {usage}")
    return folder


def _holds_configs(folder: Path) -> bool:
    """Say whether a folder has choices for one of the kit's groups and is not the kit's own folder.

    Folders called `configs` are common: one that has nothing for the kit belongs to another
    program.
    """
    kit = shipped("configs")
    if folder.resolve() == kit.resolve():
        return False
    groups = [path.name for path in kit.iterdir() if path.is_dir()]
    # Prompts are the one group whose files are templates.
    return any(
        next((folder / group).rglob(pattern), None)
        for group in groups
        for pattern in ("*.yaml", "*.jinja")
    )


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Make a module impossible to import inside the block, unless it is imported already.

    For packages that load torch whenever they find it, a matter of seconds, though what is asked
    of them does not need it.

    Examples
    --------
    >>> with hidden("antigravity"):
    ...     import antigravity
    Traceback (most recent call last):
    ModuleNotFoundError: import of antigravity halted; None in sys.modules
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own mark for "cannot be imported"
    try:
        yield
    finally:
        del sys.modules[name]
