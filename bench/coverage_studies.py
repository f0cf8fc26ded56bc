"""Do intervals of coefficients, edges, curves, changes and small cells contain the truth?"""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import pandas as pd

from bench.draws import DRAWS, by_method, generators, known_means, progress
from bench.simulated_networks import NetworkResult, evaluate_network
from bench.simulated_regression import DESIGNS as STUDIES
from bench.simulated_regression import Design, evaluate_study
from bench.simulated_time import EVALUATIONS, evaluate_cells
from stancekit.prevalence.claims import INFERENCES

# Annotated rows, and how the classifier's errors differ between edges.
NETWORK_DESIGNS = ((300, "alike"), (300, "differ"), (150, "differ"), (300, "useless"))
# What is estimated over time, annotated rows, how shares move, what the claim is about.
TIME_DESIGNS = (
    ("curve", 300, "waves", INFERENCES[0]),
    ("curve", 300, "waves", INFERENCES[1]),
    ("curve", 300, "line", INFERENCES[1]),
    ("curve", 600, "waves", INFERENCES[1]),
    ("slope", 300, "line", INFERENCES[0]),
    ("slope", 300, "line", INFERENCES[1]),
    ("change point", 300, "no change", INFERENCES[1]),
    ("change point", 300, "jump of 30 points", INFERENCES[1]),
    ("change point", 600, "jump of 15 points", INFERENCES[1]),
)
# Cells, annotated rows in all, whether some cells are unlike the others, what the claim is about.
AREA_DESIGNS = (
    (60, 300, "like others", INFERENCES[0]),
    (60, 300, "like others", INFERENCES[1]),
    (60, 300, "odd cells", INFERENCES[0]),
)


def regression_coverage(
    designs: Sequence[Design] = STUDIES, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of coefficients contain the truth, by design and method.

    Parameters
    ----------
    designs
        The simulated studies.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.

    Returns
    -------
    pandas.DataFrame
        `coverage` is the mean over coefficients, `lowest` that of the coefficient with the lowest;
        `estimated` the part of draws with a number.
    """
    rows = []
    for place, design in enumerate(designs):
        inference = INFERENCES[0] if design.finite else INFERENCES[1]
        name = f"{design.n} annotated rows, {design.draw}, {inference}, {design.name}"
        found = [
            evaluate_study(np.random.default_rng([random_state, place, draw]), design, draw)
            for draw in progress(draws, name)
        ]
        with_number = [one for one in found if one is not None]
        for method in with_number[0] if with_number else ():
            hits = np.mean([one[method][0] for one in with_number], axis=0)
            half = np.mean([one[method][1] for one in with_number])
            part = len(with_number) / draws
            design_columns = (design.name, design.n, design.draw, inference, method)
            rows.append((*design_columns, hits.mean(), hits.min(), half, part, draws))
    columns = ["regression", "annotated", "design", "inference", "method"]
    figures = ["coverage", "lowest", "half_width", "estimated", "draws"]
    return pd.DataFrame(rows, columns=[*columns, *figures])


def network_coverage(
    designs: Sequence[tuple[int, str]] = NETWORK_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of edges and of balance contain the truth, by design and method.

    Parameters
    ----------
    designs
        Annotated rows, and how the classifier errs; see `simulated_networks.simulate_network`.
    draws
        Simulated networks per design.
    random_state
        The seed of the simulation.
    """
    fields = list(NetworkResult.__dataclass_fields__)
    rows = []
    for n, errors in designs:
        name = f"{n} annotated rows, errors {errors}"
        results = by_method(
            dict(evaluate_network(random, n=n, errors=errors))
            for random in generators(draws, name, random_state, n)
        )
        for method, found in results.items():
            values = [astuple(result) for result in found]
            rows.append((n, errors, method, *known_means(values), draws))
    return pd.DataFrame(rows, columns=["annotated", "errors", "method", *fields, "draws"])


def time_coverage(
    designs: Sequence[tuple[str, int, str, str]] = TIME_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often bands, and intervals of slopes and change points, contain the truth.

    Parameters
    ----------
    designs
        What is estimated, annotated rows, how shares move, and what the claim is about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for what, n, case, inference in designs:
        name = f"{what}, {n} annotated rows, {case}, {inference}"
        results = by_method(
            EVALUATIONS[what](random, n=n, case=case, inference=inference)
            for random in generators(draws, name, random_state, n)
        )
        for estimate, values in results.items():
            rows.append((estimate, n, case, inference, *known_means(values), draws))
    columns = ["estimate", "annotated", "case", "inference", "coverage", "width", "found", "draws"]
    return pd.DataFrame(rows, columns=columns)


def area_coverage(
    designs: Sequence[tuple[int, int, str, str]] = AREA_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of many small cells contain the truth, shrunk and direct ones.

    Parameters
    ----------
    designs
        Cells, annotated rows in all, whether some are unlike the others, and what the claim is
        about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for cells, n, case, inference in designs:
        name = f"{cells} cells, {n} annotated rows, {case}, {inference}"
        results = by_method(
            evaluate_cells(random, n=n, cells=cells, case=case, inference=inference)
            for random in generators(draws, name, random_state, cells, n)
        )
        for method, values in results.items():
            rows.append((cells, n, case, inference, method, *known_means(values), draws))
    columns = ["cells", "annotated", "case", "inference", "method"]
    columns += ["coverage", "width", "found", "draws"]
    return pd.DataFrame(rows, columns=columns)
