"""What an estimate is: the share of a code, or a measure of shares, in a cell, and differences between cells."""

import math
from dataclasses import dataclass
from typing import Literal

from stancekit.formatting import format_estimate, format_percent, format_plain, format_share
from stancekit.prevalence.units import Cell

# A value with the limits of its interval.
ShareEstimate = tuple[float, float, float]
# What a number is: a part of rows, a difference of two, a mean on a scale, or one share to another.
MeasureKind = Literal["share", "difference", "mean", "ratio"]
# Kinds that are shown in percent; the others are plain numbers.
IN_PERCENT: tuple[MeasureKind, ...] = ("share", "difference")


def show_estimate(estimate: ShareEstimate | None, kind: MeasureKind) -> str:
    """Return an estimate with its interval as text: in percent where it is a share or a difference.

    Examples
    --------
    >>> show_estimate((0.25, 0.2, 0.31), "share"), show_estimate((1.5, 1.1, 2.0), "ratio")
    ('25.0 [20.0, 31.0]', '1.50 [1.10, 2.00]')
    """
    return format_share(estimate) if kind in IN_PERCENT else format_estimate(estimate)


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a code in a cell, or a measure of shares.

    Attributes
    ----------
    n, n_annotated
        The rows of the cell, and those of them that were annotated.
    counted
        The share by the model's codes.
    estimate, gold_only
        The estimate, and the one from annotated rows without the model; `None` where
        too few rows were annotated.
    needed
        How many more annotated rows an estimate takes; 0 where no number of them would
        be enough, and `why` says what is in the way.
    adjusted
        The counted share, corrected by the model's error rates; NaN where these are not
        known.
    kind
        What the number is; of a code a share.
    from_annotators
        The part of the estimate's variance that comes from annotators; `None` where gold is
        one decided code.
    shrunk
        The estimate drawn towards what the scores say of cells, where that was asked for.
    """

    cell: Cell
    code: str
    n: int
    n_annotated: int
    counted: float
    estimate: ShareEstimate | None
    gold_only: ShareEstimate | None
    needed: int = 0
    adjusted: float = math.nan
    why: str = ""
    kind: MeasureKind = "share"
    from_annotators: float | None = None
    shrunk: ShareEstimate | None = None

    @property
    def name(self) -> str:
        """Return the cell in words."""
        return ", ".join(self.cell) or "all"

    @property
    def bias(self) -> float | None:
        """Return how far the counted share is from the estimate."""
        # Nine digits, and never a negative zero.
        return round(self.counted - self.estimate[0], 9) + 0.0 if self.estimate else None

    @property
    def bias_points(self) -> str:
        """Return the bias, of shares in percentage points, empty where there is no estimate."""
        if self.bias is None or math.isnan(self.bias):
            return ""
        if self.kind in IN_PERCENT:
            return f"{100 * self.bias:+.1f}"
        return format_plain(self.bias, sign="+")

    @property
    def note(self) -> str:
        """Say why there is no estimate, empty where there is one."""
        needed = f"{self.needed} more annotated rows needed" if self.estimate is None else ""
        return self.why or needed

    def show(self, value: float | ShareEstimate | None) -> str:
        """Return a value of this kind as text, with its interval where it has one."""
        if isinstance(value, tuple | None):
            return show_estimate(value, self.kind)
        if self.kind in IN_PERCENT:
            return format_percent(value)
        return "-" if math.isnan(value) else format_plain(value)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference between two cells, or a slope per year in one; of ratios, a factor."""

    cell: str
    minus: str
    code: str
    estimate: ShareEstimate
    kind: MeasureKind = "share"

    @property
    def shown(self) -> str:
        """Return it as text."""
        return show_estimate(self.estimate, self.kind)
