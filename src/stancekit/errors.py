"""The errors a user of the kit can meet."""

import re
from collections.abc import Iterable, Sequence

# Control characters, halves of characters, line separators, and marks that turn the direction of
# writing.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class KitError(ValueError):
    """An error that the user can fix; the message says how."""


class MissingExtra(KitError, ImportError):  # noqa: N818  # named for what happened, as in the design
    """An optional dependency is not installed; the message has the install line."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; it comes with: pip install 'stancekit[{extra}]'"
        )


def printable(text: object, most: int | None = None, keep: str = "") -> str:
    r"""Return a text as a terminal may show it: control characters escaped, and cut where it is longer than `most`.

    Parameters
    ----------
    text
        Anything; its `str` is taken.
    most
        The most characters to return.
    keep
        Characters to leave as they are, such as a line feed.

    Examples
    --------
    >>> print(printable("\x1b[31mred\n"))
    \x1b[31mred\n
    >>> printable("a long name", most=7)
    'a long…'
    """
    shown = _UNSHOWN.sub(
        lambda match: match[0] if match[0] in keep else ascii(match[0])[1:-1], str(text)
    )
    return shown if most is None or len(shown) <= most else f"{shown[: most - 1]}…"


def listing(items: Iterable[object], most: int = 8) -> str:
    """Join items for an error message, cutting a long list with its count, and long items.

    Examples
    --------
    >>> listing([14, 90])
    '14, 90'
    >>> listing(range(20), most=3)
    '0, 1, 2 and 17 more'
    """
    shown: Sequence[str] = [printable(item, most=80) for item in items]
    tail = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + tail
