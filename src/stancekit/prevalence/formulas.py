"""Formulas of regressions: `condemn ~ party + year * C(actor)`, read by rules of the kit's own.

`formulaic` expands the terms and codes categories. It evaluates what stands in a formula as Python, so
it never sees what a user or a folder of someone else's has written: each factor is computed here, by
a fixed list of functions, and stands under a name of the kit's in the formula that `formulaic` reads.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stancekit.errors import KitError, listing

# What numbers can be put through; `C` makes categories of a column, and `I` a power.
NUMERIC_FUNCTIONS = ("log", "sqrt", "center", "scale")
_FUNCTIONS = ("C", "I", *NUMERIC_FUNCTIONS)
MOST_POWER = 4
_VARIABLE_NAME = r"`[^`]+`|[^\W\d]\w*(?:\.\w+)*"
_VARIABLE = re.compile(
    rf"(?P<function>[^\W\d]\w*)\(\s*(?P<inner>{_VARIABLE_NAME})\s*"
    r"(?:(?P<power>\*\*|\^)\s*(?P<exponent>\d+)\s*|,\s*(?P<level>\"[^\"]*\"|'[^']*'|[^()\"',]+))?\)"
    rf"|(?P<name>{_VARIABLE_NAME})"
)
_OPERATOR = re.compile(r"\*\*|[+\-*:/()^]")
_WHOLE_NUMBER = re.compile(r"\d+")
_STANDS_FOR = re.compile(r"factor_(\d+)_")
SYNTAX_OF_FORMULAS = (
    "a formula is OUTCOME ~ TERMS, of the names of codes and columns with + - * : / ** and brackets; "
    f"C(column) makes categories, C(column, value) with that value as the reference, and there are "
    f"I(column ** 2), {', '.join(f'{name}(column)' for name in NUMERIC_FUNCTIONS)}. A name with a "
    "blank or a sign in it stands between backticks"
)


@dataclass(frozen=True, slots=True)
class Factor:
    """A column or a code in a formula, and what is made of it.

    Attributes
    ----------
    text
        As it is written.
    name
        The column or code.
    function
        One of `C`, `I`, `log`, `sqrt`, `center` and `scale`; empty where the column stands alone.
    argument
        The reference of categories, or the exponent of a power.
    """

    text: str
    name: str
    function: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class ReadFormula:
    """A formula in its parts.

    Attributes
    ----------
    text
        As it is written.
    outcome
        What stands before the tilde.
    factors
        What stands behind it, each once.
    template
        The terms, with `factor_0_` and so on in place of factors.

    Examples
    --------
    >>> formula = read_formula("condemn ~ party * log(size) + C(actor, Peru) - 1")
    >>> formula.outcome, [factor.name for factor in formula.factors]
    ('condemn', ['party', 'size', 'actor'])
    >>> formula.template
    'factor_0_ * factor_1_ + factor_2_ - 1'
    """

    text: str
    outcome: str
    factors: tuple[Factor, ...]
    template: str

    @property
    def names(self) -> list[str]:
        """Return the columns and codes behind the tilde, each once."""
        return list(dict.fromkeys(factor.name for factor in self.factors))

    def show_column(self, column: str) -> str:
        """Return a column of the design with its factors as they are written."""
        return _STANDS_FOR.sub(lambda match: self.factors[int(match[1])].text, column)


def read_formula(text: str) -> ReadFormula:
    """Read a formula; nothing in it is run.

    Raises
    ------
    KitError
        When it has not one tilde, or something that a formula may not have.
    """
    sides = text.split("~")
    if len(sides) != 2 or not all(side.strip() for side in sides):
        raise KitError(
            f"formula {text!r} has no outcome and terms with one ~ between; {SYNTAX_OF_FORMULAS}"
        )
    factors: dict[Factor, int] = {}
    parts: list[str] = []
    rest = sides[1]
    while rest := rest.lstrip():
        if match := _VARIABLE.match(rest):
            factor = _make_factor(text, match)
            parts.append(f"factor_{factors.setdefault(factor, len(factors))}_")
        elif match := _OPERATOR.match(rest):
            parts.append("**" if match[0] == "^" else match[0])
        elif match := _WHOLE_NUMBER.match(rest):
            after_power = parts[-1:] == ["**"]
            if not (match[0] in ("0", "1") or (after_power and int(match[0]) <= MOST_POWER)):
                raise KitError(f"formula {text!r} has the number {match[0]}; {SYNTAX_OF_FORMULAS}")
            parts.append(match[0])
        else:
            raise KitError(
                f"formula {text!r} cannot be read from {rest[:20]!r} on; {SYNTAX_OF_FORMULAS}"
            )
        rest = rest[match.end() :]
    return ReadFormula(text.strip(), sides[0].strip(), tuple(factors), " ".join(parts))


def read_factor(text: str) -> Factor | None:
    """Return a name, or a function of one, `None` where a text is something else."""
    match = _VARIABLE.fullmatch(text.strip())
    return _make_factor(text, match) if match else None


def _make_factor(formula: str, match: re.Match[str]) -> Factor:
    if match["name"]:
        return Factor(match["name"], match["name"].strip("`"))
    function, argument = match["function"], (match["level"] or "").strip().strip("\"'")
    faults = {
        f"the function {function}": function not in _FUNCTIONS,
        f"a power outside I() in {match[0]}": bool(match["power"]) and function != "I",
        f"I() without a power up to {MOST_POWER}": function == "I"
        and not 1 <= int(match["exponent"] or 0) <= MOST_POWER,
        f"a second value in {match[0]}": bool(argument) and function != "C",
    }
    if wrong := [fault for fault, is_there in faults.items() if is_there]:
        raise KitError(f"formula {formula!r} has {listing(wrong)}; {SYNTAX_OF_FORMULAS}")
    return Factor(match[0], match["inner"].strip("`"), function, match["exponent"] or argument)


def quote_names(names: Iterable[str]) -> str:
    """Return names as a formula has them, for a message."""
    return listing(name if re.fullmatch(r"[^\W\d]\w*", name) else f"`{name}`" for name in names)
