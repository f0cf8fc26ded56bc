"""Metrics, their intervals, and the comparisons of models that use them."""

from stancekit.evaluation.bootstrap import bootstrap, interval
from stancekit.evaluation.metrics import METRICS, count, f_avg, macro_f1, micro_f1
from stancekit.evaluation.scores import score
from stancekit.evaluation.slices import Slices, slices_of
from stancekit.evaluation.spans import count_spans, score_spans

__all__ = [
    "METRICS",
    "Slices",
    "bootstrap",
    "count",
    "count_spans",
    "f_avg",
    "interval",
    "macro_f1",
    "micro_f1",
    "score",
    "score_spans",
    "slices_of",
]
