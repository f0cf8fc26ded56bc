"""Estimates of shares, and plans of annotation, as tables, figures and a page."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from stancekit.html import render_page
from stancekit.prevalence.claims import Estimates, is_finite
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.measures import Measure
from stancekit.prevalence.planning import PlanStep
from stancekit.prevalence.shares import IN_PERCENT, Share
from stancekit.prevalence.units import Cell, period_number
from stancekit.reporting.figures import BLUE, GREY, INK, figure, panels, svg
from stancekit.types import FloatArray

# With more periods than this, not every one is named below the figure: the names would
# overlap.
MOST_NAMED = 24
# From this share on a cell of the matrix is so dark that its number is white.
DARK = 55


def share_figures(estimates: Estimates) -> dict[str, str]:
    """Return the figures of estimates as SVG by name; those over time or of two fields only where they make sense."""
    shares, codes = estimates.shares, estimates.codes
    figures: dict[str, tuple[str, Figure | None]] = {
        "shares": ("estimated shares by cell", shares_figure(shares, codes)),
    }
    if estimates.over_time:
        figures["trends"] = ("shares over time", trends_figure(shares, codes))
    else:
        figures["matrix"] = ("shares by two fields", matrix_figure(shares, codes))
    if estimates.measures:
        figures["measures"] = ("measures by cell", measures_figure(shares, estimates.measures))
    return {name: svg(drawing, label) for name, (label, drawing) in figures.items() if drawing}


def shares_figure(shares: Sequence[Share], codes: Sequence[str]) -> Figure:
    """Draw the share of every code in every cell, with its interval, and where counting labels would have put it."""
    names = list(dict.fromkeys(share.name for share in shares))[::-1]
    drawing, axes = panels(2.4 + 2.3 * len(codes), 1.2 + 0.34 * len(names), len(codes))
    by_name = {(share.name, share.code): share for share in shares}
    for plot, code in zip(axes, codes, strict=True):
        for height, name in enumerate(names):
            _draw_share(plot, by_name[name, code], height)
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xlim(0, None)
        plot.grid(axis="x", alpha=0.25)
    axes[0].set_yticks(range(len(names)), names, fontsize=8)
    drawing.supxlabel(
        "% of rows; line: estimate with its 95 % interval, x: counted labels", fontsize=9, color=INK
    )
    return drawing


def _draw_share(plot: Axes, share: Share, height: int) -> None:
    """Draw an estimate with its interval as a line, and the count as a cross."""
    factor = 100 if share.kind in IN_PERCENT else 1
    if share.estimate:
        value, low, high = (factor * end for end in share.estimate)
        plot.plot([low, high], [height, height], color=BLUE, linewidth=2.5)
        plot.plot(value, height, "o", color=BLUE)
    plot.plot(factor * share.counted, height, "x", color=GREY)


def measures_figure(shares: Sequence[Share], measures: Sequence[Measure]) -> Figure:
    """Draw every measure in every cell, each on an axis of its own; of ratios it is logarithmic."""
    names = list(dict.fromkeys(share.name for share in shares))[::-1]
    drawing, axes = panels(2.4 + 2.3 * len(measures), 1.2 + 0.34 * len(names), len(measures))
    by_name = {(share.name, share.code): share for share in shares}
    for plot, measure in zip(axes, measures, strict=True):
        for height, name in enumerate(names):
            _draw_share(plot, by_name[name, measure.name], height)
        if measure.kind == "ratio":
            plot.set_xscale("log")
            plot.xaxis.set_major_formatter(ScalarFormatter())
            plot.xaxis.set_minor_formatter(NullFormatter())
        middle = {"difference": 0, "mean": 0, "ratio": 1}
        if measure.kind in middle:
            plot.axvline(middle[measure.kind], color=GREY, linestyle="--", linewidth=1)
        plot.set_title(measure.name, color=INK, fontsize=10)
        plot.set_xlabel("%" if measure.kind in IN_PERCENT else measure.kind, fontsize=8)
        plot.grid(axis="x", alpha=0.25)
    axes[0].set_yticks(range(len(names)), names, fontsize=8)
    drawing.supxlabel(
        "line: estimate with its 95 % interval, x: counted labels", fontsize=9, color=INK
    )
    return drawing


def matrix_figure(shares: Sequence[Share], codes: Sequence[str]) -> Figure | None:
    """Draw shares of cells of two fields, as actor x target, a panel per code; None below two values of each.

    A cell with too few annotated rows has no number.
    """
    by_cell = {(share.cell, share.code): share for share in shares if len(share.cell) == 2}
    down = list(dict.fromkeys(cell[0] for cell, _ in by_cell))
    across = list(dict.fromkeys(cell[1] for cell, _ in by_cell))
    if min(len(down), len(across)) < 2:
        return None
    width = 1.6 + (0.8 + 0.5 * len(across)) * len(codes)
    drawing, axes = panels(width, 1.6 + 0.32 * len(down), len(codes))
    for plot, code in zip(axes, codes, strict=True):
        values = np.full((len(down), len(across)), np.nan)
        for (row, column), _ in np.ndenumerate(values):
            share = by_cell.get(((down[row], across[column]), code))
            if share and share.estimate:
                values[row, column] = 100 * share.estimate[0]
        _draw_matrix(plot, values)
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xticks(range(len(across)), across, rotation=45, ha="right", fontsize=7)
    axes[0].set_yticks(range(len(down)), down, fontsize=7)
    drawing.supxlabel(
        "estimated % of a cell's rows; ·: too few annotated rows", fontsize=8, color=INK
    )
    return drawing


def _draw_matrix(plot: Axes, values: FloatArray) -> None:
    plot.imshow(values, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "·" if np.isnan(value) else f"{value:.0f}"
        colour = "white" if value > DARK else INK
        plot.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)


def trends_figure(shares: Sequence[Share], codes: Sequence[str]) -> Figure | None:
    """Draw shares over the last field of the cells with bands, a panel per code; None with fewer than two periods."""
    groups: dict[Cell, list[Share]] = {}
    periods: dict[str, int] = {}
    for share in shares:
        number = period_number(share.cell[-1]) if share.cell else None
        # Rows without a date belong to no period.
        if share.estimate and number is not None:
            groups.setdefault(share.cell[:-1], []).append(share)
            periods[share.cell[-1]] = number
    if len(periods) < 2:
        return None
    names = sorted(periods)
    named = names[:: 1 + len(names) // MOST_NAMED]
    drawing, axes = panels(2.2 + 2.6 * len(codes), 3.2, len(codes))
    for plot, code in zip(axes, codes, strict=True):
        for group, of_group in groups.items():
            _draw_trend(plot, group, [share for share in of_group if share.code == code], periods)
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xticks(
            [periods[name] for name in named], named, rotation=45, ha="right", fontsize=8
        )
    axes[0].set_ylim(0, 100)
    axes[0].set_ylabel("% of rows")
    axes[-1].legend(frameon=False, fontsize=8, labelcolor=INK)
    return drawing


def _draw_trend(
    plot: Axes, group: Cell, shares: Sequence[Share], periods: Mapping[str, int]
) -> None:
    """Draw a line with its band, each share at its place in time."""
    ordered = sorted(shares, key=lambda share: share.cell[-1])
    if not ordered:
        return
    times = [periods[share.cell[-1]] for share in ordered]
    ends = np.array([share.estimate for share in ordered if share.estimate]) * 100
    (line,) = plot.plot(times, ends[:, 0], marker="o", label=", ".join(group) or "all")
    plot.fill_between(times, ends[:, 1], ends[:, 2], alpha=0.15, color=line.get_color())


def shares_page(estimates: Estimates, figures: Sequence[str]) -> str:
    """Return estimates as one HTML page, with what they are about; all data is escaped.

    Parameters
    ----------
    figures
        Figures as SVG, as `share_figures` draws them.
    """
    return render_page(
        "shares.html",
        estimates=estimates,
        figures=[Markup(drawing) for drawing in figures],  # noqa: S704  # our own drawings
        finite=is_finite(estimates.inference),
        annotation_only=ANNOTATION_ONLY,
    )


def plan_figure(steps: Sequence[PlanStep]) -> str:
    """Draw half-widths by hours of annotation, as SVG."""
    drawing, axes = figure(6.4, 3.6)
    hours = [step.hours for step in steps]
    lines = {
        "estimate": (BLUE, [step.half_width for step in steps]),
        ANNOTATION_ONLY: (GREY, [step.half_width_gold_only for step in steps]),
    }
    for label, (colour, widths) in lines.items():
        points = [100 * width for width in widths]
        axes.plot(hours, points, color=colour, marker="o", label=label)
    axes.set_xlabel("hours of annotation", color=INK)
    axes.set_ylabel("± percentage points, widest interval", color=INK)
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, labelcolor=INK)
    return svg(drawing, "half-width of the widest interval by hours of annotation")
