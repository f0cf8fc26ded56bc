"""A network as other programs read it: GraphML, GEXF, and the event list of Discourse Network Analyzer."""

import csv
import io
import re
from calendar import monthrange
from collections.abc import Sequence
from typing import Any

from stancekit.corpus.dates import read_dates
from stancekit.errors import printable
from stancekit.labelling.population import Population
from stancekit.labelling.row_format import is_blank, row_id
from stancekit.prevalence.edges import Edge
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.network import SignedNetwork
from stancekit.prevalence.poles import Poles, sign_units
from stancekit.prevalence.structure import load_networkx

# The columns of an event list as version 3.0.11 of Discourse Network Analyzer exports it, with the
# variables of its statement type "DNA Statement"; separated by semicolons.
DNA_COLUMNS = (
    "statement_id",
    "time",
    "person",
    "organization",
    "concept",
    "agreement",
    "start_position",
    "stop_position",
    "text",
    "coder",
    "document_id",
    "document_title",
    "document_author",
    "document_source",
    "document_section",
    "document_type",
)


def graphml_text(network: SignedNetwork) -> str:
    """Return the edges of all of the time as GraphML, with nodes and all numbers of the tables.

    Raises
    ------
    MissingExtra
        When networkx is not installed.
    """
    return "\n".join(load_networkx().generate_graphml(_graph(network))) + "\n"


def gexf_text(network: SignedNetwork) -> str:
    """Return the network as GEXF, with the net share of every period where there are periods.

    Raises
    ------
    MissingExtra
        When networkx is not installed.
    """
    graph = _graph(network)
    if network.periods:
        graph.graph["mode"] = "dynamic"
        first, last = _days(network.periods[0])[0], _days(network.periods[-1])[1]
        for _, _, facts in graph.edges(data=True):
            facts |= {"start": first, "end": last}
        for edge in network.edges:
            if edge.period and edge.net:
                facts = graph.edges[printable(edge.source), printable(edge.target)]
                spell = (edge.net[0], *_days(edge.period))
                facts.setdefault("net_by_period", []).append(spell)
    text = "\n".join(load_networkx().generate_gexf(graph)) + "\n"
    # The day of writing would make each file another one.
    return re.sub(r' lastmodifieddate="[^"]*"', "", text)


def _graph(network: SignedNetwork) -> Any:
    graph = load_networkx().DiGraph()
    for node in network.nodes:
        facts = {"kind": node.kind, "rows_out": node.rows_out, "rows_in": node.rows_in}
        if node.community:
            facts |= {"community": node.community, "stability": node.stability}
        graph.add_node(printable(node.name), **facts)
    for edge in network.whole:
        graph.add_edge(printable(edge.source), printable(edge.target), **_facts(edge))
    return graph


def _facts(edge: Edge) -> dict[str, str | int | float]:
    facts: dict[str, str | int | float] = {
        "sign": edge.sign,
        "rows": edge.n,
        "articles": edge.n_articles,
        "annotated": edge.n_annotated,
        "counted_net": edge.counted,
    }
    for name in ("net", "positive", "negative"):
        if estimate := getattr(edge, name):
            ends = (name, f"{name}_low", f"{name}_high")
            facts |= dict(zip(ends, estimate, strict=True))
    return facts


def _days(period: str) -> tuple[str, str]:
    """Return the first and the last day of a year or a month.

    Examples
    --------
    >>> _days("2020"), _days("2020-02")
    (('2020-01-01', '2020-12-31'), ('2020-02-01', '2020-02-29'))
    """
    year, _, month = period.partition("-")
    if not month:
        return f"{year}-01-01", f"{year}-12-31"
    return f"{period}-01", f"{period}-{monthrange(int(year), int(month))[1]}"


def dna_text(
    population: Population,
    units: SampledUnits,
    poles: Poles,
    *,
    nodes: Sequence[Sequence[str]],
    date_format: str | None = None,
) -> str:
    """Return rows that are for or against as the event list of Discourse Network Analyzer.

    Annotated rows have the annotators' code, the others the model's: what is counted from this
    list is the counted network. Who speaks is the organization, of what the concept.

    Parameters
    ----------
    nodes
        Who and of what, for each row; empty where it has none.
    """
    signed = sign_units(units, poles, population.codes)
    given = signed.predicted.copy()
    given[units.annotated] = signed.gold[units.annotated] > 0
    dates = read_dates(
        ((row_id(row), row.get("date")) for row in population.rows),
        where="labels",
        key="date_format",
        format=date_format,
    )
    articles = {name: number for number, name in enumerate(dict.fromkeys(population.articles), 1)}
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(DNA_COLUMNS)
    for row in range(len(population.rows)):
        who, what = nodes[0][row], nodes[1][row]
        if not given[row, :2].any() or not (who and what):
            continue
        fields = population.rows[row]
        writer.writerow(
            [
                row + 1,
                _moment(dates[row]),
                "",
                _dna_cell(who),
                _dna_cell(what),
                int(given[row, 0]),
                _offset(fields.get("start")),
                _offset(fields.get("end")),
                _dna_cell("" if is_blank(fields.get("sentence")) else fields["sentence"]),
                1,
                articles[population.articles[row]],
                _dna_cell(population.articles[row]),
                "",
                "",
                "",
                "",
            ]
        )
    return file.getvalue()


def _moment(date: str) -> str:
    """Return a date as the program writes it, the first moment of it; empty where there is none."""
    return f"{date}{'-01' * (2 - date.count('-'))} 00:00:00" if date else ""


def _offset(value: Any) -> int:
    return 0 if is_blank(value) else int(value)


def _dna_cell(text: object) -> str:
    """Return a text without what the program takes out of its own: semicolons and quotation marks."""
    return printable(text).replace(";", ",").replace('"', "'")
