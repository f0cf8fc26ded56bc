"""Which column of a data file holds what."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from stancekit.errors import KitError, listing


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a data file.

    `labels` is the label column, or several columns that each hold one code (yes/no); left empty, it is
    the codebook's own. `None` switches a column off (`false` in a config, where null means the name below).
    Only `text` and the labels must exist in the file, and whatever else the user names.
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
            raise KitError(f"unknown columns {listing(unknown)}; corpus.columns knows: {', '.join(roles)}")
        named: dict[str, Any] = {role: value for role, value in given.items() if value is not None}
        for role, value in named.items():
            if value is False and role not in ("text", "labels"):
                named[role] = None
            elif role == "labels" and isinstance(value, list | tuple) and value:
                named[role] = tuple(map(str, value))
            elif isinstance(value, bool | list | tuple | Mapping):
                raise KitError(
                    f"corpus.columns.{role} is {value!r}; it is the name of a column"
                    + ("" if role == "text" else ", or several" if role == "labels" else ", or false for none")
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
            if field.name != "labels" and getattr(self, field.name) not in (None, getattr(standard, field.name))
        ]
        missing = sorted({self.text, *named, *label_columns} - present)
        if missing:
            raise KitError(
                f"{where} has no column {', '.join(map(repr, missing))}; it has: {listing(sorted(present), 30)}. "
                "Say which column holds what, as in corpus.columns.text=sentence or corpus.columns.labels=code"
            )
