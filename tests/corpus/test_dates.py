"""Dates are read in one place, and what is not surely a date is refused, never cut or compared as text."""

from datetime import UTC, date, datetime

import pytest

from stancekit.corpus.dates import read_date, read_dates
from stancekit.errors import KitError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2018", "2018"),
        (2018, "2018"),
        (2018.0, "2018"),
        ("2018-01", "2018-01"),
        (" 2018-01-11 ", "2018-01-11"),
        ("2018-01-11T10:30:00Z", "2018-01-11"),
        ("2018-01-11 10:30:00+02:00", "2018-01-11"),
        ("2018-01-11 00:00:00 UTC", "2018-01-11"),
        ("20180111", "2018-01-11"),
        (20180111, "2018-01-11"),
        ("20180111.0", "2018-01-11"),
        ("20180111103000", "2018-01-11"),
        (date(2018, 1, 11), "2018-01-11"),
        (datetime(2018, 1, 11, 23, 59, tzinfo=UTC), "2018-01-11"),
        (None, ""),
        ("  ", ""),
        (float("nan"), ""),
    ],
)
def test_dates_keep_the_precision_they_were_given(value, expected):
    assert read_date(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "11/01/2018",
        "1.5.2010",
        "January 5, 2000",
        "2018-13",
        "2018-02-30",
        "20181301",
        "180111",
        "2018-1-5",
        "201801",
        "01/2018",
        "2018/01/11",
        "9",
        "0105",
        True,
        "2018-01-11 or later",
        "２０１８",
    ],
)
def test_what_is_not_surely_a_date_is_refused(value):
    with pytest.raises(KitError, match="date '"):
        read_date(value)


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("11/01/2018", "%d/%m/%Y", "2018-01-11"),
        ("11/01/2018", "%m/%d/%Y", "2018-11-01"),
        ("5 January 2000", "%d %B %Y", "2000-01-05"),
        ("01/2018", "%m/%Y", "2018-01"),
        ("FY 2018", "FY %Y", "2018"),
    ],
)
def test_a_stated_form_is_followed(value, form, expected):
    assert read_date(value, form) == expected


def test_a_stated_form_is_the_only_one():
    with pytest.raises(KitError, match=r"'2018-01-11' is not of the form '%d/%m/%Y'"):
        read_date("2018-01-11", "%d/%m/%Y")
    with pytest.raises(KitError, match="names no year"):
        read_date("11/01", "%d/%m")


def test_all_unreadable_dates_are_told_with_rows_and_the_setting():
    with pytest.raises(
        KitError,
        match=r"2 dates .*\(rows 7: '1/2/03', 9: 'soon'\): date '1/2/03' is not YYYY.*key='%d/%m",
    ):
        read_dates([(6, "2018"), (7, "1/2/03"), (9, "soon")], where="mine", key="key")
