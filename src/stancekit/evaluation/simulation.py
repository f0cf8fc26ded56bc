"""Test sets with a known truth, to see whether intervals hold: articles of unequal size, random states that differ."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.bootstrap import REPLICATES, bootstrap, estimate_interval, interval
from stancekit.evaluation.metrics import macro_f1
from stancekit.types import FloatArray

CODE_COUNT = 3
# Standard deviations on a latent scale where an example's own difficulty has 1.
ARTICLE, STATE, CHANCE = 0.8, 0.25, 0.5
# What `truth` returns, which takes seconds; a test computes it again.
TRUTH = 0.6646323394184086


@dataclass(frozen=True, slots=True)
class Drawn:
    """A simulated test set: gold of shape (examples,), predicted (random states, examples), article (examples,)."""

    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    article: NDArray[np.int64]

    def counts(self) -> FloatArray:
        """Return counts of shape (random states, articles, codes, 4)."""
        found = np.zeros((len(self.predicted), int(self.article.max()) + 1, CODE_COUNT, 4))
        for state, guess in enumerate(self.predicted):
            for code in range(CODE_COUNT):
                true, said = self.gold == code, guess == code
                for cell, mask in enumerate(
                    (true & said, ~true & said, true & ~said, ~true & ~said)
                ):
                    found[state, :, code, cell] = np.bincount(
                        self.article[mask], minlength=found.shape[1]
                    )
        return found


def draw_scores(generator: np.random.Generator, *, articles: int, states: int) -> Drawn:
    """Draw a test set: 1 to 40 examples per article, articles and random states that are easy or hard as wholes.

    Examples
    --------
    >>> draw_scores(np.random.default_rng(0), articles=5, states=2).counts().shape
    (2, 5, 3, 4)
    """
    sizes = generator.integers(1, 41, articles)
    article = np.repeat(np.arange(articles), sizes)
    n = len(article)
    mix = generator.dirichlet(np.full(CODE_COUNT, 2.0), articles)
    gold = (mix[article].cumsum(axis=1) > generator.random(n)[:, None]).argmax(axis=1)
    ease = 0.6 + generator.normal(0, ARTICLE, articles)[article] + generator.normal(size=n)
    own = generator.normal(0, STATE, (states, 1)) + CHANCE * generator.normal(size=(states, n))
    wrong = (gold + generator.integers(1, CODE_COUNT, (states, n))) % CODE_COUNT
    return Drawn(gold, np.where(ease + own > 0, gold, wrong), article)


def true_score() -> float:
    """Return the macro-F1 that all draws have in common, from a test set that is as good as endless."""
    whole = draw_scores(np.random.default_rng(0), articles=6000, states=200)
    values = [macro_f1(_pooled(whole.gold, guess)) for guess in whole.predicted]
    return float(np.mean(values))


def _pooled(gold: NDArray[np.int64], guess: NDArray[np.int64]) -> FloatArray:
    table = (
        np.bincount(gold * CODE_COUNT + guess, minlength=CODE_COUNT**2)
        .reshape(CODE_COUNT, CODE_COUNT)
        .astype(float)
    )
    hits = np.diag(table)
    said, true = table.sum(axis=0), table.sum(axis=1)
    return np.stack([hits, said - hits, true - hits, table.sum() - said - true + hits], axis=-1)


def by_row(
    drawn: Drawn, generator: np.random.Generator, *, replicates: int = REPLICATES
) -> tuple[float, float]:
    """Return the interval of a bootstrap that draws single examples: what most papers report."""
    joint = np.vstack([drawn.gold, drawn.predicted])
    patterns, n = np.unique(joint, axis=1, return_counts=True)
    times = generator.multinomial(n.sum(), n / n.sum(), size=replicates)
    values = []
    for guess in patterns[1:]:
        cells = np.zeros((len(n), CODE_COUNT, 4))
        for code in range(CODE_COUNT):
            true, said = patterns[0] == code, guess == code
            cells[:, code] = np.stack(
                [true & said, ~true & said, true & ~said, ~true & ~said], axis=-1
            )
        values.append(macro_f1(np.tensordot(times, cells, axes=1)))
    return interval(np.mean(values, axis=0))


def intervals(drawn: Drawn, generator: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of macro-F1 by every method."""
    counts = drawn.counts()
    ((_, low, high),) = estimate_interval(counts, lambda table: macro_f1(table)[..., None])
    found = {"ours, percentile": (low, high)}
    found["articles and states, not widened"] = interval(bootstrap(counts, macro_f1))
    found["articles only"] = interval(
        np.mean([bootstrap(state[None], macro_f1) for state in counts], axis=0)
    )
    found["rows"] = by_row(drawn, generator)
    return found
