"""Which coefficients of a regression annotated rows do not decide, and why: these have no number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.corrected import LabelledMoments, effective_units
from stancekit.prevalence.estimators import MIN_UNITS
from stancekit.prevalence.identified import is_constant
from stancekit.types import BoolArray, FloatArray

# A row with a smaller part of the largest leverage has none in a coefficient.
_LEAST_PART = 1e-6
_ROUNDING = 1e-6
# How a design names the level of a factor.
_LEVEL = "[T."


@dataclass(frozen=True, slots=True)
class Terms:
    """The columns of a design.

    Attributes
    ----------
    names
        As they are printed.
    annotated
        Their values in the annotated rows, shape (n, terms).
    basis
        What makes the design of moments of them, as of `spread_basis`.
    """

    names: list[str]
    annotated: FloatArray
    basis: FloatArray

    def sides(self, rests: BoolArray, at: int) -> Iterator[tuple[str, BoolArray]]:
        """Yield annotated rows that a term compares with others, shape (n,), with words on where they are.

        These are those of the level that a level, or the constant, is compared with, those with either
        value of a term of two, and all that have a part in the term.

        Parameters
        ----------
        rests
            Which rows have a part in it, a column of `resting`.
        """
        column = self.annotated[:, at]
        constant = is_constant(column)
        for base, places in self._factors().items():
            if constant or at in places:
                for where, side in self._compared(base, places):
                    yield where, rests & side
        if np.isin(column, (0, 1)).all() and not constant:
            yield f" where {self.names[at]} is 1", rests & (column == 1)
        yield "" if rests.all() else " that decide it", rests

    def resting(self, data: LabelledMoments) -> BoolArray:
        """Return which annotated rows have a part in each coefficient of least squares, shape (n, terms)."""
        design = data.gold.design
        slope = (design * data.row_weight[:, None]).T @ design
        part = np.abs(design @ np.linalg.solve(slope, self.basis.T))
        return np.asarray(part > _LEAST_PART * part.max(axis=0))

    def _factors(self) -> dict[str, list[int]]:
        """Return the places of the columns of each factor; those without levels stand alone."""
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            base, level, value = name.partition(_LEVEL)
            # An interaction stands alone too.
            is_level = level and value.endswith("]") and _LEVEL not in value and ":" not in base
            found.setdefault(base if is_level else name, []).append(place)
        return found

    def _compared(self, base: str, places: Sequence[int]) -> Iterator[tuple[str, BoolArray]]:
        """Yield the rows of a factor's reference, or with either value of a number that has two."""
        columns = self.annotated[:, places]
        if np.isin(columns, (0, 1)).all():
            single = f" where {self.names[places[0]]} is 0" if len(places) == 1 else ""
            yield single or f" of the reference of {base}", (columns == 0).all(axis=1)
        elif len(places) == 1 and len(values := np.unique(columns)) == 2:
            for value in values.tolist():
                yield f" where {base} is {value:g}", columns[:, 0] == value


def undecided_terms(data: LabelledMoments, terms: Terms, outcome: str) -> dict[str, str]:
    """Return the terms that annotated rows do not decide, and why.

    A term needs eight units that differ from its commonest value. Rows on either side of it, or of
    the level that it is compared with, must differ in the outcome: where a code was never seen, its
    residuals are all 0, and so would be the width of an interval. One row that differs is enough: the
    few degrees of freedom of a variance that one unit decides make an interval that holds, while
    printing only where many differ would choose the samples in which the code is too frequent.

    Parameters
    ----------
    outcome
        The outcome as it is written.
    """
    if data.certain:
        return {}
    values = np.divide(
        data.gold.outcome, data.gold.among, where=data.counted, out=np.zeros(len(data.rows))
    )
    found, resting = {}, terms.resting(data)
    for at, name in enumerate(terms.names):
        why = _few_units(data, terms.annotated[:, at])
        for where, rows in terms.sides(resting[:, at], at):
            side = rows & data.counted
            if not why and side.any() and is_constant(values[side]):
                why = (
                    f"{outcome} is {values[side][0]:g} in all {int(side.sum())} annotated rows{where}: "
                    "how much it varies cannot be seen"
                )
        if why:
            found[name] = why
    return found


def alone_terms(data: LabelledMoments, terms: Terms, alone: BoolArray) -> dict[str, str]:
    """Return the terms that one annotated unit alone decides, and why they have no number.

    Parameters
    ----------
    alone
        Which these are, as of `Fitted`.
    """
    what = "row" if data.finite else "cluster"
    why = f"1 {what} alone decides it, and it takes {MIN_UNITS}"
    return {
        name: why
        for name, is_alone in zip(terms.names, alone.tolist(), strict=True)
        if is_alone and not data.certain
    }


def undecided_notes(undecided: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return a note on what to do about terms without a number."""
    if not undecided:
        return []
    return [
        f"{len(undecided)} of {len(names)} coefficients have no number, as annotated rows do not decide "
        "them: annotate more rows there, as with stancekit sample design=stratified by='[COLUMN]' "
        "extend=, join values of the column, name another reference, or take shares from stancekit estimate, "
        "which has intervals for codes too that no annotated row has"
    ]


def _few_units(data: LabelledMoments, values: FloatArray) -> str:
    """Say that too few annotated units differ from a term's commonest value, empty if there are enough."""
    column = values[data.counted]
    if is_constant(column):
        return ""
    # Of one size, whatever the unit of the column is.
    spread = ((column - column.min()) / np.ptp(column)).round(9)
    levels, counts = np.unique(spread, return_counts=True)
    common = spread == levels[counts.argmax()]
    sides = [~common, common] if len(levels) == 2 else [~common]
    unit, weight = data.drawn_unit[data.counted], data.row_weight[data.counted]
    effective = min(effective_units(unit[side], weight[side]) for side in sides)
    if effective >= MIN_UNITS - _ROUNDING:
        return ""
    n_units = min(len(np.unique(unit[side])) for side in sides)
    alike = f" and weigh as much as {effective:.1f} alike" if n_units >= MIN_UNITS else ""
    what = "annotated rows" if data.finite else "clusters with annotated rows"
    return f"{n_units} {what} decide it{alike}, and it takes {MIN_UNITS}"
