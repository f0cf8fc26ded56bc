"""Scores as CSV and Markdown."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from stancekit.report.leaderboard import Board, Entry
from stancekit.types import Score

COLUMNS = ("corpus", "codebook", "model", "metric", "slice", "value", "low", "high", "n", "random_states")


def shown(score: Score | None) -> str:
    """Return a score as text: value and interval.

    Examples
    --------
    >>> shown(Score("macro_f1", "all", 0.5, 0.45, 0.551, 20))
    '.500 [.450, .551]'
    """
    if score is None:
        return "–"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]".replace("0.", ".")


def cell(value: object) -> object:
    """Return a value that no spreadsheet will take for a formula."""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in "=+-@\t\r" else value


def scores_csv(of: tuple[str, str, str], scores: Iterable[Score], random_states: int, *, head: bool = True) -> str:
    """Return scores as CSV; `of` names the corpus, the codebook and the model."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if head:
        writer.writerow(COLUMNS)
    names = [cell(name) for name in of]
    for one in scores:
        numbers = (f"{value:.6f}" for value in (one.value, one.low, one.high))
        writer.writerow([*names, one.metric, cell(one.slice), *numbers, one.n, random_states])
    return file.getvalue()


def to_csv(entries: Iterable[Entry]) -> str:
    """Return `scores.csv` of some models."""
    parts: list[str] = []
    for entry in entries:
        run = entry.first
        of = (run.corpus, run.codebook, run.model)
        parts.append(scores_csv(of, entry.scores, len(entry.runs), head=not parts))
    return "".join(parts)


def curve_csv(curve: Iterable[Mapping[str, float]]) -> str:
    """Return a training log as CSV: step, loss on train and, where there was one, loss and score on validation.

    Examples
    --------
    >>> print(curve_csv([{"step": 5.0, "loss": 1.5}, {"step": 5.0, "eval_loss": 1.25, "eval_score": 0.5}]), end="")
    step,loss,validation_loss,validation_score
    5,1.500000,1.250000,0.500000
    """
    by_step: dict[int, dict[str, float]] = {}
    for row in curve:
        if "loss" in row or "eval_loss" in row:
            by_step.setdefault(int(row["step"]), {}).update(row)
    keys = ("loss", "eval_loss", "eval_score")
    lines = ["step,loss,validation_loss,validation_score"]
    for step, row in sorted(by_step.items()):
        lines.append(",".join([str(step), *(f"{row[key]:.6f}" if key in row else "" for key in keys)]))
    return "\n".join([*lines, ""])


def _bar(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(table(["model", "n"], [["svm", 3]]))
    | model | n |
    |---|---|
    | svm | 3 |
    """
    lines = ["| " + " | ".join(_bar(one) for one in line) + " |" for line in (head, *body)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def leaderboard(board: Board, *, timed: bool = True) -> str:
    """Return a board as a Markdown table, best first; a card that is committed is not `timed`."""
    names = ["macro_f1", "f_avg", "micro_f1"]
    names = [name for name in names if board.entries[0].value(name)]
    head = ["model", *names, "validation", "random states", *(["seconds"] if timed else [])]
    body = [
        [
            entry.first.model,
            *(shown(entry.value(name)) for name in names),
            f"{entry.validation:.3f}".lstrip("0"),
            len(entry.runs),
            *([f"{entry.seconds:.1f}"] if timed else []),
        ]
        for entry in board.entries
    ]
    return table(head, body)


def per_code(entry: Entry) -> str:
    """Return precision, recall and F1 of every code as a Markdown table."""
    body = []
    for code in entry.first.codes:
        found = [entry.value(name, f"code={code}") for name in ("precision", "recall", "f1")]
        body.append([code, *map(shown, found), found[0].n if found[0] else 0])
    return table(["code", "precision", "recall", "F1", "n"], body)


def by_setting(board: Board) -> list[str]:
    """Return macro-F1 on topics that training knew and on those it did not, as lines of Markdown."""
    names = sorted({one.slice for one in board.entries[0].scores if one.slice.startswith("setting=")}, reverse=True)
    if not names:
        return []
    body = [[entry.first.model, *(shown(entry.value("macro_f1", name)) for name in names)] for entry in board.entries]
    head = ["model", *(name.removeprefix("setting=") for name in names)]
    return ["Macro-F1 by whether the topic was in training:", "", table(head, body), ""]


def markdown(all_boards: Sequence[Board], command: str) -> str:
    """Return the comparison of an experiment as Markdown."""
    parts = []
    for board in all_boards:
        run = board.entries[0].first
        parts += [
            f"## {run.codebook} on {run.corpus}",
            "",
            f"{len(run.rows)} test examples from "
            f"{len(set(run.articles))} articles; means over random states, 95 % intervals from a bootstrap over "
            "articles and random states.",
            "",
            leaderboard(board),
            "",
        ]
        parts += by_setting(board)
        parts += ["Behind the first, macro-F1, articles drawn alike:", ""]
        parts += [table(["pair", "difference"], [[one.slice, shown(one)] for one in board.differences]), ""]
        parts += [f"Codes of {run.model}:", "", per_code(board.entries[0]), ""]
    return "\n".join([*parts, f"Command: `{command}`", ""])
