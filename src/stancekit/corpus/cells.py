"""Single cells of a data file: what is a text, a yes or no, an offset, and which codes a row bears."""

from collections.abc import Mapping
from dataclasses import dataclass

from stancekit.codebook import Codebook, split_labels
from stancekit.errors import KitError

# In the languages that spreadsheets write them in; compared in small letters.
_YES = "1 1.0 1,0 true t yes y x ✓ ✔ wahr ja j vrai oui verdadero sí si vero sì verdadeiro sim waar"
_NO = "0 0.0 0,0 false f no n - falsch nein faux non falso não onwaar nee"
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
_SIGNS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class CellError(ValueError):
    """What is wrong with a cell, in words that stand before the numbers of its rows."""


class NoLabelError(CellError):
    """A row without the label that is due."""


def plain(value: object, role: str = "cell") -> str:
    """Return a cell as text, empty where nothing is there. Zero is something.

    Raises
    ------
    CellError
        When it is a list or a mapping.

    Examples
    --------
    >>> plain(0), plain(" Peru "), plain(None), plain(float("nan"))
    ('0', 'Peru', '', '')
    """
    if value is None or value != value:  # noqa: PLR0124  # not a number
        return ""
    if isinstance(value, list | tuple | dict | set | bytes):
        raise CellError(f"{role} that is {kind(value)}, not a text")
    return str(value).strip()


def kind(value: object) -> str:
    """Return what a value is, in the words of JSON."""
    words = {dict: "an object", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "a list")


def sign(value: str | None, key: str) -> str | None:
    r"""Return the sign that a setting names: itself, or `tab`, `comma`, `semicolon`, `pipe`.

    Examples
    --------
    >>> sign("tab", "corpus.separator"), sign("\\t", "corpus.separator"), sign(";", "corpus.separator")
    ('\t', '\t', ';')
    """
    if value is None:
        return None
    found = _SIGNS.get(value, value)
    if len(found) != 1 or found in "\r\n\"'":
        raise KitError(f"{key} is {value!r}; it is one sign, or a word for it: set {key}=tab, comma, semicolon or pipe")
    return found


def offset(value: object) -> int | None:
    """Return an offset, `None` where there is none, -1 for what is no whole number."""
    if value is None or value != value or str(value).strip() == "":  # noqa: PLR0124  # not a number
        return None
    try:
        number = float(str(value))
        return int(number) if number == int(number) else -1
    except (ValueError, OverflowError):
        return -1


def truth(value: object) -> bool | None:
    """Return whether a cell says yes or no, `None` where it is empty.

    Raises
    ------
    CellError
        When it says neither.

    Examples
    --------
    >>> truth("WAHR"), truth("x"), truth(0), truth(""), truth("1,0")
    (True, True, False, None, True)
    """
    word = plain(value).lower()
    if not word:
        return None
    if word in YES or word in NO:
        return word in YES
    raise CellError(f"{plain(value)[:40]!r}, which is neither yes nor no")


@dataclass(frozen=True, slots=True)
class CodeReader:
    """Reads the codes of a row.

    Parameters
    ----------
    names
        The column of labels, or several that each hold one code, yes or no.
    mapping
        From labels in the data to codes; `None` drops a label. The empty label stands for a cell without one.
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
            return tuple(text for one in several if (text := plain(one, "label")))
        return split_labels(plain(value), self.separator)

    def _yes(self, row: Mapping[str, object], name: str) -> bool:
        try:
            return bool(truth(row.get(name)))
        except CellError as error:
            raise CellError(f"column {name!r} holds {error}") from None

    def check_columns(self, where: str) -> None:
        """Raise a `KitError` when several label columns are not columns of single codes."""
        codes = {name: self.mapping.get(name, name) for name in self.names}
        wrong = [name for name, code in codes.items() if code is not None and code not in self.codebook.names]
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
        return [name for name in self.names if len(self.names) > 1 and truth_or_none(row.get(name)) is None]

    def denies(self, row: Mapping[str, object]) -> bool:
        """Say whether a row says no in one of several label columns in so many words."""
        return len(self.names) > 1 and any(truth_or_none(row.get(name)) is False for name in self.names)


def truth_or_none(value: object) -> bool | None:
    """Return what a cell says, `None` also where it says neither yes nor no."""
    try:
        return truth(value)
    except CellError:
        return None
