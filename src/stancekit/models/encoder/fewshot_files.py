"""Few-shot models on disk: safetensors and the tokenizer's JSON, the classifier by skops, the settings as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from stancekit.fileio import write_json
from stancekit.models import skops_files
from stancekit.models.encoder.fewshot import FewShot
from stancekit.models.encoder.inputs import check_tokenizer
from stancekit.models.encoder.saving import FEATURES, check_architecture, named, refused

HEAD, SETTINGS, ENCODER = "head.skops", "fewshot.json", "encoder"


def write(model: FewShot, folder: Path) -> list[str]:
    """Write a fitted model, and return the names of its files."""
    first: Any = model.encoder_[0]
    place = folder / ENCODER
    first.auto_model.save_pretrained(place)
    model.encoder_.tokenizer.save_pretrained(place)
    params = {
        key: value for key, value in model.get_params(deep=False).items() if key != "features"
    }
    settings = {
        "params": params,
        "features": named(model.features),
        "classes": model.classes_.tolist(),
    }
    write_json(folder / SETTINGS, settings)
    names = [
        path.relative_to(folder).as_posix() for path in sorted(place.rglob("*")) if path.is_file()
    ]
    return [SETTINGS, *names, *skops_files.write(model.model_, folder, file=HEAD)]


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
        # Before anything reads them: settings that would have files fetched or code run.
        check_architecture(
            json.loads((folder / ENCODER / "config.json").read_text(encoding="utf-8"))
        )
        if (folder / ENCODER / "adapter_config.json").exists():
            raise ValueError("its encoder is an adapter of another")
        safetensors.torch.load_file(folder / ENCODER / "model.safetensors")
        here = {"local_files_only": True}
        body: Any = Transformer(
            str(folder / ENCODER),
            max_seq_length=model.length,
            model_kwargs=here,
            processor_kwargs=here,
            config_kwargs=here,
        )
        model.encoder_ = SentenceTransformer(
            modules=[body, Pooling(body.get_embedding_dimension())]
        )
        check_tokenizer(model.encoder_.tokenizer, str(folder), body.auto_model.config)
    except BaseException as error:
        raise refused(folder, error) from None
    model.model_ = skops_files.read(folder, file=HEAD)
    return model
