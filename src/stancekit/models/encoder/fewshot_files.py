"""Few-shot models on disk: safetensors and the tokenizer's JSON, the classifier by skops, the settings as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from stancekit.errors import KitError
from stancekit.files import write_json
from stancekit.models import sklearn_files
from stancekit.models.encoder.fewshot import FewShot
from stancekit.models.encoder.saving import FEATURES, named

HEAD, SETTINGS, ENCODER = "head.skops", "fewshot.json", "encoder"


def write(model: FewShot, folder: Path) -> list[str]:
    """Write a fitted model, and return the names of its files."""
    first: Any = model.encoder_[0]
    place = folder / ENCODER
    first.auto_model.save_pretrained(place)
    model.encoder_.tokenizer.save_pretrained(place)
    params = {key: value for key, value in model.get_params(deep=False).items() if key != "features"}
    settings = {"params": params, "features": named(model.features), "classes": model.classes_.tolist()}
    write_json(folder / SETTINGS, settings)
    names = [path.relative_to(folder).as_posix() for path in sorted(place.rglob("*")) if path.is_file()]
    return [SETTINGS, *names, *sklearn_files.write(model.model_, folder, file=HEAD)]


def read(folder: Path) -> FewShot:
    """Read a model back.

    Raises
    ------
    KitError
        When a file is not what this version wrote.
    """
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        model = FewShot(**settings["params"], features=FEATURES[settings["features"]]())
        model.classes_ = np.array(settings["classes"])
        if json.loads((folder / ENCODER / "config.json").read_text(encoding="utf-8")).get("auto_map"):
            raise ValueError("its encoder wants code of its own")
        safetensors.torch.load_file(folder / ENCODER / "model.safetensors")
        body = Transformer(str(folder / ENCODER), max_seq_length=model.length)
        model.encoder_ = SentenceTransformer(modules=[body, Pooling(body.get_embedding_dimension())])
    except (KeyError, TypeError, ValueError, OSError, safetensors.SafetensorError) as error:
        raise KitError(f"saved model {folder} is refused: it is not of this version ({error})") from None
    model.model_ = sklearn_files.read(folder, file=HEAD)
    return model
