"""Confusions with the sentences behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from stancekit.runs.record import PredictionRecord, Run

MAX_CODES = 25


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """A gold and a predicted code, how often they met, and some of the sentences, the surest first."""

    gold: str
    predicted: str
    n: int
    share: float
    rows: tuple[PredictionRecord, ...]

    @property
    def right(self) -> bool:
        """Say whether prediction and gold agree."""
        return self.gold == self.predicted


def _confusion_cell(
    gold: str, predicted: str, rows: Sequence[PredictionRecord], total: int
) -> ConfusionCell:
    surest = sorted(rows, key=lambda row: -max(row.prediction.scores))
    return ConfusionCell(
        gold, predicted, len(rows), len(rows) / max(total, 1), tuple(surest[:MAX_CODES])
    )


def confusions(run: Run) -> list[list[ConfusionCell]]:
    """Return the confusion matrix, gold in rows.

    With several codes per unit there is a row per code: given and gold, given and not gold, gold
    and not given.
    """
    if run.multi_label:
        return [_one_code(run, code) for code in run.codes]
    table = []
    for gold in run.codes:
        mine = [row for row in run.rows if row.gold == (gold,)]
        table.append(
            [
                _confusion_cell(
                    gold, code, [row for row in mine if row.prediction.labels == (code,)], len(mine)
                )
                for code in run.codes
            ]
        )
    return table


def _one_code(run: Run, code: str) -> list[ConfusionCell]:
    gold = [row for row in run.rows if code in row.gold]
    given = [row for row in run.rows if code in row.prediction.labels]
    total = len(gold)
    return [
        _confusion_cell(code, code, [row for row in gold if code in row.prediction.labels], total),
        _confusion_cell(
            code, "not given", [row for row in gold if code not in row.prediction.labels], total
        ),
        _confusion_cell("not gold", code, [row for row in given if code not in row.gold], total),
    ]


def headings(run: Run) -> list[str]:
    """Return what the columns of `confusions` stand for."""
    return ["found", "missed", "wrongly given"] if run.multi_label else list(run.codes)
