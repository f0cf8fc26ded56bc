"""An annotation project as data: a row for each judgement that stands, and the decisions."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from stancekit.codebook import Codebook
from stancekit.corpus.project_schema import PROJECT_SUFFIX, open_project, project_errors
from stancekit.corpus.requests import ReadRow, RowFault, TableRequest, warn_once
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError

# Who "annotated" what was decided: the adjudicator, or whoever made the controls.
ADJUDICATED = "adjudicated"
ANNOTATOR_COLUMN = "annotator"
SUGGESTION_COLUMN = "suggestion"
# The kind of items whose codes are known.
CONTROL = "control"
ITEM_KINDS = ("sampled", "calibration", CONTROL)
# The columns of an item that rows have under the same names.
_ITEM_COLUMNS = (
    *("id", "article", "text", "actor", "actor_start", "actor_end", "actor_code"),
    *("target", "target_start", "target_end", "before", "after"),
    *("probability", "batch", "kind"),
)
_QUERY = """
SELECT * FROM judgements WHERE repeat = 0 ORDER BY item, number
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an annotator's judgements of an item come to.

    Attributes
    ----------
    codes
        By codebook, before a suggestion was seen where both are there.
    after
        By codebook, after it was seen; `None` where it was not.
    facts
        The row of the judgement.
    """

    annotator: str
    codes: Mapping[str, list[str]]
    after: Mapping[str, list[str]] | None
    facts: Mapping[str, Any]

    @property
    def suggestion(self) -> str:
        """Return `before` where a model's code was seen before judging, else `after` or empty as it was later."""
        first = str(self.facts["suggestion"])
        # Codes after a suggestion whose own before are not there were given in its view.
        if first:
            return "before"
        return "after" if self.after is not None else ""

    @property
    def is_decision(self) -> bool:
        """Say whether it is a lead's, who adjudicates."""
        return bool(self.facts["action"] == "adjudicate")


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """An item with all judgements of it that stand.

    Attributes
    ----------
    facts
        The row of the item.
    gold
        By codebook the codes of a control.
    """

    facts: Mapping[str, Any]
    judgements: tuple[Standing, ...]
    gold: Mapping[str, list[str]] = field(default_factory=dict)

    def decision(self, codebook: str) -> list[str] | None:
        """Return the codes that were decided: by the lead, or as a control; `None` where none were."""
        made = [
            each.codes[codebook]
            for each in self.judgements
            if each.is_decision and codebook in each.codes
        ]
        return made[-1] if made else self.gold.get(codebook)

    def of_annotators(self) -> list[Standing]:
        """Return the judgements but the decisions."""
        return [each for each in self.judgements if not each.is_decision]


def is_project(path: str | Path) -> bool:
    """Say whether a file is named as an annotation project.

    Examples
    --------
    >>> is_project("study.db"), is_project("sample.csv")
    (True, False)
    """
    return Path(path).suffix.lower() == PROJECT_SUFFIX


def read_project(path: str | Path) -> list[RawRow]:
    """Return a row for each judgement that stands, and one for each decision.

    A row has the item's columns, `annotator`, a column for each codebook with a list of codes
    (`None` where it was not asked; with `_after` behind its name the codes after a suggestion), and
    what else is known of the judgement. Decisions are the annotator `adjudicated`'s. Hidden second
    times and what was taken back are left out.

    Raises
    ------
    KitError
        When the file is no project, is damaged, or a newer version wrote it.
    """
    return list(_stream_rows(Path(path)))


def read_project_rows(stream: BinaryIO, request: TableRequest) -> ReadRow:
    """Yield the rows of `read_project` with their numbers, for the reader of tables."""
    name = getattr(stream, "name", None)
    if not isinstance(name, str):
        yield 0, RowFault("an annotation project is read from a file of its own", rest=True)
        return
    yield from enumerate(_stream_rows(Path(name)), 1)


def project_codebooks(path: str | Path) -> dict[str, Codebook]:
    """Return the codebooks of a project by name, as they are now.

    Raises
    ------
    KitError
        As of `read_project`.
    """
    file = Path(path)
    with closing(open_project(file, read_only=True)) as connection, project_errors(file):
        rows = connection.execute("SELECT name, content FROM codebooks ORDER BY rowid")
        return {row["name"]: Codebook.from_dict(json.loads(row["content"])) for row in rows}


def read_judged_items(path: str | Path) -> Iterator[JudgedItem]:
    """Yield every item with the judgements of it that stand, in the order of their numbers.

    Raises
    ------
    KitError
        As of `read_project`.
    """
    file = Path(path)
    with closing(open_project(file, read_only=True)) as connection, project_errors(file):
        # All from one moment, also where somebody annotates meanwhile.
        connection.execute("BEGIN")
        judgements = connection.execute(_QUERY)
        ahead = judgements.fetchone()
        for facts in connection.execute("SELECT * FROM items ORDER BY number"):
            rows = []
            while ahead is not None and ahead["item"] <= facts["number"]:
                rows.append(ahead)
                ahead = judgements.fetchone()
            gold = _loads(facts["gold"]) if facts["kind"] == CONTROL else {}
            yield JudgedItem(dict(facts), tuple(_standing(rows)), gold)


def _standing(rows: Sequence[sqlite3.Row]) -> Iterator[Standing]:
    """Yield what the judgements of one item come to, in the order of the last ones."""
    blind: dict[str, sqlite3.Row] = {}
    seen: dict[str, sqlite3.Row] = {}
    for row in rows:
        name = row["annotator"]
        if row["action"] == "take back":
            blind.pop(name, None)
            seen.pop(name, None)
        elif row["suggestion"] == "after" and name in blind:
            seen[name] = row
        else:
            seen.pop(name, None)
            blind.pop(name, None)
            blind[name] = row
    for name, row in blind.items():
        revised = seen[name]["codes"] if name in seen else row["revised"]
        after = None if revised is None else _loads(revised)
        yield Standing(name, _loads(row["codes"]), after, dict(row))


def _stream_rows(path: Path) -> Iterator[RawRow]:
    names = list(project_codebooks(path))
    for item in read_judged_items(path):
        shown = _loads(item.facts["fields"]) | {name: item.facts[name] for name in _ITEM_COLUMNS}
        for judgement in item.of_annotators():
            yield shown | _judgement_columns(judgement, names)
        decided = {name: item.decision(name) for name in names}
        if any(codes is not None for codes in decided.values()):
            yield shown | {ANNOTATOR_COLUMN: ADJUDICATED, SUGGESTION_COLUMN: ""} | decided


def _judgement_columns(judgement: Standing, names: Sequence[str]) -> dict[str, Any]:
    facts = judgement.facts
    row: dict[str, Any] = {ANNOTATOR_COLUMN: judgement.annotator}
    row |= {name: judgement.codes.get(name) for name in names}
    if judgement.after is not None:
        row |= {f"{name}_after": judgement.after.get(name) for name in names}
    kept = ("seconds", "at", "note", "finding", "marked")
    hashes = _loads(facts["hashes"])
    return row | {
        **{name: facts[name] for name in kept},
        "unsure": bool(facts["unsure"]),
        SUGGESTION_COLUMN: judgement.suggestion,
        "codebook_hash": " ".join(f"{name}={hash_}" for name, hash_ in sorted(hashes.items())),
    }


def _loads(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise KitError(f"an annotation project is damaged: a cell is not JSON ({error})") from None
    return found


def tell_suggested(
    rows: Iterable[tuple[int, RawRow]], codebook: str, where: object, *, allowed: bool
) -> None:
    """Tell that judgements were made with a model's code in view, or refuse them.

    Parameters
    ----------
    rows
        With their numbers.

    Raises
    ------
    KitError
        When there are some, and they are not allowed.
    """
    judged = (row for _, row in rows if row.get(codebook) is not None)
    seen = [
        row.get(SUGGESTION_COLUMN) for row in judged if row.get(ANNOTATOR_COLUMN) != ADJUDICATED
    ]
    if note := suggested_note(seen.count("before"), len(seen), f"{codebook} in {where}"):
        if not allowed:
            raise KitError(f"{note}; set corpus.suggested=true to use them all the same")
        warn_once("%s", note)


def suggested_note(n: int, of: int, what: str) -> str:
    """Return what to tell of judgements that were made with a model's code in view; nothing for none.

    Such judgements lean towards the model: agreement is then too high, and an error of the model is
    confirmed rather than found.

    Examples
    --------
    >>> print(suggested_note(2, 9, "stance in study.db"))
    2 of 9 judgements of stance in study.db were made with the model's code in view, and lean towards it
    """
    if not n:
        return ""
    return (
        f"{n} of {of} judgements of {what} were made with the model's code in view, and lean "
        "towards it"
    )
