"""Edges with signs: on made labels of our own, with a known truth."""

import numpy as np
import pandas as pd
import pytest
from made_networks import annotate, made_network, true_net

from stancekit.commands.estimate import estimate
from stancekit.commands.network import network
from stancekit.errors import KitError
from stancekit.prevalence.edges import edge_sign
from stancekit.prevalence.poles import find_poles


@pytest.fixture(scope="module")
def made():
    rows, gold = made_network()
    return rows, gold, pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found(made):
    rows, gold, labels = made
    return network(labels, gold=pd.DataFrame(annotate(rows, gold, 250)), slices="year")


def test_an_edge_that_counting_turns_round(made, found):
    rows, gold, _ = made
    [edge] = found.differing
    assert (edge.source, edge.target, edge.sign) == ("Florin", "Belmont", "positive")
    assert (
        edge.counted < -0.2
        and edge.net[1] <= true_net(rows, gold, "Florin", "Belmont") <= edge.net[2]
    )


def test_intervals_have_the_truth_in_them_and_signs_are_right(made, found):
    rows, gold, _ = made
    truth = [true_net(rows, gold, edge.source, edge.target) for edge in found.whole]
    inside = [
        edge.net[1] <= true <= edge.net[2] for edge, true in zip(found.whole, truth, strict=True)
    ]
    assert np.mean(inside) >= 0.9 and len(inside) == 30
    signed = [
        (edge, true)
        for edge, true in zip(found.whole, truth, strict=True)
        if edge.sign in ("positive", "negative")
    ]
    assert len(signed) > 20 and all(
        (edge.sign == "positive") == (true > 0) for edge, true in signed
    )


def test_shares_net_and_rows_fit_each_other(made, found):
    rows, _, _ = made
    for edge in found.edges:
        assert edge.net[0] == pytest.approx(edge.positive[0] - edge.negative[0])
        assert all(
            low <= value <= high for value, low, high in (edge.net, edge.positive, edge.negative)
        )
    assert sum(edge.n for edge in found.whole) == len(rows)
    for edge in found.whole:
        parts = [
            one
            for one in found.edges
            if one.period and (one.source, one.target) == (edge.source, edge.target)
        ]
        assert sum(one.n for one in parts) == edge.n
        assert sum(one.n_annotated for one in parts) == edge.n_annotated
        assert sum(one.n * one.net[0] for one in parts) == pytest.approx(edge.n * edge.net[0])
    assert found.periods == ["2019", "2020", "2021"]


def test_structure_of_two_camps(found):
    communities = {node.name: node.community for node in found.nodes}
    camps = {frozenset(name for name in communities if communities[name] == one) for one in (1, 2)}
    assert camps == {
        frozenset({"Avaria", "Corvia", "Elbonia"}),
        frozenset({"Belmont", "Dorne", "Florin"}),
    }
    numbers = {one.name: one.estimate for one in found.statistics}
    assert (
        numbers["balance"] == (1, 1, 1) and numbers["communities"] == (2, 2, 2) and found.one_mode
    )
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    assert (
        pairs["Avaria", "Corvia"].agreement[0]
        > 0.9
        > -0.9
        > pairs["Avaria", "Belmont"].agreement[0]
    )
    assert pairs["Avaria", "Corvia"].together == 1


def test_targets_of_another_kind_make_a_network_of_two_modes():
    rows, gold = made_network(targets=("tax", "war", "tree", "road"))
    found = network(pd.DataFrame(rows), gold=pd.DataFrame(annotate(rows, gold, 250)))
    assert not found.one_mode and {node.kind for node in found.nodes} == {"source", "target"}
    assert all(not node.community for node in found.nodes if node.kind == "target")
    pairs = {(pair.first, pair.second): pair.agreement for pair in found.pairs}
    assert pairs["Avaria", "Corvia"][1] > 0 > pairs["Avaria", "Belmont"][2]


def test_by_their_own_rows_edges_are_what_estimate_says(made):
    rows, gold, labels = made
    sample = pd.DataFrame(annotate(rows, gold, 600))
    own = network(labels, gold=sample, pool="none")
    shares = estimate(labels, gold=sample, by=["actor", "target"]).shares
    of = {(*share.cell, share.code): share for share in shares}
    known = [edge for edge in own.whole if edge.net]
    assert 5 < len(known) < len(own.whole) and any(
        "too few annotated" in note for note in own.notes
    )
    for edge in own.whole:
        share = of[edge.source, edge.target, "for"].estimate
        assert (edge.positive is None) == (share is None)
        if share:
            # The weight of the scores is tuned for three codes in place of four.
            assert edge.positive[0] == pytest.approx(share[0], abs=0.03)
            assert edge.positive[2] - edge.positive[1] == pytest.approx(
                share[2] - share[1], abs=0.1
            )


def test_what_is_annotated_in_full_is_known(made):
    rows, gold, labels = made
    full = [{"id": row["id"], "view": gold[row["id"]]} for row in rows]
    for pool in ("shrunk", "none"):
        for edge in network(labels, gold=pd.DataFrame(full), pool=pool).whole:
            true = true_net(rows, gold, edge.source, edge.target)
            assert edge.net == pytest.approx((true, true, true))


def test_edges_that_may_not_differ_have_narrower_intervals_and_larger_errors(made, found):
    rows, gold, labels = made
    alike = network(labels, gold=pd.DataFrame(annotate(rows, gold, 250)), pool="all")
    true = [true_net(rows, gold, edge.source, edge.target) for edge in alike.whole]
    error = {
        name: np.mean(
            [abs(edge.net[0] - value) for edge, value in zip(one.whole, true, strict=True)]
        )
        for name, one in (("all", alike), ("shrunk", found))
    }
    width = {
        name: np.mean([edge.net[2] - edge.net[1] for edge in one.whole])
        for name, one in (("all", alike), ("shrunk", found))
    }
    assert error["shrunk"] < error["all"] and width["all"] < width["shrunk"]


@pytest.mark.parametrize(
    ("positive", "negative", "net", "sign"),
    [
        ((0.5, 0.3, 0.7), (0.1, 0, 0.2), (0.4, 0.2, 0.6), "positive"),
        ((0.1, 0, 0.2), (0.5, 0.3, 0.7), (-0.4, -0.6, -0.2), "negative"),
        ((0.5, 0.3, 0.7), (0.4, 0.2, 0.6), (0.1, -0.2, 0.4), "ambivalent"),
        ((0.02, 0, 0.08), (0.02, 0, 0.1), (0, -0.1, 0.1), "neutral"),
        ((0.3, 0, 0.7), (0.2, 0, 0.6), (0.1, -0.5, 0.6), "uncertain"),
    ],
)
def test_a_sign_needs_evidence(positive, negative, net, sign):
    assert edge_sign(positive, negative, net) == sign


def test_codes_for_and_against_are_the_halves_of_the_scale():
    five = ("hates", "dislikes", "shrugs", "likes", "loves")
    found = find_poles([*five, "none"], five, codebook="mood")
    assert found.negative == ("hates", "dislikes") and found.positive == ("likes", "loves")
    named = find_poles([*five], five, codebook="mood", positive=["loves"], negative=["hates"])
    assert (named.positive, named.negative) == (("loves",), ("hates",))


@pytest.mark.parametrize(
    ("scale", "given", "message"),
    [
        ((), {}, r"has: cold, warm; which of them are for.*it has no scale.*positive=\[CODE\]"),
        ((), {"positive": ["warm"]}, "only one of them is named"),
        (
            (),
            {"positive": ["warm"], "negative": ["hot"]},
            "unknown codes in positive= or negative=: hot",
        ),
        ((), {"positive": ["warm"], "negative": ["warm", "cold"]}, "warm is both in positive= and"),
        (("hot", "warm"), {}, "the labels lack one end"),
    ],
)
def test_codes_that_are_not_known_are_asked_for(scale, given, message):
    with pytest.raises(KitError, match=message):
        find_poles(["cold", "warm"], scale, codebook="tone", **given)


def test_several_codes_of_a_row_may_be_on_both_sides():
    """Where rows have several codes, one of each side is neither for nor against."""
    codes = [["warm"], ["warm", "cold"], [], ["cold"]] * 30
    labels = pd.DataFrame(
        {"id": range(120), "article": range(120), "actor": "Ana", "target": "Ben"}
    )
    labels["tone"] = codes
    labels["tone_scores"] = [
        {code: 0.9 if code in of else 0.1 for code in ("cold", "warm")} for of in codes
    ]
    gold = pd.DataFrame({"id": range(120), "tone": ["; ".join(of) or "-" for of in codes]})
    [edge] = network(labels, gold=gold, positive="warm", negative="cold").whole
    assert (
        edge.positive[0] == edge.negative[0] == 0.25 == edge.counted_positive and edge.net[0] == 0
    )
