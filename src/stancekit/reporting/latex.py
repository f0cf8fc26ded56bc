"""Tables for a paper, to be included with booktabs."""

import math
from collections.abc import Mapping, Sequence

from stancekit.errors import printable
from stancekit.formatting import drop_zeros
from stancekit.reporting.tables import averaged_over
from stancekit.runs.analysis import Analysis
from stancekit.runs.frames import METRIC_NAMES, board_title, metrics_of
from stancekit.runs.leaderboard import Leaderboard
from stancekit.types import Score

# pandas escapes all but `<` and `>`, which TeX's own fonts set as other signs.
_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def escape_latex(text: object) -> str:
    r"""Return a text that LaTeX sets as it is written.

    Examples
    --------
    >>> print(escape_latex("50% of {a_b}"))
    50\% of \{a\_b\}
    """
    # TeX ends a line at a carriage return too, and a line's end may end a table's row or a
    # paragraph.
    plain = printable(" ".join(str(text).split()))
    return "".join(_LATEX_ESCAPES.get(letter, letter) for letter in plain)


def _score_cell(score: Score | None) -> str:
    if score is None:
        return "--"
    if math.isnan(score.value):
        return "n.a."
    if math.isnan(score.low):
        return drop_zeros(f"{score.value:.3f}")
    ends = rf"{{\scriptsize [{score.low:.3f}, {score.high:.3f}]}}"
    return drop_zeros(f"{score.value:.3f} {ends}")


def latex_table(columns: Mapping[str, Sequence[str]], *, caption: str, label: str) -> str:
    """Return a table; its cells are LaTeX already, its head and its caption are escaped.

    Parameters
    ----------
    columns
        The cells by heading, those of the first column to the left and the others to the right.
    """
    import pandas

    frame = pandas.DataFrame({escape_latex(head): cells for head, cells in columns.items()})
    plain = "".join(letter for letter in label if letter.isalnum() or letter == "-")
    return str(
        frame.style.hide(axis="index").to_latex(
            column_format="l" + "r" * (len(frame.columns) - 1),
            position_float="centering",
            hrules=True,
            caption=escape_latex(caption),
            label=f"tab:{plain}",
        )
    )


def _leaderboard_latex(board: Leaderboard) -> str:
    run = board.best.first
    columns = {"model": [escape_latex(entry.first.model) for entry in board.entries]}
    for metric in metrics_of(board):
        columns[METRIC_NAMES[metric]] = [
            _score_cell(entry.value(metric)) for entry in board.entries
        ]
    columns["group"] = [board.comparison.letters(entry.first.model) for entry in board.entries]
    return latex_table(
        columns,
        caption=f"{_about(board)}: {averaged_over(board)}; means over random states with 95 % intervals. Models that "
        "share a letter are not significantly different (paired bootstrap over articles, Holm-corrected)."
        + (f" {board.beside}." if board.beside else ""),
        label="-".join(run.board),
    )


def _codes_latex(board: Leaderboard) -> str:
    run = board.best.first
    columns = {"code": [escape_latex(code) for code in run.codes]}
    for metric, head in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        scores = [board.best.value(metric, f"code={code}") for code in run.codes]
        columns[head] = [_score_cell(score) for score in scores]
    caption = f"{_about(board)}: codes of {run.model}."
    return latex_table(columns, caption=caption, label="-".join([*run.board, "codes"]))


def _about(board: Leaderboard) -> str:
    return f"{board_title(board)}, {len(board.best.first.rows)} test examples"


def latex(analysis: Analysis) -> str:
    """Return the leaderboard and the codes of the best model of every board as LaTeX tables."""
    parts = ["% Written by stancekit; needs \\usepackage{booktabs}.\n"]
    for board in analysis.leaderboards:
        parts += [_leaderboard_latex(board), _codes_latex(board)]
    return "\n".join(parts)
