"""The bootstrap where every random state has a test set of its own, as under random splits."""

from collections.abc import Sequence

import numpy as np

from stancekit.evaluation.bootstrap import (
    REPLICATES,
    Array,
    Estimate,
    bootstrap,
    by_state,
    effective,
    interval,
    reach,
    weights,
)
from stancekit.evaluation.metrics import Metric


def estimate_apart(
    tables: Sequence[Array], metrics: Sequence[Metric], *, replicates: int = REPLICATES
) -> list[Estimate]:
    """Return a metric with its interval where every random state has a test set of its own.

    Parameters
    ----------
    tables
        Per random state the counts of its test set, shape (clusters, codes, 4); the number of clusters may differ.
    metrics
        Per random state the metric: a macro average runs over the codes that the gold of its test set bears.

    Returns
    -------
    list of (value, low, high)
        One for each of the k; always percentile intervals, since no cluster is common to all states. The ends are NaN
        where all test sets together are one cluster.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> one = np.array([[[3.0, 1, 1, 3]], [[2, 0, 0, 4]]])
    >>> round(estimate_apart([one, one], [f1, f1])[0][0], 2)
    0.83
    """
    states = states_apart(tables, metrics)
    draws = draws_apart(tables, metrics, replicates=replicates)
    value, clusters = states.mean(axis=0), sum(effective(table[None]) for table in tables)
    found = []
    for k, at in enumerate(value.tolist()):
        low, high = interval(draws[:, k], at=at, stretch=reach(draws[:, k], states[:, k], clusters).stretch())
        found.append((at, float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))))
    return found


def states_apart(tables: Sequence[Array], metrics: Sequence[Metric]) -> Array:
    """Return the metric of each random state on its own test set, shape (random states, k)."""
    return np.stack([by_state(table[None], metric)[0] for table, metric in zip(tables, metrics, strict=True)])


def draws_apart(
    tables: Sequence[Array], metrics: Sequence[Metric], *, replicates: int = REPLICATES, random_state: int = 0
) -> Array:
    """Return replicates of the mean over random states with test sets of their own, shape (replicates, k)."""
    chosen = weights(len(tables), replicates, 1000 + random_state) / len(tables)
    each = [
        bootstrap(table[None], metric, replicates=replicates, random_state=2000 + 100 * random_state + at)
        for at, (table, metric) in enumerate(zip(tables, metrics, strict=True))
    ]
    return np.asarray((np.stack(each, axis=-1) * chosen[:, None, :]).sum(axis=-1))
