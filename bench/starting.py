"""Whole processes: how long the program takes to say something, beside an import that others begin with."""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.comparisons import TIMES, Comparison, take_turns

ARTICLE = Path("seeds/articles/newswire_border_truce.txt")


def run(*words: str) -> None:
    """Run Python on some words."""
    subprocess.run([sys.executable, *words], check=True, capture_output=True)


def megabytes(*words: str) -> float:
    """Return the highest memory of a process, in MB, as Linux counts it."""
    after = "import resource; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    script = f"import subprocess, sys; subprocess.run({[sys.executable, *words]}, check=True, stdout=-3, stderr=-3)"
    command = [sys.executable, "-c", f"{script}; {after}"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024


def measure() -> list[Comparison]:
    """Return the rows about whole processes."""
    program = ("-m", "stancekit")
    torch = ("-c", "import torch, transformers")
    with tempfile.TemporaryDirectory() as spare:
        label = (*program, "label", str(ARTICLE), f"output={spare}/labels.jsonl")
        pairs = (
            ("`--help`", (*program, "--help"), "`import argparse`", ("-c", "import argparse"), 1 / 1.3),
            ("`label --help`", (*program, "label", "--help"), "`import hydra`", ("-c", "import hydra"), 0.8),
            ("`label ARTICLE` by the box", label, "`import torch, transformers`", torch, 1),
        )  # fmt: skip
        rows = []
        for name, ours, peer, theirs, goal in pairs:
            took = take_turns(lambda ours=ours: run(*ours), lambda theirs=theirs: run(*theirs))
            rows.append(
                Comparison(name, peer, "s", *took, goal=goal, times=TIMES, less_is_better=True)
            )
        used = megabytes(*label)
    rows.append(
        Comparison(
            "memory of `label ARTICLE`", "600 MB", "MB", used, 600, 1, 1, less_is_better=True
        )
    )
    return rows
