"""Models on the Hugging Face Hub: only the files that a manifest names are fetched, and nothing in them is run."""

import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stancekit.errors import KitError, printable
from stancekit.fileio import make_folder
from stancekit.models.encoder.cache import cache_folder
from stancekit.models.manifest import MANIFEST_FILE, read_manifest

_COMMIT = re.compile(r"[0-9a-f]{40}")

log = logging.getLogger(__name__)

# In seconds: how long the Hub may take to say whether it has a repository.
_TIMEOUT = 20
# What the Hub takes as USER/NAME; it has no names with two dots or dashes in a row.
_REPOSITORY = re.compile(r"(?:hf://)?(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)")


def repository_name(source: object) -> str | None:
    """Return the `user/name` that a text names, `None` where it is no name of a repository.

    Examples
    --------
    >>> repository_name("ana/speeches"), repository_name("hf://ana/speeches")
    ('ana/speeches', 'ana/speeches')
    >>> print(repository_name("./models/mine"))
    None
    """
    match = _REPOSITORY.fullmatch(source) if isinstance(source, str) else None
    return match["name"] if match else None


def download_model(name: str, *, revision: str | None = None, token: str | None = None) -> Path:
    """Fetch a model's manifest, then the files that it names, and return the folder that holds them.

    The folder is in the kit's cache, one per commit. Its files are checked against the manifest
    when the model is loaded.

    Parameters
    ----------
    name
        `user/name`.
    revision
        A branch, a tag or a commit; by default `main`.
    token
        For a private repository; by default that of `hf auth login`.

    Raises
    ------
    KitError
        When there is no such repository, it holds no model of the kit, or it cannot be reached.
    """
    from huggingface_hub import hf_hub_download

    known = cache_folder() / "hub" / name.replace("/", "--") / (revision or "main")
    if _COMMIT.fullmatch(revision or "") and (known / MANIFEST_FILE).is_file():
        return known
    with _explained(name, revision, doing="fetched"):
        path = Path(_fetch_manifest(name, revision, token))
        # The Hub's cache has a folder per commit: all files are of the manifest's.
        commit = path.parent.name
        place = known.with_name(commit)
        if (place / MANIFEST_FILE).is_file():
            return place
        manifest = read_manifest(path.parent)
        files = [*manifest["files"], *manifest.get("companions", {})]
        fetched = {
            file: hf_hub_download(name, file, revision=commit, token=token) for file in files
        }
    _copy_files({MANIFEST_FILE: str(path), **fetched}, place)
    return place


def _fetch_manifest(name: str, revision: str | None, token: str | None) -> str:
    """Return the path of a repository's manifest; without network, of the copy that was fetched last."""
    from huggingface_hub import HfApi, errors, hf_hub_download

    try:
        # Asked first, as it fails at once where there is no network, and a download tries for long.
        HfApi(token=token).model_info(name, revision=revision, timeout=_TIMEOUT)
    except _network_errors() as error:
        if isinstance(error, errors.HfHubHTTPError):
            raise
        try:
            path = hf_hub_download(name, MANIFEST_FILE, revision=revision, local_files_only=True)
        except errors.LocalEntryNotFoundError:
            raise error from None
        log.warning("the Hub cannot be reached; %s is what was fetched last", name)
        return path
    return hf_hub_download(name, MANIFEST_FILE, revision=revision, token=token)


def _network_errors() -> tuple[type[BaseException], ...]:
    """Return what the Hub's library raises where it cannot reach the Hub, or is refused."""
    from huggingface_hub import errors

    # Its HTTP client is another one in other versions, whose errors these are derived from.
    return errors.HfHubHTTPError.__bases__


def _copy_files(files: dict[str, str], place: Path) -> None:
    """Copy files, which are links in the Hub's cache, into a folder that is there whole or not at all."""
    make_folder(place.parent)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        for name, source in files.items():
            make_folder((fresh / name).parent)
            shutil.copyfile(source, fresh / name)
        # Another process may have been faster with the same files.
        if not place.exists():
            fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def upload_model(
    folder: Path,
    name: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    message: str = "",
) -> str:
    """Send the files of a model's folder to a repository, which is made where there is none; return its address.

    Parameters
    ----------
    folder
        The model, with its card.
    name
        `user/name`.
    private
        Whether a new repository is private; by default what the owner's settings say.
    token
        By default that of `hf auth login`.
    message
        What the commit says.

    Raises
    ------
    KitError
        When the name is none, the Hub cannot be reached, or it refuses.
    """
    from huggingface_hub import HfApi

    if (repository := repository_name(name)) is None:
        raise KitError(f"{printable(name, most=80)!r} names no repository; write USER/NAME")
    api = HfApi(token=token, library_name="stancekit")
    with _explained(repository, None, doing="sent"):
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    return str(address)


@contextmanager
def _explained(name: str, revision: str | None, *, doing: str) -> Iterator[None]:
    """Turn what the Hub's library raises into an error that says what was tried, and what can be done."""
    from huggingface_hub import constants

    # A name or an answer that makes no sense is a ValueError there, a failed file a RuntimeError.
    known: tuple[type[BaseException], ...] = (*_network_errors(), ValueError, RuntimeError)
    where = f"{name} on {constants.ENDPOINT}" + (f", revision {revision}" if revision else "")
    try:
        yield
    except KitError:
        raise
    except known as error:
        reason = _reason(error, doing)
    else:
        return
    if doing == "sent":
        raise KitError(f"the model cannot be sent to {where}: {reason}")
    here = "" if Path(name).exists() else f"there is no folder {name} here, and "
    raise KitError(f"{here}{where} cannot be {doing}: {reason}")


def _reason(error: BaseException, doing: str) -> str:
    """Return why the Hub did not do what was asked of it, and what to do."""
    from huggingface_hub import errors

    log_in = "log in with: hf auth login, or give token=..."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no such repository, or it is private. Check the name, or {log_in}"
    if isinstance(error, errors.RevisionNotFoundError):
        return "it has no such revision; name a branch, a tag or a commit of it"
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return f"a file is missing ({_first_line(error)}), so it holds no whole model of stancekit"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) or isinstance(error, errors.LocalTokenNotFoundError):
        return f"{_first_line(error)}. For access, {log_in}"
    # What failed in sending a file is only in the cause.
    inner = error.__cause__ if isinstance(error, RuntimeError) else None
    cause = f": {_first_line(inner)}" if inner else ""
    return f"{_first_line(error)}{cause}. {_without_network(doing)}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return printable(lines[0], most=200).rstrip(".")


def _without_network(doing: str) -> str:
    if doing == "sent":
        return "Without network, save it with save_pretrained(FOLDER) and send that folder later"
    return "Without network, copy the model's folder to this machine and load that: load(FOLDER)"
