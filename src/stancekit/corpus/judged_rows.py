"""Rows with what each annotator gave, and what a decision on one is about."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from stancekit.corpus.judgements import CodedData, Codes
from stancekit.corpus.rows import RawRow


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with the codes of each annotator, and its gold or why it has none."""

    number: int
    row: RawRow
    id: str
    codes: tuple[Codes | None, ...]
    gold: Codes | None = None
    reason: str = ""
    seconds: tuple[float | None, ...] = ()
    # The probability of each code of the codebook, where gold is the most probable one.
    posterior: tuple[float, ...] = ()


def decision_key(row: JudgedRow, data: CodedData) -> Hashable:
    """Return what a decision is about: a row, or its sentence where that is coded."""
    if data.codebook.unit != "sentence":
        return row.id
    return data.article(row.row), plain_words(row.row.get(data.columns.text))


def shared_in_sentences(rows: Sequence[JudgedRow], data: CodedData) -> tuple[JudgedRow, ...]:
    """Return rows in which an annotator's codes of a sentence are on all rows of it, for a codebook of sentences.

    Who is asked once for a sentence has coded all of it. Where somebody gave a sentence several codings,
    they are left as they are.
    """
    if data.codebook.unit != "sentence":
        return tuple(rows)
    given: dict[tuple[Hashable, int], set[frozenset[str]]] = {}
    first: dict[tuple[Hashable, int], Codes] = {}
    for row in rows:
        for annotator, codes in enumerate(row.codes):
            if codes is not None:
                key = (decision_key(row, data), annotator)
                given.setdefault(key, set()).add(frozenset(codes))
                first.setdefault(key, codes)
    shared = []
    for row in rows:
        keys = [(decision_key(row, data), annotator) for annotator in range(len(row.codes))]
        all_codes: tuple[Codes | None, ...] = tuple(
            first[key] if own is None and len(given.get(key, ())) == 1 else own
            for key, own in zip(keys, row.codes, strict=True)
        )
        shared.append(replace(row, codes=all_codes))
    return tuple(shared)


def plain_words(text: object) -> str:
    """Return a text without what spreadsheets do to its white space."""
    return " ".join(str(text or "").split())
