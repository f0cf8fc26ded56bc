"""`stancekit network`: what it prints and writes, and what it says of labels and gold that give no network."""

import re

import pandas as pd
import pytest
from made_networks import annotate, made_network

from stancekit.commands.network import network
from stancekit.errors import KitError, MissingExtra


@pytest.fixture(scope="module")
def made():
    rows, gold = made_network(articles=40)
    return pd.DataFrame(rows), pd.DataFrame(annotate(rows, gold, 120))


def test_it_says_what_is_known_and_what_counting_would_say(made, capsys):
    labels, gold = made
    found = network(labels, gold=gold, verbose=True)
    told = capsys.readouterr().out
    assert re.search(r"Network of view, actor to target: \d+ edges between 6 nodes at 95 %: ", told)
    assert "| actor | target | rows | annotated | sign | net % |" in told and "| balance |" in told
    assert told.splitlines()[-1].startswith(f"network of {len(found.whole)} edges: printed above")
    assert found.caption in repr(found)


def test_a_lower_level_takes_less_evidence(made):
    labels, gold = made
    signed = [
        sum(
            edge.sign in ("positive", "negative")
            for edge in network(labels, gold=gold, level=level).whole
        )
        for level in (0.5, 0.99)
    ]
    assert signed[0] > signed[1]


def test_pairs_with_few_rows_and_loops_are_told(made):
    labels, gold = made
    changed = labels.copy()
    changed.loc[changed["actor"] == "Dorne", "actor"] = changed["target"]
    changed.loc[:4, "target"] = None
    found = network(changed, gold=gold, min_rows=12)
    notes = " ".join(found.notes)
    assert re.search(r"\d+ rows have the same node twice and are in no edge", notes)
    assert "5 rows lack a node and are in no edge" in notes
    assert f"{found.left_out} pairs have fewer than 12 rows" in notes and found.left_out > 0
    assert all(edge.n >= 12 and edge.source != edge.target for edge in found.whole)


def test_a_single_actor_has_edges_and_no_structure(made):
    labels, gold = made
    one = labels.assign(actor="The House", target=labels["target"])
    found = network(one, gold=gold)
    assert len(found.whole) == 6 and not found.one_mode and found.pairs == []
    assert [statistic.estimate for statistic in found.statistics] == [None, None, None]
    assert found.pairs_frame().empty and found.nodes_frame()["community"].isna().all()


def test_without_evidence_there_is_an_edge_and_no_number(made):
    labels, gold = made
    found = network(labels, gold=gold.sample(30, random_state=0), pool="none")
    assert all(edge.net is None and edge.sign == "uncertain" for edge in found.whole)
    assert (
        found.to_frame()["net"].isna().all() and "edges have too few annotated" in found.notes[-2]
    )
    assert found.notes[-1].startswith("no edge has a sign at this level")
    assert [statistic.estimate for statistic in found.statistics] == [None, None, None]


@pytest.mark.parametrize(
    ("changes", "given", "message"),
    [
        ({"target": None}, {}, r"labels have no column target; by names some of"),
        ({}, {"by": ["speaker", "target"]}, r"labels have no column speaker"),
        ({}, {"by": ["actor"]}, r"by has actor; an edge has two columns.*Set by=\[actor,target\]"),
        (
            {"target": "Avaria", "actor": "Avaria"},
            {},
            "no row has two different nodes in actor and",
        ),
        ({}, {"min_rows": 500}, r"no pair of nodes has 500 rows; the largest number is \d+"),
        ({}, {"min_rows": 0}, "min_rows is 0"),
        ({}, {"level": 95}, "level is 95; it is between 0 and 1"),
        (
            {},
            {"pool": "some"},
            r"unknown pool='some'; there are: shrunk, all, none. Set pool=shrunk",
        ),
        ({}, {"slices": "week"}, "unknown slices='week'; there are: year, month"),
        (
            {},
            {"positive": "yes", "negative": "against"},
            "unknown codes in positive= or negative=: yes",
        ),
    ],
)
def test_what_gives_no_network_is_one_clear_error(made, changes, given, message):
    labels, gold = made
    with pytest.raises(KitError, match=message):
        network(labels.assign(**changes), gold=gold, **given)


def test_too_few_annotated_rows_and_articles_are_told(made):
    labels, gold = made
    with pytest.raises(
        KitError, match=r"12 annotated rows in \d+ articles have two nodes; a network takes at"
    ):
        network(labels, gold=gold.head(12))
    with pytest.raises(KitError, match=r"annotated rows in 1 articles have two nodes"):
        network(labels.assign(article="one"), gold=gold)
    lost = gold.assign(id="x" + gold["id"])
    with pytest.raises(KitError, match="120 ids that are not in the labels"):
        network(labels, gold=lost)


def test_a_codebook_without_a_scale_needs_its_codes_named(made):
    labels, gold = made
    plain = labels.drop(columns=["codebooks", "format", "extent"])
    with pytest.raises(KitError, match=r"it has no scale\. Name both, as positive=\[CODE\]"):
        network(plain, gold=gold)
    assert network(plain, gold=gold, positive="for", negative="against").whole


def test_the_install_line_is_named_where_networkx_is_missing(made, monkeypatch):
    labels, gold = made
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(MissingExtra, match=r"pip install 'stancekit\[network\]'"):
        network(labels, gold=gold)


def test_spellings_of_one_name_are_one_node(made):
    labels, gold = made
    plain = network(labels, gold=gold)
    odd = labels.copy()
    odd.loc[::2, "actor"] = odd.loc[::2, "actor"].str.upper()
    odd.loc[1::3, "target"] = " " + odd.loc[1::3, "target"] + "  "
    found = network(odd, gold=gold)
    assert [(edge.source, edge.target, edge.n) for edge in found.whole] == [
        (edge.source, edge.target, edge.n) for edge in plain.whole
    ]
    assert any(
        "spellings that differ in case, blanks or an article" in note for note in found.notes
    )
    assert not any("spellings" in note for note in plain.notes)


def test_rows_without_a_date_are_in_no_slice_and_that_is_told(made):
    labels, gold = made
    dated = labels.assign(
        date=["2019-05-01", "2020-05-01", ""] * (len(labels) // 3) + [""] * (len(labels) % 3)
    )
    found = network(dated, gold=gold, slices="year")
    rows = int((dated["date"] == "").sum())
    assert any(
        note.startswith(f"{rows} rows have no date and are in no slice") for note in found.notes
    )
