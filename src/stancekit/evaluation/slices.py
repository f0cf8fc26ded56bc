"""Slices of a test set: the examples that share a topic, a register, an actor, a length."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dates import read_year
from stancekit.types import Context, Example

Slices = Mapping[str, NDArray[np.bool_]]
# A slice with fewer examples is shown in grey and never ranked: the standard error of a share
# of 10 examples is up to 16 points.
ENOUGH = 10
# An actor or target in fewer examples gets no slice: most names occur once or twice, and
# their slices would fill the tables.
_MIN_NAMED = 5
# Words up to which a sentence is short, and up to which it is of middle length.
_SHORT, _MIDDLE = 15, 30


def _describe_length(text: str) -> str:
    words = len(text.split())
    if words <= _SHORT:
        return f"up to {_SHORT} words"
    if words <= _MIDDLE:
        return f"{_SHORT + 1} to {_MIDDLE} words"
    return f"over {_MIDDLE} words"


def _slice_values(example: Example | None, context: Context) -> Iterator[tuple[str, str]]:
    for field in ("setting", "register", "topic", "source"):
        yield field, getattr(context, field)
    yield "year", read_year(context.date)
    for value in context.phenomena:
        yield "phenomenon", value
    if example:
        yield "length", _describe_length(example.text)
        yield "actor", example.actor.name if example.actor else ""
        yield "target", example.target.name if example.target else ""


def slices_of(
    contexts: Sequence[Context], examples: Sequence[Example] | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Return a mask of the examples for each value of their metadata.

    The fields are setting, register, topic, source, year and phenomenon; with examples, also
    the length of the sentence, and each actor and target that occurs five times or more.

    Returns
    -------
    dict of str to array of bool, shape (examples,)
        Names are like `register=speech`.

    Examples
    --------
    >>> list(slices_of([Context(register="speech"), Context(register="record")]))
    ['register=record', 'register=speech']
    """
    rows: dict[tuple[str, str], list[int]] = {}
    for row, context in enumerate(contexts):
        for field, value in _slice_values(examples[row] if examples else None, context):
            if value:
                rows.setdefault((field, value), []).append(row)
    masks = {}
    for field, value in sorted(rows):
        members = rows[field, value]
        if field not in ("actor", "target") or len(members) >= _MIN_NAMED:
            mask = np.zeros(len(contexts), dtype=bool)
            mask[members] = True
            masks[f"{field}={value}"] = mask
    return masks
