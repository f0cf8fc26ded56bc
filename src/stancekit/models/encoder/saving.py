"""Encoders on disk: safetensors, the tokenizer's JSON, and JSON. Nothing in them is executed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, PreTrainedTokenizerFast

from stancekit.errors import KitError
from stancekit.files import replacing, write_json
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.network import Head, Network
from stancekit.models.features import Marked, Pair, Plain

WEIGHTS, SETTINGS, TOKENIZER = "weights.safetensors", "encoder.json", "tokenizer.json"
FEATURES = {"plain": Plain, "pair": Pair, "marked": Marked}
_SPECIAL = ("pad_token", "cls_token", "sep_token", "unk_token", "mask_token", "bos_token", "eos_token")


def named(features: Any) -> str:
    """Return the name by which features are written down; none means `marked`.

    Raises
    ------
    KitError
        When they are not of the kit.
    """
    kinds = {kind: name for name, kind in FEATURES.items()}
    if type(features or Marked()) not in kinds:
        raise KitError(
            f"features of type {type(features).__name__} cannot be saved; the kit saves: {', '.join(FEATURES)}"
        )
    return kinds[type(features or Marked())]


def write(model: Encoder, folder: Path) -> list[str]:
    """Write a fitted encoder, and return the names of its files."""
    with replacing(folder / WEIGHTS) as temporary:
        state = {name: value.detach().cpu().contiguous() for name, value in model.network_.state_dict().items()}
        safetensors.torch.save_file(state, temporary)
    with replacing(folder / TOKENIZER) as temporary:
        model.tokenizer_.backend_tokenizer.save(str(temporary))
    params = {key: value for key, value in model.get_params(deep=False).items() if key not in ("features", "folder")}
    config: Any = model.network_.encoder.config
    settings = {
        "params": params,
        "features": named(model.features),
        "config": {key: value for key, value in config.to_dict().items() if not key.startswith("_")},
        "heads": {name: head.to_dict() for name, head in model.network_.specs.items()},
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
        "special_tokens": {name: token for name in _SPECIAL if (token := getattr(model.tokenizer_, name)) is not None},
        "inputs": list(model.tokenizer_.model_input_names),
    }
    write_json(folder / SETTINGS, settings)
    return [WEIGHTS, TOKENIZER, SETTINGS]


def read(folder: Path) -> Encoder:
    """Read an encoder back. Architectures come from `transformers` alone, values from plain data.

    Raises
    ------
    KitError
        When a file does not hold what an encoder needs.
    """
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        model = Encoder(**settings["params"], features=FEATURES[settings["features"]]())
        heads = {
            name: Head(one["codes"], one["multi_label"], tuple(one["weights"]))
            for name, one in settings["heads"].items()
        }
        model.network_ = Network(_architecture(settings["config"]), heads, smoothing=model.smoothing)
        model.network_.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
        build: Any = PreTrainedTokenizerFast
        model.tokenizer_ = build(
            tokenizer_file=str(folder / TOKENIZER), model_input_names=settings["inputs"], **settings["special_tokens"]
        )
        model.classes_, model.multi_label_ = np.array(settings["classes"]), settings["multi_label"]
    except (KeyError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise KitError(f"saved model {folder} is refused: it is not an encoder this version wrote ({error})") from None
    model.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return model


def _architecture(config: dict[str, Any]) -> Any:
    kind = str(config.get("model_type"))
    if kind not in CONFIG_MAPPING or "auto_map" in config:
        raise ValueError(f"architecture {kind!r} is not one of transformers' own")
    plain = {key: value for key, value in config.items() if key != "model_type"}
    make: Any = AutoModel.from_config
    return make(AutoConfig.for_model(kind, **plain), trust_remote_code=False)
