"""Dates of texts, read in one place: as ISO 8601 text, at the precision that the data gives."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from stancekit.errors import KitError, listing

KNOWN = "YYYY, YYYY-MM, YYYY-MM-DD (also with a time behind it) or YYYYMMDD"
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ]+\d\d:\d\d\S*(?: ?[+-]\d\d:?\d\d| UTC)?)?)?)?", re.ASCII
)
# As event data write days and moments, and whole numbers that went through a column with gaps
# ("20180111.0").
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?\d{4}(?:\d\d)?Z?)?", re.ASCII)
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
_DAY, _MONTH, _YEAR = (re.compile(rf"%[{signs}]") for signs in ("dejcxD", "mbBh", "YyGcxD"))


def read_date(value: object, format: str | None = None) -> str:  # the word of strptime
    """Return a date as ISO text: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as it was given.

    Parameters
    ----------
    value
        A text, a whole number, or a `date` or `datetime`. The day is the one written: times and
        time zones move none.
    format
        How texts spell a date, in the signs of `datetime.strptime`, as in `%d/%m/%Y`; by default
        ISO 8601 or `YYYYMMDD`. With a format nothing else is read.

    Returns
    -------
    str
        Text whose order is that of the dates; empty where `value` is `None`, blank or not a number.

    Raises
    ------
    KitError
        When it is no date in that form. Which of `11/01/2018`'s numbers is the month is never
        guessed.

    Examples
    --------
    >>> read_date("2018-01-11T10:30:00Z"), read_date("2018-01"), read_date(2018), read_date(20180111)
    ('2018-01-11', '2018-01', '2018', '2018-01-11')
    >>> read_date("11/01/2018", "%d/%m/%Y"), read_date("Jan 2018", "%b %Y")
    ('2018-01-11', '2018-01')
    """
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124  # not a number
    if not text:
        return ""
    return _iso(text) if format is None else _stated(text, format)


def read_year(value: object) -> str:
    """Return the year of a date, empty where it is none that can be read.

    Examples
    --------
    >>> read_year("2018-01"), read_year("11/01/2018")
    ('2018', '')
    """
    try:
        return read_date(value)[:4]
    except KitError:
        return ""


def _iso(text: str) -> str:
    plain = whole[1] if (whole := _WHOLE.fullmatch(text)) else text
    found = _ISO.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if not found:
        raise KitError(f"date {text[:40]!r} is not {KNOWN}")
    given = [number for number in found.groups() if number]
    _day([int(number) for number in given], text)
    return "-".join(given)


def _day(numbers: list[int], text: str) -> None:
    year, month, day = (*numbers, 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError as error:
        raise KitError(f"date {text[:40]!r} is no day of the calendar: {error}") from None
    if not 1000 <= year < 3000:
        raise KitError(f"date {text[:40]!r} is of the year {year}; expected is {KNOWN}")


def _stated(text: str, format: str) -> str:
    if not _YEAR.search(format):
        raise KitError(f"date format {format!r} names no year; write it as in %d/%m/%Y")
    try:
        found = datetime.strptime(text, format)  # the day is the one written
    except ValueError:
        raise KitError(f"date {text[:40]!r} is not of the form {format!r}") from None
    full = f"{found.year:04}-{found.month:02}-{found.day:02}"
    return full if _DAY.search(format) else full[:7] if _MONTH.search(format) else full[:4]


def read_dates(
    values: Iterable[tuple[object, object]],
    *,
    where: str,
    key: str,
    format: str | None = None,
) -> list[str]:
    """Read many dates, and tell all that cannot be read at once.

    Parameters
    ----------
    values
        What to call the row in messages, and its date.
    where
        What to call the data in messages.
    key
        The setting that states the format, as in `corpus.date_format`.
    format
        See `read_date`.

    Raises
    ------
    KitError
        Naming the unreadable dates with their rows, and the setting.
    """
    found: list[str] = []
    faults: list[str] = []
    why = ""
    for row, value in values:
        try:
            found.append(read_date(value, format))
        except KitError as error:
            why = why or str(error)
            faults.append(f"{row}: {str(value).strip()[:40]!r}")
    if faults:
        raise KitError(
            f"{where} has {len(faults)} dates that cannot be read (rows {listing(faults)}): {why}. "
            f"Correct them, or state their form, as in {key}='%d/%m/%Y'"
        )
    return found
