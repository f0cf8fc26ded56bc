"""Scores of a model: every metric, overall, per code and per slice, each with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.corpus.labelled import Labels
from stancekit.evaluation.apart import estimate_apart
from stancekit.evaluation.bootstrap import REPLICATES, Estimate, Kind, estimate
from stancekit.evaluation.counts import count
from stancekit.evaluation.metrics import PER_CODE, Array, Metric, macro_f1, metrics_for
from stancekit.evaluation.slices import ENOUGH, Slices
from stancekit.types import Score


def together(metrics: Mapping[str, Metric]) -> Metric:
    """Return several metrics as one with a further last axis, so that each replicate is drawn once."""
    return lambda counts: np.stack([metric(counts) for metric in metrics.values()], axis=-1)


# Where most targets are rare, a mean over the frequent ones would stand for little.
_COVERED = 0.9


@dataclass(frozen=True, slots=True)
class _How:
    replicates: int
    kind: Kind
    multi_label: bool

    def __call__(self, counts: Array, metric: Metric) -> list[Estimate]:
        return estimate(counts, metric, kind=self.kind, replicates=self.replicates)


def _rows(counts: Array, names: Sequence[str], where: str, n: int, how: _How) -> Iterator[Score]:
    metrics = metrics_for(names, multi_label=how.multi_label)
    for name, of in zip(metrics, how(counts, together(metrics)), strict=True):
        yield Score(name, where, *of, n)


def _codes(counts: Array, names: Sequence[str], how: _How) -> Iterator[Score]:
    gold = counts[0].sum(axis=0)[:, [0, 2]].sum(axis=-1)
    for metric, use in PER_CODE.items():
        for at, of in enumerate(how(counts, use)):
            yield Score(metric, f"code={names[at]}", *of, int(gold[at]))


def _per_target(parts: Sequence[Array], n: int, how: _How) -> Score:
    """Score the mean over targets of macro-F1; parts have shape (random states, clusters, codes, 4)."""
    stacked = np.stack(parts, axis=2)
    states, clusters, targets, codes, _ = stacked.shape

    def metric(counts: Array) -> Array:
        return np.asarray(macro_f1(counts.reshape(*counts.shape[:-2], targets, codes, 4)).mean(axis=-1)[..., None])

    (of,) = how(stacked.reshape(states, clusters, targets * codes, 4), metric)
    return Score("macro_f1", "mean over targets", *of, n)


def score(
    gold: Labels,
    predicted: Sequence[Labels],
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    slices: Slices | None = None,
    replicates: int = REPLICATES,
    kind: Kind = "percentile",
) -> list[Score]:
    """Score predictions against gold.

    The slice `all` pools the examples; where targets with ten examples or more make up nearly all of them, the slice
    `mean over targets` is the mean of their macro-F1, in which a rare target counts as much as a frequent one.

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
    kind
        Of interval: `percentile` or `bca`.

    Examples
    --------
    >>> gold, guess = [("a",), ("b",)], [("a",), ("b",)]
    >>> rows = score(gold, [guess], ["a", "b"], ["x", "y"])
    >>> rows[0].metric, rows[0].value, rows[0].n
    ('macro_f1', 1.0, 2)
    """
    how = _How(replicates, kind, any(len(one) != 1 for one in gold))
    counts = np.stack([count(gold, state, names, clusters) for state in predicted])
    rows = [*_rows(counts, names, "all", len(gold), how)]
    targets, covered = [], 0
    sliced: list[Score] = []
    for where, mask in (slices or {}).items():
        at = np.flatnonzero(mask).tolist()
        some = [[state[i] for i in at] for state in predicted]
        own, homes = [gold[i] for i in at], [clusters[i] for i in at]
        sliced += _rows(np.stack([count(own, state, names, homes) for state in some]), names, where, len(at), how)
        if where.startswith("target=") and len(at) >= ENOUGH:
            covered += len(at)
            targets.append(np.stack([count(gold, state, names, clusters, mask=mask) for state in predicted]))
    if len(targets) > 1 and covered >= _COVERED * len(gold):
        rows.append(_per_target(targets, len(gold), how))
    return [*rows, *_codes(counts, names, how), *sliced]


def score_apart(
    parts: Sequence[tuple[Labels, Labels, Sequence[str]]], names: Sequence[str], *, replicates: int = REPLICATES
) -> list[Score]:
    """Score predictions where every random state has a test set of its own: overall and per code.

    Parameters
    ----------
    parts
        Per random state: gold, predicted, and the article of each example.

    Returns
    -------
    list of Score
        `n` is the mean number of examples, rounded.
    """
    tables = [count(gold, predicted, names, clusters) for gold, predicted, clusters in parts]
    n = round(sum(len(of[0]) for of in parts) / len(parts))
    metrics = metrics_for(names, multi_label=any(len(one) != 1 for of in parts for one in of[0]))
    rows = [
        Score(name, "all", *of, n)
        for name, of in zip(metrics, estimate_apart(tables, together(metrics), replicates=replicates), strict=True)
    ]
    gold = sum(table.sum(axis=0)[:, [0, 2]].sum(axis=-1) for table in tables) / len(tables)
    for metric, use in PER_CODE.items():
        for at, of in enumerate(estimate_apart(tables, use, replicates=replicates)):
            rows.append(Score(metric, f"code={names[at]}", *of, round(float(gold[at]))))
    return rows
