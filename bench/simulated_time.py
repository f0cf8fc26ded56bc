"""Corpora whose shares move in time, or differ between many small cells, as known: do bands and intervals hold?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.change_points import find_changes
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import SampledUnits, estimate_domain, share_interval
from stancekit.prevalence.small_areas import shrink_cells
from stancekit.prevalence.smoothing import smooth_curves
from stancekit.prevalence.timed_rows import correct_rows
from stancekit.prevalence.trends import cell_times, pool_periods, trend_slopes
from stancekit.prevalence.units import cell_masks, estimate_cells

N_ARTICLES, N_ROWS = 200, 6
# The years of the corpus, half of one of which nothing appears.
START, END, GAP = 2016.0, 2020.0, (2018.2, 2018.7)
# When shares change in those cases, and how alike the rows of an article are.
CHANGED, CONCENTRATION = 2017.5, 20.0
FloatArray = NDArray[np.float64]


def true_share(time: FloatArray, case: str) -> FloatArray:
    """Return the share of the code at each time.

    Examples
    --------
    >>> true_share(np.array([2017.0, 2018.0]), "jump of 20 points").tolist()
    [0.3, 0.5]
    """
    place = (time - START) / (END - START)
    if case == "waves":
        return np.asarray(0.4 + 0.2 * np.sin(2 * np.pi * place))
    if case == "line":
        return np.asarray(0.2 + 0.4 * place)
    jump = float(case.split()[2]) / 100 if case.startswith("jump") else 0.0
    return np.asarray(0.3 + jump * (time >= CHANGED))


@dataclass(frozen=True, slots=True)
class TimedCorpus:
    """Sampled rows with their times, in years, and the codes of all of them."""

    units: SampledUnits
    time: FloatArray
    gold: FloatArray


def simulate_timed(random: np.random.Generator, *, n: int, case: str) -> TimedCorpus:
    """Draw a corpus of articles at random dates, more of them late, a classifier that gets worse, and a sample.

    Examples
    --------
    >>> simulate_timed(np.random.default_rng(0), n=50, case="line").units.annotated.sum()
    np.int64(50)
    """
    dates = START + (END - START) * np.sqrt(random.random(N_ARTICLES))
    inside = (dates > GAP[0]) & (dates < GAP[1])
    dates[inside] += GAP[1] - GAP[0]
    # Dates are days.
    dates = np.floor(dates * 365) / 365
    share = true_share(dates, case)
    own = random.beta(CONCENTRATION * share, CONCENTRATION * (1 - share))
    article = np.repeat(np.arange(N_ARTICLES), N_ROWS)
    time = dates[article]
    gold = random.random(len(time)) < own[article]
    # Late in time it takes more rows for ones with the code.
    wrong = random.random(len(time)) < 0.05 + 0.25 * ~gold * (time - START) / (END - START)
    predicted = gold ^ wrong
    scores = np.where(predicted, 0.8, 0.1) + 0.1 * random.random(len(time))
    annotated = np.zeros(len(time), dtype=bool)
    annotated[random.permutation(len(time))[:n]] = True
    values = gold[:, None].astype(float)
    units = SampledUnits(
        scores[:, None],
        predicted[:, None],
        article,
        annotated,
        values,
        np.full(len(time), n / len(time)),
        exclusive=False,
    )
    return TimedCorpus(units, time, gold.astype(float))


def evaluate_curve(
    random: np.random.Generator, *, n: int, case: str, inference: str
) -> dict[str, tuple[float, float, float]]:
    """Return whether bands contain the curve, by how they are meant; their width; and whether there is one."""
    finite = is_finite(inference)
    corpus = simulate_timed(random, n=n, case=case)
    everything = np.ones(len(corpus.time), dtype=bool)
    rows = correct_rows(corpus.units, everything, corpus.time, finite_population=finite)
    curves = smooth_curves(rows, (), ["code"]) if rows else []
    if not curves:
        return {"curve": (np.nan, np.nan, 0.0), "whole curve": (np.nan, np.nan, 0.0)}
    [curve] = curves
    known = np.isfinite(curve.value)
    truth = true_share(curve.time, case)
    if finite:
        truth[known] = _smoothed(corpus, curve.bandwidth, curve.time[known])
    each = ((curve.low <= truth) & (truth <= curve.high))[known]
    together = ((curve.low_all <= truth) & (truth <= curve.high_all))[known]
    return {
        "curve": (float(each.mean()), float(np.nanmean(curve.high - curve.low)), 1.0),
        "whole curve": (
            float(together.all()),
            float(np.nanmean(curve.high_all - curve.low_all)),
            1.0,
        ),
    }


def _smoothed(corpus: TimedCorpus, width: float, times: FloatArray) -> FloatArray:
    """Return the local parabolas of all codes, by another way than the kit's: polynomials fitted with weights."""
    found = []
    for time in times:
        place = (corpus.time - time) / width
        kernel = np.maximum(0.75 * (1 - place**2), 0)
        near = kernel > 0
        found.append(np.polyfit(place[near], corpus.gold[near], 2, w=np.sqrt(kernel[near]))[-1])
    return np.array(found)


def evaluate_slope(
    random: np.random.Generator, *, n: int, case: str, inference: str
) -> dict[str, tuple[float, float, float]]:
    """Return whether the interval of a trend contains the true slope, its width, and whether there is one."""
    finite = is_finite(inference)
    corpus = simulate_timed(random, n=n, case=case)
    months = [f"{int(time)}-{int(12 * (time % 1)) + 1:02}" for time in corpus.time]
    columns, _ = pool_periods(corpus.units, {"month": months}, finite_population=finite)
    domains = estimate_cells(corpus.units, columns, finite_population=finite)
    masks = dict(cell_masks(columns, len(corpus.time)))
    times = cell_times(masks, corpus.time)
    known = {cell: domain for cell, domain in domains.items() if domain.enough}
    slopes = list(trend_slopes(known, times))
    if not slopes:
        return {"slope": (np.nan, np.nan, 0.0)}
    [(_, (_, low, high))] = slopes
    values = corpus.gold if finite else true_share(corpus.time, case)
    shares = [values[masks[cell]].mean() for cell in known]
    truth = np.polyfit([times[cell] for cell in known], shares, 1)[0]
    inside = float(low[0] <= truth <= high[0])
    return {"slope": (inside, float(high[0] - low[0]), 1.0)}


def evaluate_change(
    random: np.random.Generator, *, n: int, case: str, inference: str
) -> dict[str, tuple[float, float, float]]:
    """Return whether the interval contains the change, its width in years, and whether one was found."""
    if is_finite(inference):
        raise ValueError("whether a share changed is a question beyond the rows")
    corpus = simulate_timed(random, n=n, case=case)
    everything = np.ones(len(corpus.time), dtype=bool)
    rows = correct_rows(corpus.units, everything, corpus.time, finite_population=False)
    [change] = find_changes(rows, (), ["code"], 1) if rows else []
    if not change.found:
        return {"change point": (np.nan, np.nan, 0.0)}
    inside = float(change.low <= CHANGED <= change.high) if case.startswith("jump") else np.nan
    return {"change point": (inside, change.high - change.low, 1.0)}


# By what is estimated: the function that draws a corpus and compares the estimate with the truth.
EVALUATIONS = {"curve": evaluate_curve, "slope": evaluate_slope, "change point": evaluate_change}
# Cells that differ from all others in the second of the cases.
_ODD = 5


def evaluate_cells(
    random: np.random.Generator, *, n: int, cells: int, case: str, inference: str
) -> dict[str, tuple[float, float, float]]:
    """Return by method what part of intervals contain the truth, their width, and what part of cells has one.

    The cells differ; the classifier's errors differ by cell too. In the case `odd cells`, the
    classifier sees nothing of the code in five of them.
    """
    finite = is_finite(inference)
    size = 40
    cell = np.repeat(np.arange(cells), size)
    share = np.clip(random.normal(0.35, 0.12, cells), 0.02, 0.95)
    gold = random.random(len(cell)) < share[cell]
    recall, errors = random.beta(16, 4, cells), random.beta(2, 18, cells)
    if case == "odd cells":
        recall[:_ODD] = errors[:_ODD]
    predicted = random.random(len(cell)) < np.where(gold, recall[cell], errors[cell])
    scores = np.where(predicted, 0.8, 0.1) + 0.1 * random.random(len(cell))
    annotated = np.zeros(len(cell), dtype=bool)
    annotated[random.permutation(len(cell))[:n]] = True
    units = SampledUnits(
        scores[:, None],
        predicted[:, None],
        np.arange(len(cell)) // 2,
        annotated,
        gold[:, None].astype(float),
        np.full(len(cell), n / len(cell)),
        exclusive=False,
    )
    masks = {(str(at),): cell == at for at in range(cells)}
    shrunk = shrink_cells(units, masks, finite_population=finite).limits
    found: dict[str, list[tuple[float, float]]] = {"shrunk": [], "direct": []}
    for at, (name, mask) in enumerate(masks.items()):
        truth = float(gold[mask].mean()) if finite else float(share[at])
        if name in shrunk:
            _, low, high = shrunk[name][:, 0]
            found["shrunk"].append((float(low <= truth <= high), float(high - low)))
        domain = estimate_domain(units, mask, finite_population=finite)
        if domain.enough:
            low, high = (float(end[0]) for end in share_interval(domain))
            found["direct"].append((float(low <= truth <= high), high - low))
    return {
        method: (*np.mean(values, axis=0).tolist(), len(values) / cells)
        if values
        else (np.nan, np.nan, 0.0)
        for method, values in found.items()
    }
