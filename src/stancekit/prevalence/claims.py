"""Claims about a corpus: the share of every code in every cell, differences between cells, and trends."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from stancekit.errors import KitError, listing
from stancekit.formatting import format_percent, format_share
from stancekit.prevalence.adjusted import adjusted_count
from stancekit.prevalence.change_points import ShareChange, changes_frame
from stancekit.prevalence.contrasts import make_contrasts
from stancekit.prevalence.doubt import MIN_JUDGES
from stancekit.prevalence.estimators import (
    ANNOTATION_ONLY,
    MIN_ANNOTATED,
    MIN_UNITS,
    Domain,
    SampledUnits,
    share_interval,
)
from stancekit.prevalence.measures import Measure, estimate_measure
from stancekit.prevalence.shares import IN_PERCENT, Contrast, Share, ShareEstimate
from stancekit.prevalence.smoothing import Curve, curves_frame
from stancekit.prevalence.trends import cell_times
from stancekit.prevalence.units import (
    PERIODS,
    Cell,
    annotator_notes,
    cell_masks,
    error_notes,
    estimate_cells,
)
from stancekit.types import FloatArray
from stancekit.views import DataFrame, TableView

# What a claim is about: these very texts, or what such texts say.
INFERENCES = ("finite_population", "superpopulation")


def is_finite(inference: str) -> bool:
    """Say whether a claim is about these very texts.

    Raises
    ------
    KitError
        When `inference` is unknown.
    """
    finite, _ = INFERENCES
    if inference not in INFERENCES:
        raise KitError(
            f"unknown inference={inference!r}; there are {' and '.join(INFERENCES)}. Set inference={finite}"
        )
    return inference == finite


@dataclass(frozen=True, slots=True, repr=False)
class Estimates(TableView):
    """What `stancekit estimate` returns: shares, contrasts, and notes on how to read them.

    Examples
    --------
    >>> share = Share(("red",), "condemn", 200, 50, 0.31, (0.25, 0.2, 0.31), (0.26, 0.17, 0.38))
    >>> estimates = Estimates("tone", ("condemn",), "finite_population", ("party",), [share], [], [])
    >>> estimates.to_frame()[["party", "code", "annotated", "estimate", "low", "high"]]
      party     code  annotated  estimate  low  high
    0   red  condemn         50      0.25  0.2  0.31
    >>> estimates.differences().empty
    True
    """

    # Who reads an estimate wants all of a few cells, not the first and last ones.
    rows_shown: ClassVar[tuple[int, int]] = (60, 40)

    codebook: str
    codes: tuple[str, ...]
    inference: str
    by: tuple[str, ...]
    shares: list[Share]
    contrasts: list[Contrast]
    notes: list[str]
    curves: Sequence[Curve] = ()
    changes: Sequence[ShareChange] = ()
    measures: tuple[Measure, ...] = ()

    @property
    def over_time(self) -> bool:
        """Say whether the last field of the cells is a period."""
        return bool(self.by) and self.by[-1] in PERIODS

    @property
    def annotators_doubted(self) -> bool:
        """Say whether intervals count that annotators err."""
        return any(share.from_annotators is not None for share in self.shares)

    @property
    def shrinks(self) -> bool:
        """Say whether there are shrunk shares beside the direct ones."""
        return any(share.shrunk for share in self.shares)

    @property
    def n_cells(self) -> int:
        """Return how many cells there are."""
        return len({share.cell for share in self.shares})

    @property
    def sizes(self) -> tuple[int, int]:
        """Return how many rows there are in all cells, and how many of them are annotated."""
        by_cell = {share.cell: (share.n, share.n_annotated) for share in self.shares}
        return sum(n for n, _ in by_cell.values()), sum(n for _, n in by_cell.values())

    @property
    def needed(self) -> dict[Cell, int]:
        """Return how many more annotated rows each cell without an estimate needs."""
        return {share.cell: share.needed for share in self.shares if share.needed}

    @property
    def caption(self) -> str:
        """Return in one line what was estimated, of how many rows, and about what."""
        n, n_annotated = self.sizes
        by = f" by {' and '.join(self.by)}" if self.by else ""
        scope = "these texts" if is_finite(self.inference) else "what such texts say"
        return (
            f"Shares of {self.codebook}{by} in %, with 95 % intervals about {scope}: "
            f"{n_annotated} of {n} rows annotated"
        )

    def to_frame(self) -> DataFrame:
        """Return the shares as a pandas DataFrame, a row per cell and code, as proportions.

        Each field of the cells is a column; one that is called like another column gets
        `cell_` before its name.
        """
        import pandas as pd

        alone = ANNOTATION_ONLY.replace(" ", "_")
        rows = [
            {
                "code": share.code,
                "rows": share.n,
                "annotated": share.n_annotated,
                "counted": share.counted,
                "adjusted": share.adjusted,
                **_columns_of(share.estimate, ("estimate", "low", "high")),
                **_columns_of(share.gold_only, (alone, f"{alone}_low", f"{alone}_high")),
                "needed": share.needed,
                "from_annotators": share.from_annotators,
                **_columns_of(share.shrunk, ("shrunk", "shrunk_low", "shrunk_high")),
            }
            for share in self.shares
        ]
        table = pd.DataFrame(rows)
        if not self.annotators_doubted:
            del table["from_annotators"]
        if not self.shrinks:
            table = table.drop(columns=["shrunk", "shrunk_low", "shrunk_high"])
        for place, field in enumerate(self.by):
            name = f"cell_{field}" if field in rows[0] else field
            table.insert(place, name, [share.cell[place] for share in self.shares])
        return table

    def view_frame(self) -> DataFrame:
        """Return the shares in percent, each with its interval in one cell of the table.

        A cell without estimates is one row, whatever the number of codes.
        """
        import pandas as pd

        few = f"all {len(self.codes)}" if len(self.codes) > 1 else self.codes[0]
        rows: dict[tuple[Cell, str], dict[str, object]] = {}
        for share in self.shares:
            row = {
                "cell": share.name,
                "code": share.code if share.estimate or share.code in self._asked else few,
                "rows": share.n,
                "annotated": share.n_annotated,
                "counted": share.show(share.counted) if share.estimate else "",
                "adjusted": share.show(share.adjusted) if share.estimate else "",
                "estimate %": share.show(share.estimate),
                f"{ANNOTATION_ONLY} %": share.show(share.gold_only),
                "counting is off by": share.bias_points,
                "from annotators": _percent_or_none(share.from_annotators),
                "shrunk %": format_share(share.shrunk),
                "": share.note,
            }
            if not self.annotators_doubted:
                del row["from annotators"]
            if self.shrinks:
                row["code"] = share.code
            else:
                del row["shrunk %"]
            rows[share.cell, str(row["code"])] = row
        return pd.DataFrame(list(rows.values()))

    def curve_table(self) -> DataFrame:
        """Return the smooth curves of `smooth=`; see `smoothing.curves_frame`."""
        return curves_frame(self.curves)

    def change_table(self) -> DataFrame:
        """Return the changes of `change_points=`; see `change_points.changes_frame`."""
        return changes_frame(self.changes)

    @property
    def _asked(self) -> set[str]:
        return {measure.name for measure in self.measures}

    def differences(self) -> DataFrame:
        """Return differences between cells, and slopes over time, as a pandas DataFrame, as proportions.

        Of more than eight cells, differences are not computed.
        """
        import pandas as pd

        columns = ["cell", "minus", "code", "estimate", "low", "high"]
        rows = [
            (contrast.cell, contrast.minus, contrast.code, *contrast.estimate)
            for contrast in self.contrasts
        ]
        return pd.DataFrame(rows, columns=columns)


def _percent_or_none(part: float | None) -> str:
    return "" if part is None else format_percent(part)


def _columns_of(estimate: ShareEstimate | None, names: Sequence[str]) -> dict[str, float]:
    return dict(zip(names, estimate or (math.nan,) * 3, strict=True))


def make_estimates(
    units: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    codes: Sequence[str],
    *,
    codebook: str,
    inference: str,
    measures: Sequence[Measure] = (),
    notes: Sequence[str] = (),
    times: FloatArray | None = None,
) -> Estimates:
    """Estimate the share of every code in every cell, and compare the cells.

    Parameters
    ----------
    columns
        The columns that make cells; see `units.cell_masks`.
    codebook
        The name of the codebook.
    inference
        `finite_population`, about these very rows, or `superpopulation`.
    measures
        What is estimated of the shares beside them.
    notes
        What a reader should know.
    times
        When rows are of, in years, shape (N,), for trends; by default the middle of their periods.

    Raises
    ------
    KitError
        When `inference` is unknown.
    """
    # Error rates are those of all annotated rows, so adjusted counts need the units, not a domain.
    finite = is_finite(inference)
    domains = estimate_cells(units, columns, finite_population=finite)
    masks = dict(cell_masks(columns, len(units.scores)))
    shares: list[Share] = []
    for cell, mask in masks.items():
        adjusted = adjusted_count(units, mask)
        shares += _make_shares(cell, domains[cell], adjusted, codes, finite=finite)
        shares += _measure_shares(cell, domains[cell], adjusted, codes, measures)
    by = tuple(columns)
    cells = {cell: (domains[cell], mask) for cell, mask in masks.items()}
    return Estimates(
        codebook=codebook,
        codes=tuple(codes),
        inference=inference,
        by=by,
        shares=shares,
        contrasts=make_contrasts(domains, codes, by, measures, cell_times(masks, times)),
        notes=[
            *notes,
            *annotator_notes(domains.values()),
            *error_notes(units, cells, codes),
            *_measure_notes(measures),
        ],
        measures=tuple(measures),
    )


def counting_notes(measures: Sequence[Measure]) -> list[str]:
    """Return a note on measures that count codes, as rows may have several.

    Examples
    --------
    >>> from stancekit.prevalence.measures import read_measures
    >>> texts, codes = ["law", "law + war", "law | law + war", "law - war"], ["law", "war"]
    >>> (note,) = counting_notes(read_measures(texts, codes, exclusive=False))
    >>> note[:60]
    'law + war, law | law + war: a row may have several codes and'
    >>> counting_notes(read_measures(texts, codes))
    []
    """
    names = [measure.name for measure in measures if measure.counts_codes]
    if not names:
        return []
    return [
        f"{listing(names)}: a row may have several codes and counts with each, so that a sum is how many "
        "of them a row has on average, and a share among some is of the codes given, not of rows"
    ]


def _measure_notes(measures: Sequence[Measure]) -> list[str]:
    plain = [measure.name for measure in measures if measure.kind not in IN_PERCENT]
    numbers = [f"{listing(plain)}: numbers, not percentages"] if plain else []
    return [*counting_notes(measures), *numbers]


def _make_shares(
    cell: Cell, domain: Domain, adjusted: FloatArray, codes: Sequence[str], *, finite: bool
) -> Iterator[Share]:
    needed, why = (0, "") if domain.enough else _count_needed(domain, finite=finite)
    parts: list[float | None] = [None] * len(codes)
    estimates: list[ShareEstimate | None] = [None] * len(codes)
    gold_only: list[ShareEstimate | None] = [None] * len(codes)
    if domain.enough:
        parts = domain.from_annotators
        estimates = _with_limits(domain.value, share_interval(domain))
        gold_only = _with_limits(domain.gold_only, share_interval(domain, gold_only=True))
    for index, code in enumerate(codes):
        yield Share(
            cell=cell,
            code=code,
            n=domain.n,
            n_annotated=domain.n_annotated,
            counted=float(domain.counted[index]),
            estimate=estimates[index],
            gold_only=gold_only[index],
            needed=needed,
            adjusted=float(adjusted[index]),
            why=why,
            from_annotators=parts[index],
        )


def _with_limits(
    value: FloatArray, limits: tuple[FloatArray, FloatArray]
) -> list[ShareEstimate | None]:
    low, high = limits
    return list(zip(value.tolist(), low.tolist(), high.tolist(), strict=True))


def _count_needed(domain: Domain, *, finite: bool) -> tuple[int, str]:
    """Return how many more rows a cell needs annotated, and why no number of them would be enough."""
    if domain.doubt is not None and not domain.doubt.enough:
        return 0, f"too few annotators: {domain.doubt.judges}, and {MIN_JUDGES} are needed"
    left = domain.n - domain.n_annotated
    by_unit = 0
    if domain.effective:
        by_unit = round(domain.n_annotated * (MIN_UNITS / domain.effective - 1))
    needed = max(MIN_ANNOTATED - domain.n_annotated, by_unit, 1)
    # In a claim about these rows a cell that is annotated in full is known, however
    # small it is.
    if not finite and (domain.n < MIN_ANNOTATED or not left):
        return 0, (
            f"too few rows or articles for a claim beyond them: {MIN_ANNOTATED} rows in "
            f"{MIN_UNITS} articles are needed"
        )
    return min(needed, left), ""


def _measure_shares(
    cell: Cell,
    domain: Domain,
    adjusted: FloatArray,
    codes: Sequence[str],
    measures: Sequence[Measure],
) -> Iterator[Share]:
    for measure in measures:
        found = estimate_measure(domain, adjusted, measure, codes)
        yield Share(
            cell=cell,
            code=measure.name,
            n=domain.n,
            n_annotated=domain.n_annotated,
            counted=found.counted,
            estimate=found.estimate,
            gold_only=found.gold_only,
            adjusted=found.adjusted,
            why=found.why,
            kind=measure.kind,
        )
