"""Configurations composed by Hydra, for the command line and for Python alike: the user's own come before the kit's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.types import RunMode
from omegaconf import DictConfig

from stancekit.errors import KitError, listing, printable
from stancekit.resources import config_folders


def config_search_path() -> ConfigSearchPath:
    """Return the folders of configs in the order in which Hydra searches them."""
    *own, kit = config_folders()
    search_path = create_config_search_path(str(kit))
    for folder in own:
        search_path.prepend(provider="yours", path=f"file://{folder}", anchor="main")
    return search_path


def compose_config(name: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Return a command's config with overrides, as the command line would compose it.

    Hydra's own `compose` needs its global state to be free, which it is not in a program that uses
    Hydra itself. The parts that are used here leave that state alone.
    """
    Plugins.instance()
    with _hydra_version("1.3"):
        return ConfigLoaderImpl(config_search_path()).load_configuration(
            name, list(overrides), run_mode=RunMode.RUN, from_shell=False
        )


@contextmanager
def _hydra_version(number: str) -> Iterator[None]:
    """Make Hydra behave as a version does, inside the block."""
    base = version.VersionBase.instance()
    before = base.version_base
    version.setbase(number)
    try:
        yield
    finally:
        base.version_base = before


def names_in(group: str) -> list[str]:
    """Return the names that can be chosen in a group of configs, the user's own included.

    Examples
    --------
    >>> names_in("features")
    ['marked', 'pair', 'plain']
    """
    names = set()
    for folder in config_folders():
        for path in (folder / group).rglob("[!.]*.yaml"):
            names.add(path.relative_to(folder / group).with_suffix("").as_posix())
    return sorted(names)


def check_name(group: str, name: Any) -> str:
    """Return a name that can be chosen in a group.

    Raises
    ------
    KitError
        When there is no such name; the message has the nearest one.

    Examples
    --------
    >>> check_name("features", "mark")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: there is no features 'mark'; is 'marked' meant? There are: marked, ...
    """
    known = names_in(group)
    if isinstance(name, str) and name in known:
        return name
    raise no_such_name(group, name, known)


def no_such_name(group: str, name: Any, known: Sequence[str]) -> KitError:
    """Return the error for a name that no config of a group has, with the nearest of those known."""
    close = get_close_matches(str(name), known, 1)
    meant = f"is {close[0]!r} meant? There" if close else "there"
    shown = printable(repr(name), most=80)
    own = f". Your own is configs/{group}/{printable(name)}.yaml" if isinstance(name, str) else ""
    return KitError(f"there is no {group} {shown}; {meant} are: {listing(known, 40)}{own}")
