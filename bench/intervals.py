"""The cluster bootstrap against scikit-learn's metric in a loop over resampled rows."""

import numpy as np
from sklearn.metrics import f1_score

from bench.comparisons import Comparison, take_turns
from stancekit.evaluation import bootstrap, count, macro_f1

NAMES = ["abstain", "condemn", "none", "support"]
ROWS, OURS, THEIRS = 1249, 2000, 50


def measure() -> list[Comparison]:
    """Return the row about intervals."""
    generator = np.random.default_rng(0)
    gold, guess = (np.array(NAMES)[generator.integers(0, 4, ROWS)] for _ in range(2))
    labels = [[(str(one),) for one in column] for column in (gold, guess)]
    clusters = [str(row) for row in range(ROWS)]

    def ours() -> None:
        bootstrap(count(labels[0], labels[1], NAMES, clusters)[None], macro_f1, replicates=OURS)

    def peer() -> None:
        for _ in range(THEIRS):
            rows = generator.integers(0, ROWS, ROWS)
            f1_score(gold[rows], guess[rows], labels=NAMES, average="macro", zero_division=0)

    took, theirs = take_turns(ours, peer)
    return [
        Comparison(
            name="cluster bootstrap of macro-F1, 1,249 rows",
            peer="scikit-learn in a loop",
            unit="replicates/s",
            ours=OURS / took,
            theirs=THEIRS / theirs,
            goal=40,
            times=5,
        )
    ]
