"""The manifest of a saved model: how its scores are read, and a SHA-256 sum of every file, itself included."""

import hashlib
import importlib.metadata
import json
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import write_json
from stancekit.models.classifier import FittedClassifier
from stancekit.models.selective import SelectivePolicy

log = logging.getLogger(__name__)

MANIFEST_FORMAT = 4
MANIFEST_FILE = "manifest.json"
# The card and the scores: texts for people, on which no label depends.
COMPANIONS = ("README.md", "scores.csv")
MODEL_PACKAGES = ("stancekit", "scikit-learn", "numpy", "torch", "transformers")
# Another version of these packages may make other scores of the same files; of some kinds of models
# only these matter.
_NEEDED_PACKAGES = {
    **dict.fromkeys(("majority", "lexicon", "linear", "other"), ("stancekit", "scikit-learn")),
    "encoder": ("stancekit", "torch", "transformers"),
    # What it says is in its replies, whatever is installed.
    "llm": ("stancekit",),
}
_ALL_PACKAGES = ("stancekit", "scikit-learn", "torch", "transformers")
_SUM = re.compile(r"[0-9a-f]{64}")
_REQUIRED_FIELDS = (
    "kind",
    "name",
    "codebook",
    "thresholds",
    "temperature",
    "offsets",
    "policy",
    "versions",
    "files",
)

Manifest = dict[str, Any]


def describe_model(
    fitted: FittedClassifier, kind: str, files: Mapping[str, str], facts: Mapping[str, Any]
) -> Manifest:
    """Return the manifest of a model and its files, not yet sealed.

    Parameters
    ----------
    files
        SHA-256 by name.
    facts
        What else the manifest says, such as the digest of the data.
    """
    return {
        **facts,
        "format": MANIFEST_FORMAT,
        "kind": kind,
        "name": fitted.name,
        "codebook": fitted.codebook.to_dict(),
        "thresholds": list(fitted.thresholds),
        "temperature": fitted.temperature,
        "offsets": list(fitted.offsets),
        "policy": fitted.policy.to_list(),
        "versions": {name: importlib.metadata.version(name) for name in MODEL_PACKAGES},
        "files": dict(files),
    }


def seal_manifest(folder: Path, manifest: Manifest, companions: Mapping[str, str]) -> None:
    """Write a manifest, with the sums of card and scores, and a sum over the manifest itself.

    Raises
    ------
    KitError
        When it would not be read back, as with a temperature that is not a number.
    """
    content = {**manifest, "companions": dict(companions)}
    try:
        # What is written is checked as it will be read: tuples are lists there.
        content = json.loads(_plain(content))
        faults = _faults(content)
    except ValueError as error:
        faults = [str(error)]
    if faults:
        raise KitError(
            f"model {manifest['name']!r} cannot be saved: {listing(faults)}. Train it with other settings"
        )
    write_json(folder / MANIFEST_FILE, {**content, "manifest_sha256": own_sum(content)})


def refusal(folder: Path, reason: str) -> KitError:
    """Return the error for a saved model that is not loaded, for whatever reason."""
    return KitError(
        f"saved model {folder} is refused: {reason}. Copy the folder again, or train the model again"
    )


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest and check everything it says; no other file is read.

    Raises
    ------
    KitError
        When there is none, or it is damaged, altered or of another version.
    """
    try:
        manifest: Manifest = json.loads(
            (folder / MANIFEST_FILE).read_text(encoding="utf-8"), parse_constant=_refuse_number
        )
    except (FileNotFoundError, NotADirectoryError):
        raise KitError(
            f"{folder} holds no saved model (no {MANIFEST_FILE}); train one with: stancekit train experiment=un_votes"
        ) from None
    except OSError as error:
        raise KitError(
            f"{folder}/{MANIFEST_FILE} cannot be read: {error.strerror}; name the folder of a saved model"
        ) from None
    except (ValueError, RecursionError):
        raise refusal(folder, f"{MANIFEST_FILE} is not JSON") from None
    _check_format(folder, manifest)
    own_total = manifest.pop("manifest_sha256", None)
    faults = _faults(manifest)
    if not faults and own_total != own_sum(manifest):
        faults = ["it was altered: its own sum is another"]
    if faults:
        raise refusal(folder, f"in {MANIFEST_FILE}, {listing(faults)}")
    return manifest


def _check_format(folder: Path, manifest: Any) -> None:
    seen = manifest.get("format") if isinstance(manifest, dict) else None
    if seen == MANIFEST_FORMAT:
        return
    if isinstance(seen, int) and 0 < seen < MANIFEST_FORMAT:
        raise KitError(
            f"saved model {folder} was written by an older version of stancekit (format {seen}; this version reads "
            f"format {MANIFEST_FORMAT}); train the model again"
        )
    raise KitError(
        f"{folder}/{MANIFEST_FILE} is not a model manifest of format {MANIFEST_FORMAT} (seen: "
        f"{printable(repr(seen), most=40)}); it was written by another program or version. Train the model again"
    )


def fitted_from(manifest: Manifest, model: Any) -> FittedClassifier:
    """Return a model with what the manifest says about reading its scores."""
    return FittedClassifier(
        model,
        Codebook.from_dict(manifest["codebook"]),
        tuple(manifest["thresholds"]),
        manifest["name"],
        manifest["temperature"],
        SelectivePolicy.from_list(manifest["policy"]),
        tuple(manifest["offsets"]),
    )


def warn_of_versions(folder: Path, manifest: Manifest) -> None:
    """Log a warning where a package that affects scores is installed in another major or minor version."""
    differ = []
    for name in _NEEDED_PACKAGES.get(manifest["kind"], _ALL_PACKAGES):
        then = manifest["versions"].get(name, "none")
        now = importlib.metadata.version(name)
        if _minor(then) != _minor(now):
            differ.append(f"{name} {then} (here {now})")
    if differ:
        log.warning(
            "saved model %s was made with %s; its scores may differ. Check it with stancekit evaluate",
            folder,
            ", ".join(differ),
        )


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _plain(data: Any) -> str:
    return json.dumps(data, sort_keys=True, allow_nan=False, separators=(",", ":"))


def own_sum(manifest: Manifest) -> str:
    """Return the SHA-256 of what a manifest says, whatever the order of its keys and the blanks between them."""
    return hashlib.sha256(_plain(manifest).encode()).hexdigest()


def _refuse_number(name: str) -> None:
    raise ValueError(name)


def _faults(manifest: Manifest) -> list[str]:
    """Return what is wrong with the fields of a manifest."""
    if missing := [name for name in _REQUIRED_FIELDS if name not in manifest]:
        return [f"{listing(missing)} missing"]
    codebook = _codebook(manifest["codebook"])
    if codebook is None:
        return ["codebook is not a codebook"]
    n, multi_label = len(codebook.names), codebook.multi_label
    checks: dict[str, Callable[[Any], bool]] = {
        "kind": lambda value: isinstance(value, str),
        "name": lambda value: isinstance(value, str) and bool(value),
        # Without any, the threshold is one half.
        "thresholds": lambda value: (
            _is_number_list(value, (0, n * multi_label))
            and all(0 <= number <= 1 for number in value)
        ),
        "temperature": lambda value: (
            _is_number(value) and value > 0 and (value == 1 or not multi_label)
        ),
        "offsets": lambda value: _is_number_list(value, (0, n * (not multi_label))),
        "policy": _is_policy,
        "versions": lambda value: (
            isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        ),
        "files": lambda value: (
            _are_sums(value) and bool(value) and not {MANIFEST_FILE, *COMPANIONS} & set(value)
        ),
        "companions": lambda value: _are_sums(value) and set(value) <= set(COMPANIONS),
    }
    fields = {"companions": {}, **manifest}
    return [
        f"{name} is {printable(repr(fields[name]), most=60)}"
        for name, is_valid in checks.items()
        if not is_valid(fields[name])
    ]


def _codebook(data: Any) -> Codebook | None:
    try:
        codebook = Codebook.from_dict(data)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    texts = [codebook.name, codebook.column, codebook.towards, codebook.absent, *codebook.scale]
    texts += codebook.votes.values()
    for code in codebook.codes:
        texts += [code.name, code.definition, code.near_miss, code.hypothesis, *code.positive]
    plain = all(isinstance(text, str) for text in texts) and isinstance(codebook.multi_label, bool)
    distinct = plain and len(set(codebook.names)) == len(codebook.codes) > 0
    return (
        codebook
        if distinct and codebook.name and codebook.unit in ("example", "sentence")
        else None
    )


def _is_number(value: Any) -> bool:
    # An integer of hundreds of digits is no float.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < math.inf
        and value < 1e300
    )


def _is_number_list(value: Any, lengths: Sequence[int]) -> bool:
    return isinstance(value, list) and len(value) in lengths and all(map(_is_number, value))


def _is_policy(value: Any) -> bool:
    """Say whether there are two lists of pairs: rising shares, with cuts that fall for risks and rise for sets."""
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(pairs, list) for pairs in value)
    ):
        return False
    if not all(isinstance(pair, list) and len(pair) == 2 for pairs in value for pair in pairs):
        return False
    shares = [[share for share, _ in pairs] for pairs in value]
    cuts = [[math.inf if cut is None else cut for _, cut in pairs] for pairs in value]
    if not all(_is_number(share) and 0 < share < 1 for column in shares for share in column):
        return False
    if not all(cut == math.inf or _is_number(cut) for cut in cuts[0]) or not all(
        map(_is_number, cuts[1])
    ):
        return False
    return (
        all(column == sorted(set(column)) for column in shares)
        and cuts[0] == sorted(cuts[0], reverse=True)
        and cuts[1] == sorted(cuts[1])
    )


def _are_sums(value: Any) -> bool:
    """Say whether a value maps names of files inside a folder to SHA-256 sums."""
    return isinstance(value, dict) and all(
        isinstance(total, str) and _SUM.fullmatch(total) and _is_relative(name)
        for name, total in value.items()
    )


def _is_relative(name: str) -> bool:
    """Say whether a name is that of a file in the folder or below it."""
    parts = PurePosixPath(name).parts
    return (
        0 < len(name) < 1000
        and all(len(part.encode("utf-8", "replace")) < 256 for part in parts)
        and "\0" not in name
        and "\\" not in name
        and not PurePosixPath(name).is_absolute()
        and ".." not in parts
        and PurePosixPath(*parts).as_posix() == name
    )
