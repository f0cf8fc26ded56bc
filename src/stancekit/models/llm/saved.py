"""A language model in a model folder: settings, prompts and demonstrations as plain data, and its replies."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stancekit.codebook import Codebook
from stancekit.errors import KitError, printable
from stancekit.models.encoder.cache import cache_folder
from stancekit.models.llm.prompts import Prompt, load_prompt, prompt_names
from stancekit.models.llm.replies import REPLIES_FILE
from stancekit.types import Example, Mention

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

_LLM_FILE = "llm.json"
# The address that a saved model asks, in place of the one it was saved with: the user's word that
# texts may go there, which no file can give.
ENDPOINT_VARIABLE = "STANCEKIT_LLM_ENDPOINT"
# And the key for it: a file that names a variable of the environment may name any secret.
KEY_VARIABLE = "STANCEKIT_LLM_KEY"
_SAVED_SETTINGS = (
    "endpoint",
    "name",
    "checkpoint",
    "orders",
    "examples",
    "parallel",
    "timeout",
)


def write_llm(model: Any, folder: "ModelFolder") -> None:
    """Write what a fitted model is besides its replies; a key is in none of it."""
    demonstrations = [
        {"example": _example_dict(example), "codes": list(codes)}
        for example, codes in model.demonstrations_
    ]
    settings = {
        **{name: getattr(model, name) for name in _SAVED_SETTINGS},
        "model": model.model_,
        "prompts": [{"name": prompt.name, "source": prompt.source} for prompt in model.prompts_],
        "codebook": model.codebook_.to_dict(),
        "demonstrations": demonstrations,
        "classes": model.classes_.tolist(),
        "multi_label": bool(model.multi_label_),
    }
    folder.write_settings(_LLM_FILE, settings)


def read_llm(kind: Any, folder: "ModelFolder") -> Any:
    """Read a fitted model back.

    It writes new replies beside its folder, where the run that it is from has its own, and asks
    this machine alone unless the environment variable `STANCEKIT_LLM_ENDPOINT` names another, with
    the key in `STANCEKIT_LLM_KEY` where there is one.

    Raises
    ------
    KitError
        When a wording of it is not among those of this machine: a template is a program, and none
        that comes with a model is run.
    """
    required: dict[str, type | tuple[type, ...]] = {
        "orders": int,
        "examples": int,
        "parallel": int,
        "timeout": (int, float),
        "model": str,
        "prompts": list,
        "codebook": dict,
        "demonstrations": list,
        "classes": list,
        "multi_label": bool,
    }
    settings = folder.read_settings(_LLM_FILE, required=required)
    with folder.refusing(_LLM_FILE):
        codebook = Codebook.from_dict(settings["codebook"])
        kept = {name: settings.get(name) for name in _SAVED_SETTINGS}
        wordings = {str(one["name"]): str(one["source"]) for one in settings["prompts"]}
        model: Any = kind(**kept, codebook=codebook, prompts=list(wordings))
        model.codebook_ = codebook
        model.model_ = settings["model"]
        model.demonstrations_ = [
            (_example_of(one["example"]), tuple(map(str, one["codes"])))
            for one in settings["demonstrations"]
        ]
        model.classes_ = np.array(settings["classes"])
        model.multi_label_ = settings["multi_label"]
    model.prompts_ = [_own_prompt(*wording, folder) for wording in wordings.items()]
    if os.environ.get(KEY_VARIABLE):
        model.key_env = KEY_VARIABLE
    if model.checkpoint:
        model.source_ = _same_weights(model.checkpoint, model.model_)
    elif endpoint := os.environ.get(ENDPOINT_VARIABLE):
        model.endpoint, model.network = endpoint, True
    model.saved_replies_ = folder / REPLIES_FILE
    model.folder = str(_writable(folder.path))
    return model


def _own_prompt(name: str, source: str, folder: "ModelFolder") -> Prompt:
    """Return the wording of this machine that a saved model was asked in."""
    own = load_prompt(name) if name in prompt_names() else None
    if own is None or own.source != source:
        raise KitError(
            f"the wording {printable(name, most=80)!r} of {folder.path} is not one that you have, and a template that "
            f"comes with a model is not run; read it in {_LLM_FILE} there, and write it to "
            "configs/prompt/NAME.jinja if you trust it"
        )
    return own


def _writable(folder: Path) -> Path:
    """Return where replies of a saved model go: beside its folder, or the cache where nothing can be written there."""
    beside = folder.resolve().parent
    return beside if os.access(beside, os.W_OK) else cache_folder()


def _same_weights(checkpoint: str, expected: str) -> str:
    """Return where the weights of a saved model are on this machine, or where they would be."""
    from stancekit.models.llm.weights import resolve_causal, weights_of_causal

    try:
        source = resolve_causal(checkpoint, download=False)
    except KitError:
        # Replies that are stored can be read without it.
        return checkpoint
    if f"sha256:{weights_of_causal(source)}" != expected:
        raise KitError(
            f"the weights of {checkpoint} are others than those that this model was saved with; get those again"
        )
    return source


def _example_dict(example: Example) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": example.id, "text": example.text, "article": example.article}
    for role, mention in (("actor", example.actor), ("target", example.target)):
        plain[role] = [mention.name, mention.start, mention.end] if mention else None
    return plain


def _example_of(plain: dict[str, Any]) -> Example:
    actor, target = (
        Mention(*plain[role]) if plain[role] is not None else None for role in ("actor", "target")
    )
    return Example(plain["id"], plain["text"], actor, target, plain["article"])
