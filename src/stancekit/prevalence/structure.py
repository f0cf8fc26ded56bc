"""The structure of a signed network, draw by draw: who agrees with whom, balance, and communities.

All of it rests on ties whose sign is evident. The signs of the others vary from draw to draw as if by
chance, and one by one: triangles of them are balanced half of the time, whatever the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stancekit.errors import MissingExtra
from stancekit.types import BoolArray, FloatArray, IndexArray

# Communities are found in so many of the draws: each takes as long as a fit.
COMMUNITY_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Ties:
    """Undirected signed ties between nodes.

    Attributes
    ----------
    n_nodes
        How many nodes there are.
    ends
        The two nodes of each tie, the lower number first, shape (ties, 2).
    values
        Of each tie in every draw, from -1 to 1, shape (draws, ties).
    """

    n_nodes: int
    ends: IndexArray
    values: FloatArray

    def of(self, chosen: BoolArray) -> "Ties":
        """Return some of the ties."""
        return Ties(self.n_nodes, self.ends[chosen], self.values[:, chosen])

    def matrix(self, draw: int) -> FloatArray:
        """Return the values of a draw as a symmetric matrix, shape (nodes, nodes)."""
        matrix = np.zeros((self.n_nodes, self.n_nodes))
        matrix[self.ends[:, 0], self.ends[:, 1]] = self.values[draw]
        return matrix + matrix.T


def merge_directions(ends: IndexArray, shares: FloatArray, sizes: FloatArray, n_nodes: int) -> Ties:
    """Return ties between nodes that speak of each other: both directions count by their rows.

    Parameters
    ----------
    ends
        The source and target of each edge, shape (edges, 2).
    shares
        For and against in every draw, shape (draws, edges, 2).
    sizes
        The rows of each edge, shape (edges,).

    Examples
    --------
    >>> shares = np.array([[[1.0, 0.0], [0.0, 0.5]]])
    >>> merge_directions(np.array([[0, 1], [1, 0]]), shares, np.array([1.0, 3.0]), 2).values
    array([[-0.125]])
    """
    if not len(ends):
        return Ties(n_nodes, ends, np.zeros((len(shares), 0)))
    pairs, tie = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    order = np.argsort(tie.ravel(), kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(tie.ravel()[order]) > 0])
    rows = ((shares[..., 0] - shares[..., 1]) * sizes)[:, order]
    values = np.add.reduceat(rows, starts, axis=1) / np.add.reduceat(sizes[order], starts)
    return Ties(n_nodes, pairs, values)


def are_evident(values: FloatArray, level: float) -> BoolArray:
    """Say of which ties, or edges, the interval of their values excludes zero, shape (ties,).

    Parameters
    ----------
    values
        In every draw, shape (draws, ties).
    """
    if not values.shape[1]:
        return np.zeros(0, dtype=bool)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray((low > 0) | (high < 0))


@dataclass(frozen=True, slots=True)
class Projection:
    """How far sources agree on the targets on which both of them evidently take a side.

    Attributes
    ----------
    ends
        The two sources of each pair that shares such a target, shape (pairs, 2).
    shared
        How many of these targets they share, shape (pairs,).
    congruence, conflict
        On what part of these they are on the same side, and on different ones, in every draw,
        shape (draws, pairs).
    """

    ends: IndexArray
    shared: FloatArray
    congruence: FloatArray
    conflict: FloatArray


def project(ends: IndexArray, net: FloatArray) -> Projection:
    """Return the congruence and conflict networks of sources (Leifeld 2017), by sides in place of counts.

    Parameters
    ----------
    ends
        The number of the source and of the target of each edge, shape (edges, 2).
    net
        The share for less the share against in every draw, shape (draws, edges).

    Examples
    --------
    >>> ends = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> found = project(ends, np.array([[0.5, 0.2, 0.5, -1.0]]))
    >>> found.congruence, found.conflict
    (array([[0.5]]), array([[0.5]]))
    """
    n_sources, n_targets = (int(ends[:, side].max(initial=-1)) + 1 for side in (0, 1))
    present = np.zeros((n_sources, n_targets))
    present[ends[:, 0], ends[:, 1]] = 1
    shared = np.triu(present @ present.T, 1)
    first, second = np.nonzero(shared)
    same, opposed = np.empty((2, len(net), len(first)))
    for draw, of_draw in enumerate(np.sign(net)):
        side = np.zeros((n_sources, n_targets))
        side[ends[:, 0], ends[:, 1]] = of_draw
        both, difference = np.abs(side) @ np.abs(side).T, side @ side.T
        same[draw] = ((both + difference) / 2)[first, second]
        opposed[draw] = ((both - difference) / 2)[first, second]
    counts = shared[first, second]
    return Projection(np.column_stack([first, second]), counts, same / counts, opposed / counts)


def find_balance(ties: Ties, *, weighted: bool) -> FloatArray:
    """Return the share of triangles that are balanced in every draw, NaN without triangles, shape (draws,).

    A triangle is balanced if the product of its signs is positive (Cartwright and Harary 1956).
    Weighted, it counts by the product of its values. With S the matrix of signs or values, it is
    half of 1 + tr(S^3) / tr(|S|^3).

    Examples
    --------
    >>> ends = np.array([[0, 1], [0, 2], [1, 2]])
    >>> find_balance(Ties(3, ends, np.array([[1.0, -0.5, -0.5], [1.0, 1.0, -0.5]])), weighted=False)
    array([1., 0.])
    """
    shares = np.full(len(ties.values), np.nan)
    for draw in range(len(shares)):
        matrix = ties.matrix(draw) if weighted else np.sign(ties.matrix(draw))
        size = np.abs(matrix)
        total = float(((size @ size) * size).sum())
        if total > 0:
            shares[draw] = 0.5 * (1 + float(((matrix @ matrix) * matrix).sum()) / total)
    return shares


def find_communities(ties: Ties, *, random_state: int = 0) -> IndexArray:
    """Return the community of every node in the first draws, shape (draws, nodes); -1 for a node of its own.

    Louvain's method (Blondel et al. 2008) on the ties that are positive in a draw, by their value.

    Raises
    ------
    MissingExtra
        When networkx is not installed.

    Examples
    --------
    >>> ends = np.array([[0, 1], [1, 2], [2, 3]])
    >>> find_communities(Ties(5, ends, np.array([[0.9, -0.5, 0.8]]))).tolist()
    [[0, 0, 1, 1, -1]]
    """
    networkx = load_networkx()
    found = np.full((min(len(ties.values), COMMUNITY_DRAWS), ties.n_nodes), -1)
    for draw, values in enumerate(ties.values[: len(found)]):
        graph = networkx.Graph()
        graph.add_nodes_from(range(ties.n_nodes))
        for (first, second), value in zip(ties.ends.tolist(), values.tolist(), strict=True):
            if value > 0:
                graph.add_edge(first, second, weight=value)
        parts = networkx.community.louvain_communities(graph, seed=random_state)
        several = sorted((sorted(part) for part in parts if len(part) > 1), key=lambda one: one[0])
        for number, part in enumerate(several):
            found[draw, part] = number
    return found


def load_networkx() -> Any:
    """Return the package that finds communities and writes graphs.

    Raises
    ------
    MissingExtra
        When it is not installed.
    """
    try:
        import networkx
    except ImportError:
        raise MissingExtra("networkx", "network") from None
    return networkx


def count_communities(found: IndexArray) -> FloatArray:
    """Return the number of communities of two or more nodes in every draw, shape (draws,)."""
    return np.asarray(found.max(axis=1) + 1, dtype=float)


def share_together(found: IndexArray) -> FloatArray:
    """Return in what share of draws two nodes are in one community, shape (nodes, nodes).

    Examples
    --------
    >>> share_together(np.array([[0, 0, -1], [0, 0, 0]]))[0].tolist()
    [1.0, 1.0, 0.5]
    """
    together = np.zeros((found.shape[1], found.shape[1]))
    for of_draw in found:
        together += (of_draw[:, None] == of_draw) & (of_draw >= 0)
    np.fill_diagonal(together, len(found))
    return together / len(found)


def typical_communities(found: IndexArray, together: FloatArray) -> IndexArray:
    """Return the communities of the draw that is nearest to what all draws say of pairs, shape (nodes,)."""
    distances = [
        np.abs(((of_draw[:, None] == of_draw) & (of_draw >= 0)) - together).sum()
        for of_draw in found
    ]
    return np.asarray(found[int(np.argmin(distances))])


def own_stability(communities: IndexArray, together: FloatArray) -> list[float]:
    """Return how often each node is with the others of its community, on average; NaN without one."""
    shares = []
    for node, community in enumerate(communities.tolist()):
        others = [
            other
            for other in np.flatnonzero(communities == community).tolist()
            if other != node and community >= 0
        ]
        shares.append(float(together[node, others].mean()) if others else np.nan)
    return shares


def names_of(numbers: Sequence[str]) -> dict[str, int]:
    """Return the number of every name, in alphabetical order."""
    return {name: number for number, name in enumerate(sorted(set(numbers)))}
