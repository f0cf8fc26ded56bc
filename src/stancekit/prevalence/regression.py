"""Regressions in which a label is a variable: the table of coefficients, and what it rests on."""

from dataclasses import dataclass
from typing import ClassVar

from stancekit.formatting import format_estimate
from stancekit.prevalence.claims import is_finite
from stancekit.prevalence.estimators import ANNOTATION_ONLY
from stancekit.prevalence.shares import ShareEstimate
from stancekit.views import DataFrame, TableView

# What tables call coefficients of labels that are taken for the truth.
NAIVE = "labels as truth"


def show_coefficient(estimate: ShareEstimate | None) -> str:
    """Return a coefficient with its interval as text.

    Examples
    --------
    >>> show_coefficient((-0.25, -0.5, 0.0)), show_coefficient(None)
    ('-0.250 [-0.500, 0.000]', '-')
    >>> show_coefficient((2.013e-7, 1.93e-7, 2.1e-7))  # of a covariate in the millions
    '2.013e-07 [1.930e-07, 2.100e-07]'
    """
    return format_estimate(estimate, decimals=3)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a regression.

    Attributes
    ----------
    estimate
        The value and its interval; `None` where too few annotated rows decide it, and `why` says so.
    error, p_value
        The standard error of the estimate, and how probable one as far from 0 is if it is 0.
    naive, gold_only
        The one that has labels for the truth, and the one of the annotated rows alone; `None`
        where there is none.
    """

    term: str
    estimate: ShareEstimate | None
    error: float
    p_value: float
    naive: ShareEstimate | None
    gold_only: ShareEstimate | None
    why: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Regression(TableView):
    """What `stancekit regress` returns: the coefficients, and what they rest on.

    Attributes
    ----------
    formula, family, codebook, inference
        What was asked for.
    cluster
        The column whose values are the sampling units, empty where these are rows.
    n, n_annotated, n_units
        The rows, those of them that are annotated, and the sampling units with annotated rows.
    score_weight
        How far the model's scores are used, from 0 to 1.
    coefficients, notes
        The table, and what a reader should know.

    Examples
    --------
    >>> one = Coefficient("party[T.red]", (0.2, 0.1, 0.3), 0.05, 0.001, (0.4, 0.35, 0.45), None)
    >>> asked = ("condemn ~ party", "linear", "tone", "superpopulation", "article")
    >>> found = Regression(*asked, 900, 90, 60, 0.7, [one], [])
    >>> found.to_frame()[["term", "estimate", "low", "high", "labels_as_truth"]]
               term  estimate  low  high  labels_as_truth
    0  party[T.red]       0.2  0.1   0.3              0.4
    """

    # Who reads a regression wants all of its coefficients.
    rows_shown: ClassVar[tuple[int, int]] = (100, 60)

    formula: str
    family: str
    codebook: str
    inference: str
    cluster: str
    n: int
    n_annotated: int
    n_units: int
    score_weight: float
    coefficients: list[Coefficient]
    notes: list[str]

    @property
    def scope(self) -> str:
        """Return in words what the claim is about."""
        if is_finite(self.inference):
            return "these texts"
        return f"what such texts say, by {self.cluster}"

    @property
    def caption(self) -> str:
        """Return in one line what was estimated, of how many rows, and about what."""
        return (
            f"{self.formula} ({self.family}), with 95 % intervals about {self.scope}: "
            f"{self.n_annotated} of {self.n} rows annotated"
        )

    def to_frame(self) -> DataFrame:
        """Return the coefficients as a pandas DataFrame, a row each."""
        import pandas as pd

        nothing = (None, None, None)
        rows = []
        for one in self.coefficients:
            row: dict[str, object] = {"term": one.term}
            row |= zip(("estimate", "low", "high"), one.estimate or nothing, strict=True)
            row |= {"std_error": one.error, "p_value": one.p_value}
            for name, other in ((NAIVE, one.naive), (ANNOTATION_ONLY, one.gold_only)):
                base = name.replace(" ", "_")
                row |= zip((base, f"{base}_low", f"{base}_high"), other or nothing, strict=True)
            rows.append(row)
        frame = pd.DataFrame(rows)
        numbers = [name for name in frame.columns if name != "term"]
        return frame.astype(dict.fromkeys(numbers, float))

    def view_frame(self) -> DataFrame:
        """Return the coefficients, each with its interval in one cell of the table."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "term": one.term,
                    "estimate": show_coefficient(one.estimate),
                    NAIVE: show_coefficient(one.naive),
                    ANNOTATION_ONLY: show_coefficient(one.gold_only),
                    "": one.why,
                }
                for one in self.coefficients
            ]
        )

    @property
    def rests_on(self) -> str:
        """Return in words what the annotated rows are."""
        rows = f"{self.n_annotated} annotated of {self.n} rows"
        return f"{rows}, in {self.n_units} values of {self.cluster}" if self.cluster else rows

    @property
    def misled(self) -> list[Coefficient]:
        """Return the coefficients whose interval does not have the one in it that takes labels for the truth."""
        return [
            one
            for one in self.coefficients
            if one.estimate and one.naive and not one.estimate[1] <= one.naive[0] <= one.estimate[2]
        ]
