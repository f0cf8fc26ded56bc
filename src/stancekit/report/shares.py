"""Estimated shares as tables, drawings and a page."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from stancekit.labelling.gold import guarded
from stancekit.labelling.labels import position
from stancekit.report.figures import BLUE, GREY, INK, panels, svg
from stancekit.report.tables import table

# Of more periods than this not every one is named below the drawing.
MOST_NAMED = 24


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a code in a cell; without enough gold labels no number, and `lacking` says how many more it takes.

    Where no more of them would do, `lacking` is 0 and `why` says what stands in the way. `naive`
    counts the model's labels, `adjusted` corrects the count by the model's error rates, `classical`
    uses the gold sample alone; every estimate is (value, low, high).
    """

    cell: tuple[str, ...]
    code: str
    n: int
    gold: int
    naive: float
    estimate: tuple[float, float, float] | None
    classical: tuple[float, float, float] | None
    lacking: int = 0
    adjusted: float = float("nan")
    why: str = ""

    @property
    def name(self) -> str:
        """Return the cell in words."""
        return ", ".join(self.cell) or "all"

    @property
    def bias(self) -> float | None:
        """Return by how much counting labels is off."""
        return round(self.naive - self.estimate[0], 9) + 0.0 if self.estimate else None


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference between two cells, or a slope per step of time in one."""

    first: str
    second: str
    code: str
    estimate: tuple[float, float, float]


def format_share(of: tuple[float, float, float] | None) -> str:
    """Return an estimate in percent with its interval.

    Examples
    --------
    >>> format_share((0.25, 0.2, 0.31)), format_share(None)
    ('25.0 [20.0, 31.0]', '-')
    """
    return "-" if of is None else "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * one for one in of))


def _note(share: Share) -> str:
    return share.why or (
        f"{share.lacking} more gold labels needed" if share.estimate is None else ""
    )


def share_table(shares: Sequence[Share]) -> str:
    """Return shares as a Markdown table, in percent."""
    head = [
        "cell",
        "code",
        "rows",
        "gold",
        "counted",
        "adjusted",
        "estimate %",
        "gold alone %",
        "counting is off by",
        "",
    ]
    body = [
        [
            *(one.name, one.code, one.n, one.gold, f"{100 * one.naive:.1f}", percent(one.adjusted)),
            *(format_share(one.estimate), format_share(one.classical)),
            *("" if one.bias is None else f"{100 * one.bias:+.1f}", _note(one)),
        ]
        for one in shares
    ]
    return table(head, body)


def percent(share: float) -> str:
    """Return a share in percent, `-` where there is none."""
    return "-" if np.isnan(share) else f"{100 * share:.1f}"


def contrast_table(contrasts: Sequence[Contrast]) -> str:
    """Return differences and slopes as a Markdown table, in percentage points."""
    body = [[one.first, one.second, one.code, format_share(one.estimate)] for one in contrasts]
    return table(["cell", "less", "code", "points"], body)


def _share_facts(one: Share) -> tuple[object, ...]:
    return (
        one.name,
        one.code,
        one.n,
        one.gold,
        one.naive,
        "" if np.isnan(one.adjusted) else one.adjusted,
    )


def shares_to_csv(shares: Sequence[Share], contrasts: Sequence[Contrast]) -> tuple[str, str]:
    """Return shares and contrasts as two CSV files, as proportions."""
    files = []
    nothing, ends = ("", "", ""), ("", "_low", "_high")
    estimates = [f"{name}{end}" for name in ("estimate", "gold_alone") for end in ends]
    heads = (
        ["cell", "code", "rows", "gold", "naive", "adjusted", *estimates, "lacking"],
        ["cell", "less", "code", *(f"points{end}" for end in ends)],
    )
    bodies: tuple[list[list[object]], ...] = (
        [
            [
                *_share_facts(one),
                *(one.estimate or nothing),
                *(one.classical or nothing),
                one.lacking,
            ]
            for one in shares
        ],
        [[one.first, one.second, one.code, *one.estimate] for one in contrasts],
    )
    for head, body in zip(heads, bodies, strict=True):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(
            [f"{one:.6f}" if isinstance(one, float) else guarded(one) for one in row]
            for row in body
        )
        files.append(text.getvalue())
    return files[0], files[1]


def shares_figure(shares: Sequence[Share], codes: Sequence[str]) -> Figure:
    """Draw the share of every code in every cell, with its interval, and where counting labels would have put it."""
    names = list(dict.fromkeys(one.name for one in shares))[::-1]
    drawn, axes = panels(2.4 + 2.3 * len(codes), 1.2 + 0.34 * len(names), len(codes))
    by = {(one.name, one.code): one for one in shares}
    for plot, code in zip(axes, codes, strict=True):
        for at, name in enumerate(names):
            one = by[name, code]
            if one.estimate:
                value, low, up = (100 * of for of in one.estimate)
                plot.plot([low, up], [at, at], color=BLUE, linewidth=2.5)
                plot.plot(value, at, "o", color=BLUE)
            plot.plot(100 * one.naive, at, "x", color=GREY)
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xlim(0, None)
        plot.grid(axis="x", alpha=0.25)
    axes[0].set_yticks(range(len(names)), names, fontsize=8)
    drawn.supxlabel(
        "% of rows; line: estimate with its 95 % interval, x: counted labels", fontsize=9, color=INK
    )
    return drawn


def matrix(shares: Sequence[Share], codes: Sequence[str]) -> Figure | None:
    """Draw shares of cells of two fields, as actor x target, a panel per code; None below two values of each.

    A cell with too few gold labels bears no number.
    """
    by = {(one.cell, one.code): one for one in shares if len(one.cell) == 2}
    down, across = (list(dict.fromkeys(key[at] for key, _ in by)) for at in (0, 1))
    if min(len(down), len(across)) < 2:
        return None
    drawn, axes = panels(
        1.6 + (0.8 + 0.5 * len(across)) * len(codes), 1.6 + 0.32 * len(down), len(codes)
    )
    for plot, code in zip(axes, codes, strict=True):
        own = [[by.get(((one, other), code)) for other in across] for one in down]
        values = [
            [100 * one.estimate[0] if one and one.estimate else np.nan for one in row]
            for row in own
        ]
        plot.imshow(np.array(values), cmap="Blues", vmin=0, vmax=100, aspect="auto")
        for (i, j), value in np.ndenumerate(np.array(values)):
            text = "·" if np.isnan(value) else f"{value:.0f}"
            plot.text(
                j,
                i,
                text,
                ha="center",
                va="center",
                fontsize=7,
                color="white" if value > 55 else INK,
            )
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xticks(range(len(across)), across, rotation=45, ha="right", fontsize=7)
    axes[0].set_yticks(range(len(down)), down, fontsize=7)
    drawn.supxlabel("estimated % of a cell's rows; ·: too few judged rows", fontsize=8, color=INK)
    return drawn


def trends(shares: Sequence[Share], codes: Sequence[str]) -> Figure | None:
    """Draw shares over the last field of the cells with bands, a panel per code; None where no cell has an estimate."""
    lines: dict[tuple[str, ...], list[Share]] = {}
    for one in shares:
        if one.estimate:
            lines.setdefault(one.cell[:-1], []).append(one)
    times = sorted(
        {one.cell[-1] for of in lines.values() for one in of if one.cell and position(one.cell[-1])}
    )
    if len(times) < 2:
        return None
    # Drawn where they lie in time; of many, not every one is named.
    named = times[:: 1 + len(times) // MOST_NAMED]
    drawn, axes = panels(2.2 + 2.6 * len(codes), 3.2, len(codes))
    for plot, code in zip(axes, codes, strict=True):
        for group, of in lines.items():
            own = sorted(
                (one for one in of if one.code == code and one.cell[-1] in times),
                key=lambda one: one.cell[-1],
            )
            if not own:
                continue
            x = [position(one.cell[-1]) for one in own]
            ends = np.array([one.estimate for one in own if one.estimate]) * 100
            (line,) = plot.plot(x, ends[:, 0], marker="o", label=", ".join(group) or "all")
            plot.fill_between(x, ends[:, 1], ends[:, 2], alpha=0.15, color=line.get_color())
        plot.set_title(code, color=INK, fontsize=10)
        plot.set_xticks(
            [position(one) for one in named], named, rotation=45, ha="right", fontsize=8
        )
    axes[0].set_ylim(0, 100)
    axes[0].set_ylabel("% of rows")
    axes[-1].legend(frameon=False, fontsize=8, labelcolor=INK)
    return drawn


def shares_page(
    shares: Sequence[Share],
    contrasts: Sequence[Contrast],
    figures: Sequence[tuple[str, Figure]],
    *,
    about: str,
    chance: str,
    notes: Sequence[str] = (),
) -> str:
    """Return estimates as one HTML page, saying what they are about and where chance lies; all data is escaped."""
    environment = Environment(
        loader=PackageLoader("stancekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    drawn = [Markup(svg(one, label)) for label, one in figures]  # noqa: S704  # our own drawings
    return environment.get_template("shares.html").render(
        shares=shares,
        contrasts=contrasts,
        figures=drawn,
        about=about,
        chance=chance,
        notes=notes,
        shown=format_share,
        note=_note,
        percent=percent,
    )
