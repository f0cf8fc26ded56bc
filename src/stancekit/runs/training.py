"""Training of a run: fit one model on one corpus and codebook, score it on test, and write its folder."""

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.base import clone

from stancekit.codebook import Codebook
from stancekit.corpus import AutoSplit, Corpus, Splits
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.folds import FoldSplit
from stancekit.corpus.judgements import OWN_LABELS
from stancekit.errors import KitError
from stancekit.fileio import file_name, lock, make_folder
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, depends_on_random_state, fit, refit_on_all
from stancekit.models.crossfit import CrossFit, tested_on_all
from stancekit.models.encoder.checkpoints import forget_checkpoints
from stancekit.models.learned import describe_learned
from stancekit.models.search import Optuna
from stancekit.resources import named_path
from stancekit.runs.corpora import read_corpus, split_corpus
from stancekit.runs.crossfit import check_unmarked, choose_folds, fit_folds
from stancekit.runs.folder import RECORD_FILE, read_run, write_config, write_curve
from stancekit.runs.joint import fit_joint, named_codebooks, parts_by_codebook
from stancekit.runs.members import names_runs, training_set_id, varies_by_state, with_members
from stancekit.runs.provenance import describe_object, identity
from stancekit.runs.record import Run
from stancekit.runs.recording import announce_all, macro_f1_on, record_run

log = logging.getLogger(__name__)
# Codes with fewer training examples are named in a warning.
FEW_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Training:
    """All that decides what one run learns and is scored on."""

    name: str
    corpus: Corpus
    codebook: Codebook
    digest: str
    split: Callable[..., Splits]
    split_name: str
    parts: Splits
    model: Any
    random_state: int
    deterministic: bool
    search: Optuna | None
    refit: bool
    logit_adjustment: bool
    annotations: Mapping[str, Mapping[str, tuple[str, ...]]]
    gold_from: str

    @property
    def settings(self) -> dict[str, Any]:
        """Return what decides the run besides corpus and codebook."""
        settings = {
            "split": self.split,
            "model": self.model,
            "random_state": self.random_state,
            "search": self.search,
            "refit": self.refit,
            "logit_adjustment": self.logit_adjustment,
            "annotations": self.annotations,
        }
        # A codebook of the user's own may say something else next time, under the same name.
        if codebooks := named_codebooks(self.model):
            settings["codebooks"] = codebooks
        return settings


def fit_run(  # noqa: PLR0913  # the parameters of stancekit.train
    *,
    corpus: Corpus,
    codebook: Codebook,
    split: Callable[..., Splits] | None,
    model: Any,
    features: Any = None,
    random_state: int = 0,
    output: str | Path = "experiments/default",
    name: str | None = None,
    search: Optuna | None = None,
    refit: bool = False,
    logit_adjustment: bool = False,
    config: Mapping[str, Any] | None = None,
    choices: Mapping[str, str] | None = None,
    folds: int | None = None,
) -> Run:
    """Fit a model on train, choose thresholds on validation, and score it on test; print nothing.

    The parameters are those of `stancekit.train`, all as objects. A run with the same settings,
    data and version that is finished is read back.

    Parameters
    ----------
    choices
        By group, the name of the configuration that an object was made from, as in `{"split":
        "grouped"}`; tables show the split's.
    folds
        In how many folds all rows are divided, each scored by a model that learned from the others.

    Raises
    ------
    KitError
        When the data, a setting or the output folder is at fault.
    """
    name = name or type(model).__name__
    data, digest, annotated = read_corpus(corpus, codebook)
    names = dict(choices or {})
    if folds is not None:
        names["split"], split = "crossfit", choose_folds(folds, split, model, search)
        check_unmarked(data)
    split = split or AutoSplit()
    if isinstance(split, AutoSplit):
        # The run is that of the split which fits the data, whether or not it was named.
        names["split"], split = split.choose(data)
    parts = split_corpus(split, data, digest, random_state)
    deterministic = not (depends_on_random_state(model) or varies_by_state(model))
    # Where another random state changes nothing, there is one run.
    if random_state and deterministic and not search:
        first = split_corpus(split, data, digest, 0)
        if _same_parts(parts, first):
            random_state = 0
    training = _Training(
        name=name,
        corpus=corpus,
        codebook=codebook,
        digest=digest,
        split=split,
        split_name=names.get("split") or type(split).__name__,
        parts=parts,
        model=_set_up(model, features=features, codebook=codebook, random_state=random_state),
        random_state=random_state,
        deterministic=deterministic,
        search=search or None,
        refit=refit,
        logit_adjustment=logit_adjustment,
        annotations=annotated.by_id() if annotated else {},
        gold_from=annotated.gold_rule if annotated else OWN_LABELS,
    )
    digest_of_all = identity(corpus=data.name, codebook=codebook, data=digest, **training.settings)
    title = file_name(f"{codebook.name}-{name}-{random_state}")
    folder = named_path(output, "output") / "runs" / f"{title}-{digest_of_all}"
    run = None
    if not _is_finished(folder) or (folder / "checkpoints").exists():
        with _working(folder):
            # Another process may have finished it while this one waited.
            if not _is_finished(folder):
                run = _train_run(training, folder, Path(output) / "joint", config)
            # Not before the run is complete: a kill until then costs the last steps, not the
            # training.
            forget_checkpoints(folder)
    return replace(run or read_run(folder), unread=data.left_out)


def _is_finished(folder: Path) -> bool:
    return (folder / RECORD_FILE).exists()


def _train_run(
    training: _Training, folder: Path, joint_folder: Path, config: Mapping[str, Any] | None
) -> Run:
    """Fit the model of a run, and write its folder."""
    parts = training.parts
    if parts.train.soft and hasattr(training.model, "fit_heads"):
        raise KitError(
            "a model that learns several codebooks together does not learn from probabilities of "
            "codes (corpus.gold=posterior); train one per codebook, or set corpus.gold=majority"
        )
    _check_refit(training)
    _warn_of_rare_codes(parts.train)
    # The command line's own configuration can be run again; a call from Python is only described.
    call = {"corpus": training.corpus, "codebook": training.codebook, **training.settings}
    plain = json.loads(json.dumps(describe_object(config or {"python": call})))
    model = with_members(training.model, parts.train.examples, training.random_state)
    if training.search:
        model = training.search(
            model,
            parts.train,
            parts.validation,
            folder=folder / "search",
            random_state=training.random_state,
        )
    write_config(folder, plain)
    validation: float | None = None
    if isinstance(training.split, FoldSplit):
        splits = training.split.divide(parts.train)
        fit_one = partial(_fit_fold, training, model)
        trained, seconds, validation = fit_folds(splits, fit_one, folder, name=training.name)
    elif hasattr(model, "fit_heads"):
        trained, seconds = _fit_joint_model(training, model, joint_folder)
    elif training.refit:
        trained, seconds = _fit_model(training, model, folder)
        validation = macro_f1_on(trained, parts.validation)
        trained, seconds = _refit(training, trained, seconds)
    else:
        trained, seconds = _fit_model(training, model, folder)
    learned = [
        example.text for part in (parts.train, parts.validation) for example in part.examples
    ]
    persistence.save(
        trained,
        folder / "model",
        data=training.digest,
        training_set=training_set_id(parts.train.examples),
        columns=_columns_read(training),
        learned=describe_learned(learned),
    )
    if curve := getattr(trained.model, "curve_", None):
        write_curve(folder, curve)
    return record_run(
        folder,
        tested_on_all(trained) if isinstance(trained.model, CrossFit) else trained,
        parts,
        seconds=seconds,
        validation=validation,
        annotations=training.annotations,
        gold_from=training.gold_from,
        split=training.split_name,
        random_state=training.random_state,
        deterministic=training.deterministic,
        digest=training.digest,
        refit=training.refit,
        logit_adjustment=training.logit_adjustment,
    )


def _columns_read(training: _Training) -> dict[str, str]:
    """Return by role the columns that texts, actors and targets were read from, as far as there were any."""
    columns, examples = training.corpus.column_names(), training.parts.train.examples
    names = {"text": columns.text, "actor": columns.actor, "target": columns.target}
    has = {"text": True}
    has["actor"] = any(example.actor for example in examples)
    has["target"] = any(example.target for example in examples)
    return {role: name for role, name in names.items() if name and has[role]}


def _check_refit(training: _Training) -> None:
    """Raise a `KitError` where a model cannot be fitted once more on train and validation."""
    if not training.refit:
        return
    if hasattr(training.model, "fit_heads"):
        raise KitError(
            "a model that learns several codebooks together is not refitted; set refit=false"
        )
    if names_runs(training.model):
        raise KitError(
            "members of an ensemble that are finished runs are not refitted; set refit=false"
        )


def _fit_fold(
    training: _Training, model: Any, parts: Splits, folder: Path
) -> tuple[FittedClassifier, float]:
    """Fit a model of its own on one fold's parts, and say how many seconds it took."""
    of_fold = replace(training, parts=parts)
    trained, seconds = _fit_model(of_fold, clone(model), folder)
    return _refit(of_fold, trained, seconds) if training.refit else (trained, seconds)


def _refit(
    training: _Training, trained: FittedClassifier, seconds: float
) -> tuple[FittedClassifier, float]:
    """Fit a model once more on train and validation, and add how many seconds it took."""
    start = time.perf_counter()
    again = refit_on_all(trained, training.parts.train, training.parts.validation)
    return again, seconds + time.perf_counter() - start


def _fit_model(training: _Training, model: Any, folder: Path) -> tuple[FittedClassifier, float]:
    """Fit a model, and say how many seconds it took."""
    if "folder" in model.get_params(deep=False):
        model.set_params(folder=str(folder))
    announce_all(model, training.parts, training.codebook)
    start = time.perf_counter()
    try:
        trained = fit(
            model,
            training.parts.train,
            training.parts.validation,
            name=training.name,
            logit_adjustment=training.logit_adjustment,
        )
    except ValueError as error:
        # scikit-learn has no public name for it.
        if type(error).__name__ != "InvalidParameterError":
            raise
        raise KitError(f"a setting of {training.name} is wrong: {error}") from None
    return trained, time.perf_counter() - start


def _fit_joint_model(
    training: _Training, model: Any, joint_folder: Path
) -> tuple[FittedClassifier, float]:
    """Fit a model that several codebooks share, and say how many seconds of it are this codebook's."""
    every = parts_by_codebook(
        model,
        training.corpus,
        training.split,
        random_state=training.random_state,
        known=training.parts,
    )
    data = {key: [parts.train.digest, parts.validation.digest] for key, parts in every.items()}
    # A joint training does not read annotators' codes.
    settings = training.settings | {"annotations": None}
    folder = joint_folder / identity(corpus=training.parts.train.name, learned=data, **settings)
    return fit_joint(
        model,
        every,
        folder,
        codebook=training.codebook.name,
        name=training.name,
        logit_adjustment=training.logit_adjustment,
    )


def _same_parts(parts: Splits, others: Splits) -> bool:
    return (parts.train, parts.validation, parts.test) == (
        others.train,
        others.validation,
        others.test,
    )


@contextmanager
def _working(folder: Path) -> Iterator[None]:
    """Lock a run's folder; where the run fails before it has anything to resume from, remove it."""
    # Two processes that start the same run do not mix: the second waits, then finds it done.
    with lock(make_folder(folder) / ".lock", doing="the same run"):
        try:
            yield
        except BaseException:
            left = {path.name for path in folder.iterdir()} - {".lock", "config.yaml"}
            if not left:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _set_up(model: Any, *, features: Any, **settings: Any) -> Any:
    """Return a fresh copy of a model with the settings that it has; features only where some are given."""
    parameters = model.get_params(deep=False)
    if features is not None:
        settings["features"] = features
    settings = {key: value for key, value in settings.items() if key in parameters}
    return clone(model).set_params(**settings)


def _warn_of_rare_codes(train: LabelledSet) -> None:
    rare = [f"{code} ({n})" for code, n in train.counts.items() if n < FEW_EXAMPLES]
    if rare:
        log.warning(
            "%s: codes with fewer than %s training examples: %s",
            train.name,
            FEW_EXAMPLES,
            ", ".join(rare),
        )
