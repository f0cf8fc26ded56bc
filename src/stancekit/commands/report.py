"""`stancekit report`: what an experiment found, as HTML, Markdown and CSV."""

from pathlib import Path

from stancekit.files import write_text
from stancekit.report.leaderboard import boards
from stancekit.report.page import page
from stancekit.report.runs import read_runs
from stancekit.report.tables import markdown, to_csv


def report(*, out: str | Path, command: str | None = None) -> Path:
    """Write the report of an experiment from its finished runs, and return the HTML page.

    Parameters
    ----------
    out
        The experiment's folder; the report goes into `out/report`.
    command
        What to show as the command that made the runs.
    """
    folder = Path(out) / "report"
    command = command or f"stancekit train experiment={Path(out).name}"
    found = boards(read_runs(Path(out)))
    write_text(folder / "scores.csv", to_csv(entry for board in found for entry in board.entries))
    write_text(folder / "README.md", markdown(found, command))
    html = folder / "report.html"
    write_text(html, page(found, title=Path(out).name, command=command))
    return html
