"""From a command's words to its function, through Hydra."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any
from unittest.mock import patch

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stancekit.errors import KitError
from stancekit.imports import hidden
from stancekit.shipped import shipped

# A first word without "=" stands for this key, as in `stancekit label article.txt`.
FIRST = {
    "label": "input",
    "sample": "labels",
    "estimate": "labels",
    "plan": "labels",
    "reproduce": "run",
    "data": "corpus",
    "verify": "path",
    "report": "out",
    "compare": "out",
    "average": "runs",
}


def cause(error: BaseException) -> KitError | None:
    """Return the user's error behind an exception, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KitError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def call(command: str, config: DictConfig) -> Any:
    """Instantiate a config and call the command's function with it."""
    function: Callable[..., Any] = getattr(import_module(f"stancekit.commands.{command}"), command)
    missing = sorted(str(key) for key in OmegaConf.missing_keys(config))
    if missing:
        raise KitError(f"stancekit {command} needs a value for: {', '.join(missing)}; add {missing[0]}=VALUE")
    # Choices are composed as nodes, so resolve first: a value that refers to a group sees the group.
    OmegaConf.resolve(config)
    given = dict(instantiate(config, _convert_="all"))
    # Only other keys refer to it.
    given.pop("data_dir", None)
    if command == "train":
        plain: Any = OmegaConf.to_container(config)
        choices = HydraConfig.get().runtime.choices
        plain["choices"] = {group: choices[group] for group in ("corpus", "codebook", "split", "features", "model")}
        given["config"] = plain
        given["name"] = given.get("name") or choices["model"]
    return function(**given)


def _keyed(command: str, words: list[str]) -> list[str]:
    """Give a first word without a key the one it stands for."""
    if words and command in FIRST and "=" not in words[0] and not words[0].startswith("--"):
        words[0] = f"{FIRST[command]}={words[0]}"
    return words


def run(command: str, words: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for what the user can mend, 3 where some of the input was not read."""
    words = _keyed(command, list(words))
    # Hydra prints a shortened traceback of its own otherwise, also for a user's slip.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    if command == "label" or "task=actors" in words:
        # spaCy imports torch where it finds it; splitting sentences and finding names does not need it.
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
            # Hydra would print the job's overrides over a user's own error; SystemExit passes it by.
            if (known := cause(error)) is None:
                raise
            print(f"stancekit {command}: {known}", file=sys.stderr)
            raise SystemExit(2) from None

    start = hydra.main(config_path=str(shipped("configs")), config_name=command, version_base="1.3")(task)
    try:
        with patch.object(sys, "argv", [f"stancekit {command}", *words]):
            start()
    except (HydraException, OmegaConfBaseException) as error:
        print(f"stancekit {command}: {error}", file=sys.stderr)
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        print(f"\nstancekit {command}: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0
