"""Measures of the shares of codes: sums, differences, shares among some codes, ratios, and means on a scale.

A measure is a function of the shares, so its interval follows from their influences by the delta
method (METHOD.md). A few signs say what it is: `a + b`, `a - b`, `2 * a`, `a | a + b` (the share
of a among rows with a or b), `a : b` (how many a to one b), `mean` (on the codebook's scale).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stancekit.errors import KitError, nearest
from stancekit.prevalence.estimators import (
    MIN_ANNOTATED,
    MIN_UNITS,
    Domain,
    contrast_error,
    share_interval,
    student_quantile,
)
from stancekit.prevalence.shares import MeasureKind, ShareEstimate
from stancekit.types import FloatArray

# The word for the mean on the codebook's scale.
MEAN = "mean"
_OPERATORS = "+-*|:"
_TOKEN = re.compile(r"`[^`]*`|[+\-*|:]|[^`+\-*|:]+")
_FACTOR = re.compile(r"\d+(\.\d+)?")
_GRAMMAR = (
    "a measure is written of codes with + and -, as a - b; a | a + b is the share of a among rows "
    "with a or b, a : b the ratio of two shares, mean the mean on the codebook's scale. A code "
    f"with one of {' '.join(_OPERATORS)} in its name stands between backticks"
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of the shares of codes.

    Attributes
    ----------
    name
        As it was asked for.
    kind
        What the number is.
    numerator
        The weight of each code, in the order of the codes.
    denominator
        The weight of each code in what the first sum is divided by; `None` where it is not.
    exclusive
        Whether a row has exactly one code; otherwise it counts with each of its codes.

    Examples
    --------
    >>> among, to = read_measures(["for | for + against", "for : against"], ["against", "for", "none"])
    >>> among.value(np.array([0.3, 0.2, 0.5])), among.kind
    (0.4, 'share')
    >>> round(to.value(np.array([0.3, 0.2, 0.5])), 2), to.kind
    (0.67, 'ratio')
    """

    name: str
    kind: MeasureKind
    numerator: tuple[float, ...]
    denominator: tuple[float, ...] | None = None
    exclusive: bool = True

    @property
    def limits(self) -> tuple[float, float]:
        """Return the smallest and largest value that shares allow."""
        low, high = min(*self.numerator, 0.0), max(*self.numerator, 0.0)
        if not self.exclusive:
            low, high = (sum(pick(weight, 0.0) for weight in self.numerator) for pick in (min, max))
        if self.denominator is not None:
            among = [
                weight
                for weight, is_in in zip(self.numerator, self.denominator, strict=True)
                if is_in
            ]
            low, high = min(among), max(among)
        return (0.0, np.inf) if self.kind == "ratio" else (low, high)

    @property
    def counts_codes(self) -> bool:
        """Say whether it counts codes where a sum of exclusive ones would count rows."""
        summed = sum(weight > 0 for weight in self.numerator) > 1
        return not self.exclusive and (summed or sum(self.denominator or ()) > 1)

    def value(self, shares: FloatArray) -> float:
        """Return the measure of shares, NaN where it divides by 0."""
        top = float(np.dot(self.numerator, shares))
        if self.denominator is None:
            return top
        bottom = float(np.dot(self.denominator, shares))
        return top / bottom if bottom > 0 else np.nan

    def influence(self, shares: FloatArray, influence: FloatArray) -> FloatArray:
        """Return what each sampling unit adds to the measure, of a ratio to its logarithm, shape (units,).

        The first-order expansion of a quotient: (top - value * bottom) / share of the bottom.
        """
        top = influence @ np.asarray(self.numerator)
        if self.denominator is None:
            return np.asarray(top)
        bottom = influence @ np.asarray(self.denominator)
        below = float(np.dot(self.denominator, shares))
        if self.kind == "ratio":
            return np.asarray(top / np.dot(self.numerator, shares) - bottom / below)
        return np.asarray((top - self.value(shares) * bottom) / below)


def read_measures(
    texts: Sequence[str],
    codes: Sequence[str],
    scale: Sequence[str] = (),
    *,
    exclusive: bool = True,
) -> list[Measure]:
    """Read measures as they are written; nothing in them is run.

    Parameters
    ----------
    texts
        As `["a - b", "a | a + b", "a : b", "mean"]`.
    codes
        The codes, in the order of shares.
    scale
        The codes that are ordered, lowest first, for `mean`: they get evenly spaced values from
        -1 to 1, and rows with other codes are left out.
    exclusive
        Whether a row has exactly one code; otherwise shares of several may add up to more than 1.

    Raises
    ------
    KitError
        When one cannot be read, or names what is no code.

    Examples
    --------
    >>> [measure.kind for measure in read_measures(["a - b", "a + b", "mean"], ["a", "b", "c"], ["a", "b"])]
    ['difference', 'share', 'mean']
    """
    return [
        replace(_read_measure(text, codes, scale, exclusive=exclusive), exclusive=exclusive)
        for text in dict.fromkeys(texts)
    ]


def _read_measure(
    text: str, codes: Sequence[str], scale: Sequence[str], *, exclusive: bool
) -> Measure:
    name = " ".join(text.split())
    if name == MEAN and MEAN not in codes:
        return _scale_mean(codes, scale)
    tokens = [token.strip() for token in _TOKEN.findall(name)]
    tokens = [token for token in tokens if token]
    if "".join(tokens).replace(" ", "") != name.replace(" ", ""):
        raise KitError(f"measure {text!r} has a backtick without its other one; {_GRAMMAR}")
    divided = [place for place, token in enumerate(tokens) if token in ("|", ":")]
    if len(divided) > 1:
        raise KitError(f"measure {text!r} has several of | and :, and may have one; {_GRAMMAR}")
    if not divided:
        weights = _read_sum(text, tokens, codes)
        plain = set(weights) <= {0.0, 1.0} and (exclusive or sum(weights) == 1)
        return Measure(name, "share" if plain else "difference", weights)
    sides = tokens[: divided[0]], tokens[divided[0] + 1 :]
    top, bottom = (_read_sum(text, side, codes) for side in sides)
    is_ratio = tokens[divided[0]] == ":"
    _check_sides(text, top, bottom, is_ratio=is_ratio)
    if is_ratio:
        return Measure(name, "ratio", top, bottom)
    return Measure(name, "share" if set(top) <= {0.0, 1.0} else "difference", top, bottom)


def _scale_mean(codes: Sequence[str], scale: Sequence[str]) -> Measure:
    if len(scale) < 2 or not set(scale) <= set(codes):
        raise KitError(
            "measure mean takes the codebook's scale, and it has none of two or more codes that the "
            "labels have. Write the weights, as 2 * a + b, or label with a codebook that has a scale"
        )
    values = dict(zip(scale, np.linspace(-1, 1, len(scale)).tolist(), strict=True))
    weights = tuple(values.get(code, 0.0) for code in codes)
    return Measure(MEAN, "mean", weights, tuple(float(code in values) for code in codes))


def _read_sum(text: str, tokens: Sequence[str], codes: Sequence[str]) -> tuple[float, ...]:
    """Return the weight of each code in a sum such as `2 * a - b`."""
    weights = dict.fromkeys(codes, 0.0)
    left = list(tokens)
    if left and left[0] not in ("+", "-"):
        left.insert(0, "+")
    while left:
        sign = left.pop(0)
        factor = 1.0
        if len(left) > 1 and left[1] == "*" and _FACTOR.fullmatch(left[0]):
            factor = float(left[0])
            del left[:2]
        if sign not in ("+", "-") or not left or left[0] in _OPERATORS:
            raise KitError(f"measure {text!r} cannot be read; {_GRAMMAR}")
        code = left.pop(0)
        code = code[1:-1].strip() if code.startswith("`") else code
        if code not in weights:
            raise KitError(
                f"measure {text!r} has {code!r}, which is not a code{nearest(code, codes)}; there "
                f"are: {', '.join(codes)}. {_GRAMMAR[0].upper()}{_GRAMMAR[1:]}"
            )
        weights[code] += factor if sign == "+" else -factor
    if not any(weights.values()):
        raise KitError(f"measure {text!r} has a side without codes; {_GRAMMAR}")
    return tuple(weights.values())


def _check_sides(
    text: str, top: Sequence[float], bottom: Sequence[float], *, is_ratio: bool
) -> None:
    """Refuse what is no share among some codes and no ratio of two shares."""
    sides = (top, bottom) if is_ratio else (bottom,)
    if any(set(side) - {0.0, 1.0} for side in sides):
        raise KitError(
            f"measure {text!r} divides by what is no plain sum of codes; write each code once, "
            "with + between several"
        )
    both = [bool(a) and bool(b) for a, b in zip(top, bottom, strict=True)]
    if is_ratio and any(both):
        raise KitError(
            f"measure {text!r} has a code on both sides of :, and a ratio is of different codes; "
            "a share among several is written a | a + b"
        )
    outside = any(bool(a) and not b for a, b in zip(top, bottom, strict=True))
    if not is_ratio and outside:
        raise KitError(
            f"measure {text!r} has a code before | that is not behind it, and a share among rows is "
            "of some of their codes; write it as a | a + b"
        )


@dataclass(frozen=True, slots=True)
class MeasureEstimate:
    """A measure in a cell: by the model's codes, estimated, from annotated rows alone; `why` says why it is not."""

    counted: float
    adjusted: float
    estimate: ShareEstimate | None
    gold_only: ShareEstimate | None
    why: str = ""


def estimate_measure(
    domain: Domain, adjusted: FloatArray, measure: Measure, codes: Sequence[str]
) -> MeasureEstimate:
    """Estimate a measure in a cell that has enough annotated rows.

    A measure that divides needs as many annotated rows with the codes that it divides by as
    an estimate needs in all.

    Parameters
    ----------
    adjusted
        Adjusted counts, shape (codes,).
    codes
        The names of the codes, for `why`.
    """
    counted, corrected = measure.value(domain.counted), measure.value(adjusted)
    why = "" if domain.enough else "too few annotated rows"
    why = why or _why_not(domain, measure, codes)
    if why:
        return MeasureEstimate(counted, corrected, None, None, why)
    return MeasureEstimate(
        counted,
        corrected,
        _interval(domain, measure),
        _interval(
            replace(domain, value=domain.gold_only, influence=domain.gold_only_influence), measure
        ),
    )


def _why_not(domain: Domain, measure: Measure, codes: Sequence[str]) -> str:
    """Say why a measure has no number in a cell: too few annotated rows with codes that it divides by."""
    if measure.denominator is None:
        return ""
    sides = [measure.denominator]
    if measure.kind == "ratio":
        sides.append(measure.numerator)
    for side in sides:
        names = " or ".join(code for code, weight in zip(codes, side, strict=True) if weight)
        share, estimate = (float(np.dot(side, of)) for of in (domain.gold_only, domain.value))
        seen = round(domain.n_annotated * share)
        wanted = MIN_UNITS if measure.kind == "ratio" else MIN_ANNOTATED
        few = seen < wanted or domain.effective * share < MIN_UNITS
        if estimate <= 0 or (few and not domain.certain):
            return f"too few annotated rows with {names}: {seen}, and it takes {wanted}"
    return ""


def _condition(domain: Domain, measure: Measure) -> Domain:
    """Return the cell as one of the rows that the measure divides by, and of this measure alone."""
    part = 1.0
    if measure.denominator is not None and measure.kind != "ratio":
        part = min(float(np.dot(measure.denominator, domain.gold_only)), 1.0)
    value, gold_only = (np.array([measure.value(of)]) for of in (domain.value, domain.gold_only))
    influence = measure.influence(domain.value, domain.influence)[:, None]
    gold_influence = measure.influence(domain.gold_only, domain.gold_only_influence)[:, None]
    if measure.kind == "ratio":
        value, gold_only = np.log(value), np.log(gold_only)
    return replace(
        domain,
        n_annotated=max(round(domain.n_annotated * part), 1),
        effective=domain.effective * part,
        value=value,
        influence=influence,
        gold_only=gold_only,
        gold_only_influence=gold_influence,
    )


def _unseen_effect(domain: Domain, measure: Measure) -> FloatArray:
    """Return how far codes that no annotated row has may move a measure, 0 where all are seen, shape (1,).

    Each may have the share that is the limit of none seen, and it takes rows from the others.
    """
    moved = np.zeros(1)
    # Of a ratio enough rows of both sides are annotated.
    if domain.certain or measure.kind == "ratio":
        return moved
    cell = _condition(domain, measure)
    squared = student_quantile(cell.effective) ** 2
    most = squared / (min(cell.n_annotated, cell.effective) + squared)
    among = measure.denominator or np.ones(len(measure.numerator))
    displaced = measure.exclusive or measure.denominator is not None
    value = measure.value(domain.value) if displaced else 0.0
    # Of codes that a row may have together, one that every row has is not seen to vary either.
    unseen = domain.unseen if not displaced else domain.unseen & (domain.gold_only < 0.5)
    for weight, counts, is_unseen in zip(measure.numerator, among, unseen.tolist(), strict=True):
        if is_unseen and counts:
            moved = np.hypot(moved, most * (weight - value))
    return moved


def _interval(domain: Domain, measure: Measure) -> ShareEstimate | None:
    """Return a measure with the limits of its interval: Wilson's of shares, of ratios on the log scale."""
    value = measure.value(domain.value)
    if domain.certain:
        return value, value, value
    if not np.isfinite(value) or (measure.kind == "ratio" and value <= 0):
        return None
    if measure.kind != "share":
        return measure_contrast([domain], [1], measure)
    low, high = share_interval(_condition(domain, measure))
    return value, float(low[0]), float(high[0])


def measure_contrast(
    domains: Sequence[Domain], weights: Sequence[float], measure: Measure
) -> ShareEstimate:
    """Return a weighted sum of a measure over cells, and the limits of its interval.

    Of ratios it is that of their logarithms, as a factor: the difference of two is how many times
    as large the first is.

    Parameters
    ----------
    domains
        Cells in which the measure has an estimate.

    Examples
    --------
    >>> shares, influence = np.array([0.4, 0.2]), np.zeros((30, 2))
    >>> domain = Domain(90, 30, 30.0, shares, shares, shares, np.ones(2), influence, influence)
    >>> double = replace(domain, value=np.array([0.4, 0.1]))
    >>> (measure,) = read_measures(["a : b"], ["a", "b"])
    >>> [round(end, 2) for end in measure_contrast([double, domain], [1, -1], measure)]
    [2.0, 2.0, 2.0]
    """
    cells = [_condition(domain, measure) for domain in domains]
    floors = [_unseen_effect(domain, measure) for domain in domains]
    summed, error = contrast_error(cells, weights, floors)
    value, half = float(summed[0]), float(error[0])
    low, high = value - half, value + half
    if measure.kind == "ratio":
        return float(np.exp(value)), float(np.exp(low)), float(np.exp(high))
    least, most = measure.limits
    ends = [(weight * least, weight * most) for weight in weights]
    lowest, highest = sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)
    return value, max(low, lowest), min(high, highest)
