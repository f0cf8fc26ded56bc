"""Where the actors of each sentence stand: gold for finding them."""

from collections.abc import Iterable
from dataclasses import dataclass

from stancekit.corpus.columns import Columns
from stancekit.corpus.rows import Reader, Row
from stancekit.errors import KitError
from stancekit.types import Context


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence and where its actors stand: gold for actor finding. Offsets are in the sentence."""

    text: str
    article: str
    part: str
    context: Context
    actors: set[tuple[int, int]]


def marked_sentences(
    rows: Iterable[tuple[int, Row]], *, name: str, where: str, columns: Columns, date_format: str | None = None
) -> list[MarkedSentence]:
    """Gather the actors marked in each sentence, whatever else its rows are labelled with.

    Raises
    ------
    KitError
        Naming every row without a text or with offsets outside it; when no actor is marked at all.
    """
    reader = Reader(name, where, columns, date_format)
    found: dict[tuple[str, str], MarkedSentence] = {}
    for at, (number, row) in enumerate(rows):
        example = reader.example(number, row, at)
        part, context = reader.part(number, row), reader.context(number, row)
        key = (example.article, example.text)
        one = found.setdefault(key, MarkedSentence(example.text, example.article, part, context, set()))
        if example.actor and example.actor.start is not None and example.actor.end is not None:
            one.actors.add((example.actor.start, example.actor.end))
    reader.faults.raise_all(where)
    if not any(one.actors for one in found.values()):
        raise KitError(
            f"{where} marks no actor in any sentence; name the columns with corpus.columns.actor=COLUMN, or "
            "corpus.columns.actor_start=COLUMN corpus.columns.actor_end=COLUMN"
        )
    return list(found.values())
