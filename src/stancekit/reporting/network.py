"""A network as a page, and as a figure for papers."""

import io
import warnings
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke

from stancekit.formatting import format_number, format_percent, format_share
from stancekit.html import render_page
from stancekit.prevalence.edges import SIGNS
from stancekit.prevalence.network import NodePair, SignedNetwork
from stancekit.prevalence.shares import ShareEstimate
from stancekit.reporting.figures import INK, figure, svg
from stancekit.reporting.network_layout import (
    DRAWING_HEIGHT,
    DRAWING_WIDTH,
    RADIUS,
    PlacedEdge,
    PlacedNode,
    place_edges,
    place_nodes,
)

# More pairs than this are read in the file.
_MOST_PAIRS = 40
# What a sign means, for whoever reads the page.
_MEANINGS = {
    "positive": "more for than against",
    "negative": "more against than for",
    "ambivalent": "both, each in at least a tenth of the rows",
    "neutral": "neither, each in at most a tenth of the rows",
    "uncertain": "not enough evidence for any of these",
}
# Signs can be read without colour, by their dashes.
_DASHES: dict[str, tuple[float, ...]] = {
    "positive": (),
    "negative": (7, 4),
    "ambivalent": (8, 3, 1.5, 3),
    "neutral": (1, 4),
    "uncertain": (1, 4),
}
# Light, so that the number of a community is read on them.
_COMMUNITY_COLOURS = ("#9cc3f0", "#f0c58c", "#a9d8b0", "#d8c2ee", "#f2b3bf", "#9fdbe0")
_COLOURS = {
    "positive": "#2f6fc9",
    "negative": "#b3261e",
    "ambivalent": "#946200",
    "neutral": "#9a9a9a",
    "uncertain": "#9a9a9a",
}


def network_page(network: SignedNetwork) -> str:
    """Return a network as one HTML page: drawing, slider over periods, and tables; all data is escaped."""
    nodes = place_nodes(network)
    periods = ["", *network.periods]
    drawn = {
        period: place_edges(
            [edge for edge in network.edges if edge.period == period],
            nodes,
            min_rows=network.settings.min_rows,
        )
        for period in periods
    }
    listed = {
        period: sorted(
            (edge for edge in network.edges if edge.period == period), key=lambda one: -one.n
        )
        for period in periods
    }
    pairs = _tied_pairs(network)
    return render_page(
        "network.html",
        network=network,
        nodes=nodes,
        number_of={placed.node.name: placed.number for placed in nodes},
        periods=periods,
        drawn=drawn,
        listed=listed,
        pairs=pairs[:_MOST_PAIRS],
        more_pairs=len(pairs[_MOST_PAIRS:]),
        signs=[sign for sign in SIGNS if any(edge.sign == sign for edge in network.edges)],
        meanings=_MEANINGS,
        dashes={sign: " ".join(map(str, dash)) for sign, dash in _DASHES.items()},
        width=DRAWING_WIDTH,
        height=DRAWING_HEIGHT,
        radius=RADIUS,
        node_colour=node_colour,
        format_share=format_share,
        format_percent=format_percent,
        format_statistic=format_statistic,
        format_number=format_number,
    )


def format_statistic(estimate: ShareEstimate | None) -> str:
    """Return a statistic with its interval, whole numbers without decimals.

    Examples
    --------
    >>> format_statistic((0.75, 0.5, 1.0)), format_statistic((2.0, 2.0, 3.0)), format_statistic(None)
    ('.750 [.500, 1.000]', '2 [2, 3]', '–')
    """
    if estimate is None:
        return "–"
    whole = all(number == int(number) for number in estimate) and estimate[2] > 1
    value, low, high = (f"{number:.0f}" if whole else format_number(number) for number in estimate)
    return f"{value} [{low}, {high}]"


def _tied_pairs(network: SignedNetwork) -> list[NodePair]:
    """Return the pairs that share a target, those that share most first."""
    shared = [pair for pair in network.pairs if pair.agreement]
    return sorted(shared, key=lambda pair: (-pair.shared, pair.first, pair.second))


def network_figure(network: SignedNetwork) -> tuple[str, bytes]:
    """Draw the edges of all of the time for a paper, as SVG and as PNG."""
    nodes = place_nodes(network)
    edges = place_edges(network.whole, nodes, min_rows=network.settings.min_rows)
    drawing, axes = figure(DRAWING_WIDTH / 100, DRAWING_HEIGHT / 100 + 0.4)
    for placed in edges:
        _draw_edge(axes, placed)
    for node in nodes:
        _draw_node(axes, node)
    axes.set_xlim(0, DRAWING_WIDTH)
    axes.set_ylim(DRAWING_HEIGHT, 0)
    axes.set_aspect("equal")
    axes.axis("off")
    signs = [sign for sign in SIGNS if any(placed.edge.sign == sign for placed in edges)]
    _draw_legend(axes, signs)
    file = io.BytesIO()
    with warnings.catch_warnings():
        # A font without the letters of a name shows boxes.
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        drawing.savefig(file, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    return svg(drawing, network.caption), file.getvalue()


def _draw_edge(axes: Axes, placed: PlacedEdge) -> None:
    colour, dash = _COLOURS[placed.edge.sign], _DASHES[placed.edge.sign]
    style = (0, tuple(part / max(placed.width, 1) * 1.2 for part in dash)) if dash else "solid"
    shaft, head = _curve(placed.path), _curve(placed.head)
    axes.add_patch(
        PathPatch(
            shaft, fill=False, edgecolor=colour, linewidth=0.8 * placed.width, linestyle=style
        )
    )
    axes.add_patch(PathPatch(head, facecolor=colour, edgecolor="none"))


def _curve(path: str) -> Curve:
    """Return a path of SVG as matplotlib has it: a bow (M Q) or a triangle (M L L Z)."""
    numbers = [float(number) for number in path.translate(str.maketrans("MQLZ,", "     ")).split()]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if "Q" in path:
        return Curve(points, [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3])
    return Curve([*points, points[0]], [Curve.MOVETO, *[Curve.LINETO] * 2, Curve.CLOSEPOLY])


def _draw_node(axes: Axes, placed: PlacedNode) -> None:
    colour = node_colour(placed)
    mark = "o" if placed.is_source else "s"
    axes.plot(placed.x, placed.y, mark, markersize=11, color=colour or "white", markeredgecolor=INK)
    if placed.node.community:
        axes.text(
            placed.x,
            placed.y,
            str(placed.node.community),
            ha="center",
            va="center_baseline",
            fontsize=7,
            color="#111111",
        )
    axes.text(
        placed.x,
        placed.y + RADIUS + 13,
        placed.label,
        ha="center",
        va="center",
        fontsize=8.5,
        color="#222222",
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def node_colour(placed: PlacedNode) -> str:
    """Return the colour of a node's community, empty where it is in none."""
    community = placed.node.community
    return _COMMUNITY_COLOURS[(community - 1) % len(_COMMUNITY_COLOURS)] if community else ""


def _draw_legend(axes: Axes, signs: Sequence[str]) -> None:
    lines = []
    for sign in signs:
        dash = _DASHES[sign]
        line = Line2D([], [], color=_COLOURS[sign], linewidth=1.8)
        if dash:
            line.set_linestyle((0, dash))
        lines.append(line)
    axes.legend(
        lines,
        signs,
        loc="lower center",
        bbox_to_anchor=(0.5, -0.06),
        ncols=max(len(signs), 1),
        frameon=False,
        fontsize=8.5,
        labelcolor="#222222",
        handlelength=3.2,
    )
