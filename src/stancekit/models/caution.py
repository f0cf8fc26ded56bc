"""When to decline, and which codes cannot be ruled out: cuts on a model's scores, chosen on validation alone.

A declined example goes to a person; it does not become `abstain`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from stancekit.errors import KitError

Scores = NDArray[np.float64]
RISKS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
MISSES = (0.05, 0.1, 0.2)
_NEVER = float("inf")


def confidence(scores: Scores, thresholds: Sequence[float] = ()) -> Scores:
    """Return how sure a model is of each example, shape (examples,).

    The highest score; with thresholds, how far the least clear code lies from its own.

    Examples
    --------
    >>> confidence(np.array([[0.7, 0.3]])).tolist(), confidence(np.array([[0.7, 0.3]]), [0.5, 0.25]).round(2).tolist()
    ([0.7], [0.05])
    """
    if thresholds:
        return np.asarray(np.abs(scores - np.array(thresholds)).min(axis=1))
    return np.asarray(scores.max(axis=1))


@dataclass(frozen=True, slots=True)
class Caution:
    """Cuts by the risk that is accepted.

    `risks` pairs a share of errors with the confidence below which to decline; `sets` pairs a share of missed gold
    codes with the score from which a code belongs to the prediction set. A cut of infinity: everything is declined.
    """

    risks: tuple[tuple[float, float], ...] = ()
    sets: tuple[tuple[float, float], ...] = ()

    def cut(self, risk: float) -> float:
        """Return the confidence below which to decline, for the given share of errors.

        Raises
        ------
        KitError
            When the risk is not one of those prepared.
        """
        known = dict(self.risks)
        if risk not in known:
            raise KitError(
                f"risk {risk} was not prepared; this model knows: {', '.join(map(str, known)) or 'none'}. "
                "Choose one of them"
            )
        return known[risk]

    def to_list(self) -> list[list[list[float | None]]]:
        """Return plain data that `from_list` reads back."""
        return [[[one, None if cut == _NEVER else cut] for one, cut in pairs] for pairs in (self.risks, self.sets)]

    @classmethod
    def from_list(cls, data: Any) -> Self:
        """Rebuild from `to_list`."""
        return cls(
            *(tuple((float(one), _NEVER if cut is None else float(cut)) for one, cut in pairs) for pairs in data)
        )


def risk_cut(sure: Scores, wrong: NDArray[np.bool_], risk: float, *, level: float = 0.9) -> float:
    """Return the lowest confidence from which a model errs no more than `risk`.

    Examples are let in from the surest on, as long as the upper bound of their share of errors (Clopper and Pearson
    1934, one-sided) stays below the risk: fixed-sequence testing as in "Learn Then Test" (Angelopoulos et al. 2021).
    The bound counts examples as independent; within an article they are not quite, so it is somewhat optimistic.

    Parameters
    ----------
    sure, wrong
        Shape (examples,).

    Examples
    --------
    >>> sure = np.linspace(1, 0, 200)
    >>> bool(0.4 < risk_cut(sure, sure < 0.5, 0.1) < 0.55), risk_cut(sure, sure >= 0, 0.1)
    (True, inf)
    """
    order = np.argsort(-sure, kind="stable")
    errors = np.cumsum(wrong[order])
    n = np.arange(1, len(order) + 1)
    upper = beta.ppf(level, errors + 1, n - errors)
    steps = [step for step in range(19, len(order), 5)] or [len(order) - 1]
    best = _NEVER
    for step in steps:
        if upper[step] <= risk:
            best = float(sure[order[step]])
        elif best < _NEVER:
            break
    return best


def set_cut(scores: Scores, truth: NDArray[np.bool_], clusters: Sequence[str], miss: float) -> float:
    """Return the score from which a code belongs to the prediction set.

    Of a new article's gold codes, no more than the share `miss` is expected to lie outside the sets: conformal risk
    control (Angelopoulos et al. 2024, equation 5), with the article as the exchangeable unit, so that neither many
    sentences of one article nor several codes of one sentence count as independent. It holds in the mean over
    articles drawn like those of validation, not within each code.

    Parameters
    ----------
    scores, truth
        Shape (examples, codes).

    Examples
    --------
    >>> scores, truth = np.array([[0.9, 0.1]] * 50), np.array([[True, False]] * 50)
    >>> set_cut(scores, truth, [str(at) for at in range(50)], 0.1)
    0.9
    """
    names = {cluster: at for at, cluster in enumerate(dict.fromkeys(clusters))}
    home = np.array([names[cluster] for cluster in clusters])
    rows, _ = np.nonzero(truth)
    own = scores[truth]
    total = np.bincount(home[rows], minlength=len(names)).clip(min=1)
    best = 0.0
    for cut in np.unique(np.round(own, 6)):
        missed = np.bincount(home[rows[own < cut]], minlength=len(names)) / total
        if (missed.sum() + 1) / (len(names) + 1) > miss:
            break
        best = float(cut)
    return best


def learn(
    scores: Scores,
    truth: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    clusters: Sequence[str],
    thresholds: Sequence[float] = (),
) -> Caution:
    """Return the cuts for every prepared risk, from validation."""
    sure = confidence(scores, thresholds)
    # What keeps to a lower risk keeps to a higher one.
    cuts = np.minimum.accumulate([risk_cut(sure, wrong, risk) for risk in RISKS]).tolist()
    return Caution(
        tuple(zip(RISKS, cuts, strict=True)),
        tuple((miss, set_cut(scores, truth, clusters, miss)) for miss in MISSES),
    )
