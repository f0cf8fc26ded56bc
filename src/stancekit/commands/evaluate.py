"""`stancekit evaluate`: a saved model, or the actor finder, on any labelled corpus."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from stancekit.commands.record import record
from stancekit.commands.report import report
from stancekit.corpus import Corpus, Parts
from stancekit.errors import KitError
from stancekit.evaluation import count_spans, score_spans, slices_of
from stancekit.files import file_name, write_jsonl, write_text
from stancekit.models import store
from stancekit.report.checks import run_checks
from stancekit.report.leaderboard import boards
from stancekit.report.runs import read_run
from stancekit.report.tables import doubts, scores_csv, shown, table
from stancekit.text import ActorFinder
from stancekit.types import Score


def evaluate(
    *,
    saved: str | Path,
    corpus: Corpus,
    task: str = "codes",
    actors: ActorFinder | None = None,
    part: str | None = None,
    random_state: int = 0,
    out: str | Path | None = None,
) -> list[Score]:
    """Score a saved model on a corpus, audit it, and write scores, predictions and a report.

    Parameters
    ----------
    saved
        A model folder, as in `models/un_votes/stance`.
    task
        `codes` scores the model; `actors` scores the actor finder by exact span.
    part
        `train`, `validation`, `test` or `all`; by default test where the corpus marks a split, else all.
    random_state
        What the model was trained with, to be told apart from others of its kind in `stancekit report`.
    out
        Where to write; by default `experiments/evaluate/CODEBOOK-MODEL-CORPUS`. `report` gathers what lies below
        `FOLDER/runs`.
    """
    tasks: dict[str, Callable[[], list[Score]]] = {
        "codes": lambda: _codes(Path(saved), corpus, part, out, random_state),
        "actors": lambda: _actors(actors or ActorFinder(), corpus, part, out),
    }
    if task not in tasks:
        raise KitError(f"unknown task {task!r}; evaluate knows: {', '.join(tasks)}. Set task=codes or task=actors")
    return tasks[task]()


def _folder(out: str | Path | None, name: str) -> Path:
    return Path(out or Path("experiments") / "evaluate" / file_name(name))


def _codes(saved: Path, corpus: Corpus, part: str | None, out: str | Path | None, random_state: int) -> list[Score]:
    trained = store.load(saved)
    data = corpus.read(trained.codebook)
    test = data.take(_rows(data.parts, data.name, part))
    folder = _folder(out, f"{trained.codebook.name}-{trained.name}-{data.name}")
    facts = {"split": part or "fixed", "random_state": random_state, "seconds": 0.0, "digest": data.digest}
    nothing = data.take([])
    record(folder, trained, Parts(nothing, nothing, test), facts, corpus.second_labels(trained.codebook))
    (board,) = boards([read_run(folder)])
    print(f"{trained.name} for {trained.codebook.name} on {data.name}: {len(test)} examples\n")
    scores = [one for one in board.best.scores if one.slice.split("=")[0] not in ("actor", "target", "source", "topic")]
    print(table(["metric", "slice", "value", "n"], [[one.metric, one.slice, shown(one), one.n] for one in scores]))
    print("\n".join(["", *doubts(run_checks(board))]))
    html = report(out=folder, command=f"stancekit evaluate saved={saved}")
    print(f"written: {folder}/scores.csv, {folder}/predictions.jsonl, {html}")
    return list(board.best.scores)


def _actors(finder: ActorFinder, corpus: Corpus, part: str | None, out: str | Path | None) -> list[Score]:
    whole = corpus.marked()
    sentences = [whole[row] for row in _rows([one.part for one in whole], corpus.name, part)]
    found: list[set[tuple[int, int]]] = []
    for _, group in groupby(sentences, key=lambda one: one.article):
        mentions = finder.find([one.text for one in group])
        found += [
            {(one.start, one.end) for one in of if one.start is not None and one.end is not None} for of in mentions
        ]
    gold = [one.actors for one in sentences]
    counts = count_spans(gold, found)
    slices = slices_of([one.context for one in sentences])
    scores = score_spans(counts, [one.article for one in sentences], slices=slices)
    folder = _folder(out, f"actors-finder-{corpus.name}")
    write_jsonl(
        folder / "predictions.jsonl",
        (
            {
                "article": one.article,
                "sentence": one.text,
                "found": [one.text[slice(*span)] for span in sorted(spans & one.actors)],
                "false": [one.text[slice(*span)] for span in sorted(spans - one.actors)],
                "missed": [one.text[slice(*span)] for span in sorted(one.actors - spans)],
            }
            for one, spans in zip(sentences, found, strict=True)
        ),
    )
    right, wrong, missed = (int(n) for n in np.sum(counts, axis=0))
    print(
        f"actors on {corpus.name}: {right + missed} in {len(sentences)} sentences; {right} found, {missed} missed, "
        f"{wrong} false finds\n"
    )
    return _written(scores, (corpus.name, "actors", "finder"), folder)


def _written(scores: list[Score], of: tuple[str, str, str], folder: Path) -> list[Score]:
    write_text(folder / "scores.csv", scores_csv(of, scores, 1))
    print(table(["metric", "slice", "value", "n"], [[one.metric, one.slice, shown(one), one.n] for one in scores]))
    print(f"\nwritten: {folder}/scores.csv, {folder}/predictions.jsonl")
    return scores


def _rows(parts: Sequence[str], name: str, part: str | None) -> list[int]:
    """Return which rows belong to a part."""
    marked = sorted(set(parts) - {""})
    part = part or ("test" if "test" in marked else "all")
    if part not in (*marked, "all"):
        raise KitError(f"corpus {name!r} has no part {part!r}; it has: {', '.join([*marked, 'all'])}")
    return [row for row, own in enumerate(parts) if part in (own, "all")]
