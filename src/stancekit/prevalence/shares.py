"""What an estimate says of one cell: the share of a code, a difference from another cell, or a slope."""

import math
from dataclasses import dataclass

from stancekit.prevalence.units import Cell

# A value with the limits of its interval.
ShareEstimate = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a code in a cell.

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
        """Return the bias in percentage points, empty where there is no estimate."""
        return "" if self.bias is None else f"{100 * self.bias:+.1f}"

    @property
    def note(self) -> str:
        """Say why there is no estimate, empty where there is one."""
        needed = f"{self.needed} more annotated rows needed" if self.estimate is None else ""
        return self.why or needed


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference between two cells, or a slope per year in one."""

    cell: str
    minus: str
    code: str
    estimate: ShareEstimate
