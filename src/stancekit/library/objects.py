"""Names as the objects that they stand for: `model="svm"` in Python is `model=svm` on the command line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus import Corpus, SampleCorpus
from stancekit.corpus.memory import read_table
from stancekit.corpus.samples import is_sample
from stancekit.errors import KitError, listing, printable
from stancekit.library.configs import check_name, compose_config, names_in


def make_objects(
    choices: Mapping[str, str | None], settings: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the objects that names stand for, by group, and the names.

    Parameters
    ----------
    choices
        A name by group, as in `{"model": "svm"}`; `None` for the one that `stancekit train` takes
        where none is named.
    settings
        Other values of the model's settings, by their names in its configuration, as in
        `{"classifier.C": 0.5}`.

    Raises
    ------
    KitError
        When there is no such name, or a setting is unknown, wrong or missing.

    Examples
    --------
    >>> objects, names = make_objects({"model": "svm"}, {"classifier.C": 0.5})
    >>> objects["model"].classifier.C, names
    (0.5, {'model': 'svm'})
    """
    named = {group: check_name(group, name) for group, name in choices.items() if name is not None}
    try:
        config = compose_config("train", [f"{group}={name}" for group, name in named.items()])
        chosen = config.hydra.runtime.choices
        names = {group: str(chosen[group]) for group in choices}
        OmegaConf.set_struct(config, value=False)
        for key, value in (settings or {}).items():
            OmegaConf.update(config, f"model.{key}", value)
        objects = {group: _make_object(config, group, names[group]) for group in choices}
    except (HydraException, OmegaConfBaseException) as error:
        wrong = listing(f"{group}={name}" for group, name in named.items())
        cause = printable(error.__cause__ or error, most=300)
        raise KitError(f"cannot make {wrong}: {cause}") from None
    return objects, names


def make_object(group: str, name: str | None) -> Any:
    """Return the object that a name stands for in a group of configs, as `corpus`, `split` or `search`.

    Examples
    --------
    >>> type(make_object("split", "grouped")).__name__
    'GroupedSplit'
    """
    return make_objects({group: name})[0][group]


def _make_object(config: DictConfig, group: str, name: str) -> Any:
    node = config[group]
    if not OmegaConf.is_config(node):
        return node
    missing = sorted(key.partition(".")[2] for key in OmegaConf.missing_keys(node))
    if missing:
        settings = f"settings={{{missing[0]!r}: ...}}"
        how = settings if group == "model" else f"an object in place of the name {name!r}"
        raise KitError(f"{group} {name!r} needs a value for: {listing(missing)}; give {how}")
    OmegaConf.resolve(node)
    return instantiate(node, _convert_="all")


def as_codebook(codebook: Codebook | str | Path | None) -> Codebook:
    """Return a codebook from what may be its name, its YAML file, or itself.

    Parameters
    ----------
    codebook
        `None` for the codebook that `stancekit train` takes where none is named.

    Raises
    ------
    KitError
        When there is no such codebook.

    Examples
    --------
    >>> as_codebook("diplomacy").multi_label
    True
    """
    if isinstance(codebook, Codebook):
        return codebook
    if codebook is None:
        chosen: Codebook = make_objects({"codebook": None})[0]["codebook"]
        return chosen
    if not isinstance(codebook, str | Path):
        raise KitError(
            f"codebook is {printable(repr(codebook), most=60)}; give a name, a YAML file, or a Codebook"
        )
    return load_codebook(str(codebook))


def as_corpus(corpus: Any) -> Corpus:
    """Return a corpus from what may be a name, a file, a table in memory, or itself.

    Parameters
    ----------
    corpus
        A `Corpus`; the name of a configuration, as `un_votes`; the path of a data file or folder,
        also of a sample that `stancekit sample` wrote, filled in; or a table: a DataFrame, a
        `datasets.Dataset`, a list of dicts. Files and tables are read by `read_table`, whose
        columns then have the names of their roles.

    Raises
    ------
    KitError
        When it is none of these, or the data cannot be read.

    Examples
    --------
    >>> as_corpus("un_votes").name
    'un_votes'
    """
    if isinstance(corpus, Corpus):
        return corpus
    if isinstance(corpus, str) and corpus in names_in("corpus"):
        named: Corpus = make_object("corpus", corpus)
        return named
    if isinstance(corpus, str) and not names_data(corpus):
        check_name("corpus", corpus)
    if isinstance(corpus, str | Path) and is_sample(corpus):
        return SampleCorpus(corpus)
    try:
        return read_table(corpus)
    except KitError as error:
        if "no column" not in str(error):
            raise
        raise KitError(
            f"{error}, in stancekit.read_table(...), whose result can be given"
        ) from None


def names_data(name: str) -> bool:
    """Say whether a corpus is named by its file: that exists, or has an ending, which no configuration has.

    Examples
    --------
    >>> names_data("gone/speeches.csv"), names_data("un_votes")
    (True, False)
    """
    try:
        return bool(name) and (Path(name).exists() or bool(Path(name).suffix))
    except OSError:
        return False


class HasFolder(Protocol):
    """A model with a folder, as `stancekit.load` returns it."""

    @property
    def folder(self) -> Path:
        """Return the folder of the saved model."""


def folders_of(
    models: str | Path | HasFolder | Iterable[str | Path | HasFolder],
) -> list[str | Path]:
    """Return the folders of models, of which each is a folder or an object with one, as `StanceModel`.

    Examples
    --------
    >>> folders_of(["models/a", Path("models/b")]), folders_of("models/a")
    (['models/a', PosixPath('models/b')], ['models/a'])
    """
    given: list[str | Path | HasFolder] = []
    if isinstance(models, str | Path) or not isinstance(models, Iterable):
        given.append(models)
    else:
        given.extend(models)
    return [model if isinstance(model, str | Path) else model.folder for model in given]
