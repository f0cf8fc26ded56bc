"""doccano's JSON lines of text classification, as version 1.8.5 exports and imports them.

A row is a text with `label`, a list; every other key is meta data, which doccano keeps. It has one
set of labels, so that those of several codebooks begin with their name: `stance: condemn`. doccano
writes an empty list for a text that nobody labelled: that is not judged, and none of the codes is
the label `-`. Its export of each member's own labels is a file called like the member.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.annotation.exchange.record import (
    ReadRecords,
    Record,
    RecordReader,
    facts_of,
)
from stancekit.annotation.exchange.tables import read_table_rows
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError, listing
from stancekit.fileio import write_jsonl
from stancekit.labelling.row_format import is_blank

# The name of the file of all members' labels together.
_ALL = "all"


def write_doccano(path: Path, records: Sequence[Record], codebooks: Sequence[Codebook]) -> None:
    """Write a line for each judgement."""
    prefixed = len(codebooks) > 1
    rows = []
    for record in records:
        labels = [
            f"{name}: {code}" if prefixed else code
            for name, codes in record.judgement.codes.items()
            for code in codes or (NO_CODE_CELL,)
        ]
        facts = facts_of(record)
        rows.append(
            {"id": facts.pop("id"), "text": record.text, "label": labels, **facts, "Comments": []}
        )
    write_jsonl(path, rows)


def read_doccano(path: Path, codebooks: Sequence[Codebook], annotator: str = "") -> ReadRecords:
    """Read what doccano exports.

    Raises
    ------
    KitError
        When it cannot be read, or some row cannot.
    """
    rows = read_table_rows(path)
    if not any("label" in row for _, row in rows):
        raise KitError(f"{path} has no label in its rows; export it from doccano as JSONL")
    # In the members' own files nothing but the name of the file says who judged.
    member = "" if path.stem == _ALL else path.stem
    named = any(not is_blank(row.get("annotator")) for _, row in rows)
    reader = RecordReader(str(path), codebooks, annotator or ("" if named else member))
    for place, row in rows:
        labels = row.get("label") or []
        comments = row.get("Comments") or []
        facts = {**row, "note": row.get("note") or "\n".join(map(str, comments))}
        if not labels and is_blank(row.get("annotator")):
            reader.leave_out(
                f"have no label: not judged (none of the codes is the label {NO_CODE_CELL})"
            )
            continue
        codes = _codes_of(reader, labels, place)
        if codes is not None:
            reader.add(facts, codes, place=place)
    return reader.finish()


def _codes_of(
    reader: RecordReader, labels: Sequence[Any], place: str
) -> Mapping[str, tuple[str, ...]] | None:
    found: dict[str, list[str]] = {}
    unknown = []
    for label in map(str, labels):
        names = homes_of(label, reader.codebooks)
        if len(names) != 1:
            unknown.append(label)
            continue
        found.setdefault(names[0], []).append(label.removeprefix(f"{names[0]}: "))
    if unknown:
        reader.fault(
            place,
            f"has the label {listing(unknown)}, which is not of one codebook of the project; write "
            "it with the codebook's name, as 'NAME: code'",
        )
        return None
    return reader.codes(found, place=place)


def homes_of(label: str, codebooks: Sequence[Codebook]) -> list[str]:
    """Return the codebooks that a label may be of: the one that it names, or those with such a code.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> books = [load_codebook("stance"), load_codebook("diplomacy")]
    >>> homes_of("stance: -", books), homes_of("peace", books), homes_of("-", books)
    (['stance'], ['diplomacy'], ['stance', 'diplomacy'])
    """
    for book in codebooks:
        prefix = f"{book.name}: "
        if label.startswith(prefix) and label.removeprefix(prefix) in (*book.names, NO_CODE_CELL):
            return [book.name]
    return [book.name for book in codebooks if label == NO_CODE_CELL or label in book.names]
