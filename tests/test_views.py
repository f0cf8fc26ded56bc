"""Views of results: caption, table and notes, in a notebook and in a Python session."""

from dataclasses import dataclass

import pandas as pd
import pytest

from stancekit.views import TableView


@dataclass(frozen=True, slots=True, repr=False)
class Table(TableView):
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        return f"<b>{len(self.frame)} rows</b>"

    def to_frame(self) -> pd.DataFrame:
        return self.frame


def test_a_view_has_caption_table_and_notes_with_all_text_escaped() -> None:
    frame = pd.DataFrame({"<code>": ["<script>alert(1)</script>"], "share": [0.25]})
    html = Table(frame, ("<i>few</i> rows",))._repr_html_()
    assert "&lt;b&gt;1 rows&lt;/b&gt;" in html
    assert "&lt;script&gt;" in html and "&lt;code&gt;" in html
    assert "note: &lt;i&gt;few&lt;/i&gt; rows" in html
    assert "<script>" not in html and "<i>" not in html and "<code>" not in html
    assert ".250" in html


def test_a_session_shows_caption_and_rows_and_escapes_control_characters() -> None:
    text = repr(Table(pd.DataFrame({"code": ["\x1b[31mred"], "n": [3]}), ("a\nb",)))
    lines = text.splitlines()
    assert lines[0] == "<b>1 rows</b>"
    assert "\x1b" not in text and "\\x1b[31mred" in text
    assert lines[-1].endswith("b")


def test_a_long_table_shows_its_first_and_last_rows() -> None:
    table = Table(pd.DataFrame({"n": range(1000, 2000)}))
    assert "1000" in repr(table) and "1999" in repr(table) and "1500" not in repr(table)
    assert len(repr(table).splitlines()) < 15
    assert table._repr_html_().count("<tr") < 30


@pytest.mark.parametrize("column", [[None, "a"], [float("nan"), 0.5], [pd.NaT, pd.Timestamp(0)]])
def test_a_value_that_there_is_none_of_is_a_dash(column: list[object]) -> None:
    table = Table(pd.DataFrame({"value": column, "other": [1, 2]}))
    assert "–" in repr(table) and "–" in table._repr_html_()
    assert "None" not in repr(table) and "NaN" not in repr(table) and "NaT" not in repr(table)


def test_row_numbers_are_left_out_and_an_index_of_ones_own_is_shown() -> None:
    frame = pd.DataFrame({"n": [7, 8]})
    assert repr(Table(frame)).splitlines()[2].split() == ["7"]
    assert repr(Table(frame.set_axis(["first", "second"]))).splitlines()[2].split() == [
        "first",
        "7",
    ]


def test_a_table_without_rows_and_one_with_two_columns_of_a_name_are_shown() -> None:
    assert "0 rows" in repr(Table(pd.DataFrame({"code": []})))
    doubled = pd.DataFrame([["a", "b"]], columns=["code", "code"])
    assert "a" in repr(Table(doubled))
