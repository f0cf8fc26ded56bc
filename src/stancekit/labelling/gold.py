"""Annotated samples: reading the files that `stancekit sample` wrote, filled in, and matching them to labels."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.project_file import ADJUDICATED, is_project
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell
from stancekit.labelling.gold_cells import (
    batch_of,
    find_rows,
    gold_codes,
    inclusion_column,
    known_ids,
    restore_codes,
)
from stancekit.labelling.gold_pool import check_pools
from stancekit.labelling.held_out import check_not_learned
from stancekit.labelling.judged_gold import (
    all_codes,
    doubt_units,
    is_judged_table,
    join_judgements,
    judgement_notes,
)
from stancekit.labelling.label_files import RowSource, read_label_rows, source_name, table_rows
from stancekit.labelling.label_studio import (
    annotator_cell,
    are_tasks,
    read_choices,
    read_json_list,
    submitted_annotations,
)
from stancekit.labelling.population import Population
from stancekit.labelling.project_gold import project_judgements, project_notes, project_rows
from stancekit.labelling.row_format import LabelledCodebook, LabelRow, row_id
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.sampling import Sample
from stancekit.prevalence.units import annotation_notes, make_units
from stancekit.types import FloatArray


def read_gold(
    source: RowSource,
    codebook: LabelledCodebook,
    judgements: str = ADJUDICATED,
    codes: Sequence[str] = (),
) -> list[LabelRow]:
    """Read a sample as it was filled in: CSV, JSON lines, Label Studio's, a project, or a table in Python.

    A project, and a table with a column `annotator` and several rows of an id, are joined to
    one row of each.

    Parameters
    ----------
    judgements
        How; see `join_judgements`.
    codes
        Codes that labels have, where they are known.

    Raises
    ------
    KitError
        When it cannot be read, or rows have no id or the same one.
    """
    name = source_name(source)
    rows = (
        _read_file(Path(source), codebook.name, judgements)
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
    rows = [restore_codes(row, codebook.name, codes) for row in rows]
    if judgements != ADJUDICATED or is_judged_table(rows):
        rows = join_judgements(rows, codebook, judgements, name)
    _check_once(name, rows, codebook)
    return rows


def _read_file(file: Path, name: str, judgements: str) -> list[LabelRow]:
    if not file.is_file():
        raise KitError(
            f"there is no file {file}; give the one that stancekit sample wrote, filled in: "
            "gold=sample.csv"
        )
    if is_project(file):
        read = project_rows if judgements == ADJUDICATED else project_judgements
        return read(file, name)
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
        f"codes in {len(differ)} of them{examples}. Where several people annotated, add a column "
        "annotator with their names; or keep one line per id, with the code that they agree on"
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
            task["data"]
            | {"annotation_id": annotation.get("id", "?")}
            | annotator_cell(annotation)
            | read_choices(annotation)
            for annotation in annotations
        ]
        if not annotations:
            rows.append(dict(task["data"]))
    return rows


@dataclass(frozen=True, slots=True)
class _GoldFile:
    """An annotated sample: its rows, and the row of the labels and the codes of each."""

    rows: list[LabelRow]
    numbers: NDArray[np.int64]
    codes: list[tuple[str, ...] | None]


def match_gold(
    population: Population,
    sources: Sequence[RowSource],
    *,
    suggested: bool = False,
    judgements: str = ADJUDICATED,
) -> tuple[SampledUnits, list[str]]:
    """Read annotated samples, and return the rows they are of as sampled units, with notes for a reader.

    Parameters
    ----------
    sources
        As of `read_gold`; several where a sample was extended. `suggested` and `judgements` are
        as of `estimate`.

    Raises
    ------
    KitError
        When a file cannot be read, does not fit the labels or the others, or nothing is
        annotated.
    """
    codebook = population.codebook
    tables = [read_gold(source, codebook, judgements, population.codes) for source in sources]
    golds = _match_rows(tables, population)
    # Codes first: what they say of a wrong file is clearer than what its probabilities would.
    gold = _join_codes(golds, population)
    samples: list[Sample] = []
    # Of projects it is told by their own words how codes were decided.
    notes = judgement_notes(tables, sources, codebook, judgements, suggested=suggested)
    if judgements == ADJUDICATED:
        notes += project_notes(sources, codebook.name, suggested=suggested)
    for of_file in golds:
        probabilities, stated = inclusion_column(of_file.rows, len(population.rows))
        if not stated:
            notes.append(
                "gold has no column probability: its rows are treated as a random sample of all rows"
            )
        samples += _split_batches(of_file, np.array(probabilities))
    _check_batches(samples)
    _check_one_batch(golds)
    samples, told = check_pools(samples, len(population.rows))
    notes += told
    units = make_units(
        population.scores,
        population.predicted,
        population.articles,
        gold=gold,
        samples=samples,
        exclusive=not codebook.multi_label,
    )
    judged = [pair for of_file in golds for pair in zip(of_file.rows, of_file.numbers, strict=True)]
    units = doubt_units(units, judged, population.codes, judgements)
    check_not_learned(units, population.rows, codebook)
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
        matches = find_rows(rows, population.rows, population.row_numbers, "gold")
        codes = [gold_codes(row, population.codebook) for row in rows]
        lost += [row_id(row) for row, number in zip(rows, matches, strict=True) if number is None]
        unknown |= {code for row in rows for code in all_codes(row, population.codebook)} - known
        # What has no match is refused below.
        numbers = np.array([-1 if number is None else number for number in matches], dtype=np.int64)
        golds.append(_GoldFile(rows, numbers, codes))
    faults = []
    if unknown:
        # In quotes, where several codes look like one.
        shown = listing([repr(code) if "," in code else code for code in sorted(unknown)])
        faults.append(
            f"the codes {shown}, which the labels have no scores of{_separate(unknown, known)}"
        )
    if lost:
        faults.append(
            f"{len(lost)} ids that are not in the labels ({listing(lost)}), whose ids are as "
            f"{known_ids(population.row_numbers)}"
        )
    if faults:
        raise KitError(
            f"gold has {' and '.join(faults)}; the codes are {', '.join(population.codes)}"
        )
    return golds


def _separate(unknown: Iterable[str], known: set[str]) -> str:
    """Return how to write several codes where a cell has them with another sign between them, or nothing."""
    for code in sorted(unknown):
        parts = [part.strip() for part in re.split(r"[,|/+]", code)]
        if len(parts) > 1 and known.issuperset(parts):
            return f" (; separates codes, as in {'; '.join(parts)!r})"
    return ""


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
