"""The report of an experiment as one HTML file that needs no network."""

from collections.abc import Sequence
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from stancekit.report import plots
from stancekit.report.leaderboard import Board, Entry
from stancekit.report.runs import Judged, Run
from stancekit.report.tables import shown
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
        parts += escape(example.text[at:start]) + opening + escape(example.text[start:end]) + Markup("</mark>")
        at = end
    return parts + escape(example.text[at:])


def errors(run: Run, most: int = 30) -> list[Judged]:
    """Return the wrong rows a model was surest of, surest first."""
    wrong = [row for row in run.rows if set(row.gold) != set(row.prediction.labels)]
    return sorted(wrong, key=lambda row: -max(row.prediction.scores))[:most]


def _slices(entry: Entry) -> list[Score]:
    named = (one for one in entry.scores if one.metric == "macro_f1" and "=" in one.slice and one.n >= 10)
    return [one for one in named if not one.slice.startswith("topic=")]


def _metrics(board: Board) -> list[str]:
    return [name for name in ("macro_f1", "f_avg", "micro_f1") if board.entries[0].value(name)]


def _curves(board: Board) -> list[tuple[str, Markup]]:
    """Return the training curve of every model that has one, by its name."""
    drawn = ((entry.first.model, plots.training(entry)) for entry in board.entries)
    # Our own drawings; every text in them is escaped where they are made.
    return [(name, Markup(plots.svg(one, f"training of {name}"))) for name, one in drawn if one]  # noqa: S704


def page(boards: Sequence[Board], *, title: str, command: str) -> str:
    """Return the report as HTML; everything from data is escaped."""
    environment = Environment(
        loader=PackageLoader("stancekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        shown=shown,
        highlight=highlight,
        errors=errors,
        slices=_slices,
        metrics=_metrics,
        curves=_curves,
        # Our own drawings; every text in them is escaped where they are made.
        forest=lambda board: Markup(plots.svg(plots.forest(board), "macro-F1 of each model with its interval")),  # noqa: S704
        matrix=lambda run: Markup(plots.svg(plots.matrix(run), f"confusion matrix of {run.model}")),  # noqa: S704
    )
    return environment.get_template("report.html").render(
        boards=boards, title=title, command=command, version=version("stancekit")
    )
