"""The program: `stancekit COMMAND key=value ...`, or `python -m stancekit`."""

import io
import os
import sys

from stancekit.commands import COMMANDS


def usage() -> str:
    """Return the help of the program itself."""
    lines = "\n".join(f"  {name:<13} {command.summary}" for name, command in COMMANDS.items())
    return f"""usage: stancekit COMMAND [key=value ...]

Label sentences by actor stance (condemn, abstain, support) and framing, train classifiers, report metrics.

commands
{lines}

stancekit COMMAND --help explains a command: its keys, what they mean, and what there is to choose from.
Start with a table of your own or a sample: stancekit new mine
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if arguments is None:
        _settle_process()
    if not given or given[0] in ("-h", "--help", "help"):
        print(usage(), end="")
        return 0
    if given[0] == "--version":
        from importlib.metadata import version

        print(f"stancekit {version('stancekit')}")
        return 0
    if given[0] not in COMMANDS:
        print(
            f"stancekit: unknown command {given[0]!r}; commands are: {', '.join(COMMANDS)}",
            file=sys.stderr,
        )
        return 2
    from stancekit.commands.cli import run

    return run(given[0], given[1:])


def _settle_process() -> None:
    """Set what is the whole process's, before anything is loaded."""
    # Threads that wait for each other in a long loop take the processor from the one that they wait for:
    # beside other work, training with two threads is ten times as slow. torch reads it when it is loaded.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    # A terminal or a pipe that cannot show a character gets its number, not an error after all the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
