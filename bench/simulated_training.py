"""Estimates from the rows that the model was trained on: naively, from half of them, and cross-fitted."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.simulated_corpora import (
    N_CODES,
    SHARES,
    SimulatedCorpus,
    contains,
    mean_width,
    simulate_corpus,
)
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import SampledUnits, estimate_domain, share_interval
from stancekit.types import FloatArray

FOLDS = 5
# Features of a row: how far codes are apart, and the standard deviations of what rows of an article
# and of an actor have in common. With 150 rows, logistic regression fits them all and is right for
# two thirds of the others.
N_FEATURES, CODE_SD, ARTICLE_SD, ACTOR_SD = 40, 0.35, 0.7, 0.3
# What is done with the annotated rows.
METHODS = ("cross-fitting", "halves", "same rows", "annotation only")


def simulate_features(random: np.random.Generator, corpus: SimulatedCorpus) -> FloatArray:
    """Draw features of the rows of a corpus, shape (rows, features), alike within articles.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> simulate_features(random, simulate_corpus(random, articles=3)).shape[1]
    40
    """
    sizes = (N_CODES, int(corpus.article.max()) + 1, len(SHARES))
    numbers = (corpus.gold, corpus.article, corpus.actor)
    features = random.normal(size=(len(corpus.gold), N_FEATURES))
    for n, sd, number in zip(sizes, (CODE_SD, ARTICLE_SD, ACTOR_SD), numbers, strict=True):
        features += (sd * random.normal(size=(n, N_FEATURES)))[number]
    return features


def fit_scores(features: FloatArray, gold: np.ndarray, rows: np.ndarray) -> FloatArray:
    """Train logistic regression on some rows, and return its scores of all, shape (rows, codes)."""
    model = LogisticRegression(max_iter=300).fit(features[rows], gold[rows])
    scores = np.zeros((len(features), N_CODES))
    scores[:, model.classes_] = model.predict_proba(features)
    return scores


def cross_fit_scores(
    features: FloatArray, corpus: SimulatedCorpus, rows: np.ndarray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Train a model per fold of the annotated articles.

    Returns
    -------
    array of shape (rows, codes)
        Of annotated articles, the scores of the model that has not learned from them; of others, the
        mean of all models.
    array of shape (rows, codes)
        The mean of all models everywhere.
    """
    fold_of = np.full(int(corpus.article.max()) + 1, -1)
    articles = random.permutation(np.unique(corpus.article[rows]))
    fold_of[articles] = np.arange(len(articles)) % FOLDS
    fold = fold_of[corpus.article]
    by_fold = np.stack(
        [fit_scores(features, corpus.gold, rows[fold[rows] != number]) for number in range(FOLDS)]
    )
    held_out = by_fold[np.maximum(fold, 0), np.arange(len(fold))]
    mean = by_fold.mean(axis=0)
    return np.where(fold[:, None] < 0, mean, held_out), mean


def evaluate_training(
    random: np.random.Generator, *, n: int, articles: int, inference: str
) -> dict[str, tuple[float, float]]:
    """Annotate n rows of a new corpus, train on them, and estimate the shares of every actor.

    Returns
    -------
    dict
        By method, the part of the intervals with the truth in them, and half their mean width.
    """
    corpus = simulate_corpus(random, articles=articles)
    features = simulate_features(random, corpus)
    drawn = random.permutation(len(corpus.gold))[:n]
    first, second = drawn[: n // 2], drawn[n // 2 :]
    crossed, _ = cross_fit_scores(features, corpus, drawn, random)
    same = fit_scores(features, corpus.gold, drawn)
    found = {
        "cross-fitting": _judge(corpus, crossed, drawn, inference),
        "halves": _judge(corpus, fit_scores(features, corpus.gold, first), second, inference),
        "same rows": _judge(corpus, same, drawn, inference),
        "annotation only": _judge(corpus, crossed, drawn, inference, gold_only=True),
    }
    return {method: found[method] for method in METHODS}


def _judge(
    corpus: SimulatedCorpus,
    scores: FloatArray,
    rows: np.ndarray,
    inference: str,
    *,
    gold_only: bool = False,
) -> tuple[float, float]:
    """Return how many intervals of shares contain the truth, and half their mean width, of cells with enough rows."""
    finite, identity = is_finite(inference), np.eye(N_CODES)
    annotated = np.zeros(len(scores), dtype=bool)
    annotated[rows] = True
    predicted = identity[scores.argmax(axis=1)].astype(bool)
    gold, probability = identity[corpus.gold], np.full(len(scores), len(rows) / len(scores))
    units = SampledUnits(scores, predicted, corpus.article, annotated, gold, probability)
    covered, widths = [], []
    for actor, shares in enumerate(SHARES):
        mask = corpus.actor == actor
        domain = estimate_domain(units, mask, finite_population=finite)
        if not domain.enough:
            continue
        truth = gold[mask].mean(axis=0) if finite else shares
        limits = share_interval(domain, gold_only=gold_only)
        covered.append(contains(limits, truth).mean())
        widths.append(mean_width(domain, gold_only=gold_only) / 2)
    return (float(np.mean(covered)), float(np.mean(widths))) if covered else (np.nan, np.nan)
