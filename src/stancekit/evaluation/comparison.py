"""Compare models: paired differences, p values, and what a test set of this size can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

# The probability of calling models different that are not, over all pairs.
SIGNIFICANCE = 0.05
# The usual power of a planned test: it shows a real difference four times in five.
POWER = 0.8
# A test set with more examples than this is not annotated to compare two models.
MAX_COMPARED = 1_000_000


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The difference between two models, and whether it is significant.

    Attributes
    ----------
    difference
        The score of the first model minus that of the second.
    p
        The p value, corrected for the number of pairs.
    detectable
        The smallest difference that a test set like this one shows with a power of 80 %.
    needed
        How many examples it takes, to two digits, to show the observed difference with that
        power; `None` for more than a million.
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
        return self.p < SIGNIFICANCE


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs of some models, and the groups of those that do not differ significantly.

    A model without a pair is in no group.
    """

    models: tuple[str, ...]
    pairs: tuple[PairedDifference, ...]
    groups: tuple[tuple[str, ...], ...]

    def letters(self, model: str) -> str:
        """Return the letters of a model's groups.

        Two models that share a letter do not differ significantly.
        """
        numbers = [number for number, group in enumerate(self.groups) if model in group]
        return "".join(chr(ord("a") + number) for number in numbers)


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (Holm 1979), in the same order.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    # The smallest is multiplied by the number of all, the next by one less, and so on.
    factors = np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    if len(p):
        raised = np.maximum.accumulate(np.asarray(p)[order] * factors)
        corrected[order] = np.minimum(raised, 1)
    return [float(value) for value in corrected]


def cliques(names: Sequence[str], different: set[frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the largest groups in which no two differ significantly.

    Piepho (2004), "An Algorithm for a Letter-Based Representation of All-Pairwise
    Comparisons".

    Parameters
    ----------
    different
        The pairs that differ significantly.

    Returns
    -------
    list of tuples of names
        In the order of their first names.

    Examples
    --------
    >>> cliques(["a", "b", "c"], {frozenset("ac")})
    [('a', 'b'), ('b', 'c')]
    """
    groups: list[frozenset[str]] = [frozenset(names)]
    for pair in sorted(different, key=sorted):
        # A group with both names becomes two, each without one of them.
        kept = [group for group in groups if not pair <= group]
        for group in groups:
            if pair <= group:
                kept += [group - {name} for name in pair]
        # A group inside another says nothing more.
        largest = [group for group in kept if not any(group < other for other in kept)]
        groups = list(dict.fromkeys(largest))
    ordered = [tuple(name for name in names if name in group) for group in groups]
    return sorted(ordered, key=lambda group: [names.index(name) for name in group])


def _subtract(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return differences by random state.

    Where the models have different numbers of them, the mean of the one with fewer is
    subtracted.
    """
    if len(first) == len(second):
        return first - second
    if len(first) > len(second):
        return np.asarray(first - second.mean())
    return np.asarray(first.mean() - second)


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

    Both models of a pair have the same draws of articles, and of random states where they
    have the same number of them (Dror et al. 2018, "The Hitchhiker's Guide to Testing
    Statistical Significance in NLP", section 3, with whole articles as the unit). p values
    are corrected over all pairs by Holm (1979), "A Simple Sequentially Rejective Multiple
    Test Procedure". A model with a single random state does not show how these vary.

    Parameters
    ----------
    counts
        For each model, shape (random states, clusters, codes, 4), best model first.
    metric
        A macro average has to be bound to the codes in the common gold labels.
    n
        The number of test examples.
    codes
        The number of codes that a macro average runs over.

    Returns
    -------
    Comparison
        Without pairs where the test set is a single article, which does not show how
        articles vary.

    Examples
    --------
    >>> from stancekit.evaluation.metrics import macro_f1
    >>> good = np.tile([[8.0, 1, 1, 8], [8, 1, 1, 8]], (1, 30, 1, 1))
    >>> comparison = compare_models({"good": good, "same": good}, macro_f1, n=270)
    >>> comparison.groups, comparison.pairs[0].significant
    ((('good', 'same'),), False)
    """
    states = {model: by_state(table, metric) for model, table in counts.items()}
    draws = {
        model: bootstrap(table, metric, replicates=replicates) for model, table in counts.items()
    }
    pairs = []
    for first, second in combinations(counts, 2):
        if counts[first].shape[1:] != counts[second].shape[1:]:
            continue
        differences = _subtract(states[first], states[second])
        replicated = draws[first] - draws[second]
        clusters = effective_clusters(counts[first])
        correction = small_sample_correction(replicated, differences, clusters)
        if np.isnan(correction.scale):
            continue
        value = float(differences.mean())
        ends = interval(replicated, estimate=value, factor=correction.factor)
        spread = float(replicated.std())
        z = float(ndtri(1 - SIGNIFICANCE / 2) + ndtri(POWER))
        detectable = z * spread * correction.scale
        pair = PairedDifference(
            first,
            second,
            Score(f"{name} difference", f"{first} - {second}", value, *ends, n, codes),
            # Models that never differ have nothing to test.
            correction.p_value(replicated) if value or spread else 1.0,
            detectable,
            _needed_examples(n, detectable, value),
        )
        pairs.append(pair)
    corrected = holm([pair.p for pair in pairs])
    pairs = [replace(pair, p=p) for pair, p in zip(pairs, corrected, strict=True)]
    different = {frozenset((pair.first, pair.second)) for pair in pairs if pair.significant}
    paired = {model for pair in pairs for model in (pair.first, pair.second)}
    compared = [model for model in counts if model in paired or len(counts) == 1]
    groups = cliques(compared, different) if compared else []
    return Comparison(tuple(counts), tuple(pairs), tuple(groups))


def _needed_examples(n: int, detectable: float, value: float) -> int | None:
    """Return how many examples show a difference, to two digits.

    The detectable difference falls with the square root of their number.
    """
    needed = n * (detectable / value) ** 2 if value else np.inf
    return int(float(f"{needed:.1e}")) if needed <= MAX_COMPARED else None
