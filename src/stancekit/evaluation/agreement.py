"""Agreement of a corpus's annotators: Krippendorff's alpha in all, of each code, and of every two."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import numbered
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.errors import KitError
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    draw_weights,
    interval,
    small_sample_correction,
)
from stancekit.evaluation.disagreements import Disagreements, find_disagreements, set_distance
from stancekit.types import FloatArray, Score
from stancekit.views import DataFrame, TableView

IntArray = NDArray[np.intp]
CodeSets = list[frozenset[str] | None]
# What a score of agreement is about, where it is not one code.
ALL = "all"
ON_THE_SCALE = "on the scale"
BY_OVERLAP = "by overlap"


def alpha(
    *annotators: Sequence[Hashable | None],
    clusters: Sequence[str] | None = None,
    scale: Sequence[Hashable] = (),
    distance: Callable[[Any, Any], float] | None = None,
    name: str = ALL,
    random_state: int = 0,
) -> Score:
    """Return Krippendorff's alpha of two annotators or more, with a 95 % interval.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": one minus observed
    over expected disagreement. The interval is a bootstrap over clusters.

    Parameters
    ----------
    annotators
        The values that each annotator gave to the units, in one order; `None` where there
        is none. Values are compared as wholes, so a set of codes is given as a frozenset.
    clusters
        The article of each unit; by default every unit is a cluster.
    scale
        All values in their order. Disagreement then grows with the distance on the scale
        (ordinal data), and values that are not on it are left out. By default any two
        values that differ disagree alike (nominal data).
    distance
        How much two values disagree, where that is neither: as `set_distance` of sets.
    name
        The name of the score in tables.

    Returns
    -------
    Score
        `n` is the number of units with two values or more: the others say nothing about
        agreement. Where all values are the same, as for a code that no annotator used, no
        disagreement is expected and alpha is not defined: it is NaN. Replicates without
        variation are left out of the interval.

    Examples
    --------
    >>> score = alpha(["a", "b", "b", "a"], ["a", "b", "b", "b"])
    >>> round(score.value, 3), score.n
    (0.533, 4)
    >>> alpha(["a", "a"], ["a", "a"]).value
    nan
    >>> first, second, third = [1, 2, 3, 3], [1, 2, 3, None], [None, 3, 3, 3]
    >>> score = alpha(first, second, third, scale=[1, 2, 3])
    >>> round(score.value, 3), score.n
    (0.775, 4)
    """
    positions: dict[Hashable, int] = {value: index for index, value in enumerate(scale)}
    values = _number_values(annotators, positions, open_ended=not scale)
    pairable = (values >= 0).sum(axis=0) >= 2
    articles = list(clusters) if clusters is not None else list(map(str, range(len(pairable))))
    kept = [article for article, keep in zip(articles, pairable, strict=True) if keep]
    values, cluster = values[:, pairable], numbered(kept)
    n = len(kept)
    compute = (
        _ordinal_alpha(values, cluster)
        if scale
        else _metric_alpha(values, cluster, _distances(list(positions), distance))
    )
    value = float(compute(np.ones((1, int(cluster.max(initial=-1)) + 1)))[0])
    if np.isnan(value):
        return Score("alpha", name, value, value, value, n)
    n_clusters = int(cluster.max()) + 1
    weights = draw_weights(n_clusters, REPLICATES, random_state)
    replicates = compute(weights)
    varied = replicates[~np.isnan(replicates)]
    factor = small_sample_correction(varied, np.array([value]), n_clusters).factor
    low, high = interval(varied, estimate=value, factor=factor)
    return Score("alpha", name, value, low, float(np.minimum(high, 1)), n)


def _number_values(
    annotators: Sequence[Sequence[Hashable | None]],
    positions: dict[Hashable, int],
    *,
    open_ended: bool,
) -> IntArray:
    """Return values as numbers, shape (annotators, units), -1 for none.

    Parameters
    ----------
    positions
        The number of each value; where they are `open_ended`, new values are added.
    """
    rows = []
    for values in annotators:
        row = []
        for value in values:
            if value is None:
                row.append(-1)
            elif open_ended:
                row.append(positions.setdefault(value, len(positions)))
            else:
                row.append(positions.get(value, -1))
        rows.append(row)
    return np.array(rows, dtype=int).reshape(len(annotators), -1)


def _distances(
    values: Sequence[Hashable], distance: Callable[[Any, Any], float] | None
) -> FloatArray:
    """Return how much any two values disagree, shape (values, values)."""
    if distance is None:
        return 1 - np.eye(len(values))
    return np.array([[distance(first, second) for second in values] for first in values])


AlphaOfWeights = Callable[[FloatArray], FloatArray]


def _pairs(values: IntArray) -> Iterator[tuple[IntArray, IntArray, IntArray, FloatArray]]:
    """Yield, for every ordered pair of annotators: units of both, their values, and weights.

    Every unit contributes all ordered pairs of its values, together as many as it has
    values: each pair counts 1 / (values - 1).
    """
    given = values >= 0
    weight = 1 / np.maximum(given.sum(axis=0) - 1, 1)
    for first in range(len(values)):
        for second in range(len(values)):
            if first != second:
                both = np.flatnonzero(given[first] & given[second])
                yield both, values[first, both], values[second, both], weight[both]


def _ordinal_alpha(values: IntArray, cluster: IntArray) -> AlphaOfWeights:
    """Return how alpha follows from the weights of clusters, for values on a scale.

    The distance of two values is the number of values between their mid-ranks, so it follows
    from the weights too.
    """
    size = int(values.max(initial=-1)) + 1
    table = np.zeros((int(cluster.max(initial=-1)) + 1, size, size))
    for units, first, second, weight in _pairs(values):
        np.add.at(table, (cluster[units], first, second), weight)

    def compute(weights: FloatArray) -> FloatArray:
        observed = np.einsum("rc,cij->rij", weights, table)
        totals = observed.sum(axis=-1)
        ranks = totals.cumsum(axis=-1) - totals / 2
        distance = (ranks[..., :, None] - ranks[..., None, :]) ** 2
        products = totals[..., :, None] * totals[..., None, :]
        return _one_minus_ratio(
            (observed * distance).sum(axis=(-2, -1)),
            (products * distance).sum(axis=(-2, -1)),
            totals.sum(axis=-1),
        )

    return compute


def _metric_alpha(values: IntArray, cluster: IntArray, distance: FloatArray) -> AlphaOfWeights:
    """Return how alpha follows from the weights of clusters, for fixed distances of values.

    Sums by cluster are enough, which stay small where sets of codes have hundreds of values.
    """
    n_clusters = int(cluster.max(initial=-1)) + 1
    observed = np.zeros(n_clusters)
    totals = np.zeros((n_clusters, len(distance)))
    for units, first, second, weight in _pairs(values):
        np.add.at(observed, cluster[units], weight * distance[first, second])
        np.add.at(totals, (cluster[units], first), weight)

    def compute(weights: FloatArray) -> FloatArray:
        sums = weights @ totals
        expected = ((sums @ distance) * sums).sum(axis=-1)
        return _one_minus_ratio(weights @ observed, expected, sums.sum(axis=-1))

    return compute


def _one_minus_ratio(observed: FloatArray, products: FloatArray, n: FloatArray) -> FloatArray:
    """Return one minus observed over expected disagreement, NaN where the values do not vary."""
    expected = products / np.maximum(n - 1, 1)
    # Sums of weights that cancel leave dust of about 1e-13 of the sum of products.
    varies = expected > 1e-12 * np.maximum(n, 1)
    return np.where(varies, 1 - observed / np.where(varies, expected, 1), np.nan)


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Agreement of two annotators on the rows that both annotated.

    `agree` is the share of rows with the same codes, `kappa` Cohen's kappa (1960), and NaN
    where neither varies.
    """

    first: str
    second: str
    n: int
    agree: float
    kappa: float
    alpha: Score
    on_scale: Score | None = None


@dataclass(frozen=True, repr=False)
class Agreement(TableView):
    """How far annotators agree.

    Attributes
    ----------
    annotated
        What each annotator gave.
    scores
        Krippendorff's alpha with its 95 % interval by article: `all` compares the codes of a
        row as a whole; `on the scale` those on the codebook's scale, where a larger distance
        counts more; `by overlap`, of a codebook with several codes per row, sets by what they
        share (`set_distance`). Then each code that an annotator gave.
    pairs
        Of every two annotators with rows in common.
    """

    annotated: AnnotatedSet
    scores: tuple[Score, ...]
    pairs: tuple[PairAgreement, ...]

    @property
    def caption(self) -> str:
        """Return how many annotators and rows there are, and alpha."""
        data = self.annotated
        unit = "sentences" if data.codebook.unit == "sentence" else "rows"
        return (
            f"Agreement of {len(data.annotators)} annotators on {data.codebook.name} in "
            f"{data.name}: {self.n} of {len(data)} {unit} have two annotations or more; "
            "Krippendorff's alpha with 95 % intervals by article"
        )

    @property
    def n(self) -> int:
        """Return the number of rows that two annotators or more have annotated."""
        return sum(len(_given(codes)) > 1 for codes in self.annotated.codes)

    @property
    def notes(self) -> list[str]:
        """Return what the table does not show: who annotated how much, what is confused."""
        counts = [
            sum(codes[index] is not None for codes in self.annotated.codes)
            for index in range(len(self.annotated.annotators))
        ]
        named = zip(self.annotated.annotators, counts, strict=True)
        notes = ["annotated: " + ", ".join(f"{name} {count}" for name, count in named)]
        if confused := self.confused():
            shown = ", ".join(f"{a} and {b} ({n})" for (a, b), n in confused[:3])
            notes.append(f"most often confused, in rows: {shown}")
        given = {score.slice for score in self.scores}
        unused = [code for code in self.annotated.codebook.names if code not in given]
        if unused and self.scores:
            names = ", ".join(unused)
            notes.append(f"no annotator gave {names}: agreement on these is not defined")
        return notes

    def confused(self) -> list[tuple[tuple[str, str], int]]:
        """Return which two codes annotators gave to one row, and in how many, most first.

        Empty for a codebook with several codes per row.
        """
        if self.annotated.codebook.multi_label:
            return []
        counts: Counter[tuple[str, str]] = Counter()
        for codes in self.annotated.codes:
            given = sorted({each[0] for each in _given(codes)})
            counts.update(combinations(given, 2))
        return counts.most_common()

    def to_frame(self) -> DataFrame:
        """Return alpha in all and of each code as a pandas DataFrame."""
        import pandas as pd

        rows = [
            {
                "codes": score.slice,
                "alpha": score.value,
                "low": score.low,
                "high": score.high,
                "n": score.n,
            }
            for score in self.scores
        ]
        return pd.DataFrame(rows, columns=["codes", "alpha", "low", "high", "n"])

    def pairwise(self) -> DataFrame:
        """Return the agreement of every two annotators as a pandas DataFrame.

        `agree` is the share of rows with the same codes, `kappa` Cohen's kappa.
        """
        import pandas as pd

        rows = []
        for pair in self.pairs:
            row: dict[str, object] = {"first": pair.first, "second": pair.second, "n": pair.n}
            row |= {"agree": pair.agree, "kappa": pair.kappa, "alpha": pair.alpha.value}
            row |= {"low": pair.alpha.low, "high": pair.alpha.high}
            if pair.on_scale:
                row["on_scale"] = pair.on_scale.value
            rows.append(row)
        columns = ["first", "second", "n", "agree", "kappa", "alpha", "low", "high"]
        if any(pair.on_scale for pair in self.pairs):
            columns.append("on_scale")
        return pd.DataFrame(rows, columns=columns)

    def find_disagreements(self) -> Disagreements:
        """Return the rows on which annotators differ, the most distant first."""
        return find_disagreements(self.annotated)

    def disagreements(self) -> DataFrame:
        """Return the rows on which annotators differ as a pandas DataFrame, most distant first."""
        return self.find_disagreements().to_frame()


def _given(codes: Sequence[tuple[str, ...] | None]) -> list[tuple[str, ...]]:
    return [each for each in codes if each is not None]


def measure_agreement(annotated: AnnotatedSet) -> Agreement:
    """Return how far the annotators of a corpus agree.

    Raises
    ------
    KitError
        When there are fewer than two annotators, or no row that two have annotated.
    """
    units = annotated.units()
    if len(units.annotators) < 2:
        raise KitError(
            f"{units.where} has one annotator of codebook {units.codebook.name}, "
            f"{units.annotators[0]!r}; agreement takes two or more: corpus.annotators='[a,b]', "
            "where labels stands for the corpus's own label column"
        )
    by_annotator = [
        [None if codes[index] is None else frozenset(codes[index] or ()) for codes in units.codes]
        for index in range(len(units.annotators))
    ]
    articles = [example.article for example in units.examples]
    codebook = units.codebook
    scores = score_alphas(
        by_annotator,
        articles,
        codes=codebook.names,
        scale=codebook.scale,
        multi_label=codebook.multi_label,
    )
    if scores[0].n == 0:
        raise KitError(
            f"no row of {units.where} has annotations of two of {', '.join(units.annotators)}; "
            "agreement needs rows that several people annotated"
        )
    pairs = []
    for (first, own), (second, other) in combinations(
        zip(units.annotators, by_annotator, strict=True), 2
    ):
        if pair := _compare_two(units, (first, second), (own, other), articles):
            pairs.append(pair)
    return Agreement(units, tuple(scores), tuple(pairs))


def score_alphas(
    by_annotator: Sequence[CodeSets],
    articles: Sequence[str],
    *,
    codes: Sequence[str],
    scale: Sequence[str] = (),
    multi_label: bool = False,
) -> list[Score]:
    """Return alpha in all, on the scale or by overlap, and of each code that was given.

    Parameters
    ----------
    by_annotator
        The sets of codes that each annotator gave, `None` for a gap.
    codes, scale, multi_label
        Of the codebook.
    """
    scores = [alpha(*by_annotator, clusters=articles)]
    if multi_label:
        scores.append(
            alpha(*by_annotator, clusters=articles, distance=set_distance, name=BY_OVERLAP)
        )
    elif scale:
        values = [frozenset([code]) for code in scale]
        scores.append(alpha(*by_annotator, clusters=articles, scale=values, name=ON_THE_SCALE))
    paired = [sets for sets in zip(*by_annotator, strict=True) if _several(sets)]
    given = {code for sets in paired for each in sets if each is not None for code in each}
    for code in codes:
        if code in given:
            has_code = [
                [None if each is None else code in each for each in column]
                for column in by_annotator
            ]
            scores.append(alpha(*has_code, clusters=articles, name=code))
    return scores


def _several(sets: Sequence[frozenset[str] | None]) -> bool:
    return sum(each is not None for each in sets) > 1


def _compare_two(
    units: AnnotatedSet,
    names: tuple[str, str],
    columns: tuple[CodeSets, CodeSets],
    articles: Sequence[str],
) -> PairAgreement | None:
    """Return the agreement of two annotators, `None` where they have no row in common."""
    rows = zip(*columns, strict=True)
    both = [(first, second) for first, second in rows if first is not None and second is not None]
    if not both:
        return None
    agree = sum(first == second for first, second in both) / len(both)
    counts = [Counter(codes) for codes in zip(*both, strict=True)]
    # The chance of meeting in a code when each codes as often as they did, but blindly.
    chance = sum(counts[0][codes] * n for codes, n in counts[1].items()) / len(both) ** 2
    kappa = (agree - chance) / (1 - chance) if chance < 1 else np.nan
    on_scale = None
    if (scale := [frozenset([code]) for code in units.codebook.scale]) and (
        not units.codebook.multi_label
    ):
        on_scale = alpha(*columns, clusters=articles, scale=scale, name=ON_THE_SCALE)
    score = alpha(*columns, clusters=articles)
    return PairAgreement(*names, len(both), agree, float(kappa), score, on_scale)
