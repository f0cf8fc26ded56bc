"""The errors a user of the kit can meet."""

from collections.abc import Iterable, Sequence


class KitError(ValueError):
    """A fault that the user can mend; the message says how."""


class MissingExtra(KitError, ImportError):  # noqa: N818  # named for what happened, as in the design
    """An optional dependency is not installed; the message has the install line."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; it comes with: pip install 'stancekit[{extra}]'")


def listing(items: Iterable[object], most: int = 8) -> str:
    """Join items for an error message, cutting a long list with its count.

    Examples
    --------
    >>> listing([14, 90])
    '14, 90'
    >>> listing(range(20), most=3)
    '0, 1, 2 and 17 more'
    """
    shown: Sequence[str] = [str(item) for item in items]
    tail = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + tail
