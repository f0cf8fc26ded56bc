"""Whether samples were drawn from the labels that they are used with: how many rows their probabilities stand for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stancekit.errors import KitError
from stancekit.prevalence.sampling import Sample

# How many standard errors a sample may be from the rows that it was drawn from, and how far in parts of
# them it may be without a note: probabilities may have been rounded.
_ERRORS, _ROUNDED = 4, 0.02
# A stretch of rows of which so many were expected, and none was drawn, is no chance (one in a billion a row).
_EXPECTED = 20.0


def check_pools(samples: Sequence[Sample], size: int) -> tuple[list[Sample], list[str]]:
    """Return samples, with what they cannot represent set, and notes for a reader.

    One divided by the probabilities of drawn rows adds up to the number of rows that they were drawn from:
    exactly where all are equal, and about so in other designs. Where labels have grown since, a sample is of
    the old rows alone.

    Parameters
    ----------
    samples
        Samples of the same labels, of all batches.
    size
        How many rows the labels have.

    Raises
    ------
    KitError
        When a sample was drawn from other rows, and no later batch from these.

    Examples
    --------
    >>> import numpy as np
    >>> sample = Sample(np.arange(10), np.full(10, 0.5), np.ones(10, bool))
    >>> check_pools([sample], 20)[1]
    []
    """
    checked: list[Sample] = []
    notes: list[str] = []
    faults: list[str] = []
    last = max(sample.batch for sample in samples)
    for sample in samples:
        pool = _rows_left(samples, sample.batch, size)
        fault, note = _judge_sample(sample, pool, several=last > 1)
        outdated = bool(fault) and sample.batch < last
        if outdated:
            note, fault = f"{fault}: its rows represent themselves alone", ""
        checked.append(replace(sample, represents=not outdated))
        notes += [note] if note else []
        faults += [fault] if fault else []
    if faults:
        raise KitError(
            f"{'; '.join(faults)}. Give the labels that it was drawn from; if these have grown since, extend "
            "the sample: stancekit sample LABELS extend=SAMPLE; and leave the column probability, and rows "
            "that are not annotated, as stancekit sample wrote them"
        )
    return checked, notes


def _rows_left(samples: Sequence[Sample], batch: int, size: int) -> int:
    """Return how many rows a batch could be drawn from."""
    before = [sample.rows for sample in samples if sample.batch < batch]
    return size - (len(np.unique(np.concatenate(before))) if before else 0)


def _judge_sample(sample: Sample, pool: int, *, several: bool) -> tuple[str, str]:
    """Return what makes a sample one of other rows, and else what to tell of it; empty where there is nothing."""
    inverse = 1 / sample.probability
    total, left = float(inverse.sum()), 1 - sample.probability
    apart = total - pool
    # As many rows as here are drawn in each design of the kit; in others that may vary too.
    centre = (left * inverse).sum() / left.sum() if left.any() else 0.0
    fixed = _ERRORS * float(np.sqrt((left * (inverse - centre) ** 2).sum()))
    varying = _ERRORS * float(np.sqrt((left * inverse**2).sum()))
    if abs(apart) <= max(fixed, _ROUNDED * pool):
        return "", ""
    name = f"batch {sample.batch} of gold" if several else "gold"
    rows = f"{pool:,} rows" if sample.batch == 1 else f"{pool:,} rows that no batch before drew"
    seen = f"{name} was drawn from about {total:,.0f} rows, as its probabilities say, and the labels have {rows}"
    if abs(apart) <= varying:
        return "", f"{seen}: it is taken for a sample of these"
    if apart > 0 or not sample.annotated.all():
        return seen, ""
    # Rows that were not annotated may have been left out of the file: a random part of it.
    gap = _longest_gap(sample, pool)
    if gap * sample.probability.min() * total / pool > _EXPECTED:
        return f"{seen}, of which it has none of {gap:,} in succession", ""
    return "", (
        f"{seen}: its rows are taken for a random part of a sample of these. Leave rows that are not "
        "annotated in the file; if the labels have grown since, extend the sample with extend="
    )


def _longest_gap(sample: Sample, pool: int) -> int:
    """Return how many rows in succession the sample has none of."""
    ends = np.concatenate([[-1], np.sort(sample.rows), [pool]])
    return int(np.diff(ends).max()) - 1
