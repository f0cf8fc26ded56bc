"""What is written of a trained model and a test set: predictions, audit, scores, record."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.codebook import Codebook
from stancekit.corpus import Splits
from stancekit.corpus.dataset import PART_NAMES, LabelledSet
from stancekit.evaluation import count, macro_f1
from stancekit.evaluation.answers import AnswerTest
from stancekit.evaluation.audit import make_variants
from stancekit.evaluation.names import EXCHANGES, NameTest, exchange_names
from stancekit.fileio import write_text
from stancekit.models.classifier import FittedClassifier
from stancekit.runs.folder import (
    settings_of,
    write_answers,
    write_audit,
    write_names,
    write_predictions,
    write_record,
)
from stancekit.runs.leaderboard import leaderboards, scores_to_csv
from stancekit.runs.members import training_set_id
from stancekit.runs.provenance import provenance
from stancekit.runs.record import PredictionRecord, Run, RunRecord, codebook_fields, make_run
from stancekit.runs.scores import SCORES_FILE
from stancekit.types import Prediction

# Decimals of scores in `predictions.jsonl`; every number of a report follows from these.
DECIMALS = 6


def record_run(
    folder: Path,
    trained: FittedClassifier,
    parts: Splits,
    *,
    seconds: float = 0.0,
    validation: float | None = None,
    annotations: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
    **known: Any,
) -> Run:
    """Score a trained model on test, audit what it reads, and write it all as a run: `run.json` last.

    Parameters
    ----------
    seconds
        How long training took.
    validation
        Macro-F1 on validation, where it is not that of `trained`: a model that has learned from
        validation too keeps the score that it had before.
    annotations
        Each annotator's codes by example id.
    known
        Other fields of `RunRecord`: `split`, `random_state` and `digest` at least.

    Returns
    -------
    Run
        What `read_run` would read back.
    """
    start = time.perf_counter()
    if validation is None:
        validation = macro_f1_on(trained, parts.validation)
    # The audit is left out of the time: it is no part of using the model.
    predictions = trained.predict(parts.test.examples)
    seconds += time.perf_counter() - start
    rows = pair_with_gold(parts.test, predictions, annotations)
    predictions_sha256 = write_predictions(folder, rows)
    audit: dict[str, list[tuple[str, ...] | None]] = {}
    names: tuple[NameTest | None, ...] = ()
    audit_sha256 = names_sha256 = answers_sha256 = ""
    ids = [row.example.id for row in rows]
    answers, views = try_wordings(trained, parts.test)
    if answers:
        answers_sha256 = write_answers(folder, ids, answers)
    if trained.codebook.unit == "example":
        audit = _predict_variants(trained, parts.test)
        names = try_names(trained, parts.test, predictions)
        audit_sha256 = write_audit(folder, ids, audit)
        names_sha256 = write_names(folder, ids, names)
    by_part: dict[str, LabelledSet] = {part: getattr(parts, part) for part in PART_NAMES}
    fields: dict[str, Any] = {
        "corpus": parts.train.name,
        **codebook_fields(trained.codebook),
        "model": trained.name,
        "seconds": seconds,
        "validation": float(validation),
        "thresholds": tuple(map(float, trained.thresholds)),
        "temperature": float(trained.temperature),
        "caution": trained.policy,
        "examples": {part: len(data) for part, data in by_part.items()},
        "gold_counts": {part: data.counts for part, data in by_part.items()},
        "shared": parts.shared,
        "training_set": training_set_id(parts.train.examples),
        "predictions_sha256": predictions_sha256,
        "audit_sha256": audit_sha256,
        "names_sha256": names_sha256,
        "answers_sha256": answers_sha256,
        "views": views,
        "behaviour": trained.model.behaviour() if hasattr(trained.model, "behaviour") else {},
        "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
        **provenance(),
    }
    record = RunRecord(**fields | known)
    run = make_run(record, rows, folder=folder, settings=settings_of(folder, record.digest))
    run = replace(run, audit=audit, names=names, answers=answers)
    (board,) = leaderboards([run])
    write_text(folder / SCORES_FILE, scores_to_csv(board.entries))
    # It comes last: with it, a run is complete.
    write_record(run)
    return run


def pair_with_gold(
    data: LabelledSet,
    predictions: Sequence[Prediction],
    annotations: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> tuple[PredictionRecord, ...]:
    """Put predictions beside the gold, and beside each annotator's codes by example id.

    The records are those that would be read back from disk: scores are rounded, and a mention has
    no country code.
    """
    # Scores of a fresh run and of one read back have to be the same to the last digit.
    codes_by_id = annotations or {}
    records = []
    for example, context, gold, prediction in zip(
        data.examples, data.contexts, data.labels, predictions, strict=True
    ):
        scores = [round(float(score), DECIMALS) for score in prediction.scores]
        labels = [str(label) for label in prediction.labels]
        rounded = Prediction(example.id, tuple(labels), tuple(scores))
        given = codes_by_id.get(example.id, {})
        row = PredictionRecord(example, context, gold, rounded, given).to_dict()
        records.append(PredictionRecord.from_dict(row))
    return tuple(records)


def announce_all(model: Any, parts: Splits, codebook: Codebook) -> None:
    """Tell a model that asks elsewhere all that a run will score, so that it asks once and says what it takes.

    These are validation, test, the target audit's variants, and examples under other names.
    """
    if not hasattr(model, "announce"):
        return
    examples = [*parts.validation.examples, *parts.test.examples]
    if codebook.unit == "example":
        for variant in make_variants(parts.test.examples).values():
            examples += [example for example in variant if example is not None]
        changed, _ = exchange_names(parts.test.examples)
        examples += [example for others in changed if others for example in others]
    model.announce(examples)


def _predict_variants(
    trained: FittedClassifier, test: LabelledSet
) -> dict[str, list[tuple[str, ...] | None]]:
    """Return the codes that a model gives to every variant of the test set."""
    audit: dict[str, list[tuple[str, ...] | None]] = {}
    for name, examples in make_variants(test.examples).items():
        changed = [example for example in examples if example is not None]
        predictions = iter(trained.predict(changed))
        audit[name] = [
            None if example is None else next(predictions).labels for example in examples
        ]
    return audit


def try_names(
    trained: FittedClassifier, test: LabelledSet, predictions: Sequence[Prediction]
) -> tuple[NameTest | None, ...]:
    """Return what a model says of each example under other names, beside `predictions` under its own."""
    changed, actors = exchange_names(test.examples)
    flat = [example for others in changed if others for example in others]
    answers = iter(trained.predict(flat))
    tests: list[NameTest | None] = []
    for others, actor, before in zip(changed, actors, predictions, strict=True):
        if others is None:
            tests.append(None)
            continue
        after = [next(answers) for _ in range(EXCHANGES)]
        labels = tuple(tuple(map(str, one.labels)) for one in after)
        tests.append(NameTest(labels, actor, _shift(trained, before, after)))
    return tuple(tests)


def try_wordings(
    trained: FittedClassifier, test: LabelledSet
) -> tuple[tuple[AnswerTest, ...], tuple[str, ...]]:
    """Return what a language model says of each example in every wording and order, and these by name."""
    if not hasattr(trained.model, "views") or not len(test):
        return (), ()
    views = trained.model.views(test.examples)
    labels = []
    for at in range(len(views.names)):
        scores = views.scores[:, at]
        # Without any letter there is no answer, and no code is made of it.
        answered = ~np.isnan(scores).all(axis=1)
        codes = trained.read(trained.calibrated(np.nan_to_num(scores)))
        labels.append(
            [
                tuple(map(str, given)) if known else None
                for given, known in zip(codes, answered, strict=True)
            ]
        )
    tests = [
        AnswerTest(given, int(illegal), views.asked)
        for given, illegal in zip(zip(*labels, strict=True), views.illegal, strict=True)
    ]
    return tuple(tests), views.names


def _shift(
    trained: FittedClassifier, before: Prediction, after: Sequence[Prediction]
) -> float | None:
    """Return how much further up the codebook's scale a model is under an example's own names."""
    scale, names = trained.codebook.scale, trained.codebook.names
    if len(scale) < 2:
        return None
    low, high = names.index(scale[0]), names.index(scale[-1])
    own, *others = (one.scores[high] - one.scores[low] for one in (before, *after))
    return round(float(own - np.mean(others)), DECIMALS)


def macro_f1_on(trained: FittedClassifier, data: LabelledSet) -> float:
    """Return a model's macro-F1 on a part, NaN where it is empty."""
    if not len(data):
        return math.nan
    labels = [prediction.labels for prediction in trained.predict(data.examples)]
    counts = count(data.labels, labels, data.codebook.names, data.articles)
    return float(macro_f1(np.asarray(counts.sum(axis=0))))
