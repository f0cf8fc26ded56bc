"""`stancekit compare`: the finished runs of an experiment, side by side."""

import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from tqdm import tqdm

from stancekit.commands.cli import cause
from stancekit.commands.report import analyse_beside, write_report
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import file_name, write_text
from stancekit.models import persistence
from stancekit.reporting.card import model_card
from stancekit.reporting.tables import generalisation_lines, leaderboard_table, pair_table
from stancekit.runs.analysis import Analysis, analyse
from stancekit.runs.folder import RunSource, read_runs, take_runs
from stancekit.runs.leaderboard import Leaderboard, scores_to_csv


def compare(
    runs: RunSource | Sequence[RunSource],
    *,
    verbose: bool = False,
) -> Analysis:
    """Compare the models of an experiment, best first, with intervals and paired differences.

    Parameters
    ----------
    runs
        The folder of an experiment, or of one run. In Python also runs, trained models, or a list
        of any of these.
    verbose
        Whether the tables are printed.

    Returns
    -------
    Analysis
        `to_frame()` has the models with their metrics and 95 % intervals, `differences()` the
        differences between them, `scores()` every score.

    Raises
    ------
    KitError
        When there are no finished runs, or several that cannot be random states of one model.

    Examples
    --------
    >>> import tempfile
    >>> import stancekit
    >>> given = {"output": tempfile.mkdtemp(), "verbose": False}
    >>> models = [stancekit.train("un_votes_outside", model=name, **given) for name in ("majority", "nb")]
    >>> analysis = compare(models)
    >>> analysis.to_frame()["model"].tolist()
    ['nb', 'majority']
    >>> analysis.differences()["significant"].tolist()
    [True]
    """
    analysis = analyse(take_runs(runs))
    if verbose:
        _print_analysis(analysis)
        advice = f"; as a page: stancekit report {runs}" if isinstance(runs, str | Path) else ""
        print(f"\n{_count_models(analysis)}: printed above{printable(advice)}")
    return analysis


def _print_analysis(analysis: Analysis) -> None:
    for part in analysis.boards:
        board, run = part.board, part.board.best.first
        where = "" if run.split == "fixed" else f", {run.split} split"
        print(
            printable(
                f"\n{run.codebook} on {run.corpus}{where}, {len(run.rows)} test examples\n",
                keep="\n",
            )
        )
        print(leaderboard_table(board))
        if board.pairs_with_best:
            print(f"\n{pair_table(board)}")
        for check in part.checks:
            print(f"\n{check.advice}.")
    if splits := generalisation_lines(analysis.splits):
        print("\n" + "\n".join(splits))


def _count_models(analysis: Analysis) -> str:
    """Return how many models were compared, in words."""
    names = dict.fromkeys(entry.first.model for entry in analysis.entries)
    n_runs = sum(len(entry.runs) for entry in analysis.entries)
    return (
        f"{len(names)} {'model' if len(names) == 1 else 'models'} in {n_runs} "
        f"{'run' if n_runs == 1 else 'runs'} compared"
    )


def keep(board: Leaderboard, folder: Path, command: str) -> Path:
    """Copy the model that was best on validation to `folder`, with its card and scores."""
    run = board.chosen
    entry = next(entry for entry in board.entries if entry.first.model == run.model)
    with persistence.replacing_folder(folder) as fresh:
        shutil.copytree(run.folder / "model", fresh, dirs_exist_ok=True)
        write_text(fresh / "README.md", model_card(board, run, command))
        write_text(fresh / "scores.csv", scores_to_csv([entry]))
    return folder


def keep_all(boards: Sequence[Leaderboard], folder: Path, command: str) -> None:
    """Keep the best model of every codebook in `folder`, under the codebook's name.

    Raises
    ------
    KitError
        When a codebook has several boards, of several corpora or splits: one folder cannot hold the
        best of each.
    """
    names = [board.best.first.codebook for board in boards]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise KitError(
            f"models={folder} takes one model per codebook, and there are several corpora or splits "
            f"of {listing(repeated)}. Keep models of an experiment with one corpus and split"
        )
    for name, board in zip(names, boards, strict=True):
        kept = keep(board, folder / file_name(name), command)
        print(f"\nkept {board.chosen.model} as {kept}")


class CompareRuns(Callback):
    """At the end of a multirun, compare its runs, write the report and keep the best models.

    Parameters
    ----------
    output
        The experiment's folder.
    models
        Where to keep the best model of every codebook; `None` keeps none.
    beside
        The folder of another experiment. What it has published stands beside the runs where it was
        tested on the same examples, and is not kept.
    """

    def __init__(self, output: str, models: str | None = None, beside: str | None = None) -> None:
        self.output = output
        self.models = models
        self.beside = beside
        self.bar: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the bar out of copies that a launcher sends to other processes."""
        return {**self.__dict__, "bar": None}

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Open a progress bar over the runs."""
        self.bar = tqdm(desc="runs", unit="run", file=sys.stderr)

    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:
        """Count a finished run."""
        if self.bar is not None:
            choices = config.hydra.runtime.choices
            chosen = [str(choices[key]) for key in ("codebook", "split", "model")]
            self.bar.set_postfix_str(" ".join(chosen))
            self.bar.update()

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Compare, report, keep.

        Raises
        ------
        SystemExit
            When any of it fails. Hydra turns every other exception of a callback into a warning,
            and ends with 0.
        """
        if self.bar is not None:
            self.bar.close()
        try:
            self._end(shlex.join(["stancekit", "train", *config.hydra.overrides.task]))
        except Exception as error:
            # All of them: Hydra would turn what is left into a warning.
            if (known := cause(error)) is None:
                traceback.print_exc()
                raise SystemExit(1) from None
            print(f"stancekit train: {known}", file=sys.stderr)
            raise SystemExit(2) from None

    def _end(self, command: str) -> None:
        analysis = analyse_beside(read_runs(Path(self.output)), self.beside)
        _print_analysis(analysis)
        if self.beside and not any(board.beside for board in analysis.leaderboards):
            print(f"\nnothing that {self.beside} has published was tested on these examples")
        # The report first: it needs nothing but the runs.
        page = write_report(analysis, Path(self.output), command, beside=self.beside)
        if self.models:
            keep_all(analysis.leaderboards, Path(self.models), command)
        print(f"\n{_count_models(analysis)}; report: {page}")
