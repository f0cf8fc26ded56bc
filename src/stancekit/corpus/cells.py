"""Single cells of a data file: what is a text, a yes or no, an offset, and which codes a row bears."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from stancekit.codebook import Codebook, split_labels
from stancekit.errors import KitError, listing


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a data file.

    `labels` is the label column, or several columns that each hold one code (yes/no); left empty,
    it is the codebook's own. `None` switches a column off (`false` in a config, where null means
    the name below). Only `text` and the labels must exist in the file, and whatever else the user
    names.
    """

    text: str = "text"
    id: str | None = "id"
    article: str | None = "article"
    actor: str | None = "actor"
    actor_start: str | None = "actor_start"
    actor_end: str | None = "actor_end"
    target: str | None = "target"
    target_start: str | None = "target_start"
    target_end: str | None = "target_end"
    split: str | None = "split"
    topic: str | None = "topic"
    register: str | None = "register"
    source: str | None = "source"
    date: str | None = "date"
    setting: str | None = "setting"
    phenomena: str | None = "phenomena"
    labels: str | tuple[str, ...] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Columns":
        """Return the columns that a config names: null for the standard name, `false` for none.

        Raises
        ------
        KitError
            When it names something else than a column for a role that there is.

        Examples
        --------
        >>> columns = Columns.of({"text": "sentence", "article": None, "actor": False})
        >>> columns.text, columns.article, columns.actor
        ('sentence', 'article', None)
        """
        roles = [field.name for field in fields(cls)]
        if unknown := [str(role) for role in given if role not in roles]:
            raise KitError(
                f"unknown columns {listing(unknown)}; corpus.columns knows: {', '.join(roles)}"
            )
        named: dict[str, Any] = {role: value for role, value in given.items() if value is not None}
        for role, value in named.items():
            if value is False and role not in ("text", "labels"):
                named[role] = None
            elif role == "labels" and isinstance(value, list | tuple) and value:
                named[role] = tuple(map(str, value))
            elif isinstance(value, bool | list | tuple | Mapping):
                raise KitError(
                    f"corpus.columns.{role} is {value!r}; it is the name of a column"
                    + (
                        ""
                        if role == "text"
                        else ", or several"
                        if role == "labels"
                        else ", or false for none"
                    )
                )
            else:
                named[role] = str(value)
        return cls(**named)

    def require(self, present: set[str], label_columns: tuple[str, ...], where: str) -> None:
        """Raise a `KitError` naming every column that must exist and does not."""
        standard = Columns()
        named = [
            getattr(self, field.name)
            for field in fields(self)
            if field.name != "labels"
            and getattr(self, field.name) not in (None, getattr(standard, field.name))
        ]
        missing = sorted({self.text, *named, *label_columns} - present)
        if missing:
            raise KitError(
                f"{where} has no column {', '.join(map(repr, missing))}; it has: {listing(sorted(present), 30)}. "
                "Say which column holds what, as in corpus.columns.text=sentence or corpus.columns.labels=code"
            )


# In the languages that spreadsheets write them in; compared in small letters.
_YES = "1 1.0 1,0 true t yes y x ✓ ✔ wahr ja j vrai oui verdadero sí si vero sì verdadeiro sim waar"
_NO = "0 0.0 0,0 false f no n - falsch nein faux non falso não onwaar nee"
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
_SIGNS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class CellError(ValueError):
    """What is wrong with a cell, in words that stand before the numbers of its rows."""


class NoLabelError(CellError):
    """A row without the label that is due."""


def plain_cell(value: object, role: str = "cell") -> str:
    """Return a cell as text, empty where nothing is there. Zero is something.

    Raises
    ------
    CellError
        When it is a list or a mapping.

    Examples
    --------
    >>> plain_cell(0), plain_cell(" Peru "), plain_cell(None), plain_cell(float("nan"))
    ('0', 'Peru', '', '')
    """
    if value is None or value != value:  # noqa: PLR0124  # not a number
        return ""
    if isinstance(value, list | tuple | dict | set | bytes):
        raise CellError(f"{role} that is {cell_kind(value)}, not a text")
    return str(value).strip()


def cell_kind(value: object) -> str:
    """Return what a value is, in the words of JSON."""
    words = {dict: "an object", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "a list")


def parse_sign(value: str | None, key: str) -> str | None:
    r"""Return the sign that a setting names: itself, or `tab`, `comma`, `semicolon`, `pipe`.

    Examples
    --------
    >>> parse_sign("tab", "corpus.separator"), parse_sign("\\t", "corpus.separator"), parse_sign(";", "corpus.separator")
    ('\t', '\t', ';')
    """
    if value is None:
        return None
    found = _SIGNS.get(value, value)
    if len(found) != 1 or found in "\r\n\"'":
        raise KitError(
            f"{key} is {value!r}; it is one sign, or a word for it: set {key}=tab, comma, semicolon or pipe"
        )
    return found


def parse_offset(value: object) -> int | None:
    """Return an offset, `None` where there is none, -1 for what is no whole number."""
    if value is None or value != value or str(value).strip() == "":  # noqa: PLR0124  # not a number
        return None
    try:
        number = float(str(value))
        return int(number) if number == int(number) else -1
    except (ValueError, OverflowError):
        return -1


def parse_truth(value: object) -> bool | None:
    """Return whether a cell says yes or no, `None` where it is empty.

    Raises
    ------
    CellError
        When it says neither.

    Examples
    --------
    >>> parse_truth("WAHR"), parse_truth("x"), parse_truth(0), parse_truth(""), parse_truth("1,0")
    (True, True, False, None, True)
    """
    word = plain_cell(value).lower()
    if not word:
        return None
    if word in YES or word in NO:
        return word in YES
    raise CellError(f"{plain_cell(value)[:40]!r}, which is neither yes nor no")


@dataclass(frozen=True, slots=True)
class CodeReader:
    """Reads the codes of a row.

    Parameters
    ----------
    names
        The column of labels, or several that each hold one code, yes or no.
    mapping
        From labels in the data to codes; `None` drops a label. The empty label stands for a cell
        without one.
    separator
        What divides several labels in a cell.
    """

    codebook: Codebook
    names: tuple[str, ...]
    mapping: Mapping[str, str | None]
    separator: str = ";"

    def codes(self, row: Mapping[str, object]) -> tuple[str, ...] | None:
        """Return the codes of a row, `None` where the mapping drops the row.

        Raises
        ------
        CellError
            When a cell cannot be read, or there are more or fewer codes than the codebook allows.
        """
        given = self._given(row) or (("",) if "" in self.mapping else ())
        mapped = (self.mapping.get(label, label) for label in given)
        codes = tuple(dict.fromkeys(code for code in mapped if code is not None))
        if self.codebook.multi_label:
            return codes
        if len(codes) > 1:
            raise CellError(f"several labels where codebook {self.codebook.name!r} allows one")
        if not codes and not given:
            named = ", ".join(map(repr, self.names))
            raise NoLabelError(f"no label in column{'s' * (len(self.names) > 1)} {named}")
        return codes or None

    def _given(self, row: Mapping[str, object]) -> tuple[str, ...]:
        if len(self.names) > 1:
            return tuple(name for name in self.names if self._yes(row, name))
        value = row.get(self.names[0])
        if isinstance(value, dict):
            raise CellError("label that is an object, not a text")
        if isinstance(value, list | tuple) or not self.codebook.multi_label:
            several = value if isinstance(value, list | tuple) else [value]
            return tuple(text for one in several if (text := plain_cell(one, "label")))
        return split_labels(plain_cell(value), self.separator)

    def _yes(self, row: Mapping[str, object], name: str) -> bool:
        try:
            return bool(parse_truth(row.get(name)))
        except CellError as error:
            raise CellError(f"column {name!r} holds {error}") from None

    def check_columns(self, where: str) -> None:
        """Raise a `KitError` when several label columns are not columns of single codes."""
        codes = {name: self.mapping.get(name, name) for name in self.names}
        wrong = [
            name
            for name, code in codes.items()
            if code is not None and code not in self.codebook.names
        ]
        if len(self.names) > 1 and wrong:
            raise KitError(
                f"{where}: label column{'s' * (len(wrong) > 1)} {', '.join(map(repr, wrong))} "
                f"{'bear' if len(wrong) > 1 else 'bears'} no name of a code; several label columns hold a code each, "
                f"yes or no, and codebook {self.codebook.name!r} has: {', '.join(self.codebook.names)}. Name one "
                "column of codes with corpus.columns.labels=COLUMN and a second annotator's file with "
                "corpus.second=FILE, or map the columns with 'corpus.labels={COLUMN: code}'"
            )

    def blank(self, row: Mapping[str, object]) -> list[str]:
        """Return which of several label columns are empty in a row."""
        return [
            name
            for name in self.names
            if len(self.names) > 1 and truth_or_none(row.get(name)) is None
        ]

    def denies(self, row: Mapping[str, object]) -> bool:
        """Say whether a row says no in one of several label columns in so many words."""
        return len(self.names) > 1 and any(
            truth_or_none(row.get(name)) is False for name in self.names
        )


def truth_or_none(value: object) -> bool | None:
    """Return what a cell says, `None` also where it says neither yes nor no."""
    try:
        return parse_truth(value)
    except CellError:
        return None
