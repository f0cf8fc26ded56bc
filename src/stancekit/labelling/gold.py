"""Annotated samples: reading the files that `stancekit sample` wrote, filled in, and matching them to labels."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import split_labels
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.corpus.project_file import is_project
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.labelling.held_out import check_not_learned
from stancekit.labelling.label_files import RowSource, read_label_rows, source_name, table_rows
from stancekit.labelling.label_studio import (
    are_tasks,
    read_choices,
    read_json_list,
    submitted_annotations,
)
from stancekit.labelling.population import Population
from stancekit.labelling.project_gold import project_notes, project_rows
from stancekit.labelling.row_format import LabelledCodebook, LabelRow, is_blank, row_id
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.sampling import Sample
from stancekit.prevalence.units import annotation_notes, make_units
from stancekit.types import FloatArray


def read_gold(source: RowSource, codebook: LabelledCodebook) -> list[LabelRow]:
    """Read a sample as it was filled in: CSV, JSON lines, Label Studio's, a project, or a table in Python.

    Raises
    ------
    KitError
        When it cannot be read, or rows have no id or the same one.
    """
    name = source_name(source)
    rows = (
        _read_file(Path(source), codebook.name)
        if isinstance(source, str | Path)
        else table_rows(source)
    )
    if rows and not any("id" in row for row in rows):
        raise KitError(
            f"{name} has no column id; it has: {listing(rows[0])}. Keep the columns that "
            "stancekit sample wrote"
        )
    if missing := [number for number, row in enumerate(rows, 1) if not row_id(row)]:
        raise KitError(
            f"{name} has rows without an id (rows {listing(missing)}); give them the ids that "
            "sample wrote"
        )
    _check_once(name, rows, codebook)
    return rows


def _read_file(file: Path, name: str) -> list[LabelRow]:
    if not file.is_file():
        raise KitError(
            f"there is no file {file}; give the one that stancekit sample wrote, filled in: "
            "gold=sample.csv"
        )
    if is_project(file):
        return project_rows(file, name)
    return _read_label_studio(file) if file.suffix == ".json" else read_label_rows(file)


def _check_once(name: str, rows: Sequence[LabelRow], codebook: LabelledCodebook) -> None:
    """Check that each row is there once, and say what to do where several people annotated it."""
    twice = {key for key, n in Counter(map(row_id, rows)).items() if n > 1}
    if not twice:
        return
    given: dict[str, set[str]] = {}
    for row in rows:
        if row_id(row) in twice:
            value = json.dumps(row.get(codebook.name), default=str)
            given.setdefault(row_id(row), set()).add(value)
    differ = [key for key, values in given.items() if len(values) > 1]
    examples = f" ({listing(differ)})" if differ else ""
    raise KitError(
        f"{name} has {len(twice)} ids more than once ({listing(sorted(twice))}), and different "
        f"codes in {len(differ)} of them{examples}. Where several people annotated, estimates use "
        "one decided code per row: keep one line per id, with the code that they agree on"
    )


def _read_label_studio(file: Path) -> list[LabelRow]:
    tasks = read_json_list(file)
    if not are_tasks(tasks):
        raise KitError(
            f"{file} is not a list of tasks with their data; of Label Studio's exports CSV and "
            "JSON keep the ids of rows, JSON-MIN puts its own in their place. Export it as CSV or "
            "JSON"
        )
    rows: list[LabelRow] = []
    for task in tasks:
        annotations = submitted_annotations(task)
        rows += [
            task["data"] | {"annotation_id": annotation.get("id", "?")} | read_choices(annotation)
            for annotation in annotations
        ]
        if not annotations:
            rows.append(dict(task["data"]))
    return rows


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
    probabilities = [_read_number(value) for value in values]
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


def _read_number(value: object) -> float:
    """Read a number, also with the comma that spreadsheets of many countries write; NaN where it is none."""
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return math.nan


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
    number = _read_number(value)
    if not (math.isfinite(number) and number >= 1 and number == int(number)):
        raise KitError(
            f"gold row {row_id(row)} has batch {value!r}; leave the column as stancekit sample "
            "wrote it"
        )
    return int(number)


def find_row(row: LabelRow, row_numbers: Mapping[str, int]) -> int | None:
    """Return the number of the labelled row that a sample's row is of, `None` where there is none."""
    key = row_id(row)
    # Samples in CSV guard ids that a spreadsheet would run as formulas.
    return row_numbers.get(key, row_numbers.get(unguard_cell(key)))


@dataclass(frozen=True, slots=True)
class _GoldFile:
    """An annotated sample: its rows, and the row of the labels and the codes of each."""

    rows: list[LabelRow]
    numbers: NDArray[np.int64]
    codes: list[tuple[str, ...] | None]


def match_gold(
    population: Population, sources: Sequence[RowSource], *, suggested: bool = False
) -> tuple[SampledUnits, list[str]]:
    """Read annotated samples, and return the rows they are of as sampled units, with notes for a reader.

    Parameters
    ----------
    sources
        As of `read_gold`; several where a sample was extended. `suggested` is as of `estimate`.

    Raises
    ------
    KitError
        When a file cannot be read, does not fit the labels or the others, or nothing is
        annotated.
    """
    tables = [read_gold(source, population.codebook) for source in sources]
    golds = _match_rows(tables, population)
    # Codes first: what they say of a wrong file is clearer than what its probabilities would.
    gold = _join_codes(golds, population)
    samples: list[Sample] = []
    notes = project_notes(sources, population.codebook.name, suggested=suggested)
    for of_file in golds:
        probabilities, stated = inclusion_column(of_file.rows, len(population.rows))
        if not stated:
            notes.append(
                "gold has no column probability: its rows are treated as a random sample of all rows"
            )
        samples += _split_batches(of_file, np.array(probabilities))
    _check_batches(samples)
    _check_one_batch(golds)
    units = make_units(
        population.scores,
        population.predicted,
        population.articles,
        gold=gold,
        samples=samples,
        exclusive=not population.codebook.multi_label,
    )
    check_not_learned(units, population.rows, population.codebook)
    return units, notes + annotation_notes(units, population.columns, population.codes)


def _match_rows(tables: Sequence[list[LabelRow]], population: Population) -> list[_GoldFile]:
    """Find the labelled row of each row of gold, and check its codes."""
    known, golds = set(population.codes), []
    name = population.codebook.name
    columns = {column for rows in tables for row in rows for column in row}
    # Label Studio leaves the column out where an annotator chose nothing.
    if columns and not {name, "annotation_id"} & columns:
        raise KitError(
            f"gold has no column {name!r}; it has {listing(sorted(columns))}. Annotate a sample that "
            f"was drawn with codebook={name}, or estimate the codebook that was annotated"
        )
    unknown: set[str] = set()
    lost: list[str] = []
    for rows in tables:
        matches = [find_row(row, population.row_numbers) for row in rows]
        codes = [gold_codes(row, population.codebook) for row in rows]
        lost += [row_id(row) for row, number in zip(rows, matches, strict=True) if number is None]
        unknown |= {code for of_row in codes for code in of_row or ()} - known
        # What has no match is refused below.
        numbers = np.array([-1 if number is None else number for number in matches], dtype=np.int64)
        golds.append(_GoldFile(rows, numbers, codes))
    faults = []
    if unknown:
        faults.append(f"the codes {listing(sorted(unknown))}, which the labels have no scores of")
    if lost:
        faults.append(f"{len(lost)} ids that are not in the labels ({listing(lost)})")
    if faults:
        raise KitError(
            f"gold has {' and '.join(faults)}; the codes are {', '.join(population.codes)}"
        )
    return golds


def _join_codes(golds: Sequence[_GoldFile], population: Population) -> FloatArray:
    """Return whether each row has each code in any file, shape (rows, codes)."""
    name = population.codebook.name
    annotated = list(_annotated_rows(golds))
    if not annotated:
        raise KitError(f"gold has no row with {name}; fill in the file that stancekit sample wrote")
    several = [key for key, _, codes in annotated if len(codes) != 1]
    if several and not population.codebook.multi_label:
        raise KitError(
            f"gold has several codes of {name} in {listing(several)}; a row has exactly one of "
            f"{', '.join(population.codes)}"
        )
    # A row may be in several samples that were drawn independently.
    codes_of = {number: codes for _, number, codes in annotated}
    differ = [key for key, number, codes in annotated if set(codes) != set(codes_of[number])]
    if differ:
        raise KitError(
            f"files of gold give different codes to {listing(differ)}; decide on one, and write it "
            "in each file"
        )
    gold = np.zeros((len(population.rows), len(population.codes)))
    for number, codes in codes_of.items():
        gold[number] = [code in codes for code in population.codes]
    return gold


def _annotated_rows(golds: Sequence[_GoldFile]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield the id, the number among the labels, and the codes of every annotated row."""
    for gold in golds:
        for row, number, codes in zip(gold.rows, gold.numbers.tolist(), gold.codes, strict=True):
            if codes is not None:
                yield row_id(row), number, codes


def _split_batches(gold: _GoldFile, probability: FloatArray) -> Iterator[Sample]:
    """Yield the sample of each batch in a file."""
    batch = np.array([batch_of(row) for row in gold.rows])
    annotated = np.array([codes is not None for codes in gold.codes])
    for number in np.unique(batch).tolist():
        inside = batch == number
        yield Sample(gold.numbers[inside], probability[inside], annotated[inside], number)


def _check_batches(samples: Sequence[Sample]) -> None:
    """Check that all batches are there, and each extends one sample."""
    batches = sorted(sample.batch for sample in samples)
    last = batches[-1]
    if missing := sorted(set(range(1, last + 1)) - set(batches)):
        raise KitError(
            f"gold is batch {last} of a sample, without batch {listing(missing)}; give all files it "
            "extends, as in gold='[sample.csv,more.csv]'"
        )
    if several := [batch for batch, n in Counter(batches).items() if n > 1 and batch < last]:
        raise KitError(
            f"gold has several samples of batch {several[0]}, and batch {last} extends one; leave "
            "one out"
        )
    empty = [sample.batch for sample in samples if not sample.annotated.any()]
    if empty and min(empty) < last:
        raise KitError(
            f"nothing of batch {min(empty)} of gold is annotated, and batch {last} extends it; "
            "annotate both"
        )


def _check_one_batch(golds: Sequence[_GoldFile]) -> None:
    batch_by_id: dict[str, int] = {}
    twice = []
    for row in (row for gold in golds for row in gold.rows):
        key, batch = unguard_cell(row_id(row)), batch_of(row)
        if batch_by_id.setdefault(key, batch) != batch:
            twice.append(row_id(row))
    if twice:
        raise KitError(
            f"{listing(twice)} are in two batches of gold; a batch that extends another has other "
            "rows"
        )
