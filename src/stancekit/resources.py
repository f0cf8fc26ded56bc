"""The one door to the material that ships with the kit: configs, data and seeds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "material", _PACKAGE.parents[1])


def shipped(*parts: str) -> Path:
    """Return the path of shipped material, from an installed wheel or a checkout.

    Examples
    --------
    >>> shipped("configs", "codebook", "stance.yaml").name
    'stance.yaml'
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(
        f"{'/'.join(parts)} is not part of this installation of stancekit; reinstall it"
    )


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Make a module impossible to import inside the block, unless it is imported already.

    For packages that load torch whenever they find it, a matter of seconds, though what is asked
    of them does not need it.

    Examples
    --------
    >>> with hidden("antigravity"):
    ...     import antigravity
    Traceback (most recent call last):
    ModuleNotFoundError: import of antigravity halted; None in sys.modules
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own mark for "cannot be imported"
    try:
        yield
    finally:
        del sys.modules[name]
