"""Arguments of commands as a user may give them, from Python or from the command line."""

from collections.abc import Sequence
from typing import Any


def as_list(value: str | Sequence[Any] | None) -> tuple[str, ...]:
    """Return an argument that names several things: one string is one of them, nothing is none.

    Numbers become strings, as a target `2334` or a column `2021` is meant by its name.

    Examples
    --------
    >>> as_list("bike lanes")
    ('bike lanes',)
    >>> as_list(["the levy", 2334])
    ('the levy', '2334')
    >>> as_list(None)
    ()
    """
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (str(value),)
    return tuple(str(item) for item in value)
