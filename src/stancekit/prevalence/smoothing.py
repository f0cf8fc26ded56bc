"""Smooth curves of shares over time, with bands for each time and for all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.corpus.dates import from_decimal_year
from stancekit.errors import KitError
from stancekit.evaluation.bootstrap import LEVEL
from stancekit.prevalence.estimators import MIN_ANNOTATED, MIN_UNITS
from stancekit.prevalence.timed_rows import CorrectedRows, largest_deviations
from stancekit.types import BoolArray, FloatArray
from stancekit.views import DataFrame

# At how many times a curve is computed.
N_TIMES = 50
# A parabola goes through any three dates.
MIN_DATES = 4
# Of the rule of thumb for a line and the kernel of Epanechnikov (Fan and Gijbels 1996, table 4.1).
_RULE_OF_THUMB = 1.719
# Of fewer effective rows Student's quantile says next to nothing.
_LEAST_EFFECTIVE = 4.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A smooth curve of the share of a code over time.

    Attributes
    ----------
    group
        The cell but for its period.
    bandwidth
        Half the width of the window, in years.
    time
        In years, shape (times,).
    value, low, high
        The curve, and a band that holds at each time by itself, shape (times,); NaN where too few
        rows are annotated.
    low_all, high_all
        A band that holds at all of these times together, shape (times,).
    """

    group: tuple[str, ...]
    code: str
    bandwidth: float
    time: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    low_all: FloatArray
    high_all: FloatArray


def curves_frame(curves: Sequence[Curve]) -> DataFrame:
    """Return curves as a pandas DataFrame, a row per time, as proportions.

    Examples
    --------
    >>> ends = [np.array([value]) for value in (2019.5, 0.4, 0.3, 0.5, 0.2, 0.6)]
    >>> curves_frame([Curve(("Peru",), "condemn", 0.5, *ends)])
       cell     code        date  estimate  low  high  low_all  high_all
    0  Peru  condemn  2019-07-02       0.4  0.3   0.5      0.2       0.6
    """
    import pandas as pd

    tables = [
        pd.DataFrame(
            {
                "cell": ", ".join(curve.group) or "all",
                "code": curve.code,
                "date": [from_decimal_year(time) for time in curve.time.tolist()],
                "estimate": curve.value,
                "low": curve.low,
                "high": curve.high,
                "low_all": curve.low_all,
                "high_all": curve.high_all,
            }
        )
        for curve in curves
    ]
    columns = ["cell", "code", "date", "estimate", "low", "high", "low_all", "high_all"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


@dataclass(frozen=True, slots=True)
class _LocalFit:
    """A local parabola at a time: of each code the value, and what each unit adds to it; effective drawn rows.

    `seen` says of each code whether gold near the time varies, without which no band is known.
    """

    value: FloatArray
    influence: FloatArray
    effective: float
    seen: BoolArray


def smooth_curves(
    rows: CorrectedRows, group: tuple[str, ...], codes: list[str], bandwidth: float | None = None
) -> list[Curve]:
    """Return the smooth curve of every code, empty where too few rows or dates are annotated.

    A code has none where no annotated row near a time has it, or every one.

    Local polynomials of second degree, with a bandwidth that is chosen for lines: the usual
    curve, corrected for its bias, with a band that counts the correction (Calonico, Cattaneo and
    Titiunik 2014, remark 7; Calonico, Cattaneo and Farrell 2018). In a claim about these very
    rows the band is for the curve that their true codes would have.

    Parameters
    ----------
    bandwidth
        Half the width of the window in years; by default by a rule of thumb.

    Raises
    ------
    KitError
        When the bandwidth is not above 0.

    Examples
    --------
    >>> from stancekit.prevalence.timed_rows import correct_rows
    >>> from stancekit.prevalence.estimators import SampledUnits
    >>> random = np.random.default_rng(0)
    >>> time = np.sort(2010 + 4 * random.random(2000))
    >>> gold = (random.random(2000) < 0.2 + 0.1 * (time - 2010))[:, None] * 1.0
    >>> units = SampledUnits(
    ...     0 * gold, gold > 1, np.arange(2000), random.random(2000) < 0.3, gold, np.full(2000, 0.3), False
    ... )
    >>> rows = correct_rows(units, np.ones(2000, bool), time, finite_population=False)
    >>> [curve] = smooth_curves(rows, (), ["condemn"])
    >>> truth = 0.2 + 0.1 * (curve.time - 2010)
    >>> float(np.mean((curve.low <= truth) & (truth <= curve.high)))
    1.0
    """
    if bandwidth is not None and not bandwidth > 0:
        raise KitError(
            f"smooth={bandwidth!r} is no bandwidth; give half the width of the window in years, as "
            "smooth=0.5, or smooth=true for a rule"
        )
    dates = rows.time[rows.drawn]
    if len(dates) < MIN_ANNOTATED or len(np.unique(dates)) < MIN_DATES:
        return []
    width = bandwidth or choose_bandwidth(rows)
    times = np.linspace(dates[0], dates[-1], N_TIMES)
    fits = [_fit_at(rows, float(time), width) for time in times]
    if not any(fits):
        return []
    of_codes = [[fit and _fit_of_code(fit, at) for fit in fits] for at in range(len(codes))]
    return [
        _make_curve(group, code, width, times, found)
        for code, found in zip(codes, of_codes, strict=True)
        if any(found)
    ]


def _fit_of_code(fit: _LocalFit, at: int) -> _LocalFit | None:
    one = slice(at, at + 1)
    found = _LocalFit(fit.value[one], fit.influence[:, at], fit.effective, fit.seen[one])
    return found if fit.seen[at] else None


def choose_bandwidth(rows: CorrectedRows) -> float:
    """Return the bandwidth, in years, that the rule of thumb of Fan and Gijbels (1996, section 4.2) gives.

    A polynomial of fourth degree is fitted to gold; all codes have the same bandwidth. How much the
    polynomial bends by chance alone is subtracted, and the window is half of all time at most.
    """
    dates, weight = rows.time[rows.drawn], rows.weight
    span = float(dates[-1] - dates[0])
    scaled = 2 * (dates - dates[0]) / span - 1
    degree = min(4, len(np.unique(dates)) - 2)
    design = np.vander(scaled, degree + 1, increasing=True)
    root = np.sqrt(weight)[:, None]
    fitted = np.linalg.lstsq(root * design, root * rows.gold, rcond=None)[0]
    errors = rows.gold - design @ fitted
    effective = weight.sum() ** 2 / (weight**2).sum()
    variance = (
        (weight @ errors**2 / weight.sum()).sum() * effective / max(effective - degree - 1, 1)
    )
    powers = np.arange(2, degree + 1)
    bends = (np.vander(scaled, degree - 1, increasing=True) * powers * (powers - 1)) @ fitted[2:]
    bend = (weight @ bends**2 / weight.sum()).sum()
    turns = np.zeros((len(dates), degree + 1))
    turns[:, 2:] = np.vander(scaled, degree - 1, increasing=True) * powers * (powers - 1)
    inverse = np.linalg.pinv((root * design).T @ (root * design))
    by_chance = weight @ np.einsum("ij,jk,ik->i", turns, inverse, turns) / weight.sum()
    bend -= variance * by_chance * weight.sum() / effective
    width = (
        _RULE_OF_THUMB * (variance * span / max(bend * effective * (2 / span) ** 4, 1e-12)) ** 0.2
    )
    return float(np.clip(width, span / 20, span / 2))


def _fit_at(rows: CorrectedRows, time: float, width: float) -> _LocalFit | None:
    """Return the local parabola at a time, `None` where too few rows are annotated near it."""
    place = (rows.time - time) / width
    kernel = np.maximum(0.75 * (1 - place**2), 0)
    weight = kernel[rows.drawn] * rows.weight
    near = weight > 0
    dates = np.unique(rows.time[rows.drawn][near])
    if near.sum() < MIN_ANNOTATED or len(dates) < MIN_DATES:
        return None
    pull, residual, lever = _solve(place[rows.drawn], weight, rows.residuals)
    of_scores, spread, _ = _solve(place, kernel, rows.scores)
    value = pull @ rows.residuals + of_scores @ rows.scores
    # What a row adds is larger than its residual shows, as the fit leans towards it (HC3).
    added = pull[:, None] * residual / (1 - lever)[:, None]
    by_unit = rows.by_unit(added, of_scores[:, None] * spread)
    raw = pull if rows.finite else np.bincount(rows.unit[rows.drawn], weights=pull)
    size = float((raw**2).sum())
    if np.abs(raw).sum() ** 2 / size < MIN_UNITS:
        return None
    # At the ends of time few rows decide, whatever number is near.
    known = bool((rows.left[near] == 0).all())
    seen = (np.ptp(rows.gold[near], axis=0) > 0) | known
    return _LocalFit(value, by_unit, max(1 / size, _LEAST_EFFECTIVE), seen)


def _solve(
    place: FloatArray, weight: FloatArray, values: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit a parabola, and return the weight of each row in its value at 0, residuals, and leverages."""
    design = np.column_stack([np.ones(len(place)), place, place**2])
    inverse = np.linalg.pinv(design.T @ (weight[:, None] * design))
    influence = weight[:, None] * (design @ inverse)
    residuals = values - design @ (influence.T @ values)
    lever = (influence * design).sum(axis=1)
    return influence[:, 0], residuals, np.clip(lever, 0, 0.9)


def _make_curve(
    group: tuple[str, ...], code: str, width: float, times: FloatArray, fits: list[_LocalFit | None]
) -> Curve:
    from scipy.stats import t as student

    known = [fit for fit in fits if fit is not None]
    influence = np.stack([fit.influence for fit in known], axis=1)
    deviation = np.sqrt((influence**2).sum(axis=0))
    freedom = np.array([fit.effective - 1 for fit in known])
    # How often a normal value is as far from 0 as the largest of all is in one of twenty cases.
    level = _normal_level(float(np.quantile(largest_deviations(influence), LEVEL)))
    quantiles = student.ppf((1 + LEVEL) / 2, freedom)
    together = student.ppf((1 + level) / 2, freedom)
    found = np.full((5, len(times)), np.nan)
    at = [place for place, fit in enumerate(fits) if fit is not None]
    value = np.array([fit.value[0] for fit in known])
    for row, half in ((1, quantiles), (3, np.maximum(together, quantiles))):
        found[row, at] = np.clip(value - half * deviation, 0, 1)
        found[row + 1, at] = np.clip(value + half * deviation, 0, 1)
    found[0, at] = np.clip(value, 0, 1)
    return Curve(group, code, width, times, *found)


def _normal_level(limit: float) -> float:
    """Return the part of normal values that are within a limit."""
    from scipy.stats import norm

    return float(1 - 2 * norm.sf(limit))
