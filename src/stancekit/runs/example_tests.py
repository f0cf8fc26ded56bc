"""What a run asked of its test examples besides their codes: variants of them, other names, other wordings.

Each has a file of its own beside the predictions, a line per example.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from stancekit.errors import KitError
from stancekit.evaluation.answers import AnswerTest
from stancekit.evaluation.names import NameTest
from stancekit.fileio import sha256, write_jsonl
from stancekit.runs.record import Audit, damaged

AUDIT_FILE, NAMES_FILE, ANSWERS_FILE = "audit.jsonl", "names.jsonl", "answers.jsonl"
Tested = TypeVar("Tested")


def write_audit(folder: Path, ids: Sequence[str], audit: Audit) -> str:
    """Write the codes given to every variant of the test set, and return the file's SHA-256."""
    rows = zip(*audit.values(), strict=True)
    return _write_tests(
        folder / AUDIT_FILE, ids, (dict(zip(audit, row, strict=True)) for row in rows)
    )


def write_names(folder: Path, ids: Sequence[str], names: Sequence[NameTest | None]) -> str:
    """Write what the model says of the test examples under other names, and return the file's SHA-256."""
    return _write_tests(folder / NAMES_FILE, ids, (asdict(test) if test else {} for test in names))


def write_answers(folder: Path, ids: Sequence[str], answers: Sequence[AnswerTest]) -> str:
    """Write what a language model says of the test examples in all wordings, and return the file's SHA-256."""
    return _write_tests(folder / ANSWERS_FILE, ids, map(asdict, answers))


def _write_tests(path: Path, ids: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    write_jsonl(path, ({"id": name, **row} for name, row in zip(ids, rows, strict=True)))
    return sha256(path)


def read_audit(folder: Path, ids: Sequence[str], digest: str = "") -> Audit:
    """Read the codes given to every variant of the test set; empty where there was no audit.

    Parameters
    ----------
    ids
        The ids of the test examples, in order, which the file must have.
    digest
        The SHA-256 of the file in `run.json`, which it must have.
    """
    rows = _read_tests(folder / AUDIT_FILE, ids, digest, _variant_codes)
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def read_names(folder: Path, ids: Sequence[str], digest: str = "") -> tuple[NameTest | None, ...]:
    """Read what the model says under other names; empty where that was not measured.

    The arguments are those of `read_audit`.
    """
    return tuple(_read_tests(folder / NAMES_FILE, ids, digest, _name_test))


def read_answers(folder: Path, ids: Sequence[str], digest: str = "") -> tuple[AnswerTest, ...]:
    """Read what a language model says in all wordings; empty of another model.

    The arguments are those of `read_audit`.
    """
    return tuple(_read_tests(folder / ANSWERS_FILE, ids, digest, answer_test))


def answer_test(row: Mapping[str, Any]) -> AnswerTest:
    """Return an `AnswerTest` of plain data."""
    labels = tuple(_codes_or_none(codes) for codes in row["labels"])
    return AnswerTest(labels, int(row["illegal"]), int(row["asked"]))


def _name_test(row: Mapping[str, Any]) -> NameTest | None:
    if "labels" not in row:
        return None
    shift = None if row["shift"] is None else float(row["shift"])
    return NameTest(tuple(tuple(codes) for codes in row["labels"]), str(row["actor"]), shift)


def _variant_codes(row: Mapping[str, Any]) -> dict[str, tuple[str, ...] | None]:
    return {name: _codes_or_none(codes) for name, codes in row.items() if name != "id"}


def _codes_or_none(codes: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(codes)


def _read_tests(
    path: Path, ids: Sequence[str], digest: str, read_row: Callable[[Mapping[str, Any]], Tested]
) -> list[Tested]:
    """Return what the rows of a file say, nothing where there is no file."""
    if not path.exists():
        return []
    try:
        rows = read_run_lines(path, digest)
        tested = [read_row(row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from None
    if [row.get("id") for row in rows] != list(ids):
        raise damaged(path, "its examples are not those of the predictions beside it")
    return tested


def read_run_lines(path: Path, digest: str) -> list[dict[str, Any]]:
    """Return the rows of a run's file of JSON lines, after checking its SHA-256 where one is given."""
    if digest and sha256(path) != digest:
        raise KitError(
            f"{path} was altered since the run was made (its run.json has another SHA-256 of it); "
            "copy the run's folder again, or delete it and start the same command again"
        )
    # A sentence may contain other line separators than the line feed.
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]
