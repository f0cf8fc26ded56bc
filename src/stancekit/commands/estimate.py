"""`stancekit estimate`: shares of codes in a corpus, from labels of all of it and gold codes of a sample."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stancekit.corpus.outputs import write_result
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.errors import printable
from stancekit.fileio import frame_to_csv
from stancekit.formatting import frame_table
from stancekit.labelling.gold import match_gold
from stancekit.labelling.label_files import RowSource, list_tables
from stancekit.labelling.labels import Labels
from stancekit.labelling.population import read_population, row_times
from stancekit.prevalence.claims import Estimates, is_finite, make_estimates
from stancekit.prevalence.measures import read_measures
from stancekit.prevalence.over_time import TimeSettings, add_shrunk, add_time
from stancekit.prevalence.trends import pool_periods
from stancekit.prevalence.units import PERIODS
from stancekit.reporting.prevalence import change_rows, share_figures, shares_page
from stancekit.types import as_list
from stancekit.views import DataFrame, TableView


def estimate(  # noqa: PLR0913  # one argument per key of configs/estimate.yaml
    labels: str | Path | Labels | DataFrame,
    *,
    gold: str | Path | Sequence[str | Path] | TableView | DataFrame,
    codebook: str | None = None,
    by: str | Sequence[str] = (),
    measures: str | Sequence[str] = (),
    inference: str = "finite_population",
    pool: bool = False,
    smooth: bool | float = False,
    change_points: int = 0,
    shrink: bool = False,
    judgements: str = ADJUDICATED,
    suggested: bool = False,
    date_format: str | None = None,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Estimates:
    """Estimate the share of every code in every cell, beside what counting labels would say.

    Parameters
    ----------
    labels
        What `stancekit label` wrote with `rows=all`, as shares are of all rows: a file,
        or a folder of files. Rows that were set aside by `risk=` count as well. In
        Python also what `label` returned, or a DataFrame with the columns of labels.
    gold
        What `stancekit sample` wrote, with the codes filled in, `-` where a row may
        have no code and has none; rows left empty are not used. Several files, as
        `[sample.csv, more.csv]`, where more rows were drawn with `extend=`. In Python
        also DataFrames. Or a project of `stancekit annotate`, or a table with a row for
        each judgement and a column `annotator`: see `judgements`.
    codebook
        The codebook whose shares are estimated; by default the only one of the labels.
        Of one that codes sentences, each sentence counts once.
    by
        Columns of the labels whose values make the cells, as in `[actor, target]`; of
        `month` or `year` in the last place, trends are estimated.
    measures
        What else is estimated, of the shares: sums and differences of codes, as `a + b` and
        `a - b`; the share of a among rows with a or b, `a | a + b`; how many a to one b,
        `a : b`; and `mean`, on the codebook's scale from -1 to 1. They are rows beside the codes.
    inference
        What the claim is about. `finite_population`: exactly these texts.
        `superpopulation`: what such texts say, of which these are a sample.
    pool
        Over time: whether thin periods are joined with the next until each has enough
        annotated rows.
    smooth
        Over time: whether smooth curves with bands are computed; a number is half the
        width of their window in years, in place of a rule of thumb.
    change_points
        Over time: how many changes of a share are looked for at most.
    shrink
        Whether shares are also drawn towards what the model's scores say of cells (Fay and
        Herriot 1979), which helps where many cells have few annotated rows.
    judgements
        What gold is where several people judged a row. `adjudicated`: the decided code,
        else that of all or most annotators. `majority`: that of most, whatever was
        decided. `mean`: what such annotators say on average; intervals count that they
        are a sample of annotators. `posterior`: the probability of each code, from
        annotators who err (Dawid and Skene 1979), or as it is in a column NAME_posterior.
    suggested
        Whether judgements of a project that were made with a model's code in view are
        used; by default they are refused, as they lean towards the model.
    date_format
        How the labels write dates, as `%d/%m/%Y`, where `by` has `month` or `year`; by
        default ISO 8601 or YYYYMMDD.
    output
        A folder for `shares.csv`, `contrasts.csv`, `shares.html` and figures:
        `shares.svg`, over time `trends.svg`, of two fields `matrix.svg`, of measures
        `measures.svg`; with them `curves.csv` and `change_points.csv`, where these are
        asked for.
    verbose
        Whether the tables are printed.

    Returns
    -------
    Estimates
        Shares per cell and code, and contrasts; `to_frame()` has the shares as a pandas
        DataFrame, as proportions, `differences()` the contrasts, and `curve_table()` and
        `change_table()` what was asked of time.

    Raises
    ------
    KitError
        When labels or gold cannot be read, do not fit each other, or cannot answer what
        is asked.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = [{"agree": 0.9, "deny": 0.1}, {"agree": 0.3, "deny": 0.7}]
    >>> labels = pd.DataFrame({"id": range(40), "article": range(40)})
    >>> labels["tone"], labels["tone_scores"] = ["agree", "deny"] * 20, scores * 20
    >>> gold = labels[["id", "tone"]].head(24)
    >>> estimates = estimate(labels, gold=gold, measures=["agree - deny"])
    >>> estimates.to_frame()[["code", "annotated", "estimate", "low", "high"]].round(2)
               code  annotated  estimate   low  high
    0         agree         24       0.5  0.45  0.55
    1          deny         24       0.5  0.45  0.55
    2  agree - deny         24       0.0 -0.11  0.11
    """
    population = read_population(
        labels, codebook=codebook, by=as_list(by), inference=inference, date_format=date_format
    )
    asked = read_measures(
        as_list(measures),
        population.codes,
        population.codebook.order(population.codebook.scale),
        exclusive=not population.codebook.multi_label,
    )
    sources = list_tables(gold)
    units, notes = match_gold(population, sources, suggested=suggested, judgements=judgements)
    settings = TimeSettings(pool, smooth, change_points, len(asked))
    settings.check(list(population.columns), units)
    columns: Mapping[str, Sequence[str]] = population.columns
    times = None
    if columns and list(columns)[-1] in PERIODS:
        times = row_times(population, date_format)
    if pool:
        columns, told = pool_periods(units, columns, finite_population=is_finite(inference))
        notes += told
    estimates = make_estimates(
        units,
        columns,
        population.codes,
        codebook=population.codebook.name,
        inference=inference,
        measures=asked,
        notes=[*population.labels.notes, *notes],
        times=times,
    )
    if times is not None:
        estimates = add_time(estimates, units, columns, times, settings)
    if shrink:
        estimates = add_shrunk(estimates, units, columns)
    if output is not None:
        _write_estimates(Path(output), estimates)
    if verbose:
        _print_estimates(estimates, output, _advise(estimates, labels, sources))
    return estimates


def _write_estimates(folder: Path, estimates: Estimates) -> None:
    figures = share_figures(estimates)
    files = {
        "shares.csv": frame_to_csv(estimates.to_frame()),
        "contrasts.csv": frame_to_csv(estimates.differences()),
        **{f"{name}.svg": drawing for name, drawing in figures.items()},
        "shares.html": shares_page(estimates, list(figures.values())),
    }
    if estimates.curves:
        files["curves.csv"] = frame_to_csv(estimates.curve_table())
    if estimates.changes:
        files["change_points.csv"] = frame_to_csv(estimates.change_table())
    write_result(folder, "shares.html", files)


def _advise(estimates: Estimates, labels: object, sources: Sequence[RowSource]) -> list[str]:
    """Return how to get estimates of the cells that have too few annotated rows."""
    needed = estimates.needed
    if not needed:
        return []
    text = f"{len(needed)} of {estimates.n_cells} cells have too few annotated rows"
    files = [str(source) for source in sources if isinstance(source, str | Path)]
    if not estimates.by or not isinstance(labels, str | Path) or len(files) < len(sources):
        return [text]
    # A stratified sample draws as many of every cell, so all get what one of them needs most.
    n = max(needed.values()) * estimates.n_cells
    return [
        f"{text}; annotate what was drawn, or draw as many of each: stancekit sample {labels} n={n} "
        f"design=stratified by='[{','.join(estimates.by)}]' extend='[{','.join(files)}]' "
        "output=FILE.csv"
    ]


def _print_estimates(
    estimates: Estimates, output: str | Path | None, advice: Sequence[str]
) -> None:
    differences = estimates.differences()
    # In percentage points; the frame has proportions.
    points = [contrast.shown for contrast in estimates.contrasts]
    tables = [f"codebook: {estimates.codebook}", frame_table(estimates.view_frame())]
    if points:
        names = differences[["cell", "minus", "code"]]
        tables.append(frame_table(names.assign(points=points)))
    if any(change.found for change in estimates.changes):
        tables.append(frame_table(change_rows(estimates)))
    tables += [*(f"note: {note}" for note in estimates.notes), *advice]
    n, n_annotated = estimates.sizes
    measures = f" and {len(estimates.measures)} measures" if estimates.measures else ""
    what = (
        f"shares of {len(estimates.codes)} codes{measures} in {estimates.n_cells} "
        f"{'cell' if estimates.n_cells == 1 else 'cells'}, from {n_annotated} annotated of {n} rows"
    )
    where = (
        f"{Path(output) / 'shares.html'}, with shares.csv, contrasts.csv and figures beside it"
        if output
        else "printed above; output=FOLDER writes tables, figures and a page"
    )
    print(printable("\n\n".join([*tables, f"{what}: {where}"]), keep="\n"))
