"""`stancekit evaluate`: a saved model, or the actor finder, on any labelled corpus."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.commands.record import record
from stancekit.commands.report import write_report
from stancekit.corpus import Corpus, Splits
from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError
from stancekit.evaluation import count_spans, score_spans, slices_of
from stancekit.fileio import file_name, frame_to_csv, lock, sha256, write_jsonl, write_text
from stancekit.models import persistence
from stancekit.models.finished import training_set_id
from stancekit.report.tables import averaged_over, check_lines, format_score, table
from stancekit.runs.analysis import analyse
from stancekit.runs.record import read_run
from stancekit.runs.scores import SCORES_FILE, scores_frame
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
    corpus
        The labelled data.
    task
        `codes` scores the model; `actors` scores the actor finder by exact span.
    actors
        The actor finder that `task=actors` scores.
    part
        `train`, `validation`, `test` or `all`; by default test where the corpus marks a split, else
        all.
    random_state
        What the model was trained with, to be kept apart from others of its kind in `stancekit
        report`.
    out
        Where to write; by default a folder of its own below `experiments/evaluate`, named by
        codebook, model, corpus, part and random state. `report` gathers what lies below
        `FOLDER/runs`.

    Raises
    ------
    KitError
        When the corpus has no such part, or another evaluation or a trained run lies in `out`.
    """
    tasks: dict[str, Callable[[], list[Score]]] = {
        "codes": lambda: _evaluate_codes(Path(saved), corpus, part, out, random_state),
        "actors": lambda: _actors(actors or ActorFinder(), corpus, part, out),
    }
    if task not in tasks:
        raise KitError(
            f"unknown task {task!r}; evaluate knows: {', '.join(tasks)}. Set task=codes or task=actors"
        )
    return tasks[task]()


def _folder(out: str | Path | None, *name: object, of: Sequence[str]) -> Path:
    """Return where to write: by default a folder named by what is evaluated, and a hash of what decides the scores."""
    own = hashlib.sha256("\n".join(of).encode()).hexdigest()[:10]
    return Path(
        out or Path("experiments") / "evaluate" / f"{file_name('-'.join(map(str, name)))}-{own}"
    )


def _evaluate_codes(
    saved: Path, corpus: Corpus, part: str | None, out: str | Path | None, random_state: int
) -> list[Score]:
    trained = persistence.load(saved)
    manifest = saved / "manifest.json"
    data = corpus.read(trained.codebook)
    part = _part(data.parts, data.name, part)
    rows = _marked_rows(data.parts, part)
    test, nothing = data.take(rows), data.take([])
    facts: dict[str, Any] = {
        "split": "none" if part == "all" else "fixed",
        "part": part,
        "random_state": random_state,
        "digest": data.digest,
        "saved": sha256(manifest),
    }
    name = trained.codebook.name, trained.name, data.name, part, random_state
    folder = _folder(out, *name, of=[facts["saved"], data.digest])
    facts |= {"seconds": 0.0, "shared": _learned_from(manifest, data, rows)}
    with lock(folder / ".lock", doing="the same evaluation"):
        _unlike_error(folder, facts)
        record(
            folder,
            trained,
            Splits(nothing, nothing, test),
            facts,
            corpus.second_labels(trained.codebook),
        )
    analysis = analyse([read_run(folder)])
    (part_found,) = analysis.boards
    board = part_found.board
    print(
        f"{trained.name} for {trained.codebook.name} on {data.name}: {len(test)} examples, {averaged_over(board)}\n"
    )
    scores = [
        one
        for one in board.best.scores
        if one.slice.split("=")[0] not in ("actor", "target", "source", "topic")
    ]
    print(
        table(
            ["metric", "slice", "value", "n"],
            [[one.metric, one.slice, format_score(one), one.n] for one in scores],
        )
    )
    print("\n".join(["", *check_lines(part_found.checks)]))
    # From Python, what the corpus was made of is not known as a command line would spell it.
    command = f"stancekit evaluate saved={saved} part={part} random_state={random_state} # corpus: {data.name}"
    page = write_report(analysis, folder, command)
    print(f"written: {folder}/scores.csv, {folder}/predictions.jsonl, {page}")
    return list(board.best.scores)


def _unlike_error(folder: Path, facts: Mapping[str, Any]) -> None:
    """Raise a `KitError` where something else than this very evaluation lies in a folder."""
    path = folder / "run.json"
    if not path.exists():
        return
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        there = {}
    for key in ("saved", "digest", "part", "random_state"):
        if not isinstance(there, dict) or there.get(key) != facts[key]:
            what = {"saved": "another model", "digest": "other data"}.get(
                key, f"another {key.replace('_', ' ')}"
            )
            raise KitError(
                f"{folder} holds the scores of {what}, which would be lost; choose another with out=FOLDER"
            )


def _learned_from(manifest: Path, data: LabelledSet, rows: Sequence[int]) -> int | None:
    """Return how many of the rows a saved model has learned from; `None` where that cannot be known.

    Training texts are not kept with a model, so it is known of the very corpus only that it was
    trained on: where its training examples are those that the corpus marks as such, it has learned
    from train and validation.
    """
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    marked = [data.examples[row] for row, part in enumerate(data.parts) if part == "train"]
    if facts.get("data") != data.digest or facts.get("learned") != training_set_id(marked):
        return None
    return sum(data.parts[row] in ("train", "validation") for row in rows)


def _actors(
    finder: ActorFinder, corpus: Corpus, part: str | None, out: str | Path | None
) -> list[Score]:
    whole = corpus.marked_sentences()
    parts = [one.part for one in whole]
    part = _part(parts, corpus.name, part)
    sentences = [whole[row] for row in _marked_rows(parts, part)]
    found: list[set[tuple[int, int]]] = []
    for _, group in groupby(sentences, key=lambda one: one.article):
        mentions = finder.find([one.text for one in group])
        found += [
            {(one.start, one.end) for one in of if one.start is not None and one.end is not None}
            for of in mentions
        ]
    gold = [one.actors for one in sentences]
    counts = count_spans(gold, found)
    slices = slices_of([one.context for one in sentences])
    scores = score_spans(counts, [one.article for one in sentences], slices=slices)
    lines = [
        {
            "article": one.article,
            "sentence": one.text,
            "found": [one.text[slice(*span)] for span in sorted(spans & one.actors)],
            "false": [one.text[slice(*span)] for span in sorted(spans - one.actors)],
            "missed": [one.text[slice(*span)] for span in sorted(one.actors - spans)],
        }
        for one, spans in zip(sentences, found, strict=True)
    ]
    folder = _folder(
        out, "actors", "finder", corpus.name, part, of=[json.dumps(line) for line in lines]
    )
    if (folder / "run.json").exists():
        raise KitError(
            f"{folder} holds the scores of a model, which would be lost; name another folder with out=FOLDER"
        )
    write_jsonl(folder / "predictions.jsonl", lines)
    right, wrong, missed = (int(n) for n in np.sum(counts, axis=0))
    print(
        f"actors on {corpus.name}: {right + missed} in {len(sentences)} sentences; {right} found, {missed} missed, "
        f"{wrong} false finds\n"
    )
    split = "none" if part == "all" else "fixed"
    frame = scores_frame((corpus.name, "actors", split, part, "finder"), scores, 1)
    write_text(folder / SCORES_FILE, frame_to_csv(frame))
    print(
        table(
            ["metric", "slice", "value", "n"],
            [[one.metric, one.slice, format_score(one), one.n] for one in scores],
        )
    )
    print(f"\nwritten: {folder}/scores.csv, {folder}/predictions.jsonl")
    return scores


def _part(parts: Sequence[str], name: str, part: str | None) -> str:
    """Return the part that is evaluated: by default test where the corpus marks one, else all."""
    marked = sorted(set(parts) - {""})
    part = part or ("test" if "test" in marked else "all")
    if part not in (*marked, "all"):
        raise KitError(
            f"corpus {name!r} has no part {part!r}; it has: {', '.join([*marked, 'all'])}"
        )
    return part


def _marked_rows(parts: Sequence[str], part: str) -> list[int]:
    """Return which rows belong to a part."""
    return [row for row, own in enumerate(parts) if part in (own, "all")]
