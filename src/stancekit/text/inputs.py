"""Texts, tables and examples as users have them, turned into the examples that a model reads."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from stancekit.errors import KitError, listing
from stancekit.text.targets import make_mention
from stancekit.types import Example, Mention

# What columns of a table may hold, under the names that they have by default.
_OFFSETS = ("actor_start", "actor_end", "target_start", "target_end")
COLUMN_ROLES = ("text", "actor", "target", "id", "article", *_OFFSETS)
# How much a name has to be like a column's to be taken for a slip of the pen: one letter of six.
SLIP_SIMILARITY = 0.8
CellValues = Sequence[Any]


def as_examples(
    X: Any,
    *,
    actor: Any = None,
    target: Any = None,
    columns: Mapping[str, str] | None = None,
) -> Sequence[Example]:
    """Return whatever holds texts as examples; examples are returned as they are.

    Parameters
    ----------
    X
        A list, an array or a pandas Series of texts, dicts or examples; or a table with a row per
        text: a pandas or polars DataFrame, a `datasets.Dataset`, or a dict of columns. A row's
        columns are `text`, and where it has them `actor`, `target`, `id` and `article`; others are
        not read. The only column of a table is that of the texts.
    actor, target
        A name for all rows, the name of a column of X, or a sequence of names with one per row
        (`None` for a row without). They replace what the rows have.
    columns
        Which column has which role, where its name is another: `{"text": "sentence"}`.

    Returns
    -------
    sequence of Example
        One per row, in order. A row without an id has its place, counted from 0. An actor or a
        target is located where the sentence first spells it out, or where offsets in `actor_start`
        and `actor_end` say (characters of the text, the end not included). An actor that the
        sentence does not name is read as who speaks it, whoever it is (`models.features.Pair`).

    Raises
    ------
    KitError
        When X cannot be read as texts, a column is missing, or rows have no text: all of them at
        once.

    Examples
    --------
    >>> as_examples(["Peru left."], actor="Peru")
    [Example(id='0', text='Peru left.', actor=Mention(name='Peru', start=0, end=4, code=None), target=None, article='')]
    >>> rows = [{"sentence": "Peru left.", "speaker": "Peru"}, {"sentence": "Mali stayed."}]
    >>> examples = as_examples(rows, columns={"text": "sentence", "actor": "speaker"})
    >>> [example.actor.name if example.actor else None for example in examples]
    ['Peru', None]
    """
    if _are_examples(X) and actor is None and target is None:
        examples: Sequence[Example] = X
        return examples
    table = _collect_columns(X)
    cells = _by_role(table, columns or {})
    texts = _check_texts(cells["text"])
    for role, given in (("actor", actor), ("target", target)):
        if given is not None:
            for column in (role, f"{role}_start", f"{role}_end"):
                cells.pop(column, None)
            cells[role] = _spread(role, given, len(texts), table)
    actors = _mentions("actor", texts, cells)
    targets = _mentions("target", texts, cells)
    ids = [
        _cell_text(value) or str(row) for row, value in enumerate(_column(cells, "id", len(texts)))
    ]
    articles = [_cell_text(value) for value in _column(cells, "article", len(texts))]
    rows = zip(ids, texts, actors, targets, articles, strict=True)
    return [Example(*row) for row in rows]


def is_missing(value: Any) -> bool:
    """Say whether a cell holds nothing: `None`, NaN, or what pandas has in their place.

    Examples
    --------
    >>> import pandas as pd
    >>> [is_missing(value) for value in (None, float("nan"), pd.NA, pd.NaT, "", 0)]
    [True, True, True, True, False, False]
    """
    if value is None or isinstance(value, str):
        return value is None
    try:
        return bool(value != value)  # noqa: PLR0124  # NaN
    except TypeError:  # of pandas.NA, which is neither the same as itself nor another
        return True
    except ValueError:  # an array
        return False


def is_sparse(values: Any) -> bool:
    """Say whether values are a sparse matrix of SciPy, which is not loaded for that.

    Examples
    --------
    >>> is_sparse([0, 1])
    False
    """
    # Nothing can be of a class whose module is not loaded.
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(values))


def _are_examples(X: Any) -> bool:
    return isinstance(X, list | tuple) and all(isinstance(row, Example) for row in X)


def _collect_columns(X: Any) -> dict[str, CellValues]:
    """Return data as columns by name; a sequence of texts is one column."""
    if isinstance(X, str | bytes | Example) or X is None:
        shown = f"one {type(X).__name__}" if X is not None else "None"
        raise KitError(
            f"X is {shown}; give a list, also of a single text, as ['Peru rejected the levy.'], or a DataFrame"
        )
    names: Any = getattr(X, "column_names", None)  # of a Dataset
    if names is None:
        is_mapping = isinstance(X, Mapping) and not is_sparse(X)  # one format of SciPy is a dict
        names = X if is_mapping else getattr(X, "columns", None)
    if names is not None:
        table: dict[str, CellValues] = {
            str(name): _as_cells(X[name], f"column {str(name)!r} of X") for name in names
        }
        sizes = {len(cells) for cells in table.values()}
        if len(sizes) > 1:
            raise KitError(
                f"the columns of X have {listing(sorted(sizes))} rows; give all of them the same number"
            )
        return table
    return _read_rows(_as_cells(X, "X"))


def _as_cells(values: Any, what: str) -> list[Any]:
    """Return a column or a sequence as a list, with `None` where a value is missing."""
    if hasattr(
        values, "notna"
    ):  # pandas: its missing values compare to nothing, not even themselves
        values = values.astype(object).where(values.notna(), None)
    if hasattr(values, "__array__") and not isinstance(values, Iterable):
        values = np.asarray(values)
    shape = getattr(values, "shape", None)
    is_single = isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable)
    if is_single and not shape:
        raise KitError(
            f"{what} is of type {type(values).__name__}; give a list with one value per row"
        )
    if shape is None:
        return list(values)
    if isinstance(values, np.ndarray) and (values.ndim == 1 or values.shape[1:] == (1,)):
        return list(values.ravel().tolist())
    if len(shape) != 1:
        kind = "a sparse matrix" if is_sparse(values) else "an array"
        raise KitError(
            f"{what} is {kind} of shape {tuple(shape)}, and models of the kit read texts; give "
            "a list of texts, or a table with names: pandas.DataFrame(X, columns=['text', 'actor', 'target'])"
        )
    return list(values)


def _read_rows(rows: Sequence[Any]) -> dict[str, CellValues]:
    """Return texts, dicts and examples, also mixed, as columns by name."""
    dicts: list[Mapping[str, Any]] = []
    for row in rows:
        if isinstance(row, Example):
            mentions = {"actor": row.actor, "target": row.target}
            dicts.append({"id": row.id, "text": row.text, "article": row.article, **mentions})
        else:
            dicts.append(row if isinstance(row, Mapping) else {"text": row})
    names = dict.fromkeys(str(name) for row in dicts for name in row) or ["text"]
    return {name: [row.get(name) for row in dicts] for name in names}


def _by_role(table: Mapping[str, CellValues], columns: Mapping[str, str]) -> dict[str, CellValues]:
    """Return the columns that are read, by what they hold."""
    if unknown := sorted(set(columns) - set(COLUMN_ROLES)):
        raise KitError(f"unknown columns {listing(unknown)}; they hold: {', '.join(COLUMN_ROLES)}")
    sought = {role: columns.get(role, role) for role in COLUMN_ROLES}
    only = next(iter(table)) if len(table) == 1 else None
    if "text" not in columns and only is not None and only not in sought.values():
        sought["text"] = only
    missing = [name for role, name in sought.items() if role in {"text", *columns}]
    if missing := [name for name in missing if name not in table]:
        raise KitError(
            f"X has no column {', '.join(map(repr, missing))}; it has: {listing(table, 30)}."
            f"{_nearest(missing, table)} Rename its columns, or say which is which, as in "
            "as_examples(X, columns={'text': 'sentence', 'actor': 'speaker'})"
        )
    return {role: table[name] for role, name in sought.items() if name in table}


def _nearest(names: Iterable[str], table: Mapping[str, CellValues]) -> str:
    pairs = [(name, get_close_matches(name, table, 1)) for name in names]
    nearest = [f"{close[0]!r} for {name!r}" for name, close in pairs if close]
    return f" Nearest: {listing(nearest)}." if nearest else ""


def _check_texts(cells: CellValues) -> list[str]:
    """Return texts, or raise one error for all rows that have none."""
    faults: dict[str, list[int]] = {}
    for row, text in enumerate(cells):
        if is_missing(text):
            faults.setdefault("no text", []).append(row)
        elif not isinstance(text, str):
            faults.setdefault(f"{type(text).__name__} instead of text", []).append(row)
        elif not text.strip():
            faults.setdefault("no text", []).append(row)
    if faults:
        kinds = [f"{kind} (rows {listing(rows)})" for kind, rows in faults.items()]
        raise KitError(
            f"X has {listing(kinds)}, counted from 0; give each row a text, or leave these out"
        )
    return list(cells)


def _spread(role: str, given: Any, size: int, table: Mapping[str, CellValues]) -> CellValues:
    """Return a name for all rows, a column's name, or a name per row as one value per row."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        names = _as_cells(given, role)
        if len(names) != size:
            raise KitError(
                f"{role} has {len(names)} names, and X {size} rows; give one per row, or one for all"
            )
        return names
    is_list = set(table) == {"text"}  # of texts: there are no columns to name
    if given in table and not is_list:
        return table[given]
    close = get_close_matches(str(given).casefold(), table, 1, SLIP_SIMILARITY)
    if close and not is_list:
        raise KitError(
            f"{role}={given!r} is no column of X; nearest: {close[0]!r}. X has: {listing(table, 30)}. "
            "To give this name to all rows, give it once per row: [name] * len(X)"
        )
    return [given] * size


def _column(cells: Mapping[str, CellValues], role: str, size: int) -> CellValues:
    return cells[role] if role in cells else [None] * size


def _cell_text(value: Any) -> str:
    """Return a cell as text: empty where it is missing, but not for zero."""
    return "" if is_missing(value) else str(value).strip()


def _mentions(
    role: str, texts: Sequence[str], cells: Mapping[str, CellValues]
) -> list[Mention | None]:
    """Return who or what each row is about, with its place in the text."""
    names, size = _column(cells, role, len(texts)), len(texts)
    edges = [_column(cells, f"{role}_{side}", size) for side in ("start", "end")]
    mentions: list[Mention | None] = []
    faults: list[int] = []
    for row, (text, name, start, end) in enumerate(zip(texts, names, *edges, strict=True)):
        if isinstance(name, Mention):
            mentions.append(name)
            continue
        span = _read_span(start, end)
        if span is None:
            mentions.append(make_mention(_cell_text(name), text) if _cell_text(name) else None)
        elif 0 <= span[0] < span[1] <= len(text):
            mentions.append(Mention(_cell_text(name) or text[slice(*span)], *span))
        else:
            faults.append(row)
    if faults:
        raise KitError(
            f"X has {role} offsets outside the text (rows {listing(faults)}, counted from 0); they are "
            "numbers of characters from 0, and the end comes after the last. Correct them, or leave "
            f"the columns {role}_start and {role}_end out: then the name is looked for"
        )
    return mentions


def _read_span(start: Any, end: Any) -> tuple[int, int] | None:
    """Return offsets as numbers, `None` where there are none; what is no number lies outside any text."""
    if not _cell_text(start) and not _cell_text(end):
        return None
    try:
        return int(start), int(end)
    except (TypeError, ValueError):
        return -1, -1
