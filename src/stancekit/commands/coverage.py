"""`stancekit coverage`: do the kit's intervals hold, on simulated data with a known truth."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stancekit.evaluation.simulation import draw, intervals, truth
from stancekit.files import write_text
from stancekit.report.tables import table

DESIGNS = ((50, 3), (50, 5), (100, 3), (100, 5), (200, 5))


def coverage(
    *,
    draws: int = 1000,
    designs: Sequence[Sequence[int]] = DESIGNS,
    random_state: int = 0,
    out: str | Path = "experiments/interval_coverage",
) -> dict[tuple[int, int, str], tuple[float, float]]:
    """Draw test sets, and count how often each method's 95 % interval holds the true macro-F1.

    Parameters
    ----------
    draws
        Simulated test sets per design.
    designs
        Pairs of a number of articles and a number of random states.
    out
        Where `coverage.csv` is written.

    Returns
    -------
    dict
        By articles, random states and method: the share of intervals that held, and their mean width.
    """
    true = truth()
    found: dict[tuple[int, int, str], tuple[float, float]] = {}
    for articles, states in designs:
        held: dict[str, list[tuple[bool, float]]] = {}
        name = f"{articles} articles, {states} states"
        for at in tqdm(range(draws), desc=name, unit="draw", file=sys.stderr):
            generator = np.random.default_rng([random_state, articles, states, at])
            drawn = draw(generator, articles=articles, states=states)
            for method, (low, high) in intervals(drawn, generator).items():
                held.setdefault(method, []).append((low <= true <= high, high - low))
        for method, of in held.items():
            share, width = np.mean(of, axis=0).tolist()
            found[articles, states, method] = (share, width)
    lines = ["articles,random_states,method,coverage,width,draws"]
    lines += [f'{a},{s},"{method}",{share:.4f},{width:.4f},{draws}' for (a, s, method), (share, width) in found.items()]
    write_text(Path(out) / "coverage.csv", "\n".join([*lines, ""]))
    body = [[a, s, method, f"{share:.1%}", f"{width:.3f}"] for (a, s, method), (share, width) in found.items()]
    print(table(["articles", "random states", "method", "coverage", "width"], body))
    return found
