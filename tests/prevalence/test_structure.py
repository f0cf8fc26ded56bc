"""Balance, projections and communities, against counting by hand and networkx."""

from itertools import combinations

import networkx
import numpy as np
import pytest

from stancekit.prevalence.structure import (
    Ties,
    are_evident,
    count_communities,
    find_balance,
    find_communities,
    merge_directions,
    own_stability,
    project,
    share_together,
    typical_communities,
)


@pytest.fixture
def ties():
    random = np.random.default_rng(3)
    pairs = np.array([pair for pair in combinations(range(9), 2) if random.random() < 0.6])
    return Ties(9, pairs, random.uniform(-1, 1, (4, len(pairs))))


def by_hand(ties, draw, *, weighted):
    values = {
        frozenset(pair): value
        for pair, value in zip(ties.ends.tolist(), ties.values[draw], strict=True)
    }
    balanced = total = 0.0
    for triple in combinations(range(ties.n_nodes), 3):
        sides = [frozenset(pair) for pair in combinations(triple, 2)]
        if all(side in values for side in sides):
            product = np.prod([values[side] for side in sides])
            total += abs(product) if weighted else 1
            balanced += (abs(product) if weighted else 1) * (product > 0)
    return balanced / total


@pytest.mark.parametrize("weighted", [False, True])
def test_balance_is_that_of_all_triangles(ties, weighted):
    found = find_balance(ties, weighted=weighted)
    assert found == pytest.approx([by_hand(ties, draw, weighted=weighted) for draw in range(4)])


def test_without_a_triangle_there_is_no_balance():
    path = Ties(3, np.array([[0, 1], [1, 2]]), np.ones((2, 2)))
    assert np.isnan(find_balance(path, weighted=False)).all()


def test_a_projection_is_that_of_all_targets():
    random = np.random.default_rng(1)
    ends = np.array([(i, j) for i in range(5) for j in range(6) if random.random() < 0.7])
    net = random.uniform(-1, 1, (3, len(ends)))
    found = project(ends, net)
    pairs = {tuple(pair): at for at, pair in enumerate(found.ends.tolist())}
    for draw in range(3):
        side = {
            tuple(edge): np.sign(value)
            for edge, value in zip(ends.tolist(), net[draw], strict=True)
        }
        for one, other in combinations(range(5), 2):
            shared = [j for j in range(6) if (one, j) in side and (other, j) in side]
            at = pairs.get((one, other))
            assert (at is not None) == bool(shared)
            if shared:
                same = np.mean([side[one, j] == side[other, j] for j in shared])
                assert found.shared[at] == len(shared)
                assert found.congruence[draw, at] == pytest.approx(same)
                assert found.conflict[draw, at] == pytest.approx(1 - same)


def test_directions_count_by_their_rows():
    ends = np.array([[2, 0], [0, 1], [0, 2]])
    shares = np.array([[[0.8, 0.0], [0.0, 1.0], [0.0, 0.4]]])
    found = merge_directions(ends, shares, np.array([1.0, 5.0, 3.0]), 3)
    assert found.ends.tolist() == [[0, 1], [0, 2]]
    assert found.values.tolist() == [pytest.approx([-1.0, (0.8 - 3 * 0.4) / 4])]
    assert merge_directions(ends[:0], shares[:, :0], np.zeros(0), 3).values.shape == (1, 0)


def test_ties_are_evident_whose_interval_leaves_out_zero():
    values = np.column_stack([np.linspace(-0.1, 1, 101), np.linspace(-0.01, 1, 101), -np.ones(101)])
    assert are_evident(values, 0.95).tolist() == [False, True, True]
    assert are_evident(values, 0.8).tolist() == [True, True, True]


def test_communities_are_those_that_networkx_finds_in_every_draw(ties):
    found = find_communities(ties, random_state=4)
    for draw, communities in enumerate(found):
        graph = networkx.from_numpy_array(np.maximum(ties.matrix(draw), 0))
        parts = networkx.community.louvain_communities(graph, seed=4)
        several = {frozenset(part) for part in parts if len(part) > 1}
        members = range(communities.max() + 1)
        assert several == {
            frozenset(np.flatnonzero(communities == one).tolist()) for one in members
        }
    assert count_communities(found).tolist() == [one.max() + 1 for one in found]


def test_nodes_are_together_in_a_share_of_draws():
    found = np.array([[0, 0, 1, 1, -1], [0, 0, 0, -1, -1], [0, 0, 1, 1, -1]])
    together = share_together(found)
    assert together[0, 1] == 1 and together[0, 2] == together[2, 0] == pytest.approx(1 / 3)
    assert together[2, 3] == pytest.approx(2 / 3) and together[4].tolist() == [0, 0, 0, 0, 1]
    typical = typical_communities(found, together)
    assert typical.tolist() == [0, 0, 1, 1, -1]
    stability = own_stability(typical, together)
    assert stability[:4] == pytest.approx([1, 1, 2 / 3, 2 / 3]) and np.isnan(stability[4])
