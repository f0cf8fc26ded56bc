"""Read dates as ISO 8601 text, as precise as the data gives them."""

import math
import re
from collections.abc import Iterable
from datetime import date, datetime

from stancekit.errors import KitError, listing

# What an error names as the dates that can be read.
KNOWN = "YYYY, YYYY-MM, YYYY-MM-DD (also with a time after it) or YYYYMMDD"
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ]+\d\d:\d\d\S*(?: ?[+-]\d\d:?\d\d| UTC)?)?)?)?",
    re.ASCII,
)
# Days and moments as data of events write them.
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?\d{4}(?:\d\d)?Z?)?", re.ASCII)
# Whole numbers that went through a column with gaps: "20180111.0".
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
# Signs of strptime that give a day, a month and a year: they decide how precise a date is.
_DAY = re.compile("%[dejcxD]")
_MONTH = re.compile("%[mbBh]")
_YEAR = re.compile("%[YyGcxD]")
# A year outside these is a number of another kind, such as a count or an id.
_FIRST_YEAR, _END_YEAR = 1000, 3000


def read_date(value: object, format: str | None = None) -> str:  # strptime's own name
    """Return a date as ISO text: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as given.

    Parameters
    ----------
    value
        A text, a whole number, or a `date` or `datetime`. The day is the one written:
        times and time zones do not move it.
    format
        How texts write a date, in the signs of `datetime.strptime`, as in `%d/%m/%Y`; by
        default ISO 8601 or `YYYYMMDD`. With a format, no other form is read.

    Returns
    -------
    str
        Text whose order is that of the dates; empty where `value` is `None`, blank or NaN.

    Raises
    ------
    KitError
        When it is no date in that form. Which number of `11/01/2018` is the month is never
        guessed.

    Examples
    --------
    >>> read_date("2018-01-11T10:30:00Z"), read_date("2018-01"), read_date(20180111)
    ('2018-01-11', '2018-01', '2018-01-11')
    >>> read_date("11/01/2018", "%d/%m/%Y"), read_date("Jan 2018", "%b %Y")
    ('2018-01-11', '2018-01')
    """
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124  # not a number
    if not text:
        return ""
    return _read_iso(text) if format is None else _read_format(text, format)


def read_year(value: object) -> str:
    """Return the year of a date, empty where the date cannot be read.

    Examples
    --------
    >>> read_year("2018-01"), read_year("11/01/2018")
    ('2018', '')
    """
    try:
        return read_date(value)[:4]
    except KitError:
        return ""


def _read_iso(text: str) -> str:
    whole = _WHOLE.fullmatch(text)
    plain = whole[1] if whole else text
    match = _ISO.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if not match:
        raise KitError(f"date {text[:40]!r} is not {KNOWN}")
    numbers = [number for number in match.groups() if number]
    _check_day([int(number) for number in numbers], text)
    return "-".join(numbers)


def _check_day(numbers: list[int], text: str) -> None:
    year, month, day = (*numbers, 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError as error:
        raise KitError(f"date {text[:40]!r} is no day of the calendar: {error}") from None
    if not _FIRST_YEAR <= year < _END_YEAR:
        raise KitError(f"date {text[:40]!r} is of the year {year}; expected is {KNOWN}")


def _read_format(text: str, format: str) -> str:
    if not _YEAR.search(format):
        raise KitError(f"date format {format!r} names no year; write it as in %d/%m/%Y")
    try:
        moment = datetime.strptime(text, format)
    except ValueError:
        raise KitError(f"date {text[:40]!r} is not of the form {format!r}") from None
    day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    if _DAY.search(format):
        return day
    return day[:7] if _MONTH.search(format) else day[:4]


def decimal_year(iso: str) -> float:
    """Return a date as a number of years: the middle of what it says, NaN where it says nothing.

    Examples
    --------
    >>> decimal_year("2019"), decimal_year("2019-01-01"), decimal_year("")
    (2019.5, 2019.0013698630137, nan)
    """
    if not iso:
        return math.nan
    numbers = [int(part) for part in iso.split("-")]
    year = numbers[0]
    if len(numbers) == 1:
        return year + 0.5
    if len(numbers) == 2:  # year and month
        return year + (numbers[1] - 0.5) / 12
    start = date(year, 1, 1).toordinal()
    days = date(year + 1, 1, 1).toordinal() - start
    return year + (date(*numbers).toordinal() - start + 0.5) / days


def from_decimal_year(time: float) -> str:
    """Return the day of a number of years as ISO text.

    Examples
    --------
    >>> from_decimal_year(decimal_year("2020-02-29")), from_decimal_year(2019.999999)
    ('2020-02-29', '2019-12-31')
    """
    year = math.floor(time)
    start = date(year, 1, 1).toordinal()
    days = date(year + 1, 1, 1).toordinal() - start
    return date.fromordinal(start + min(int((time - year) * days), days - 1)).isoformat()


def read_dates(
    values: Iterable[tuple[object, object]],
    *,
    where: str,
    key: str,
    format: str | None = None,
) -> list[str]:
    """Read many dates, with one error for all that cannot be read.

    Parameters
    ----------
    values
        The name of each row in messages, and its date.
    where
        The name of the data in messages.
    key
        The setting that states the format, as in `corpus.date_format`.
    format
        As of `read_date`.

    Raises
    ------
    KitError
        Naming the unreadable dates with their rows, and the setting.
    """
    dates: list[str] = []
    faults: list[str] = []
    reason = ""
    for row, value in values:
        try:
            dates.append(read_date(value, format))
        except KitError as error:
            reason = reason or str(error)
            faults.append(f"{row}: {str(value).strip()[:40]!r}")
    if faults:
        raise KitError(
            f"{where} has {len(faults)} dates that cannot be read (rows {listing(faults)}): {reason}. "
            f"Correct them, or state their form, as in {key}='%d/%m/%Y'"
        )
    return dates
