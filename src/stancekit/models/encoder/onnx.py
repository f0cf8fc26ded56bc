"""Fine-tuned encoders in ONNX Runtime, in 8-bit integers where the processor has products for them.

An export is kept in the cache under the sum of the model it was made from, with what it changed. It
is made by torch's exporter, which optimum calls too; optimum itself does not serve transformers 5.
"""

import contextlib
import copy
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus import FixedSplit, LabelledSet, bundled
from stancekit.corpus.dataset import indicator
from stancekit.errors import KitError, MissingExtra
from stancekit.fileio import lock, replacing_file, sha256, write_json
from stancekit.models.classifier import FittedClassifier
from stancekit.models.encoder.batches import Collator
from stancekit.models.encoder.cache import cache_folder
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.network import Head, Network, processor_has
from stancekit.models.encoder.runtime import open_network
from stancekit.models.ensemble import Ensemble
from stancekit.resources import shipped
from stancekit.types import Example

# Validation examples that an export is checked on, and the format of its facts.
CHECKED, EXPORT_FORMAT = 500, 3
MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "roles")


class Session(nn.Module):
    """An exported network, which replaces the one it was made from."""

    device = torch.device("cpu")
    # Few rows at a time stay in the processor's cache.
    batch_rows = 16

    def __init__(self, path: Path, specs: dict[str, Head]) -> None:
        super().__init__()
        self.specs = specs
        self.session = open_network(str(path), torch.get_num_threads())
        self.names = [node.name for node in self.session.get_inputs()]

    def forward(self, **batch: Tensor) -> dict[str, Tensor]:
        """Return logits by head."""
        outputs = self.session.run(None, {name: batch[name].numpy() for name in self.names})
        return {
            name: torch.from_numpy(logits) for name, logits in zip(self.specs, outputs, strict=True)
        }


class _Outputs(nn.Module):
    """A network whose outputs are a tuple, as those of an exported one have to be."""

    def __init__(self, network: Network, names: Sequence[str]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs = self.network(**dict(zip(self.names, inputs, strict=True)))
        return tuple(outputs[name] for name in self.network.specs)


def write_onnx(encoder: Encoder, path: Path, kind: str) -> None:
    """Write a network as ONNX, its products in 8-bit integers where asked for."""
    names, outputs = input_names(encoder), list(encoder.network_.specs)
    module = _Outputs(encoder.network_.to("cpu"), names)
    with (
        exported(module, encoder, encoder.network_.encoder, path.parent, outputs) as plain,
        replacing_file(path) as temporary,
    ):
        if kind == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            quantize_dynamic(plain, temporary, weight_type=QuantType.QInt8, per_channel=True)
        else:
            plain.replace(temporary)


def input_names(encoder: Encoder) -> list[str]:
    """Return what an encoder's network takes, in the order in which an export takes it."""
    batch = _traced(encoder)
    return [name for name in MODEL_INPUTS if name in batch]


def _traced(encoder: Encoder) -> dict[str, Tensor]:
    """Return a batch on which an exporter follows a network."""
    rows = [
        Example("1", "Peru voted no."),
        Example("2", "The draft on the levy was put to the vote."),
    ]
    return Collator(encoder.tokenizer_.pad_token_id or 0)(encoder.inputs(rows))


@contextlib.contextmanager
def exported(
    module: nn.Module,
    encoder: Encoder,
    body: Any,
    folder: Path,
    outputs: Sequence[str],
    *,
    opset: int | None = None,
) -> Iterator[Path]:
    """Yield a file with a module as ONNX, its length and batch free; it is gone after the block.

    Parameters
    ----------
    module
        Takes what `input_names` says of `encoder`, in this order.
    body
        The encoder of `transformers` in it.
    folder
        Where there is room for the file.
    """
    batch, names = _traced(encoder), input_names(encoder)
    free = torch.export.Dim.DYNAMIC
    with tempfile.TemporaryDirectory(dir=folder) as temporary, _silent(), _plain_attention(body):
        plain = Path(temporary) / "plain.onnx"
        torch.onnx.export(
            module.eval(),
            tuple(batch[name] for name in names),
            str(plain),
            input_names=names,
            output_names=list(outputs),
            dynamo=True,
            external_data=False,
            dynamic_shapes={"inputs": tuple({0: free, 1: free} for _ in names)},
            opset_version=opset,
        )
        yield plain


@contextlib.contextmanager
def _plain_attention(body: Any) -> Iterator[None]:
    """Have attention written as its products, which ONNX Runtime joins in its own way."""
    before = body.config._attn_implementation
    body.set_attn_implementation("eager")
    try:
        yield
    finally:
        body.set_attn_implementation(before)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep the exporter's progress from the user."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


@dataclass(frozen=True, slots=True)
class Change:
    """What an export changed on the examples it was checked on.

    `changed` is the share of labels, of a codebook with several codes per example that of decisions
    on a code. The examples are validation examples of the bundled corpus, which `corpus` names;
    `before` and `after` are the shares of labels that agree with its gold, `None` for a model of a
    codebook for which it has none.
    """

    precision: str
    n: int
    changed: float
    before: float | None = None
    after: float | None = None
    corpus: str = ""

    def __str__(self) -> str:
        """Return it as a sentence."""
        text = f"{self.precision} changes {self.changed:.1%} of labels on {self.n} validation examples of {self.corpus}"
        if self.before is None or self.after is None:
            return f"{text}, which has no gold of this model's codebook"
        return f"{text}; {self.before:.1%} of them were right, {self.after:.1%} are now"


class Exported(NamedTuple):
    """A fitted model whose encoders run in ONNX Runtime, and what that changed."""

    trained: FittedClassifier
    change: Change


def export_precision() -> str:
    """Return `int8` where the processor has products of 8-bit integers (VNNI), else `fp32`."""
    return "int8" if processor_has("avx512_vnni") else "fp32"


def export(
    fitted: FittedClassifier, saved: Path, *, most_changed: float = 0.05, kind: str | None = None
) -> Exported:
    """Return a fitted model whose encoders run in ONNX Runtime, exported where that was not done before.

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
        When the exporter is not installed.
    """
    kind = kind or export_precision()
    if not exportable(fitted.model):
        raise KitError(f"{saved} has no fine-tuned encoder to export; use backend=torch")
    _require_packages()
    place = cache_folder() / "onnx" / f"{sha256(saved / 'manifest.json')[:16]}-{kind}"
    with lock(place / ".lock", doing="the same export"):
        if not _is_whole(place):
            sums = {}
            for index, encoder in enumerate(_encoders(fitted.model)):
                write_onnx(encoder, place / f"{index}.onnx", kind)
                sums[f"{index}.onnx"] = sha256(place / f"{index}.onnx")
            change = _measure_change(fitted, _with_sessions(fitted, place), kind)
            write_json(
                place / "export.json",
                {"format": EXPORT_FORMAT, "files": sums, "change": asdict(change)},
            )
    change = Change(**json.loads((place / "export.json").read_text(encoding="utf-8"))["change"])
    if change.changed > most_changed:
        raise KitError(
            f"the export of {saved} is refused: {change}. At most {most_changed:.1%} may change; use backend=torch"
        )
    return Exported(_with_sessions(fitted, place), change)


def exportable(model: Any) -> bool:
    """Say whether a model has a fine-tuned encoder, itself or in a member."""
    return next(_encoders(model), None) is not None


def _require_packages() -> None:
    try:
        import onnxscript  # noqa: F401
    except ImportError:
        raise MissingExtra("onnxscript", "onnx") from None


def _is_whole(place: Path) -> bool:
    try:
        facts = json.loads((place / "export.json").read_text(encoding="utf-8"))
        sums = facts["files"]
        return facts["format"] == EXPORT_FORMAT and all(
            sha256(place / name) == known for name, known in sums.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _encoders(model: Any) -> Iterator[Encoder]:
    if isinstance(model, Encoder):
        yield model
    elif isinstance(model, Ensemble):
        for member in model.members_.values():
            yield from _encoders(member)


def _with_sessions(fitted: FittedClassifier, place: Path) -> FittedClassifier:
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

    return replace(fitted, model=exchanged(fitted.model))


def _gold_codebook(codebook: Codebook) -> Codebook | None:
    """Return the kit's codebook of a name, where the bundled corpus has gold for just these codes."""
    candidate = _shipped_codebooks().get(codebook.name)
    same = candidate is not None and candidate.names == codebook.names
    return candidate if same else None


@cache
def _shipped_codebooks() -> dict[str, Codebook]:
    """Return the kit's codebooks for which the bundled corpus has a column, also where the user has one of the name."""
    corpus = bundled()
    _, first_row = next(iter(corpus.rows()))
    files = sorted(shipped("configs", "codebook").glob("*.yaml"))
    books = [load_codebook(str(file)) for file in files]
    return {book.name: book for book in books if corpus.may_have(book, first_row)}


def _held_out(codebook: Codebook) -> LabelledSet:
    """Return validation examples of the bundled corpus, of a codebook's unit, with its gold where there is some."""
    gold = _gold_codebook(codebook)
    of_unit = [book for book in _shipped_codebooks().values() if book.unit == codebook.unit]
    labelled = bundled().read(gold or of_unit[0])
    validation = FixedSplit()(labelled, random_state=0).validation
    return validation.take(range(0, len(validation), max(1, len(validation) // CHECKED)))


def _measure_change(fitted: FittedClassifier, other: FittedClassifier, kind: str) -> Change:
    held_out, names = _held_out(fitted.codebook), fitted.codebook.names
    before, after, truth = (
        indicator(labels, names)
        for labels in (
            [row.labels for row in fitted.predict(held_out.examples)],
            [row.labels for row in other.predict(held_out.examples)],
            held_out.labels if _gold_codebook(fitted.codebook) else [],
        )
    )
    if not fitted.codebook.multi_label:
        before, after = before.argmax(axis=1), after.argmax(axis=1)
        truth = truth.argmax(axis=1) if len(truth) else truth
    changed = float((before != after).mean())
    change = Change(kind, len(held_out), changed, corpus=bundled().name)
    if not len(truth):
        return change
    return replace(
        change, before=float((before == truth).mean()), after=float((after == truth).mean())
    )
