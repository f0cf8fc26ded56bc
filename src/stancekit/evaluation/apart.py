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


def estimate_apart(tables: Sequence[Array], metric: Metric, *, replicates: int = REPLICATES) -> list[Estimate]:
    """Return a metric with its interval where every random state has a test set of its own.

    Parameters
    ----------
    tables
        Per random state the counts of its test set, shape (clusters, codes, 4); the number of clusters may differ.

    Returns
    -------
    list of (value, low, high)
        One for each of the k; always percentile intervals, since no cluster is common to all states.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import f1
    >>> one = np.array([[[3.0, 1, 1, 3]], [[2, 0, 0, 4]]])
    >>> round(estimate_apart([one, one], f1)[0][0], 2)
    0.83
    """
    states = np.stack([by_state(table[None], metric)[0] for table in tables])
    draws = draws_apart(tables, metric, replicates=replicates)
    value, clusters = states.mean(axis=0), sum(effective(table[None]) for table in tables)
    found = []
    for k, at in enumerate(value.tolist()):
        low, high = interval(draws[:, k], at=at, stretch=reach(draws[:, k], states[:, k], clusters).stretch())
        found.append((at, max(low, 0.0), min(high, 1.0)))
    return found


def draws_apart(
    tables: Sequence[Array], metric: Metric, *, replicates: int = REPLICATES, random_state: int = 0
) -> Array:
    """Return replicates of the mean over random states with test sets of their own, shape (replicates, k)."""
    chosen = weights(len(tables), replicates, 1000 + random_state) / len(tables)
    each = [
        bootstrap(table[None], metric, replicates=replicates, random_state=2000 + 100 * random_state + at)
        for at, table in enumerate(tables)
    ]
    return np.asarray((np.stack(each, axis=-1) * chosen[:, None, :]).sum(axis=-1))
