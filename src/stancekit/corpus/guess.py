"""Guess what the columns of a table hold, by their content first and their headers second."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stancekit.corpus.columns import TableColumn, cell_parts, read_columns
from stancekit.corpus.dataset import PART_NAMES, part_named
from stancekit.errors import KitError

# The longest texts by this factor are the texts; notes on them are shorter.
_CLEARLY_LONGER = 1.5


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column is taken for, and why; without a column, which ones it may be.

    Attributes
    ----------
    role
        As in `corpus.columns`, or `annotators`, of which there are several columns.
    columns
        The column, or of annotators the columns; empty where it is not clear.
    reason
        What in the table says so.
    choices
        Where it is not clear: the columns that it may be.
    """

    role: str
    columns: tuple[str, ...]
    reason: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableGuess:
    """What the columns of a table are taken for.

    Attributes
    ----------
    guesses
        In the order of the roles; roles that no column fits are not there.
    values
        How many rows have each value of the label column; "" for those without a label.
    separator
        What separates several labels in a cell; empty where each cell has one.
    date_formats
        How dates are written, in the signs of `datetime.strptime`; several where the table
        does not show which, empty for ISO 8601.
    groups
        Columns of a few names that have no role, such as a party.
    """

    guesses: tuple[ColumnGuess, ...]
    values: Mapping[str, int]
    separator: str = ""
    date_formats: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def column(self, role: str) -> str | None:
        """Return the column of a role, `None` where there is none or it is not clear."""
        columns = (guess.columns for guess in self.guesses if guess.role == role)
        return next((names[0] for names in columns if names), None)


def guess_columns(
    rows: Sequence[Mapping[str, Any]], given: Mapping[str, str] | None = None
) -> TableGuess:
    """Guess which column of a table holds what.

    A column is only taken where its content leaves no doubt, or its header decides between
    columns whose content fits. Otherwise the guess names the choices.

    Parameters
    ----------
    rows
        Some rows of the table: a few hundred are enough.
    given
        The columns of some roles, where they are known.

    Raises
    ------
    KitError
        When there are no rows, or a given column is not in the table.

    Examples
    --------
    >>> speakers, codes = ["Ann Ode", "Bo Lum"], ["yes", "no", "no"]
    >>> rows = [
    ...     {"who": speakers[i % 2], "said": f"I have told the house {i} times why.", "code": codes[i % 3]}
    ...     for i in range(12)
    ... ]
    >>> for guess in guess_columns(rows).guesses:
    ...     print(f"{guess.role}: {guess.columns[0]} ({guess.reason})")
    text: said (12 different texts, 34 characters on average)
    labels: code (2 values; its header says code)
    actor: who (2 names, each in several rows)
    """
    if not rows:
        raise KitError("the table has no rows; give a table with a header and some rows")
    columns = read_columns(rows)
    given = given or {}
    if unknown := [f"{role}={name}" for role, name in given.items() if name not in columns]:
        raise KitError(
            f"the table has no column {', '.join(unknown)}; it has: {', '.join(columns)}"
        )
    guesses: list[ColumnGuess] = []
    free = {name: column for name, column in columns.items() if name not in given.values()}
    for role, find in _FINDERS.items():
        if role in given:
            found = [ColumnGuess(role, (given[role],), "as you say")]
        else:
            guess = find(list(free.values()))
            found = [guess] if guess else []
        if role == "labels":
            labels = [columns[name] for guess in found for name in guess.columns]
            rest = [column for column in free.values() if column not in labels]
            if annotators := _find_annotators(rest, labels) or _find_annotator(rest, labels):
                found.append(annotators)
        guesses += found
        taken = {name for guess in found for name in guess.columns}
        free = {name: column for name, column in free.items() if name not in taken}
    return _summarize(guesses, columns, free)


def _summarize(
    guesses: Sequence[ColumnGuess],
    columns: Mapping[str, TableColumn],
    free: Mapping[str, TableColumn],
) -> TableGuess:
    chosen = {guess.role: columns[guess.columns[0]] for guess in guesses if guess.columns}
    codes = chosen.get("labels") or chosen.get("annotators")
    values: Counter[str] = Counter()
    if codes:
        for cell, count in codes.counts.items():
            for part in dict.fromkeys(cell_parts(cell, codes.separator())):
                values[part] += count
        if empty := codes.rows - len(codes.cells):
            values[""] = empty
    groups = [name for name, column in free.items() if _is_group(column)]
    return TableGuess(
        guesses=tuple(guesses),
        values=dict(sorted(values.items())),
        separator=codes.separator() if codes else "",
        date_formats=tuple(chosen["date"].date_formats()) if "date" in chosen else (),
        groups=tuple(groups),
    )


def _is_group(column: TableColumn) -> bool:
    """Say whether a column has a few names, which are no codes in capital letters."""
    coded = column.says("labels") or column.says("annotators")
    return column.has_codes() and column.has_names() and not coded


def _find_text(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    texts = [column for column in columns if column.has_texts()]
    texts.sort(key=TableColumn.mean_length, reverse=True)
    longer = len(texts) < 2 or texts[0].mean_length() > _CLEARLY_LONGER * texts[1].mean_length()
    return _decide("text", texts[:1] if longer else texts, _text_lengths)


def _text_lengths(column: TableColumn) -> str:
    return f"{len(column.counts)} different texts, {column.mean_length():.0f} characters on average"


def _find_split(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    splits = [
        column
        for column in columns
        if len(parts := {part_named(cell) for cell in column.counts}) > 1
        and parts <= set(PART_NAMES)
    ]
    return _decide("split", splits, "only train, validation and test")


def _find_date(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    dates = [column for column in columns if column.cells and column.has_dates()]
    return _decide("date", dates, "all of it dates")


def _find_id(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    ids = [column for column in columns if len(column.counts) == column.rows and column.has_ids()]
    named = [column for column in ids if column.says("id")]
    return _decide("id", (named or ids)[:1], "another one in every row")


def _find_article(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    grouped = [column for column in columns if 1 < len(column.counts) < len(column.cells)]
    named = [column for column in grouped if column.says("article")]
    # Bare numbers in runs may as well be codes that the table is sorted by.
    runs = [
        column
        for column in grouped
        if column.in_runs() and column.has_ids() and not column.share(str.isdecimal)
    ]
    return _decide(
        "article", (named or runs)[:1], lambda column: f"{len(column.counts)} groups of rows"
    )


def _find_labels(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    codes = [column for column in columns if column.has_codes()]
    named = [column for column in codes if column.says("labels")]
    others = ("actor", "target", "article", "annotators")
    free = [column for column in codes if not any(map(column.says, others))]
    # Names are what most other columns of few values have; codes are a word or two.
    short = [column for column in free if column.share(lambda cell: cell.count(" ") < 2) == 1]
    codes = named or [column for column in short if not column.has_names()]
    # Annotators' labels and those decided from them have the same values, as no names have.
    same = [column for column in short if any(_share_values(column, other) for other in short)]
    unclear = same or (short if not codes else [])
    if not named and unclear:
        why = "these have the same values" if same else "these may be names"
        return ColumnGuess("labels", (), why, tuple(column.name for column in unclear))
    return _decide("labels", codes, lambda column: f"{len(column.values())} values")


def _share_values(column: TableColumn, other: TableColumn) -> bool:
    return column is not other and column.values() == other.values()


def _find_annotators(
    free: Sequence[TableColumn], labels: Sequence[TableColumn]
) -> ColumnGuess | None:
    """Find columns that have the same values as the labels, or as each other."""
    coded = [column for column in free if column.has_codes()]
    named = [column for column in coded if column.says("annotators")]
    values = {value for column in labels or named for value in column.values()}
    same = []
    for column in coded:
        # With other values than the labels', it has codes of another question.
        if set(column.values()) <= values and len(column.values()) > len(values) / 2:
            same.append(column)
    if len(same) < 2:
        return None
    like = f"the values of {labels[0].name}" if labels else "the same values"
    return ColumnGuess("annotators", tuple(column.name for column in same), f"they have {like}")


def _find_annotator(
    free: Sequence[TableColumn], labels: Sequence[TableColumn]
) -> ColumnGuess | None:
    """Find the column that names who gave each row its label."""
    codes = {value for column in labels for value in column.values()}
    # A judge may also be whom a table of court cases is about.
    named = [
        column
        for column in free
        if column.says("annotators") not in ("", "judge")
        and column.repeats()
        and not codes & set(column.values())
    ]
    if len(named) != 1 or not labels:
        return None
    why = f"{len(named[0].counts)} names; its header says {named[0].says('annotators')}"
    return ColumnGuess("annotator", (named[0].name,), why)


def _find_actor(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    names = [column for column in columns if column.has_names() and column.repeats()]
    return _decide(
        "actor", names, lambda column: f"{len(column.counts)} names, each in several rows"
    )


def _find_target(columns: Sequence[TableColumn]) -> ColumnGuess | None:
    phrases = [column for column in columns if column.repeats() and not column.share(str.isdecimal)]
    named = [column for column in phrases if column.says("target")]
    if len(named) == 1:
        return _decide("target", named, lambda column: f"{len(column.counts)} values")
    choices = tuple(column.name for column in named or phrases)
    return ColumnGuess("target", (), "the table does not say which", choices) if choices else None


def _decide(
    role: str, columns: Sequence[TableColumn], reason: str | Callable[[TableColumn], str]
) -> ColumnGuess | None:
    """Take the only column that fits a role, or the only one whose header says so."""
    if not columns:
        return None
    named = [column for column in columns if column.says(role)]
    chosen = named if len(named) == 1 else columns
    if len(chosen) > 1:
        choices = tuple(column.name for column in chosen)
        return ColumnGuess(role, (), "several columns fit", choices)
    column = chosen[0]
    why = reason if isinstance(reason, str) else reason(column)
    word = column.says(role)
    return ColumnGuess(role, (column.name,), f"{why}; its header says {word}" if word else why)


# In this order, since a column has one role: texts are recognised most surely, targets least.
_FINDERS: Mapping[str, Callable[[Sequence[TableColumn]], ColumnGuess | None]] = {
    "text": _find_text,
    "split": _find_split,
    "date": _find_date,
    "id": _find_id,
    "article": _find_article,
    "labels": _find_labels,
    "actor": _find_actor,
    "target": _find_target,
}
