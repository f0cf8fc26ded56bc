"""Do intervals of scores, and of agreement, contain the truth?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.draws import DRAWS, by_method, generators, progress
from bench.simulated_annotators import TRUE_ALPHA, as_columns, simulate_annotators
from bench.simulated_scores import TRUTH, score_intervals, simulate_test
from stancekit.evaluation.krippendorff import alpha

# Numbers of articles and of random states.
SCORE_DESIGNS = ((50, 3), (50, 5), (100, 3), (100, 5), (200, 5))
# Numbers of articles and of annotators.
ALPHA_DESIGNS = ((20, 2), (20, 3), (50, 3))


def score_coverage(
    designs: Sequence[tuple[int, int]] = SCORE_DESIGNS, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of macro-F1 contain the truth, and their mean width, by design and method.

    Parameters
    ----------
    designs
        Numbers of articles and of random states.
    draws
        Simulated test sets per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for articles, states in designs:
        name = f"{articles} articles, {states} states"
        results = by_method(
            score_intervals(simulate_test(random, articles=articles, states=states), random)
            for random in generators(draws, name, random_state, articles, states)
        )
        for method, of_method in results.items():
            low, high = np.array(of_method).T
            coverage, width = np.mean((low <= TRUTH) & (high >= TRUTH)), np.mean(high - low)
            rows.append((articles, states, method, coverage, width, draws))
    columns = ["articles", "random_states", "method", "coverage", "width", "draws"]
    return pd.DataFrame(rows, columns=columns)


def alpha_coverage(
    designs: Sequence[tuple[int, int]] = ALPHA_DESIGNS, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of Krippendorff's alpha contain the truth, and their mean width.

    Parameters
    ----------
    designs
        Numbers of articles and of annotators.
    draws
        Simulated sets of judgements per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for articles, annotators in designs:
        results: dict[str, list[tuple[bool, float]]] = {"kit": [], "rows": []}
        truth = TRUE_ALPHA[annotators]
        for draw in progress(draws, f"{articles} articles, {annotators} annotators"):
            generator = np.random.default_rng([random_state, articles, annotators, draw])
            codes, article = simulate_annotators(
                generator, articles=articles, annotators=annotators
            )
            columns = as_columns(codes)
            for method, clusters in (("kit", list(map(str, article))), ("rows", None)):
                found = alpha(*columns, clusters=clusters)
                width = found.high - found.low
                results[method].append((found.low <= truth <= found.high, width))
        for method, of_method in results.items():
            coverage, width = np.mean(of_method, axis=0).tolist()
            rows.append((articles, annotators, method, coverage, width, draws))
    columns = ["articles", "annotators", "method", "coverage", "width", "draws"]
    return pd.DataFrame(rows, columns=columns)
