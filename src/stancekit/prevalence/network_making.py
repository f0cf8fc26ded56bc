"""From annotated and labelled rows to a network: edges, and what follows from them in every draw."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from stancekit.prevalence.edges import Edge, EdgeDraws, draw_edges, interval_of
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.network import Network, NetworkSettings, Node, Pair, Statistic
from stancekit.prevalence.poles import sign_units
from stancekit.prevalence.structure import (
    Projection,
    Ties,
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
from stancekit.types import FloatArray, IndexArray

# Of a network whose targets are mostly actors too, ties are between all nodes.
_MOSTLY = 0.5


def make_network(
    units: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    codes: Sequence[str],
    *,
    settings: NetworkSettings,
    notes: Sequence[str] = (),
) -> Network:
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
    return Network(
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
    source, target, *_ = columns.values()
    loops = sum(bool(one) and one == other for one, other in zip(source, target, strict=True))
    empty = sum(not (one and other) for one, other in zip(source, target, strict=True))
    notes = []
    if loops:
        notes.append(f"{loops} rows have the same node twice and are in no edge")
    if empty:
        notes.append(f"{empty} rows lack a node and are in no edge")
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
        self._counted = np.array(counted)[None, self._known]
        self._names = self._sources if not one_mode else self._all_names()
        self._projection, self._counted_projection = self._project()
        self._ties = self._make_ties(self._shares, self._projection)
        self._counted_ties = self._make_ties(self._counted, self._counted_projection)
        state = settings.random_state
        self._communities = find_communities(self._ties, random_state=state)
        self._counted_communities = find_communities(self._counted_ties, random_state=state)
        self._together = share_together(self._communities)

    def _all_names(self) -> dict[str, int]:
        return names_of([name for edge in self._edges for name in (edge.source, edge.target)])

    def _ends(self, targets: Mapping[str, int], sources: Mapping[str, int]) -> IndexArray:
        ends = [(sources[edge.source], targets[edge.target]) for edge in self._edges]
        return np.array(ends)[self._known]

    def _project(self) -> tuple[Projection, Projection]:
        targets = names_of([edge.target for edge in self._edges])
        ends = self._ends(targets, self._sources)
        return project(ends, self._shares), project(ends, self._counted)

    def _make_ties(self, shares: FloatArray, projection: Projection) -> Ties:
        if not self._one_mode:
            values = projection.congruence - projection.conflict
            return Ties(len(self._names), projection.ends, values)
        sizes = np.array([float(edge.n) for edge in self._edges])[self._known]
        ends = self._ends(self._names, self._names)
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

    def pairs(self) -> list[Pair]:
        """Return pairs of nodes that share a target, or are in one community in some draw."""
        level, projection = self._settings.level, self._projection
        names, sources = list(self._names), list(self._sources)
        found: dict[tuple[str, str], Pair] = {}
        counted = self._counted_projection.congruence - self._counted_projection.conflict
        for number, (first, second) in enumerate(projection.ends.tolist()):
            key = sources[first], sources[second]
            drawn = [projection.congruence[:, number], projection.conflict[:, number]]
            drawn.append(drawn[0] - drawn[1])
            found[key] = Pair(
                *key,
                int(projection.shared[number]),
                *(interval_of(values, float(values.mean()), level) for values in drawn),
                float(counted[0, number]),
                float(self._together[self._names[key[0]], self._names[key[1]]]),
            )
        for first, second in np.argwhere(np.triu(self._together, 1) > 0).tolist():
            key = names[first], names[second]
            share = float(self._together[first, second])
            found.setdefault(key, Pair(*key, 0, None, None, None, np.nan, share))
        return [found[key] for key in sorted(found)]

    def statistics(self) -> list[Statistic]:
        """Return balance and the number of communities."""
        numbers = count_communities(self._communities)
        counted = count_communities(self._counted_communities)
        ties = self._ties, self._counted_ties
        drawn = {
            "balance: share of triangles": [find_balance(one, weighted=False) for one in ties],
            "balance, weighted": [find_balance(one, weighted=True) for one in ties],
            "communities": [numbers, counted],
        }
        return [self._statistic(name, *values) for name, values in drawn.items()]

    def _statistic(self, name: str, drawn: FloatArray, counted: FloatArray) -> Statistic:
        known = drawn[~np.isnan(drawn)]
        estimate = None
        # Where many draws have no triangle at all, the others are no fair sample of what there is.
        if len(self._ties.ends) and len(known) > self._settings.level * len(drawn):
            estimate = interval_of(known, float(known.mean()), self._settings.level)
        return Statistic(name, estimate, float(counted[0]))
