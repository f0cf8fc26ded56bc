"""Years and months: cells that follow from dates, and where they are in time."""

import re
from collections.abc import Sequence

from stancekit.corpus.dates import read_dates
from stancekit.errors import KitError, listing

# By period: how many characters of an ISO date name it.
PERIODS = {"year": 4, "month": 7}


def read_periods(
    ids: Sequence[str], dates: Sequence[object], period: str, date_format: str | None = None
) -> list[str | None]:
    """Return the year or month of each date, `None` where there is no date.

    Parameters
    ----------
    ids
        What to call the rows in messages.
    period
        `year` or `month`.
    date_format
        As of `corpus.dates.read_date`.

    Raises
    ------
    KitError
        When a date cannot be read, or is not as precise as the period.

    Examples
    --------
    >>> read_periods(["r0", "r1"], ["20180111", None], "month")
    ['2018-01', None]
    """
    length = PERIODS[period]
    read = read_dates(
        zip(ids, dates, strict=True), where="labels", key="date_format", format=date_format
    )
    imprecise = [
        f"{key}: {date}" for key, date in zip(ids, read, strict=True) if 0 < len(date) < length
    ]
    if imprecise:
        raise KitError(
            f"{len(imprecise)} dates do not say the {period} ({listing(imprecise)}); "
            "compare years with by=[year]"
        )
    return [date[:length] or None for date in read]


def period_number(period: str) -> int | None:
    """Return a year or a month as a number of years or months, `None` where it is neither.

    Examples
    --------
    >>> period_number("2010") - period_number("2000")
    10
    >>> period_number("2020-03") - period_number("2019-12")
    3
    >>> print(period_number("(none)"))
    None
    """
    match = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period, re.ASCII)
    if not match:
        return None
    year, month = match.groups()
    return int(year) * 12 + int(month) if month else int(year)
