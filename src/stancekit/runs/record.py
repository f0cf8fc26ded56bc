"""Run folders: one model x one codebook x one corpus and split x one random state."""

import csv
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import read_yaml, sha256, write_jsonl
from stancekit.types import Context, Example, Mention, Prediction, Score

log = logging.getLogger(__name__)
# What two random states of one model may differ in. The corpus is told by the digest of its data,
# wherever it lies.
_VARIES = {"random_state", "out", "name", "config", "choices", "data_dir", "corpus"}
# What reports read of `run.json` besides the fields of a `Run`.
_NEEDED = {
    "split",
    "caution",
    "shared",
    "examples",
    "gold",
    "thresholds",
    "temperature",
    "machine",
    "versions",
}


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """A test example with its gold codes and a model's, and a second annotator's where there is one."""

    example: Example
    context: Context
    gold: tuple[str, ...]
    prediction: Prediction
    second: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, read back from its folder.

    `part` is what it was scored on: `test`, or what `stancekit evaluate` was told. `settings` is a
    digest of what the random states of one model have in common, empty where it is not known;
    `left_out` says which other runs of the folder it stands for.
    """

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
    rows: tuple[PredictionRecord, ...]
    facts: Mapping[str, Any]
    part: str = "test"
    settings: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def board(self) -> tuple[str, str, str, str]:
        """Return what runs must share to be compared: corpus, codebook, split and part."""
        return self.corpus, self.codebook, self.split, self.part

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """Return what tells a run from the others of an experiment."""
        return *self.board, self.model, self.random_state

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
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [
                    {key: float(value) for key, value in row.items() if value}
                    for row in csv.DictReader(file)
                ]
        except (ValueError, TypeError, csv.Error) as error:
            raise _damaged(path, error) from None

    @property
    def config(self) -> str:
        """Return the run's configuration as it was written."""
        path = self.folder / "config.yaml"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Return the predicted score of every code, shape (examples, codes)."""
        return np.array([row.prediction.scores for row in self.rows]).reshape(
            len(self.rows), len(self.codes)
        )

    @property
    def audit(self) -> dict[str, list[tuple[str, ...] | None]]:
        """Return what the model said on every variant of the test set, `None` where a variant does not apply."""
        if "audit" in self.facts:
            return dict(self.facts["audit"])
        path = self.folder / "audit.jsonl"
        if not path.exists():
            return {}
        try:
            rows = _read_lines(path, self.facts.get("audit_sha256"))
            names = [key for key in rows[0] if key != "id"] if rows else []
            said = {
                name: [None if row[name] is None else tuple(row[name]) for row in rows]
                for name in names
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, error) from None
        if [row.get("id") for row in rows] != [row.example.id for row in self.rows]:
            raise _damaged(path, "its examples are not those of predictions.jsonl")
        return said

    @property
    def articles(self) -> list[str]:
        """Return the article of each test example."""
        return [row.example.article for row in self.rows]


def pair_with_gold(
    data: LabelledSet,
    predictions: Sequence[Prediction],
    second: Mapping[str, tuple[str, ...]] | None = None,
) -> list[PredictionRecord]:
    """Put predictions beside the gold, and beside a second annotator's codes by example id."""
    other = second or {}
    rows = zip(data.examples, data.contexts, data.labels, predictions, strict=True)
    return [PredictionRecord(*row, other.get(row[0].id)) for row in rows]


def write_predictions(path: Path, rows: Iterable[PredictionRecord]) -> None:
    """Write judged examples as JSON lines."""
    write_jsonl(path, (flat_record(row) for row in rows))


def write_audit(
    path: Path, test: LabelledSet, said: Mapping[str, Sequence[tuple[str, ...] | None]]
) -> None:
    """Write what a model said on every variant of the test set as JSON lines."""
    columns = [example.id for example in test.examples], *said.values()
    write_jsonl(
        path, (dict(zip(("id", *said), row, strict=True)) for row in zip(*columns, strict=True))
    )


def flat_record(row: PredictionRecord) -> dict[str, Any]:
    """Return a judged example as plain data, as `predictions.jsonl` holds it."""
    example, context = row.example, row.context
    facts: dict[str, Any] = {"id": example.id, "article": example.article, "text": example.text}
    for role, mention in (("actor", example.actor), ("target", example.target)):
        facts |= {
            role: mention.name if mention else None,
            f"{role}_start": mention.start if mention else None,
            f"{role}_end": mention.end if mention else None,
        }
    kept = {
        key: getattr(context, key)
        for key in ("topic", "register", "source", "date", "setting", "phenomena")
    }
    scores = [round(score, 6) for score in row.prediction.scores]
    codes = {"gold": row.gold, "labels": row.prediction.labels, "scores": scores}
    return facts | kept | codes | ({} if row.second is None else {"second": row.second})


def _mention(facts: dict[str, Any], role: str) -> Mention | None:
    name = facts.get(role)
    return Mention(name, facts[f"{role}_start"], facts[f"{role}_end"]) if name else None


def _record_of_facts(facts: dict[str, Any]) -> PredictionRecord:
    example = Example(
        facts["id"],
        facts["text"],
        _mention(facts, "actor"),
        _mention(facts, "target"),
        facts["article"],
    )
    keys = ("topic", "register", "source", "date", "setting")
    context = Context(**{key: facts[key] for key in keys}, phenomena=tuple(facts["phenomena"]))
    prediction = Prediction(facts["id"], tuple(facts["labels"]), tuple(facts["scores"]))
    second = tuple(facts["second"]) if "second" in facts else None
    return PredictionRecord(example, context, tuple(facts["gold"]), prediction, second)


def _damaged(path: Path, why: object) -> KitError:
    if isinstance(why, KitError):
        return why
    said = f"no {why}" if isinstance(why, KeyError) else str(why)
    return KitError(
        f"{path} is damaged: {printable(said, most=200)}. Delete the folder {path.parent} and start the same command "
        "again"
    )


def _read_lines(path: Path, digest: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines, after checking it against the digest that `run.json` has of it."""
    if digest and sha256(path) != digest:
        raise KitError(
            f"{path} was altered since the run was made (run.json has another SHA-256 of it); copy the run's folder "
            "again, or delete it and start the same command again"
        )
    # A line separator other than the line feed may stand in a sentence.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def check_run(run: Run, path: Path) -> Run:
    """Return a run after making sure that its rows can be scored; `path` is where they were read.

    Raises
    ------
    KitError
        When an example is there twice, has a code that is not in the codebook, or has no score for
        some code.
    """
    ids = Counter(row.example.id for row in run.rows)
    known, faults = set(run.codes), []
    if twice := [name for name, n in ids.items() if n > 1]:
        faults.append(f"ids that are there twice: {listing(twice)}")
    if foreign := [
        row.example.id for row in run.rows if not {*row.gold, *row.prediction.labels} <= known
    ]:
        faults.append(f"codes that are not in the codebook (ids {listing(foreign)})")
    wrong = [
        row.example.id
        for row in run.rows
        if len(row.prediction.scores) != len(run.codes)
        or not np.isfinite(row.prediction.scores).all()
    ]
    if wrong:
        faults.append(f"scores that are not one number per code (ids {listing(wrong)})")
    if not run.multi_label and (
        several := [
            row.example.id for row in run.rows if {len(row.gold), len(row.prediction.labels)} != {1}
        ]
    ):
        faults.append(f"not one code per example (ids {listing(several)})")
    if not run.rows:
        faults.append("no rows")
    if faults:
        raise _damaged(path, "; ".join(faults))
    return run


def _read_facts(folder: Path) -> dict[str, Any]:
    """Read `run.json`."""
    path = folder / "run.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(
            f"{folder} is not a finished run: {path} is missing; start the same command again"
        ) from None
    except ValueError as error:
        raise _damaged(path, error) from None
    if not isinstance(facts, dict):
        raise _damaged(path, "it is no JSON object")
    if missing := sorted(_NEEDED - set(facts)):
        raise KitError(
            f"{folder} was made by an older version of the kit (run.json has no {listing(missing)}); delete it and "
            "start the same command again"
        )
    return facts


def read_run(folder: Path) -> Run:
    """Read a finished run.

    Raises
    ------
    KitError
        When it is not finished, was made by an older version, or a file of it is damaged or was
        altered.
    """
    facts = _read_facts(folder)
    return make_run(folder, facts, read_predictions(folder, facts.get("predictions_sha256")))


def read_predictions(folder: Path, digest: str | None = None) -> list[PredictionRecord]:
    """Read the judged test examples of a run, after checking them against the digest that `run.json` has of them."""
    path = folder / "predictions.jsonl"
    try:
        return [_record_of_facts(one) for one in _read_lines(path, digest)]
    except FileNotFoundError:
        raise KitError(
            f"{folder} is not a finished run: {path} is missing; start the same command again"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from None


def make_run(
    folder: Path,
    facts: Mapping[str, Any],
    rows: Iterable[PredictionRecord],
    source: Path | None = None,
) -> Run:
    """Return a run of the facts that `run.json` holds and its judged test examples.

    A validation score of `None` is NaN: of a model that was only evaluated there is none. `source`
    is the file to name where the rows are at fault, by default the folder's `predictions.jsonl`.
    """
    try:
        known = {
            key: facts[key]
            for key in ("corpus", "codebook", "model", "split", "digest", "multi_label")
        }
        known |= {key: float(facts[key]) for key in ("seconds",)} | {
            "random_state": int(facts["random_state"])
        }
        known["validation"] = float("nan" if facts["validation"] is None else facts["validation"])
        known |= {
            "part": facts.get("part", "test"),
            "settings": facts.get("settings") or settings_of(folder, facts),
        }
        run = Run(folder, **known, codes=tuple(facts["codes"]), rows=tuple(rows), facts=facts)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(source or folder / "run.json", error) from None
    return check_run(run, source or folder / "predictions.jsonl")


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
        value, low, high = (float(first[key] or "nan") for key in ("value", "low", "high"))
        return Score(
            first["metric"], first["slice"], value, low, high, int(first["n"]), int(first["codes"])
        )
    except (OSError, StopIteration, KeyError, ValueError):
        raise KitError(
            f"{path} is missing or damaged; delete {run.folder} and start the same command again"
        ) from None


def settings_of(folder: Path, facts: Mapping[str, Any]) -> str:
    """Return a digest of a run's configuration and data, without what random states of one model may differ in."""
    path = folder / "config.yaml"
    try:
        config = read_yaml(path) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None
    if not isinstance(config, dict):
        raise _damaged(path, "it is no configuration")
    # A call from Python keeps its settings under one key.
    config |= config.pop("python", None) or {}
    common = {
        key: value if key == "split" else _common(value)
        for key, value in config.items()
        if key not in _VARIES
    }
    whole = json.dumps([common, facts["digest"]], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _common(node: Any) -> Any:
    """Return a configuration without its random states; of `split`, where they decide what is tested, they count."""
    if isinstance(node, dict):
        return {str(key): _common(value) for key, value in node.items() if key != "random_state"}
    if isinstance(node, list):
        return [_common(value) for value in node]
    return node


def _finished(folder: Path, facts: Mapping[str, Any]) -> float:
    """Return when a run was finished, in seconds: as recorded, or as its file is dated where that is not."""
    path = folder / "run.json"
    if "finished" not in facts:
        return path.stat().st_mtime
    try:
        return datetime.fromisoformat(facts["finished"]).timestamp()
    except (ValueError, TypeError) as error:
        raise _damaged(path, error) from None


def read_runs(out: Path) -> list[Run]:
    """Read the finished runs of an experiment that count, from its folder or a single run's.

    Of several runs of one model, codebook, split, part and random state, the one that was finished
    last counts, and of the random states of one model those that have the settings and the data of
    the newest: others would be averaged with them as one model. What is left out is told, and
    stands in `Run.left_out`.

    Raises
    ------
    KitError
        When there are no finished runs, or one is damaged.
    """
    folders = (
        [out]
        if (out / "run.json").exists()
        else [path.parent for path in out.glob("runs/*/run.json")]
    )
    if not folders:
        raise KitError(f"{out} holds no finished runs; start some with: stancekit train out={out}")
    known = [
        (folder, facts, _finished(folder, facts))
        for folder in folders
        for facts in [_read_facts(folder)]
    ]
    kept: dict[tuple[Any, ...], dict[int, tuple[Path, dict[str, Any]]]] = {}
    settings: dict[tuple[Any, ...], str] = {}
    left_out: dict[tuple[Any, ...], list[str]] = {}
    for folder, facts, _ in sorted(known, key=lambda one: (one[2], one[0].name), reverse=True):
        try:
            model = (
                *(facts[key] for key in ("corpus", "codebook", "split", "model")),
                facts.get("part", "test"),
            )
            state, own = facts["random_state"], settings_of(folder, facts)
        except KeyError as error:
            raise _damaged(folder / "run.json", error) from None
        states = kept.setdefault(model, {})
        if state in states:
            left_out.setdefault(model, []).append(f"{folder.name} (older)")
        elif settings.setdefault(model, own) != own:
            left_out.setdefault(model, []).append(f"{folder.name} (other settings or data)")
        else:
            states[state] = folder, facts | {"settings": own}
    for model, names in left_out.items():
        log.warning(
            "runs of %s for %s that are left out, since newer ones count: %s. Delete them, or train what is to be "
            "compared under a name of its own (name=)",
            *(printable(model[3]), printable(model[1]), listing(names)),
        )
    runs = [
        replace(
            make_run(folder, facts, read_predictions(folder, facts.get("predictions_sha256"))),
            left_out=tuple(left_out.get(model, ())),
        )
        for model, states in kept.items()
        for folder, facts in states.values()
    ]
    return sorted(runs, key=lambda run: run.key)
