"""`stancekit coverage`: do the kit's intervals hold, on simulated data with a known truth."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stancekit.errors import KitError
from stancekit.evaluation.simulated_corpora import Held, judge_draw, simulate
from stancekit.evaluation.simulation import TRUTH, draw_scores, intervals
from stancekit.fileio import write_text
from stancekit.report.tables import table

# Articles and random states.
SCORES = ((50, 3), (50, 5), (100, 3), (100, 5), (200, 5))
# Gold labels, how they are drawn, what the claim is about.
SHARES = tuple(
    (n, *way)
    for n in (100, 300, 500)
    for way in (
        ("random", "corpus"),
        ("stratified", "corpus"),
        ("uncertain", "corpus"),
        ("random", "beyond"),
    )
)
# By method: the fields of `Held` that say how often its intervals hold and how wide they are.
METHODS = (
    ("kit", "shares", "differences", "width"),
    ("gold alone", "gold_alone", "", "width_alone"),
    ("counting", "counted", "", ""),
)
FOLDERS = {"scores": "experiments/interval_coverage", "shares": "experiments/coverage"}
CoverageRows = list[dict[str, Any]]


def coverage(
    *,
    of: str = "scores",
    draws: int = 1000,
    designs: Sequence[Sequence[Any]] | None = None,
    random_state: int = 0,
    out: str | Path | None = None,
) -> CoverageRows:
    """Draw data with a known truth, and count how often 95 % intervals hold it.

    Parameters
    ----------
    of
        `scores`: intervals of macro-F1 over articles and random states. `shares`: estimates of
        shares in a corpus.
    draws
        Simulated sets per design.
    designs
        Of scores: pairs of a number of articles and a number of random states. Of shares: gold
        labels, how they are drawn, and what the claim is about.
    random_state
        The seed of the simulation.
    out
        Where `coverage.csv` is written.

    Returns
    -------
    list of dict
        The rows of the file; `coverage` is the share of intervals that held, `width` their mean
        width.
    """
    if of not in FOLDERS:
        raise KitError(f"unknown of={of!r}; coverage knows: {', '.join(FOLDERS)}. Set of=scores")
    if of == "scores":
        rows = _score_coverage(designs or SCORES, draws, random_state)
    else:
        rows = _share_coverage(designs or SHARES, draws, random_state)
    head = list(rows[0])
    lines = [",".join(head), *(",".join(_csv_value(row[key]) for key in head) for row in rows), ""]
    write_text(Path(out or FOLDERS[of]) / "coverage.csv", "\n".join(lines))
    print(table(head, [[_table_value(key, row[key]) for key in head] for row in rows]))
    return rows


def _csv_value(value: Any) -> str:
    return (
        f"{value:.4f}"
        if isinstance(value, float)
        else f'"{value}"'
        if "," in str(value)
        else str(value)
    )


def _table_value(key: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return f"{value:.1%}" if key in ("coverage", "differences") else f"{value:.3f}"


def _draws(draws: int, name: str) -> Iterator[int]:
    yield from tqdm(range(draws), desc=name, unit="draw", file=sys.stderr)


def _score_coverage(
    designs: Sequence[Sequence[Any]], draws: int, random_state: int
) -> CoverageRows:
    rows = []
    for articles, states in designs:
        held: dict[str, list[tuple[bool, float]]] = {}
        for at in _draws(draws, f"{articles} articles, {states} states"):
            generator = np.random.default_rng([random_state, articles, states, at])
            drawn = draw_scores(generator, articles=articles, states=states)
            for method, (low, high) in intervals(drawn, generator).items():
                held.setdefault(method, []).append((low <= TRUTH <= high, high - low))
        for method, ends in held.items():
            share, width = np.mean(ends, axis=0).tolist()
            rows.append(
                {"articles": articles, "random_states": states, "method": method}
                | {"coverage": share, "width": width, "draws": draws}
            )
    return rows


def _share_coverage(
    designs: Sequence[Sequence[Any]], draws: int, random_state: int
) -> CoverageRows:
    rows = []
    for n, how, about in designs:
        for useful in (True, False):
            kind = "good" if useful else "useless"
            found = [
                judge_draw(
                    simulate(np.random.default_rng([random_state, n, useful, at]), useful=useful),
                    n=n,
                    how=how,
                    about=about,
                    random_state=at,
                )
                for at in _draws(draws, f"{n} gold labels, {how}, {about}, {kind} classifier")
            ]
            facts = {"gold": n, "how": how, "about": about, "classifier": kind}
            mean = {
                key: float(np.mean([getattr(one, key) for one in found]))
                for key in Held.__dataclass_fields__
            }
            rows += [
                {
                    **facts,
                    "method": method,
                    "coverage": mean[share],
                    "differences": mean.get(other, ""),
                }
                | {"width": mean.get(width, ""), "draws": draws}
                for method, share, other, width in METHODS
            ]
    return rows
