"""Fine-tuned encoders in ONNX Runtime, in 8-bit integers where the processor has products for them.

An export is kept in the cache under the sum of the model it was made from, with what it changed. It is made by torch's
exporter, which optimum calls too; optimum itself does not serve transformers 5.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stancekit.codebook import Codebook
from stancekit.corpus.labelled import LabelledSet, indicator
from stancekit.errors import KitError, MissingExtra
from stancekit.files import lock, sha256, write_json
from stancekit.models.encoder.cache import folder
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.precision import processor_has
from stancekit.models.encoder.session import Session, write
from stancekit.models.ensemble import Ensemble
from stancekit.models.trained import Trained
from stancekit.shipped import shipped

CHECKED, FORMAT = 500, 2
# The codebooks by which the bundled corpus is labelled.
BUNDLED = ("stance", "diplomacy")


@dataclass(frozen=True, slots=True)
class Change:
    """What an export changed on the examples it was checked on.

    `changed` is the share of labels, of a codebook with several codes per example that of decisions on a code. The
    examples are validation examples of the bundled corpus; `before` and `after` are the shares of labels that agree
    with its gold, `None` for a model of a codebook that it is not labelled by.
    """

    precision: str
    n: int
    changed: float
    before: float | None = None
    after: float | None = None

    def __str__(self) -> str:
        """Return it as a sentence."""
        told = f"{self.precision} changes {self.changed:.1%} of labels on {self.n} validation examples of un_votes"
        if self.before is None or self.after is None:
            return f"{told}, which has no gold of this model's codebook"
        return f"{told}; {self.before:.1%} of them were right, {self.after:.1%} are now"


class Exported(NamedTuple):
    """A trained model whose encoders run in ONNX Runtime, and what that changed."""

    trained: Trained
    change: Change


def precision() -> str:
    """Return `int8` where the processor has products of 8-bit integers (VNNI), else `fp32`."""
    return "int8" if processor_has("vnni") else "fp32"


def export(trained: Trained, saved: Path, *, most_changed: float = 0.05, kind: str | None = None) -> Exported:
    """Return a trained model whose encoders run in ONNX Runtime, exported where that was not done before.

    Parameters
    ----------
    saved
        The folder that the model was loaded from.
    most_changed
        The share of labels that may differ from those of the model as it was trained.
    kind
        `int8` or `fp32`; by default what suits the processor.

    Raises
    ------
    KitError
        When the model has no fine-tuned encoder, or too many labels differ.
    MissingExtra
        When ONNX Runtime is not installed.
    """
    kind = kind or precision()
    if not exportable(trained.model):
        raise KitError(f"{saved} has no fine-tuned encoder to export; use backend=torch")
    _needed()
    place = folder() / "onnx" / f"{sha256(saved / 'manifest.json')[:16]}-{kind}"
    with lock(place / ".lock", doing="the same export"):
        if not _whole(place):
            sums = {}
            for at, encoder in enumerate(_encoders(trained.model)):
                write(encoder, place / f"{at}.onnx", kind)
                sums[f"{at}.onnx"] = sha256(place / f"{at}.onnx")
            change = _compared(trained, _with(trained, place), kind)
            write_json(place / "export.json", {"format": FORMAT, "files": sums, "change": asdict(change)})
    change = Change(**json.loads((place / "export.json").read_text(encoding="utf-8"))["change"])
    if change.changed > most_changed:
        raise KitError(
            f"the export of {saved} is refused: {change}. At most {most_changed:.1%} may change; use backend=torch"
        )
    return Exported(_with(trained, place), change)


def exportable(model: Any) -> bool:
    """Say whether a model has a fine-tuned encoder, itself or in a member."""
    return next(_encoders(model), None) is not None


def _needed() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise MissingExtra("onnxruntime", "onnx") from None


def _whole(place: Path) -> bool:
    try:
        facts = json.loads((place / "export.json").read_text(encoding="utf-8"))
        sums = facts["files"]
        return facts["format"] == FORMAT and all(sha256(place / name) == known for name, known in sums.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _encoders(model: Any) -> Iterator[Encoder]:
    if isinstance(model, Encoder):
        yield model
    elif isinstance(model, Ensemble):
        for member in model.members_.values():
            yield from _encoders(member)


def _with(trained: Trained, place: Path) -> Trained:
    """Return a model with its encoders' networks replaced by those exported."""
    files = iter(sorted(place.glob("*.onnx"), key=lambda path: int(path.stem)))

    def exchanged(model: Any) -> Any:
        model = copy.copy(model)
        if isinstance(model, Encoder):
            network: Any = Session(next(files), model.network_.specs)
            model.network_ = network
        elif isinstance(model, Ensemble):
            model.members_ = {name: exchanged(member) for name, member in model.members_.items()}
        return model

    return replace(trained, model=exchanged(trained.model))


def _held_out(codebook: Codebook) -> LabelledSet:
    """Return validation examples of the bundled corpus, labelled by the codebook where it has that one."""
    from stancekit.corpus import FixedSplit, bundled

    own = codebook if _bundled(codebook) else _shipped_codebook("stance")
    held = FixedSplit()(bundled().read(own), random_state=0).validation
    return held.take(range(0, len(held), max(1, len(held) // CHECKED)))


def _bundled(codebook: Codebook) -> bool:
    """Say whether the bundled corpus has gold for just these codes."""
    return codebook.name in BUNDLED and codebook.names == _shipped_codebook(codebook.name).names


def _shipped_codebook(name: str) -> Codebook:
    """Load a codebook of the kit's, also where the user has one of the same name."""
    from stancekit.codebook import load_codebook

    return load_codebook(str(shipped("configs", "codebook", f"{name}.yaml")))


def _compared(trained: Trained, other: Trained, kind: str) -> Change:
    held = _held_out(trained.codebook)
    names = trained.codebook.names
    was, now = (indicator([one.labels for one in model.predict(held.examples)], names) for model in (trained, other))
    if not trained.codebook.multi_label:
        was, now = (np.asarray(one.argmax(axis=1)) for one in (was, now))
    changed = float((was != now).mean())
    if not _bundled(trained.codebook):
        return Change(kind, len(held), changed)
    truth = indicator(held.labels, names)
    if not trained.codebook.multi_label:
        truth = truth.argmax(axis=1)
    right = [float((one == truth).mean()) for one in (was, now)]
    return Change(kind, len(held), changed, *right)
