"""What an estimate would be under each wording and order of a language model: counted, and corrected by gold."""

from dataclasses import dataclass

import numpy as np

from stancekit.corpus.dataset import indicator, numbered
from stancekit.prevalence.estimators import SampledUnits, estimate_domain
from stancekit.runs.record import Run

# How many gold rows correct each estimate: a day of annotating, as most studies can afford.
GOLD_ROWS = 200
# With fewer gold rows there is no estimate (`prevalence.estimators.MIN_ANNOTATED`), and with half of
# the test set, the correction would be all there is.
_FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True)
class ShareRange:
    """The share of one code on test by gold, and its range over wordings and orders.

    Attributes
    ----------
    counted
        The lowest and the highest share by counting labels.
    corrected
        The same after correction by `gold_rows` rows of gold, the same for all; `None` where test
        has too few.
    """

    code: str
    gold: float
    counted: tuple[float, float]
    corrected: tuple[float, float] | None
    gold_rows: int


def share_ranges(run: Run) -> list[ShareRange]:
    """Return the range of each code's share over a language model's wordings and orders; empty for other models.

    The corrected estimate is that of `stancekit estimate` (PPI++), by a sample of the test rows whose gold
    is used. Examples without an answer under some wording have no code there.
    """
    if not run.answers or len(run.views) < 2:
        return []
    gold = indicator(run.gold, run.codes).astype(float)
    n = min(GOLD_ROWS, len(gold) // 2)
    # One draw, the same for every wording, order and model.
    rows = np.random.default_rng(0).permutation(len(gold))[:n]
    annotated = np.isin(np.arange(len(gold)), rows)
    counted, corrected = [], []
    for view in range(len(run.views)):
        labels = [answer.labels[view] or () for answer in run.answers]
        given = indicator(labels, run.codes).astype(float)
        counted.append(given.mean(axis=0))
        if n >= _FEWEST_ROWS:
            units = SampledUnits(
                given,
                given > 0,
                numbered(run.articles),
                annotated,
                gold,
                np.full(len(gold), n / len(gold)),
                exclusive=not run.multi_label,
            )
            corrected.append(estimate_domain(units).value)
    ranges = []
    for at, code in enumerate(run.codes):
        raw = [float(shares[at]) for shares in counted]
        fixed = [float(shares[at]) for shares in corrected]
        ends = (min(fixed), max(fixed)) if fixed else None
        ranges.append(
            ShareRange(
                code, float(gold[:, at].mean()), (min(raw), max(raw)), ends, n if fixed else 0
            )
        )
    return ranges
