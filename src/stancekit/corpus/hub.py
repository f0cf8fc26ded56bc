"""A reader of whatever the `datasets` library loads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stancekit.corpus.base import Corpus
from stancekit.corpus.rows import Row
from stancekit.errors import KitError


class HubCorpus(Corpus):
    """A data set that the `datasets` library loads: a hub name, or a local folder.

    `parts` maps the set's splits to train, validation and test. Integer labels of a typed column, single or in lists,
    are turned into the names the data set gives them. Words like NA in CSV files stay words.
    """

    without = ("files", "held", "sha256")

    def __init__(
        self,
        path: str,
        *,
        config: str | None = None,
        parts: Mapping[str, str] | None = None,
        revision: str | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(path, **rest)
        self.config = config
        self.parts = parts or {}
        self.revision = revision

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield numbered rows over all splits."""
        import datasets

        try:
            found = self._load(datasets)
        except (FileNotFoundError, ConnectionError, ValueError, datasets.exceptions.DatasetsError) as error:
            raise KitError(
                f"cannot load {self.path!r} through datasets: {error}. Give corpus.path a hub name or "
                "a local folder of data files"
            ) from None
        if unknown := sorted(set(self.parts) - set(found)):
            raise KitError(
                f"corpus.parts names {', '.join(map(repr, unknown))}; {self.path!r} has: {', '.join(map(str, found))}"
            )
        number = 0
        for part, table in found.items():
            named = {key: names for key, kind in table.features.items() if (names := _names(kind))}
            for row in table:
                number += 1
                for key, names in named.items():
                    row[key] = _spelled(row[key], names)
                yield number, {"split": self.parts.get(part, part), **row}

    def _load(self, datasets: Any) -> Any:
        builder = datasets.load_dataset_builder(str(self.path), self.config, revision=self.revision)
        words = {"keep_default_na": False} if builder.dataset_name == "csv" or builder.name == "csv" else {}
        return datasets.load_dataset(str(self.path), self.config, revision=self.revision, **words)


def _names(kind: Any) -> Sequence[str] | None:
    """Return what the codes of a column, or of the lists in it, are called; `None` where they are no codes."""
    inner = getattr(kind, "feature", None)
    found: Sequence[str] | None = getattr(kind, "names", None) if inner is None else _names(inner)
    return found


def _spelled(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [name for one in value if (name := _spelled(one, names)) is not None]
    return names[value] if value is not None and value >= 0 else None
