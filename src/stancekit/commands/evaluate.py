"""`stancekit evaluate`: a saved model, or the actor finder, on any labelled corpus or on whole articles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

from stancekit.commands.label import resolve_models
from stancekit.commands.report import write_report
from stancekit.corpus import Corpus
from stancekit.errors import KitError, printable
from stancekit.evaluation.positions import JudgedArticle
from stancekit.fileio import write_text
from stancekit.formatting import format_score, frame_table
from stancekit.labelling.row_format import LIKELY_POSITION
from stancekit.library.objects import HasFolder, as_corpus, folders_of
from stancekit.reporting.positions import positions_page
from stancekit.reporting.tables import averaged_over, check_lines
from stancekit.resources import model_folder
from stancekit.runs.analysis import analyse
from stancekit.runs.check import Check
from stancekit.runs.evaluation import evaluate_actors, evaluate_model
from stancekit.runs.positions import PositionEvaluation, evaluate_positions
from stancekit.runs.record import Run
from stancekit.text import ActorFinder
from stancekit.types import Score
from stancekit.views import DataFrame, TableView

# The page of `task=positions`.
_POSITIONS_PAGE = "positions.html"
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
    judged
        For `task=positions`, every article with what became of its positions.
    remarks
        What else a reader of the scores should know.
    """

    title: str
    scores: tuple[Score, ...]
    folder: Path
    page: Path | None = None
    run: Run | None = None
    checks: tuple[Check, ...] = ()
    judged: tuple[JudgedArticle, ...] = field(default=(), compare=False)
    remarks: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """Return in one line what was scored, on how many examples."""
        return f"{self.title}; with 95 % intervals"

    @property
    def notes(self) -> list[str]:
        """Return what a reader of the scores should know."""
        return [*(check.advice for check in self.checks), *self.remarks]

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
    task: Literal["codes", "actors", "positions"] = "codes",
    actors: ActorFinder | None = None,
    part: str | None = None,
    random_state: int = 0,
    min_score: float = LIKELY_POSITION,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Evaluation:
    """Score a saved model on a corpus, audit it, and write scores, predictions and a report.

    Parameters
    ----------
    corpus
        The labelled data. In Python a `Corpus`, or as of `stancekit.train`: a name, a file, a table.
        For `task=positions` a corpus of whole articles with all their positions: `un_votes`, or a
        file of JSON lines with `text`, perhaps `id`, `title`, `speaker`, `matters`, `register` and
        `split`, and `positions`, a list of objects with `sentence`, `actor`, `targets` (the phrases
        for it), `target` (in words) and the code under the name of the codebook. Who and what is not
        listed has no position there.
    models
        The folder of a saved model, as in `models/un_votes/stance`, or `box/stance` for the kit's
        own; not needed for `task=actors`.
        In Python also a trained or loaded model.
    task
        `codes` scores the model on given actors and targets; `actors` scores the actor finder by
        exact span; `positions` labels whole articles as `stancekit label` does, and scores who was
        found to take which position towards what: precision, recall and F1, with the share that is
        lost to each cause. An actor counts as found by overlap or by another name of the state, a
        target by a phrase with the same noun. Where the sentence does not spell the target out,
        actor and code alone are compared, not its name. Codes that mean no position are not counted.
    actors
        The actor finder that `task=actors` scores, and that `task=positions` uses.
    part
        `train`, `validation`, `test` or `all`; by default test where the corpus marks a split, else
        all.
    random_state
        The random state that the model was trained with, by which `stancekit report` distinguishes
        it from others of its kind.
    min_score
        For `task=positions`: the score from which a position counts, as for `stancekit label`.
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
        When the corpus has no such part, or another evaluation or a trained run is in `output`; for
        `task=positions` when the corpus has no articles with positions, or something is wrong with
        them.

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
    elif task not in ("codes", "positions"):
        raise KitError(
            f"unknown task {task!r}; evaluate knows: codes, actors, positions. Set task=codes, "
            "task=actors or task=positions"
        )
    elif models is None:
        raise KitError(f"task={task} needs a saved model; name its folder with models=FOLDER")
    elif task == "positions":
        result = evaluate_positions(
            resolve_models(folders_of(models)),
            data,
            actors or ActorFinder(),
            part=part,
            min_score=min_score,
            output=output,
        )
        evaluation = _describe_positions(result, min_score)
    else:
        folder = model_folder(models if isinstance(models, str | Path) else models.folder)
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


def _describe_positions(result: PositionEvaluation, min_score: float) -> Evaluation:
    counts = result.counts
    title = (
        f"positions of {result.model} for {result.codebook.name} on {result.corpus}: "
        f"{counts.right + counts.missed} in {len(result.judged)} articles; {counts.right} found, "
        f"{counts.missed} missed, {counts.wrong} wrong, {counts.twice} found once more"
    )
    remarks = []
    if min_score:
        remarks.append(f"a position that scores less than {min_score:g} counts as none (min_score)")
    if result.unread:
        remarks.append(f"articles without gold positions, which are left out: {result.unread:,}")
    page = result.folder / _POSITIONS_PAGE
    write_text(page, positions_page(result, title, remarks))
    return Evaluation(
        title,
        result.scores,
        result.folder,
        page,
        judged=result.judged,
        remarks=tuple(remarks),
    )


def _print_evaluation(evaluation: Evaluation) -> None:
    lines = [evaluation.title, "", frame_table(evaluation.view_frame()), ""]
    if evaluation.run:
        lines += check_lines(evaluation.checks)
    lines += [f"note: {remark}" for remark in evaluation.remarks]
    files = f"{evaluation.folder}/scores.csv, {evaluation.folder}/predictions.jsonl"
    page = f", {evaluation.page}" if evaluation.page else ""
    lines.append(f"{len(evaluation.scores)} scores written: {files}{page}")
    print(printable("\n".join(lines), keep="\n"))
