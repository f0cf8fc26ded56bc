"""`stancekit estimate`: shares of codes in a corpus, from labels of all of it and gold codes of a sample."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import printable
from stancekit.fileio import frame_to_csv, write_text
from stancekit.labelling.gold import match_gold
from stancekit.labelling.population import read_population
from stancekit.prevalence.claims import Estimates, make_estimates
from stancekit.reporting.prevalence import contrast_table, share_figures, share_table, shares_page
from stancekit.types import as_list


def estimate(
    *,
    labels: str | Path,
    gold: str | Path | Sequence[str | Path],
    codebook: str | None = None,
    by: str | Sequence[str] = (),
    inference: str = "finite_population",
    date_format: str | None = None,
    output: str | Path | None = None,
) -> Estimates:
    """Estimate the share of every code in every cell, and print it beside what counting labels would say.

    Parameters
    ----------
    labels
        What `stancekit label` wrote: a file, or a folder of files. Rows that were set
        aside by `risk=` count as well.
    gold
        What `stancekit sample` wrote, with the codes filled in, `-` where a row may
        have no code and has none; rows left empty are not used. Several files, as
        `[sample.csv, more.csv]`, where more rows were drawn with `extend=`.
    codebook
        The codebook whose shares are estimated; by default the only one of the labels.
        Of one that codes sentences, each sentence counts once.
    by
        Columns of the labels whose values make the cells, as in `[actor, target]`; of
        `month` or `year` in the last place, trends are estimated.
    inference
        What the claim is about. `finite_population`: exactly these texts.
        `superpopulation`: what such texts say, of which these are a sample.
    date_format
        How the labels write dates, as `%d/%m/%Y`, where `by` has `month` or `year`; by
        default ISO 8601 or YYYYMMDD.
    output
        A folder for `shares.csv`, `contrasts.csv`, `shares.html` and figures:
        `shares.svg`, over time `trends.svg`, of two fields `matrix.svg`.

    Returns
    -------
    Estimates
        Shares per cell and code, and contrasts; `to_frame()` has the shares as a pandas
        DataFrame.

    Raises
    ------
    KitError
        When labels or gold cannot be read, do not fit each other, or cannot answer what
        is asked.
    """
    population = read_population(
        labels, codebook=codebook, by=as_list(by), inference=inference, date_format=date_format
    )
    units, notes = match_gold(population, as_list(gold))
    estimates = make_estimates(
        units,
        population.columns,
        population.codes,
        codebook=population.codebook.name,
        inference=inference,
        notes=[*population.labels.notes, *notes],
    )
    tables = [f"codebook: {estimates.codebook}", share_table(estimates.shares)]
    if estimates.contrasts:
        tables.append(contrast_table(estimates.contrasts))
    tables += [f"note: {note}" for note in estimates.notes]
    print(printable("\n\n".join(tables), keep="\n"))
    if output is not None:
        _write_estimates(Path(output), estimates)
    return estimates


def _write_estimates(folder: Path, estimates: Estimates) -> None:
    write_text(folder / "shares.csv", frame_to_csv(estimates.to_frame()))
    write_text(folder / "contrasts.csv", frame_to_csv(estimates.contrasts_frame()))
    figures = share_figures(estimates)
    for name, drawing in figures.items():
        write_text(folder / f"{name}.svg", drawing)
    write_text(folder / "shares.html", shares_page(estimates, list(figures.values())))
    print(f"\nwritten: {folder / 'shares.html'}, with shares.csv, contrasts.csv and figures")
