"""What makes a regression with labels impossible: each is refused with what to do."""

from collections.abc import Sequence

import numpy as np

from stancekit.errors import KitError, listing, nearest
from stancekit.prevalence.corrected import LabelledMoments
from stancekit.prevalence.designs import Column
from stancekit.prevalence.estimators import MIN_ANNOTATED, MIN_UNITS
from stancekit.prevalence.families import Family, Moments
from stancekit.prevalence.formulas import Factor, quote_names
from stancekit.prevalence.identified import (
    collinear_terms,
    constant_terms,
    separated_terms,
    spread_basis,
)
from stancekit.prevalence.measures import Measure
from stancekit.types import BoolArray, FloatArray


def check_family(outcome: Measure | Factor, family: Family) -> None:
    """Refuse outcomes of codes that are not 0 or 1 where the family needs that.

    Raises
    ------
    KitError
        When the family takes no such outcome.
    """
    if isinstance(outcome, Measure) and family.name != "linear" and outcome.kind != "share":
        raise KitError(
            f"family={family.name} takes an outcome that a row has or has not, and {outcome.name!r} "
            "may have other values; set family=linear, or write one code or a sum of codes"
        )


def check_variables(
    names: Sequence[str], codes: Sequence[str], present: Sequence[str], codebooks: Sequence[str]
) -> None:
    """Refuse names that are both a code and a column, no column at all, or labels that would count as truth.

    Parameters
    ----------
    names
        What the formula names, codes too.
    present
        The columns of the labels.
    codebooks
        The codebooks of the labels, whose columns hold a model's labels.

    Raises
    ------
    KitError
        When some name is one of these.
    """
    if both := sorted(set(names) & set(codes) & set(present)):
        raise KitError(
            f"{quote_names(both)} is the name of a code and of a column of the labels; rename the "
            "column, so that it is clear which is meant"
        )
    ends = ("", "_scores", "_heldout_codes", "_heldout_scores")
    labels = sorted(set(names) & {f"{book}{end}" for book in codebooks for end in ends})
    if labels:
        raise KitError(
            f"{quote_names(labels)} holds labels of a model, which would count as the truth; name "
            f"codes of the codebook that gold is of: {quote_names(codes)}"
        )
    unknown = [name for name in names if name not in codes and name not in present]
    if unknown:
        known = sorted({*present, *codes} - set(codebooks))
        raise KitError(
            f"formula has {quote_names(unknown)}, which is no code and no column of the labels"
            f"{nearest(unknown[0], known)}; the codes are {quote_names(codes)}, the columns "
            f"{listing(sorted(set(present) - set(codebooks)), most=30)}. A field of the texts gets a "
            "column with label fields=[...], and other facts with columns=FILE.csv"
        )
    if not set(names) & set(codes):
        raise KitError(
            "the formula names no code of the labels, so that no label is a variable in it; write one of "
            f"{quote_names(codes)} as the outcome or among the terms"
        )


def check_any(n: int) -> None:
    """Refuse a regression without an annotated row."""
    if not n:
        raise KitError(
            "no annotated row has a value of every column of the formula; annotate rows that do, or "
            "leave columns out"
        )


def find_basis(design: FloatArray, names: Sequence[str]) -> FloatArray:
    """Return the basis in which columns are centred and of one size, where no term is made of others."""
    if wrong := constant_terms(design, names):
        raise KitError(
            f"{listing(wrong)} has the same value in every row, and says nothing beside a constant; "
            "leave it out of the formula"
        )
    basis = spread_basis(design, names)
    if wrong := collinear_terms(design @ basis, names):
        raise KitError(
            f"the terms {listing(wrong)} are collinear: one follows from the others in every row, so "
            "that no coefficient can be given to each. Leave one of them out of the formula"
        )
    return basis


def read_row_weights(column: Column, keep: BoolArray) -> FloatArray:
    """Return the weights of the rows that are kept, shape (rows kept,)."""
    values = None if column.numbers is None else column.numbers[keep]
    if values is None or (values < 0).any() or not values.any():
        raise KitError(
            f"weights={column.name} has values that are no weights; they are numbers of 0 or more, and "
            "not all 0. Correct the column, or leave weights= out"
        )
    return values


def check_outcome(outcome: Factor, values: FloatArray, family: Family) -> None:
    """Refuse an outcome that the family does not take."""
    wrong: FloatArray = np.array([])
    if family.name == "logistic":
        wrong = values[(values != 0) & (values != 1)]
    elif family.name == "poisson":
        wrong = values[values < 0]
    if len(wrong):
        allowed = "0 and 1" if family.name == "logistic" else "numbers of 0 or more"
        raise KitError(
            f"family={family.name} takes an outcome of {allowed}, and {outcome.text} has "
            f"{listing([f'{value:g}' for value in wrong[:1000].tolist()], most=3)}; set family=linear, "
            "or name another column"
        )


def check_enough(data: LabelledMoments, cluster: str, n_terms: int) -> None:
    """Refuse a regression on too few annotated rows or sampling units for any interval.

    Rows without a weight, and those that the outcome is not about, do not count.
    """
    if data.certain:
        return
    n, wanted = int(data.counted.sum()), max(MIN_ANNOTATED, 2 * n_terms)
    if n < wanted:
        idle = idle_rows(data)
        raise KitError(
            f"{n} rows {'decide the coefficients' if idle else 'are annotated'}, and {n_terms} "
            f"coefficients take {wanted}{f': {idle}' if idle else ''}; annotate more rows"
            f"{' that do' if idle else ''}, or leave terms out"
        )
    if data.effective < MIN_UNITS:
        n_units = len(np.unique(data.drawn_unit[data.counted]))
        of_what = f"values of {cluster}" if cluster else "rows"
        raise KitError(
            f"the annotated rows are in {n_units} {of_what}, which weigh as much as "
            f"{data.effective:.1f} alike, and an interval takes {MIN_UNITS}: how much they differ cannot "
            "be seen from fewer. Set cluster= to a column with more values, annotate more of them, or "
            "set inference=finite_population for a claim about these texts alone"
        )


def idle_rows(data: LabelledMoments) -> str:
    """Say how many annotated rows decide no coefficient, and why, empty where all decide some."""
    reasons = {
        "have the weight 0": data.gold.weight <= 0,
        "are not among those that the outcome is about": data.gold.among <= 0,
    }
    said = " or ".join(reason for reason, rows in reasons.items() if rows.any())
    return f"{int((~data.counted).sum())} of {len(data.rows)} annotated rows {said}" if said else ""


def check_gold(
    data: LabelledMoments, family: Family, names: Sequence[str], raw: FloatArray
) -> None:
    """Refuse terms that annotated rows do not decide: constant, collinear or separated among them."""
    advice = (
        "Annotate rows that do, as with stancekit sample design=stratified by='[COLUMN]' extend=, join "
        "values of the column, or leave the term out"
    )
    raw, gold = raw[data.counted], data.gold.take(np.flatnonzero(data.counted))
    if not len(raw):
        raise KitError(
            f"no annotated row decides the coefficients ({idle_rows(data)}); annotate more rows, or take "
            "another outcome"
        )
    if empty := constant_terms(raw, names):
        raise KitError(
            f"{len(empty)} terms have one value in all annotated rows ({listing(empty)}), so that they "
            f"do not decide them. {advice}"
        )
    spread = raw @ spread_basis(raw, names)
    if wrong := collinear_terms(spread, names):
        raise KitError(
            f"the terms {listing(wrong)} are collinear among the annotated rows, though not among all. "
            f"{advice}"
        )
    gold = Moments(spread, gold.outcome, gold.among, gold.weight)
    if wrong := separated_terms(gold, family, names):
        raise KitError(
            f"perfect separation: among the annotated rows {listing(wrong)} decides the outcome, so that "
            f"a coefficient of family={family.name} has no finite value. Annotate more rows there, join "
            "values of the column, leave the term out, or set family=linear"
        )
