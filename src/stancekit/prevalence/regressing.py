"""From sampled units and columns to the coefficients of a regression with labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError, listing
from stancekit.prevalence.claims import counting_notes
from stancekit.prevalence.corrected import (
    Fitted,
    LabelledMoments,
    fit_corrected,
    fit_gold,
    fit_naive,
    tune_weight,
)
from stancekit.prevalence.designs import Column, DesignMaker, apply_numeric, design_maker
from stancekit.prevalence.estimators import ANNOTATION_ONLY, SampledUnits, weigh_rows
from stancekit.prevalence.families import Family, Moments
from stancekit.prevalence.formulas import Factor, ReadFormula, quote_names, read_factor
from stancekit.prevalence.measures import MEAN, Measure, read_measures
from stancekit.prevalence.refusals import (
    check_any,
    check_enough,
    check_gold,
    check_outcome,
    find_basis,
    idle_rows,
    read_row_weights,
)
from stancekit.prevalence.regression import Coefficient, Regression
from stancekit.prevalence.shares import ShareEstimate
from stancekit.prevalence.undecided import (
    Terms,
    alone_terms,
    undecided_notes,
    undecided_terms,
)
from stancekit.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class RegressionRequest:
    """What is to be estimated.

    Attributes
    ----------
    outcome
        A measure of codes, or a column.
    weights, cluster
        The columns of weights and of sampling units; empty where there are none.
    inference
        What the claim is about; with units, what such texts say.
    """

    formula: ReadFormula
    outcome: Measure | Factor
    family: Family
    inference: str
    weights: str = ""
    cluster: str = ""

    def columns(self, codes: Sequence[str]) -> list[str]:
        """Return the names of the columns that are read, each once."""
        names = [name for name in self.formula.names if name not in codes]
        if isinstance(self.outcome, Factor):
            names.append(self.outcome.name)
        names += [name for name in (self.weights, self.cluster) if name]
        return list(dict.fromkeys(names))

    def codes(self, codes: Sequence[str]) -> list[str]:
        """Return which of the codes the formula names."""
        named = set(self.formula.names)
        if isinstance(self.outcome, Measure):
            top, bottom = self.outcome.numerator, self.outcome.denominator
            weights = zip(codes, top, bottom or top, strict=True)
            named |= {code for code, above, below in weights if above or below}
        return [code for code in codes if code in named]


def read_outcome(
    text: str, codes: Sequence[str], scale: Sequence[str], *, exclusive: bool
) -> Measure | Factor:
    """Read what stands before the tilde: a measure of codes, or a column.

    Raises
    ------
    KitError
        When it is neither, or a ratio of shares, which no row has.

    Examples
    --------
    >>> read_outcome("for | for + against", ["against", "for", "none"], (), exclusive=True).kind
    'share'
    >>> read_outcome("log(shares)", ["against", "for"], (), exclusive=True).name
    'shares'
    """
    factor = read_factor(text)
    if factor and factor.name not in codes and text != MEAN:
        if factor.function == "C":
            raise KitError(
                f"{text} makes categories, and an outcome is a number; write a code, or a column of "
                "numbers, as one that is 1 for one of these values and 0 for the others"
            )
        return factor
    (measure,) = read_measures([text], codes, scale, exclusive=exclusive)
    if measure.kind == "ratio":
        raise KitError(
            f"outcome {text!r} is a ratio of shares, which no row has; write a | a + b ~ ..., with "
            "family=logistic"
        )
    return measure


def make_regression(
    units: SampledUnits,
    columns: Mapping[str, Column],
    request: RegressionRequest,
    *,
    codes: Sequence[str],
    codebook: str,
    notes: Sequence[str] = (),
) -> Regression:
    """Estimate the coefficients of a regression with labels.

    Parameters
    ----------
    columns
        The columns that are asked for, by name.
    codes
        The codes, in the order of the units' arrays.
    codebook
        The name of the codebook.
    notes
        What a reader should know.

    Raises
    ------
    KitError
        When the terms are collinear, the annotated rows are too few or decide nothing, or the
        outcome is not one of the family.
    """
    keep, left_out = _complete_rows(
        [columns[name] for name in request.columns(codes)], len(units.scores)
    )
    maker = design_maker(request.formula, columns, codes, keep)
    maker.check_size()
    annotated, weights, left = weigh_rows(units, keep)
    check_any(len(annotated))
    rows = np.cumsum(keep)[annotated] - 1
    sides = _Sides(units, columns, request, maker, keep, annotated, rows, weights, left)
    data, terms = sides.moments()
    check_enough(data, request.cluster, len(terms.names))
    check_gold(data, request.family, terms.names, terms.annotated)
    gold = fit_gold(data, request.family)
    if gold is None:
        raise _no_root(request)
    undecided = alone_terms(data, terms, gold.through(terms.basis).alone)
    undecided |= undecided_terms(data, terms, request.formula.outcome)
    known = np.array([name not in undecided for name in terms.names])
    weight = tune_weight(data, request.family, gold.theta, terms.basis, known=known)
    fitted = fit_corrected(data, request.family, weight, gold.theta)
    if fitted is None:
        raise _no_root(request)
    naive = fit_naive(data, request.family)
    found = [fit.through(terms.basis) for fit in (fitted, gold)]
    as_truth = naive.through(terms.basis) if naive else None
    undecided = alone_terms(data, terms, found[0].alone) | undecided
    return Regression(
        formula=request.formula.text,
        family=request.family.name,
        codebook=codebook,
        inference=request.inference,
        cluster=request.cluster,
        n=data.n,
        n_annotated=len(data.rows),
        n_units=len(np.unique(data.drawn_unit)),
        score_weight=weight,
        coefficients=_coefficients(terms, (*found, as_truth), data, undecided),
        notes=[
            *notes,
            *left_out,
            *_outcome_notes(request.outcome),
            *_idle_notes(data),
            *undecided_notes(undecided, terms.names),
            *(_error_notes(sides, codes, data) if len(undecided) < len(terms.names) else ()),
            *_naive_notes(naive),
        ],
    )


def _complete_rows(used: Sequence[Column], n: int) -> tuple[BoolArray, list[str]]:
    """Return which of n rows have a value of every column, and a note on the others."""
    missing = np.zeros(n, dtype=bool)
    for column in used:
        missing |= column.missing
    if missing.all():
        empty = [column.name for column in used if column.missing.all()]
        raise KitError(
            f"no row of the labels has a value of {listing(empty or [column.name for column in used])}; "
            "a regression takes rows that have one of every column. Name other columns, or fill them in"
        )
    if not missing.any():
        return ~missing, []
    lacking = [column.name for column in used if column.missing.any()]
    return ~missing, [
        f"{int(missing.sum()):,} of {len(missing):,} rows have no value of {listing(lacking)} and are "
        "left out: the claim is about the others"
    ]


@dataclass(frozen=True, slots=True)
class _Sides:
    """What a regression is of: the rows that are kept, and those of them that are annotated.

    Attributes
    ----------
    keep
        Which of all rows have a value of every column, shape (all rows,).
    annotated, rows
        The annotated ones among all rows, and among those that are kept, shape (n,).
    weight, left
        As of `LabelledMoments`.
    """

    units: SampledUnits
    columns: Mapping[str, Column]
    request: RegressionRequest
    maker: DesignMaker
    keep: BoolArray
    annotated: NDArray[np.int64]
    rows: NDArray[np.int64]
    weight: FloatArray
    left: FloatArray

    def moments(self) -> tuple[LabelledMoments, Terms]:
        """Return the moments in a basis that can be solved in, and the terms."""
        codes = self.units.predicted[self.keep].astype(float)
        scores, gold = self.units.scores[self.keep], self.units.gold[self.annotated]
        design, names = self.maker.make(codes)
        basis = find_basis(design, names)
        annotated = design[self.rows]
        design = design @ basis
        of_scores = design
        if self.maker.codes:
            of_scores = self.maker.make(scores)[0] @ basis
            annotated = self.maker.make(gold, self.rows)[0]
        every = np.arange(len(codes))
        data = LabelledMoments(
            scores=self._side(of_scores, scores, every),
            predicted=self._side(design, codes, every),
            gold=self._side(annotated @ basis, gold, self.rows),
            rows=self.rows,
            weight=self.weight * len(codes) / self.weight.sum(),
            left=self.left,
            unit=self._unit(),
            finite=not self.request.cluster,
        )
        return data, Terms(names, annotated, basis)

    def _side(self, design: FloatArray, labels: FloatArray, rows: NDArray[np.int64]) -> Moments:
        ones, outcome = np.ones(len(rows)), self.request.outcome
        values = self._values()
        weight = self._row_weights(values)[rows]
        if values is not None:
            return Moments(design, values[rows], ones, weight)
        assert isinstance(outcome, Measure)  # noqa: S101  # what is no column
        among = ones if outcome.denominator is None else labels @ np.array(outcome.denominator)
        return Moments(design, labels @ np.array(outcome.numerator), among, weight)

    def _values(self) -> FloatArray | None:
        """Return an outcome that is a column, in the rows that are kept."""
        outcome = self.request.outcome
        if not isinstance(outcome, Factor):
            return None
        values = apply_numeric(outcome, self.columns[outcome.name], self.keep, outcome=True)
        check_outcome(outcome, values, self.request.family)
        return values

    def _row_weights(self, values: FloatArray | None) -> FloatArray:
        """Return the weights of the rows that are kept, by which the equation is of one size.

        When it is solved is a fixed number, and outcomes and weights are of any unit.
        """
        weight = np.ones(int(self.keep.sum()))
        if self.request.weights:
            weight = read_row_weights(self.columns[self.request.weights], self.keep)
        size = 0.0 if values is None else float(np.abs(values).mean())
        return np.asarray(weight / weight.mean() / (size or 1.0))

    def _unit(self) -> NDArray[np.int64]:
        if not self.request.cluster:
            return np.zeros(int(self.keep.sum()), dtype=np.int64)
        # Hashing is faster than sorting the texts of a million rows.
        import pandas as pd

        texts = self.columns[self.request.cluster].texts[self.keep]
        return np.asarray(pd.factorize(texts)[0], dtype=np.int64)


def _no_root(request: RegressionRequest) -> KitError:
    return KitError(
        f"the equation of {request.formula.text!r} has no root that Newton's method finds; annotate more "
        "rows, leave terms out, or set family=linear"
    )


def _coefficients(
    terms: Terms,
    found: Sequence[Fitted | None],
    data: LabelledMoments,
    undecided: Mapping[str, str],
) -> list[Coefficient]:
    """Return the table; what annotated rows do not decide has no number."""
    from scipy.stats import t as student

    fitted, gold, naive = found
    assert fitted is not None and gold is not None  # noqa: S101  # refused before
    names = terms.names
    columns = [_ends(fit, data.effective) for fit in (fitted, gold)]
    as_truth = _ends(naive, np.inf) if naive else [None] * len(names)
    units = np.maximum(fitted.effective(data.effective) - 1, 1)
    errors = fitted.error
    table = []
    for at, name in enumerate(names):
        why = undecided.get(name, "")
        estimate, error = (None, np.nan) if why else (columns[0][at], float(errors[at]))
        # What is known has no error, and no probability of chance.
        tested = estimate is not None and error > 0
        p_value = (
            2 * student.sf(abs(estimate[0]) / error, units[at]) if tested and estimate else np.nan
        )
        alone = None if why else columns[1][at]
        table.append(Coefficient(name, estimate, error, float(p_value), as_truth[at], alone, why))
    return table


def _ends(fit: Fitted, effective: float) -> list[ShareEstimate | None]:
    """Return every coefficient with its interval, `None` where one unit decides it."""
    half = fit.half_width(min(effective, len(fit.influence)))
    ends = zip(fit.theta.tolist(), half.tolist(), strict=True)
    return [(value, value - h, value + h) if np.isfinite(h) else None for value, h in ends]


def _outcome_notes(outcome: Measure | Factor) -> list[str]:
    return counting_notes([outcome]) if isinstance(outcome, Measure) else []


def _idle_notes(data: LabelledMoments) -> list[str]:
    return [idle] if (idle := idle_rows(data)) else []


def _error_notes(sides: _Sides, codes: Sequence[str], data: LabelledMoments) -> list[str]:
    """Return a note on a model that makes no error with these codes where it was annotated."""
    named = sides.request.codes(codes)
    used = [place for place, code in enumerate(codes) if code in named]
    gold = sides.units.gold[sides.annotated][:, used] > 0
    wrong = (sides.units.predicted[sides.annotated][:, used] != gold).any(axis=1)
    # A row that the outcome is about by the labels alone is an error too, one without a weight is none.
    if wrong[data.gold.weight > 0].any() or len(sides.annotated) == sides.keep.sum():
        return []
    return [
        f"the model makes no error in the annotated rows with {quote_names(named)}: intervals are too "
        f"narrow, as errors elsewhere are not seen; report those of {ANNOTATION_ONLY}, or annotate more "
        "rows"
    ]


def _naive_notes(naive: Fitted | None) -> list[str]:
    return [] if naive else ["labels that are taken for the truth have no finite coefficients here"]
