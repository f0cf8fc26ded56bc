"""Which column of a data file holds what."""

from dataclasses import dataclass, fields

from stancekit.errors import KitError


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a data file.

    `labels` is the label column, or several columns that each hold one code (yes/no); left empty, it is
    the codebook's own. `None` switches a column off. Only `text` and the labels must exist in the file,
    and whatever else the user names.
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
                f"{where} has no column {', '.join(map(repr, missing))}; it has: {', '.join(sorted(present))}. "
                "Say which column holds what, as in corpus.columns.text=sentence or corpus.columns.labels=code"
            )
