"""Load a trained model from a folder of its own, a run, an experiment, or the Hugging Face Hub."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import KitError, listing, printable
from stancekit.labelling.models import find_models
from stancekit.library.hub import download_model, repository_name
from stancekit.library.model import StanceModel
from stancekit.resources import BOX, model_folder
from stancekit.runs.folder import RECORD_FILE, read_run, read_runs


def load_model(
    source: str | Path,
    *,
    codebook: str | None = None,
    revision: str | None = None,
    token: str | None = None,
    trusted: Sequence[str] = (),
) -> StanceModel:
    """Load a trained model: plain data, checked against its manifest. No code of it is run.

    Parameters
    ----------
    source
        `box`, the kit's own model: that of positions towards targets, or of the `codebook` that is
        named. Or a folder: a
        saved model, a run, an experiment (its run that is best on validation), or one
        whose subfolders are saved models. Where there is no such folder, `user/name` is a
        repository on the Hugging Face Hub; `hf://user/name` always is.
    codebook
        Which model of a folder that has one for each of several codebooks.
    revision
        A branch, a tag or a commit on the Hub; by default `main`.
    token
        For a private repository on the Hub; by default that of `hf auth login`.
    trusted
        Names of types of your own that the model holds and that you trust, as `module.Class`. They
        are imported; nothing else that the files name is.

    Raises
    ------
    KitError
        When there is no such model, it was altered, it was written by another version, or the Hub
        cannot be reached.

    Examples
    --------
    >>> import stancekit
    >>> stancekit.load("models/gone")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: there is no folder models/gone...
    """
    name, path = repository_name(source), model_folder(source)
    if str(source) == BOX and codebook is None:
        codebook = next(one.codebook.name for one in find_models([path]) if one.codebook.towards)
    on_hub = name is not None and str(source).startswith("hf://")
    if not on_hub and path.is_dir():
        if revision is not None:
            raise KitError(f"{path} is a folder here; revision= is of a repository on the Hub")
        return _load_folder(path, codebook, trusted)
    # `models/typo` beside the folder `models` is a slip, and no repository of a user "models".
    if name is None or (not on_hub and path.parent.is_dir()):
        raise KitError(_no_folder(path, name))
    model = StanceModel(download_model(name, revision=revision, token=token), trusted=trusted)
    if codebook is not None and model.codebook.name != codebook:
        raise KitError(f"{name} is a model of codebook {model.codebook.name!r}, not {codebook!r}")
    _ = model.fitted
    return model


def _load_folder(path: Path, codebook: str | None, trusted: Sequence[str]) -> StanceModel:
    if any(path.glob(f"runs/*/{RECORD_FILE}")):
        from stancekit.runs.leaderboard import best_on_validation

        runs = best_on_validation(read_runs(path))
        places = [(run.codebook, run.folder / "model") for run in runs]
    else:
        places = [(model.codebook.name, model.folder) for model in find_models([path])]
    chosen = [place for name, place in places if codebook in (None, name)]
    if len(chosen) != 1:
        models = listing(f"{place} ({name})" for name, place in places)
        which = f"no model of codebook {codebook!r}" if codebook else "several models"
        raise KitError(
            f"{path} has {which}; there are: {models}. Name one by its codebook, as in "
            f"codebook={places[0][0]!r}, or by its folder"
        )
    (place,) = chosen
    # A model in the folder of its run has its scores there.
    in_run = place.name == "model" and (place.parent / RECORD_FILE).is_file()
    run = read_run(place.parent) if in_run else None
    model = StanceModel(place, run=run, trusted=trusted)
    # Read at once: what is wrong with it is told here, and not at the first prediction.
    _ = model.fitted
    return model


def _no_folder(path: Path, name: str | None) -> str:
    parent = path.parent
    beside = sorted(folder.name for folder in parent.glob("[!.]*") if folder.is_dir())
    there = f"; {parent} has: {listing(beside)}" if beside and parent.is_dir() else ""
    hub = f". A repository on the Hub is spelled hf://{name}" if name else ""
    return f"there is no folder {printable(path, most=200)}{there}{hub}"
