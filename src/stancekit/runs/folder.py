"""The folder of a run: written with `run.json` last, and read back to the last row or refused.

In it are `run.json`, `predictions.jsonl`, `scores.csv`, `config.yaml` and `model/`, and
`audit.jsonl`, `names.jsonl`, `answers.jsonl`, `replies.sqlite` and `curve.csv` where the codebook and the
model have them.
"""

import csv
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import yaml

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import read_yaml, sha256, write_json, write_jsonl, write_text
from stancekit.resources import named_path
from stancekit.runs import example_tests
from stancekit.runs.record import FORMAT, PredictionRecord, Run, RunRecord, damaged, make_run

log = logging.getLogger(__name__)

RECORD_FILE, PREDICTIONS_FILE = "run.json", "predictions.jsonl"
CURVE_FILE, CONFIG_FILE = "curve.csv", "config.yaml"
# What the random states of one model may differ in. Where the corpus is on disk does not matter:
# the digest of its data counts.
_VARIES = {"random_state", "output", "name", "config", "choices", "data_dir", "corpus"}


def write_record(run: Run) -> None:
    """Write `run.json`; it comes last, for a folder that has it is a finished run."""
    write_json(run.folder / RECORD_FILE, run.to_dict())


def write_predictions(folder: Path, rows: Iterable[PredictionRecord]) -> str:
    """Write the test examples with gold and predictions, and return the file's SHA-256."""
    path = folder / PREDICTIONS_FILE
    write_jsonl(path, (row.to_dict() for row in rows))
    return sha256(path)


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write the configuration that a run was made with, as plain data."""
    write_text(folder / CONFIG_FILE, yaml.safe_dump(config, sort_keys=False))


def write_curve(folder: Path, curve: Iterable[Mapping[str, float]]) -> None:
    """Write a training log: step, loss on train and, where it was measured, loss and score on validation."""
    write_text(folder / CURVE_FILE, curve_csv(curve))


def curve_csv(curve: Iterable[Mapping[str, float]]) -> str:
    """Return a training log as CSV.

    Examples
    --------
    >>> print(curve_csv([{"step": 5.0, "loss": 1.5}, {"step": 5.0, "eval_loss": 1.25, "eval_score": 0.5}]), end="")
    step,loss,validation_loss,validation_score
    5,1.500000,1.250000,0.500000
    """
    by_step: dict[int, dict[str, float]] = {}
    for row in curve:
        if "loss" in row or "eval_loss" in row:
            by_step.setdefault(int(row["step"]), {}).update(row)
    lines = ["step,loss,validation_loss,validation_score"]
    for step, row in sorted(by_step.items()):
        cells = [
            f"{row[key]:.6f}" if key in row else "" for key in ("loss", "eval_loss", "eval_score")
        ]
        lines.append(",".join([str(step), *cells]))
    return "\n".join([*lines, ""])


def read_curve(folder: Path) -> list[dict[str, float]]:
    """Read the training log of a run, a row per measurement; empty for a model that has none."""
    path = folder / CURVE_FILE
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [{key: float(value) for key, value in row.items() if value} for row in rows]
    except (ValueError, TypeError, csv.Error) as error:
        raise damaged(path, error) from None


def read_config_text(folder: Path) -> str:
    """Read the configuration of a run as it was written; empty where there is none."""
    path = folder / CONFIG_FILE
    return path.read_text(encoding="utf-8") if path.exists() else ""


def read_record(folder: Path) -> RunRecord:
    """Read `run.json`.

    Raises
    ------
    KitError
        When the run is not finished, was made by another version, or the file is damaged.
    """
    path = folder / RECORD_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _unfinished(folder, path) from None
    except ValueError as error:
        raise damaged(path, error) from None
    if not isinstance(data, dict):
        raise damaged(path, "it is no JSON object")
    if data.get("format") != FORMAT:
        seen = printable(repr(data.get("format")), most=40)
        raise KitError(
            f"{folder} was made by another version of the kit ({RECORD_FILE} has format {seen}; this "
            f"version reads {FORMAT}); delete it and start the same command again"
        )
    return RunRecord.from_dict(data, path)


def read_predictions(folder: Path, digest: str = "") -> list[PredictionRecord]:
    """Read the test examples of a run with gold and predictions.

    Parameters
    ----------
    digest
        The SHA-256 of the file in `run.json`, which it must have.
    """
    path = folder / PREDICTIONS_FILE
    try:
        return [
            PredictionRecord.from_dict(row) for row in example_tests.read_run_lines(path, digest)
        ]
    except FileNotFoundError:
        raise _unfinished(folder, path) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from None


def _unfinished(folder: Path, missing: Path) -> KitError:
    return KitError(
        f"{folder} is not a finished run: {missing} is missing; start the same command again"
    )


def read_run(folder: Path) -> Run:
    """Read a finished run.

    Raises
    ------
    KitError
        When it is not finished, was made by another version, or a file of it is damaged or was
        altered.
    """
    record = read_record(folder)
    return _read_rest(folder, record, settings_of(folder, record.digest))


def _read_rest(folder: Path, record: RunRecord, settings: str) -> Run:
    rows = read_predictions(folder, record.predictions_sha256)
    run = make_run(record, rows, folder=folder, settings=settings)
    ids = [row.example.id for row in rows]
    return replace(
        run,
        audit=example_tests.read_audit(folder, ids, record.audit_sha256),
        names=example_tests.read_names(folder, ids, record.names_sha256),
        answers=example_tests.read_answers(folder, ids, record.answers_sha256),
    )


def settings_of(folder: Path, digest: str) -> str:
    """Return a digest of a run's settings and data, without what random states of one model may differ in."""
    path = folder / CONFIG_FILE
    try:
        config = read_yaml(path) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise damaged(path, error) from None
    if not isinstance(config, dict):
        raise damaged(path, "it is no configuration")
    # A call from Python keeps its settings under one key.
    config |= config.pop("python", None) or {}
    common = {key: value for key, value in config.items() if key not in _VARIES}
    # The random state of a split decides what is tested, so there it counts.
    common = {
        key: value if key == "split" else _without_states(value) for key, value in common.items()
    }
    content = json.dumps([common, digest], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _without_states(node: Any) -> Any:
    """Return a configuration without its random states."""
    if isinstance(node, dict):
        rest = {key: value for key, value in node.items() if key != "random_state"}
        return {str(key): _without_states(value) for key, value in rest.items()}
    if isinstance(node, list):
        return [_without_states(value) for value in node]
    return node


class HasRun(Protocol):
    """What was made of a run, as a trained model."""

    @property
    def run(self) -> Run | None:
        """Return the run, `None` where there is none."""


# A folder of an experiment or a run, a run, or a model that was trained in one.
RunSource: TypeAlias = str | Path | Run | HasRun


def take_runs(runs: RunSource | Sequence[RunSource]) -> list[Run]:
    """Return the runs that were given: those of a folder, a run, the run of a model, or several of these.

    Raises
    ------
    KitError
        When a folder holds no finished runs, or a model comes from no run.
    """
    if isinstance(runs, str | Path):
        return read_runs(named_path(runs, "runs"))
    if isinstance(runs, Run):
        return [runs]
    if isinstance(runs, Sequence):
        return [run for source in runs for run in take_runs(source)]
    return [_run_of(runs)]


def folder_of(source: RunSource) -> Path:
    """Return the folder that was given, or that of a run.

    Raises
    ------
    KitError
        When a model comes from no run.
    """
    if isinstance(source, str | Path):
        return named_path(source, "runs")
    return source.folder if isinstance(source, Run) else _run_of(source).folder


def _run_of(source: HasRun) -> Run:
    run = getattr(source, "run", None)
    if not isinstance(run, Run):
        shown = printable(" ".join(repr(source).split()), most=80)
        raise KitError(
            f"{shown} has no run; give the folder of an experiment or a run, a run, or a model that "
            "was trained here"
        )
    return run


def run_folders(experiment: Path) -> list[Path]:
    """Return the folders of an experiment's finished runs, or the folder itself where it is a run's."""
    if (experiment / RECORD_FILE).exists():
        return [experiment]
    return sorted(path.parent for path in experiment.glob(f"runs/*/{RECORD_FILE}"))


def read_runs(experiment: Path) -> list[Run]:
    """Read the finished runs of an experiment that count, from its folder or a single run's.

    Of several runs of one model, codebook, split, part and random state, the one that was finished
    last counts. Of the random states of one model, those count that have the settings and the data
    of the newest: others would be averaged with them as one model. What is left out is logged, and
    recorded in `Run.left_out`.

    Raises
    ------
    KitError
        When there are no finished runs, or one is damaged.
    """
    records = {folder: read_record(folder) for folder in run_folders(experiment)}
    if not records:
        raise KitError(
            f"{experiment} holds no finished runs; start some with: stancekit train output={experiment}"
        )
    settings_by_folder = {
        folder: settings_of(folder, record.digest) for folder, record in records.items()
    }
    counted: list[Path] = []
    newest_settings: dict[tuple[str, ...], str] = {}
    states: set[tuple[Any, ...]] = set()
    left_out: dict[tuple[str, ...], list[str]] = {}
    finished = {folder: _finished_at(folder, record) for folder, record in records.items()}
    # Newest first: the settings that are met first are those that count.
    for folder in sorted(records, key=lambda path: (finished[path], path.name), reverse=True):
        record, settings = records[folder], settings_by_folder[folder]
        model = _model_key(record)
        if (*model, record.random_state) in states:
            left_out.setdefault(model, []).append(f"{folder.name} (older)")
        elif newest_settings.setdefault(model, settings) != settings:
            left_out.setdefault(model, []).append(f"{folder.name} (other settings or data)")
        else:
            states.add((*model, record.random_state))
            counted.append(folder)
    for (_, codebook, _, _, name), folders in left_out.items():
        log.warning(
            "runs of %s for %s are left out, since newer ones count: %s. Delete them, or train what "
            "is to be compared under another name (name=)",
            *(printable(name), printable(codebook), listing(folders)),
        )
    runs = [_read_rest(folder, records[folder], settings_by_folder[folder]) for folder in counted]
    runs = [replace(run, left_out=tuple(left_out.get(_model_key(run), ()))) for run in runs]
    return sorted(runs, key=lambda run: run.key)


def _model_key(record: RunRecord) -> tuple[str, str, str, str, str]:
    return record.corpus, record.codebook, record.split, record.part, record.model


def _finished_at(folder: Path, record: RunRecord) -> float:
    """Return when a run was finished, in seconds."""
    try:
        return datetime.fromisoformat(record.finished).timestamp()
    except (ValueError, TypeError) as error:
        raise damaged(folder / RECORD_FILE, error) from None
