"""Do the kit's 95 % intervals contain the truth in 95 of 100 cases? On simulated data, whose truth is known.

`python -m bench.coverage scores` writes `experiments/interval_coverage/coverage.csv`:
intervals of macro-F1 over articles and random states. `python -m bench.coverage alpha`
writes `alpha.csv` beside it: intervals of Krippendorff's alpha. `python -m bench.coverage shares`
writes `experiments/coverage/coverage.csv`: estimates of shares in a corpus, and `python -m
bench.coverage training` `training.csv` beside it: the same with a model that was trained on the
annotated rows, and `python -m bench.coverage measures` `measures.csv`: sums, differences, ratios and
means of shares; `python -m bench.coverage regression` `regression.csv`: coefficients; `python -m bench.coverage
network` `network.csv`: edges and balance of signed networks. `annotators`, `time` and `areas` write
`annotators.csv`, `time.csv` and `small_areas.csv` there. `--draws 20 --output FOLDER` gives a
first look.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.coverage_scores import alpha_coverage, score_coverage
from bench.coverage_shares import (
    annotator_coverage,
    measure_coverage,
    share_coverage,
    training_coverage,
)
from bench.coverage_studies import (
    area_coverage,
    network_coverage,
    regression_coverage,
    time_coverage,
)
from bench.draws import DRAWS
from stancekit.fileio import frame_to_csv, write_text

# By what is simulated: the function, and the file of its results.
SIMULATIONS = {
    "scores": (score_coverage, Path("experiments/interval_coverage/coverage.csv")),
    "alpha": (alpha_coverage, Path("experiments/interval_coverage/alpha.csv")),
    "shares": (share_coverage, Path("experiments/coverage/coverage.csv")),
    "training": (training_coverage, Path("experiments/coverage/training.csv")),
    "time": (time_coverage, Path("experiments/coverage/time.csv")),
    "areas": (area_coverage, Path("experiments/coverage/small_areas.csv")),
    "annotators": (annotator_coverage, Path("experiments/coverage/annotators.csv")),
    "measures": (measure_coverage, Path("experiments/coverage/measures.csv")),
    "regression": (regression_coverage, Path("experiments/coverage/regression.csv")),
    "network": (network_coverage, Path("experiments/coverage/network.csv")),
}


def main(words: Sequence[str] | None = None) -> None:
    """Run a simulation, write its table and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.coverage", description=__doc__)
    parser.add_argument("what", choices=list(SIMULATIONS))
    parser.add_argument("--draws", type=int, default=DRAWS, help="simulated sets per design")
    parser.add_argument("--output", type=Path, help="a folder for the table")
    given = parser.parse_args(words)
    simulate, file = SIMULATIONS[given.what]
    table = simulate(draws=given.draws)
    path = given.output / file.name if given.output else file
    write_text(path, frame_to_csv(table, decimals=4))
    print(table.to_string(index=False, float_format="{:.3f}".format, na_rep=""))


if __name__ == "__main__":
    main()
