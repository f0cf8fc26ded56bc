"""`stancekit regress`: a regression in which a label is a variable, from labels and gold codes of a sample."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.corpus.outputs import write_result
from stancekit.errors import KitError, printable
from stancekit.fileio import frame_to_csv
from stancekit.formatting import frame_table
from stancekit.labelling.covariates import read_regressed
from stancekit.labelling.gold import match_gold
from stancekit.labelling.label_files import list_tables
from stancekit.labelling.labels import Labels, read_labels
from stancekit.labelling.population import choose_codebook, read_population
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.families import find_family
from stancekit.prevalence.formulas import read_formula
from stancekit.prevalence.refusals import check_family
from stancekit.prevalence.regressing import RegressionRequest, make_regression, read_outcome
from stancekit.prevalence.regression import Regression
from stancekit.reporting.regression import (
    coefficients_figure,
    regression_latex,
    regression_markdown,
    regression_page,
)
from stancekit.views import DataFrame, TableView

# The sampling units of a claim beyond the corpus, if no others are named.
DEFAULT_CLUSTER = "article"


def regress(  # noqa: PLR0913  # one argument per key of configs/regress.yaml
    formula: str,
    *,
    labels: str | Path | Labels | DataFrame,
    gold: str | Path | Sequence[str | Path] | TableView | DataFrame,
    codebook: str | None = None,
    family: str = "linear",
    columns: str | Path | DataFrame | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    inference: str = "superpopulation",
    suggested: bool = False,
    date_format: str | None = None,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Regression:
    """Estimate a regression with a label as outcome or covariate, beside what labels taken for the truth would say.

    Parameters
    ----------
    formula
        As `condemn ~ party + year + C(actor)`: codes of the codebook and columns of the labels. The
        outcome is a code, a measure of codes as of `estimate`, or a column of numbers. Terms are
        joined by `+`, `*` and `:`; `C(column)` makes fixed effects, `C(column, value)` with that
        value as the reference.
    labels
        What `stancekit label` wrote with `rows=all`, as of `stancekit estimate`.
    gold, codebook, suggested, date_format
        As of `stancekit estimate`.
    family
        `linear`, `logistic` or `poisson`, each with its canonical link.
    columns
        A file of further columns, one row for each value of its first column, which is one of the
        labels', as `article` or `actor`. In Python also a DataFrame.
    weights
        A column by which rows are weighted.
    cluster
        The column whose values are the sampling units of a claim beyond the corpus; by default
        `article`.
    inference
        What the claim is about. `superpopulation`: what such texts say, of which these are a sample.
        `finite_population`: exactly these texts.
    output
        A folder for `regression.csv`, `.md`, `.tex` and `.html`, and the figure
        `coefficients.svg`.
    verbose
        Whether the table is printed.

    Returns
    -------
    Regression
        Each coefficient with its interval, the one with labels taken for the truth, and the one of
        the annotated rows alone; `to_frame()` has them as a pandas DataFrame.

    Raises
    ------
    KitError
        When something cannot be read or does not fit, or the annotated rows do not decide the
        coefficients.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = [{"agree": 0.9, "deny": 0.1}, {"agree": 0.3, "deny": 0.7}]
    >>> labels = pd.DataFrame({"id": range(200), "article": range(200), "party": ["left", "right"] * 100})
    >>> labels["tone"], labels["tone_scores"] = ["agree", "deny"] * 100, scores * 100
    >>> gold = labels[["id", "tone"]].head(80)
    >>> gold["tone"] = ["agree", "deny", "deny", "deny", "agree"] * 16
    >>> found = regress("agree ~ party", labels=labels, gold=gold)
    >>> found.to_frame()[["term", "estimate", "low", "high", "labels_as_truth"]].round(2)
                 term  estimate   low  high  labels_as_truth
    0       Intercept       0.4  0.24  0.56              1.0
    1  party[T.right]       0.0 -0.22  0.22             -1.0
    """
    parsed, chosen_family, finite = read_formula(formula), find_family(family), is_finite(inference)
    if finite and cluster is not None:
        raise KitError(
            f"cluster={cluster} is for a claim beyond the corpus, and inference={inference} is about "
            "these texts alone, whose rows were drawn one by one; leave one of the two out"
        )
    whole = read_labels(labels)
    book = choose_codebook(whole, codebook)
    population = read_population(whole, codebook=book.name)
    outcome = read_outcome(
        parsed.outcome, population.codes, book.order(book.scale), exclusive=not book.multi_label
    )
    check_family(outcome, chosen_family)
    request = RegressionRequest(
        formula=parsed,
        outcome=outcome,
        family=chosen_family,
        inference=inference,
        weights=weights or "",
        cluster="" if finite else cluster or DEFAULT_CLUSTER,
    )
    found = read_regressed(whole, population, request, source=columns, date_format=date_format)
    units, notes = match_gold(population, list_tables(gold), suggested=suggested)
    result = make_regression(
        units,
        found,
        request,
        codes=population.codes,
        codebook=book.name,
        notes=[*population.labels.notes, *notes],
    )
    if output is not None:
        _write_regression(Path(output), result)
    if verbose:
        _print_regression(result, output)
    return result


def _write_regression(folder: Path, found: Regression) -> None:
    drawing = coefficients_figure(found)
    files = {
        # Coefficients are of any size: those of a covariate in euros are some millionths.
        "regression.csv": frame_to_csv(found.to_frame(), decimals=None),
        "regression.md": regression_markdown(found),
        "regression.tex": regression_latex(found),
        "coefficients.svg": drawing,
        "regression.html": regression_page(found, drawing),
    }
    write_result(folder, "regression.html", files)


def _print_regression(found: Regression, output: str | Path | None) -> None:
    where = (
        f"{Path(output) / 'regression.html'}, with regression.csv, .md and .tex and coefficients.svg "
        "beside it"
        if output
        else "printed above; output=FOLDER writes tables, a figure and a page"
    )
    lines = [
        f"codebook: {found.codebook}",
        frame_table(found.view_frame()),
        *(f"note: {note}" for note in found.notes),
        f"{found.caption}, weight of the scores {found.score_weight:.2f}: {where}",
    ]
    print(printable("\n\n".join(lines), keep="\n"))
