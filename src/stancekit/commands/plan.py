"""`stancekit plan`: how many rows to annotate, and how many hours that takes, for intervals as narrow as wanted."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.corpus.outputs import check_output, has_columns
from stancekit.errors import printable
from stancekit.fileio import frame_to_csv, write_text
from stancekit.formatting import frame_table
from stancekit.labelling.gold import match_gold
from stancekit.labelling.label_files import list_tables
from stancekit.labelling.labels import Labels
from stancekit.labelling.population import read_population
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.planning import Plan, make_plan
from stancekit.reporting.prevalence import plan_figure
from stancekit.types import as_list
from stancekit.views import DataFrame, TableView


def plan(  # noqa: PLR0913  # one argument per key of configs/plan.yaml
    labels: str | Path | Labels | DataFrame,
    *,
    gold: str | Path | Sequence[str | Path] | TableView | DataFrame,
    codebook: str | None = None,
    by: str | Sequence[str] = (),
    inference: str = "finite_population",
    suggested: bool = False,
    date_format: str | None = None,
    minutes: float = 0.5,
    max_rows: int | None = None,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Plan:
    """Predict from a first annotated sample how narrow intervals will be with more of it.

    Parameters
    ----------
    labels, codebook, by, inference, suggested, date_format
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
    verbose
        Whether the table is printed.

    Returns
    -------
    Plan
        Per size of the sample: hours, and half the width of the widest interval over
        codes and cells, with the model and without it; `to_frame()` has it as a pandas
        DataFrame, as proportions.

    Raises
    ------
    KitError
        When too few rows are annotated, or `minutes` or `max_rows` make no sense.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = [{"agree": 0.9, "deny": 0.1}, {"agree": 0.3, "deny": 0.7}]
    >>> labels = pd.DataFrame({"id": range(400), "article": range(400)})
    >>> labels["tone"], labels["tone_scores"] = ["agree", "deny"] * 200, scores * 200
    >>> gold = labels[["id", "tone"]].head(50)
    >>> gold["tone"] = ["agree", "deny", "agree", "agree", "deny"] * 10
    >>> plan(labels, gold=gold, max_rows=200).to_frame()["rows"].tolist()
    [50, 61, 74, 91, 110, 135, 164, 200]
    """
    population = read_population(
        labels, codebook=codebook, by=as_list(by), inference=inference, date_format=date_format
    )
    units, notes = match_gold(population, list_tables(gold), suggested=suggested)
    result = make_plan(
        units,
        population.columns,
        finite_population=is_finite(inference),
        minutes=minutes,
        max_rows=max_rows,
        notes=[*population.labels.notes, *notes],
    )
    if output is not None:
        _write_plan(Path(output), result)
    if verbose:
        _print_plan(result, output, minutes)
    return result


def _write_plan(folder: Path, result: Plan) -> None:
    frame = result.to_frame()
    check_output(folder / "plan.csv", "a plan", has_columns(frame.columns, only=True))
    write_text(folder / "plan.csv", frame_to_csv(frame))
    write_text(folder / "plan.svg", plan_figure(result.steps))


def _print_plan(result: Plan, output: str | Path | None, minutes: float) -> None:
    first, last = result.steps[0], result.steps[-1]
    where = (
        f"{Path(output) / 'plan.svg'}, with plan.csv beside it"
        if output
        else "printed above; output=FOLDER writes table and figure"
    )
    lines = [
        f"{result.caption}; sampled as before, a row in {minutes:g} minutes",
        frame_table(result.view_frame()),
        *(f"note: {note}" for note in result.notes),
        f"plan from {first.rows} to {last.rows} annotated rows: {where}",
    ]
    print(printable("\n\n".join(lines), keep="\n"))
