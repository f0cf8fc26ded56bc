"""A saved model, or the actor finder, scored on any labelled corpus."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.corpus import Corpus, Splits
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.judgements import OWN_LABELS
from stancekit.errors import KitError
from stancekit.evaluation import count_spans, score_spans, slices_of
from stancekit.fileio import file_name, frame_to_csv, lock, sha256, write_jsonl, write_text
from stancekit.models import persistence
from stancekit.models.manifest import MANIFEST_FILE
from stancekit.runs.folder import PREDICTIONS_FILE, RECORD_FILE, read_record
from stancekit.runs.members import training_set_id
from stancekit.runs.record import Run
from stancekit.runs.recording import announce_all, record_run
from stancekit.runs.scores import SCORES_FILE, scores_frame
from stancekit.text import ActorFinder
from stancekit.types import Score

FOLDER = Path("experiments") / "evaluate"
ALL = "all"


def evaluate_model(
    model_folder: Path,
    corpus: Corpus,
    *,
    part: str | None = None,
    random_state: int = 0,
    output: str | Path | None = None,
) -> Run:
    """Score a saved model on a corpus, audit it, and write it as a run.

    The parameters are those of `stancekit.evaluate`.

    Raises
    ------
    KitError
        When the corpus has no such part, or another evaluation or a trained run is in `output`.
    """
    trained = persistence.load(model_folder)
    # The manifest has the sums of the model's files, so its own sum identifies the model.
    manifest = model_folder / MANIFEST_FILE
    data = corpus.read(trained.codebook)
    annotated = corpus.annotations(trained.codebook)
    part = choose_part(data.parts, data.name, part)
    rows = rows_of_part(data.parts, part)
    test, nothing = data.take(rows), data.take([])
    identity: dict[str, Any] = {
        "part": part,
        "random_state": random_state,
        "digest": data.digest,
        "manifest_sha256": sha256(manifest),
    }
    name = [trained.codebook.name, trained.name, data.name, part, str(random_state)]
    folder = output_folder(output, name, [identity["manifest_sha256"], data.digest])
    parts = Splits(nothing, nothing, test)
    announce_all(trained.model, parts, trained.codebook)
    with lock(folder / ".lock", doing="the same evaluation"):
        _check_same(folder, identity)
        return record_run(
            folder,
            trained,
            parts,
            annotations=annotated.by_id() if annotated else {},
            gold_from=annotated.gold_rule if annotated else OWN_LABELS,
            shared=_count_learned(manifest, data, rows),
            split=split_name(part),
            **identity,
        )


def _check_same(folder: Path, identity: dict[str, Any]) -> None:
    """Raise a `KitError` where a folder holds another run than this evaluation."""
    if not (folder / RECORD_FILE).exists():
        return
    try:
        record = read_record(folder)
    except KitError:
        # A run of another version, or a damaged one, is not written over either.
        record = None
    names = {"manifest_sha256": "another model", "digest": "other data"}
    for key in ("manifest_sha256", "digest", "part", "random_state"):
        if record is None or getattr(record, key) != identity[key]:
            other = names.get(key, f"another {key.replace('_', ' ')}")
            raise KitError(
                f"{folder} holds the scores of {other}, which would be lost; choose another folder "
                "with output=FOLDER"
            )


def _count_learned(manifest: Path, data: LabelledSet, rows: Sequence[int]) -> int | None:
    """Return how many of the rows a saved model has learned from; `None` where that cannot be known.

    Training texts are not saved with a model. It is known only of the very corpus that it was
    trained on: if its training examples are those that the corpus marks as such, it has learned
    from train and validation.
    """
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    marked = [data.examples[row] for row, part in enumerate(data.parts) if part == "train"]
    same_data = facts.get("data") == data.digest
    if not same_data or facts.get("training_set") != training_set_id(marked):
        return None
    return sum(data.parts[row] in ("train", "validation") for row in rows)


@dataclass(frozen=True, slots=True)
class ActorEvaluation:
    """What the actor finder scores on a corpus: counts of spans, scores, and where they were written."""

    corpus: str
    sentences: int
    right: int
    wrong: int
    missed: int
    scores: tuple[Score, ...]
    folder: Path


def evaluate_actors(
    finder: ActorFinder,
    corpus: Corpus,
    *,
    part: str | None = None,
    output: str | Path | None = None,
) -> ActorEvaluation:
    """Score the actor finder by exact span, and write what it finds in every sentence.

    Raises
    ------
    KitError
        When the corpus has no such part, or a model's run is in `output`.
    """
    marked = corpus.marked_sentences()
    parts = [sentence.part for sentence in marked]
    part = choose_part(parts, corpus.name, part)
    sentences = [marked[row] for row in rows_of_part(parts, part)]
    found: list[set[tuple[int, int]]] = []
    # An actor may be named in full in one sentence and in short in the next of the same article.
    for _, group in groupby(sentences, key=lambda sentence: sentence.article):
        for mentions in finder.find([sentence.text for sentence in group]):
            found.append(
                {
                    (mention.start, mention.end)
                    for mention in mentions
                    if mention.start is not None and mention.end is not None
                }
            )
    counts = count_spans([sentence.actors for sentence in sentences], found)
    slices = slices_of([sentence.context for sentence in sentences])
    articles = [sentence.article for sentence in sentences]
    scores = score_spans(counts, articles, slices=slices)
    lines = []
    for sentence, spans in zip(sentences, found, strict=True):
        kinds = {
            "found": spans & sentence.actors,
            "false": spans - sentence.actors,
            "missed": sentence.actors - spans,
        }
        texts = {
            kind: [sentence.text[start:end] for start, end in sorted(chosen)]
            for kind, chosen in kinds.items()
        }
        lines.append({"article": sentence.article, "sentence": sentence.text, **texts})
    # The finder has no manifest: what it finds decides which evaluation this is.
    name = ["actors", "finder", corpus.name, part]
    folder = output_folder(output, name, [json.dumps(line) for line in lines])
    check_no_run(folder)
    write_jsonl(folder / PREDICTIONS_FILE, lines)
    model = (corpus.name, "actors", split_name(part), part, "finder")
    write_text(folder / SCORES_FILE, frame_to_csv(scores_frame(model, scores, 1)))
    right, wrong, missed = (int(n) for n in np.sum(counts, axis=0))
    return ActorEvaluation(corpus.name, len(sentences), right, wrong, missed, tuple(scores), folder)


def check_no_run(folder: Path) -> None:
    """Raise a `KitError` where a folder holds a run, which would be written over."""
    if (folder / RECORD_FILE).exists():
        raise KitError(
            f"{folder} holds the scores of a model, which would be lost; choose another folder with "
            "output=FOLDER"
        )


def output_folder(output: str | Path | None, name: Sequence[str], content: Sequence[str]) -> Path:
    """Return where to write: by default a folder named by what is evaluated, and a hash of what decides the scores."""
    if output:
        return Path(output)
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()[:10]
    return FOLDER / f"{file_name('-'.join(name))}-{digest}"


def split_name(part: str) -> str:
    """Return how scores of a part name its split."""
    return "none" if part == ALL else "fixed"


def choose_part(parts: Sequence[str], name: str, part: str | None) -> str:
    """Return the part that is evaluated: by default test where the corpus marks one, else all."""
    marked = sorted(set(parts) - {""})
    part = part or ("test" if "test" in marked else ALL)
    if part not in (*marked, ALL):
        raise KitError(f"corpus {name!r} has no part {part!r}; it has: {', '.join([*marked, ALL])}")
    return part


def rows_of_part(parts: Sequence[str], part: str) -> list[int]:
    """Return which rows belong to a part."""
    return [row for row, marked in enumerate(parts) if part in (marked, ALL)]
