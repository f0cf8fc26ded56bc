"""Measures of shares in corpora with a known truth: do their intervals hold?"""

from bench.simulated_corpora import SimulatedCorpus, estimate_actors
from stancekit.prevalence.measures import Measure, estimate_measure, measure_contrast, read_measures

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
    domains, truths = estimate_actors(
        corpus, n=n, design=design, inference=inference, random_state=random_state
    )
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
