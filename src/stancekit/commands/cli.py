"""From a command's words to its function, through Hydra."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stancekit.commands.keys import check_keys, opened
from stancekit.commands.words import check_values, overrides, unknown, value_types
from stancekit.errors import KitError, printable
from stancekit.resources import hidden, shipped


def cause(error: BaseException) -> str | None:
    """Return what to tell the user of an exception, if it is an error that the user can fix.

    That is an error of the kit's own, a setting that scikit-learn refuses, or a file that cannot be
    opened; or one that Hydra has made another of. An error that merely came up while another was
    dealt with is a fault of the program.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KitError) or type(seen).__name__ == "InvalidParameterError":
            return str(seen)
        if isinstance(seen, OSError) and seen.filename is not None and seen.strerror:
            return f"{seen.filename}: {seen.strerror}"
        seen = seen.__cause__
    return None


def arguments(command: str, config: DictConfig) -> dict[str, Any]:
    """Instantiate a config, and return what the command's function is to be called with.

    Raises
    ------
    KitError
        When a key is missing, unknown, or has a value of another type than the function takes.
    """
    missing = sorted(str(key) for key in OmegaConf.missing_keys(config))
    if missing:
        raise KitError(
            f"stancekit {command} needs a value for: {', '.join(missing)}; add {missing[0]}=VALUE"
        )
    function = function_of(command)
    # A text is read once: what it says itself is not to be taken for a reference, however it is
    # spelled.
    texts: dict[str, Any] = {
        key: list(config[key]) if OmegaConf.is_list(config[key]) else config[key]
        for key, kind in value_types(function).items()
        if key in config and (kind.texts or (kind.text and not OmegaConf.is_config(config[key])))
    }
    # Choices are composed as nodes, so resolve first: a value that refers to a group sees the
    # group.
    OmegaConf.resolve(config)
    check_keys(config)
    rest = OmegaConf.masked_copy(config, [str(key) for key in config if key not in texts])
    given = {**instantiate(rest, _convert_="all"), **texts}
    # Only other keys refer to it.
    given.pop("data_dir", None)
    if others := [key for key in given if key not in signature(function).parameters]:
        raise unknown(command, others)
    return check_values(function, given)


def call(command: str, config: DictConfig) -> Any:
    """Instantiate a config and call the command's function with it."""
    given = arguments(command, config)
    if command == "train":
        plain: Any = OmegaConf.to_container(config)
        choices = HydraConfig.get().runtime.choices
        plain["choices"] = {
            group: choices[group] for group in ("corpus", "codebook", "split", "features", "model")
        }
        given["config"] = plain
        given["name"] = given.get("name") or choices["model"]
        # What a model's own configuration says of features gives way only to what the user says of
        # them.
        if getattr(given["model"], "features", None) is not None and not _group_chosen(
            "features", default="marked"
        ):
            given["features"] = plain["features"] = None
            plain["choices"]["features"] = "own"
    return function_of(command)(**given)


def _group_chosen(group: str, *, default: str) -> bool:
    """Say whether the user, or an experiment, has made a choice in a group."""
    hydra_config = HydraConfig.get()
    words = (word.split("=")[0].lstrip("+") for word in hydra_config.overrides.task)
    return group in words or hydra_config.runtime.choices[group] != default


def function_of(command: str) -> Callable[..., Any]:
    """Return the function of a command."""
    function: Callable[..., Any] = getattr(import_module(f"stancekit.commands.{command}"), command)
    return function


@contextmanager
def _told_to_hydra(words: Sequence[str]) -> Iterator[None]:
    """Put words where Hydra reads them, and ask it for the errors themselves, not for its own account of them."""
    argv, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = list(words)
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = argv
        if full is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full


def run(command: str, words: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for what the user can fix, 3 where some of the input was not read."""
    if command == "label" or "task=actors" in words:
        # spaCy imports torch where it finds it; splitting sentences and finding names does not need
        # it.
        with hidden("torch"):
            import_module("spacy")

    def task(config: DictConfig) -> None:
        try:
            # All that could be done is done, and something could not be: its last line says what.
            if getattr(call(command, config), "rejected", 0):
                raise SystemExit(3)
        except BrokenPipeError:
            # Whoever read our output has read enough, as `head` does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except Exception as error:
            # Hydra would print the job's overrides over a user's own error; SystemExit passes it
            # by.
            if (known := cause(error)) is None:
                raise
            _say(command, known)
            raise SystemExit(2) from None

    start = hydra.main(
        config_path=str(shipped("configs")), config_name=command, version_base="1.3"
    )(task)
    try:
        plain = (
            words
            if {"-h", "--help"} & set(words)
            else opened(overrides(command, words, function_of(command)))
        )
        with _told_to_hydra([f"stancekit {command}", *plain]):
            start()
    except (KitError, HydraException, OmegaConfBaseException) as error:
        # Where Hydra has looked is of no use to who misspelled a name.
        _say(command, str(error).split("\nConfig search path:")[0].strip())
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        print(
            f"\nstancekit {command}: interrupted; the same command goes on from here",
            file=sys.stderr,
        )
        return 130
    return 0


def _say(command: str, error: str) -> None:
    shown = printable(error, keep="\n\t")
    print(f"stancekit {command}: {shown}", file=sys.stderr)
