"""Estimates of shares, and plans of annotation, as tables, figures and a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from stancekit.formatting import format_percent, format_share
from stancekit.html import render_page
from stancekit.prevalence.change_points import ShareChange, changes_frame
from stancekit.prevalence.claims import Estimates, is_finite
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.measures import Measure
from stancekit.prevalence.planning import PlanStep
from stancekit.prevalence.shares import IN_PERCENT, Share
from stancekit.prevalence.smoothing import Curve
from stancekit.prevalence.units import Cell, period_number
from stancekit.reporting.figures import BLUE, CODE_COLOURS, GREY, INK, figure, panels, svg
from stancekit.types import FloatArray
from stancekit.views import DataFrame

# With more periods than this, not every one is named below the figure: the names would
# overlap.
MOST_NAMED = 24
# Where periods were joined, about as many of the calendar's are named.
MOST_JOINED = 10
# Of groups over time, the first that stand out most.
LINE_COLOURS = (CODE_COLOURS[3], CODE_COLOURS[0], *CODE_COLOURS[4:], CODE_COLOURS[1])
# From this share on a cell of the matrix is so dark that its number is white.
DARK = 55


def share_figures(estimates: Estimates) -> dict[str, str]:
    """Return the figures of estimates as SVG by name; those over time or of two fields only where they make sense."""
    shares, codes = estimates.shares, estimates.codes
    figures: dict[str, tuple[str, Figure | None]] = {
        "shares": ("estimated shares by cell", shares_figure(shares, codes)),
    }
    if estimates.over_time:
        drawing = trends_figure(shares, codes, curves=estimates.curves, changes=estimates.changes)
        figures["trends"] = ("shares over time", drawing)
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


def trends_figure(
    shares: Sequence[Share],
    codes: Sequence[str],
    *,
    curves: Sequence[Curve] = (),
    changes: Sequence[ShareChange] = (),
) -> Figure | None:
    """Draw shares over the last field of the cells with bands, a panel per code; None with fewer than two periods.

    Where there are smooth curves, these have the bands: the darker one holds at each time, the
    lighter one at all times together. A change is a dashed line with its interval shaded.
    """
    groups: dict[Cell, list[Share]] = {}
    periods: dict[str, float] = {}
    for share in shares:
        number = period_number(share.cell[-1]) if share.cell else None
        # Rows without a date belong to no period.
        if share.estimate and number is not None:
            groups.setdefault(share.cell[:-1], []).append(share)
            periods[share.cell[-1]] = number
    if len(periods) < 2:
        return None
    drawing, axes = panels(2.2 + 2.6 * len(codes), 3.2, len(codes))
    scale = _TimeScale(monthly="-" in min(periods))
    ticks = _ticks(periods, scale)
    for plot, code in zip(axes, codes, strict=True):
        for place, (group, of_group) in enumerate(groups.items()):
            colour = LINE_COLOURS[place % len(LINE_COLOURS)]
            mine = [curve for curve in curves if (curve.group, curve.code) == (group, code)]
            of_code = [share for share in of_group if share.code == code]
            _draw_trend(plot, group, of_code, periods, colour=colour, smooth=bool(mine))
            for curve in mine:
                _draw_curve(plot, curve, scale, colour)
            for change in changes:
                if (change.group, change.code) == (group, code) and change.found:
                    _draw_change(plot, change, scale, colour)
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xticks(list(ticks.values()), list(ticks), rotation=45, ha="right", fontsize=8)
    axes[0].set_ylim(0, 100)
    axes[0].set_ylabel("% of rows")
    axes[-1].legend(frameon=False, fontsize=8, labelcolor=INK)
    return drawing


@dataclass(frozen=True, slots=True)
class _TimeScale:
    """Turns years into the numbers of periods that the axis has; the middle of a period is its number."""

    monthly: bool

    def place(self, years: FloatArray | float) -> FloatArray:
        return np.asarray(years) * 12 + 0.5 if self.monthly else np.asarray(years) - 0.5

    def name(self, number: int) -> str:
        if not self.monthly:
            return str(number)
        return f"{(number - 1) // 12}-{(number - 1) % 12 + 1:02}"


def _ticks(periods: Mapping[str, float], scale: _TimeScale) -> dict[str, float]:
    """Return the places of the axis that are named: periods, or where some were joined, their calendar."""
    names = sorted(periods)
    if not any(" " in name for name in names):
        return {name: periods[name] for name in names[:: 1 + len(names) // MOST_NAMED]}
    first, last = int(min(periods.values())), int(max(periods.values())) + 1
    numbers = range(first, last + 1, max(1, (last - first) // MOST_JOINED))
    return {scale.name(number): float(number) for number in numbers}


def _draw_trend(
    plot: Axes,
    group: Cell,
    shares: Sequence[Share],
    periods: Mapping[str, float],
    *,
    colour: str,
    smooth: bool,
) -> None:
    """Draw a line with its band, each share at its place in time; with a curve of its own, dots."""
    ordered = sorted(shares, key=lambda share: share.cell[-1])
    if not ordered:
        return
    times = [periods[share.cell[-1]] for share in ordered]
    ends = np.array([share.estimate for share in ordered if share.estimate]) * 100
    label = ", ".join(group) or "all"
    if smooth:
        plot.plot(times, ends[:, 0], ".", color=colour, alpha=0.7, label=label)
        return
    plot.plot(times, ends[:, 0], marker="o", label=label, color=colour)
    plot.fill_between(times, ends[:, 1], ends[:, 2], alpha=0.15, color=colour, linewidth=0)


def _draw_curve(plot: Axes, curve: Curve, scale: _TimeScale, colour: str) -> None:
    times = scale.place(curve.time)
    plot.plot(times, 100 * curve.value, color=colour)
    bands = ((curve.low, curve.high, 0.2), (curve.low_all, curve.high_all, 0.12))
    for low, high, shade in bands:
        plot.fill_between(times, 100 * low, 100 * high, color=colour, alpha=shade, linewidth=0)


def _draw_change(plot: Axes, change: ShareChange, scale: _TimeScale, colour: str) -> None:
    low, time, high = (float(scale.place(end)) for end in (change.low, change.time, change.high))
    plot.axvspan(low, high, color=colour, alpha=0.12, linewidth=0)
    plot.axvline(time, color=colour, linestyle="--", linewidth=1.2)


def change_rows(estimates: Estimates) -> DataFrame:
    """Return the changes that were found as a table: when, and the levels before and after in percent."""
    found = [change for change in estimates.changes if change.found]
    table = changes_frame(found)
    shown = table[["cell", "code"]].assign(
        change=[f"{row.date} [{row.low} to {row.high}]" for row in table.itertuples()],
        p=[f"{value:.3f}" for value in table["p"]],
    )
    for side in ("before", "after"):
        shown[f"{side} %"] = [format_share(getattr(change, side)) for change in found]
    return shown


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
        format_share=format_share,
        changes=change_rows(estimates).to_dict("records"),
        format_percent=format_percent,
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
