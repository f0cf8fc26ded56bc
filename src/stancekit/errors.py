"""Errors that a user can fix, and how values are shown in their messages."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

# Control characters, half characters (lone surrogates), line separators, and marks that
# change the direction of writing: a terminal would act on them instead of showing them.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class KitError(ValueError):
    """An error that the user can fix; the message says how."""


class MissingExtra(KitError, ImportError):  # noqa: N818  # named for what is missing
    """An optional dependency is not installed; the message has the install line."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; it comes with: pip install 'stancekit[{extra}]'"
        )


def printable(text: object, most: int | None = None, keep: str = "") -> str:
    r"""Return a text that is safe to print: control characters are escaped.

    Parameters
    ----------
    text
        Any value; its `str` is used.
    most
        The longest text to return, in characters; a longer one is cut and ends in "…".
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
    """Join items for an error message; a long list is cut and ends with the number left out.

    Each item is shown with `printable`, in 80 characters or less.

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


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the words with which a message names the known spelling that is nearest, or nothing.

    Examples
    --------
    >>> nearest("Sentense", ["sentence", "speaker"]), nearest("motion", ["id"])
    (' (is sentence meant?)', '')
    """
    # Above the usual 0.6, with which "stance" is near to "sentence".
    by_letters = {str(word).casefold(): printable(word, most=40) for word in known}
    close = get_close_matches(name.casefold(), by_letters, 1, cutoff=0.75)
    return f" (is {by_letters[close[0]]} meant?)" if close else ""
