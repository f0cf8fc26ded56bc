"""Which codes are for and which against, and what rows say in these terms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stancekit.errors import KitError, listing
from stancekit.prevalence.estimators import SampledUnits
from stancekit.types import FloatArray


@dataclass(frozen=True, slots=True)
class Poles:
    """The codes that are for and those that are against."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]


def find_poles(
    codes: Sequence[str],
    scale: Sequence[str],
    *,
    codebook: str,
    positive: Sequence[str] = (),
    negative: Sequence[str] = (),
) -> Poles:
    """Return which codes are for and against: those named, else the halves of the scale.

    Parameters
    ----------
    codes
        Those of the labels.
    scale
        The codebook's scale from against to for, empty where it has none; of an odd number of
        codes, that in the middle is neither.

    Raises
    ------
    KitError
        When a code is unknown or both, or there is no scale and not both are named.

    Examples
    --------
    >>> find_poles(["abstain", "con", "none", "pro"], ["con", "abstain", "pro"], codebook="vote")
    Poles(positive=('pro',), negative=('con',))
    """
    has = f"codebook {codebook!r} has: {', '.join(codes)}"
    if bool(positive) != bool(negative) or (not positive and len(scale) < 2):
        why = "only one of them is named" if positive or negative else "it has no scale"
        raise KitError(
            f"{has}; which of them are for, and which against, is not known: {why}. Name both, as "
            "positive=[CODE] negative=[CODE]"
        )
    if unknown := sorted({*positive, *negative} - set(codes)):
        raise KitError(f"unknown codes in positive= or negative=: {listing(unknown)}; {has}")
    if both := sorted(set(positive) & set(negative)):
        raise KitError(f"{listing(both)} is both in positive= and in negative=; leave it in one")
    half = len(scale) // 2
    found = Poles(
        tuple(positive) or tuple(code for code in scale[-half:] if code in codes),
        tuple(negative) or tuple(code for code in scale[:half] if code in codes),
    )
    if not (found.positive and found.negative):
        raise KitError(
            f"{has}, and of its scale {', '.join(scale)} the labels lack one end; name the codes, as "
            "positive=[CODE] negative=[CODE]"
        )
    return found


def sign_units(units: SampledUnits, poles: Poles, codes: Sequence[str]) -> SampledUnits:
    """Return units with three codes: for, against, neither; a unit with codes of both poles is neither.

    Parameters
    ----------
    codes
        Those of the units, in their order.
    """
    columns = [[codes.index(code) for code in pole] for pole in (poles.positive, poles.negative)]

    def three(values: FloatArray) -> FloatArray:
        if units.exclusive:
            given = [values[:, pole].sum(axis=1) for pole in columns]
        else:
            given = [1 - (1 - values[:, pole]).prod(axis=1) for pole in columns]
            given = [given[0] * (1 - given[1]), given[1] * (1 - given[0])]
        two = np.clip(np.column_stack(given), 0, 1)
        return np.column_stack([two, np.clip(1 - two.sum(axis=1), 0, 1)])

    return replace(
        units,
        scores=three(units.scores),
        predicted=three(units.predicted.astype(float)) > 0,
        gold=three(units.gold),
        exclusive=True,
    )
