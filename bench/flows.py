"""Follow a command through the kit: which modules run, and which call each other both ways.

`python -m bench.flows label input=ARTICLE output=FILE` runs the command once, under Python's
profiler hook, and prints the modules of the kit in which a function ran. A pair of modules that
call each other is a way that goes back and forth. What runs while a module is imported does not
count.
"""

import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import stancekit
from stancekit.__main__ import main as run_program

PACKAGE = Path(stancekit.__file__).resolve().parent
# Values, errors and the program itself: every command goes through these.
COMMON = {"__init__", "__main__", "errors", "types", "codebook", "fileio", "resources"} | {
    f"commands/{name}" for name in ("__init__", "cli", "folders", "keys", "renamed", "words")
}


@cache
def module_of(code: CodeType) -> str | None:
    """Return the kit's module that code belongs to, `None` for other code."""
    path = Path(code.co_filename)
    if path.suffix != ".py" or not path.is_relative_to(PACKAGE):
        return None
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def calling_modules(frame: FrameType) -> Iterator[str]:
    """Yield the kit's modules that a call comes from, the nearest first, through whatever libraries.

    Raises
    ------
    ImportError
        When the call is part of an import.
    """
    caller: FrameType | None = frame
    while caller is not None:
        if module := module_of(caller.f_code):
            if caller.f_code.co_name == "<module>":
                raise ImportError(module)
            if caller is not frame:
                yield module
        caller = caller.f_back


def follow(action: Callable[[], Any]) -> tuple[list[str], list[tuple[str, str]]]:
    """Do something; return the modules that ran and the pairs that called each other."""
    calls: set[tuple[str | None, str]] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and (module := module_of(frame.f_code)):
            with contextlib.suppress(ImportError):
                callers = list(calling_modules(frame))
                calls.add((callers[0] if callers else None, module))

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    between = {(first, second) for first, second in calls if first and first != second}
    modules = sorted({module for _, module in calls})
    return modules, sorted(pair for pair in between if pair[0] < pair[1] and pair[::-1] in between)


def main(words: list[str]) -> None:
    """Run a command and print its modules."""
    printed = io.StringIO()

    def action() -> None:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = run_program(words)
        if code:
            raise SystemExit(f"the command ended with {code}: {printed.getvalue()}")

    modules, both_ways = follow(action)
    inner = [module for module in modules if module not in COMMON]
    print(f"{len(modules)} modules, {len(inner)} without the program's own and the values:")
    print(" ".join(inner))
    pairs = ", ".join(" and ".join(pair) for pair in both_ways) or "none"
    print(f"modules that call each other: {pairs}")


if __name__ == "__main__":
    main(sys.argv[1:])
