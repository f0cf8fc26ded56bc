"""Guess what the columns of a table hold, by their content first and their headers second."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stancekit.corpus.cells import CellError, plain_cell
from stancekit.corpus.dates import read_date
from stancekit.errors import KitError

# Words in a header that decide between columns whose content fits one role equally well.
_HEADERS = {
    "text": "text sentence content body quote utterance statement paragraph",
    "labels": "label labels code codes position stance category class frame frames gold",
    "actor": "actor speaker name author country delegation member politician",
    "target": "target motion bill topic issue subject proposal policy",
    "article": "article speech document doc debate session transcript",
    "id": "id key number nr",
    "date": "date day year month",
    "annotators": "annotator coder rater judge",
}
_PARTS = frozenset(("train", "validation", "test"))
_DATE_FORMATS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%b %d, %Y",
)
_SEPARATORS = (";", "|", ",")
# A sentence has more characters than this on average; a name, a label or an id has fewer.
_TEXT_LENGTH = 25
# The longest texts by this factor are the texts; notes on them are shorter.
_CLEARLY_LONGER = 1.5
# More values than these are no codes: large codebooks have about twenty, cameo's roots too.
_MOST_CODES = 30
# A value of a code or a name occurs three times or more on average; fewer is free text.
_ROWS_PER_VALUE = 3
# A sentence has this many actors and targets at most, on average; a long name has more rows.
_ROWS_PER_TEXT = 10
# Cells that are not as the others, such as "n/a" among dates: one in twenty.
_MOST = 0.95


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column is taken for, and why; without a column, which ones it may be.

    Attributes
    ----------
    role
        As in `corpus.columns`, or `annotators`, of which there are several.
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


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's cells as texts, without the empty ones, and what its header says."""

    name: str
    cells: tuple[str, ...]
    rows: int
    counts: Counter[str] = field(default_factory=Counter)

    def says(self, role: str) -> str:
        """Return the word of the header that names a role."""
        # "speakerName" and "speaker_name" are two words.
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        words = re.findall(r"[a-z]+", spaced.lower())
        return next((word for word in words if word in _HEADERS[role].split()), "")

    def mean_length(self) -> float:
        return sum(map(len, self.cells)) / max(len(self.cells), 1)

    def share(self, fits: Callable[[str], object]) -> float:
        """Return the share of cells that something is true of."""
        cells = sum(count for cell, count in self.counts.items() if fits(cell))
        return cells / max(len(self.cells), 1)

    def repeats(self) -> bool:
        """Say whether its values occur several times, as names and codes do."""
        return len(self.counts) > 1 and len(self.counts) * _ROWS_PER_VALUE <= len(self.cells)


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
    columns = _read_columns(rows)
    given = given or {}
    if unknown := [f"{role}={name}" for role, name in given.items() if name not in columns]:
        raise KitError(
            f"the table has no column {', '.join(unknown)}; it has: {', '.join(columns)}"
        )
    free = {name: column for name, column in columns.items() if name not in given.values()}
    guesses: list[ColumnGuess] = []
    for role, find in _FINDERS.items():
        if role in given:
            guesses.append(ColumnGuess(role, (given[role],), "as you say"))
        elif guess := find(list(free.values())):
            guesses.append(guess)
        for name in guesses[-1].columns if guesses and guesses[-1].role == role else ():
            free.pop(name, None)
        if role == "labels":
            labels = guesses[-1].columns if guesses and guesses[-1].role == "labels" else ()
            if annotators := _find_annotators(free, [columns[name] for name in labels]):
                guesses.append(annotators)
                free = {
                    name: column for name, column in free.items() if name not in annotators.columns
                }
    return _summarize(guesses, columns, free)


def _read_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, _Column]:
    """Return the columns by name, in the order of the table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        cells = [cell for row in rows if (cell := _cell_text(row.get(name)))]
        columns[name] = _Column(name, tuple(cells), len(rows), Counter(cells))
    return columns


def _cell_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return _SEPARATORS[0].join(map(str, value))
    try:
        return plain_cell(value)
    except CellError:
        return ""


def _summarize(
    guesses: Sequence[ColumnGuess], columns: Mapping[str, _Column], free: Mapping[str, _Column]
) -> TableGuess:
    chosen = {guess.role: columns[guess.columns[0]] for guess in guesses if guess.columns}
    codes = chosen.get("labels") or chosen.get("annotators")
    values: Counter[str] = Counter()
    separator = ""
    if codes:
        separator = _label_separator(codes)
        for cell, count in codes.counts.items():
            for part in dict.fromkeys(_parts(cell, separator)):
                values[part] += count
        if empty := codes.rows - len(codes.cells):
            values[""] = empty
    date = chosen.get("date")
    groups = [name for name, column in free.items() if _few_valued(column) and _has_names(column)]
    return TableGuess(
        guesses=tuple(guesses),
        values=dict(sorted(values.items())),
        separator=separator,
        date_formats=tuple(_date_formats(date)) if date else (),
        groups=tuple(groups),
    )


def _find_text(columns: Sequence[_Column]) -> ColumnGuess | None:
    texts = [column for column in columns if _has_sentences(column)]
    texts.sort(key=_Column.mean_length, reverse=True)
    if not texts:
        return None
    longest = texts[0]
    lengths = (
        f"{len(longest.counts)} different texts, {longest.mean_length():.0f} characters on average"
    )
    if len(texts) == 1 or longest.mean_length() > _CLEARLY_LONGER * texts[1].mean_length():
        return ColumnGuess("text", (longest.name,), lengths)
    return _decide("text", texts, "columns of long texts")


def _has_sentences(column: _Column) -> bool:
    """Say whether a column has texts: long, different, and no addresses or ids.

    A sentence has several rows where several of its actors or targets are coded. Chinese and Japanese have no blanks, and say as much in a third of the characters.
    """
    spaced = column.share(lambda cell: " " in cell and "://" not in cell)
    dense = column.share(lambda cell: bool(re.search("[\u3040-\u9fff]", cell)))
    long = column.mean_length() >= (_TEXT_LENGTH / 3 if dense > 0.5 else _TEXT_LENGTH)
    return (
        long
        and max(spaced, dense) > 0.5
        and len(column.counts) > len(column.cells) / _ROWS_PER_TEXT
    )


def _find_split(columns: Sequence[_Column]) -> ColumnGuess | None:
    splits = [
        column for column in columns if len(column.counts) > 1 and set(column.counts) <= _PARTS
    ]
    return _decide("split", splits, "only train, validation and test")


def _find_date(columns: Sequence[_Column]) -> ColumnGuess | None:
    dates = [column for column in columns if column.cells and _date_formats(column, default=None)]
    return _decide("date", dates, "all of it dates")


def _date_formats(column: _Column, default: Sequence[str] | None = ()) -> Sequence[str]:
    """Return the formats that read a column's dates; `default` for ISO 8601.

    Numbers are dates only where they are eight digits or the header says so: 1950 may be a count.
    """
    digits = column.share(str.isdecimal) > 0.5
    if digits and not column.says("date") and column.mean_length() != 8:
        return ()
    if column.share(_is_date) >= _MOST:
        return ("ISO 8601",) if default is None else default
    return [form for form in _DATE_FORMATS if column.share(partial(_is_date, form=form)) >= _MOST]


def _is_date(cell: str, form: str | None = None) -> bool:
    try:
        return bool(read_date(cell, form))
    except KitError:
        return False


def _find_id(columns: Sequence[_Column]) -> ColumnGuess | None:
    ids = [
        column
        for column in columns
        if len(column.counts) == column.rows and column.share(_is_identifier) == 1
    ]
    named = [column for column in ids if column.says("id")] or ids
    # A measurement has no value twice either, but not in each row and without a fraction.
    return _decide("id", named[:1], "another one in every row")


def _is_identifier(cell: str) -> bool:
    return bool(re.fullmatch(r"[\w:/-]*\d[\w:/-]*", cell))


def _find_labels(columns: Sequence[_Column]) -> ColumnGuess | None:
    codes = [column for column in columns if _few_valued(column)]
    named = [column for column in codes if column.says("labels")]
    others = ("actor", "target", "article", "annotators")
    free = [column for column in codes if not any(map(column.says, others))]
    # Names are what most other columns of few values have; codes are a word or two.
    short = [column for column in free if column.share(lambda cell: cell.count(" ") < 2) == 1]
    codes = named or [column for column in short if not _has_names(column)]
    if not codes and short:
        choices = tuple(column.name for column in short)
        return ColumnGuess("labels", (), "these may be names", choices)
    return _decide("labels", codes, lambda column: f"{len(_values(column))} values")


def _few_valued(column: _Column) -> bool:
    """Say whether a column has a few short values, each in several rows."""
    values = _values(column)
    short = all(len(value) <= 2 * _TEXT_LENGTH for value in values)
    # A number with a fraction is a measurement.
    measured = column.share(lambda cell: re.fullmatch(r"-?\d+[.,]\d*[1-9]", cell)) > 0.5
    few = 2 <= len(values) <= _MOST_CODES and len(values) * _ROWS_PER_VALUE <= len(column.cells)
    return few and short and not measured


def _values(column: _Column) -> list[str]:
    separator = _label_separator(column)
    return sorted({part for cell in column.counts for part in _parts(cell, separator)})


def _label_separator(column: _Column) -> str:
    """Return the sign that separates several labels in a cell, where parts of cells recur."""
    for sign in _SEPARATORS:
        several = [cell for cell in column.counts if sign in cell]
        parts = Counter(part for cell in column.counts for part in _parts(cell, sign))
        recurring = all(parts[part] > 1 for cell in several for part in _parts(cell, sign))
        if several and recurring and len(parts) <= _MOST_CODES:
            return sign
    return ""


def _parts(cell: str, separator: str) -> Iterator[str]:
    for part in cell.split(separator) if separator else [cell]:
        if part.strip():
            yield part.strip()


def _find_annotators(free: Mapping[str, _Column], labels: Sequence[_Column]) -> ColumnGuess | None:
    """Find columns that have the same values as the labels, or as each other."""
    named = [
        column for column in free.values() if column.says("annotators") and _few_valued(column)
    ]
    values = (
        set(_values(labels[0]))
        if labels
        else {part for column in named for part in _values(column)}
    )
    same = [
        column
        for column in free.values()
        if _few_valued(column)
        and len(values & set(_values(column))) > len(values) / 2
        # Other values than the labels': codes of another question.
        and set(_values(column)) <= values
    ]
    if len(same) < 2 or not (labels or named):
        return None
    like = f"the values of {labels[0].name}" if labels else "the same values"
    return ColumnGuess("annotators", tuple(column.name for column in same), f"they have {like}")


def _find_actor(columns: Sequence[_Column]) -> ColumnGuess | None:
    names = [column for column in columns if _has_names(column) and column.repeats()]
    return _decide(
        "actor", names, lambda column: f"{len(column.counts)} names, each in several rows"
    )


def _has_names(column: _Column) -> bool:
    return column.share(_is_name) >= _MOST


def _is_name(cell: str) -> bool:
    """Say whether a cell is a name: a few words, the first and the last with a capital, no digits."""
    words = re.findall(r"[^\W\d_][\w'’.-]*", cell)
    capitals = bool(words) and words[0][0].isupper() and words[-1][0].isupper()
    return capitals and len(words) <= 5 and not re.search(r"\d|[?!;]", cell)


def _find_target(columns: Sequence[_Column]) -> ColumnGuess | None:
    phrases = [
        column for column in columns if column.repeats() and column.share(str.isdecimal) == 0
    ]
    named = [column for column in phrases if column.says("target")]
    if len(named) == 1:
        return _decide("target", named, lambda column: f"{len(column.counts)} values")
    choices = tuple(column.name for column in named or phrases)
    return (
        ColumnGuess("target", (), "nothing in the table says which", choices) if choices else None
    )


def _find_article(columns: Sequence[_Column]) -> ColumnGuess | None:
    grouped = [column for column in columns if 1 < len(column.counts) < len(column.cells)]
    named = [column for column in grouped if column.says("article")]
    # Bare numbers in runs may as well be codes that the table is sorted by.
    runs = [
        column
        for column in grouped
        if _in_runs(column)
        and column.share(_is_identifier) == 1
        and not column.share(str.isdecimal)
    ]
    return _decide(
        "article", (named or runs)[:1], lambda column: f"{len(column.counts)} groups of rows"
    )


def _in_runs(column: _Column) -> bool:
    """Say whether the rows of each value follow each other."""
    runs = 1 + sum(
        cell != after for cell, after in zip(column.cells, column.cells[1:], strict=False)
    )
    return runs == len(column.counts)


def _decide(
    role: str, columns: Sequence[_Column], reason: str | Callable[[_Column], str]
) -> ColumnGuess | None:
    """Take the only column that fits a role, or the only one whose header says so."""
    if not columns:
        return None
    named = [column for column in columns if role in _HEADERS and column.says(role)]
    chosen = named if len(named) == 1 else columns
    if len(chosen) > 1:
        choices = tuple(column.name for column in chosen)
        return ColumnGuess(role, (), "several columns fit", choices)
    column = chosen[0]
    why = reason if isinstance(reason, str) else reason(column)
    word = column.says(role) if role in _HEADERS else ""
    return ColumnGuess(role, (column.name,), f"{why}; its header says {word}" if word else why)


# In this order, since a column has one role: texts are recognised most surely, targets least.
_FINDERS: Mapping[str, Callable[[Sequence[_Column]], ColumnGuess | None]] = {
    "text": _find_text,
    "split": _find_split,
    "date": _find_date,
    "id": _find_id,
    "article": _find_article,
    "labels": _find_labels,
    "actor": _find_actor,
    "target": _find_target,
}
