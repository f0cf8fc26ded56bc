"""Trends: shares by period, thin periods joined, and their slope over the dates."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.estimators import (
    MIN_ANNOTATED,
    MIN_UNITS,
    Domain,
    SampledUnits,
    contrast,
)
from stancekit.prevalence.units import Cell, cell_masks, joined_name, period_number
from stancekit.types import BoolArray, FloatArray

# A slope needs more periods than the two that any line goes through.
MIN_PERIODS = 3


def trend_slopes(
    known: Mapping[Cell, Domain],
    times: Mapping[Cell, float],
    weigh: Callable[[Sequence[Domain], Sequence[float]], tuple[FloatArray, ...]] = contrast,
) -> Iterator[tuple[str, tuple[FloatArray, ...]]]:
    """Yield the least-squares slope of shares per year, of each group of cells that differ in time only.

    Parameters
    ----------
    known
        The estimates of cells that have some.
    times
        The time of each cell in years; NaN where it has none.
    weigh
        How a weighted sum of what is estimated is.
    """
    groups: dict[Cell, list[tuple[str, float, Domain]]] = {}
    for cell, domain in known.items():
        # Rows without a date belong to no period.
        if period_number(cell[-1]) is not None and np.isfinite(times[cell]):
            groups.setdefault(cell[:-1], []).append((cell[-1], times[cell], domain))
    for group, periods in groups.items():
        if len(periods) < MIN_PERIODS:
            continue
        steps = np.array([time for _, time, _ in periods])
        steps -= steps.mean()
        if not (steps**2).sum():
            continue
        slope = weigh([domain for *_, domain in periods], (steps / (steps**2).sum()).tolist())
        first, last = periods[0][0].split()[0], periods[-1][0].split()[-1]
        yield f"{', '.join(group) or 'all'}: trend per year, {first} to {last}", slope


def cell_times(masks: Mapping[Cell, BoolArray], times: FloatArray | None) -> dict[Cell, float]:
    """Return the mean time of the rows of each cell in years; without times, the middle of its period.

    Examples
    --------
    >>> mask = np.array([True, True])
    >>> cell_times({("2019-03",): mask}, np.array([2019.2, 2019.24]))
    {('2019-03',): 2019.22}
    >>> cell_times({("2019",): mask}, None)
    {('2019',): 2019.5}
    """
    found = {}
    for cell, mask in masks.items():
        inside = np.zeros(0) if times is None else times[mask]
        dated = inside[np.isfinite(inside)]
        # Hundredths of a second are rounding.
        found[cell] = round(float(dated.mean()), 9) if len(dated) else _middle(cell)
    return found


def _middle(cell: Cell) -> float:
    """Return the middle of a cell's period in years, NaN where it has none."""
    number = period_number(cell[-1]) if cell else None
    if number is None:
        return float("nan")
    return (number - 0.5) / 12 if "-" in cell[-1] else number + 0.5


def pool_periods(
    units: SampledUnits, columns: Mapping[str, Sequence[str]], *, finite_population: bool
) -> tuple[dict[str, list[str]], list[str]]:
    """Return columns in which thin periods are joined with the next ones, and notes for a reader.

    In each group of cells that differ in time only, from the first period on, periods are joined
    until an estimate can be made (`Domain.enough`); those left over at the end are joined to the
    last ones. The codes are not used.

    Parameters
    ----------
    columns
        The columns that make cells, the last of periods.
    finite_population
        As of `estimate_domain`.

    Examples
    --------
    >>> months = np.repeat(["2019-01", "2019-02", "2019-04"], [30, 10, 25])
    >>> one = np.ones((65, 1))
    >>> units = SampledUnits(one, one > 0, np.arange(65), np.ones(65, bool), one, np.ones(65))
    >>> pooled, notes = pool_periods(units, {"month": months.tolist()}, finite_population=True)
    >>> sorted(set(pooled["month"]))
    ['2019-01', '2019-02 to 2019-04']
    """
    name = list(columns)[-1]
    periods = np.array(columns[name], dtype=object)
    groups = {field: values for field, values in columns.items() if field != name}
    unit = np.arange(len(periods)) if finite_population else units.article
    before = after = 0
    for _, mask in cell_masks(groups, len(periods)):
        inside = [
            period for period in sorted(set(periods[mask])) if period_number(period) is not None
        ]
        before += len(inside)
        pools = list(_join_thin(units, periods, mask, inside, unit))
        after += len(pools)
        for pool in pools:
            periods[mask & np.isin(periods, pool)] = joined_name(pool)
    pooled = {**{field: list(values) for field, values in columns.items()}, name: periods.tolist()}
    if before == after:
        return pooled, []
    return pooled, [
        f"of {before} periods, thin ones are joined with the next until each has {MIN_ANNOTATED} annotated "
        f"rows in {MIN_UNITS} effective units, which leaves {after}"
    ]


def _join_thin(
    units: SampledUnits,
    periods: NDArray[np.object_],
    mask: BoolArray,
    names: Sequence[str],
    unit: NDArray[np.int64],
) -> Iterator[list[str]]:
    """Yield the periods that are joined, in order."""
    pools: list[list[str]] = []
    current: list[str] = []
    annotated = mask & units.annotated
    for name in names:
        current.append(name)
        rows = np.flatnonzero(annotated & np.isin(periods, current))
        if len(rows) < MIN_ANNOTATED:
            continue
        weights = np.bincount(unit[rows], weights=1 / units.probability[rows])
        if weights.sum() ** 2 / (weights**2).sum() >= MIN_UNITS:
            pools.append(current)
            current = []
    if current and pools:
        pools[-1] += current
    elif current:
        pools.append(current)
    yield from pools
