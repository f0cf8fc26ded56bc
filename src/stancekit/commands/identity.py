"""What makes a run another run: its settings, its data, the weights it starts from, the kit's version."""

import glob
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from stancekit.files import sha256


def describe(value: Any) -> Any:
    """Return an object as plain data: equal objects alike, others differently, the same in every process.

    An estimator is its class and parameters, any other object its class and attributes. What has neither and shows
    only its address in memory is described anew each time, so that it never passes for another.

    Examples
    --------
    >>> from sklearn.naive_bayes import ComplementNB
    >>> describe(ComplementNB(alpha=0.3))["alpha"], describe({"by": ("topic",)})
    (0.3, {'by': ['topic']})
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): describe(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [describe(of) for of in value]
    if isinstance(value, set | frozenset):
        return sorted((describe(of) for of in value), key=json.dumps)
    return _leaf(value)


def _leaf(value: Any) -> Any:
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"array": hashlib.sha256(value.tobytes()).hexdigest(), "shape": list(value.shape)}
    return _object(value)


def _object(value: Any) -> Any:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, partial):
        return {"type": kind, "of": [describe(value.func), describe(value.args), describe(value.keywords)]}
    if callable(value) and hasattr(value, "__qualname__"):
        return {"function": f"{value.__module__}.{value.__qualname__}", **_code(value)}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"type": kind, **describe(value.get_params(deep=False))}
    if is_dataclass(value):
        return {"type": kind, **{field.name: describe(getattr(value, field.name)) for field in fields(value)}}
    if hasattr(value, "__dict__"):
        return {"type": kind, **describe(vars(value))}
    shown = repr(value)
    return {"type": kind, "is": uuid4().hex if " at 0x" in shown else shown}


def _code(function: Any) -> dict[str, Any]:
    """Tell functions without a name of their own, such as two lambdas, by what they do and hold."""
    code = getattr(function, "__code__", None)
    if code is None or "<" not in function.__qualname__:
        return {}
    held = [describe(cell.cell_contents) for cell in function.__closure__ or ()]
    return {"code": [code.co_code.hex(), repr(code.co_consts), list(code.co_names), held]}


def identity(**settings: Any) -> str:
    """Return the hash that names a run: its settings, described, and the kit's version.

    Of a local checkpoint or of finished runs that settings name, what lies there counts too.
    """
    plain = describe(settings)
    state = str(settings.get("random_state"))
    behind = sorted({f"{path}: {_sum(path)}" for path in _places(plain, state)})
    whole = json.dumps([plain, behind, version("stancekit")], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:10]


def _places(node: Any, state: str) -> Iterator[Path]:
    """Yield the local checkpoints and runs that a description names."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, str) and key == "checkpoint":
                yield from (path for path in [Path(value).expanduser()] if path.is_dir())
            elif key == "members" and isinstance(value, Mapping):
                patterns = [one.replace("{random_state}", state) for one in value.values() if isinstance(one, str)]
                yield from (Path(found) / "run.json" for one in patterns for found in glob.glob(one))  # noqa: PTH207
            yield from _places(value, state)
    elif isinstance(node, list):
        for value in node:
            yield from _places(value, state)


def _sum(path: Path) -> str:
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    sums = [[one.name, sha256(one)] for one in files if one.is_file()]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()
