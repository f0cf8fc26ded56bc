"""Which models differ: paired differences, corrected for their number, and what this test set could show at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from stancekit.evaluation.bootstrap import (
    REPLICATES,
    bootstrap,
    by_state,
    effective_clusters,
    interval,
    small_sample_correction,
)
from stancekit.evaluation.metrics import Metric
from stancekit.types import FloatArray, Score

LEVEL, POWER = 0.05, 0.8
# Nobody annotates a test set of more examples than this to compare two models.
MAX_COMPARED = 1_000_000


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Two models: how far the first lies before the second, and whether they differ significantly.

    `p` is corrected for the number of pairs. `detectable` is the smallest difference that a test
    set like this one would show with a power of 80 %, and `needed` how many examples it would take,
    to two digits, to show the one seen: `None` where the two are so alike that over a million would
    not do.
    """

    first: str
    second: str
    difference: Score
    p: float
    detectable: float
    needed: int | None

    @property
    def significant(self) -> bool:
        """Say whether the two differ significantly, at 5 % over all pairs."""
        return self.p < LEVEL


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs of some models, and the groups of those that do not differ significantly.

    A model that was not paired is in no group.
    """

    models: tuple[str, ...]
    pairs: tuple[PairedDifference, ...]
    groups: tuple[tuple[str, ...], ...]

    def letters(self, model: str) -> str:
        """Return the letters of a model's groups: two models that share one do not differ significantly."""
        return "".join(chr(ord("a") + at) for at, group in enumerate(self.groups) if model in group)


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (Holm 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    raised = (
        np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
        if len(p)
        else np.zeros(0)
    )
    found = np.empty(len(p))
    found[order] = np.minimum(raised, 1)
    return [float(one) for one in found]


def cliques(names: Sequence[str], apart: set[frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the largest groups in which no two differ significantly, in the order of their first.

    Piepho (2004), "An Algorithm for a Letter-Based Representation of All-Pairwise Comparisons".

    Examples
    --------
    >>> cliques(["a", "b", "c"], {frozenset("ac")})
    [('a', 'b'), ('b', 'c')]
    """
    columns: list[frozenset[str]] = [frozenset(names)]
    for pair in sorted(apart, key=sorted):
        split = [column - {one} for column in columns if pair <= column for one in pair]
        columns = [column for column in columns if not pair <= column] + split
        columns = [
            one for at, one in enumerate(columns) if not any(one < other for other in columns)
        ]
        columns = list(dict.fromkeys(columns))
    found = [tuple(name for name in names if name in column) for column in columns]
    return sorted(found, key=lambda group: [names.index(name) for name in group])


def _gaps(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the differences by random state; of the model with fewer of them the mean stands for each."""
    if len(first) == len(second):
        return first - second
    return np.asarray(first - second.mean() if len(first) > len(second) else first.mean() - second)


def compare_models(
    counts: Mapping[str, FloatArray],
    metric: Metric,
    *,
    n: int,
    codes: int | None = None,
    name: str = "macro_f1",
    replicates: int = REPLICATES,
) -> Comparison:
    """Compare every two models on one test set.

    Articles are drawn alike for both models of a pair, and random states where both have as many of
    them (Dror et al. 2018, "The Hitchhiker's Guide to Testing Statistical Significance in NLP",
    section 3, with whole articles as the unit); p is corrected over all pairs by Holm (1979), "A
    Simple Sequentially Rejective Multiple Test Procedure". How random states vary cannot be seen
    where a model has one.

    Parameters
    ----------
    counts
        Of each model, shape (random states, clusters, codes, 4), best model first.
    metric
        A macro average is bound to the codes that the common gold bears.
    n
        The number of test examples.
    codes
        The number of codes that a macro average runs over.

    Returns
    -------
    Comparison
        Without pairs where the test set is a single article: how articles vary cannot be seen in
        one.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import macro_f1
    >>> good = np.tile([[8.0, 1, 1, 8], [8, 1, 1, 8]], (1, 30, 1, 1))
    >>> found = compare_models({"good": good, "same": good}, macro_f1, n=270)
    >>> found.groups, found.pairs[0].significant
    ((('good', 'same'),), False)
    """
    states = {model: by_state(one, metric) for model, one in counts.items()}
    draws = {model: bootstrap(one, metric, replicates=replicates) for model, one in counts.items()}
    found = []
    for first, second in combinations(counts, 2):
        if counts[first].shape[1:] != counts[second].shape[1:]:
            continue
        gap, apart = draws[first] - draws[second], _gaps(states[first], states[second])
        wide = small_sample_correction(gap, apart, effective_clusters(counts[first]))
        if np.isnan(wide.scale):
            continue
        at = float(apart.mean())
        ends = interval(gap, at=at, stretch=wide.factor)
        score = Score(f"{name} difference", f"{first} - {second}", at, *ends, n, codes)
        least = float((ndtri(1 - LEVEL / 2) + ndtri(POWER)) * gap.std() * wide.scale)
        needed = n * (least / at) ** 2 if at else np.inf
        found.append(
            (first, second, score, wide.p_value(gap) if at or gap.std() else 1.0, least, needed)
        )
    raw = [one[3] for one in found]
    pairs = tuple(
        PairedDifference(
            first,
            second,
            score,
            p,
            least,
            int(float(f"{needed:.1e}")) if needed <= MAX_COMPARED else None,
        )
        for (first, second, score, _, least, needed), p in zip(found, holm(raw), strict=True)
    )
    apart_pairs = {frozenset((pair.first, pair.second)) for pair in pairs if pair.significant}
    paired = {model for pair in pairs for model in (pair.first, pair.second)}
    compared = [model for model in counts if model in paired or len(counts) == 1]
    return Comparison(
        tuple(counts), pairs, tuple(cliques(compared, apart_pairs)) if compared else ()
    )
