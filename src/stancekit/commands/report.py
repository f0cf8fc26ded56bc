"""`stancekit report`: what an experiment found, as HTML, Markdown, CSV, LaTeX and a model card."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stancekit.errors import KitError, printable
from stancekit.fileio import file_name, frame_to_csv, json_line, lock, write_json, write_text
from stancekit.reporting.card import model_card
from stancekit.reporting.latex import latex
from stancekit.reporting.page import report_page
from stancekit.reporting.tables import markdown
from stancekit.resources import PUBLISHED_FILE, published_folder
from stancekit.runs import published
from stancekit.runs.analysis import Analysis, analyse
from stancekit.runs.folder import RunSource, folder_of, read_runs
from stancekit.runs.leaderboard import leaderboards, scores_to_csv
from stancekit.runs.record import Run
from stancekit.runs.scores import SCORES_FILE, read_scores
from stancekit.views import DataFrame, TableView

# What of a report does not follow from the runs: the command that made them, the experiment's name,
# and the folder of what stands beside them. A check of a folder that was copied or renamed takes
# them from here.
MADE = "made.json"
_DATA_DIR = re.compile(r"\bdata_dir=('[^']*'|\S+)")
UNKNOWN = "unknown: each run's config.yaml says how it was made"


@dataclass(frozen=True, slots=True, repr=False)
class Report(TableView, os.PathLike[str]):
    """A report that was written or checked; where a path is taken, it is that of its page.

    Attributes
    ----------
    path
        Its page, or `results.md` of published predictions without runs.
    summary
        What it is of, in a line.
    """

    path: Path
    summary: str

    def __fspath__(self) -> str:
        """Return the path of the page."""
        return str(self.path)

    def __str__(self) -> str:
        """Return the path of the page."""
        return str(self.path)

    @property
    def caption(self) -> str:
        """Return in one line what the report is of, and where it is."""
        return f"{self.summary}: {self.path}"

    def to_frame(self) -> DataFrame:
        """Return all scores of the report as a table with the columns of `scores.csv`."""
        return read_scores(self.path.parent)

    def view_frame(self) -> DataFrame:
        """Return macro-F1 of every model on its whole test set."""
        scores = self.to_frame()
        main = scores[(scores["metric"] == "macro_f1") & (scores["slice"] == "all")]
        return main.drop(columns=["metric", "slice"]).reset_index(drop=True)


def report(
    runs: RunSource,
    *,
    command: str | None = None,
    publish: bool = False,
    check: bool = False,
    verbose: bool = False,
) -> Report:
    """Write the report of an experiment from its finished runs.

    Parameters
    ----------
    runs
        The experiment's folder, or a single run's; the report goes into `report` in it. In Python
        also a run or a trained model.
    command
        What to show as the command that made the runs; by default what the report, or what was
        published, had before.
    publish
        Write, too, what can be committed beside the experiment: `predictions.parquet` with ids,
        codes and scores and no text, and `results.md` and `scores.csv`, computed from it. Runs
        published before stay where no new one takes their place; where the folder has no runs, the
        published predictions alone are computed again.
    check
        Write nothing: compute everything again from the predictions, of the runs and of those
        published, and compare it with the files in the folder.
    verbose
        Whether it is printed what was written or checked, and where it is.

    Returns
    -------
    Report
        Where the page is; it can be used as a path, and `to_frame()` has the scores.

    Raises
    ------
    KitError
        When there are no finished runs; with `check`, when a file is missing or a number differs.

    Examples
    --------
    >>> import tempfile
    >>> import stancekit
    >>> model = stancekit.train("un_votes_outside", model="majority", output=tempfile.mkdtemp(), verbose=False)
    >>> report(model).path.name
    'report.html'
    """
    folder = folder_of(runs)
    made = _check_report(folder) if check else _write(folder, command, publish=publish)
    if verbose:
        print(printable(made.caption))
    return made


def _check_report(folder: Path) -> Report:
    files = _recomputed_files(folder)
    rows = _check_files(files)
    pages = [path for path in files if path.name == "report.html"]
    page = pages[0] if pages else folder / "results.md"
    return Report(
        page, f"{len(files)} files, {rows} rows of scores: all as recomputed from the predictions"
    )


def _write(folder: Path, command: str | None, *, publish: bool) -> Report:
    # A checkout has published predictions and no runs.
    alone = publish and _is_published(folder) and not _has_runs(folder)
    if alone:
        command = command or published.command_of(folder) or _made(folder)["command"]
        finished = published.read_published(folder)
    else:
        made = _made(folder)
        command, finished = command or made["command"], read_runs(folder)
        beside = made["beside"]
        write_report(analyse_beside(finished, beside), folder, command, beside=beside)
    if publish:
        # Where the data lie is of one machine.
        command = _DATA_DIR.sub("data_dir=FOLDER", command)
        published.write_published(finished, folder, command)
        for path, text in _published_files(folder, command).items():
            write_text(path, text)
    n_models = len({(*run.board, run.model) for run in finished})
    written = folder / "results.md" if alone else folder / "report" / "report.html"
    summary = f"report of {n_models} {'model' if n_models == 1 else 'models'}"
    if publish and not alone:
        summary += f", published in {folder / 'results.md'} with scores and predictions beside it"
    return Report(written, summary)


def analyse_beside(runs: Sequence[Run], beside: str | None) -> Analysis:
    """Compare runs, and what another experiment has published of models tested on the same examples.

    Raises
    ------
    KitError
        When there are no runs, or that experiment has published nothing.
    """
    if not beside:
        return analyse(runs)
    try:
        others = published.read_beside(published_folder(beside), runs)
    except KitError as error:
        raise KitError(
            f"beside={beside}: {error}. To do without, train with hydra.callbacks.comparison.beside=null, or take "
            f"it out of report/{MADE}"
        ) from None
    # By its name, which is the same wherever the kit is installed.
    return analyse([*runs, *(replace(run, folder=Path(beside)) for run in others)])


def write_report(
    analysis: Analysis, folder: Path, command: str, *, beside: str | None = None
) -> Path:
    """Write the files of a report into `folder/report`, and return the path of its page."""
    title = folder.resolve().name
    with lock(folder / "report" / ".lock", doing="the same report"):
        for name, text in _report_files(analysis, command=command, title=title):
            write_text(folder / "report" / name, text)
        made = {"command": command, "title": title, "beside": beside or ""}
        write_json(folder / "report" / MADE, made)
    return folder / "report" / "report.html"


def _is_published(folder: Path) -> bool:
    return (folder / PUBLISHED_FILE).exists()


def _has_runs(folder: Path) -> bool:
    return any(folder.glob("runs/*/run.json"))


def _made(folder: Path) -> dict[str, str]:
    """Return the command and the title of an experiment, as its report or what was published has them."""
    try:
        made = json.loads((folder / "report" / MADE).read_text(encoding="utf-8"))
        known = {key: str(made[key]) for key in ("command", "title")}
        # Earlier versions had nothing beside.
        return known | {"beside": str(made.get("beside") or "")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        command = published.command_of(folder) or UNKNOWN
        return {"command": command, "title": folder.resolve().name, "beside": ""}


def _report_files(analysis: Analysis, *, command: str, title: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a report by name."""
    yield SCORES_FILE, frame_to_csv(analysis.scores())
    yield "README.md", markdown(analysis, command)
    yield "tables.tex", latex(analysis)
    for part in analysis.boards:
        board = part.board
        corpus, codebook, split, scored = board.best.first.board
        # Runs are mostly scored on their test part, so the name says only another one.
        names = (corpus, codebook, split) if scored == "test" else board.best.first.board
        name = file_name("-".join(names))
        yield f"card-{name}.md", model_card(board, board.chosen, command)
        review = [json_line(row.to_dict()) for row in part.review]
        yield f"review-{name}.jsonl", "".join(f"{line}\n" for line in review)
    yield "report.html", report_page(analysis, title=title, command=command, folder="FOLDER")


def _published_files(folder: Path, command: str) -> dict[Path, str]:
    """Return the files `results.md` and `scores.csv` as they follow from the published predictions."""
    analysis = analyse(published.read_published(folder))
    scores = published.without_names(analysis.scores())
    return {
        folder / "results.md": markdown(analysis, command),
        folder / SCORES_FILE: frame_to_csv(scores),
    }


def _recomputed_files(folder: Path) -> dict[Path, str]:
    """Return every file that follows from predictions, as it should be."""
    files = {}
    if _is_published(folder):
        files = _published_files(folder, published.command_of(folder) or UNKNOWN)
        if not _has_runs(folder):
            return files
    runs = read_runs(folder)
    for run in runs:
        files[run.folder / SCORES_FILE] = scores_to_csv(leaderboards([run])[0].entries)
    made = _made(folder)
    analysis = analyse_beside(runs, made["beside"])
    for name, text in _report_files(analysis, command=made["command"], title=made["title"]):
        files[folder / "report" / name] = text
    return files


def _check_files(files: Mapping[Path, str]) -> int:
    """Return how many rows of scores there are; raise a `KitError` naming every file that is missing or differs."""
    faults, numbers = [], 0
    for path, text in files.items():
        if not path.exists():
            faults.append(f"{path} is missing")
            continue
        numbers += len(text.splitlines()) - 1 if path.suffix == ".csv" else 0
        if difference := _first_difference(path.read_text(encoding="utf-8"), text):
            faults.append(f"{path} {difference}")
    if faults:
        raise KitError(
            f"{len(faults)} of {len(files)} files do not follow from the predictions: {'; '.join(faults[:8])}. Write "
            "them again with stancekit report, and find out why they differed"
        )
    return numbers


def _first_difference(present: str, recomputed: str) -> str:
    """Return in words where a file first differs from what it should be, empty where it does not."""
    lines = [text.splitlines() for text in (present, recomputed)]
    for number in range(max(map(len, lines))):
        here, there = (side[number] if number < len(side) else None for side in lines)
        if here != there:
            seen = ["nothing" if line is None else line[:160] for line in (here, there)]
            return f"line {number + 1} says {seen[0]!r}; recomputed it is {seen[1]!r}"
    return ""
