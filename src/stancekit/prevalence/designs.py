"""Designs of regressions: the columns of labelled rows as a formula puts them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError, MissingExtra, listing
from stancekit.prevalence.formulas import SYNTAX_OF_FORMULAS, Factor, ReadFormula
from stancekit.types import BoolArray, FloatArray

# Columns of a design beyond this are no regression that some hundred annotated rows can tell apart.
MOST_COLUMNS = 500
# Texts that are no more than this share of a column of numbers were hardly meant as categories.
_FEW_TEXTS = 0.1


@dataclass(frozen=True, slots=True)
class Column:
    """A column of labelled rows: numbers, or texts where some value is no number.

    Attributes
    ----------
    numbers
        Shape (rows,), NaN where there is no value; `None` for texts.
    texts
        Shape (rows,); those of numbers as they are written.
    missing
        Whether a row has no value, shape (rows,).
    """

    name: str
    numbers: FloatArray | None
    texts: NDArray[np.object_]
    missing: BoolArray


def apply_numeric(
    factor: Factor, column: Column, keep: BoolArray, *, outcome: bool = False
) -> FloatArray:
    """Return the numbers of a factor in the rows that are kept, shape (rows kept,).

    Parameters
    ----------
    outcome
        Whether it stands before the tilde, where there are no categories.

    Raises
    ------
    KitError
        When the column has texts, or a function has no value at some of its numbers.
    """
    if column.numbers is None:
        kept = column.texts[keep & ~column.missing]
        wrong = list(dict.fromkeys(str(text) for text in kept[:1000]))
        advice = (
            "an outcome is a number or a code. Add a column that is 1 for one of its values and 0 for "
            "the others, as with columns=, or let it stand among the terms"
            if outcome
            else f"write C({column.name}) for categories"
        )
        raise KitError(
            f"{factor.text} takes numbers, and column {column.name} has {listing(wrong, most=3)}; "
            f"{advice}"
        )
    values = column.numbers[keep]
    if factor.function in ("log", "sqrt"):
        outside = values <= 0 if factor.function == "log" else values < 0
        if outside.any():
            raise KitError(
                f"{factor.text} has no value for {int(outside.sum())} rows, whose {column.name} is "
                f"{values[outside].min():g} at the least; add a number to the column, or leave the "
                "function out"
            )
        return np.asarray(np.log(values) if factor.function == "log" else np.sqrt(values))
    if factor.function == "I":
        return np.asarray(values ** int(factor.argument))
    if factor.function in ("center", "scale"):
        spread = values.std() if factor.function == "scale" else 1.0
        return np.asarray((values - values.mean()) / (spread or 1.0))
    return np.asarray(values)


def _make_categories(factor: Factor, column: Column, keep: BoolArray) -> Any:
    """Return the categories of a column in the rows that are kept, the reference first."""
    import pandas as pd

    texts = pd.Series(column.texts[keep], dtype=object)
    levels = sorted(texts.unique().tolist(), key=_level_order)
    if len(levels) < 2:
        raise KitError(
            f"{factor.text} has the same value in every row ({listing(levels)}), and says nothing beside "
            "a constant; leave it out of the formula"
        )
    if factor.argument:
        if factor.argument not in levels:
            raise KitError(
                f"{factor.text}: column {column.name} has no value {factor.argument!r}; it has "
                f"{listing(levels)}. Name one of them as the reference, or none"
            )
        levels = [factor.argument, *(level for level in levels if level != factor.argument)]
    return pd.Categorical(texts, categories=levels)


def _check_stray_texts(column: Column, keep: BoolArray) -> None:
    """Refuse a column of numbers with a few texts among them: they would make a category of every number.

    Raises
    ------
    KitError
        When nine tenths of its values, or more, are numbers.
    """
    texts = column.texts[keep & ~column.missing]
    odd = [text for text in texts.tolist() if _level_order(text)[0] == np.inf]
    if odd and len(odd) <= _FEW_TEXTS * len(texts):
        raise KitError(
            f"column {column.name} is numbers, but for {listing(dict.fromkeys(odd), most=3)} in {len(odd)} rows; "
            f"write them as numbers or empty them, or take every value for a category by C({column.name})"
        )


def _level_order(level: str) -> tuple[float, str]:
    """Return what sorts categories: numbers by size, then texts by alphabet."""
    try:
        return float(level), level
    except ValueError:
        return np.inf, level


@dataclass(frozen=True, slots=True)
class DesignMaker:
    """Makes the design of a formula, for whatever codes its rows are taken to have.

    Attributes
    ----------
    formula
        The formula.
    columns
        The values of factors that are no codes, by their name in the template.
    codes
        The place of the code among the codes, by the name of the factor in the template.
    n
        The number of rows.
    """

    formula: ReadFormula
    columns: Mapping[str, Any]
    codes: Mapping[str, int]
    n: int

    def make(
        self, labels: FloatArray, rows: NDArray[np.int64] | None = None
    ) -> tuple[FloatArray, list[str]]:
        """Return the design, shape (rows, terms), and the names of its columns.

        Parameters
        ----------
        labels
            Which codes rows have, or how a model scores them, shape (rows, codes).
        rows
            Which rows to make it for; by default all.
        """
        import pandas as pd

        chosen = np.arange(self.n) if rows is None else rows
        table = {name: values[chosen] for name, values in self.columns.items()}
        table |= {name: labels[:, code] for name, code in self.codes.items()}
        # A formula of a constant alone has no column, and still as many rows.
        frame = pd.DataFrame(table, index=range(len(chosen)))
        matrix = self._parse().get_model_matrix(frame, context={}, output="numpy")
        names = [self.formula.show_column(name) for name in matrix.model_spec.column_names]
        return np.asarray(matrix, dtype=float), names

    def check_size(self) -> None:
        """Refuse a design with more columns than a regression can have.

        Raises
        ------
        KitError
            When it has no terms or too many, or the terms cannot be read.
        """
        width = 0
        for term in self._parse():
            levels = [
                len(self.columns[str(factor)].categories)
                for factor in term.factors
                if hasattr(self.columns.get(str(factor)), "categories")
            ]
            width += int(np.prod(levels)) if levels else 1
        if not 0 < width <= MOST_COLUMNS:
            raise KitError(
                f"formula {self.formula.text!r} has {width} coefficients, and there may be 1 to "
                f"{MOST_COLUMNS}; leave terms out, or join values of columns with many"
            )

    def _parse(self) -> Any:
        if find_spec("formulaic") is None:
            raise MissingExtra("formulaic", "regress")
        from formulaic import Formula
        from formulaic.errors import FormulaicError

        try:
            return Formula(self.formula.template)
        except (FormulaicError, ValueError, IndexError, TypeError) as error:
            reason = self.formula.show_column(str(error).splitlines()[0])
            raise KitError(
                f"formula {self.formula.text!r} cannot be read: {reason}; {SYNTAX_OF_FORMULAS}"
            ) from None


def design_maker(
    formula: ReadFormula,
    columns: Mapping[str, Column],
    codes: Sequence[str],
    keep: BoolArray,
) -> DesignMaker:
    """Return what makes the design of a formula.

    Parameters
    ----------
    columns
        The columns that the formula names, by name.
    codes
        The names of the codes; in a formula they are 1 where a row has the code.
    keep
        The rows that are used, shape (all rows,).

    Raises
    ------
    KitError
        When a factor has no value of some row, or takes numbers and has texts.

    Examples
    --------
    >>> from stancekit.prevalence.formulas import read_formula
    >>> party = np.array(["left", "right", "left"], dtype=object)
    >>> column = Column("party", None, party, np.zeros(3, bool))
    >>> maker = design_maker(read_formula("x ~ agree + party"), {"party": column}, ["agree"], np.ones(3, bool))
    >>> design, names = maker.make(np.array([[0.0], [1.0], [1.0]]))
    >>> names, design.tolist()
    (['Intercept', 'agree', 'party[T.right]'], [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    """
    place = {code: number for number, code in enumerate(codes)}
    values: dict[str, Any] = {}
    of_codes: dict[str, int] = {}
    for number, factor in enumerate(formula.factors):
        name = f"factor_{number}_"
        if factor.name in place:
            if factor.function:
                raise KitError(
                    f"{factor.text} makes something of a code, which is 1 where a row has it and 0 "
                    f"elsewhere; write {factor.name}"
                )
            of_codes[name] = place[factor.name]
            continue
        column = columns[factor.name]
        is_text = column.numbers is None and not factor.function
        if is_text:
            _check_stray_texts(column, keep)
        make = _make_categories if factor.function == "C" or is_text else apply_numeric
        values[name] = make(factor, column, keep)
    return DesignMaker(formula, values, of_codes, int(keep.sum()))
