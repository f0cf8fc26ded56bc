"""Encoders on disk: safetensors, the tokenizer's JSON, and JSON. Nothing in them is executed."""

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

from stancekit.errors import KitError
from stancekit.fileio import replacing_file, write_json
from stancekit.models.encoder.finetuned import SINGLE_HEAD, Encoder
from stancekit.models.encoder.inputs import check_tokenizer
from stancekit.models.encoder.network import Head, Network
from stancekit.models.features import Marked, Pair, Plain

WEIGHTS, SETTINGS, TOKENIZER = "weights.safetensors", "encoder.json", "tokenizer.json"
FEATURES = {"plain": Plain, "pair": Pair, "marked": Marked}
# What an encoder of text may be; `transformers` also knows some that are built from other models,
# by name.
_TEXT_SETTINGS = {
    *MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    *MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
}
# Settings by which a configuration has `transformers` fetch weights, kernels or code.
_FETCHES = re.compile(
    r"backbone|auto_map|(attn|experts)_implementation|quantization|pretrained|trust_remote"
)
_SPECIAL_TOKENS = (
    "pad_token",
    "cls_token",
    "sep_token",
    "unk_token",
    "mask_token",
    "bos_token",
    "eos_token",
)


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
    with replacing_file(folder / WEIGHTS) as temporary:
        state = {
            name: value.detach().cpu().contiguous()
            for name, value in model.network_.state_dict().items()
        }
        safetensors.torch.save_file(state, temporary)
    with replacing_file(folder / TOKENIZER) as temporary:
        model.tokenizer_.backend_tokenizer.save(str(temporary))
    params = {
        key: value
        for key, value in model.get_params(deep=False).items()
        if key not in ("features", "folder")
    }
    # A folder's path is of no use elsewhere, and nobody's business.
    params["checkpoint"] = model.started_from_
    config: Any = model.network_.encoder.config
    settings = {
        "params": params,
        "features": named(model.features),
        "config": {
            "model_type": config.model_type,
            **_plain_settings(config.model_type, config.to_dict()),
        },
        "heads": {name: head.to_dict() for name, head in model.network_.specs.items()},
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
        "special_tokens": {
            name: token
            for name in _SPECIAL_TOKENS
            if (token := getattr(model.tokenizer_, name)) is not None
        },
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
        model.network_ = Network(
            _architecture(settings["config"]), heads, smoothing=model.smoothing
        )
        model.network_.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
        build: Any = PreTrainedTokenizerFast
        model.tokenizer_ = build(
            tokenizer_file=str(folder / TOKENIZER),
            model_input_names=settings["inputs"],
            **settings["special_tokens"],
        )
        model.classes_, model.multi_label_ = (
            np.array(settings["classes"]),
            bool(settings["multi_label"]),
        )
        model.started_from_ = model.checkpoint
        if (
            heads[SINGLE_HEAD].codes != len(model.classes_)
            or heads[SINGLE_HEAD].multi_label != model.multi_label_
        ):
            raise ValueError(
                f"its head has {heads[SINGLE_HEAD].codes} outputs for {len(model.classes_)} codes"
            )
        check_tokenizer(model.tokenizer_, str(folder), model.network_.encoder.config)
    except BaseException as error:
        raise refused(folder, error) from None
    model.network_.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    return model


def refused(folder: Path, error: BaseException) -> BaseException:
    """Return what is raised for an error in reading a saved model: a `KitError`, but for an interruption.

    The libraries behind have no common error: `tokenizers` even ends in a panic that is no
    `Exception`.
    """
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        return error
    cause = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return KitError(
        f"saved model {folder} is refused: it is not an encoder this version wrote ({cause})"
    )


def check_architecture(config: dict[str, Any]) -> None:
    """Check that settings are those of an architecture of text that `transformers` itself has, and fetch nothing.

    Raises
    ------
    ValueError
        When they ask for another, for code, or for files from elsewhere.
    """
    kind = str(config.get("model_type"))
    if kind not in _TEXT_SETTINGS or kind not in CONFIG_MAPPING or "auto_map" in config:
        raise ValueError(f"architecture {kind!r} is not one of transformers' own for text")
    if asked := sorted(key for key in config if _FETCHES.search(key)):
        raise ValueError(f"its settings {', '.join(asked)} ask for files or code from elsewhere")
    if inner := sorted(
        key for key, value in config.items() if isinstance(value, dict) and "model_type" in value
    ):
        raise ValueError(f"its settings {', '.join(inner)} hold an architecture of their own")


def _architecture(config: dict[str, Any]) -> Any:
    """Return an encoder without its weights."""
    check_architecture(config)
    kind = str(config["model_type"])
    make: Any = AutoModel.from_config
    return make(
        AutoConfig.for_model(kind, **_plain_settings(kind, config)), trust_remote_code=False
    )


def _plain_settings(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that an architecture itself has, `model_type` left out; others would be passed on unread."""
    known = set(CONFIG_MAPPING[kind]().to_dict()) - {
        "model_type",
        "transformers_version",
        "architectures",
        "dtype",
    }
    return {key: value for key, value in config.items() if key in known and not key.startswith("_")}
