"""Samples to be labelled by hand, with the probability of every unit that is drawn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError

Array = NDArray[np.float64]
HOW = ("random", "stratified", "uncertain")


def probabilities(strata: Sequence[str], scores: Array, n: int, *, how: str = "random") -> Array:
    """Return the probability with which to draw each unit, shape (N,); they add up to n, or to N where that is less.

    Parameters
    ----------
    strata
        What a unit is stratified by.
    scores
        A model's scores, shape (N, codes).
    how
        `random`: all alike. `stratified`: as many of each stratum, as far as it has them. `uncertain`: in proportion
        to the standard deviation that the scores promise, which makes the error least for a given n if they are right
        (Neyman 1934); a fifth is drawn all alike, in case they are not.

    Examples
    --------
    >>> probabilities(["a", "a", "a", "b"], np.ones((4, 1)), 2, how="stratified").round(2).tolist()
    [0.33, 0.33, 0.33, 1.0]
    """
    if how not in HOW:
        raise KitError(f"unknown how={how!r}; sample knows: {', '.join(HOW)}. Set how=random")
    if n < 1:
        raise KitError(f"n is {n}; draw at least one unit")
    size = len(scores)
    if n >= size:
        return np.ones(size)
    if how == "random":
        return np.full(size, n / size)
    if how == "stratified":
        names, home, counts = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
        return filled(np.ones(len(names)), counts, n)[home] / counts[home]
    spread = np.sqrt((scores * (1 - scores)).clip(0).sum(axis=1))
    spread = np.full(size, 1.0) if spread.sum() == 0 else spread / spread.mean()
    return filled(0.2 + 0.8 * spread, np.ones(size), n)


def filled(wanted: Array, most: NDArray[np.int64] | Array, n: float) -> Array:
    """Share out n in proportion to `wanted`, nobody more than `most`.

    Examples
    --------
    >>> filled(np.array([3.0, 1.0]), np.array([4, 9]), 8).tolist()
    [4.0, 4.0]
    """
    given = np.zeros(len(wanted))
    free = np.ones(len(wanted), dtype=bool)
    while free.any():
        left = n - given[~free].sum()
        given[free] = left * wanted[free] / wanted[free].sum()
        over = free & (given > most)
        if not over.any():
            break
        given[over] = np.asarray(most, dtype=float)[over]
        free &= ~over
    return given


def draw(probability: Array, strata: Sequence[str] | None = None, *, random_state: int = 0) -> NDArray[np.int64]:
    """Draw units with the given probabilities, as many as these add up to, and return their rows in order.

    Systematic sampling in random order (Madow 1949), which keeps to the probabilities exactly; of each stratum
    as many are drawn as its probabilities add up to, give or take one where that is no whole number.

    Examples
    --------
    >>> draw(np.array([1.0, 0.5, 0.5, 1.0])).tolist() in ([0, 1, 3], [0, 2, 3])
    True
    """
    random = np.random.default_rng(random_state)
    home = np.zeros(len(probability)) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    order = np.lexsort((random.random(len(probability)), home))
    ends = np.cumsum(probability[order])
    # Where the sum should be whole, rounding must not lose the last one.
    ends[-1] = round(float(ends[-1]), 9)
    points = random.random() + np.arange(int(np.ceil(ends[-1])))
    points = points[points < ends[-1]]
    return np.sort(order[np.searchsorted(ends, points, side="right")])
