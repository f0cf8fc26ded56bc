"""`stancekit train`: fit one model on one corpus and codebook, and score it on test."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from filelock import FileLock
from sklearn.base import clone

from stancekit.codebook import Codebook
from stancekit.commands.joint import fit_joint, other_parts
from stancekit.commands.provenance import provenance
from stancekit.corpus import Corpus, Parts
from stancekit.corpus.labelled import LabelledSet, Labels
from stancekit.evaluation import count, macro_f1
from stancekit.evaluation.audit import variants
from stancekit.files import write_json, write_text
from stancekit.models import store
from stancekit.models.trained import Trained, fit
from stancekit.report.leaderboard import boards
from stancekit.report.runs import Run, judge, read_run, write_audit, write_predictions
from stancekit.report.tables import curve_csv, to_csv

log = logging.getLogger(__name__)
# What may differ between two spellings of the same run.
_UNHASHED = {"out", "name", "config", "choices"}


def identity(config: Mapping[str, Any], digest: str) -> str:
    """Return the hash that names a run: its configuration, its data, the kit's version."""
    kept = {key: value for key, value in config.items() if key not in _UNHASHED}
    whole = json.dumps([kept, digest, version("stancekit")], sort_keys=True, default=repr)
    return hashlib.sha256(whole.encode()).hexdigest()[:10]


def train(
    *,
    corpus: Corpus,
    codebook: Codebook,
    split: Callable[..., Parts],
    model: Any,
    features: Any = None,
    random_state: int = 0,
    out: str | Path = "experiments/default",
    name: str | None = None,
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
    given = {"features": features, "codebook": codebook, "random_state": random_state}
    known = model.get_params(deep=False)
    model = clone(model).set_params(**{key: value for key, value in given.items() if key in known})
    spelled = config or {"model": repr(model), "corpus": repr(vars(corpus)), "random_state": random_state}
    plain = re.sub(r"[^\w.-]+", "_", f"{codebook.name}-{name}-{random_state}")
    folder = Path(out) / "runs" / f"{plain}-{identity(spelled, data.digest)}"
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes that start the same run do not mix: the second waits, then finds it done.
    with FileLock(folder / ".lock"):
        if not (folder / "run.json").exists():
            learn = partial(_fit, model, parts, folder, name=name)
            if hasattr(model, "fit_heads"):
                every = other_parts(model, corpus, split, random_state=random_state, known=parts)
                alike = {key: value for key, value in spelled.items() if key != "codebook"}
                shared = Path(out) / "joint" / identity(alike, "".join(one.train.digest for one in every.values()))
                learn = partial(fit_joint, model, every, shared, own=codebook.name, name=name)
            _warn(parts.train)
            plainly = json.loads(json.dumps(spelled, default=repr))
            write_text(folder / "config.yaml", yaml.safe_dump(plainly, sort_keys=False))
            trained, seconds = learn()
            facts = {
                "split": spelled.get("choices", {}).get("split", type(split).__name__),
                "random_state": random_state,
                "seconds": seconds,
                "digest": data.digest,
            }
            settle(folder, trained, parts, facts, corpus.second_labels(codebook))
    return read_run(folder)


def _fit(model: Any, parts: Parts, folder: Path, *, name: str) -> tuple[Trained, float]:
    """Fit a model, and say how many seconds it took."""
    if "folder" in model.get_params(deep=False):
        model.set_params(folder=str(folder))
    start = time.perf_counter()
    trained = fit(model, parts.train, parts.validation, name=name)
    return trained, time.perf_counter() - start


def _warn(train: LabelledSet) -> None:
    few = {code: n for code, n in train.counts.items() if n < 3}
    if few:
        log.warning(
            "%s: codes with fewer than 3 training examples: %s",
            train.name,
            ", ".join(f"{code} ({n})" for code, n in few.items()),
        )


def settle(
    folder: Path,
    trained: Trained,
    parts: Parts,
    facts: Mapping[str, Any],
    second: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Score a trained model on test, audit what it reads, and write everything of a run but its configuration.

    Parameters
    ----------
    facts
        What `run.json` is to say besides: `split`, `random_state`, `seconds` of training, `digest` of the data.
    second
        A second annotator's codes by example id.
    """
    codebook = trained.codebook
    start = time.perf_counter()
    validation = _macro_f1(trained, parts.validation)
    predictions = trained.predict(parts.test.examples)
    seconds = facts["seconds"] + time.perf_counter() - start
    write_predictions(folder / "predictions.jsonl", judge(parts.test, predictions, second))
    if codebook.unit == "example":
        write_audit(folder / "audit.jsonl", parts.test, _audited(trained, parts.test))
    store.save(trained, folder / "model", data=facts["digest"])
    if curve := getattr(trained.model, "curve_", None):
        write_text(folder / "curve.csv", curve_csv(curve))
    every = {part: getattr(parts, part) for part in ("train", "validation", "test")}
    found = {
        "corpus": parts.train.name,
        "codebook": codebook.name,
        "codes": codebook.names,
        "multi_label": codebook.multi_label,
        "model": trained.name,
        **facts,
        "seconds": seconds,
        "validation": validation,
        "thresholds": list(trained.thresholds),
        "temperature": trained.temperature,
        "caution": trained.caution.to_list(),
        "examples": {name: len(part) for name, part in every.items()},
        "gold": {name: part.counts for name, part in every.items()},
        "shared": parts.shared,
        **provenance(),
    }
    write_json(folder / "run.json", found)
    try:
        write_text(folder / "scores.csv", to_csv(boards([read_run(folder)])[0].entries))
    except BaseException:
        (folder / "run.json").unlink(missing_ok=True)
        raise


def _audited(trained: Trained, test: LabelledSet) -> dict[str, list[tuple[str, ...] | None]]:
    """Return what a model says on every variant of the test set."""
    found: dict[str, list[tuple[str, ...] | None]] = {}
    for name, examples in variants(test.examples).items():
        said = iter(trained.predict([example for example in examples if example]))
        found[name] = [next(said).labels if example else None for example in examples]
    return found


def _macro_f1(trained: Trained, data: LabelledSet) -> float:
    labels: Labels = [prediction.labels for prediction in trained.predict(data.examples)]
    counts = count(data.labels, labels, data.codebook.names, data.articles)
    return float(macro_f1(np.asarray(counts.sum(axis=0))))
