"""From a command's words to its function, through Hydra."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stancekit.codebook import check_called
from stancekit.commands.folders import settle_folders
from stancekit.commands.help import command_help
from stancekit.commands.keys import check_keys, opened
from stancekit.commands.train_words import spelled_out
from stancekit.commands.words import (
    check_values,
    keys_of,
    overrides,
    quoted,
    unknown,
    value_types,
)
from stancekit.errors import KitError, printable
from stancekit.library.configs import config_search_path, no_such_name
from stancekit.resources import find_config, hidden, searching

log = logging.getLogger(__name__)
# Parameters of a command's function that are no keys of its config: the command line always
# prints, and chooses a model's settings by keys of their own.
PYTHON_ONLY = frozenset({"config", "settings", "verbose"})


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
    known = signature(function).parameters.keys() - PYTHON_ONLY
    if others := [key for key in given if key not in known]:
        raise unknown(command, others)
    return check_values(function, given)


def call(command: str, config: DictConfig) -> Any:
    """Instantiate a config and call the command's function with it."""
    given = arguments(command, config)
    _check_codebook(config)
    if command == "train":
        plain: Any = OmegaConf.to_container(config)
        choices = HydraConfig.get().runtime.choices
        plain["choices"] = {
            group: choices[group] for group in ("corpus", "codebook", "split", "features", "model")
        }
        given["config"] = plain
        # What a model's own configuration says of features gives way only to what the user says of
        # them.
        if getattr(given["model"], "features", None) is not None and not _group_chosen(
            "features", default="marked"
        ):
            given["features"] = plain["features"] = None
            plain["choices"]["features"] = "own"
    function = function_of(command)
    if "verbose" in signature(function).parameters:
        given["verbose"] = True
    log.debug("%s is called with %s", command, given)
    return function(**given)


def _check_codebook(config: DictConfig) -> None:
    """Make sure that the codebook which was chosen is the one that its file says it is."""
    book = config.get("codebook")
    chosen = HydraConfig.get().runtime.choices.get("codebook")
    if isinstance(book, DictConfig) and chosen and "name" in book:
        check_called(str(book.name), find_config("codebook", f"{chosen}.yaml"))


def _group_chosen(group: str, *, default: str) -> bool:
    """Say whether the user, or an experiment, has made a choice in a group."""
    hydra_config = HydraConfig.get()
    words = (word.split("=")[0].lstrip("+") for word in hydra_config.overrides.task)
    return group in words or hydra_config.runtime.choices[group] != default


def function_of(command: str) -> Callable[..., Any]:
    """Return the function of a command."""
    function: Callable[..., Any] = getattr(import_module(f"stancekit.commands.{command}"), command)
    return function


class _CommandConfigs(ConfigRepository):
    """The configs of a command, whose keys are values even where there is a folder of that name.

    Without it, Hydra would read `codebook=stance` as the choice of a config in `codebook/`, also
    for a command that only takes a codebook's name.
    """

    def __init__(self, search_path: ConfigSearchPath, keys: Sequence[str]) -> None:
        super().__init__(search_path)
        self.keys = keys

    def group_exists(self, config_path: str) -> bool:
        """Say whether a key is the choice in a group."""
        return config_path not in self.keys and super().group_exists(config_path)


@contextmanager
def hydra_for(command: str) -> Iterator[Hydra]:
    """Make Hydra ready for a command: the user's own configs come before the kit's.

    `hydra.main` is not used. It reads `sys.argv`, searches `--config-dir` after the program's own
    configs, and prints errors in its own way and exits, unless an environment variable says
    otherwise. Its parts are free of that; they are not public, so that pyproject.toml holds Hydra's
    version.
    """
    version.setbase("1.3")
    search_path = config_search_path()
    before = HydraConfig.instance().cfg
    hydra = Hydra.create_main_hydra2(f"stancekit-{command}", search_path)
    loader: Any = hydra.config_loader
    loader.repository = _CommandConfigs(search_path, keys_of(command)[0])
    try:
        yield hydra
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = before


def start(command: str, words: Sequence[str], task: Callable[[DictConfig], None]) -> None:
    """Do what a command's words ask of Hydra: run a task once or as a multirun, or show something."""
    parser = get_args_parser()
    parser.prog = f"stancekit {command}"
    options = parser.parse_intermixed_args(words)
    if options.experimental_rerun:
        raise KitError(
            "--experimental-rerun reads a pickle, which may run any code; give the command's words instead"
        )
    what: dict[str, Any] = {
        "config_name": options.config_name or command,
        "overrides": list(options.overrides),
    }
    with hydra_for(command) as hydra:
        if options.hydra_help:
            hydra.hydra_help(None, parser, options)
        elif options.cfg:
            hydra.show_cfg(
                **what, cfg_type=options.cfg, package=options.package, resolve=options.resolve
            )
        elif options.info:
            hydra.show_info(options.info, **what)
        elif options.shell_completion:
            hydra.shell_completion(**what)
        else:
            mode = RunMode.MULTIRUN if options.multirun else hydra.get_mode(**what) or RunMode.RUN
            what["overrides"].append(f"hydra.mode={mode.name}")
            if mode is RunMode.MULTIRUN and command != "train":
                # Hydra notes what it ran; who labels or estimates does not look for that where they
                # work. First, so that the user's own word wins.
                what["overrides"].insert(0, f"hydra.sweep.dir={quoted(tempfile.gettempdir())}")
            run_it = hydra.multirun if mode is RunMode.MULTIRUN else hydra.run
            run_it(task_function=task, **what)


def run(command: str, words: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for what the user can fix, 3 where some of the input was not read."""
    try:
        with searching(settle_folders(command, words)):
            _run(command, words)
    except (KitError, HydraException, OmegaConfBaseException) as error:
        _say(command, _told(error))
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except BrokenPipeError:
        _stop_printing()
    except KeyboardInterrupt:
        print(
            f"\nstancekit {command}: interrupted; the same command goes on from here",
            file=sys.stderr,
        )
        return 130
    return 0


def _told(error: Exception) -> str:
    """Return what an error says; of a name that is not there, what there is, and not where Hydra has looked."""
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        return str(no_such_name(group, name, error.options))
    return str(error).split("\nConfig search path:")[0].strip()


def _run(command: str, words: Sequence[str]) -> None:
    if {"-h", "--help"} & set(words):
        with hydra_for(command) as hydra:
            print(command_help(command, words, hydra))
        return
    if command == "label" or {"task=actors", "task=positions"} & set(words):
        # spaCy imports torch where it finds it; splitting sentences and finding names does not need
        # it.
        from stancekit.text.nlp import import_spacy

        with hidden("torch"):
            import_spacy()
    if any(word.lstrip("+").startswith("hydra.verbose=") for word in words):
        _log_to_stderr()
    given = overrides(command, spelled_out(command, words), function_of(command))
    start(command, opened(given), _task(command))


def _task(command: str) -> Callable[[DictConfig], None]:
    """Return what Hydra does with a composed config, here or in the processes of a launcher."""

    def task(config: DictConfig) -> None:
        hydra_config = HydraConfig.get()
        if hydra_config.verbose:
            # A launcher's process has not seen the words.
            _log_to_stderr()
        sources = [
            Path(source.path)
            for source in hydra_config.runtime.config_sources
            if source.schema == "file"
        ]
        try:
            with searching(sources):
                result = call(command, config)
            # All that could be done is done, and something could not be: its last line says what.
            if getattr(result, "rejected", 0):
                raise SystemExit(3)
        except BrokenPipeError:
            _stop_printing()
            raise SystemExit(0) from None
        except Exception as error:
            # Hydra would print the job's overrides over a user's own error; SystemExit passes it
            # by.
            if (known := cause(error)) is None:
                raise
            _say(command, known)
            raise SystemExit(2) from None

    return task


def _log_to_stderr() -> None:
    """Give what is logged a place to go; how much is logged, `hydra.verbose` says."""
    logging.basicConfig(stream=sys.stderr, format="[%(name)s][%(levelname)s] %(message)s")


def _stop_printing() -> None:
    """Print into nothing: whoever read our output has read enough, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(command: str, error: str) -> None:
    shown = printable(error, keep="\n\t")
    print(f"stancekit {command}: {shown}", file=sys.stderr)
