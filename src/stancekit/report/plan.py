"""A plan of annotation as a table and a figure."""

from collections.abc import Sequence

from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.planning import PlanStep
from stancekit.report.figures import BLUE, GREY, INK, figure, svg
from stancekit.report.tables import table


def plan_table(steps: Sequence[PlanStep]) -> str:
    """Return a plan as a Markdown table, half-widths in percentage points."""
    head = ["rows to annotate", "hours", "estimate ± points", f"{ANNOTATION_ONLY} ± points"]
    body = [
        [
            step.rows,
            f"{step.hours:.1f}",
            f"{100 * step.half_width:.1f}",
            f"{100 * step.half_width_gold_only:.1f}",
        ]
        for step in steps
    ]
    return table(head, body)


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
