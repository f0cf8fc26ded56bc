"""How often each annotator is right, and which codes each mistakes, without knowing the right ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stancekit.corpus.dataset import numbered
from stancekit.corpus.dawid_skene import (
    Parameters,
    check_identified,
    count_judgements,
    counts_by_code,
    dawid_skene,
    find_kinds,
    fit_patterns,
    given_codes,
    three_judgements,
)
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    draw_weights,
    interval,
    small_sample_correction,
)
from stancekit.formatting import drop_zeros, format_score
from stancekit.types import FloatArray, Score
from stancekit.views import DataFrame, TableView

__all__ = ["Competence", "Mistake", "count_judgements", "dawid_skene", "measure_competence"]
# What stands for "this code does not apply", where each code is decided on its own.
NOT_GIVEN = "–"
# Replicates start from the estimate, and are as exact as an interval needs.
_CLOSE_ENOUGH = 1e-5
# Most numbers in the posteriors of replicates that are fitted together.
_MOST_NUMBERS = 1_000_000
# Mistakes that the table names for each annotator.
_MISTAKES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Mistake:
    """A code that an annotator gives in place of another.

    `share` is that of the rows of `code` to which the annotator gives `given`; its `n` is how many
    rows of this code the annotator judged, as far as can be known. Where a row may have several
    codes, `–` stands for the code that does not apply.
    """

    annotator: str
    code: str
    given: str
    share: Score

    @property
    def rows(self) -> float:
        """Return how many of the annotator's rows it concerns."""
        return self.share.value * self.share.n


@dataclass(frozen=True, repr=False)
class Competence(TableView):
    """How often each annotator is right, after Dawid and Skene (1979).

    Attributes
    ----------
    annotated
        What each annotator gave.
    right
        For each annotator the share of rows to which they give the right code, with its 95 %
        interval by article; where a row may have several codes, the mean over the codes, each yes or
        no. The rows are those of all annotators, so that shares can be compared.
    mistakes
        Every code that an annotator gives for another, by annotator, those of most rows first.
    n_identifying
        How many rows have three judgements or more.
    """

    annotated: AnnotatedSet
    right: tuple[Score, ...]
    mistakes: tuple[Mistake, ...]
    n_identifying: int

    @property
    def caption(self) -> str:
        """Return what was estimated from what."""
        data = self.annotated
        unit = "sentences" if data.codebook.unit == "sentence" else "rows"
        return (
            f"Competence of {len(data.annotators)} annotators on {data.codebook.name} in {data.name} "
            f"(Dawid and Skene 1979), with 95 % intervals by article; {self.n_identifying} {unit} "
            "have three judgements or more"
        )

    @property
    def notes(self) -> list[str]:
        """Return what is assumed."""
        return [
            "annotators are taken to err independently of each other: where they share an error, it "
            "counts as right"
        ]

    def to_frame(self) -> DataFrame:
        """Return each annotator's share right, with interval and number of rows, and the commonest mistakes."""
        import pandas as pd

        rows = []
        for score in self.right:
            row: dict[str, object] = {"annotator": score.slice, "right": score.value}
            row |= {"low": score.low, "high": score.high, "n": score.n}
            rows.append(row | {"mistakes": self.shown_mistakes(score.slice)})
        return pd.DataFrame(rows)

    def shown_mistakes(self, annotator: str) -> str:
        """Return an annotator's commonest mistakes in words, those of half a row or more."""
        own = [each for each in self.mistakes if each.annotator == annotator and each.rows >= 0.5]
        return "; ".join(
            f"{each.code} as {each.given} {drop_zeros(f'{each.share.value:.3f}')}"
            for each in own[:_MISTAKES_SHOWN]
        )

    def errors(self) -> DataFrame:
        """Return every mistake of every annotator, a row each: share of the code's rows, interval, rows."""
        import pandas as pd

        rows = [
            {
                "annotator": each.annotator,
                "code": each.code,
                "given": each.given,
                "share": each.share.value,
                "low": each.share.low,
                "high": each.share.high,
                "n": each.share.n,
            }
            for each in self.mistakes
        ]
        columns = ["annotator", "code", "given", "share", "low", "high", "n"]
        return pd.DataFrame(rows, columns=columns)

    def table_rows(self) -> list[list[object]]:
        """Return what a printed table shows of each annotator."""
        return [
            [score.slice, format_score(score), score.n, self.shown_mistakes(score.slice)]
            for score in self.right
        ]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A model of some codes, with replicates of its parameters over articles."""

    codes: tuple[str, ...]
    found: Parameters
    replicates: Parameters
    # How many rows of each code each annotator judged, shape (annotators, codes).
    judged: FloatArray


def measure_competence(annotated: AnnotatedSet) -> Competence:
    """Return how often each annotator is right, and which codes each mistakes.

    The intervals are a bootstrap over articles in which the model is fitted again.

    Raises
    ------
    KitError
        When no row has three judgements: then nothing says who errs.
    """
    units = annotated.units()
    check_identified(units.annotators, units.codes, units.where)
    cluster = numbered(example.article for example in units.examples)
    given = tuple(given_codes(units.codes, units.codebook))
    fits = []
    for name, counts in counts_by_code(units.codes, units.codebook).items():
        codes = (NOT_GIVEN, name) if name else given
        fits.append(_fit(counts, cluster, codes))
    n = [
        sum(codes[index] is not None for codes in units.codes)
        for index in range(len(units.annotators))
    ]
    clusters = int(cluster.max()) + 1
    values = np.mean([fit.found.right[0] for fit in fits], axis=0)
    drawn = np.mean([fit.replicates.right for fit in fits], axis=0)
    right = [
        _with_interval("right", name, values[index], drawn[:, index], n=n[index], clusters=clusters)
        for index, name in enumerate(units.annotators)
    ]
    mistakes: list[Mistake] = []
    for index, name in enumerate(units.annotators):
        own = [each for fit in fits for each in _mistakes(name, index, fit, clusters)]
        mistakes += sorted(own, key=lambda each: -each.rows)
    return Competence(units, tuple(right), tuple(mistakes), three_judgements(units))


def _fit(counts: FloatArray, cluster: np.ndarray, codes: tuple[str, ...]) -> _Fit:
    """Fit a model to all rows, and to those of each replicate, from the posteriors of the first."""
    kinds, kind = find_kinds(counts)
    table = np.zeros((int(cluster.max()) + 1, len(kinds)))
    np.add.at(table, (cluster, kind), 1)
    found, posterior, _, _ = fit_patterns(kinds, table.sum(axis=0)[None])
    weights = draw_weights(len(table), REPLICATES, 0) @ table
    step = max(1, _MOST_NUMBERS // posterior[0].size)
    parts = [
        fit_patterns(
            kinds, weights[start : start + step], start=posterior[0], tolerance=_CLOSE_ENOUGH
        )[0]
        for start in range(0, REPLICATES, step)
    ]
    replicates = Parameters(
        np.concatenate([part.prior for part in parts]),
        np.concatenate([part.confusion for part in parts]),
    )
    seen = kinds.sum(axis=2) * table.sum(axis=0)[:, None]
    return _Fit(codes, found, replicates, seen.T @ posterior[0])


def _mistakes(annotator: str, index: int, fit: _Fit, clusters: int) -> Iterator[Mistake]:
    for row, code in enumerate(fit.codes):
        n = round(float(fit.judged[index, row]))
        for column, given in enumerate(fit.codes):
            if row != column:
                place = (index, row, column)
                share = _with_interval(
                    "share",
                    code,
                    fit.found.confusion[0][place],
                    fit.replicates.confusion[:, index, row, column],
                    n=n,
                    clusters=clusters,
                )
                yield Mistake(annotator, code, given, share)


def _with_interval(
    metric: str, name: str, value: float, drawn: FloatArray, *, n: int, clusters: int
) -> Score:
    factor = small_sample_correction(drawn, np.array([value]), clusters).factor
    low, high = np.clip(interval(drawn, estimate=float(value), factor=factor), 0, 1)
    return Score(metric, name, float(value), float(low), float(high), n)
