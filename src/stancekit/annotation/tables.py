"""What is written into the tables of a project: checked judgements, items, versions of codebooks."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stancekit.annotation.records import CodesByBook, Item, Judgement
from stancekit.codebook import Codebook
from stancekit.corpus.cells import half_character
from stancekit.errors import KitError, listing, nearest
from stancekit.fileio import json_line

Values = Mapping[str, Any]


def codebook_hash(codebook: Codebook) -> str:
    """Return twelve hexadecimal digits that tell one version of a codebook from another.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> len(codebook_hash(load_codebook("stance")))
    12
    """
    content = json.dumps(codebook.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def check_judgement(judgement: Judgement, codebooks: Sequence[Codebook]) -> Judgement:
    """Return a judgement with its codes in the codebooks' order, each once.

    Raises
    ------
    KitError
        When it says nothing, a code is unknown, or a codebook has too many or too few codes.
    """
    by_name = {book.name: book for book in codebooks}
    faults = []
    if not judgement.codes and not judgement.finding:
        faults.append(f"it says nothing; choose a code of {listing(by_name)}")
    for given in (judgement.codes, judgement.revised or {}):
        for name, codes in given.items():
            if name not in by_name:
                faults.append(f"unknown codebook {name!r}; there are: {listing(by_name)}")
            else:
                faults += _code_faults(codes, by_name[name])
    if half := [name for name in ("note", "marked") if half_character(getattr(judgement, name))]:
        faults.append(f"{listing(half)} has half of a character, which has no UTF-8")
    if faults:
        raise KitError(f"judgement of item {judgement.item}: {'; '.join(faults)}")
    revised = judgement.revised
    return replace(
        judgement,
        codes=_ordered(judgement.codes, by_name),
        revised=None if revised is None else _ordered(revised, by_name),
    )


def _code_faults(codes: Sequence[str], book: Codebook) -> list[str]:
    known = book.names
    if unknown := [code for code in codes if code not in known]:
        near = nearest(unknown[0], known)
        return [f"unknown code {listing(unknown)}{near}; {book.name} has: {', '.join(known)}"]
    if not book.multi_label and len(set(codes)) != 1:
        return [f"{len(set(codes))} codes of {book.name}, which has one: {', '.join(known)}"]
    return []


def _ordered(codes: CodesByBook, books: Mapping[str, Codebook]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(code for code in book.names if code in codes[name])
        for name, book in books.items()
        if name in codes
    }


def new_items(
    connection: sqlite3.Connection, items: Sequence[Item], path: Path
) -> tuple[list[Item], int, int]:
    """Return the items that are not there, and the last number and round that there are.

    Raises
    ------
    KitError
        When an item has the id of another text, actor or target, or was drawn in a batch of its own
        that has the number of one that is there.
    """
    last, last_round = connection.execute(
        "SELECT coalesce(max(number), 0), coalesce(max(round), 0) FROM items"
    ).fetchone()
    there = check_same_texts(connection, items, path) if last else set()
    new = [item for item in items if item.id not in there]
    _check_one_draw(connection, items, new, path)
    return new, last, last_round


def check_same_texts(connection: sqlite3.Connection, items: Sequence[Item], path: Path) -> set[str]:
    """Return the ids of the items that are there already.

    Raises
    ------
    KitError
        When one of them has another text, actor or target there.
    """
    query = "SELECT text, actor, target FROM items WHERE id = ?"
    same: set[str] = set()
    other: list[str] = []
    for item in items:
        there = connection.execute(query, (item.id,)).fetchone()
        if there is None:
            continue
        alike = tuple(there) == (item.text, *(m and m.name for m in (item.actor, item.target)))
        same.add(item.id) if alike else other.append(item.id)
    if other:
        raise KitError(
            f"{path} has other texts, actors or targets with the ids {listing(other)}; give the new "
            "rows other ids, or put them into a project of their own"
        )
    return same


def _check_one_draw(
    connection: sqlite3.Connection, items: Sequence[Item], new: Sequence[Item], path: Path
) -> None:
    """Raise a `KitError` where new rows were drawn apart from those of the same batch that are there."""
    given = {item.id for item in items}
    query = "SELECT id FROM items WHERE batch = ? AND probability IS NOT NULL"
    for batch in sorted({item.batch for item in new if item.probability is not None}):
        there = {row["id"] for row in connection.execute(query, (batch,))}
        # Of one draw, a part may have been added before the whole.
        if there and not there <= given:
            raise KitError(
                f"{path} has {len(there)} rows of batch {batch} that were drawn apart from these, so that no "
                f"probability of a row would be right; draw further rows beside those that are there, "
                f"with stancekit sample extend={path}"
            )


def draw_calibration(items: Sequence[Item], n: int, random_state: int) -> list[Item]:
    """Return the items, of which n drawn at random are those that all judge first.

    Raises
    ------
    KitError
        When there are fewer.
    """
    if n > len(items):
        raise KitError(f"calibration is {n}, and there are {len(items)} items; set fewer")
    chosen = set(np.random.default_rng([random_state, 1]).permutation(len(items))[:n].tolist())
    return [
        replace(item, kind="calibration") if index in chosen else item
        for index, item in enumerate(items)
    ]


def item_values(item: Item) -> Values:
    """Return the row of an item."""
    actor, target = item.actor, item.target
    return {
        "number": item.number,
        "id": item.id,
        "article": item.article,
        "text": item.text,
        "before": item.before,
        "after": item.after,
        "actor": actor and actor.name,
        "actor_start": actor and actor.start,
        "actor_end": actor and actor.end,
        "actor_code": actor and actor.code,
        "target": target and target.name,
        "target_start": target and target.start,
        "target_end": target and target.end,
        "probability": item.probability,
        "batch": item.batch,
        "round": item.round,
        "kind": item.kind,
        "fields": json_line(item.fields),
        "suggested": json_line(item.suggested),
        "gold": json_line(item.gold),
    }


def judgement_values(judgement: Judgement) -> Values:
    """Return the row of a judgement that is to be added."""
    revised = judgement.revised
    return {
        "item": judgement.item,
        "annotator": judgement.annotator,
        "action": judgement.action,
        "codes": json_line(judgement.codes),
        "unsure": int(judgement.unsure),
        "note": judgement.note,
        "finding": judgement.finding,
        "marked": judgement.marked,
        "repeat": judgement.repeat,
        "suggestion": judgement.suggestion,
        "revised": None if revised is None else json_line(revised),
        "seconds": judgement.seconds,
        "at": judgement.at,
        "hashes": json_line(judgement.hashes),
        "request": judgement.request or secrets.token_hex(16),
    }


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[Values]) -> int:
    """Add rows to a table of the project, and return the number of the last one, 0 for none."""
    if not rows:
        return 0
    names = list(rows[0])
    query = (
        f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608  # names of the schema
        f"VALUES ({', '.join(f':{name}' for name in names)})"
    )
    connection.executemany(query, rows[:-1])
    return int(connection.execute(query, rows[-1]).lastrowid or 0)
