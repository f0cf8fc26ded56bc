"""Labels and the annotated rows of them, brought together: what estimating and planning share."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError, listing
from stancekit.labelling.gold import batch_of, gold_codes, inclusion_column, unguarded
from stancekit.labelling.labels import (
    NO_VALUE,
    PERIODS,
    LabelRow,
    codes_of,
    labels_given,
    position,
    read_labels,
    row_id,
    score_table,
    set_aside,
    value_of,
    with_period,
)
from stancekit.prevalence.estimators import Domain, SampledUnits, estimate_domain
from stancekit.prevalence.sampling import Sample, differing_facts, join_samples

# Of more cells it is not asked of each whether its rows were annotated as often as others.
MOST_ASKED = 50


def labelled(
    labels: str | Path,
    what: str,
    by: Sequence[str],
    *,
    about: str = "corpus",
    date_format: str | None = None,
) -> tuple[list[LabelRow], list[str]]:
    """Return the rows of labels with their periods, and the codes that they have scores of.

    Raises
    ------
    KitError
        When a column of `by` is not there, a period is none, or a claim beyond the corpus lacks
        articles.
    """
    if about not in ("corpus", "beyond"):
        raise KitError(f"unknown about={about!r}; there are corpus and beyond. Set about=corpus")
    rows = read_labels(labels)
    codes = codes_of(rows, what)
    rows = with_period(rows, by, date_format)
    if missing := [key for key in by if all(value_of(row, key) == NO_VALUE for row in rows)]:
        raise KitError(
            f"labels have no column {listing(missing)}; by names some of: {', '.join(sorted(rows[0]))}"
        )
    if by and (size := PERIODS.get(by[-1])):
        names = sorted({value_of(row, by[-1]) for row in rows} - {NO_VALUE})
        if odd := [name for name in names if position(name) is None or len(name) != size]:
            raise KitError(
                f"column {by[-1]} holds {listing(odd)}; a trend takes years as 2019 and months as 2019-03. "
                "Give the column another name to compare its values as they are"
            )
    if about == "beyond" and (
        lost := [row_id(row) for row in rows if value_of(row, "article") == NO_VALUE]
    ):
        raise KitError(
            f"{len(lost)} rows of the labels name no article ({listing(lost)}), and a claim beyond the corpus rests on "
            "how articles differ; add the column article, or set about=corpus"
        )
    return rows, codes


def aside(labels: str | Path) -> list[str]:
    """Return in words that rows too uncertain for a risk are among the labels, where there are some."""
    files = set_aside(labels)
    return (
        [f"with the rows that label set aside as too uncertain ({listing(files, most=2)})"]
        if files
        else []
    )


def units_of(
    rows: Sequence[LabelRow],
    golds: Sequence[Sequence[LabelRow]],
    what: str,
    codes: Sequence[str],
    by: Sequence[str] = (),
) -> tuple[SampledUnits, list[str]]:
    """Return labelled rows with the gold codes of those that were judged, and what a reader should know about these.

    Parameters
    ----------
    golds
        The rows of every file of gold.

    Raises
    ------
    KitError
        When gold does not fit the labels, or says nothing.
    """
    at = {row_id(row): number for number, row in enumerate(rows)}
    size, known = len(rows), _gold_codes(golds, at, what, codes)
    found = score_table(rows, what, codes)
    samples: list[Sample] = []
    notes: list[str] = []
    for judged in golds:
        chance, told = inclusion_column(judged, size)
        if not told:
            notes.append(
                "gold has no column probability: its rows are taken for a random sample of all rows"
            )
        place = np.array([_at(row, at) for row in judged], dtype=np.int64)
        done = np.array([gold_codes(row, what) is not None for row in judged])
        batch, chance_ = np.array([batch_of(row) for row in judged]), np.array(chance)
        for number in np.unique(batch).tolist():
            own = batch == number
            samples.append(Sample(place[own], chance_[own], done[own], number))
            facts = {"place in the labels": place[own].astype(float), "probability": chance_[own]}
            facts |= {f"score of {code}": found[place[own], k] for k, code in enumerate(codes)}
            facts |= _membership([rows[one] for one in place[own].tolist()], by)
            if names := differing_facts(done[own], facts):
                notes.append(_unlike_note(int(done[own].sum()), int(own.sum()), names))
    _check_batches(golds, samples)
    drawn, gold = np.zeros(size, dtype=bool), np.zeros((size, len(codes)))
    for number, of in known.items():
        drawn[number] = True
        gold[number] = [code in of for code in codes]
    annotated, weights, _ = join_samples(samples, np.ones(size, dtype=bool))
    probability = np.ones(size)
    probability[annotated] = 1 / weights
    articles = np.unique([value_of(row, "article") for row in rows], return_inverse=True)[1]
    said = labels_given(rows, what, codes)
    return SampledUnits(
        found, said, articles, drawn, gold, probability, exclusive=what == "stance", samples=samples
    ), notes


def _at(row: LabelRow, at: Mapping[str, int]) -> int:
    """Return the number of a judged row among the labels, -1 where there is none."""
    key = row_id(row)
    # Samples in CSV guard ids that a spreadsheet would run.
    return at.get(key, at.get(unguarded(key), -1))


def _gold_codes(
    golds: Sequence[Sequence[LabelRow]], at: Mapping[str, int], what: str, codes: Sequence[str]
) -> dict[int, tuple[str, ...]]:
    """Return the gold codes by number of the row."""
    given = [
        (row_id(row), _at(row, at), gold_codes(row, what)) for judged in golds for row in judged
    ]
    wrong = sorted({code for _, _, of in given for code in of or ()} - set(codes))
    lost = [key for key, number, _ in given if number < 0]
    if wrong or lost:
        told = f"the codes {listing(wrong)}, which the labels have no scores of" if wrong else ""
        told += (
            f"{' and ' if told else ''}{len(lost)} ids that are not in the labels ({listing(lost)})"
            if lost
            else ""
        )
        raise KitError(f"gold has {told}; the codes are {', '.join(codes)}")
    done = [(key, number, of) for key, number, of in given if of is not None]
    if not done:
        raise KitError(f"gold has no row with {what}; fill in the file that stancekit sample wrote")
    if what == "stance" and (several := [key for key, _, of in done if len(of) != 1]):
        raise KitError(
            f"gold has several stances in {listing(several)}; a row bears exactly one of {', '.join(codes)}"
        )
    known = {number: of for _, number, of in done}
    if differ := [key for key, number, of in done if set(of) != set(known[number])]:
        raise KitError(
            f"files of gold give different codes to {listing(differ)}; settle which, and give each file that"
        )
    return known


def _check_batches(golds: Sequence[Sequence[LabelRow]], samples: Sequence[Sample]) -> None:
    """See to it that batches are all there and that none was drawn from a choice of samples."""
    batches = sorted(one.batch for one in samples)
    if lacking := sorted(set(range(1, batches[-1] + 1)) - set(batches)):
        raise KitError(
            f"gold is batch {batches[-1]} of a sample, without batch {listing(lacking)}; give all files it extends,"
            " as in gold='[sample.csv,more.csv]'"
        )
    if several := sorted({one for one in batches if batches.count(one) > 1 and one < batches[-1]}):
        raise KitError(
            f"gold has several samples of batch {several[0]}, and batch {batches[-1]} extends one; leave one out"
        )
    last = batches[-1]
    if blank := sorted(
        {one.batch for one in samples if not one.annotated.any() and one.batch < last}
    ):
        raise KitError(
            f"nothing of batch {blank[0]} of gold is judged, and batch {last} extends it; judge both"
        )
    home: dict[str, int] = {}
    if twice := [
        row_id(row)
        for judged in golds
        for row in judged
        if home.setdefault(unguarded(row_id(row)), batch_of(row)) != batch_of(row)
    ]:
        raise KitError(
            f"{listing(twice)} are in two batches of gold; a batch that extends another has other rows"
        )


def _membership(rows: Sequence[LabelRow], by: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return for every cell whether rows are in it."""
    if not by:
        return {}
    names = [", ".join(value_of(row, key) for key in by) for row in rows]
    every = sorted(set(names))
    return (
        {}
        if len(every) > MOST_ASKED
        else {f"cell {one}": np.array([n == one for n in names]) * 1.0 for one in every}
    )


def _unlike_note(judged: int, drawn: int, names: Sequence[str]) -> str:
    return (
        f"the {judged} judged of {drawn} drawn rows are no random part of them: they differ from the others in "
        f"{listing(names, most=3)}, and estimates may lean towards them. Judge rows in the order of the file that "
        "sample wrote, or all of them"
    )


def masks(
    rows: Sequence[LabelRow], by: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], NDArray[np.bool_]]]:
    """Yield which rows make up each cell."""
    where: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows):
        where.setdefault(tuple(value_of(row, key) for key in by), []).append(number)
    for key in sorted(where):
        mask = np.zeros(len(rows), dtype=bool)
        mask[where[key]] = True
        yield key, mask


def cells_of(
    units: SampledUnits, rows: Sequence[LabelRow], by: Sequence[str], *, corpus: bool
) -> dict[tuple[str, ...], Domain]:
    """Return the estimates of every cell."""
    return {key: estimate_domain(units, mask, corpus=corpus) for key, mask in masks(rows, by)}
