"""Slices of a test set: which examples share a topic, a register, an actor, a length."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dates import read_year
from stancekit.types import Context, Example

Slices = Mapping[str, NDArray[np.bool_]]
# A slice with fewer examples is shown in grey and never ranked.
ENOUGH = 10
# An actor or target named less often than this says nothing on its own.
_NAMED = 5


def _length(text: str) -> str:
    words = len(text.split())
    return "up to 15 words" if words <= 15 else "16 to 30 words" if words <= 30 else "over 30 words"


def _slice_values(example: Example | None, context: Context) -> Iterator[tuple[str, str]]:
    for field in ("setting", "register", "topic", "source"):
        yield field, getattr(context, field)
    yield "year", read_year(context.date)
    for value in context.phenomena:
        yield "phenomenon", value
    if example:
        yield "length", _length(example.text)
        yield "actor", example.actor.name if example.actor else ""
        yield "target", example.target.name if example.target else ""


def slices_of(
    contexts: Sequence[Context], examples: Sequence[Example] | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Return a mask per value of setting, register, topic, source, year and phenomenon, named `register=speech`.

    With examples, also by length of the sentence, and by each actor and target that occurs five
    times or more.

    Examples
    --------
    >>> list(slices_of([Context(register="speech"), Context(register="record")]))
    ['register=record', 'register=speech']
    """
    found: dict[tuple[str, str], list[int]] = {}
    for row, context in enumerate(contexts):
        for field, value in _slice_values(examples[row] if examples else None, context):
            if value:
                found.setdefault((field, value), []).append(row)
    kept = {
        key: rows
        for key, rows in found.items()
        if key[0] not in ("actor", "target") or len(rows) >= _NAMED
    }
    return {
        f"{key[0]}={key[1]}": np.isin(np.arange(len(contexts)), kept[key]) for key in sorted(kept)
    }
