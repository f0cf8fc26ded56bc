"""What a project holds: items to judge, annotators, and their judgements."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from stancekit.errors import KitError
from stancekit.types import Mention

Kind = Literal["sampled", "calibration", "control"]
Action = Literal["judge", "take back", "adjudicate"]
Role = Literal["annotator", "lead"]
Finding = Literal["", "no actor", "actor missing", "wrong target"]
Suggestion = Literal["", "before", "after"]
CodesByBook = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is judged: a sentence, mostly with an actor and a target.

    Attributes
    ----------
    number
        From 1, in the order in which items were added.
    before, after
        The text around the sentence, empty where it is not known.
    probability, batch
        With what probability the item was drawn, and in which batch of a sample.
    round
        Which addition of items brought it, from 1.
    kind
        `sampled`; `calibration` where all annotators judge it first; `control` where its
        codes are known and compared.
    fields
        The further columns of its row.
    suggested
        By codebook, the `codes` and `scores` that a model gave.
    gold
        By codebook the codes of a control.
    """

    number: int
    id: str
    text: str
    article: str = ""
    before: str = ""
    after: str = ""
    actor: Mention | None = None
    target: Mention | None = None
    probability: float | None = None
    batch: int = 1
    round: int = 1
    kind: Kind = "sampled"
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    suggested: Mapping[str, Any] = field(default_factory=dict, hash=False)
    gold: CodesByBook = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Annotator:
    """Who judges; the token in their link is theirs alone. A `lead` decides and does not judge."""

    name: str
    token: str = field(repr=False)
    role: Role = "annotator"
    added: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an annotator said of an item, once.

    Attributes
    ----------
    codes
        By codebook; no codes mean that none applies, a codebook that is missing was not asked.
    action
        `judge`, `take back`, or `adjudicate`, which only a lead does.
    finding
        What is wrong with the item itself; `marked` has the words that should stand there.
    repeat
        1 where it is the hidden second time.
    suggestion
        `before` where the model's code was seen before judging, `after` where these are the codes
        after it was seen; the codes before are then a judgement of their own.
    revised
        The codes after the suggestion was seen, where they are kept with the judgement.
    seconds
        How long it took.
    at
        When, in UTC; empty for now.
    hashes
        By codebook the version that was judged by; empty for the current one.
    request
        A random text; a judgement whose request is already there is the same one.
    number
        Its place among all judgements, 0 before it is saved.
    """

    item: int
    annotator: str
    codes: CodesByBook = field(default_factory=dict, hash=False)
    action: Action = "judge"
    unsure: bool = False
    note: str = ""
    finding: Finding = ""
    marked: str = ""
    repeat: int = 0
    suggestion: Suggestion = ""
    revised: CodesByBook | None = field(default=None, hash=False)
    seconds: float | None = None
    at: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict, hash=False)
    request: str = ""
    number: int = 0

    def __post_init__(self) -> None:
        """Check the fields that have few values."""
        allowed = {
            "action": get_args(Action),
            "finding": get_args(Finding),
            "suggestion": get_args(Suggestion),
            "repeat": (0, 1),
        }
        for name, values in allowed.items():
            if (seen := getattr(self, name)) not in values:
                raise KitError(f"{name} is {seen!r}; there are: {', '.join(map(repr, values))}")


class ConflictError(KitError):
    """A judgement was saved elsewhere since the page was shown; `saved` is that judgement."""

    def __init__(self, saved: Judgement) -> None:
        self.saved = saved
        super().__init__(
            f"item {saved.item} was judged by {saved.annotator} elsewhere at {saved.at}, after this "
            "page was shown; nothing was overwritten. Compare both, and save again"
        )


def item_from_row(row: sqlite3.Row) -> Item:
    """Return the item of a row of the table `items`."""
    return Item(
        number=row["number"],
        id=row["id"],
        text=row["text"],
        article=row["article"],
        before=row["before"],
        after=row["after"],
        actor=_mention_from_row(row, "actor", row["actor_code"]),
        target=_mention_from_row(row, "target"),
        probability=row["probability"],
        batch=row["batch"],
        round=row["round"],
        kind=row["kind"],
        fields=json.loads(row["fields"]),
        suggested=json.loads(row["suggested"]),
        gold=codes_from_json(row["gold"]),
    )


def _mention_from_row(row: sqlite3.Row, role: str, code: str | None = None) -> Mention | None:
    name = row[role]
    if name is None:
        return None
    return Mention(name, row[f"{role}_start"], row[f"{role}_end"], code)


def judgement_from_row(row: sqlite3.Row) -> Judgement:
    """Return the judgement of a row of the table `judgements`."""
    revised = row["revised"]
    return Judgement(
        item=row["item"],
        annotator=row["annotator"],
        codes=codes_from_json(row["codes"]),
        action=row["action"],
        unsure=bool(row["unsure"]),
        note=row["note"],
        finding=row["finding"],
        marked=row["marked"],
        repeat=row["repeat"],
        suggestion=row["suggestion"],
        revised=None if revised is None else codes_from_json(revised),
        seconds=row["seconds"],
        at=row["at"],
        hashes=json.loads(row["hashes"]),
        request=row["request"],
        number=row["number"],
    )


def codes_from_json(text: str) -> dict[str, tuple[str, ...]]:
    """Return codes by codebook as the file has them."""
    return {name: tuple(codes) for name, codes in json.loads(text).items()}
