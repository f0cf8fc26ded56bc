"""Do the kit's 95 % intervals contain the truth in 95 of 100 cases? On simulated data, whose truth is known.

`python -m bench.coverage scores` writes `experiments/interval_coverage/coverage.csv`:
intervals of macro-F1 over articles and random states. `python -m bench.coverage alpha`
writes `alpha.csv` beside it: intervals of Krippendorff's alpha. `python -m bench.coverage shares`
writes `experiments/coverage/coverage.csv`: estimates of shares in a corpus, and `python -m
bench.coverage training` `training.csv` beside it: the same with a model that was trained on the
annotated rows, and `python -m bench.coverage measures` `measures.csv`: sums, differences, ratios and
means of shares; `python -m bench.coverage regression` `regression.csv`: coefficients; `python -m bench.coverage
network` `network.csv`: edges and balance of signed networks. `annotators`, `time` and `areas` write
`annotators.csv`, `time.csv` and `small_areas.csv` there. `--draws 20 --output FOLDER` gives a
first look.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from bench.simulated_annotators import TRUE_ALPHA, as_columns, simulate_annotators
from bench.simulated_corpora import SHARES, DrawResult, evaluate_draw, simulate_corpus
from bench.simulated_judgements import evaluate_judgements
from bench.simulated_measures import MEASURES, evaluate_measures
from bench.simulated_networks import NetworkResult, evaluate_network
from bench.simulated_regression import DESIGNS as STUDIES
from bench.simulated_regression import Design, evaluate_study
from bench.simulated_scores import TRUTH, score_intervals, simulate_test
from bench.simulated_time import EVALUATIONS, evaluate_cells
from bench.simulated_training import evaluate_training
from stancekit.evaluation.krippendorff import alpha
from stancekit.fileio import frame_to_csv, write_text
from stancekit.prevalence.claims import INFERENCES
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.sampling import DESIGNS

DRAWS = 1000
# Numbers of articles and of random states.
SCORE_DESIGNS = ((50, 3), (50, 5), (100, 3), (100, 5), (200, 5))
# Numbers of articles and of annotators.
ALPHA_DESIGNS = ((20, 2), (20, 3), (50, 3))
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
# Annotated rows, and how the classifier's errors differ between edges.
NETWORK_DESIGNS = ((300, "alike"), (300, "differ"), (150, "differ"), (300, "useless"))
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
# What is estimated over time, annotated rows, how shares move, what the claim is about.
TIME_DESIGNS = (
    ("curve", 300, "waves", INFERENCES[0]),
    ("curve", 300, "waves", INFERENCES[1]),
    ("curve", 300, "line", INFERENCES[1]),
    ("curve", 600, "waves", INFERENCES[1]),
    ("slope", 300, "line", INFERENCES[0]),
    ("slope", 300, "line", INFERENCES[1]),
    ("change point", 300, "no change", INFERENCES[1]),
    ("change point", 300, "jump of 30 points", INFERENCES[1]),
    ("change point", 600, "jump of 15 points", INFERENCES[1]),
)
# Cells, annotated rows in all, whether some cells are unlike the others, what the claim is about.
AREA_DESIGNS = (
    (60, 300, "like others", INFERENCES[0]),
    (60, 300, "like others", INFERENCES[1]),
    (60, 300, "odd cells", INFERENCES[0]),
)
# By method: the fields of `DrawResult` with the coverage of shares and of differences,
# and the width of the intervals of shares.
METHODS = (
    ("kit", "shares", "differences", "width"),
    (ANNOTATION_ONLY, "gold_only", "", "width_gold_only"),
    ("counting", "counted", "", ""),
)


def _progress(draws: int, name: str) -> Iterator[int]:
    yield from tqdm(range(draws), desc=name, unit="draw", file=sys.stderr)


def score_coverage(
    designs: Sequence[tuple[int, int]] = SCORE_DESIGNS, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of macro-F1 contain the truth, and their mean width, by design and method.

    Parameters
    ----------
    designs
        Numbers of articles and of random states.
    draws
        Simulated test sets per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for articles, states in designs:
        results: dict[str, list[tuple[bool, float]]] = {}
        for draw in _progress(draws, f"{articles} articles, {states} states"):
            generator = np.random.default_rng([random_state, articles, states, draw])
            test = simulate_test(generator, articles=articles, states=states)
            for method, (low, high) in score_intervals(test, generator).items():
                results.setdefault(method, []).append((low <= TRUTH <= high, high - low))
        for method, of_method in results.items():
            coverage, width = np.mean(of_method, axis=0).tolist()
            rows.append((articles, states, method, coverage, width, draws))
    columns = ["articles", "random_states", "method", "coverage", "width", "draws"]
    return pd.DataFrame(rows, columns=columns)


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
            for draw in _progress(draws, name):
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


def alpha_coverage(
    designs: Sequence[tuple[int, int]] = ALPHA_DESIGNS, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of Krippendorff's alpha contain the truth, and their mean width.

    Parameters
    ----------
    designs
        Numbers of articles and of annotators.
    draws
        Simulated sets of judgements per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for articles, annotators in designs:
        results: dict[str, list[tuple[bool, float]]] = {"kit": [], "rows": []}
        truth = TRUE_ALPHA[annotators]
        for draw in _progress(draws, f"{articles} articles, {annotators} annotators"):
            generator = np.random.default_rng([random_state, articles, annotators, draw])
            codes, article = simulate_annotators(
                generator, articles=articles, annotators=annotators
            )
            columns = as_columns(codes)
            for method, clusters in (("kit", list(map(str, article))), ("rows", None)):
                found = alpha(*columns, clusters=clusters)
                width = found.high - found.low
                results[method].append((found.low <= truth <= found.high, width))
        for method, of_method in results.items():
            coverage, width = np.mean(of_method, axis=0).tolist()
            rows.append((articles, annotators, method, coverage, width, draws))
    columns = ["articles", "annotators", "method", "coverage", "width", "draws"]
    return pd.DataFrame(rows, columns=columns)


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
        results: dict[str, list[tuple[float, float]]] = {}
        for draw in _progress(draws, f"{n} annotated rows, {articles} articles, {inference}"):
            random = np.random.default_rng([random_state, n, articles, draw])
            drawn = evaluate_training(random, n=n, articles=articles, inference=inference)
            for method, of_method in drawn.items():
                results.setdefault(method, []).append(of_method)
        for method, values in results.items():
            coverage, half_width = np.nanmean(values, axis=0).tolist()
            rows.append((n, articles, inference, method, coverage, half_width, draws))
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
        for draw in _progress(draws, f"{n} annotated rows, {design}, {inference}"):
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


def regression_coverage(
    designs: Sequence[Design] = STUDIES, *, draws: int = DRAWS, random_state: int = 0
) -> pd.DataFrame:
    """Return how often intervals of coefficients contain the truth, by design and method.

    Parameters
    ----------
    designs
        The simulated studies.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.

    Returns
    -------
    pandas.DataFrame
        `coverage` is the mean over coefficients, `lowest` that of the coefficient with the lowest;
        `estimated` the part of draws with a number.
    """
    rows = []
    for place, design in enumerate(designs):
        inference = INFERENCES[0] if design.finite else INFERENCES[1]
        name = f"{design.n} annotated rows, {design.draw}, {inference}, {design.name}"
        found = [
            evaluate_study(np.random.default_rng([random_state, place, draw]), design, draw)
            for draw in _progress(draws, name)
        ]
        with_number = [one for one in found if one is not None]
        for method in with_number[0] if with_number else ():
            hits = np.mean([one[method][0] for one in with_number], axis=0)
            half = np.mean([one[method][1] for one in with_number])
            part = len(with_number) / draws
            design_columns = (design.name, design.n, design.draw, inference, method)
            rows.append((*design_columns, hits.mean(), hits.min(), half, part, draws))
    columns = ["regression", "annotated", "design", "inference", "method"]
    figures = ["coverage", "lowest", "half_width", "estimated", "draws"]
    return pd.DataFrame(rows, columns=[*columns, *figures])


def network_coverage(
    designs: Sequence[tuple[int, str]] = NETWORK_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of edges and of balance contain the truth, by design and method.

    Parameters
    ----------
    designs
        Annotated rows, and how the classifier errs; see `simulated_networks.simulate_network`.
    draws
        Simulated networks per design.
    random_state
        The seed of the simulation.
    """
    fields = list(NetworkResult.__dataclass_fields__)
    rows = []
    for n, errors in designs:
        results: dict[str, list[list[float]]] = {}
        for draw in _progress(draws, f"{n} annotated rows, errors {errors}"):
            random = np.random.default_rng([random_state, n, draw])
            for method, result in evaluate_network(random, n=n, errors=errors):
                values = [getattr(result, field) for field in fields]
                results.setdefault(method, []).append(values)
        for method, values in results.items():
            rows.append((n, errors, method, *_known_means(values), draws))
    return pd.DataFrame(rows, columns=["annotated", "errors", "method", *fields, "draws"])


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
        results: dict[str, list[tuple[float, ...]]] = {}
        for draw in _progress(
            draws, f"{target}, {per_row} of {of} annotators, {n} rows, {inference}"
        ):
            random = np.random.default_rng([random_state, of, per_row, n, draw])
            drawn = evaluate_judgements(
                random, n=n, annotators=of, per_row=per_row, target=target, inference=inference
            )
            for method, of_method in drawn.items():
                results.setdefault(method, []).append(of_method)
        for method, values in results.items():
            means = np.mean(values, axis=0).tolist()
            rows.append((target, of, per_row, n, inference, method, *means, draws))
    columns = ["judgements", "annotators", "per_row", "annotated", "inference", "method"]
    columns += ["coverage", "differences", "width", "from_annotators", "draws"]
    return pd.DataFrame(rows, columns=columns)


def time_coverage(
    designs: Sequence[tuple[str, int, str, str]] = TIME_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often bands, and intervals of slopes and change points, contain the truth.

    Parameters
    ----------
    designs
        What is estimated, annotated rows, how shares move, and what the claim is about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for what, n, case, inference in designs:
        results: dict[str, list[tuple[float, ...]]] = {}
        for draw in _progress(draws, f"{what}, {n} annotated rows, {case}, {inference}"):
            random = np.random.default_rng([random_state, n, draw])
            drawn = EVALUATIONS[what](random, n=n, case=case, inference=inference)
            for estimate, of_estimate in drawn.items():
                results.setdefault(estimate, []).append(of_estimate)
        for estimate, values in results.items():
            rows.append((estimate, n, case, inference, *_known_means(values), draws))
    columns = ["estimate", "annotated", "case", "inference", "coverage", "width", "found", "draws"]
    return pd.DataFrame(rows, columns=columns)


def area_coverage(
    designs: Sequence[tuple[int, int, str, str]] = AREA_DESIGNS,
    *,
    draws: int = DRAWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how often intervals of many small cells contain the truth, shrunk and direct ones.

    Parameters
    ----------
    designs
        Cells, annotated rows in all, whether some are unlike the others, and what the claim is
        about.
    draws
        Simulated corpora per design.
    random_state
        The seed of the simulation.
    """
    rows = []
    for cells, n, case, inference in designs:
        results: dict[str, list[tuple[float, ...]]] = {}
        for draw in _progress(draws, f"{cells} cells, {n} annotated rows, {case}, {inference}"):
            random = np.random.default_rng([random_state, cells, n, draw])
            drawn = evaluate_cells(random, n=n, cells=cells, case=case, inference=inference)
            for method, of_method in drawn.items():
                results.setdefault(method, []).append(of_method)
        for method, values in results.items():
            rows.append((cells, n, case, inference, method, *_known_means(values), draws))
    columns = ["cells", "annotated", "case", "inference", "method"]
    columns += ["coverage", "width", "found", "draws"]
    return pd.DataFrame(rows, columns=columns)


def _known_means(values: Sequence[tuple[float, ...]]) -> list[float]:
    """Return the means of columns over the draws that have a number, NaN where none has."""
    columns = (np.array(column)[~np.isnan(column)] for column in np.array(values).T)
    return [float(column.mean()) if len(column) else np.nan for column in columns]


# By what is simulated: the function, and the file of its results.
SIMULATIONS = {
    "scores": (score_coverage, Path("experiments/interval_coverage/coverage.csv")),
    "alpha": (alpha_coverage, Path("experiments/interval_coverage/alpha.csv")),
    "shares": (share_coverage, Path("experiments/coverage/coverage.csv")),
    "training": (training_coverage, Path("experiments/coverage/training.csv")),
    "time": (time_coverage, Path("experiments/coverage/time.csv")),
    "areas": (area_coverage, Path("experiments/coverage/small_areas.csv")),
    "annotators": (annotator_coverage, Path("experiments/coverage/annotators.csv")),
    "measures": (measure_coverage, Path("experiments/coverage/measures.csv")),
    "regression": (regression_coverage, Path("experiments/coverage/regression.csv")),
    "network": (network_coverage, Path("experiments/coverage/network.csv")),
}


def main(words: Sequence[str] | None = None) -> None:
    """Run a simulation, write its table and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.coverage", description=__doc__)
    parser.add_argument("what", choices=list(SIMULATIONS))
    parser.add_argument("--draws", type=int, default=DRAWS, help="simulated sets per design")
    parser.add_argument("--output", type=Path, help="a folder for the table")
    given = parser.parse_args(words)
    simulate, file = SIMULATIONS[given.what]
    table = simulate(draws=given.draws)
    path = given.output / file.name if given.output else file
    write_text(path, frame_to_csv(table, decimals=4))
    print(table.to_string(index=False, float_format="{:.3f}".format, na_rep=""))


if __name__ == "__main__":
    main()
