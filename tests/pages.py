"""The pages of the documentation as a reader types them: their blocks run in order, in a fresh folder.

A block of `sh` or `python` is run, a file that a page has its reader write (`configs/model/mine.yaml`, with a block of
`yaml` below) is written. What a page shows in blocks of `text` below a block is what it prints: numbers with decimals
within a tolerance, `…` for what is left out. Comments of Markdown say what else there is to know:

    <!-- not run: it needs a server -->     the next block is shown only
    <!-- fails -->                          the next block ends with an error, which is shown
    <!-- first:                             done before the next block, for a page that shows a middle part
    stancekit new mine
    -->

`python tests/pages.py docs/howto/claim.md` runs a page and writes what it prints into it; blocks with `…` are compared.
"""

import ast
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GAP = "…"
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`(configs/\w+/\w+\.yaml)`")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*)?(?:\.\d+|\d)(?![\w.]*\d)")
# Of a number with decimals; shares in per cent may differ by one.
ABSOLUTE, RELATIVE = 0.02, 0.03


@dataclass(frozen=True)
class Block:
    """A block of a page: what it is, what it says, where; how it is run, and what is shown of its output."""

    kind: str
    text: str
    span: tuple[int, int]
    note: str = ""
    first: str = ""
    file: str = ""
    shown: tuple["Block", ...] = ()

    @property
    def runs(self) -> bool:
        return self.kind in ("sh", "python") and not self.note.startswith("not run:")

    @property
    def expected(self) -> str:
        return f"{GAP}\n".join(one.text for one in self.shown)


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page that are run or written, each with the output that is shown of it."""
    found: list[Block] = []
    before = 0
    for match in FENCE.finditer(page):
        between, before = page[before : match.start()], match.end()
        notes = re.findall(r"<!-- (not run: [^>]+?|fails) -->", between)
        first = re.findall(r"<!-- first:\n(.*?)-->", between, re.DOTALL)
        block = Block(match[1], match[2], match.span(), "".join(notes[-1:]), "".join(first[-1:]))
        if block.kind == "text" and found and found[-1].runs and not notes:
            found[-1] = replace(found[-1], shown=(*found[-1].shown, block))
        elif block.kind == "yaml" and (named := FILE.findall(between.rstrip().split("\n\n")[-1])):
            found.append(replace(block, file=named[-1]))
        elif block.kind in ("sh", "python", "text"):
            found.append(block)
    return found


def same(expected: str, printed: str) -> bool:
    """Say whether a page shows what is printed."""
    ours, theirs = (
        [" ".join(line.split()) for line in text.splitlines()] for text in (expected, printed)
    )
    return _match([line for line in ours if line], [line for line in theirs if line])


def _match(expected: list[str], printed: list[str]) -> bool:
    """Match lines, a line of `…` with any number of them."""
    reached = {0}
    for line in expected:
        if line == GAP:
            reached = set(range(min(reached, default=0), len(printed) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(printed) and alike(line, printed[at])}
    return len(printed) in reached


def alike(expected: str, printed: str) -> bool:
    """Say whether a line is the same but for numbers that differ a little, and for what `…` leaves out."""
    parts = [_pattern(part) for part in expected.split(GAP)]
    match = re.fullmatch(".*".join(parts), printed)
    numbers = NUMBER.findall(expected.replace(GAP, " "))
    return match is not None and all(map(_near, numbers, match.groups()))


def _pattern(text: str) -> str:
    pieces = re.split(f"({NUMBER.pattern})", text)
    return "".join(
        f"({NUMBER.pattern})" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)
    )


def _near(expected: str, printed: str) -> bool:
    if "." not in expected:
        return expected == printed
    one, other = (float(text.replace(",", "")) for text in (expected, printed))
    return abs(one - other) <= max(ABSOLUTE, RELATIVE * abs(one))


class Reader:
    """Types what a page says, in a folder of their own; commands are forked from a process that has imported them."""

    def __init__(self, folder: Path, zygote: Path) -> None:
        self.folder, self.names = folder, {"__name__": "__main__"}
        self.environment = os.environ | {
            "PATH": f"{zygote.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "STANCEKIT_ZYGOTE": str(zygote),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
        }

    def do(self, block: Block) -> str:
        """Run a block, or write its file; return what it prints."""
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            return ""
        if block.first:
            self.sh(block.first)
        run = self.python if block.kind == "python" else self.sh
        return run(block.text, fails=block.note == "fails")

    def sh(self, text: str, *, fails: bool = False) -> str:
        # The folder that a `cd` leads to is that of the next block.
        words = ["bash", "-c", f"set -euo pipefail\n{text}\npwd >&3"]
        with tempfile.TemporaryFile("w+") as place:
            done = subprocess.run(
                ["bash", "-c", 'exec 3>&"$1"; shift; exec "$@"', "-", str(place.fileno()), *words],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                pass_fds=[place.fileno()],
            )
            place.seek(0)
            if left := place.read().strip():
                self.folder = Path(left)
        if (done.returncode != 0) is not fails:
            raise AssertionError(f"{text}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if fails else "")

    def python(self, text: str, *, fails: bool = False) -> str:
        """Run Python as a notebook does: the value of a last expression is shown."""
        tree = ast.parse(text)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(tree, "<page>", "exec"), self.names)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<page>", "eval"), self.names)
                if value is not None:
                    print(repr(value))
        return printed.getvalue()


@contextlib.contextmanager
def zygote():
    """Start the process that commands are forked from; yield its socket, beside which `stancekit` is."""
    with tempfile.TemporaryDirectory() as place:
        socket = Path(place) / "socket"
        script = Path(place) / "stancekit"
        client = Path(__file__).with_name("zygote.py")
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {client} "$@"\n')
        script.chmod(0o755)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
        words = [sys.executable, str(client), "--serve", str(socket)]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            try:
                yield socket
            finally:
                process.terminate()


def check(path: Path, folder: Path, socket: Path) -> list[str]:
    """Run a page; return how what it prints differs from what it shows."""
    reader, wrong = Reader(folder, socket), []
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.runs or block.file:
            printed = reader.do(block)
            if block.shown and not same(block.expected, printed):
                wrong.append(f"{block.text}\nshown:\n{block.expected}\nprinted:\n{printed}")
    return wrong


def rewrite(path: Path, folder: Path, socket: Path) -> list[str]:
    """Run a page and write what its blocks print below them; return what has `…` in it and differs."""
    reader, wrong, changes = Reader(folder, socket), [], []
    page = path.read_text(encoding="utf-8")
    for block in blocks(page):
        if not (block.runs or block.file):
            continue
        printed = reader.do(block)
        if not block.shown or same(block.expected, printed):
            continue
        if len(block.shown) == 1 and GAP not in block.expected:
            changes.append((block.shown[0].span, f"```text\n{tidy(printed)}```\n"))
        else:
            wrong.append(f"{block.text}\nshown:\n{block.expected}\nprinted:\n{printed}")
    for (start, end), text in reversed(changes):
        page = page[:start] + text + page[end:]
    path.write_text(page, encoding="utf-8")
    return wrong


def tidy(printed: str) -> str:
    """Return what was printed without blanks at ends of lines, and without what no two runs have in common."""
    lines, timed = [], False
    for line in printed.strip("\n").splitlines():
        timed = line.startswith("|") and (timed or line.endswith("| seconds |"))
        shown = re.sub(r"\| [\d.]+ \|$", f"| {GAP} |", line) if timed else line.rstrip()
        lines.append(re.sub(r"-[0-9a-f]{10}\b", f"-{GAP}", shown))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with zygote() as place:
        for name in sys.argv[1:]:
            folder = Path(tempfile.mkdtemp())
            print(name, *rewrite(Path(name), folder, place), sep="\n")
            shutil.rmtree(folder)
