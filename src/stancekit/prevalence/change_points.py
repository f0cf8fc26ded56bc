"""Change points: when the share of a code moved to another level, if it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dates import from_decimal_year
from stancekit.errors import KitError
from stancekit.evaluation.bootstrap import LEVEL
from stancekit.prevalence.estimators import MIN_ANNOTATED, MIN_UNITS, student_quantile
from stancekit.prevalence.timed_rows import CorrectedRows, largest_deviations
from stancekit.types import FloatArray
from stancekit.views import DataFrame

# Of the times at which a share may have changed, as many are tried; they are spread evenly.
MOST_TRIED = 100
# A level is estimated from at least this part of the annotated rows: nearer to an end nothing is
# seen of a change (Andrews 1993).
_TRIMMED = 0.1
# Times whose likelihood is lower than the best by less than half of this are in the interval: the
# quantile of twice the largest of two random walks with drift (Hansen 2000, table 1).
_RATIO = -2 * np.log(1 - np.sqrt(LEVEL))


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A change of the share of a code, or that none was found.

    Attributes
    ----------
    group
        The cell but for its period.
    p
        How often a share that is the same all the time would seem to change as much; NaN where
        too few rows are annotated to say.
    time, low, high
        When the new level begins, in years, with its interval; NaN where no change was found.
    before, after
        The levels on both sides with their intervals, as far as the next change; without a
        change, `before` is the only one.
    note
        Why there is no number.
    """

    group: tuple[str, ...]
    code: str
    p: float = np.nan
    time: float = np.nan
    low: float = np.nan
    high: float = np.nan
    before: tuple[float, float, float] | None = None
    after: tuple[float, float, float] | None = None
    note: str = ""

    @property
    def found(self) -> bool:
        """Say whether there is a change."""
        return bool(np.isfinite(self.time))


def changes_frame(changes: Sequence[ShareChange]) -> DataFrame:
    """Return changes as a pandas DataFrame, shares as proportions; of codes without one, why there is none.

    Examples
    --------
    >>> change = ShareChange((), "condemn", 0.001, 2012.5, 2012.4, 2012.6, (0.2, 0.1, 0.3), (0.5, 0.4, 0.6))
    >>> changes_frame([change])[["cell", "code", "date", "low", "high", "before", "after"]]
      cell     code        date         low        high  before  after
    0  all  condemn  2012-07-02  2012-05-26  2012-08-07     0.2    0.5
    """
    import pandas as pd

    columns = ["cell", "code", "date", "low", "high"]
    columns += [f"{side}{end}" for side in ("before", "after") for end in ("", "_low", "_high")]
    no_level = (np.nan,) * 3
    rows = [
        (
            ", ".join(change.group) or "all",
            change.code,
            *(
                from_decimal_year(time) if np.isfinite(time) else ""
                for time in (change.time, change.low, change.high)
            ),
            *(change.before or no_level),
            *(change.after or no_level),
            change.p,
            change.note,
        )
        for change in changes
    ]
    return pd.DataFrame(rows, columns=[*columns, "p", "note"])


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Rows of one article and one date together, of one code; arrays of shape (blocks,), articles in order.

    `count` and `scores` are sums over all rows, `weight`, `squared` and `errors` over the drawn ones: of
    weights, their squares, and residuals times weights. `start` is the first block of each article.
    """

    time: FloatArray
    start: NDArray[np.int64]
    count: FloatArray
    scores: FloatArray
    weight: FloatArray
    squared: FloatArray
    errors: FloatArray
    drawn: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Scan:
    """The times between two others at which the share of a code may have changed.

    `time` is when the new level would begin, `jump` how much it would be above the old, `size` how
    much is known of both (what n1 n2 / (n1 + n2) is to numbers of rows), all of shape (times,);
    `influence` is what articles add to each jump. `coarse` says whether some dates were not tried.
    """

    time: FloatArray
    jump: FloatArray
    size: FloatArray
    influence: FloatArray
    noise: float
    effective: float
    coarse: bool

    @property
    def gain(self) -> FloatArray:
        """Return by how much a change at each time reduces the squared errors, in units of their variance."""
        return np.asarray(self.jump**2 * self.size / max(self.noise, 1e-12))


def find_changes(
    rows: CorrectedRows, group: tuple[str, ...], codes: list[str], most: int
) -> list[ShareChange]:
    """Return the changes of every code in order of time, or one that says that none was found.

    Least squares, one change after the other, each tested at 5 % between those found before and
    then placed anew between its neighbours (Bai 1997, "Estimating multiple breaks one at a
    time"). The test takes the largest standardised difference of the levels before and after over
    all times, with its distribution from the covariance of these; the interval inverts the
    likelihood ratio (Hansen 2000; Eo and Morley 2015).

    Parameters
    ----------
    rows
        For a claim beyond these rows: shares of the very rows of a corpus always change.
    most
        How many changes of a code are looked for at most.

    Raises
    ------
    KitError
        When `most` is below 1.

    Examples
    --------
    >>> from stancekit.prevalence.timed_rows import correct_rows
    >>> from stancekit.prevalence.estimators import SampledUnits
    >>> random = np.random.default_rng(0)
    >>> time = np.sort(2010 + 4 * random.random(2000))
    >>> gold = (random.random(2000) < np.where(time < 2012.5, 0.2, 0.5))[:, None] * 1.0
    >>> units = SampledUnits(
    ...     0 * gold, gold > 1, np.arange(2000), random.random(2000) < 0.3, gold, np.full(2000, 0.3), False
    ... )
    >>> rows = correct_rows(units, np.ones(2000, bool), time, finite_population=False)
    >>> [change] = find_changes(rows, (), ["condemn"], 1)
    >>> change.found, change.low <= 2012.5 <= change.high
    (True, True)
    """
    if isinstance(most, bool) or most < 1:
        raise KitError(
            f"change_points={most!r}; give how many changes to look for at most, as change_points=1"
        )
    return [
        change
        for at, code in enumerate(codes)
        for change in _changes_of_code(rows, group, code, at, most)
    ]


def _changes_of_code(
    rows: CorrectedRows, group: tuple[str, ...], code: str, at: int, most: int
) -> Iterator[ShareChange]:
    blocks = _make_blocks(rows, at)
    none = ShareChange(group, code, before=_level(rows, at, -np.inf, np.inf))
    if np.ptp(rows.gold[:, at]) == 0:
        yield replace(
            none, note="annotated rows do not show how it varies: none has it, or every one"
        )
        return
    first = _test(blocks, -np.inf, np.inf)
    if first is None:
        yield replace(
            none,
            note=f"too few annotated rows, articles or dates to look for a change: {MIN_ANNOTATED} rows in "
            f"{MIN_UNITS} articles are needed on both sides",
        )
        return
    if first[0] > 1 - LEVEL:
        yield replace(none, p=first[0], note=f"no change found (p = {first[0]:.2f})")
        return
    found = _search(blocks, most)
    ends = [-np.inf, *found, np.inf]
    for place, (time, p) in enumerate(found.items(), 1):
        left, right = ends[place - 1], ends[place + 1]
        low, high = _when_changed(blocks, left, right, time)
        yield ShareChange(
            group,
            code,
            p=p,
            time=time,
            low=low,
            high=high,
            before=_level(rows, at, left, time),
            after=_level(rows, at, time, right),
        )


def _search(blocks: _Blocks, most: int) -> dict[float, float]:
    """Return the p of each change by its time, in order."""
    found: dict[float, float] = {}
    while len(found) < most:
        ends = [-np.inf, *found, np.inf]
        tests = [_test(blocks, *pair) for pair in pairwise(ends)]
        known = [test for test in tests if test is not None]
        if not known:
            break
        p, time = min(known)
        # Of several parts that are tested, one is found by chance more often.
        p = min(p * len(known), 1.0)
        if p > 1 - LEVEL:
            break
        found = _place_anew(blocks, dict(sorted({**found, time: p}.items())))
    return found


def _place_anew(blocks: _Blocks, found: dict[float, float]) -> dict[float, float]:
    """Return the changes, each where it fits best between its neighbours."""
    times = [-np.inf, *found, np.inf]
    for place in range(1, len(times) - 1):
        scan = _scan(blocks, times[place - 1], times[place + 1])
        if scan is not None:
            times[place] = float(scan.time[int(scan.gain.argmax())])
    return dict(zip(times[1:-1], found.values(), strict=True))


def _test(blocks: _Blocks, start: float, end: float) -> tuple[float, float] | None:
    """Return the p of the largest change between two times, and when it is; `None` where nothing can be said."""
    scan = _scan(blocks, start, end)
    if scan is None:
        return None
    deviation = np.sqrt((scan.influence**2).sum(axis=0))
    moving = deviation > 0
    if not moving.any():
        return None
    largest = float((np.abs(scan.jump[moving]) / deviation[moving]).max())
    # Deviations of few articles are larger than normal ones.
    scale = student_quantile(scan.effective) / student_quantile(np.inf)
    drawn = largest_deviations(scan.influence) * scale
    p = (1 + float((drawn >= largest).sum())) / (1 + len(drawn))
    return p, float(scan.time[int(scan.gain.argmax())])


def _make_blocks(rows: CorrectedRows, at: int) -> _Blocks:
    order = np.lexsort((rows.time, rows.unit))
    unit, time = rows.unit[order], rows.time[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(unit) > 0) | (np.diff(time) > 0)
    block = np.empty(len(order), dtype=np.int64)
    block[order] = np.cumsum(new) - 1
    of_block = unit[new]
    of_drawn, n = block[rows.drawn], len(of_block)

    def added(values: FloatArray) -> FloatArray:
        return np.bincount(of_drawn, weights=values, minlength=n).astype(float)

    return _Blocks(
        time=time[new],
        start=np.flatnonzero(np.diff(of_block, prepend=-1) > 0),
        count=np.bincount(block, minlength=n).astype(float),
        scores=np.bincount(block, weights=rows.scores[:, at], minlength=n).astype(float),
        weight=added(rows.weight),
        squared=added(rows.weight**2),
        errors=added(rows.weight * rows.residuals[:, at]),
        drawn=np.bincount(of_drawn, minlength=n),
    )


def _scan(blocks: _Blocks, start: float, end: float) -> _Scan | None:
    """Compare the levels before and after each time between two others; `None` where too few rows are annotated."""
    inside = (blocks.time >= start) & (blocks.time < end)
    times, coarse = _times(blocks, inside)
    if not len(times):
        return None
    later = (blocks.time[:, None] >= times) & inside[:, None]
    jump, influence = np.zeros(len(times)), np.zeros((len(blocks.start), len(times)))
    known, effective = np.zeros((2, len(times))), np.inf
    for sign, side in ((1.0, later), (-1.0, ~later & inside[:, None])):
        total, count = blocks.weight @ side, blocks.count @ side
        mean, of_scores = blocks.errors @ side / total, blocks.scores @ side / count
        jump += sign * (mean + of_scores)
        added = (blocks.errors[:, None] - mean * blocks.weight[:, None]) / total
        added += (blocks.scores[:, None] - of_scores * blocks.count[:, None]) / count
        influence += sign * np.add.reduceat(side * added, blocks.start, axis=0)
        known[int(sign > 0)] = total**2 / (blocks.squared @ side)
        by_article = np.add.reduceat(side * blocks.weight[:, None], blocks.start, axis=0)
        effective = np.minimum(effective, total**2 / (by_article**2).sum(axis=0))
    usable = np.asarray(effective) >= MIN_UNITS
    if not usable.any():
        return None
    size = known[0] * known[1] / known.sum(axis=0)
    best = int(np.where(usable, jump**2 * size, -1).argmax())
    noise = float((influence[:, best] ** 2).sum() * size[best])
    influence = influence[:, usable]
    least = float(np.asarray(effective)[best])
    return _Scan(times[usable], jump[usable], size[usable], influence, noise, least, coarse)


def _times(blocks: _Blocks, inside: NDArray[np.bool_]) -> tuple[FloatArray, bool]:
    """Return the dates at which a new level may begin, and whether there are more than are tried."""
    dates, place = np.unique(blocks.time[inside], return_inverse=True)
    before = np.cumsum(np.bincount(place, weights=blocks.drawn[inside], minlength=len(dates)))
    if not len(dates):
        return np.zeros(0), False
    total = before[-1]
    least = max(MIN_ANNOTATED, _TRIMMED * total)
    # At each date, the rows of the dates before it have the old level.
    earlier = np.concatenate([[0], before[:-1]])
    starts = dates[(earlier >= least) & (total - earlier >= least)]
    if len(starts) <= MOST_TRIED:
        return starts, False
    chosen = np.unique(np.linspace(0, len(starts) - 1, MOST_TRIED).astype(int))
    return starts[chosen], True


def _when_changed(blocks: _Blocks, left: float, right: float, time: float) -> tuple[float, float]:
    """Return when the change may have been: where the likelihood is not far below the best."""
    scan = _scan(blocks, left, right)
    if scan is None:
        return np.nan, np.nan
    gain = scan.gain
    inside = np.flatnonzero(gain >= gain.max() - _RATIO)
    dates = blocks.time[(blocks.time >= left) & (blocks.time < right)]
    # It came after the date before the first of these, and where not all were tried, before the next.
    tried = scan.time if scan.coarse else dates
    earlier = tried[tried < scan.time[inside[0]]]
    last = scan.time[inside[-1]]
    later = tried[tried > last] if scan.coarse else np.zeros(0)
    low = float(earlier.max()) if len(earlier) else float(dates.min())
    high = float(later.min()) if len(later) else float(last)
    return min(low, time), max(high, time)


def _level(
    rows: CorrectedRows, at: int, start: float, end: float
) -> tuple[float, float, float] | None:
    """Return the share between two times with its interval."""
    inside = (rows.time >= start) & (rows.time < end)
    drawn = inside[rows.drawn]
    weight = rows.weight * drawn
    of_units = np.bincount(rows.unit[rows.drawn], weights=weight)
    effective = float(of_units.sum() ** 2 / max((of_units**2).sum(), 1e-300))
    if drawn.sum() < MIN_ANNOTATED or effective < MIN_UNITS:
        return None
    residuals, scores = rows.residuals[:, at], rows.scores[:, at]
    mean, mean_scores = float(weight @ residuals / weight.sum()), float(scores[inside].mean())
    added = weight * (residuals - mean) / weight.sum()
    of_scores = inside * (scores - mean_scores) / inside.sum()
    influence = rows.by_unit(added[:, None], of_scores[:, None])[:, 0]
    quantile = student_quantile(effective)
    half = quantile * float(np.sqrt((influence**2).sum()))
    if np.ptp(rows.gold[drawn, at]) == 0 and (rows.left[drawn] > 0).any():
        # Gold that does not vary shows no variance: the limit of a code that none of as many has.
        half = max(half, quantile**2 / (min(float(drawn.sum()), effective) + quantile**2))
    value = float(np.clip(mean + mean_scores, 0, 1))
    return value, max(mean + mean_scores - half, 0.0), min(mean + mean_scores + half, 1.0)
