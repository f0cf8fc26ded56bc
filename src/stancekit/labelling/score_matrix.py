"""Rows of labels as arrays: the score of every code, and the codes that rows have."""

from collections.abc import Iterable, Sequence

import numpy as np

from stancekit.codebook import split_labels
from stancekit.errors import KitError, listing
from stancekit.labelling.columns import (
    TableRows,
    blank_cells,
    distinct_cells,
    json_numbers,
    row_ids,
)
from stancekit.labelling.row_format import (
    LabelledCodebook,
    LabelRow,
    is_blank,
    row_id,
    sentence_id,
)
from stancekit.types import BoolArray, FloatArray


def unit_rows(rows: Iterable[LabelRow], codebook: LabelledCodebook) -> Sequence[LabelRow]:
    """Return the rows that count for a codebook.

    Rows without an actor and target do not count for a codebook that codes
    examples. Of one that codes sentences, the first row of each sentence counts.
    """
    if isinstance(rows, TableRows):
        return _unit_columns(rows, codebook)
    counted = [row for row in rows if not _is_unlabelled(row, codebook)]
    if codebook.unit == "sentence":
        counted = list({sentence_id(row): row for row in reversed(counted)}.values())[::-1]
    return counted


def _unit_columns(rows: TableRows, codebook: LabelledCodebook) -> TableRows:
    """Return the rows of columns that count for a codebook."""
    bare = blank_cells(rows, "actor") & blank_cells(rows, "target")
    if codebook.unit == "example":
        scores = codebook.columns[1]
        lacking = np.ones(len(rows), dtype=bool)
        if scores in rows.table.column_names:
            lacking = rows.table[scores].is_null().to_numpy()
        return rows.keep(~(bare & lacking))
    import pandas as pd

    ids = pd.Series(row_ids(rows), dtype=object)
    sentences = ids.where(bare, ids.str.rsplit(".", n=1).str[0])
    return rows.keep(~sentences.duplicated().to_numpy())


def scored_codes(rows: Sequence[LabelRow], codebook: LabelledCodebook) -> list[str]:
    """Return the codes that the first row has scores of, in alphabetical order.

    Raises
    ------
    KitError
        When there is no row, or it has no scores.
    """
    if not rows:
        raise KitError(f"the labels have no row that {codebook.name} codes; label other texts")
    try:
        return sorted(codebook.scores(rows[0]))
    except (TypeError, ValueError):
        value = rows[0].get(codebook.columns[1])
        raise KitError(
            f"row {row_id(rows[0])} has no scores in {codebook.columns[1]}: {value!r}; label again"
        ) from None


def score_matrix(rows: Sequence[LabelRow], codebook: LabelledCodebook) -> FloatArray:
    """Return the score of every code, shape (rows, codes).

    Raises
    ------
    KitError
        When a row has other codes than the first, or a score is not a number from 0
        to 1.
    """
    codes = scored_codes(rows, codebook)
    if isinstance(rows, TableRows):
        of_columns = json_numbers(rows, codebook.columns[1], codes)
        if of_columns is not None and ((of_columns >= 0) & (of_columns <= 1)).all():
            return of_columns
    scores = np.empty((len(rows), len(codes)))
    different: list[str] = []
    for index, row in enumerate(rows):
        try:
            by_code = codebook.scores(row)
            scores[index] = [float(by_code[code]) for code in codes]
            complete = len(by_code) == len(codes)
        except (KeyError, TypeError, ValueError):
            complete = False
        if not complete:
            different.append(row_id(row))
    if different:
        raise KitError(
            f"not every row has a score of just {', '.join(codes)} (rows {listing(different)}); "
            "label all with one model"
        )
    _check_probabilities(rows, scores, codebook)
    return scores


def _check_probabilities(
    rows: Sequence[LabelRow], scores: FloatArray, codebook: LabelledCodebook
) -> None:
    wrong = np.flatnonzero(~((scores >= 0) & (scores <= 1)).all(axis=1)).tolist()
    if wrong:
        seen = [f"{row_id(rows[index])}: {rows[index][codebook.columns[1]]}" for index in wrong]
        raise KitError(
            f"{codebook.columns[1]} has a value that is no probability in {len(wrong)} rows "
            f"({listing(seen, most=4)}); scores are from 0 to 1. Correct the rows, or label again"
        )


def code_matrix(rows: Sequence[LabelRow], codebook: LabelledCodebook) -> BoolArray:
    """Return whether the model gave each row each code, shape (rows, codes).

    Raises
    ------
    KitError
        When a label is none of the codes, or a row has none or several where it
        must have one.
    """
    codes = scored_codes(rows, codebook)
    known = set(codes)
    if isinstance(rows, TableRows) and (found := distinct_cells(rows, codebook.name)):
        values, place = found
        given = [split_labels(value) for value in values]
        right = np.array(
            [known.issuperset(of) and (len(of) == 1 or codebook.multi_label) for of in given]
        )
        if right[place].all():
            return np.array([[code in of for code in codes] for of in given])[place]
    labels = [codebook.codes(row) for row in rows]
    wrong = [
        f"{row_id(row)}: {'; '.join(of_row) or 'nothing'}"
        for row, of_row in zip(rows, labels, strict=True)
        if not known.issuperset(of_row) or (len(of_row) != 1 and not codebook.multi_label)
    ]
    if wrong:
        allowed = "none or some" if codebook.multi_label else "exactly one"
        raise KitError(
            f"column {codebook.name} of the labels is unreadable in {len(wrong)} rows "
            f"({listing(wrong)}); a row has {allowed} of {', '.join(codes)}. Correct the rows, "
            "or label again"
        )
    return np.array([[code in of_row for code in codes] for of_row in labels])


def _is_unlabelled(row: LabelRow, codebook: LabelledCodebook) -> bool:
    """Say whether a row is a sentence without an actor and target, which the codebook does not code."""
    return (
        codebook.unit == "example"
        and row.get(codebook.columns[1]) is None
        and is_blank(row.get("actor"))
        and is_blank(row.get("target"))
    )
