"""Run folders: one model x one codebook x one corpus and split x one random state."""

import csv
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError, listing
from stancekit.evaluation.scores import score
from stancekit.files import sha256, write_jsonl
from stancekit.types import Context, Example, Mention, Prediction, Score

log = logging.getLogger(__name__)
# What two random states of one model may differ in. The corpus is told by the digest of its data, wherever it lies.
_VARIES = {"random_state", "out", "name", "config", "choices", "data_dir", "corpus"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A test example with its gold codes and a model's, and a second annotator's where there is one."""

    example: Example
    context: Context
    gold: tuple[str, ...]
    prediction: Prediction
    second: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, read back from its folder."""

    folder: Path
    corpus: str
    codebook: str
    codes: tuple[str, ...]
    multi_label: bool
    model: str
    split: str
    random_state: int
    validation: float
    seconds: float
    digest: str
    rows: tuple[Judged, ...]
    facts: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """Return what tells a run from the others of an experiment."""
        return self.corpus, self.codebook, self.split, self.model, self.random_state

    @property
    def gold(self) -> list[tuple[str, ...]]:
        """Return the gold codes of the test examples."""
        return [row.gold for row in self.rows]

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """Return the predicted codes of the test examples."""
        return [row.prediction.labels for row in self.rows]

    @property
    def curve(self) -> list[dict[str, float]]:
        """Return the training log, a row per measurement; empty for a model that has none."""
        path = self.folder / "curve.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]

    @property
    def config(self) -> str:
        """Return the run's configuration as it was written."""
        path = self.folder / "config.yaml"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Return the predicted score of every code, shape (examples, codes)."""
        return np.array([row.prediction.scores for row in self.rows]).reshape(len(self.rows), len(self.codes))

    @property
    def audit(self) -> dict[str, list[tuple[str, ...] | None]]:
        """Return what the model said on every variant of the test set, `None` where a variant does not apply."""
        if "audit" in self.facts:
            return dict(self.facts["audit"])
        path = self.folder / "audit.jsonl"
        if not path.exists():
            return {}
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        names = [key for key in rows[0] if key != "id"] if rows else []
        return {name: [None if row[name] is None else tuple(row[name]) for row in rows] for name in names}

    @property
    def articles(self) -> list[str]:
        """Return the article of each test example."""
        return [row.example.article for row in self.rows]


def judge(
    data: LabelledSet, predictions: Sequence[Prediction], second: Mapping[str, tuple[str, ...]] | None = None
) -> list[Judged]:
    """Put predictions beside the gold, and beside a second annotator's codes by example id."""
    other = second or {}
    rows = zip(data.examples, data.contexts, data.labels, predictions, strict=True)
    return [Judged(*row, other.get(row[0].id)) for row in rows]


def write_predictions(path: Path, rows: Iterable[Judged]) -> None:
    """Write judged examples as JSON lines."""
    write_jsonl(path, (flat(row) for row in rows))


def write_audit(path: Path, test: LabelledSet, said: Mapping[str, Sequence[tuple[str, ...] | None]]) -> None:
    """Write what a model said on every variant of the test set as JSON lines."""
    columns = [example.id for example in test.examples], *said.values()
    write_jsonl(path, (dict(zip(("id", *said), row, strict=True)) for row in zip(*columns, strict=True)))


def flat(row: Judged) -> dict[str, Any]:
    """Return a judged example as plain data, as `predictions.jsonl` holds it."""
    example, context = row.example, row.context
    facts: dict[str, Any] = {"id": example.id, "article": example.article, "text": example.text}
    for role, mention in (("actor", example.actor), ("target", example.target)):
        facts |= {
            role: mention.name if mention else None,
            f"{role}_start": mention.start if mention else None,
            f"{role}_end": mention.end if mention else None,
        }
    kept = {key: getattr(context, key) for key in ("topic", "register", "source", "date", "setting", "phenomena")}
    scores = [round(score, 6) for score in row.prediction.scores]
    codes = {"gold": row.gold, "labels": row.prediction.labels, "scores": scores}
    return facts | kept | codes | ({} if row.second is None else {"second": row.second})


def _mention(facts: dict[str, Any], role: str) -> Mention | None:
    name = facts.get(role)
    return Mention(name, facts[f"{role}_start"], facts[f"{role}_end"]) if name else None


def _judged(facts: dict[str, Any]) -> Judged:
    example = Example(facts["id"], facts["text"], _mention(facts, "actor"), _mention(facts, "target"), facts["article"])
    keys = ("topic", "register", "source", "date", "setting")
    context = Context(**{key: facts[key] for key in keys}, phenomena=tuple(facts["phenomena"]))
    prediction = Prediction(facts["id"], tuple(facts["labels"]), tuple(facts["scores"]))
    second = tuple(facts["second"]) if "second" in facts else None
    return Judged(example, context, tuple(facts["gold"]), prediction, second)


def read_run(folder: Path) -> Run:
    """Read a finished run."""
    try:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        rows = read_predictions(folder)
    except FileNotFoundError as error:
        raise KitError(
            f"{folder} is not a finished run: {error.filename} is missing; start the same command again"
        ) from None
    if missing := sorted({"split", "caution", "shared"} - set(facts)):
        raise KitError(
            f"{folder} was made by an older version of the kit (run.json has no {listing(missing)}); delete it and "
            "start the same command again"
        )
    return make_run(folder, facts, rows)


def read_predictions(folder: Path) -> list[Judged]:
    """Read the judged test examples of a run."""
    # Unlike splitlines, this does not break a line at U+2028 and the like within a text.
    lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").split("\n")
    return [_judged(json.loads(line)) for line in lines if line]


def make_run(folder: Path, facts: Mapping[str, Any], rows: Iterable[Judged]) -> Run:
    """Return a run of the facts that `run.json` holds and its judged test examples."""
    named = {key: facts[key] for key in ("corpus", "codebook", "multi_label", "model", "split", "random_state")}
    named |= {"seconds": facts["seconds"], "digest": facts["digest"]}
    named["validation"] = float("nan") if facts["validation"] is None else facts["validation"]
    return Run(folder, **named, codes=tuple(facts["codes"]), rows=tuple(rows), facts=facts)


def main_score(run: Run) -> Score:
    """Return a run's macro-F1 on the whole test set, as its `scores.csv` has it.

    Raises
    ------
    KitError
        When there is no such file, or it does not begin with that score.
    """
    path = run.folder / "scores.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            first = next(csv.DictReader(file))
        value, low, high = (float(first[key]) for key in ("value", "low", "high"))
        return Score(first["metric"], first["slice"], value, low, high, int(first["n"]))
    except (OSError, StopIteration, KeyError, ValueError):
        raise KitError(f"{path} is missing or damaged; delete {run.folder} and start the same command again") from None


def read_runs(out: Path) -> list[Run]:
    """Read all finished runs of an experiment, from its folder or a single run's.

    Of runs that differ only in configuration, data or version, the newest of each model, codebook, split and
    random state counts.
    """
    folders = [out] if (out / "run.json").exists() else [path.parent for path in out.glob("runs/*/run.json")]
    if not folders:
        raise KitError(f"{out} holds no finished runs; start some with: stancekit train out={out}")
    newest: dict[tuple[str, str, str, str, int], Run] = {}
    for folder in sorted(folders, key=lambda path: (path / "run.json").stat().st_mtime):
        run = read_run(folder)
        newest[run.key] = run
    return [newest[key] for key in sorted(newest)]


def second_annotator(run: Run) -> Score | None:
    """Return the macro-F1 of a second annotator against the gold: a ceiling for what a model can be shown to reach."""
    rows = [row for row in run.rows if row.second is not None]
    if not rows:
        return None
    said = [row.second or () for row in rows]
    return score([row.gold for row in rows], [said], run.codes, [row.example.article for row in rows])[0]
