"""`stancekit reproduce`: do a run again in a fresh folder, and say whether every score is the same."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from hydra.utils import instantiate

from stancekit.commands.provenance import provenance
from stancekit.commands.train import train
from stancekit.errors import KitError, listing
from stancekit.report.runs import Run, read_run
from stancekit.shipped import shipped

_TRAIN = ("corpus", "codebook", "split", "features", "model", "sweep", "refit", "priors", "random_state")


def reproduce(*, run: str | Path, out: str | Path | None = None) -> Run:
    """Rebuild a run from its `config.yaml` and compare every prediction.

    A run's folder is data, so nothing in its configuration is made that the kit's own configurations do not name.

    Parameters
    ----------
    run
        The folder of a finished run.
    out
        Where the new run goes; by default a fresh temporary folder.

    Returns
    -------
    Run
        The new run.

    Raises
    ------
    KitError
        When the run is unfinished, its configuration names something foreign, or a score differs; the message then
        says which of data, code, versions and machine changed.
    """
    folder = Path(run)
    before = read_run(folder)
    config = _config(folder)
    made = dict(instantiate({key: config[key] for key in _TRAIN if key in config}, _convert_="all"))
    fresh = Path(out) if out else Path(tempfile.mkdtemp(prefix="stancekit-"))
    after = train(**made, out=fresh, name=before.model, config=config)
    _tell(before, after)
    return after


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.yaml"
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise KitError(f"cannot read {path}: {error}; a run that the command line made has one") from None
    if not isinstance(config, dict) or "corpus" not in config:
        raise KitError(
            f"{path} is no configuration of the command line; only runs of stancekit train can be reproduced"
        )
    foreign = sorted(set(_targets(config)) - _known())
    if foreign:
        raise KitError(
            f"{path} names {listing(foreign)}, which no configuration of the kit names: a file that may come from "
            "elsewhere does not say what is made. Train it with your own configuration instead"
        )
    return config


def _targets(node: Any) -> Iterator[str]:
    """Yield every class or function that a configuration would make."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "_target_":
                yield str(value)
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


def _known() -> set[str]:
    found: set[str] = set()
    for path in shipped("configs").rglob("*.yaml"):
        found.update(_targets(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return found


def _tell(before: Run, after: Run) -> None:
    """Print what is the same, or raise an error that says what changed."""
    old, new = ({row.example.id: row.prediction for row in run.rows} for run in (before, after))
    labels = sum(key not in new or old[key].labels != new[key].labels for key in old)
    scores = sum(key not in new or old[key].scores != new[key].scores for key in old)
    changed = changes(before.facts, after.facts)
    if not (labels or scores or len(old) != len(new)):
        print(f"identical: all {len(old)} predictions, to the last digit kept ({after.folder})")
        if changed:
            print(f"although these changed: {', '.join(changed)}")
        return
    why = "; ".join(changed) or "nothing that is recorded: the model may depend on the number of processor cores in use"
    raise KitError(
        f"{labels} of {len(old)} predicted labels and {scores} of the score vectors differ from {before.folder}. "
        f"Changed: {why}. The new run is in {after.folder}"
    )


def changes(old: Mapping[str, Any], new: Mapping[str, Any] | None = None) -> list[str]:
    """Return in words what changed between two runs: data, code, versions, machine.

    Examples
    --------
    >>> changes({"digest": "a", "stancekit": "0.1"}, {"digest": "b", "stancekit": "0.1"})
    ['data: a, now b']
    """
    now = new if new is not None else provenance()
    found = []
    names = {"digest": "data", "stancekit": "stancekit", "commit": "code"}
    for key, name in names.items():
        if old.get(key) != now.get(key):
            found.append(f"{name}: {str(old.get(key))[:12]}, now {str(now.get(key))[:12]}")
    for group, name in (("versions", ""), ("machine", "machine: ")):
        one, other = (dict(of.get(group, {})) for of in (old, now))
        found += [
            f"{name}{key}: {one.get(key)}, now {other.get(key)}"
            for key in {**one, **other}
            if one.get(key) != other.get(key)
        ]
    return found
