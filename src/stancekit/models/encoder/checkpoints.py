"""Checkpoints on disk: which are whole, which training they belong to, and when they go."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stancekit.fileio import sha256, write_json

if TYPE_CHECKING:
    import torch

    from stancekit.models.encoder.batches import TokenRows

PLACE, SUMS_FILE = "checkpoints", "sums.json"
# As `transformers.Trainer` names them.
STATE_FILE, CHECKPOINT_WEIGHTS = "trainer_state.json", "model.safetensors"


def digest(
    settings: Iterable[object],
    state: Mapping[str, "torch.Tensor"],
    parts: Iterable["TokenRows | None"],
) -> str:
    """Return what identifies a training: a sum over its settings, first weights, examples and labels."""
    import torch

    total = hashlib.sha256(repr(list(settings)).encode())
    for name, value in state.items():
        total.update(f"{name} {tuple(value.shape)}".encode())
        total.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    for part in parts:
        total.update(b"part")
        for row in part.ids if part else ():
            for key in sorted(row):
                total.update(f"{key} {len(row[key])}".encode())
                total.update(np.asarray(row[key], dtype=np.int32).data)
        for name, labels in part.labels.items() if part else ():
            total.update(f"{name} {labels.shape}".encode())
            # A teacher's probabilities, or numbers of codes.
            kind = np.float32 if labels.dtype.kind == "f" else np.int64
            total.update(np.ascontiguousarray(labels, dtype=kind).data)
    return total.hexdigest()[:16]


def seal_checkpoint(folder: Path) -> None:
    """Write the sums of a checkpoint's files beside them: one that has them was written to its end."""
    names = sorted(
        path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS_FILE
    )
    write_json(folder / SUMS_FILE, {name: sha256(folder / name) for name in names})


def latest(place: Path) -> Path | None:
    """Return the last checkpoint in a folder that is whole, as is the best one before it that it refers to.

    Where the folder was moved, the state's path to the best one is updated.
    """
    for folder in sorted(place.glob("checkpoint-*"), key=_step, reverse=True):
        if not _is_complete(folder):
            continue
        state = read_state(folder)
        best = best_of(folder, state)
        if best is None:
            return folder
        if _is_complete(best):
            if state["best_model_checkpoint"] != str(best):
                write_json(folder / STATE_FILE, state | {"best_model_checkpoint": str(best)})
                seal_checkpoint(folder)
            return folder
    return None


def drop_later(place: Path, last: Path | None) -> None:
    """Remove the checkpoints of a folder that come after the one a training goes on from; without one, all.

    They are not whole, or refer to one that is gone. Beside them the Trainer, which keeps the last few by
    their numbers, would remove each checkpoint as soon as it has written it.
    """
    for folder in place.glob("checkpoint-*"):
        if last is None or _step(folder) > _step(last):
            shutil.rmtree(folder)


def read_state(folder: Path) -> dict[str, Any]:
    """Return the Trainer's state in a checkpoint."""
    state: dict[str, Any] = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    return state


def best_of(folder: Path, state: Mapping[str, Any]) -> Path | None:
    """Return the checkpoint beside `folder` that scored best so far, `None` where nothing is measured."""
    named = state.get("best_model_checkpoint")
    return folder.parent / Path(named).name if named else None


def forget_checkpoints(folder: str | Path) -> None:
    """Remove the checkpoints of trainings in a folder, once the models they led to are saved.

    A folder of checkpoints is renamed before it is emptied, so that one that is half removed is
    never taken for whole.
    """
    for place in sorted(Path(folder).rglob(PLACE)):
        if place.is_dir() and not place.parent.name.startswith(f".{PLACE}-"):
            # One that cannot be moved stays as it is: it only takes space.
            with suppress(OSError):
                place.rename(Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{PLACE}-")) / PLACE)
    for leftover in sorted(Path(folder).rglob(f".{PLACE}-*")):
        shutil.rmtree(leftover, ignore_errors=True)


def _step(folder: Path) -> int:
    number = folder.name.removeprefix("checkpoint-")
    return int(number) if number.isdigit() else -1


def _is_complete(folder: Path) -> bool:
    try:
        sums = json.loads((folder / SUMS_FILE).read_text(encoding="utf-8"))
        return {CHECKPOINT_WEIGHTS, STATE_FILE} <= set(sums) and all(
            sha256(folder / name) == known for name, known in sums.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False
