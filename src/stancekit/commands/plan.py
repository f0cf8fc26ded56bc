"""`stancekit plan`: how many rows to judge, and how many hours that takes, for intervals as narrow as wanted."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stancekit.errors import KitError, printable
from stancekit.fileio import write_text
from stancekit.labelling.annotated import aside, cells_of, labelled, units_of
from stancekit.labelling.gold import read_gold
from stancekit.prevalence.estimators import FEW, FEW_UNITS, Domain, estimate_domain
from stancekit.prevalence.planning import Plan, planned
from stancekit.prevalence.sampling import allocate
from stancekit.report.figures import svg
from stancekit.report.plan import PlanStep, curve, plan_table
from stancekit.types import as_list

PLANNED_SIZES = 8


def plan(
    *,
    labels: str | Path,
    gold: str | Path | Sequence[str | Path],
    what: str = "stance",
    by: str | Sequence[str] = (),
    about: str = "corpus",
    date_format: str | None = None,
    minutes: float = 0.5,
    most: int | None = None,
    output: str | Path | None = None,
) -> list[PlanStep]:
    """Foresee from a first judged sample how narrow intervals will be with more of it.

    Parameters
    ----------
    labels, what, by, about, date_format
        As of `stancekit estimate`.
    gold
        As of `stancekit estimate`; fifty judged rows give an idea, a hundred a better one. Cells
        with too few judged rows for a number are planned for as if their rows varied as all rows
        do.
    minutes
        How long it takes to judge a row.
    most
        The largest sample to look at; by default ten times the one there is, or all rows.
    output
        A folder for `plan.csv` and `plan.svg`.

    Returns
    -------
    list of Step
        Per size of sample: hours, and the half-width of the widest interval over codes and cells,
        with the model and without it.

    Raises
    ------
    KitError
        When there are too few gold labels to plan from, or `minutes` or `most` make no sense.
    """
    if minutes <= 0:
        raise KitError(
            f"minutes={minutes} for judging a row; give how many it takes, as minutes=0.5"
        )
    by, corpus = as_list(by), about == "corpus"
    rows, codes = labelled(labels, what, by, about=about, date_format=date_format)
    units, notes = units_of(rows, [read_gold(one) for one in as_list(gold)], what, codes, by)
    now, cells = int(units.drawn.sum()), list(cells_of(units, rows, by, corpus=corpus).values())
    whole = estimate_domain(units, corpus=corpus)
    known = sum(one.enough for one in cells)
    not_all = known < len(cells)
    if not_all and not whole.enough:
        raise KitError(
            f"{now} judged rows are too few to plan from; judge at least {FEW}, of {FEW_UNITS} articles for a claim "
            "about=beyond; some fifty give an idea"
        )
    top = min(most or 10 * now, len(rows))
    if top < now:
        raise KitError(
            f"most={most} is less than the {now} rows that are judged; give a larger one"
        )
    sizes = sorted({now, *np.geomspace(now, top, PLANNED_SIZES).round().astype(int).tolist()})
    widths = _widths(cells, whole, sizes, corpus=corpus)
    steps = [
        PlanStep(
            size,
            size * minutes / 60,
            *(
                float(max(np.max(getattr(of, how)[at]) for of in widths))
                for how in ("own", "alone")
            ),
        )
        for at, size in enumerate(sizes)
    ]
    print(plan_table(steps))
    few = (
        f" ({len(cells) - known} with too few judged rows, as if they varied as all rows do)"
        if not_all
        else ""
    )
    told = f"{now} rows are judged; cells planned for: {len(cells)}{few}; sampled as before, a row in {minutes:g} minutes"
    print(f"\n{told}")
    for note in (*aside(labels), *notes):
        print(printable(f"note: {note}"))
    if output is not None:
        _write_plan(Path(output), steps)
    return steps


def _widths(
    cells: Sequence[Domain], whole: Domain, sizes: Sequence[int], *, corpus: bool
) -> list[Plan]:
    """Foresee the intervals of every cell at numbers of judged rows in all of them."""
    most = np.array([one.n for one in cells])
    # Cells get more rows as they got those there are; one that has none yet, as many as its part of
    # the corpus.
    wanted = np.array([one.gold or one.n * whole.gold / whole.n for one in cells])
    own = [np.maximum(allocate(wanted, most, size), [one.gold for one in cells]) for size in sizes]
    return [
        planned(
            one if one.enough else whole,
            tuple(max(of[at], 1.0) for of in own),
            corpus=corpus,
            n=one.n,
        )
        for at, one in enumerate(cells)
    ]


def _write_plan(folder: Path, steps: Sequence[PlanStep]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rows", "hours", "half_width", "half_width_gold_alone"])
    writer.writerows(
        [one.rows, f"{one.hours:.3f}", f"{one.own:.6f}", f"{one.alone:.6f}"] for one in steps
    )
    write_text(folder / "plan.csv", text.getvalue())
    write_text(
        folder / "plan.svg",
        svg(curve(steps), "half-width of the widest interval by hours of annotation"),
    )
    print(f"written: {folder / 'plan.svg'} and plan.csv beside it")
