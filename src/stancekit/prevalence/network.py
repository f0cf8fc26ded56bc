"""A signed network: its edges, and what follows from them, each with an interval and beside what counting says."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from stancekit.formatting import format_percent, format_share
from stancekit.prevalence.edges import SIGNS, Edge
from stancekit.prevalence.poles import Poles
from stancekit.prevalence.shares import ShareEstimate
from stancekit.views import DataFrame, TableView

# How columns of an estimate end.
_COLUMN_ENDS = ("", "_low", "_high")


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What a network is made with; see `stancekit network`."""

    codebook: str
    poles: Poles
    pool: str = "shrunk"
    level: float = 0.95
    min_rows: int = 5
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A node: rows it has as source and as target, its community, and how often it is with the others of it.

    `community` counts from 1 and is 0 for none; `stability` is NaN then.
    """

    name: str
    rows_out: int
    rows_in: int
    community: int
    stability: float

    @property
    def kind(self) -> str:
        """Return `source`, `target`, or `both`."""
        if self.rows_out and self.rows_in:
            return "both"
        return "source" if self.rows_out else "target"


@dataclass(frozen=True, slots=True)
class NodePair:
    """Two nodes: how far they agree on the targets they share, and how often they are in one community.

    `agreement` is congruence less conflict. All three are `None` where two share no target.
    """

    first: str
    second: str
    shared: int
    congruence: ShareEstimate | None
    conflict: ShareEstimate | None
    agreement: ShareEstimate | None
    counted: float
    together: float


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number that describes the whole network; `estimate` is `None`, and `counted` NaN, where there is none."""

    name: str
    estimate: ShareEstimate | None
    counted: float


@dataclass(frozen=True, slots=True, repr=False)
class SignedNetwork(TableView):
    """What `stancekit network` returns: edges, nodes, pairs of nodes, and statistics.

    Attributes
    ----------
    by
        The columns of sources and targets, and maybe of periods.
    edges
        Those of all of the time, then those of its periods.
    one_mode
        Whether targets are mostly actors too: then communities and balance are of ties between
        all nodes, otherwise of how far sources agree on targets.
    left_out
        How many pairs have too few rows to be an edge.
    """

    rows_shown: ClassVar[tuple[int, int]] = (60, 40)

    settings: NetworkSettings
    by: tuple[str, ...]
    edges: list[Edge]
    nodes: list[Node]
    pairs: list[NodePair]
    statistics: list[Statistic]
    one_mode: bool
    left_out: int
    notes: list[str]

    @property
    def whole(self) -> list[Edge]:
        """Return the edges of all of the time."""
        return [edge for edge in self.edges if not edge.period]

    @property
    def periods(self) -> list[str]:
        """Return the periods in order."""
        return sorted({edge.period for edge in self.edges} - {""})

    @property
    def differing(self) -> list[Edge]:
        """Return the edges of all of the time to which counting gives another sign than the evidence."""
        return [
            edge
            for edge in self.whole
            if edge.sign in ("positive", "negative") and edge.sign != edge.counted_sign
        ]

    @property
    def caption(self) -> str:
        """Return in one line what the network is of, and how much of it is known."""
        counts = Counter(edge.sign for edge in self.whole)
        signs = ", ".join(f"{counts[sign]} {sign}" for sign in SIGNS if counts[sign])
        source, target = self.by[:2]
        return (
            f"Network of {self.settings.codebook}, {source} to {target}: {len(self.whole)} edges "
            f"between {len(self.nodes)} nodes at {100 * self.settings.level:g} %: {signs}"
        )

    def to_frame(self) -> DataFrame:
        """Return the edges as a pandas DataFrame, a row per edge and period, as proportions."""
        import pandas as pd

        source, target = self.by[:2]
        return pd.DataFrame(
            [
                {
                    source: edge.source,
                    target: edge.target,
                    **({self.by[2]: edge.period} if len(self.by) > 2 else {}),
                    "sign": edge.sign,
                    "rows": edge.n,
                    "articles": edge.n_articles,
                    "annotated": edge.n_annotated,
                    **_limit_columns("net", edge.net),
                    **_limit_columns("positive", edge.positive),
                    **_limit_columns("negative", edge.negative),
                    "counted_net": edge.counted,
                    "counted_positive": edge.counted_positive,
                    "counted_negative": edge.counted_negative,
                }
                for edge in self.edges
            ]
        )

    def view_frame(self) -> DataFrame:
        """Return the edges of all of the time in percent, those of most rows first."""
        import pandas as pd

        source, target = self.by[:2]
        return pd.DataFrame(
            [
                {
                    source: edge.source,
                    target: edge.target,
                    "rows": edge.n,
                    "annotated": edge.n_annotated,
                    "sign": edge.sign,
                    "net %": format_share(edge.net),
                    "positive %": format_share(edge.positive),
                    "negative %": format_share(edge.negative),
                    "counted net %": format_percent(edge.counted),
                }
                for edge in sorted(self.whole, key=lambda one: -one.n)
            ]
        )

    def nodes_frame(self) -> DataFrame:
        """Return the nodes as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "node": node.name,
                    "kind": node.kind,
                    "rows_out": node.rows_out,
                    "rows_in": node.rows_in,
                    "community": node.community or None,
                    "stability": node.stability,
                }
                for node in self.nodes
            ]
        ).astype({"community": "Int64"})

    def pairs_frame(self) -> DataFrame:
        """Return pairs of nodes as a pandas DataFrame, as proportions."""
        import pandas as pd

        columns = [
            *("first", "second", "shared"),
            *(
                f"{name}{end}"
                for name in ("congruence", "conflict", "agreement")
                for end in _COLUMN_ENDS
            ),
            *("counted_agreement", "together"),
        ]
        rows = [
            {
                "first": pair.first,
                "second": pair.second,
                "shared": pair.shared,
                **_limit_columns("congruence", pair.congruence),
                **_limit_columns("conflict", pair.conflict),
                **_limit_columns("agreement", pair.agreement),
                "counted_agreement": pair.counted,
                "together": pair.together,
            }
            for pair in self.pairs
        ]
        return pd.DataFrame(rows, columns=columns)

    def statistics_frame(self) -> DataFrame:
        """Return the statistics as a pandas DataFrame."""
        import pandas as pd

        rows = [
            {
                "statistic": one.name,
                **_limit_columns("estimate", one.estimate),
                "counted": one.counted,
            }
            for one in self.statistics
        ]
        return pd.DataFrame(rows)


def _limit_columns(name: str, estimate: ShareEstimate | None) -> dict[str, float]:
    values = estimate or (np.nan,) * 3
    return {f"{name}{end}": value for end, value in zip(_COLUMN_ENDS, values, strict=True)}
