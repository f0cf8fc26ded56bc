"""Trends: the slope of shares over time."""

from collections.abc import Iterator, Mapping

import numpy as np

from stancekit.prevalence.estimators import Domain, contrast
from stancekit.prevalence.units import Cell, period_number
from stancekit.types import FloatArray

# A slope needs more periods than the two that any line goes through.
MIN_PERIODS = 3


def trend_slopes(
    known: Mapping[Cell, Domain], period: str
) -> Iterator[tuple[str, tuple[FloatArray, ...]]]:
    """Yield the least-squares slope of shares over time, of each group of cells that differ in time only."""
    groups: dict[Cell, list[tuple[str, int, Domain]]] = {}
    for cell, domain in known.items():
        number = period_number(cell[-1])
        # Rows without a date belong to no period.
        if number is not None:
            groups.setdefault(cell[:-1], []).append((cell[-1], number, domain))
    for group, periods in groups.items():
        if len(periods) < MIN_PERIODS:
            continue
        steps = np.array([number for _, number, _ in periods], dtype=float)
        steps -= steps.mean()
        slope = contrast([domain for *_, domain in periods], (steps / (steps**2).sum()).tolist())
        first, last = periods[0][0], periods[-1][0]
        yield f"{', '.join(group) or 'all'}: trend per {period}, {first} to {last}", slope
