"""The report of an experiment as one HTML file that needs no network and runs no script."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from stancekit.evaluation.audit import MARGIN, target_use
from stancekit.evaluation.error_types import ERROR_TYPES, count_error_types, error_types
from stancekit.evaluation.slices import ENOUGH
from stancekit.report import plots
from stancekit.report.checks import Check, run_checks, unscored
from stancekit.report.confusions import confusions, headings
from stancekit.report.declining import declining, sets
from stancekit.report.generalisation import split_scores
from stancekit.report.leaderboard import Leaderboard, LeaderboardRow
from stancekit.report.sources import by_source, sources_figure
from stancekit.report.tables import (
    METRIC_NAMES,
    averaged_over,
    format_number,
    format_score,
    join_words,
    needed,
    p_value,
    title_of,
)
from stancekit.runs.record import PredictionRecord, Run
from stancekit.types import Example, Score


def highlight(example: Example) -> Markup:
    """Return a sentence with its actor and target in `mark` elements, all text escaped.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> print(highlight(Example("1", "<b> Peru agreed.", Mention("Peru", 4, 8))))
    &lt;b&gt; <mark>Peru</mark> agreed.
    """
    parts, at = Markup(""), 0
    for start, end, role in example.spans():
        opening = Markup("<mark>") if role == "actor" else Markup('<mark class="target">')
        parts += (
            escape(example.text[at:start])
            + opening
            + escape(example.text[start:end])
            + Markup("</mark>")
        )
        at = end
    return parts + escape(example.text[at:])


def surest_errors(run: Run, most: int = 30) -> list[PredictionRecord]:
    """Return the wrong rows a model was surest of, surest first."""
    wrong = [row for row in run.rows if set(row.gold) != set(row.prediction.labels)]
    return sorted(wrong, key=lambda row: -max(row.prediction.scores))[:most]


def verdict(board: Leaderboard, doubts: Sequence[Check]) -> str:
    """Return in a sentence what may be made of a board."""
    best = board.best
    stops = [one.title for one in doubts if one.level == "stop"]
    if stops:
        return f"Do not rely on these numbers yet: {'; '.join(stops)}."
    same = [pair.second for pair in board.behind if not pair.told_apart]
    if same:
        return (
            f"{best.first.model} leads, but is not significantly different from {', '.join(same)}."
        )
    if board.behind and len(board.behind) + 1 == len(board.entries):
        return f"{best.first.model} is better than every other model here."
    return f"{best.first.model} scores {format_score(best.main)}."


def breakable(score: Score | None) -> str:
    """Return a score that a narrow column may break between value and interval, and nowhere else."""
    return format_score(score).replace(", ", ",\u00a0")


def slices(entry: LeaderboardRow) -> dict[str, list[Score]]:
    """Return macro-F1 by field, best first; slices with too few examples stand last."""
    found: dict[str, list[Score]] = {}
    for one in entry.scores:
        field = one.slice.split("=", 1)[0]
        if one.metric == "macro_f1" and "=" in one.slice and field != "code":
            found.setdefault(field, []).append(one)
    return {
        field: sorted(rows, key=lambda one: (one.n < ENOUGH, -one.value))
        for field, rows in found.items()
    }


def _kinds(run: Run) -> dict[str, int]:
    scale, absent = run.facts.get("scale"), run.facts.get("absent", "")
    if run.multi_label or not scale:
        return {}
    examples = [row.example for row in run.rows]
    return count_error_types(
        error_types(examples, run.gold, run.labels, scale=scale, absent=absent)
    )


def _drawn(text: str) -> Markup:
    # Our own drawings; every text in them is escaped where they are made.
    return Markup(text)  # noqa: S704


def _curves(board: Leaderboard) -> list[tuple[str, Markup]]:
    """Return the training curve of every model that has one, by its name."""
    drawn = ((entry.first.model, plots.training(entry)) for entry in board.entries)
    return [(name, _drawn(plots.svg(one, f"training of {name}"))) for name, one in drawn if one]


def report_page(boards: Sequence[Leaderboard], *, title: str, command: str, out: str) -> str:
    """Return the report as HTML; everything from data is escaped."""
    environment = Environment(
        loader=PackageLoader("stancekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        shown=format_score,
        breakable=breakable,
        margin=MARGIN,
        p_value=p_value,
        highlight=highlight,
        errors=surest_errors,
        slices=slices,
        enough=ENOUGH,
        metrics=lambda board: [name for name in METRIC_NAMES if board.best.value(name)],
        metric_names=METRIC_NAMES,
        joined=join_words,
        checks=run_checks,
        verdict=verdict,
        name_of=title_of,
        averaged_over=averaged_over,
        unscored=unscored,
        needed=needed,
        number=format_number,
        confusions=confusions,
        headings=headings,
        kinds=_kinds,
        meanings=ERROR_TYPES,
        use=target_use,
        declining=declining,
        sets=sets,
        curves=_curves,
        by_source=by_source,
        matrix_of=lambda matrix: _drawn(
            plots.svg(sources_figure(matrix), "score of each model on each source")
        ),
        forest=lambda board: _drawn(
            plots.svg(plots.forest(board), "macro-F1 of each model with its interval")
        ),
        fallen=lambda found: _drawn(
            plots.svg(plots.generalisation(found), "macro-F1 of each model by split")
        ),
        reliable=lambda entry: _drawn(
            plots.svg(plots.reliability_of(entry), "share that held against score")
        ),
        risky=lambda entry: _drawn(
            plots.svg(plots.risk_of(entry), "share of errors against share labelled")
        ),
    )
    return environment.get_template("report.html").render(
        boards=boards, steps=split_scores(boards), title=title, command=command, out=out
    )
