"""How wide intervals will be with more judged rows, from those that there are."""

from dataclasses import dataclass

import numpy as np

from stancekit.prevalence.estimators import Domain, half_width
from stancekit.types import FloatArray


@dataclass(frozen=True, slots=True)
class Plan:
    """The half-width of every code's interval at some number of judged rows, shape (sizes, codes).

    `own` is that of the estimates, `alone` that of judged rows without the model.
    """

    sizes: tuple[float, ...]
    own: FloatArray
    alone: FloatArray


def planned(
    found: Domain, sizes: tuple[float, ...], *, corpus: bool = True, n: int | None = None
) -> Plan:
    """Foresee half-widths at other numbers of judged rows than the cell has.

    A variance falls as one over the number of rows, and in a claim about the corpus itself also by
    the share that is left unjudged (Cochran 1977, "Sampling Techniques", equation 2.20). That the
    model and the articles stay what the rows judged so far show is assumed.

    Parameters
    ----------
    sizes
        Numbers of judged rows of the cell.
    corpus
        Whether the claim is about this very corpus.
    n
        How many rows there are to be judged; by default those of the cell. With another number the
        plan is for rows that vary as those of the cell do.

    Examples
    --------
    >>> share, influence = np.array([0.4]), np.full((50, 1), 0.006)
    >>> cell = Domain(2000, 50, 50.0, share, share, share, np.ones(1), influence, 1.7 * influence)
    >>> plan = planned(cell, (50, 200, 2000))
    >>> plan.own.round(3).tolist(), plan.alone.round(3).tolist()
    ([[0.085], [0.04], [0.0]], [[0.134], [0.068], [0.0]])
    """
    own: list[FloatArray] = []
    alone: list[FloatArray] = []
    whole = found.n if n is None else n
    for size in sizes:
        more = size / found.gold
        unjudged = max(1 - size / whole, 0.0)
        left = (
            unjudged / (1 - found.gold / found.n)
            if corpus and found.gold < found.n
            else float(not corpus)
        )
        for rows, classical in ((own, False), (alone, True)):
            rows.append(half_width(found, more=more, left=left, classical=classical))
    return Plan(sizes, np.array(own), np.array(alone))
