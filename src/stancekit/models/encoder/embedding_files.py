"""Embedding models on disk: the classifier by skops, the settings as JSON; the encoder is named, not copied."""

import json
from pathlib import Path

import numpy as np

from stancekit.errors import KitError
from stancekit.fileio import write_json
from stancekit.models import skops_files
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.encoder.pretrained import fingerprint, resolve
from stancekit.models.encoder.saving import FEATURES, named

HEAD, SETTINGS = "head.skops", "embedding.json"


def write(model: Embedding, folder: Path) -> list[str]:
    """Write a fitted model, and return the names of its files."""
    params = {
        key: value for key, value in model.get_params(deep=False).items() if key != "features"
    }
    settings = {
        "params": params,
        "features": named(model.features),
        "encoder": fingerprint(model.source),
        "classes": model.classes_.tolist(),
    }
    write_json(folder / SETTINGS, settings)
    return [SETTINGS, *skops_files.write(model.model_, folder, file=HEAD)]


def read(folder: Path) -> Embedding:
    """Read a model back.

    Raises
    ------
    KitError
        When a file is not what this version wrote, or the encoder's weights have changed since.
    """
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        model = Embedding(**settings["params"], features=FEATURES[settings["features"]]())
        model.classes_ = np.array(settings["classes"])
        expected = settings["encoder"]
        # What a file names is looked for on this machine alone.
        model.source_ = resolve(model.checkpoint, download=False)
    except KitError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KitError(
            f"saved model {folder} is refused: {SETTINGS} is not what this version wrote ({error})"
        ) from None
    if fingerprint(model.source_) != expected:
        raise KitError(
            f"saved model {folder} was trained on other weights of {model.checkpoint} than are here; "
            "get those weights again, or train the model anew"
        )
    model.model_ = skops_files.read(folder, file=HEAD)
    return model
