"""Metrics, their uncertainty, and the comparisons that follow from them."""

from stancekit.evaluation.bootstrap import bootstrap, interval
from stancekit.evaluation.metrics import METRICS, confusion, count, f_avg, macro_f1, micro_f1
from stancekit.evaluation.scores import score
from stancekit.evaluation.slices import Slices, slices_of
from stancekit.evaluation.spans import count_spans, score_spans

__all__ = [
    "METRICS",
    "Slices",
    "bootstrap",
    "confusion",
    "count",
    "f_avg",
    "interval",
    "macro_f1",
    "micro_f1",
]
__all__ += ["count_spans", "score", "score_spans", "slices_of"]
