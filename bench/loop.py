"""What the loop from judging to a better model and a valid claim is worth, against judging at random.

`python -m bench.loop` writes `results.csv`, `rows_needed.csv` and `coverage.csv` into
`experiments/annotation_loop`, from annotators of known error who judge rows of the bundled corpus.
`--repetitions 4 --output FOLDER` gives a first look.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from bench.simulated_loop import ARMS, CODES, PEOPLE, SIZES, Texts, annotate_in_rounds, split_texts
from stancekit.corpus.dataset import LabelledSet
from stancekit.evaluation.bootstrap import LEVEL
from stancekit.fileio import frame_to_csv, write_text
from stancekit.library.objects import as_codebook, as_corpus
from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.reading import ENCODER_FOLDER, PackedEncoder, encoder_digest
from stancekit.models.features import Marked
from stancekit.resources import BOX, shipped
from stancekit.types import FloatArray

OUTPUT = Path("experiments/annotation_loop")
REPETITIONS = 200
# What the model reads, and the penalty of its logistic regression: the means of the encoder in the
# box, with that of `model=box_head`, or words alone, with that of `model=logreg`.
FEATURES = {"box": 0.01, "words": 1.0}
# Enough to tell codes apart, and few enough that a model is fitted in a moment.
WIDTH = 128
# At how many rows, drawn at random, what the loop needs is asked.
ASKED = (100, 200, 300)
# What the loop has to reach, and what rows at random give: of the same model, or without one.
AGAINST = (
    ("half_width", "half_width"),
    ("half_width", "half_width_gold_only"),
    ("macro_f1", "macro_f1"),
)
_REPLICATES = 2000


@cache
def archive_set() -> LabelledSet:
    """Return the rows of the corpus that the encoder in the box has not learned from."""
    whole = as_corpus("un_votes").read(as_codebook("stance"))
    return whole.take([at for at, part in enumerate(whole.parts) if part in ("test", "validation")])


def read_texts(features: str, data: LabelledSet | None = None) -> Texts:
    """Return the archive as numbers; features are made without looking at codes.

    Parameters
    ----------
    features
        One of `FEATURES`.
    """
    found = data or archive_set()
    made = _box_features(found) if features == "box" else _word_features(found)
    gold = [CODES.index(code) for (code,) in found.labels]
    article = np.unique(found.articles, return_inverse=True)[1]
    return Texts(made, np.array(gold), article, FEATURES[features])


def _box_features(data: LabelledSet) -> FloatArray:
    folder = shipped("models", BOX) / ENCODER_FOLDER
    means = PackedEncoder(folder)(data.examples, kept=EmbeddingCache(encoder_digest(folder)))
    reduced = PCA(WIDTH, random_state=0).fit_transform(StandardScaler().fit_transform(means))
    return np.asarray(reduced, dtype=float)


def _word_features(data: LabelledSet) -> FloatArray:
    rendered = [Marked().render(example) for example in data.examples]
    texts = [f"{each.text} {each.pair}" for each in rendered]
    counts = TfidfVectorizer(min_df=3, ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    return np.asarray(TruncatedSVD(WIDTH, random_state=0).fit_transform(counts), dtype=float)


def simulate(
    texts: Texts, *, repetitions: int, people: Sequence[str] = PEOPLE, random_state: int = 0
) -> pd.DataFrame:
    """Return what each arm gives, a row per repetition, people, arm and size.

    Both arms of a repetition have the same archive.
    """
    rows = []
    for repetition in tqdm(range(repetitions), leave=False):
        archive, new = split_texts(texts, np.random.default_rng([random_state, repetition]))
        for who, name in enumerate(people):
            for number, arm in enumerate(ARMS):
                random = np.random.default_rng([random_state, repetition, who, number])
                for n, found in annotate_in_rounds(
                    archive, new, arm=arm, people=name, random=random
                ):
                    rows.append(
                        {"repetition": repetition, "people": name, "arm": arm, "rows": n}
                        | asdict(found)
                    )
    return pd.DataFrame(rows)


def needed(curve: FloatArray, target: float, *, falling: bool) -> float:
    """Return how many rows a curve over `SIZES` needs for a value; the last size where it does not get there.

    Examples
    --------
    >>> needed(np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), 0.65, falling=False)
    250.0
    """
    # What is fitted is monotone: a curve that wavers has one number of rows for each value.
    monotone = np.maximum.accumulate(-curve if falling else curve)
    return float(np.interp(-target if falling else target, monotone, SIZES))


def rows_needed(results: pd.DataFrame, random_state: int = 0) -> pd.DataFrame:
    """Return how many rows the loop needs for what rows at random give, with intervals over repetitions."""
    table = []
    for (features, people), of_people in results.groupby(["features", "people"], sort=False):
        for measure, of_random in AGAINST:
            loop = _by_size(of_people, "loop", measure)
            at_random = _by_size(of_people, "random", of_random)
            falling = measure == "half_width"
            generator = np.random.default_rng(random_state)
            draws = generator.integers(0, len(loop), (_REPLICATES, len(loop)))
            for asked in ASKED:
                at = SIZES.index(asked)
                value = needed(loop.mean(axis=0), at_random[:, at].mean(), falling=falling)
                of_draws = [
                    needed(loop[draw].mean(axis=0), at_random[draw, at].mean(), falling=falling)
                    for draw in draws
                ]
                low, high = np.quantile(of_draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
                table.append((features, people, of_random, asked, value, low, high))
    columns = ["features", "people", "same", "rows_at_random", "rows_of_loop", "low", "high"]
    return pd.DataFrame(table, columns=columns)


def _by_size(results: pd.DataFrame, arm: str, measure: str) -> FloatArray:
    """Return a measure of an arm, shape (repetitions, sizes)."""
    of_arm = results[results.arm == arm]
    return np.asarray(of_arm.pivot_table(index="repetition", columns="rows", values=measure))


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Return means over repetitions, with the standard error of each."""
    keys = ["features", "people", "arm", "rows"]
    measures = [name for name in results.columns if name not in (*keys, "repetition")]
    groups = results.groupby(keys, sort=False)[measures]
    return groups.mean().join(groups.sem(), rsuffix="_se").reset_index()


def coverage(results: pd.DataFrame) -> pd.DataFrame:
    """Return how often the intervals of all sizes contain the truth, and what the same people would find."""
    keys = ["features", "people", "arm"]
    rows = []
    for names, group in results.groupby(keys, sort=False):
        by_repetition = group.groupby("repetition")[["covers_judged", "covers_truth"]].mean()
        mean, error = by_repetition.mean(), by_repetition.sem()
        found = [value for name in by_repetition for value in (mean[name], error[name])]
        rows.append((*names, *found, len(by_repetition)))
    measured = [f"{name}{end}" for name in ("covers_judged", "covers_truth") for end in ("", "_se")]
    return pd.DataFrame(rows, columns=[*keys, *measured, "repetitions"])


def tables(
    repetitions: int = REPETITIONS, features: Sequence[str] = tuple(FEATURES)
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of the study by the names of their files."""
    found = []
    for name in features:
        of_name = simulate(read_texts(name), repetitions=repetitions)
        of_name.insert(0, "features", name)
        found.append(of_name)
    results = pd.concat(found, ignore_index=True)
    yield "results", summary(results)
    yield "rows_needed", rows_needed(results)
    yield "coverage", coverage(results)


def main(words: Sequence[str] | None = None) -> None:
    """Run the study, write its tables and print them."""
    parser = argparse.ArgumentParser(prog="python -m bench.loop", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--features", choices=list(FEATURES), nargs="+", default=list(FEATURES))
    parser.add_argument("--output", type=Path, default=OUTPUT, help="a folder for the tables")
    given = parser.parse_args(words)
    for name, table in tables(given.repetitions, given.features):
        write_text(given.output / f"{name}.csv", frame_to_csv(table, decimals=4))
        print(table.to_string(index=False, float_format="{:.3f}".format), end="\n\n")


if __name__ == "__main__":
    main()
