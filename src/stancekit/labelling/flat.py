"""Labels as a flat table: one column per codebook for the codes, and one per code for its probability."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stancekit.labelling.row_format import (
    ALL_ROWS,
    SCHEMA,
    SET_ASIDE,
    Extent,
    LabelledCodebook,
    LabelRow,
    closing,
    is_blank,
    read_number,
)
from stancekit.views import DataFrame

# Where a DataFrame keeps what the labels say of their codebooks; pandas passes it on
# when rows are chosen.
FACTS_KEY = "stancekit_labels"
# The column of each code's probability, by codebook and code.
ScoreColumns = dict[str, dict[str, str]]


def flatten(
    rows: Iterable[LabelRow],
    codebooks: Mapping[str, LabelledCodebook],
    extent: Extent = ALL_ROWS,
) -> DataFrame:
    """Return rows as a flat table.

    Returns
    -------
    pandas.DataFrame
        One row per row. After the columns of the sentence and the fields that were kept,
        each codebook has a column of its name with the code (several with "; " between
        them), and a column per code with its probability. These are named like the codes;
        where there are several codebooks, or another column has that name, NAME_CODE.
    """
    import pandas as pd

    listed = list(rows)
    own = {column for codebook in codebooks.values() for column in codebook.columns}
    keys = dict.fromkeys(key for row in listed for key in row if key not in own)
    first = [column for column in SCHEMA if column in keys or not listed]
    kept = [key for key in keys if key not in SCHEMA]
    columns = _name_columns(listed, codebooks, {*first, *kept, *own})
    cells: dict[str, Any] = {
        name: pd.Series([row.get(name) for row in listed], dtype=_column_type(name))
        for name in (*first, *kept)
    }
    for name, codebook in codebooks.items():
        cells[name] = pd.Series([_flat_codes(row, codebook) for row in listed], dtype=object)
        scores = [codebook.scores(row) for row in listed]
        for code, column in columns[name].items():
            cells[column] = pd.Series([of_row.get(code) for of_row in scores], dtype=float)
    if SET_ASIDE in cells:
        cells[SET_ASIDE] = cells[SET_ASIDE].eq(True)  # a value, no switch
    frame = pd.DataFrame(cells)
    frame.attrs[FACTS_KEY] = closing(codebooks.values(), extent) | {"columns": columns}
    return frame


def _column_type(name: str) -> Any:
    # Whole numbers with gaps, which pandas would make 3.0 of.
    return "Int64" if SCHEMA.get(name) == "int64" else object


def _flat_codes(row: LabelRow, codebook: LabelledCodebook) -> str | None:
    """Return the codes of a row in one cell, `None` where the codebook has not coded it."""
    if row.get(codebook.columns[1]) is None and is_blank(row.get(codebook.name)):
        return None
    return "; ".join(codebook.codes(row))


def _name_columns(
    rows: Sequence[LabelRow], codebooks: Mapping[str, LabelledCodebook], taken: set[str]
) -> ScoreColumns:
    columns: ScoreColumns = {}
    for name, codebook in codebooks.items():
        codes = codebook.order({code for row in rows for code in codebook.scores(row)})
        prefix = len(codebooks) > 1 or bool(taken.intersection(codes))
        columns[name] = {code: f"{name}_{code}" if prefix else code for code in codes}
    return columns


def nest(rows: Iterable[LabelRow], columns: ScoreColumns) -> list[LabelRow]:
    """Return the rows of a flat table with the scores of each codebook in one column, NAME_scores."""
    nested = []
    for row in rows:
        plain = dict(row)
        for name, column_of in columns.items():
            values = {code: plain.pop(column, None) for code, column in column_of.items()}
            present = {
                code: read_number(value) for code, value in values.items() if not is_blank(value)
            }
            plain[f"{name}_scores"] = present or None
            if is_blank(plain.get(name)) and not present:
                plain[name] = None
        nested.append(plain)
    return nested
