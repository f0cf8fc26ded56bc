"""The report of an experiment as one HTML file that needs no network and runs no script."""

from markupsafe import Markup

from stancekit.evaluation.audit import MARGIN, target_use
from stancekit.evaluation.error_types import ERROR_TYPES
from stancekit.evaluation.slices import ENOUGH
from stancekit.formatting import format_score
from stancekit.html import render_page
from stancekit.reporting.figures import (
    forest_figure,
    inline_svg,
    reliability_figure,
    risk_figure,
    sources_figure,
    splits_figure,
    training_figure,
)
from stancekit.reporting.tables import (
    MOST_DRIFTS,
    RANGE_HEAD,
    averaged_over,
    averaged_rows,
    describe_answers,
    describe_names,
    drift_of,
    format_needed,
    format_p,
    range_rows,
)
from stancekit.runs.analysis import Analysis, BoardAnalysis
from stancekit.runs.breakdowns import SourceMatrix
from stancekit.runs.checks import describe_unscored
from stancekit.runs.folder import read_config_text
from stancekit.runs.frames import METRIC_NAMES, board_title, metrics_of
from stancekit.runs.leaderboard import Leaderboard
from stancekit.types import Score


def summarize(part: BoardAnalysis) -> str:
    """Return in a sentence what a board shows."""
    board = part.board
    best = board.best
    stops = [check.title for check in part.checks if check.level == "stop"]
    if stops:
        return f"Do not rely on these numbers yet: {'; '.join(stops)}."
    same = [pair.second for pair in board.pairs_with_best if not pair.significant]
    if same:
        return (
            f"{best.first.model} leads, but is not significantly different from {', '.join(same)}."
        )
    if board.pairs_with_best and len(board.pairs_with_best) + 1 == len(board.entries):
        return f"{best.first.model} is better than every other model here."
    return f"{best.first.model} scores {format_score(best.main)}."


def breakable(score: Score | None) -> str:
    """Return a score that a narrow column may break between value and interval, and nowhere else."""
    return format_score(score).replace(", ", ",\u00a0")


def _training_drawings(board: Leaderboard) -> list[tuple[str, Markup]]:
    """Return the training curve of every model that has one, by its name."""
    drawings = []
    for entry in board.entries:
        if curve := training_figure(entry):
            name = entry.first.model
            drawings.append((name, inline_svg(curve, f"training of {name}")))
    return drawings


def _sources_drawing(matrix: SourceMatrix) -> Markup:
    return inline_svg(sources_figure(matrix), "score of each model on each source")


def _forest_drawing(part: BoardAnalysis) -> Markup:
    return inline_svg(forest_figure(part), "macro-F1 of each model with its interval")


def report_page(analysis: Analysis, *, title: str, command: str, folder: str) -> str:
    """Return the report as HTML; everything from data is escaped.

    Parameters
    ----------
    folder
        What the page names as the experiment's folder where it says how to check it.
    """
    splits = ""
    if analysis.splits:
        splits = inline_svg(splits_figure(analysis.splits), "macro-F1 of each model by split")
    return render_page(
        "report.html",
        analysis=analysis,
        title=title,
        command=command,
        folder=folder,
        margin=MARGIN,
        most_drifts=MOST_DRIFTS,
        enough=ENOUGH,
        metric_names=METRIC_NAMES,
        error_meanings=ERROR_TYPES,
        splits_drawing=splits,
        averaged_over=averaged_over,
        averaged_rows=averaged_rows,
        board_title=board_title,
        breakable=breakable,
        config_of=lambda run: read_config_text(run.folder),
        describe_answers=describe_answers,
        describe_names=describe_names,
        describe_unscored=describe_unscored,
        drift_of=drift_of,
        forest_drawing=_forest_drawing,
        format_needed=format_needed,
        format_p=format_p,
        metrics_of=metrics_of,
        range_head=RANGE_HEAD,
        range_rows=range_rows,
        reliability_drawing=lambda entry: inline_svg(
            reliability_figure(entry), "share that held against score"
        ),
        risk_drawing=lambda entry: inline_svg(
            risk_figure(entry), "share of errors against share labelled"
        ),
        sources_drawing=_sources_drawing,
        summarize=summarize,
        target_use=target_use,
        training_drawings=_training_drawings,
    )
