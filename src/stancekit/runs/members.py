"""Finished runs that other models are made of: members of an ensemble, and what `stancekit average` averages."""

import glob
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from stancekit.errors import KitError, listing
from stancekit.models import persistence
from stancekit.runs.folder import (
    RECORD_FILE,
    RunSource,
    read_predictions,
    read_record,
    read_run,
    take_runs,
)
from stancekit.runs.record import Run
from stancekit.types import Example

# What stands in a pattern for the random state of the run that is trained.
STATE = "{random_state}"


def training_set_id(examples: Sequence[Example]) -> str:
    """Return a digest of the examples' ids, by which training sets are compared."""
    ids = "\n".join(sorted(example.id for example in examples))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def with_members(model: Any, examples: Sequence[Example], random_state: int) -> Any:
    """Return a model whose members that are named by the folders of finished runs are the models of these.

    Parameters
    ----------
    model
        An estimator; one without a parameter `members` is returned as it is. A member that is a
        text is a pattern as of `load_run_model`. The model of the run is used as it is, never
        fitted again, and members of members are looked for too.
    examples
        The training part of the run that is trained.

    Raises
    ------
    KitError
        When a run is not there, or cannot be a member.
    """
    members = _members_of(model)
    if not members:
        return model
    loaded: dict[str, Any] = {}
    for name, member in members.items():
        if isinstance(member, str):
            fitted = load_run_model(member, examples, random_state)
            loaded[name] = FrozenEstimator(fitted)
        else:
            loaded[name] = with_members(member, examples, random_state)
    # A copy: what the run is described by names the folders.
    return clone(model).set_params(members=loaded)


def names_runs(model: Any) -> bool:
    """Say whether a member of a model is a finished run."""
    members = _members_of(model).values()
    return any(isinstance(member, str) or names_runs(member) for member in members)


def varies_by_state(model: Any) -> bool:
    """Say whether a member of a model is the finished run of the same random state."""
    members = _members_of(model).values()
    return any(
        STATE in member if isinstance(member, str) else varies_by_state(member)
        for member in members
    )


def _members_of(model: Any) -> Mapping[str, Any]:
    if not hasattr(model, "get_params"):
        return {}
    members = model.get_params(deep=False).get("members")
    return members if isinstance(members, Mapping) else {}


def load_run_model(pattern: str, examples: Sequence[Example], random_state: int | None) -> Any:
    """Return the fitted model of the one run that a pattern finds.

    Parameters
    ----------
    pattern
        The folder of a run, with `*` for any characters and `{random_state}` for the random state.
        A model that is the same for every random state has one run, of state 0, which serves for
        all of them.
    examples
        What the other members learn from. A run with another training set may have learned from
        their validation or test texts.

    Raises
    ------
    KitError
        When there is no such run, or several, or one with another training set, or it is damaged.
    """
    place = pattern.replace(STATE, str(random_state))
    folders = find_runs(place)
    if not folders:
        first = find_runs(pattern.replace(STATE, "0"))
        folders = [folder for folder in first if read_record(folder).deterministic]
    if len(folders) != 1:
        seen = listing([folder.name for folder in folders]) if folders else "none"
        raise KitError(
            f"{place} has to be one finished run; found: {seen}. Train it first, or name it in full"
        )
    folder = folders[0]
    record = read_record(folder)
    if record.refit:
        raise KitError(
            f"run {folder.name} has learned from validation too (refit=true), on which an ensemble is "
            "calibrated; name a run with refit=false"
        )
    # A set of the same size can still have other examples, such as those that calibrate the
    # ensemble.
    if record.training_set != training_set_id(examples):
        tested = {row.example.id for row in read_predictions(folder, record.predictions_sha256)}
        overlap = tested & {example.id for example in examples}
        raise KitError(
            f"run {folder.name} learned from {record.examples['train']} examples that are not the "
            f"{len(examples)} of this ensemble, of which it was tested on {len(overlap)}; use runs of "
            "the same corpus, split and random_state, or stancekit average for the random states of "
            "one model"
        )
    return persistence.load(folder / "model").model


def find_runs(pattern: str) -> list[Path]:
    """Return the folders of the finished runs that a pattern finds, `*` standing for any characters."""
    # `Path.glob` takes no absolute patterns.
    folders = [Path(path) for path in sorted(glob.glob(pattern))]  # noqa: PTH207
    return [folder for folder in folders if (folder / RECORD_FILE).is_file()]


def runs_to_average(runs: str | Path | Sequence[RunSource]) -> list[Run]:
    """Return the finished runs that a pattern finds, or that were given, after making sure that they can be averaged.

    Parameters
    ----------
    runs
        The folders of runs, with `*` for any characters; or runs, and models that were trained in
        them.

    Raises
    ------
    KitError
        When there are fewer than two, or they differ in data or test set, or those of one model in
        their settings, or one is there twice.
    """
    if isinstance(runs, str | Path):
        members = [read_run(folder) for folder in find_runs(str(runs))]
        asked = str(runs)
    else:
        members, asked = take_runs(runs), "what is averaged"
    if len(members) < 2:
        seen = listing([run.folder.name for run in members]) if members else "none"
        raise KitError(
            f"{asked} has to be two finished runs or more; found: {seen}. Train them first"
        )
    _check_same_data(members)
    _check_states(members)
    return members


def _check_same_data(runs: Sequence[Run]) -> None:
    """Raise a `KitError` where runs differ in codebook, data or test set."""
    for key in ("codebook", "corpus", "split", "digest"):
        values = sorted({str(getattr(run, key)) for run in runs})
        if len(values) > 1:
            raise KitError(
                f"the runs to average differ in {key}: {listing(values)}. Name those of one"
            )
    ids = [[row.example.id for row in run.rows] for run in runs]
    if any(other != ids[0] for other in ids):
        raise KitError(
            f"the runs to average were tested on different examples (split={runs[0].split}), which "
            "others of them learned from; train them with one test part for all: split=fixed, "
            "official or clean, or split=grouped split.per_state=false"
        )


def _check_states(runs: Sequence[Run]) -> None:
    """Raise a `KitError` where runs are not different random states of models with the same settings."""
    refit = [run.folder.name for run in runs if run.refit]
    if 0 < len(refit) < len(runs):
        raise KitError(
            f"some of the runs to average learned from validation too (refit=true): {listing(refit)}; "
            "name runs that did, or runs that did not"
        )
    counts = Counter((run.model, run.random_state) for run in runs)
    repeated = [f"{model} {state}" for (model, state), count in counts.items() if count > 1]
    if repeated:
        raise KitError(
            "of one random state there are several runs, of other settings or versions: "
            f"{listing(repeated)}. Name one of each"
        )
    settings: dict[str, str] = {}
    same: list[str] = []
    other: list[str] = []
    for run in runs:
        first = settings.setdefault(run.model, run.settings)
        (same if run.settings == first else other).append(run.folder.name)
    if other:
        raise KitError(
            "runs of one model that differ in their settings are no random states of it: "
            f"{listing(other)} against {listing(same)} (see their config.yaml). Name those of the "
            "same settings, or train models of other settings under other names (name=)"
        )
