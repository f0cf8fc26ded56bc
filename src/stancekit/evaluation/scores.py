"""Scores of a model: every metric, overall, per code and per slice, each with its interval."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.labelled import Labels
from stancekit.evaluation.bootstrap import REPLICATES, bootstrap, interval, point
from stancekit.evaluation.counts import count
from stancekit.evaluation.metrics import PER_CODE, Array, Metric, metrics_for
from stancekit.types import Context, Score

Slices = Mapping[str, NDArray[np.bool_]]


def slices_of(contexts: Sequence[Context]) -> dict[str, NDArray[np.bool_]]:
    """Return a mask per value of setting, register, topic and phenomenon, named `register=speech`.

    Examples
    --------
    >>> list(slices_of([Context(register="speech"), Context(register="record")]))
    ['register=record', 'register=speech']
    """
    found: dict[str, list[int]] = {}
    for row, context in enumerate(contexts):
        for field in ("setting", "register", "topic"):
            if value := getattr(context, field):
                found.setdefault(f"{field}={value}", []).append(row)
        for value in context.phenomena:
            found.setdefault(f"phenomenon={value}", []).append(row)
    return {name: np.isin(np.arange(len(contexts)), found[name]) for name in sorted(found)}


def _together(metrics: Mapping[str, Metric]) -> Metric:
    """Return several metrics as one with a further last axis, so that each replicate is drawn once."""
    return lambda counts: np.stack([metric(counts) for metric in metrics.values()], axis=-1)


def _rows(counts: Array, names: Sequence[str], where: str, n: int, replicates: int) -> Iterator[Score]:
    metrics = metrics_for(names)
    use = _together(metrics)
    values, draws = point(counts, use), bootstrap(counts, use, replicates=replicates)
    for at, name in enumerate(metrics):
        yield Score(name, where, float(values[at]), *interval(draws[:, at]), n)


def _codes(counts: Array, names: Sequence[str], replicates: int) -> Iterator[Score]:
    gold = counts[0].sum(axis=0)[:, [0, 2]].sum(axis=-1)
    use = _together(PER_CODE)
    values, draws = point(counts, use), bootstrap(counts, use, replicates=replicates)
    for column, name in enumerate(PER_CODE):
        for at, code in enumerate(names):
            low, high = interval(draws[:, at, column])
            yield Score(name, f"code={code}", float(values[at, column]), low, high, int(gold[at]))


def score(
    gold: Labels,
    predicted: Sequence[Labels],
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    slices: Slices | None = None,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score predictions against gold.

    Parameters
    ----------
    gold
        The codes of each example.
    predicted
        One sequence of codes per random state.
    names
        All codes, in alphabetical order (`Codebook.names`).
    clusters
        The article of each example: the unit of the bootstrap.
    slices
        Masks of shape (examples,) by name.

    Examples
    --------
    >>> gold, guess = [("a",), ("b",)], [("a",), ("b",)]
    >>> rows = score(gold, [guess], ["a", "b"], ["x", "y"])
    >>> rows[0].metric, rows[0].value, rows[0].n
    ('macro_f1', 1.0, 2)
    """
    counts = np.stack([count(gold, state, names, clusters) for state in predicted])
    rows = [*_rows(counts, names, "all", len(gold), replicates), *_codes(counts, names, replicates)]
    for where, mask in (slices or {}).items():
        at = np.flatnonzero(mask).tolist()
        some = [[state[i] for i in at] for state in predicted]
        part = np.stack([count([gold[i] for i in at], state, names, [clusters[i] for i in at]) for state in some])
        rows += _rows(part, names, where, len(at), replicates)
    return rows
