"""Selective classification: when to decline an example, and sets of codes that cannot be ruled out.

Both are cuts on a model's scores, chosen on validation. A declined example is left to a person; it
gets no code. Both guarantees hold for text drawn like that of validation, and for a model that was
fixed before: as training also stops on validation and takes thresholds and a temperature from it,
they are somewhat optimistic. A report also shows what they led to on test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.types import FloatArray

RISKS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
MISSES = (0.05, 0.1, 0.2)
# The probability with which the share of errors stays below the risk, and how many cuts are tested.
# Each cut is tested at a tenth of what 0.9 leaves, so that more cuts would make each test stricter.
RISK_LEVEL, STEPS = 0.9, 10
# Scores on disk have six digits: examples are equally sure where these are equal.
DIGITS = 6
_NEVER = float("inf")


def confidence(scores: FloatArray, thresholds: Sequence[float] = ()) -> FloatArray:
    """Return how sure a model is of each example, shape (examples,).

    The highest score; with thresholds, the distance between the least clear code's score and its
    threshold.

    Examples
    --------
    >>> confidence(np.array([[0.7, 0.3]])).tolist(), confidence(np.array([[0.7, 0.3]]), [0.5, 0.25]).round(2).tolist()
    ([0.7], [0.05])
    """
    if thresholds:
        return np.asarray(np.abs(scores - np.array(thresholds)).min(axis=1))
    return np.asarray(scores.max(axis=1))


@dataclass(frozen=True, slots=True)
class SelectivePolicy:
    """Cuts by the risk that is accepted.

    `risks` pairs a share of errors with the confidence below which to decline; `sets` pairs a share
    of missed gold codes with the score from which a code belongs to the prediction set. A cut of
    infinity: everything is declined.
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
        return [
            [[share, None if cut == _NEVER else cut] for share, cut in pairs]
            for pairs in (self.risks, self.sets)
        ]

    @classmethod
    def from_list(cls, data: Any) -> Self:
        """Rebuild from `to_list`."""
        return cls(
            *(
                tuple((float(share), _NEVER if cut is None else float(cut)) for share, cut in pairs)
                for pairs in data
            )
        )


def risk_cut(
    sure: FloatArray,
    wrong: NDArray[np.bool_],
    risk: float,
    clusters: Sequence[str] | None = None,
    *,
    level: float = RISK_LEVEL,
) -> float:
    """Return the lowest confidence from which a model errs no more than `risk`, infinity where there is none.

    Ten cuts are tested: those that keep the surest tenth of the examples, two tenths, and so on to
    all of them; of equally sure examples all are kept or none. A cut passes when the upper bound of
    its share of errors is at most the risk, and the lowest that passes is returned. Each bound is
    that of Clopper and Pearson (1934) at a tenth of 1 - level, so that with probability `level`
    every one of them holds, whichever is chosen (Bonferroni; compare "Learn Then Test",
    Angelopoulos et al. 2021, section 2).

    Examples of one article are not independent. With `clusters`, the number of examples and of
    errors is divided by the design effect of their intraclass correlation (Kish 1965; as for
    intervals, Korn and Graubard 1998): exact where it is 0, otherwise an approximation, which
    simulations support from about twenty articles on.

    The level holds for a model that was fixed before these examples were used. If they also
    chose when to stop, thresholds or settings, the model errs on them a little less than on new
    text, and the cut is somewhat too low.

    Parameters
    ----------
    sure, wrong
        Shape (examples,), of examples drawn like those that the model will label.
    clusters
        The article of each example; without them, examples count as independent.

    Examples
    --------
    >>> sure = np.linspace(1, 0, 200)
    >>> round(risk_cut(sure, sure < 0.5, 0.1), 2), risk_cut(sure, sure >= 0, 0.1)
    (0.5, inf)
    """
    cuts, upper = _bounds(sure, wrong, clusters, level)
    return _lowest(cuts, upper, risk)


def _lowest(cuts: FloatArray, upper: FloatArray, risk: float) -> float:
    return float(min(cuts[upper <= risk], default=_NEVER))


def _bounds(
    sure: FloatArray, wrong: NDArray[np.bool_], clusters: Sequence[str] | None, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the cuts that are tested and the upper bounds of their shares of errors, each of shape (cuts,)."""
    from scipy.stats import beta

    n = len(sure)
    if not n:
        return np.array([_NEVER]), np.array([1.0])
    rounded = np.round(sure, DIGITS)
    # A cut is just above the surest example that is left out: given that score, the examples above
    # it are drawn at random from all such, which the bound needs. Half a digit is added so that a
    # rounded score and the score itself are on the same side.
    positions = np.ceil(n * np.arange(1, STEPS) / STEPS).astype(int).clip(max=n - 1)
    surest_left_out = np.sort(rounded)[::-1][positions]
    cuts = np.append(surest_left_out + 0.5 * 10.0**-DIGITS, 0.0)
    kept = rounded[None] >= cuts[:, None]
    number, errors = kept.sum(axis=1), (kept & wrong[None]).sum(axis=1)
    effect = np.ones(STEPS) if clusters is None else _design_effects(kept, wrong, clusters)
    upper = beta.ppf(1 - (1 - level) / STEPS, errors / effect + 1, (number - errors) / effect)
    return cuts, np.where(number > errors, upper, 1.0)


def _design_effects(
    kept: NDArray[np.bool_], wrong: NDArray[np.bool_], clusters: Sequence[str]
) -> FloatArray:
    """Return by how much clusters inflate the variance of a share of errors, for each set that is kept, shape (cuts,).

    1 + (m - 1) times the intraclass correlation of all errors, where m is the mean size of an
    example's cluster.
    """
    names, cluster_ids = np.unique(np.asarray(clusters), return_inverse=True)
    sizes = np.stack([np.bincount(cluster_ids[row], minlength=len(names)) for row in kept])
    mean = (sizes**2).sum(axis=1) / sizes.sum(axis=1).clip(min=1)
    return np.asarray(1 + _intraclass(wrong, cluster_ids) * (mean - 1).clip(min=0))


def _intraclass(wrong: NDArray[np.bool_], cluster_ids: NDArray[np.intp]) -> float:
    """Return the intraclass correlation of errors (Donner and Koval 1980), 1 where it cannot be estimated."""
    size, errors = np.bincount(cluster_ids), np.bincount(cluster_ids, wrong)
    n, articles = len(cluster_ids), len(size)
    if articles == n:
        return 0.0
    share = errors / size
    between = (size * (share - wrong.mean()) ** 2).sum() / max(articles - 1, 1)
    within = (errors * (1 - share)).sum() / (n - articles)
    # One article, or no error or nothing but errors: examples may be as alike as can be.
    if articles == 1 or between + within == 0:
        return 1.0
    typical = (n - (size**2).sum() / n) / (articles - 1)
    return float(np.clip((between - within) / (between + (typical - 1) * within), 0, 1))


def set_cut(
    scores: FloatArray, truth: NDArray[np.bool_], clusters: Sequence[str], miss: float
) -> float:
    """Return the score from which a code belongs to the prediction set.

    Of a new article's gold codes, no more than the share `miss` is expected to be outside the
    sets: conformal risk control (Angelopoulos et al. 2024, equation 5), with the article as the
    exchangeable unit, so that neither many sentences of one article nor several codes of one
    sentence count as independent. It holds in the mean over articles drawn like those of
    validation, not within each code.

    Parameters
    ----------
    scores, truth
        Shape (examples, codes).

    Examples
    --------
    >>> scores, truth = np.array([[0.9, 0.1]] * 50), np.array([[True, False]] * 50)
    >>> set_cut(scores, truth, [str(index) for index in range(50)], 0.1)
    0.9
    """
    names, cluster_ids = np.unique(np.asarray(clusters), return_inverse=True)
    rows, _ = np.nonzero(truth)
    gold_scores = scores[truth]
    total = np.bincount(cluster_ids[rows], minlength=len(names)).clip(min=1)
    best = 0.0
    for cut in np.unique(np.round(gold_scores, DIGITS)):
        missed = np.bincount(cluster_ids[rows[gold_scores < cut]], minlength=len(names)) / total
        # One more article that misses all is added, as the new article may be the worst.
        if (missed.sum() + 1) / (len(names) + 1) > miss:
            break
        best = float(cut)
    return best


def fit_policy(
    scores: FloatArray,
    truth: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    clusters: Sequence[str],
    thresholds: Sequence[float] = (),
) -> SelectivePolicy:
    """Return the cuts for every prepared risk, from validation."""
    cuts, upper = _bounds(confidence(scores, thresholds), wrong, clusters, RISK_LEVEL)
    return SelectivePolicy(
        tuple((risk, _lowest(cuts, upper, risk)) for risk in RISKS),
        tuple((miss, set_cut(scores, truth, clusters, miss)) for miss in MISSES),
    )
