"""Numbers, scores and tables as text: how every table of the kit prints them."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stancekit.errors import printable
from stancekit.types import Score

if TYPE_CHECKING:
    import pandas

# What Markdown does not show as it is written: tags, links and pictures, code.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|`|\[(?=[^]]*\]\()")
# Papers of the field leave out the zero before the point of numbers that never exceed one.
_LEADING_ZERO = re.compile(r"(?<![\d.])0(?=\.\d)")


def format_score(score: Score | None) -> str:
    """Return a score as text: value and interval.

    Examples
    --------
    >>> format_score(Score("macro_f1", "all", 0.5, 0.45, 0.551, 20))
    '.500 [.450, .551]'
    >>> format_score(Score("macro_f1", "all", 0.5, math.nan, math.nan, 20))
    '.500 [no interval]'
    >>> format_score(Score("alpha", "all", math.nan, math.nan, math.nan, 20))
    'n.a.'
    """
    if score is None:
        return "–"
    if math.isnan(score.value):
        return "n.a."
    interval = "no interval" if math.isnan(score.low) else f"{score.low:.3f}, {score.high:.3f}"
    return drop_zeros(f"{score.value:.3f} [{interval}]")


def format_number(value: float) -> str:
    """Return a number as tables print it.

    Examples
    --------
    >>> format_number(0.5), format_number(math.nan)
    ('.500', '–')
    """
    return "–" if math.isnan(value) else drop_zeros(f"{value:.3f}")


def drop_zeros(text: str) -> str:
    """Return a text with its numbers as papers print them, without the zero before the point.

    Examples
    --------
    >>> drop_zeros("0.500 [-0.050, 10.250]")
    '.500 [-.050, 10.250]'
    """
    return _LEADING_ZERO.sub("", text)


def markdown_text(text: object) -> str:
    r"""Return a text that Markdown shows as it is: one line, no control characters, no HTML, links or code.

    Examples
    --------
    >>> print(markdown_text("<b>a</b>\n![b](http://c) `d` .5 [.4, .6] <0.001"))
    &lt;b>a&lt;/b> !\[b](http://c) \`d\` .5 [.4, .6] <0.001
    """
    plain = printable(" ".join(str(text).split()))
    return _MARKUP.sub(lambda match: "&lt;" if match[0] == "<" else f"\\{match[0]}", plain)


def inline_code(text: object) -> str:
    """Return a text as code in Markdown, on one line.

    Examples
    --------
    >>> print(inline_code("stancekit train"))
    `stancekit train`
    """
    return f"`{printable(' '.join(str(text).split())).replace('`', chr(39))}`"


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(table(["model", "n"], [["svm", 3]]))
    | model | n |
    |---|---|
    | svm | 3 |
    """
    lines = []
    for row in (head, *body):
        cells = [markdown_text(cell).replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def frame_table(frame: "pandas.DataFrame") -> str:
    """Return a pandas DataFrame as a Markdown table, without its index."""
    return table([str(name) for name in frame.columns], frame.to_numpy(dtype=object).tolist())


def format_share(estimate: tuple[float, float, float] | None) -> str:
    """Return an estimate, its value and the limits of its interval, in percent.

    Examples
    --------
    >>> format_share((0.25, 0.2, 0.31)), format_share(None)
    ('25.0 [20.0, 31.0]', '-')
    """
    if estimate is None:
        return "-"
    # Never a negative zero.
    value, low, high = (round(100 * number, 1) + 0.0 for number in estimate)
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def format_estimate(estimate: tuple[float, float, float] | None, decimals: int = 2) -> str:
    """Return an estimate that is no share, its value and the limits of its interval.

    Where half the interval is less than the last digit, as of a coefficient per euro, numbers have
    as many significant digits as show it with two.

    Examples
    --------
    >>> format_estimate((1.5, 1.1, 2.04)), format_estimate(None)
    ('1.50 [1.10, 2.04]', '-')
    >>> format_estimate((0.0041, 0.0021, 0.0061)), format_estimate((2e-7, -1.2e-8, 4.1e-7))
    ('0.0041 [0.0021, 0.0061]', '2.0e-07 [-1.2e-08, 4.1e-07]')
    """
    if estimate is None:
        return "-"
    value, low, high = (number + 0.0 for number in estimate)
    # Of what is known without error, its own size.
    half = (high - low) / 2 or abs(value)
    if not 0 < half < 10**-decimals:
        value, low, high = (round(number, decimals) + 0.0 for number in estimate)
        return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"
    largest = max(abs(low), abs(high))
    digits = max(math.floor(math.log10(largest)) - math.floor(math.log10(half)) + 2, 2)
    value, low, high = (
        0.0 if abs(number) < half / 1e6 else number for number in (value, low, high)
    )
    return f"{value:#.{digits}g} [{low:#.{digits}g}, {high:#.{digits}g}]"


def format_plain(value: float, decimals: int = 2, sign: str = "") -> str:
    """Return a number with some decimals, or with two significant digits where these would show none of it.

    Examples
    --------
    >>> format_plain(1.5), format_plain(0.0041), format_plain(-0.0041, sign="+"), format_plain(0.0)
    ('1.50', '0.0041', '-0.0041', '0.00')
    """
    small = 0 < abs(value) < 10**-decimals
    return f"{value:{sign}#.2g}" if small else f"{value:{sign}.{decimals}f}"


def format_percent(share: float) -> str:
    """Return a share in percent, `-` where there is none.

    Examples
    --------
    >>> format_percent(0.25), format_percent(math.nan)
    ('25.0', '-')
    """
    return "-" if math.isnan(share) else f"{100 * share:.1f}"
