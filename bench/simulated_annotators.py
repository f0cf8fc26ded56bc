"""Annotators with a known agreement: articles of unequal size that are hard or easy as wholes. Do intervals hold?"""

import numpy as np
from numpy.typing import NDArray

from stancekit.evaluation.krippendorff import alpha

N_CODES = 4
# How often an annotator has the code of a row, before and after an article's own difficulty, and
# how often a row has no judgement of an annotator.
RIGHT, ARTICLE_SD, GAPS = 1.2, 1.0, 0.15
# What `true_alpha` returns by the number of annotators, which takes seconds; a test computes one again.
TRUE_ALPHA = {2: 0.56482458814375, 3: 0.5658914233177805}


def simulate_annotators(
    generator: np.random.Generator, *, articles: int, annotators: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return codes of shape (annotators, rows), -1 for a gap, and the article of each row.

    Examples
    --------
    >>> codes, article = simulate_annotators(np.random.default_rng(0), articles=5, annotators=3)
    >>> len(codes), len(set(article.tolist()))
    (3, 5)
    """
    article = np.repeat(np.arange(articles), generator.integers(1, 21, articles))
    n = len(article)
    shares = generator.dirichlet(np.full(N_CODES, 1.5), articles)
    truth = (shares[article].cumsum(axis=1) > generator.random(n)[:, None]).argmax(axis=1)
    ease = RIGHT + generator.normal(0, ARTICLE_SD, articles)[article]
    right = generator.random((annotators, n)) < 1 / (1 + np.exp(-ease))
    codes = np.where(right, truth, generator.integers(0, N_CODES, (annotators, n)))
    return np.where(generator.random((annotators, n)) < GAPS, -1, codes), article


def as_columns(codes: NDArray[np.int64]) -> list[list[int | None]]:
    """Return codes as `alpha` takes them, `None` for a gap."""
    return [[None if code < 0 else code for code in row] for row in codes.tolist()]


def true_alpha(annotators: int) -> float:
    """Return the alpha that all draws have in common, from data that is practically infinite."""
    codes, _ = simulate_annotators(np.random.default_rng(0), articles=40_000, annotators=annotators)
    return alpha(*as_columns(codes), clusters=["all"] * codes.shape[1]).value
