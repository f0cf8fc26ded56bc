"""What results of the kit have in common: a table, and how it is shown in a notebook or a Python session."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from markupsafe import Markup

from stancekit.errors import printable
from stancekit.formatting import format_number

if TYPE_CHECKING:
    from pandas import DataFrame
else:
    # pandas takes a second to import, and annotations alone do not need it.
    DataFrame: TypeAlias = Any

__all__ = ["DataFrame", "TableView"]
# What stands for a value that there is none of.
NO_VALUE_SHOWN = "–"


class TableView(ABC):
    """A result that is a table: a pandas DataFrame, and a view of it for notebooks and sessions.

    A subclass has `to_frame` and `caption`; notes below the table are its attribute `notes`,
    where it has one. A dataclass that is a view is declared with `repr=False`, since it would
    get another `__repr__` otherwise.

    Attributes
    ----------
    rows_shown
        How many rows a view shows at most, in a notebook and in a Python session; of a longer
        table, the first and last ones. A screen has room for about twenty.

    Examples
    --------
    >>> import pandas as pd
    >>> class Shares(TableView):
    ...     @property
    ...     def caption(self):
    ...         return "Shares of codes in 20 rows"
    ...     def to_frame(self):
    ...         return pd.DataFrame({"code": ["condemn", "support"], "share": [0.25, 0.75]})
    >>> Shares()
    Shares of codes in 20 rows
       code  share
    condemn   .250
    support   .750
    """

    __slots__ = ()
    rows_shown: ClassVar[tuple[int, int]] = (20, 10)

    @property
    @abstractmethod
    def caption(self) -> str:
        """Return in one line what the table has: of how many, with what intervals."""

    @abstractmethod
    def to_frame(self) -> DataFrame:
        """Return the result as a pandas DataFrame."""

    def view_frame(self) -> DataFrame:
        """Return the table that views show: that of `to_frame`, unless a subclass has a neater one."""
        return self.to_frame()

    def _view_notes(self) -> list[str]:
        return [f"note: {note}" for note in getattr(self, "notes", ())]

    def _repr_html_(self) -> str:
        """Return the view for a notebook: caption, table and notes, all text escaped."""
        frame = self.view_frame()
        caption = Markup("<p><strong>{}</strong></p>").format(printable(self.caption))
        notes = [Markup("<p>{}</p>").format(printable(note)) for note in self._view_notes()]
        table = _without_none(frame).to_html(max_rows=self.rows_shown[0], **_print_options(frame))
        return "\n".join(["<div>", caption, table, *notes, "</div>"])

    def __repr__(self) -> str:
        """Return the view for a Python session: caption, the first and last rows, and notes."""
        frame = self.view_frame()
        table = _without_none(frame).to_string(
            max_rows=self.rows_shown[1], line_width=100, max_colwidth=60, **_print_options(frame)
        )
        lines = [self.caption, table, *self._view_notes()]
        return printable("\n".join(lines), keep="\n")


def _without_none(frame: DataFrame) -> DataFrame:
    """Return a table in which no value is shown as None."""
    texts = frame.select_dtypes(exclude="number").columns
    columns = {name: frame[name].astype(object) for name in texts}
    empty = {name: column.where(column.notna(), NO_VALUE_SHOWN) for name, column in columns.items()}
    return frame.assign(**empty)


def _print_options(frame: DataFrame) -> dict[str, Any]:
    """Return how pandas prints a table: as the kit's other tables, without mere row numbers."""
    import pandas as pd

    return {
        "index": not isinstance(frame.index, pd.RangeIndex),
        "float_format": format_number,
        "na_rep": NO_VALUE_SHOWN,
    }
