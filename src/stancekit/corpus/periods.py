"""Years and months of labelled rows, as cells to compare and as points in time."""

import re
from collections.abc import Iterable, Sequence

from stancekit.corpus.dates import read_dates
from stancekit.corpus.labels import Row, row_id
from stancekit.errors import KitError, listing

# Columns that follow from the date, with the length of what they hold of it.
PERIODS = {"year": 4, "month": 7}


def with_period(rows: Sequence[Row], by: Iterable[str], date_format: str | None = None) -> list[Row]:
    """Return rows with `year` and `month` from their `date`, as far as cells are made by these and rows lack them.

    Raises
    ------
    KitError
        When a date cannot be read, or is not as precise as the period.

    Examples
    --------
    >>> with_period([{"date": "20180111"}, {"date": None}], ["month"])
    [{'date': '20180111', 'month': '2018-01'}, {'date': None, 'month': None}]
    """
    wanted = [key for key in PERIODS if key in by and not any(key in row for row in rows)]
    if not wanted or not any("date" in row for row in rows):
        return list(rows)
    dates = read_dates(
        ((row_id(row), row.get("date")) for row in rows), where="labels", key="date_format", format=date_format
    )
    for key in wanted:
        if coarse := [
            f"{row_id(row)}: {of}" for row, of in zip(rows, dates, strict=True) if 0 < len(of) < PERIODS[key]
        ]:
            raise KitError(
                f"{len(coarse)} dates do not say the {key} ({listing(coarse)}); compare years with by=[year]"
            )
    return [{**row, **{key: of[: PERIODS[key]] or None for key in wanted}} for row, of in zip(rows, dates, strict=True)]


def position(period: str) -> int | None:
    """Return where a year or a month lies in time, in years or months, `None` where it is neither.

    Examples
    --------
    >>> position("2010") - position("2000"), position("2020-03") - position("2019-12"), position("(none)")
    (10, 3, None)
    """
    found = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period, re.ASCII)
    if not found:
        return None
    return int(found[1]) * 12 + int(found[2]) if found[2] else int(found[1])
