"""The edges of a network: who is for or against whom, with intervals, from few annotated rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.errors import KitError
from stancekit.prevalence.estimators import (
    MIN_ANNOTATED,
    MIN_UNITS,
    NO_VARIANCE,
    Domain,
    SampledUnits,
    estimate_domain,
    share_interval,
    student_quantile,
)
from stancekit.prevalence.imputation import draw_tallies
from stancekit.prevalence.shares import ShareEstimate
from stancekit.prevalence.signed_rows import SignedRows
from stancekit.types import FloatArray, IndexArray

# What edges share: each has an error of its own, which is drawn towards that of all; all have the
# same; or nothing is shared, as in `estimate`.
POOLS = ("shrunk", "all", "none")
SIGNS = ("positive", "negative", "ambivalent", "neutral", "uncertain")
# Shares that are surely above this are both taken, shares surely below it neither.
_NOTABLE = 0.1
CODE_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Edge:
    """What one node says of another.

    Attributes
    ----------
    period
        The slice of time, empty for all of it.
    n, n_articles, n_annotated
        Its rows, their articles, and those of the rows that were annotated.
    counted_positive, counted_negative
        The shares of rows that the model takes for one or the other.
    positive, negative, net
        The shares as estimated, and the first less the second; `None` where there is no estimate.
    sign
        One of `SIGNS`, by the intervals.
    """

    source: str
    target: str
    period: str
    n: int
    n_articles: int
    n_annotated: int
    counted_positive: float
    counted_negative: float
    positive: ShareEstimate | None
    negative: ShareEstimate | None
    net: ShareEstimate | None
    sign: str

    @property
    def counted(self) -> float:
        """Return the counted share of positive rows less that of negative ones."""
        return self.counted_positive - self.counted_negative

    @property
    def counted_sign(self) -> str:
        """Return the sign that counting gives the edge, whatever the evidence."""
        return {1: "positive", -1: "negative", 0: "neutral"}[int(np.sign(round(self.counted, 9)))]


def edge_sign(positive: ShareEstimate, negative: ShareEstimate, net: ShareEstimate) -> str:
    """Return the sign of an edge, as far as its intervals show one.

    Examples
    --------
    >>> edge_sign((0.5, 0.3, 0.7), (0.1, 0, 0.2), (0.4, 0.2, 0.6))
    'positive'
    >>> edge_sign((0.5, 0.3, 0.7), (0.4, 0.2, 0.6), (0.1, -0.2, 0.4))
    'ambivalent'
    """
    _, low, high = net
    if low > 0 or high < 0:
        return "positive" if low > 0 else "negative"
    if min(positive[1], negative[1]) >= _NOTABLE:
        return "ambivalent"
    return "neutral" if max(positive[2], negative[2]) <= _NOTABLE else "uncertain"


@dataclass(frozen=True, slots=True)
class EdgeDraws:
    """The edges of a network, and their shares in many draws.

    Attributes
    ----------
    edges
        Those of all of the time, then those of its periods.
    shares
        Of the first ones for and against in every draw, shape (draws, edges, 2); NaN where there
        is no estimate.
    left_out
        How many pairs of nodes have too few rows.
    """

    edges: list[Edge]
    shares: FloatArray
    left_out: int

    @property
    def whole(self) -> list[Edge]:
        """Return the edges of all of the time."""
        return [edge for edge in self.edges if not edge.period]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What rows are counted in: pairs of nodes, and these in a period.

    Attributes
    ----------
    rows
        The numbers of the rows that have two nodes.
    pair, part
        The number of each such row's pair, and of its pair in its period.
    pairs
        The nodes of each pair.
    pair_of, period_of
        Of each part.
    """

    rows: IndexArray
    pair: IndexArray
    part: IndexArray
    pairs: list[tuple[str, str]]
    pair_of: IndexArray
    period_of: list[str]


def draw_edges(
    signed: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    *,
    pool: str = "shrunk",
    level: float = 0.95,
    min_rows: int = 5,
    random_state: int = 0,
) -> EdgeDraws:
    """Estimate every edge, with as many draws of what annotating all rows might show.

    Parameters
    ----------
    signed
        As `poles.sign_units` returns them.
    columns
        Two columns with the nodes of each row, and maybe a third with its period; a row without
        a value, or with the same node twice, is in no edge.
    pool
        One of `POOLS`.
    level
        That of the intervals.
    min_rows
        Pairs with fewer rows are no edges; their annotated rows are used.

    Raises
    ------
    KitError
        When no rows have two nodes, too few of them are annotated, or no pair has enough rows.
    """
    _check_settings(pool, level, min_rows)
    parts = _find_parts(columns)
    _check_annotated(signed, parts)
    sizes = np.bincount(parts.pair)
    if sizes.max() < min_rows:
        raise KitError(
            f"no pair of nodes has {min_rows} rows; the largest number is {sizes.max()}. Set "
            f"min_rows={sizes.max()} or less, or label more texts"
        )
    if pool == "none":
        drawn = _draw_own(signed, parts, random_state=random_state)
    else:
        drawn = _draw_shared(
            signed, parts, cells_differ=pool == "shrunk", random_state=random_state
        )
    return _collect(signed, parts, drawn, level=level, min_rows=min_rows)


def _check_settings(pool: str, level: float, min_rows: int) -> None:
    if pool not in POOLS:
        raise KitError(f"unknown pool={pool!r}; there are: {', '.join(POOLS)}. Set pool=shrunk")
    if not 0 < level < 1:
        raise KitError(f"level is {level}; it is between 0 and 1, as level=0.95")
    if min_rows < 1:
        raise KitError(f"min_rows is {min_rows}; an edge has at least one row")


def _find_parts(columns: Mapping[str, Sequence[str]]) -> _Parts:
    sources, targets, *rest = columns.values()
    periods = rest[0] if rest else [""] * len(sources)
    rows = [
        row
        for row, (source, target) in enumerate(zip(sources, targets, strict=True))
        if source and target and source != target
    ]
    if not rows:
        names = " and ".join(list(columns)[:2])
        raise KitError(
            f"no row has two different nodes in {names}; set by=[COLUMN,COLUMN] to those that say "
            "who, and towards whom or what"
        )
    keys = [(sources[row], targets[row]) for row in rows]
    pairs = sorted(set(keys))
    number = {pair: at for at, pair in enumerate(pairs)}
    pair = np.array([number[key] for key in keys])
    named, period = np.unique([periods[row] for row in rows], return_inverse=True)
    found, part = np.unique(np.column_stack([pair, period.ravel()]), axis=0, return_inverse=True)
    period_of = [str(named[at]) for at in found[:, 1].tolist()]
    return _Parts(np.array(rows), pair, part.ravel(), pairs, found[:, 0], period_of)


def _check_annotated(signed: SampledUnits, parts: _Parts) -> None:
    annotated = parts.rows[signed.annotated[parts.rows]]
    n_articles = len(np.unique(signed.article[annotated]))
    if len(annotated) < MIN_ANNOTATED or n_articles < MIN_UNITS:
        raise KitError(
            f"{len(annotated)} annotated rows in {n_articles} articles have two nodes; a network "
            f"takes at least {MIN_ANNOTATED} in {MIN_UNITS} articles, and 200 or more to say much. "
            "Annotate more of the sample"
        )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Counts for and against in every draw (draws, ..., 2), and expected ones (..., 2), of pairs and of their parts."""

    pairs: FloatArray
    expected_pairs: FloatArray
    parts: FloatArray
    expected_parts: FloatArray


def _draw_shared(
    signed: SampledUnits, parts: _Parts, *, cells_differ: bool, random_state: int
) -> _Drawn:
    rows = SignedRows(
        signed.scores[parts.rows, :2],
        signed.predicted[parts.rows, :2],
        signed.gold[parts.rows, :2],
        signed.annotated[parts.rows],
        1 / signed.probability[parts.rows],
        parts.pair,
        signed.article[parts.rows],
    )
    tallies = draw_tallies(
        rows, parts.part, draws=CODE_DRAWS, cells_differ=cells_differ, random_state=random_state
    )
    starts = np.flatnonzero(np.r_[True, np.diff(parts.pair_of) > 0])
    return _Drawn(
        np.add.reduceat(tallies.counts, starts, axis=1),
        np.add.reduceat(tallies.expected, starts, axis=0),
        tallies.counts,
        tallies.expected,
    )


def _draw_own(signed: SampledUnits, parts: _Parts, *, random_state: int) -> _Drawn:
    """Draw every pair, and every part, from its own annotated rows alone."""
    random = np.random.default_rng(random_state)
    pairs = _draw_domains(signed, _by_number(parts.rows, parts.pair), random)
    return _Drawn(*pairs, *_draw_domains(signed, _by_number(parts.rows, parts.part), random))


def _draw_domains(
    signed: SampledUnits, groups: Sequence[IndexArray], random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    counts = np.full((CODE_DRAWS, len(groups), 2), np.nan)
    expected = np.full((len(groups), 2), np.nan)
    for number, rows in enumerate(groups):
        mask = np.zeros(len(signed.scores), dtype=bool)
        mask[rows] = True
        domain = estimate_domain(signed, mask)
        if domain.enough:
            expected[number] = domain.n * domain.value[:2]
            counts[:, number] = domain.n * _draw_domain(domain, random)
    return counts, expected


def _draw_domain(domain: Domain, random: np.random.Generator) -> FloatArray:
    """Return draws of the shares of for and against that fill the intervals of `estimate`, shape (draws, 2)."""
    low, high = (ends[:2] for ends in share_interval(domain))
    normal = random.standard_normal((CODE_DRAWS, 2))
    # Where the model makes no error, the shares vary together as those of a plain sample.
    together = domain.influence[:, :2].T @ domain.influence[:, :2]
    if min(np.diag(together)) <= NO_VARIANCE:
        together = np.diag(domain.value[:2]) - np.outer(domain.value[:2], domain.value[:2])
    size = np.sqrt(np.maximum(np.diag(together), NO_VARIANCE))
    shared = float(np.clip(together[0, 1] / size.prod(), -1, 1))
    normal[:, 1] = shared * normal[:, 0] + np.sqrt(1 - shared**2) * normal[:, 1]
    half = (high - low) / 2 / student_quantile(np.inf)
    return np.asarray(np.clip((low + high) / 2 + half * normal, 0, 1))


def _by_number(rows: IndexArray, number: IndexArray) -> list[IndexArray]:
    """Return the rows of every number from 0 on."""
    order = np.argsort(number, kind="stable")
    return np.split(rows[order], np.cumsum(np.bincount(number))[:-1])


def _collect(
    signed: SampledUnits, parts: _Parts, drawn: _Drawn, *, level: float, min_rows: int
) -> EdgeDraws:
    """Return edges of pairs with enough rows, of all of the time and of periods."""
    of_pairs = _by_number(parts.rows, parts.pair)
    kept = [pair for pair, rows in enumerate(of_pairs) if len(rows) >= min_rows]
    edges = [
        _make_edge(
            signed,
            of_pairs[pair],
            (*parts.pairs[pair], ""),
            (drawn.pairs[:, pair], drawn.expected_pairs[pair]),
            level,
        )
        for pair in kept
    ]
    for part, rows in enumerate(_by_number(parts.rows, parts.part)):
        pair, period = int(parts.pair_of[part]), parts.period_of[part]
        if period and len(of_pairs[pair]) >= min_rows:
            names = (*parts.pairs[pair], period)
            counts = drawn.parts[:, part], drawn.expected_parts[part]
            edges.append(_make_edge(signed, rows, names, counts, level))
    sizes = np.array([len(of_pairs[pair]) for pair in kept])
    shares = drawn.pairs[:, kept] / sizes[:, None]
    return EdgeDraws(edges, shares, len(of_pairs) - len(kept))


def _make_edge(
    signed: SampledUnits,
    rows: IndexArray,
    names: tuple[str, str, str],
    counts: tuple[FloatArray, FloatArray],
    level: float,
) -> Edge:
    n = len(rows)
    drawn, value = counts[0] / n, counts[1] / n
    three = [(drawn[:, 0], value[0]), (drawn[:, 1], value[1])]
    three.append((drawn[:, 0] - drawn[:, 1], value[0] - value[1]))
    positive, negative, net = (interval_of(*each, level) for each in three)
    sign = "uncertain"
    if positive and negative and net:
        sign = edge_sign(positive, negative, net)
    counted = signed.predicted[rows].mean(axis=0)
    return Edge(
        *names,
        n,
        len(np.unique(signed.article[rows])),
        int(signed.annotated[rows].sum()),
        float(counted[0]),
        float(counted[1]),
        positive,
        negative,
        net,
        sign,
    )


def interval_of(drawn: FloatArray, value: float, level: float) -> ShareEstimate | None:
    """Return a value with the quantiles of its draws, `None` where it is not known.

    Examples
    --------
    >>> interval_of(np.linspace(0, 1, 101), 0.4, 0.9)
    (0.4, 0.05, 0.95)
    """
    if np.isnan(value):
        return None
    ends = (1 - level) / 2, (1 + level) / 2
    low, high = (round(end, 9) for end in np.nanquantile(drawn, ends).tolist())
    return float(value), min(low, float(value)), max(high, float(value))
