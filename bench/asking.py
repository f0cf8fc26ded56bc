"""Requests to a language model: how many a second, and what memory many of them need.

The server is the tests' own, in a process of its own, and answers at once.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

from bench.comparisons import Comparison, seconds
from stancekit.codebook import load_codebook
from stancekit.models.llm.estimator import LLM
from stancekit.types import Example, Mention

STUB = "tests/models/llm/stub_server.py"
PARALLEL, BATCH, BATCHES, ORDERS = 16, 500, 100, 2


@contextmanager
def server(log: Path) -> Iterator[str]:
    """Run the server during the block; the value is its address."""
    process = subprocess.Popen(
        [sys.executable, STUB, str(log), "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measure() -> list[Comparison]:
    """Return the rows about requests: 100 batches of 1,000."""
    me, memory, took = psutil.Process(), [], []
    with tempfile.TemporaryDirectory() as spare, server(Path(spare) / "log") as address:
        model = LLM(
            endpoint=address,
            name="stub",
            codebook=load_codebook("stance"),
            parallel=PARALLEL,
            orders=ORDERS,
            folder=spare,
        )
        model.fit([_example("first", "first")], ["condemn"])
        for batch in range(BATCHES):
            rows = [_example(f"hall {batch}", f"row {row}") for row in range(BATCH)]
            took.append(seconds(lambda of=rows: model.predict_proba(of)))
            memory.append(me.memory_info().rss / 1e6)
    asked = BATCH * ORDERS
    early, late = np.median(memory[5:15]), np.median(memory[-10:])
    return [
        Comparison(
            name=f"requests to a language model, {PARALLEL} at a time",
            peer="what was aimed at",
            unit="requests/s",
            ours=asked / float(np.median(took)),
            theirs=500,
            goal=1,
            times=BATCHES,
        ),
        Comparison(
            name=f"memory after {asked * BATCHES:,} requests",
            peer=f"after {asked * 10:,}",
            unit="MB",
            ours=float(late),
            theirs=float(early),
            goal=0.9,
            less_is_better=True,
        ),
    ]


def _example(hall: str, row: str) -> Example:
    text = f"In {hall}, {row}, Peru condemns the levy."
    return Example(f"{hall}/{row}", text, Mention("Peru"), Mention("the levy"), hall)
