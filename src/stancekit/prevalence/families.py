"""Families of regression: the mean of the outcome at a linear predictor, its slope, and fits to plain data."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.types import FloatArray

# Newton's steps: how many, and how small the equation is when it is solved.
MOST_STEPS, SOLVED = 60, 1e-9
_ROWS_AT_ONCE = 100_000
# What halving a step tries before it gives up.
_MOST_HALVINGS = 30
# A predictor beyond this is one of a fit that runs away.
_MOST_PREDICTED = 500.0


@dataclass(frozen=True, slots=True)
class Family:
    """A family with its canonical link.

    Attributes
    ----------
    mean, slope
        The mean of the outcome at a linear predictor, and its derivative.
    """

    name: str
    mean: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]


def _logistic_mean(predictor: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1 + np.tanh(predictor / 2)))


def _logistic_slope(predictor: FloatArray) -> FloatArray:
    mean = _logistic_mean(predictor)
    return np.asarray(mean * (1 - mean))


def _exponential(predictor: FloatArray) -> FloatArray:
    return np.asarray(np.exp(np.minimum(predictor, _MOST_PREDICTED)))


FAMILIES = {
    "linear": Family("linear", np.asarray, np.ones_like),
    "logistic": Family("logistic", _logistic_mean, _logistic_slope),
    "poisson": Family("poisson", _exponential, _exponential),
}


def find_family(name: str) -> Family:
    """Return the family of that name.

    Raises
    ------
    KitError
        When there is none.
    """
    if name not in FAMILIES:
        raise KitError(
            f"unknown family={name!r}; there are: {', '.join(FAMILIES)}. Set family=linear"
        )
    return FAMILIES[name]


@dataclass(frozen=True, slots=True)
class Moments:
    """The rows of an estimating equation: the sum of weight * x (y - among * mean(x theta)) is 0.

    Attributes
    ----------
    design
        x, shape (rows, terms).
    outcome, among, weight
        Shape (rows,). `among` is 1 where a row is among those that the outcome is about and 0 where
        it is not, or a model's score of that.
    """

    design: FloatArray
    outcome: FloatArray
    among: FloatArray
    weight: FloatArray

    def take(self, rows: NDArray[np.int64]) -> "Moments":
        """Return some of the rows."""
        columns = (self.design, self.outcome, self.among, self.weight)
        return Moments(*(column[rows] for column in columns))

    def residual(self, family: Family, theta: FloatArray) -> FloatArray:
        """Return what each row adds to the equation for x = 1, shape (rows,)."""
        mean = family.mean(self.design @ theta)
        return np.asarray(self.weight * (self.outcome - self.among * mean))

    def curvature(self, family: Family, theta: FloatArray) -> FloatArray:
        """Return the negative derivative of that by the linear predictor, shape (rows,)."""
        return np.asarray(self.weight * self.among * family.slope(self.design @ theta))

    def equation(self, family: Family, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sum over rows, shape (terms,), and its negative derivative, shape (terms, terms)."""
        curvature = self.curvature(family, theta)
        slope = np.zeros((self.design.shape[1],) * 2)
        # Some rows at a time, or a million rows of many terms would be there twice.
        for first in range(0, len(self.design), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            slope += (self.design[some] * curvature[some, None]).T @ self.design[some]
        return self.design.T @ self.residual(family, theta), slope


# The value of an equation at some coefficients, and its negative derivative.
Equation = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def solve(equation: Equation, start: FloatArray) -> FloatArray | None:
    """Return the root of an equation by Newton's method with halved steps, `None` where it finds none.

    Parameters
    ----------
    equation
        What is to be 0, divided by the number of rows.

    Examples
    --------
    >>> half = lambda x: (np.array([0.5]) - x, np.eye(1))
    >>> solve(half, np.zeros(1)).tolist()
    [0.5]
    """
    theta = start
    value, slope = equation(theta)
    for _ in range(MOST_STEPS):
        size = float(np.abs(value).max())
        if size < SOLVED:
            return theta
        try:
            step = np.linalg.solve(slope, value)
        except np.linalg.LinAlgError:
            return None
        for _ in range(_MOST_HALVINGS):
            tried = theta + step
            new_value, new_slope = equation(tried)
            if np.isfinite(new_value).all() and np.abs(new_value).max() < size:
                break
            step = step / 2
        else:
            return None
        theta, value, slope = tried, new_value, new_slope
    return None
