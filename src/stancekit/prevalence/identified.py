"""Whether data decide the coefficients of a regression: collinear terms, and outcomes that are separated."""

from collections.abc import Sequence

import numpy as np

from stancekit.prevalence.families import Family, Moments
from stancekit.types import BoolArray, FloatArray

# An eigenvalue of the correlations of terms below this says that some are collinear.
COLLINEAR = 1e-9
# A coefficient of a linear combination that is smaller than this part of the largest has no part in it.
_NO_PART = 1e-3
# Values whose range is a smaller part of them are the same.
_SAME = 1e-12
# What a linear program calls 0.
_ZERO = 1e-7


def is_constant(values: FloatArray) -> bool:
    """Say whether values are the same but for rounding.

    Examples
    --------
    >>> is_constant(np.array([1e-20, 3e-20])), is_constant(np.array([0.3, 0.1 + 0.2]))
    (False, True)
    """
    return bool(np.ptp(values) <= _SAME * np.abs(values).max())


def constant_terms(design: FloatArray, names: Sequence[str]) -> list[str]:
    """Return the terms that have one value in every row, but for one that is the constant itself.

    Parameters
    ----------
    design
        Shape (rows, terms).

    Examples
    --------
    >>> constant_terms(np.array([[1.0, 0, 5], [1, 0, 3]]), ["Intercept", "red", "size"])
    ['red']
    """
    constant = np.flatnonzero(np.ptp(design, axis=0) <= _SAME * np.abs(design).max(axis=0))
    own = next((place for place in constant if (design[:, place] == 1).all()), None)
    return [names[place] for place in constant.tolist() if place != own]


def spread_basis(design: FloatArray, names: Sequence[str]) -> FloatArray:
    """Return what a design is multiplied by so that its columns are centred and of one size, shape (terms, terms).

    Without that, a column such as a year and its square differ by less than rounding. A design
    without a constant is not centred.

    Examples
    --------
    >>> design = np.array([[1.0, 2019], [1, 2021]])
    >>> (design @ spread_basis(design, ["Intercept", "year"])).round(9).tolist()
    [[1.0, -1.0], [1.0, 1.0]]
    """
    constant = [place for place in range(len(names)) if (design[:, place] == 1).all()]
    basis = np.eye(len(names))
    if not constant:
        return np.asarray(basis / np.sqrt((design**2).mean(axis=0)))
    own, mean, spread = constant[0], design.mean(axis=0), design.std(axis=0)
    spread[own], mean[own] = 1.0, 0.0
    basis /= spread
    basis[own] -= mean / spread
    return basis


def collinear_terms(design: FloatArray, names: Sequence[str]) -> list[str]:
    """Return the terms of a linear combination that is the same in every row, empty where there is none.

    Parameters
    ----------
    design
        Shape (rows, terms), in the basis of `spread_basis`.

    Examples
    --------
    >>> design = np.array([[1.0, 1, 0, 5], [1, 0, 1, 3], [1, 1, 0, 9]])
    >>> names = ["Intercept", "red", "blue", "size"]
    >>> collinear_terms(design @ spread_basis(design, names), names)
    ['red', 'blue']
    """
    values, vectors = np.linalg.eigh(design.T @ design / len(design))
    if values[0] > COLLINEAR:
        return []
    part = np.abs(vectors[:, 0])
    return [name for name, value in zip(names, part, strict=True) if value > _NO_PART * part.max()]


def is_separated(moments: Moments, family: Family) -> bool:
    """Say whether some coefficients of annotated rows are not finite; see `separated_terms`."""
    return bool(_separation(moments, family).any())


def separated_terms(moments: Moments, family: Family, names: Sequence[str]) -> list[str]:
    """Return the terms of a combination that separates rows by their outcome, empty where none does.

    The likelihood then grows without an end along it. Of the logistic family the combination is
    nowhere below 0 where the outcome is 1 and nowhere above where it is 0 (Albert and Anderson
    1984); of Poisson it is 0 where the outcome is above 0, and nowhere above elsewhere (Santos Silva
    and Tenreyro 2010). A linear program finds it (Konis 2007).

    Examples
    --------
    >>> from stancekit.prevalence.families import FAMILIES
    >>> design = np.array([[1.0, 0], [1, 0], [1, 1], [1, 1]])
    >>> rows = Moments(design, np.array([0.0, 1, 1, 1]), np.ones(4), np.ones(4))
    >>> separated_terms(rows, FAMILIES["logistic"], ["Intercept", "red"])
    ['red']
    """
    part = np.abs(_separation(moments, family))
    return [name for name, value in zip(names, part, strict=True) if value > _ZERO]


def _separation(moments: Moments, family: Family) -> FloatArray:
    """Return a direction along which the likelihood grows without end, of zeros where there is none."""
    from scipy.optimize import linprog

    terms = moments.design.shape[1]
    counted: BoolArray = (moments.among > 0) & (moments.weight > 0)
    if family.name == "linear" or not counted.any():
        return np.zeros(terms)
    # Rows that are alike say the same, and a program of few rows is solved far faster.
    outcome, among = moments.outcome[counted], moments.among[counted]
    rows = moments.design[counted]
    sides = [(rows[outcome > 0], 1.0), (rows[outcome <= 0], 0.0)]
    if family.name == "logistic":
        # A row with several of the codes that the outcome is about may be on both sides.
        sides[1] = (rows[outcome < among], 0.0)
    unique = np.concatenate(
        [np.unique(np.column_stack([side, np.full(len(side), has)]), axis=0) for side, has in sides]
    )
    design, positive = unique[:, :-1], unique[:, -1] > 0
    if family.name == "logistic":
        signed = design * np.where(positive, 1.0, -1.0)[:, None]
        equal = None
    else:
        signed, equal = -design[~positive], design[positive]
    if not len(signed):
        return np.zeros(terms)
    zeros = None if equal is None else np.zeros(len(equal))
    found = linprog(
        -signed.sum(axis=0),
        A_ub=-signed,
        b_ub=np.zeros(len(signed)),
        A_eq=equal,
        b_eq=zeros,
        bounds=(-1, 1),
        method="highs",
    )
    if found.x is None or -found.fun <= _ZERO * len(signed):
        return np.zeros(terms)
    return np.asarray(found.x)
