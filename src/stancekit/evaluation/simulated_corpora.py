"""Corpora with known shares, labelled by a classifier whose errors differ by actor: to see whether estimates hold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.estimators import (
    Domain,
    SampledUnits,
    contrast,
    estimate_domain,
    share_interval,
)
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities

CODES, ARTICLES, SPREAD = 4, 400, 6.0
# By actor: what it tends to, how often the classifier is right of it, and which code it leans to
# where it is wrong.
TENDS = np.array([[0.35, 0.15, 0.2, 0.3], [0.2, 0.1, 0.5, 0.2], [0.3, 0.3, 0.3, 0.1]])
RIGHT, LEANS = np.array([0.9, 0.7, 0.8]), np.array([0, 2, 1])


@dataclass(frozen=True, slots=True)
class Simulated:
    """A corpus of N rows: article and actor of each, gold code, what the classifier says, and its scores (N, codes)."""

    article: NDArray[np.int64]
    actor: NDArray[np.int64]
    gold: NDArray[np.int64]
    said: NDArray[np.int64]
    scores: NDArray[np.float64]


def simulate(random: np.random.Generator, *, useful: bool = True) -> Simulated:
    """Draw a corpus: articles of 2 to 40 rows with leanings of their own, a classifier that is good or says nothing.

    Examples
    --------
    >>> simulate(np.random.default_rng(0)).scores.shape[1]
    4
    """
    sizes = random.integers(2, 41, ARTICLES)
    article = np.repeat(np.arange(ARTICLES), sizes)
    n = len(article)
    actor = random.integers(0, len(TENDS), n)
    mix = np.array([random.dirichlet(SPREAD * tends, ARTICLES) for tends in TENDS])[actor, article]
    gold = (mix.cumsum(axis=1) > random.random(n)[:, None]).argmax(axis=1)
    wrong = np.where(random.random(n) < 0.7, LEANS[actor], random.integers(0, CODES, n))
    said = (
        np.where(random.random(n) < RIGHT[actor], gold, wrong)
        if useful
        else random.integers(0, CODES, n)
    )
    scores = 0.1 + 0.1 * random.random((n, CODES))
    scores[np.arange(n), said] += 0.6
    return Simulated(article, actor, gold, said, scores / scores.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Held:
    """Of one drawn corpus: what part of the intervals held, and how wide those of shares are."""

    shares: float
    differences: float
    gold_alone: float
    counted: float
    width: float
    width_alone: float


def judge_draw(made: Simulated, *, n: int, how: str, about: str, random_state: int) -> Held:
    """Draw n rows as gold, estimate the shares of every actor, and compare them with the truth."""
    identity = np.eye(CODES)
    gold = identity[made.gold]
    strata = [str(one) if how == "stratified" else "" for one in made.actor]
    chance = inclusion_probabilities(strata, made.scores, n, how=how)
    drawn = np.zeros(len(gold), dtype=bool)
    drawn[draw_sample(chance, strata, random_state=random_state)] = True
    units = SampledUnits(
        made.scores, identity[made.said].astype(bool), made.article, drawn, gold, chance
    )
    actors = range(len(TENDS))
    cells = [
        estimate_domain(units, made.actor == actor, corpus=about == "corpus") for actor in actors
    ]
    true = [
        gold[made.actor == actor].mean(axis=0) if about == "corpus" else TENDS[actor]
        for actor in actors
    ]
    own, alone, naive = [], [], []
    for found, truth in zip(cells, true, strict=True):
        own.append(_held(share_interval(found), truth))
        alone.append(_held(share_interval(found, classical=True), truth))
        half = 1.96 * np.sqrt(found.naive * (1 - found.naive) / found.n)
        naive.append(_held((found.naive - half, found.naive + half), truth))
    _, low, high = contrast(cells[:2], [1, -1])
    between = _held((low, high), true[0] - true[1])
    return Held(
        shares=float(np.mean(own)),
        differences=float(np.mean(between)),
        gold_alone=float(np.mean(alone)),
        counted=float(np.mean(naive)),
        width=float(np.mean([_mean_width(one, classical=False) for one in cells])),
        width_alone=float(np.mean([_mean_width(one, classical=True) for one in cells])),
    )


def _held(
    ends: tuple[NDArray[np.float64], NDArray[np.float64]], truth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    return np.asarray((ends[0] <= truth) & (truth <= ends[1]))


def _mean_width(found: Domain, *, classical: bool) -> float:
    low, high = share_interval(found, classical=classical)
    return float((high - low).mean())
