"""A network as files that other programs read: read back, and the same on every call."""

import csv
import io

import networkx
import pandas as pd
import pytest
from made_networks import annotate, made_network

from stancekit.commands.network import network
from stancekit.reporting.network_files import DNA_COLUMNS
from stancekit.reporting.network_layout import HEIGHT, MOST_DRAWN, WIDTH, place_edges, place_nodes

EVIL = "<script>document.title='broken'</script>;\x07"


@pytest.fixture(scope="module")
def made():
    rows, gold = made_network(articles=90)
    for row in rows:
        if row["actor"] == "Dorne":
            row["actor"] = f"Dorne {EVIL}"
        if row["target"] == "Dorne":
            row["target"] = f"Dorne {EVIL}"
    return rows, gold


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    rows, gold = made
    folder = tmp_path_factory.mktemp("network")
    sample = pd.DataFrame(annotate(rows, gold, 200))
    found = network(pd.DataFrame(rows), gold=sample, slices="year", output=folder)
    return found, folder


def test_all_files_are_there(written):
    _, folder = written
    names = ["dna.csv", "edges.csv", "network.gexf", "network.graphml", "network.html"]
    names += ["network.png", "network.svg", "nodes.csv", "pairs.csv", "statistics.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / "network.png").read_bytes().startswith(b"\x89PNG")
    edges = pd.read_csv(folder / "edges.csv")
    assert set(edges["year"].dropna()) == {2019, 2020, 2021} and edges["year"].isna().sum() == 30


def test_graphml_has_every_edge_with_its_numbers(written):
    found, folder = written
    graph = networkx.read_graphml(folder / "network.graphml")
    assert graph.is_directed() and len(graph) == 6 and graph.number_of_edges() == len(found.whole)
    for edge in found.whole:
        if "Dorne" in edge.source + edge.target:
            continue
        facts = graph.edges[edge.source, edge.target]
        assert facts["sign"] == edge.sign and facts["rows"] == edge.n
        limits = (facts["net"], facts["net_low"], facts["net_high"])
        assert limits == pytest.approx(edge.net) and facts["counted_net"] == pytest.approx(
            edge.counted
        )
    assert graph.nodes["Avaria"]["kind"] == "both" and graph.nodes["Avaria"]["community"] >= 1
    # What no XML can hold is escaped.
    assert any("\\x07" in name for name in graph)


def test_gexf_changes_over_time(written):
    found, folder = written
    text = (folder / "network.gexf").read_text()
    assert 'mode="dynamic"' in text and "lastmodifieddate" not in text
    graph = networkx.read_gexf(folder / "network.gexf")
    edge = next(one for one in found.edges if one.period == "2020" and one.source == "Avaria")
    spells = graph.edges[edge.source, edge.target]["net_by_period"]
    [value] = [spell[0] for spell in spells if spell[1:] == ("2020-01-01", "2020-12-31")]
    assert value == pytest.approx(edge.net[0])


def test_the_event_list_has_the_rows_with_a_side(made, written):
    rows, gold = made
    _, folder = written
    text = (folder / "dna.csv").read_text()
    table = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert tuple(table[0]) == DNA_COLUMNS
    known = {row["id"] for row in annotate(rows, gold, 200)}
    codes = [gold[row["id"]] if row["id"] in known else row["view"] for row in rows]
    sided = [
        (row, code) for row, code in zip(rows, codes, strict=True) if code in ("for", "against")
    ]
    assert len(table) == len(sided)
    for line, (row, code) in zip(table, sided, strict=True):
        assert line["agreement"] == str(int(code == "for"))
        assert line["time"] == f"{row['date']} 00:00:00"
        assert line["organization"][:5] == row["actor"][:5] and ";" not in line["organization"]
        assert int(line["start_position"]) == row["start"]


def test_the_page_runs_nothing_and_asks_for_nothing(written):
    _, folder = written
    page = (folder / "network.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http:" not in page and "https:" not in page
    assert page.count('type="radio"') == 4


def test_nodes_are_inside_and_do_not_cover_each_other(written):
    found, _ = written
    nodes = place_nodes(found)
    assert [(one.x, one.y) for one in nodes] == [(one.x, one.y) for one in place_nodes(found)]
    assert len(nodes) == 6 <= MOST_DRAWN
    assert all(0 < one.x < WIDTH and 0 < one.y < HEIGHT for one in nodes)
    for at, one in enumerate(nodes):
        for other in nodes[:at]:
            assert abs(one.x - other.x) > 25 or abs(one.y - other.y) > 35
    edges = place_edges(found.whole, nodes, min_rows=5)
    signs = [placed.edge.sign in ("uncertain", "neutral") for placed in edges]
    assert len(edges) == 30 and signs == sorted(signs, reverse=True)
    widths = [(placed.edge.n, placed.width) for placed in edges if placed.edge.sign == "positive"]
    assert [width for _, width in sorted(widths)] == sorted(width for _, width in widths)
