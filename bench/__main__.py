"""Measure the kit against its peers in one run, and write `bench/results.json`."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from bench import encoders, labelling
from stancekit.evaluation import bootstrap, count, macro_f1
from stancekit.evaluation.bootstrap import estimate_interval
from stancekit.evaluation.metrics import f1, metrics_for, precision, recall
from stancekit.evaluation.scores import stack_metrics

NAMES = ["abstain", "condemn", "none", "support"]


def seconds(call: Callable[[], object], times: int = 5) -> float:
    """Return the median wall time of a call."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def replicates() -> dict[str, object]:
    """Bootstrap macro-F1 on 1,249 rows: ours, and scikit-learn's metric in a loop over resampled rows."""
    generator = np.random.default_rng(0)
    gold, guess = (np.array(NAMES)[generator.integers(0, 4, 1249)] for _ in range(2))
    labels = [[(str(one),) for one in column] for column in (gold, guess)]
    clusters = [str(row) for row in range(1249)]

    def ours() -> None:
        bootstrap(count(labels[0], labels[1], NAMES, clusters)[None], macro_f1, replicates=2000)

    def peer() -> None:
        for _ in range(50):
            rows = generator.integers(0, 1249, 1249)
            f1_score(gold[rows], guess[rows], labels=NAMES, average="macro", zero_division=0)

    return {
        "name": "bootstrap of macro-F1",
        "ours": 2000 / seconds(ours),
        "peer": 50 / seconds(peer),
        "unit": "replicates/s",
    }


def leaderboard() -> dict[str, object]:
    """Bootstrap six metrics of ten models on 1,249 rows, 2,000 replicates each; the peer is the limit of 5 s."""
    generator = np.random.default_rng(0)
    gold = [(NAMES[at],) for at in generator.integers(0, 4, 1249)]
    models = [[(NAMES[at],) for at in generator.integers(0, 4, 1249)] for _ in range(10)]
    clusters = [str(row) for row in range(1249)]
    six = stack_metrics(
        {
            **metrics_for(
                NAMES, np.ones((len(NAMES), 4)), multi_label=False, scale=(NAMES[0], NAMES[-1])
            ),
            "f1": lambda table: f1(table)[..., 0],
            "precision": lambda table: precision(table)[..., 0],
            "recall": lambda table: recall(table)[..., 0],
        }
    )

    def ours() -> None:
        for guess in models:
            counts = count(gold, guess, NAMES, clusters)[None]
            estimate_interval(counts, six, replicates=2000)

    return {
        "name": "ten models x 1,249 rows x 6 metrics",
        "ours": 1 / seconds(ours, 3),
        "peer": 1 / 5,
        "unit": "runs/s",
    }


def start() -> dict[str, object]:
    """Time `stancekit --help` against an interpreter that imports argparse."""
    ours = seconds(
        lambda: subprocess.run(
            [sys.executable, "-m", "stancekit", "--help"], check=True, capture_output=True
        )
    )
    peer = seconds(lambda: subprocess.run([sys.executable, "-c", "import argparse"], check=True))
    return {"name": "start of --help", "ours": 1 / ours, "peer": 1 / peer, "unit": "starts/s"}


def main() -> None:
    """Run all benchmarks; a ratio above 1 means that ours is faster."""
    rows = [replicates(), leaderboard(), start(), *encoders.measure(), *labelling.measure()]
    for row in rows:
        row["ratio"] = round(float(str(row["ours"])) / float(str(row["peer"])), 2)
        print(
            f"{row['name']:<44} ours {row['ours']:>10.1f}  peer {row['peer']:>10.1f} {row['unit']}  x{row['ratio']}"
        )
    Path("bench/results.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
