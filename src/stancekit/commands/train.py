"""`stancekit train`: fit one model on one corpus and codebook, and score it on test."""

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from sklearn.base import clone

from stancekit.codebook import Codebook
from stancekit.commands.joint import fit_joint, other_parts
from stancekit.commands.record import record, validation_score
from stancekit.corpus import Corpus, CsvCorpus, JsonlCorpus, Splits
from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError
from stancekit.fileio import file_name, lock, make_folder, write_text
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, depends_on_random_state, fit, refit_on_all
from stancekit.models.encoder.checkpoints import forget_checkpoints
from stancekit.models.finished import training_set_id
from stancekit.models.search import Optuna
from stancekit.report.tables import curve_csv, format_score
from stancekit.runs.provenance import describe_object, identity
from stancekit.runs.record import Run, main_score, read_run

log = logging.getLogger(__name__)
Value = TypeVar("Value")


def train(  # noqa: PLR0913  # one argument per key of configs/train.yaml
    *,
    corpus: Corpus,
    codebook: Codebook,
    split: Callable[..., Splits],
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
    """Fit a model on train, choose thresholds on validation, score it on test, and print what it scored.

    Parameters
    ----------
    corpus
        The labelled data.
    codebook
        What is labelled: the codes that the model learns.
    split
        How the data is divided into train, validation and test.
    model
        An estimator over examples; `codebook` and `random_state` are set on it where it has them.
    features
        What the model sees of actor and target; by default what the estimator was made with.
    random_state
        The seed of all that is random. A model whose fit does not depend on it, on a split that
        does not, is trained once: as random state 0.
    out
        The experiment's folder; the run goes into a folder below `out/runs`.
    name
        What tables call the model; on the command line the name of its configuration.
    sweep
        Chooses the model's settings on validation before it is trained; `sweep/trials.csv` in the
        run has all it tried.
    refit
        Whether the model is fitted once more on train and validation together after all was chosen
        on the latter: twice the time, for the sake of the examples where there are few.
    priors
        Whether how common a code is in train counts, as far as macro-F1 on validation gains: for
        data where most examples bear one code. Of a codebook with several codes per example,
        thresholds do the same anyway.
    config
        What to record as the run's configuration; the command line passes the composed one.

    Returns
    -------
    Run
        The finished run; one with the same settings, data and version that was done before is read
        back instead of done again.

    Raises
    ------
    KitError
        When the data, a setting or the output folder is at fault.

    Examples
    --------
    >>> import tempfile
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.corpus import FixedSplit, bundled
    >>> from stancekit.models.majority import Majority
    >>> stance, out = load_codebook("stance"), tempfile.mkdtemp()
    >>> run = train(corpus=bundled(), codebook=stance, split=FixedSplit(), model=Majority(), out=out)
    ... # doctest: +ELLIPSIS
    Majority for stance on un_votes, random state 0: macro-F1 .100 [.090, .110] on 865 test examples
    run: ...
    >>> run.model
    'Majority'
    """
    name = name or type(model).__name__
    data, digest = _read_corpus(corpus, codebook)
    parts = _divide(split, data, digest, random_state)
    # Where another random state changes nothing, there is one run.
    if (
        random_state
        and not (sweep or depends_on_random_state(model))
        and _same_splits(parts, _divide(split, data, digest, 0))
    ):
        random_state = 0
    model = _set_up(model, features=features, codebook=codebook, random_state=random_state)
    second = corpus.second_labels(codebook)
    settings = {
        "split": split,
        "model": model,
        "random_state": random_state,
        "sweep": sweep or None,
    }
    settings |= {"refit": refit, "priors": priors, "second": second}
    own = identity(corpus=data.name, codebook=codebook, data=digest, **settings)
    folder = Path(out) / "runs" / f"{file_name(f'{codebook.name}-{name}-{random_state}')}-{own}"
    if not (folder / "run.json").exists() or (folder / "checkpoints").exists():
        with _working(folder):
            # Another process may have finished it while this one waited.
            if not (folder / "run.json").exists():
                if sweep:
                    model = sweep(
                        model,
                        parts.train,
                        parts.validation,
                        folder=folder / "sweep",
                        random_state=random_state,
                    )
                learn = partial(_fit, model, parts, folder, name=name, priors=priors)
                if hasattr(model, "fit_heads"):
                    every = other_parts(
                        model, corpus, split, random_state=random_state, known=parts
                    )
                    place = Path(out) / "joint" / _joint_identity(data.name, every, settings)
                    learn = partial(
                        fit_joint, model, every, place, own=codebook.name, name=name, priors=priors
                    )
                _warn(parts.train)
                # The command line's own configuration can be done again; a call from Python is only
                # described.
                _write_config(
                    folder,
                    config or {"python": {"corpus": corpus, "codebook": codebook, **settings}},
                )
                facts = {
                    "split": (config or {}).get("choices", {}).get("split", type(split).__name__),
                    "random_state": random_state,
                    "deterministic": not depends_on_random_state(model),
                    "digest": digest,
                    "refit": refit,
                    "priors": priors,
                }
                trained, took = _refit(model, learn, parts) if refit else learn()
                _save(folder, trained, parts, facts | took, second)
            # Not before the run is whole: a kill until then costs the last steps, not the training.
            forget_checkpoints(folder)
    run = read_run(folder)
    _print(run)
    return run


def _joint_identity(corpus: str, every: Mapping[str, Splits], settings: Mapping[str, Any]) -> str:
    """Return what names a training that several codebooks share; it does not read a second annotator."""
    learned = {key: [one.train.digest, one.validation.digest] for key, one in every.items()}
    return identity(corpus=corpus, learned=learned, **{**settings, "second": None})


def _write_config(folder: Path, config: Mapping[str, Any]) -> None:
    plain = json.loads(json.dumps(describe_object(config)))
    write_text(folder / "config.yaml", yaml.safe_dump(plain, sort_keys=False))


def _save(
    folder: Path,
    trained: FittedClassifier,
    parts: Splits,
    facts: Mapping[str, Any],
    second: Mapping[str, tuple[str, ...]],
) -> None:
    """Save a run: its model, its training log, and what it says on test."""
    persistence.save(
        trained,
        folder / "model",
        data=facts["digest"],
        learned=training_set_id(parts.train.examples),
    )
    if curve := getattr(trained.model, "curve_", None):
        write_text(folder / "curve.csv", curve_csv(curve))
    record(folder, trained, parts, facts, second)


# What was read and divided last, by what was asked for and the state of the files: runs of one
# sweep share it.
_READ_CORPORA: dict[str, tuple[LabelledSet, str]] = {}
_SPLIT_CORPORA: dict[str, Splits] = {}


def _shared(known: dict[str, Value], key: Any, make: Callable[[], Value]) -> Value:
    """Return what is known under a key, or make it; of more than a few the oldest goes."""
    name = json.dumps(key, sort_keys=True)
    if name not in known:
        while len(known) >= 4:
            known.pop(next(iter(known)))
        known[name] = make()
    return known[name]


def _read_corpus(corpus: Corpus, codebook: Codebook) -> tuple[LabelledSet, str]:
    """Return a corpus and its digest; of the very same files they are made once."""

    def read() -> tuple[LabelledSet, str]:
        data = corpus.read(codebook)
        return data, data.digest

    # Of other kinds of corpora it is not known which files they read.
    if type(corpus) not in (JsonlCorpus, CsvCorpus):
        return read()
    files = [[str(file), file.stat().st_mtime_ns, file.stat().st_size] for file in corpus.paths()]
    return _shared(_READ_CORPORA, [describe_object(corpus), describe_object(codebook), files], read)


def _divide(
    split: Callable[..., Splits], data: LabelledSet, digest: str, random_state: int
) -> Splits:
    """Return the parts of a corpus."""
    key = [data.name, digest, describe_object(data.codebook), describe_object(split), random_state]
    return _shared(_SPLIT_CORPORA, key, lambda: split(data, random_state=random_state))


def _same_splits(parts: Splits, others: Splits) -> bool:
    return all(
        getattr(parts, part) == getattr(others, part) for part in ("train", "validation", "test")
    )


@contextmanager
def _working(folder: Path) -> Iterator[None]:
    """Hold a run's folder; where the run fails before it has anything to go on from, remove it again."""
    # Two processes that start the same run do not mix: the second waits, then finds it done.
    with lock(make_folder(folder) / ".lock", doing="the same run"):
        try:
            yield
        except BaseException:
            left = {path.name for path in folder.iterdir()} - {".lock", "config.yaml"}
            if not left:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _set_up(model: Any, *, features: Any, **given: Any) -> Any:
    """Return a fresh copy of a model with the settings that it has; features only where some are given."""
    known = model.get_params(deep=False)
    if features is not None:
        given["features"] = features
    return clone(model).set_params(**{key: value for key, value in given.items() if key in known})


def _fit(
    model: Any, parts: Splits, folder: Path, *, name: str, priors: bool
) -> tuple[FittedClassifier, dict[str, float]]:
    """Fit a model, and say how many seconds it took."""
    if "folder" in model.get_params(deep=False):
        model.set_params(folder=str(folder))
    start = time.perf_counter()
    try:
        trained = fit(model, parts.train, parts.validation, name=name, logit_adjustment=priors)
    except ValueError as error:
        # scikit-learn has no public name for it.
        if type(error).__name__ != "InvalidParameterError":
            raise
        raise KitError(f"a setting of {name} is wrong: {error}") from None
    return trained, {"seconds": time.perf_counter() - start}


def _refit(
    model: Any, learn: Callable[[], tuple[FittedClassifier, dict[str, float]]], parts: Splits
) -> tuple[FittedClassifier, dict[str, float]]:
    """Fit on train, then on validation too; also say what the model scored on validation before that."""
    if hasattr(model, "fit_heads"):
        raise KitError(
            "a model that learns several codebooks together is not refitted; set refit=false"
        )
    trained, took = learn()
    validation = validation_score(trained, parts.validation)
    start = time.perf_counter()
    again = refit_on_all(trained, parts.train, parts.validation)
    return again, {
        "seconds": took["seconds"] + time.perf_counter() - start,
        "validation": validation,
    }


def _warn(train: LabelledSet) -> None:
    few = {code: n for code, n in train.counts.items() if n < 3}
    if few:
        log.warning(
            "%s: codes with fewer than 3 training examples: %s",
            train.name,
            ", ".join(f"{code} ({n})" for code, n in few.items()),
        )


def _print(run: Run) -> None:
    """Print what a run scored, and where it is."""
    print(
        f"{run.model} for {run.codebook} on {run.corpus}, random state {run.random_state}: "
        f"macro-F1 {format_score(main_score(run))} on {len(run.rows)} test examples\nrun: {run.folder}",
        flush=True,
    )
