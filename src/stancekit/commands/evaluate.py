"""`stancekit evaluate`: a saved model, or the actor finder, on any labelled corpus."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from stancekit.commands.report import write_report
from stancekit.corpus import Corpus
from stancekit.errors import KitError
from stancekit.formatting import format_score, table
from stancekit.reporting.tables import averaged_over, check_lines
from stancekit.runs.analysis import analyse
from stancekit.runs.evaluation import evaluate_actors, evaluate_model
from stancekit.text import ActorFinder
from stancekit.types import Score

# Slices of these fields have too many values to print.
_LONG_SLICES = ("actor", "target", "source", "topic")


def evaluate(
    *,
    corpus: Corpus,
    models: str | Path | None = None,
    task: Literal["codes", "actors"] = "codes",
    actors: ActorFinder | None = None,
    part: str | None = None,
    random_state: int = 0,
    output: str | Path | None = None,
) -> list[Score]:
    """Score a saved model on a corpus, audit it, and write scores, predictions and a report.

    Parameters
    ----------
    corpus
        The labelled data.
    models
        The folder of a saved model, as in `models/un_votes/stance`; not needed for `task=actors`.
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

    Raises
    ------
    KitError
        When the corpus has no such part, or another evaluation or a trained run is in `output`.
    """
    if task == "actors":
        return _evaluate_actors(actors or ActorFinder(), corpus, part, output)
    if task != "codes":
        raise KitError(
            f"unknown task {task!r}; evaluate knows: codes, actors. Set task=codes or task=actors"
        )
    if models is None:
        raise KitError("task=codes needs a saved model; name its folder with models=FOLDER")
    run = evaluate_model(Path(models), corpus, part=part, random_state=random_state, output=output)
    analysis = analyse([run])
    (part_analysis,) = analysis.boards
    board = part_analysis.board
    print(
        f"{run.model} for {run.codebook} on {run.corpus}: {len(run.rows)} examples, "
        f"{averaged_over(board)}\n"
    )
    scores = board.best.scores
    short = [score for score in scores if score.slice.split("=")[0] not in _LONG_SLICES]
    print(_score_table(short))
    print("\n".join(["", *check_lines(part_analysis.checks)]))
    # A call from Python does not know how a command line would spell the corpus.
    command = (
        f"stancekit evaluate models={models} part={run.part} random_state={random_state} "
        f"# corpus: {run.corpus}"
    )
    page = write_report(analysis, run.folder, command)
    print(f"written: {run.folder}/scores.csv, {run.folder}/predictions.jsonl, {page}")
    return list(scores)


def _evaluate_actors(
    finder: ActorFinder, corpus: Corpus, part: str | None, output: str | Path | None
) -> list[Score]:
    result = evaluate_actors(finder, corpus, part=part, output=output)
    print(
        f"actors on {result.corpus}: {result.right + result.missed} in {result.sentences} sentences; "
        f"{result.right} found, {result.missed} missed, {result.wrong} false finds\n"
    )
    print(_score_table(result.scores))
    print(f"\nwritten: {result.folder}/scores.csv, {result.folder}/predictions.jsonl")
    return list(result.scores)


def _score_table(scores: Iterable[Score]) -> str:
    rows = [[score.metric, score.slice, format_score(score), score.n] for score in scores]
    return table(["metric", "slice", "value", "n"], rows)
