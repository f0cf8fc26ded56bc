"""Scores as Markdown, and in the words of reports."""

from collections.abc import Sequence

from stancekit.evaluation.comparison import PairedDifference
from stancekit.evaluation.names import EXCHANGES
from stancekit.formatting import (
    format_number,
    format_score,
    frame_table,
    inline_code,
    markdown_text,
    table,
)
from stancekit.runs.analysis import Analysis, BoardAnalysis
from stancekit.runs.breakdowns import SplitScore
from stancekit.runs.check import Check
from stancekit.runs.checks import describe_unscored
from stancekit.runs.frames import METRIC_NAMES, board_title, shown_board
from stancekit.runs.leaderboard import AVERAGED, Leaderboard, LeaderboardRow
from stancekit.runs.share_ranges import ShareRange
from stancekit.types import Score

# Actors whose drift is shown, the largest first.
MOST_DRIFTS = 10


def leaderboard_table(board: Leaderboard, *, timed: bool = True) -> str:
    """Return a board as a Markdown table, best first; a card that is committed is not `timed`."""
    shown = frame_table(shown_board(board, timed=timed))
    return f"{shown}\n\n{markdown_text(board.beside)}." if board.beside else shown


def averaged_rows(board: Leaderboard) -> list[tuple[str, int, dict[str, Score | None]]]:
    """Return what models score with their random states averaged into one: name, number of states, score by column."""
    names = METRIC_NAMES | {"macro_f1 gain": "macro-F1 above the mean"}
    scores = {}
    for entry in board.entries:
        by_metric = {metric: entry.value(metric, AVERAGED) for metric in names}
        if any(by_metric.values()):
            scores[entry.first.model] = (len(entry.runs), by_metric)
    used = [
        metric for metric in names if any(by_metric[metric] for _, by_metric in scores.values())
    ]
    return [
        (model, states, {names[metric]: by_metric[metric] for metric in used})
        for model, (states, by_metric) in scores.items()
    ]


def _averaged_lines(board: Leaderboard) -> list[str]:
    rows = averaged_rows(board)
    if not rows:
        return []
    heading = "Random states averaged into one model (`stancekit average`); intervals over articles, not other states:"
    body = [[model, states, *map(format_score, scores.values())] for model, states, scores in rows]
    return [heading, "", table(["model", "states", *rows[0][2]], body), ""]


def code_table(entry: LeaderboardRow) -> str:
    """Return precision, recall and F1 of every code as a Markdown table, and which codes are not in gold."""
    body = []
    for code in entry.first.codes:
        scores = [entry.value(metric, f"code={code}") for metric in ("precision", "recall", "f1")]
        body.append([code, *map(format_score, scores), scores[0].n if scores[0] else 0])
    lines = [table(["code", "precision", "recall", "F1", "n"], body)]
    if unscored := describe_unscored(entry):
        lines += ["", f"{unscored[0].upper()}{markdown_text(unscored[1:])}."]
    return "\n".join(lines)


def averaged_over(board: Leaderboard) -> str:
    """Return over how many codes of the codebook macro averages run, in words.

    Where random states have test sets of their own, the fewest and the most are named.
    """
    fewest, most = board.code_range
    every = len(board.best.first.codes)
    if fewest == every:
        return f"macro-F1 over all {every} codes"
    number = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return f"macro-F1 over the {number} of {every} codes that are in gold"


def pair_table(board: Leaderboard) -> str:
    """Return how far each model is below the best as a Markdown table."""
    head = ["pair", "difference in macro-F1", "p (Holm)", "significant"]
    head += ["detectable", "examples needed"]
    body = []
    for pair in board.pairs_with_best:
        row = [f"{pair.first} - {pair.second}", format_score(pair.difference)]
        row += [format_p(pair.p), "yes" if pair.significant else "no"]
        body.append([*row, format_number(pair.detectable), format_needed(pair)])
    return table(head, body)


def format_needed(pair: PairedDifference) -> str:
    """Return how many test examples it would take to show a difference, in words where no test set would do."""
    if pair.needed is None:
        return "over a million" if pair.difference.value else "no number"
    return f"{pair.needed:,}"


def format_p(p: float) -> str:
    """Return a p-value as papers print it.

    Examples
    --------
    >>> format_p(0.0004), format_p(0.0312)
    ('<0.001', '0.031')
    """
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def audit_table(entry: LeaderboardRow) -> str:
    """Return the target audit of a model as a Markdown table."""
    body = []
    for finding in entry.findings:
        row = [finding.variant, format_number(finding.value), format_score(finding.gap)]
        body.append([*row, f"{finding.changed:.0%}", finding.gap.n])
    return table(["input", "macro-F1", "full input lies above by", "labels changed", "n"], body)


def name_lines(entry: LeaderboardRow) -> list[str]:
    """Return how a model's labels change with names as lines of Markdown, empty where it was not measured."""
    if entry.names is None:
        return []
    lines = [f"With names exchanged for others of their kind: {describe_names(entry)}.", ""]
    if not entry.names.drifts:
        return lines
    body = [
        [markdown_text(drift.slice), format_score(drift), drift.n]
        for drift in entry.names.drifts[:MOST_DRIFTS]
    ]
    head = ["actor", f"{drift_of(entry)} by its name", "n"]
    return [*lines, table(head, body), ""]


def describe_names(entry: LeaderboardRow) -> str:
    """Return in words how many labels change with the names.

    `not measured` is what was recorded before names were exchanged.
    """
    if entry.names is None:
        return "not measured"
    changed = entry.names.changed
    return f"{format_score(changed)} of the labels change (n = {changed.n}, {EXCHANGES} exchanges each)"


def drift_of(entry: LeaderboardRow) -> str:
    """Return what drifts with a name: the probability of the scale's highest code less that of its lowest."""
    low, high = entry.first.scale[0], entry.first.scale[-1]
    return f"P({high}) - P({low})"


def answer_lines(part: BoardAnalysis) -> list[str]:
    """Return how far language models answered what they were asked, as lines of Markdown."""
    lines = []
    for entry in part.board.entries:
        if entry.answers is None:
            continue
        name = entry.first.model
        lines += [f"Answers of {markdown_text(name)}: {describe_answers(entry)}.", ""]
        if ranges := part.share_ranges.get(name):
            lines += [*_range_lines(ranges), ""]
    return lines


def describe_answers(entry: LeaderboardRow) -> str:
    """Return in words how far a language model's labels are answers to what it was asked."""
    use = entry.answers
    if use is None:
        return "not a language model"
    said = [f"{format_score(use.illegal)} of {use.illegal.n:,} replies are none of the letters"]
    if use.turned:
        turned = format_score(use.turned)
        said.append(
            f"{turned} of the labels change over {len(entry.first.views)} wordings and orders (n = {use.turned.n})"
        )
    said += [f"{test} in {good} of {n} trials" for test, (good, n) in entry.first.behaviour.items()]
    return "; ".join(said)


RANGE_HEAD = ["code", "share in gold", "counted, lowest to highest", "corrected, lowest to highest"]


def range_rows(ranges: Sequence[ShareRange]) -> list[list[str]]:
    """Return as cells what shares of codes would be under the wordings and orders."""
    rows = []
    for each in ranges:
        corrected = " to ".join(map(format_number, each.corrected)) if each.corrected else "–"
        counted = " to ".join(map(format_number, each.counted))
        rows.append([each.code, format_number(each.gold), counted, corrected])
    return rows


def _range_lines(ranges: Sequence[ShareRange]) -> list[str]:
    body = [[markdown_text(code), *rest] for code, *rest in range_rows(ranges)]
    heading = "Shares of the codes on test, by whichever wording and order had been chosen"
    gold = f"; corrected by {ranges[0].gold_rows} gold rows" if ranges[0].gold_rows else ""
    return [f"{heading}{gold}:", "", table(RANGE_HEAD, body)]


def _setting_lines(board: Leaderboard) -> list[str]:
    """Return macro-F1 by setting: topics that training knew or not, texts repeated or not."""
    slices = {row.slice for row in board.best.scores if row.slice.startswith("setting=")}
    if not slices:
        return []
    in_order = sorted(slices, reverse=True)
    body = [
        [entry.first.model, *(format_score(entry.value("macro_f1", name)) for name in in_order)]
        for entry in board.entries
    ]
    head = ["model", *(name.removeprefix("setting=") for name in in_order)]
    return ["Macro-F1 by part of the test set:", "", table(head, body), ""]


def _source_lines(part: BoardAnalysis) -> list[str]:
    matrix = part.sources
    if not matrix:
        return []
    body = [[model, *map(format_score, scores)] for model, scores in matrix.rows]
    heading = f"{METRIC_NAMES[matrix.metric]} by source:"
    return [heading, "", table(["model", *matrix.sources], body), ""]


def check_lines(checks: Sequence[Check]) -> list[str]:
    """Return checks as lines of Markdown."""
    if not checks:
        return ["All checks passed.", ""]
    lines = []
    for check in checks:
        title, seen = markdown_text(check.title), markdown_text(check.seen)
        lines.append(f"- **{check.code} {title}**: {seen}. To do: {check.do}.")
    return [*lines, ""]


def generalisation_lines(rows: Sequence[SplitScore]) -> list[str]:
    """Return scores by split as lines of Markdown, empty where there are none."""
    if not rows:
        return []
    body = []
    for row in rows:
        scores = [format_score(row.score), format_score(row.drop)]
        body.append([row.codebook, row.model, row.split, *scores])
    head = ["codebook", "model", "split", "macro-F1", "drop against in-topic"]
    return ["## Generalisation", "", table(head, body), ""]


def markdown(analysis: Analysis, command: str) -> str:
    """Return the comparison of an experiment as Markdown."""
    lines = generalisation_lines(analysis.splits)
    for part in analysis.boards:
        lines += _board_lines(part)
    return "\n".join([*lines, f"Command: {inline_code(command)}", ""])


def _board_lines(part: BoardAnalysis) -> list[str]:
    board, run = part.board, part.board.best.first
    lines = [
        f"## {markdown_text(board_title(board))}",
        "",
        *check_lines(part.checks),
        f"{len(run.rows)} test examples from "
        f"{len(set(run.articles))} articles; {averaged_over(board)}; means over random states, 95 % intervals from "
        "a bootstrap over articles and random states. Models that share a letter are not significantly different.",
        "",
        leaderboard_table(board),
        "",
    ]
    lines += _averaged_lines(board) + _setting_lines(board) + _source_lines(part)
    if board.pairs_with_best:
        lines += ["Behind the best, articles drawn alike:", "", pair_table(board), ""]
    lines += [f"Codes of {markdown_text(run.model)}:", "", code_table(board.best), ""]
    lines += answer_lines(part)
    for entry in board.entries:
        if entry.findings:
            heading = f"Target audit of {markdown_text(entry.first.model)}:"
            lines += [heading, "", audit_table(entry), "", *name_lines(entry)]
    return lines
