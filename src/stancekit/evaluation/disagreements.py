"""Rows on which annotators differ, to be decided by a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, overload

from stancekit.codebook import Codebook
from stancekit.corpus.dataset import OWN_ARTICLE
from stancekit.corpus.judgements import NO_CODE_CELL, AnnotatedSet, Codes
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.views import DataFrame, TableView

# Columns that are left out where they are blank in all rows.
_OPTIONAL = ("article", "actor", "target")


def set_distance(first: frozenset[str], second: frozenset[str]) -> float:
    """Return how far two sets of codes are apart, from 0 (the same) to 1 (nothing shared).

    One minus MASI (Passonneau 2006, "Measuring Agreement on Set-valued Items"): the shared
    part of all codes (Jaccard), times 2/3 where one set is in the other and 1/3 where neither is
    (monotonicity).

    Examples
    --------
    >>> set_distance(frozenset({"peace"}), frozenset({"peace"}))
    0.0
    >>> round(set_distance(frozenset({"peace"}), frozenset({"peace", "economy"})), 3)
    0.667
    >>> set_distance(frozenset({"peace"}), frozenset())
    1.0
    """
    if first == second:
        return 0.0
    shared = len(first & second) / len(first | second)
    is_part = first <= second or second <= first
    return 1 - shared * (2 / 3 if is_part else 1 / 3)


def code_distance(first: Codes, second: Codes, codebook: Codebook) -> float:
    """Return how far the codes of two annotators are apart.

    Of two codes on the scale, the steps between them; of any other two that differ, one step;
    of sets of codes, `set_distance`.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> stance = load_codebook("stance")
    >>> [code_distance(("condemn",), (code,), stance) for code in ("support", "abstain", "none")]
    [2.0, 1.0, 1.0]
    """
    if codebook.multi_label:
        return set_distance(frozenset(first), frozenset(second))
    if first == second:
        return 0.0
    scale = list(codebook.scale)
    if first[0] in scale and second[0] in scale:
        return float(abs(scale.index(first[0]) - scale.index(second[0])))
    return 1.0


@dataclass(frozen=True, repr=False)
class Disagreements(TableView, Sequence[dict[str, Any]]):
    """Rows on which annotators differ, the most distant first.

    Attributes
    ----------
    rows
        With id, actor, target and text, what each annotator gave, the largest `distance` of
        two of them, and a blank cell for the decision in a column called like the codebook.
    n_compared
        The number of rows with two annotations or more.
    n_decided
        How many rows are left out since they are decided already.
    path
        Where they are written.
    suspected
        Whether the rows are those whose gold is probably wrong, by a model that has not seen them.
        Then they show no code, and `distance` is one minus the probability of gold.
    share_fitting, share_commonest
        Of suspected rows: the share of all rows to which the model gives gold, and that of those
        whose gold is the commonest.
    """

    rows: tuple[dict[str, Any], ...]
    annotated: AnnotatedSet
    n_compared: int
    n_decided: int = 0
    path: Path | None = None
    suspected: bool = False
    share_fitting: float = 0.0
    share_commonest: float = 0.0

    @property
    def caption(self) -> str:
        """Return how many rows there are to decide, of how many."""
        data = self.annotated
        if self.suspected:
            return (
                f"{len(self.rows)} of {self.n_compared} rows whose gold is probably wrong, the least "
                f"probable first: {data.codebook.name} in {data.name}"
            )
        return (
            f"{len(self.rows)} rows to decide, the most distant first: {data.codebook.name} in "
            f"{data.name}, where {len(data.annotators)} annotators have {self.n_compared} rows in "
            "common"
        )

    @property
    def notes(self) -> list[str]:
        """Return what is left out, and how far the list can be relied on."""
        notes = []
        if self.suspected:
            notes.append(
                f"the model gives {self.share_fitting:.0%} of all rows their gold, the commonest "
                f"code alone {self.share_commonest:.0%}: where it is hardly better, most of the listed "
                "rows are right as they are"
            )
        if self.n_decided:
            source = self.annotated.gold_from
            decides = "are adjudicated" if source == ADJUDICATED else f"{source} decides"
            notes.append(f"{self.n_decided} rows that {decides} are left out")
        return notes

    def to_frame(self) -> DataFrame:
        """Return the rows as a pandas DataFrame, with the columns of the file."""
        import pandas as pd

        columns = list(_file_columns(self.annotated))
        frame = pd.DataFrame(list(self.rows), columns=columns)
        # What no row has, as articles where the data names none, is no column.
        blank = [name for name in _OPTIONAL if not frame[name].astype(bool).any()]
        return frame.drop(columns=blank)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[dict[str, Any], ...]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | tuple[dict[str, Any], ...]:
        """Return a row, or several."""
        return self.rows[index]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


def find_disagreements(annotated: AnnotatedSet) -> Disagreements:
    """Return the rows on which annotators differ and no decision is made, most distant first.

    Rows of one distance are in the order of their mean distance, then of the data.
    """
    units = annotated.units()
    found: list[tuple[float, float, dict[str, Any]]] = []
    n_compared = n_decided = 0
    for index, codes in enumerate(units.codes):
        given = [each for each in codes if each is not None]
        if len(given) < 2:
            continue
        n_compared += 1
        distances = [code_distance(*pair, units.codebook) for pair in combinations(given, 2)]
        if not max(distances):
            continue
        if units.examples[index].id in annotated.decided:
            n_decided += 1
            continue
        mean = sum(distances) / len(distances)
        found.append((max(distances), mean, row_to_decide(units, index, max(distances))))
    found.sort(key=lambda entry: (-entry[0], -entry[1]))
    rows = tuple(row for _, _, row in found)
    return Disagreements(rows, units, n_compared, n_decided)


def row_to_decide(units: AnnotatedSet, index: int, distance: float) -> dict[str, Any]:
    """Return a row of the file: the example, what annotators gave, and a blank cell for the decision."""
    example = units.examples[index]
    is_own = example.article == f"{OWN_ARTICLE}{example.text}"
    cells = {
        "id": example.id,
        "article": "" if is_own else example.article,
        "actor": example.actor.name if example.actor else "",
        "target": example.target.name if example.target else "",
        units.text_column: example.text,
    }
    by_column = zip(_annotator_columns(units), units.codes[index], strict=True)
    cells |= {column: show_codes(codes, units) for column, codes in by_column}
    return cells | {"distance": round(distance, 3), units.codebook.name: ""}


def show_codes(codes: Codes | None, units: AnnotatedSet) -> str:
    """Return codes as a cell: blank for a gap, `-` where none applies."""
    if codes is None:
        return ""
    return f"{units.separator} ".join(sorted(codes)) or NO_CODE_CELL


def _annotator_columns(units: AnnotatedSet) -> Iterator[str]:
    """Yield a column for each annotator, other than the rest of the columns."""
    taken = {"id", "article", "actor", "target", "distance", units.text_column}
    for name in units.annotators:
        is_taken = name in taken or name == units.codebook.name
        yield f"{name} (annotator)" if is_taken else name


def _file_columns(units: AnnotatedSet) -> Iterator[str]:
    yield from ("id", "article", "actor", "target", units.text_column)
    yield from _annotator_columns(units)
    yield from ("distance", units.codebook.name)
