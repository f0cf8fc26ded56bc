"""Agreement of the gold labels with a second annotation of the same corpus."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus import Corpus
from stancekit.corpus.dataset import LabelledSet, numbered
from stancekit.errors import KitError, listing
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    draw_weights,
    interval,
    small_sample_correction,
)
from stancekit.types import FloatArray, Score

IntArray = NDArray[np.intp]


def alpha(
    *annotators: Sequence[Hashable | None],
    clusters: Sequence[str] | None = None,
    scale: Sequence[Hashable] = (),
    name: str = "all",
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
    values = _number_values(annotators, scale)
    pairable = (values >= 0).sum(axis=0) >= 2
    articles = list(clusters) if clusters is not None else list(map(str, range(len(pairable))))
    kept = [article for article, keep in zip(articles, pairable, strict=True) if keep]
    table = _coincidences(values[:, pairable], numbered(kept))
    is_ordinal = bool(scale)
    n = len(kept)
    value = float(_alpha(table.sum(axis=0), ordinal=is_ordinal))
    if np.isnan(value):
        return Score("alpha", name, value, value, value, n)
    weights = draw_weights(len(table), REPLICATES, random_state)
    replicates = _alpha(np.einsum("rc,cij->rij", weights, table), ordinal=is_ordinal)
    varied = replicates[~np.isnan(replicates)]
    factor = small_sample_correction(varied, np.array([value]), len(table)).factor
    low, high = interval(varied, estimate=value, factor=factor)
    return Score("alpha", name, value, low, float(np.minimum(high, 1)), n)


def _number_values(
    annotators: Sequence[Sequence[Hashable | None]], scale: Sequence[Hashable]
) -> IntArray:
    """Return values as numbers, shape (annotators, units): of the scale if any, -1 if none."""
    positions: dict[Hashable, int] = {value: index for index, value in enumerate(scale)}
    rows = []
    for values in annotators:
        row = []
        for value in values:
            if value is None:
                row.append(-1)
            elif scale:
                row.append(positions.get(value, -1))
            else:
                row.append(positions.setdefault(value, len(positions)))
        rows.append(row)
    return np.array(rows, dtype=int).reshape(len(annotators), -1)


def _coincidences(values: IntArray, cluster: IntArray) -> FloatArray:
    """Return coincidence matrices, shape (clusters, values, values).

    Every unit contributes all ordered pairs of its values, together as many as it has
    values: each pair counts 1 / (values - 1).
    """
    size = int(values.max(initial=-1)) + 1
    table = np.zeros((int(cluster.max(initial=-1)) + 1, size, size))
    given = values >= 0
    weight = 1 / np.maximum(given.sum(axis=0) - 1, 1)
    for first in range(len(values)):
        for second in range(len(values)):
            if first == second:
                continue
            both = given[first] & given[second]
            cells = (cluster[both], values[first, both], values[second, both])
            np.add.at(table, cells, weight[both])
    return table


def _alpha(table: FloatArray, *, ordinal: bool) -> FloatArray:
    """Return alpha of coincidence matrices, NaN where the values do not vary.

    Shape (..., values, values) to (...).
    """
    totals = table.sum(axis=-1)
    n = totals.sum(axis=-1)
    if ordinal:
        # The distance of two values is the number of values between their mid-ranks.
        ranks = totals.cumsum(axis=-1) - totals / 2
        distance = (ranks[..., :, None] - ranks[..., None, :]) ** 2
    else:
        distance = 1 - np.eye(table.shape[-1])
    products = totals[..., :, None] * totals[..., None, :]
    observed = (table * distance).sum(axis=(-2, -1))
    expected = (products * distance).sum(axis=(-2, -1)) / np.maximum(n - 1, 1)
    varies = expected > 0
    return np.where(varies, 1 - observed / np.where(varies, expected, 1), np.nan)


def score_agreement(data: LabelledSet, corpus: Corpus) -> list[Score]:
    """Return Krippendorff's alpha of the gold labels and a second annotation.

    Returns
    -------
    list of Score
        `all` compares the codes of an example as a whole. Where a codebook with one code
        per example has a scale, `on the scale` compares the codes on it, and a larger
        distance counts more. Then each code that either annotator gave. Empty where there
        is no second annotation.

    Raises
    ------
    KitError
        When none of the second annotator's ids is in the corpus.
    """
    second = corpus.second_labels(data.codebook)
    rows = [row for row, example in enumerate(data.examples) if example.id in second]
    if not rows and second:
        ids = listing((example.id for example in data.examples), 3)
        raise KitError(
            f"none of the {len(second)} ids in {corpus.second} ({listing(second, 3)}) is one of "
            f"corpus {data.name!r} ({ids}); name the column with corpus.columns.id=COLUMN"
        )
    if not rows:
        return []
    gold = [frozenset(data.labels[row]) for row in rows]
    other = [frozenset(second[data.examples[row].id]) for row in rows]
    articles = [data.examples[row].article for row in rows]
    scores = [alpha(gold, other, clusters=articles)]
    scale = [frozenset([code]) for code in data.codebook.scale]
    if scale and not data.codebook.multi_label:
        scores.append(alpha(gold, other, clusters=articles, scale=scale, name="on the scale"))
    given = frozenset().union(*gold, *other)
    for code in data.codebook.names:
        if code in given:
            in_gold, in_other = ([code in labels for labels in codes] for codes in (gold, other))
            scores.append(alpha(in_gold, in_other, clusters=articles, name=code))
    return scores
