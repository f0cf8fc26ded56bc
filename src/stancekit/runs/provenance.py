"""What a run was made with: code, versions, machine."""

import glob
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from stancekit.fileio import sha256


def describe_object(value: Any) -> Any:
    """Return an object as plain data: equal objects alike, others differently, the same in every process.

    An estimator is its class and parameters, any other object its class and attributes. What has
    neither and shows only its address in memory is described anew each time, so that it never
    passes for another.

    Examples
    --------
    >>> from sklearn.naive_bayes import ComplementNB
    >>> describe_object(ComplementNB(alpha=0.3))["alpha"], describe_object({"by": ("topic",)})
    (0.3, {'by': ['topic']})
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): describe_object(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [describe_object(of) for of in value]
    if isinstance(value, set | frozenset):
        return sorted((describe_object(of) for of in value), key=json.dumps)
    return _leaf(value)


def _leaf(value: Any) -> Any:
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
        return {
            "type": kind,
            "of": [
                describe_object(value.func),
                describe_object(value.args),
                describe_object(value.keywords),
            ],
        }
    if callable(value) and hasattr(value, "__qualname__"):
        return {"function": f"{value.__module__}.{value.__qualname__}", **_code(value)}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"type": kind, **describe_object(value.get_params(deep=False))}
    if is_dataclass(value):
        return {
            "type": kind,
            **{field.name: describe_object(getattr(value, field.name)) for field in fields(value)},
        }
    if hasattr(value, "__dict__"):
        return {"type": kind, **describe_object(vars(value))}
    shown = repr(value)
    return {"type": kind, "is": uuid4().hex if " at 0x" in shown else shown}


def _code(function: Any) -> dict[str, Any]:
    """Tell functions without a name of their own, such as two lambdas, by what they do and hold."""
    code = getattr(function, "__code__", None)
    if code is None or "<" not in function.__qualname__:
        return {}
    held = [describe_object(cell.cell_contents) for cell in function.__closure__ or ()]
    return {"code": [code.co_code.hex(), repr(code.co_consts), list(code.co_names), held]}


def identity(**settings: Any) -> str:
    """Return the hash that names a run: its settings, described, and the kit's version.

    Of a local checkpoint or of finished runs that settings name, what lies there counts too.
    """
    plain = describe_object(settings)
    state = str(settings.get("random_state"))
    behind = sorted({f"{path}: {_digest_of_files(path)}" for path in _places(plain, state)})
    whole = json.dumps([plain, behind, version("stancekit")], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:10]


def _places(node: Any, state: str) -> Iterator[Path]:
    """Yield the local checkpoints and runs that a description names."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, str) and key == "checkpoint":
                yield from (path for path in [Path(value).expanduser()] if path.is_dir())
            elif key == "members" and isinstance(value, Mapping):
                patterns = [
                    one.replace("{random_state}", state)
                    for one in value.values()
                    if isinstance(one, str)
                ]
                yield from (
                    Path(found) / "run.json" for one in patterns for found in glob.glob(one)
                )
            yield from _places(value, state)
    elif isinstance(node, list):
        for value in node:
            yield from _places(value, state)


def _digest_of_files(path: Path) -> str:
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    sums = [[one.name, sha256(one)] for one in files if one.is_file()]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()


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
        "peak_memory_mb": _peak_memory() // 2**20,
    }


def _peak_memory() -> int:
    """Return the most memory that this process has used so far, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil  # type: ignore[import-untyped]

        used = psutil.Process().memory_info()
        return int(getattr(used, "peak_wset", used.rss))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, but bytes on macOS.
    return most if sys.platform == "darwin" else most * 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit(root: Path) -> str:
    """Return the commit of the kit's own checkout.

    Empty for an installed wheel, also where that lies within somebody else's repository, and where
    there is no git.
    """
    try:
        if 'name = "stancekit"' not in (root / "pyproject.toml").read_text(encoding="utf-8"):
            return ""
        # A git hook's environment would name the repository that it runs in.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GIT_")
        }
        found = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        ).stdout.splitlines()
    except OSError:
        return ""
    # A copy of the kit within another repository is none of its commits.
    return found[1] if len(found) == 2 and Path(found[0]).resolve() == root else ""
