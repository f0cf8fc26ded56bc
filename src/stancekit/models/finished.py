"""Models of finished runs, for others to build on."""

import glob
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing
from stancekit.types import Example


def training_set_id(X: Sequence[Example]) -> str:
    """Return what tells a training set from others: a digest of its examples' ids."""
    return hashlib.sha256("\n".join(sorted(one.id for one in X)).encode()).hexdigest()[:16]


def load_run_model(pattern: str, X: Sequence[Example], random_state: int | None) -> Any:
    """Return the model of the one run that a pattern finds, fitted as it is.

    Parameters
    ----------
    pattern
        The folder of a run, with `*` for any characters and `{random_state}` to be filled in. Of a
        model that is the same for every random state there is but the run of state 0, which then
        serves for all.
    X
        What the other members learn from: a run that was divided in another way has perhaps seen
        their validation or test texts.

    Raises
    ------
    KitError
        When there is no such run, or several, or one with another training set, or it is damaged.
    """
    from stancekit.models import persistence

    place = pattern.replace("{random_state}", str(random_state))
    runs = _finished_runs(place) or [
        run
        for run in _finished_runs(pattern.replace("{random_state}", "0"))
        if _run_facts(run).get("deterministic")
    ]
    if len(runs) != 1:
        seen = listing([one.name for one in runs]) if runs else "none"
        raise KitError(
            f"{place} has to be one finished run; found: {seen}. Train it first, or name it in full"
        )
    facts = _run_facts(runs[0])
    if facts.get("refit"):
        raise KitError(
            f"run {runs[0].name} has learned from validation too (refit=true), on which an ensemble is calibrated; "
            "name a run with refit=false"
        )
    # As many examples, of which some are others, would do harm enough: they may be those that
    # calibrate the ensemble.
    if facts.get("learned") != training_set_id(X):
        number, tested = (
            facts.get("examples", {}).get("train"),
            _tested(runs[0]) & {one.id for one in X},
        )
        raise KitError(
            f"run {runs[0].name} learned from {number} examples that are not the {len(X)} of this "
            f"ensemble, of which it was tested on {len(tested)}; use runs of the same corpus, split and random_state, "
            "or stancekit average for the random states of one model"
        )
    return persistence.load(runs[0] / "model").model


def _finished_runs(place: str) -> list[Path]:
    return [Path(one) for one in sorted(glob.glob(place)) if (Path(one) / "run.json").is_file()]  # noqa: PTH207


def _run_facts(run: Path) -> dict[str, Any]:
    try:
        facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
        if not isinstance(facts, dict) or not isinstance(facts.get("examples"), dict):
            raise ValueError("no facts of a run")
    except (OSError, ValueError) as error:
        raise KitError(
            f"{run}/run.json is damaged ({error}); delete the folder and train the run again"
        ) from None
    return facts


def _tested(run: Path) -> set[str]:
    """Return the ids of a run's test examples."""
    path = run / "predictions.jsonl"
    try:
        # Other line separators than the line feed may stand in a text.
        lines = path.read_text(encoding="utf-8").split("\n")
        return {json.loads(line)["id"] for line in lines if line}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KitError(
            f"{path} is damaged ({error}); delete the folder {run} and train the run again"
        ) from None
