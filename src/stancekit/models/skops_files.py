"""scikit-learn models on disk: skops, which rebuilds only the types in `TRUSTED` and scikit-learn's own."""

import time
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_extraction.text import TfidfVectorizer

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import write_bytes
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.resources import hidden

SKOPS_FILE = "model.skops"
# Besides scikit-learn's own; a sparse matrix, which neighbours and support vectors are kept in, is
# plain numbers.
TRUSTED = [
    "scipy.sparse._csr.csr_matrix",
    "stancekit.codebook.Code",
    "stancekit.codebook.Codebook",
    "stancekit.models.features.Marked",
    "stancekit.models.features.Pair",
    "stancekit.models.features.Plain",
    "stancekit.models.lexicon.Lexicon",
    "stancekit.models.linear.Linear",
    "stancekit.models.majority.Majority",
]
# A zip file holds no date before.
_FIRST_YEAR = 1980


def _skops() -> Any:
    # skops walks through all of scikit-learn, and so into what of it imports torch.
    with hidden("sklearn.externals.array_api_compat.torch"):
        return import_module("skops.io")


def write(model: Any, folder: Path, *, file: str = SKOPS_FILE) -> list[str]:
    """Write a model that can be read back, and return the names of its files.

    Raises
    ------
    KitError
        When it holds types that `read` would refuse.
    """
    if time.localtime().tm_year < _FIRST_YEAR:
        raise KitError(
            "this machine's clock is before 1980, a date that model files cannot hold; set the clock"
        )
    io = _skops()
    data = io.dumps(model)
    if unknown := [name for name in io.get_untrusted_types(data=data) if name not in TRUSTED]:
        raise KitError(
            f"model {printable(model, most=80)} cannot be saved, as it could not be read back: it holds types that "
            f"are not trusted: {listing(unknown)}. Use a linear model, naive Bayes, nearest neighbours or a support "
            "vector machine of scikit-learn; trees, forests and models of your own are not read back"
        )
    write_bytes(folder / file, data)
    return [file]


def read(folder: Path, *, file: str = SKOPS_FILE) -> Any:
    """Read a model back.

    Raises
    ------
    KitError
        When the file is not a skops file, or holds a type that is not trusted.
    """
    io, path = _skops(), folder / file
    try:
        _check_size(path)
        unknown = [name for name in io.get_untrusted_types(file=path) if name not in TRUSTED]
        if not unknown:
            with warnings.catch_warnings():
                # The manifest's versions are compared, once for the whole model.
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                model = io.load(path, trusted=TRUSTED)
            _check_loaded(model, kit=file == SKOPS_FILE)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a file that someone made can lead skops to
        raise KitError(
            f"saved model {folder} is refused: {file} cannot be read as a skops file "
            f"({type(error).__name__}: {printable(error, most=200)})"
        ) from None
    if unknown:
        raise KitError(
            f"saved model {folder} is refused: it holds types that are not trusted: {listing(unknown)}"
        )
    return model


def _check_size(path: Path) -> None:
    """Raise where a zip file would grow when it is read: the kit's own are not compressed."""
    with zipfile.ZipFile(path) as file:
        if sum(one.file_size for one in file.infolist()) > path.stat().st_size:
            raise ValueError("what it holds is larger than the file")


def _check_loaded(model: Any, *, kit: bool) -> None:
    """Raise where a model, of the `kit` or of scikit-learn, is not what training makes."""
    if kit and not isinstance(model, Lexicon | Linear | Majority):
        raise ValueError(f"it holds a {type(model).__name__} and no model over examples")
    for one in model.vectorizers_ if isinstance(model, Linear) else ():
        # Others open the files that texts name.
        if one is not None and not (type(one) is TfidfVectorizer and one.input == "content"):
            raise ValueError("it reads texts in another way than the kit")
