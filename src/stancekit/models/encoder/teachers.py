"""What a student learns of its teachers: their probabilities, mixed with gold (Hinton et al. 2015)."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.fileio import make_folder, replacing_file, sha256
from stancekit.models.classifier import FittedClassifier
from stancekit.models.manifest import MANIFEST_FILE, read_manifest
from stancekit.types import Example, FloatArray

_KEPT = "teacher-{}.npy"
# Examples that a teacher reads at once.
_READ_TOGETHER = 1000


def describe_teachers(folders: Sequence[str]) -> list[str]:
    """Return what a saved model says of its teachers: the sums of their manifests, and no folder."""
    return [f"sha256:{sha256(Path(folder) / MANIFEST_FILE)}" for folder in folders]


def soft_labels(
    folders: Sequence[str],
    examples: Sequence[Example],
    labels: Mapping[str, NDArray[Any]],
    codes: Mapping[str, Sequence[str]],
    *,
    share: float,
    keep: Path,
) -> dict[str, NDArray[np.float32]]:
    """Return what each head learns of each example: the teacher's probabilities, mixed with gold.

    An example without gold has the teacher's probabilities alone.

    Parameters
    ----------
    folders
        Of saved models of any kind, one for each head, whose codebook has the head's codes.
    labels
        Gold by head: numbers of codes, shape (examples,), or an indicator, shape (examples, codes);
        -1 where there is none.
    codes
        The names of the codes of each head, in the order of its outputs.
    share
        The weight of the teacher beside gold.
    keep
        A folder in which probabilities are kept for when the training is started again.

    Returns
    -------
    dict
        By head, shape (examples, codes).

    Raises
    ------
    KitError
        When a head has no teacher or several, or the share is not between 0 and 1.
    """
    if not 0 < share <= 1:
        raise KitError(
            f"teacher_share is {share}; set it above 0 (gold alone) and up to 1 (the teacher alone)"
        )
    soft = {}
    for name, gold in labels.items():
        folder = _teacher_of(name, folders, codes[name], multi_label=gold.ndim == 2)
        taught = _probabilities(folder, examples, codes[name], keep)
        truth = gold if gold.ndim == 2 else np.eye(len(codes[name]))[gold]
        known = (gold >= 0).reshape(len(gold), -1).all(axis=1, keepdims=True)
        soft[name] = np.where(known, share * taught + (1 - share) * truth, taught).astype(
            np.float32
        )
    return soft


def _teacher_of(
    head: str, folders: Sequence[str], codes: Sequence[str], *, multi_label: bool
) -> Path:
    """Return the folder of the one teacher that gives the codes of a head."""
    books = {
        Path(folder): Codebook.from_dict(read_manifest(Path(folder))["codebook"])
        for folder in folders
    }
    fitting = [
        folder
        for folder, book in books.items()
        if book.multi_label is multi_label and set(codes) <= set(book.names)
    ]
    if len(fitting) != 1:
        raise KitError(
            f"{len(fitting)} of the teachers {listing(folders)} have the codes {listing(codes)} that {head} learns; "
            "name one saved model for each codebook: model.teacher='[FOLDER, FOLDER]'"
        )
    return fitting[0]


def _probabilities(
    folder: Path, examples: Sequence[Example], codes: Sequence[str], keep: Path
) -> FloatArray:
    """Return a teacher's calibrated probabilities of codes, shape (examples, codes); those kept are read back."""
    total = hashlib.sha256(sha256(folder / MANIFEST_FILE).encode())
    for example in examples:
        total.update(repr(example).encode())
    file = make_folder(keep) / _KEPT.format(total.hexdigest()[:16])
    if not file.exists():
        from stancekit.models import persistence

        fitted: FittedClassifier = persistence.load(folder)
        parts = []
        with tqdm(total=len(examples), desc=f"{fitted.name} teaches", file=sys.stderr) as bar:
            for start in range(0, len(examples), _READ_TOGETHER):
                some = examples[start : start + _READ_TOGETHER]
                parts.append(fitted.scores(some))
                bar.update(len(some))
        scores = np.concatenate(parts)
        columns = [fitted.codebook.names.index(code) for code in codes]
        chosen = scores[:, columns]
        if not fitted.codebook.multi_label:
            chosen = chosen / chosen.sum(axis=1, keepdims=True)
        with replacing_file(file) as temporary, temporary.open("wb") as opened:
            np.save(opened, chosen.astype(np.float32), allow_pickle=False)
    probabilities: FloatArray = np.load(file, allow_pickle=False)
    return probabilities
