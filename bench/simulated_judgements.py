"""Annotators with known errors who judge a sample: do intervals that count their doubt hold?"""

import numpy as np
from numpy.typing import NDArray

from bench.simulated_corpora import N_CODES, SHARES, SimulatedCorpus, contains, simulate_corpus
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.doubt import DoubtedGold, share_gold
from stancekit.prevalence.estimators import (
    Domain,
    SampledUnits,
    contrast,
    estimate_domain,
    share_interval,
)
from stancekit.prevalence.posterior_gold import fit_posteriors

# What annotators give to rows of each code on average: the fourth is the easiest, and the first is
# often taken for the second.
MEAN_CONFUSION = np.array(
    [
        [0.78, 0.14, 0.04, 0.04],
        [0.06, 0.80, 0.07, 0.07],
        [0.05, 0.05, 0.80, 0.10],
        [0.03, 0.03, 0.04, 0.90],
    ]
)
# How alike annotators are: with 20, how often one has a code right has a standard deviation of
# about 0.09 between them.
ALIKE = 20.0


def simulate_judgements(
    random: np.random.Generator, gold: NDArray[np.int64], *, annotators: int, per_row: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row, annotator and code of each judgement: `per_row` of the annotators judge each row.

    Examples
    --------
    >>> row, annotator, code = simulate_judgements(
    ...     np.random.default_rng(0), np.zeros(5, int), annotators=4, per_row=2
    ... )
    >>> row.tolist(), len(annotator), len(code)
    ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], 10, 10)
    """
    confusion = np.array(
        [[random.dirichlet(ALIKE * row) for row in MEAN_CONFUSION] for _ in range(annotators)]
    )
    chosen = random.random((len(gold), annotators)).argsort(axis=1)[:, :per_row]
    row, annotator = np.repeat(np.arange(len(gold)), per_row), chosen.ravel()
    chances = confusion[annotator, gold[row]].cumsum(axis=1)
    return row, annotator, (chances > random.random(len(row))[:, None]).argmax(axis=1)


def evaluate_judgements(
    random: np.random.Generator,
    *,
    n: int,
    annotators: int,
    per_row: int,
    target: str,
    inference: str,
) -> dict[str, tuple[float, float, float, float]]:
    """Let annotators judge n rows of a corpus, and return by method what its intervals are worth.

    Parameters
    ----------
    target
        `mean`, what such annotators say on average, or `posterior`, the code itself.

    Returns
    -------
    dict
        By method the part of intervals with the truth in them, the same of differences, the mean
        width, and the mean part of the variance that comes from annotators.
    """
    finite = is_finite(inference)
    corpus = simulate_corpus(random)
    rows = np.sort(random.permutation(len(corpus.gold))[:n])
    row, annotator, code = simulate_judgements(
        random, corpus.gold[rows], annotators=annotators, per_row=per_row
    )
    given = np.eye(N_CODES)[code]
    size = len(corpus.gold)
    doubted: DoubtedGold
    if target == "mean":
        gold, doubted = share_gold(rows[row], annotator, given, size)
    else:
        counts = np.zeros((n, annotators, N_CODES))
        counts[row, annotator, code] = 1
        doubted = fit_posteriors(rows, counts)
        gold = doubted.values(size, N_CODES)
    found = {}
    for method in ("kit", "without annotators"):
        units = _units(corpus, rows, gold, doubted if method == "kit" else None)
        masks = [corpus.actor == actor for actor in range(len(SHARES))]
        domains = [estimate_domain(units, mask, finite_population=finite) for mask in masks]
        found[method] = _compare(domains, _truths(corpus, masks, target, finite=finite))
    return found


def _units(
    corpus: SimulatedCorpus,
    rows: NDArray[np.int64],
    gold: NDArray[np.float64],
    doubted: DoubtedGold | None,
) -> SampledUnits:
    size = len(corpus.gold)
    annotated = np.zeros(size, dtype=bool)
    annotated[rows] = True
    predicted = np.eye(N_CODES)[corpus.predicted].astype(bool)
    probability = np.full(size, annotated.mean())
    return SampledUnits(
        corpus.scores, predicted, corpus.article, annotated, gold, probability, doubted=doubted
    )


def _truths(
    corpus: SimulatedCorpus, masks: list[NDArray[np.bool_]], target: str, *, finite: bool
) -> list[NDArray[np.float64]]:
    said = MEAN_CONFUSION if target == "mean" else np.eye(N_CODES)
    if finite:
        return [said[corpus.gold[mask]].mean(axis=0) for mask in masks]
    return [shares @ said for shares in SHARES]


def _compare(
    domains: list[Domain], truths: list[NDArray[np.float64]]
) -> tuple[float, float, float, float]:
    inside, widths = [], []
    for domain, truth in zip(domains, truths, strict=True):
        low, high = share_interval(domain)
        inside.append(contains((low, high), truth))
        widths.append(high - low)
    _, low, high = contrast(domains[:2], [1, -1])
    differences = contains((low, high), truths[0] - truths[1])
    parts = [part or 0.0 for domain in domains for part in domain.from_annotators]
    return (
        float(np.mean(inside)),
        float(np.mean(differences)),
        float(np.mean(widths)),
        float(np.mean(parts)),
    )
