"""The cells of an annotated sample: its codes, with what probability a row was drawn, and in which batch."""

import json
import math
import re
from collections.abc import Mapping, Sequence

from stancekit.codebook import split_labels
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.labelling.row_format import (
    LabelledCodebook,
    LabelRow,
    is_blank,
    read_number,
    row_id,
)

_WHOLE_FLOAT = re.compile(r"-?\d+\.0+", re.ASCII)


def gold_codes(row: LabelRow, codebook: LabelledCodebook) -> tuple[str, ...] | None:
    """Return the codes that a person gave a row, `None` where it was not annotated.

    `;` separates several codes, `-` says that there is none. Label Studio exports a row
    that was submitted with nothing chosen as an empty cell, with the number of the
    annotation: where a row may have no code, it has none.

    Raises
    ------
    KitError
        When the cell is unreadable, or says both that there is no code and that there
        is one.

    Examples
    --------
    >>> topics = LabelledCodebook("topics", multi_label=True)
    >>> gold_codes({"topics": "-"}, topics), gold_codes({"topics": " "}, topics)
    ((), None)
    >>> gold_codes({"topics": "", "annotation_id": 7}, topics)
    ()
    >>> gold_codes({"topics": "peace; power"}, topics)
    ('peace', 'power')
    >>> gold_codes({"topics": '{"choices": ["peace", "power"]}'}, topics)
    ('peace', 'power')
    """
    value = row.get(codebook.name)
    if is_blank(value):
        submitted = codebook.multi_label and not is_blank(row.get("annotation_id"))
        return () if submitted else None
    if isinstance(value, str) and value.strip().startswith(("{", "[")):
        # Several choices of one question, as Label Studio exports them to CSV.
        try:
            choices = json.loads(value)
            value = choices["choices"] if isinstance(choices, dict) else choices
        except (ValueError, KeyError, RecursionError):
            raise KitError(
                f"gold row {row_id(row)} has {value[:60]!r} for {codebook.name}; write codes with "
                "; between them"
            ) from None
    codes = split_labels(value)
    if codebook.multi_label and NO_CODE_CELL in codes:
        if len(codes) > 1:
            raise KitError(
                f"gold row {row_id(row)} has {'; '.join(codes)}: {NO_CODE_CELL} says that it has no "
                "code; remove one"
            )
        return ()
    return codes


def inclusion_column(rows: Sequence[LabelRow], size: int) -> tuple[list[float], bool]:
    """Return with what probability each row of a sample was drawn, and whether the sample says so.

    A sample without a column of probabilities is treated as one that was drawn at
    random from all `size` rows.

    Raises
    ------
    KitError
        When a row has none, or one that is not above 0 and up to 1: all weights of a
        sample depend on them.
    """
    if not any("probability" in row for row in rows):
        return [min(len(rows) / size, 1.0)] * len(rows), False
    values = [row.get("probability") for row in rows]
    probabilities = [read_number(value) for value in values]
    wrong = [
        f"{row_id(row)}: {'blank' if is_blank(value) else repr(value)}"
        for row, value, probability in zip(rows, values, probabilities, strict=True)
        if not 0 < probability <= 1
    ]
    if wrong:
        raise KitError(
            f"gold has {len(wrong)} rows without a probability above 0 and up to 1 "
            f"({listing(wrong)}); give them what stancekit sample wrote, or take out rows that it "
            "did not draw"
        )
    return probabilities, True


def batch_of(row: LabelRow) -> int:
    """Return which batch of a sample a row belongs to, 1 where nothing says so.

    Raises
    ------
    KitError
        When it is not a whole number from 1.
    """
    value = row.get("batch")
    if is_blank(value):
        return 1
    number = read_number(value)
    if not (math.isfinite(number) and number >= 1 and number == int(number)):
        raise KitError(
            f"gold row {row_id(row)} has batch {value!r}; leave the column as stancekit sample "
            "wrote it"
        )
    return int(number)


def find_rows(
    rows: Sequence[LabelRow],
    labelled: Sequence[LabelRow],
    row_numbers: Mapping[str, int],
    where: str,
) -> list[int | None]:
    """Return the number of the labelled row that each row of a sample is of, `None` where there is none.

    Ids say which, and the sentence, actor and target that a sample shows have to be those of the
    labels: ids by line or order are others' where the same texts were labelled in another order.

    Raises
    ------
    KitError
        When a row shows another text, actor or target than the labels have under its id.
    """
    found = numbers_of_ids(rows, row_numbers)
    apart: list[str] = []
    for row, number in zip(rows, found, strict=True):
        if number is not None and (name := _differing(row, labelled[number])):
            apart.append(
                f"{row_id(row)}: {name} {_short(row[name])} and not {_short(labelled[number][name])}"
            )
    if apart:
        raise KitError(
            f"{where} shows another text under the ids of {len(apart)} rows than the labels do "
            f"({listing(apart, most=2)}); use the labels that it was drawn from, or label the same texts in the "
            "same order. Where people have rewritten texts or names, take these columns out of the sample"
        )
    return found


def _differing(row: LabelRow, labelled: LabelRow) -> str:
    """Return the first of the columns that are shown to people in which two rows differ, but for signs and case."""
    for name in ("sentence", "actor", "target"):
        shown, known = row.get(name), labelled.get(name)
        if (
            not is_blank(shown)
            and not is_blank(known)
            and _without_signs(shown) != _without_signs(known)
        ):
            return name
    return ""


def _without_signs(cell: object) -> str:
    # Spreadsheets set other quotes and dashes, and cut long cells.
    return re.sub(r"[\W_]+", "", str(cell)[:30_000]).casefold()[:20_000]


def _short(cell: object) -> str:
    text = str(cell)
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def numbers_of_ids(rows: Sequence[LabelRow], row_numbers: Mapping[str, int]) -> list[int | None]:
    """Return the number of the labelled row that has the id of each row of a sample, `None` where none has.

    Examples
    --------
    >>> numbers_of_ids([{"id": "7.0"}, {"id": "8.0"}], {"7": 0}), numbers_of_ids([{"id": "7.0"}], {"7": 0, "7.0": 1})
    ([0, None], [1])
    """
    keys = [row_id(row) for row in rows]
    # Samples in CSV guard ids that a spreadsheet would run as formulas.
    found = [row_numbers.get(key, row_numbers.get(unguard_cell(key).strip())) for key in keys]
    if all(number is None for number in found):
        # A table with an empty row was written with its numbers as 7.0.
        return [row_numbers.get(without_decimals(key)) for key in keys]
    return found


def without_decimals(text: str) -> str:
    """Return a text that is a whole number with zeros behind a point without these, others as they are."""
    return text.partition(".")[0] if _WHOLE_FLOAT.fullmatch(text) else text


def restore_codes(row: LabelRow, name: str, codes: Sequence[str]) -> LabelRow:
    """Return a row in which a code that was written as 1.0 is 1, where that is one of the codes and 1.0 is not."""
    value = row.get(name)
    if not isinstance(value, str) or value.strip() in codes:
        return row
    code = without_decimals(value.strip())
    return {**row, name: code} if code in codes else row


def known_ids(row_numbers: Mapping[str, int]) -> str:
    """Return some ids of labels, to be shown beside those that are none."""
    return listing(list(row_numbers), most=3)
