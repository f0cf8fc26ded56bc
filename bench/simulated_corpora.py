"""Corpora with known shares, labelled by a classifier whose errors differ by actor: do estimates hold?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import (
    Domain,
    SampledUnits,
    contrast,
    estimate_domain,
    share_interval,
)
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities

N_CODES, N_ARTICLES = 4, 400
# How alike the rows of an article are: with 6, the share of a code in an article has a
# standard deviation of about 0.17, so that rows of one article are far from
# independent.
CONCENTRATION = 6.0
# By actor: the shares of the codes, how often the classifier is right, and which code
# it favours where it is wrong.
SHARES = np.array([[0.35, 0.15, 0.2, 0.3], [0.2, 0.1, 0.5, 0.2], [0.3, 0.3, 0.3, 0.1]])
ACCURACY, FAVOURED = np.array([0.9, 0.7, 0.8]), np.array([0, 2, 1])
# Of the classifier's errors, the part that goes to the favoured code; the others go to
# any.
FAVOURED_PART = 0.7


@dataclass(frozen=True, slots=True)
class SimulatedCorpus:
    """A corpus of N rows: article and actor of each, gold code, the classifier's code, and its scores (N, codes)."""

    article: NDArray[np.int64]
    actor: NDArray[np.int64]
    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    scores: NDArray[np.float64]


def simulate_corpus(
    random: np.random.Generator, *, useful: bool = True, articles: int = N_ARTICLES
) -> SimulatedCorpus:
    """Draw a corpus: articles of 2 to 40 rows that favour some codes, and a classifier that is good or useless.

    Examples
    --------
    >>> simulate_corpus(np.random.default_rng(0)).scores.shape[1]
    4
    """
    sizes = random.integers(2, 41, articles)
    article = np.repeat(np.arange(articles), sizes)
    n = len(article)
    actor = random.integers(0, len(SHARES), n)
    by_actor = [random.dirichlet(CONCENTRATION * shares, articles) for shares in SHARES]
    shares = np.array(by_actor)[actor, article]
    gold = (shares.cumsum(axis=1) > random.random(n)[:, None]).argmax(axis=1)
    favoured = random.random(n) < FAVOURED_PART
    wrong = np.where(favoured, FAVOURED[actor], random.integers(0, N_CODES, n))
    predicted = (
        np.where(random.random(n) < ACCURACY[actor], gold, wrong)
        if useful
        else random.integers(0, N_CODES, n)
    )
    scores = 0.1 + 0.1 * random.random((n, N_CODES))
    scores[np.arange(n), predicted] += 0.6
    return SimulatedCorpus(
        article, actor, gold, predicted, scores / scores.sum(axis=1, keepdims=True)
    )


@dataclass(frozen=True, slots=True)
class DrawResult:
    """Of one simulated corpus: the part of the intervals with the truth in them, and the mean width for shares."""

    shares: float
    differences: float
    gold_only: float
    counted: float
    width: float
    width_gold_only: float


def evaluate_draw(
    corpus: SimulatedCorpus, *, n: int, design: str, inference: str, random_state: int
) -> DrawResult:
    """Annotate n rows, estimate the shares of every actor, and compare them with the truth."""
    domains, truths = estimate_actors(
        corpus, n=n, design=design, inference=inference, random_state=random_state
    )
    pairs = list(zip(domains, truths, strict=True))
    estimated = [contains(share_interval(domain), truth) for domain, truth in pairs]
    gold_only = [contains(share_interval(domain, gold_only=True), truth) for domain, truth in pairs]
    counted = [contains(_count_interval(domain), truth) for domain, truth in pairs]
    _, low, high = contrast(domains[:2], [1, -1])
    differences = contains((low, high), truths[0] - truths[1])
    return DrawResult(
        shares=float(np.mean(estimated)),
        differences=float(np.mean(differences)),
        gold_only=float(np.mean(gold_only)),
        counted=float(np.mean(counted)),
        width=float(np.mean([mean_width(domain, gold_only=False) for domain in domains])),
        width_gold_only=float(np.mean([mean_width(domain, gold_only=True) for domain in domains])),
    )


def estimate_actors(
    corpus: SimulatedCorpus, *, n: int, design: str, inference: str, random_state: int
) -> tuple[list[Domain], list[NDArray[np.float64]]]:
    """Annotate n rows, and return the estimates of every actor with the true shares."""
    finite = is_finite(inference)
    identity = np.eye(N_CODES)
    gold = identity[corpus.gold]
    strata = [str(actor) if design == "stratified" else "" for actor in corpus.actor]
    probability = inclusion_probabilities(strata, corpus.scores, n, design=design)
    annotated = np.zeros(len(gold), dtype=bool)
    annotated[draw_sample(probability, strata, random_state=random_state)] = True
    predicted = identity[corpus.predicted].astype(bool)
    units = SampledUnits(corpus.scores, predicted, corpus.article, annotated, gold, probability)
    masks = [corpus.actor == actor for actor in range(len(SHARES))]
    domains = [estimate_domain(units, mask, finite_population=finite) for mask in masks]
    truths = [
        gold[mask].mean(axis=0) if finite else shares
        for mask, shares in zip(masks, SHARES, strict=True)
    ]
    return domains, truths


def _count_interval(domain: Domain) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval that is printed around counted labels, as if these were the truth."""
    half = 1.96 * np.sqrt(domain.counted * (1 - domain.counted) / domain.n)
    return domain.counted - half, domain.counted + half


def contains(
    limits: tuple[NDArray[np.float64], NDArray[np.float64]], truth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say which intervals contain the truth, shape (codes,)."""
    low, high = limits
    return np.asarray((low <= truth) & (truth <= high))


def mean_width(domain: Domain, *, gold_only: bool) -> float:
    """Return the mean width of the intervals of a cell's shares."""
    low, high = share_interval(domain, gold_only=gold_only)
    return float((high - low).mean())
