"""What training starts from: the encoder in the box, of a saved model, of a folder or of the hub."""

from pathlib import Path
from typing import Any

import yaml
from sklearn.base import clone

from stancekit.errors import KitError, listing, printable
from stancekit.library.configs import check_name, names_in
from stancekit.models.manifest import MANIFEST_FILE, read_manifest
from stancekit.resources import BOX, find_config

# The configuration that trains an encoder further where no model is named.
DEFAULT_MODEL = "box_tuned"
_SETTING = "checkpoint"
# Zero-shot by entailment: nothing is trained.
_UNTRAINED = "NLI"


def start_settings(start: str | Path, model: str | None) -> tuple[str, dict[str, str]]:
    """Return the name of the model that starts from an encoder, and its settings.

    Parameters
    ----------
    start
        As of `stancekit.train`.
    model
        The name of a configuration; by default that of an encoder that is trained further.

    Raises
    ------
    KitError
        When there is no such model, it has no encoder, or the start holds none.

    Examples
    --------
    >>> start_settings("box", None)
    ('box_tuned', {'checkpoint': 'box'})
    """
    name = check_name("model", model or DEFAULT_MODEL)
    if not _starts(name):
        tunable = [known for known in names_in("model") if _starts(known)]
        raise KitError(
            f"start={printable(start)} is the encoder that training starts from, and model={name} has "
            f"none; leave out model=, or choose one of: {listing(tunable, 20)}"
        )
    return name, {_SETTING: find_start(start)}


def started_model(start: str | Path, model: Any) -> Any:
    """Return a copy of an estimator that starts from an encoder.

    Raises
    ------
    KitError
        When it has no encoder, or the start holds none.
    """
    if _SETTING not in model.get_params(deep=False) or type(model).__name__ == _UNTRAINED:
        raise KitError(
            f"start={printable(start)} is the encoder that training starts from, and "
            f"{type(model).__name__} has none; leave out model=, or give an estimator with a checkpoint"
        )
    return clone(model).set_params(**{_SETTING: find_start(start)})


def find_start(start: str | Path) -> str:
    """Return the checkpoint that a start means: `box`, a hub name, or a folder that is no run's but its model's.

    Raises
    ------
    KitError
        When it is a saved model that is no fine-tuned encoder.
    """
    folder = Path(start).expanduser()
    if str(start) == BOX or not folder.is_dir():
        return str(start)
    if not (folder / MANIFEST_FILE).is_file() and (folder / "model" / MANIFEST_FILE).is_file():
        folder = folder / "model"
    if not (folder / MANIFEST_FILE).is_file():
        return str(folder)
    kind = read_manifest(folder)["kind"]
    if kind != "encoder":
        raise KitError(
            f"start={printable(start)} is a saved model of kind {printable(kind)}, which has no encoder "
            "that training can go on from; give box, a model that was trained as one encoder (box_tuned, "
            "minilm, transformer), or an encoder's folder or hub name"
        )
    return str(folder)


def _starts(name: str) -> bool:
    """Say whether a model that is chosen by its name trains an encoder."""
    settings = yaml.safe_load(find_config("model", f"{name}.yaml").read_text(encoding="utf-8"))
    kind = str(settings.get("_target_")).rpartition(".")[2] if isinstance(settings, dict) else ""
    return _SETTING in (settings or {}) and kind != _UNTRAINED
