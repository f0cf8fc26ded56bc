"""Scores as CSV and Markdown."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from stancekit.errors import printable
from stancekit.evaluation.comparison import PairedDifference
from stancekit.report.averaged import SLICE
from stancekit.report.checks import Check, run_checks, unscored
from stancekit.report.generalisation import SplitScore, split_scores
from stancekit.report.leaderboard import Leaderboard, LeaderboardRow
from stancekit.report.sources import by_source
from stancekit.types import Score

METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "f_avg": "F_avg",
    "micro_f1": "micro-F1",
    "both_f1": "F1 of both classes",
    "ece": "ECE",
    "brier": "Brier",
}
SCORE_COLUMNS = (
    *("corpus", "codebook", "split", "part", "model", "metric", "slice"),
    *("value", "low", "high", "n", "codes", "random_states"),
)


def format_score(score: Score | None) -> str:
    """Return a score as text: value and interval.

    Examples
    --------
    >>> format_score(Score("macro_f1", "all", 0.5, 0.45, 0.551, 20))
    '.500 [.450, .551]'
    >>> format_score(Score("macro_f1", "all", 0.5, math.nan, math.nan, 20)), format_score(Score("alpha", "x", *[math.nan] * 3, 20))
    ('.500 [no interval]', 'n.a.')
    """
    if score is None:
        return "–"
    if math.isnan(score.value):
        return "n.a."
    interval = "no interval" if math.isnan(score.low) else f"{score.low:.3f}, {score.high:.3f}"
    return f"{score.value:.3f} [{interval}]".replace("0.", ".")


def format_number(value: float) -> str:
    """Return a number as tables print it.

    Examples
    --------
    >>> format_number(0.5), format_number(math.nan)
    ('.500', '–')
    """
    return "–" if math.isnan(value) else f"{value:.3f}".replace("0.", ".", 1)


def csv_cell(value: object) -> object:
    """Return a value that no spreadsheet will take for a formula; an empty text stays empty.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell(""), csv_cell(-0.5)
    ("'=1+1", '', -0.5)
    """
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )


def scores_csv(
    of: Sequence[str], scores: Iterable[Score], random_states: int, *, head: bool = True
) -> str:
    """Return scores as CSV, with empty cells where a score has no interval or is not defined.

    Parameters
    ----------
    of
        What was scored: corpus, codebook, split, part and model.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if head:
        writer.writerow(SCORE_COLUMNS)
    names = [csv_cell(name) for name in of]
    for one in scores:
        numbers = (
            "" if math.isnan(value) else f"{value:.6f}" for value in (one.value, one.low, one.high)
        )
        codes = "" if one.codes is None else one.codes
        writer.writerow(
            [*names, one.metric, csv_cell(one.slice), *numbers, one.n, codes, random_states]
        )
    return file.getvalue()


def scores_to_csv(entries: Iterable[LeaderboardRow]) -> str:
    """Return `scores.csv` of some models."""
    parts: list[str] = []
    for entry in entries:
        of = (*entry.first.board, entry.first.model)
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
        lines.append(
            ",".join([str(step), *(f"{row[key]:.6f}" if key in row else "" for key in keys)])
        )
    return "\n".join([*lines, ""])


# What Markdown would not show as it stands: tags, links and pictures, code.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|`|\[(?=[^]]*\]\()")


def one_line(text: object) -> str:
    r"""Return a text as Markdown shows it as it stands: one line, no control characters, no HTML, links or code.

    Examples
    --------
    >>> print(one_line("<b>a</b>\n![b](http://c) `d` .5 [.4, .6] <0.001"))
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
    lines = [
        "| " + " | ".join(one_line(one).replace("|", "\\|") for one in line) + " |"
        for line in (head, *body)
    ]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def title_of(board: Leaderboard) -> str:
    """Return what a board is about: codebook, corpus, and split and part where they are not the usual ones."""
    run = board.best.first
    split = f", {run.split} split" if run.split not in ("fixed", "none") else ""
    part = f", part {run.part}" if run.part != "test" else ""
    return f"{run.codebook} on {run.corpus}{split}{part}"


def leaderboard_table(board: Leaderboard, *, timed: bool = True) -> str:
    """Return a board as a Markdown table, best first; a card that is committed is not `timed`."""
    names = [name for name in METRIC_NAMES if board.best.value(name)]
    named = [METRIC_NAMES[name] for name in names]
    head = [
        "model",
        *named,
        "group",
        "validation",
        "random states",
        *(["seconds"] if timed else []),
    ]
    body = [
        [
            entry.first.model,
            *(format_score(entry.value(name)) for name in names),
            board.comparison.letters(entry.first.model) or "–",
            format_number(entry.validation),
            len(entry.runs),
            *([f"{entry.seconds:.1f}"] if timed else []),
        ]
        for entry in board.entries
    ]
    return table(head, body)


def join_words(board: Leaderboard) -> list[tuple[str, int, dict[str, Score | None]]]:
    """Return by model what it scores with its random states averaged into one: its name, how many, score by column."""
    known = METRIC_NAMES | {"macro_f1 gain": "macro-F1 above the mean"}
    found = [
        (entry, {metric: entry.value(metric, SLICE) for metric in known}) for entry in board.entries
    ]
    found = [(entry, scores) for entry, scores in found if any(scores.values())]
    used = [metric for metric in known if any(scores[metric] for _, scores in found)]
    return [
        (entry.first.model, len(entry.runs), {known[metric]: scores[metric] for metric in used})
        for entry, scores in found
    ]


def averages(board: Leaderboard) -> list[str]:
    """Return what models score with their random states averaged into one as lines of Markdown."""
    rows = join_words(board)
    if not rows:
        return []
    heading = "Random states averaged into one model (`stancekit average`); intervals over articles, not other states:"
    body = [[model, states, *map(format_score, scores.values())] for model, states, scores in rows]
    return [heading, "", table(["model", "states", *rows[0][2]], body), ""]


def per_code(entry: LeaderboardRow) -> str:
    """Return precision, recall and F1 of every code as a Markdown table, and which codes are not in gold."""
    body = []
    for name in entry.first.codes:
        found = [entry.value(metric, f"code={name}") for metric in ("precision", "recall", "f1")]
        body.append([name, *map(format_score, found), found[0].n if found[0] else 0])
    lines = [table(["code", "precision", "recall", "F1", "n"], body)]
    if lacking := unscored(entry):
        lines += ["", f"{lacking[0].upper()}{one_line(lacking[1:])}."]
    return "\n".join(lines)


def averaged_over(board: Leaderboard) -> str:
    """Return over how many codes of the codebook macro averages run, in words.

    Where random states have test sets of their own, the fewest and the most are named.
    """
    fewest, most = board.codes
    every = len(board.best.first.codes)
    if fewest == every:
        return f"macro-F1 over all {every} codes"
    many = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return f"macro-F1 over the {many} of {every} codes that are in gold"


def pair_table(board: Leaderboard) -> str:
    """Return how far each model lies behind the best as a Markdown table."""
    body = [
        [
            f"{pair.first} - {pair.second}",
            format_score(pair.difference),
            p_value(pair.p),
            "yes" if pair.significant else "no",
            format_number(pair.detectable),
            needed(pair),
        ]
        for pair in board.pairs_with_best
    ]
    head = [
        "pair",
        "difference in macro-F1",
        "p (Holm)",
        "significant",
        "detectable",
        "examples needed",
    ]
    return table(head, body)


def needed(pair: PairedDifference) -> str:
    """Return how many test examples it would take to show a difference, in words where no test set would do."""
    if pair.needed is None:
        return "over a million" if pair.difference.value else "no number"
    return f"{pair.needed:,}"


def p_value(p: float) -> str:
    """Return a p-value as papers print it.

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0312)
    ('<0.001', '0.031')
    """
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def audited(entry: LeaderboardRow) -> str:
    """Return the target audit of a model as a Markdown table."""
    body = [
        [
            one.variant,
            format_number(one.value),
            format_score(one.gap),
            f"{one.changed:.0%}",
            one.gap.n,
        ]
        for one in entry.findings
    ]
    return table(["input", "macro-F1", "full input lies above by", "labels changed", "n"], body)


def by_setting(board: Leaderboard) -> list[str]:
    """Return macro-F1 by setting (topics that training knew or not, texts repeated or not) as lines of Markdown."""
    names = sorted(
        {one.slice for one in board.best.scores if one.slice.startswith("setting=")}, reverse=True
    )
    if not names:
        return []
    body = [
        [entry.first.model, *(format_score(entry.value("macro_f1", name)) for name in names)]
        for entry in board.entries
    ]
    head = ["model", *(name.removeprefix("setting=") for name in names)]
    return ["Macro-F1 by part of the test set:", "", table(head, body), ""]


def source_table(board: Leaderboard) -> list[str]:
    """Return the scores of every model on every source of a mixture as lines of Markdown."""
    matrix = by_source(board)
    if not matrix:
        return []
    body = [[model, *map(format_score, of)] for model, of in matrix.rows]
    return [
        f"{METRIC_NAMES[matrix.metric]} by source:",
        "",
        table(["model", *matrix.sources], body),
        "",
    ]


def doubts(checks: Sequence[Check]) -> list[str]:
    """Return checks as lines of Markdown."""
    if not checks:
        return ["All checks passed.", ""]
    return [
        *(
            f"- **{one.code} {one_line(one.title)}**: {one_line(one.seen)}. To do: {one.do}."
            for one in checks
        ),
        "",
    ]


def fallen(found: Sequence[SplitScore]) -> list[str]:
    """Return the generalisation card as lines of Markdown."""
    if not found:
        return []
    body = [
        [one.codebook, one.model, one.split, format_score(one.score), format_score(one.drop)]
        for one in found
    ]
    head = ["codebook", "model", "split", "macro-F1", "drop against in-topic"]
    return ["## Generalisation", "", table(head, body), ""]


def markdown(all_boards: Sequence[Leaderboard], command: str) -> str:
    """Return the comparison of an experiment as Markdown."""
    parts = fallen(split_scores(all_boards))
    for board in all_boards:
        run = board.best.first
        parts += [
            f"## {one_line(title_of(board))}",
            "",
            *doubts(run_checks(board)),
            f"{len(run.rows)} test examples from "
            f"{len(set(run.articles))} articles; {averaged_over(board)}; means over random states, 95 % intervals from "
            "a bootstrap over articles and random states. Models that share a letter are not significantly different.",
            "",
            leaderboard_table(board),
            "",
        ]
        parts += averages(board) + by_setting(board) + source_table(board)
        if board.pairs_with_best:
            parts += ["Behind the best, articles drawn alike:", "", pair_table(board), ""]
        parts += [f"Codes of {one_line(run.model)}:", "", per_code(board.best), ""]
        for entry in board.entries:
            if entry.findings:
                parts += [f"Target audit of {one_line(entry.first.model)}:", "", audited(entry), ""]
    return "\n".join([*parts, f"Command: {inline_code(command)}", ""])
