"""Run folders: one model x one codebook x one corpus and split x one random state."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError
from stancekit.files import write_jsonl
from stancekit.types import Context, Example, Mention, Prediction


@dataclass(frozen=True, slots=True)
class Judged:
    """A test example with its gold codes and a model's."""

    example: Example
    context: Context
    gold: tuple[str, ...]
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, read back from its folder."""

    folder: Path
    corpus: str
    codebook: str
    codes: tuple[str, ...]
    multi_label: bool
    model: str
    random_state: int
    validation: float
    seconds: float
    digest: str
    rows: tuple[Judged, ...]

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
    def articles(self) -> list[str]:
        """Return the article of each test example."""
        return [row.example.article for row in self.rows]


def judge(data: LabelledSet, predictions: Sequence[Prediction]) -> list[Judged]:
    """Put predictions beside the gold."""
    rows = zip(data.examples, data.contexts, data.labels, predictions, strict=True)
    return [Judged(*row) for row in rows]


def write_predictions(path: Path, rows: Iterable[Judged]) -> None:
    """Write judged examples as JSON lines."""
    write_jsonl(path, (_flat(row) for row in rows))


def _flat(row: Judged) -> dict[str, Any]:
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
    return facts | kept | {"gold": row.gold, "labels": row.prediction.labels, "scores": scores}


def _mention(facts: dict[str, Any], role: str) -> Mention | None:
    name = facts.get(role)
    return Mention(name, facts[f"{role}_start"], facts[f"{role}_end"]) if name else None


def _judged(facts: dict[str, Any]) -> Judged:
    example = Example(facts["id"], facts["text"], _mention(facts, "actor"), _mention(facts, "target"), facts["article"])
    keys = ("topic", "register", "source", "date", "setting")
    context = Context(**{key: facts[key] for key in keys}, phenomena=tuple(facts["phenomena"]))
    prediction = Prediction(facts["id"], tuple(facts["labels"]), tuple(facts["scores"]))
    return Judged(example, context, tuple(facts["gold"]), prediction)


def read_run(folder: Path) -> Run:
    """Read a finished run."""
    try:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise KitError(
            f"{folder} is not a finished run: {error.filename} is missing; start the same command again"
        ) from None
    rows = tuple(_judged(json.loads(line)) for line in lines)
    named = {key: facts[key] for key in ("corpus", "codebook", "multi_label", "model", "random_state", "validation")}
    return Run(
        folder, **named, codes=tuple(facts["codes"]), seconds=facts["seconds"], digest=facts["digest"], rows=rows
    )


def read_runs(out: Path) -> list[Run]:
    """Read all finished runs of an experiment, from its folder or a single run's.

    Of runs that differ only in configuration, data or version, the newest of each model, codebook and
    random state counts.
    """
    folders = [out] if (out / "run.json").exists() else [path.parent for path in out.glob("runs/*/run.json")]
    if not folders:
        raise KitError(f"{out} holds no finished runs; start some with: stancekit train out={out}")
    newest: dict[tuple[str, str, str, int], Run] = {}
    for folder in sorted(folders, key=lambda path: (path / "run.json").stat().st_mtime):
        run = read_run(folder)
        newest[run.corpus, run.codebook, run.model, run.random_state] = run
    return sorted(newest.values(), key=lambda run: (run.corpus, run.codebook, run.model, run.random_state))
