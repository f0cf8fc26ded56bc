"""An encoder's files as plain data: its weights, its tokenizer and its architecture. Nothing in them is executed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from stancekit.fileio import replacing_file
from stancekit.models.features import FEATURES, Marked, features_name

WEIGHTS_FILE, HEAD_FILE = "weights.safetensors", "head.skops"
# What an encoder of text may be; `transformers` also has some that are built from other models,
# which their settings name.
_TEXT_ARCHITECTURES = {
    *MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    *MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
}
# Settings by which a configuration has `transformers` fetch weights, kernels or code.
_FETCHES = re.compile(
    r"backbone|auto_map|(attn|experts)_implementation|quantization|pretrained|trust_remote"
)
_NOT_OF_ARCHITECTURE = {"model_type", "transformers_version", "architectures", "dtype"}
_SPECIAL_TOKENS = (
    "pad_token",
    "cls_token",
    "sep_token",
    "unk_token",
    "mask_token",
    "bos_token",
    "eos_token",
)


def describe_estimator(model: Any, *, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an estimator's settings, its features by name and its codes as plain data."""
    params = model.get_params(deep=False)
    features = params.pop("features")
    for key in leave_out:
        del params[key]
    return {
        "params": params,
        "features": features_name(features or Marked()),
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
    }


# The types of what `describe_estimator` returns, by key.
ESTIMATOR_SETTINGS: dict[str, type | tuple[type, ...]] = {
    "params": dict,
    "features": str,
    "classes": list,
    "multi_label": bool,
}


def rebuild_estimator(cls: Any, settings: dict[str, Any]) -> Any:
    """Return an estimator with the settings and the codes that `describe_estimator` returned."""
    model = cls(**settings["params"], features=FEATURES[settings["features"]]())
    model.classes_ = np.array(settings["classes"])
    model.multi_label_ = settings["multi_label"]
    return model


def write_weights(network: torch.nn.Module, path: Path) -> None:
    """Write a network's weights as safetensors."""
    state = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    with replacing_file(path) as temporary:
        safetensors.torch.save_file(state, temporary)


def write_tokenizer(tokenizer: Any, path: Path) -> dict[str, Any]:
    """Write a fast tokenizer as JSON, and return what else it needs."""
    with replacing_file(path) as temporary:
        tokenizer.backend_tokenizer.save(str(temporary))
    tokens = {name: getattr(tokenizer, name) for name in _SPECIAL_TOKENS}
    return {
        "special_tokens": {name: token for name, token in tokens.items() if token is not None},
        "inputs": list(tokenizer.model_input_names),
    }


def read_tokenizer(path: Path, settings: dict[str, Any]) -> Any:
    """Read a tokenizer back, with what `write_tokenizer` returned."""
    build: Any = PreTrainedTokenizerFast
    return build(
        tokenizer_file=str(path),
        model_input_names=settings["inputs"],
        **settings["special_tokens"],
    )


def describe_architecture(config: Any) -> dict[str, Any]:
    """Return the settings of an encoder's architecture as plain data."""
    return {
        "model_type": config.model_type,
        **_own_settings(config.model_type, config.to_dict()),
    }


def check_architecture(config: dict[str, Any]) -> None:
    """Check that settings are those of an architecture of text that `transformers` itself has, and fetch nothing.

    Raises
    ------
    ValueError
        When they ask for another, for code, or for files from elsewhere.
    """
    kind = str(config.get("model_type"))
    if kind not in _TEXT_ARCHITECTURES or kind not in CONFIG_MAPPING or "auto_map" in config:
        raise ValueError(f"architecture {kind!r} is not one of transformers' own for text")
    if fetching := sorted(key for key in config if _FETCHES.search(key)):
        raise ValueError(f"its settings {', '.join(fetching)} ask for files or code from elsewhere")
    nested = sorted(
        key for key, value in config.items() if isinstance(value, dict) and "model_type" in value
    )
    if nested:
        raise ValueError(f"its settings {', '.join(nested)} hold an architecture of their own")


def build_architecture(config: dict[str, Any]) -> Any:
    """Return an encoder without its weights.

    Raises
    ------
    ValueError
        As of `check_architecture`.
    """
    check_architecture(config)
    kind = str(config["model_type"])
    build: Any = AutoModel.from_config
    return build(AutoConfig.for_model(kind, **_own_settings(kind, config)), trust_remote_code=False)


def _own_settings(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that an architecture itself has, `model_type` left out; others would be passed on unread."""
    known = set(CONFIG_MAPPING[kind]().to_dict()) - _NOT_OF_ARCHITECTURE
    return {key: value for key, value in config.items() if key in known and not key.startswith("_")}


def check_encoder_folder(folder: Path) -> None:
    """Check that an encoder that sentence-transformers will read asks for no other files and no code.

    Raises
    ------
    ValueError
        When it does.
    """
    check_architecture(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    if (folder / "adapter_config.json").exists():
        raise ValueError("its encoder is an adapter of another")
    safetensors.torch.load_file(folder / "model.safetensors")
