"""How narrow intervals will be with more annotated rows, from those that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from stancekit.errors import KitError
from stancekit.prevalence.estimators import (
    ANNOTATION_ONLY,
    MIN_ANNOTATED,
    MIN_UNITS,
    Domain,
    SampledUnits,
    estimate_domain,
    half_width,
)
from stancekit.prevalence.sampling import allocate
from stancekit.prevalence.units import estimate_cells
from stancekit.types import FloatArray
from stancekit.views import DataFrame, TableView

# Sizes of the sample that are looked at, evenly spaced on a logarithmic scale, and by
# default the largest against the present one.
N_SIZES, LARGEST_GROWTH = 8, 10


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What a sample of some size gives: half the width of the widest interval, as a proportion.

    `half_width` is that of the estimate, `half_width_gold_only` that of annotated rows
    without the model.
    """

    rows: int
    hours: float
    half_width: float
    half_width_gold_only: float


@dataclass(frozen=True, slots=True, repr=False)
class Plan(TableView):
    """What `stancekit plan` returns: a step per size of the sample, smallest first.

    `n_cells` counts the cells that were planned for, `n_few` those of them with too few
    annotated rows, planned for as if their rows varied as all rows do.
    """

    steps: list[PlanStep]
    n_annotated: int
    n_cells: int
    n_few: int
    notes: list[str]

    @property
    def caption(self) -> str:
        """Return in one line what was planned, from how many annotated rows, for how many cells."""
        # Whoever plans should know which cells the plan can only guess.
        few = (
            f" ({self.n_few} with too few annotated rows, as if they varied as all rows do)"
            if self.n_few
            else ""
        )
        return (
            f"Half the width of the widest 95 % interval, by size of the sample: {self.n_annotated} "
            f"rows are annotated; cells planned for: {self.n_cells}{few}"
        )

    def to_frame(self) -> DataFrame:
        """Return the steps as a pandas DataFrame, half-widths as proportions."""
        import pandas as pd

        names = {"half_width_gold_only": f"half_width_{ANNOTATION_ONLY.replace(' ', '_')}"}
        return pd.DataFrame([asdict(step) for step in self.steps]).rename(columns=names)

    def view_frame(self) -> DataFrame:
        """Return the steps with half-widths in percentage points."""
        import pandas as pd

        rows = [
            {
                "rows to annotate": step.rows,
                "hours": f"{step.hours:.1f}",
                "estimate ± points": f"{100 * step.half_width:.1f}",
                f"{ANNOTATION_ONLY} ± points": f"{100 * step.half_width_gold_only:.1f}",
            }
            for step in self.steps
        ]
        return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class DomainWidths:
    """Half the width of every code's interval at some sizes of the sample, shape (sizes, codes)."""

    estimate: FloatArray
    gold_only: FloatArray


def expect_widths(
    domain: Domain, sizes: Sequence[float], *, finite_population: bool = True, n: int | None = None
) -> DomainWidths:
    """Return the half-widths to expect at other numbers of annotated rows than the cell has.

    A variance falls as one over the number of rows, and in a claim about the corpus
    itself also by the share of rows not annotated (Cochran 1977, "Sampling Techniques",
    equation 2.20). It is assumed that the model and the articles are as the rows
    annotated so far show them.

    Parameters
    ----------
    sizes
        Numbers of annotated rows of the cell.
    finite_population
        Whether the claim is about this very corpus.
    n
        How many rows there are to annotate; by default those of the cell. With another
        number the plan is for rows that vary as those of the cell do.

    Examples
    --------
    >>> share, influence = np.array([0.4]), np.full((50, 1), 0.006)
    >>> domain = Domain(2000, 50, 50.0, share, share, share, np.ones(1), influence, 1.7 * influence)
    >>> widths = expect_widths(domain, (50, 200, 2000))
    >>> widths.estimate.round(3).tolist(), widths.gold_only.round(3).tolist()
    ([[0.085], [0.04], [0.0]], [[0.134], [0.068], [0.0]])
    """
    population = domain.n if n is None else n
    estimate: list[FloatArray] = []
    gold_only: list[FloatArray] = []
    for size in sizes:
        growth = size / domain.n_annotated
        remaining = 1.0
        if finite_population:
            left = max(1 - size / population, 0.0)
            now = 1 - domain.n_annotated / domain.n
            remaining = left / now if now else 0.0
        estimate.append(half_width(domain, growth=growth, remaining=remaining))
        gold_only.append(half_width(domain, growth=growth, remaining=remaining, gold_only=True))
    return DomainWidths(np.array(estimate), np.array(gold_only))


def make_plan(
    units: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    *,
    finite_population: bool = True,
    minutes: float = 0.5,
    max_rows: int | None = None,
    sizes: Sequence[int] | None = None,
    notes: Sequence[str] = (),
) -> Plan:
    """Return the widths of intervals to expect from larger samples, drawn as the present one was.

    Parameters
    ----------
    columns
        The columns that make cells; see `units.cell_masks`.
    minutes
        How long it takes to annotate a row.
    max_rows
        The largest sample to look at; by default ten times the present one, or all
        rows.
    sizes
        The samples to look at, in their place; none is smaller than the present one.
    notes
        What a reader should know.

    Raises
    ------
    KitError
        When too few rows are annotated, or `minutes` or `max_rows` make no sense.
    """
    if minutes <= 0:
        raise KitError(
            f"minutes={minutes} for annotating a row; set how many it takes, as minutes=0.5"
        )
    cells = estimate_cells(units, columns, finite_population=finite_population)
    domains = list(cells.values())
    whole = estimate_domain(units, finite_population=finite_population)
    n_annotated = int(units.annotated.sum())
    n_few = sum(not domain.enough for domain in domains)
    if n_few and not whole.enough:
        raise KitError(
            f"{n_annotated} annotated rows are too few to plan from; annotate at least "
            f"{MIN_ANNOTATED}, of {MIN_UNITS} articles for inference=superpopulation. About 50 give "
            "a first idea"
        )
    sizes = sizes or _choose_sizes(n_annotated, len(units.scores), max_rows)
    # The plan is for the cell and code whose interval is widest: then all others are narrower.
    widths = _expect_all(domains, whole, sizes, finite_population=finite_population)
    steps = [
        PlanStep(
            rows=size,
            hours=size * minutes / 60,
            half_width=max(float(of_cell.estimate[index].max()) for of_cell in widths),
            half_width_gold_only=max(float(of_cell.gold_only[index].max()) for of_cell in widths),
        )
        for index, size in enumerate(sizes)
    ]
    return Plan(steps, n_annotated, len(domains), n_few, list(notes))


def _choose_sizes(n_annotated: int, n: int, max_rows: int | None) -> list[int]:
    largest = min(max_rows or LARGEST_GROWTH * n_annotated, n)
    if largest < n_annotated:
        raise KitError(
            f"max_rows={max_rows} is less than the {n_annotated} rows that are annotated; set a larger one"
        )
    spaced = np.geomspace(n_annotated, largest, N_SIZES).round().astype(int).tolist()
    return sorted({n_annotated, *spaced})


def _expect_all(
    domains: Sequence[Domain], whole: Domain, sizes: Sequence[int], *, finite_population: bool
) -> list[DomainWidths]:
    """Return the half-widths of every cell at numbers of annotated rows in all of them."""
    limits = np.array([domain.n for domain in domains])
    annotated = [domain.n_annotated for domain in domains]
    # Cells get further rows in proportion to those they have; one that has none yet, in
    # proportion to its part of the corpus.
    wanted = np.array(
        [domain.n_annotated or domain.n * whole.n_annotated / whole.n for domain in domains]
    )
    by_size = [np.maximum(allocate(wanted, limits, size), annotated) for size in sizes]
    return [
        expect_widths(
            domain if domain.enough else whole,
            [max(rows[index], 1.0) for rows in by_size],
            finite_population=finite_population,
            n=domain.n,
        )
        for index, domain in enumerate(domains)
    ]
