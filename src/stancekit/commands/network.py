"""`stancekit network`: who is for and against whom, with intervals, from labels and annotated rows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancekit.corpus.outputs import write_result
from stancekit.errors import KitError, printable
from stancekit.fileio import frame_to_csv
from stancekit.formatting import format_number, frame_table, table
from stancekit.labelling.gold import match_gold
from stancekit.labelling.label_files import list_tables
from stancekit.labelling.labels import Labels
from stancekit.labelling.population import NO_VALUE, Population, read_population
from stancekit.prevalence.network import NetworkSettings, SignedNetwork
from stancekit.prevalence.network_making import make_network
from stancekit.prevalence.poles import find_poles
from stancekit.prevalence.units import PERIODS
from stancekit.reporting.network import format_statistic, network_figure, network_page
from stancekit.reporting.network_files import dna_text, gexf_text, graphml_text
from stancekit.text.targets import name_key
from stancekit.types import as_list
from stancekit.views import DataFrame, TableView


def network(  # noqa: PLR0913  # one argument per key of configs/network.yaml
    labels: str | Path | Labels | DataFrame,
    *,
    gold: str | Path | Sequence[str | Path] | TableView | DataFrame,
    codebook: str | None = None,
    by: Sequence[str] = ("actor", "target"),
    positive: str | Sequence[str] = (),
    negative: str | Sequence[str] = (),
    pool: str = "shrunk",
    level: float = 0.95,
    min_rows: int = 5,
    slices: str | None = None,
    suggested: bool = False,
    date_format: str | None = None,
    output: str | Path | None = None,
    random_state: int = 0,
    verbose: bool = False,
) -> SignedNetwork:
    """Estimate who is for and who against whom or what, with communities and balance, beside what counting says.

    Parameters
    ----------
    labels, suggested, date_format
        As of `stancekit estimate`.
    gold
        As of `stancekit estimate`; at least 20 annotated rows in 8 articles, and 200 to say much.
    codebook
        The codebook whose codes are for or against; by default the only one of the labels.
    by
        The two columns whose values are the nodes: who, and towards whom or what.
    positive, negative
        The codes that are for and those that are against; by default the upper and the lower half
        of the codebook's scale.
    pool
        What edges share, as hardly any has 20 annotated rows. `shrunk`: scores are worth about the
        same in all, and each edge may differ by as much as annotated rows show. `all`: they are worth
        exactly the same. `none`: each edge by its own annotated rows, as `estimate` does.
    level
        The level of the intervals, and of the evidence that an edge's sign takes.
    min_rows
        Pairs with fewer rows are no edges.
    slices
        `year` or `month`: the edges of each are estimated too, and the page has a slider.
    output
        A folder for `network.html`, `network.svg` and `.png`, `edges.csv`, `nodes.csv`, `pairs.csv`,
        `statistics.csv`, `network.graphml` and `.gexf`, and `dna.csv`.
    random_state
        The seed of the draws.
    verbose
        Whether the tables are printed.

    Returns
    -------
    SignedNetwork
        Edges with shares, intervals and signs as `to_frame()`; also `nodes_frame()`,
        `pairs_frame()` and `statistics_frame()`.

    Raises
    ------
    KitError
        When labels or gold cannot be read or do not fit each other, codes for and against are not
        known, or too few rows have two nodes and are annotated.
    MissingExtra
        When networkx is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> labels = pd.DataFrame({"id": range(120), "article": range(120)})
    >>> labels["actor"], labels["target"] = ["Ana", "Ben", "Cem"] * 40, ["Ben", "Cem", "Ana"] * 40
    >>> labels["tone"] = ["warm", "cold", "warm"] * 40
    >>> labels["tone_scores"] = [{code: 0.9 if code == tone else 0.1 for code in ("warm", "cold")}
    ...     for tone in labels["tone"]]
    >>> found = network(labels, gold=labels[["id", "tone"]].head(60), positive="warm", negative="cold")
    >>> found.to_frame()[["actor", "target", "sign"]]
      actor target      sign
    0   Ana    Ben  positive
    1   Ben    Cem  negative
    2   Cem    Ana  positive
    """
    by = as_list(by)
    _check_nodes(by, slices)
    fields = [*by, *([slices] if slices else [])]
    population = read_population(labels, codebook=codebook, by=fields, date_format=date_format)
    poles = find_poles(
        population.codes,
        population.codebook.scale,
        codebook=population.codebook.name,
        positive=as_list(positive),
        negative=as_list(negative),
    )
    units, notes = match_gold(population, list_tables(gold), suggested=suggested)
    columns, joined = _node_columns(population, by)
    settings = NetworkSettings(population.codebook.name, poles, pool, level, min_rows, random_state)
    found = make_network(
        units,
        columns,
        population.codes,
        settings=settings,
        notes=[*population.labels.notes, *notes, *joined],
    )
    if output is not None:
        statements = dna_text(
            population, units, poles, nodes=[columns[name] for name in by], date_format=date_format
        )
        _write_network(Path(output), found, statements)
    if verbose:
        _print_network(found, output)
    return found


def _check_nodes(by: Sequence[str], slices: str | None) -> None:
    if len(by) != 2 or by[0] == by[1]:
        raise KitError(
            f"by has {', '.join(by) or 'nothing'}; an edge has two columns, who and towards whom or "
            "what. Set by=[actor,target]"
        )
    if slices is not None and slices not in PERIODS:
        raise KitError(
            f"unknown slices={slices!r}; there are: {', '.join(PERIODS)}. Set slices=year, or leave it out"
        )


def _node_columns(
    population: Population, by: Sequence[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the columns of nodes and periods, empty where a row has no value, and what to know of them.

    Names that differ in letter case, blanks or an article alone are one node, by the commonest of them.
    """
    columns = {
        name: ["" if value == NO_VALUE else value for value in values]
        for name, values in population.columns.items()
    }
    counts = Counter(value for name in by for value in columns[name] if value)
    shown: dict[str, str] = {}
    for value in sorted(counts, key=lambda value: (-counts[value], value)):
        shown.setdefault(name_key(value) or value, value)
    node = {value: shown[name_key(value) or value] for value in counts} | {"": ""}
    for name in by:
        columns[name] = [node[value] for value in columns[name]]
    others = {value: one for value, one in node.items() if value != one}
    notes = [
        f"{len(others)} spellings that differ in case, blanks or an article alone are taken for the commonest, as "
        f"{value!r} for {one!r}"
        for value, one in list(others.items())[:1]
    ]
    return columns, notes


def _write_network(folder: Path, found: SignedNetwork, statements: str) -> None:
    drawing, picture = network_figure(found)
    files: dict[str, str | bytes] = {
        "edges.csv": frame_to_csv(found.to_frame()),
        "nodes.csv": frame_to_csv(found.nodes_frame()),
        "pairs.csv": frame_to_csv(found.pairs_frame()),
        "statistics.csv": frame_to_csv(found.statistics_frame()),
        "dna.csv": statements,
        "network.graphml": graphml_text(found),
        "network.gexf": gexf_text(found),
        "network.svg": drawing,
        "network.png": picture,
        "network.html": network_page(found),
    }
    write_result(folder, "network.html", files)


def _print_network(found: SignedNetwork, output: str | Path | None) -> None:
    statistics = [
        (one.name, format_statistic(one.estimate), format_number(one.counted))
        for one in found.statistics
    ]
    lines = [
        found.caption,
        frame_table(found.view_frame()),
        table(["statistic", "estimate", "counted"], statistics),
        *(f"note: {note}" for note in found.notes),
    ]
    where = (
        f"{Path(output) / 'network.html'}, with tables, graphs and figures beside it"
        if output
        else "printed above; output=FOLDER writes a page, tables, graphs and figures"
    )
    lines.append(f"network of {len(found.whole)} edges: {where}")
    print(printable("\n\n".join(lines), keep="\n"))
