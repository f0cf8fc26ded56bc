"""Tables for a paper, to be included with booktabs."""

import math
from collections.abc import Iterable, Sequence

from stancekit.errors import printable
from stancekit.report.leaderboard import Leaderboard
from stancekit.report.tables import METRIC_NAMES, averaged_over, title_of
from stancekit.types import Score

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
    r"""Return a text that LaTeX sets as it stands.

    Examples
    --------
    >>> print(escape_latex("50% of {a_b}"))
    50\% of \{a\_b\}
    """
    # TeX ends a line at a carriage return too, and a line's end may end a table's row or a
    # paragraph.
    plain = printable(" ".join(str(text).split()))
    return "".join(_LATEX_ESCAPES.get(letter, letter) for letter in plain)


def _score(score: Score | None) -> str:
    if score is None:
        return "--"
    if math.isnan(score.low):
        return "n.a." if math.isnan(score.value) else f"{score.value:.3f}".replace("0.", ".")
    return rf"{score.value:.3f} {{\scriptsize [{score.low:.3f}, {score.high:.3f}]}}".replace(
        "0.", "."
    )


def tabular(
    head: Sequence[object], body: Iterable[Sequence[str]], *, caption: str, label: str
) -> str:
    """Return a table; cells of the body are LaTeX already, all else is escaped."""
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(caption)}}}",
        rf"\label{{tab:{''.join(letter for letter in label if letter.isalnum() or letter == '-')}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        " & ".join(escape_latex(one) for one in head) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in body),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def latex(boards: Sequence[Leaderboard]) -> str:
    """Return the leaderboard and the codes of the best model of every board as LaTeX tables."""
    parts = ["% Written by stancekit; needs \\usepackage{booktabs}."]
    for board in boards:
        run = board.best.first
        names = [name for name in METRIC_NAMES if board.best.value(name)]
        about = f"{title_of(board)}, {len(run.rows)} test examples"
        body = [
            [
                escape_latex(entry.first.model),
                *(_score(entry.value(name)) for name in names),
                escape_latex(board.comparison.letters(entry.first.model)),
            ]
            for entry in board.entries
        ]
        parts.append(
            tabular(
                ["model", *(METRIC_NAMES[name] for name in names), "group"],
                body,
                caption=f"{about}: {averaged_over(board)}; means over random states with 95 % intervals. Models that "
                "share a letter are not significantly different (paired bootstrap over articles, Holm-corrected).",
                label="-".join(run.board),
            )
        )
        codes = [
            [
                escape_latex(code),
                *(
                    _score(board.best.value(name, f"code={code}"))
                    for name in ("precision", "recall", "f1")
                ),
            ]
            for code in run.codes
        ]
        parts.append(
            tabular(
                ["code", "precision", "recall", "F1"],
                codes,
                caption=f"{about}: codes of {run.model}.",
                label="-".join([*run.board, "codes"]),
            )
        )
    return "\n\n".join([*parts, ""])
