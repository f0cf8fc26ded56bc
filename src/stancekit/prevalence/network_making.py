"""From annotated and labelled rows to a network: edges, and what follows from them in every draw."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from stancekit.prevalence.edges import Edge, EdgeDraws, draw_edges, interval_of
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.network import NetworkSettings, Node, NodePair, SignedNetwork, Statistic
from stancekit.prevalence.poles import sign_units
from stancekit.prevalence.structure import (
    Projection,
    Ties,
    are_evident,
    count_communities,
    find_balance,
    find_communities,
    merge_directions,
    names_of,
    own_stability,
    project,
    share_together,
    typical_communities,
)
from stancekit.types import BoolArray, FloatArray, IndexArray

# Of a network whose targets are mostly actors too, ties are between all nodes.
_MOSTLY = 0.5


def make_network(
    units: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    codes: Sequence[str],
    *,
    settings: NetworkSettings,
    notes: Sequence[str] = (),
) -> SignedNetwork:
    """Estimate the edges of a network, its balance and its communities.

    Parameters
    ----------
    columns
        Two columns with the nodes of each row, and maybe a third with its period; empty where
        there is none.
    codes
        Those of the units, in their order.

    Raises
    ------
    KitError
        As of `edges.draw_edges`.
    MissingExtra
        When networkx is not installed.
    """
    drawn = draw_edges(
        sign_units(units, settings.poles, codes),
        columns,
        pool=settings.pool,
        level=settings.level,
        min_rows=settings.min_rows,
        random_state=settings.random_state,
    )
    one_mode = _is_one_mode(drawn.whole)
    structure = _Structure(drawn, settings, one_mode=one_mode)
    return SignedNetwork(
        settings=settings,
        by=tuple(columns),
        edges=drawn.edges,
        nodes=structure.nodes(),
        pairs=structure.pairs(),
        statistics=structure.statistics(),
        one_mode=one_mode,
        left_out=drawn.left_out,
        notes=[*notes, *_edge_notes(columns, drawn, settings)],
    )


def _is_one_mode(edges: Sequence[Edge]) -> bool:
    """Say whether the targets of most rows are actors too."""
    sources = {edge.source for edge in edges}
    rows = sum(edge.n for edge in edges)
    return sum(edge.n for edge in edges if edge.target in sources) > _MOSTLY * rows


def _edge_notes(
    columns: Mapping[str, Sequence[str]], drawn: EdgeDraws, settings: NetworkSettings
) -> list[str]:
    """Return what a reader should know of rows and pairs that are not in the network."""
    source, target, *periods = columns.values()
    loops = sum(bool(one) and one == other for one, other in zip(source, target, strict=True))
    empty = sum(not (one and other) for one, other in zip(source, target, strict=True))
    notes = []
    if loops:
        notes.append(f"{loops} rows have the same node twice and are in no edge")
    if empty:
        notes.append(f"{empty} rows lack a node and are in no edge")
    for period in periods:
        if undated := sum(not one for one in period):
            notes.append(
                f"{undated} rows have no date and are in no slice, only in the whole network"
            )
    if drawn.left_out:
        notes.append(
            f"{drawn.left_out} pairs have fewer than {settings.min_rows} rows and are no edges "
            "(min_rows)"
        )
    unknown = sum(edge.net is None for edge in drawn.whole)
    if unknown:
        notes.append(
            f"{unknown} of {len(drawn.whole)} edges have too few annotated rows of their own and no "
            "number; set pool=shrunk to estimate them from the others too"
        )
    if not any(edge.sign in ("positive", "negative") for edge in drawn.whole):
        notes.append("no edge has a sign at this level; annotate more rows")
    return notes


class _Structure:
    """What follows from the edges of a network, in every draw."""

    def __init__(self, drawn: EdgeDraws, settings: NetworkSettings, *, one_mode: bool) -> None:
        self._edges, self._settings, self._one_mode = drawn.whole, settings, one_mode
        self._sources = names_of([edge.source for edge in self._edges])
        self._known = np.array([edge.net is not None for edge in self._edges])
        self._shares = drawn.shares[:, self._known]
        counted = [(edge.counted_positive, edge.counted_negative) for edge in self._edges]
        self._counted = np.array(counted)[None]
        self._names = self._sources if not one_mode else self._all_names()
        targets = names_of([edge.target for edge in self._edges])
        ends = self._ends(self._sources, targets)
        net = self._shares[..., 0] - self._shares[..., 1]
        evident = are_evident(net, settings.level)
        self._projection = project(ends[self._known][evident], net[:, evident])
        counted_projection = project(ends, self._counted[..., 0] - self._counted[..., 1])
        self._counted_agreement = _first_agreement(counted_projection)
        ties = self._make_ties(self._known, self._shares, self._projection)
        self._ties = ties.of(are_evident(ties.values, settings.level))
        self._counted_ties = self._make_ties(
            np.ones_like(self._known), self._counted, counted_projection
        )
        state = settings.random_state
        self._communities = find_communities(self._ties, random_state=state)
        self._counted_communities = find_communities(self._counted_ties, random_state=state)
        self._together = share_together(self._communities)

    def _all_names(self) -> dict[str, int]:
        return names_of([name for edge in self._edges for name in (edge.source, edge.target)])

    def _ends(self, sources: Mapping[str, int], targets: Mapping[str, int]) -> IndexArray:
        return np.array([(sources[edge.source], targets[edge.target]) for edge in self._edges])

    def _make_ties(self, chosen: BoolArray, shares: FloatArray, projection: Projection) -> Ties:
        """Return ties between all nodes; of a network with targets of another kind, between sources."""
        if not self._one_mode:
            values = projection.congruence - projection.conflict
            return Ties(len(self._names), projection.ends, values)
        sizes = np.array([float(edge.n) for edge in self._edges])[chosen]
        ends = self._ends(self._names, self._names)[chosen]
        return merge_directions(ends, shares, sizes, len(self._names))

    def nodes(self) -> list[Node]:
        """Return the nodes in alphabetical order; those that have no ties are in no community."""
        typical = typical_communities(self._communities, self._together)
        stability = own_stability(typical, self._together)
        found = {
            name: (int(typical[number]) + 1, stability[number])
            for name, number in self._names.items()
        }
        rows_out, rows_in = Counter[str](), Counter[str]()
        for edge in self._edges:
            rows_out[edge.source] += edge.n
            rows_in[edge.target] += edge.n
        return [
            Node(name, rows_out[name], rows_in[name], *found.get(name, (0, np.nan)))
            for name in self._all_names()
        ]

    def pairs(self) -> list[NodePair]:
        """Return pairs of nodes that share a target, or are in one community in some draw."""
        level, projection = self._settings.level, self._projection
        names, sources = list(self._names), list(self._sources)
        found: dict[tuple[str, str], NodePair] = {}
        for number, (first, second) in enumerate(projection.ends.tolist()):
            drawn = [projection.congruence[:, number], projection.conflict[:, number]]
            drawn.append(drawn[0] - drawn[1])
            same, opposed, agreement = (
                interval_of(values, float(values.mean()), level) for values in drawn
            )
            found[sources[first], sources[second]] = NodePair(
                sources[first],
                sources[second],
                int(projection.shared[number]),
                same,
                opposed,
                agreement,
                self._counted_agreement[first, second],
                float(self._together[self._names[sources[first]], self._names[sources[second]]]),
            )
        for first, second in np.argwhere(np.triu(self._together, 1) > 0).tolist():
            key = names[first], names[second]
            share = float(self._together[first, second])
            found.setdefault(key, NodePair(*key, 0, None, None, None, np.nan, share))
        return [found[key] for key in sorted(found)]

    def statistics(self) -> list[Statistic]:
        """Return balance of evident ties, and the number of communities in them."""
        mean = Ties(self._ties.n_nodes, self._ties.ends, self._ties.values.mean(axis=0)[None])
        rows = []
        for name, weighted in (("balance", False), ("balance, weighted", True)):
            drawn, value, counted = (
                find_balance(ties, weighted=weighted)
                for ties in (self._ties, mean, self._counted_ties)
            )
            estimate = None
            if not np.isnan(value[0]):
                known = drawn[~np.isnan(drawn)]
                estimate = interval_of(known, float(value[0]), self._settings.level)
            rows.append(Statistic(name, estimate, float(counted[0])))
        numbers = count_communities(self._communities)
        typical = float(np.median(numbers))
        estimate = interval_of(numbers, typical, self._settings.level)
        number = float(count_communities(self._counted_communities)[0])
        rows.append(Statistic("communities", estimate if len(self._ties.ends) else None, number))
        return rows


def _first_agreement(projection: Projection) -> dict[tuple[int, int], float]:
    """Return congruence less conflict of each pair, by the first draw."""
    values = (projection.congruence - projection.conflict)[0].tolist()
    pairs = [(first, second) for first, second in projection.ends.tolist()]
    return dict(zip(pairs, values, strict=True))
