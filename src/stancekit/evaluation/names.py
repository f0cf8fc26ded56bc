"""Does it matter to a model who it is? Labels on sentences whose names are exchanged for others of their kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import CodeTuples, numbered
from stancekit.evaluation.bootstrap import (
    bootstrap,
    by_state,
    effective_clusters,
    interval,
    small_sample_correction,
)
from stancekit.evaluation.slices import ENOUGH
from stancekit.text.exchange import NameExchanger
from stancekit.types import Example, FloatArray, Score

EXCHANGED = "names exchanged"
LABELS_CHANGED, DRIFT = "labels changed", "drift"
# The share of labels that may change with the names.
MOST_CHANGED = 0.05
# How many times the names of each example are exchanged; what is reported is the mean.
EXCHANGES = 3


@dataclass(frozen=True, slots=True)
class NameTest:
    """What a model says of one example under other names.

    Attributes
    ----------
    labels
        The codes for each exchange.
    actor
        By whose name the actor goes in the example itself: its state, body or own name.
    shift
        How much more the model takes the actor to be for the target, against it subtracted, than
        on average under other names: between -2 and 2. `None` where the codebook has no scale.
    """

    labels: tuple[tuple[str, ...], ...]
    actor: str = ""
    shift: float | None = None


@dataclass(frozen=True, slots=True)
class NameUse:
    """How much a model goes by names.

    Attributes
    ----------
    changed
        The share of examples whose codes change with the names.
    drifts
        By actor, the mean of `NameTest.shift`, the largest first.
    """

    changed: Score
    drifts: tuple[Score, ...] = ()


def exchange_names(
    examples: Sequence[Example], *, random_state: int = 0
) -> tuple[list[list[Example] | None], list[str]]:
    """Return each example under other names, `EXCHANGES` times, and by whose name its actor goes.

    An example is `None` where there is nobody to exchange.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> voted, rained = Example("1", "Peru left.", Mention("Peru", 0, 4)), Example("2", "It rained.")
    >>> (others, none), actors = exchange_names([voted, rained])
    >>> len({one.text for one in others}), none, actors
    (3, None, ['Peru', ''])
    """
    exchange = NameExchanger()
    rng = np.random.default_rng(random_state)
    changed: list[list[Example] | None] = []
    for example in examples:
        others = [exchange(example, rng) for _ in range(EXCHANGES)]
        named = all(other is not example for other in others)
        changed.append(others if named else None)
    return changed, [exchange.actor_name(example) for example in examples]


def name_use(
    full: Sequence[CodeTuples],
    tested: Sequence[Sequence[NameTest | None]],
    clusters: Sequence[str],
) -> NameUse | None:
    """Return how much a model goes by names, `None` where no example names anybody.

    Intervals are from a bootstrap over articles and random states.

    Parameters
    ----------
    full
        Predictions on the examples as they are: one sequence of codes for each random state.
    tested
        The same under other names, `None` where an example has none.
    clusters
        The article of each example.

    Examples
    --------
    >>> same, other = NameTest((("a",),), "Peru", 0.0), NameTest((("b",),), "Peru", 0.4)
    >>> tests = [other, same, same, same] * 10
    >>> use = name_use([[("a",)] * 40], [tests], [str(row // 4) for row in range(40)])
    >>> use.changed.value, use.drifts[0].slice, round(use.drifts[0].value, 3)
    (0.25, 'Peru', 0.1)
    """
    rows = [row for row, test in enumerate(tested[0]) if test is not None]
    if not rows:
        return None
    values, shifts = np.zeros((len(tested), len(rows))), np.full((len(tested), len(rows)), np.nan)
    for state, (labels, tests) in enumerate(zip(full, tested, strict=True)):
        for column, row in enumerate(rows):
            test = tests[row]
            if test is not None:
                values[state, column] = np.mean(
                    [set(one) != set(labels[row]) for one in test.labels]
                )
                shifts[state, column] = np.nan if test.shift is None else test.shift
    articles = np.array([clusters[row] for row in rows])
    value, low, high = estimate_mean(values, articles)
    ends = float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
    changed = Score(LABELS_CHANGED, EXCHANGED, value, *ends, len(rows))
    actors = np.array([test.actor if (test := tested[0][row]) else "" for row in rows])
    return NameUse(changed, tuple(_drifts(shifts, actors, articles)))


def _drifts(shifts: FloatArray, actors: NDArray[Any], articles: NDArray[Any]) -> list[Score]:
    """Return the mean shift of each actor with enough examples, the largest first."""
    scores = []
    for actor in np.unique(actors[actors != ""]).tolist():
        columns = np.flatnonzero((actors == actor) & ~np.isnan(shifts).any(axis=0))
        # A bootstrap over very few articles says nothing.
        if len(columns) >= ENOUGH and len(set(articles[columns])) >= ENOUGH // 2:
            estimate = estimate_mean(shifts[:, columns], articles[columns])
            scores.append(Score(DRIFT, actor, *estimate, len(columns)))
    return sorted(scores, key=lambda score: -abs(score.value))


def estimate_mean(values: FloatArray, articles: NDArray[Any]) -> tuple[float, float, float]:
    """Return a mean over examples with its interval, from a bootstrap over articles and random states.

    Parameters
    ----------
    values
        Of shape (random states, examples).
    articles
        The article of each example, shape (examples,).

    Examples
    --------
    >>> articles = np.array([str(at // 2) for at in range(40)])
    >>> value, low, high = estimate_mean(np.array([[0.0, 1.0] * 20]), articles)
    >>> value, low <= value <= high
    (0.5, True)
    """
    numbers = numbered(articles.tolist())
    sums = np.zeros((len(values), int(numbers.max()) + 1, 1, 4))
    for state, row in enumerate(values):
        np.add.at(sums[state, :, 0, 0], numbers, row)
        np.add.at(sums[state, :, 0, 1], numbers, 1.0)
    draws, states = bootstrap(sums, _mean), by_state(sums, _mean)
    value = float(states.mean())
    clusters = effective_clusters(sums[..., 1:])
    factor = small_sample_correction(draws, states, clusters).factor
    return (value, *interval(draws, estimate=value, factor=factor))


def _mean(sums: FloatArray) -> FloatArray:
    return np.asarray(sums[..., 0, 0] / sums[..., 0, 1])
