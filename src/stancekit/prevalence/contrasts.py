"""Differences between cells, and trends of those that differ in time only, of shares and of measures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from stancekit.prevalence.estimators import Domain, contrast
from stancekit.prevalence.measures import Measure, estimate_measure, measure_contrast
from stancekit.prevalence.shares import Contrast, MeasureKind
from stancekit.prevalence.trends import trend_slopes
from stancekit.prevalence.units import PERIODS, Cell
from stancekit.types import FloatArray

# With more cells not every pair is compared: 8 cells have 28 pairs of each code.
MOST_COMPARED = 8


def make_contrasts(
    domains: Mapping[Cell, Domain],
    codes: Sequence[str],
    by: Sequence[str],
    measures: Sequence[Measure],
    times: Mapping[Cell, float],
) -> list[Contrast]:
    """Return differences of known cells, or over time their slopes.

    Parameters
    ----------
    domains
        The estimates of cells.
    codes, measures
        What is compared.
    by
        The fields of cells.
    times
        The time of each cell, in years.
    """
    known = {cell: domain for cell, domain in domains.items() if domain.enough}
    found = list(_compare(known, by, _Compared(tuple(codes), contrast), times))
    for measure in measures:
        with_measure = {
            cell: domain
            for cell, domain in known.items()
            if estimate_measure(domain, domain.counted, measure, codes).estimate
        }
        one = _Compared((measure.name,), partial(_measure_ends, measure), measure.kind)
        found += _compare(with_measure, by, one, times)
    return found


def _measure_ends(
    measure: Measure, domains: Sequence[Domain], weights: Sequence[float]
) -> tuple[FloatArray, ...]:
    return tuple(np.array([end]) for end in measure_contrast(domains, weights, measure))


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is compared between cells, and how a weighted sum of it over cells is estimated."""

    codes: tuple[str, ...]
    weigh: Callable[[Sequence[Domain], Sequence[float]], tuple[FloatArray, ...]]
    kind: MeasureKind = "share"


def _compare(
    known: Mapping[Cell, Domain],
    by: Sequence[str],
    what: _Compared,
    times: Mapping[Cell, float],
) -> Iterator[Contrast]:
    if by and by[-1] in PERIODS:
        for name, slope in trend_slopes(known, times, what.weigh):
            yield from _by_code(name, "", what, slope)
    elif len(known) <= MOST_COMPARED:
        for (cell, domain), (other_cell, other) in combinations(known.items(), 2):
            estimate = what.weigh([domain, other], [1, -1])
            yield from _by_code(", ".join(cell), ", ".join(other_cell), what, estimate)


def _by_code(
    cell: str, minus: str, what: _Compared, estimate: tuple[FloatArray, ...]
) -> Iterator[Contrast]:
    values = np.stack(estimate, axis=1).tolist()
    for code, row in zip(what.codes, values, strict=True):
        yield Contrast(cell, minus, code, tuple(row), what.kind)
