"""A doubt that a careful reader has about a result, in words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stancekit.types import Score


@dataclass(frozen=True, slots=True)
class Check:
    """A doubt: what was seen and what to do. `stop` means: do not use the numbers until it is settled."""

    code: str
    level: Literal["stop", "mind"]
    title: str
    seen: str
    do: str

    @property
    def advice(self) -> str:
        """Return the doubt and what to do in one line."""
        return f"{self.code} {self.title}: {self.seen}. To do: {self.do}"


def with_interval(score: Score) -> str:
    """Return a score with its interval, as checks show it.

    Examples
    --------
    >>> with_interval(Score("macro_f1", "all", 0.5, 0.4, 0.6, 20))
    '0.500 [0.400, 0.600]'
    """
    interval = "no interval" if np.isnan(score.low) else f"{score.low:.3f}, {score.high:.3f}"
    return f"{score.value:.3f} [{interval}]"
