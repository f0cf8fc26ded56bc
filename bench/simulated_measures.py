"""Measures of shares in corpora with a known truth: do their intervals hold?"""

import numpy as np

from bench.simulated_corpora import N_CODES, SHARES, SimulatedCorpus
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import SampledUnits, estimate_domain
from stancekit.prevalence.measures import Measure, estimate_measure, measure_contrast, read_measures
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities

CODES = ("against", "abstains", "for", "other")
# One of each kind; the scale is that of the first three codes.
MEASURES = read_measures(
    ["for - against", "against + abstains", "for | for + against", "for : against", "mean"],
    CODES,
    CODES[:3],
)


def evaluate_measures(
    corpus: SimulatedCorpus, *, n: int, design: str, inference: str, random_state: int
) -> dict[str, list[tuple[bool, bool]]]:
    """Annotate n rows, estimate every measure of every actor and its differences, and compare with the truth.

    Returns
    -------
    dict
        By measure, for each actor and for the difference of the first two: whether it is that, and
        whether the interval contains the truth. Those without a number are left out.
    """
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
    truths = [gold[mask].mean(axis=0) for mask in masks] if finite else list(SHARES)
    return {measure.name: list(_compare(measure, domains, truths)) for measure in MEASURES}


def _compare(measure: Measure, domains: list, truths: list) -> list[tuple[bool, bool]]:
    true = [measure.value(shares) for shares in truths]
    found = [estimate_measure(domain, domain.counted, measure, CODES) for domain in domains]
    results = [
        (False, one.estimate[1] <= value <= one.estimate[2])
        for one, value in zip(found, true, strict=True)
        if one.estimate
    ]
    if found[0].estimate and found[1].estimate:
        _, low, high = measure_contrast(domains[:2], [1, -1], measure)
        value = true[0] / true[1] if measure.kind == "ratio" else true[0] - true[1]
        results.append((True, low <= value <= high))
    return results
