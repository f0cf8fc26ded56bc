"""Where the nodes of a network are drawn, the same on every call, and the shapes of its edges."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.errors import printable
from stancekit.prevalence.edges import Edge
from stancekit.prevalence.network import Node, SignedNetwork
from stancekit.prevalence.structure import load_networkx
from stancekit.types import FloatArray

# The drawing, in the units of its SVG, and how much of it is margin.
DRAWING_WIDTH, DRAWING_HEIGHT, DRAWING_MARGIN = 960, 640, 46
RADIUS = 9
# More nodes than this cannot be told from each other; those of most rows are drawn.
MOST_NODES = 50
_LONGEST_LABEL = 24
_LETTER = 6.9
# How long an edge wants to be: friends stand together, opponents apart.
_LENGTHS = {"positive": 1.0, "ambivalent": 1.7, "neutral": 1.7, "uncertain": 1.7, "negative": 2.4}


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A node with the centre of its sign, and its label."""

    number: int
    node: Node
    x: float
    y: float
    label: str

    @property
    def is_source(self) -> bool:
        """Say whether it is drawn as one that says something; others are only spoken of."""
        return self.node.kind != "target"


@dataclass(frozen=True, slots=True)
class PlacedEdge:
    """An edge with the two nodes it joins, its bow, its arrow head, and how thick it is drawn."""

    edge: Edge
    source: PlacedNode
    target: PlacedNode
    path: str
    head: str
    bow: tuple[float, float]
    width: float


def place_nodes(network: SignedNetwork) -> list[PlacedNode]:
    """Return where nodes are drawn: those of most rows, by Kamada and Kawai (1989), labels pushed apart.

    Raises
    ------
    MissingExtra
        When networkx is not installed.
    """
    ranked = sorted(network.nodes, key=lambda node: (-node.rows_out - node.rows_in, node.name))
    drawn = sorted(ranked[:MOST_NODES], key=lambda node: node.name)
    labels = [printable(node.name, most=_LONGEST_LABEL) for node in drawn]
    places = _spread_out(_springs(network, [node.name for node in drawn]))
    places = _push_apart(places, labels)
    return [
        PlacedNode(number, node, round(x, 1), round(y, 1), label)
        for number, (node, label, (x, y)) in enumerate(
            zip(drawn, labels, places.tolist(), strict=True), 1
        )
    ]


def _springs(network: SignedNetwork, names: Sequence[str]) -> FloatArray:
    networkx = load_networkx()
    graph = networkx.Graph()
    graph.add_nodes_from(names)
    known = set(names)
    for edge in network.whole:
        if {edge.source, edge.target} <= known:
            length = _LENGTHS[edge.sign]
            before = graph.get_edge_data(edge.source, edge.target, {"length": length})
            graph.add_edge(edge.source, edge.target, length=(length + before["length"]) / 2)
    paths = dict(networkx.all_pairs_dijkstra_path_length(graph, weight="length"))
    farthest = max((max(of_node.values()) for of_node in paths.values()), default=0.0)
    # Parts that nothing joins stand farther apart than any nodes that something does.
    distances = {
        one: {other: paths[one].get(other, farthest + 1.5) for other in names} for one in names
    }
    found = networkx.kamada_kawai_layout(graph, dist=distances)
    return np.array([found[name] for name in names]).reshape(-1, 2)


def _spread_out(places: FloatArray) -> FloatArray:
    """Fill the drawing, lying if the network is higher than wide."""
    spans = np.ptp(places, axis=0)
    if spans[1] > spans[0]:
        places, spans = places[:, ::-1], spans[::-1]
    room = np.array([DRAWING_WIDTH - 4 * DRAWING_MARGIN, DRAWING_HEIGHT - 2.5 * DRAWING_MARGIN])
    part = (places - places.min(axis=0)) / np.maximum(spans, 1e-9)
    return np.asarray(part * room + [2 * DRAWING_MARGIN, DRAWING_MARGIN])


def _push_apart(places: FloatArray, labels: Sequence[str]) -> FloatArray:
    """Move nodes until no label, which stands below its node, covers another node or label."""
    half = np.array([[max(RADIUS + 4, _LETTER * len(label) / 2 + 4), 21.0] for label in labels])
    low = np.column_stack([half[:, 0] + 4, np.full(len(labels), RADIUS + 6.0)])
    high = np.column_stack(
        [DRAWING_WIDTH - half[:, 0] - 4, np.full(len(labels), DRAWING_HEIGHT - 34.0)]
    )
    numbers = np.arange(len(labels))
    order = np.sign(numbers[:, None] - numbers)[..., None]
    for _ in range(300):
        apart = places[:, None] - places[None]
        need = half[:, None] + half[None]
        over = need - np.abs(apart)
        over[numbers, numbers] = -1
        clash = (over > 0).all(axis=2)
        if not clash.any():
            break
        # Along the axis on which less is to be moved; who stands first in the list goes left or up.
        axis = over.argmin(axis=2)
        side = np.where(apart != 0, np.sign(apart), order)
        push = np.where(np.arange(2) == axis[..., None], over * side, 0) * clash[..., None]
        places = np.clip(places + 0.3 * push.sum(axis=1), low, high)
    return places


def place_edges(
    edges: Sequence[Edge], nodes: Sequence[PlacedNode], *, min_rows: int
) -> list[PlacedEdge]:
    """Return the edges between drawn nodes, those without a sign first, so that others lie on top."""
    by_name = {placed.node.name: placed for placed in nodes}
    both = {(edge.source, edge.target) for edge in edges}
    found = []
    for edge in edges:
        source, target = by_name.get(edge.source), by_name.get(edge.target)
        if source and target:
            bent = 0.13 if (edge.target, edge.source) in both else 0.05
            found.append(_place_edge(edge, source, target, bent, min_rows))
    order = {"neutral": 0, "uncertain": 0, "ambivalent": 1}
    return sorted(found, key=lambda placed: (order.get(placed.edge.sign, 2), placed.edge.n))


def _place_edge(
    edge: Edge, source: PlacedNode, target: PlacedNode, bent: float, min_rows: int
) -> PlacedEdge:
    start, end = np.array([source.x, source.y]), np.array([target.x, target.y])
    along = end - start
    length = max(math.hypot(*along), 1.0)
    bow = (start + end) / 2 + bent * np.array([-along[1], along[0]])
    evident = edge.sign in ("positive", "negative", "ambivalent")
    width = 1.2
    if evident:
        width = min(1.6 + 0.8 * math.log2(max(edge.n / min_rows, 1)), 5.5)
    direction = (end - bow) / max(math.hypot(*(end - bow)), 1.0)
    tip = end - direction * min(RADIUS + 2.5, length / 3)
    size = 5.0 + 1.1 * width
    back, across = tip - direction * size, np.array([-direction[1], direction[0]]) * size * 0.45
    away = (bow - start) / max(math.hypot(*(bow - start)), 1.0)
    first = start + away * min(RADIUS + 1.5, length / 3)
    last = tip - direction * size * 0.7
    path = f"M{_point(first)}Q{_point(bow)} {_point(last)}"
    head = f"M{_point(tip)}L{_point(back + across)}L{_point(back - across)}Z"
    return PlacedEdge(edge, source, target, path, head, (float(bow[0]), float(bow[1])), width)


def _point(place: FloatArray) -> str:
    return f"{place[0]:.1f},{place[1]:.1f}"
