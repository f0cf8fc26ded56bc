"""Read single cells of a data file: texts, yes or no, offsets, and the codes of a row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml

from stancekit.codebook import Codebook, split_labels
from stancekit.codebook_spelling import read_unique_yaml
from stancekit.errors import KitError, listing, nearest


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a data file, by what they hold.

    `labels` is the column of labels, or several columns that each hold one code (yes or
    no); by default it is the codebook's own. `None` means that there is no such column
    (`false` in a config, where null means the default). The file must have the columns of
    texts and labels, and every other column that the user names. With a column of names
    in `annotator`, a row is one annotator's judgement, and `seconds` is how long it took.
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
    annotator: str | None = None
    seconds: str | None = "seconds"

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Columns":
        """Return the columns that a config names: null for the default, `false` for none.

        Raises
        ------
        KitError
            When it names a role that does not exist, or a column that is not a text.

        Examples
        --------
        >>> columns = Columns.from_config({"text": "words", "article": None, "actor": False})
        >>> columns.text, columns.article, columns.actor
        ('words', 'article', None)
        """
        roles = [field.name for field in fields(cls)]
        unknown = [f"{role}{nearest(str(role), roles)}" for role in config if role not in roles]
        if unknown:
            raise KitError(
                f"unknown columns {listing(unknown)}; corpus.columns knows: {', '.join(roles)}"
            )
        columns: dict[str, Any] = {}
        for role, value in config.items():
            if value is None:
                continue
            if value is False and role not in ("text", "labels"):
                columns[role] = None
            elif role == "labels" and isinstance(value, list | tuple) and value:
                columns[role] = tuple(map(str, value))
            elif isinstance(value, bool | list | tuple | Mapping):
                also = {"text": "", "labels": ", or several"}.get(role, ", or false for none")
                raise KitError(
                    f"corpus.columns.{role} is {value!r}; it is the name of a column{also}"
                )
            else:
                columns[role] = str(value)
        return cls(**columns)

    def names(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        names = [getattr(self, field.name) for field in fields(self) if field.name != "labels"]
        labels = (self.labels,) if isinstance(self.labels, str) else self.labels or ()
        return (*(name for name in names if name is not None), *labels)

    def require(self, present: set[str], label_columns: tuple[str, ...], where: str) -> None:
        """Raise a `KitError` naming every column that must exist and does not.

        Parameters
        ----------
        present
            The columns of the file.
        where
            The name of the data in the message.
        """
        standard = Columns()
        required = {self.text, *label_columns}
        for field in fields(self):
            name = getattr(self, field.name)
            if field.name != "labels" and name not in (None, getattr(standard, field.name)):
                required.add(name)
        missing = [f"{name!r}{nearest(name, present)}" for name in sorted(required - present)]
        if missing:
            raise KitError(
                f"{where} has no column {', '.join(missing)}; it has: "
                f"{listing(sorted(present), 30)}. Say which column holds what, as in "
                "corpus.columns.text=sentence or corpus.columns.labels=code"
            )


# Yes and no as people and spreadsheets write them in several languages, in small letters.
# Spreadsheets in German, French, Spanish, Italian, Portuguese and Dutch translate TRUE.
_YES = "1 1.0 1,0 true t yes y x ✓ ✔ wahr ja j vrai oui verdadero sí si vero sì verdadeiro sim waar"
_NO = "0 0.0 0,0 false f no n - falsch nein faux non falso não onwaar nee"
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
# Words for separators that a shell or YAML would not pass on.
_SIGNS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


_HALF = re.compile("[\ud800-\udfff]")


class CellError(ValueError):
    """What is wrong with a cell, in words to which the numbers of its rows are added."""


class NoLabelError(CellError):
    """A row without a label where the codebook requires one."""


def plain_cell(value: object, role: str = "cell") -> str:
    """Return a cell as text: empty for an empty cell, but not for zero.

    Parameters
    ----------
    role
        What the cell holds, for the message.

    Raises
    ------
    CellError
        When it is a list or a mapping.

    Examples
    --------
    >>> plain_cell(0), plain_cell(" Peru "), plain_cell(None), plain_cell(float("nan"))
    ('0', 'Peru', '', '')
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or value != value:  # noqa: PLR0124  # NaN
        return ""
    if isinstance(value, list | tuple | dict | set | bytes):
        raise CellError(f"{role} that is {cell_kind(value)}, not a text")
    return str(value).strip()


def cell_kind(value: object) -> str:
    """Return what kind of value a cell holds, in the words of JSON."""
    words = {dict: "an object", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "a list")


def parse_sign(value: str | None, key: str) -> str | None:
    r"""Return the separator that a setting names: a sign, or a word such as `tab`.

    Parameters
    ----------
    key
        The setting, for the message.

    Raises
    ------
    KitError
        When it is not one sign, or one that cannot separate cells.

    Examples
    --------
    >>> [parse_sign(value, "corpus.separator") for value in ("tab", "\\t", ";")]
    ['\t', '\t', ';']
    """
    if value is None:
        return None
    sign = _SIGNS.get(value, value)
    if len(sign) != 1 or sign in "\r\n\"'":
        raise KitError(
            f"{key} is {value!r}; it is one sign, or a word for it: set {key}=tab, comma, "
            "semicolon or pipe"
        )
    return sign


def parse_labels(written: str) -> dict[str, str | None]:
    """Return a map of labels that is written as YAML, in which all labels are texts.

    Raises
    ------
    KitError
        When it is no map of texts.

    Examples
    --------
    >>> parse_labels('{No: condemn, "pro, mostly": support, 3: null}')
    {'No': 'condemn', 'pro, mostly': 'support', '3': None}
    """
    try:
        # It makes nothing but texts.
        labels = read_unique_yaml(written, yaml.BaseLoader)
    except yaml.YAMLError:
        labels = None
    if not isinstance(labels, dict) or not all(isinstance(code, str) for code in labels.values()):
        raise KitError(
            f"corpus.labels is {written[:60]!r}; write it as '{{LABEL: code, \"A, B\": code}}'"
        )
    return {label: None if code in ("null", "~", "") else code for label, code in labels.items()}


def half_character(text: str) -> str:
    r"""Return half of a pair of escapes in a text, which is no character and has no UTF-8; empty for none.

    Examples
    --------
    >>> half_character("Peru"), ascii(half_character("Peru \ud83d"))
    ('', "'\\ud83d'")
    """
    found = None if text.isascii() else _HALF.search(text)
    return found[0] if found else ""


def parse_offset(value: object) -> int | None:
    """Return an offset, `None` for an empty cell, and -1 for what is no whole number."""
    if value is None or type(value) is int:
        return value
    if value != value or str(value).strip() == "":  # noqa: PLR0124  # NaN
        return None
    try:
        # Columns with gaps hold whole numbers as 4.0.
        number = float(str(value))
        return int(number) if number == int(number) else -1
    except (ValueError, OverflowError):
        return -1


def parse_truth(value: object) -> bool | None:
    """Return whether a cell says yes or no, `None` for an empty cell.

    Raises
    ------
    CellError
        When it says neither.

    Examples
    --------
    >>> [parse_truth(value) for value in ("WAHR", "x", 0, "", "1,0")]
    [True, True, False, None, True]
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
        From labels in the data to codes; `None` drops a label. The empty label stands for a
        cell without one.
    separator
        What separates several labels in a cell.
    """

    codebook: Codebook
    names: tuple[str, ...]
    mapping: Mapping[str, str | None]
    separator: str = ";"

    def read(self, row: Mapping[str, object]) -> tuple[str, ...] | None:
        """Return the codes of a row, `None` where the mapping drops the row.

        Raises
        ------
        CellError
            When a cell cannot be read, or there are more or fewer codes than the codebook
            allows.
        """
        labels = self.labels_in(row) or (("",) if "" in self.mapping else ())
        mapped = [self.mapping.get(label, label) for label in labels]
        codes = tuple(dict.fromkeys(code for code in mapped if code is not None))
        if self.codebook.multi_label:
            return None if self.mapping.get("", "") is None and self.is_blank(row) else codes
        if len(codes) > 1:
            raise CellError(f"several labels where codebook {self.codebook.name!r} allows one")
        if not codes and not labels:
            columns = ", ".join(map(repr, self.names))
            raise NoLabelError(f"no label in column{'s' * (len(self.names) > 1)} {columns}")
        return codes or None

    def is_blank(self, row: Mapping[str, object]) -> bool:
        """Say whether a cell that may have several codes is blank; an empty list is not: it says none."""
        value = row.get(self.names[0])
        if not self.codebook.multi_label or isinstance(value, list | tuple):
            return False
        # Of several columns, blank cells are what is not ticked.
        return len(self.names) == 1 and not plain_cell(value)

    def labels_in(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return the labels of a row as the data has them, empty where it has none.

        Raises
        ------
        CellError
            When a cell cannot be read.
        """
        if len(self.names) > 1:
            return tuple(name for name in self.names if self._says_yes(row, name))
        value = row.get(self.names[0])
        if isinstance(value, dict):
            raise CellError("label that is an object, not a text")
        if self.codebook.multi_label and not isinstance(value, list | tuple):
            return split_labels(plain_cell(value), self.separator)
        # Where one label is allowed, a separator is part of it.
        cells = value if isinstance(value, list | tuple) else [value]
        labels = [plain_cell(cell, "label") for cell in cells]
        return tuple(label for label in labels if label)

    def _says_yes(self, row: Mapping[str, object], name: str) -> bool:
        try:
            return bool(parse_truth(row.get(name)))
        except CellError as error:
            raise CellError(f"column {name!r} holds {error}") from None

    def check_columns(self, where: str) -> None:
        """Raise a `KitError` unless each of several label columns is named for a code.

        Parameters
        ----------
        where
            The name of the data in the message.
        """
        wrong = []
        for name in self.names:
            code = self.mapping.get(name, name)
            if code is not None and code not in self.codebook.names:
                wrong.append(repr(name))
        if len(self.names) > 1 and wrong:
            several = len(wrong) > 1
            raise KitError(
                f"{where}: label column{'s' * several} {', '.join(wrong)} "
                f"{'are' if several else 'is'} not named for a code; several label columns "
                f"hold a code each, yes or no, and codebook {self.codebook.name!r} has: "
                f"{', '.join(self.codebook.names)}. Name one column of codes with "
                "corpus.columns.labels=COLUMN, name several annotators' columns with "
                "corpus.annotators='[a,b]', or map the columns with 'corpus.labels={COLUMN: code}'"
            )

    def find_blank(self, row: Mapping[str, object]) -> list[str]:
        """Return which of several label columns are empty in a row."""
        if len(self.names) == 1:
            return []
        return [name for name in self.names if _truth_or_none(row.get(name)) is None]

    def says_no(self, row: Mapping[str, object]) -> bool:
        """Say whether a row has a "no" in one of several label columns."""
        if len(self.names) == 1:
            return False
        return any(_truth_or_none(row.get(name)) is False for name in self.names)


def _truth_or_none(value: object) -> bool | None:
    """Return what a cell says, `None` also where it says neither yes nor no."""
    try:
        return parse_truth(value)
    except CellError:
        return None
