"""`stancekit report`: what an experiment found, as HTML, Markdown, CSV, LaTeX and a model card."""

import json
from collections.abc import Iterator
from pathlib import Path

from stancekit.errors import KitError
from stancekit.fileio import file_name, json_line, lock, write_json, write_text
from stancekit.report import published
from stancekit.report.card import card
from stancekit.report.declining import queue
from stancekit.report.latex import latex
from stancekit.report.leaderboard import Leaderboard, leaderboards
from stancekit.report.page import report_page
from stancekit.report.tables import markdown, scores_to_csv
from stancekit.runs.record import flat_record, read_runs


def report(
    *,
    out: str | Path,
    command: str | None = None,
    publish: bool = False,
    check: bool = False,
) -> Path:
    """Write the report of an experiment from its finished runs, and return the path of its page.

    Parameters
    ----------
    out
        The experiment's folder; the report goes into `out/report`.
    command
        What to show as the command that made the runs; by default what the report, or what was
        published, had before.
    publish
        Write, too, what can be committed beside the experiment: `predictions.parquet` with ids,
        codes and scores and no text, and `results.md` and `scores.csv`, computed from it. Runs
        published before stay where no new one takes their place; where no run lies there at all,
        the published predictions alone are computed anew.
    check
        Write nothing: compute everything again from the predictions, of the runs and of those
        published, and compare it with what is there.

    Raises
    ------
    KitError
        With `check`, when a file is missing or a number differs.
    """
    out = Path(out)
    if check:
        _compare(_again(out))
        return out / "report" / "report.html"
    alone = (
        publish
        and (out / published.PREDICTIONS_FILE).exists()
        and not any(out.glob("runs/*/run.json"))
    )
    command = command or (published.command_of(out) if alone else None) or _made(out)["command"]
    runs = published.read_published(out) if alone else read_runs(out)
    if not alone:
        write_report(leaderboards(runs), out, command)
    if publish:
        published.write_published(runs, out, command)
        for path, text in published.results(out, command).items():
            write_text(path, text)
    written = out / "results.md" if alone else out / "report" / "report.html"
    print(f"report: {written}")
    return written


# What of a report does not follow from the runs: the command that made them, and the experiment's
# name. A check of a folder that was copied or renamed takes them from here.
MADE = "made.json"
UNKNOWN = "unknown: each run's config.yaml says how it was made"


def _made(out: Path) -> dict[str, str]:
    """Return the command and the title of an experiment, as its report or what was published has them."""
    try:
        found = json.loads((out / "report" / MADE).read_text(encoding="utf-8"))
        return {"command": str(found["command"]), "title": str(found["title"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"command": published.command_of(out) or UNKNOWN, "title": out.resolve().name}


def write_report(found: list[Leaderboard], out: Path, command: str) -> Path:
    """Write the files of a report into `out/report`, and return the path of its page."""
    made = {"command": command, "title": out.resolve().name}
    with lock(out / "report" / ".lock", doing="the same report"):
        for name, text in _texts(found, **made):
            write_text(out / "report" / name, text)
        write_json(out / "report" / MADE, made)
    return out / "report" / "report.html"


def _again(out: Path) -> dict[Path, str]:
    """Return every file that follows from predictions, as it should be."""
    kept = {}
    if (out / published.PREDICTIONS_FILE).exists():
        kept = published.results(out, published.command_of(out) or UNKNOWN)
        if not any(out.glob("runs/*/run.json")):
            return kept
    runs = read_runs(out)
    texts = {out / "report" / name: text for name, text in _texts(leaderboards(runs), **_made(out))}
    own = {run.folder / "scores.csv": scores_to_csv(leaderboards([run])[0].entries) for run in runs}
    return {**kept, **own, **texts}


def _texts(found: list[Leaderboard], *, command: str, title: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a report by name."""
    yield "scores.csv", scores_to_csv(entry for board in found for entry in board.entries)
    yield "README.md", markdown(found, command)
    yield "tables.tex", latex(found)
    for board in found:
        run = board.best.first
        name = file_name("-".join(run.board[: None if run.part != "test" else 3]))
        yield f"card-{name}.md", card(board, board.chosen, command)
        yield (
            f"review-{name}.jsonl",
            "".join(f"{json_line(flat_record(row))}\n" for row in queue(board.chosen)),
        )
    yield "report.html", report_page(found, title=title, command=command, out="FOLDER")


def _compare(texts: dict[Path, str]) -> None:
    """Raise a `KitError` naming every file that is missing or says something else."""
    faults, numbers = [], 0
    for path, text in texts.items():
        if not path.exists():
            faults.append(f"{path} is missing")
            continue
        there, here = (one.splitlines() for one in (path.read_text(encoding="utf-8"), text))
        numbers += len(here) - 1 if path.suffix == ".csv" else 0
        wrong = [
            at for at, pair in enumerate(zip(there, here, strict=False), 1) if pair[0] != pair[1]
        ]
        if wrong or len(there) != len(here):
            at = wrong[0] if wrong else min(len(there), len(here)) + 1
            pair = [
                lines[at - 1][:160] if at <= len(lines) else "nothing" for lines in (there, here)
            ]
            faults.append(f"{path} line {at} says {pair[0]!r}; recomputed it is {pair[1]!r}")
    if faults:
        raise KitError(
            f"{len(faults)} of {len(texts)} files do not follow from the predictions: {'; '.join(faults[:8])}. Write "
            "them again with stancekit report, and find out why they differed"
        )
    print(f"{len(texts)} files, {numbers} rows of scores: all as recomputed from the predictions")
