"""Whether rows that were read are labels: their ids, the format they say they are in, and their codebooks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from stancekit.codebook import Unit, split_labels
from stancekit.errors import KitError, listing
from stancekit.labelling.columns import TableRows
from stancekit.labelling.flat import nest
from stancekit.labelling.row_format import (
    CLOSING,
    LABELS_FORMAT,
    READABLE_FORMATS,
    SCHEMA,
    Extent,
    LabelledCodebook,
    LabelRow,
    is_blank,
    read_number,
    row_id,
    sentence_id,
)
from stancekit.labelling.score_columns import SUM_TOLERANCE, find_score_columns


def check_ids(path: str | Path, rows: Sequence[LabelRow]) -> None:
    """Raise a `KitError` when a row has no id, or several have the same one."""
    ids = [row_id(row) for row in rows]
    if missing := [number for number, key in enumerate(ids, 1) if not key]:
        raise KitError(
            f"{path} has rows without an id (rows {listing(missing)}); give every row its own id"
        )
    if twice := [key for key, n in Counter(ids).items() if n > 1]:
        raise KitError(
            f"{path} has {len(twice)} ids more than once: {listing(twice)}; give every row its own id"
        )


def take_codebooks(
    path: str | Path, rows: list[LabelRow], *, is_table: bool
) -> tuple[list[LabelRow], dict[str, LabelledCodebook], list[str], Extent]:
    """Return rows without the columns that name their codebooks, the codebooks, notes for a reader, and the extent.

    Parameters
    ----------
    path
        What to call the rows in an error.
    is_table
        Whether they are a table that may be the user's own: CSV, Excel or a DataFrame.
    """
    declared = next((row["codebooks"] for row in rows if _is_declared(row)), None)
    if not rows:
        return [], {}, [], Extent(None)
    if declared is None:
        return *_infer_codebooks(path, rows, is_table=is_table), Extent(None)
    versions = sorted(
        {str(row["format"]) for row in rows if _is_declared(row)} - set(map(str, READABLE_FORMATS))
    )
    if versions:
        raise KitError(
            f"{path} is in format {listing(versions)} of labels, and this version of stancekit "
            f"reads {LABELS_FORMAT}; label again, or use the version that wrote it"
        )
    different = [row_id(row) for row in rows if row.get("codebooks") != declared]
    if different:
        raise KitError(
            f"{path} has rows of other codebooks than {', '.join(declared)} "
            f"({len(different)} rows: {listing(different)}); label all with the same models"
        )
    extent = Extent.from_rows(rows)
    for row in rows:
        for key in CLOSING:
            row.pop(key, None)
    return rows, read_facts(path, declared), [], extent


def take_declared(
    path: str | Path, rows: TableRows, facts: Mapping[str, Any]
) -> tuple[TableRows, dict[str, LabelledCodebook], Extent] | None:
    """Return columns of labels that say what they are, their codebooks and the extent; `None` where they do not.

    As of `take_codebooks`, for rows whose facts are the same in all.

    Raises
    ------
    KitError
        When what they say is unreadable.
    """
    readable = str(facts.get("format")) in map(str, READABLE_FORMATS)
    if not readable or not isinstance(facts.get("codebooks"), dict):
        return None
    return rows, read_facts(path, facts["codebooks"]), Extent.from_rows([dict(facts)])


def read_facts(path: str | Path, declared: Mapping[str, Any]) -> dict[str, LabelledCodebook]:
    """Return the codebooks that labels say they have.

    Raises
    ------
    KitError
        When what they say is unreadable.
    """
    try:
        return {name: LabelledCodebook.from_dict(name, facts) for name, facts in declared.items()}
    except (TypeError, AttributeError):
        raise KitError(
            f"{path} has an unreadable column codebooks: {declared}; label again"
        ) from None


def _is_declared(row: LabelRow) -> bool:
    return "format" in row and isinstance(row.get("codebooks"), dict)


def _infer_codebooks(
    path: str | Path, rows: list[LabelRow], *, is_table: bool
) -> tuple[list[LabelRow], dict[str, LabelledCodebook], list[str]]:
    """Find the codebooks of a table that does not name them.

    They are its pairs NAME and NAME_scores; without any, its columns that are followed by one
    column per code.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    # What is no table of the user's own has been written by `label`, before formats had
    # a number.
    if rows[0].keys() >= SCHEMA.keys() and not is_table:
        raise KitError(
            f"{path} was written by an older version of stancekit; label the texts again"
        )
    names = [name for name in columns if _has_scores(rows, f"{name}_scores", columns)]
    flat = not names
    notes: dict[str, str] = {}
    if flat:
        score_columns, notes = find_score_columns(path, rows)
        rows, names = nest(rows, score_columns), list(score_columns)
    if not names:
        raise KitError(
            f"{path} has no pair of columns NAME and NAME_scores, the codes and the scores of a "
            "codebook, and no column NAME that is followed by one column with the probability of "
            f"each code; it has: {listing(columns)}. Labels are what stancekit label writes"
        )
    # In the flat tables of the kit, a sentence alone has the codes of sentences only.
    alone = [flat and _is_sentence(row) for row in rows]
    inferred = []
    for name in names:
        coded = [not is_blank(row.get(f"{name}_scores")) for row in rows]
        if lacking := [
            row_id(row)
            for row, has_scores, may_lack in zip(rows, coded, alone, strict=True)
            if not has_scores and not (may_lack and is_blank(row.get(name)))
        ]:
            raise KitError(
                f"{path} has {len(lacking)} rows without {name}_scores ({listing(lacking)}); "
                "every row needs the score of every code"
            )
        counted = [row for row, has_scores in zip(rows, coded, strict=True) if has_scores]
        unit: Unit = "example"
        if n_alone := sum(map(all, zip(coded, alone, strict=True))):
            unit, why = _infer_unit(name, counted, n_alone)
            notes[name] = "; ".join(filter(None, (notes.get(name), why)))
        inferred.append(_infer_codebook(name, counted, unit))
    codebooks = {codebook.name: codebook for codebook, _ in inferred}
    told = [
        f"{note}; {more}" if (more := notes.get(codebook.name)) else note
        for codebook, note in inferred
    ]
    return rows, codebooks, told


def _has_scores(rows: Sequence[LabelRow], column: str, columns: Sequence[str]) -> bool:
    """Say whether a column may hold the scores of codes: one of numbers is something else, as `test_scores`."""
    if column not in columns:
        return False
    cells = [row.get(column) for row in rows]
    present = [cell for cell in cells if not is_blank(cell)]
    return not present or any(
        isinstance(cell, dict) or isnan(read_number(cell)) for cell in present
    )


def _infer_unit(name: str, rows: Sequence[LabelRow], n_alone: int) -> tuple[Unit, str]:
    """Return what a codebook codes in a table in which rows without actor and target have codes, and a note of it.

    In the flat tables of the kit it is sentences, and the rows of a sentence all have its codes. In a table of
    the user's own a row may just lack its actor and target, and ids that begin alike say nothing of
    sentences.
    """
    if n_alone == len(rows):
        return "sentence", ""
    first: dict[str, tuple[Any, ...]] = {}
    facts = (name, f"{name}_scores", "sentence")
    for row in rows:
        said = tuple(row.get(fact) for fact in facts)
        if first.setdefault(sentence_id(row), said) != said:
            why = f", since rows whose ids begin alike differ (row {row_id(row)})"
            break
    else:
        if len(first) < len(rows):
            alike = f"its {len(rows):,} rows are of {len(first):,} sentences, whose rows are alike"
            return "sentence", f"{alike} and count once"
        if rows[0].keys() >= SCHEMA.keys():
            return "sentence", ""
        why = ""
    return "example", f"rows without actor and target ({n_alone}) count as the others do{why}"


def _is_sentence(row: LabelRow) -> bool:
    """Say whether a row is of a sentence without an actor and target."""
    roles = ("actor", "target")
    return all(role in row and is_blank(row[role]) for role in roles)


def _infer_codebook(
    name: str, rows: Sequence[LabelRow], unit: Unit
) -> tuple[LabelledCodebook, str]:
    for row in rows:
        if reason := _why_several(name, row):
            note = f"{name} is read as several codes or none per row, since {reason}"
            return LabelledCodebook(name, unit, multi_label=True), note
    note = f"{name} is read as one code per row: each row has one, and its scores add up to 1"
    return LabelledCodebook(name, unit), note


def _why_several(name: str, row: LabelRow) -> str:
    """Return why a row cannot be of a codebook with one code per row, empty where it can."""
    codes = split_labels(row.get(name))
    if len(codes) != 1:
        return f"row {row_id(row)} has {len(codes)} codes"
    try:
        total = sum(float(score) for score in LabelledCodebook(name).scores(row).values())
    except (TypeError, ValueError):
        # Read later, and refused then with all rows of its kind.
        return ""
    within = abs(total - 1) <= SUM_TOLERANCE
    return "" if within else f"the scores of row {row_id(row)} add up to {total:.2f}"
