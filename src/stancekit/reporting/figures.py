"""Figures as inline SVG, coloured to be read in light and in dark."""

import io
import re
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from stancekit.errors import printable
from stancekit.evaluation.bootstrap import by_state
from stancekit.evaluation.calibration import reliability, risk_coverage
from stancekit.models.selective import confidence
from stancekit.runs.analysis import BoardAnalysis
from stancekit.runs.breakdowns import SourceMatrix, SplitScore
from stancekit.runs.folder import read_curve
from stancekit.runs.leaderboard import AVERAGED, LeaderboardRow

INK, BLUE, GREY = "#777777", "#3b7dd8", "#9a9a9a"
# Different for colour-blind readers too, and on light and dark ground.
CODE_COLOURS = (
    "#c77c1e",
    "#b9a7d6",
    "#8f8f8f",
    "#3b7dd8",
    "#5aa469",
    "#c65f7b",
    "#7b6ccf",
    "#4fb3bf",
    "#a08060",
)
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


def panels(width: float, height: float, many: int) -> tuple[Figure, Any]:
    """Return an empty figure and an array of axes, side by side on one scale; sizes in inches."""
    with matplotlib.rc_context(_STYLE):
        drawing = Figure(figsize=(width, height), layout="constrained")
        axes = drawing.subplots(1, many, sharey=True, squeeze=False)[0]
    return drawing, axes


def svg(drawing: Figure, label: str) -> str:
    """Return a figure as an SVG element that screen readers announce by `label`."""
    file = io.StringIO()
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # Text stays text in the file, so it is the reader's fonts that need the letters of a name.
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        drawing.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    safe = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{safe}" ', 1)


def inline_svg(drawing: Figure, label: str) -> Markup:
    """Return a figure as an SVG element for a page; every text in it is escaped where it is drawn."""
    return Markup(svg(drawing, label))  # noqa: S704


def forest_figure(part: BoardAnalysis) -> Figure:
    """Draw macro-F1 of every model with its interval, best on top, and each annotator's where they are known."""
    entries = part.board.entries[::-1]
    drawing, axes = figure(7, 1 + 0.36 * len(entries))
    for y, entry in enumerate(entries):
        score = entry.main
        axes.plot(
            [score.low, score.high], [y, y], color=BLUE, linewidth=2.4, solid_capstyle="round"
        )
        axes.plot(score.value, y, "o", color=BLUE, markersize=7)
        if len(entry.runs) > 1 and entry.same_test_set:
            values = by_state(entry.counts, entry.macro)
            axes.plot(values, [y] * len(values), "|", color=GREY, markersize=9)
        if averaged := entry.value("macro_f1", AVERAGED):
            axes.plot(averaged.value, y, "D", color=BLUE, markersize=7, fillstyle="none")
    for name, ceiling in part.annotators.items():
        # Intervals of several annotators would cover each other.
        if len(part.annotators) == 1 and not np.isnan(ceiling.low):
            axes.axvspan(ceiling.low, ceiling.high, color=GREY, alpha=0.2, linewidth=0)
        label = f"annotator {printable(name, most=40)} (n = {ceiling.n})"
        axes.axvline(ceiling.value, color=GREY, linestyle="--", label=label)
    if part.annotators:
        _legend_above(axes)
    axes.set_yticks(range(len(entries)), [printable(entry.first.model) for entry in entries])
    axes.set_xlabel(
        "macro-F1 on test, 95 % interval; ticks: random states; diamond: these averaged into one"
    )
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color=GREY, alpha=0.25)
    return drawing


def _legend_above(axes: Any, columns: int = 1) -> None:
    """Put the legend above the axes, where it hides nothing."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
        fontsize=8,
        labelcolor=INK,
    )


def reliability_figure(entry: LeaderboardRow) -> Figure:
    """Draw the share of claims that held against the claim, dots as large as there are claims."""
    drawing, axes = figure(3.6, 3.3)
    table = reliability(entry.calibration_tables)
    shown = table[table[:, 0] > 0]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.plot(shown[:, 1], shown[:, 2], color=BLUE, linewidth=1.4)
    axes.scatter(shown[:, 1], shown[:, 2], s=12 + 160 * shown[:, 0] / shown[:, 0].max(), color=BLUE)
    axes.set(xlabel="score", ylabel="share that held", xlim=(0, 1), ylim=(0, 1))
    return drawing


def risk_figure(entry: LeaderboardRow) -> Figure:
    """Draw the share of errors among the surest examples against their share, a line per random state."""
    drawing, axes = figure(3.6, 3.3)
    for run in entry.runs:
        wrong = np.array([set(row.gold) != set(row.prediction.labels) for row in run.rows])
        coverage, risk = risk_coverage(confidence(run.scores, run.thresholds), wrong)
        # A share of errors among fewer than ten examples jumps up and down.
        axes.plot(coverage[9:], risk[9:], color=BLUE, linewidth=1.2, alpha=0.8)
    axes.set(
        xlabel="share of examples labelled",
        ylabel="share of errors among them",
        xlim=(0, 1),
        ylim=(0, None),
    )
    return drawing


def splits_figure(rows: Sequence[SplitScore]) -> Figure:
    """Draw macro-F1 of each model under each split, in-topic first."""
    splits = list(dict.fromkeys(row.split for row in rows))
    models = list(dict.fromkeys((row.codebook, row.model) for row in rows))
    drawing, axes = figure(7, 1.1 + 0.3 * len(splits) * len(models) ** 0.5)
    for place, (codebook, model) in enumerate(models):
        colour = CODE_COLOURS[(place + 3) % len(CODE_COLOURS)]
        values, heights = [], []
        for row in rows:
            if (row.codebook, row.model) == (codebook, model):
                y = len(splits) - 1 - splits.index(row.split) - 0.16 * place
                axes.plot([row.score.low, row.score.high], [y, y], color=colour, linewidth=2.2)
                values.append(row.score.value)
                heights.append(y)
        label = printable(f"{model}, {codebook}")
        axes.plot(values, heights, "o", color=colour, markersize=6, label=label)
    axes.set_yticks(range(len(splits)), [split.replace("_", " ") for split in splits[::-1]])
    axes.set(xlabel="macro-F1 on test, 95 % interval", xlim=(0, 1))
    axes.grid(axis="x", color=GREY, alpha=0.25)
    _legend_above(axes, columns=3)
    return drawing


def sources_figure(matrix: SourceMatrix) -> Figure:
    """Draw the scores of each model on each source as a table of shades."""
    models = [model for model, _ in matrix.rows]
    values = [[score.value for score in scores] for _, scores in matrix.rows]
    label = "score x 100, by the source of the test examples"
    return heat(models, matrix.sources, values, label=label)


def stacked(names: Sequence[str], codes: Sequence[str], counts: Sequence[Sequence[int]]) -> Figure:
    """Draw the shares of codes as stacked horizontal bars, first name on top, with the total at the right of each.

    `counts` has shape (names, codes).
    """
    drawing, axes = figure(7.5, 1.1 + 0.22 * len(names))
    totals = [max(sum(row), 1) for row in counts]
    start = [0.0] * len(names)
    for index, code in enumerate(codes):
        part = [row[index] / total for row, total in zip(counts, totals, strict=True)]
        axes.barh(
            range(len(names)),
            part,
            left=start,
            color=CODE_COLOURS[index % len(CODE_COLOURS)],
            label=printable(code),
            height=0.8,
        )
        start = [left + width for left, width in zip(start, part, strict=True)]
    for y, row in enumerate(counts):
        axes.text(1.01, y, str(sum(row)), va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(names)), [printable(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of examples; at the right their number")
    _legend_above(axes, columns=len(codes))
    return drawing


def heat(
    names: Sequence[str],
    codes: Sequence[str],
    shares: Sequence[Sequence[float]],
    *,
    label: str = "% of sentences",
) -> Figure:
    """Draw shares, such as of sentences with each code, shape (names, codes), as a table of shades."""
    drawing, axes = figure(2.2 + 0.72 * len(codes), 1.3 + 0.3 * len(names))
    top = max(0.01, *(share for row in shares for share in row))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for row, line in enumerate(shares):
        for column, share in enumerate(line):
            colour = "white" if share > top / 2 else "#222222"
            axes.text(
                column,
                row,
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                color=colour,
                fontsize=8,
            )
    axes.set_xticks(
        range(len(codes)), [printable(name) for name in codes], rotation=30, ha="right", fontsize=8
    )
    axes.set_yticks(range(len(names)), [printable(name) for name in names], fontsize=8)
    axes.set_xlabel(label)
    return drawing


def training_figure(entry: LeaderboardRow) -> Figure | None:
    """Draw loss and validation score by step, a line per random state; None for a model without a training log."""
    logs = [read_curve(run.folder) for run in entry.runs]
    curves = [log for log in logs if log]
    if not curves:
        return None
    drawing, axes = figure(5, 2.6)
    other = axes.twinx()
    for curve in curves:
        for key, side, colour in (("loss", axes, GREY), ("validation_score", other, BLUE)):
            rows = [row for row in curve if key in row]
            steps, values = [row["step"] for row in rows], [row[key] for row in rows]
            side.plot(steps, values, "o-", color=colour, markersize=3)
    axes.set_xlabel("step")
    axes.set_ylabel("loss on train (grey)")
    other.set_ylabel("score on validation (blue)", color=BLUE)
    other.spines["right"].set_visible(True)
    return drawing
