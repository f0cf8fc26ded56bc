"""`stancekit plan`: how many rows to annotate, and how many hours that takes, for intervals as narrow as wanted."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import printable
from stancekit.fileio import frame_to_csv, write_text
from stancekit.labelling.gold import match_gold
from stancekit.labelling.population import read_population
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.planning import Plan, make_plan
from stancekit.reporting.prevalence import plan_figure, plan_table
from stancekit.types import as_list


def plan(
    *,
    labels: str | Path,
    gold: str | Path | Sequence[str | Path],
    codebook: str | None = None,
    by: str | Sequence[str] = (),
    inference: str = "finite_population",
    date_format: str | None = None,
    minutes: float = 0.5,
    max_rows: int | None = None,
    output: str | Path | None = None,
) -> Plan:
    """Predict from a first annotated sample how narrow intervals will be with more of it.

    Parameters
    ----------
    labels, codebook, by, inference, date_format
        As of `stancekit estimate`.
    gold
        As of `stancekit estimate`; fifty annotated rows give a first idea, a hundred a
        better one. Cells with too few annotated rows are planned for as if their rows
        varied as all rows do.
    minutes
        How long it takes to annotate a row.
    max_rows
        The largest sample to look at; by default ten times the present one, or all
        rows.
    output
        A folder for `plan.csv` and `plan.svg`.

    Returns
    -------
    Plan
        Per size of the sample: hours, and half the width of the widest interval over
        codes and cells, with the model and without it; `to_frame()` has it as a pandas
        DataFrame.

    Raises
    ------
    KitError
        When too few rows are annotated, or `minutes` or `max_rows` make no sense.
    """
    population = read_population(
        labels, codebook=codebook, by=as_list(by), inference=inference, date_format=date_format
    )
    units, notes = match_gold(population, as_list(gold))
    result = make_plan(
        units,
        population.columns,
        finite_population=is_finite(inference),
        minutes=minutes,
        max_rows=max_rows,
        notes=[*population.labels.notes, *notes],
    )
    print(plan_table(result.steps))
    # Whoever plans should know which cells the plan can only guess.
    few = (
        f" ({result.n_few} with too few annotated rows, as if they varied as all rows do)"
        if result.n_few
        else ""
    )
    print(
        f"\n{result.n_annotated} rows are annotated; cells planned for: {result.n_cells}{few}; "
        f"sampled as before, a row in {minutes:g} minutes"
    )
    for note in result.notes:
        print(printable(f"note: {note}"))
    if output is not None:
        folder = Path(output)
        write_text(folder / "plan.csv", frame_to_csv(result.to_frame()))
        write_text(folder / "plan.svg", plan_figure(result.steps))
        print(f"written: {folder / 'plan.svg'} and plan.csv beside it")
    return result
