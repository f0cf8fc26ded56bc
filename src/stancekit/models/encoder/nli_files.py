"""Zero-shot models on disk: which checkpoint, which codebook; nothing was learned, so nothing else is kept."""

import json
from pathlib import Path

import numpy as np

from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.fileio import write_json
from stancekit.models.encoder.nli import NLI
from stancekit.models.encoder.pretrained import fingerprint, resolve

NLI_FILE = "nli.json"


def write(model: NLI, folder: Path) -> list[str]:
    """Write what names the model, and return the names of its files."""
    settings = {
        "checkpoint": model.checkpoint,
        "length": model.length,
        "codebook": model.codebook.to_dict() if model.codebook else None,
        "weights": fingerprint(model.source_),
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
    }
    write_json(folder / NLI_FILE, settings)
    return [NLI_FILE]


def read(folder: Path) -> NLI:
    """Read a model back.

    Raises
    ------
    KitError
        When the file is not what this version wrote, or the checkpoint's weights have changed
        since.
    """
    try:
        settings = json.loads((folder / NLI_FILE).read_text(encoding="utf-8"))
        model = NLI(
            settings["checkpoint"],
            codebook=Codebook.from_dict(settings["codebook"]),
            length=settings["length"],
        )
        model.classes_, model.multi_label_ = np.array(settings["classes"]), settings["multi_label"]
        # What a file names is looked for on this machine alone.
        here = fingerprint(resolve(model.checkpoint, download=False)) == settings["weights"]
    except KitError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KitError(
            f"saved model {folder} is refused: {NLI_FILE} is not of this version ({error})"
        ) from None
    if not here:
        raise KitError(
            f"saved model {folder} names other weights of {model.checkpoint} than are here; get those again"
        )
    model.load(download=False)
    return model
