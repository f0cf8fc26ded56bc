"""`stancekit evaluate`: a saved model, or the actor finder, on any labelled corpus."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from stancekit.commands.report import write_report
from stancekit.corpus import Corpus
from stancekit.errors import KitError, printable
from stancekit.formatting import format_score, frame_table
from stancekit.library.objects import HasFolder, as_corpus
from stancekit.reporting.tables import averaged_over, check_lines
from stancekit.runs.analysis import analyse
from stancekit.runs.checks import Check
from stancekit.runs.evaluation import evaluate_actors, evaluate_model
from stancekit.runs.record import Run
from stancekit.text import ActorFinder
from stancekit.types import Score
from stancekit.views import DataFrame, TableView

# Slices of these fields have too many values to print.
_LONG_SLICES = ("actor", "target", "source", "topic")


@dataclass(frozen=True, repr=False)
class Evaluation(TableView, Sequence[Score]):
    """Scores on a corpus, with what speaks against them; a sequence of `Score`.

    Attributes
    ----------
    title
        What was scored, on what, in a line.
    scores
        Every metric on all examples and on slices of them.
    folder, page
        Where scores and predictions are, and the page of the report, `None` for actors.
    run
        The model's predictions, `None` for actors.
    checks
        What speaks against the numbers, what should stop a reader first.
    """

    title: str
    scores: tuple[Score, ...]
    folder: Path
    page: Path | None = None
    run: Run | None = None
    checks: tuple[Check, ...] = ()

    @property
    def caption(self) -> str:
        """Return in one line what was scored, on how many examples."""
        return f"{self.title}; with 95 % intervals"

    @property
    def notes(self) -> list[str]:
        """Return what a reader of the scores should know."""
        return [check.advice for check in self.checks]

    def to_frame(self) -> DataFrame:
        """Return the scores as a pandas DataFrame, a row per metric and slice; NaN where there is no number."""
        import pandas as pd

        names = ("metric", "slice", "value", "low", "high", "n", "codes")
        frame = pd.DataFrame(
            [tuple(getattr(score, name) for name in names) for score in self.scores], columns=names
        )
        # Metrics that are not means over codes have no number of them.
        return frame.astype({"codes": "Int64"})

    def view_frame(self) -> DataFrame:
        """Return the scores that are shown: without slices by actor and other fields of many values."""
        import pandas as pd

        rows = [
            (score.metric, score.slice, format_score(score), score.n)
            for score in self.scores
            if score.slice.split("=")[0] not in _LONG_SLICES
        ]
        return pd.DataFrame(rows, columns=["metric", "slice", "value", "n"])

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Score, ...]: ...
    def __getitem__(self, index: int | slice) -> Score | tuple[Score, ...]:
        """Return a score, or several."""
        return self.scores[index]

    def __len__(self) -> int:
        """Return the number of scores."""
        return len(self.scores)


def evaluate(
    corpus: Corpus | str | Path | DataFrame | Iterable[Mapping[str, Any]],
    *,
    models: str | Path | HasFolder | None = None,
    task: Literal["codes", "actors"] = "codes",
    actors: ActorFinder | None = None,
    part: str | None = None,
    random_state: int = 0,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Evaluation:
    """Score a saved model on a corpus, audit it, and write scores, predictions and a report.

    Parameters
    ----------
    corpus
        The labelled data. In Python a `Corpus`, or as of `stancekit.train`: a name, a file, a table.
    models
        The folder of a saved model, as in `models/un_votes/stance`; not needed for `task=actors`.
        In Python also a trained or loaded model.
    task
        `codes` scores the model; `actors` scores the actor finder by exact span.
    actors
        The actor finder that `task=actors` scores.
    part
        `train`, `validation`, `test` or `all`; by default test where the corpus marks a split, else
        all.
    random_state
        The random state that the model was trained with, by which `stancekit report` distinguishes
        it from others of its kind.
    output
        Where to write; by default a folder below `experiments/evaluate`, named by codebook, model,
        corpus, part and random state. `stancekit report FOLDER` gathers what is in `FOLDER/runs`.
    verbose
        Whether scores and checks are printed.

    Returns
    -------
    Evaluation
        A sequence of scores, with `folder` and `checks`; `to_frame()` has them as a pandas
        DataFrame.

    Raises
    ------
    KitError
        When the corpus has no such part, or another evaluation or a trained run is in `output`.

    Examples
    --------
    >>> import tempfile
    >>> import stancekit
    >>> folder = tempfile.mkdtemp()
    >>> model = stancekit.train("un_votes_outside", model="majority", output=folder, verbose=False)
    >>> scores = evaluate("un_votes_outside", models=model, output=f"{folder}/outside")
    >>> scores[0].metric, scores[0].n
    ('macro_f1', 259)
    """
    data = as_corpus(corpus)
    if task == "actors":
        evaluation = _evaluate_actors(actors or ActorFinder(), data, part, output)
    elif task != "codes":
        raise KitError(
            f"unknown task {task!r}; evaluate knows: codes, actors. Set task=codes or task=actors"
        )
    elif models is None:
        raise KitError("task=codes needs a saved model; name its folder with models=FOLDER")
    else:
        folder = Path(models) if isinstance(models, str | Path) else Path(models.folder)
        run = evaluate_model(folder, data, part=part, random_state=random_state, output=output)
        evaluation = _evaluate_codes(run, folder)
    if verbose:
        _print_evaluation(evaluation)
    return evaluation


def _evaluate_codes(run: Run, model: Path) -> Evaluation:
    analysis = analyse([run])
    (part_analysis,) = analysis.boards
    board = part_analysis.board
    # A call from Python does not know how a command line would spell the corpus.
    command = (
        f"stancekit evaluate models={model} part={run.part} random_state={run.random_state} "
        f"# corpus: {run.corpus}"
    )
    page = write_report(analysis, run.folder, command)
    return Evaluation(
        f"{run.model} for {run.codebook} on {run.corpus}: {len(run.rows)} examples, "
        f"{averaged_over(board)}",
        tuple(board.best.scores),
        run.folder,
        page,
        run,
        tuple(part_analysis.checks),
    )


def _evaluate_actors(
    finder: ActorFinder, corpus: Corpus, part: str | None, output: str | Path | None
) -> Evaluation:
    result = evaluate_actors(finder, corpus, part=part, output=output)
    title = (
        f"actors on {result.corpus}: {result.right + result.missed} in {result.sentences} sentences; "
        f"{result.right} found, {result.missed} missed, {result.wrong} false finds"
    )
    return Evaluation(title, tuple(result.scores), result.folder)


def _print_evaluation(evaluation: Evaluation) -> None:
    lines = [evaluation.title, "", frame_table(evaluation.view_frame()), ""]
    if evaluation.run:
        lines += check_lines(evaluation.checks)
    files = f"{evaluation.folder}/scores.csv, {evaluation.folder}/predictions.jsonl"
    page = f", {evaluation.page}" if evaluation.page else ""
    lines.append(f"{len(evaluation.scores)} scores written: {files}{page}")
    print(printable("\n".join(lines), keep="\n"))
