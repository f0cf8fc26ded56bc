"""Do intervals of shares, and of measures of them, contain the truth?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.draws import DRAWS, by_method, generators, known_means, progress
from bench.simulated_corpora import SHARES, DrawResult, evaluate_draw, simulate_corpus
from bench.simulated_judgements import evaluate_judgements
from bench.simulated_measures import MEASURES, evaluate_measures
from bench.simulated_training import evaluate_training
from stancekit.prevalence.claims import INFERENCES
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.sampling import DESIGNS

# Of one model: the design by disagreement takes several.
_ONE_MODEL = tuple(design for design in DESIGNS if design != "disagreement")
# Annotated rows, how they are drawn, what the claim is about.
SHARE_DESIGNS = tuple(
    (n, design, inference)
    for n in (100, 300, 500)
    for inference in INFERENCES
    for design in (_ONE_MODEL if inference == INFERENCES[0] else _ONE_MODEL[:1])
)
# Annotated rows, articles of the corpus, what the claim is about.
TRAINING_DESIGNS = (
    (150, 400, INFERENCES[0]),
    (300, 400, INFERENCES[0]),
    (300, 400, INFERENCES[1]),
    (300, 40, INFERENCES[0]),
)
# As of `SHARE_DESIGNS`, of fewer: measures are functions of the same estimates.
MEASURE_DESIGNS = (
    (150, "random", INFERENCES[0]),
    (300, "stratified", INFERENCES[0]),
    (300, "random", INFERENCES[1]),
)
# What is estimated, annotators, how many of them judge each row, annotated rows, what the claim is about.
ANNOTATOR_DESIGNS = (
    *(
        ("mean", of, per_row, 300, INFERENCES[0])
        for of, per_row in ((3, 3), (5, 5), (5, 2), (5, 1))
    ),
    ("mean", 10, 3, 300, INFERENCES[0]),
    ("mean", 5, 3, 300, INFERENCES[1]),
    ("posterior", 3, 3, 300, INFERENCES[0]),
    ("posterior", 5, 3, 300, INFERENCES[0]),
    ("posterior", 5, 5, 300, INFERENCES[1]),
    ("posterior", 3, 3, 1000, INFERENCES[0]),
)
# By method: the fields of `DrawResult` with the coverage of shares and of differences,
# and the width of the intervals of shares.
METHODS = (
    ("kit", "shares", "differences", "width"),
    (ANNOTATION_ONLY, "gold_only", "", "width_gold_only"),
    ("counting", "counted", "", ""),
)


def share_coverage(
    designs: Sequence[tuple[int, str, str]] = SHARE_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of shares contain the truth, by design, classifier and method.

    Parameters
    ----------
    designs
        Annotated rows, how they are drawn, and what the claim is about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for n, design, inference in designs:
        for useful in (True, False):
            classifier = "good" if useful else "useless"
            name = f"{n} annotated rows, {design}, {inference}, {classifier} classifier"
            results = []
            for draw in progress(draws, name):
                random = np.random.default_rng([random_state, n, useful, draw])
                corpus = simulate_corpus(random, useful=useful)
                results.append(
                    evaluate_draw(
                        corpus, n=n, design=design, inference=inference, random_state=draw
                    )
                )
            means = {
                field: float(np.mean([getattr(result, field) for result in results]))
                for field in DrawResult.__dataclass_fields__
            }
            rows += [
                {
                    "annotated": n,
                    "design": design,
                    "inference": inference,
                    "classifier": classifier,
                    "method": method,
                    "coverage": means[shares],
                    "differences": means.get(differences, np.nan),
                    "width": means.get(width, np.nan),
                    "draws": draws,
                }
                for method, shares, differences, width in METHODS
            ]
    return pd.DataFrame(rows)


def training_coverage(
    designs: Sequence[tuple[int, int, str]] = TRAINING_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of shares contain the truth where the model learned from annotated rows.

    Parameters
    ----------
    designs
        Annotated rows, articles of the corpus, and what the claim is about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for n, articles, inference in designs:
        name = f"{n} annotated rows, {articles} articles, {inference}"
        results = by_method(
            evaluate_training(random, n=n, articles=articles, inference=inference)
            for random in generators(draws, name, random_state, n, articles)
        )
        for method, values in results.items():
            rows.append((n, articles, inference, method, *known_means(values), draws))
    columns = ["annotated", "articles", "inference", "method", "coverage", "half_width", "draws"]
    return pd.DataFrame(rows, columns=columns)


def measure_coverage(
    designs: Sequence[tuple[int, str, str]] = MEASURE_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of measures contain the truth, and how often a measure has a number.

    Parameters
    ----------
    designs
        Annotated rows, how they are drawn, and what the claim is about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for n, design, inference in designs:
        results: dict[str, list[tuple[bool, bool]]] = {measure.name: [] for measure in MEASURES}
        for draw in progress(draws, f"{n} annotated rows, {design}, {inference}"):
            random = np.random.default_rng([random_state, n, draw])
            corpus = simulate_corpus(random)
            drawn = evaluate_measures(
                corpus, n=n, design=design, inference=inference, random_state=draw
            )
            for name, of_measure in drawn.items():
                results[name] += of_measure
        for name, found in results.items():
            cells = [hit for is_pair, hit in found if not is_pair]
            pairs = [hit for is_pair, hit in found if is_pair]
            # Of one draw there may be no number at all.
            hits = [np.mean(of) if of else np.nan for of in (cells, pairs)]
            estimated = len(cells) / (draws * len(SHARES))
            rows.append((n, design, inference, name, *hits, estimated, draws))
    columns = ["annotated", "design", "inference", "measure"]
    return pd.DataFrame(rows, columns=[*columns, "coverage", "differences", "estimated", "draws"])


def annotator_coverage(
    designs: Sequence[tuple[str, int, int, int, str]] = ANNOTATOR_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of shares contain the truth where annotators err.

    Parameters
    ----------
    designs
        What is estimated, annotators, how many of them judge each row, annotated rows, and
        what the claim is about.
    draws
        Simulated corpora, and annotators, per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for target, of, per_row, n, inference in designs:
        name = f"{target}, {per_row} of {of} annotators, {n} rows, {inference}"
        results = by_method(
            evaluate_judgements(
                random, n=n, annotators=of, per_row=per_row, target=target, inference=inference
            )
            for random in generators(draws, name, random_state, of, per_row, n)
        )
        for method, values in results.items():
            means = np.mean(values, axis=0).tolist()
            rows.append((target, of, per_row, n, inference, method, *means, draws))
    columns = ["judgements", "annotators", "per_row", "annotated", "inference", "method"]
    columns += ["coverage", "differences", "width", "from_annotators", "draws"]
    return pd.DataFrame(rows, columns=columns)
