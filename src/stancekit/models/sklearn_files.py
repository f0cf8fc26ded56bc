"""scikit-learn models on disk: skops, which rebuilds only the types in `TRUSTED` and scikit-learn's own."""

import zipfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing
from stancekit.files import replacing
from stancekit.imports import hidden

FILE = "model.skops"
TRUSTED = [
    "stancekit.codebook.Code",
    "stancekit.codebook.Codebook",
    "stancekit.models.features.Marked",
    "stancekit.models.features.Pair",
    "stancekit.models.features.Plain",
    "stancekit.models.lexicon.Lexicon",
    "stancekit.models.linear.Linear",
    "stancekit.models.majority.Majority",
]


def _skops() -> Any:
    # skops walks through all of scikit-learn, and so into what of it imports torch.
    with hidden("sklearn.externals.array_api_compat.torch"):
        return import_module("skops.io")


def write(model: Any, folder: Path, *, file: str = FILE) -> list[str]:
    """Write a model, and return the names of its files."""
    with replacing(folder / file) as temporary:
        temporary.write_bytes(_skops().dumps(model))
    return [file]


def read(folder: Path, *, file: str = FILE, trusted: Sequence[str] = TRUSTED) -> Any:
    """Read a model back.

    Raises
    ------
    KitError
        When the file is not a skops file, or holds a type that is not trusted.
    """
    io, path = _skops(), folder / file
    try:
        types = io.get_untrusted_types(file=path)
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise KitError(f"saved model {folder} is refused: {file} cannot be read as a skops file ({error})") from None
    unknown = [name for name in types if name not in trusted]
    if unknown:
        raise KitError(f"saved model {folder} is refused: it holds types that are not trusted: {listing(unknown)}")
    return io.load(path, trusted=list(trusted))
