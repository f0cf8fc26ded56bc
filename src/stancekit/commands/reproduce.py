"""`stancekit reproduce`: do a run again in a fresh folder, and say whether every row and score is the same."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from hydra.utils import instantiate

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import read_yaml
from stancekit.models.llm.replies import REPLIES_FILE
from stancekit.resources import config_folders, own_configs
from stancekit.runs.folder import RunSource, folder_of, read_run
from stancekit.runs.provenance import provenance
from stancekit.runs.record import Run
from stancekit.runs.training import fit_run

_TRAIN = (
    "corpus",
    "codebook",
    "split",
    "features",
    "model",
    "search",
    "refit",
    "logit_adjustment",
    "random_state",
)
# The groups that these come from: what their configurations name may be made again.
_GROUPS = ("corpus", "codebook", "split", "features", "model", "search")
# What a run found besides its predictions, and its model decides by.
_COMPARED_FACTS = (
    "validation",
    "thresholds",
    "temperature",
    "caution",
    "examples",
    "gold_counts",
    "training_set",
    "shared",
    "behaviour",
)


def reproduce(
    runs: RunSource,
    *,
    output: str | Path | None = None,
    network: bool = False,
    verbose: bool = False,
) -> Run:
    """Rebuild a run from its `config.yaml` and compare every row, gold code, prediction and score.

    A run's folder is data: its configuration is read without interpolation, and nothing in it is
    made that no configuration of the kit names, nor one of the user's own in the working directory
    or under `--config-dir`.

    Parameters
    ----------
    runs
        The folder of one finished run. In Python also the run, or the model that was trained in it.
    output
        Where the new run goes; by default a fresh temporary folder.
    network
        Whether what the run names on a hub (a checkpoint, a data set) may be fetched, and another
        machine asked that a language model of the run is on. Replies that are stored need neither.
    verbose
        Whether it is printed what is the same, and what changed although it is.

    Returns
    -------
    Run
        The new run; `to_frame()` has its test examples with gold and predictions.

    Raises
    ------
    KitError
        When the run is unfinished, its configuration names something foreign, or a score differs;
        the message then says which of data, code, versions and machine changed.
    """
    folder = folder_of(runs)
    before = read_run(folder)
    config = _config(folder)
    if not network and (remote := sorted(set(_remote(config)))):
        raise KitError(
            f"{folder / 'config.yaml'} names {listing(remote)}, which would be fetched from a hub. If you trust it, "
            "add network=true"
        )
    made = dict(instantiate({key: config[key] for key in _TRAIN if key in config}, _convert_="all"))
    _replay(made["model"], folder, network=network)
    fresh = Path(output) if output else Path(tempfile.mkdtemp(prefix="stancekit-"))
    after = fit_run(
        **made, output=fresh, name=before.model, config=config, choices=config.get("choices", {})
    )
    changed = _check_same_results(before, after)
    if verbose:
        if changed:
            print(printable(f"although these changed: {', '.join(changed)}"))
        print(
            printable(
                f"identical: all {len(before.rows)} rows, their gold codes and predictions, and every "
                f"score; the new run: {after.folder}"
            )
        )
    return after


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.yaml"
    try:
        config = read_yaml(path)
    except (OSError, ValueError) as error:
        raise KitError(
            f"cannot read {path}: {error}; a run that the command line made has one"
        ) from None
    if not isinstance(config, dict) or "corpus" not in config:
        raise KitError(
            f"{path} is no configuration of the command line; only runs of stancekit train can be reproduced"
        )
    # An interpolation is resolved after every check: it can make a node with any target, or read
    # the environment.
    if resolved := sorted({text for text in _strings(config) if "${" in text}):
        raise KitError(
            f"{path} holds interpolations ({listing(resolved)}); the kit writes configurations resolved, and a file "
            "that may come from elsewhere is not evaluated. Train it with your own configuration instead"
        )
    foreign = sorted(set(_targets(config)) - _known_targets(folder))
    if foreign:
        raise KitError(
            f"{path} names {listing(foreign)}, which no configuration of the kit names, nor one of yours: a file that "
            "may come from elsewhere does not say what is made. If you trust it, name the folder of your own "
            "configurations that have it: --config-dir FOLDER"
        )
    return config


def _strings(node: Any) -> Iterator[str]:
    """Yield every text in a configuration, keys included."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(node, list | tuple | set):
        for value in node:
            yield from _strings(value)
    else:
        yield node.decode("utf-8", "replace") if isinstance(node, bytes) else str(node)


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


def _known_targets(run: Path) -> set[str]:
    """Return what configurations of the kit and of the user make; nothing in the run's own folder counts as such."""
    inside = run.resolve()
    # Who works inside the run's folder has its `configs` and its `stancekit.yaml` in the working
    # directory.
    not_mine = own_configs() if Path.cwd().is_relative_to(inside) else ()
    names: set[str] = set()
    for folder in config_folders():
        if folder in not_mine:
            continue
        for group in _GROUPS:
            for path in sorted((folder / group).rglob("*.yaml")):
                if not path.resolve().is_relative_to(inside):
                    names.update(_targets(_content(path)))
    return names


def _content(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KitError(f"cannot read {path}: {error}; correct or remove it") from None


def _remote(node: Any) -> Iterator[str]:
    """Yield what a configuration names that is no local folder: checkpoints, and data sets of a hub."""
    from stancekit.models.encoder.pretrained import MINILM
    from stancekit.models.llm.weights import SMOLLM2

    if isinstance(node, Mapping):
        hub = str(node.get("_target_", "")).endswith(".HubCorpus")
        for key, value in node.items():
            named = key == "checkpoint" or (hub and key == "path")
            if (
                named
                and isinstance(value, str)
                and value not in (MINILM, SMOLLM2)
                and not Path(value).expanduser().exists()
            ):
                yield value
            yield from _remote(value)
    elif isinstance(node, list):
        for value in node:
            yield from _remote(value)


def _replay(model: Any, folder: Path, *, network: bool) -> None:
    """Let a model that asks elsewhere take the replies of the run; what is missing is asked of this machine alone."""
    settings = model.get_params(deep=False) if hasattr(model, "get_params") else {}
    if "replies" not in settings:
        return
    model.set_params(network=bool(settings["network"]) and network)
    # What a file says of a variable of the environment is not read: it may name any secret.
    if not network:
        model.set_params(key_env=None)
    if (folder / REPLIES_FILE).exists():
        model.set_params(replies=str(folder / REPLIES_FILE))


def _check_same_results(before: Run, after: Run) -> list[str]:
    """Return what changed though all results are the same, or raise an error that says what differs."""
    changed = changes(before.to_dict(), after.to_dict())
    if not (differing := differences(before, after)):
        return changed
    why = (
        "; ".join(changed)
        or "nothing that is recorded: the model may depend on the number of processor cores in use"
    )
    raise KitError(
        f"{before.folder} is not reproduced: {'; '.join(differing)}. Changed: {why}. The new run is in {after.folder}"
    )


def differences(before: Run, after: Run) -> list[str]:
    """Return in words what differs between two runs: rows, gold, predictions, audit, facts, scores."""
    different = _row_differences(before, after)
    if before.audit != after.audit:
        different.append("the target audit differs")
    # Earlier versions did not try other names.
    if before.names and before.names != after.names:
        different.append("the labels under other names differ")
    if before.answers and before.answers != after.answers:
        different.append("the answers in several wordings and orders differ")
    recorded, again = before.to_dict(), after.to_dict()
    for key in _COMPARED_FACTS:
        if recorded[key] != again[key]:
            different.append(f"{key} is {recorded[key]}, now {again[key]}")
    if _run_scores(before) != _run_scores(after):
        different.append("scores.csv differs")
    return different


def _row_differences(before: Run, after: Run) -> list[str]:
    old = [row.to_dict() for row in before.rows]
    new = [row.to_dict() for row in after.rows]
    if [row["id"] for row in old] != [row["id"] for row in new]:
        present = {row["id"] for row in old}
        missing = [row["id"] for row in new if row["id"] not in present]
        which = f" (missing: {listing(missing)})" if missing else ""
        numbers = f"it has {len(old)} rows where the new run has {len(new)}"
        return [f"{numbers}, or in another order{which}"]
    different = []
    names = {"gold": "gold codes", "labels": "predicted labels", "scores": "score vectors"}
    for key in old[0] if old else ():
        pairs = zip(old, new, strict=True)
        rows = [row["id"] for row, other in pairs if row[key] != other.get(key)]
        if rows:
            name = names.get(key, key)
            different.append(f"{len(rows)} of {len(old)} {name} differ (rows {listing(rows)})")
    return different


def _run_scores(run: Run) -> str | None:
    path = run.folder / "scores.csv"
    return path.read_text(encoding="utf-8") if path.exists() else None


def changes(old: Mapping[str, Any], new: Mapping[str, Any] | None = None) -> list[str]:
    """Return in words what changed between two runs: data, code, versions, machine.

    Examples
    --------
    >>> changes({"digest": "a", "stancekit": "0.1"}, {"digest": "b", "stancekit": "0.1"})
    ['data: a, now b']
    """
    now = new if new is not None else provenance()
    different = []
    names = {"digest": "data", "stancekit": "stancekit", "commit": "code"}
    for key, name in names.items():
        if old.get(key) != now.get(key):
            different.append(f"{name}: {str(old.get(key))[:12]}, now {str(now.get(key))[:12]}")
    for group, name in (("versions", ""), ("machine", "machine: ")):
        before, after = dict(old.get(group, {})), dict(now.get(group, {}))
        for key in {**before, **after}:
            if before.get(key) != after.get(key):
                different.append(f"{name}{key}: {before.get(key)}, now {after.get(key)}")
    return different
