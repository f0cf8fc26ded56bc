"""Test sets with a known truth: articles of unequal size and random states that differ. Do intervals hold?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.bootstrap import REPLICATES, bootstrap, estimate_interval, interval
from stancekit.evaluation.metrics import macro_f1
from stancekit.types import FloatArray

N_CODES = 3
# Standard deviations on a latent scale, where the difficulty of an example has 1: of
# articles, of random states, and of an example in one random state.
ARTICLE_SD, STATE_SD, CHANCE_SD = 0.8, 0.25, 0.5
# The mean of that scale, which makes macro-F1 about 0.66.
MEAN_EASE = 0.6
# What `true_score` returns, which takes seconds; a test computes it again.
TRUTH = 0.6646323394184086


@dataclass(frozen=True, slots=True)
class SimulatedTest:
    """A simulated test set: gold of shape (examples,), predicted (random states, examples), article (examples,)."""

    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    article: NDArray[np.int64]

    def counts(self) -> FloatArray:
        """Return counts of shape (random states, articles, codes, 4)."""
        n_articles = int(self.article.max()) + 1
        counts = np.zeros((len(self.predicted), n_articles, N_CODES, 4))
        for state, predicted in enumerate(self.predicted):
            for code in range(N_CODES):
                for cell, mask in enumerate(_cells(self.gold == code, predicted == code)):
                    counts[state, :, code, cell] = np.bincount(
                        self.article[mask], minlength=n_articles
                    )
        return counts


def _cells(true: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the masks of true and false positives, false and true negatives."""
    return [true & predicted, ~true & predicted, true & ~predicted, ~true & ~predicted]


def simulate_test(generator: np.random.Generator, *, articles: int, states: int) -> SimulatedTest:
    """Draw a test set: 1 to 40 examples per article; articles and random states are easy or hard as wholes.

    Examples
    --------
    >>> simulate_test(np.random.default_rng(0), articles=5, states=2).counts().shape
    (2, 5, 3, 4)
    """
    sizes = generator.integers(1, 41, articles)
    article = np.repeat(np.arange(articles), sizes)
    n = len(article)
    shares = generator.dirichlet(np.full(N_CODES, 2.0), articles)
    gold = (shares[article].cumsum(axis=1) > generator.random(n)[:, None]).argmax(axis=1)
    of_article = generator.normal(0, ARTICLE_SD, articles)[article]
    ease = MEAN_EASE + of_article + generator.normal(size=n)
    of_state = generator.normal(0, STATE_SD, (states, 1))
    quality = of_state + CHANCE_SD * generator.normal(size=(states, n))
    wrong = (gold + generator.integers(1, N_CODES, (states, n))) % N_CODES
    return SimulatedTest(gold, np.where(ease + quality > 0, gold, wrong), article)


def true_score() -> float:
    """Return the macro-F1 that all draws have in common, from a test set that is practically infinite."""
    whole = simulate_test(np.random.default_rng(0), articles=6000, states=200)
    values = [macro_f1(_count_all(whole.gold, predicted)) for predicted in whole.predicted]
    return float(np.mean(values))


def _count_all(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> FloatArray:
    """Return the counts of a whole test set, shape (codes, 4)."""
    pairs = np.bincount(gold * N_CODES + predicted, minlength=N_CODES**2)
    table = pairs.reshape(N_CODES, N_CODES).astype(float)
    hits = np.diag(table)
    n_predicted, n_true = table.sum(axis=0), table.sum(axis=1)
    rest = table.sum() - n_predicted - n_true + hits
    return np.stack([hits, n_predicted - hits, n_true - hits, rest], axis=-1)


def row_interval(
    test: SimulatedTest, generator: np.random.Generator, *, replicates: int = REPLICATES
) -> tuple[float, float]:
    """Return the interval of a bootstrap that draws single examples: what most papers report."""
    joint = np.vstack([test.gold, test.predicted])
    patterns, n = np.unique(joint, axis=1, return_counts=True)
    times = generator.multinomial(n.sum(), n / n.sum(), size=replicates)
    values = []
    for predicted in patterns[1:]:
        cells = np.zeros((len(n), N_CODES, 4))
        for code in range(N_CODES):
            cells[:, code] = np.stack(_cells(patterns[0] == code, predicted == code), axis=-1)
        values.append(macro_f1(np.tensordot(times, cells, axes=1)))
    return interval(np.mean(values, axis=0))


def score_intervals(
    test: SimulatedTest, generator: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of macro-F1 by every method."""
    counts = test.counts()
    ((_, low, high),) = estimate_interval(counts, lambda table: macro_f1(table)[..., None])
    by_state = [bootstrap(state[None], macro_f1) for state in counts]
    return {
        "kit": (low, high),
        "articles and states, not widened": interval(bootstrap(counts, macro_f1)),
        "articles only": interval(np.mean(by_state, axis=0)),
        "rows": row_interval(test, generator),
    }
