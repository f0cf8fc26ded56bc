"""Claims about a corpus: the share of every code in every cell, differences between cells, and trends."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import ClassVar

import numpy as np

from stancekit.errors import KitError, listing
from stancekit.prevalence.estimators import (
    ANNOTATION_ONLY,
    MIN_ANNOTATED,
    MIN_UNITS,
    Domain,
    SampledUnits,
    adjusted_count,
    contrast,
    share_interval,
)
from stancekit.prevalence.measures import Measure, estimate_measure, measure_contrast
from stancekit.prevalence.shares import IN_PERCENT, Contrast, MeasureKind, Share, ShareEstimate
from stancekit.prevalence.units import (
    PERIODS,
    Cell,
    cell_masks,
    error_notes,
    estimate_cells,
    period_number,
)
from stancekit.types import FloatArray
from stancekit.views import DataFrame, TableView

# What a claim is about: these very texts, or what such texts say.
INFERENCES = ("finite_population", "superpopulation")
# With more cells not every pair is compared: 8 cells have 28 pairs of each code.
MOST_COMPARED = 8
# A slope needs more periods than the two that any line goes through.
MIN_PERIODS = 3


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
    measures: tuple[Measure, ...] = ()

    @property
    def over_time(self) -> bool:
        """Say whether the last field of the cells is a period."""
        return bool(self.by) and self.by[-1] in PERIODS

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
            }
            for share in self.shares
        ]
        table = pd.DataFrame(rows)
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
                "": share.note,
            }
            rows[share.cell, str(row["code"])] = row
        return pd.DataFrame(list(rows.values()))

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
        contrasts=_make_contrasts(domains, codes, by, measures),
        notes=[*notes, *error_notes(units, cells, codes), *_measure_notes(measures)],
        measures=tuple(measures),
    )


def _measure_notes(measures: Sequence[Measure]) -> list[str]:
    plain = [measure.name for measure in measures if measure.kind not in IN_PERCENT]
    return [f"{listing(plain)}: numbers, not percentages"] if plain else []


def _make_shares(
    cell: Cell, domain: Domain, adjusted: FloatArray, codes: Sequence[str], *, finite: bool
) -> Iterator[Share]:
    needed, why = (0, "") if domain.enough else _count_needed(domain, finite=finite)
    estimates: list[ShareEstimate | None] = [None] * len(codes)
    gold_only: list[ShareEstimate | None] = [None] * len(codes)
    if domain.enough:
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
        )


def _with_limits(
    value: FloatArray, limits: tuple[FloatArray, FloatArray]
) -> list[ShareEstimate | None]:
    low, high = limits
    return list(zip(value.tolist(), low.tolist(), high.tolist(), strict=True))


def _count_needed(domain: Domain, *, finite: bool) -> tuple[int, str]:
    """Return how many more rows a cell needs annotated, and why no number of them would be enough."""
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


def _make_contrasts(
    domains: Mapping[Cell, Domain],
    codes: Sequence[str],
    by: Sequence[str],
    measures: Sequence[Measure],
) -> list[Contrast]:
    known = {cell: domain for cell, domain in domains.items() if domain.enough}
    found = list(_compare(known, by, _Compared(tuple(codes), contrast)))
    for measure in measures:
        with_measure = {
            cell: domain
            for cell, domain in known.items()
            if estimate_measure(domain, domain.counted, measure, codes).estimate
        }
        one = _Compared((measure.name,), partial(_measure_ends, measure), measure.kind)
        found += _compare(with_measure, by, one)
    return found


def _measure_ends(
    measure: Measure, domains: Sequence[Domain], weights: Sequence[float]
) -> tuple[FloatArray, ...]:
    return tuple(np.array([end]) for end in measure_contrast(domains, weights, measure))


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is compared between cells, and how a weighted sum of it over cells is estimated."""

    codes: tuple[str, ...]
    weigh: Callable[[Sequence[Domain], Sequence[float]], tuple[FloatArray, ...]]
    kind: MeasureKind = "share"


def _compare(
    known: Mapping[Cell, Domain], by: Sequence[str], what: _Compared
) -> Iterator[Contrast]:
    if by and by[-1] in PERIODS:
        yield from _make_trends(known, what, by[-1])
    elif len(known) <= MOST_COMPARED:
        for (cell, domain), (other_cell, other) in combinations(known.items(), 2):
            estimate = what.weigh([domain, other], [1, -1])
            yield from _by_code(", ".join(cell), ", ".join(other_cell), what, estimate)


def _make_trends(known: Mapping[Cell, Domain], what: _Compared, period: str) -> Iterator[Contrast]:
    """Yield the least-squares slope of shares over time, of each group of cells that differ in time only."""
    groups: dict[Cell, list[tuple[str, int, Domain]]] = {}
    for cell, domain in known.items():
        number = period_number(cell[-1])
        # Rows without a date belong to no period.
        if number is not None:
            groups.setdefault(cell[:-1], []).append((cell[-1], number, domain))
    for group, periods in groups.items():
        if len(periods) < MIN_PERIODS:
            continue
        steps = np.array([number for _, number, _ in periods], dtype=float)
        steps -= steps.mean()
        slope = what.weigh([domain for *_, domain in periods], (steps / (steps**2).sum()).tolist())
        first, last = periods[0][0], periods[-1][0]
        name = f"{', '.join(group) or 'all'}: trend per {period}, {first} to {last}"
        yield from _by_code(name, "", what, slope)


def _by_code(
    cell: str, minus: str, what: _Compared, estimate: tuple[FloatArray, ...]
) -> Iterator[Contrast]:
    values = np.stack(estimate, axis=1).tolist()
    for code, row in zip(what.codes, values, strict=True):
        yield Contrast(cell, minus, code, tuple(row), what.kind)
