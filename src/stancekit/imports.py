"""Keep heavy packages out of a start that does not need them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
