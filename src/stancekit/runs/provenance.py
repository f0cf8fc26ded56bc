"""What a run was made with: code, versions and machine, and the hash of settings and data that names it."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

from stancekit.fileio import sha256
from stancekit.resources import BOX, shipped
from stancekit.runs.folder import RECORD_FILE
from stancekit.runs.members import STATE, find_runs
from stancekit.types import as_list

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")
# Where the kit is run from its own checkout, this is the checkout.
_ROOT = Path(__file__).resolve().parents[3]


def provenance() -> dict[str, Any]:
    """Return the kit's version and commit, the machine, the versions that scores depend on, and memory used."""
    return {
        "stancekit": version("stancekit"),
        "commit": _commit(_ROOT),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "processor": _processor(),
        },
        "versions": {package: version(package) for package in RECORDED_PACKAGES},
        "memory_mb": _memory_used() // 2**20,
    }


def _memory_used() -> int:
    """Return the memory of this process in bytes: its peak where the system records one, else what it uses now."""
    memory = psutil.Process().memory_info()
    # Only Windows records a peak that psutil reads.
    return int(getattr(memory, "peak_wset", memory.rss))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit(root: Path) -> str:
    """Return the commit of the kit's own checkout.

    Empty for an installed wheel, also in an environment inside another repository, and where there
    is no git.
    """
    try:
        if 'name = "stancekit"' not in (root / "pyproject.toml").read_text(encoding="utf-8"):
            return ""
        # A git hook's environment would name the repository that it runs in.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GIT_")
        }
        lines = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        ).stdout.splitlines()
    except OSError:
        return ""
    # A copy of the kit inside another repository has none of that repository's commits.
    return lines[1] if len(lines) == 2 and Path(lines[0]).resolve() == root else ""


def describe_object(value: Any) -> Any:
    """Return an object as plain data: the same for equal objects, in every process, and different for others.

    An estimator is described by its class and parameters, any other object by its class and
    attributes. An object that has neither, and shows only its address in memory, is described
    differently each time, so that it is never taken for another.

    Examples
    --------
    >>> from sklearn.naive_bayes import ComplementNB
    >>> describe_object(ComplementNB(alpha=0.3))["alpha"], describe_object({"by": ("topic",)})
    (0.3, {'by': ['topic']})
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): describe_object(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [describe_object(item) for item in value]
    if isinstance(value, set | frozenset):
        # A set has another order in another process.
        return sorted((describe_object(item) for item in value), key=json.dumps)
    return _describe_leaf(value)


def _describe_leaf(value: Any) -> Any:
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"array": hashlib.sha256(value.tobytes()).hexdigest(), "shape": list(value.shape)}
    return _describe_instance(value)


def _describe_instance(value: Any) -> Any:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, partial):
        parts = [value.func, value.args, value.keywords]
        return {"type": kind, "of": [describe_object(part) for part in parts]}
    if callable(value) and hasattr(value, "__qualname__"):
        return {"function": f"{value.__module__}.{value.__qualname__}", **_describe_code(value)}
    if hasattr(value, "get_params") and not isinstance(value, type):
        # Some leave out what changes no score, and add the content of files.
        own = getattr(value, "describe_settings", partial(value.get_params, deep=False))
        return {"type": kind, **describe_object(own())}
    if is_dataclass(value):
        attributes = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"type": kind, **describe_object(attributes)}
    if hasattr(value, "__dict__"):
        return {"type": kind, **describe_object(vars(value))}
    shown = repr(value)
    # An address may be another object's in the next process.
    return {"type": kind, "is": uuid4().hex if " at 0x" in shown else shown}


def _describe_code(function: Any) -> dict[str, Any]:
    """Return what distinguishes functions without a name, such as two lambdas: their code and what they close over."""
    code = getattr(function, "__code__", None)
    if code is None or "<" not in function.__qualname__:
        return {}
    closure = [describe_object(cell.cell_contents) for cell in function.__closure__ or ()]
    return {"code": [code.co_code.hex(), repr(code.co_consts), list(code.co_names), closure]}


def identity(**settings: Any) -> str:
    """Return the hash that names a run: its settings, described, and the kit's version.

    Where settings name a local checkpoint, models (a teacher, the kit's own) or finished runs, the
    content of these files counts too.
    """
    plain = describe_object(settings)
    paths = set(_referenced_paths(plain, str(settings.get("random_state"))))
    contents = sorted(f"{path}: {_digest_of_files(path)}" for path in paths)
    whole = json.dumps([plain, contents, version("stancekit")], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:10]


def _referenced_paths(node: Any, random_state: str) -> Iterator[Path]:
    """Yield the local checkpoints, the models and the runs that a description names."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("checkpoint", "teacher", "models"):
                names = as_list(value if isinstance(value, str | list) else ())
                places = [Path(name).expanduser() for name in names]
                # A checkpoint may be one file.
                yield from (place for place in places if place.exists())
                # The kit's own by its name; packed models that are not named are those too.
                if BOX in names or (key == "models" and value is None):
                    box = shipped("models", BOX)
                    yield from (*box.glob("*/*.safetensors"), *box.glob("*/*.onnx"))
            elif key == "members" and isinstance(value, Mapping):
                for member in value.values():
                    if isinstance(member, str):
                        runs = find_runs(member.replace(STATE, random_state))
                        # The record has the sums of the run's other files.
                        yield from (run / RECORD_FILE for run in runs)
            yield from _referenced_paths(value, random_state)
    elif isinstance(node, list):
        for value in node:
            yield from _referenced_paths(value, random_state)


def _digest_of_files(path: Path) -> str:
    # Names without folders, so that a moved checkpoint stays the same.
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    sums = [[file.name, sha256(file)] for file in files if file.is_file()]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()
