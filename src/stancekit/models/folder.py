"""The files in a saved model's folder: settings as JSON, estimators by skops, members in folders of their own.

Nothing is unpickled, and no type is made that is not on a list: the kit's own kinds of models,
scikit-learn's types, and those that the caller trusts by name.
"""

import json
import time
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import make_folder, sha256, write_bytes, write_json, writing
from stancekit.models.classifier import FittedClassifier
from stancekit.models.manifest import (
    describe_model,
    fitted_from,
    read_manifest,
    refusal,
    seal_manifest,
)
from stancekit.models.verification import files_below
from stancekit.resources import hidden

SKOPS_FILE = "model.skops"
# What a skops file of the kit may hold besides scikit-learn's types. A sparse matrix, in which
# neighbours and support vectors are kept, is plain numbers.
TRUSTED_TYPES = (
    "scipy.sparse._csr.csr_matrix",
    "stancekit.codebook.Code",
    "stancekit.codebook.Codebook",
    "stancekit.models.features.Marked",
    "stancekit.models.features.Pair",
    "stancekit.models.features.Plain",
    "stancekit.models.lexicon.Lexicon",
    "stancekit.models.linear.Linear",
    "stancekit.models.majority.Majority",
)
# The kind of a model whose class is not the kit's: a user's own, which the caller has to trust.
OTHER_KIND = "other"
# A zip file holds no date before.
_FIRST_ZIP_YEAR = 1980


class ModelKinds:
    """The kinds of models that can be read back, a fixed list: what a file names never imports anything else.

    Parameters
    ----------
    places
        `module:Class` by kind: what reads it.
    written
        The kind by `module:Class` of estimators whose files another class reads.
    """

    def __init__(self, places: Mapping[str, str], written: Mapping[str, str] | None = None) -> None:
        self._places = dict(places)
        self._written = {place: kind for kind, place in places.items()} | dict(written or {})

    def __contains__(self, kind: object) -> bool:
        """Say whether models of a kind can be read back."""
        return kind in self._places or kind == OTHER_KIND

    def __str__(self) -> str:
        """List the kinds."""
        return ", ".join(self._places)

    def name_of(self, model: object) -> str:
        """Return the kind of a model; a class derived from one of the kit's is another kind."""
        place = f"{type(model).__module__}:{type(model).__qualname__}"
        return self._written.get(place, OTHER_KIND)

    def find_class(self, kind: str) -> Any:
        """Return the class of a kind."""
        module, name = self._places[kind].split(":")
        return getattr(import_module(module), name)


@contextmanager
def refusing(folder: Path, file: str) -> Iterator[None]:
    """Turn an error in reading a file of a saved model into one that names the file.

    The libraries that read files have no common error: `tokenizers` even ends in a panic that is
    no `Exception`. A file that is gone is left to the caller: the model was replaced meanwhile.

    Raises
    ------
    KitError
        In place of any other error but an interruption.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        lines = str(error).strip().splitlines() or [""]
        kind = "" if isinstance(error, KitError) else f"{type(error).__name__}: "
        cause = printable(f"{kind}{lines[0]}", most=300)
        raise refusal(folder, f"{file} is not what this version writes ({cause})") from None


class ModelFolder:
    """A folder that a model's `save_files` writes into and its `load_files` reads.

    Parameters
    ----------
    path
        The folder.
    kinds
        The kinds of models that members may be of.
    trusted
        Names of types that the caller trusts, as `module.Class`. They are imported and made when a
        file names them, so that they are never taken from a file.
    """

    def __init__(
        self,
        path: str | Path,
        kinds: ModelKinds | None = None,
        trusted: Sequence[str] = (),
    ) -> None:
        self.path = Path(path)
        self.kinds = kinds or ModelKinds({})
        self.trusted = tuple(trusted)

    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)

    def __truediv__(self, name: str) -> Path:
        """Return the path of a file in the folder."""
        return self.path / name

    def subfolder(self, name: str) -> "ModelFolder":
        """Return a folder in this one, with the same trust."""
        return ModelFolder(self.path / name, self.kinds, self.trusted)

    def write_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        """Write plain data as a JSON file."""
        write_json(self / name, dict(settings))

    def read_settings(
        self, name: str, *, required: Mapping[str, type | tuple[type, ...]]
    ) -> dict[str, Any]:
        """Read a JSON file back.

        Parameters
        ----------
        required
            The types of the values that have to be there, by key. Others may be there too.

        Raises
        ------
        KitError
            When it is not JSON, or a value is missing or of another type.
        """
        with refusing(self.path, name):
            text = (self / name).read_text(encoding="utf-8")
            settings = json.loads(text, parse_constant=_refuse_constant)
            if not isinstance(settings, dict):
                raise TypeError(f"it holds a {type(settings).__name__} and no object")
            wrong = [
                key
                for key, kinds in required.items()
                if key not in settings or not isinstance(settings[key], kinds)
            ]
            if wrong:
                raise ValueError(f"{listing(wrong)} missing or of another type")
        return settings

    def refusing(self, name: str) -> Any:
        """Turn an error in the block into one that says that a file is not what this version writes."""
        return refusing(self.path, name)

    def write_estimator(self, name: str, estimator: Any) -> None:
        """Write an estimator by skops.

        Raises
        ------
        KitError
            When it holds types that would not be read back.
        """
        if time.localtime().tm_year < _FIRST_ZIP_YEAR:
            raise KitError(
                "this machine's clock is before 1980, a date that model files cannot hold; set the clock"
            )
        io = _skops()
        shown = printable(" ".join(repr(estimator).split()), most=80)
        try:
            data = io.dumps(estimator)
        except Exception as error:  # what a class that is not made for it can lead skops to
            cause = printable(f"{type(error).__name__}: {error}", most=200)
            raise KitError(
                f"model {shown} cannot be saved: skops cannot write it ({cause})"
            ) from None
        if unknown := self._untrusted(io.get_untrusted_types(data=data)):
            raise KitError(
                f"model {shown} cannot be saved, as it could not be read back: it holds types that are not "
                f"trusted: {listing(unknown)}. Use a linear model, naive Bayes, nearest neighbours or a support "
                "vector machine of scikit-learn; or, if you trust these types, save and load the model from Python "
                "with trusted=[...], their names"
            )
        write_bytes(self / name, data)

    def read_estimator(self, name: str, expected: type | None = None) -> Any:
        """Read an estimator back.

        Parameters
        ----------
        expected
            The class that it has to be of; by default any whose types are trusted.

        Raises
        ------
        KitError
            When the file is no skops file, or holds a type that is not trusted, or another class.
        """
        from sklearn.exceptions import InconsistentVersionWarning

        io, path = _skops(), self / name
        with refusing(self.path, name):
            _check_size(path)
            unknown = self._untrusted(io.get_untrusted_types(file=path))
        if unknown:
            raise refusal(self.path, f"{name} holds types that are not trusted: {listing(unknown)}")
        with refusing(self.path, name):
            with warnings.catch_warnings():
                # The manifest's versions are compared, once for the whole model.
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                model = io.load(path, trusted=[*TRUSTED_TYPES, *self.trusted])
            if expected is not None and type(model) is not expected:
                raise TypeError(f"it holds a {type(model).__name__} and no {expected.__name__}")
            _check_vectorizers(model)
        return model

    def _untrusted(self, types: Sequence[str]) -> list[str]:
        return [name for name in types if name not in TRUSTED_TYPES and name not in self.trusted]

    def write_model(self, model: Any) -> str:
        """Write a fitted model into this folder, and return its kind.

        Raises
        ------
        KitError
            When it could not be read back.
        """
        make_folder(self.path)
        kind = self.kinds.name_of(model)
        if kind != OTHER_KIND:
            model.save_files(self)
        else:
            self.write_estimator(SKOPS_FILE, model)
        return kind

    def read_model(self, kind: object) -> Any:
        """Read a model of a kind back.

        Raises
        ------
        KitError
            When the kind is not one of the kit's, or a file is not what this version writes.
        """
        if kind not in self.kinds:
            raise refusal(
                self.path,
                f"it is of kind {printable(kind, most=40)!r}; the kinds are: {self.kinds}",
            )
        if kind != OTHER_KIND:
            return self.kinds.find_class(str(kind)).load_files(self)
        from sklearn.utils.validation import check_is_fitted

        model = self.read_estimator(SKOPS_FILE)
        with refusing(self.path, SKOPS_FILE):
            name = f"{type(model).__module__}.{type(model).__qualname__}"
            if name not in self.trusted:
                raise TypeError(f"it holds a {type(model).__name__} and no model over examples")
            check_is_fitted(model)
        return model

    def write_fitted(self, fitted: FittedClassifier, **facts: Any) -> None:
        """Write a fitted model into this empty folder, with its manifest; `facts` go into the manifest.

        Raises
        ------
        KitError
            When it could not be read back.
        """
        with writing(self.path):
            kind = self.write_model(fitted.model)
        sums = {name: sha256(self / name) for name in files_below(self.path)}
        seal_manifest(self.path, describe_model(fitted, kind, sums, facts), {})

    def read_fitted(self) -> FittedClassifier:
        """Read this folder's model back with what its manifest says of reading its scores.

        Raises
        ------
        KitError
            When the model does not fit the manifest's codebook, or cannot be read.
        """
        manifest = read_manifest(self.path)
        fitted = fitted_from(manifest, self.read_model(manifest["kind"]))
        names = fitted.codebook.names
        classes = [str(code) for code in fitted.model.classes_]
        if fitted.codebook.multi_label:
            fits = len(classes) == len(names)
        else:
            fits = bool(classes) and set(classes) <= set(names)
        if not fits:
            raise refusal(
                self.path, f"it scores {listing(classes)}, its codebook has {listing(names)}"
            )
        return fitted


def _skops() -> Any:
    # skops walks through all of scikit-learn, and so into what of it imports torch.
    with hidden("sklearn.externals.array_api_compat.torch"):
        return import_module("skops.io")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}")


def _check_size(path: Path) -> None:
    """Raise where a zip file would grow when it is read: the kit's own are not compressed."""
    with zipfile.ZipFile(path) as file:
        if sum(entry.file_size for entry in file.infolist()) > path.stat().st_size:
            raise ValueError("what it holds is larger than the file")


def _check_vectorizers(model: Any) -> None:
    """Raise where a model's vectorizers would open the files that texts name, which the kit's do not."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    for vectorizer in getattr(model, "vectorizers_", ()):
        if vectorizer is None:
            continue
        if type(vectorizer) is not TfidfVectorizer or vectorizer.input != "content":
            raise ValueError("it reads texts in another way than the kit")
