"""Plots as inline SVG, coloured to be read in light and in dark."""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from stancekit.evaluation import confusion
from stancekit.report.leaderboard import Board, Entry
from stancekit.report.runs import Run

INK, BLUE, GREY = "#777777", "#3b7dd8", "#9a9a9a"
# Told apart by colour-blind readers too, and on light and dark ground.
CODES = ("#c77c1e", "#b9a7d6", "#8f8f8f", "#3b7dd8", "#5aa469", "#c65f7b", "#7b6ccf", "#4fb3bf", "#a08060")
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stancekit",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.family": "sans-serif",
    "text.parse_math": False,
}


def figure(width: float, height: float) -> tuple[Figure, Any]:
    """Return an empty figure and its axes, sizes in inches."""
    with matplotlib.rc_context(_STYLE):
        drawing = Figure(figsize=(width, height), layout="constrained")
        axes = drawing.subplots()
    return drawing, axes


def svg(drawing: Figure, label: str) -> str:
    """Return a figure as an SVG element that screen readers announce by `label`."""
    file = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        drawing.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    safe = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{safe}" ', 1)


def forest(board: Board) -> Figure:
    """Draw macro-F1 of every model with its interval, best on top."""
    entries = board.entries[::-1]
    drawing, axes = figure(7, 0.9 + 0.36 * len(entries))
    for at, entry in enumerate(entries):
        one = entry.main
        axes.plot([one.low, one.high], [at, at], color=BLUE, linewidth=2.4, solid_capstyle="round")
        axes.plot(one.value, at, "o", color=BLUE, markersize=7)
        states = [run.labels for run in entry.runs]
        if len(states) > 1:
            from stancekit.evaluation import count, macro_f1

            values = [
                float(macro_f1(count(entry.first.gold, labels, entry.first.codes, entry.first.articles).sum(axis=0)))
                for labels in states
            ]
            axes.plot(values, [at] * len(values), "|", color=GREY, markersize=9)
    axes.set_yticks(range(len(entries)), [entry.first.model for entry in entries])
    axes.set_xlabel("macro-F1 on test, 95 % interval; ticks: random states")
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color=GREY, alpha=0.25)
    return drawing


def matrix(run: Run) -> Figure:
    """Draw the confusion matrix of a single-label run, shares by gold code."""
    table = confusion(run.gold, run.labels, list(run.codes))
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    size = 1.6 + 0.75 * len(run.codes)
    drawing, axes = figure(size, size * 0.86)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, line in enumerate(table):
        for column, n in enumerate(line):
            dark = shares[row, column] > 0.5
            axes.text(column, row, str(n), ha="center", va="center", color="white" if dark else "#222222")
    axes.set_xticks(range(len(run.codes)), run.codes, rotation=30)
    axes.set_yticks(range(len(run.codes)), run.codes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    return drawing


def stacked(names: Sequence[str], codes: Sequence[str], counts: Sequence[Sequence[int]]) -> Figure:
    """Draw the shares of codes as stacked horizontal bars, first name on top, counts in total behind each.

    `counts` has shape (names, codes).
    """
    drawing, axes = figure(7.5, 1.1 + 0.22 * len(names))
    totals = [max(sum(row), 1) for row in counts]
    start = [0.0] * len(names)
    for at, code in enumerate(codes):
        part = [row[at] / total for row, total in zip(counts, totals, strict=True)]
        axes.barh(range(len(names)), part, left=start, color=CODES[at % len(CODES)], label=code, height=0.8)
        start = [left + own for left, own in zip(start, part, strict=True)]
    for at, row in enumerate(counts):
        axes.text(1.01, at, str(sum(row)), va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of examples; number behind")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(codes), frameon=False, fontsize=8, labelcolor=INK)
    return drawing


def heat(names: Sequence[str], codes: Sequence[str], shares: Sequence[Sequence[float]]) -> Figure:
    """Draw the share of sentences with each code, shape (names, codes), as a table of shades."""
    drawing, axes = figure(2.2 + 0.72 * len(codes), 1.3 + 0.3 * len(names))
    top = max(0.01, *(share for row in shares for share in row))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for row, line in enumerate(shares):
        for column, share in enumerate(line):
            colour = "white" if share > top / 2 else "#222222"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(codes)), codes, rotation=30, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("% of sentences")
    return drawing


def training(entry: Entry) -> Figure | None:
    """Draw loss and validation score by step, a line per random state; None for a model without a training log."""
    curves = [run.curve for run in entry.runs if run.curve]
    if not curves:
        return None
    drawing, axes = figure(5, 2.6)
    other = axes.twinx()
    for curve in curves:
        for key, on, colour in (("loss", axes, GREY), ("validation_score", other, BLUE)):
            rows = [row for row in curve if key in row]
            on.plot([row["step"] for row in rows], [row[key] for row in rows], "o-", color=colour, markersize=3)
    axes.set_xlabel("step")
    axes.set_ylabel("loss on train (grey)")
    other.set_ylabel("score on validation (blue)", color=BLUE)
    other.spines["right"].set_visible(True)
    return drawing


def bars(names: Sequence[str], values: Sequence[float], label: str) -> Figure:
    """Draw horizontal bars, first name on top."""
    drawing, axes = figure(7, 0.8 + 0.28 * len(names))
    axes.barh(range(len(names)), values[::-1], color=BLUE)
    axes.set_yticks(range(len(names)), names[::-1])
    axes.set_xlabel(label)
    return drawing
