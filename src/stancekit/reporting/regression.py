"""A regression with labels as a figure, a page, and tables for a paper."""

import math
import re

from markupsafe import Markup
from matplotlib.figure import Figure

from stancekit.errors import printable
from stancekit.formatting import format_plain, frame_table, markdown_text
from stancekit.html import render_page
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.regression import NAIVE, Coefficient, Regression, show_coefficient
from stancekit.prevalence.shares import ShareEstimate
from stancekit.reporting.figures import BLUE, GREY, INK, figure, svg
from stancekit.reporting.latex import escape_latex, latex_table
from stancekit.reporting.tables import format_p

# How far below the estimate the other two stand, in lines of the figure.
_BELOW = 0.22
_CONSTANT = "Intercept"
_SIZE = r"\scriptsize"
# As numbers with an exponent are printed: 2.01e-07.
_POWER = re.compile(r"e([+-]\d+)")
_POWER_OR_HYPHEN = re.compile(r"e([+-]\d+)|-")


def coefficients_figure(found: Regression) -> str:
    """Draw every coefficient with its interval, and below it the naive one and that of annotated rows, as SVG.

    The constant is left out where there are others.
    """
    shown = [one for one in found.coefficients if one.term != _CONSTANT] or found.coefficients
    names = [printable(one.term, most=50) for one in shown]
    drawing, axes = figure(7.2, 1.3 + 0.46 * len(shown))
    for place, one in enumerate(shown):
        _draw_coefficient(drawing, one, len(shown) - 1 - place)
    axes.axvline(0, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shown)), names[::-1], fontsize=8)
    axes.set_ylim(-0.7, len(shown) - 0.4)
    axes.set_xlabel("coefficient, with its 95 % interval", fontsize=9)
    axes.grid(axis="x", alpha=0.25)
    handles, labels = axes.get_legend_handles_labels()
    first = dict(zip(labels, handles, strict=True))
    axes.legend(
        first.values(),
        first.keys(),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        frameon=False,
        fontsize=8,
        labelcolor=INK,
    )
    return svg(drawing, f"coefficients of {found.formula}")


def _draw_coefficient(drawing: Figure, one: Coefficient, height: float) -> None:
    lines: tuple[tuple[str, ShareEstimate | None, str, str, float], ...] = (
        ("estimate", one.estimate, BLUE, "o", height),
        (ANNOTATION_ONLY, one.gold_only, GREY, "s", height - _BELOW),
        (NAIVE, one.naive, "#c77c1e", "x", height - 2 * _BELOW),
    )
    (axes,) = drawing.axes
    for label, ends, colour, marker, at in lines:
        if ends:
            axes.plot(ends[1:], [at, at], color=colour, linewidth=2.2 if marker == "o" else 1.2)
            axes.plot(
                ends[0], at, marker, color=colour, markersize=6 if marker == "o" else 4, label=label
            )


def regression_markdown(found: Regression) -> str:
    """Return the table as Markdown, with what it is of and how to read it."""
    notes = [f"- {markdown_text(note)}" for note in _how_to_read(found)]
    parts = [markdown_text(found.caption), frame_table(found.view_frame()), "\n".join(notes)]
    return "\n\n".join(parts) + "\n"


def regression_latex(found: Regression) -> str:
    r"""Return the table as LaTeX, to be included with `\input`."""
    columns = {
        "": [escape_latex(one.term) for one in found.coefficients],
        "estimate": [_coefficient_cell(one.estimate) for one in found.coefficients],
        NAIVE: [_coefficient_cell(one.naive) for one in found.coefficients],
        ANNOTATION_ONLY: [_coefficient_cell(one.gold_only) for one in found.coefficients],
    }
    head = "% Written by stancekit; needs \\usepackage{booktabs}.\n"
    return head + latex_table(columns, caption=f"{found.caption}.", label="regression")


def _coefficient_cell(estimate: ShareEstimate | None) -> str:
    if estimate is None:
        return "--"
    value, interval = show_coefficient(estimate).split(" ", 1)
    value = _POWER.sub(lambda match: rf" \times 10^{{{int(match[1])}}}", value)
    interval = _POWER_OR_HYPHEN.sub(_latex_sign, interval)
    return f"${value}$ {{{_SIZE} {interval}}}"


def _latex_sign(match: re.Match[str]) -> str:
    """Return a power of ten, or a minus sign, not a hyphen."""
    return rf"$\times 10^{{{int(match[1])}}}$" if match[1] else "$-$"


def regression_page(found: Regression, drawing: str) -> str:
    """Return the regression as one HTML page; all data is escaped.

    Parameters
    ----------
    drawing
        The figure as SVG, as `coefficients_figure` draws it.
    """
    return render_page(
        "regression.html",
        found=found,
        drawing=Markup(drawing),  # noqa: S704  # our own drawing
        finite=is_finite(found.inference),
        show=show_coefficient,
        show_error=_show_error,
        show_p=_show_p,
        naive=NAIVE,
        annotation_only=ANNOTATION_ONLY,
        notes=_how_to_read(found),
    )


def _show_error(error: float) -> str:
    return "–" if math.isnan(error) else format_plain(error, decimals=3)


def _show_p(p_value: float) -> str:
    return "–" if math.isnan(p_value) else format_p(p_value)


def _how_to_read(found: Regression) -> list[str]:
    """Return what a reader should know of the numbers."""
    scale = {
        "linear": "a coefficient is a difference in the mean of the outcome",
        "logistic": "a coefficient is a difference in log odds, and exp of it an odds ratio",
        "poisson": "a coefficient is a difference in the log of the mean, and exp of it a ratio",
    }
    rests = f"{found.rests_on}; weight of the model's scores {found.score_weight:.2f}"
    return [scale[found.family], rests, *found.notes]
