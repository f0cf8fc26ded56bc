"""The format of labels, in one place: the columns of a row, and what labels say of their codebooks.

A row is a sentence, an actor and a target. Behind the columns of `SCHEMA` each codebook
NAME has two: `NAME`, the code (a list of codes where several are allowed), and
`NAME_scores`, the score of every code; where the model learned from the text, up to three more
(`HELD_OUT`). Then follow the fields that were kept of the
input, then `format`, `codebooks`, which says of each codebook what it codes, and
`extent`, which says which rows there are. Parquet has these last in the metadata of its
schema, and scores as a JSON string.

A codebook that codes sentences is on every row of its sentence, and counts once. A
sentence without an actor and a target has a row only where some codebook codes
sentences; the columns of codebooks that code examples are null there. So has one
whose actors take no position, where only positions are written.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from stancekit.codebook import place_on_scale, plain_text, split_labels

LabelRow = dict[str, Any]
LABELS_FORMAT = 4
# Labels of the format before had all rows, and said nothing of it.
READABLE_FORMATS = (3, LABELS_FORMAT)
# Which rows are written: of the pairs of actor and target those with a position, or all.
RowChoice = Literal["positions", "all"]
ROW_CHOICES: tuple[RowChoice, ...] = ("positions", "all")
# The probability from which a position is written where rows are `positions`. On whole validation
# articles of the bundled corpus it is where F0.5 is highest, which counts precision twice.
LIKELY_POSITION = 0.75
# The columns of every row, before those of the codebooks, with their types in Parquet.
# A value that there is none of is null.
SCHEMA = {
    # That of the sentence; with an actor and target, `.0`, `.1` and so on after it.
    "id": "string",
    # The id of the article.
    "article": "string",
    # The text of the sentence as models read it, and where it starts and ends in the
    # article.
    "sentence": "string",
    "start": "int64",
    "end": "int64",
    # The actor's name, and where it starts and ends in the sentence.
    "actor": "string",
    "actor_start": "int64",
    "actor_end": "int64",
    # ISO 3166 alpha-3, of an actor that is a country.
    "actor_code": "string",
    "target": "string",
    # What the codes of actor and target come from: `model`, or `roll call` (`text/rollcalls/`).
    "read_by": "string",
}
# The columns that end every row of JSON lines; in Parquet they are metadata of the
# schema.
CLOSING = ("format", "codebooks", "extent")
# What columns of a codebook are called after its name that are there where its model has learned
# from the text: codes and scores of the fold that held it out, or that it has learned from it.
HELD_OUT = ("heldout_codes", "heldout_scores", "learned")
# In memory alone: whether a row was set aside for a person as too uncertain. Files keep
# such rows apart.
SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class LabelledCodebook:
    """What labels say of a codebook: its name and what it codes; the fields mean what they mean in `Codebook`."""

    name: str
    unit: str = "example"
    multi_label: bool = False
    scale: tuple[str, ...] = ()
    towards: str = ""
    absent: str = ""
    votes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def columns(self) -> tuple[str, str]:
        """Return the two columns of its block: codes and scores."""
        return self.name, f"{self.name}_scores"

    @property
    def held_out_columns(self) -> tuple[str, str, str]:
        """Return the columns that rows may have beside these, where the model learned from their text."""
        codes, scores, learned = (f"{self.name}_{end}" for end in HELD_OUT)
        return codes, scores, learned

    def to_dict(self) -> dict[str, Any]:
        """Return what the column `codebooks` holds of it."""
        facts = asdict(self) | {"scale": list(self.scale)}
        del facts["name"]
        # An empty mapping is a column without a type where rows become a table.
        if not self.votes:
            del facts["votes"]
        return facts

    @classmethod
    def from_dict(cls, name: str, facts: Mapping[str, Any]) -> "LabelledCodebook":
        """Rebuild it from its name and `to_dict`.

        Raises
        ------
        TypeError
            When a fact is unknown.
        """
        return cls(name, **{**facts, "scale": tuple(facts.get("scale", ()))})

    def place(self, code: str) -> str:
        """Return where a code is on the scale, as `Codebook.place` does."""
        return place_on_scale(code, self.scale)

    def codes(self, row: LabelRow) -> tuple[str, ...]:
        """Return the codes of a row, empty where it has none."""
        return split_labels(row.get(self.name))

    def applied_codes(self, row: LabelRow) -> tuple[str, ...]:
        """Return the codes of a row but the one that means none of the others."""
        return tuple(code for code in self.codes(row) if code != self.absent)

    def scores(self, row: LabelRow) -> Mapping[str, float]:
        """Return the score of every code in a row, empty where the codebook has not coded it.

        Raises
        ------
        ValueError, TypeError
            When the cell holds no scores.
        """
        value = row.get(self.columns[1])
        if value is None:
            return {}
        return json.loads(value) if isinstance(value, str) else dict(value)

    def order(self, codes: Iterable[str]) -> list[str]:
        """Return codes along the scale, then the others in alphabetical order, last the absent one.

        Examples
        --------
        >>> LabelledCodebook("view", scale=("no", "yes"), absent="none").order({"yes", "none", "any", "no"})
        ['no', 'yes', 'any', 'none']
        """
        present = set(codes)
        rest = sorted(present.difference(self.scale), key=lambda code: (code == self.absent, code))
        return [code for code in self.scale if code in present] + rest


@dataclass(frozen=True, slots=True)
class Extent:
    """Which rows labels have, and of how many pairs of actor and target.

    Attributes
    ----------
    rows
        `all`; or `positions`, where pairs without a position have no row; `None` where labels do
        not say, as a CSV file does not.
    pairs
        How many pairs were read in all, those without a row too; `None` where that is not known.
    min_score
        The probability from which a position has a row; `None` where every position has one.
    """

    rows: RowChoice | None = "all"
    pairs: int | None = None
    min_score: float | None = None

    @property
    def left_out(self) -> bool:
        """Say whether pairs without a position have no row."""
        return self.rows == "positions"

    @property
    def too_low(self) -> str:
        """Return what a sentence on pairs "without a position" has to add."""
        return f", or with one that scores less than {self.min_score:g}," if self.min_score else ""

    def to_dict(self) -> dict[str, Any]:
        """Return what the column `extent` holds."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_rows(cls, rows: Iterable[LabelRow]) -> Self:
        """Return what rows say of it; where they say nothing, as before format 4, they are all rows."""
        said = [extent if isinstance(extent := row.get("extent"), dict) else {} for row in rows]
        left_out = any(facts.get("rows") == "positions" for facts in said)
        pairs, scores = ({facts.get(name) for facts in said} for name in ("pairs", "min_score"))
        return cls(
            "positions" if left_out else "all",
            pairs.pop() if len(pairs) == 1 else None,
            scores.pop() if len(scores) == 1 else None,
        )


ALL_ROWS = Extent()


def codes_only_positions(codebooks: Iterable[LabelledCodebook]) -> bool:
    """Say whether a pair of actor and target without a position has nothing to show.

    That is where all codebooks that code examples are towards a target, and may find no position.

    Examples
    --------
    >>> view = LabelledCodebook("view", towards="target", absent="none")
    >>> tone, topics = LabelledCodebook("tone"), LabelledCodebook("topics", unit="sentence")
    >>> codes_only_positions([view, topics]), codes_only_positions([view, tone])
    (True, False)
    """
    of_pairs = [book for book in codebooks if book.unit == "example"]
    return bool(of_pairs) and all(
        book.towards and (book.absent or book.multi_label) for book in of_pairs
    )


def has_position(row: LabelRow, codebooks: Iterable[LabelledCodebook]) -> bool:
    """Say whether the actor of a row takes some position towards its target."""
    return any(book.towards and book.applied_codes(row) for book in codebooks)


def block(
    name: str, codes: Sequence[str], scores: Mapping[str, float], multi_label: bool
) -> dict[str, Any]:
    """Return the two columns of a codebook in one row; without scores, the codebook has no code for it.

    Examples
    --------
    >>> block("tone", ["warm"], {"cold": 0.25, "warm": 0.75}, multi_label=False)
    {'tone': 'warm', 'tone_scores': {'cold': 0.25, 'warm': 0.75}}
    >>> block("tone", [], {}, multi_label=False)
    {'tone': None, 'tone_scores': None}
    """
    if not scores:
        return {name: None, f"{name}_scores": None}
    given: Any = list(codes) if multi_label else codes[0]
    return {name: given, f"{name}_scores": {code: round(scores[code], 4) for code in scores}}


def closing(
    codebooks: Iterable[LabelledCodebook],
    extent: Extent = ALL_ROWS,
) -> dict[str, Any]:
    """Return what ends every row, or the metadata of a Parquet file: format, codebooks by name, and extent."""
    facts = {
        "format": LABELS_FORMAT,
        "codebooks": {codebook.name: codebook.to_dict() for codebook in codebooks},
    }
    return facts | ({"extent": said} if (said := extent.to_dict()) else {})


def is_blank(value: object) -> bool:
    """Say whether a cell holds nothing: no value, not a number, or only space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124


def read_number(value: object) -> float:
    """Read a number, also with the comma that spreadsheets of many countries write; NaN where it is none.

    Examples
    --------
    >>> read_number("0,25"), read_number(0.5), read_number("high")
    (0.25, 0.5, nan)
    """
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return math.nan


def row_id(row: LabelRow) -> str:
    """Return a row's id as text, empty where it has none."""
    value = row.get("id")
    return "" if is_blank(value) else plain_text(value)


def sentence_id(row: LabelRow) -> str:
    """Return the id of a row's sentence: rows with an actor and target have a number after it.

    Examples
    --------
    >>> sentence_id({"id": "a.3.0", "actor": "Peru", "target": "the levy"}), sentence_id({"id": "a.4"})
    ('a.3', 'a.4')
    """
    has_example = not (is_blank(row.get("actor")) and is_blank(row.get("target")))
    return row_id(row).rsplit(".", 1)[0] if has_example else row_id(row)
