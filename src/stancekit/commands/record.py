"""What is written of a trained model and a test set: predictions, audit, facts, scores."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.corpus import Splits
from stancekit.corpus.dataset import CodeTuples, LabelledSet
from stancekit.evaluation import count, macro_f1
from stancekit.evaluation.audit import variants
from stancekit.fileio import sha256, write_json, write_text
from stancekit.models.classifier import FittedClassifier
from stancekit.models.finished import training_set_id
from stancekit.runs.leaderboard import leaderboards, scores_to_csv
from stancekit.runs.provenance import provenance
from stancekit.runs.record import (
    make_run,
    pair_with_gold,
    read_predictions,
    write_audit,
    write_predictions,
)


def record(
    folder: Path,
    trained: FittedClassifier,
    parts: Splits,
    facts: Mapping[str, Any],
    second: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Score a trained model on test, audit what it reads, and write it all as a run: `run.json` last.

    Parameters
    ----------
    facts
        What `run.json` is to say besides: `split`, `random_state`, `seconds` of training, `digest`
        of the data, and perhaps the score on `validation`, and how many test texts training has
        (`shared`).
    second
        A second annotator's codes by example id.
    """
    codebook = trained.codebook
    start = time.perf_counter()
    # Of a model that has learned from validation too, the score that it had before.
    validation = (
        facts["validation"]
        if "validation" in facts
        else validation_score(trained, parts.validation)
    )
    predictions = trained.predict(parts.test.examples)
    seconds = facts["seconds"] + time.perf_counter() - start
    write_predictions(folder / "predictions.jsonl", pair_with_gold(parts.test, predictions, second))
    if codebook.unit == "example":
        write_audit(folder / "audit.jsonl", parts.test, _audited(trained, parts.test))
    every = {part: getattr(parts, part) for part in ("train", "validation", "test")}
    found = {
        "corpus": parts.train.name,
        "codebook": codebook.name,
        "codes": codebook.names,
        "multi_label": codebook.multi_label,
        "scale": list(codebook.scale),
        "absent": codebook.absent,
        "model": trained.name,
        "shared": parts.shared,
        **facts,
        "seconds": seconds,
        "validation": None if math.isnan(validation) else validation,
        "thresholds": list(trained.thresholds),
        "temperature": trained.temperature,
        "caution": trained.caution.to_list(),
        "examples": {name: len(part) for name, part in every.items()},
        "gold": {name: part.counts for name, part in every.items()},
        "learned": training_set_id(parts.train.examples),
        "predictions_sha256": sha256(folder / "predictions.jsonl"),
        "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
        **provenance(),
    }
    # Scores follow from what is on disk, which is rounded. `run.json` comes last: with it, a run is
    # whole.
    run = make_run(folder, found, read_predictions(folder))
    write_text(folder / "scores.csv", scores_to_csv(leaderboards([run])[0].entries))
    write_json(folder / "run.json", found)


def _audited(
    trained: FittedClassifier, test: LabelledSet
) -> dict[str, list[tuple[str, ...] | None]]:
    """Return what a model says on every variant of the test set."""
    found: dict[str, list[tuple[str, ...] | None]] = {}
    for name, examples in variants(test.examples).items():
        said = iter(trained.predict([example for example in examples if example]))
        found[name] = [next(said).labels if example else None for example in examples]
    return found


def validation_score(trained: FittedClassifier, data: LabelledSet) -> float:
    """Return macro-F1 on some part, NaN where it is empty."""
    if not len(data):
        return float("nan")
    labels: CodeTuples = [prediction.labels for prediction in trained.predict(data.examples)]
    counts = count(data.labels, labels, data.codebook.names, data.articles)
    return float(macro_f1(np.asarray(counts.sum(axis=0))))
