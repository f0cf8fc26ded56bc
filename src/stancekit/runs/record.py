"""What is recorded of a run: one model x one codebook x one corpus and split x one random state."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.corpus.dataset import PART_NAMES
from stancekit.corpus.judgements import OWN_LABELS
from stancekit.errors import KitError, listing, printable
from stancekit.evaluation.answers import AnswerTest
from stancekit.evaluation.names import NameTest
from stancekit.models.selective import SelectivePolicy
from stancekit.types import Context, Example, FloatArray, Mention, Prediction
from stancekit.views import DataFrame, TableView

# The format of `run.json`: raised whenever a key changes its name or meaning.
FORMAT = 2
# Where a run was made and what is in its folder: nothing of it is published.
_LOCAL = (
    *("commit", "machine", "memory_mb", "finished", "training_set"),
    *("manifest_sha256", "predictions_sha256", "audit_sha256", "names_sha256", "answers_sha256"),
)
# Names of keys in predictions that were published by earlier versions.
_EARLIER_NAMES = {"gold": "gold_counts", "priors": "logit_adjustment"}
_CONTEXT = ("topic", "register", "source", "date", "setting", "phenomena")

Audit = Mapping[str, Sequence[tuple[str, ...] | None]]


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """A test example with its gold codes and a model's, and each annotator's where they are known."""

    example: Example
    context: Context
    gold: tuple[str, ...]
    prediction: Prediction
    annotations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, a line of `predictions.jsonl`, that `from_dict` reads back."""
        example = self.example
        row: dict[str, Any] = {"id": example.id, "article": example.article, "text": example.text}
        for role, mention in (("actor", example.actor), ("target", example.target)):
            row[role] = mention.name if mention else None
            row[f"{role}_start"] = mention.start if mention else None
            row[f"{role}_end"] = mention.end if mention else None
        row |= {key: getattr(self.context, key) for key in _CONTEXT}
        row |= {"gold": self.gold, "labels": self.prediction.labels}
        row["scores"] = self.prediction.scores
        return row | {"annotations": dict(self.annotations)} if self.annotations else row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "PredictionRecord":
        """Rebuild a record from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            When the row is not of this form; who reads a file names it.
        """
        actor, target = (_mention_of(row, role) for role in ("actor", "target"))
        example = Example(row["id"], row["text"], actor, target, row["article"])
        context = {key: row[key] for key in _CONTEXT} | {"phenomena": tuple(row["phenomena"])}
        prediction = Prediction(row["id"], tuple(row["labels"]), tuple(map(float, row["scores"])))
        given = dict(row.get("annotations") or {})
        # Earlier versions recorded one annotator beside the gold.
        if "second" in row:
            given["second"] = row["second"]
        annotations = {str(name): tuple(map(str, codes)) for name, codes in given.items()}
        return cls(example, Context(**context), tuple(row["gold"]), prediction, annotations)


def _mention_of(row: Mapping[str, Any], role: str) -> Mention | None:
    name = row.get(role)
    return Mention(name, row[f"{role}_start"], row[f"{role}_end"]) if name else None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What `run.json` says of a run.

    Parameters
    ----------
    corpus, codebook, model, split
        Names, as tables show them.
    codes, multi_label, unit, scale, absent, towards
        Of the codebook: its codes in alphabetical order, and the fields of `Codebook`.
    part
        What the model was scored on: `test`, or what `stancekit evaluate` was told.
    digest
        SHA-256 of the data.
    validation
        Macro-F1 on validation; NaN of a model that was only evaluated.
    seconds
        Wall time of training and prediction.
    thresholds, temperature, caution
        How the model's scores are read, and when it declines.
    examples, gold_counts
        By part, the number of examples, and how many have each code.
    shared
        How many test texts training has, too; `None` where that is not known.
    gold_from
        Where several people annotated, what is gold: `labels`, `majority`, `first`,
        `posterior`, or `file`.
    deterministic
        Whether the model's fit is the same for every random state.
    training_set
        A digest of the ids of the training examples.
    manifest_sha256
        SHA-256 of the manifest of a saved model that was evaluated.
    views
        Of a language model: in which wordings and orders each example was asked about.
    behaviour
        Of a language model, by test without gold: how many trials were right, and of how many.
    finished
        When, in ISO 8601.
    """

    corpus: str
    codebook: str
    codes: tuple[str, ...]
    multi_label: bool
    model: str
    split: str
    random_state: int
    digest: str
    seconds: float
    validation: float
    thresholds: tuple[float, ...]
    temperature: float
    caution: SelectivePolicy
    examples: Mapping[str, int]
    gold_counts: Mapping[str, Mapping[str, int]]
    shared: int | None
    # What predictions that were published by earlier versions do not say has a default.
    part: str = "test"
    unit: str = ""
    scale: tuple[str, ...] = ()
    absent: str = ""
    towards: str = ""
    refit: bool = False
    logit_adjustment: bool = False
    gold_from: str = OWN_LABELS
    deterministic: bool = False
    training_set: str = ""
    manifest_sha256: str = ""
    predictions_sha256: str = ""
    audit_sha256: str = ""
    names_sha256: str = ""
    answers_sha256: str = ""
    views: tuple[str, ...] = ()
    behaviour: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    finished: str = ""
    stancekit: str = ""
    commit: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, the content of `run.json`, that `from_dict` reads back."""
        record = {key: getattr(self, key) for key in _RECORD_KEYS}
        record["validation"] = None if math.isnan(self.validation) else self.validation
        record["caution"] = self.caution.to_list()
        return {"format": FORMAT, **record}

    def public_dict(self) -> dict[str, Any]:
        """Return what of `to_dict` can be published beside predictions."""
        return {key: value for key, value in self.to_dict().items() if key not in _LOCAL}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: Path) -> "RunRecord":
        """Rebuild a record from `to_dict` or `public_dict`.

        Parameters
        ----------
        source
            The file that the data was read from, for messages.

        Raises
        ------
        KitError
            When a key is missing or has a value of another kind.
        """
        known = {_EARLIER_NAMES.get(key, key): value for key, value in data.items()}
        if missing := [key for key in _REQUIRED_KEYS if key not in known]:
            raise damaged(source, f"it has no {listing(map(repr, missing))}")
        known = {key: value for key, value in known.items() if key in _RECORD_KEYS}
        try:
            known |= {
                "codes": tuple(map(str, known["codes"])),
                "scale": tuple(map(str, known.get("scale", ()))),
                "multi_label": bool(known["multi_label"]),
                "random_state": int(known["random_state"]),
                "seconds": float(known["seconds"]),
                "validation": _number_or_nan(known["validation"]),
                "thresholds": tuple(map(float, known["thresholds"])),
                "views": tuple(map(str, known.get("views", ()))),
                "behaviour": {
                    str(test): (int(good), int(n))
                    for test, (good, n) in known.get("behaviour", {}).items()
                },
                "temperature": float(known["temperature"]),
                "caution": SelectivePolicy.from_list(known["caution"]),
                "examples": {part: int(known["examples"][part]) for part in PART_NAMES},
                "gold_counts": {part: dict(known["gold_counts"][part]) for part in PART_NAMES},
            }
            # Earlier versions coded sentences with several codes each, and examples with one.
            known["unit"] = known.get("unit") or ("sentence" if known["multi_label"] else "example")
            return RunRecord(**known)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(source, error) from None


_RECORD_KEYS = tuple(each.name for each in fields(RunRecord))
_REQUIRED_KEYS = tuple(
    each.name
    for each in fields(RunRecord)
    if each.default is MISSING and each.default_factory is MISSING
)


def _number_or_nan(value: Any) -> float:
    return math.nan if value is None else float(value)


@dataclass(frozen=True, kw_only=True, repr=False)
class Run(TableView, RunRecord):
    """A finished run: its record, its folder, and what the model predicts for each test example.

    Parameters
    ----------
    rows
        The test examples with gold and prediction.
    audit
        By variant of the test set, the codes that the model gives to each example, `None` where the
        variant does not apply to it.
    names
        What the model says of each example under other names, `None` where it names nobody; empty
        where that was not measured, as by earlier versions.
    answers
        What a language model says of each example under every wording and order; empty for others.
    settings
        A digest of what the random states of one model have in common; empty where it is not known.
    left_out
        Which other runs of the experiment do not count because this one does, with the reason.
    beside
        Whether it was published by another experiment, and stands beside the runs of this one.
    unread
        How many rows of the data could not be read and are left out, of a run that was just asked
        for; it is not recorded.
    """

    folder: Path
    rows: tuple[PredictionRecord, ...]
    audit: Audit = field(default_factory=dict)
    names: tuple[NameTest | None, ...] = ()
    answers: tuple[AnswerTest, ...] = ()
    settings: str = ""
    left_out: tuple[str, ...] = ()
    beside: bool = False
    unread: int = 0

    @property
    def record(self) -> RunRecord:
        """Return the record alone."""
        return RunRecord(**{key: getattr(self, key) for key in _RECORD_KEYS})

    @property
    def board(self) -> tuple[str, str, str, str]:
        """Return what runs must share to be compared: corpus, codebook, split and part."""
        return self.corpus, self.codebook, self.split, self.part

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """Return what identifies a run among the others of an experiment."""
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
    def scores(self) -> FloatArray:
        """Return the predicted score of every code, shape (examples, codes)."""
        scores = np.array([row.prediction.scores for row in self.rows])
        return scores.reshape(len(self.rows), len(self.codes))

    @property
    def articles(self) -> list[str]:
        """Return the article of each test example."""
        return [row.example.article for row in self.rows]

    @property
    def caption(self) -> str:
        """Return in one line what was scored, on how many examples, and where the run is."""
        what = (
            f"{self.model} for {self.codebook} on {self.corpus}, random state {self.random_state}"
        )
        return f"{what}: {len(self.rows)} {self.part} examples, in {self.folder}"

    def to_frame(self) -> DataFrame:
        """Return the test examples as a pandas DataFrame: gold, prediction, and the score of every code.

        Several codes have `; ` between them; a code called like a column has `score_` before its name.
        """
        import pandas as pd

        rows = []
        for row in self.rows:
            known = row.to_dict()
            cells = {key: known[key] for key in ("id", "article", "text", "actor", "target")}
            codes = {"gold": row.gold, "predicted": row.prediction.labels}
            rows.append(cells | {key: "; ".join(names) for key, names in codes.items()})
        frame = pd.DataFrame(rows)
        for code, scores in zip(self.codes, self.scores.T, strict=True):
            frame[f"score_{code}" if code in frame else code] = scores
        return frame


def make_run(
    record: RunRecord,
    rows: Sequence[PredictionRecord],
    *,
    folder: Path,
    audit: Audit | None = None,
    settings: str = "",
    source: Path | None = None,
) -> Run:
    """Return a run of its record and rows, after making sure that the rows can be scored.

    Parameters
    ----------
    source
        The file that the rows were read from, for messages; by default the folder's
        `predictions.jsonl`.

    Raises
    ------
    KitError
        When there are no rows, an example is there twice, has a code that is not in the codebook,
        or has no score for some code.
    """
    recorded = {key: getattr(record, key) for key in _RECORD_KEYS}
    run = Run(
        **recorded, folder=folder, rows=tuple(rows), audit=dict(audit or {}), settings=settings
    )
    if faults := _row_faults(run):
        raise damaged(source or folder / "predictions.jsonl", "; ".join(faults))
    return run


def _row_faults(run: Run) -> list[str]:
    """Return in words why a run's rows cannot be scored."""
    counts = Counter(row.example.id for row in run.rows)
    repeated = [name for name, count in counts.items() if count > 1]
    codes = set(run.codes)
    foreign, unscored, several = [], [], []
    for row in run.rows:
        scores = row.prediction.scores
        if not {*row.gold, *row.prediction.labels} <= codes:
            foreign.append(row.example.id)
        if len(scores) != len(run.codes) or not np.isfinite(scores).all():
            unscored.append(row.example.id)
        if not run.multi_label and {len(row.gold), len(row.prediction.labels)} != {1}:
            several.append(row.example.id)
    faults = {
        "ids that are there twice": repeated,
        "codes that are not in the codebook, of the ids": foreign,
        "scores that are not one number per code, of the ids": unscored,
        "not one code per example, of the ids": several,
    }
    found = [f"{fault}: {listing(ids)}" for fault, ids in faults.items() if ids]
    return found if run.rows else ["no rows"]


def damaged(path: Path, reason: object) -> KitError:
    """Return the error about a file of a run that cannot be read; an error of the kit's own stays as it is."""
    if isinstance(reason, KitError):
        return reason
    seen = f"no {reason}" if isinstance(reason, KeyError) else str(reason)
    return KitError(
        f"{path} is damaged: {printable(seen, most=200)}. Delete the folder {path.parent} and start "
        "the same command again"
    )
