"""What a model gains from more rows: its score by how many it learned from, and where that leads."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.base import clone

from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.splits import find_groups
from stancekit.errors import KitError
from stancekit.evaluation.metrics import count, in_gold, macro_f1
from stancekit.models.classifier import FittedClassifier, encode_labels
from stancekit.types import BoolArray, FloatArray
from stancekit.views import DataFrame, TableView

# Of fewer rows a curve would show chance.
MIN_ROWS = 40
CURVE_FOLDS, DRAWS = 5, 10
# The parts of the rows outside a fold that models learn from.
FRACTIONS = (0.2, 0.35, 0.5, 0.75, 1.0)
# The part of draws inside the band.
BAND = 0.9
# Rates at which errors fall that are tried; slower ones look like no fall, and faster ones like
# one that is over.
_RATES = np.linspace(0.1, 1.5, 15)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The macro-F1 of a model that learned from so many rows: the mean, and the band of nine tenths of the draws."""

    rows: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, repr=False)
class LearningCurve(TableView):
    """Macro-F1 by the number of rows that a model learned from, and an inverse power law of it.

    The band shows what depends on the draw of rows and folds. All draws are of the same rows, so
    that the band is narrower than the uncertainty about other rows.

    Attributes
    ----------
    points
        What was measured, smallest number of rows first.
    n
        How many rows there are.
    rate
        With c for it, the error is a + b n^-c.
    laws
        The a and b of each draw, shape (draws, 2).
    """

    points: tuple[CurvePoint, ...]
    n: int
    rate: float
    laws: FloatArray

    @property
    def caption(self) -> str:
        """Return what was measured, and what the law expects of all rows."""
        now = self.expect(self.n)
        return (
            f"Macro-F1 by rows learned from, cross-validated by article; from all {self.n} rows "
            f"{now.value:.2f} is expected ({now.low:.2f} to {now.high:.2f} over draws)"
        )

    def to_frame(self) -> DataFrame:
        """Return the points as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(
            [(point.rows, point.value, point.low, point.high) for point in self.points],
            columns=["rows", "macro_f1", "low", "high"],
        )

    def expect(self, rows: int) -> CurvePoint:
        """Return the macro-F1 that the law gives for a number of rows."""
        return _summarise(rows, self._by_draw(rows))

    def expect_gain(self, more: int) -> CurvePoint:
        """Return by how much macro-F1 is expected to rise with more rows than there are."""
        gains = self._by_draw(self.n + more) - self._by_draw(self.n)
        return _summarise(self.n + more, gains)

    def _by_draw(self, rows: int) -> FloatArray:
        error = self.laws[:, 0] + self.laws[:, 1] * rows**-self.rate
        shares: FloatArray = np.clip(1 - error, 0, 1)
        return shares


def learning_curve(
    data: LabelledSet,
    model: Any,
    *,
    fractions: Sequence[float] = FRACTIONS,
    draws: int = DRAWS,
    random_state: int = 0,
) -> LearningCurve:
    """Measure how a model's macro-F1 rises with the rows that it learns from.

    In each draw articles are divided into five folds. A model for each fold learns from a random
    part of the other articles, in growing parts, and predicts the fold; a score is of the
    predictions of all folds together. To the errors an inverse power law is fitted, weighted by the
    number of rows (Figueroa et al. 2012, "Predicting sample size required for classification
    performance", BMC Medical Informatics and Decision Making 12): its rate to the mean of the draws,
    the rest to each draw.

    Parameters
    ----------
    model
        A classifier over examples that is quick to fit; a copy is fitted each time.
    fractions
        The parts of the other folds to learn from, in rising order.
    draws
        How many divisions into folds.

    Raises
    ------
    KitError
        When there are fewer than 40 rows, or five articles.

    Examples
    --------
    >>> from stancekit.library.objects import as_codebook, as_corpus, make_object
    >>> actors = [f"{place} {who}" for place in ("North", "South", "East", "West", "Old", "New")
    ...     for who in ("Vale", "Hill", "Ford", "Dale", "Wick", "Moor", "Holt", "Stead", "Ham", "Lea")]
    >>> rows = [{"text": f"{who} {'backed' if at % 2 else 'opposed'} it.", "actor": who, "target": "it",
    ...     "article": who, "stance": "support" if at % 2 else "condemn"}
    ...     for at, who in enumerate(actors)]
    >>> data = as_corpus(rows).read(as_codebook("stance"))
    >>> curve = learning_curve(data, make_object("model", "nb"), draws=2)
    >>> curve.points[-1].rows, curve.expect(160).value > 0.9
    (48, True)
    """
    groups = np.array(find_groups(data, "article"))
    names = np.unique(groups)
    if len(data) < MIN_ROWS or len(names) < CURVE_FOLDS:
        raise KitError(
            f"{len(data)} rows of {len(names)} articles are too few for a learning curve; it takes "
            f"{MIN_ROWS} rows of {CURVE_FOLDS} articles"
        )
    scores = np.zeros((draws, len(fractions)))
    learned = np.zeros(scores.shape)
    for draw in range(draws):
        random = np.random.default_rng([random_state, draw])
        folds = np.array_split(random.permutation(names), CURVE_FOLDS)
        held_out = [np.isin(groups, fold) for fold in folds]
        orders = [random.permutation(np.setdiff1d(names, fold)) for fold in folds]
        for at, fraction in enumerate(fractions):
            parts = [
                _first_articles(groups, order, fraction * (~mask).sum())
                for order, mask in zip(orders, held_out, strict=True)
            ]
            learned[draw, at] = np.mean([part.sum() for part in parts])
            scores[draw, at] = _cross_validate(data, model, parts, held_out)
    rows = learned.mean(axis=0).round().astype(int)
    points = [
        _summarise(int(n), of_size) for n, of_size in zip(rows.tolist(), scores.T, strict=True)
    ]
    rate, laws = _fit_laws(rows.astype(float), 1 - scores)
    return LearningCurve(tuple(points), len(data), rate, laws)


def _first_articles(groups: NDArray[Any], order: NDArray[Any], rows: float) -> BoolArray:
    """Return the rows of as many articles, in an order, as have about so many rows; of one at least."""
    sizes = np.array([(groups == name).sum() for name in order])
    taken = max(1, int(np.abs(sizes.cumsum() - rows).argmin()) + 1)
    return np.isin(groups, order[:taken])


def _cross_validate(
    data: LabelledSet, model: Any, parts: Sequence[BoolArray], held_out: Sequence[BoolArray]
) -> float:
    """Return the macro-F1 of predictions of every fold by a model that learned from a part of the others."""
    predicted: list[tuple[str, ...]] = [()] * len(data)
    for part, mask in zip(parts, held_out, strict=True):
        rows = np.flatnonzero(mask).tolist()
        train = data.take(np.flatnonzero(part).tolist())
        for row, codes in zip(rows, _predict(train, model, data.take(rows)), strict=True):
            predicted[row] = codes
    names = data.codebook.names
    counts = count(data.labels, predicted, names, ["all"] * len(data))[0]
    return float(macro_f1(counts, in_gold(counts)))


def _predict(train: LabelledSet, model: Any, test: LabelledSet) -> list[tuple[str, ...]]:
    gold = encode_labels(train)
    if len(np.unique(gold, axis=0)) == 1:
        # Of one answer alone nothing else can be learned.
        return [train.labels[0]] * len(test)
    with warnings.catch_warnings():
        # Small parts do not have every code.
        warnings.filterwarnings("ignore", "Label not .* is present in all training examples")
        fitted = clone(model).fit(train.examples, gold)
    read = FittedClassifier(fitted, train.codebook)
    return read.read(read.by_code(fitted.predict_proba(test.examples)))


def _fit_laws(rows: FloatArray, errors: FloatArray) -> tuple[float, FloatArray]:
    """Return the rate at which errors fall, and the limit and the size of each draw's, shape (draws, 2)."""
    weights = np.sqrt(rows / rows.max())

    def fit(rate: float, of_draw: FloatArray) -> tuple[FloatArray, float]:
        # Neither a limit below no error, nor errors that rise.
        design = np.column_stack([np.ones(len(rows)), rows**-rate])
        law, rest = nnls(design * weights[:, None], of_draw * weights)
        return law, float(rest)

    mean = errors.mean(axis=0)
    rate = float(min(_RATES, key=lambda each: fit(each, mean)[1]))
    return rate, np.array([fit(rate, of_draw)[0] for of_draw in errors])


def _summarise(rows: int, values: FloatArray) -> CurvePoint:
    low, high = np.quantile(values, [(1 - BAND) / 2, (1 + BAND) / 2]).tolist()
    return CurvePoint(rows, float(values.mean()), low, high)
