"""`stancekit train`: fit one model on one corpus and codebook, and score it on test."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock
from sklearn.base import clone

from stancekit.codebook import Codebook
from stancekit.commands.joint import fit_joint, other_parts
from stancekit.commands.record import record, score
from stancekit.corpus import Corpus, Parts
from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError
from stancekit.files import file_name, write_text
from stancekit.models import store
from stancekit.models.encoder.checkpoints import forget_checkpoints
from stancekit.models.sweep import Optuna
from stancekit.models.trained import Trained, fit, refitted
from stancekit.report.runs import Run, read_run
from stancekit.report.tables import curve_csv

log = logging.getLogger(__name__)
# What may differ between two spellings of the same run.
_UNHASHED = {"out", "name", "config", "choices", "data_dir"}
# What is as if it were not there where it is off.
_OFF = {"sweep", "refit", "priors"}


def identity(config: Mapping[str, Any], digest: str) -> str:
    """Return the hash that names a run: its configuration, its data, the kit's version."""
    kept = {key: value for key, value in config.items() if key not in _UNHASHED and (value or key not in _OFF)}
    whole = json.dumps([kept, digest, version("stancekit")], sort_keys=True, default=repr)
    return hashlib.sha256(whole.encode()).hexdigest()[:10]


def train(  # noqa: PLR0913  # one argument per key of configs/train.yaml
    *,
    corpus: Corpus,
    codebook: Codebook,
    split: Callable[..., Parts],
    model: Any,
    features: Any = None,
    random_state: int = 0,
    out: str | Path = "experiments/default",
    name: str | None = None,
    sweep: Optuna | None = None,
    refit: bool = False,
    priors: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Run:
    """Fit a model on train, choose thresholds on validation, score it on test.

    Parameters
    ----------
    corpus, codebook, split
        The data, what is labelled, and how it is divided.
    model
        An estimator over examples; `features`, `codebook` and `random_state` are set on it where it has them.
    out
        The experiment's folder; the run goes into a folder below `out/runs`.
    name
        What tables call the model.
    sweep
        Chooses the model's settings on validation before it is trained; `sweep/trials.csv` in the run has all it tried.
    refit
        Whether the model is fitted once more on train and validation together after all was chosen on the latter:
        twice the time, for the sake of the examples where there are few.
    priors
        Whether how common a code is in train counts, as far as macro-F1 on validation gains: for data where most
        examples bear one code. Of a codebook with several codes per example, thresholds do the same anyway.
    config
        What to record as the run's configuration; the command line passes the composed one.

    Returns
    -------
    Run
        The finished run; one that was done before is read back instead of done again.

    Raises
    ------
    KitError
        When the data or the output folder is at fault.

    Examples
    --------
    >>> import tempfile
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.corpus import FixedSplit, bundled
    >>> from stancekit.models.majority import Majority
    >>> stance, out = load_codebook("stance"), tempfile.mkdtemp()
    >>> run = train(corpus=bundled(), codebook=stance, split=FixedSplit(), model=Majority(), out=out)
    >>> run.model
    'Majority'
    """
    data = corpus.read(codebook)
    parts = split(data, random_state=random_state)
    name = name or type(model).__name__
    model = _told(model, features=features, codebook=codebook, random_state=random_state)
    spelled = config or {"model": repr(model), "corpus": repr(vars(corpus)), "random_state": random_state}
    plain = file_name(f"{codebook.name}-{name}-{random_state}")
    folder = Path(out) / "runs" / f"{plain}-{identity(spelled, data.digest)}"
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes that start the same run do not mix: the second waits, then finds it done.
    with FileLock(folder / ".lock"):
        if not (folder / "run.json").exists():
            if sweep:
                model = sweep(model, parts.train, parts.validation, folder=folder / "sweep", random_state=random_state)
            learn = partial(_fit, model, parts, folder, name=name, priors=priors)
            if hasattr(model, "fit_heads"):
                every = other_parts(model, corpus, split, random_state=random_state, known=parts)
                alike = {key: value for key, value in spelled.items() if key != "codebook"}
                shared = Path(out) / "joint" / identity(alike, "".join(one.train.digest for one in every.values()))
                learn = partial(fit_joint, model, every, shared, own=codebook.name, name=name, priors=priors)
            _warn(parts.train)
            plainly = json.loads(json.dumps(spelled, default=repr))
            write_text(folder / "config.yaml", yaml.safe_dump(plainly, sort_keys=False))
            trained, took = _refit(model, learn, parts) if refit else learn()
            kind = spelled.get("choices", {}).get("split", type(split).__name__)
            facts = {
                "split": kind,
                "random_state": random_state,
                "digest": data.digest,
                "refit": refit,
                "priors": priors,
                **took,
            }
            store.save(trained, folder / "model", data=data.digest)
            if curve := getattr(trained.model, "curve_", None):
                write_text(folder / "curve.csv", curve_csv(curve))
            record(folder, trained, parts, facts, corpus.second_labels(codebook))
        # Not before the run is whole: a kill until then costs the last steps, not the training.
        forget_checkpoints(folder)
    return read_run(folder)


def _told(model: Any, **given: Any) -> Any:
    """Return a fresh copy of a model, with those of the given settings that it has."""
    known = model.get_params(deep=False)
    return clone(model).set_params(**{key: value for key, value in given.items() if key in known})


def _fit(model: Any, parts: Parts, folder: Path, *, name: str, priors: bool) -> tuple[Trained, dict[str, float]]:
    """Fit a model, and say how many seconds it took."""
    if "folder" in model.get_params(deep=False):
        model.set_params(folder=str(folder))
    start = time.perf_counter()
    trained = fit(model, parts.train, parts.validation, name=name, priors=priors)
    return trained, {"seconds": time.perf_counter() - start}


def _refit(
    model: Any, learn: Callable[[], tuple[Trained, dict[str, float]]], parts: Parts
) -> tuple[Trained, dict[str, float]]:
    """Fit on train, then on validation too; also say what the model scored on validation before that."""
    if hasattr(model, "fit_heads"):
        raise KitError("a model that learns several codebooks together is not refitted; set refit=false")
    trained, took = learn()
    validation = score(trained, parts.validation)
    start = time.perf_counter()
    again = refitted(trained, parts.train, parts.validation)
    return again, {"seconds": took["seconds"] + time.perf_counter() - start, "validation": validation}


def _warn(train: LabelledSet) -> None:
    few = {code: n for code, n in train.counts.items() if n < 3}
    if few:
        log.warning(
            "%s: codes with fewer than 3 training examples: %s",
            train.name,
            ", ".join(f"{code} ({n})" for code, n in few.items()),
        )
