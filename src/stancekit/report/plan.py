"""A plan of annotation as a table and a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from stancekit.report.figures import BLUE, GREY, INK, figure
from stancekit.report.tables import table


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What a sample of some size gives: the half-width of the widest interval, by the kit and by judged rows alone."""

    rows: int
    hours: float
    own: float
    alone: float


def plan_table(steps: Sequence[PlanStep]) -> str:
    """Return a plan as a Markdown table, half-widths in percentage points."""
    head = ["rows to judge", "hours", "estimate ± points", "gold alone ± points"]
    return table(
        head,
        [
            [one.rows, f"{one.hours:.1f}", f"{100 * one.own:.1f}", f"{100 * one.alone:.1f}"]
            for one in steps
        ],
    )


def curve(steps: Sequence[PlanStep]) -> Figure:
    """Draw half-widths by hours of annotation."""
    drawing, axes = figure(6.4, 3.6)
    hours = [one.hours for one in steps]
    axes.plot(hours, [100 * one.own for one in steps], color=BLUE, marker="o", label="estimate")
    axes.plot(
        hours, [100 * one.alone for one in steps], color=GREY, marker="o", label="judged rows alone"
    )
    axes.set_xlabel("hours of annotation", color=INK)
    axes.set_ylabel("± percentage points, widest interval", color=INK)
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, labelcolor=INK)
    return drawing
