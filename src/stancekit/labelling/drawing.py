"""Drawing rows of labels to be annotated: each with its probability, without the model's codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError, listing
from stancekit.labelling.gold import read_gold
from stancekit.labelling.gold_cells import batch_of, find_rows, known_ids
from stancekit.labelling.label_files import RowSource, source_name
from stancekit.labelling.population import NO_VALUE, Population
from stancekit.labelling.row_format import LabelRow, row_id
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities
from stancekit.prevalence.units import number_cells
from stancekit.types import FloatArray

# What an annotator needs to see of a row; of a sentence that is coded as a whole, the
# first three.
SHOWN_COLUMNS = ("id", "article", "sentence", "actor", "target")
# Where labels say where the actor is: a model that is trained on the sample reads it there too.
PLACE_COLUMNS = ("actor_start", "actor_end")


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """How many rows are drawn, and how; as of `stancekit.sample`."""

    n: int
    design: str = "random"
    by: Sequence[str] = ()
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class DrawnRows:
    """Rows of a sample in random order, and from how many they were drawn."""

    rows: list[LabelRow]
    n_pool: int


def draw_rows(
    population: Population,
    request: DrawRequest,
    *,
    earlier: Sequence[RowSource] = (),
    others: Sequence[Population] = (),
) -> DrawnRows:
    """Draw rows with the columns of a sample, the last of which is to be filled in.

    Parameters
    ----------
    population
        The rows to draw from, with columns for `by`.
    earlier
        Samples, or a project, whose rows are not drawn again.
    others
        The same rows labelled by other models, for `design=disagreement`.

    Raises
    ------
    KitError
        When what is asked for cannot be drawn.
    """
    design = request.design
    if design == "stratified" and not request.by:
        raise KitError("design=stratified needs what to stratify by; add by=[actor]")
    drawn_before, batch = _find_drawn(earlier, population)
    pool = np.flatnonzero(~drawn_before)
    if not len(pool):
        raise KitError(
            f"all {len(population.rows)} rows were drawn before; there is nothing to extend the "
            "sample with"
        )
    strata = _strata(population, pool)
    probability = inclusion_probabilities(
        strata,
        population.scores[pool],
        request.n,
        design=design,
        others=[scores[pool] for scores in _scores_of(others, population)],
    )
    chosen = draw_sample(probability, strata, random_state=request.random_state)
    shuffled = _shuffle(chosen, request.random_state)
    return DrawnRows(_sample_rows(population, pool, probability, shuffled, batch), len(pool))


def _scores_of(others: Sequence[Population], population: Population) -> list[FloatArray]:
    """Return the scores that other models give to the same rows, each of shape (rows, codes)."""
    found = []
    for number, other in enumerate(others, 2):
        if other.codes != population.codes:
            raise KitError(
                f"labels {number} have scores of {listing(other.codes)}, the first of "
                f"{listing(population.codes)}; compare models of one codebook"
            )
        apart = sorted(set(other.row_numbers) ^ set(population.row_numbers))
        if apart:
            raise KitError(
                f"labels {number} are not of the same rows as the first: {len(apart)} ids are in one "
                f"of them only ({listing(apart)}); label the same texts by both models"
            )
        order = [other.row_numbers[row_id(row)] for row in population.rows]
        found.append(other.scores[order])
    return found


def _find_drawn(
    earlier: Sequence[RowSource], population: Population
) -> tuple[NDArray[np.bool_], int]:
    """Return which rows samples have already, and the number of the next batch."""
    drawn, batches = np.zeros(len(population.rows), dtype=bool), [0]
    for source in earlier:
        rows = read_gold(source, population.codebook)
        numbers = find_rows(rows, population.rows, population.row_numbers, source_name(source))
        lost = [row_id(row) for row, number in zip(rows, numbers, strict=True) if number is None]
        if lost:
            raise KitError(
                f"{source_name(source)} has {len(lost)} ids that are not in the labels ({listing(lost)}), whose "
                f"ids are as {known_ids(population.row_numbers)}; extend samples of these labels"
            )
        drawn[np.array(numbers, dtype=np.int64)] = True
        batches += {batch_of(row) for row in rows}
    if sorted(batches) != list(range(len(batches))):
        raise KitError(
            f"extend names batches {listing(sorted(batches)[1:])}; it takes a sample and all that "
            "extended it, one of each, as in extend='[sample.csv,more.csv]'"
        )
    return drawn, len(batches)


def _strata(population: Population, pool: NDArray[np.int64]) -> list[str]:
    number, cells = number_cells(population.columns, len(population.rows))
    names = np.array(["\t".join(cell) for cell in cells], dtype=object)
    strata: list[str] = names[number[pool]].tolist()
    return strata


def _shuffle(drawn: NDArray[np.int64], random_state: int) -> list[int]:
    # A stream of its own, so that which rows are drawn does not depend on their order.
    order: list[int] = np.random.default_rng([random_state, 1]).permutation(drawn).tolist()
    return order


def _sample_rows(
    population: Population,
    pool: NDArray[np.int64],
    probability: FloatArray,
    drawn: Sequence[int],
    batch: int,
) -> list[LabelRow]:
    """Return the drawn rows with the columns of a sample, the last of which is to be filled in."""
    name, whole_sentence = population.codebook.name, population.codebook.unit == "sentence"
    shown: tuple[str, ...] = SHOWN_COLUMNS[:3] if whole_sentence else SHOWN_COLUMNS
    if not whole_sentence and any(row.get(PLACE_COLUMNS[0]) is not None for row in population.rows):
        shown += PLACE_COLUMNS
    rows = []
    for index in drawn:
        number = int(pool[index])
        labelled = population.rows[number]
        row = {key: labelled.get(key) for key in shown}
        for field, values in population.columns.items():
            value = None if values[number] == NO_VALUE else values[number]
            row.setdefault(field, labelled.get(field, value))
        row["probability"] = round(float(probability[index]), 9)
        if batch > 1:
            row["batch"] = batch
        if name in row:
            raise KitError(
                f"the codebook {name!r} is called like a column of samples; rename it in the labels"
            )
        rows.append(row | {name: ""})
    return rows
