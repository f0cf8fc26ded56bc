"""Where the fields of a text are: columns of its row, front matter, the name of its file, a table beside it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, listing, nearest, printable

# What a field can be to a text, and the name of its column where no other is given.
TEXT_ROLES = ("text", "id", "article", "title", "date", "actor", "target")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FRONT_MATTER = re.compile(
    r"---[^\S\n]*\n(?P<lines>.*?)^---[^\S\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_KEY_AND_VALUE = re.compile(r"(?P<key>[^\W\d][\w -]*?)[^\S\n]*:(?:[^\S\n]+(?P<value>.*?))?[^\S\n]*")
# What transcribers note in ParlaMint's texts: "[[Applause]]".
_NOTE = re.compile(r"\[\[.*?\]\]")
# How ParlaMint's tables write that there is no value.
_NO_VALUE = "-"


@dataclass(frozen=True, slots=True)
class TextLayout:
    """Where the fields of texts are, which of them names the speaker, and which go into the labels.

    Attributes
    ----------
    columns
        The column or field of a role (`TEXT_ROLES`), where it has another name; `False` where there
        is none, whatever columns are called.
    speaker
        The field with the name of who speaks, or with the alpha-3 code of a state.
    filename
        Fields in names of files without their endings, as in `{country}_{session}_{year}`; with a
        slash also in the names of folders.
    fields
        Fields that go into the labels.
    tables
        Endings of tables beside text files, by column `ID`. Each line of such a text is then an id,
        a tab, and a text of its own.

    Raises
    ------
    KitError
        When there is no such role, or the pattern of names names no field or one twice.

    Examples
    --------
    >>> layout = TextLayout(filename="{country}_{session}_{year}", columns={"date": "year"})
    >>> layout.read_name("Session 74 - 2019/KEN_74_2019")
    {'country': 'KEN', 'session': '74', 'year': '2019'}
    >>> layout.find_roles({"text": "We agree.", "year": "2019"})["date"]
    '2019'
    """

    columns: Mapping[str, str | bool | None] = field(default_factory=dict)
    speaker: str | None = None
    filename: str | None = None
    fields: Sequence[str] = ("date",)
    tables: Sequence[str] = ()

    def __post_init__(self) -> None:
        for role in self.columns:
            if role not in TEXT_ROLES:
                raise KitError(
                    f"columns.{printable(role)} is not known{nearest(role, TEXT_ROLES)}; "
                    f"roles are: {', '.join(TEXT_ROLES)}"
                )
            _check_column(role, self.columns[role])
        if self.filename:
            names = _PLACEHOLDER.findall(self.filename)
            wrong = [name for name in names if not name.isidentifier() or names.count(name) > 1]
            if wrong or not names:
                raise KitError(
                    f"filename={self.filename!r} has to name fields, each once and of letters, "
                    "digits and _, as in '{country}_{session}_{year}'"
                )

    @property
    def named(self) -> dict[str, str]:
        """Return the columns that are given by role."""
        return {role: str(column) for role, column in self.columns.items() if column}

    @property
    def left_out(self) -> set[str]:
        """Return the roles that no column has."""
        return {role for role, column in self.columns.items() if column is False}

    @property
    def read_fields(self) -> tuple[str, ...]:
        """Return all columns that are read of a row."""
        used = [
            *(role for role in TEXT_ROLES if role not in self.left_out),
            *self.named.values(),
            *self.fields,
            *([self.speaker] if self.speaker else []),
        ]
        return tuple(dict.fromkeys(used))

    @property
    def wanted(self) -> list[str]:
        """Return the columns without which a table is not read: those that are named, and a text."""
        named = {"text": "text", **self.named}
        return [*named.values(), *([self.speaker] if self.speaker else [])]

    @property
    def settings(self) -> dict[str, Any]:
        """Return what labels depend on, as it is written beside them."""
        return {
            "columns": self.named | dict.fromkeys(sorted(self.left_out), False),
            "speaker": self.speaker,
            "filename": self.filename,
            "tables": list(self.tables),
        }

    def read_name(self, name: str) -> dict[str, str]:
        """Return the fields in the name of a file, given without its ending and with `/` between folders.

        Raises
        ------
        ValueError
            When the name is not of the pattern.
        """
        if not self.filename:
            return {}
        parts = _PLACEHOLDER.split(self.filename.removesuffix(".txt"))
        # Of the parts, every second is the name of a field.
        pattern = "".join(
            f"(?P<{part}>[^/]+?)" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
        ending = name.split("/")[-1 - self.filename.count("/") :]
        if match := re.fullmatch(pattern, "/".join(ending)):
            return match.groupdict()
        raise ValueError(f"its name is not of the form filename={self.filename!r}")

    def is_table(self, path: Path) -> bool:
        """Say whether a file is a table beside a text file, by its name."""
        return path.name.endswith(tuple(self.tables))

    def table_of(self, path: Path, stem: str) -> Path | None:
        """Return the table beside a text file, whose name without its ending is `stem`, if there has to be one.

        Raises
        ------
        ValueError
            When there is none.
        """
        places = [path.with_name(stem + ending) for ending in self.tables]
        for place in places:
            if place.is_file():
                return place
        if not places:
            return None
        names = listing(place.name for place in places)
        raise ValueError(f"no table of its speeches beside it, as {names}")

    def find_roles(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a text, with those that have a role under its name too."""
        roles = {role: fields[column] for role, column in self.named.items() if column in fields}
        others = {key: value for key, value in fields.items() if key not in self.left_out}
        return {**others, **roles}


def _check_column(role: str, column: object) -> None:
    # A text is what is labelled.
    may_lack = role != "text"
    is_wrong = isinstance(column, bool | list | tuple | Mapping)
    if not is_wrong or (column is False and may_lack):
        return
    none = ", or false for none" if may_lack else ""
    raise KitError(f"columns.{role} is {column!r}; it is the name of a column{none}")


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    r"""Return the fields at the head of a text, and the text with blanks in their place.

    Between two lines of `---`, each line is `key: value`, empty, or a remark after `#`. Values are
    text as it is written, without quotation marks around it. Anything else is no front matter. With
    blanks, offsets in the text stay as they are.

    Examples
    --------
    >>> split_front_matter("---\nspeaker: KEN\n---\nWe agree.")
    ({'speaker': 'KEN'}, '   \n            \n   \nWe agree.')
    >>> split_front_matter("---\nWe agree.\n---\n")
    ({}, '---\nWe agree.\n---\n')
    """
    head = _FRONT_MATTER.match(text)
    if head is None:
        return {}, text
    fields: dict[str, str] = {}
    for line in head["lines"].splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pair = _KEY_AND_VALUE.fullmatch(line)
        if pair is None:
            return {}, text
        value = pair["value"] or ""
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        fields[pair["key"]] = value
    return fields, _blank(head[0]) + text[head.end() :]


def read_speeches(
    text: str, table: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield number and fields, or what is wrong, of every line of a text with a table beside it.

    Parameters
    ----------
    table
        The rows of the table by their `ID`.
    """
    for number, line in enumerate(text.split("\n"), 1):
        label, tab, spoken = line.partition("\t")
        if not line.strip():
            continue
        if not tab:
            yield number, "no tab between an id and a text"
        elif label not in table:
            yield number, f"id {printable(label, most=80)} is not in the table beside it"
        else:
            cells = {key: "" if cell == _NO_VALUE else cell for key, cell in table[label].items()}
            words = _NOTE.sub(lambda note: " " * len(note[0]), spoken)
            yield number, {**cells, "text": words}


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
